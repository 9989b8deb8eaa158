"""
Everything due on one desk, one entry at a time, by the desk's only writer.

Payments that want something are walked first, the oldest first. Open orders that were partly paid, overpaid, left to a
person or kept back by another entry's doubt are only glanced at, a hundred a request, and walked when something about
them has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from reconciler.errors import (
    DeskStopped,
    DeskUnreachable,
    FatalError,
    HeldError,
    LedgerUnavailable,
    OwnershipLost,
    TransientError,
)
from reconciler.flow import outcome
from reconciler.flow.closing import DESK_PAUSES, ORDER_PAUSES, STALE_PAUSES
from reconciler.flow.doubts import doubts
from reconciler.flow.record import WalkSettings
from reconciler.flow.walk import Trouble, Walk
from reconciler.model import Entry, Outcome, Peek, Reason, State
from reconciler.ports import Desk, Ledger
from reconciler.settling import MAY_FOLLOW, Mode, pause, totals_facts

log = structlog.get_logger(__name__)

STOPPED_PAUSE = timedelta(minutes=5)
"""How often a desk that refuses everything (token, scope, subscription) is probed."""

AT_REST = frozenset({State.PARTIAL, State.OVERPAID, State.POSTED, State.WAITING})
"""Of the waiting ones only those that are paid for and kept back by a doubt (`_is_kept_back`)."""


class DeskWorker:
    """Owns no thread and no lock: whoever calls it has made sure to be the desk's only writer."""

    def __init__(self, *, ledger: Ledger, desk: Desk, settings: WalkSettings) -> None:
        self.ledger = ledger
        self.desk = desk
        self.settings = settings
        self.log = log.bind(desk=desk.name)
        self.trouble: TransientError | None = None
        self.trouble_until: datetime | None = None
        self._failures = 0
        self._failing: set[int] = set()  # entries whose last walk met a desk out of reach, since one met it in reach

    def start(self, *, clock_jumped: bool = False) -> None:
        """
        Take over: a step found `sending` was sent by somebody who is gone, so its outcome is unknown.

        clock_jumped: since the last start, so that no time of day tells how long an unanswered step was waited for.
        """
        now = self.ledger.clock()
        latest = now if clock_jumped else now + self._longest_pause()
        with self.ledger.begin() as tx:
            adopted = tx.adopt_sending(self.desk.name)
            woken = 0 if self.settings.policy.mode is Mode.OBSERVE else tx.requeue(self.desk.name)
            clamped = tx.clamp(self.desk.name, latest)
            anew = tx.wait_anew(self.desk.name, whatever_was_sent=clock_jumped)
        if adopted or woken:
            self.log.warning("desk.taken_over", unknown_steps=adopted, observed_entries=woken)
        if clamped or anew:
            self.log.warning("desk.clock_was_wrong", brought_forward=clamped, waited_for_anew=anew)

    def _longest_pause(self) -> timedelta:
        """Nothing is put off for longer than this by our own rules; what is was put off by a clock that was ahead."""
        longest = timedelta(seconds=max(*ORDER_PAUSES, *STALE_PAUSES, *DESK_PAUSES))
        return max(longest, self.settings.recheck, self.settings.unknown_wait, timedelta(hours=1))

    def next_at(self) -> datetime | None:
        """When there is something to do; None: not before something new arrives."""
        with self.ledger.look() as tx:
            if tx.paused(self.desk.name):
                return None
            due = tx.next_due(self.desk.name)
        if due is None or self.trouble_until is None:
            return due
        return max(due, self.trouble_until)

    def run_due(
        self, stop: Callable[[], bool] = lambda: False, *, only: Collection[int] | None = None
    ) -> list[Outcome]:
        """
        Walk what is due now. Ends early when the desk is in trouble or `stop` says so; nothing is lost by that.

        only: these entries; None: every one of the desk.
        """
        now = self.ledger.clock()
        with self.ledger.look() as tx:
            if tx.paused(self.desk.name) or (self.trouble_until is not None and now < self.trouble_until):
                return []
            due = [entry for entry in tx.due_entries(self.desk.name) if only is None or entry.id in only]
            resting = [entry for entry in due if _at_rest(entry)]
            if resting and only is None:
                # once one is due all are glanced at, so that a hundred of them share a request ever after
                resting = [entry for entry in tx.entries(desk=self.desk.name, states=AT_REST) if _at_rest(entry)]
        ids = {entry.id for entry in resting}
        # what failed goes behind what did not, so that one entry the desk cannot answer for keeps nobody waiting
        due.sort(key=lambda entry: (entry.tries, entry.paid_at, entry.id))
        outcomes: list[Outcome] = []
        try:
            for entry in self._in_turn([entry for entry in due if entry.id not in ids], resting):
                if stop():
                    break
                outcomes.append(self.walk(entry))
        except Trouble as trouble:
            outcomes.append(trouble.left)
            self._leave_alone(trouble.error)
        except OwnershipLost:
            raise
        except TransientError as exc:
            self._leave_alone(exc)
        return outcomes

    def _in_turn(self, due: Sequence[Entry], resting: Sequence[Entry]) -> Iterator[Entry]:
        yield from due
        yield from self._changed(resting)

    def walk(self, entry: Entry) -> Outcome:
        """Walk one entry if it is still due as it stands now. Raises Trouble, or LedgerUnavailable."""
        with self.ledger.look() as tx:
            entry = tx.entry(entry.id)
        if entry.retry_at is None or entry.retry_at > self.ledger.clock():
            return outcome.of_entry(entry)  # another walk or a person has settled it meanwhile
        try:
            done = Walk(entry, ledger=self.ledger, desk=self.desk, settings=self.settings).run()
        except Trouble as trouble:
            self._failing.add(entry.id)
            if len(self._failing) > 1 or not isinstance(trouble.error, DeskUnreachable):
                raise
            # so far it may be this order's trouble alone: the next one tells, and nobody else is put off
            self.log.warning("desk.trouble", error=str(trouble.error), key=entry.key)
            return trouble.left
        except (TransientError, FatalError):
            raise
        except Exception as exc:  # noqa: BLE001  a bug at one payment must not keep the others from production
            return self._failed(entry, exc)
        self._recovered()
        return done

    def _failed(self, entry: Entry, error: Exception) -> Outcome:
        self.log.exception("walk.failed", key=entry.key, order=entry.order_number)
        with self.ledger.begin() as tx:
            current = tx.entry(entry.id)
            if State.HELD in MAY_FOLLOW[current.state] and current.state is not State.HELD:
                facts = {"error": f"{type(error).__name__}: {error}"}
                current = tx.change(current, State.HELD, reason=Reason.WALK_FAILED, facts=facts, event="entry.held")
        return outcome.of_entry(current)

    # ------------------------------------------------------------ rechecks

    def _changed(self, resting: Sequence[Entry]) -> list[Entry]:
        """The entries about which something has changed on the desk; the others are looked at again later."""
        if not resting:
            return []
        wanted = {task for entry in resting for task in self._watched(entry)}
        try:
            seen = self.desk.peek(sorted(wanted))
        except HeldError as exc:
            self.log.warning("peek.refused", error=str(exc))
            return [entry for entry in resting if entry.retry_at is not None and entry.retry_at <= self.ledger.clock()]
        self._recovered()
        same = [entry for entry in resting if self._is_unchanged(entry, seen)]
        still = {entry.id for entry in same}
        changed = [entry for entry in resting if entry.id not in still]
        now = self.ledger.clock()
        with self.ledger.begin() as tx:
            tx.postpone(sorted(still), now + self.settings.recheck)
            tx.postpone([entry.id for entry in changed], now)
        return changed

    def _watched(self, entry: Entry) -> list[str]:
        """The task whose totals matter; where only the order's status is left to wait for, also the order."""
        watched = [entry.task] if entry.task else []
        return [*watched, str(entry.facts["order_id"])] if _awaits_status(entry) else watched

    def _is_unchanged(self, entry: Entry, seen: Mapping[str, Peek]) -> bool:
        if entry.task is None or entry.task not in seen or self._was_left_by_other_settings(entry):
            return False
        totals = totals_facts(seen[entry.task].totals)
        if any(entry.facts.get(name) != value for name, value in totals.items()):
            return False
        if not _awaits_status(entry):
            return True
        if _is_kept_back(entry) and not self._is_doubted(entry):
            return False
        order = seen.get(str(entry.facts["order_id"]))
        return order is not None and order.status is not None and order.status.name == entry.facts.get("status")

    def _is_doubted(self, entry: Entry) -> bool:
        """What keeps it back stands in our own ledger, so asking costs no request."""
        with self.ledger.look() as tx:
            return entry.reason in doubts(tx, entry, order_number=entry.order_number or "", task=entry.task)

    def _was_left_by_other_settings(self, entry: Entry) -> bool:
        """What the old mode or the old `overpaid` held back is walked under the new one, though the desk stands as it did."""
        policy = self.settings.policy
        if "would" in entry.facts:  # a walk in mode `observe` saw it as it is now, and did nothing about it
            return policy.mode is not Mode.OBSERVE
        if entry.state is State.OVERPAID:
            return policy.overpaid_advances
        return entry.state is State.POSTED and entry.facts.get("mode") != policy.mode.value

    # ------------------------------------------------------------ trouble

    def _leave_alone(self, error: TransientError) -> None:
        after = pause(self._failures, DESK_PAUSES)
        if isinstance(error, DeskStopped):
            after = STOPPED_PAUSE
        if error.retry_after is not None:
            after = max(after, timedelta(seconds=error.retry_after))
        self._failures += 1
        self.trouble = error
        self.trouble_until = self.ledger.clock() + after
        where = "ledger.unavailable" if isinstance(error, LedgerUnavailable) else "desk.trouble"
        self.log.warning(where, error=str(error), failures=self._failures, next_try_at=self.trouble_until.isoformat())

    def _recovered(self) -> None:
        if self._failing or self.trouble is not None:
            self.log.info("desk.recovered", after_failures=self._failures)
        self.trouble, self.trouble_until, self._failures = None, None, 0
        self._failing.clear()


def _at_rest(entry: Entry) -> bool:
    """Nothing is wanted of it but a glance; without its order's id nothing can be glanced at."""
    resting = entry.state in AT_REST and (entry.state is not State.WAITING or _is_kept_back(entry))
    return resting and entry.retry_at is not None and "order_id" in entry.facts


def _is_kept_back(entry: Entry) -> bool:
    """Its order is paid, and something else about the order is in doubt (see `doubts`)."""
    return entry.state is State.WAITING and bool(entry.facts.get("blocked"))


def _awaits_status(entry: Entry) -> bool:
    return entry.state is State.POSTED or _is_kept_back(entry)
