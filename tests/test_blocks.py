"""Small letters, block by block: which block is a label's value, which is read by itself, and which may be a payer's."""

from __future__ import annotations

import pytest

from reconciler.errors import Unreadable
from tests.test_lines import read, told

A_MARK_BETWEEN_BLOCKS_IS_A_SEPARATOR_OR_NOTHING_PRINTED = {
    "behind all": (
        "<p>Сума</p><p>—</p><p>5 грн</p><p>Дата</p><p>—</p><p>21.11.2026</p><p>Status</p><p>—</p><p>ok</p>",
        ["Сума = 5 грн", "Дата = 21.11.2026", "Status = ok"],
    ),
    "behind two of three": (
        "<p>Сума</p><p>—</p><p>5 грн</p><p>Дата</p><p>—</p><p>21.11.2026</p><p>Status</p><p>ok</p>",
        ["Сума = 5 грн", "Дата = 21.11.2026", "Status = ok"],
    ),
    "behind one of two": ("<p>Сума</p><p>—</p><p>Дата</p><p>21.11.2026</p>", ["Сума = —", "Дата = 21.11.2026"]),
    "behind one of three": (
        "<p>Сума</p><p>5 грн</p><p>Дата</p><p>—</p><p>Status</p><p>ok</p>",
        ["Сума = 5 грн", "Дата = —", "Status = ok"],
    ),
    "behind the only label, and nothing else": ("<p>Сума</p><p>—</p>", ["Сума = ", "+ Сума"]),
    "a colon of its own": ("<p>Сума</p><p>:</p><p>5 грн</p>", ["Сума = 5 грн"]),
    "a colon behind one of two": (
        "<p>Сума</p><p>:</p><p>5 грн</p><p>Дата</p><p>21.11.2026</p>",
        ["Сума = 5 грн", "Дата = 21.11.2026"],
    ),
    "behind a value": (
        "<p>Сума:</p><p>5 грн</p><p>:</p><p>Дата:</p><p>21.11.2026</p>",
        ["Сума = 5 грн", "Дата = 21.11.2026"],
    ),
    "before all": ("<p>—</p><p>Сума</p><p>5 грн</p>", ["Сума = 5 грн"]),
}


@pytest.mark.parametrize("case", A_MARK_BETWEEN_BLOCKS_IS_A_SEPARATOR_OR_NOTHING_PRINTED)
def test_a_mark_between_blocks_is_a_separator_or_nothing_printed(case: str) -> None:
    """Behind most labels a mark parts them from their values; behind a few it is how a sender prints nothing."""
    letter, wanted = A_MARK_BETWEEN_BLOCKS_IS_A_SEPARATOR_OR_NOTHING_PRINTED[case]
    assert told(read(letter)) == wanted


