"""
From the settings' `[ledger] url` to a SQLAlchemy engine that never loses a commit; from its errors to ours.

SQLite's journal is chosen by the linked library: versions 3.7.0 to 3.51.2 can lose a committed transaction in WAL when a
write races a checkpoint ("the WAL-reset bug", sqlite.org/wal.html; mended in 3.51.3, 3.50.7 and 3.44.6), so there the
ledger keeps a rollback journal. synchronous is FULL in both: with NORMAL a power cut takes the last commits with it, and a
forgotten commit is a payment posted twice.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from reconciler.errors import ConfigError, LedgerCorrupt, LedgerMissing, LedgerUnavailable
from reconciler.ledger.columns import to_json

BUSY_SECONDS = 30
READ_ONLY = "ledger_read_only"
"""Execution option of a connection that only looks: it takes no write lock."""

_OLDEST_SQLITE = (3, 35, 0)  # the first with RETURNING
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNAVAILABLE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
_ADVICE = {
    sqlite3.SQLITE_FULL: "; nothing is read or posted until there is room on its disk again, and then by itself",
    sqlite3.SQLITE_READONLY: "; nothing is read or posted until its file and folder can be written again, and then by itself",
}
_DISK_FULL_STATE = "53100"
# PostgreSQL's classes: connection, rollback, resources (disk full among them), lock not available, operator, system.
_UNAVAILABLE_STATES = ("08", "25006", "40", "53", "55P03", "57", "58")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger lies. path is None for PostgreSQL."""

    url: URL
    path: Path | None

    def __str__(self) -> str:
        return str(self.path) if self.path else self.url.render_as_string(hide_password=True)


def find_place(url: str, base: Path | None) -> Place:
    """Read the url; a relative SQLite path is relative to `base`. Raises: ConfigError: not a url a ledger can have."""
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise ConfigError([f"ledger.url: {url!r} is not a database url, e.g. sqlite:///reconciler.db"]) from exc
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return Place(parsed.set(drivername="postgresql+psycopg"), None)
    if backend != "sqlite":
        raise ConfigError([f"ledger.url: {backend} is not supported: use sqlite:///FILE or postgresql+psycopg://…"])
    if not parsed.database or parsed.database == ":memory:" or parsed.query:
        raise ConfigError([f"ledger.url: {url!r} must name a file and nothing more, e.g. sqlite:///reconciler.db"])
    path = (base or Path()) / parsed.database
    return Place(URL.create("sqlite", database=str(path.absolute())), path.absolute())


def make_file(path: Path, *, create: bool) -> None:
    """See that the file is there; a new one is its owner's alone from its first moment."""
    try:
        if path.exists():
            return
        if not create:
            raise LedgerMissing(f"no ledger at {path}: `reconciler run` or `poll` creates it", path=str(path))
        if not path.parent.is_dir():
            raise LedgerMissing(f"no folder {path.parent} to create the ledger in", path=str(path))
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_folder(path)
    except OSError as exc:
        raise LedgerUnavailable(f"the ledger {path} cannot be opened: {exc.strerror}", path=str(path)) from exc


def sync_folder(path: Path) -> None:
    """A file's name is on the disk once its folder is."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def identity_of(path: Path) -> tuple[int, int] | None:
    """Which file bears this name now; None: none does."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise LedgerUnavailable(f"the ledger {path} cannot be reached: {exc.strerror}", path=str(path)) from exc
    return found.st_dev, found.st_ino


def choose_journal(version: tuple[int, ...]) -> tuple[str, str]:
    """(journal mode, why) for a linked SQLite."""
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)
    number = ".".join(map(str, version))
    if mended:
        return "wal", f"SQLite {number} has the WAL-reset bug mended"
    return "truncate", f"SQLite {number} may lose a commit in WAL (mended in 3.51.3): a rollback journal is safe"


def build_engine(place: Place) -> Engine:
    if place.path is None:
        return _postgresql(place.url)
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise ConfigError([f"ledger.url: SQLite {sqlite3.sqlite_version} is too old, 3.35 or newer is needed"])
    return _sqlite(place.url)


def _sqlite(url: URL) -> Engine:
    # isolation_level None: the driver starts no transactions of its own; the "begin" listener does.
    engine = create_engine(
        url,
        json_serializer=to_json,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
        pool_size=4,
        max_overflow=32,
    )
    mode, _ = choose_journal(sqlite3.sqlite_version_info)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        # secure_delete: mail that retention or `forget` dropped is gone from the file too.
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        actual = connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]
        if actual != mode:
            raise sqlite3.OperationalError(f"the ledger's journal is {actual} and cannot be made {mode} now")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the write lock first: upgrading in mid-transaction fails at once instead of waiting its turn.
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            json_serializer=to_json,
            connect_args={"connect_timeout": 10},
            pool_pre_ping=True,
            pool_size=4,
            max_overflow=16,
        )
    except ModuleNotFoundError as exc:
        raise ConfigError(["ledger.url: PostgreSQL needs its driver: pip install 'reconciler[postgres]'"]) from exc

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # A server set to answer before the commit is on disk would forget payments; stronger settings are left alone.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
        connection.commit()

    return engine


@contextmanager
def ledger_errors(place: Place) -> Iterator[None]:
    """The library's errors become ours; a broken rule (IntegrityError) or bad SQL is a bug and stays what it is."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as exc:
        original = exc.orig if isinstance(exc, DBAPIError) else exc
        kind = _kind_of(original)
        if kind is None:
            raise
        raise kind(f"the ledger {place}: {str(original).strip()}{_advice(original, kind)}", ledger=str(place)) from exc
    except StatementError as exc:
        # A value that no column takes: the caller's own error, e.g. a naive datetime.
        raise exc.orig or exc from exc
    except PoolTimeout as exc:
        raise LedgerUnavailable(f"the ledger {place}: every connection is in use", ledger=str(place)) from exc
    except zlib.error as exc:
        raise LedgerCorrupt(f"the ledger {place}: a stored message cannot be unpacked: {exc}") from exc


def _advice(error: BaseException | None, kind: type[LedgerUnavailable] | type[LedgerCorrupt]) -> str:
    """What to do about it, where it is known."""
    if kind is LedgerCorrupt:
        return "; nothing is read or posted before a sound file stands there: restore a backup, and keep the broken one"
    if isinstance(error, sqlite3.Error):
        return _ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "")
    return _ADVICE[sqlite3.SQLITE_FULL] if getattr(error, "sqlstate", None) == _DISK_FULL_STATE else ""


def _kind_of(error: BaseException | None) -> type[LedgerUnavailable] | type[LedgerCorrupt] | None:
    """What a driver's own error means; None: a bug."""
    if isinstance(error, sqlite3.Error):
        # Without a code it is the driver's own, e.g. the one raised above when the journal cannot be changed.
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return LedgerUnavailable if isinstance(error, sqlite3.OperationalError) else None
        return LedgerCorrupt if code & 0xFF in _CORRUPT else LedgerUnavailable if code & 0xFF in _UNAVAILABLE else None
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:
        # A lost or refused connection has no state. By PEP 249's names, as psycopg may not be installed.
        names = {kind.__name__ for kind in type(error).__mro__}
        return LedgerUnavailable if names & {"OperationalError", "InterfaceError"} else None
    if state in ("XX001", "XX002"):
        return LedgerCorrupt
    return LedgerUnavailable if state.startswith(_UNAVAILABLE_STATES) else None
