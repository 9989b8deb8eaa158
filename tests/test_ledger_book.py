"""Opening, upgrading and losing a ledger, and what a transaction promises."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from reconciler.errors import (
    ConfigError,
    LedgerCorrupt,
    LedgerMissing,
    LedgerTooNew,
    LedgerUnavailable,
    ReconcilerError,
)
from reconciler.ledger import Ledger, migrations
from reconciler.ledger.engine import choose_journal
from reconciler.ledger.tables import metadata
from reconciler.model import Recorded
from tests.ledger_child import child
from tests.ledgers import HandClock, record, take


def reopen(url: str, *, create: bool = False, base: Path | None = None) -> Ledger:
    return Ledger.open(url, create=create, clock=lambda: datetime.now(UTC), actor="tester", base=base)


# ---------------------------------------------------------------- opening


def test_a_ledger_outlives_its_process(any_ledger: Ledger, any_ledger_url: str) -> None:
    """R04: what was committed is there when the ledger is opened again, its own age included."""
    with any_ledger.begin() as tx:
        entry = record(tx)
        birth = tx.recall("ledger")
    any_ledger.close()
    again = reopen(any_ledger_url, create=True)
    with again.look() as tx:
        assert tx.entries() == [entry]
        assert tx.recall("ledger") == birth
    assert birth is not None
    assert birth["created_at"] == "2026-11-22T09:30:00.000000Z"
    again.close()


def test_a_missing_ledger_is_not_made_by_accident(any_ledger_url: str, tmp_path: Path) -> None:
    """A command that only looks never starts a new, empty ledger in a mistyped place."""
    with pytest.raises(LedgerMissing, match="no ledger"):
        reopen(any_ledger_url)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(LedgerMissing, match="no folder"):
        reopen("sqlite:///nowhere/ledger.db", create=True, base=tmp_path)


def test_a_relative_path_is_relative_to_the_settings(tmp_path: Path) -> None:
    """The ledger does not depend on where the command was started, and its file is its owner's alone."""
    reopen("sqlite:///pay%ments.db", create=True, base=tmp_path).close()
    path = tmp_path / "pay%ments.db"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "url", ["reconciler.db", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "sqlite:///a.db?mode=ro", ""]
)
def test_a_url_no_ledger_can_have_is_a_settings_error(url: str) -> None:
    """A url that cannot be meant is told with the setting's name."""
    with pytest.raises(ConfigError, match=r"ledger\.url"):
        reopen(url, create=True)


def test_an_unreachable_server_is_tried_again(tmp_path: Path) -> None:
    """A PostgreSQL that does not answer is weather: the ledger is unavailable, and the password is in no message."""
    url = f"postgresql+psycopg://someone:hunter2@/db?host={tmp_path}"
    with pytest.raises(LedgerUnavailable) as failed:
        reopen(url, create=True)
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "truncate"),
        ((3, 44, 5), "truncate"),
        ((3, 44, 6), "wal"),
        ((3, 45, 0), "truncate"),
        ((3, 50, 6), "truncate"),
        ((3, 50, 7), "wal"),
        ((3, 51, 0), "truncate"),
        ((3, 51, 2), "truncate"),
        ((3, 51, 3), "wal"),
        ((3, 52, 0), "wal"),
    ],
)
def test_the_journal_is_safe_for_the_linked_library(version: tuple[int, ...], mode: str) -> None:
    """WAL is used only where a write racing a checkpoint cannot lose a committed payment."""
    assert choose_journal(version)[0] == mode


def test_commits_are_on_the_disk(sqlite_ledger: Ledger) -> None:
    """R04: every connection has FULL synchronisation, foreign keys and the journal `doctor` shows."""
    about = sqlite_ledger.describe()
    with sqlite_ledger.begin() as tx:
        found = {
            name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "foreign_keys", "journal_mode", "busy_timeout")
        }
    assert found == {"synchronous": 2, "foreign_keys": 1, "journal_mode": about["journal"], "busy_timeout": 30000}
    assert sqlite3.sqlite_version in about["why"]


# ---------------------------------------------------------------- migrations


