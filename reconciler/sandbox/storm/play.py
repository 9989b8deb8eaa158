"""
The whole storm: a backlog, lives that each end with a blow, a last one in peace, and the judgement.

In: how many payments and kills, a seed, a folder. Out: a `Result`, whose `wrong` is empty when all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from reconciler.errors import LedgerUnavailable
from reconciler.model import State
from reconciler.sandbox import letters
from reconciler.sandbox.book import Book
from reconciler.sandbox.host import HostFailed
from reconciler.sandbox.proof import Letter, prove
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.storm import plan, strike
from reconciler.sandbox.storm.tally import Result, Tally, Wanted, found_in, wrong_with

DESK: Mapping[str, Any] = {
    "comment": True,
    "timeout_seconds": plan.TIMEOUT,
    "unknown_wait": f"{plan.UNKNOWN_WAIT}s",
    "recheck": "2s",
    "requests_per_second": 1000.0,
    "burst": 1000,
}
"""Time is compressed; every rule stands. The rate belongs to the account and is no part of this rehearsal."""
PEACE_SECONDS = 300.0
LOOK_SECONDS = 0.25
IN_VAIN = 12
"""So many lives on end that struck nothing: nothing is left to strike at."""


class StormFailed(Exception):
    """It could not be played to its end; the message says why."""


class Storm:
    """tell: called after each life, for whoever shows the progress."""

    def __init__(self, *, payments: int, wanted: Wanted, seed: int, tell: Callable[[Storm], None]) -> None:
        self.payments = payments
        self.wanted = wanted
        self.seed = seed
        self.tally = Tally()
        self.settled = 0
        self.began = monotonic()
        self._tell = tell
        self._rng = Random(seed)  # noqa: S311 - it has to be foreseeable

    def play(self, folder: Path) -> Result:
        """Raises StormFailed, StageFailed, HostFailed."""
        with Stage(folder, patience=PEACE_SECONDS) as stage:
            stage.configure(desk=DESK)
            stage.record.listeners.append(strike.Landing(stage))
            self._first_start(stage)
            self._deliver(stage)
            self._lives(stage)
            self._peace(stage)
            return self._judge(stage)

    @property
    def seconds(self) -> float:
        return monotonic() - self.began

    # ------------------------------------------------------------ the acts

    def _first_start(self, stage: Stage) -> None:
        """Makes the ledger, and reads the account's names while nobody strikes."""
        stage.start_daemon()
        if stage.stop_daemon() != 0:
            raise StormFailed("the daemon does not stop with 0 before anything was struck")

    def _deliver(self, stage: Stage) -> None:
        backlog = plan.backlog(self._rng, self.payments)
        for order, due in plan.dues(backlog).items():
            stage.planfix.add_order(order, due)
        for number, payment in enumerate(backlog):
            raw = letters.notice(
                amount=str(payment.amount),
                order=payment.order,
                reference=payment.reference,
                paid_at=datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=len(backlog) - number),
            )
            letter = Letter(reference=payment.reference, order=payment.order, amount=payment.amount)
            stage.deliver(letter, letters.sign(raw))

    def _lives(self, stage: Stage) -> None:
        over = _Seldom(lambda: self._all_settled(stage))
        vain = 0
        for blow, delays in plan.blows(self._rng, longest_skip=self._longest_skip()):
            if self.tally.is_enough(self.wanted):
                return
            struck = strike.live(stage, blow, delays, over)
            if struck is None:
                self.tally.in_vain += 1
                vain += 1
            else:
                self.tally.struck.append(struck)
                vain = 0
            self._all_settled(stage)
            self._tell(self)
            if self.settled == self.payments or vain >= IN_VAIN:
                return  # the tally says what is missing

    def _longest_skip(self) -> int:
        """So that the backlog lasts: a life takes some payments to their end besides those that it lets pass."""
        return max(0, self.payments // self.wanted.kills - 1)

    def _peace(self, stage: Stage) -> None:
        stage.start_daemon(ready=False)
        over = _Seldom(lambda: self._all_settled(stage))
        ticks = count()

        def show() -> None:
            if next(ticks) % 50 == 0:
                self._tell(self)

        with stage.meanwhile(show):
            stage.wait_for("every payment to be settled", over)
        if stage.stop_daemon() != 0:
            raise StormFailed("the daemon does not stop with 0 in the end")

    def _all_settled(self, stage: Stage) -> bool:
        try:
            with stage.ledger.look() as tx:
                self.settled = len(tx.entries(states={State.SETTLED}))
        except LedgerUnavailable:
            return False  # it is being written; the next look is soon
        return self.settled == self.payments

    # ------------------------------------------------------------ the judgement

    def _judge(self, stage: Stage) -> Result:
        sound = stage.ledger.integrity_check()
        if sound:
            raise HostFailed(f"the ledger is not sound: {sound}")
        book, found = Book.of(stage.ledger), found_in(stage.ledger)
        proof = prove([sent.letter for sent in stage.sent], stage.account(), stage.held(), book)
        with stage.planfix.at_rest() as world:
            numbers = {order.id: number for number, order in stage.planfix.orders.items()}
            comments = {
                number: [comment["description"] for comment in world.tasks[int(task)].comments]
                for task, number in numbers.items()
            }
        return Result(
            tally=self.tally,
            proof=proof,
            found=found,
            seconds=self.seconds,
            wrong=tuple(wrong_with(self.tally, self.wanted, proof, found, book, comments)),
        )


class _Seldom:
    """A condition that is costly to look at: looked at some times a second, however often it is asked."""

    def __init__(self, condition: Callable[[], bool]) -> None:
        self._condition = condition
        self._next = 0.0

    def __call__(self) -> bool:
        if monotonic() < self._next:
            return False
        holds = self._condition()
        self._next = monotonic() + LOOK_SECONDS
        return holds
