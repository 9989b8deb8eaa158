"""
What the account has to be named: templates, task fields, data tags and their fields, statuses. Each list is asked for once.

A client goes in; `Thing`s come out, with their ids as Planfix's REST API knows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from reconciler.desks.planfix import decode
from reconciler.desks.planfix.client import Planfix
from reconciler.desks.planfix.decode import Odd, Row
from reconciler.desks.planfix.paging import every_row
from reconciler.errors import DeskRefused, DeskUnreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something on the desk that has an id and a name."""

    id: int
    name: str
    type: int | None = None  # of a field: decode.TYPE_NAMES
    formula: str | None = None  # of a calculated field, as the account spells it


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """The statuses an order can be in; `of` names their process, None: it could not be told, so they are everybody's."""

    things: tuple[Thing, ...]
    of: str | None


class Catalogue:
    """Asks only for what is looked at, and keeps it: make a new one for a fresh look."""

    def __init__(self, client: Planfix) -> None:
        self._client = client
        self._tag_fields: dict[int, tuple[Thing, ...]] = {}
        self._tag_rows: dict[int, Row] = {}

    @cached_property
    def templates(self) -> tuple[Thing, ...]:
        return self._list("task/templates", "templates", "id,name")

    @cached_property
    def task_fields(self) -> tuple[Thing, ...]:
        # `formula` is not documented and works (seen live); where it does not, difference_sign has to be set
        return self._list("customfield/task", "customfields", "id,name,type,objectType,formula")

    @cached_property
    def tags(self) -> tuple[Thing, ...]:
        body = {"fields": "id,name,group,fields"}
        with shapes("datatag/list"):
            found = every_row(lambda page: self._client.ask("datatag/list", {**body, **page}), "dataTags")
            self._tag_rows = {thing.id: row for thing, row in zip(_things(found), found, strict=True)}
            return tuple(_things(found))

    def tag_fields(self, tag: int) -> tuple[Thing, ...]:
        """A data tag's own fields: out of its row when that carries them, else asked for."""
        if tag not in self._tag_fields:
            told = self._tag_rows.get(tag, {}).get("fields")
            if isinstance(told, list) and told:
                with shapes("datatag/list"):
                    self._tag_fields[tag] = tuple(_things(told))
            else:
                self._tag_fields[tag] = self._list(f"customfield/datatag/{tag}", "customfields", "id,name,type")
        return self._tag_fields[tag]

    def statuses(self, template: int) -> Statuses:
        """
        The statuses of the orders' process.

        Which process that is, is told by any one order; an account without orders, or one whose orders belong to an
        Object, may not tell it: then every process's statuses count.
        """
        sample = self._sample(template)
        process = decode.number_of(sample, "processId")
        for candidate in self.processes:
            if candidate.id == process:
                return Statuses(things=self._process_statuses(candidate.id), of=candidate.name)
        owner = decode.number_of(sample, "object")
        if owner is not None:
            try:
                return Statuses(
                    things=self._list(f"object/{owner}/statuses", "statuses", "id,name"), of=f"object {owner}"
                )
            except DeskRefused:
                pass  # not an account built on Objects after all: the processes have them all
        return Statuses(things=self.all_statuses, of=None)

    @cached_property
    def processes(self) -> tuple[Thing, ...]:
        return self._list("process/task", "processes", "id,name")

    @cached_property
    def all_statuses(self) -> tuple[Thing, ...]:
        """Of all processes, each id once: ids are the account's, names may repeat."""
        found: dict[int, Thing] = {}
        for process in self.processes:
            for thing in self._process_statuses(process.id):
                found.setdefault(thing.id, thing)
        return tuple(found.values())

    def _process_statuses(self, process: int) -> tuple[Thing, ...]:
        return self._list(f"process/task/{process}/statuses", "statuses", "id,name,isActive")

    def _sample(self, template: int) -> Row:
        body = {
            "offset": 0,
            "pageSize": 1,
            "fields": "id,processId,object,template",
            "filters": [{"type": 51, "operator": "equal", "value": template}],
        }
        with shapes("task/list"):
            found = decode.rows(self._client.ask("task/list", body), "tasks")
        return found[0] if found else {}

    def _list(self, path: str, key: str, fields: str) -> tuple[Thing, ...]:
        with shapes(path):
            return tuple(_things(decode.rows(self._client.get(path, fields=fields), key)))


def _things(rows: list[Row]) -> list[Thing]:
    found = []
    for row in rows:
        number = decode.number_of(row)
        if number is None:
            raise Odd("a row without id")
        formula = row.get("formula")
        found.append(
            Thing(
                id=number,
                name=str(row.get("name") or ""),
                type=decode.number_of(row, "type"),
                formula=formula if isinstance(formula, str) and formula.strip() else None,
            )
        )
    return found


@contextmanager
def shapes(step: str) -> Iterator[None]:
    """An answer whose shape proves nothing is an answer that did not come."""
    try:
        yield
    except Odd as exc:
        raise DeskUnreachable(f"{step}: Planfix's answer has an unexpected shape: {exc}", step=step) from exc
