"""What a payer types between the sender's own pairs is set unlike them, and is not read as one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from parsers import wayforpay
from reconciler.errors import HeldError
from reconciler.extract.html.drawing import LINK_OFF, LINK_ON, MARK
from reconciler.extract.layout.labeltable import LabelTable, folded
from reconciler.extract.layout.manners import manner_of, odd_ones
from reconciler.extract.layout.page import Pair
from reconciler.extract.layout.reader import read_html, read_text
from reconciler.extract.text import fold_label
from reconciler.model import Kind, TextPart
from tests.test_wayforpay import ROWS, letter

LABELS = LabelTable(
    known=folded(("Сума", "Дата", "Номер замовлення", "Коментар", "Сайт")),
    written=folded(("Сума", "Дата", "Сайт")),
)
ROWS_OF_TEXT = [("Сайт", "shop.example.ua"), ("Оплата на", "5 грн"), ("Дата", "21.11.2026"), ("Побажання", "так")]
TEXTS = {
    "dash": "{} - {}",
    "gap": "{:24}{}",
    "tab": "{}\t{}",
    "colon and gap": "{}:   {}",
    "brackets": "[{}] {}",
    "bullets": "• {}: {}",
    "equals": "{} = {}",
    "numbers": "7. {}: {}",
    "a line over another": "{}\n{}\n",
}
PAGES = {
    "cells": "<tr><td>{}</td><td>{}</td></tr>",
    "paragraphs": "<p>{}</p><p>{}</p>",
    "bold label": "<p><b>{}:</b> {}</p>",
    "bold value": "<li>{} – <b>{}</b></li>",
    "cards": "<td><small>{}</small><br>{}</td>",
    "divs": "<div><div>{}</div><div>{}</div></div>",
}


def odd(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    return [(pair.label, pair.value) for pair in pairs if pair.odd or pair.unsure]


@pytest.mark.parametrize("form", TEXTS)
def test_a_typed_line_among_pairs_of_another_manner_is_odd(form: str) -> None:
    """A payer's line "Сума: 1,00 грн" is no field where the sender sets pairs otherwise, and its own sum has an odd label."""
    lines = [TEXTS[form].format(*row) for row in ROWS_OF_TEXT]
    page = read_text("text[0]", "\n".join([*lines, "Сума: 1,00 грн", *lines[:1]]), LABELS)
    assert odd(page.pairs) == [("Сума", "1,00 грн")]


@pytest.mark.parametrize("form", PAGES)
def test_a_typed_line_among_marked_up_pairs_is_odd(form: str) -> None:
    """The same in HTML, where a payer's line stands in a block of its own."""
    rows = "".join(PAGES[form].format(*row) for row in ROWS_OF_TEXT)
    block = f"<table>{rows}</table>" if "<td>" in rows else rows
    page = read_html("html[0]", f"{block}<div>Сума: 1,00 грн</div>", LABELS)
    assert odd(page.pairs) == [("Сума", "1,00 грн")]


def test_what_is_behind_a_senders_own_value_is_its_own() -> None:
    """A sender that sets one pair otherwise is read where no payer's words may stand: right behind a sum, a date, a shop."""
    text = "Сайт - shop.example.ua\nНомер замовлення - 7\nДата - 21.11.2026\nСума: 5 грн\nКоментар - так"
    assert odd(read_text("text[0]", text, LABELS).pairs) == []
    assert odd(read_text("text[0]", text.replace("Дата", "Дзвонити"), LABELS).pairs) == [("Сума", "5 грн")]


def test_the_longest_label_of_a_column_is_no_odd_one() -> None:
    """In columns the value beside the longest label begins where the others do, with no gap before it."""
    text = "Сайт:              shop\nОплата на:         5 грн\nНомер замовлення:  7\nДовга назва рядка: так\nСума:              5 грн"
    assert odd(read_text("text[0]", text.replace("Довга назва рядка", "Номер замовлення "), LABELS).pairs) == []


@pytest.mark.parametrize("typed", ["Номер замовлення: 54321", "Сума: 1,00 грн", "Дата: 01.01.2001 00:00"])
def test_an_odd_pair_that_says_the_same_is_no_doubt(typed: str) -> None:
    """What the sender's own pair says too may stand anywhere; what it does not say holds the letter."""
    text = "\n".join(f"{label} - {value}" for label, value in ROWS)
    label = typed.partition(":")[0]

    def read(line: str) -> Kind:
        part = TextPart(path="text[0]", content=f"{text}\nПобажання - {line}\n{line}", charset="utf-8")
        return wayforpay.parse(replace(letter(), htmls=(), texts=(part,)))[0].kind

    assert read(f"{label}: {dict(ROWS)[label]}") is Kind.PAYMENT
    with pytest.raises(HeldError):
        read(typed)


