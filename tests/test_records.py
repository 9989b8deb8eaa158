"""Payments of one letter are told apart by structure alone: the same labels in the same order, in boxes of their own."""

from __future__ import annotations

import itertools

import pytest

from reconciler.extract.layout.labeltable import LabelTable
from reconciler.extract.layout.page import Page, Pair
from reconciler.extract.layout.records import split_records

LABELS = LabelTable(known=frozenset(("number", "reference", "sum")), naming=frozenset(("reference", "number")))
Row = tuple[str, str, int]  # label, value, box

FIRST: list[Row] = [("reference", "WFP-1", 1), ("sum", "100", 2)]
SECOND: list[Row] = [("reference", "WFP-2", 3), ("sum", "200", 4)]


def page(*rows: Row, html: bool = True, quotes: bool = False) -> Page:
    pairs = [Pair(label=key, key=key, value=value, part="p", box=box if html else None) for key, value, box in rows]
    boxes = itertools.count() if html else None
    return Page(part="p", labels=LABELS, pairs=pairs, boxes=boxes, quotes=quotes)


def records(*pages: Page) -> list[list[tuple[str, str]]]:
    return [[(pair.key, pair.value) for pair in one.pairs] for one in split_records(pages, LABELS)]


BOTH = [[("reference", "WFP-1"), ("sum", "100")], [("reference", "WFP-2"), ("sum", "200")]]
TEXT = page(*FIRST, *SECOND, html=False)


def test_two_payments_are_two_records() -> None:
    """Each record has the pairs of its payment, and none of the letter's statements."""
    assert records(page(*FIRST, *SECOND)) == BOTH
    whole = page(*FIRST, *SECOND)
    whole.say("Дякуємо")
    assert [one.statements for one in split_records([whole], LABELS)] == [[], []]


@pytest.mark.parametrize(
    "other",
    [
        TEXT,
        page(*reversed(FIRST), *SECOND, html=False),
        page(*FIRST, *SECOND, ("sum", "—", 0), ("channel", "web", 0), html=False),
        page(("sum", "300", 0), html=False),
        page(("sum", "300", 9)),
        page(("reference", "", 9)),
    ],
    ids=["the same", "in another order", "with nothing more", "no payment", "no payment in HTML", "no reference"],
)
def test_a_part_that_says_the_same_or_names_no_payment_disturbs_nothing(other: Page) -> None:
    """A text part beside the HTML, and a part that names no payment, leave two records."""
    assert records(page(*FIRST, *SECOND), other) == BOTH
    assert records(other, page(*FIRST, *SECOND)) == BOTH


@pytest.mark.parametrize(
    "pages",
    [
        [page(*FIRST)],
        [TEXT],
        [page(*FIRST, *SECOND), page(*FIRST, html=False)],
        [page(*FIRST, *SECOND), page(*FIRST, *SECOND, ("sum", "300", 0), html=False)],
        [page(*FIRST), page(*SECOND)],
        [page(*FIRST, *SECOND, quotes=True)],
        [page(*FIRST, *FIRST)],
        [page(*FIRST, *SECOND, ("reference", "WFP-2", 5), ("sum", "200", 6))],
        [page(*FIRST, *SECOND, ("number", "3", 5))],
        [page(*FIRST, ("reference", "WFP-2", 3))],
        [page(*FIRST, ("reference", "WFP-2", 3), ("sum", "200", 3))],
        [page(*FIRST, ("reference", "WFP-2", 2), ("sum", "200", 4))],
        [page(("reference", "WFP-1", 1), ("number", "WFP-2", 2), ("reference", "WFP-1", 3), ("number", "WFP-2", 4))],
        [page(("reference", "WFP-1", 1), ("sum", "", 2), ("number", "", 3), *SECOND)],
    ],
    ids=[
        "one payment", "plain text", "a text part that says less", "a text part that says more", "two HTML parts", "an older letter quoted",
        "one named twice", "one told twice", "a second name in one", "a sum less", "set otherwise", "a box for two", "two names in each",
        "a label more",
    ],
)  # fmt: skip
def test_what_is_not_laid_out_alike_is_not_told_apart(pages: list[Page]) -> None:
    """P07: nothing is split where a payer, or an older letter, may have put a payment there."""
    assert records(*pages) == []


def test_labels_nobody_knows_do_not_count() -> None:
    """What stands before the first known label is no payment's, and one payment may have a remark more."""
    rows = [("channel", "web", 0), *FIRST, ("remark", "так", 7), *SECOND]
    assert records(page(*rows)) == [[*BOTH[0], ("remark", "так")], BOTH[1]]


@pytest.mark.parametrize("doubted", range(4))
def test_a_doubt_anywhere_leaves_all_together(doubted: int) -> None:
    """P07: one pair that can be read in two ways, in whichever payment, and none is told apart."""
    whole = page(*FIRST, *SECOND)
    whole.pairs[doubted] = whole.pairs[doubted]._replace(unsure=True)
    assert records(whole) == []
