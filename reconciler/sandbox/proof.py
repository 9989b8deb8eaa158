"""
Was anything lost, doubled or done too early? Judged from the sandbox's own record, never from the ledger's words.

Comes in: the letters that were delivered, the account's orders and incomes as they stand, how each order stood at the
moment its status was changed, and which payments and letters stand visibly held. Goes out: what is wrong, one sentence
each, and the counts that make up the proof. With the ledger's rows beside it (`Book`) it is also asked whether ledger and
account agree and whether anything is stuck. Pure; every rehearsal of an outage uses it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from reconciler.sandbox.book import Book, disagreements
from reconciler.sandbox.planfix import IncomeView, OrderView

PRODUCTION = "У виробництві"


class Nature(StrEnum):
    """What a letter truly is, as only its writer knows."""

    GENUINE = "genuine"  # the gateway's word that we were paid
    DECLINED = "declined"  # the gateway's word that a payment failed
    REFUND = "refund"  # the gateway's word that a payment, told of by its reference, was given back
    FORGED = "forged"  # nobody's word
    FOREIGN = "foreign"  # the gateway's word about somebody else's shop


NO_PAYMENT = frozenset({Nature.DECLINED, Nature.FORGED, Nature.FOREIGN})
"""Natures of letters that tell of no payment to us; a refund tells of one that another letter told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """
    One delivered letter.

    order: whose money it truly tells of, whatever number stands in it; for a payment that two letters tell of
    differently, as the first told it.
    """

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
    """
    What the sandbox knows.

    typed: keys of rows that people wrote; they belong to no letter. removed: keys and payment ids of ours that people took
    away. moved: payments that a person sent to another order,
    or that were told of twice in different words: each may stand on any of these orders. touched: orders whose money or
    status people changed, so that how they ended says nothing of how they were released; the moment of release still does.
    """

    orders: Mapping[str, OrderView]
    incomes: Sequence[IncomeView]
    advances: Sequence[Advanced]
    typed: Collection[str] = field(default=())
    removed: Mapping[str, str | None] = field(default_factory=dict)
    moved: Mapping[str, Collection[str]] = field(default_factory=dict)
    touched: Collection[str] = field(default=())


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


def prove(letters: Sequence[Letter], account: Account, held: Collection[str], book: Book | None = None) -> Proof:
    """
    held: references of payments and of letters that a person can see waiting for a decision, or has closed with a reason.
    book: the ledger's rows at rest, if it is to be judged as well.
    """
    paid: dict[str, Letter] = {}
    for letter in letters:
        if letter.nature is Nature.GENUINE:
            paid.setdefault(letter.reference, letter)
    others = {x.reference: x for x in letters if x.nature in NO_PAYMENT and x.reference not in paid}
    released = [order for order in account.orders.values() if PRODUCTION in order.history]
    told = _told_of(paid.values(), account)
    return Proof(
        violations=(
            *_payments(paid.values(), account, held),
            *_strangers(paid, others, account),
            *_hidden([x for x in letters if x.nature not in (Nature.GENUINE, Nature.DECLINED)], held),
            *(words for order in account.orders.values() for words in _release(order, account, told, book)),
            *_early(account.advances),
            *(disagreements(book, account, PRODUCTION) if book else ()),
        ),
        letters=sum(1 for letter in letters if letter.nature is Nature.GENUINE),
        payments=len(paid),
        incomes=len(account.incomes),
        held=sum(1 for reference in paid.keys() - {row.payment_id for row in account.incomes}),
        refused=len(others),
        released=len(released),
        unreleased=len(account.orders) - len(released),
    )


def _rows(account: Account) -> Mapping[str | None, list[IncomeView]]:
    found: dict[str | None, list[IncomeView]] = {}
    for row in account.incomes:
        found.setdefault(row.payment_id, []).append(row)
    return found


def _payments(letters: Collection[Letter], account: Account, held: Collection[str]) -> Iterator[str]:
    """Every payment is exactly one income of its sum on its order, or visibly held."""
    by_id = _rows(account)
    for letter in letters:
        there = by_id.get(letter.reference, [])
        rows = [row for row in there if row.key not in account.typed]
        orders = (letter.order, *account.moved.get(letter.reference, ()))
        typed = any(
            row.amount == letter.amount and row.order in orders for row in there
        )  # by a person, for this payment
        if len(rows) > 1:
            yield f"doubled: payment {letter.reference} stands on Planfix {len(rows)} times"
        elif not rows and not typed and letter.reference not in {*held, *account.removed.values()}:
            yield f"lost: payment {letter.reference} of {letter.amount} for order {letter.order} is nowhere"
        for row in rows:
            if row.amount != letter.amount:
                yield f"wrong sum: payment {letter.reference} was {letter.amount}, its income is {row.amount}"
            if row.order not in orders:
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
    """A letter that claims a payment and is not believed, or takes one back, stays in sight."""
    for letter in letters:
        if letter.reference not in held:
            yield f"out of sight: the {letter.nature} letter about {letter.reference} is held nowhere"


# ---------------------------------------------------------------- releases


def _told_of(letters: Collection[Letter], account: Account) -> Mapping[str, Decimal]:
    """By order: all money that letters told of for it, posted or not."""
    sums: dict[str, Decimal] = {}
    for letter in letters:
        for order in {letter.order, *account.moved.get(letter.reference, ())}:
            sums[order] = sums.get(order, Decimal(0)) + letter.amount
    return sums


def _release(order: OrderView, account: Account, told: Mapping[str, Decimal], book: Book | None) -> Iterator[str]:
    """In production exactly when exactly paid, and sent there once; a person's doubt about its money keeps it back."""
    times = order.history.count(PRODUCTION)
    paid = _sum(order)
    exact = order.due == paid and paid > 0
    touched = order.number in account.touched
    if times > (1 if book is None else book.advances_of(order.number)) and not touched:
        yield f"advanced {times} times: order {order.number}"
    if times and not exact and not touched and not _paid_on(order, account, told):
        yield f"advanced, though not exactly paid: order {order.number} owes {order.due}, has {paid}"
    if exact and not times and not (touched if book is None else book.keeps_back(order, touched=touched)):
        yield f"not advanced, though exactly paid: order {order.number} has {paid}"
    if exact and times and order.status != PRODUCTION and not touched:
        yield f"moved on from production by nobody we know: order {order.number} is {order.status!r}"


def _paid_on(order: OrderView, account: Account, told: Mapping[str, Decimal]) -> bool:
    """It was exactly paid when it was released, and further payments that letters told of came after that."""
    moments = [moment for moment in account.advances if moment.order == order.number]
    later = _sum(order) - (order.due or Decimal(0))
    return (
        bool(moments)
        and all(moment.due == moment.paid == order.due for moment in moments)
        and 0 < later <= told.get(order.number, Decimal(0)) - (order.due or Decimal(0))
    )


def _early(advances: Sequence[Advanced]) -> Iterator[str]:
    """What came later does not excuse an advance that came before the money."""
    for advance in advances:
        if advance.due != advance.paid:
            yield f"advanced too early: order {advance.order} had {advance.paid} of {advance.due} at that moment"


def _sum(order: OrderView) -> Decimal:
    return sum((row.amount for row in order.incomes if row.amount is not None), Decimal(0))