def test_lines_that_are_drawn_are_no_values() -> None:
    """The rules of a box drawn in text part its rows and are no text."""
    rule = "+---------------------+------------------+"
    rows = [
        f"| {label:19} | {value:16} |"
        for label, value in (("Номер замовлення", "—"), ("Сума", "5 грн"), ("Сайт", "shop"))
    ]
    page = read_text("text[0]", "\n".join([rule, *(line for row in rows for line in (row, rule))]), LABELS)
    assert {pair.key: pair.value for pair in page.pairs} == {
        fold_label("Номер замовлення"): "—",
        fold_label("Сума"): "5 грн",
        fold_label("Сайт"): "shop",
    }
    assert odd(page.pairs) == []


MANNERS = [
    ("Сума: 5 грн", 4, ":", 6),
    ("Сума - 5 грн", 4, "-", 7),
    ("Сума — 5 грн", 4, "-", 7),
    ("Сума – 5 грн", 4, "-", 7),
    ("Сума -> 5 грн", 4, "->", 8),
    ("Сума   5 грн", 4, "  ", 7),
    ("Сума:  5 грн", 4, ":  ", 7),
    ("Сума 5 грн", 4, "", 5),
    ("Сума........5 грн", 4, "...", 12),
    ("Сума => 5 грн", 4, "=>", 8),
    ("• Сума: 5 грн", 6, "•:", 8),
    ("№ Сума: 5 грн", 6, ":", 8),
    ("# Сума: 5 грн", 6, ":", 8),
    (f"Сума{MARK}: 5 грн", 4, f":{MARK}", 7),
    (f"Сума: {LINK_ON}5 грн{LINK_OFF}", 4, ":", 7),
    ("Сума(грн): 5", 4, "", 4),
]


@pytest.mark.parametrize(("line", "at", "manner", "column"), MANNERS)
def test_how_a_value_is_set(line: str, at: int, manner: str, column: int) -> None:
    """The sign between label and value, whichever dash it is, a gap, a mark-up, a bullet before them; and where it begins."""
    assert manner_of(line, at) == (manner, column)
    assert manner_of(line, at, bulleted=True) == (f"•{manner.removeprefix('•')}", column)


def pair(label: str, value: str = "x", manner: str = ":", *, loose: bool = False, direct: bool = True) -> Pair:
    key = fold_label(label)
    return Pair(label=label, key=key, value=value, part="text[0]", manner=manner, loose=loose, direct=direct)


ODD_ONES = {
    "one unlike three": ([pair("Сайт"), pair("Коментар"), pair("Сума", manner="-"), pair("x")], ["Сума"]),
    "as many of each": ([pair("Сума"), pair("Коментар"), pair("Дата", manner="-"), pair("x", manner="-")], []),
    "all alike": ([pair("Коментар"), pair("Сума"), pair("Дата")], []),
    "a label nobody knows": ([pair("x"), pair("y"), pair("z", manner="-")], []),
    "one that nobody types": ([pair("x"), pair("y"), pair("Сума", manner="apart")], []),
    "one that is marked up": ([pair("x"), pair("y"), pair("Сума", manner=f"-{MARK}")], []),
    "empty values are not counted": (
        [pair("x"), pair("y"), *[pair(f"e{n}", "", "-") for n in range(3)], pair("Сума", manner="-")],
        ["Сума"],
    ),
    "loose ones are not counted": (
        [pair("x"), pair("y"), *[pair(f"e{n}", "z", "-", loose=True) for n in range(3)], pair("Сума", manner="-")],
        ["Сума"],
    ),
    "an empty one is not odd": ([pair("x"), pair("y"), pair("Сума", "", "-"), pair("z", manner="-")], []),
    "a loose one is not odd": ([pair("x"), pair("y"), pair("Сума", "5", "-", loose=True), pair("z", manner="-")], []),
    "right behind a sender's own": ([pair("x"), pair("Дата"), pair("Сума", manner="-"), pair("y")], []),
    "behind words behind a sender's own": (
        [pair("x"), pair("Дата"), pair("Сума", manner="-", direct=False), pair("y")],
        ["Сума"],
    ),
    "behind a sender's own that is empty": (
        [pair("x"), pair("y"), pair("Дата", ""), pair("Сума", manner="-")],
        ["Сума"],
    ),
    "behind an odd one": (
        [pair("x"), pair("y"), pair("z"), pair("Дата", manner="-"), pair("Сума", manner="-")],
        ["Дата", "Сума"],
    ),
    "the first of all": ([pair("Сума", manner="-"), pair("x"), pair("y")], ["Сума"]),
    "nothing": ([], []),
}


@pytest.mark.parametrize("case", ODD_ONES)
def test_which_pairs_are_odd(case: str) -> None:
    """Those set as fewer are, under a known label, with a value, as a payer may type it, and not behind a sender's own value."""
    pairs, odd = ODD_ONES[case]
    found = odd_ones(pairs, LABELS)
    assert [one.label for one in found if one.odd] == odd
    assert [one._replace(odd=False) for one in found] == pairs
