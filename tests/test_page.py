"""A page takes down pairs and statements: what is a label, what a value keeps, and how much there may be of it."""

from __future__ import annotations

import itertools
from dataclasses import fields
from typing import Any

import pytest

from reconciler.errors import Unreadable
from reconciler.extract.layout.labeltable import LabelTable, folded
from reconciler.extract.layout.page import Page, Pair, Statement, refuse_excess
from reconciler.extract.layout.splits import Split
from reconciler.extract.text import fold_label

SUM = fold_label("Сума")
LABELS = LabelTable(known=folded(("Сума", "Дата платежу", "Статус", "Оплачено")), spoken=folded(("Оплачено",)))


def page(**more: Any) -> Page:
    return Page(part="html[0]", labels=LABELS, **more)


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize(("sign", "most"), [("a", 300_000), ("<", 20_000)])
def test_a_part_may_have_so_much_text_and_no_more(sign: str, most: int) -> None:
    """P14: the last character and the last tag within the bounds pass, the next is refused, with the part and its length."""
    refuse_excess("html[0]", sign * most)
    with pytest.raises(Unreadable) as caught:
        refuse_excess("html[0]", sign * (most + 1))
    assert (caught.value.facts["part"], caught.value.facts["characters"]) == ("html[0]", most + 1)


@pytest.mark.parametrize(("length", "most"), [(1, 5_000), (2_000, 1)])
def test_a_page_may_have_so_many_lines_and_no_more(length: int, most: int) -> None:
    """P14: so many lines, each so long; empty ones count as nothing; one more, and longer by a character, is refused."""
    seen = page()
    seen.see(["", *["a" * length] * most, ""])
    assert seen.lines == ["a" * length] * most
    with pytest.raises(Unreadable) as caught:
        seen.see(["a" * (length + 1)])
    assert (caught.value.facts["part"], caught.value.facts["lines"]) == ("html[0]", most + 1)


# ---------------------------------------------------------------- pairs and statements


def test_a_pair_is_taken_down_as_printed() -> None:
    """The label without its colon, the value without what a list puts behind it, with part, key, currency and box."""
    reading = page(boxes=itertools.count(3))
    reading.open_box()
    reading.add("Сума, грн: ", "  5,00 ;  ", manner=":")
    (pair,) = reading.pairs
    assert (pair.label, pair.key, pair.value, pair.part) == ("Сума, грн", SUM, "5,00", "html[0]")
    assert (pair.unit, pair.box, pair.manner) == ("грн", 3, ":")
    assert (pair.loose, pair.inner, pair.unsure, pair.direct, pair.odd) == (False,) * 5


def test_nothing_is_doubted_before_it_is_said() -> None:
    """A pair, a statement, a line and a page of which nothing more is told have no mark, and nothing was read of them yet."""
    pair, split = Pair(label="Сума", key=SUM, value="5", part="p"), Split(pairs=(("Сума", "5"),))
    said = Statement(text="Платіж", part="p", early=True)
    assert {name for name, entry in pair._asdict().items() if entry} == {"label", "key", "value", "part", "manner"}
    assert {name for name, entry in split._asdict().items() if entry} == {"pairs", "manner"}
    assert not said.doubtful
    new = Page(part="p", labels=LABELS)
    assert {entry.name for entry in fields(new) if getattr(new, entry.name)} == {"part", "labels", "spoke"}
    assert (pair.box, pair.unit, new.box, new.separator, new.drawn) == (None,) * 5


def test_marks_of_a_pair_are_kept() -> None:
    """What a reader of lines says of a pair stands with it."""
    reading = page()
    reading.add("Сума", "5", loose=True, inner=True, unsure=True)
    reading.add("Сума", "6")
    assert [(pair.loose, pair.inner, pair.unsure, pair.manner) for pair in reading.pairs] == [
        (True, True, True, "apart"),
        (False, False, False, "apart"),
    ]


@pytest.mark.parametrize(
    ("label", "value", "kept", "unsure"),
    [
        ("Сума", "щось", "щось", True), ("Сума", "", "", False), ("Оплачено", "щось", "", False), ("Оплачено", "5 грн", "5 грн", True),
    ],
)  # fmt: skip
def test_an_unsure_value(label: str, value: str, kept: str, unsure: bool) -> None:
    """ "Оплачено" over words is a word and no label; over a number it may be one. An empty value is not in doubt."""
    reading = page()
    reading.add(label, value, unsure=True)
    assert [(pair.value, pair.unsure) for pair in reading.pairs] == [(kept, unsure)]


def test_boxes_count_up_and_plain_text_has_none() -> None:
    """Pairs between which only line ends stand share a box; a new one begins where elements part them."""
    boxed, plain = page(boxes=itertools.count()), page()
    for reading in (boxed, plain):
        for label in ("Сума", "Статус"):
            reading.open_box()
            reading.add(label, "5")
            reading.add("Інше", "6")
    assert [pair.box for pair in boxed.pairs] == [0, 0, 1, 1]
    assert [pair.box for pair in plain.pairs] == [None] * 4


def test_a_pair_right_behind_another_is_told() -> None:
    """A pair is direct when nothing was said since the one before it, not even what is no statement."""
    reading = page()
    for label in ("Сума", "Статус"):
        reading.add(label, "5")
    reading.say("")
    reading.add("Сума", "6")
    reading.add("Інше", "7")
    assert [pair.direct for pair in reading.pairs] == [False, True, False, True]


def test_a_statement_is_early_until_the_first_known_pair() -> None:
    """Neither a label nobody knows nor a weak sign of a pair begins them; empty lines are no statements."""
    reading = page()
    for label, loose in (("Інше", False), ("Сума", True), ("Сума", False), ("Інше", False)):
        reading.say(f"до {label}")
        reading.add(label, "5", loose=loose)
    reading.say("", doubtful=True)
    reading.say("кінець", doubtful=True)
    assert [(said.text, said.early, said.doubtful) for said in reading.statements] == [
        ("до Інше", True, False), ("до Сума", True, False), ("до Сума", True, False), ("до Інше", False, False), ("кінець", False, True),
    ]  # fmt: skip
    assert {said.part for said in reading.statements} == {"html[0]"}


@pytest.mark.parametrize(
    ("line", "quotes"),
    [("Іван пише:", True), ("On Monday Ivan wrote :", True), ("Ivan wrote a letter", False), ("note: he wrote", False), ("Сума: 5", False)],
)  # fmt: skip
def test_the_head_of_a_quoted_letter(line: str, quotes: bool) -> None:
    """ "Іван пише:" quotes another letter, and the page remembers it whatever is said later."""
    reading = page()
    reading.say(line)
    assert reading.quotes is quotes
    reading.say("далі")
    assert reading.quotes is quotes
