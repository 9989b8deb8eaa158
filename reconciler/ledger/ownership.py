"""
Exclusive ownership of a named thing ("desk:factory", "mailbox:payments"), which a dead process lets go of by itself.

Beside a SQLite ledger it is an flock on a file of the folder `<ledger>.locks`; in PostgreSQL a session advisory lock on a
connection of its own. Both go with the process, however it ends, so there is no lease to wait out and nothing to clean up.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from sqlalchemy import Connection, Engine, text

from reconciler.errors import LedgerUnavailable, OwnedElsewhere, OwnershipLost
from reconciler.ports import Clock

_NAME_BYTES = 63  # PostgreSQL cuts an application_name there


class Ownership(Protocol):
    def take(self, name: str) -> AbstractContextManager[None]:
        """Own the name until the block ends. Raises: OwnedElsewhere, at once."""
        ...

    def holder(self, name: str) -> str | None: ...

    def anyone(self) -> str | None:
        """Who owns any name at all; None: nobody."""
        ...

    def verify(self, connection: Connection) -> None:
        """Raises: LedgerUnavailable: a name owned through this object was lost on the way."""
        ...


def _taken(name: str, holder: str | None) -> OwnedElsewhere:
    return OwnedElsewhere(f"{name} is owned by {holder or 'another process'}", name=name, holder=holder)


def _lost(names: Sequence[str]) -> OwnershipLost:
    return OwnershipLost(f"the ownership of {', '.join(names)} was lost: another may have taken it", lost=names)


def _since(clock: Clock) -> str:
    return clock().isoformat("T", "seconds")


@contextmanager
def _weather(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise LedgerUnavailable(f"the ledger's lock of {name} cannot be used: {exc}", name=name) from exc


class FileOwnership:
    """
    flock beside a SQLite ledger.

    The file's content is for people: who holds it. It is written and read under a lock on the folder, so that asking
    who holds a name never makes taking it fail, and no half-written answer is read.
    """

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._held: dict[int, str] = {}  # open file → name
        self._letting_go = threading.Lock()  # no file is closed while another thread verifies it

    @contextmanager
    def take(self, name: str) -> Iterator[None]:
        with self._open(name) as lock:
            with self._gate(name):
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise _taken(name, self._read(lock)) from None
                self._write(lock, f"pid {os.getpid()} on {socket.gethostname()} since {_since(self._clock)}")
            with self._letting_go:
                self._held[lock] = name
            try:
                yield
            finally:
                with self._letting_go:
                    del self._held[lock]
                with self._gate(name):
                    self._write(lock, "")
                    fcntl.flock(lock, fcntl.LOCK_UN)

    def holder(self, name: str) -> str | None:
        if not self._path(name).exists():
            return None  # and asking leaves nothing behind
        with self._open(name) as lock, self._gate(name):
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return self._read(lock) or "another process"
            return None

    def anyone(self) -> str | None:
        names = sorted(unquote(path.stem) for path in self._folder.glob("*.lock"))
        return next((holder for name in names if (holder := self.holder(name)) is not None), None)

    def verify(self, connection: Connection) -> None:
        """An flock is lost with its process, or when somebody deletes the file: the next one locks another file."""
        with self._letting_go:
            lost = sorted(name for lock, name in self._held.items() if os.fstat(lock).st_nlink == 0)
        if lost:
            raise _lost(lost)

    def _path(self, name: str) -> Path:
        return self._folder / f"{quote(name, safe=':')}.lock"

    @contextmanager
    def _open(self, name: str) -> Iterator[int]:
        with _weather(name):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            lock = os.open(self._path(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield lock
        finally:
            os.close(lock)  # lets go of the flock

    @contextmanager
    def _gate(self, name: str) -> Iterator[None]:
        with _weather(name):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with _weather(name):
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield
        finally:
            os.close(folder)

    @staticmethod
    def _write(lock: int, holder: str) -> None:
        os.ftruncate(lock, 0)
        os.pwrite(lock, holder.encode(), 0)

    @staticmethod
    def _read(lock: int) -> str | None:
        """None: its owner was killed between locking and writing."""
        return os.pread(lock, 4096, 0).decode(errors="replace") or None


class AdvisoryOwnership:
    """
    Session advisory locks in PostgreSQL; who holds one stands in its session's application_name.

    A session can end while its process lives (server restart, network): the name is then another's to take. So every
    transaction of this ledger first looks whether the names it owns are still its own.
    """

    def __init__(self, engine: Engine, *, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._held: dict[str, int] = {}  # name → backend pid
        self._guard = threading.Lock()

    @contextmanager
    def take(self, name: str) -> Iterator[None]:
        # Autocommit: a session that sits in a transaction for days would keep the server from cleaning up.
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            try:
                backend = self._introduce(connection)
                if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(name)}).scalar():
                    raise _taken(name, self._holder(connection, name))
                with self._guard:
                    self._held[name] = backend
                try:
                    yield
                finally:
                    with self._guard:
                        del self._held[name]
            finally:
                # Never back into the pool: closing the session is what lets go, also of one that is broken.
                connection.invalidate()

    def _introduce(self, connection: Connection) -> int:
        """Say who we are, and have the server notice within a minute when this whole machine is gone."""
        host = socket.gethostname()
        about = f"pid {os.getpid()} on {{}} since {_since(self._clock)}"
        host = host.encode()[: _NAME_BYTES - len(about) + 2].decode(errors="ignore")
        settings = {
            "application_name": about.format(host),
            "tcp_keepalives_idle": "20",
            "tcp_keepalives_interval": "10",
            "tcp_keepalives_count": "3",
        }
        for setting, value in settings.items():
            connection.execute(text("SELECT set_config(:setting, :value, false)"), {"setting": setting, "value": value})
        backend: int = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        return backend

    def holder(self, name: str) -> str | None:
        with self._engine.connect() as connection:
            return self._holder(connection, name)

    def anyone(self) -> str | None:
        with self._engine.connect() as connection:
            found: str | None = connection.execute(
                text(
                    "SELECT activity.application_name FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid) "
                    "WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1 "
                    "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                    "AND activity.application_name LIKE 'pid % on % since %' ORDER BY 1 LIMIT 1"
                )
            ).scalar()
        return found

    @staticmethod
    def _holder(connection: Connection, name: str) -> str | None:
        found: str | None = connection.execute(
            text(
                "SELECT activity.application_name FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid) "
                "WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1 "
                "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                "AND (held.classid::bigint << 32 | held.objid::bigint) = :key"
            ),
            {"key": _key(name)},
        ).scalar()
        return found

    def verify(self, connection: Connection) -> None:
        with self._guard:
            held = dict(self._held)
        if not held:
            return
        rows = connection.execute(
            text(
                "SELECT (classid::bigint << 32 | objid::bigint), pid FROM pg_locks "
                "WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            )
        )
        present = {(key, pid) for key, pid in rows}
        with self._guard:
            # Asked again: what was let go of meanwhile is not lost.
            lost = sorted(
                name for name, pid in held.items() if (_key(name), pid) not in present and self._held.get(name) == pid
            )
        if lost:
            raise _lost(lost)


def _key(name: str) -> int:
    """A name's advisory lock: 64 bits, signed, in this database only."""
    return int.from_bytes(sha256(f"reconciler ledger {name}".encode()).digest()[:8], "big", signed=True)
