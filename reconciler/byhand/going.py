"""
Entries go as far as they go now: walked here where their desk can be owned, else by its owner while we wait.

Comes in: the outcomes of a reading or a decision. Goes out: how each of them ended. The entries lie in the ledger and are
due before anything here begins, so whatever happens to this process, the next owner of the desk goes on with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from reconciler.app import App
from reconciler.errors import OwnedElsewhere
from reconciler.flow import outcome
from reconciler.flow.worker import DeskWorker
from reconciler.model import Entry, Outcome, OutcomeWord, State

GOING = frozenset({State.RECORDED, State.POSTED, State.WAITING})
"""States from which an entry goes on by itself; in all others a walk has ended."""

SOON = timedelta(seconds=10)
"""What will be tried again within this is waited for: a total that is recounted, a queued status."""
PATIENCE_SECONDS = 15.0
"""How long a command waits in all for what will be tried again soon."""
OWNER_SECONDS = 60.0
"""How long a command waits for the owner of a desk."""
LOOK_SECONDS = 0.1


class Going:
    """One command's walks. Entered for as long as it works; what it came to own it lets go of at the end."""

    def __init__(self, app: App, tell: Callable[[str], None]) -> None:
        self.app = app
        self._tell = tell
        self._stack = ExitStack()
        self._owned: set[str] = set()
        self._patience = PATIENCE_SECONDS
        self._ended: set[str] = set()
        self._told_paused: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # ------------------------------------------------------------ what commands ask for

    def go_on(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Each entry among these as far as it goes now; messages as they are."""
        for desk, ids in self._by_desk(outcomes).items():
            worker = self._worker(desk)
            if worker is not None and not self._own(desk):
                self._wait_for_owner(desk, worker, ids)
            elif worker is not None:
                self.walk(worker, ids)
        return [self._now(done) for done in outcomes]

    def everything_due(self, desk: str) -> list[Outcome]:
        """Walk all that is due on a desk. Raises: OwnedElsewhere."""
        worker = self._worker(desk)
        if worker is None:
            return []
        self._take(desk)
        return self.walk(worker, None)

    def walk(self, worker: DeskWorker, only: Collection[int] | None) -> list[Outcome]:
        """Walk what is due on an owned desk, also what becomes due soon; how each entry ended last."""
        ended: dict[str, Outcome] = {}
        while True:
            ended |= {done.id: done for done in worker.run_due(only=only)}
            wait = self._until_next(worker, only)
            if wait is None or wait > SOON.total_seconds() or wait > self._patience:
                return list(ended.values())
            self._patience -= wait
            time.sleep(wait)

    # ------------------------------------------------------------ ownership

    def _worker(self, desk: str) -> DeskWorker | None:
        """None: nobody can walk there now, and the person is told why."""
        worker = self.app.workers.get(desk)
        if worker is None:
            self._tell(f"there is no [desks.{desk}] in the settings: its payments stay as they are")
        return worker

    def _own(self, desk: str) -> bool:
        try:
            self._take(desk)
        except OwnedElsewhere:
            return False
        return True

    def _take(self, desk: str) -> None:
        if desk not in self._owned:
            self._stack.enter_context(self.app.ledger.exclusive(f"desk:{desk}"))
            self._owned.add(desk)
            self.app.workers[desk].start()

    def _wait_for_owner(self, desk: str, worker: DeskWorker, ids: Collection[int]) -> None:
        """Its owner looks into the ledger twice a second. Should it go away meanwhile, the walks are ours."""
        end = time.monotonic() + OWNER_SECONDS
        while self._soon(ids) and not self._paused(desk):
            if self.app.ledger.holder(f"desk:{desk}") is None and self._own(desk):
                self.walk(worker, ids)
                return
            if time.monotonic() >= end:
                holder = self.app.ledger.holder(f"desk:{desk}")
                self._tell(f"desk {desk} is owned by {holder}, which has not come to these payments yet")
                return
            time.sleep(LOOK_SECONDS)

    def _paused(self, desk: str) -> bool:
        with self.app.ledger.look() as tx:
            paused = tx.paused(desk)
        if paused and desk not in self._told_paused:
            self._told_paused.add(desk)
            self._tell(f"desk {desk} is paused; `reconciler resume {desk}` lets it go on")
        return paused

    # ------------------------------------------------------------ what is left

    def _going(self, ids: Iterable[int] | None, desk: str | None = None) -> list[datetime]:
        """When each of those that go on by themselves is walked next."""
        with self.app.ledger.look() as tx:
            entries = tx.entries(desk=desk, states=GOING) if ids is None else [tx.entry(one) for one in ids]
        return [entry.retry_at for entry in entries if entry.state in GOING and entry.retry_at is not None]

    def _soon(self, ids: Collection[int]) -> bool:
        return any(moment <= self.app.ledger.clock() + SOON for moment in self._going(ids))

    def _until_next(self, worker: DeskWorker, ids: Collection[int] | None) -> float | None:
        """Seconds until there is something to walk again; None: nothing goes on by itself, or the brake is on."""
        moments = self._going(ids, worker.desk.name)
        if not moments or self._paused(worker.desk.name):
            return None
        first = min(moments) if worker.trouble_until is None else max(min(moments), worker.trouble_until)
        return max((first - self.app.ledger.clock()).total_seconds(), LOOK_SECONDS)

    def _by_desk(self, outcomes: Sequence[Outcome]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for entry in (self._entry(done) for done in outcomes if done.outcome is not OutcomeWord.ALREADY):
            if entry is not None and entry.state in GOING:
                found.setdefault(entry.desk, []).append(entry.id)
        return found

    def _now(self, done: Outcome) -> Outcome:
        """How it stands now; told a second time in one run it is `already`."""
        entry = self._entry(done)
        if entry is None or done.outcome is OutcomeWord.ALREADY:
            return done
        again = done.id in self._ended
        self._ended.add(done.id)
        return outcome.of_repeat(entry) if again else outcome.of_entry(entry)

    def _entry(self, done: Outcome) -> Entry | None:
        if not done.id.startswith("e"):
            return None
        with self.app.ledger.look() as tx:
            return tx.entry(int(done.id[1:]))
