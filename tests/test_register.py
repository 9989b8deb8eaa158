"""The register of a day: a list of movements to compare with, read exactly or not at all, and never more than it may be."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import wayforpay
from reconciler.errors import HeldError, Unreadable
from reconciler.extract import tabular
from reconciler.extract.tabular import read_rows
from reconciler.message import decode
from reconciler.model import Attachment, Kind, Message

HEADER = "Магазин;Номер;Час запиту;Картка;Сума;Валюта;Статус"
ROW = 'shop;WFP-SOC-1-6ac4b29136b28;21.11.2026 14:05:33;"41****1111";1250,00;UAH;Approved'
BACK = "shop;WFP-SOC-1-6ac4b29136b28;22.11.2026 09:00:00;;-250.50;UAH;Refunded"


def packed(*files: str, name: str = "register.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(files):
            archive.writestr(f"{number}-{name}", content.encode("utf-8-sig"))
    return buffer.getvalue()


def letter(payload: bytes, filename: str = "register.zip") -> Message:
    file = Attachment(filename=filename, content_type="application/octet-stream", payload=payload)
    return Message(raw=b"", sha256="", senders=(), subject="Реєстр", attachments=(file,))


@pytest.mark.parametrize("payload", [packed(f"{HEADER}\r\n{ROW}\r\n{BACK}\r\n"), f"{HEADER}\n{ROW}\n\n{BACK}".encode()])
def test_a_register_is_a_list_of_movements(payload: bytes) -> None:
    """A ZIP or a bare CSV: each row with its instant, its sum with its sign, and the API's word."""
    name = "register.zip" if payload.startswith(b"PK") else "register.csv"
    paid, back = wayforpay.movements(letter(payload, name))
    assert (paid.at, paid.amount, paid.currency) == (
        datetime(2026, 11, 21, 12, 5, 33, tzinfo=UTC),
        Decimal("1250.00"),
        "UAH",
    )
    assert (paid.status, paid.reference, paid.merchant) == ("Approved", "WFP-SOC-1-6ac4b29136b28", "shop")
    assert (back.amount, back.status) == (Decimal("-250.50"), "Refunded")


def test_columns_nobody_knows_are_found_by_place() -> None:
    """The places that public code tells hold under any names."""
    content = "a;b;c;d;e;f;g\n1;2;21.11.2026 14:05:33;x;7.00;y;Declined\n"
    (found,) = wayforpay.movements(letter(packed(content)))
    assert (found.amount, found.status, found.currency, found.reference) == (Decimal("7.00"), "Declined", None, None)


def test_the_saved_register_has_its_movements() -> None:
    """P11: the letter is of the kind register and posts nothing; its list can be compared."""
    raw = (Path(__file__).parent.parent / "fixtures/wayforpay/register_zip/notice.eml").read_bytes()
    message = decode(raw)
    assert [notice.kind for notice in wayforpay.parse(message)] == [Kind.REGISTER]
    assert [movement.amount for movement in wayforpay.movements(message)] == [Decimal("1250.00")]


