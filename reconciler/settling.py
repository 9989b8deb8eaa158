"""
What an order still needs: `plan(entry, look, policy)` is a difference against the order as it stands.

Pure. A `Look` goes in (what was read of the order, and how fresh it is), a `Plan` comes out: one thing to do next,
or the state in which the walk ends. Walking twice is walking once, because nothing is planned that a look shows done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from reconciler.model import (
    MONEY_BACK,
    Entry,
    Facts,
    Income,
    Kind,
    Order,
    OutcomeWord,
    Reason,
    State,
    Status,
    Totals,
)
from reconciler.money import Money

KYIV = ZoneInfo("Europe/Kyiv")

_OPEN = {State.POSTED, State.SETTLED, State.PARTIAL, State.OVERPAID, State.WAITING, State.HELD, State.DISCARDED}

MAY_FOLLOW: Mapping[State, frozenset[State]] = {
    State.RECORDED: frozenset({State.RECORDED, *_OPEN}),
    State.WAITING: frozenset({State.RECORDED, *_OPEN}),
    State.POSTED: frozenset({State.RECORDED, *_OPEN}),
    State.PARTIAL: frozenset({State.RECORDED, *_OPEN}),
    State.OVERPAID: frozenset({State.RECORDED, *_OPEN}),
    # only contrary facts about the same payment reopen what is settled, and only for a person
    State.SETTLED: frozenset({State.SETTLED, State.HELD}),
    # a person's word is needed to leave these two: `recorded` is where a person sends an entry back to
    State.HELD: frozenset({State.HELD, State.RECORDED, State.DISCARDED}),
    State.DISCARDED: frozenset({State.DISCARDED, State.RECORDED}),
}
"""Which state may follow which; the flow asks here before each change."""

OUTCOME_OF: Mapping[State, OutcomeWord] = {
    State.RECORDED: OutcomeWord.WAITING,
    State.POSTED: OutcomeWord.WAITING,
    State.SETTLED: OutcomeWord.SETTLED,
    State.PARTIAL: OutcomeWord.PARTIAL,
    State.OVERPAID: OutcomeWord.OVERPAID,
    State.WAITING: OutcomeWord.WAITING,
    State.HELD: OutcomeWord.HELD,
    State.DISCARDED: OutcomeWord.DISCARDED,
}

WAITS_FOR_ORDER = frozenset(
    {Reason.ORDER_NOT_FOUND, Reason.NO_PAYMENT_TASK, Reason.PAYMENT_TASK_AMBIGUOUS, Reason.PAYMENT_TASK_DRAFT}
)
"""Reasons that mend themselves when somebody finishes the order: waiting until `order_deadline`, then held."""

TYPED_WITHIN = timedelta(days=3)
"""How far a row without a payment id may lie from the payment's day and still be taken for it."""


