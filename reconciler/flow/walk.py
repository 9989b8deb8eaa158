"""
One entry as far as it goes now: look at its order, plan the difference, apply one step, look again, close.

Comes in: an entry of the ledger. Goes out: the `Outcome` it ended in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.errors import HeldError, TransientError, UnknownOutcome
from reconciler.flow import closing, janitor
from reconciler.flow.doubts import doubts
from reconciler.flow.record import Overtaken, Record, WalkSettings
from reconciler.model import (
    MONEY_BACK,
    Advance,
    Entry,
    Facts,
    Kind,
    NewIncome,
    Order,
    Outcome,
    OutcomeWord,
    Reason,
    StepKind,
    StepState,
)
from reconciler.money import Money
from reconciler.ports import Desk, Ledger
from reconciler.settling import Do, Look, Mode, payment_id, plan, row_facts, same_id, signed

MAX_TURNS = 12
"""More turns of plan and look than any walk needs; reaching it is a bug, not weather."""


class Trouble(Exception):
    """The desk is of no use at the moment; carries the error and how the entry was left."""

    def __init__(self, error: TransientError, left: Outcome) -> None:
        super().__init__(str(error))
        self.error = error
        self.left = left


class Walk:
    """The walk of one entry; `run` is called once, by the desk's only writer."""

    def __init__(self, entry: Entry, *, ledger: Ledger, desk: Desk, settings: WalkSettings) -> None:
        self.record = Record(entry, ledger, settings)
        self.ledger = ledger
        self.desk = desk
        self.settings = settings
        self.policy = replace(settings.policy, refunds_reverse=entry.merchant in settings.reversing)

    def run(self) -> Outcome:
        """Walk until the entry stands somewhere. Raises Trouble when the desk is to be left alone for a while."""
        try:
            try:
                return self._run()
            except HeldError as exc:
                return self.record.hold(exc.reason, {"error": str(exc), **exc.facts})
            except TransientError as exc:
                raise Trouble(exc, closing.later(self.record, exc)) from exc
        except Overtaken:
            return self.record.as_it_stands()

    def _run(self) -> Outcome:
        for step in janitor.open_steps(self.record):
            ended = janitor.resolve(self.record, self.desk, step)
            if ended is not None:
                return ended
        entry = self.record.entry
        if entry.kind in MONEY_BACK and not (self.policy.refunds_reverse and self._its_payment_stands()):
            return self.record.hold(Reason.REFUND, {"kind": entry.kind.value})
        orders = self.desk.orders([entry.order_number])[entry.order_number] if entry.order_number else ()
        if not orders:
            return closing.no_order(self.record, self.desk)
        if len(orders) > 1:
            return self.record.hold(Reason.ORDER_AMBIGUOUS, {"orders": [order.id for order in orders]})
        return self._settle(self._first_look(orders[0]))

    def _settle(self, look: Look) -> Outcome:
        acts: Mapping[Do, Callable[[Look], Look | Outcome]] = {
            Do.ASK_INCOMES: self._ask_incomes,
            Do.LIST_ROWS: self._list_rows,
            Do.ADOPT: self._adopt,
            Do.POST: self._post,
            Do.READ: self._read,
            Do.ADVANCE: self._advance,
        }
        for _ in range(MAX_TURNS):
            planned = plan(self.record.entry, look, self.policy)
            if self.policy.mode is Mode.OBSERVE and planned.do in (None, Do.ADOPT, Do.POST, Do.ADVANCE):
                return closing.observed(self.record, planned, look.order)
            if planned.do is None:
                return closing.close(self.record, self.desk, planned, look.order)
            done = acts[planned.do](look)
            if isinstance(done, Outcome):
                return done
            look = done
        raise RuntimeError(f"{self.record.entry.key}: the plan does not come to an end: {look}")

    def _its_payment_stands(self) -> bool:
        """Money back is posted only against a payment of ours that stands on the same order."""
        entry = self.record.entry
        with self.ledger.look() as tx:
            told = tx.entries(desk=entry.desk, transaction_id=entry.transaction_id)
        return any(
            other.kind is Kind.PAYMENT
            and other.income_id is not None
            and (other.gateway, other.merchant, other.order_number)
            == (entry.gateway, entry.merchant, entry.order_number)
            for other in told
        )

    def _first_look(self, order: Order) -> Look:
        entry = self.record.entry
        task = order.task.id if order.task else None
        with self.ledger.look() as tx:
            siblings = tx.entries(desk=entry.desk, order_number=entry.order_number)
            advances = tx.steps(
                desk=entry.desk, order_number=order.number, kind=StepKind.ADVANCE, states=[StepState.DONE]
            )
            blocked_by = doubts(tx, entry, order_number=order.number, task=task)
        return Look(
            order=order,
            known={e.income_id: signed(e) for e in siblings if e.income_id is not None and e.task == task},
            posted=entry.income_id is not None,
            blocked_by=blocked_by,
            released=bool(advances),
        )

    # ------------------------------------------------------------ looks

    def _ask_incomes(self, look: Look) -> Look:
        wanted = payment_id(self.record.entry)
        return replace(look, ours=tuple(self.desk.incomes([wanted])[wanted]))

    def _list_rows(self, look: Look) -> Look:
        task = look.order.tasks[0]
        return replace(look, rows=tuple(self.desk.incomes_of(task.id, paid=task.totals.paid)))

    def _read(self, look: Look) -> Look:
        return replace(look, order=self.desk.read(look.order), rows=None, fresh=True)

    # ------------------------------------------------------------ effects

    def _adopt(self, look: Look) -> Look | Outcome:
        entry = self.record.entry
        row = next(row for row in look.seen if same_id(row.payment_id, payment_id(entry)))
        another = self.record.row_of_another(row)
        if another is not None:
            # two gateways may give one id: a row is one payment's
            return self.record.hold(Reason.CONFLICT, {"rows": [row_facts(row)], "row_of": another.key})
        self.record.posted(entry, row, event="income.adopted", step=None, order_number=look.order.number)
        return self._with_our_row(look, row.id, paid_before=None)

    def _post(self, look: Look) -> Look | Outcome:
        entry, task = self.record.entry, look.order.tasks[0]
        told = self._in_vain(StepKind.INCOME, look.order)
        if told is not None:
            return told
        keys = [row.id for row in look.rows] if look.rows is not None else sorted(look.known)
        before = {"task": task.id, "order_id": look.order.id, "income_keys": keys, "paid": _text(task.totals.paid)}
        self.desk.prepare()
        step = self.record.intend(self._income_slot(), StepKind.INCOME, look.order.number, before)
        if step is None:
            return self.record.as_it_stands()
        income = NewIncome(
            amount=signed(entry),
            paid_at=entry.paid_at,
            payment_id=payment_id(entry),
            note=f"{entry.gateway} {entry.kind.value} {entry.transaction_id}",
        )
        try:
            row = self.desk.post_income(look.order, income)
        except UnknownOutcome as exc:
            return self.record.unanswered(step, exc)
        except (HeldError, TransientError) as exc:
            self.record.refused(step, exc)
            raise
        self.record.posted(entry, row, event="income.posted", step=step, order_number=look.order.number)
        return self._with_our_row(look, row.id, paid_before=task.totals.paid)

    def _income_slot(self) -> str:
        """One live step each; a second one is only ever planned after a person took the first row back."""
        entry = self.record.entry
        with self.ledger.look() as tx:
            done = tx.steps(entry_id=entry.id, kind=StepKind.INCOME, states=[StepState.DONE])
        return f"income:{entry.id}:{len(done) + 1}"

    def _with_our_row(self, look: Look, row: str, *, paid_before: Money | None) -> Look:
        known = {**look.known, row: signed(self.record.entry)}
        return replace(look, posted=True, fresh=False, rows=None, known=known, paid_before=paid_before)

    def _advance(self, look: Look) -> Outcome:
        entry, order, status = self.record.entry, look.order, look.order.status
        if status is None:
            raise RuntimeError("an order is advanced only on a look that read its status")
        told = self._in_vain(StepKind.ADVANCE, order)
        if told is not None:
            return told
        before = {"order_id": order.id, "task": order.tasks[0].id, "status": status.id, "status_name": status.name}
        slot = f"advance:{entry.desk}:{order.number}:{self._release(order)}"
        self.desk.prepare()
        step = self.record.intend(
            slot,
            StepKind.ADVANCE,
            order.number,
            before,
            forbidden=lambda tx: doubts(tx, entry, order_number=order.number, task=order.tasks[0].id),
        )
        if step is None:
            return self.record.as_it_stands()
        try:
            answer = self.desk.advance(order, status)
        except UnknownOutcome as exc:
            return self.record.unanswered(step, exc)
        except (HeldError, TransientError) as exc:
            self.record.refused(step, exc)
            raise
        if answer is Advance.QUEUED:
            return self.record.unanswered(step, UnknownOutcome("the status change is queued and not seen applied yet"))
        ended = self.record.released(step, order, by="us") or self.record.as_it_stands()
        if self.settings.comment:
            self._comment(order)
        return ended

    def _in_vain(self, kind: StepKind, order: Order) -> Outcome | None:
        """Sent again and again and proven absent each time: past `unknown_deadline` a person is told instead."""
        since = self.record.in_vain_since(kind, order.number)
        if since is None or self.record.now() < since + self.settings.unknown_deadline:
            return None
        return self.record.hold(Reason.UNKNOWN_OUTCOME, {"step": kind.value, "in_vain_since": since.isoformat()})

    def _release(self, order: Order) -> int:
        """An order that owes again after a release and is paid again is released again: each release is one advance."""
        with self.ledger.look() as tx:
            done = tx.steps(
                desk=self.record.entry.desk, order_number=order.number, kind=StepKind.ADVANCE, states=[StepState.DONE]
            )
        return len(done) + 1

    def _comment(self, order: Order) -> None:
        """For people only: sent once, never looked for, and its failure changes nothing about the money."""
        entry, slot = self.record.entry, f"comment:{self.record.entry.id}"
        try:
            with self.ledger.look() as tx:
                steps = tx.steps(entry_id=entry.id, kind=StepKind.COMMENT)
            step = None if steps else self.record.intend(slot, StepKind.COMMENT, order.number, {"order_id": order.id})
            if step is None:
                return
            state, result = self._send_comment(order, f"{entry.gateway} {entry.transaction_id}: {entry.amount}")
            with self.ledger.begin() as tx:
                tx.move_step(step, state, result=result)
        except (TransientError, Overtaken) as exc:
            self.record.log.warning("comment.failed", error=str(exc))

    def _send_comment(self, order: Order, text: str) -> tuple[StepState, Facts]:
        try:
            return StepState.DONE, {"comment": self.desk.comment(order, text)}
        except (UnknownOutcome, TransientError, HeldError) as exc:
            self.record.log.warning("comment.failed", error=str(exc))
            return StepState.UNKNOWN, {"error": str(exc)}


def preview(entry: Entry, *, ledger: Ledger, desk: Desk, settings: WalkSettings) -> tuple[str, OutcomeWord]:
    """What a walk would do first, reading only: one sentence and the word for it. Raises what reads raise."""
    walk = Walk(entry, ledger=ledger, desk=desk, settings=settings)
    orders = desk.orders([entry.order_number])[entry.order_number] if entry.order_number else ()
    if len(orders) != 1:
        return f"find {len(orders)} orders numbered {entry.order_number!r}", OutcomeWord.WAITING
    look = walk._first_look(orders[0])
    reads = {Do.ASK_INCOMES: walk._ask_incomes, Do.LIST_ROWS: walk._list_rows, Do.READ: walk._read}
    for _ in range(MAX_TURNS):
        planned = plan(entry, look, walk.policy)
        if planned.do not in reads:
            return closing.would(walk.record, planned, look.order), OutcomeWord.SKIPPED
        look = reads[planned.do](look)
    raise RuntimeError(f"{entry.key}: the plan does not come to an end: {look}")


def _text(amount: Money | None) -> str | None:
    return None if amount is None else str(amount.amount)
