"""Label/value pairs: every layout says the same, and a payer's value is never another field."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Unreadable
from reconciler.extract.fields import is_empty
from reconciler.extract.html.drawing import read_blocks
from reconciler.extract.layout.labeltable import LabelTable, folded
from reconciler.extract.layout.page import Page
from reconciler.extract.layout.reader import read_html, read_text
from reconciler.extract.layout.shapes import SHAPES
from reconciler.extract.text import fold_label

LABELS = folded(("Сума", "Дата", "Номер замовлення", "Коментар", "Status"))
KNOWN = LabelTable(known=LABELS)
GOODS = LabelTable(known=LABELS, listing=folded(("Кількість", "Ціна")))
SPOKEN = LabelTable(known=LABELS | folded(["Paid"]), spoken=folded(["Paid"]))
WANTED = {"Сума": "1 250,00 грн", "Дата": "21.11.2026 14:05", "Номер замовлення": "12345"}
ITEMS = list(WANTED.items())


def each(form: str) -> str:
    return "".join(form.format(label, value) for label, value in ITEMS)


HTML = {
    "two columns": f"<table>{each('<tr><td>{}</td><td>{}</td></tr>')}</table>",
    "th beside td": f"<table>{each('<tr><th>{}:</th><td>{}</td></tr>')}</table>",
    "spacer column": f"<table>{each('<tr><td>{}</td><td>&nbsp;</td><td>{}</td></tr>')}</table>",
    "colon column": f"<table>{each('<tr><td>{}</td><td>:</td><td>{}</td></tr>')}</table>",
    "tables in cells": f"<table>{each('<tr><td><table><tr><td>{}</td></tr></table></td><td><p><b>{}</b></p></td></tr>')}</table>",
    "outer layout table": f"<table><tr><td>logo</td><td><table>{each('<tr><td>{}</td><td>{}</td></tr>')}</table></td></tr></table>",
    "one cell": f"<table>{each('<tr><td><small>{}</small><br><b>{}</b></td></tr>')}</table>",
    "cells as cards": f"<table><tr>{each('<td>{}<br>{}</td>')}</tr></table>",
    "rows over rows": f"<table>{each('<tr><td>{}</td></tr><tr><td>{}</td></tr>')}</table>",
    "header row": "<table><tr><th>{}</th><th>{}</th><th>{}</th></tr><tr><td>{}</td><td>{}</td><td>{}</td></tr></table>".format(
        *WANTED, *WANTED.values()
    ),
    "two pairs a row": "<table><tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr><tr><td>{}</td><td>{}</td></tr></table>".format(
        *[x for item in ITEMS for x in item]
    ),
    "column beside column": f"<table><tr><td>{'<br>'.join(WANTED)}</td><td>{'<br>'.join(WANTED.values())}</td></tr></table>",
    "dl": f"<dl>{each('<dt>{}</dt><dd>{}</dd>')}</dl>",
    "divs in divs": f"<div>{each('<div><div>{}</div><div>{}</div></div>')}</div>",
    "neighbouring divs": each("<div>{}</div><div>{}</div>"),
    "spans": each("<p><span>{}</span> <span>{}</span></p>"),
    "display block spans": each('<span style="display:block">{}</span><span style="display: block">{}</span>'),
    "bold label": each("<p><b>{}:</b> {}</p>"),
    "one line of spans": f"<p>{each('<b>{}:</b> {} ')}</p>",
    "br lines": each("{}: {}<br>"),
    "list": each("<li>{} — {}</li>"),
    "headings": each("<h4>{}</h4><p>{}</p>"),
    "pre": f"<pre>{''.join(f'{label:20}{value}{chr(10)}' for label, value in ITEMS)}</pre>",
    "letter case and look-alikes": each("<div>{}: {}</div>").replace("Сума", "CУMА"),
    "font size set back": f'<div style="font-size:0">{each("<div style=font-size:14px>{}: {}</div>")}</div>',
}
TEXT = {
    "colon": "\n".join(f"{label}: {value}" for label, value in ITEMS),
    "aligned": "\n".join(f"{label:24}{value}" for label, value in ITEMS),
    "nbsp aligned": "\n".join(f"{label}\u00a0\u00a0{value}" for label, value in ITEMS),
    "tabs": "\n".join(f"{label}\t{value}" for label, value in ITEMS),
    "pipes": "\n".join(f"| {label} | {value} |" for label, value in ITEMS),
    "dots": "\n".join(f"{label} ........ {value}" for label, value in ITEMS),
    "line under line": "\n".join(f"{label}:\n{value}\n" for label, value in ITEMS),
    "bullets": "\n".join(f"• {label}: {value}" for label, value in ITEMS),
    "pictures": "\n".join(f"✅ {label}: {value}" for label, value in ITEMS),
    "stars": "\n".join(f"*{label}:* {value}" for label, value in ITEMS),
    "forwarded": "---------- Forwarded message ---------\nВід: a\nДата: сб, 21 лист. 2026 р.\nКому: b\n\n"
    + "\n".join(f"{label}: {value}" for label, value in ITEMS),
    "numbered": "\n".join(f"{number}. {label}: {value}" for number, (label, value) in enumerate(ITEMS, 1)),
    "box": "\n".join(f"│ {label:20} │ {value:20} │" for label, value in ITEMS),
    "two a line": "    ".join(f"{label}: {value}" for label, value in ITEMS),
    "quoted": "\n".join(f"> {label}: {value}" for label, value in ITEMS),
    "a space": "\n".join(f"{label} {value}" for label, value in ITEMS),
    "crlf": "\r\n".join(f"{label}: {value}" for label, value in ITEMS),
}


def found(page: Page) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for pair in page.pairs:
        if pair.key in LABELS:
            result.setdefault(pair.key, []).append(pair.value)
    return result


def wanted() -> dict[str, list[str]]:
    return {fold_label(label): [value] for label, value in ITEMS}


@pytest.mark.parametrize("layout", HTML)
def test_html_layouts(layout: str) -> None:
    """P07: a layout nobody announced gives the same pairs."""
    assert found(read_html("html[0]", HTML[layout], KNOWN)) == wanted()


@pytest.mark.parametrize("layout", TEXT)
def test_text_layouts(layout: str) -> None:
    """P07: plain text in any usual arrangement gives the same pairs."""
    assert found(read_text("text[0]", TEXT[layout], KNOWN)) == wanted()


@pytest.mark.parametrize(
    "form", ["<div>{}</div><div>{}</div>", "<p>{}: {}</p>", "<table><tr><td>{}</td><td>{}</td></tr></table>"]
)
def test_a_value_may_be_a_label_of_another_field(form: str) -> None:
    """ "Status: Paid" is a status, though "Paid: 5" is a sum."""
    page = read_html("html[0]", form.format("Status", "Paid") + form.format("Сума", "5 грн"), SPOKEN)
    assert [(pair.label, pair.value) for pair in page.pairs] == [("Status", "Paid"), ("Сума", "5 грн")]


@pytest.mark.parametrize("form", ["<table><tr><td>{}</td><td>{}</td></tr></table>", "<dl><dt>{}</dt><dd>{}</dd></dl>"])
@pytest.mark.parametrize(
    "typed", ["12345<br>Сума: 1,00 грн", "12345<div>Сума: 1,00 грн</div>", "Сума: 1,00 грн", "12345 Сума: 1,00"]
)
def test_a_value_is_contained(form: str, typed: str) -> None:
    """A label typed into a value cell is part of that value and no pair."""
    page = read_html("html[0]", form.format("Номер замовлення", typed), KNOWN)
    assert list(found(page)) == [fold_label("Номер замовлення")]


def test_a_value_of_an_unknown_label_is_contained() -> None:
    """In a table of pairs a value is contained under labels nobody knows, too."""
    rows = "<tr><td>Сума</td><td>5 грн</td></tr><tr><td>Побажання</td><td>так<br>Сума: 1,00 грн</td></tr>"
    assert found(read_html("html[0]", f"<table>{rows}</table>", KNOWN)) == {fold_label("Сума"): ["5 грн"]}


def test_a_longer_label_is_another_label() -> None:
    """ "Сума комісії" is not "Сума", in any layout."""
    for content in ("Сума комісії: 25,00 грн", "Сума комісії    25,00 грн", "Сума комісії\n25,00 грн"):
        assert found(read_text("text[0]", content, KNOWN)) == {}
    assert found(read_html("html[0]", "<table><tr><td>Сума комісії</td><td>25</td></tr></table>", KNOWN)) == {}


def test_an_empty_value_does_not_take_the_next_label() -> None:
    """A label without a value stays empty; the next line or row keeps its own."""
    expected = {fold_label("Номер замовлення"): [""], fold_label("Сума"): ["5 грн"]}
    assert found(read_text("text[0]", "Номер замовлення:\nСума: 5 грн", KNOWN)) == expected
    rows = "<tr><td>Номер замовлення</td><td></td></tr><tr><td>Сума</td><td>5 грн</td></tr>"
    assert found(read_html("html[0]", f"<table>{rows}</table>", KNOWN)) == expected


@pytest.mark.parametrize("form", ["<dt>{}</dt><dd>{}</dd>", "<p>{}</p><p>{}</p>", "<li>{}<ul><li>{}</li></ul></li>"])
@pytest.mark.parametrize("nothing", ["—", "-"])
def test_a_dash_is_an_empty_value(form: str, nothing: str) -> None:
    """A dash under one label of several is that label's value; what comes next is not, known or not."""
    rows = [("Сума", "5 грн"), ("Дата", "21.11.2026"), ("Номер замовлення", nothing), ("Бонуси", "15")]
    page = read_html("html[0]", "<div>" + "".join(form.format(*row) for row in rows) + "</div>", KNOWN)
    values = found(page)
    assert (values[fold_label("Сума")], values[fold_label("Дата")]) == (["5 грн"], ["21.11.2026"])
    assert is_empty(*values[fold_label("Номер замовлення")])
    assert not doubted(page)