A_BLOCK_UNDER_A_LABEL_IS_ITS_VALUE = {
    "a status that is a label": ("<p>Status</p><p>Paid</p><p>Сума</p><p>5 грн</p>", ["Status = Paid", "Сума = 5 грн"]),
    "a status over a value": ("<p>Status</p><p>Paid</p><p>5 грн</p>", ["Status = Paid /unsure", "- 5 грн"]),
    "a word of status over a sum": (
        "<p>Paid</p><p>5 грн</p><p>Сума</p><p>7 грн</p>",
        ["Paid = 5 грн", "Сума = 7 грн", "+ Paid"],
    ),
    "two words of status": (
        "<p>Status</p><p>Paid</p><p>Paid</p><p>5 грн</p>",
        ["Status = Paid", "Paid = 5 грн", "- Paid"],
    ),
    "a pair nobody knows": ("<p>Сума</p><p>Канал: web</p>", ["Сума = Канал: web /unsure"]),
    "an empty block": ("<p>Сума</p><p></p><p>5 грн</p>", ["Сума = ", "- 5 грн"]),
    "an empty block first": ("<p></p><p>Сума</p><p>5 грн</p>", ["Сума = 5 грн"]),
    "an empty value in its block": ("<div><div><p>Сума</p><p></p></div></div><div>5 грн</div>", ["Сума = ", "- 5 грн"]),
    "a heading over one like the others": (
        "<p>Коментар</p><p>Дата: 21.11.2026</p><p>Status: ok</p><p>Коментар: x</p>",
        ["Коментар = ", "Дата = 21.11.2026 [:]", "Status = ok [:]", "Коментар = x [:]", "+ Коментар"],
    ),
    "a heading over one of three nobody knows": (
        "<p>Коментар</p><p>Канал: web</p><p>Дата: 21.11.2026</p><p>Status: ok</p><p>Коментар: x</p>",
        [
            "Коментар = ",
            "Канал = web [:]",
            "Дата = 21.11.2026 [:]",
            "Status = ok [:]",
            "Коментар = x [:]",
            "+ Коментар",
        ],
    ),
    "a heading over one unlike the others": (
        "<p>Коментар</p><div>Канал: web</div><p>Дата: 21.11.2026</p><p>Status: ok</p><p>Коментар: x</p>",
        ["Коментар = Канал: web", "Дата = 21.11.2026 [:]", "Status = ok [:]", "Коментар = x [:]"],
    ),
    "a heading over two like each other": (
        "<p>Коментар</p><p>Канал: web</p><p>Status: ok</p><p>Дата: 21.11.2026</p>",
        ["Коментар = Канал: web", "Status = ok [:]", "Дата = 21.11.2026 [:]"],
    ),
    "a heading over rows": (
        "<p>Коментар</p><div><p>Канал</p><p>web</p></div><div><p>Сума</p><p>5 грн</p></div><div><p>Дата</p><p>21.11.2026</p></div><div><p>Status</p><p>ok</p></div>",
        ["Коментар = ", "Сума = 5 грн", "Дата = 21.11.2026", "Status = ok", "+ Коментар", "- Канал", "- web"],
    ),
    "a heading like rows": (
        "<div>Коментар</div><div><p>Канал</p><p>web</p></div><div><p>Сума</p><p>5 грн</p></div><div><p>Дата</p><p>21.11.2026</p></div><div><p>Status</p><p>ok</p></div>",
        ["Коментар = Канал\nweb", "Сума = 5 грн", "Дата = 21.11.2026", "Status = ok"],
    ),
    "a heading over two rows": (
        "<p>Коментар</p><div><p>Канал</p><p>web</p></div><div><p>Сума</p><p>5 грн</p></div><div><p>Дата</p><p>21.11.2026</p></div>",
        ["Коментар = Канал\nweb", "Сума = 5 грн", "Дата = 21.11.2026"],
    ),
    "a legend over a line": ("<fieldset><legend>Коментар</legend><p>так</p></fieldset>", ["Коментар = так"]),
    "a legend over two lines": (
        "<fieldset><legend>Коментар</legend><div><p>так</p><p>ще</p></div></fieldset>",
        ["Коментар = ", "+ Коментар", "- так", "- ще"],
    ),
    "a heading over two lines": ("<div><h4>Коментар</h4><div><p>так</p><p>ще</p></div></div>", ["Коментар = так\nще"]),
    "a heading over a pair": (
        "<div><h4>Коментар</h4><div><p>Сума: 5 грн</p><p>ще</p></div></div>",
        ["Коментар = ", "Сума = 5 грн [:]", "+ Коментар", "- ще"],
    ),
    "a heading over a line and a pair": (
        "<div><h4>Коментар</h4><div><p>ще</p><p>Сума: 5 грн</p></div></div>",
        ["Коментар = ще\nСума: 5 грн"],
    ),
    "a term over a pair": (
        "<dl><dt>Коментар</dt><dd><p>Сума: 5 грн</p><p>ще</p></dd></dl>",
        ["Коментар = Сума: 5 грн\nще"],
    ),
    "a term over a label": (
        "<dl><dt>Коментар</dt><dd><p>Сума</p><p>5 грн</p></dd></dl>",
        ["Коментар = ", "Сума = 5 грн", "+ Коментар"],
    ),
    "a row without a table": ("<tr><td>Сума</td><td>5 грн</td></tr>", ["Сума = 5 грн"]),
    "a status over a pair": ("<p>Status</p><p>Paid</p><p>Канал: web</p>", ["Status = Paid", "Канал = web [:]"]),
    "a word of status over a pair of another look": (
        "<p>Сума</p><p>5 грн</p><p>Paid</p><div>Канал: web</div>",
        ["Сума = 5 грн", "Paid = Канал: web", "- Paid"],
    ),
    "a dash nobody knows, as the others have": (
        "<p>Сума - 5 грн</p><p>Дата - 21.11.2026</p><p>Status - ok</p><p>Канал - web</p>",
        ["Сума = 5 грн [-]", "Дата = 21.11.2026 [-]", "Status = ok [-]", "Канал = web [-]", "+? Сума - 5 грн"],
    ),
    "words nobody sees": (
        '<p>Дата: 21.11.2026</p><p style="color:#fff;background:#fff">Платіж відхилено</p>',
        ["Дата = 21.11.2026 [:]", "+? Дата: 21.11.2026", "-? Платіж відхилено"],
    ),
}


