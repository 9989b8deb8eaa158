"""
What must be remembered between runs, as JSON objects by name: resolved names, a rotated refresh token, a day's traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from reconciler.ledger import tables
from reconciler.ledger.columns import json_ready
from reconciler.ledger.history import History


class Memory(History):
    def recall(self, name: str) -> Mapping[str, Any] | None:
        """A remembered JSON object; None: never remembered."""
        value: Mapping[str, Any] | None = self.connection.execute(
            select(tables.memory.c.value).where(tables.memory.c.name == name)
        ).scalar()
        return value

    def remember(self, name: str, value: Mapping[str, Any]) -> None:
        """The history learns that it was done, not the value: it may be a secret."""
        self.note(name, value)
        self.append("memory.changed", memory=name)

    def note(self, name: str, value: Mapping[str, Any]) -> None:
        """The same without a word in the history: for what changes at every pass of an idle service."""
        columns = {"value": json_ready(value), "changed_at": self.now()}
        self.connection.execute(
            self.insert(tables.memory)
            .values(name=name, **columns)
            .on_conflict_do_update(index_elements=["name"], set_=columns)
        )

    def forget_note(self, name: str) -> None:
        self.connection.execute(delete(tables.memory).where(tables.memory.c.name == name))