@pytest.mark.parametrize("form", ["<p>{}<br>{}</p>", "{}\n{}\n\n"])
def test_the_colon_of_a_clock_parts_no_label(form: str) -> None:
    """ "Feb 26, 2025 14:31" under its label is its value, and no pair of "Feb 26, 2025 14"."""
    content = "".join(form.format(*row) for row in (("Сума", "5 грн"), ("Дата", "Feb 26, 2025 14:31:46")))
    page = read_html("html[0]", content, KNOWN) if "<" in form else read_text("text[0]", content, KNOWN)
    assert found(page)[fold_label("Дата")] == ["Feb 26, 2025 14:31:46"]


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><td>Сума</td><td>5 грн</td></tr><tr><td>Status</td><td>Paid</td></tr><tr><td>Бонуси</td><td>15</td></tr>",
        "<tr><td><span>Status: <b>Paid</b></span><br><span>Сума: <b>5 грн</b></span></td></tr>",
    ],
)
def test_a_word_of_status_heads_nothing_where_a_value_stands(rows: str) -> None:
    """ "Status | Paid" over a row of a label nobody knows is a pair, and so it is in a line of elements."""
    labels = replace(SPOKEN, shapes={fold_label("Сума"): SHAPES["amount"]})
    page = read_html("html[0]", f"<table>{rows}</table>", labels)
    assert found(page) == {fold_label("Сума"): ["5 грн"], fold_label("Status"): ["Paid"]}
    assert not doubted(page)


