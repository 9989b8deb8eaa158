"""
Desks: the brake a person pulls.
"""

from __future__ import annotations

from sqlalchemy import select

from reconciler.ledger import tables
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
