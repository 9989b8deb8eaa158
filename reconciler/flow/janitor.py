"""
Steps that were sent and not answered: look before acting.

An income is looked for by its payment id over the whole desk, then in the list of its task; a row there that has no such
id and was not there before sending may be it, and a person is asked. A find counts at once; an absence counts only from
`unknown_wait` after sending, and only when two complete looks some seconds apart agree. A status is read: in production
it is done, exactly as before sending it may be sent again, anything else was a person's move and is left alone. Past
`unknown_deadline` a person is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import OrderNotFound, TransientError
from reconciler.flow.record import PERSONS_WORD, Record
from reconciler.model import (
    Entry,
    Income,
    Order,
    Outcome,
    PaymentTask,
    Reason,
    State,
    Step,
    StepKind,
    StepState,
    Totals,
)
from reconciler.ports import Desk
from reconciler.settling import Do, judge_rows, payment_id, row_facts, rows_overruled, same_id

LOOKS = 2
"""Complete looks that must agree on an absence."""


def open_steps(record: Record) -> list[Step]:
    """Unanswered steps of this entry, and of its order whoever planned them; comments are nobody's worry."""
    states = [StepState.SENDING, StepState.UNKNOWN]
    entry = record.entry
    with record.ledger.look() as tx:
        steps = {step.id: step for step in tx.steps(entry_id=entry.id, states=states)}
        if entry.order_number:
            of_order = tx.steps(desk=entry.desk, order_number=entry.order_number, states=states)
            steps |= {step.id: step for step in of_order}
    return [step for step in steps.values() if step.kind is not StepKind.COMMENT]


def resolve(record: Record, desk: Desk, step: Step) -> Outcome | None:
    """Look what became of an unanswered step. None: it is known now, and the walk goes on from a fresh look."""
    now = record.now()
    owner = _owner(record, step)
    if owner.id != record.entry.id and owner.state is not State.DISCARDED:
        # One payment at a time per order: totals mean nothing while another post is in the air.
        held = owner.state in PERSONS_WORD
        retry_at = now + record.settings.recheck if held else max(step.look_at or now, now) + record.settings.look_gap
        return record.wait(Reason.UNKNOWN_OUTCOME, retry_at=retry_at, facts={"waits_for": f"e{owner.id}"})
    if step.look_at is not None and step.look_at > now:
        return record.wait(Reason.UNKNOWN_OUTCOME, retry_at=step.look_at, facts={"step": step.kind.value})
    try:
        if step.kind is StepKind.INCOME:
            return _resolve_income(record, desk, step, owner)
        return _resolve_advance(record, desk, step)
    except TransientError as exc:
        if _overdue(record, step):
            return record.hold(Reason.UNKNOWN_OUTCOME, {"step": step.kind.value, "error": str(exc)})
        raise


def _owner(record: Record, step: Step) -> Entry:
    if step.entry_id is None or step.entry_id == record.entry.id:
        return record.entry
    with record.ledger.look() as tx:
        return tx.entry(step.entry_id)


def _overdue(record: Record, step: Step) -> bool:
    return step.sent_at is not None and record.now() >= step.sent_at + record.settings.unknown_deadline


# ---------------------------------------------------------------- incomes


def _resolve_income(record: Record, desk: Desk, step: Step, owner: Entry) -> Outcome | None:
    task = str(step.before["task"])
    wanted = payment_id(owner)
    rows = desk.incomes([wanted])[wanted]
    counts = record.now() >= record.absence_counts_from(step)
    listed: Sequence[Income] = ()
    if counts and not rows:
        listed = desk.incomes_of(task)  # what the look by id does not show yet, the task's own list may
        rows = [row for row in listed if same_id(row.payment_id, wanted)]
    judged = judge_rows(owner, rows, task=task)
    if judged is not None and judged.do is Do.ADOPT:
        row = next(row for row in rows if same_id(row.payment_id, wanted))
        another = record.row_of_another(row) if owner.id == record.entry.id else None
        if another is None:
            record.posted(owner, row, event="income.found", step=step, order_number=step.order_number)
            return None
        return record.hold(Reason.CONFLICT, {**judged.facts, "row_of": another.key, "step": step.kind.value})
    closed = owner.state is State.DISCARDED  # by a person: nothing of it is sent again, so other rows are no question
    if judged is not None and not closed:
        return record.hold(judged.reason or Reason.CONFLICT, {**judged.facts, "step": step.kind.value})
    if not counts:
        return _look_again(record, step)
    if closed:
        return _absent(record, step)
    known = {*step.before["income_keys"], *rows_overruled(owner)}
    strangers = [row for row in listed if row.id not in known]
    if strangers:
        mark = "stranger:" + ",".join(sorted(row.id for row in strangers))
        facts = {"rows": [row_facts(row) for row in strangers], "fingerprint": mark, "step": step.kind.value}
        return record.hold(Reason.MAYBE_TYPED, facts)
    return _absent(record, step)


def _absent(record: Record, step: Step) -> Outcome | None:
    """One more complete look found nothing; at the last one the step is dropped and planned anew."""
    looks = step.looks + 1
    if looks >= LOOKS:
        with record.ledger.begin() as tx:
            tx.move_step(step, StepState.DROPPED, looks=looks, look_at=None, result={**step.result, "absent": True})
        record.log.warning("step.proven_absent", step=step.kind.value, looks=looks)
        return None
    look_at = record.now() + record.settings.look_gap
    with record.ledger.begin() as tx:
        tx.move_step(step, StepState.UNKNOWN, looks=looks, look_at=look_at)
    return record.wait(Reason.UNKNOWN_OUTCOME, retry_at=look_at, facts={"step": step.kind.value, "looks": looks})


def _look_again(record: Record, step: Step) -> Outcome:
    look_at = record.next_look(step)
    with record.ledger.begin() as tx:
        tx.move_step(step, StepState.UNKNOWN, look_at=look_at)
    return record.wait(Reason.UNKNOWN_OUTCOME, retry_at=look_at, facts={"step": step.kind.value})


# ---------------------------------------------------------------- status changes


def _resolve_advance(record: Record, desk: Desk, step: Step) -> Outcome | None:
    before = step.before
    nothing = Totals(due=None, paid=None, difference=None)
    known = Order(
        number=step.order_number,
        id=str(before["order_id"]),
        tasks=(PaymentTask(id=str(before["task"]), draft=False, totals=nothing),),
    )
    try:
        order = desk.read(known)
    except OrderNotFound:
        with record.ledger.begin() as tx:
            tx.move_step(step, StepState.DROPPED, look_at=None, result={**step.result, "order": "gone"})
        return None  # the walk goes on and tells what it finds now
    if order.status is not None and desk.is_advanced(order.status):
        return record.released(step, order, by="us")
    if record.now() < record.absence_counts_from(step):
        return _look_again(record, step)
    with record.ledger.begin() as tx:
        status = order.status.name if order.status else None
        never = order.status is not None and order.status.id == before["status"]
        result = {**step.result, "status": status, "absent": never}
        tx.move_step(step, StepState.DROPPED, look_at=None, result=result)
    if never:
        return None  # never applied: the walk goes on, reads the totals again and sends it again
    facts = {"status": status, "was": before.get("status_name"), "moved_by": "other"}
    return record.hold(Reason.STATUS_NOT_LISTED, facts)
