"""
What is shown of a crucible: its settings, its progress while it runs, and the tables at its end. Values in, lines out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic

from reconciler.sandbox.crucible.plan import Plan
from reconciler.sandbox.crucible.play import QUICK, Play
from reconciler.sandbox.crucible.strikes import NAMES
from reconciler.sandbox.proof import Proof

EVERY_SECONDS = 2.0
LONG = 1000
"""Payments from which on every kind of strike must have struck; a check that never met its fault proves nothing."""


class Progress:
    """One line that is written over on a terminal; a line now and then elsewhere."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._began = self._last = monotonic()
        self._terminal = sys.stderr.isatty()
        self.play: Play | None = None

    def __call__(self, what: str) -> None:
        now = monotonic()
        if self.play is None or now - self._last < (EVERY_SECONDS if self._terminal else 10 * EVERY_SECONDS):
            return
        self._last = now
        play = self.play
        text = (
            f"{now - self._began:5.0f} s  {len(play.delivered)} letters  {len(play.stage.planfix.incomes)} incomes"
            f"  {play.stage.planfix.count()} requests  {play.lives} lives  waiting for {what}"
        )
        sys.stderr.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        sys.stderr.flush()


def opening(plan: Plan) -> Iterable[str]:
    letters = sum(1 for scene in plan.scenes if type(scene).__name__ == "Told")
    yield f"crucible: {plan.payments} payments, seed {plan.seed}"
    yield f"{len(plan.orders)} orders, {letters} letters, {sum(plan.names.values())} strikes are planned."
    yield "Settings that differ from real service: " + ", ".join(f"{key} = {value}" for key, value in QUICK.items())


def never_struck(plan: Plan, struck: Mapping[str, int]) -> list[str]:
    """A long run in which a kind of fault never struck proves nothing about it."""
    if plan.payments < LONG:
        return []
    return [f"never struck: {name}" for name in sorted(NAMES) if not struck.get(name)]


def strikes(plan: Plan, struck: Mapping[str, int]) -> Iterable[str]:
    planned = plan.names
    return table(
        ("strike", "planned", "struck"),
        [(name, str(planned.get(name, 0)), str(struck.get(name, 0))) for name in sorted({*planned, *struck})],
    )


def verdict(proof: Proof, seconds: float, requests: int, lives: int) -> Iterable[str]:
    rows = (
        ("genuine letters", proof.letters),
        ("payments they told of", proof.payments),
        ("incomes on the desk", proof.incomes),
        ("payments held instead", proof.held),
        ("payments that were none", proof.refused),
        ("orders in production", proof.released),
        ("orders that are not", proof.unreleased),
        ("requests", requests),
        ("lives of the daemon", lives),
        ("seconds", round(seconds)),
    )
    return table(("", ""), [(name, str(value)) for name, value in rows])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Columns as wide as they must be; numbers to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        first, *others = row
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        if any(cell.strip() for cell in cells):
            yield "  " + "  ".join(cells)