def test_the_migrations_make_the_tables_the_code_knows(any_ledger: Ledger) -> None:
    """O07: a migrated ledger has every table, column, index and UNIQUE of the code's own description."""
    with any_ledger.begin() as tx:
        context = MigrationContext.configure(
            tx.connection, opts={"version_table": migrations.VERSION_TABLE, "compare_type": False}
        )
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_every_check(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    """O07: column by column and CHECK by CHECK, the migrated tables are those of the code's own description."""
    plain = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    metadata.create_all(plain)
    plain.dispose()
    assert _definitions(tmp_path / "ledger.db") == _definitions(tmp_path / "plain.db")


def _definitions(path: Path) -> dict[str, set[str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger' AND name <> ?",
            (migrations.VERSION_TABLE,),
        ).fetchall()
    return {name: set(_parts(" ".join(sql.split()))) for name, sql in rows}


def _parts(sql: str) -> Iterator[str]:
    """A definition's columns and rules: SQLite keeps the text of whoever wrote it, an added column at its end."""
    depth = start = 0
    for index, char in enumerate(sql):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if (depth == 1 and char in "(,") or (depth == 0 and char == ")"):
            yield sql[start:index].strip()
            start = index + 1
    yield sql[start:].strip()


def test_every_version_is_known() -> None:
    """The list the program checks against is the scripts in their order, so a fast start skips none of them."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == migrations.REVISIONS


def test_a_newer_ledger_is_refused(any_ledger: Ledger, any_ledger_url: str) -> None:
    """A downgraded program leaves a newer ledger as it is, and says what to do."""
    with any_ledger.begin() as tx:
        tx.connection.exec_driver_sql(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(LedgerTooNew, match="9999") as refused:
        reopen(any_ledger_url, create=True)
    assert refused.value.facts == {"version": "9999", "known": migrations.REVISIONS[-1]}


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "DROP TABLE {}"])
def test_a_ledger_without_its_version_is_refused(any_ledger: Ledger, any_ledger_url: str, statement: str) -> None:
    """O08: tables of unknown age are not guessed at, not upgraded and not written over."""
    with any_ledger.begin() as tx:
        tx.connection.exec_driver_sql(statement.format(migrations.VERSION_TABLE))
    with pytest.raises(LedgerCorrupt, match="version"):
        reopen(any_ledger_url, create=True)


def test_a_migration_that_did_nothing_is_no_success(any_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """O08: the version is read back after an upgrade; one that changed nothing is an error, not a start."""
    monkeypatch.setattr(migrations, "_upgrade", lambda connection: [])
    with pytest.raises(ReconcilerError, match="no ledger"):
        reopen(any_ledger_url, create=True)


def test_processes_that_start_together_make_one_ledger(any_ledger_url: str) -> None:
    """R03: two programs started at once both find the ledger made, once."""
    with ExitStack() as stack:
        children = [stack.enter_context(child(any_ledger_url, "create")) for _ in range(2)]
        assert [process.line() for process in children] == ["ready", "ready"]
        for process in children:
            process.go()
        assert [process.line() for process in children] == ["created", "created"]
    ledger = reopen(any_ledger_url)
    with ledger.look() as tx:
        assert [event.facts for event in tx.history()] == [{"memory": "ledger"}]
    ledger.close()


# ---------------------------------------------------------------- transactions


def test_a_transaction_is_all_or_nothing(any_ledger: Ledger) -> None:
    """D14: an error at the end of a block takes back its beginning, the history's lines too."""

    def fail() -> None:
        with any_ledger.begin() as tx:
            record(tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with any_ledger.look() as tx:
        assert tx.entries() == []
        assert [event.name for event in tx.history()] == ["memory.changed"]


def test_nobody_sees_what_is_not_committed(any_ledger: Ledger, any_ledger_url: str) -> None:
    """No dirty reads: another process sees a payment once it is committed, and is not kept waiting meanwhile."""
    other = reopen(any_ledger_url)
    with any_ledger.begin() as tx:
        entry = record(tx)
        with other.look() as looking:
            assert looking.entries() == []
    with other.look() as looking:
        assert looking.entries() == [entry]
    other.close()


def test_a_look_writes_nothing(any_ledger: Ledger) -> None:
    """Whoever only looks cannot change anything, and the next transaction on that connection can."""
    with pytest.raises(Exception, match=r"readonly|read-only"), any_ledger.look() as tx:
        take(tx)
    with any_ledger.begin() as tx:
        take(tx)
        assert len(tx.mails()) == 1


def test_a_transaction_inside_a_transaction_is_a_bug(any_ledger: Ledger) -> None:
    """On SQLite it would wait for itself: it is refused on every database, before it can."""
    with any_ledger.begin():
        with pytest.raises(RuntimeError, match="open already"), any_ledger.begin():
            pytest.fail("nested")
        with pytest.raises(RuntimeError, match="open already"), any_ledger.look():
            pytest.fail("nested")
    with any_ledger.begin() as tx:
        assert tx.entries() == []


def test_a_process_killed_in_a_transaction_leaves_nothing(any_ledger: Ledger, any_ledger_url: str) -> None:
    """D04, R04: kill -9 between the first write and the commit: nothing of it is there, and the ledger is free."""
    with child(any_ledger_url, "half") as writer:
        assert writer.line() == "half done"
        writer.kill()
    with any_ledger.begin() as tx:
        assert (tx.entries(), tx.mails()) == ([], [])
        assert record(tx).id > 0
    assert any_ledger.integrity_check() == []


def test_processes_recording_the_same_keys_make_one_entry_each(any_ledger: Ledger, any_ledger_url: str) -> None:
    """T11, R03: two processes that tell of the same payments at once: each is new exactly once, and none is refused."""
    with ExitStack() as stack:
        children = [stack.enter_context(child(any_ledger_url, "record", "20")) for _ in range(2)]
        for process in children:
            assert process.line() == "ready"
        for process in children:
            process.go()
        said = [[process.line() for _ in range(20)] for process in children]
    assert [sorted(pair) for pair in zip(*said, strict=True)] == [[Recorded.ALREADY, Recorded.NEW]] * 20


def test_a_full_disk_is_weather(sqlite_ledger: Ledger) -> None:
    """R05: a ledger that cannot be written is unavailable before anything else happens, and resumes when there is room."""
    with sqlite_ledger.begin() as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(LedgerUnavailable, match="full"), sqlite_ledger.begin() as tx:
        take(tx, os.urandom(100_000))
    with sqlite_ledger.begin() as tx:
        assert tx.mails() == []
        tx.connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        take(tx, os.urandom(100_000))


def test_a_server_that_goes_away_is_weather(postgres_url: str, hand_clock: HandClock) -> None:
    """D07: a connection lost before the commit is weather, nothing of the block is there, and the next one reconnects."""
    ledger = Ledger.open(postgres_url, create=True, clock=hand_clock, actor="tester")

    def lose() -> None:
        with ledger.begin() as tx:
            take(tx)
            tx.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(LedgerUnavailable):
        lose()
    with ledger.begin() as tx:
        assert tx.mails() == []
        assert record(tx).id > 0
    ledger.close()


@pytest.fixture
def broken_file(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    reopen("sqlite:///ledger.db", create=True, base=tmp_path).close()
    return path


def test_a_file_that_is_no_ledger_is_corrupt(broken_file: Path) -> None:
    """R04: a ledger overwritten with something else stops the service instead of being made anew."""
    broken_file.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(LedgerCorrupt):
        reopen(f"sqlite:///{broken_file}", create=True)


def test_a_cut_file_is_found(broken_file: Path) -> None:
    """R04: a ledger cut short, as by a power failure on a bad disk, is corrupt: never an empty or a shorter one."""
    with broken_file.open("r+b") as file:
        file.truncate(broken_file.stat().st_size // 2)

    def use() -> None:
        ledger = reopen(f"sqlite:///{broken_file}", create=True)
        try:
            problems = ledger.integrity_check()
        finally:
            ledger.close()
        if problems:
            raise LedgerCorrupt("; ".join(problems))

    with pytest.raises(LedgerCorrupt):
        use()
