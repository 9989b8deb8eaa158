"""
What is told while a rehearsal runs: lines for people on a terminal, one JSON object a line for machines.

In: what happened, in words and as facts. Out: text on stdout, at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Protocol, TextIO

from reconciler.sandbox.demo.screen import Screen
from reconciler.sandbox.lab.verdict import Row

Facts = Mapping[str, Any]
NONE: Facts = {}


class Teller(Protocol):
    def opening(self, title: str, lines: Sequence[str]) -> None: ...

    def happened(self, what: str, words: str, facts: Facts = NONE, *, effect: bool = True) -> None:
        """what: one word for machines; words: the same for people; effect: it changed something."""
        ...

    def failed(self, words: str, lines: Sequence[str] = ()) -> None: ...

    def verdict(self, rows: Sequence[Row]) -> None: ...

    def closing(self, words: str) -> None: ...


class ForPeople:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._screen = Screen(stream)
        self._began = monotonic()

    def opening(self, title: str, lines: Sequence[str]) -> None:
        self._screen.opening(title, lines)

    def happened(self, what: str, words: str, facts: Facts = NONE, *, effect: bool = True) -> None:
        self._screen.step(monotonic() - self._began, words, effect=effect)

    def failed(self, words: str, lines: Sequence[str] = ()) -> None:
        self._screen.failed(words, lines)

    def verdict(self, rows: Sequence[Row]) -> None:
        self._screen.verdict([(row.holds, row.seen, row.wrong) for row in rows])

    def closing(self, words: str) -> None:
        self._screen.closing(words)


class ForMachines:
    """Keys sorted; `what` says what a line is: opened, …, failed, verdict, closed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._began = monotonic()

    def opening(self, title: str, lines: Sequence[str]) -> None:
        self._line("opened", title=title, says=list(lines))

    def happened(self, what: str, words: str, facts: Facts = NONE, *, effect: bool = True) -> None:
        self._line(what, says=words, **facts)

    def failed(self, words: str, lines: Sequence[str] = ()) -> None:
        self._line("failed", says=words, lines=list(lines))

    def verdict(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._line("verdict", holds=not row.wrong, invariant=row.holds, seen=row.seen, wrong=list(row.wrong))

    def closing(self, words: str) -> None:
        self._line("closed", says=words)

    def _line(self, what: str, **facts: Any) -> None:
        seconds = round(monotonic() - self._began, 2)
        line = {"what": what, "seconds": seconds, **facts}
        self._out.write(json.dumps(line, ensure_ascii=False, sort_keys=True, default=str) + "\n")
        self._out.flush()