@pytest.mark.parametrize(
    "text",
    [
        "Номер замовлення\n\n2026\n",
        "Сума: 5 грн\nНомер замовлення:\n\n2026",
        "Номер замовлення\nСума\n5 грн",
    ],
)
def test_a_blank_line_ends_a_lone_label(text: str) -> None:
    """What stands below a blank line is no value of the label above it."""
    assert found(read_text("text[0]", text, KNOWN))[fold_label("Номер замовлення")] == [""]


def test_a_row_without_cells_is_nothing() -> None:
    """P15: an empty row, or one of which every cell is hidden, breaks nothing."""
    rows = "<tr></tr><tr><td hidden>x</td></tr><tr><td>Сума</td><td>5 грн</td></tr>"
    assert found(read_html("html[0]", f"<table>{rows}</table>", KNOWN)) == {fold_label("Сума"): ["5 грн"]}


def doubted(page: Page) -> set[str]:
    return {pair.key for pair in page.pairs if pair.unsure}


RUN = ["1 250,00 грн", "Сума", "21.11.2026", "Дата", "12345", "Номер замовлення"]
DOUBTFUL = {
    "captions in paragraphs": "".join(f"<p>{line}</p>" for line in RUN),
    "captions in rows": "<table>" + "".join(f"<tr><td>{line}</td></tr>" for line in RUN) + "</table>",
    "captions on lines": "<div>" + "<br>".join(RUN) + "</div>",
    "captions in a grid": "<table><tr><td>5 грн</td><td>21.11.2026</td></tr><tr><td>Сума</td><td>Дата</td></tr>"
    "<tr><td>12345</td><td>x</td></tr><tr><td>Номер замовлення</td><td>Коментар</td></tr></table>",
    "a label nobody knows": "<div>Сума</div><div>3DS</div><div>5 грн</div>",
    "a value on two lines": "<p>Сума<br>3DS<br>5 грн</p>",
    "a lone label among pairs": "<p>Дата: 21.11.2026<br>Сума:<br>2026</p>",
}


