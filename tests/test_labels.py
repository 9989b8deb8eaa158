"""Label/value pairs: every layout says the same, and a payer's value is never another field."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.extract.html import read_blocks
from reconciler.extract.labels import Page, folded, read_html, read_text
from reconciler.extract.text import fold_label

KNOWN = folded(("Сума", "Дата", "Номер замовлення", "Коментар", "Status"))
GOODS = folded(("Кількість", "Ціна"))
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
    "blank between": "\n\n".join(f"{label}\n\n{value}" for label, value in ITEMS),
    "bullets": "\n".join(f"• {label}: {value}" for label, value in ITEMS),
    "pictures": "\n".join(f"✅ {label}: {value}" for label, value in ITEMS),
    "stars": "\n".join(f"*{label}:* {value}" for label, value in ITEMS),
    "forwarded": "---------- Forwarded message ---------\nВід: a\nДата: сб, 21 лист. 2026 р.\nКому: b\n\n"
    + "\n".join(f"{label}: {value}" for label, value in ITEMS),
    "quoted": "\n".join(f"> {label}: {value}" for label, value in ITEMS),
    "a space": "\n".join(f"{label} {value}" for label, value in ITEMS),
    "crlf": "\r\n".join(f"{label}: {value}" for label, value in ITEMS),
}


def found(page: Page) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for pair in page.pairs:
        if pair.key in KNOWN:
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
    known, spoken = KNOWN | folded(["Paid"]), folded(["Paid"])
    page = read_html("html[0]", form.format("Status", "Paid") + form.format("Сума", "5 грн"), known, spoken=spoken)
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


def test_a_list_of_goods_has_no_pairs() -> None:
    """The sums of goods, in one row or in several, are not the payment's."""
    rows = "<tr><td>Сума</td><td>Коментар</td></tr>" + "<tr><td>7,00</td><td>x</td></tr>" * 2
    assert found(read_html("html[0]", f"<table>{rows}</table>", KNOWN)) == {}
    goods = (
        "<table><tr><th>Дата</th><th>Кількість</th><th>Сума</th></tr><tr><td>1</td><td>2</td><td>7,00</td></tr></table>"
    )
    assert found(read_html("html[0]", goods, KNOWN, GOODS)) == {}


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
    assert [(said.text, said.early) for said in page.statements if not said.doubtful] == [("Успішний платіж", True), ("Дякуємо", False)]


@pytest.mark.parametrize(
    "html",
    ["<div>" * 20_000, "<table><tr><td>" * 3_000, "<span>Сума</span>" * 5_000, ":" * 300_000, " " * 500_000,
     "<p style='" + "font-size:" * 20_000 + "'>x", "Сума<br>" * 5_000, "a" * 1_000_000],
    ids=["divs", "tables", "spans", "colons", "blanks", "style", "lines", "letters"],
)  # fmt: skip
def test_hostile_html_costs_little(html: str) -> None:
    """P14: deep, long and repetitive input is read in time that grows with its length alone."""
    begun = time.process_time()
    read_html("html[0]", html, KNOWN)
    read_text("text[0]", html, KNOWN)
    assert time.process_time() - begun < 10


@given(st.text(alphabet=st.sampled_from("<>/ tdrbp=\"'Сума:1\n&;#\x00\u200b"), max_size=200))
def test_any_text_is_read(text: str) -> None:
    """P15: no text, however broken, breaks the reader."""
    read_blocks(text)
    read_html("html[0]", text, KNOWN)
    read_text("text[0]", text, KNOWN)
