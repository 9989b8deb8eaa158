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
