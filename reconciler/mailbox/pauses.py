"""
How long to wait before trying again: for a connection, and for single mails. Pure but for the dice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic


@dataclass(slots=True, kw_only=True)
class Backoff:
    """
    Exponential, with full jitter: between nothing and a ceiling that doubles from `first` to `longest` seconds.

    Full jitter keeps several watchers from knocking at a recovering server in step.
    """

    first: float = 1.0
    longest: float = 300.0
    dice: Callable[[], float] = random.random
    tries: int = 0

    def next(self) -> float:
        ceiling = min(self.longest, self.first * 2.0 ** min(self.tries, 30))
        self.tries += 1
        return ceiling * self.dice()

    def reset(self) -> None:
        self.tries = 0


class Allowance:
    """
    How many connections may be made: a quarter of `per_hour` at once, the others evenly spread.

    So there are never more than `per_hour` in any hour, and once a server has cut that many, a new connection waits for
    minutes at most, not for the end of the hour.
    """

    def __init__(self, per_hour: int, *, clock: Callable[[], float] = monotonic) -> None:
        at_once = max(1, per_hour // 4)
        self._every = 3600 / max(1, per_hour - at_once)
        self._slack = (at_once - 1) * self._every
        self._clock = clock
        self._whole_at = clock()  # when all of it may be used at once again

    def spend(self) -> None:
        self._whole_at = max(self._clock(), self._whole_at) + self._every

    def pause(self) -> float:
        """Seconds until the next connection may be made."""
        return max(0.0, self._whole_at - self._slack - self._clock())


@dataclass(frozen=True, slots=True)
class _Failed:
    tries: int
    due: datetime


class Retries:
    """
    Which things failed, and when each may be tried again: pauses grow from `first` to `longest`, without end.

    Kept in memory only: after a restart everything is tried at once, which is what a restart is for.
    """

    def __init__(self, *, first: timedelta = timedelta(seconds=30), longest: timedelta = timedelta(hours=1)) -> None:
        self._first = first
        self._longest = longest
        self._failed: dict[int, _Failed] = {}

    def __len__(self) -> int:
        return len(self._failed)

    def failed(self, number: int, now: datetime) -> _Failed:
        before = self._failed.get(number)
        tries = 1 if before is None else before.tries + 1
        failed = _Failed(tries, now + min(self._longest, self._first * 2 ** min(tries - 1, 30)))
        self._failed[number] = failed
        return failed

    def worked(self, number: int) -> None:
        self._failed.pop(number, None)

    def is_due(self, number: int, now: datetime) -> bool:
        failed = self._failed.get(number)
        return failed is None or failed.due <= now

    def keep_only(self, present: Collection[int]) -> None:
        """Forget what is not there any more."""
        self._failed = {number: failed for number, failed in self._failed.items() if number in present}

    def forget(self) -> None:
        self._failed.clear()
