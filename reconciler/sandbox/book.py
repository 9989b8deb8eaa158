"""
Does the ledger agree with the account, and is nothing stuck in it?

Comes in: the ledger's rows as values, read when everything is at rest, and the account's orders and incomes. Goes out: what
is wrong, one sentence each. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from reconciler.ledger import Ledger
from reconciler.model import MONEY_BACK, Entry, Mail, MailState, Reason, State, Step, StepKind, StepState
from reconciler.sandbox.planfix import IncomeView, OrderView
from reconciler.settling import payment_id, signed

DONE_WITH = frozenset({State.SETTLED, State.HELD, State.DISCARDED})
"""States that wait for nothing, or for a person."""
_ASKED = frozenset({State.HELD, State.DISCARDED})
"""States of which a person was told, or which a person chose."""
IN_THE_AIR = frozenset({StepState.PLANNED, StepState.SENDING, StepState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The ledger's rows."""

    entries: Sequence[Entry]
    mails: Sequence[Mail]
    steps: Sequence[Step]

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        with ledger.look() as tx:
            return cls(entries=tuple(tx.entries()), mails=tuple(tx.mails()), steps=tuple(tx.steps()))

    def visible(self, references: Mapping[str, str]) -> set[str]:
        """
        References that a person can see waiting or has closed, each with its reason: of payments and of letters. A payment
        that waits for one that is held is seen there.

        references: by the SHA-256 of a delivered letter.
        """
        payments = {entry.transaction_id for entry in self.before_people}
        closed = {mail.sha256 for mail in self.mails if mail.state in (MailState.HELD, MailState.DISCARDED)}
        return payments | {reference for sha256, reference in references.items() if sha256 in closed}

    @property
    def before_people(self) -> Sequence[Entry]:
        """Payments of which a person was told, or which a person closed; and those that wait for such a one."""
        held = {f"e{entry.id}" for entry in self.entries if entry.state is State.HELD}
        return [
            entry
            for entry in self.entries
            if entry.state in _ASKED or (entry.state is State.WAITING and entry.facts.get("waits_for") in held)
        ]

    def keeps_back(self, order: OrderView, *, touched: bool) -> bool:
        """
        May this order, exactly paid, stay where it is? A person was asked about its money, or nothing of ours is open on it.

        touched: people changed its money or its status themselves, so that the last word may have been theirs.
        """
        about = [entry for entry in self.entries if entry.order_number == order.number]
        if any(_is_doubt(entry) for entry in about):
            return True
        open_ones = [entry for entry in about if entry.state not in DONE_WITH]
        discarded = any(entry.state is State.DISCARDED for entry in about)
        return (not open_ones and (touched or discarded)) or (touched and order.status not in AWAITING)

    def advances_of(self, order_number: str) -> int:
        """How often an order may have been set to production: once, and once for each time the change was proven not applied."""
        return 1 + sum(
            1
            for step in self.steps
            if step.kind is StepKind.ADVANCE and step.order_number == order_number
            if step.state is StepState.DROPPED and step.result.get("absent")
        )


AWAITING = frozenset({"Очікує оплати"})
"""The sandbox's statuses that an order may be advanced from."""


class Seen(Protocol):
    """An account as the proof knows it."""

    @property
    def orders(self) -> Mapping[str, OrderView]: ...
    @property
    def incomes(self) -> Sequence[IncomeView]: ...
    @property
    def typed(self) -> Collection[str]: ...
    @property
    def removed(self) -> Collection[str]: ...


def disagreements(book: Book, account: Seen, production: str) -> Iterator[str]:
    """production: the status that starts production."""
    rows = {row.key: row for row in account.incomes}
    for entry in book.entries:
        yield from _stuck(entry)
        if entry.income_id not in account.removed:
            yield from _row(entry, rows, account.orders)
        yield from _settled(entry, account.orders, production)
    yield from _strangers(book, [row for row in account.incomes if row.key not in account.typed])
    yield from _shared(book.entries)
    yield from _letters(book.mails)
    yield from _steps(book)


def _is_doubt(entry: Entry) -> bool:
    """Held, or money given back and neither posted nor closed by a person."""
    return entry.state is State.HELD or (
        entry.kind in MONEY_BACK and entry.state is not State.DISCARDED and entry.income_id is None
    )


# ---------------------------------------------------------------- nothing is stuck


