"""A page takes down pairs and statements: what is a label, what a value keeps, and how much there may be of it."""

from __future__ import annotations

import itertools
from dataclasses import fields

import pytest

from reconciler.errors import Unreadable
from reconciler.extract.page import Page, Pair, Split, Statement, folded, refuse_excess
from reconciler.extract.shapes import SHAPES
from reconciler.extract.text import fold_label

SUM, DATE, STATUS, PAID = map(fold_label, ("Сума", "Дата платежу", "Статус", "Оплачено"))
AMOUNTS, STATES = ("Сума", "Amount", "Kwota", "Betrag"), ("Статус", "Status")


def page(**more: object) -> Page:
    known = folded((*AMOUNTS, *STATES, "Дата платежу", "Оплачено", "Order # in shop"))
    fields = {"amount": folded(AMOUNTS), "status": folded(STATES)}
    made = Page(
        part="html[0]", known=known, spoken=folded(("Оплачено",)), fields=fields, shapes={SUM: SHAPES["amount"]}
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


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


def test_a_label_may_be_so_long_and_no_longer() -> None:
    """Eighty characters, with the marks around them, may be a label; one more is a line of text."""
    assert page().knows("Сума".ljust(80, ":"))
    assert not page().knows("Сума".ljust(81, ":"))


# ---------------------------------------------------------------- labels


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
    reading = page()
    assert (reading.key_of(line), reading.key_of(line)) == ((key, unit), (key, unit))
    assert reading.knows(line) is (key in reading.known)


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("Сума / Amount", True), ("Сума (Amount)", True), ("Сума · Amount:", True), ("Сума – Amount", True), ("Сума, Amount", True),
        ("Сума", False), ("Сума, грн", False), ("Сума / Статус", False), ("Інше / Amount", False), ("Order # in shop", False),
    ],
)  # fmt: skip
def test_one_label_in_two_languages(line: str, is_one: bool) -> None:
    """Two labels of one field with a stroke, a dot, a dash, a comma or brackets between them are one label; nothing else is."""
    assert page().joins(line) is is_one


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
    assert page().may_hold_label(line) is may


def test_a_label_without_a_word_keeps_every_line_in_question() -> None:
    """Where "#" alone is a known label, no line can be left out by its first word."""
    reading = Page(part="p", known=folded(("#", "Сума")))
    assert reading.may_hold_label("привіт")
    assert page().openings == frozenset(map(fold_label, (*AMOUNTS, *STATES, "Дата", "Оплачено", "Order")))


def test_what_a_line_is_where_a_value_may_stand() -> None:
    """A label that is a value too heads nothing; no line is no label."""
    reading = page(naming=(SUM,), listing=(DATE,))
    assert [reading.heads(line) for line in ("Сума", "Оплачено", "щось", None)] == [True, False, False, False]
    assert [reading.knows(line) for line in ("Сума", "Оплачено", "щось", None)] == [True, True, False, False]
    assert [reading.names(line) for line in ("Сума", "Статус", None)] == [True, False, False]
    assert [reading.is_listing(line) for line in ("Дата платежу", "Сума", None)] == [True, False, False]


@pytest.mark.parametrize(
    ("label", "value", "fits"),
    [("Сума", "5 грн", True), ("Сума", "п'ять", False), ("Сума", "—", None), ("Статус", "5", None), ("Оплачено", "5 грн", None)],
)  # fmt: skip
def test_does_a_value_look_like_its_label_s(label: str, value: str, fits: bool | None) -> None:
    """A sum looks like one or not; a dash, a status and a word that is a value too look like anything."""
    assert page(shapes={SUM: SHAPES["amount"], PAID: SHAPES["amount"]}).fits(label, value) is fits


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
    pair, split = Pair(label="Сума", key=SUM, value="5", part="p"), Split(pairs=[("Сума", "5")])
    said = Statement(text="Платіж", part="p", early=True)
    assert {entry.name for entry in fields(pair) if getattr(pair, entry.name)} == {
        "label",
        "key",
        "value",
        "part",
        "manner",
    }
    assert {entry.name for entry in fields(split) if getattr(split, entry.name)} == {"pairs", "manner"}
    assert not said.doubtful
    new = Page(part="p", known=(SUM,))
    assert {entry.name for entry in fields(new) if getattr(new, entry.name)} == {"part", "known", "spoke", "openings"}
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
