"""
What keeps an order from being advanced although its totals are zero: money of it that is in doubt.

Comes in: a ledger transaction and the order as it is walked. Goes out: the reasons; empty: there is no doubt. Asked at the
first look, and once more in the very transaction in which an advance is planned.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import MONEY_BACK, Entry, Reason, State
from reconciler.ports import LedgerTx

IN_DOUBT = frozenset({Reason.CONFLICT, Reason.DOUBLED})
"""Holds of one entry that keep the whole order from being advanced."""


def doubts(tx: LedgerTx, entry: Entry, *, order_number: str, task: str | None) -> tuple[Reason, ...]:
    """entry: the one that is walked; its own hold is its own affair. task: the order's payment task as it stands."""
    return tuple(dict.fromkeys(_doubts(tx, entry, order_number, task)))


def _doubts(tx: LedgerTx, entry: Entry, order_number: str, task: str | None) -> Iterator[Reason]:
    siblings = list(tx.entries(desk=entry.desk, order_number=order_number))
    if entry.id not in {sibling.id for sibling in siblings}:
        siblings.append(entry)
    for sibling in siblings:
        if sibling.kind in MONEY_BACK:
            if _is_open_refund(sibling):
                yield Reason.REFUND
            continue
        if sibling.state is State.DISCARDED:
            continue
        # a refund may name another order, or none: it is its payment's
        told = tx.entries(desk=entry.desk, transaction_id=sibling.transaction_id)
        same = [other for other in told if (other.gateway, other.merchant) == (sibling.gateway, sibling.merchant)]
        if any(_is_open_refund(other) for other in same):
            yield Reason.REFUND
        if sibling.id == entry.id:
            continue
        if sibling.state is State.HELD and sibling.reason in IN_DOUBT:
            yield sibling.reason
        if sibling.income_id is not None and sibling.task != task:
            yield Reason.CONFLICT  # its row lies on a task that is not this order's any more


def _is_open_refund(entry: Entry) -> bool:
    """Told of, and neither posted as a negative row nor closed by a person."""
    return entry.kind in MONEY_BACK and entry.state is not State.DISCARDED and entry.income_id is None
