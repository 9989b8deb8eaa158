"""
Brings a ledger's tables to what this code knows, or refuses.

What comes in is an engine; what goes out is what was done, or the reason why this code must not touch that ledger. An
upgrade is one transaction: all of it, or nothing. Alembic is imported only when there is something to do: it takes a
quarter of a second, and commands start in a tenth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from reconciler.errors import LedgerCorrupt, LedgerMissing, LedgerOutdated, LedgerTooNew
from reconciler.ledger.engine import READ_ONLY
from reconciler.ledger.migrations.changes import Change
from reconciler.ledger.tables import metadata

REVISIONS = ("0001", "0002")
"""Every version this code knows, oldest first; each is a module in `versions/`."""

VERSION_TABLE = "ledger_version"
_LOCK = 0x7265636F6E63  # any number that is ours: two programs that start together upgrade one after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What was done to a ledger. before: None where there was none."""

    before: str | None
    after: str
    changes: tuple[Change, ...]


def migrate(
    engine: Engine,
    *,
    create: bool,
    upgrade: bool,
    before: Callable[[str], None],
    done: Callable[[Connection, Upgrade], None],
) -> None:
    """
    Upgrade to the newest version, or create.

    upgrade: False leaves an older one as it is, which is an error. before: called with the version of a ledger that is
    there, inside the transaction and before its first change. done: called in that transaction, at its end.
    Raises: LedgerMissing: there is none and `create` is False. LedgerTooNew: a newer program wrote it.
    LedgerOutdated: it is older and `upgrade` is False. LedgerConflict: rows break a rule that it would get.
    LedgerCorrupt: it has our tables but does not say of which version.
    """
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection, connection.begin():
        version = _check(connection, create=create)
    if version == REVISIONS[-1]:
        return
    if version is not None and not upgrade:
        raise LedgerOutdated(
            f"the ledger is of version {version}, this program's is {REVISIONS[-1]}: the next `reconciler run` or `poll` "
            "upgrades it",
            version=version,
            known=REVISIONS[-1],
        )
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = _check(connection, create=create)
        if found == REVISIONS[-1]:
            return  # another program was first
        if found is not None:
            before(found)
        changes = _upgrade(connection)
        after = _check(connection, create=False)
        if after != REVISIONS[-1]:
            raise LedgerCorrupt(f"the ledger's upgrade ended at version {after}, not {REVISIONS[-1]}")
        done(connection, Upgrade(before=found, after=after, changes=tuple(changes)))


def _check(connection: Connection, *, create: bool) -> str | None:
    """The ledger's version; None: to be created."""
    names = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        ours = sorted(names & set(metadata.tables))
        if ours:
            raise LedgerCorrupt(
                f"tables {', '.join(ours)} without a ledger's version: give the ledger its own database"
            )
        if not create:
            raise LedgerMissing("no ledger in this database: `reconciler run` or `poll` creates it")
        return None
    rows = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()  # noqa: S608
    if len(rows) != 1:
        raise LedgerCorrupt(f"the ledger names {len(rows)} versions of itself: {', '.join(rows) or 'none'}")
    if rows[0] not in REVISIONS:
        raise LedgerTooNew(
            f"the ledger is of version {rows[0]}, this program knows up to {REVISIONS[-1]}: install the newer program "
            "again, or restore the copy made before the upgrade",
            version=rows[0],
            known=REVISIONS[-1],
        )
    return str(rows[0])


def _upgrade(connection: Connection, to: str = "head") -> list[Change]:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    changes: list[Change] = []
    config.attributes.update(connection=connection, changes=changes)
    command.upgrade(config, to)
    return changes
