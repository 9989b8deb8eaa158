"""The account's things in the shapes the API shows them: only the fields that were asked for, custom ones by numeric id only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.planfix.faults import Manners
from reconciler.sandbox.planfix.world import Entry, FieldDef, StatusDef, TagDef, Task, World

COMPUTED = frozenset({23, 24, 26})


def fields_asked(text: Any) -> tuple[set[str], list[int]]:
    """ "id,name,301" → system names, custom ids."""
    words = [word.strip() for word in str(text or "").split(",") if word.strip()]
    return {word for word in words if not word.isdigit()}, [int(word) for word in words if word.isdigit()]


def task_row(world: World, task: Task, fields: Any, manners: Manners) -> dict[str, Any]:
    names, ids = fields_asked(fields)
    template = world.templates.get(task.template or 0)
    known: dict[str, Any] = {
        "name": task.name,
        "type": task.kind,
        "status": status_row(world.statuses[task.status]),
        "template": {"id": task.template} if task.template else None,
        "parent": {"id": task.parent} if task.parent else None,
        "processId": template.process if template else None,
        "isDeleted": task.deleted,
        "dataTags": [_tag_of(world, entry) for entry in world.rows_of(task.id)],
    }
    row = {"id": task.id, **{key: value for key, value in known.items() if key in names}}
    if ids:
        row["customFieldData"] = [
            item for number in ids if (item := _task_element(world, task, number, manners)) is not None
        ]
    return row


def status_row(status: StatusDef) -> dict[str, Any]:
    return {"id": status.id, "name": status.name, "isActive": status.active}


def _tag_of(world: World, entry: Entry) -> dict[str, Any]:
    return {"dataTag": {"id": entry.tag, "name": world.tags[entry.tag].name}, "key": entry.key}


def _task_element(world: World, task: Task, number: int, manners: Manners) -> dict[str, Any] | None:
    value = world.shown(task, number)
    return None if value is None else element(world.fields[number], value, manners)


def element(definition: FieldDef, value: Any, manners: Manners) -> dict[str, Any]:
    """One item of customFieldData; `stringValue` follows display settings, thousands set apart by NBSP."""
    shown = _display(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if definition.type in COMPUTED:
        value = {"number": value, "dict": {"id": value}, "string": shown, "text": {"html": shown}}[manners.numbers_as]
    head = {"id": definition.id, "name": definition.name, "type": definition.type, "objectType": definition.object_type}
    return {"field": head, "value": value, "stringValue": shown}


def _display(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.2f}".replace(",", "\u00a0").replace(".", ",")
    if isinstance(value, dict):
        return str(value.get("date", ""))
    return str(value)


def entry_row(world: World, entry: Entry, fields: Any, manners: Manners) -> dict[str, Any]:
    names, ids = fields_asked(fields)
    tag = world.tags[entry.tag]
    known: dict[str, Any] = {
        "key": entry.key,
        "commentId": entry.comment,
        "task": {"id": entry.task},
        "dataTag": {"id": tag.id, "name": tag.name},
    }
    row: dict[str, Any] = {key: value for key, value in known.items() if key in names or key == "key"}
    definitions = {definition.id: definition for definition in tag.fields}
    if ids:
        row["customFieldData"] = [
            element(definitions[number], _entry_value(entry.values[number]), manners)
            for number in ids
            if number in definitions and entry.values.get(number) is not None
        ]
    return row


def _entry_value(value: Any) -> Any:
    if isinstance(value, dict) and "date" in value:
        day, month, year = value["date"].split("-")
        return {"date": value["date"], "time": "00:00", "datetime": f"{year}-{month}-{day}T00:00Z"}
    return value


def field_row(definition: FieldDef, asked: str) -> dict[str, Any]:
    names, _ = fields_asked(asked)
    row = {"id": definition.id, "name": definition.name, "type": definition.type, "objectType": definition.object_type}
    if "formula" in names and definition.formula:
        row["formula"] = definition.formula
    return row


def tag_row(tag: TagDef) -> dict[str, Any]:
    fields = [field_row(definition, "") for definition in tag.fields]
    return {"id": tag.id, "name": tag.name, "group": {"id": 3, "name": "Фінанси"}, "fields": fields}


def page(rows: list[Any], body: Mapping[str, Any], manners: Manners) -> list[Any]:
    """offset and pageSize, at most a hundred; with `short_pages`, a full page loses its last row."""
    offset, size = int(body.get("offset", 0)), min(int(body.get("pageSize", 100)), manners.page_cap, 100)
    found = rows[offset : offset + size]
    return found[:-1] if manners.short_pages and len(found) == size and size > 1 else found
