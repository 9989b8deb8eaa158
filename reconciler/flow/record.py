"""
What a walk writes down about its entry and its steps, and in which order.

Every effect on the desk is a step of its own: `planned` is committed, then `sending` is committed, then the request
goes out, then what it was answered is committed. A process that dies in between leaves a step that tells its
successor what to look for. An entry that somebody else changed meanwhile is left as they had it (`Overtaken`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from reconciler.errors import HeldError, TransientError, UnknownOutcome
from reconciler.flow import outcome
from reconciler.model import Entry, Facts, Income, Kind, Order, Outcome, Reason, State, Step, StepKind, StepState
from reconciler.ports import Ledger, LedgerTx
from reconciler.settling import MAY_FOLLOW, Policy, signed

EARLY_LOOKS = (1, 2, 5, 10, 30, 60)
"""Seconds after sending at which an unanswered step is looked for; before `unknown_wait` only a find counts."""

PERSONS_WORD = frozenset({State.HELD, State.DISCARDED})
"""States that a person put an entry in, or that wait for one: an answer that comes late does not change them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkSettings:
    """What the settings of one desk say about its walks; see design, section 6."""

    policy: Policy
    order_deadline: timedelta = timedelta(hours=24)
    recheck: timedelta = timedelta(minutes=5)
    difference_poll: timedelta = timedelta(seconds=60)
    unknown_wait: timedelta = timedelta(seconds=180)
    unknown_deadline: timedelta = timedelta(hours=2)
    look_gap: timedelta = timedelta(seconds=5)  # between the two looks that prove an absence
    comment: bool = False
    reversing: frozenset[str] = frozenset()  # merchants whose refunds post a negative row


DECISIONS = frozenset({"entry.retried", "entry.order_given"})
"""Events with which a person sends an entry on its way again."""


class Overtaken(Exception):
    """A person or another command changed the entry while it was being walked; theirs stands."""


