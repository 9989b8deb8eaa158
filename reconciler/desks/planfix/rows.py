"""
Planfix's rows as the desk's values: a task's row → `PaymentTask`, an entry's row → `Income`.

A row is believed only after it was checked to be what was asked for: its template, its parent, not deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.desks.planfix import decode
from reconciler.desks.planfix.decode import Odd, Row
from reconciler.desks.planfix.formula import Sign
from reconciler.desks.planfix.names import Names
from reconciler.model import Income, PaymentTask, Totals
from reconciler.money import Money


def task_fields(names: Names) -> str:
    """What every look asks for; custom fields come by their numeric ids only."""
    wanted: list[str | int] = [
        "id",
        "status",
        "template",
        "parent",
        "isDeleted",
        names.due,
        names.paid,
        names.difference,
    ]
    if names.order_field is not None:
        wanted.append(names.order_field)
    return decode.fields_list(*wanted)


def entry_fields(names: Names) -> str:
    return decode.fields_list("key", "task", names.income_sum, names.income_date, names.income_payment_id)


def is_live(row: Row, template: int) -> bool:
    """Of this template and not deleted. Raises Odd when the row does not tell its template."""
    told = decode.number_of(row, "template")
    if told is None and row.get("type") not in ("Template", "Checkmark") and "template" not in row:
        raise Odd("a task without its template, which was asked for")
    return told == template and not decode.is_deleted(row)


def payment_tasks(rows: Sequence[Row], names: Names, *, order: int, currency: str) -> tuple[PaymentTask, ...]:
    """The live payment tasks of this order among the rows, each once."""
    found: dict[str, PaymentTask] = {}
    for row in rows:
        if is_live(row, names.payment_template) and decode.number_of(row, "parent") == order:
            task = _payment_task(row, names, currency)
            found[task.id] = task
    return tuple(found.values())


def _payment_task(row: Row, names: Names, currency: str) -> PaymentTask:
    number = decode.number_of(row)
    status = decode.status(row)
    if number is None or status is None:
        raise Odd("a task without its id or status, which were asked for")
    return PaymentTask(id=str(number), draft=decode.is_draft(status), totals=totals(row, names, currency))


def totals(row: Row, names: Names, currency: str) -> Totals:
    difference = decode.money(decode.element(row, names.difference), currency)
    if difference is not None and names.sign is Sign.PAID_DUE:
        difference = Money(0 - difference.amount, currency)
    return Totals(
        due=decode.money(decode.element(row, names.due), currency),
        paid=decode.money(decode.element(row, names.paid), currency),
        difference=difference,
    )


def income(row: Row, names: Names, currency: str) -> Income:
    key, task = decode.number_of(row, "key"), decode.number_of(row, "task")
    if key is None:
        raise Odd("an entry without its key, which was asked for")
    return Income(
        id=str(key),
        task="" if task is None else str(task),  # its task was deleted: the row is told, and belongs to no order
        amount=decode.money(decode.element(row, names.income_sum), currency),
        paid_on=decode.day(decode.element(row, names.income_date)),
        payment_id=decode.text(decode.element(row, names.income_payment_id)),
    )


def incomes(rows: Sequence[Row], names: Names, currency: str) -> list[Income]:
    """Each row once: pages that move under the reader may show one twice."""
    return list({item.id: item for item in (income(row, names, currency) for row in rows)}.values())
