"""
The sandbox account: its definitions, tasks and entries, and how totals follow entries.

It fits the sample settings by name. Numbers are kept as doubles and totals are computed the way the help pages tell:
a summary follows every new entry at once, a calculated field follows the fields of its own task, and neither is
computed while the task is a Draft.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

ORDER_TEMPLATE, PAYMENT_TEMPLATE = 51, 52
PROCESS, PAYMENT_PROCESS = 77, 78
DUE, PAID, DIFFERENCE, ORDER_NUMBER, NOTE = 301, 302, 303, 304, 305
INCOME_TAG, OTHER_TAG = 12, 13
SUM, DATE, PAYMENT_ID = 501, 502, 503
NEW, DRAFT, AWAITING, PRODUCTION, READY, CANCELLED = 1, 180, 185, 187, 188, 189


class Counter:
    """Numbers from `start` on; unlike itertools.count it can be copied with its world in every Python."""

    def __init__(self, start: int) -> None:
        self._next = start

    def __iter__(self) -> Counter:
        return self

    def __next__(self) -> int:
        self._next += 1
        return self._next - 1


@dataclass
class FieldDef:
    id: int
    name: str
    type: int
    object_type: int = 0
    formula: str | None = None


@dataclass
class StatusDef:
    id: int
    name: str
    active: bool = True


@dataclass
class ProcessDef:
    id: int
    name: str
    statuses: list[int]


@dataclass
class TagDef:
    id: int
    name: str
    fields: list[FieldDef]


@dataclass
class TemplateDef:
    id: int
    name: str
    process: int
    fields: set[int]  # custom fields attached to it; others are neither stored nor shown


@dataclass
class Task:
    id: int
    name: str
    kind: str = "Task"  # Task, Template, Checkmark
    template: int | None = None
    parent: int | None = None
    status: int = NEW
    deleted: bool = False
    values: dict[int, Any] = field(default_factory=dict)  # plain fields, and computed ones as last computed
    comments: list[dict[str, Any]] = field(default_factory=list)
    history: list[int] = field(default_factory=list)  # statuses set through the API
    stale_reads: int = 0  # reads that still show `stale_difference`
    stale_difference: float | None = None


@dataclass
class Entry:
    key: int
    tag: int
    task: int
    comment: int
    values: dict[int, Any]
    deleted: bool = False
    hidden_looks: int = 0  # lists that do not show it yet


def _formula(left: str, right: str) -> str:
    """As the API spells formulas: quotes around names with spaces, as HTML entities."""
    return f"{{{{Задача.&quot;{left}&quot;}}}}-{{{{Задача.{right}}}}}"


@dataclass
class World:
    """All of the account. Whoever changes it holds the server's lock."""

    fields: dict[int, FieldDef] = field(default_factory=dict)
    tags: dict[int, TagDef] = field(default_factory=dict)
    templates: dict[int, TemplateDef] = field(default_factory=dict)
    statuses: dict[int, StatusDef] = field(default_factory=dict)
    processes: dict[int, ProcessDef] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    paid_due: bool = False  # Difference counts paid − due
    numbers: Counter = field(default_factory=lambda: Counter(900_001))
    keys: Counter = field(default_factory=lambda: Counter(155))
    comment_ids: Counter = field(default_factory=lambda: Counter(159_756))

    # ------------------------------------------------------------ making

    def new_number(self) -> int:
        """Tasks, templates and checklist items share their numbers."""
        return next(number for number in self.numbers if number not in self.tasks)

    def put(self, task: Task) -> Task:
        if task.id in self.tasks:
            raise ValueError(f"number {task.id} is taken by {self.tasks[task.id].name!r}")
        self.tasks[task.id] = task
        return task

    def status_id(self, status: str | int) -> int:
        if isinstance(status, int):
            return self.statuses[status].id
        for known in self.statuses.values():
            if known.name == status:
                return known.id
        raise KeyError(
            f"no status {status!r} in the sandbox; there are {[known.name for known in self.statuses.values()]}"
        )

    def add_entry(self, tag: int, task: Task, values: dict[int, Any], *, comment: int | None = None) -> Entry:
        if comment is None:
            comment = next(self.comment_ids)
            task.comments.append({"id": comment, "description": ""})
        entry = Entry(key=next(self.keys), tag=tag, task=task.id, comment=comment, values=values)
        self.entries[entry.key] = entry
        return entry

    def stand_in(self, numbers: Collection[int]) -> World:
        """
        A world in which things can be done to these tasks and entries without their happening here.

        Everything else is shared, so that it costs the same in an account of thousands of tasks; so are the counters,
        because a number given to something that was taken back is given to nothing else.
        """
        other = copy.copy(self)
        other.tasks, other.entries = dict(self.tasks), dict(self.entries)
        for things in (other.tasks, other.entries):
            for number in numbers:
                if number in things:
                    things[number] = copy.deepcopy(things[number])  # type: ignore[assignment]
        return other

    # ------------------------------------------------------------ totals

    def rows_of(self, task: int) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.task == task and not entry.deleted]

    def is_draft(self, task: Task) -> bool:
        return task.status == DRAFT

    def recompute(self, task: Task, *, stale_reads: int = 0) -> None:
        """Bring Paid and Difference up to date; for `stale_reads` reads Difference goes on showing its old value."""
        if task.template != PAYMENT_TEMPLATE or self.is_draft(task):
            return
        sums = [entry.values.get(SUM) for entry in self.rows_of(task.id) if entry.tag == INCOME_TAG]
        task.values[PAID] = sum(
            float(value) for value in sums if isinstance(value, int | float) and not isinstance(value, bool)
        )
        before = task.values.get(DIFFERENCE)
        due = float(task.values.get(DUE) or 0)
        paid = float(task.values[PAID])
        task.values[DIFFERENCE] = paid - due if self.paid_due else due - paid
        if stale_reads:
            task.stale_difference, task.stale_reads = before, stale_reads

    def shown(self, task: Task, field_id: int) -> Any:
        """A field's value as this read shows it; None: nothing, or not attached to the task's template."""
        template = self.templates.get(task.template or 0)
        if template is None or field_id not in template.fields or field_id not in self.fields:
            return None
        if field_id == DIFFERENCE and task.stale_reads > 0:
            task.stale_reads -= 1
            return task.stale_difference
        return task.values.get(field_id)