class Mode(StrEnum):
    OBSERVE = "observe"
    POST = "post"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the settings of one desk decide; the predicates are the desk's own reading of its statuses."""

    mode: Mode
    currency: str
    overpaid_advances: bool = False
    refunds_reverse: bool = False
    is_advanced: Callable[[Status], bool]
    may_advance: Callable[[Status], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    What is known of an order at one moment of a walk.

    ours: the rows with this payment's id over the whole desk; None: not asked yet.
    rows: every row on the payment task; None: not listed. With fresh=True they were listed after the last post.
    known: incomes our ledger has posted on this task, this payment's own included: row id → signed amount.
    posted: our own row stands on the desk (posted in this walk or before, or adopted).
    paid_before: Paid as read before the post of this walk; None: nothing was posted in this walk.
    fresh: order and payment task were read together, after the last post.
    blocked_by: what keeps the order from being advanced: other entries' hold reasons.
    released: our own advance of this release is proven.
    """

    order: Order
    ours: tuple[Income, ...] | None = None
    rows: tuple[Income, ...] | None = None
    known: Mapping[str, Money] = field(default_factory=dict)
    posted: bool = False
    paid_before: Money | None = None
    fresh: bool = False
    blocked_by: tuple[Reason, ...] = ()
    released: bool = False

    @property
    def seen(self) -> tuple[Income, ...]:
        """Rows that either look has shown, each once: a list may lag or come short, so what one of them shows counts."""
        return tuple({row.id: row for row in (*(self.ours or ()), *(self.rows or ()))}.values())


class Do(StrEnum):
    """The next thing to do; each is at most one effect."""

    ASK_INCOMES = "ask_incomes"  # look for this payment id over the whole desk
    LIST_ROWS = "list_rows"  # list every row on the payment task
    ADOPT = "adopt"  # our row is there already: take it as posted
    POST = "post"
    READ = "read"  # read order and task together
    ADVANCE = "advance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Either `do` is the next thing, or the walk ends in `state`. `fingerprint` names a hold a person may overrule."""

    do: Do | None = None
    state: State | None = None
    reason: Reason | None = None
    facts: Facts = field(default_factory=dict)
    fingerprint: str | None = None
    stale: bool = False  # the totals do not add up yet; polled before it is held


def signed(entry: Entry) -> Money:
    """The sum as it goes on the order: a refund's is negative."""
    if entry.kind in MONEY_BACK:
        return Money(-entry.amount.amount, entry.amount.currency)
    return entry.amount


def payment_id(entry: Entry) -> str:
    """
    The id its row carries on the desk: the transaction id as printed.

    Money back has its payment's transaction id, so its own row is told from the payment's by its kind and moment.
    """
    if entry.kind in MONEY_BACK:
        return f"{entry.transaction_id}:{entry.kind.value}:{entry.paid_at:%Y%m%dT%H%M%SZ}"
    return entry.transaction_id


def plan(entry: Entry, look: Look, policy: Policy) -> Plan:
    """The next thing this entry's order needs, as the look shows it."""
    refusal = _refusal(entry, look, policy)
    if refusal is not None:
        return refusal
    if not look.posted:
        return _plan_post(entry, look, policy)
    if not look.fresh:
        return Plan(do=Do.READ)
    return _plan_release(entry, look, policy)


def _refusal(entry: Entry, look: Look, policy: Policy) -> Plan | None:
    """What forbids touching the order at all."""
    if entry.kind in MONEY_BACK and not policy.refunds_reverse:
        return Plan(state=State.HELD, reason=Reason.REFUND, facts={"kind": entry.kind.value})
    if entry.amount.currency != policy.currency:
        facts = {"currency": entry.amount.currency, "desk_currency": policy.currency}
        return Plan(state=State.HELD, reason=Reason.CURRENCY_MISMATCH, facts=facts)
    if look.order.closed:
        return Plan(state=State.HELD, reason=Reason.ORDER_CLOSED)
    if not look.order.tasks:
        return Plan(state=State.WAITING, reason=Reason.NO_PAYMENT_TASK)
    if len(look.order.tasks) > 1:
        tasks = [task.id for task in look.order.tasks]
        return Plan(state=State.WAITING, reason=Reason.PAYMENT_TASK_AMBIGUOUS, facts={"tasks": tasks})
    return None


def _plan_post(entry: Entry, look: Look, policy: Policy) -> Plan:
    task = look.order.tasks[0]
    if look.ours is None:
        # asked even for a Draft: a row that stands there already is told, not waited for
        return Plan(do=Do.ASK_INCOMES)
    found = judge_rows(entry, look.seen, task=task.id)
    if found is not None:
        return found
    if task.draft:
        return Plan(state=State.WAITING, reason=Reason.PAYMENT_TASK_DRAFT, facts={"task": task.id})
    if look.rows is None and task.totals.paid != known_sum(look.known, policy.currency):
        return Plan(do=Do.LIST_ROWS)
    typed = maybe_typed(entry, look.rows or ())
    return typed or _unlisted(entry, look) or Plan(do=Do.POST)


def judge_rows(entry: Entry, rows: Sequence[Income], *, task: str) -> Plan | None:
    """What rows with this payment's id mean: None when there is none; adopt, conflict or doubled otherwise."""
    wanted = payment_id(entry)
    mine = [row for row in rows if same_id(row.payment_id, wanted)]
    if not mine:
        return None
    facts = {"rows": [row_facts(row) for row in mine]}
    if len(mine) > 1:
        return Plan(state=State.HELD, reason=Reason.DOUBLED, facts=facts)
    row = mine[0]
    if row.task == task and row.amount == signed(entry) and (row.payment_id or "").strip() == wanted:
        return Plan(do=Do.ADOPT, facts=facts)
    return Plan(state=State.HELD, reason=Reason.CONFLICT, facts=facts | {"task": task})


def maybe_typed(entry: Entry, rows: Sequence[Income]) -> Plan | None:
    """A row without an id, of the same sum, within three days: perhaps a person typed this very payment."""
    day = entry.paid_at.astimezone(KYIV).date()
    asked = rows_overruled(entry)
    typed = [
        row
        for row in rows
        if not row.payment_id and row.amount == signed(entry) and row.id not in asked and _near(row.paid_on, day)
    ]
    if not typed:
        return None
    mark = "maybe_typed:" + ",".join(sorted(row.id for row in typed))
    facts = {"rows": [row_facts(row) for row in typed]}
    return Plan(state=State.HELD, reason=Reason.MAYBE_TYPED, facts=facts, fingerprint=mark)


def _unlisted(entry: Entry, look: Look) -> Plan | None:
    """
    Paid counts money that no listed row shows: it may be this very payment, posted before our ledger was lost or restored.

    Lists lag and come short, so they are asked again; when Paid stays ahead of them a person says whether to go on.
    """
    totals = look.order.tasks[0].totals
    if look.rows is None or totals.paid is None:
        return None
    listed = sum(row.amount.minor for row in look.rows if row.amount is not None)
    missing = Money.from_minor(totals.paid.minor - listed, totals.paid.currency)
    mark = f"unlisted:{missing.amount}"
    if missing.minor * signed(entry).minor <= 0 or mark in entry.acknowledged:
        return None
    facts = {**totals_facts(totals), "unlisted": str(missing.amount), "rows": [row_facts(row) for row in look.rows]}
    return Plan(state=State.HELD, reason=Reason.DIFFERENCE_STALE, facts=facts, fingerprint=mark, stale=True)


def rows_overruled(entry: Entry) -> frozenset[str]:
    """Rows of which a person has said that they are other payments: asked about once, whichever look met them."""
    marks = [mark.partition(":") for mark in entry.acknowledged]
    return frozenset(row for kind, _, rows in marks if kind in ("maybe_typed", "stranger") for row in rows.split(","))


def _near(paid_on: str | None, day: date) -> bool:
    """A row without a readable date may be of any day, so it counts as near."""
    try:
        return paid_on is None or abs(date.fromisoformat(paid_on) - day) <= TYPED_WITHIN
    except ValueError:
        return True


def _plan_release(entry: Entry, look: Look, policy: Policy) -> Plan:
    """Our income stands and order and task were read together after it: what does the money say?"""
    totals = look.order.tasks[0].totals
    if look.rows is not None:
        trouble = _rows_trouble(entry, look.rows, task=look.order.tasks[0].id)
        if trouble is not None:
            return trouble
    elif not _paid_is_explained(entry, look, policy):
        return Plan(do=Do.LIST_ROWS)
    facts = totals_facts(totals)
    difference = _certain_difference(totals, look.rows)
    if difference is None:
        return Plan(state=State.HELD, reason=Reason.DIFFERENCE_STALE, facts=facts, stale=True)
    if difference.minor > 0:
        return Plan(state=State.PARTIAL, facts=facts)
    if difference.minor < 0 and not policy.overpaid_advances:
        return Plan(state=State.OVERPAID, reason=Reason.OVERPAID, facts=facts)
    return _plan_advance(look, policy, facts)


def _paid_is_explained(entry: Entry, look: Look, policy: Policy) -> bool:
    """Paid moved by exactly what we posted, or is exactly what our ledger has posted."""
    paid = look.order.tasks[0].totals.paid
    if paid is None or entry.income_id not in look.known:  # our row was posted on a task that is no longer this one
        return False
    if look.paid_before is not None:
        return paid == look.paid_before + signed(entry)
    return paid == known_sum(look.known, policy.currency)


def _rows_trouble(entry: Entry, rows: Sequence[Income], *, task: str) -> Plan | None:
    """The task's rows, listed after the post, must hold our row exactly once and no payment twice."""
    ids = [row.payment_id.strip().casefold() for row in rows if row.payment_id]
    twice = {one for one in ids if ids.count(one) > 1}
    if twice:
        doubled = [row_facts(row) for row in rows if (row.payment_id or "").strip().casefold() in twice]
        return Plan(state=State.HELD, reason=Reason.DOUBLED, facts={"rows": doubled})
    mine = judge_rows(entry, rows, task=task)
    if mine is None:
        # A person took our row away, or the list lags; either way it is not posted again by itself.
        return Plan(state=State.HELD, reason=Reason.CONFLICT, facts={"missing_row": entry.income_id}, stale=True)
    return None if mine.do is Do.ADOPT else mine


def _certain_difference(totals: Totals, rows: Sequence[Income] | None) -> Money | None:
    """Difference, when Due − Paid = Difference and listed rows sum to Paid; until then nothing is decided on it."""
    if totals.due is None or totals.paid is None or totals.difference is None:
        return None
    if totals.due - totals.paid != totals.difference:
        return None
    if rows is not None:
        sums = [row.amount.minor for row in rows if row.amount is not None]
        if len(sums) != len(rows) or sum(sums) != totals.paid.minor:
            return None
    return totals.difference


def _plan_advance(look: Look, policy: Policy, facts: Facts) -> Plan:
    status = look.order.status
    if status is None:  # this look did not read the order itself
        return Plan(do=Do.READ)
    facts = {**facts, "status": status.name}
    if policy.is_advanced(status):
        return Plan(state=State.SETTLED, facts={**facts, "advanced_by": "us" if look.released else "other"})
    if look.blocked_by:
        return Plan(state=State.WAITING, reason=look.blocked_by[0], facts={**facts, "blocked": True})
    if not policy.may_advance(status):
        return Plan(state=State.HELD, reason=Reason.STATUS_NOT_LISTED, facts=facts)
    if policy.mode is not Mode.LIVE:
        return Plan(state=State.POSTED, facts={**facts, "mode": policy.mode.value})
    return Plan(do=Do.ADVANCE, facts=facts)


# ---------------------------------------------------------------- small words


def same_id(printed: str | None, wanted: str) -> bool:
    """Ids are one payment's ignoring case and surrounding space; other case is still no equality (`judge_rows`)."""
    return printed is not None and printed.strip().casefold() == wanted.strip().casefold()


def known_sum(known: Mapping[str, Money], currency: str) -> Money:
    return Money.from_minor(sum(amount.minor for amount in known.values()), currency)


def row_facts(row: Income) -> Facts:
    return {
        "row": row.id,
        "task": row.task,
        "amount": str(row.amount.amount) if row.amount else None,
        "date": row.paid_on,
        "payment_id": row.payment_id,
    }


def totals_facts(totals: Totals) -> Facts:
    return {
        name: str(value.amount) if value is not None else None
        for name, value in (("due", totals.due), ("paid", totals.paid), ("difference", totals.difference))
    }


def pause(tries: int, schedule: Sequence[float]) -> timedelta:
    """The pause before the next try, in seconds by the schedule; its last step repeats."""
    return timedelta(seconds=schedule[min(tries, len(schedule) - 1)])


def earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def payment_like(kind: Kind) -> bool:
    """Kinds that make an entry: money in, and money back."""
    return kind is Kind.PAYMENT or kind in MONEY_BACK
