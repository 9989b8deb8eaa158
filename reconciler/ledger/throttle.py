"""
A desk's token bucket as a ledger row, so that every thread, command and machine on one ledger shares it.

GCRA: the row holds one time, the moment at which every token would be back; drawing moves it on by one interval. Waiting
happens outside the transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from reconciler.errors import QuotaSpent
from reconciler.ledger import tables
from reconciler.ledger.book import Ledger
from reconciler.ledger.tx import Tx
from reconciler.ports import Clock

_NONE = timedelta()
_LONGEST_CLOSED = timedelta(hours=25)
"""No refusal closes a bucket for longer; what lies further ahead was written by a clock that was ahead."""
_SLACK = timedelta(minutes=1)  # two machines' clocks are not this far apart, nor are two commands' patience


class Bucket:
    """
    Satisfies `ports.Throttle`.

    per_second: how fast tokens come back. burst: how many lie ready after a rest.
    wait_at_most: seconds a walk may stand still; beyond that `acquire` raises instead, and draws nothing.
    """

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        per_second: float,
        burst: int,
        wait_at_most: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
    ) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError(f"a bucket gives at least one token at some rate, not {per_second}/s with burst {burst}")
        self._ledger = ledger
        self._name = name
        self._interval = timedelta(seconds=1 / per_second)
        self._ready = self._interval * (burst - 1)  # how far ahead of the clock drawing is free
        self._patience = timedelta(seconds=wait_at_most)
        self._sleep = sleep
        self._clock = clock or ledger.clock

    def acquire(self) -> None:
        """Waits for a token. Raises: QuotaSpent: it would take longer than a walk may wait; facts: retry_after."""
        while (wait := self._draw()) > _NONE:
            self._sleep(wait.total_seconds())
            if not self._closed():
                return
            # The other side refused while we stood in line: that place is worth nothing any more.

    def penalise(self, seconds: float) -> None:
        """The other side refused for its rate: nobody asks before that, and then slowly, without a burst."""
        if seconds <= 0:
            return
        with self._ledger.begin() as tx:
            now = self._clock()
            _, closed_until = self._row(tx, now)
            until = now + timedelta(seconds=seconds)
            if closed_until is None or closed_until < until:
                self._store(tx, closed_until=until)
                tx.append("throttle.closed", bucket=self._name, seconds=seconds)

    def _draw(self) -> timedelta:
        """Draw one token and return how long to wait before it counts."""
        with self._ledger.begin() as tx:
            now = self._clock()
            full_at, closed_until = self._row(tx, now)
            if full_at > now + self._ready + self._interval + self._patience + _SLACK:
                # Further ahead than anyone could have drawn: the clock was set back. Start again from an empty bucket, and
                # without a closing that the same clock told; one that was right is told again.
                full_at, closed_until = now + self._ready + self._interval, None
            if closed_until is not None and closed_until <= now + _LONGEST_CLOSED:
                full_at = max(full_at, closed_until + self._ready)
            full_at = max(full_at, now)
            wait = max(_NONE, full_at - self._ready - now)
            if wait > self._patience:
                raise QuotaSpent(
                    f"{self._name}: no request for {wait.total_seconds():.0f} s",
                    retry_after=wait.total_seconds(),
                    bucket=self._name,
                )
            self._store(tx, full_at=full_at + self._interval, closed_until=closed_until)
        return wait

    def _closed(self) -> bool:
        with self._ledger.look() as tx:
            closed_until = tx.connection.execute(
                select(tables.bucket.c.closed_until).where(tables.bucket.c.name == self._name)
            ).scalar()
            return closed_until is not None and closed_until > self._clock()

    def _row(self, tx: Tx, now: datetime) -> tuple[datetime, datetime | None]:
        """The bucket, locked until the transaction ends; a new one is full."""
        tx.connection.execute(
            tx.insert(tables.bucket)
            .values(name=self._name, full_at=now)
            .on_conflict_do_nothing(index_elements=["name"])
        )
        row = tx.connection.execute(
            select(tables.bucket).where(tables.bucket.c.name == self._name).with_for_update()
        ).one()
        return row.full_at, row.closed_until

    def _store(self, tx: Tx, **columns: datetime | None) -> None:
        tx.connection.execute(update(tables.bucket).where(tables.bucket.c.name == self._name).values(columns))