BROKEN = {
    "no list": letter(b"x", "logo.png"),
    "not a zip": letter(b"PK\x03\x04nothing"),
    "no csv in it": letter(packed("x", name="readme.txt")),
    "too many files": letter(packed(*["a;b\n1;2"] * (tabular.MOST_FILES + 1))),
    "a row cut short": letter(packed(f"{HEADER}\n{ROW}\nshop;WFP")),
    "no sum": letter(packed(f"{HEADER}\n{ROW.replace('1250,00', '')}")),
    "a sum with two readings": letter(packed(f"{HEADER}\n{ROW.replace('1250,00', '1,250')}")),
    "no date": letter(packed(f"{HEADER}\n{ROW.replace('21.11.2026 14:05:33', 'вчора')}")),
    "a column twice": letter(packed("Сума;Сума\n1;2")),
    "no header": letter(packed("")),
    "an open quote": letter(packed(f'{HEADER}\n"shop;1;2')),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_register_with_an_odd_row_is_refused_whole(case: str) -> None:
    """P06: no row of a list is left out or made up."""
    with pytest.raises(HeldError):
        wayforpay.movements(BROKEN[case])


@pytest.mark.parametrize("way", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused(way: int) -> None:
    """P06: whichever byte of it is another one, its rows are read or it is held; it breaks nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", way) as archive:
        archive.writestr("реєстр.csv", "a;b\n" + "1;2\n" * 20)
    whole = buffer.getvalue()
    told: set[str] = set()
    for at in range(2, len(whole)):
        for byte in (0x00, 0xFF, whole[at] ^ 0x01):
            try:
                read_rows(whole[:at] + bytes([byte]) + whole[at + 1 :])
            except HeldError as exc:
                told.add(exc.reason)
    assert told == {"unreadable"}


def test_an_archive_is_unpacked_no_further_than_a_list_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """P14: a ZIP bomb is left when it passes the bound, whatever size it claims."""
    bomb = packed("a;b\n" + "0;0\n" * 12_000_000)
    assert len(bomb) < 100_000
    read = 0
    real = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        nonlocal read
        found = real(self, n)
        read += len(found)
        return found

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    with pytest.raises(Unreadable):
        read_rows(bomb)
    assert read <= tabular.MOST_BYTES + 2 * 64 * 1024


def test_more_rows_than_a_day_has_are_refused() -> None:
    """P14: so is a list of very many short rows."""
    with pytest.raises(Unreadable):
        read_rows(b"a;b\n" + b"1;2\n" * (tabular.MOST_ROWS + 2))


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"a;b\n"]))
def test_any_bytes_are_read_or_refused(payload: bytes, begin: bytes) -> None:
    """P15: no attachment breaks the reader."""
    try:
        rows = read_rows(begin + payload)
    except Unreadable:
        return
    assert all(len(row) > 1 for row in rows)


def test_a_picture_beside_the_list_is_passed_over() -> None:
    """Of what hangs on the letter only lists are read, in any case of their ending; with none it is no register of ours."""
    logo = Attachment(filename="logo.csv.png", content_type="image/png", payload=b"\x89PNG")
    list_of_rows = letter(f"{HEADER}\n{ROW}\n".encode(), "REGISTER.CSV")
    both = replace(list_of_rows, attachments=(logo, *list_of_rows.attachments))
    assert [found.reference for found in wayforpay.movements(both)] == ["WFP-SOC-1-6ac4b29136b28"]
    with pytest.raises(Unreadable):
        wayforpay.movements(replace(both, attachments=(logo,)))


def rows_of(number: int) -> bytes:
    return b"a;b\n" + b"1;2\n" * number


def padded(size: int) -> bytes:
    """A list of one row in so many bytes."""
    row = b"a;b\n1;"
    return row + b"2" * (size - len(row))


def files_of(*contents: bytes, ending: str = "csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.{ending}", content)
    return buffer.getvalue()


def test_the_bounds_of_a_list() -> None:
    """P14: a list is five megabytes in all, twenty files and fifty thousand rows; a test that raises one must say so."""
    assert (tabular.MOST_BYTES, tabular.MOST_FILES, tabular.MOST_ROWS) == (5_000_000, 20, 50_000)
    with pytest.raises(Unreadable, match="file larger"):
        read_rows(padded(5_000_001))


WITHIN = {
    "rows of a file": (rows_of(8), 8),
    "rows of several files": (files_of(rows_of(4), rows_of(4)), 8),
    "bytes": (padded(100), 1),
    "bytes of a file in an archive": (files_of(padded(100)), 1),
    "bytes of several files": (files_of(padded(40), padded(60)), 2),
    "files": (files_of(*[padded(10)] * 3), 3),
}
BEYOND = {
    "rows of a file": rows_of(9),
    "rows of several files": files_of(rows_of(4), rows_of(5)),
    "bytes": padded(101),
    "bytes of a file in an archive": files_of(padded(101)),
    "bytes of several files": files_of(padded(40), padded(61)),
    "files": files_of(*[padded(10)] * 4),
    "many more rows": rows_of(14),
}


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bounds, much lower."""
    for name, bound in (("MOST_BYTES", 100), ("MOST_FILES", 3), ("MOST_ROWS", 8)):
        monkeypatch.setattr(tabular, name, bound)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("case", WITHIN)
def test_what_is_just_within_a_bound_is_read(case: str) -> None:
    """P14: a list as long as a list may be is read whole."""
    payload, rows = WITHIN[case]
    assert len(read_rows(payload)) == rows


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("case", BEYOND)
def test_what_is_just_beyond_a_bound_is_refused(case: str) -> None:
    """P14: one row, byte or file more, and nothing of it is read."""
    with pytest.raises(Unreadable):
        read_rows(BEYOND[case])


def test_a_long_list_is_left_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """P14: rows are counted as they are read, blank ones too: a list far too long costs no more than one just too long."""
    monkeypatch.setattr(tabular, "MOST_ROWS", 8)
    told = {}
    for blank in (6, 7, 200):
        try:
            found: object = read_rows(b"a;b\n" + b"\n" * blank + b"1;2\n" * 3)
        except Unreadable as exc:
            found = exc.facts
        told[blank] = found
    assert told == {6: [{"a": "1", "b": "2"}] * 3, 7: {"rows": 11}, 200: {"rows": 202}}


READ_AS = {
    "blanks around names and cells": (b" a ; b \n 1 ; 2 \n", [{"a": "1", "b": "2"}]),
    "a row of blanks": (b"a;b\n ; \n1;2\n", [{"a": "1", "b": "2"}]),
    "quoted": (b'a;b\n"1;1";"2"\n', [{"a": "1;1", "b": "2"}]),
    "Windows' Cyrillic": ("а;б\nтак;ні\n".encode("windows-1251"), [{"а": "так", "б": "ні"}]),
    "with a byte order mark": ("а;б\nтак;ні\n".encode("utf-8-sig"), [{"а": "так", "б": "ні"}]),
    "three columns": (b"a;b;c\n1;2;3\n", [{"a": "1", "b": "2", "c": "3"}]),
    "an ending in capitals": (files_of(b"a;b\n1;2\n", ending="CSV"), [{"a": "1", "b": "2"}]),
    "a header alone": (b"a;b\n", []),
}


@pytest.mark.parametrize("case", READ_AS)
def test_rows_as_they_are_read(case: str) -> None:
    """A list's cells are its text, without the blanks and quotes around it."""
    payload, rows = READ_AS[case]
    assert read_rows(payload) == rows


def test_other_files_of_an_archive_are_passed_over() -> None:
    """What is no list in an archive is not read as one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", b"hello")
        archive.writestr("list.csv", b"a;b\n1;2\n")
    assert read_rows(buffer.getvalue()) == [{"a": "1", "b": "2"}]


REFUSED_AS = {
    "no encoding": (b"a;b\n\x98;2\n", "encoding", {}),
    "one column": (b"a\n1\n", "header", {"columns": 1}),
    "a column twice": (b"a;a\n1;2\n", "header", {"columns": 2}),
    "a row cut short": (b"a;b\n1;2\n1\n", "cells", {"row": 3}),
    "a row too long": (b"a;b\n1;2;3\n", "cells", {"row": 2}),
}


@pytest.mark.parametrize("case", REFUSED_AS)
def test_a_refusal_says_why(case: str) -> None:
    """P06: a list that is not read names what is wrong, and the row as a person counts it."""
    payload, word, facts = REFUSED_AS[case]
    with pytest.raises(Unreadable, match=word) as caught:
        read_rows(payload)
    assert caught.value.facts == facts
