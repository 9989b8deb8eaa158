"""Every odd shape of Planfix's answers reads right, or reads as nothing."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desks.planfix import decode
from reconciler.desks.planfix.decode import Failure, Odd
from reconciler.model import Status
from reconciler.money import Money


def parsed(value: Any, **more: Any) -> Any:
    """A field's element as it comes out of an answer: through JSON, numbers exact."""
    element = {"field": {"id": 303}, "value": value, **more}
    return decode.parse(json.dumps({"element": element}).encode())["element"]


@pytest.mark.parametrize(
    ("value", "more", "expected"),
    [
        pytest.param(1500, {}, "1500", id="integer"),
        pytest.param(1500.5, {}, "1500.5", id="double"),
        pytest.param(-250, {}, "-250", id="negative"),
        pytest.param(0, {}, "0", id="zero"),
        pytest.param("1500.50", {}, "1500.50", id="string"),
        pytest.param("1 500,50", {}, "1500.50", id="string, space and comma"),
        pytest.param("1\u00a0500,5", {}, "1500.5", id="string, NBSP"),
        pytest.param("12\u202f500,50", {}, "12500.50", id="string, narrow NBSP"),
        pytest.param("\u2212250,00", {}, "-250.00", id="string, typographic minus"),
        pytest.param({"id": 1.2}, {}, "1.2", id="spec example of type 23"),
        pytest.param({"id": "1 500,50"}, {}, "1500.50", id="spec example of type 24 with a string"),
        pytest.param({"value": 7}, {}, "7", id="wrapped in value"),
        pytest.param({"id": None, "value": 7}, {}, "7", id="empty id, value beside it"),
        pytest.param({"html": "?"}, {"stringValue": "1 500,00"}, "1500.00", id="display string as the last resort"),
        pytest.param({"html": "?"}, {"stringValue": "30 ч"}, None, id="display string with a unit"),
        pytest.param(None, {}, None, id="null"),
        pytest.param(None, {"stringValue": "1 500,00"}, None, id="null with a display string"),
        pytest.param("", {}, None, id="empty string"),
        pytest.param("  ", {}, None, id="blank"),
        pytest.param(True, {}, None, id="true is no 1"),
        pytest.param(False, {}, None, id="false is no 0"),
        pytest.param([1], {}, None, id="list"),
        pytest.param("1,250", {}, None, id="comma and three digits: two readings"),
        pytest.param("1.250", {}, None, id="point and three digits: two readings"),
        pytest.param("1,250.00", {}, None, id="two marks"),
        pytest.param("1500 грн", {}, None, id="unit"),
        pytest.param("NaN", {}, None, id="not a number"),
        pytest.param("1e3", {}, None, id="exponent as text"),
        pytest.param(10**15, {}, None, id="too large for a double with kopiikas"),
        pytest.param({"id": {"id": {"id": {"id": 5}}}}, {}, None, id="nested without end"),
    ],
)
def test_a_computed_number_reads_right_or_not_at_all(value: Any, more: dict[str, Any], expected: str | None) -> None:
    """Types 1, 23, 24 and 26 in every form seen or feared; what could be read in two ways is no number."""
    assert decode.number(parsed(value, **more)) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    "row", [{}, {"customFieldData": []}, {"customFieldData": None}, {"customFieldData": [{"field": {"id": 9}}]}]
)
def test_an_absent_field_is_no_value(row: dict[str, Any]) -> None:
    """Absent from the array, or no array at all: nothing, never zero."""
    assert decode.money(decode.element(row, 303), "UAH") is None
    assert decode.text(decode.element(row, 303)) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.30000000000000004", "0.30"),
        ("1249.9999999999998", "1250.00"),
        ("-1e-13", "0.00"),
        ("1250.005", None),
        ("0.004", None),
        ("1250.00001", None),
    ],
)
def test_a_number_counts_only_next_to_a_minor_unit(value: str, expected: str | None) -> None:
    """The noise of doubles is rounded away; a number between two kopiikas is no money, so it is never a false zero."""
    element = decode.parse(b'{"e": {"value": ' + value.encode() + b"}}")["e"]
    read = decode.money(element, "UAH")
    assert read == (None if expected is None else Money(Decimal(expected), "UAH"))
    assert read is None or "-0" not in str(read)


@given(st.integers(min_value=-(10**14), max_value=10**14), st.sampled_from(["double", "display"]))
def test_what_a_double_or_a_display_string_shows_reads_back(minor: int, form: str) -> None:
    """Any amount, computed in doubles or displayed the account's way, reads as exactly itself."""
    amount = Decimal(minor).scaleb(-2)
    value: Any = float(amount) if form == "double" else f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",")
    assert decode.money(parsed(value), "UAH") == Money(amount, "UAH")


@given(st.integers(min_value=0, max_value=10**13))
def test_an_amount_is_written_exactly(minor: int) -> None:
    """The JSON number we send prints as the very amount, with two decimals at most."""
    amount = Decimal(minor).scaleb(-2)
    assert Decimal(json.dumps(decode.json_number(amount))) == amount


@pytest.mark.parametrize(
    ("key", "answer", "expected"),
    [
        ("dataTags", {"dataTags": [{"id": 1}]}, [{"id": 1}]),
        ("dataTags", {"dataTag": [{"id": 1}]}, [{"id": 1}]),
        ("dataTags", {"dataTag": {"id": 1}}, [{"id": 1}]),
        ("tasks", {"tasks": []}, []),
    ],
)
def test_lists_are_found_under_either_key(key: str, answer: Any, expected: Any) -> None:
    """The schema's key and its example's both hold the list."""
    assert decode.rows(answer, key) == expected


