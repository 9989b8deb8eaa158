"""
What the demo prints: scenes, what happens in them as it happens, a table and the proof.

On a terminal in colour and with one moving line while something is awaited; elsewhere plain lines of the same words.
A terminal that cannot show a sign gets another one, and no locale makes the demo fail.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rich import box
from rich.console import Console, JustifyMethod
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDEST = 96
"""Longer lines are not read, they are scanned."""
PLAIN_WIDTH = 88
INDENT = "    "
COLUMNS: tuple[tuple[str, JustifyMethod], ...] = (
    ("order", "left"),
    ("due", "right"),
    ("paid", "right"),
    ("incomes", "right"),
    ("status", "left"),
    ("seconds", "right"),
    ("what happened", "left"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    good: str
    bad: str
    effect: str
    read: str
    spinner: str
    line: str


PRETTY = Marks(good="✓", bad="✗", effect="●", read="·", spinner="dots", line="─")
PLAIN = Marks(good="+", bad="!", effect="*", read="-", spinner="line", line="-")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One line of the closing table, ready to print."""

    number: str
    due: str
    paid: str
    incomes: str
    status: str
    seconds: str
    note: str
    released: bool


class Screen:
    def __init__(self, stream: TextIO | None = None) -> None:
        out = sys.stdout if stream is None else stream
        unicode = (out.encoding or "ascii").lower().replace("_", "-") in ("utf-8", "utf8")
        if not unicode and hasattr(out, "reconfigure"):
            out.reconfigure(errors="replace")
        self.marks = PRETTY if unicode else PLAIN
        self.console = Console(file=out, highlight=False, emoji=False, markup=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH
        self.width = min(self.console.width, WIDEST)

    # ------------------------------------------------------------ the story

    def opening(self, title: str, lines: Sequence[str]) -> None:
        self._rule(title, "bold")
        self._print()
        for line in lines:
            self._wrapped(line, indent="  ")

    def scene(self, number: int, title: str, text: str) -> None:
        self._print()
        self._print(Text.assemble((f" {number:>2}  ", "bold cyan"), (title, "bold")))
        self._wrapped(text, style="default")

    def step(self, seconds: float, words: str, *, effect: bool) -> None:
        """One thing that happened, so many seconds after the scene's last letter (or decision)."""
        mark, style = (self.marks.effect, "default") if effect else (self.marks.read, "dim")
        colour = "cyan" if effect else "dim"
        head = Text.assemble((f"{INDENT}{seconds:6.2f} s ", "dim"), (mark, colour), " ")
        self._hanging(head, words, style)

    def command(self, words: str) -> None:
        self._hanging(Text(f"{INDENT}     $ ", "bold yellow"), words, "yellow")

    def result(self, words: str) -> None:
        self._hanging(Text(f"{INDENT}       {self.marks.good} ", "bold green"), words, "green")

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """One moving line on a terminal while something is awaited, gone afterwards; elsewhere nothing."""
        if not self.console.is_terminal:
            yield
            return
        text = Text(f"{what} ...", "dim", no_wrap=True, overflow="ellipsis")
        with self.console.status(text, spinner=self.marks.spinner, spinner_style="dim"):
            yield

    # ------------------------------------------------------------ the end

    def orders(self, rows: Sequence[OrderRow]) -> None:
        """The closing table: its last column says in words what a number leaves open."""
        self._print()
        self._rule("Every order at the end", "bold")
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), width=self.width - 2)
        for name, justify in COLUMNS:
            last = name == COLUMNS[-1][0]
            table.add_column(name, justify=justify, no_wrap=not last, ratio=1 if last else None)
        for row in rows:
            style = "green" if row.released else "yellow"
            table.add_row(
                row.number,
                self._shown(row.due),
                self._shown(row.paid),
                row.incomes,
                Text(row.status, style),
                Text(row.seconds, style),
                Text(row.note, "dim"),
            )
        self._print(Padding(table, (0, 0, 0, 2)))
        self._wrapped(
            "seconds: from the delivery of the letter that completed the sum to the order's new status",
            indent="  ",
            style="dim",
        )

    def verdict(self, rows: Sequence[tuple[str, str, Sequence[str]]]) -> None:
        """What must hold, what it was held against, and what is wrong with it."""
        self._print()
        self._rule("The verdict", "bold")
        for holds, seen, wrong in rows:
            mark, style = (self.marks.bad, "bold red") if wrong else (self.marks.good, "bold green")
            self._hanging(Text(f"  {mark} ", style), f"{holds} ({seen})" if seen else holds, "default")
            for words in wrong:
                self._hanging(Text("      "), words, "red")

    def proof(self, lines: Sequence[str]) -> None:
        self._print()
        for line in lines:
            self._hanging(Text(f"  {self.marks.good} ", "bold green"), line, "default")

    def failed(self, headline: str, lines: Sequence[str]) -> None:
        self._print()
        self._hanging(Text(f"  {self.marks.bad} ", "bold red"), headline, "bold red")
        for line in lines:
            self._hanging(Text("    "), line, "red")

    def closing(self, words: str) -> None:
        self._print()
        self._wrapped(words, indent="  ", style="bold")
        self._print()

    def note(self, words: str) -> None:
        self._wrapped(words, indent="  ", style="dim")

    # ------------------------------------------------------------ lines

    def _rule(self, title: str, style: str) -> None:
        rule = Rule(Text(title, style), align="left", characters=self.marks.line, style="dim")
        self.console.print(rule, width=self.width)

    def _print(self, what: object = "") -> None:
        self.console.print(what, soft_wrap=not isinstance(what, Padding))

    def _wrapped(self, words: str, *, indent: str = INDENT + " ", style: str = "default") -> None:
        for line in self._lines(words, len(indent)):
            self._print(Text(indent + line, style))

    def _hanging(self, head: Text, words: str, style: str) -> None:
        """Words behind a mark; further lines stand under the first word."""
        indent = len(head)
        first, *further = self._lines(words, indent) or [""]
        self._print(head.append(first, style))
        for line in further:
            self._print(Text(" " * indent + line, style))

    def _lines(self, words: str, indent: int) -> list[str]:
        width = max(self.width - indent, 20)
        lines = textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)
        return [self._shown(line) for line in lines]

    def _shown(self, words: str) -> str:
        """Where a no-break space cannot be written, a plain one is better than a question mark."""
        return words.replace("\u00a0", " ") if self.marks is PLAIN else words
