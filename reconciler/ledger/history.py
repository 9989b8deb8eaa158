"""
The room every other room stands on: one transaction's connection, its clock and actor, and the append-only history.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from reconciler.ledger import tables
from reconciler.ledger.columns import json_ready
from reconciler.ledger.values import event_of
from reconciler.model import Event
from reconciler.ports import Clock


class History:
    """Appends what was done, by whom and when; reads it back. Nothing here is ever changed: triggers refuse it."""

    def __init__(self, connection: Connection, *, clock: Clock, actor: str) -> None:
        self.connection = connection
        self.actor = actor
        self._clock = clock

    def now(self) -> datetime:
        return self._clock()

    def append(
        self,
        name: str,
        *,
        mail_id: int | None = None,
        entry_id: int | None = None,
        order_number: str | None = None,
        **facts: Any,
    ) -> None:
        self.connection.execute(
            tables.event.insert().values(
                at=self.now(),
                name=name,
                facts=json_ready(facts),
                actor=self.actor,
                mail_id=mail_id,
                entry_id=entry_id,
                order_number=order_number,
            )
        )

    def history(
        self, *, mail_id: int | None = None, entry_id: int | None = None, order_number: str | None = None
    ) -> Sequence[Event]:
        """Events of any of those given, in the order they happened; with none given, all."""
        event = tables.event.c
        given = [
            column == value
            for column, value in (
                (event.mail_id, mail_id),
                (event.entry_id, entry_id),
                (event.order_number, order_number),
            )
            if value is not None
        ]
        query = select(tables.event).order_by(event.id)
        if given:
            query = query.where(or_(*given))
        return [event_of(row) for row in self.connection.execute(query)]

    def newest_event(self) -> int:
        """The id of the last thing that happened; 0: nothing has."""
        newest = self.connection.execute(select(func.max(tables.event.c.id))).scalar()
        return newest or 0

    def happened_since(self, event_id: int) -> Sequence[Event]:
        """What happened after that event, in order."""
        query = select(tables.event).where(tables.event.c.id > event_id).order_by(tables.event.c.id)
        return [event_of(row) for row in self.connection.execute(query)]

    def insert(self, table: Any) -> postgresql.Insert:
        """
        An INSERT that can say ON CONFLICT.

        SQLite and PostgreSQL spell it alike but SQLAlchemy has one class for each; the one returned is the
        connection's own, and named as PostgreSQL's because the two have the same methods.
        """
        if self.connection.dialect.name == "sqlite":
            return cast(postgresql.Insert, sqlite.insert(table))
        return postgresql.insert(table)
