"""
Planfix as a `ports.Desk`: the verbs of the line in, requests out, our values back.

An order is a task of the order template; its money is on one subtask of the payment template, whose Due, Paid and
Difference are read and never written; an Income is an entry of the income data tag on that subtask.

What a verb costs in requests is part of its contract (the docstrings say it), because requests are what the account
has least of. `check`, `suggest` and the names at start are the only verbs that may cost more than they say here.

The note of a `NewIncome` is not written: an Income entry has a sum, a date and the payment id, and that id is what leads
back to the mail. A sentence for people is a comment on the order, where the settings want comments.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.desks import Finding
from reconciler.desks.planfix import decode, rows
from reconciler.desks.planfix.catalogue import shapes
from reconciler.desks.planfix.check import check
from reconciler.desks.planfix.client import Planfix
from reconciler.desks.planfix.decode import Row
from reconciler.desks.planfix.names import LedgerMemory, Memory, Names, NamesDoNotFit, Resolution, resolve
from reconciler.desks.planfix.paging import PAGE, every_row, never
from reconciler.desks.planfix.settings import DeskSettings
from reconciler.desks.planfix.suggest import suggest
from reconciler.errors import DeskRefused, OrderNotFound, TransientError, UnknownOutcome
from reconciler.extract.values.orders import fold_order, spellings
from reconciler.http import Http
from reconciler.model import Advance, Facts, Income, NewIncome, Order, PaymentTask, Peek, Status
from reconciler.money import Money
from reconciler.ports import Ledger, Throttle

KYIV = ZoneInfo("Europe/Kyiv")  # the day of a payment is the day it had where the shop is
SHORT_TEXT_LENGTH = 255
LARGEST_NUMBER = 10**9  # task numbers are small; what is larger is no task number


class PlanfixDesk:
    """One account. Thread-safe in so far as its requests go one after another."""

    def __init__(self, settings: DeskSettings, http: Http, throttle: Throttle, memory: Memory) -> None:
        self.name = settings.name
        self.currency = settings.currency
        self._settings = settings
        self._memory = memory
        self._client = Planfix(settings, http, throttle)
        self._names: Names | None = None
        self._naming = Lock()

    @classmethod
    def on(cls, settings: DeskSettings, http: Http, throttle: Throttle, ledger: Ledger) -> PlanfixDesk:
        """A desk whose names are remembered in this ledger."""
        return cls(settings, http, throttle, LedgerMemory(ledger))

    @property
    def names(self) -> Names:
        """Resolved at first use; 0 requests while the settings stay as they were."""
        with self._naming:
            if self._names is None:
                self._names = resolve(self._client, self._settings, self._memory, verify=False).names
            return self._names

    @property
    def requests_left(self) -> int | None:
        """What Planfix said is left of the day, some ten minutes ago; None: it has not said."""
        return self._client.remaining

    def resolve(self, *, verify: bool) -> Resolution:
        """
        Names → ids, from memory or (verify) from the desk; the remarks are for the log.

        Raises DeskStopped with every problem; then no verb works on the old ids either, until a look finds all of them right.
        """
        with self._naming:
            try:
                found = resolve(self._client, self._settings, self._memory, verify=verify)
            except NamesDoNotFit:
                self._names = None
                raise
            self._names = found.names
            return found

    def check(self) -> list[Finding]:
        """What `doctor` tells about this desk; reads only."""
        return check(self._client, self._settings, self._memory)

    # ------------------------------------------------------------ looks

    def orders(self, numbers: Collection[str]) -> Mapping[str, Sequence[Order]]:
        """Per number: 1 request; 2 when it has no payment task, or when the number is in a custom field."""
        return {number: self._orders(number) for number in numbers}

    def _orders(self, number: str) -> tuple[Order, ...]:
        field = self.names.order_field
        if field is not None:
            return self._orders_by_field(number, field)
        task = task_number(number)
        if task is None:
            return ()
        found = self._payment_tasks(task)
        if found:
            return (Order(number=number, id=str(task), tasks=found),)
        return self._order_alone(number, task)

    def _payment_tasks(self, order: int) -> tuple[PaymentTask, ...]:
        names = self.names
        filters = [_equal(73, order), _equal(51, names.payment_template)]
        with shapes("task/list"):
            return rows.payment_tasks(self._tasks(filters), names, order=order, currency=self.currency)

    def _order_alone(self, number: str, task: int) -> tuple[Order, ...]:
        """No payment task was found: is there such an order at all? A task of another template is none."""
        with shapes("task/list"):
            for row in self._tasks([_equal(57, [task])]):
                if decode.number_of(row) == task and decode.number_of(row, "template") == self.names.order_template:
                    closed = decode.is_deleted(row)
                    return (Order(number=number, id=str(task), tasks=(), status=decode.status(row), closed=closed),)
        return ()

    def _orders_by_field(self, number: str, field: int) -> tuple[Order, ...]:
        names = self.names
        if names.order_field_type == decode.NUMBER:
            as_number = task_number(number)
            asked = [] if as_number is None else [_equal(102, as_number)]
        else:
            asked = [_equal(101, spelling) for spelling in spellings(number)]
        found: dict[int | None, Row] = {}
        with shapes("task/list"):
            for filter_ in asked:
                for row in self._all_tasks([{**filter_, "field": field}, _equal(51, names.order_template)]):
                    # whether the filter itself trims, folds or searches inside is unverified: what comes back decides
                    if self._carries(row, number, field):
                        found[decode.number_of(row)] = row
                if found:
                    break  # the other alphabet's spelling is asked for only where this one is nobody's
        return tuple(self._order_of(row, number) for row in found.values())

    def _carries(self, row: Row, number: str, field: int) -> bool:
        names = self.names
        found = decode.element(row, field)
        if names.order_field_type == decode.NUMBER:
            value = decode.number(found)
            same = value is not None and value == int(number)
        else:
            text = decode.text(found)
            same = text is not None and fold_order(text) == fold_order(number)
        return same and decode.number_of(row, "template") == names.order_template

    def _order_of(self, row: Row, number: str) -> Order:
        with shapes("task/list"):
            task = decode.number_of(row)
            if task is None:
                raise decode.Odd("a task without its id")
            closed = decode.is_deleted(row)
            tasks = () if closed else self._payment_tasks(task)
            return Order(number=number, id=str(task), tasks=tasks, status=decode.status(row), closed=closed)

    def read(self, order: Order) -> Order:
        """1 request for the order and its payment task together; 1 more when one of them is missing in the answer."""
        wanted = [int(order.id), *(int(task.id) for task in order.tasks)]
        names = self.names
        with shapes("task/list"):
            found = self._by_number(wanted)
            if len(found) < len(wanted):
                found = {**found, **self._by_number(wanted)}  # a page may come short: only what two pages lack has gone
            row = found.get(int(order.id))
            if row is None or decode.number_of(row, "template") != names.order_template:
                raise OrderNotFound(f"order {order.number} is no order on the desk any more", order=order.number)
            if names.order_field is not None and not self._carries(row, order.number, names.order_field):
                raise OrderNotFound(
                    f"task {order.id} no longer is order {order.number}", order=order.number, task=order.id
                )
            status = decode.status(row)
            if status is None:
                raise decode.Odd("an order without its status")
            candidates = [found[number] for number in wanted[1:] if number in found]
            return Order(
                number=order.number,
                id=order.id,
                tasks=rows.payment_tasks(candidates, names, order=int(order.id), currency=self.currency),
                status=status,
                closed=decode.is_deleted(row),
            )

    def peek(self, tasks: Collection[str]) -> Mapping[str, Peek]:
        """1 request per hundred tasks. What a page does not show is left out, which proves nothing about it."""
        wanted = [int(task) for task in tasks]
        seen: dict[str, Peek] = {}
        for start in range(0, len(wanted), PAGE):
            batch = wanted[start : start + PAGE]
            with shapes("task/list"):
                for number, row in self._by_number(batch).items():
                    if number in batch and not decode.is_deleted(row):
                        found = rows.totals(row, self.names, self.currency)
                        seen[str(number)] = Peek(status=decode.status(row), totals=found)
        return seen

    def _by_number(self, numbers: Sequence[int]) -> dict[int, Row]:
        found = {decode.number_of(row): row for row in self._tasks([_equal(57, list(numbers))])}
        return {number: row for number, row in found.items() if number is not None}

    def _tasks(self, filters: Sequence[Row]) -> list[Row]:
        body = {"offset": 0, "pageSize": PAGE, "fields": rows.task_fields(self.names), "filters": list(filters)}
        return decode.rows(self._client.ask("task/list", body), "tasks")

    def _all_tasks(self, filters: Sequence[Row]) -> list[Row]:
        """One page, and every further one only where the first was full: what one number matches is one row or none."""
        first = self._tasks(filters)
        if len(first) < PAGE:
            return first
        body = {"fields": rows.task_fields(self.names), "filters": list(filters)}
        return every_row(lambda page: self._client.ask("task/list", {**body, **page}), "tasks")

    def incomes(self, payment_ids: Collection[str]) -> Mapping[str, Sequence[Income]]:
        """Per id: 1 request when there is no such row; until an empty page when there is."""
        return {payment_id: self._incomes_by_id(payment_id) for payment_id in payment_ids}

    def _incomes_by_id(self, payment_id: str) -> list[Income]:
        wanted = decode.storable(payment_id)
        only = {"type": 3108, "field": self.names.income_payment_id, "operator": "equal", "value": wanted}
        return [row for row in self._entries({"filters": [only]}) if _same_id(row.payment_id, wanted)]

    def incomes_of(self, task: str, *, paid: Money | None = None) -> Sequence[Income]:
        """1 request for none, or when the first page sums to `paid`; until an empty page otherwise."""

        def is_whole(found: Sequence[Row]) -> bool:
            amounts = [row.amount for row in rows.incomes(found, self.names, self.currency) if row.task == task]
            sums = [amount.minor for amount in amounts if amount is not None]
            return paid is not None and len(sums) == len(found) and sum(sums) == paid.minor

        return [row for row in self._entries({"taskId": int(task)}, is_whole) if row.task == task]

    def _entries(self, which: Row, is_whole: Callable[[Sequence[Row]], bool] = never) -> list[Income]:
        names = self.names
        path = f"datatag/{names.income}/entry/list"
        body = {"fields": rows.entry_fields(names), **which}
        with shapes(path):
            found = every_row(lambda page: self._client.ask(path, {**body, **page}), "dataTagEntries", is_whole)
            return rows.incomes(found, names, self.currency)

    # ------------------------------------------------------------ acts

    def prepare(self) -> None:
        """Wait for the next request's turn now, so that a write leaves at once when it is said to be sent."""
        self._client.prepare()

    def post_income(self, order: Order, income: NewIncome) -> Income:
        """1 request. Planfix has no idempotency key: whoever calls has looked before, and looks again after UnknownOutcome."""
        names, task = self.names, order.task
        payment_id = decode.storable(income.payment_id)
        if task is None or income.amount.currency != self.currency:
            raise ValueError(
                f"{income.amount} cannot be posted on order {order.number}: one task and {self.currency} are needed"
            )
        if payment_id != income.payment_id:
            raise DeskRefused(
                f"the payment id {income.payment_id!r} has characters Planfix does not keep", step="income", code=0
            )
        if not payment_id or len(payment_id) > SHORT_TEXT_LENGTH:
            raise DeskRefused(
                f"a payment id of {len(payment_id)} characters does not fit its field", step="income", code=0
            )
        day = income.paid_at.astimezone(KYIV).date()
        path = f"task/{task.id}/datatags/"
        values = [
            (names.income_sum, decode.json_number(income.amount.amount)),
            (names.income_date, {"date": f"{day:%d-%m-%Y}"}),
            (names.income_payment_id, payment_id),
        ]
        data = [{"field": {"id": field}, "value": value} for field, value in values]
        sent = self._client.send(path, {"dataTag": {"id": names.income}, "items": [{"customFieldData": data}]})
        key = decode.created_key(sent.answer)
        if key is None:
            raise UnknownOutcome(
                f"POST {path} was answered {sent.status} without the key of the new row", status=sent.status
            )
        return Income(id=key, task=task.id, amount=income.amount, paid_on=day.isoformat(), payment_id=payment_id)

    def advance(self, order: Order, expected: Status) -> Advance:
        """2 requests: the change, not silent, and one look at what became of it. Planfix cannot compare before it sets."""
        if not self.may_advance(expected):
            raise ValueError(f"order {order.number} may not be advanced from {expected.name!r}")
        names = self.names  # what is found about them from now on says nothing of this send
        path = f"task/{order.id}"
        sent = self._client.send(path, {"status": {"id": int(names.production.id)}})
        refused = [failure for failure in decode.failures(sent.answer) if "status" in failure.field.lower()]
        if refused:
            raise DeskRefused(
                f"Planfix did not set the status of order {order.number}: {refused[0].error}",
                step=f"POST {path}",
                code=0,
                error=refused[0].error,
            )
        if sent.queued:
            return Advance.QUEUED
        try:
            with shapes(path):
                seen = decode.status(decode.one(self._client.get(path, fields="id,status"), "task"))
        except (TransientError, DeskRefused):
            return Advance.QUEUED  # accepted; what became of it is looked at later
        return Advance.DONE if seen is not None and _is_advanced(seen, names) else Advance.QUEUED

    def is_advanced(self, status: Status) -> bool:
        return _is_advanced(status, self.names)

    def may_advance(self, status: Status) -> bool:
        return status.id in {known.id for known in self.names.advance_from}

    def comment(self, order: Order, text: str) -> str:
        """1 request; nobody is notified by it."""
        words = html.escape(decode.storable(text), quote=False).replace("\n", "<br>")
        path = f"task/{order.id}/comments/"
        sent = self._client.send(path, {"description": words})
        number = decode.number_of(sent.answer)
        if number is None:
            raise UnknownOutcome(f"POST {path} was answered {sent.status} without the comment's id", status=sent.status)
        return str(number)

    # ------------------------------------------------------------ for people

    def suggest(self, number: str | None, due: Money | None) -> Sequence[Facts]:
        """At most 7 requests."""
        return suggest(self._client, self.names, number, due, self.currency)


def _is_advanced(status: Status, names: Names) -> bool:
    return status.id in {known.id for known in (names.production, *names.after_production)}


def task_number(text: str) -> int | None:
    """The number a task can have, written the one way it is written; None for anything else ("004711", "A-7", "٤٧")."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST_NUMBER)):
        return None
    number = int(text)
    return number if str(number) == text and number > 0 else None


def _equal(kind: int, value: Any) -> dict[str, Any]:
    return {"type": kind, "operator": "equal", "value": value}


def _same_id(found: str | None, wanted: str) -> bool:
    return found is not None and found.strip().casefold() == wanted.casefold()
