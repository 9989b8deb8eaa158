"""
Desks: the brake a person pulls, and what must be remembered between runs (resolved names, a rotated refresh token).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from reconciler.ledger import tables
from reconciler.ledger.columns import json_ready
from reconciler.ledger.history import History


class Desks(History):
    def paused(self, desk: str) -> bool:
        return bool(self.connection.execute(select(tables.desk.c.paused).where(tables.desk.c.name == desk)).scalar())

    def pause(self, desk: str, paused: bool) -> None:
        """Pull or release the brake; it survives restarts. Saying what is so already changes nothing."""
        if self.paused(desk) is paused:
            return
        columns = {"paused": paused, "changed_at": self.now(), "changed_by": self.actor}
        self.connection.execute(
            self.insert(tables.desk)
            .values(name=desk, **columns)
            .on_conflict_do_update(index_elements=["name"], set_=columns)
        )
        self.append("desk.paused" if paused else "desk.resumed", desk=desk)

    def recall(self, name: str) -> Mapping[str, Any] | None:
        """A remembered JSON object; None: never remembered."""
        value: Mapping[str, Any] | None = self.connection.execute(
            select(tables.memory.c.value).where(tables.memory.c.name == name)
        ).scalar()
        return value

    def remember(self, name: str, value: Mapping[str, Any]) -> None:
        """The history learns that it was done, not the value: it may be a secret."""
        columns = {"value": json_ready(value), "changed_at": self.now()}
        self.connection.execute(
            self.insert(tables.memory)
            .values(name=name, **columns)
            .on_conflict_do_update(index_elements=["name"], set_=columns)
        )
        self.append("memory.changed", memory=name)
