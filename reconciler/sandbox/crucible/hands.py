"""
What people do while payments are on their way: at the account as in a browser, and in the end with the ledger.

In: acts of a plan. Out: what is changed by them, kept for the proof. A person does not race the daemon for one order: where the
order is exactly paid already, and may be moving to production just now, its money is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reconciler.flow import decisions
from reconciler.ledger import Ledger
from reconciler.model import Reason, State
from reconciler.sandbox.book import Book
from reconciler.sandbox.crucible.payments import Act, Order, Told
from reconciler.sandbox.planfix import OrderView, SandboxPlanfix
from reconciler.sandbox.proof import PRODUCTION, Account

LEFT = frozenset({Reason.REFUND, Reason.STATUS_NOT_LISTED})
"""Holds that the crucible's people leave as they are."""


@dataclass
class Hands:
    """typed: keys of rows; removed: keys and payment ids of rows; touched: orders."""

    planfix: SandboxPlanfix
    orders: Mapping[str, Order]
    typed: set[str] = field(default_factory=set)
    removed: dict[str, str | None] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    left: int = 0  # acts that found nothing to do any more

    def do(self, act: Act) -> None:
        order = self.orders[act.about]
        if act.what == "appear":
            self.put(order)
            return
        with self.planfix.at_rest():
            seen = self.planfix.order(order.number)
            match act.what:
                case "leave draft":
                    self.planfix.set_draft(order.number, False)
                case "send to production":
                    self.touched.add(order.number)
                    self.planfix.set_status(order.number, PRODUCTION)
                case "cancel":
                    self.touched.add(order.number)
                    self.planfix.set_status(order.number, "Скасовано")
                case "type a row" | "change due" | "remove a row" if _moving(seen):
                    self.left += 1
                case "type a row":
                    self._type(act)
                case "change due":
                    self.touched.add(order.number)
                    self.planfix.set_due(order.number, _sum(act))
                case "remove a row":
                    self._remove(seen)
                case _:
                    raise ValueError(f"people do not {act.what!r}")

    def put(self, order: Order) -> None:
        self.planfix.add_order(order.number, order.due, draft=order.draft)

    def _type(self, act: Act) -> None:
        self.touched.add(act.about)
        row = self.planfix.add_income(act.about, _sum(act), None, day=datetime.now(UTC).date())
        self.typed.add(row.key)

    def _remove(self, seen: OrderView) -> None:
        ours = [row for row in seen.incomes if row.key not in self.typed]
        if not ours:
            self.left += 1
            return
        self.touched.add(seen.number)
        self.removed[ours[0].key] = ours[0].payment_id
        self.planfix.remove_income(ours[0].key)

    def account(self, seen: Account) -> Account:
        """What the sandbox knows, and which of it is people's doing."""
        return replace(seen, typed=frozenset(self.typed), removed=dict(self.removed), touched=frozenset(self.touched))


def _moving(order: OrderView) -> bool:
    return order.difference == 0 and PRODUCTION not in order.history


def _sum(act: Act) -> str:
    if act.amount is None:
        raise ValueError(f"{act.what!r} needs an amount")
    return str(act.amount)


# ---------------------------------------------------------------- with the ledger


def answer_holds(ledger: Ledger, letters: Collection[Told]) -> Mapping[str, int]:
    """
    What people do in the end about what is held: the right order's number, or "I have looked, go on". How often each.

    Contradictions, refunds and orders in another status stay as they are: no machine can tell what a person would say.
    """
    true = {told.reference: told.order for told in letters}
    done = {"gave the order": 0, "looked, go on": 0}
    for entry in Book.of(ledger).entries:
        if entry.state is not State.HELD or entry.reason in LEFT or "told" in entry.facts:
            continue
        what = f"e{entry.id}"
        with suppress(decisions.NotPossible):
            if entry.reason is Reason.ORDER_NOT_FOUND:
                decisions.give_order(ledger, what, true[entry.transaction_id])
                done["gave the order"] += 1
            else:
                decisions.retry(ledger, what)
                done["looked, go on"] += 1
    return done


def pause(ledger: Ledger, desks: Sequence[str], paused: bool) -> None:
    with ledger.begin() as tx:
        for desk in desks:
            tx.pause(desk, paused)
