"""`backup` from the command line."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger import migrations
from tests import ledger_v1
from tests.counter import Counter, one


@pytest.fixture
def busy(counter: Counter) -> Counter:
    """One payment settled, one held, one message held."""
    mails = [
        counter.letter(),
        counter.letter("b.eml", order=None, reference="WFP-2"),
        counter.letter("c.eml", signed=False, reference="WFP-3"),
    ]
    assert counter.run("reprocess", "--new-ledger", *map(str, mails)).exit_code == 1
    return counter


def test_a_backup_says_what_it_holds(busy: Counter, tmp_path: Path) -> None:
    """A private file of its own, sound, with the counts an owner knows it by; the ledger is not touched."""
    before, target = busy.everything(), tmp_path / "копія [1].db"
    done = busy.run("backup", str(target))
    assert done.exit_code == 0, done.stderr
    told = one(done)
    assert told["newest"].startswith("20")
    assert told == {
        "file": str(target),
        "version": migrations.REVISIONS[-1],
        "payments": 2,
        "unfinished": 1,
        "messages": 3,
        "newest": told["newest"],
        "bytes": target.stat().st_size,
    }
    assert target.stat().st_mode & 0o777 == 0o600
    after = busy.everything()
    assert after.pop(target.name)
    assert after == before


def test_a_backup_is_a_ledger(busy: Counter, tmp_path: Path) -> None:
    """Put in the ledger's place it answers as the ledger did."""
    listed = busy.run("ledger").stdout
    assert busy.run("backup", str(tmp_path / "copy.db")).exit_code == 0
    os.replace(tmp_path / "copy.db", tmp_path / "reconciler.db")
    assert busy.run("ledger").stdout == listed


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link", "the ledger"])
def test_nothing_is_overwritten(busy: Counter, tmp_path: Path, kind: str) -> None:
    """Whatever bears the name already stays as it is: exit code 2, and no half copy beside it."""
    target = tmp_path / ("reconciler.db" if kind == "the ledger" else "copy.db")
    if kind == "file":
        target.write_text("yesterday's")
    elif kind == "folder":
        target.mkdir()
    elif kind == "dangling link":
        target.symlink_to(tmp_path / "elsewhere.db")
    before = busy.everything()
    done = busy.run("backup", str(target))
    assert done.exit_code == 2
    assert str(target) in done.stderr
    assert busy.everything() == before
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.parametrize("appears", [False, True])
def test_a_disk_without_hard_links_takes_a_backup_too(
    busy: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appears: bool
) -> None:
    """A memory stick knows no second names; a file that appears there meanwhile is still not replaced."""
    target = tmp_path / "copy.db"

    def refuse(*_: object) -> None:
        if appears:
            target.write_text("somebody else's")
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    assert busy.run("backup", str(target)).exit_code == (2 if appears else 0)
    assert (target.read_bytes() == b"somebody else's") is appears


def test_a_name_taken_at_the_last_moment_is_not_replaced(
    busy: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two backups to one name at once: one is made, the other refused."""
    target, link = tmp_path / "copy.db", os.link

    def late(source: Path, name: Path) -> None:
        target.write_text("the other's")
        link(source, name)

    monkeypatch.setattr(os, "link", late)
    assert busy.run("backup", str(target)).exit_code == 2
    assert target.read_text() == "the other's"
    assert not list(tmp_path.glob(".*.part"))


def test_a_full_disk_is_told_of_the_backup_not_of_the_ledger(
    busy: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk that has no room is the copy's: nobody is told that payments have stopped, and no half copy stays (R05)."""
    connect = sqlite3.connect

    def small(path: Path, **more: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = connect(path, **more)
        if path.name.endswith(".part"):
            made.execute("PRAGMA max_page_count = 2")
        return made

    monkeypatch.setattr(sqlite3, "connect", small)
    done = busy.run("backup", str(tmp_path / "copy.db"))
    assert done.exit_code == 75
    assert f"the backup {tmp_path / 'copy.db'} cannot be written: there is no room on its disk" in done.stderr
    assert "posted" not in done.stderr
    assert not list(tmp_path.glob("*copy.db*"))


def test_two_backups_to_one_name_make_no_half_copy(
    busy: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one that begins while the first copies: its beginning never gets the name, and is left to it (R10)."""
    part, sync = tmp_path / ".copy.db.part", os.fsync

    def begun(handle: int) -> None:
        sync(handle)
        if not part.exists() or part.stat().st_size:
            replacement = tmp_path / "begun"
            replacement.touch()
            os.replace(replacement, part)

    monkeypatch.setattr(os, "fsync", begun)
    done = busy.run("backup", str(tmp_path / "copy.db"))
    assert done.exit_code == 75
    assert "another backup" in done.stderr
    assert not (tmp_path / "copy.db").exists()
    assert part.exists()


def test_a_folder_that_is_not_there_is_told(busy: Counter, tmp_path: Path) -> None:
    """A disk that is not mounted may be there later: exit code 75."""
    done = busy.run("backup", str(tmp_path / "usb" / "copy.db"))
    assert done.exit_code == 75
    assert "cannot be written" in done.stderr


def test_without_a_ledger_there_is_nothing_to_copy(counter: Counter, tmp_path: Path) -> None:
    """Neither a missing file nor one that is no ledger makes a backup that somebody would rely on."""
    target = tmp_path / "copy.db"
    assert counter.run("backup", str(target)).exit_code == 2
    (tmp_path / "reconciler.db").touch()
    assert counter.run("backup", str(target)).exit_code == 2
    assert not target.exists()


def test_a_ledger_that_is_not_sound_makes_no_backup(busy: Counter, tmp_path: Path) -> None:
    """R10: a broken copy is worse than none: exit code 70, and the name stays free."""
    ledger = tmp_path / "reconciler.db"
    size = ledger.stat().st_size
    with ledger.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * (size - 4096 * 4))
    done = busy.run("backup", str(tmp_path / "copy.db"))
    assert done.exit_code == 70
    assert not (tmp_path / "copy.db").exists()
    assert not list(tmp_path.glob(".*.part"))


def test_an_older_ledger_is_copied_as_it_is(counter: Counter, tmp_path: Path) -> None:
    """A backup upgrades nothing: before an upgrade is when one is wanted."""
    ledger_v1.make(f"sqlite:///{tmp_path / 'reconciler.db'}")
    told = one(counter.run("backup", str(tmp_path / "copy.db")))
    assert (told["version"], told["payments"], told["unfinished"], told["messages"]) == ("0001", 8, 3, 7)
    assert told["newest"] == ledger_v1.AT


def test_postgresql_is_backed_up_by_its_own_tools(counter: Counter, postgres_url: str, tmp_path: Path) -> None:
    """What this program cannot copy it does not pretend to: it names the tool that can."""
    settings = counter.configure().read_text("utf-8")
    counter.config.write_text(f"[ledger]\nurl = '{postgres_url}'\n{settings}", "utf-8")
    done = counter.run("backup", str(tmp_path / "copy.db"))
    assert done.exit_code == 2
    assert "pg_dump" in done.stderr
    assert not (tmp_path / "copy.db").exists()
