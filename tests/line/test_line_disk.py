"""A disk that fills, or cannot be written, in the middle of a payment; a ledger that is damaged; a power cut."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from reconciler.ledger.engine import choose_journal
from reconciler.sandbox.host import Blow, Death, Disk
from tests.line.line import FULL, Line, letter
from tests.line.orders import assert_paid_once
from tests.line.payer import Death as PayersDeath
from tests.line.payer import Payer

ONE = {"WFP-1": "1250.00"}
QUICK = {"timeout_seconds": 0.5, "unknown_wait": "1s", "recheck": "0.3s"}

PAGE = 4096
CHANGES, CHANGES_THEN = 24, 92
"""Where the first page of an SQLite file counts changes, and where it says at which of them it knew its own version."""

ASKED_BY_THEN = {
    "mail.taken": [],
    "mail.read": [],
    "step.planned": FULL[:2],
    "step.sending": FULL[:2],
    "income.posted": FULL[:3],
}
"""What was asked of Planfix before the commit that writes the point down: nothing that comes after it may be."""


@pytest.fixture
def order(line: Line) -> Line:
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    return line


# ---------------------------------------------------------------- no room


@pytest.mark.parametrize("point", list(ASKED_BY_THEN))
def test_no_room_at_a_commit(order: Line, point: str) -> None:
    """
    A disk that is full when a letter is stored, a payment recorded, a step planned, sent or closed: the line stops before its next
    effect, the log says why and what to do, and when there is room it goes on by itself, to one income and one advance (R05).
    """
    with order.struck() as (daemon, control):
        control.die(Death(at=point, by=Blow.FILL))
        order.deliver(letter("WFP-1"))
        told = daemon.wait_for("ledger.unavailable")
        assert "full" in told["error"]
        assert "until there is room" in told["error"]
        assert order.requests() == ASKED_BY_THEN[point]
        control.disk(Disk.OK)
        daemon.wait_for("order.advanced")
        assert order.requests().count("post") == 1
        assert daemon.stopped()[0] == 0
    assert_paid_once(order, ONE)


@pytest.mark.parametrize("kind", ["income", "advance"])
def test_no_room_for_the_answer_and_then_killed(order: Line, kind: str) -> None:
    """An effect whose answer finds no room, and whose process dies before there is any, is found by the successor (R05, T03)."""
    with order.struck() as (daemon, control):
        control.die(Death(at="step.done", kind=kind, by=Blow.FILL))
        order.deliver(letter("WFP-1"))
        daemon.wait_for("ledger.unavailable")
        daemon.kill()
    with order.daemon() as successor:
        successor.wait_for("order.advanced")
    assert order.requests().count("post") == 1
    assert order.requests().count("status") == 1
    assert_paid_once(order, ONE)


def test_sigterm_on_a_full_disk(order: Line) -> None:
    """With no room to write anything down it stops with 0 all the same, and the successor finishes (R05, C14)."""
    with order.struck() as (daemon, control):
        control.die(Death(at="income.posted", by=Blow.FILL))
        order.deliver(letter("WFP-1"))
        daemon.wait_for("ledger.unavailable")
        assert daemon.stopped()[0] == 0
    with order.daemon() as successor:
        successor.wait_for("order.advanced")
    assert_paid_once(order, ONE)


def test_a_read_only_ledger(order: Line) -> None:
    """A ledger that cannot be written says so, and what to do; nothing is posted, and it goes on when it can (R05)."""
    with order.struck() as (daemon, control):
        control.disk(Disk.READ_ONLY)
        order.deliver(letter("WFP-1"))
        told = daemon.wait_for("ledger.unavailable")
        assert "can be written again" in told["error"]
        assert order.requests() == []
        control.disk(Disk.OK)
        daemon.wait_for("order.advanced")
    assert_paid_once(order, ONE)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with two megabytes; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small disk; the same is proven with SQLite's own limit")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no small disk here: {done.stderr.decode()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def take_all_room(filler: Path) -> None:
    with filler.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(b"\0" * 4096)
    assert shutil.disk_usage(filler.parent).free == 0


def test_a_real_disk_without_room(order: Line, small_disk: Path) -> None:
    """On a real file system without a free block the same: nothing is posted, and it goes on when there is room (R05)."""
    order.more["ledger"] = {"url": f"sqlite:///{small_disk / 'reconciler.db'}"}
    order.configure()
    filler = small_disk / "filler"
    with order.running() as daemon:
        take_all_room(filler)
        order.deliver(letter("WFP-1"))
        told = daemon.wait_for("ledger.unavailable")
        assert "until there is room" in told["error"]
        assert order.requests() == []
        filler.unlink()
        daemon.wait_for("order.advanced")
        assert daemon.stopped()[0] == 0
    assert len(order.planfix.order(12345).incomes) == 1


# ---------------------------------------------------------------- a damaged file


def damage(database: Path) -> None:
    """
    Every page but the first is overwritten, between two transactions: the file is still a database, and nothing in it can be read.

    It is counted as a change, or a process that has its pages in memory would go on with them.
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with database.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(CHANGES)
            changes = int.from_bytes(file.read(4)) + 1
            for place in (CHANGES, CHANGES_THEN):
                file.seek(place)
                file.write(changes.to_bytes(4))
            file.seek(PAGE)
            file.write(b"\xa5" * (size - PAGE))


