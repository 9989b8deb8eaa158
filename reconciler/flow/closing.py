"""
Where a walk ends: what a plan that asks for nothing more, or an order that is not there, means for the entry.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from reconciler.errors import HeldError, TransientError
from reconciler.flow import outcome
from reconciler.flow.record import Record
from reconciler.flow.suggestions import distance, suggested
from reconciler.model import Facts, Order, Outcome, OutcomeWord, Reason, State
from reconciler.ports import Desk
from reconciler.settling import MAY_FOLLOW, WAITS_FOR_ORDER, Do, Plan, pause, signed

ORDER_PAUSES = (30, 60, 120, 300, 600, 1800)
"""Seconds between looks for an order that is not there or not finished yet."""
STALE_PAUSES = (1, 2, 5, 10, 30, 60)
"""Seconds between looks at totals that do not add up yet (reference: Planfix, recomputing totals)."""
DESK_PAUSES = (2, 5, 10, 30, 60, 120, 300)
"""Seconds between tries at a desk that cannot be reached or is over its quota."""


def close(record: Record, desk: Desk, planned: Plan, order: Order) -> Outcome:
    """End a walk as planned."""
    facts: dict[str, Any] = {**planned.facts, "order_id": order.id}
    if planned.fingerprint:
        facts["fingerprint"] = planned.fingerprint
    if planned.stale:
        return _stale(record, planned, facts)
    if planned.state is State.SETTLED:
        return record.released(None, order, by=str(planned.facts["advanced_by"])) or record.as_it_stands()
    if planned.state is State.HELD:
        return record.hold(planned.reason or Reason.CONFLICT, facts)
    if planned.reason in WAITS_FOR_ORDER:
        return until_deadline(record, desk, planned.reason, facts)
    recheck_at = record.now() + record.settings.recheck
    if planned.state is State.WAITING:
        return record.wait(planned.reason, retry_at=recheck_at, facts=facts)
    return _open(record, planned, facts, recheck_at)


def _open(record: Record, planned: Plan, facts: Facts, recheck_at: datetime) -> Outcome:
    """Partial, overpaid, or posted and left to a person: looked at again every `recheck`."""
    state = planned.state or State.POSTED
    event = "entry.left" if state is State.POSTED else f"entry.{state.value}"
    record.move(state, reason=planned.reason, facts=facts, retry_at=recheck_at, tries=0, event=event)
    return outcome.of_entry(record.entry)


def _stale(record: Record, planned: Plan, facts: Facts) -> Outcome:
    """Totals that do not add up yet are polled for `difference_poll`, then a person looks."""
    now = record.now()
    since = record.entry.facts.get("stale_since")
    began = min(datetime.fromisoformat(str(since)), now) if since else now  # what lies ahead a wrong clock told
    last = began + record.settings.difference_poll
    if now >= last:
        return record.hold(planned.reason or Reason.DIFFERENCE_STALE, facts)
    tries = record.entry.tries if since else 0
    retry_at = min(now + pause(tries, STALE_PAUSES), last)
    facts = {**facts, "stale_since": began.isoformat()}
    return record.wait(Reason.DIFFERENCE_STALE, retry_at=retry_at, facts=facts, tries=tries + 1)


def no_order(record: Record, desk: Desk) -> Outcome:
    """No number to look for is a person's at once; a number nobody has yet waits for `order_deadline`."""
    if not record.entry.order_number:
        facts = {"order_raw": record.entry.order_raw, **_suggestions(record, desk)}
        return record.hold(Reason.ORDER_NOT_FOUND, facts)
    return until_deadline(record, desk, Reason.ORDER_NOT_FOUND, {})


def until_deadline(record: Record, desk: Desk, reason: Reason, facts: Facts) -> Outcome:
    now = record.now()
    longest = now + record.settings.order_deadline
    deadline = min(record.entry.deadline_at or longest, longest)  # what lies further ahead a wrong clock told
    if now >= deadline:
        return record.hold(reason, {**facts, **_suggestions(record, desk)})
    tries = record.entry.tries
    retry_at = min(now + pause(tries, ORDER_PAUSES), deadline)
    return record.wait(reason, retry_at=retry_at, facts=facts, tries=tries + 1, deadline_at=deadline)


def _suggestions(record: Record, desk: Desk) -> dict[str, Any]:
    """What a person may want to pick from; never acted on. A desk that cannot answer suggests nothing."""
    entry = record.entry
    with record.ledger.look() as tx:
        found = suggested(entry, tx.entries(desk=entry.desk))
    try:
        found += [dict(fact) for fact in desk.suggest(record.entry.order_number, record.entry.amount)]
    except (TransientError, HeldError) as exc:
        record.log.info("suggestions.failed", error=str(exc))
    typed = entry.order_number or entry.order_raw
    found = [fact | {"distance": distance(typed, str(fact["number"]))} for fact in found]
    return {"suggestions": found} if found else {}


def observed(record: Record, planned: Plan, order: Order) -> Outcome:
    """Mode `observe`: say what would have been done, and do nothing."""
    record.move(
        record.entry.state,
        reason=record.entry.reason,
        facts={**planned.facts, "order_id": order.id, "would": would(record, planned, order)},
        event="entry.observed",
    )
    return outcome.of_entry(record.entry, OutcomeWord.SKIPPED)


def would(record: Record, planned: Plan, order: Order) -> str:
    """One plan in words, for `observe` and dry runs."""
    if planned.do is Do.POST:
        return f"post {signed(record.entry)} to order {order.number}"
    if planned.do is Do.ADOPT:
        return f"take the row that stands on order {order.number} as this payment"
    if planned.do is Do.ADVANCE:
        return f"advance order {order.number}"
    return f"leave it {planned.state}" + (f": {planned.reason}" if planned.reason else "")


def later(record: Record, error: TransientError) -> Outcome:
    """The desk could not be asked: everything known so far stands, and the entry is walked again by itself."""
    if State.WAITING not in MAY_FOLLOW[record.entry.state]:
        return outcome.of_entry(record.entry)
    after = pause(record.entry.tries, DESK_PAUSES)
    if error.retry_after is not None:
        after = max(after, timedelta(seconds=error.retry_after))
    reason = Reason.UNKNOWN_OUTCOME if record.entry.reason is Reason.UNKNOWN_OUTCOME else error.reason
    kept = {name: record.entry.facts[name] for name in ("stale_since",) if name in record.entry.facts}
    facts = {"error": str(error), **kept}
    return record.wait(reason, retry_at=record.now() + after, facts=facts, tries=record.entry.tries + 1)
