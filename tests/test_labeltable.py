"""What a line, a label or a value is to a sender's labels."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.extract.layout.labeltable import LabelTable, folded
from reconciler.extract.layout.shapes import SHAPES
from reconciler.extract.text import fold_label

SUM, DATE, STATUS, PAID = map(fold_label, ("Сума", "Дата платежу", "Статус", "Оплачено"))
AMOUNTS, STATES = ("Сума", "Amount", "Kwota", "Betrag"), ("Статус", "Status")


def table(**more: Any) -> LabelTable:
    known = folded((*AMOUNTS, *STATES, "Дата платежу", "Оплачено", "Order # in shop"))
    fields = {"amount": folded(AMOUNTS), "status": folded(STATES)}
    made = {"known": known, "spoken": folded(("Оплачено",)), "fields": fields, "shapes": {SUM: SHAPES["amount"]}}
    return LabelTable(**made | more)


def test_a_label_may_be_so_long_and_no_longer() -> None:
    """Eighty characters, with the marks around them, may be a label; one more is a line of text."""
    assert table().knows("Сума".ljust(80, ":"))
    assert not table().knows("Сума".ljust(81, ":"))


@pytest.mark.parametrize(
    ("line", "key", "unit"),
    [
        ("Сума", SUM, None), ("СУМА:", SUM, None), ("Сума, грн", SUM, "грн"), ("Сума (UAH):", SUM, "UAH"), ("Сума,грн.", SUM, "грн"),
        ("Сума, шт", fold_label("Сума, шт"), None), ("Статус (грн)", STATUS, "грн"), ("Щось (грн)", fold_label("Щось (грн)"), None),
        ("Сума / Amount", SUM, None), ("Amount / Сума", fold_label("Amount"), None), ("Сума / Amount / Kwota", SUM, None),
        ("Сума (Amount)", SUM, None), ("Сума/Amount (грн)", SUM, "грн"), ("Сума, грн / Amount, UAH", fold_label("Сума, грн / Amount, UAH"), None),
        ("Сума, грн / Amount, грн", SUM, "грн"), ("Сума / Сума", fold_label("Сума / Сума"), None),
        ("Сума / Статус", fold_label("Сума / Статус"), None), ("Сума / Інше", fold_label("Сума / Інше"), None),
        ("Сума / Amount / Kwota / Betrag", fold_label("Сума / Amount / Kwota / Betrag"), None),
    ],
)  # fmt: skip
def test_a_label_as_it_is_compared(line: str, key: str, unit: str | None) -> None:
    """A currency behind a label is its unit; up to three languages of one field are one label, of two fields or currencies none."""
    labels = table()
    assert (labels.key_of(line), labels.key_of(line)) == ((key, unit), (key, unit))
    assert labels.knows(line) is (key in labels.known)


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("Сума / Amount", True), ("Сума (Amount)", True), ("Сума · Amount:", True), ("Сума – Amount", True), ("Сума, Amount", True),
        ("Сума", False), ("Сума, грн", False), ("Сума / Статус", False), ("Інше / Amount", False), ("Order # in shop", False),
        ("Сума:\x1fAmount:", True), ("Сума: / Amount", True), ("Сума: \x1fAmount", False), ("Сума:\x1fAmount.", False),
    ],
)  # fmt: skip
def test_one_label_in_two_languages(line: str, is_one: bool) -> None:
    """Two labels of one field with a stroke, a dot, a dash, a comma or brackets between them are one label; what stands behind a colon is a value."""
    assert table().joins(line) is is_one


@pytest.mark.parametrize(
    ("line", "may"),
    [
        ("Сума: 5", True), ("  сума", True), ("Дата", True), ("1. Сума: 5", True), ("• Сума", True), ("привіт   Сума: 5", True),
        ("привіт | Сума", True), ("привіт; Сума", True), ("привіт • Сума", True), ("1 2 Сума", False), ("привіт Сума", False),
        ("нова Сума", False), ("платежу", False), ("", False), ("1.", False), ("при\x1fвіт", True),
    ],
)  # fmt: skip
def test_which_lines_may_hold_a_label(line: str, may: bool) -> None:
    """Those that begin with the first word of one, behind a bullet, a line's number or a gap; others need no slower look."""
    assert table().may_hold_label(line) is may


def test_a_label_without_a_word_keeps_every_line_in_question() -> None:
    """Where "#" alone is a known label, no line can be left out by its first word."""
    labels = LabelTable(known=folded(("#", "Сума")))
    assert labels.may_hold_label("привіт")
    assert table().openings == frozenset(map(fold_label, (*AMOUNTS, *STATES, "Дата", "Оплачено", "Order")))


def test_what_a_line_is_where_a_value_may_stand() -> None:
    """A label that is a value too heads nothing; no line is no label."""
    labels = table(naming=frozenset([SUM]), listing=frozenset([DATE]))
    assert [labels.heads(line) for line in ("Сума", "Оплачено", "щось", None)] == [True, False, False, False]
    assert [labels.knows(line) for line in ("Сума", "Оплачено", "щось", None)] == [True, True, False, False]
    assert [labels.names(line) for line in ("Сума", "Статус", None)] == [True, False, False]
    assert [labels.is_listing(line) for line in ("Дата платежу", "Сума", None)] == [True, False, False]


@pytest.mark.parametrize(
    ("label", "value", "fits"),
    [("Сума", "5 грн", True), ("Сума", "п'ять", False), ("Сума", "—", None), ("Статус", "5", None), ("Оплачено", "5 грн", None)],
)  # fmt: skip
def test_does_a_value_look_like_its_label_s(label: str, value: str, fits: bool | None) -> None:
    """A sum looks like one or not; a dash, a status and a word that is a value too look like anything."""
    assert table(shapes={SUM: SHAPES["amount"], PAID: SHAPES["amount"]}).fits(label, value) is fits
