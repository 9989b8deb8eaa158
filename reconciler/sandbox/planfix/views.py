"""What the account holds, for people and assertions: snapshots of orders and incomes with exact amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.sandbox.planfix.world import (
    DATE,
    DIFFERENCE,
    DUE,
    INCOME_TAG,
    ORDER_NUMBER,
    ORDER_TEMPLATE,
    PAID,
    PAYMENT_ID,
    PAYMENT_TEMPLATE,
    SUM,
    Entry,
    Task,
    World,
)


@dataclass(frozen=True)
class IncomeView:
    key: str
    order: str  # the order's number
    task: str
    amount: Decimal | None
    date: str | None  # ISO
    payment_id: str | None


@dataclass(frozen=True)
class OrderView:
    """An order at the moment it was looked at."""

    number: str
    id: str
    tasks: tuple[str, ...]  # its payment tasks
    status: str
    due: Decimal | None
    paid: Decimal | None
    difference: Decimal | None
    incomes: tuple[IncomeView, ...]
    comments: tuple[str, ...]
    history: tuple[str, ...]  # statuses set through the API, oldest first
    deleted: bool

    @property
    def task(self) -> str:
        return self.tasks[0]


def orders(world: World) -> dict[str, OrderView]:
    """Every order, in one walk through the tasks and one through the entries."""
    payments: dict[int, list[Task]] = {}
    rows: dict[int, list[Entry]] = {}
    for task in world.tasks.values():
        if task.template == PAYMENT_TEMPLATE and task.parent is not None:
            payments.setdefault(task.parent, []).append(task)
    for entry in world.entries.values():
        if entry.tag == INCOME_TAG and not entry.deleted:
            rows.setdefault(entry.task, []).append(entry)
    found = (
        _order(world, task, payments.get(task.id, []), rows)
        for task in world.tasks.values()
        if task.template == ORDER_TEMPLATE
    )
    return {view.number: view for view in found}


def order(world: World, task: Task) -> OrderView:
    payments = [item for item in world.tasks.values() if item.parent == task.id and item.template == PAYMENT_TEMPLATE]
    rows = {item.id: [entry for entry in world.rows_of(item.id) if entry.tag == INCOME_TAG] for item in payments}
    return _order(world, task, payments, rows)


def _order(world: World, task: Task, payments: Sequence[Task], rows: Mapping[int, Sequence[Entry]]) -> OrderView:
    """rows: incomes by payment task."""
    values = payments[0].values if payments else {}
    return OrderView(
        number=number_of(task),
        id=str(task.id),
        tasks=tuple(str(item.id) for item in payments),
        status=world.statuses[task.status].name,
        due=_amount(values.get(DUE)),
        paid=_amount(values.get(PAID)),
        difference=_amount(values.get(DIFFERENCE)),
        incomes=tuple(income(world, entry) for item in payments for entry in rows.get(item.id, ())),
        comments=tuple(comment["description"] for comment in task.comments),
        history=tuple(world.statuses[status].name for status in task.history),
        deleted=task.deleted,
    )


def number_of(task: Task) -> str:
    return str(task.values.get(ORDER_NUMBER) or task.id)


def incomes(world: World) -> list[IncomeView]:
    return [income(world, entry) for entry in world.entries.values() if entry.tag == INCOME_TAG and not entry.deleted]


def income(world: World, entry: Entry) -> IncomeView:
    task = world.tasks[entry.task]
    parent = world.tasks.get(task.parent or 0)
    day = entry.values.get(DATE)
    return IncomeView(
        key=str(entry.key),
        order=number_of(parent) if parent else "",
        task=str(entry.task),
        amount=_amount(entry.values.get(SUM)),
        date="-".join(reversed(day["date"].split("-"))) if isinstance(day, dict) else None,
        payment_id=entry.values.get(PAYMENT_ID),
    )


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value)).quantize(Decimal("0.01")) + 0