def _stuck(entry: Entry) -> Iterator[str]:
    """Each entry is settled, tried again by itself, or a person's with a reason."""
    name = f"payment {entry.transaction_id} (e{entry.id}, {entry.state})"
    if entry.state is State.HELD and entry.reason is None:
        yield f"held without a reason: {name}"
    if entry.state is State.DISCARDED and not entry.facts.get("why"):
        yield f"discarded without a reason: {name}"
    if entry.state not in DONE_WITH and entry.retry_at is None:
        yield f"stuck: {name} has no next try and waits for nobody"


def _letters(mails: Collection[Mail]) -> Iterator[str]:
    for mail in mails:
        if mail.state is MailState.HELD and mail.reason is None:
            yield f"held without a reason: letter m{mail.id}"
        if mail.state is MailState.TAKEN or (mail.state is MailState.WAITING and mail.retry_at is None):
            yield f"stuck: letter m{mail.id} is {mail.state} and is not read again by itself"


def _steps(book: Book) -> Iterator[str]:
    """An unanswered step is still looked for by its payment, or a person was told of it."""
    owners = {entry.id: entry for entry in book.entries}
    for step in book.steps:
        if step.kind is StepKind.COMMENT or step.state not in IN_THE_AIR:
            continue
        owner = owners.get(step.entry_id or 0)
        if step.state is StepState.SENDING:
            yield f"stuck: step {step.slot} is still being sent, and nobody sends it"
        elif owner is None or owner.state is State.SETTLED:
            yield f"stuck: step {step.slot} is {step.state}, and no payment looks for it"


# ---------------------------------------------------------------- ledger and account agree


def _row(entry: Entry, rows: Mapping[str, IncomeView], orders: Mapping[str, OrderView]) -> Iterator[str]:
    """What the ledger calls posted stands there: the row, its id, sum, task and order. A person may have been told otherwise."""
    if entry.income_id is None or entry.state in _ASKED:
        return
    name = f"payment {entry.transaction_id} (e{entry.id}, {entry.state})"
    row = rows.get(entry.income_id)
    if row is None:
        yield f"disagree: the row of {name} is not on Planfix"
        return
    if row.payment_id != payment_id(entry) or row.amount != signed(entry).amount:
        yield f"disagree: row {row.key} of {name} is {row.amount} with id {row.payment_id!r}"
    if row.task != entry.task:
        yield f"disagree: row {row.key} of {name} stands on task {row.task}, not on {entry.task}"
    if entry.order_number in orders and row.order != entry.order_number:
        yield f"disagree: row {row.key} of {name} stands on order {row.order}, not on {entry.order_number}"


def _settled(entry: Entry, orders: Mapping[str, OrderView], production: str) -> Iterator[str]:
    """A settled payment's order was sent to production, by us or by a person."""
    if entry.state is not State.SETTLED:
        return
    order = orders.get(entry.order_number or "")
    if order is None or (production not in order.history and order.status != production):
        yield f"disagree: payment {entry.transaction_id} is settled, and order {entry.order_number} is not in production"
    if entry.income_id is None:
        yield f"disagree: payment {entry.transaction_id} is settled without a row"


def _strangers(book: Book, incomes: Collection[IncomeView]) -> Iterator[str]:
    """Each row with one of our ids is known to the ledger, or its payment is a person's to judge."""
    asked = {entry.id for entry in book.before_people}
    by_id: dict[str, list[Entry]] = {}
    for entry in book.entries:
        by_id.setdefault(payment_id(entry), []).append(entry)
    for row in incomes:
        owners = by_id.get(row.payment_id or "", [])
        if not owners or any(entry.income_id == row.key or entry.id in asked for entry in owners):
            continue
        yield f"disagree: row {row.key} with id {row.payment_id} is unknown to the ledger"


def _shared(entries: Collection[Entry]) -> Iterator[str]:
    """One row is one payment's."""
    owners: dict[tuple[str, str], int] = {}
    for entry in entries:
        if entry.income_id is None or entry.state is State.DISCARDED:
            continue
        first = owners.setdefault((entry.desk, entry.income_id), entry.id)
        if first != entry.id:
            yield f"disagree: row {entry.income_id} belongs to e{first} and to e{entry.id}"


def open_reasons(book: Book) -> Mapping[str, int]:
    """How many payments and letters are held or wait, by reason."""
    found: dict[str, int] = {}
    rows: list[tuple[str, Reason | None]] = [(entry.state.value, entry.reason) for entry in book.entries]
    rows += [(mail.state.value, mail.reason) for mail in book.mails]
    for state, reason in rows:
        if state in (State.HELD.value, State.WAITING.value):
            name = f"{state}: {reason or 'no reason'}"
            found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items()))