@pytest.mark.parametrize("case", A_BLOCK_UNDER_A_LABEL_IS_ITS_VALUE)
def test_a_block_under_a_label_is_its_value(case: str) -> None:
    """P07: what stands next to a label is its value, unless it is a label, or a layout of pairs."""
    letter, wanted = A_BLOCK_UNDER_A_LABEL_IS_ITS_VALUE[case]
    assert told(read(letter)) == wanted


A_SECOND_LINE_WHERE_OTHERS_HAVE_ONE_PAIR = {
    "three": (
        "<p>Дата: 21.11.2026</p><p>Status: ok</p><p>Коментар: x</p><p>Сума: 5 грн<br>Номер замовлення: 7</p>",
        [
            "Дата = 21.11.2026 [:]",
            "Status = ok [:]",
            "Коментар = x [:]",
            "Сума = 5 грн [:]",
            "Номер замовлення = 7 /unsure [:]",
            "+? Дата: 21.11.2026",
        ],
    ),
    "two": (
        "<p>Дата: 21.11.2026</p><p>Status: ok</p><p>Сума: 5 грн<br>Номер замовлення: 7</p>",
        [
            "Дата = 21.11.2026 [:]",
            "Status = ok [:]",
            "Сума = 5 грн [:]",
            "Номер замовлення = 7 [:]",
            "+? Дата: 21.11.2026",
        ],
    ),
    "two, and one nobody knows": (
        "<p>Дата: 21.11.2026</p><p>Status: ok</p><p>Канал: web</p><p>Сума: 5 грн<br>Номер замовлення: 7</p>",
        [
            "Дата = 21.11.2026 [:]",
            "Status = ok [:]",
            "Канал = web [:]",
            "Сума = 5 грн [:]",
            "Номер замовлення = 7 [:]",
            "+? Дата: 21.11.2026",
        ],
    ),
    "three, and one that looks otherwise": (
        "<p>Дата: 21.11.2026</p><p>Status: ok</p><p>Коментар: x</p><div>Сума: 5 грн<br>Номер замовлення: 7</div>",
        [
            "Дата = 21.11.2026 [:]",
            "Status = ok [:]",
            "Коментар = x [:]",
            "Сума = 5 грн [:]",
            "Номер замовлення = 7 [:]",
            "+? Дата: 21.11.2026",
        ],
    ),
    "blocks within": (
        "<p>Дата: 21.11.2026</p><p>Status: ok</p><p>Коментар: x</p><p><span style=display:block>Сума: 5 грн<br>Номер замовлення: 7</span></p>",
        [
            "Дата = 21.11.2026 [:]",
            "Status = ok [:]",
            "Коментар = x [:]",
            "Сума = 5 грн [:]",
            "Номер замовлення = 7 /unsure [:]",
            "+? Дата: 21.11.2026",
        ],
    ),
}