@pytest.mark.parametrize(
    "answer", [{}, {"tasks": None}, {"tasks": {}}, {"tasks": [1]}, {"task": []}, {"tasks": "none"}]
)
def test_no_list_is_not_an_empty_list(answer: Any) -> None:
    """An answer without its list proves no absence. T14"""
    with pytest.raises(Odd):
        decode.rows(answer, "tasks")


def test_an_entry_is_read_flat_and_wrapped() -> None:
    """GET of an entry: wrapped in the schema, flat in the example."""
    flat = {"result": "success", "key": 155, "task": {"id": 4712}}
    assert decode.number_of(decode.one({"result": "success", "entry": flat}, "entry"), "key") == 155
    assert decode.number_of(decode.one(flat, "entry"), "key") == 155
    with pytest.raises(Odd):
        decode.one({"result": "success"}, "entry")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"failures": [{"field": "status", "error": "no"}]}, (Failure(field="status", error="no"),)),
        ({"failures": {"field": "status", "error": "no"}}, (Failure(field="status", error="no"),)),
        ({"failures": ["status"]}, (Failure(field="status", error=""),)),
        ({"failures": None}, ()),
        ({}, ()),
    ],
)
def test_failures_are_a_list_or_one_object(answer: Any, expected: Any) -> None:
    """What an update could not set is seen in both documented forms."""
    assert decode.failures(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"keys": [155]}, "155"),
        ({"keys": ["155"]}, "155"),
        ({"keys": []}, None),
        ({"keys": [155, 156]}, None),
        ({"keys": [None]}, None),
        ({"keys": [True]}, None),
        ({"keys": 155}, None),
        ({}, None),
    ],
)
def test_a_created_key_is_exactly_one(answer: Any, expected: str | None) -> None:
    """One row was asked for: anything but one key proves nothing."""
    assert decode.created_key(answer) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"date": "21-11-2025", "time": "00:00", "datetime": "2025-11-21T00:00Z"}, "2025-11-21"),
        ("21-11-2025", "2025-11-21"),
        ({"date": "31-02-2025"}, None),
        ("2025-11-21", None),
        ({}, None),
        (None, None),
        (20251121, None),
    ],
)
def test_a_day_is_the_calendar_day_shown(value: Any, expected: str | None) -> None:
    """A date field has no zone: its day is never shifted, and what is no day is None."""
    assert decode.day(parsed(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" WFP-1 ", "WFP-1"),
        ("", None),
        ("  ", None),
        (None, None),
        (20451, "20451"),
        (True, None),
        ({"value": "A"}, "A"),
    ],
)
def test_a_short_text_is_trimmed(value: Any, expected: str | None) -> None:
    """Blank is no value; a number shows its digits."""
    assert decode.text(parsed(value)) == expected


def test_two_values_of_one_field_are_none() -> None:
    """The same field twice with other values has no value anyone may act on."""
    twice = {"customFieldData": [{"field": {"id": 3}, "value": 1}, {"field": {"id": 3}, "value": 2}]}
    with pytest.raises(Odd):
        decode.element(twice, 3)
    assert decode.element({"customFieldData": [{"field": {"id": 3}, "value": 1}] * 2}, 3) is not None


@pytest.mark.parametrize(("name", "number", "draft"), [
    ("Чернетка", "180", True), ("Черновик", "180", True), (" draft ", "180", True), ("", "0", True), ("Нова", "1", False),
])  # fmt: skip
def test_a_draft_is_recognised_by_name_or_system_id(name: str, number: str, draft: bool) -> None:
    """A Draft in any of the three languages, or by the system's id, is not computed and so is not believed."""
    assert decode.is_draft(Status(id=number, name=name)) is draft


@pytest.mark.parametrize(
    ("value", "deleted"), [(True, True), ("true", True), (1, True), (False, False), (None, False), (0, False)]
)
def test_deleted_is_seen_in_every_form(value: Any, deleted: bool) -> None:
    """isDeleted as boolean, text or number."""
    assert decode.is_deleted({"isDeleted": value}) is deleted


@pytest.mark.parametrize(
    ("told", "seconds"),
    [(30, 30.0), (1000, 1000.0), (45000, 45.0), ("46000", 46.0), (None, None), (-5, None), ("soon", None)],
)
def test_time_to_reset_is_seconds_or_milliseconds(told: Any, seconds: float | None) -> None:
    """Above a thousand it counts milliseconds. T08"""
    refused = decode.refusal({"result": "fail", "code": 22, "error": "limit", "timeToReset": told})
    assert refused is not None
    assert (refused.code, refused.seconds_to_reset) == (22, seconds)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"result": "succ', b"[]", b"<html>", b'"x"', b'{"a": NaN}', b"\xff{}", b"[" * 10000]
)
def test_what_is_no_json_object_is_odd(body: bytes) -> None:
    """Cut off, a page, a bare list or NaN: none is an answer. T01"""
    with pytest.raises(Odd):
        decode.parse(body)


def test_text_we_send_fits_their_reader() -> None:
    """Code points above U+FFFF are left out, ends are trimmed, the rest stays as it was."""
    assert decode.storable(" Ганна 🎉 WFP-1 ") == "Ганна  WFP-1"