@pytest.mark.parametrize("layout", DOUBTFUL)
def test_a_layout_with_two_readings_is_doubted(layout: str) -> None:
    """P07: where a number may be the value of the label above or below it, it is marked and not read."""
    assert fold_label("Сума") in doubted(read_html("html[0]", DOUBTFUL[layout], KNOWN))


def test_two_heads_of_which_one_may_be_a_value() -> None:
    """P07: "Дата | Paid" over "21.11.2026 | 5" is a pair, or two heads over their values: held."""
    rows = "<table><tr><td>Дата</td><td>Paid</td></tr><tr><td>21.11.2026</td><td>5 грн</td></tr></table>"
    assert doubted(read_html("html[0]", rows, SPOKEN)) == {fold_label("Дата")}
    cards = "<table><tr><td><div>Status</div><div>Paid</div></td><td><div>Сума</div><div>5 грн</div></td></tr></table>"
    page = read_html("html[0]", cards, SPOKEN)
    assert [(pair.label, pair.value) for pair in page.pairs] == [("Status", "Paid"), ("Сума", "5 грн")]


def test_a_value_under_a_head_may_be_a_label_of_another_field() -> None:
    """ "Status | Дата" over "Paid | 21.11.2026" are two pairs, though "Paid | 5 грн" is one."""
    rows = "<table><tr><td>Status</td><td>Дата</td></tr><tr><td>Paid</td><td>21.11.2026</td></tr></table>"
    page = read_html("html[0]", rows, SPOKEN)
    assert [(pair.label, pair.value) for pair in page.pairs] == [("Status", "Paid"), ("Дата", "21.11.2026")]


def test_a_heading_with_a_sum_is_no_caption() -> None:
    """A headline drawn unlike the values is none of them, and so is a footer in another dress."""
    html = "<h1>Успішний платіж 5 грн</h1>" + each("<div>{}</div><div>{}</div>") + "<p>© 2026</p>"
    assert found(read_html("html[0]", html, KNOWN)) == wanted()
    assert not doubted(read_html("html[0]", html, KNOWN))


@pytest.mark.parametrize(
    "line",
    ["Сума: 5 грн | Дата: 21.11.2026", "Сума: 5 грн   Дата: 21.11.2026", "Сума: 5 грн; Дата: 21.11.2026", "Сума  5 грн  Дата  21.11.2026",
     "Побажання: так | Сума: 5 грн | Дата: 21.11.2026"],
)  # fmt: skip
def test_pairs_side_by_side_in_text(line: str) -> None:
    """P07: a line may hold several pairs; all but the first may have been typed, and are marked."""
    page = read_text("text[0]", line, KNOWN)
    assert found(page) == {fold_label("Сума"): ["5 грн"], fold_label("Дата"): ["21.11.2026"]}
    assert [pair.inner for pair in page.pairs if pair.key == fold_label("Дата")] == [True]


def test_preformatted_columns_stay_apart() -> None:
    """P07: in <pre> a run of spaces separates, even without a digit behind it."""
    assert found(read_html("html[0]", "<pre>Коментар      так\nСума          5 грн</pre>", KNOWN)) == {
        fold_label("Коментар"): ["так"],
        fold_label("Сума"): ["5 грн"],
    }


@pytest.mark.parametrize(
    "value",
    [
        "<b>250</b><small>00</small>", "250<font size=1>00</font>", "<b>250</b>00",
        '<span style="font-size:28px">250</span><span style="vertical-align:super">00</span>', "250<del>1</del>00",
    ],
)  # fmt: skip
def test_digits_of_another_look_are_another_number(value: str) -> None:
    """P05: raised or small kopecks never make a sum a hundred times larger."""
    page = read_html("html[0]", f"<p>Сума: {value} грн</p>", KNOWN)
    assert page.pairs[0].value == "250 ^ 00 грн"


def test_digits_in_plain_spans_are_one_number() -> None:
    """Elements that change nothing a reader sees cut no number."""
    assert read_html("html[0]", "<p>Сума: 2<span>50</span> грн</p>", KNOWN).pairs[0].value == "250 грн"


@pytest.mark.parametrize(
    "struck", ["<s>{}</s>", "<del>{}</del>", '<span style="text-decoration: line-through">{}</span>']
)
def test_what_is_crossed_out_is_not_read(struck: str) -> None:
    """An old price beside the new one is no part of the value."""
    page = read_html("html[0]", f"<p>Сума: {struck.format('1 500')} <b>250</b> грн</p>", KNOWN)
    assert page.pairs[0].value == "250 грн"