def test_a_ledger_that_is_none(order: Line) -> None:
    """A file that is no ledger ends the start with 70 and names what to do (R04)."""
    (order.folder / "reconciler.db").write_bytes(b"this was a ledger once\n" * 500)
    with order.daemon() as daemon:
        assert daemon.ended() == 70
        assert any("restore a backup" in words for words in daemon.said), daemon.said


def test_a_ledger_damaged_before_the_start(order: Line) -> None:
    """A damaged ledger ends the start with 70 and names what to do; nothing is asked of Planfix (R04)."""
    with order.running() as daemon:
        assert daemon.stopped()[0] == 0
    damage(order.folder / "reconciler.db")
    order.deliver(letter("WFP-1"))
    order.planfix.forget_requests()
    with order.daemon() as daemon:
        assert daemon.ended() == 70
        words = [*daemon.said, *(str(event) for event in daemon.events("desk.failed"))]
        assert any("restore a backup" in said for said in words), words
    assert order.requests() == []


def test_a_ledger_damaged_while_it_runs(order: Line) -> None:
    """Damaged under a daemon that runs, it ends with 70 at the next letter, says what to do, and posts nothing (R04)."""
    with order.running() as daemon:
        damage(order.folder / "reconciler.db")
        order.deliver(letter("WFP-1"))
        assert daemon.ended() == 70
        told = [*daemon.events("mailbox.stopped"), *daemon.events("desk.failed")]
        assert any("restore a backup" in str(event) for event in told), told
    assert order.requests() == []


# ---------------------------------------------------------------- power cuts


@pytest.mark.slow
@pytest.mark.parametrize("journal_left", [0.0, 0.3, 0.7, 1.0])
def test_a_power_cut(order: Line, journal_left: float) -> None:
    """
    The power fails in the middle of a commit: pages half written, the journal whole, torn, or not there yet. The next start finds
    the last good state by itself, and the payment ends as one income and one advance (R04).
    """
    Payer(order.settings, []).finished()
    Payer(order.settings, [letter("WFP-1")], PayersDeath(at=2, side="after")).was_killed()
    tear(order.folder / "reconciler.db", journal_left)
    with order.daemon() as successor:
        successor.wait_for("order.advanced")
    assert_paid_once(order, ONE)


def tear(database: Path, journal_left: float) -> None:
    """
    What a power cut leaves of a commit that was under way. SQLite syncs its journal before it touches the first page, so pages
    are torn only where all of the journal is there (1.0); a torn journal stands beside pages that nobody has touched.
    """
    before = _files(database)
    writer = sqlite3.connect(database, isolation_level=None)
    mode, _ = choose_journal(sqlite3.sqlite_version_info)
    writer.execute(f"PRAGMA journal_mode = {mode}")
    writer.execute("PRAGMA cache_size = 4")  # pages leave for the file in the middle of the transaction
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE mail SET subject = 'torn'")
    writer.execute("CREATE TABLE torn AS SELECT value, zeroblob(3000) AS page FROM json_each(?)", [str([*range(100)])])
    during = _files(database)
    writer.execute("ROLLBACK")
    writer.close()
    journal = database.name + ("-wal" if mode == "wal" else "-journal")
    began, ended = len(before.get(journal, b"")), len(during[journal])
    assert ended > began
    assert during[database.name] != before[database.name] or mode == "wal"
    left = dict(during)
    if journal_left < 1:
        left = before | {journal: during[journal][: began + int((ended - began) * journal_left)]}
    for name in _files(database):
        database.with_name(name).unlink()
    for name, content in left.items():
        database.with_name(name).write_bytes(content)


def _files(database: Path) -> dict[str, bytes]:
    """The database and what belongs to it; shared memory does not outlive the power."""
    found = (database.with_name(database.name + suffix) for suffix in ("", "-journal", "-wal"))
    return {path.name: path.read_bytes() for path in found if path.exists()}
