"""
What can be switched from outside while the daemon runs: its clock, its disk, the moment of its death.

Comes in: one JSON line. Goes out: the state that clock and ledger obey from then on, and words for the acknowledgement.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, get_args

from reconciler.clock import SteadyClock, seconds_run, utc_now
from reconciler.model import Event, StepKind

Side = Literal["before", "after"]

STEP_STATES = {"step.sending": "step.sent", "step.unknown": "step.unanswered"}
"""The states of a step whose event has a name of its own; the others are called alike."""

_POINT = re.compile(r"[a-z]+\.[a-z_]+")


class Disk(StrEnum):
    OK = "ok"
    FULL = "full"
    READ_ONLY = "read-only"


class Blow(StrEnum):
    KILL = "kill"  # SIGKILL
    FILL = "fill"  # no room on the disk from then on
    TERM = "term"  # SIGTERM, as from a service manager


class Refused(Exception):
    """A line that opens no door; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """
    SIGKILL at a commit of the ledger; or the death of its disk, which is full from then on; or a SIGTERM in that moment.

    at: the event that the commit writes down ("mail.taken", "entry.recorded", "income.posted", …) or the state that a step
    is given by it ("step.planned", "step.sending", "step.done"). kind: of such steps, only those ("income", "advance", "comment").
    side: before: the commit never happens; after: it is the last thing that happens. skip: so many such commits pass first.
    """

    at: str
    side: Side = "before"
    skip: int = 0
    kind: str | None = None
    by: str = Blow.KILL

    def __post_init__(self) -> None:
        if not _POINT.fullmatch(self.at):
            raise ValueError(f"{self.at!r} is no point: it is called like step.sending or income.posted")
        if self.side not in get_args(Side):
            raise ValueError(f"side is before or after, not {self.side!r}")
        if self.skip < 0:
            raise ValueError("skip is a count")
        if self.kind is not None:
            StepKind(self.kind)
        Blow(self.by)

    def meets(self, written: Iterable[Event]) -> bool:
        """Is this the kind of commit that is waited for?"""
        name = STEP_STATES.get(self.at, self.at)
        return any(event.name == name and self.kind in (None, event.facts.get("kind")) for event in written)


class Doors:
    """Thread-safe. `steady_clock` starts a clock on the process's machine; `disk` and the death are asked by its ledger."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = timedelta()  # set by somebody
        self._passed = timedelta()  # gone by in truth
        self._disk = Disk.OK
        self._death: Death | None = None
        self._met = 0

    def steady_clock(self) -> SteadyClock:
        return SteadyClock(self._wall, self._counter)

    def _wall(self) -> datetime:
        with self._lock:
            return utc_now() + self._passed + self._ahead

    def _counter(self) -> float:
        with self._lock:
            return seconds_run() + self._passed.total_seconds()

    @property
    def disk(self) -> Disk:
        with self._lock:
            return self._disk

    @property
    def death(self) -> Death | None:
        with self._lock:
            return self._death

    def is_the_end(self, death: Death) -> bool:
        """One more commit of that kind is here: is it the one? Asked once for each, on the death's own side."""
        with self._lock:
            if self._death is not death:
                return False
            self._met += 1
            return self._met > death.skip

    def survive(self, death: Death) -> None:
        """It has struck, and was no death of this process; what it fills is full from now on."""
        with self._lock:
            self._death = None
            if death.by == Blow.FILL:
                self._disk = Disk.FULL

    # ------------------------------------------------------------ switching

    def switch(self, words: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what a line says; what was done, for the log. Raises Refused, and has then done nothing."""
        [(door, value), *more] = [(key, value) for key, value in words.items() if key != "n"] or [("", None)]
        if more:
            raise Refused("one door at a time")
        try:
            match door:
                case "clock":
                    self._move_clock(timedelta(seconds=float(value)))
                case "pass":
                    self._let_pass(timedelta(seconds=float(value)))
                case "disk":
                    self._set_disk(Disk(value))
                case "die":
                    self._arm(None if value is None else Death(**value))
                case _:
                    raise Refused(f"there is no door {door!r}: clock, pass, disk, die")
        except (TypeError, ValueError, OverflowError) as exc:
            raise Refused(f"{door}: {exc}") from exc
        return {"door": door, "to": value}

    def _move_clock(self, ahead: timedelta) -> None:
        utc_now() + ahead  # a time that there is not is refused here, and not wherever the clock is asked next
        with self._lock:
            self._ahead = ahead - self._passed

    def _let_pass(self, length: timedelta) -> None:
        with self._lock:
            utc_now() + self._ahead + self._passed + length
            self._passed += length

    def _set_disk(self, disk: Disk) -> None:
        with self._lock:
            self._disk = disk

    def _arm(self, death: Death | None) -> None:
        with self._lock:
            self._death, self._met = death, 0


def words_of(death: Death | None) -> Mapping[str, Any]:
    """The line that asks for it."""
    return {"die": None if death is None else asdict(death)}