@pytest.mark.parametrize("values", ["<br>5 грн<br>12345", "5 грн<br><br>12345", "5 грн<br>Visa<br>41****1111<br>12345"])
def test_columns_go_by_position(values: str) -> None:
    """A column of values with a hole or a line too many has no reading, rather than a shifted one."""
    html = f"<table><tr><td>Сума<br>Дата<br>Номер замовлення</td><td>{values}</td></tr></table>"
    assert {value for values in found(read_html("html[0]", html, KNOWN)).values() for value in values} == {""}


@pytest.mark.parametrize("excess", ["a" * 300_001, "<i>" * 20_001, "a\n" * 5_001, "a" * 2_001])
def test_more_text_than_a_notice_has_is_refused(excess: str) -> None:
    """P14: the bounds are the page's constants; beyond them nothing is parsed."""
    with pytest.raises(Unreadable):
        read_text("text[0]", excess, KNOWN)


def test_a_list_of_goods_has_no_pairs() -> None:
    """The sums of goods, in one row or in several, are not the payment's."""
    rows = "<tr><td>Сума</td><td>Коментар</td></tr>" + "<tr><td>7,00</td><td>x</td></tr>" * 2
    assert found(read_html("html[0]", f"<table>{rows}</table>", KNOWN)) == {}
    goods = (
        "<table><tr><th>Дата</th><th>Кількість</th><th>Сума</th></tr><tr><td>1</td><td>2</td><td>7,00</td></tr></table>"
    )
    assert found(read_html("html[0]", goods, GOODS)) == {}


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">{}</div>',
        '<div style="DISPLAY : none !important">{}</div>',
        '<div style="visibility:hidden">{}</div>',
        '<span style="font-size:0px">{}</span>',
        "<p hidden>{}</p>",
        '<div style="mso-hide:all">{}</div>',
        '<div style="opacity:0.0">{}</div>',
        '<div style="max-height:0;overflow:hidden">{}</div>',
        "<!-- {} -->",
        "<script>{}</script>",
        "<style>{}</style>",
        "<head><title>{}</title></head>",
        "<template>{}</template>",
    ],
)
def test_what_no_reader_sees_is_not_read(hidden: str) -> None:
    """Hidden text lends no field."""
    page = read_html("html[0]", hidden.format("Сума: 9 999,00 грн") + "<p>Сума: 5 грн</p>", KNOWN)
    assert found(page) == {fold_label("Сума"): ["5 грн"]}


def test_raised_digits_do_not_lengthen_a_number() -> None:
    """1250 with raised kopecks is not 125000."""
    page = read_html("html[0]", "<p>Сума: 1250<sup>00</sup> грн</p>", KNOWN)
    assert "125000" not in page.pairs[0].value


def test_statements_leave_out_pairs_and_links() -> None:
    """What the letter says is what stands outside of pairs and of links."""
    html = "<h1>Успішний платіж</h1><p>Сума: 5 грн</p><p>Дякуємо <a href=x>Скасувати</a></p>"
    page = read_html("html[0]", html, KNOWN)
    assert [(said.text, said.early) for said in page.statements if not said.doubtful] == [
        ("Успішний платіж", True),
        ("Дякуємо", False),
    ]


@given(st.text(alphabet=st.sampled_from("<>/ tdrbp=\"'Сума:1\n&;#\x00\u200b"), max_size=200))
def test_any_text_is_read(text: str) -> None:
    """P15: no text, however broken, breaks the reader."""
    read_blocks(text)
    read_html("html[0]", text, KNOWN)
    read_text("text[0]", text, KNOWN)


def test_cells_of_a_label_over_its_value_are_no_columns() -> None:
    """P07: a status that is a label too does not make two cards beside each other a column of labels and one of values."""
    known = LABELS | folded(["Refunded"])
    cards = "<tr><td>Status<br>Refunded</td><td>Balance<br>46 009,00 грн</td></tr>"
    page = read_html(
        "html[0]",
        f"<table>{cards}<tr><td>Сума<br>5 грн</td></tr></table>",
        LabelTable(known=known, spoken=folded(["Refunded"])),
    )
    said = {pair.key: pair.value for pair in page.pairs if pair.key in known and not pair.unsure}
    assert said[fold_label("Сума")] == "5 грн"
    assert "46 009,00 грн" not in said.values()
