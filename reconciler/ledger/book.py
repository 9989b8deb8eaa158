"""
The ledger as the house holds it: a url comes in, transactions and ownerships go out.

Thread-safe: each `begin()` is its own connection and its own transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Literal
from uuid import uuid4

import structlog
from sqlalchemy import Connection, Engine

from reconciler.errors import ConfigError, LedgerReplaced, OwnedElsewhere
from reconciler.ledger.copies import Holding, copy_file
from reconciler.ledger.engine import (
    READ_ONLY,
    Place,
    build_engine,
    choose_journal,
    find_place,
    identity_of,
    ledger_errors,
    make_file,
)
from reconciler.ledger.migrations import REVISIONS, Upgrade, migrate
from reconciler.ledger.ownership import AdvisoryOwnership, FileOwnership, Ownership
from reconciler.ledger.tx import Tx
from reconciler.ledger.upkeep import integrity_problems
from reconciler.ports import Clock

log = structlog.get_logger(__name__)


class Ledger:
    """Satisfies `ports.Ledger`. Made by `Ledger.open`."""

    def __init__(self, place: Place, engine: Engine, ownership: Ownership, *, clock: Clock, actor: str) -> None:
        self.clock = clock
        self.actor = actor
        self.place = place
        self.engine = engine
        self._ownership = ownership
        self._file = None if place.path is None else identity_of(place.path)
        self._open_here = threading.local()

    @classmethod
    def open(
        cls, url: str, *, create: bool, clock: Clock, actor: str, base: Path | None = None, upgrade: bool = True
    ) -> Ledger:
        """
        Open the ledger at `url`, upgrading its tables where they are older than this code.

        create: make one where there is none. actor: who the history says acted.
        base: the folder a relative SQLite path is relative to. upgrade: False refuses an older one instead.
        An upgrade leaves a copy of the file beside it, `<file>.version-<its version>`.
        Raises: ConfigError, LedgerMissing, LedgerTooNew, LedgerOutdated, LedgerConflict, LedgerCorrupt, LedgerUnavailable;
        OwnedElsewhere: a program that knows the older tables only works on it.
        """
        place = find_place(url, base)
        if place.path is not None:
            make_file(place.path, create=create)
        engine = build_engine(place)
        ownership = _ownership(place, engine, clock)

        def before(version: str) -> None:
            if (holder := ownership.anyone()) is not None:
                raise OwnedElsewhere(
                    f"the ledger is of version {version} and {holder} works on it: stop that program first",
                    name="ledger",
                    holder=holder,
                )
            if place.path is not None:
                copy_file(place.path, place.path.with_name(f"{place.path.name}.version-{version}"), replace=True)

        def done(connection: Connection, upgrade: Upgrade) -> None:
            tx = Tx(connection, clock=clock, actor=actor)
            if upgrade.before is None:
                # What knows its age can tell that it is younger than the mail it reads: lost, or restored.
                tx.remember("ledger", {"id": uuid4().hex, "created_at": clock()})
            else:
                tx.append("ledger.upgraded", **asdict(upgrade))
            told.append(upgrade)

        told: list[Upgrade] = []
        try:
            with ledger_errors(place):
                migrate(engine, create=create, upgrade=upgrade, before=before, done=done)
        except BaseException:
            engine.dispose()
            raise
        for upgrade_done in told:  # once it is committed
            if upgrade_done.before is None:
                log.info("ledger.created", ledger=str(place))
            else:
                log.info("ledger.upgraded", ledger=str(place), **asdict(upgrade_done))
        return cls(place, engine, ownership, clock=clock, actor=actor)

    @staticmethod
    def copy(
        url: str, target: Path, *, base: Path | None = None, replace: bool = True
    ) -> Holding | Literal["missing", "elsewhere"] | None:
        """
        A consistent copy of the ledger at `url`, which is neither upgraded nor owned by it, nor written to.

        Returns what the copy holds, None for a file that is no ledger; "elsewhere": it lies in PostgreSQL, of which there is
        no file to copy. replace: False refuses a target that is there, and a file that is no ledger.
        Raises: ConfigError, LedgerCorrupt, LedgerUnavailable.
        """
        place = find_place(url, base)
        if place.path is None:
            return "elsewhere"
        if not place.path.exists():
            return "missing"
        with ledger_errors(place):
            return copy_file(place.path, target, replace=replace)

    @staticmethod
    def holders(url: str, names: Sequence[str], *, clock: Clock, base: Path | None = None) -> Mapping[str, str]:
        """
        Who owns which of these at the ledger at `url`; those nobody owns are left out. Opens no ledger, changes nothing.

        Raises: ConfigError, LedgerUnavailable.
        """
        place = find_place(url, base)
        engine = build_engine(place)
        ownership = _ownership(place, engine, clock)
        try:
            with ledger_errors(place):
                found = {name: ownership.holder(name) for name in names}
        finally:
            engine.dispose()
        return {name: holder for name, holder in found.items() if holder is not None}

    @contextmanager
    def begin(self, *, actor: str | None = None) -> Iterator[Tx]:
        """A transaction: all of it is committed when the block ends, or none when it raises."""
        with self._transaction(actor or self.actor, read_only=False) as tx:
            self._ownership.verify(tx.connection)
            yield tx

    @contextmanager
    def look(self) -> Iterator[Tx]:
        """A transaction that only reads, and waits for no writer; a write in it is an error."""
        with self._transaction(self.actor, read_only=True) as tx:
            yield tx

    @contextmanager
    def _transaction(self, actor: str, *, read_only: bool) -> Iterator[Tx]:
        if getattr(self._open_here, "tx", False):
            # On SQLite the inner one would wait for the outer one's lock for ever.
            raise RuntimeError("this thread has a ledger transaction open already")
        self._verify_file()
        self._open_here.tx = True
        options = {READ_ONLY: read_only}
        if self.place.path is None:
            options["postgresql_readonly"] = read_only
        try:
            with ledger_errors(self.place), self.engine.connect().execution_options(**options) as connection:
                if read_only and self.place.path is not None:
                    connection.connection.cursor().execute("PRAGMA query_only = ON")
                try:
                    with connection.begin():
                        yield Tx(connection, clock=self.clock, actor=actor)
                finally:
                    if read_only and self.place.path is not None:
                        connection.connection.cursor().execute("PRAGMA query_only = OFF")
        finally:
            self._open_here.tx = False

    def _verify_file(self) -> None:
        """A connection goes on with the file it has opened, also when that has no name any more: it looks like success."""
        if self.place.path is not None and identity_of(self.place.path) != self._file:
            raise LedgerReplaced(
                f"the ledger {self.place} was replaced or taken away while this program works on it: start it again",
                ledger=str(self.place),
            )

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Own a named thing until the block ends. Raises: OwnedElsewhere, at once; facts: name, holder."""
        with ledger_errors(self.place), self._ownership.take(name):
            yield

    def holder(self, name: str) -> str | None:
        with ledger_errors(self.place):
            return self._ownership.holder(name)

    def backup(self, target: Path) -> None:
        """A consistent copy while others write; a file of that name is replaced once the copy has proved sound."""
        if self.place.path is None:
            raise ConfigError(["backup: a ledger in PostgreSQL is copied by pg_dump, with the database's own backups"])
        with ledger_errors(self.place):
            copy_file(self.place.path, target, replace=True)

    def integrity_check(self) -> Sequence[str]:
        """What is wrong with the ledger's file, one line each; empty: sound."""
        with self.look() as tx:
            return integrity_problems(tx.connection)

    def describe(self) -> Mapping[str, str]:
        """For people: where it lies, its version, and how its commits are kept safe."""
        about = {"ledger": str(self.place), "version": REVISIONS[-1]}
        if self.place.path is None:
            return about
        mode, why = choose_journal(sqlite3.sqlite_version_info)
        return {**about, "journal": mode, "why": why, "synchronous": "full"}

    def close(self) -> None:
        self.engine.dispose()

    def __repr__(self) -> str:
        return f"<Ledger {self.place}>"


def _ownership(place: Place, engine: Engine, clock: Clock) -> Ownership:
    if place.path is None:
        return AdvisoryOwnership(engine, clock=clock)
    # Where the file really lies: a link to it must not give it a second owner.
    path = place.path.resolve()
    return FileOwnership(path.with_name(f"{path.name}.locks"), clock=clock)
