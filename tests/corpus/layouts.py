"""
Pairs onto a page: rows, a layout of the data file and an ink come in; a block of HTML or text goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from tests.corpus.data import Layout
from tests.corpus.ink import Ink
from tests.corpus.rows import Row


def block(layout: Layout, records: Sequence[Sequence[Row]], ink: Ink, section: str, nth: str) -> str:
    """
    Every record's rows.

    section: a title for layouts that print one. nth: "Payment {n}", printed over each of several records.
    """
    if layout.across and (len(records) == 1 or _fits(layout, records)):
        return _opened(layout, _across(layout, records, ink), section)
    blocks = [_opened(layout, _down(layout, rows, ink), section) for rows in records]
    if len(blocks) == 1:
        return blocks[0]
    titles = [ink.prose(nth.format(n=n)) for n in range(1, len(blocks) + 1)]
    form = "{title}\n\n{block}\n\n" if layout.text else "<h3>{title}</h3>\n{block}\n"
    return "".join(form.format(title=title, block=body) for title, body in zip(titles, blocks, strict=True))


def _fits(layout: Layout, records: Sequence[Sequence[Row]]) -> bool:
    labels = [tuple(row.label for row in rows) for rows in records]
    return len(set(labels)) == 1 and len(labels[0]) <= layout.per_line


def _opened(layout: Layout, inner: str, section: str) -> str:
    return layout.open.replace("{section}", section) + inner + layout.close


def _down(layout: Layout, rows: Sequence[Row], ink: Ink) -> str:
    if layout.across:
        return _across(layout, [rows], ink)
    number = count(1)
    lines = [rows[start : start + layout.per_line] for start in range(0, len(rows), layout.per_line)]
    return "".join(
        layout.line_open
        + "".join(layout.row.format(label=ink.label(row), value=ink.value(row), n=next(number)) for row in line)
        + layout.line_close
        + ("" if layout.text else ink.remark() + "\n" * (not layout.plain))
        for line in lines
    )


def _across(layout: Layout, records: Sequence[Sequence[Row]], ink: Ink) -> str:
    width = layout.per_line
    lines = []
    for start in range(0, len(records[0]), width):
        labels = "".join(layout.label_cell.format(label=ink.label(row)) for row in records[0][start : start + width])
        lines.append(labels)
        for rows in records:
            cells = (layout.value_cell.format(value=ink.value(row)) for row in rows[start : start + width])
            lines.append("".join(cells))
    return "".join(f"{layout.line_open}{line}{layout.line_close}\n" for line in lines)
