"""
What the storm prints: its progress while it rages, and its tables when it is over.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from reconciler.model import StepKind
from reconciler.sandbox.storm.plan import Fate, Point
from reconciler.sandbox.storm.play import Storm
from reconciler.sandbox.storm.tally import Result

EVERY = 10
"""Kills between two lines where the output is no terminal."""


class Screen:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = -1

    def progress(self, storm: Storm) -> None:
        kills = len(storm.tally.struck)
        words = (
            f"{storm.seconds:5.0f} s   {kills:3d} of {storm.wanted.kills} kills   "
            f"{storm.settled:4d} of {storm.payments} payments settled"
        )
        if self._console.is_terminal:
            self._console.print(words, end="\r")
        elif kills % EVERY == 0 and kills != self._told:
            self._told = kills
            self._console.print(words)

    def result(self, result: Result) -> None:
        self._console.print(_kills(result))
        self._console.print(_outcome(result))
        for words in result.wrong:
            self._console.print(f"WRONG: {words}", markup=False)
        verdict = "nothing lost, nothing doubled" if not result.wrong else f"{len(result.wrong)} things are wrong"
        self._console.print(f"{verdict}, after {result.seconds:.0f} s")


def _kills(result: Result) -> Table:
    table = Table(
        title="SIGKILLs while a step was planned or being sent, by the ledger read right after", title_justify="left"
    )
    table.add_column("moment")
    for kind in StepKind:
        table.add_column(kind.value, justify="right")
    for point in Point:
        table.add_row(point.value, *(str(result.tally.of(kind, point)) for kind in StepKind))
    table.add_section()
    table.add_row("in all", *(str(result.tally.of(kind)) for kind in StepKind))
    return table


def _outcome(result: Result) -> Table:
    tally, proof, found = result.tally, result.proof, result.found
    table = Table(title="What came of it", title_justify="left", show_header=False)
    rows = [
        *((f"kills that found a step {state}", number) for state, number in sorted(tally.states().items())),
        *((f"requests under way at a kill, {fate}", tally.fates().get(fate, 0)) for fate in Fate),
        ("lives whose blow fell on no step", tally.in_vain),
        ("unanswered creates found at the first look", found.at_first_look),
        ("unanswered creates found after looks that found nothing", found.after_looks),
        ("steps proven absent and sent again, or refused", found.sent_again),
        ("payments", proof.payments),
        ("incomes", proof.incomes),
        ("orders in production", proof.released),
        ("orders not in production", proof.unreleased),
        ("payments held", proof.held),
    ]
    for name, number in rows:
        table.add_row(name, str(number))
    return table
