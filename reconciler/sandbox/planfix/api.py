"""
The API's verbs on the sandbox's world: a request goes in, a status and a JSON body come out, as the reference describes.

Errors are the documented envelopes with their codes. A route is a method, a path pattern, the scope it needs and a
function; the table at the end has them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.planfix import shapes
from reconciler.sandbox.planfix.faults import Manners
from reconciler.sandbox.planfix.filters import BadFilter, candidates, entry_passes, passes
from reconciler.sandbox.planfix.world import Task, World

Body = Mapping[str, Any]
UPDATABLE = frozenset({"status", "processId", "customFieldData", "name", "description", "isDeleted"})


@dataclass
class Reply:
    status: int
    body: Any  # JSON, or None for an empty body


class Refused(Exception):
    def __init__(self, status: int, code: int, error: str) -> None:
        super().__init__(error)
        self.reply = Reply(status, {"result": "fail", "code": code, "error": error})


@dataclass
class Call:
    """One request as a handler sees it; `ids` are the numbers in its path."""

    world: World
    manners: Manners
    ids: tuple[int, ...]
    body: Body  # JSON of a POST, query of a GET


def ok(**content: Any) -> Reply:
    return Reply(200, {"result": "success", **content})


# ---------------------------------------------------------------- reads


def ping(call: Call) -> Reply:
    return ok()


def task_list(call: Call) -> Reply:
    world, fold = call.world, call.manners.filter_ignores_case
    filters = call.body.get("filters", [])
    found = [
        task for task in candidates(world, filters) if all(passes(world, task, item, fold=fold) for item in filters)
    ]
    shown = shapes.page(found, call.body, call.manners)
    return ok(tasks=[shapes.task_row(world, task, call.body.get("fields"), call.manners) for task in shown])


def task_get(call: Call) -> Reply:
    task = call.world.tasks.get(call.ids[0])
    if task is None or task.deleted:
        raise Refused(400, 1000, f"Task not found by id {call.ids[0]}")
    return ok(task=shapes.task_row(call.world, task, call.body.get("fields"), call.manners))


def templates(call: Call) -> Reply:
    return ok(templates=[{"id": item.id, "name": item.name} for item in call.world.templates.values()])


def task_fields(call: Call) -> Reply:
    asked = str(call.body.get("fields", ""))
    return ok(customfields=[shapes.field_row(item, asked) for item in call.world.fields.values()])


def tag_list(call: Call) -> Reply:
    shown = shapes.page(list(call.world.tags.values()), call.body, call.manners)
    return ok(**{call.manners.tag_list_key: [shapes.tag_row(tag) for tag in shown]})


def tag_get(call: Call) -> Reply:
    return ok(dataTag=shapes.tag_row(_tag(call)))


def tag_fields(call: Call) -> Reply:
    return ok(customfields=[shapes.field_row(item, "") for item in _tag(call).fields])


def entry_list(call: Call) -> Reply:
    world, tag, body = call.world, _tag(call), call.body
    fold, found = call.manners.filter_ignores_case, []
    for entry in world.entries.values():
        if entry.tag != tag.id or entry.deleted or ("taskId" in body and entry.task != body["taskId"]):
            continue
        if not all(entry_passes(entry, item, fold=fold) for item in body.get("filters", [])):
            continue
        if entry.hidden_looks > 0:
            entry.hidden_looks -= 1
            continue
        found.append(entry)
    shown = shapes.page(found, body, call.manners)
    return ok(dataTagEntries=[shapes.entry_row(world, entry, body.get("fields"), call.manners) for entry in shown])


def entry_get(call: Call) -> Reply:
    entry = call.world.entries.get(call.ids[0])
    if entry is None or entry.deleted:
        raise Refused(400, 6000, f"Entry not found by key - {call.ids[0]}")
    return ok(entry=shapes.entry_row(call.world, entry, call.body.get("fields"), call.manners))


def processes(call: Call) -> Reply:
    return ok(processes=[{"id": item.id, "name": item.name} for item in call.world.processes.values()])


def process_statuses(call: Call) -> Reply:
    process = call.world.processes.get(call.ids[0])
    if process is None:
        raise Refused(400, 41, f"Process not found by id {call.ids[0]}")
    return ok(statuses=[shapes.status_row(call.world.statuses[number]) for number in process.statuses])


# ---------------------------------------------------------------- writes


def task_update(call: Call) -> Reply:
    task = _task(call, 404, "Task for update not found by id")
    unknown = set(call.body) - UPDATABLE
    if unknown:
        raise Refused(400, 41, f"Unknown parameters {sorted(unknown)}")
    status = call.body.get("status")
    if status is not None:
        number = status["id"]
        if number not in call.world.statuses:
            raise Refused(400, 41, f"Status not find by id {number}")
        task.status = number
        task.history.append(number)
        call.world.recompute(task)
    template = call.world.templates.get(task.template or 0)
    for item in call.body.get("customFieldData", []):
        field = item["field"]["id"]
        if template is not None and field in template.fields and call.world.fields[field].type < 23:
            task.values[field] = item["value"]  # any other field is answered with success and not stored
    call.world.recompute(task)
    return Reply(200, None) if call.manners.empty_updates else ok()


def entry_create(call: Call) -> Reply:
    task = _task(call, 400, "Task not found by id")
    number: int = call.body["dataTag"]["id"]
    tag = call.world.tags.get(number)
    if tag is None:
        raise Refused(404, 6000, "Data tag not found")
    if task.status in call.manners.locked_statuses:
        raise Refused(400, 6011, "Adding entries is not allowed in this status")
    known = {definition.id for definition in tag.fields}
    comment = call.ids[1] if len(call.ids) > 1 else None
    keys, holder = [], comment
    for item in call.body.get("items", []):
        values = {field["field"]["id"]: field["value"] for field in item.get("customFieldData", [])}
        if not set(values) <= known:
            raise Refused(400, 6001, "Error add entry")
        entry = call.world.add_entry(tag.id, task, values, comment=holder)
        entry.hidden_looks = call.manners.entry_lag
        keys.append(entry.key)
        holder = entry.comment
    call.world.recompute(task, stale_reads=call.manners.stale_reads)
    body: dict[str, Any] = {"result": "success", "keys": keys}
    if comment is None:
        body["commentId"] = holder
    return Reply(201, body)


def entry_update(call: Call) -> Reply:
    entry = call.world.entries.get(call.ids[0])
    if entry is None or entry.deleted:
        raise Refused(400, 6002, "Error update entry")
    entry.values.update({item["field"]["id"]: item["value"] for item in call.body.get("customFieldData", [])})
    call.world.recompute(call.world.tasks[entry.task])
    return Reply(200, None)


def entry_delete(call: Call) -> Reply:
    entry = call.world.entries.get(call.ids[0])
    if entry is None or entry.deleted:
        raise Refused(400, 6, "Entry not found")
    entry.deleted = True
    call.world.recompute(call.world.tasks[entry.task])
    return Reply(200, None)


def comment_create(call: Call) -> Reply:
    task = _task(call, 400, "Task not found by id")
    number = next(call.world.comment_ids)
    task.comments.append({"id": number, "description": str(call.body.get("description", ""))})
    return Reply(201, {"result": "success", "id": number})


def _task(call: Call, status: int, error: str) -> Task:
    task = call.world.tasks.get(call.ids[0])
    if task is None or task.deleted or task.kind != "Task":
        raise Refused(status, 1000, f"{error} {call.ids[0]}")
    return task


def _tag(call: Call) -> Any:
    tag = call.world.tags.get(call.ids[0])
    if tag is None:
        raise Refused(404, 6000, f"Data tag not found by id {call.ids[0]}")
    return tag


# ---------------------------------------------------------------- routes

Handler = Callable[[Call], Reply]
ROUTES: tuple[tuple[str, str, str | None, Handler], ...] = (
    ("GET", "/ping", None, ping),
    ("POST", "/task/list", "task_readonly", task_list),
    ("GET", "/task/templates", "task_readonly", templates),
    ("GET", "/task/{id}", "task_readonly", task_get),
    ("POST", "/task/{id}", "task_update", task_update),
    ("POST", "/task/{id}/datatags/", "datatag_add", entry_create),
    ("POST", "/task/{id}/datatags/{comment}", "datatag_add", entry_create),
    ("POST", "/task/{id}/comments/", "comment_add", comment_create),
    ("POST", "/datatag/list", "datatag_readonly", tag_list),
    ("GET", "/datatag/{id}", "datatag_readonly", tag_get),
    ("POST", "/datatag/{id}/entry/list", "datatag_readonly", entry_list),
    ("GET", "/datatag/entry/{key}", "datatag_readonly", entry_get),
    ("POST", "/datatag/entry/{key}", "datatag_update", entry_update),
    ("DELETE", "/datatag/entry/{key}", "datatag_delete", entry_delete),
    ("GET", "/customfield/task", None, task_fields),
    ("GET", "/customfield/datatag/{id}", "datatag_readonly", tag_fields),
    ("GET", "/process/task", None, processes),
    ("GET", "/process/task/{id}/statuses", None, process_statuses),
)
COMPILED = tuple(
    (method, re.compile(re.sub(r"\{[a-z]+\}", r"(\\d+)", path)), scope, handler)
    for method, path, scope, handler in ROUTES
)
SCOPES = frozenset(scope for _, _, scope, _ in ROUTES if scope)


def perform(world: World, manners: Manners, method: str, path: str, body: Body, scopes: frozenset[str]) -> Reply:
    """Route a request whose token was accepted."""
    allowed = False
    for verb, pattern, scope, handler in COMPILED:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        allowed = True
        if verb != method:
            continue
        if scope is not None and scope not in scopes:
            return Refused(405, 5, f"Scope {scope} is needed").reply
        try:
            return handler(Call(world, manners, tuple(int(number) for number in match.groups()), body))
        except Refused as refused:
            return refused.reply
        except BadFilter as bad:
            return Refused(400, bad.code, str(bad)).reply
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            return Refused(400, 41, f"Parameter value not allowed: {exc}").reply
    return Refused(
        405 if allowed else 404, 405 if allowed else 0, "Method not allowed" if allowed else "Not found"
    ).reply
