"""
Copies of a SQLite ledger: a file that others write to comes in, a sound file of one moment and what it holds go out.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import ConfigError, LedgerCorrupt, LedgerMissing, LedgerUnavailable
from reconciler.ledger.engine import BUSY_SECONDS, identity_of, sync_folder

_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a copy holds, for whoever has to know whether it is the right one."""

    version: str
    payments: int
    unfinished: int  # recorded, waiting or held
    messages: int
    newest: str | None  # when the last thing happened that it knows of
    bytes: int


def copy_file(ledger: Path, target: Path, *, replace: bool) -> Holding | None:
    """
    A consistent copy of a SQLite ledger while others write to it, checked before it takes its name.

    replace: False refuses a target that is there, also one that appears meanwhile, and a file that is no ledger, for
    which the answer is None otherwise.
    Raises: ConfigError: the target is the ledger itself, or is there already. LedgerCorrupt: the copy is not sound, so the
    ledger is not. LedgerMissing: what would be copied is no ledger. LedgerUnavailable: it cannot be written.
    """
    if target.exists() and target.samefile(ledger):
        raise ConfigError([f"backup: {target} is the ledger itself: name another file"])
    if not replace and os.path.lexists(target):
        raise _there_already(target)
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        # Kept open to the end: so long no other file gets its number.
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        ours = identity_of(part)
        try:
            holding = _copy(ledger, part)
            if holding is None and not replace:
                raise LedgerMissing(f"{ledger} is no ledger: look at [ledger] url", path=str(ledger))
            os.fsync(handle)
            if identity_of(part) != ours:
                raise LedgerUnavailable(f"another backup to {target} has begun meanwhile: this one gives way")
            if replace:
                os.replace(part, target)
            else:
                _name_new(part, target)
            sync_folder(target)
        finally:
            if identity_of(part) == ours:
                part.unlink(missing_ok=True)
            os.close(handle)
    except OSError as exc:
        raise _not_written(target, exc.strerror) from exc
    except sqlite3.OperationalError as exc:
        if getattr(exc, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
            raise
        raise _not_written(target, "there is no room on its disk") from exc  # the ledger itself is only read
    return holding


def _copy(ledger: Path, part: Path) -> Holding | None:
    with (
        closing(sqlite3.connect(ledger, timeout=BUSY_SECONDS)) as source,
        closing(sqlite3.connect(part, isolation_level=None)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise LedgerCorrupt(f"the copy of {ledger} is not sound: {found}", ledger=str(ledger))
        return _holding(copy, part)


def _holding(copy: sqlite3.Connection, part: Path) -> Holding | None:
    """Read by names that every version has: a copy is of whatever version the ledger was."""
    tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"ledger_version", "entry", "mail", "event"} <= tables:
        return None
    (version,) = copy.execute("SELECT version_num FROM ledger_version").fetchone()
    payments, unfinished = copy.execute(
        "SELECT count(*), coalesce(sum(state IN ('recorded', 'waiting', 'held')), 0) FROM entry"
    ).fetchone()
    (messages,) = copy.execute("SELECT count(*) FROM mail").fetchone()
    (newest,) = copy.execute("SELECT max(at) FROM event").fetchone()
    return Holding(
        version=version,
        payments=payments,
        unfinished=unfinished,
        messages=messages,
        newest=newest,
        bytes=part.stat().st_size,
    )


def _name_new(part: Path, target: Path) -> None:
    """Give the copy its name, which nobody may have taken meanwhile."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise _there_already(target) from None
    except OSError as exc:
        if exc.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(target):
            raise _there_already(target) from None
        os.replace(part, target)  # a stick formatted for another system knows no second name


def _not_written(target: Path, why: str | None) -> LedgerUnavailable:
    return LedgerUnavailable(f"the backup {target} cannot be written: {why}", path=str(target))


def _there_already(target: Path) -> ConfigError:
    return ConfigError([f"backup: {target} is there already: name another file, or move it away"])
