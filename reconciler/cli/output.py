"""
Results on stdout: one JSON object a line for machines, a table for people; progress on stderr for people only.

In: rows, mappings of plain values. Out: text. A JSON line is written at once, in UTF-8 whatever the locale is; a table
when its last row is known.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import click

T = TypeVar("T")

WORTH_A_BAR = 20
"""Fewer things are done before a bar could be read."""


class Printer:
    """Prints rows as they come: `with front.printer("file", "amount") as printer: printer.row({…})`."""

    def __init__(self, columns: Sequence[str], *, json: bool) -> None:
        self.json = json
        self._columns = columns
        self._rows: list[Mapping[str, Any]] = []

    def __enter__(self) -> Printer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Rows that are known are shown even when the next one failed.
        if self._rows:
            self._table()

    def row(self, row: Mapping[str, Any]) -> None:
        if self.json:
            click.echo(json_line(row))
        else:
            self._rows.append(row)

    def _table(self) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        shown = [name for name in self._columns if any(row.get(name) is not None for row in self._rows)]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in shown:
            right = name == "amount"
            table.add_column(name.replace("_", " "), justify="right" if right else "left", overflow="fold")
        for row in self._rows:
            # Text, not markup: a mail may well print "[red]".
            table.add_row(*(Text(cell(row.get(name))) for name in shown))
        Console(file=sys.stdout, highlight=False, soft_wrap=False).print(table)
        self._rows = []


def cell(value: Any) -> str:
    """A value in a table: one line, nothing for None, and no control characters out of somebody's mail."""
    text = (
        "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    )
    return "".join(letter if letter.isprintable() else " " for letter in text)


def json_line(row: Mapping[str, Any]) -> bytes:
    """Keys sorted; bytes, so that no locale decides how Ukrainian is written."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True, default=str).encode("utf-8", "backslashreplace")


def progress(items: Iterable[T], *, total: int, what: str) -> Iterator[T]:
    """Pass the items through, with a bar on stderr when it is a terminal."""
    if not sys.stderr.isatty() or total < WORTH_A_BAR:
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=what, total=total, console=Console(stderr=True), transient=True)
