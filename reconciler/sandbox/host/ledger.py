"""
The ledger of a daemon that can be struck: the product's own, on a disk that fills, in a process that dies at a commit.

The errors are SQLite's own: a full disk is a page limit at the present size with no free page left, so that a transaction
fails where it first needs a page and at the latest at its commit, as the journal would on a full disk; a read-only one
refuses the first write.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.ledger import Ledger, Tx
from reconciler.ports import Clock
from reconciler.sandbox.host.doors import Blow, Disk, Doors, Side

NO_LIMIT = 0xFFFFFFFE
"""SQLite's own highest page count."""


class StruckLedger(Ledger):
    """Made by `open_struck`."""

    doors: Doors

    @contextmanager
    def begin(self, *, actor: str | None = None) -> Iterator[Tx]:
        death = self.doors.death
        meets = False
        with super().begin(actor=actor) as tx:
            self._set_disk(tx)
            before = 0 if death is None else tx.newest_event()
            yield tx
            if death is not None:
                meets = death.meets(tx.happened_since(before))
                if meets:
                    self._strike("before")
            if self.doors.disk is Disk.FULL and self.place.path is not None:
                self._set_disk(tx)  # it may have filled while this transaction was open
                _need_room(tx)
        if meets:
            self._strike("after")

    def _strike(self, side: Side) -> None:
        death = self.doors.death
        if death is None or death.side != side or not self.doors.is_the_end(death):
            return
        if death.by != Blow.FILL:
            os.kill(os.getpid(), signal.SIGKILL if death.by == Blow.KILL else signal.SIGTERM)
        self.doors.survive(death)

    def _set_disk(self, tx: Tx) -> None:
        """Connections are pooled, so each transaction says anew what its disk is like. Other disks are not ours to fill."""
        disk = self.doors.disk
        if self.place.path is None:
            return
        pages = _number(tx, "PRAGMA page_count") if disk is Disk.FULL else NO_LIMIT
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        tx.connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if disk is Disk.READ_ONLY else 'OFF'}")


def _need_room(tx: Tx) -> None:
    """One page more than there are free ones; raises SQLite's own "database or disk is full"."""
    size = _number(tx, "PRAGMA page_size") * (_number(tx, "PRAGMA freelist_count") + 2)
    tx.connection.exec_driver_sql(f"CREATE TABLE room AS SELECT zeroblob({size}) AS needed")


def _number(tx: Tx, pragma: str) -> int:
    return int(tx.connection.exec_driver_sql(pragma).scalar_one())


def open_struck(doors: Doors, url: str, *, create: bool, clock: Clock, actor: str, base: Path | None) -> Ledger:
    """`Ledger.open` for a process with these doors."""
    ledger = StruckLedger.open(url, create=create, clock=clock, actor=actor, base=base)
    if not isinstance(ledger, StruckLedger):
        raise TypeError("Ledger.open makes the class it was called on")
    ledger.doors = doors
    return ledger