@pytest.mark.parametrize("case", A_SECOND_LINE_WHERE_OTHERS_HAVE_ONE_PAIR)
def test_a_second_line_where_others_have_one_pair(case: str) -> None:
    """A line break in a block that holds one pair, like three others, may be a payer's; among fewer nobody can tell."""
    letter, wanted = A_SECOND_LINE_WHERE_OTHERS_HAVE_ONE_PAIR[case]
    assert told(read(letter)) == wanted


LINES_OF_PLAIN_TEXT = {
    "quoted": ("> Сума: 5 грн\n> > Дата: 21.11.2026", ["Сума = 5 грн [:]", "Дата = 21.11.2026 [:]", "+? Сума: 5 грн"]),
    "quoted, with dashes": (
        ">Сума - 5 грн\n>Дата - 21.11.2026\n>Status - ok\n>Канал - web",
        ["Сума = 5 грн [-]", "Дата = 21.11.2026 [-]", "Status = ok [-]", "Канал = web [-]", "+? Сума - 5 грн"],
    ),
    "walls": (
        "| Сума: 5 грн |\n│ Дата: 21.11.2026 │\n|  дякуємо  |",
        ["Сума = 5 грн [:]", "Дата = 21.11.2026 [:]", "+? Сума: 5 грн", "- дякуємо"],
    ),
    "drawn lines": (
        "----\nСума: 5 грн\n+---+---+\nДата: 21.11.2026\n--",
        ["Сума = 5 грн [:]", "Дата = 21.11.2026 [:]", "+? Сума: 5 грн", "- --"],
    ),
    "a drawn line under a label": ("Сума\n-----\n5 грн", ["Сума = ", "+ Сума", "- 5 грн"]),
    "tabs": ("Сума\t5 грн\nДата\t21.11.2026", ["Сума = 5 грн [  ]", "Дата = 21.11.2026 [  ]", "+? Сума 5 грн"]),
}


@pytest.mark.parametrize("case", LINES_OF_PLAIN_TEXT)
def test_lines_of_plain_text(case: str) -> None:
    """Marks of a quotation, the walls of a box and drawn lines are none of a letter's words."""
    letter, wanted = LINES_OF_PLAIN_TEXT[case]
    assert told(read(letter)) == wanted


@pytest.mark.parametrize(
    ("letter", "boxes"),
    [
        ("<p>Сума: 5 грн</p><p>Дата: 21.11.2026</p>", 2), ("<p>Сума: 5 грн<br>Дата: 21.11.2026</p>", 1),
        ("<p>Сума</p><p>5 грн</p><p>Дата</p><p>21.11.2026</p>", 2), ("Сума: 5 грн\nДата: 21.11.2026", 1),
    ],
)  # fmt: skip
def test_pairs_in_elements_of_their_own_stand_in_boxes_of_their_own(letter: str, boxes: int) -> None:
    """Between two lines of one block a payer may have typed the line end; between two blocks nobody has."""
    assert len({pair.box for pair in read(letter).pairs}) == boxes


@pytest.mark.parametrize(
    ("letter", "quotes"),
    [
        ("<blockquote><p>Сума: 5 грн</p></blockquote>", True), ("<p>Сума: 5 грн</p><div><blockquote>x<br>z</blockquote></div><p>y</p>", True),
        ("<p>Сума: 5 грн</p>", False),
    ],
)  # fmt: skip
def test_a_quoted_letter_is_seen(letter: str, quotes: bool) -> None:
    """A quotation anywhere in a part is known of the whole part."""
    assert read(letter).quotes is quotes


def test_a_part_of_more_than_a_notice_is_refused_before_it_is_read() -> None:
    """P14: too much text in text or HTML, on however many lines."""
    for excess in ("a\n" * 4_000 + "b" * 300_000, "<p>" + "a " * 150_000):
        with pytest.raises(Unreadable) as caught:
            read(excess)
        assert "characters" in caught.value.facts
