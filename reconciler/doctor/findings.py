"""
One thing that was looked at: where, how it is, what was found, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    REMARK = "remark"  # it works, and may surprise
    PROBLEM = "problem"  # it does not work until somebody mends it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """section: "settings", "ledger", "mailbox payments", … later: it may mend itself, e.g. a network that is down."""

    section: str
    level: Level
    what: str
    next_step: str = ""
    later: bool = False


class Section:
    """Makes the findings of one section: `found.ok("…")`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ok(self, what: str) -> Finding:
        return Finding(section=self.name, level=Level.OK, what=what)

    def remark(self, what: str, next_step: str = "") -> Finding:
        return Finding(section=self.name, level=Level.REMARK, what=what, next_step=next_step)

    def problem(self, what: str, next_step: str, *, later: bool = False) -> Finding:
        return Finding(section=self.name, level=Level.PROBLEM, what=what, next_step=next_step, later=later)


def exit_of(findings: Iterable[Finding]) -> int:
    """0: nothing to mend. 1: something is for a person. 75: something could not be reached."""
    problems = [one for one in findings if one.level is Level.PROBLEM]
    if any(one.later for one in problems):
        return 75
    return 1 if problems else 0
