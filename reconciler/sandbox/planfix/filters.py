"""Filters of the list requests: a filter object as sent goes in, out comes whether a task or entry passes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reconciler.sandbox.planfix.world import Entry, Task, World

OPERATORS = frozenset({"equal", "notequal", "gt", "lt", "have", "nothave"})


class BadFilter(Exception):
    """code 40: a parameter is missing; 41: its value is not allowed."""

    def __init__(self, code: int, error: str) -> None:
        super().__init__(error)
        self.code = code


def candidates(world: World, filters: Sequence[Mapping[str, Any]]) -> Collection[Task]:
    """The tasks that may pass, narrowed by number or parent, so that an account of thousands answers as soon as a small one."""
    for item in filters:
        value = item.get("value")
        wanted = set(value) if isinstance(value, list) else {value}
        if item.get("operator") == "equal" and wanted and all(type(number) is int for number in wanted):
            if item.get("type") == 57:
                return [task for number, task in world.tasks.items() if number in wanted]
            if item.get("type") == 73:
                return [task for task in world.tasks.values() if task.parent in wanted]
    return world.tasks.values()


def passes(world: World, task: Task, wanted: Mapping[str, Any], *, fold: bool) -> bool:
    """One filter of /task/list."""
    kind, operator, value = _parts(wanted)
    match kind:
        case 57:
            return _any_of(task.id, value, operator)
        case 73:
            return _any_of(task.parent, value, operator)
        case 307:
            return _any_of(task.id, _subtree(world, value), operator)
        case 51:
            return _any_of(task.template, value, operator)
        case 10:
            return _any_of(task.status, value, operator)
        case 8:
            return (str(value).lower() in task.name.lower()) == (operator == "equal")
        case 101:
            return _text(world.shown(task, _field(wanted)), str(value), operator, fold)
        case 102:
            return _number(world.shown(task, _field(wanted)), value, operator)
        case 93:
            return _inner(world, task, wanted, operator, value, fold)
    raise BadFilter(41, f"Filter type {kind} not allowed")


def entry_passes(entry: Entry, wanted: Mapping[str, Any], *, fold: bool) -> bool:
    """One filter of /datatag/{id}/entry/list."""
    kind, operator, value = _parts(wanted)
    if kind == 3108:
        return _text(entry.values.get(_field(wanted)), str(value), operator, fold)
    if kind == 3109:
        return _number(entry.values.get(_field(wanted)), value, operator)
    if kind == 3101:
        return _day(entry.values.get(_field(wanted)), value, operator)
    raise BadFilter(41, f"Filter type {kind} not allowed")


def _parts(wanted: Mapping[str, Any]) -> tuple[int, str, Any]:
    for key in ("type", "operator", "value"):
        if key not in wanted:
            raise BadFilter(40, f"Required parameter {key} of filter not found")
    if wanted["operator"] not in OPERATORS:
        raise BadFilter(41, f"Operator {wanted['operator']!r} not allowed")
    return wanted["type"], wanted["operator"], wanted["value"]


def _field(wanted: Mapping[str, Any]) -> int:
    if not isinstance(wanted.get("field"), int):
        raise BadFilter(40, "Required parameter field of filter not found")
    return int(wanted["field"])


def _any_of(found: int | None, value: Any, operator: str) -> bool:
    wanted = value if isinstance(value, list) else [value]
    if not all(isinstance(item, int) and not isinstance(item, bool) for item in wanted):
        raise BadFilter(41, f"Filter value {value!r} not allowed")
    return (found in wanted) == (operator == "equal")


def _text(found: Any, value: str, operator: str, fold: bool) -> bool:
    have, want = (str(found or ""), value)
    if fold:
        have, want = have.casefold(), want.casefold()
    if operator in ("have", "nothave"):
        return (want in have) == (operator == "have")
    return (have == want) == (operator == "equal")


def _number(found: Any, value: Any, operator: str) -> bool:
    if not isinstance(found, int | float):
        return operator == "notequal"
    match operator:
        case "equal":
            return bool(found == value)
        case "notequal":
            return bool(found != value)
        case "gt":
            return bool(found > value)
        case "lt":
            return bool(found < value)
    raise BadFilter(41, f"Operator {operator!r} not allowed for numbers")


def _day(found: Any, value: Any, operator: str) -> bool:
    if not isinstance(value, dict) or value.get("dateType") not in ("otherDate", "otherRange"):
        raise BadFilter(41, f"Filter value {value!r} not allowed")
    have = _sortable(found["date"]) if isinstance(found, dict) and "date" in found else ""
    first = _sortable(value.get("dateFrom") or value.get("dateValue") or "")
    last = _sortable(value.get("dateTo") or "") if value["dateType"] == "otherRange" else first
    if operator in ("gt", "lt"):
        return bool(have) and (have > last if operator == "gt" else have < first)
    return (bool(have) and first <= have <= last) == (operator == "equal")


def _sortable(day: str) -> str:
    return "-".join(reversed(day.split("-")))


def _subtree(world: World, root: Any) -> list[int]:
    found = [int(root)]
    for number in found:
        found += [task.id for task in world.tasks.values() if task.parent == number]
    return found


def _inner(world: World, task: Task, wanted: Mapping[str, Any], operator: str, value: Any, fold: bool) -> bool:
    sub = wanted.get("subfilter")
    if not isinstance(sub, dict):
        raise BadFilter(40, 'JSONObject["subfilter"] not found.')
    inner = {**sub["filter"], "operator": "equal", "value": value}
    rows = [entry for entry in world.rows_of(task.id) if entry.tag == sub["dataTagId"]]
    return any(entry_passes(entry, inner, fold=fold) for entry in rows) == (operator == "equal")
