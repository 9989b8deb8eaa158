"""
An account on the desk with somebody's own names.

In: the table of a desk. Out: a sandbox account in which each of its names is found, and the keys of the table that had to be
changed for it: what was given by id is given by the sandbox's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.config import DeskSettings
from reconciler.sandbox.planfix.world import (
    AWAITING,
    DATE,
    DIFFERENCE,
    DUE,
    INCOME_TAG,
    ORDER_NUMBER,
    ORDER_TEMPLATE,
    PAID,
    PAYMENT_ID,
    PAYMENT_TEMPLATE,
    PROCESS,
    PRODUCTION,
    READY,
    SUM,
    StatusDef,
    World,
    sample_world,
)

FIELDS = {"due": DUE, "paid": PAID, "difference": DIFFERENCE}
TEMPLATES = {"order_template": ORDER_TEMPLATE, "payment_template": PAYMENT_TEMPLATE}
TAG_FIELDS = {"income_sum": SUM, "income_date": DATE, "income_payment_id": PAYMENT_ID}
MORE_STATUSES = 301


def account_for(table: Mapping[str, Any]) -> tuple[World, dict[str, Any]]:
    """table: [desks.NAME] as it stands in the file. Returns the account, and the changed keys of the table."""
    world = sample_world()
    names = _Names(table)
    for key, number in TEMPLATES.items():
        world.templates[number].name = world.tasks[number].name = names.take(key, number)
    for key, number in FIELDS.items():
        world.fields[number].name = names.take(key, number)
    tag = world.tags[INCOME_TAG]
    tag.name = names.take("income", INCOME_TAG)
    by_id = {field.id: field for field in tag.fields}
    for key, number in TAG_FIELDS.items():
        by_id[number].name = names.take(key, number)
    if table.get("order_number", "task") != "task":
        world.fields[ORDER_NUMBER].name = names.take("order_number", ORDER_NUMBER)
    _statuses(world, names)
    world.paid_due = table.get("difference_sign") == "paid-due"
    left, right = (PAID, DUE) if world.paid_due else (DUE, PAID)
    world.fields[DIFFERENCE].formula = "-".join(
        f"{{{{Задача.&quot;{world.fields[number].name}&quot;}}}}" for number in (left, right)
    )
    return world, names.changed


class _Names:
    """What the table calls a thing; an id is no name, so the thing keeps its own, and the table is given its id here."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self.changed: dict[str, Any] = {}

    def take(self, key: str, number: int) -> str:
        name = str(self._table.get(key, DeskSettings.model_fields[key].default))
        if name.isdecimal():
            self.changed[key] = str(number)
            return f"{key} {name}"
        return name

    def many(self, key: str) -> list[str]:
        given = self._table.get(key, DeskSettings.model_fields[key].get_default(call_default_factory=True))
        return [str(name) for name in given] if isinstance(given, list | tuple) else []


def _statuses(world: World, names: _Names) -> None:
    """The statuses of the settings, the first of each list in the place of the sample's; no name stands twice."""
    production = names.take("production_status", PRODUCTION)
    given = {"advance_from": names.many("advance_from"), "after_production": names.many("after_production")}
    taken = {production, *given["advance_from"], *given["after_production"]}
    for status in world.statuses.values():
        if status.name in taken:
            status.name += " (sandbox)"
    world.statuses[PRODUCTION].name = production
    free = MORE_STATUSES
    for key, first in (("advance_from", AWAITING), ("after_production", READY)):
        numbers = []
        for position, name in enumerate(given[key]):
            number, free = (first, free) if position == 0 else (free, free + 1)
            shown = f"{key} {name}" if name.isdecimal() else name
            world.statuses[number] = StatusDef(number, shown)
            if number not in world.processes[PROCESS].statuses:
                world.processes[PROCESS].statuses.append(number)
            numbers.append(str(number))
        if any(name.isdecimal() for name in given[key]):
            names.changed[key] = [
                number if name.isdecimal() else name for number, name in zip(numbers, given[key], strict=True)
            ]
