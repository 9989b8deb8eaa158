"""
An order and its incomes as one look at the desk saw them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """
    What the payment task says of its money; None: the desk gave no number that counts.

    difference has the sign of due − paid whatever the desk's formula is.
    """

    due: Money | None
    paid: Money | None
    difference: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTask:
    id: str
    draft: bool
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """A task of either kind as a shared read shows it: enough to tell whether anything has changed."""

    status: Status | None
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    An order as one look at the desk saw it.

    status None: this look did not read the order itself, only its payment task (it costs a request).
    """

    number: str  # as the notice and the people call it
    id: str  # the desk's own number of the order task
    tasks: tuple[PaymentTask, ...]  # payment tasks that are not deleted; exactly one is right
    status: Status | None = None
    closed: bool = False  # deleted on the desk

    @property
    def task(self) -> PaymentTask | None:
        return self.tasks[0] if len(self.tasks) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """One Income row on the desk."""

    id: str  # the desk's key of the row
    task: str
    amount: Money | None  # None: the row's sum is no number that counts
    paid_on: str | None  # ISO date as the desk shows it
    payment_id: str | None  # None: the field is empty


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncome:
    amount: Money
    paid_at: datetime
    payment_id: str  # the transaction id as printed
    note: str  # where the row came from, for people


class Advance(StrEnum):
    """How a status change was answered."""

    DONE = "done"  # read back: the order is in production
    QUEUED = "queued"  # accepted, to be applied later: its outcome is unknown until seen