def sample_world() -> World:
    """An account that the sample settings fit by name."""
    world = World()
    for item in (
        FieldDef(DUE, "Сума до оплати", 1),
        FieldDef(PAID, "Оплачено", 23),
        FieldDef(DIFFERENCE, "Різниця", 24, formula=_formula("Сума до оплати", "Оплачено")),
        FieldDef(ORDER_NUMBER, "Номер замовлення", 0),
        FieldDef(NOTE, "Примітка", 2),
    ):
        world.fields[item.id] = item
    world.tags[INCOME_TAG] = TagDef(
        INCOME_TAG,
        "Доходи",
        [FieldDef(SUM, "Сума", 1, 4), FieldDef(DATE, "Дата", 3, 4), FieldDef(PAYMENT_ID, "ID платежу", 0, 4)],
    )
    world.tags[OTHER_TAG] = TagDef(OTHER_TAG, "Витрати", [FieldDef(511, "Сума", 1, 4), FieldDef(512, "Дата", 3, 4)])
    for status in (
        StatusDef(NEW, "Нова"),
        StatusDef(2, "В роботі"),
        StatusDef(3, "Завершена", False),
        StatusDef(DRAFT, "Чернетка"),
        StatusDef(AWAITING, "Очікує оплати"),
        StatusDef(PRODUCTION, "У виробництві"),
        StatusDef(READY, "Готово"),
        StatusDef(CANCELLED, "Скасовано", False),
    ):
        world.statuses[status.id] = status
    order_statuses = [NEW, DRAFT, AWAITING, PRODUCTION, READY, CANCELLED]
    world.processes[PROCESS] = ProcessDef(PROCESS, "Замовлення", order_statuses)
    world.processes[PAYMENT_PROCESS] = ProcessDef(PAYMENT_PROCESS, "Оплати", [NEW, 2, 3, DRAFT])
    for template in (
        TemplateDef(ORDER_TEMPLATE, "Замовлення", PROCESS, {ORDER_NUMBER}),
        TemplateDef(PAYMENT_TEMPLATE, "Оплата", PAYMENT_PROCESS, {DUE, PAID, DIFFERENCE}),
        TemplateDef(53, "Доставка", PAYMENT_PROCESS, {NOTE}),
    ):
        world.templates[template.id] = template
        world.put(Task(template.id, template.name, kind="Template"))
    return world
