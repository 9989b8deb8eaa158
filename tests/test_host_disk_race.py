"""The struck ledger's disk, where it fills in the middle of a transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.errors import LedgerUnavailable
from reconciler.sandbox.host.doors import Doors
from reconciler.sandbox.host.ledger import open_struck


def test_a_disk_that_fills_in_a_transaction_fails_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """R05: the commit on a disk that has just filled is refused whole; with room again the same ledger works as before."""
    doors = Doors()
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = open_struck(doors, url, create=True, clock=lambda: datetime.now(UTC), actor="test", base=None)

    def write(name: str, disk: str) -> None:
        with ledger.begin() as tx:
            tx.remember(name, {"is": "written"})
            doors.switch({"disk": disk})

    with pytest.raises(LedgerUnavailable):
        write("first", "full")
    with pytest.raises(LedgerUnavailable):
        write("second", "full")
    doors.switch({"disk": "ok"})
    write("third", "ok")
    with ledger.look() as tx:
        assert [tx.recall(name) for name in ("first", "second", "third")] == [None, None, {"is": "written"}]
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE name = 'room'").scalar() == 0
    ledger.close()
