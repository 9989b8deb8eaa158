"""
The desks: CRMs behind `ports.Desk`, one package each. What they share with whoever looks after them is `Finding`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, and may surprise
    ERROR = "error"  # it does not work until someone mends it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing `doctor` looked at: what was found, and what to do about it ("" when nothing).

    later: the desk could not be asked, so it may be different another time.
    """

    level: Level
    what: str
    next_step: str = ""
    later: bool = False
