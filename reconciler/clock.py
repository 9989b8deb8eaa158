"""
What time it is, for one life of the service: a clock that does not jump under the payments that wait.

Comes in: the machine's clock, which may be set by hours at any moment (a first contact with a time server, a virtual machine
moved, a person), and a counter that only ever runs on, also while the machine sleeps. Goes out: a time that follows the
machine's clock as long as that runs as the counter does. When it jumps, this one goes on as if it had not, and says so:
`unknown_wait` must be waited and not jumped over, and a pause of a second must not become one of a day. Whoever owns
the service then begins it anew on the new time (`service.daemon`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from reconciler.ports import Clock

TOLERANCE = timedelta(seconds=2)
"""A step that is smaller is followed: it is what a time server corrects in everyday life."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def seconds_run() -> float:
    """Since some moment, sleep included where the system can tell (Linux)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """Satisfies `ports.Clock`; thread-safe."""

    def __init__(self, wall: Clock = utc_now, counter: Callable[[], float] = seconds_run) -> None:
        self._wall = wall
        self._counter = counter
        self._lock = threading.Lock()
        self._set_at, self._set_to = counter(), wall()

    def __call__(self) -> datetime:
        return self._read()[0]

    def jumped(self) -> timedelta | None:
        """How far the machine's clock stands from this one; None: they agree."""
        return self._read()[1]

    def _read(self) -> tuple[datetime, timedelta | None]:
        with self._lock:
            at, wall = self._counter(), self._wall()
            steady = self._set_to + timedelta(seconds=at - self._set_at)
            apart = wall - steady
            if abs(apart) > TOLERANCE:
                return steady, apart
            self._set_at, self._set_to = at, wall
            return wall, None
