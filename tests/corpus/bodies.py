"""
Whole pages: what a letter has to say and its noises come in; the text of an HTML or a plain part goes out.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.corpus.data import Layout
from tests.corpus.ink import Ink
from tests.corpus.layouts import block
from tests.corpus.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One letter, before it is laid out."""

    head: str  # "" for none
    intros: tuple[str, ...]
    records: tuple[tuple[Row, ...], ...]
    section: str
    nth: str
    tops: tuple[str, ...]
    feet: tuple[str, ...]
    products: tuple[tuple[str, ...], ...]  # a heading and its lines
    quoted: tuple[Row, ...] = ()  # an older notice, and who wrote it when
    quoted_head: str = ""


PAGE_NOISES = {
    "preheader": 10,
    "style and script": 10,
    "MSO conditionals": 8,
    "hidden fakes": 5,
    "comment before": 5,
    "image with alt": 6,
    "title element": 8,
}
"""Weights out of 100, each drawn by itself."""
HARD_PAGE_NOISES = frozenset({"hidden fakes"})
"""The eye does not see it, but a careful reader may well be wary of a page that hides sums."""


def draw_page_noises(rng: Random) -> frozenset[str]:
    return frozenset(name for name, weight in PAGE_NOISES.items() if rng.random() * 100 < weight)


def html_body(content: Content, layout: Layout, ink: Ink, noises: frozenset[str], fake: str) -> str:
    """fake: another sum, for what is not to be seen."""
    top = "".join(f'<div style="font-size:11px">{ink.prose(line)}</div>\n' for line in content.tops)
    head = f"<h2>{ink.prose(content.head)}</h2>\n" if content.head else ""
    intros = "".join(f"<p>{ink.prose(line)}</p>\n" for line in content.intros)
    rows = block(layout, content.records, ink, ink.prose(content.section), content.nth)
    feet = "".join(f'<p style="font-size:10px;color:#aaa">{ink.prose(line)}</p>\n' for line in content.feet)
    quoted = ""
    if content.quoted:
        older = block(layout, [content.quoted], ink, "", content.nth)
        quoted = f"<p>{ink.prose(content.quoted_head)}</p><blockquote>{older}</blockquote>\n"
    inner = f"{top}{head}{intros}{rows}\n{_products(content.products)}{quoted}<hr>\n{feet}"
    if "MSO conditionals" in noises:
        inner = (
            '<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]-->\n'
            f'{inner}<!--[if mso]></td></tr></table><v:rect fill="t"><![endif]-->'
        )
    return f"<!DOCTYPE html>\n<html><head>{_head(content, noises)}</head>\n<body>{_before(content, noises, fake)}\n{inner}</body></html>\n"


def _head(content: Content, noises: frozenset[str]) -> str:
    parts = []
    if "title element" in noises:
        parts.append(f"<title>{html.escape(content.head or 'WayForPay')}</title>")
    if "style and script" in noises:
        parts.append(
            "<style>.sum:before { content: 'Сума: 1,00 грн'; } td { padding: 4px }</style>"
            "<script>var s = 'Номер замовлення: 99999';</script>"
        )
    return "".join(parts)


def _before(content: Content, noises: frozenset[str], fake: str) -> str:
    parts = []
    if "preheader" in noises:
        text = html.escape(content.head or "WayForPay")
        parts.append(f'<div style="display:none;max-height:0;overflow:hidden">{text}{"&nbsp;&zwnj;" * 30}</div>')
    if "hidden fakes" in noises:
        way = ("display:none", "font-size:0;line-height:0", "visibility:hidden", "position:absolute;left:-9999px")
        parts.append(f'<div style="{way[len(fake) % len(way)]}">Сума: {fake} грн<br>Номер замовлення: 99999</div>')
    if "comment before" in noises:
        parts.append("<!-- <table><tr><td>Сума</td><td>1,00 грн</td></tr></table> -->")
    if "image with alt" in noises:
        parts.append('<img src="cid:logo" alt="WayForPay">')
    return "".join(parts)


def _products(lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return ""
    heading, *items = lines
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heading)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in item) + "</tr>\n" for item in items)
    return f'<table class="items"><tr>{head}</tr>\n{body}</table>\n'


def text_body(content: Content, layout: Layout, ink: Ink) -> str:
    """A plain text part."""
    rows = block(layout, content.records, ink, content.section, content.nth)
    products = "\n".join("   ".join(cells) for cells in content.products)
    quoted = ""
    if content.quoted:
        older = block(layout, [content.quoted], ink, "", content.nth)
        quoted = "\n".join((content.quoted_head, *(f"> {line}" for line in older.split("\n"))))
    parts = [
        *content.tops,
        content.head,
        *content.intros,
        rows,
        products,
        quoted,
        "\n".join(("-- ", *content.feet)) if content.feet else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
