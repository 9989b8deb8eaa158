"""
What is set, seen and done at a sandbox account by whoever holds it: faults, the record of requests, and what a person would
do in the browser. Every verb is safe while requests are served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from reconciler.sandbox.planfix import views
from reconciler.sandbox.planfix.faults import Faults, Manners, matches
from reconciler.sandbox.planfix.gate import Gate, Hook, Request
from reconciler.sandbox.planfix.views import IncomeView, OrderView
from reconciler.sandbox.planfix.world import (
    DATE,
    DRAFT,
    DUE,
    INCOME_TAG,
    NEW,
    ORDER_NUMBER,
    ORDER_TEMPLATE,
    PAYMENT_ID,
    PAYMENT_TEMPLATE,
    SUM,
    FieldDef,
    Task,
    World,
    sample_world,
)

TOKEN = "sandbox-token"  # noqa: S105 - it opens nothing but this process


class Account:
    """One account: the sample world unless told otherwise."""

    def __init__(self, *, token: str = TOKEN, world: World | None = None) -> None:
        self.token = token
        self._gate = Gate(world or sample_world(), token=token)

    def reset(self, world: World | None = None) -> None:
        """A new account, without faults, at the same address."""
        self._gate.close()
        self._gate = Gate(world or sample_world(), token=self.token)

    # ------------------------------------------------------------ what is set and seen

    @property
    def world(self) -> World:
        return self._gate.world

    @property
    def faults(self) -> Faults:
        return self._gate.faults

    @property
    def manners(self) -> Manners:
        return self._gate.manners

    @property
    def tokens(self) -> dict[str, frozenset[str]]:
        """Scopes by token."""
        return self._gate.tokens

    @property
    def inactive_tokens(self) -> set[str]:
        return self._gate.inactive_tokens

    @property
    def on_request(self) -> Hook | None:
        """Called as (method, path, body, "before" or "after" the effect) for every request."""
        return self._gate.on_request

    @on_request.setter
    def on_request(self, hook: Hook | None) -> None:
        self._gate.on_request = hook

    @property
    def in_flight(self) -> int:
        """Changes that a "late" fault keeps from their effect, until they land."""
        return self._gate.in_flight

    def land(self) -> None:
        """Everything that is in flight has its effect now."""
        self._gate.land()

    @contextmanager
    def at_rest(self) -> Iterator[World]:
        """The account itself, with no request under way."""
        with self._gate.lock:
            yield self.world

    @property
    def requests(self) -> list[Request]:
        with self._gate.lock:
            return list(self._gate.requests)

    def count(self, pattern: str = "*") -> int:
        """Requests so far; of one kind with a pattern such as "POST /task/{id}"."""
        return sum(1 for seen in self.requests if pattern == "*" or matches(pattern, seen.method, seen.path))

    def forget_requests(self) -> None:
        with self._gate.lock:
            self._gate.requests.clear()

    @property
    def orders(self) -> dict[str, OrderView]:
        with self._gate.lock:
            return views.orders(self.world)

    @property
    def incomes(self) -> list[IncomeView]:
        with self._gate.lock:
            return views.incomes(self.world)

    def order(self, number: str | int) -> OrderView:
        return self.orders[str(number)]

    # ------------------------------------------------------------ what people do

    def add_order(
        self,
        number: str | int | None = None,
        due: str | Decimal = "1250.00",
        status: str | int = "Очікує оплати",
        *,
        payment_tasks: int = 1,
        draft: bool = False,
        incomes: Iterable[tuple[str, str | None]] = (),
    ) -> OrderView:
        """
        An order with its payment task.

        number: digits become the task's number; anything else only the order's own number.
        draft: the payment task is a Draft; incomes: (sum, payment id) of rows that are there already.
        """
        with self._gate.lock:
            world = self.world
            digits = str(number) if number is not None and str(number).isdigit() else None
            task_id = int(digits) if digits else world.new_number()
            shown = str(number) if number is not None else str(task_id)
            order = Task(task_id, f"Замовлення {shown}", template=ORDER_TEMPLATE, status=world.status_id(status))
            order.values[ORDER_NUMBER] = shown
            world.put(order)
            for _ in range(payment_tasks):
                self._add_payment_task(order, due, DRAFT if draft else NEW)
        for amount, payment_id in incomes:
            self.add_income(shown, amount, payment_id)
        return self.order(shown)

    def _add_payment_task(self, order: Task, due: str | Decimal, status: int) -> Task:
        name = f"Оплата {order.name}"
        task = Task(self.world.new_number(), name, template=PAYMENT_TEMPLATE, parent=order.id, status=status)
        task.values[DUE] = float(Decimal(due))
        self.world.put(task)
        self.world.recompute(task)
        return task

    def add_payment_task(self, number: str | int, due: str | Decimal = "1250.00") -> str:
        with self._gate.lock:
            return str(self._add_payment_task(self._order(number), due, NEW).id)

    def add_task(
        self, number: int | None = None, *, template: int | None = 53, parent: int | None = None, kind: str = "Task"
    ) -> str:
        """Something else that shares the numbers: a delivery, a checklist item (kind="Checkmark", template=None)."""
        with self._gate.lock:
            task = Task(number or self.world.new_number(), "Інше", kind=kind, template=template, parent=parent)
            return str(self.world.put(task).id)

    def add_income(
        self, number: str | int, amount: str | Decimal, payment_id: str | None = None, *, day: date | None = None
    ) -> IncomeView:
        """A row typed by a person."""
        with self._gate.lock:
            task = self._payment_task(number)
            values: dict[int, object] = {
                SUM: float(Decimal(amount)),
                DATE: {"date": f"{day or date(2026, 11, 21):%d-%m-%Y}"},
            }
            if payment_id is not None:
                values[PAYMENT_ID] = payment_id
            entry = self.world.add_entry(INCOME_TAG, task, values)
            self.world.recompute(task)
            return views.income(self.world, entry)

    def remove_income(self, key: str) -> None:
        with self._gate.lock:
            entry = self.world.entries[int(key)]
            entry.deleted = True
            self.world.recompute(self.world.tasks[entry.task])

    def set_due(self, number: str | int, due: str | Decimal) -> None:
        with self._gate.lock:
            task = self._payment_task(number)
            task.values[DUE] = float(Decimal(due))
            self.world.recompute(task)

    def set_status(self, number: str | int, status: str | int) -> None:
        with self._gate.lock:
            self._order(number).status = self.world.status_id(status)

    def set_draft(self, number: str | int, draft: bool) -> None:
        """Leaving Draft computes the totals."""
        with self._gate.lock:
            task = self._payment_task(number)
            task.status = DRAFT if draft else NEW
            self.world.recompute(task)

    def delete(self, number: str | int) -> None:
        with self._gate.lock:
            self._order(number).deleted = True

    def delete_payment_task(self, number: str | int) -> None:
        with self._gate.lock:
            self._payment_task(number).deleted = True

    def rename_field(self, name: str, new: str) -> None:
        """A task field, or one of the income tag's."""
        with self._gate.lock:
            self._field(name).name = new

    def remove_field(self, name: str) -> None:
        with self._gate.lock:
            del self.world.fields[self._field(name).id]

    def rename_status(self, name: str, new: str) -> None:
        with self._gate.lock:
            self.world.statuses[self.world.status_id(name)].name = new

    def _field(self, name: str) -> FieldDef:
        fields = [*self.world.fields.values(), *self.world.tags[INCOME_TAG].fields]
        return next(item for item in fields if item.name == name)

    def _order(self, number: str | int) -> Task:
        found = (task for task in self.world.tasks.values() if task.template == ORDER_TEMPLATE)
        return next(task for task in found if views.number_of(task) == str(number))

    def _payment_task(self, number: str | int) -> Task:
        order = self._order(number)
        return next(
            item for item in self.world.tasks.values() if item.parent == order.id and item.template == PAYMENT_TEMPLATE
        )