class Record:
    """One entry as a walk knows it; `entry` is always as last read or written."""

    def __init__(self, entry: Entry, ledger: Ledger, settings: WalkSettings) -> None:
        self.entry = entry
        self.ledger = ledger
        self.settings = settings
        self.log = structlog.get_logger(__name__).bind(key=entry.key, order=entry.order_number, desk=entry.desk)

    def now(self) -> datetime:
        return self.ledger.clock()

    def as_it_stands(self) -> Outcome:
        with self.ledger.look() as tx:
            self.entry = tx.entry(self.entry.id)
        return outcome.of_entry(self.entry)

    # ------------------------------------------------------------ the entry

    def move(self, state: State, *, event: str, reason: Reason | None = None, **columns: Any) -> Entry:
        """Change the entry, unless somebody else has changed it since it was read."""
        with self.ledger.begin() as tx:
            self._untouched(tx)
            if state not in MAY_FOLLOW[self.entry.state]:
                raise RuntimeError(f"{self.entry.key}: {state} may not follow {self.entry.state}")
            self.entry = tx.change(self.entry, state, reason=reason, event=event, **columns)
        level = self.log.warning if state in (State.HELD, State.WAITING) else self.log.info
        level(event, state=state.value, reason=reason.value if reason else None)
        return self.entry

    def wait(self, reason: Reason | None, *, retry_at: datetime, facts: Facts | None = None, **columns: Any) -> Outcome:
        self.move(State.WAITING, reason=reason, retry_at=retry_at, facts=facts or {}, event="entry.waiting", **columns)
        return outcome.of_entry(self.entry)

    def hold(self, reason: Reason, facts: Facts) -> Outcome:
        return outcome.of_entry(self.move(State.HELD, reason=reason, facts=facts, event="entry.held"))

    def _untouched(self, tx: LedgerTx) -> None:
        if tx.entry(self.entry.id).changed_at != self.entry.changed_at:
            raise Overtaken

    # ------------------------------------------------------------ its steps

    def intend(
        self,
        slot: str,
        kind: StepKind,
        order_number: str,
        before: Facts,
        *,
        forbidden: Callable[[LedgerTx], object] = lambda tx: False,
    ) -> Step | None:
        """
        Commit the intent, then commit that it is being sent. None: the desk is paused, or `forbidden` says so.

        forbidden: asked in the transaction that plans, so that nothing can be recorded between its answer and the plan.
        """
        with self.ledger.begin() as tx:
            if tx.paused(self.entry.desk):
                self.log.info("desk.paused")
                return None
            self._untouched(tx)
            if forbidden(tx):
                return None
            step = tx.plan_step(
                slot=slot,
                kind=kind,
                desk=self.entry.desk,
                order_number=order_number,
                entry_id=self.entry.id,
                before=before,
            )
        with self.ledger.begin() as tx:
            self._untouched(tx)
            return tx.move_step(step, StepState.SENDING)

    def refused(self, step: Step, error: HeldError | TransientError) -> None:
        """Provably nothing was written."""
        with self.ledger.begin() as tx:
            tx.move_step(step, StepState.DROPPED, result={"refused": str(error)})
        self.log.warning("step.refused", step=step.kind.value, error=str(error))

    def unanswered(self, step: Step, error: UnknownOutcome) -> Outcome:
        """Sent, and nobody knows what became of it: it is looked for, and nothing is sent again before that."""
        # The request may have left as late as this moment, so the wait counts from here.
        step = replace(step, result={"error": str(error), "given_up_at": self.now().isoformat()})
        look_at = self.next_look(step)
        with self.ledger.begin() as tx:
            tx.move_step(step, StepState.UNKNOWN, result=step.result, look_at=look_at)
        self.log.warning("step.unknown", step=step.kind.value, error=str(error), look_at=look_at.isoformat())
        return self.wait(Reason.UNKNOWN_OUTCOME, retry_at=look_at, facts={"step": step.kind.value, "error": str(error)})

    def next_look(self, step: Step) -> datetime:
        """The next early look after a send, or the moment from which an absence counts."""
        now = self.now()
        sent = step.sent_at or now
        proof = self.absence_counts_from(step)
        early = [sent + timedelta(seconds=after) for after in EARLY_LOOKS]
        return min([moment for moment in early if now < moment < proof], default=max(proof, now))

    def absence_counts_from(self, step: Step) -> datetime:
        """From `unknown_wait` after the last moment at which the request may have left."""
        given_up = step.result.get("given_up_at")
        left = [moment for moment in (step.sent_at, given_up and datetime.fromisoformat(str(given_up))) if moment]
        return max(left, default=self.now()) + self.settings.unknown_wait

    def posted(self, owner: Entry, row: Income, *, event: str, step: Step | None, order_number: str | None) -> None:
        """
        A row of this payment stands on the desk: write it down, and leave everything else as a person has it meanwhile.

        owner: the entry as last read. order_number: the order whose task it stands on. When the entry is for another order
        by now, only the step is closed: the next walk finds the row where it is and asks a person.
        """
        with self.ledger.begin() as tx:
            if step is not None:
                tx.move_step(step, StepState.DONE, result={**step.result, "row": row.id}, look_at=None)
            current = tx.entry(owner.id)
            theirs = current.changed_at != owner.changed_at or current.state in PERSONS_WORD
            if current.order_number == order_number:
                kept = {"facts": current.facts, "retry_at": current.retry_at}
                changed = tx.change(
                    current,
                    current.state if theirs else State.POSTED,
                    reason=current.reason if theirs else None,
                    task=row.task,
                    income_id=row.id,
                    tries=0,
                    event=event,
                    **(kept if theirs else {"facts": {}, "retry_at": self.now()}),
                )
            else:
                changed = current
        self.log.info(event, row=row.id, task=row.task, amount=str(signed(changed)))
        if owner.id == self.entry.id:
            self.entry = changed
            if theirs:
                raise Overtaken

    def row_of_another(self, row: Income) -> Entry | None:
        """The other payment that this row already stands for: one row is one payment's."""
        with self.ledger.look() as tx:
            others = tx.entries(desk=self.entry.desk, income_id=row.id)
        return next((other for other in others if other.id != self.entry.id), None)

    def released(self, step: Step | None, order: Order, *, by: str) -> Outcome | None:
        """
        The order is in production: every posted payment of it is settled, by us or by another.

        None: the walked entry is none of them (a person gave it another order, or it is not posted); its walk goes on.
        """
        event = "order.advanced" if by == "us" else "order.found_advanced"
        with self.ledger.begin() as tx:
            if step is not None:
                tx.move_step(step, StepState.DONE, result={**step.result, "status": "production"}, look_at=None)
            for sibling in tx.entries(desk=self.entry.desk, order_number=order.number):
                if self._is_settled_with(sibling):
                    tx.change(
                        sibling, State.SETTLED, advanced_by=by, facts={"order_id": order.id}, event="entry.settled"
                    )
            tx.append(event, entry_id=self.entry.id, order_number=order.number, by=by)
            self.entry = tx.entry(self.entry.id)
        self.log.info(event, by=by)
        mine = self.entry.state is State.SETTLED and self.entry.order_number == order.number
        return outcome.of_entry(self.entry) if mine else None

    def _is_settled_with(self, sibling: Entry) -> bool:
        if sibling.income_id is None:
            return False
        if sibling.id == self.entry.id:
            return sibling.changed_at == self.entry.changed_at and State.SETTLED in MAY_FOLLOW[sibling.state]
        return sibling.kind is Kind.PAYMENT and sibling.state in (State.POSTED, State.PARTIAL, State.OVERPAID)

    # ------------------------------------------------------------ what was tried before

    def in_vain_since(self, kind: StepKind, order_number: str) -> datetime | None:
        """When the first of the sends was that proved to have done nothing, since a person last decided; None: none was."""
        with self.ledger.look() as tx:
            steps = tx.steps(desk=self.entry.desk, order_number=order_number, kind=kind, states=[StepState.DROPPED])
            mine = [step for step in steps if step.entry_id == self.entry.id and step.result.get("absent")]
            if not mine:
                return None
            told = [event.at for event in tx.history(entry_id=self.entry.id) if event.name in DECISIONS]
        after = max(told, default=None)
        sent = [step.sent_at for step in mine if step.sent_at is not None and (after is None or step.sent_at > after)]
        return min(sent, default=None)
