"""
Was anything lost, doubled or done too early? Judged from the sandbox's own record, never from the ledger's words.

Comes in: the letters that were delivered, the account's orders and incomes as they stand, how each order stood at the
moment its status was changed, and which payments and letters stand visibly held. Goes out: what is wrong, one sentence
each, and the counts that make up the proof. Pure; the demo uses it, and so may any rehearsal of an outage.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from reconciler.sandbox.planfix import IncomeView, OrderView

PRODUCTION = "У виробництві"


class Nature(StrEnum):
    """What a letter truly is, as only its writer knows."""

    GENUINE = "genuine"  # the gateway's word that we were paid
    DECLINED = "declined"  # the gateway's word that a payment failed
    FORGED = "forged"  # nobody's word
    FOREIGN = "foreign"  # the gateway's word about somebody else's shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One delivered letter. order: whose money it truly tells of, whatever number stands in it."""

    reference: str  # the payment's id
    order: str
    amount: Decimal
    nature: Nature = Nature.GENUINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """An order at the moment its status was set to production."""

    order: str
    due: Decimal | None
    paid: Decimal  # the sum of its rows at that moment
    at: float  # seconds, monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the sandbox knows. typed: keys of rows that people wrote; they belong to no letter."""

    orders: Mapping[str, OrderView]
    incomes: Sequence[IncomeView]
    advances: Sequence[Advanced]
    typed: Collection[str] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """violations: empty when nothing was lost, doubled or done too early."""

    violations: tuple[str, ...]
    letters: int  # genuine ones
    payments: int  # different payments that genuine letters told of
    incomes: int
    held: int  # of these payments, held instead of posted
    refused: int  # payments told of by letters that are no proof of payment
    released: int  # orders in production
    unreleased: int


def prove(letters: Sequence[Letter], account: Account, held: Collection[str]) -> Proof:
    """held: references of payments and of letters that a person can see waiting for a decision."""
    paid = {letter.reference: letter for letter in letters if letter.nature is Nature.GENUINE}
    others = {letter.reference: letter for letter in letters if letter.reference not in paid}
    released = [order for order in account.orders.values() if PRODUCTION in order.history]
    return Proof(
        violations=(
            *_payments(paid.values(), account, held),
            *_strangers(paid, others, account),
            *_hidden(others.values(), held),
            *(words for order in account.orders.values() for words in _release(order)),
            *_early(account.advances),
        ),
        letters=sum(1 for letter in letters if letter.nature is Nature.GENUINE),
        payments=len(paid),
        incomes=len(account.incomes),
        held=sum(1 for reference in paid if not _rows(account, reference)),
        refused=len(others),
        released=len(released),
        unreleased=len(account.orders) - len(released),
    )


def _rows(account: Account, reference: str) -> list[IncomeView]:
    return [row for row in account.incomes if row.payment_id == reference]


def _payments(letters: Collection[Letter], account: Account, held: Collection[str]) -> Iterator[str]:
    """Every payment is exactly one income of its sum on its order, or visibly held."""
    for letter in letters:
        rows = _rows(account, letter.reference)
        if len(rows) > 1:
            yield f"doubled: payment {letter.reference} stands on Planfix {len(rows)} times"
        elif not rows and letter.reference not in held:
            yield f"lost: payment {letter.reference} of {letter.amount} for order {letter.order} is nowhere"
        for row in rows:
            if row.amount != letter.amount:
                yield f"wrong sum: payment {letter.reference} was {letter.amount}, its income is {row.amount}"
            if row.order != letter.order:
                yield f"wrong order: payment {letter.reference} is order {letter.order}'s and stands on {row.order}"


def _strangers(paid: Mapping[str, Letter], others: Mapping[str, Letter], account: Account) -> Iterator[str]:
    """No income without a genuine letter."""
    for row in account.incomes:
        if row.payment_id in paid or row.key in account.typed:
            continue
        letter = others.get(row.payment_id or "")
        why = f"its letter was {letter.nature}" if letter else "no letter told of it"
        yield f"no such payment: income {row.key} of {row.amount} on order {row.order}: {why}"


def _hidden(letters: Collection[Letter], held: Collection[str]) -> Iterator[str]:
    """A letter that claims a payment and is not believed stays in sight."""
    for letter in letters:
        if letter.nature is not Nature.DECLINED and letter.reference not in held:
            yield f"out of sight: the {letter.nature} letter about {letter.reference} is held nowhere"


def _release(order: OrderView) -> Iterator[str]:
    """In production exactly when exactly paid, and sent there once."""
    times = order.history.count(PRODUCTION)
    paid = _sum(order)
    exact = order.due == paid and paid > 0
    if times > 1:
        yield f"advanced {times} times: order {order.number}"
    if times and not exact:
        yield f"advanced, though not exactly paid: order {order.number} owes {order.due}, has {paid}"
    if exact and not times:
        yield f"not advanced, though exactly paid: order {order.number} has {paid}"
    if exact and times and order.status != PRODUCTION:
        yield f"moved on from production by nobody we know: order {order.number} is {order.status!r}"


def _early(advances: Sequence[Advanced]) -> Iterator[str]:
    """What came later does not excuse an advance that came before the money."""
    for advance in advances:
        if advance.due != advance.paid:
            yield f"advanced too early: order {advance.order} had {advance.paid} of {advance.due} at that moment"


def _sum(order: OrderView) -> Decimal:
    return sum((row.amount for row in order.incomes if row.amount is not None), Decimal(0))
