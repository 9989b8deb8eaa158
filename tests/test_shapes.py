"""What a value looks like, told loosely, and what may be a label that nobody knows."""

from __future__ import annotations

import pytest

from reconciler.extract.layout.shapes import SHAPES, may_be_label

SUMS = (
    "1 250,00 грн", "UAH 5", "5 UAH", "$5.00", "₴5", "5", "-5,00 грн.", "12 грн 50 коп", "5 ГРН", "US $5",
    "5 грн (п'ять гривень)", "5 (всього) грн", "5" * 60,
)  # fmt: skip
NO_SUMS = (
    "", "грн", "п'ять грн", "5 шт", "5 грн готівкою", "готівкою 5 грн", "41****1111", "№ 5", "#5", "5+1", "14:05", "1/2",
    "5@x", "21.11.2026", "1.2.3", "5" * 61, "(5 грн)) шт",
)  # fmt: skip
DATES = (
    "21.11.2026", "2026-11-21", "21/11/26", "14:05", "21 листопада 2026", "21 лист. 2026", "21 листопада, 2026",
    "November 21, 2026", "Nov. 21, 2026", "сб, 21.11.2026 14:05:33", "21.11.2026" + "." * 50,
)  # fmt: skip
NO_DATES = ("", "вчора", "5 грн", "2026", "21 11 2026", "1 250,00", "листопад 2026", "21.11.2026" + "." * 51)
LABELS = ("Канал", "3DS", "3DS 2", "ПІБ", "так", "a" * 60)
NO_LABELS = ("", "x", "5", "1 2 3", "3DS 22", "5 грн 55 коп", "a" * 61)


@pytest.mark.parametrize("field", ["amount", "refund_amount", "fee", "credited", "price"])
def test_sums_look_like_sums(field: str) -> None:
    """A number with no words beside it but those of money, in brackets whatever they are; no card, date or count."""
    assert [text for text in SUMS if SHAPES[field](text) is not True] == []
    assert [text for text in NO_SUMS if SHAPES[field](text) is not False] == []


@pytest.mark.parametrize("field", ["date", "time"])
def test_dates_look_like_dates(field: str) -> None:
    """Digits and a month as dates and clocks are printed; a lone year or a word is none."""
    assert [text for text in DATES if SHAPES[field](text) is not True] == []
    assert [text for text in NO_DATES if SHAPES[field](text) is not False] == []


def test_addresses_look_like_addresses() -> None:
    """What has the sign of an address in it."""
    assert SHAPES["email"]("payer@example.com")
    assert SHAPES["email"]("payer @ example.com")
    assert SHAPES["email"]("немає") is False


def test_labels_that_nobody_knows() -> None:
    """Words with two digits at most, and no longer than a label is."""
    assert [text for text in LABELS if not may_be_label(text)] == []
    assert [text for text in NO_LABELS if may_be_label(text)] == []
