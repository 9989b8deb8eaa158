"""
`explain` for people. In: what `readout.explain_file` found. Out: sections on stdout.
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


def show_explanation(found: Mapping[str, Any]) -> None:
    console = Console(file=sys.stdout, highlight=False)
    _section(console, found["file"], [{key: found[key] for key in ("subject", "from", "lossy", "defects")}])
    _section(console, "Parts", found["parts"])
    _section(console, "Labels and values found", found["pairs"])
    _section(console, "Claimed", [found["claimed"]])
    _section(console, "Where each field came from", found["spans"])
    _section(console, "Read", found["notices"])
    trust = found["trust"]
    if trust is None:
        _section(console, "Trust", [{"result": "not judged"}])
    else:
        _section(console, f"Trust: {trust['trusted_by'] or 'nobody vouches'}", trust["checks"])
    if found["proposal"] is not None:
        _proposal(console, found["proposal"])


def _proposal(console: Console, proposed: Mapping[str, Any]) -> None:
    """The settings as they may be pasted, then what they do."""
    console.print(Text("Proposed for the settings", style="bold"))
    for line in proposed["toml"].splitlines():
        print(cell(line), file=console.file)  # unwrapped: it is to be copied
    console.print()
    if proposed["not_placed"]:
        _section(console, "Not placed", [{"what": what} for what in proposed["not_placed"]])
    if proposed["reads"] is not None:
        _section(console, "With it the letter reads", proposed["reads"])


def _section(console: Console, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """One row stands upright, several side by side."""
    console.print(Text(cell(title), style="bold"))
    table = Table(box=box.SIMPLE, pad_edge=False, show_header=len(rows) > 1)
    if len(rows) == 1:
        table.add_column(overflow="fold")
        table.add_column(overflow="fold")
        for key, value in rows[0].items():
            table.add_row(Text(key.replace("_", " ")), Text(cell(value)))
    else:
        keys = list(dict.fromkeys(key for row in rows for key in row))
        for key in keys or ["nothing"]:
            table.add_column(key.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell(row.get(key))) for key in keys))
    console.print(table)
