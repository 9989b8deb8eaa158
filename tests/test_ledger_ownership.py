"""Exclusive ownership, between threads, connections and real processes, on real SQLite and real PostgreSQL."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import LedgerUnavailable, OwnedElsewhere
from reconciler.ledger import Ledger
from tests.ledger_child import child
from tests.ledgers import HandClock

NAME = "desk:factory"


def test_a_name_has_one_owner(any_ledger: Ledger, any_ledger_url: str, hand_clock: HandClock) -> None:
    """D09 R03: a second owner is refused at once and told who the first is; the name is free when the block ends."""
    other = Ledger.open(any_ledger_url, create=False, clock=hand_clock, actor="other")
    with any_ledger.exclusive(NAME):
        for ledger in (any_ledger, other):
            started = time.monotonic()
            with pytest.raises(OwnedElsewhere) as refused, ledger.exclusive(NAME):
                pytest.fail("owned twice")
            assert time.monotonic() - started < 5
            assert refused.value.facts == {"name": NAME, "holder": ledger.holder(NAME)}
        holder = other.holder(NAME)
        assert holder is not None
        assert holder.startswith(f"pid {os.getpid()} on {socket.gethostname()[:10]}")
        assert "since 2026-11-22T09:30:00" in holder
        with other.exclusive("mailbox:payments"), any_ledger.begin() as tx:
            tx.append("work.done")
    assert _becomes(lambda: any_ledger.holder(NAME) is None)
    with other.exclusive(NAME):
        pass
    other.close()


def test_a_block_that_raises_lets_go(any_ledger: Ledger) -> None:
    """An owner that fails is no longer the owner, and its own error is what is seen."""
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), any_ledger.exclusive(NAME):
            _ = 1 / 0
        assert _becomes(lambda: any_ledger.holder(NAME) is None)


def test_a_killed_owner_is_succeeded(any_ledger: Ledger, any_ledger_url: str) -> None:
    """R07, D29: kill -9 the owner, a real process: there is no lease to wait out, the next takes over."""
    with child(any_ledger_url, "own", NAME) as owner:
        assert owner.line() == "owned"
        holder = any_ledger.holder(NAME)
        assert holder is not None
        assert holder.startswith(f"pid {owner.pid} on ")
        with pytest.raises(OwnedElsewhere), any_ledger.exclusive(NAME):
            pytest.fail("owned twice")
        owner.kill()
        # The operating system has let go with the process; PostgreSQL does when its backend sees the closed socket.
        assert _becomes(lambda: any_ledger.holder(NAME) is None)
        with any_ledger.exclusive(NAME):
            assert any_ledger.holder(NAME) is not None


def test_a_lost_ownership_is_noticed_before_anything_is_written(postgres_url: str, hand_clock: HandClock) -> None:
    """A server that dropped the owner's session may have given the name to another: the old owner writes nothing more."""
    ledger = Ledger.open(postgres_url, create=True, clock=hand_clock, actor="tester")
    with ledger.exclusive(NAME):
        with ledger.begin() as tx:
            tx.append("work.done")
            tx.connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        assert _becomes(lambda: ledger.holder(NAME) is None)
        with pytest.raises(LedgerUnavailable, match="ownership of desk:factory was lost"), ledger.begin():
            pytest.fail("wrote without owning")
    with ledger.exclusive(NAME), ledger.begin() as tx:
        assert [event.name for event in tx.history()].count("work.done") == 1
    ledger.close()


def test_a_deleted_lock_is_noticed_before_anything_is_written(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    """Whoever deletes the lock files lets a second owner in: the first one writes nothing more."""
    with sqlite_ledger.exclusive(NAME):
        [lock] = (tmp_path / "ledger.db.locks").iterdir()
        lock.unlink()
        with sqlite_ledger.exclusive(NAME):
            pass
        with pytest.raises(LedgerUnavailable, match="ownership of desk:factory was lost"), sqlite_ledger.begin():
            pytest.fail("wrote without owning")
    with sqlite_ledger.exclusive(NAME), sqlite_ledger.begin() as tx:
        tx.append("work.done")


def test_names_are_file_names_whatever_is_in_them(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    """A mailbox named with a slash locks a file beside the ledger, for its owner alone, and nowhere else."""
    with sqlite_ledger.exclusive("mailbox:../оплати/1"):
        [lock] = (tmp_path / "ledger.db.locks").iterdir()
        assert lock.stat().st_mode & 0o777 == 0o600
        assert lock.parent.stat().st_mode & 0o777 == 0o700


def test_locks_that_cannot_be_made_are_told(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    """A folder that cannot be made is a ledger that is not available, not a bug."""
    (tmp_path / "ledger.db.locks").write_text("in the way")
    with pytest.raises(LedgerUnavailable, match="lock of desk:factory"), sqlite_ledger.exclusive(NAME):
        pytest.fail("owned nothing")


def _becomes(condition: Callable[[], bool]) -> bool:
    """True as soon as it is; False after half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def test_letting_go_in_one_thread_disturbs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D09: a mailbox that is let go of in the moment in which a payment is written down is no trouble of that payment's."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", create=True, clock=HandClock(), actor="test")
    taken, leave, left = threading.Event(), threading.Event(), threading.Event()
    fstat = os.fstat

    def own() -> None:
        with ledger.exclusive("mailbox:payments"):
            taken.set()
            leave.wait(30)
        left.set()

    def looked_at(file: int) -> os.stat_result:
        leave.set()
        left.wait(0.3)  # as long as it takes where nothing keeps the file open; it may not be let go of here
        return fstat(file)

    owner = threading.Thread(target=own)
    owner.start()
    assert taken.wait(30)
    with monkeypatch.context() as patch:
        patch.setattr("reconciler.ledger.ownership.os.fstat", looked_at)
        with ledger.begin() as tx:
            tx.append("work.done")
    assert left.wait(30)
    owner.join()
    ledger.close()
