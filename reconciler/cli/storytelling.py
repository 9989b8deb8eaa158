"""
`show` for people. In: what `timeline` found. Out: sections on stdout, the history last.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reconciler.cli.output import cell

SUGGESTED = ("number", "why", "difference", "distance", "from", "paid_at")
NESTED = ("mails", "steps", "timeline", "help", "facts", "what")


def show_story(story: Mapping[str, Any]) -> None:
    console = Console(file=sys.stdout, highlight=False)
    title = f"{story['what']} {story['id']}: {story['outcome']}"
    _upright(console, title, {key: value for key, value in story.items() if key not in NESTED})
    beside = {name: fact for name, fact in story["facts"].items() if name != "suggestions"}
    if beside:
        _upright(console, "Facts beside it", beside)
    _table(console, "Orders that may have been meant", story["facts"].get("suggestions", ()), SUGGESTED)
    if story["help"]:
        _upright(console, "What to do", {"what happened": story["help"]["what"], "next": story["help"]["next_step"]})
    for mail in story["mails"]:
        _upright(console, f"Mail {mail['id']}", {k: v for k, v in mail.items() if k not in ("id", "trust", "spans")})
        if mail["trust"]:
            title = f"Trust: {mail['trust']['trusted_by'] or 'nobody vouches'}"
            _table(console, title, mail["trust"]["checks"], ("voucher", "result", "detail"))
        _table(console, "Where each field stands in it", mail["spans"], ("field", "value", "label", "part"))
    _table(console, "Steps on the desk", story["steps"], ("kind", "state", "order", "sent_at", "result"))
    _table(console, "History", story["timeline"], ("at", "actor", "says"))


def _upright(console: Console, title: str, facts: Mapping[str, Any]) -> None:
    console.print(Text(cell(title), style="bold"))
    table = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for key, value in facts.items():
        if value not in (None, "", [], {}):
            table.add_row(Text(cell(key).replace("_", " ")), Text(cell(value)))
    console.print(table)


def _table(console: Console, title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    if not rows:
        return
    console.print(Text(title, style="bold"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(row.get(name))) for name in columns))
    console.print(table)
