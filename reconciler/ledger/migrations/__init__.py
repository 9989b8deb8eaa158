"""
Brings a ledger's tables to what this code knows, or refuses.

What comes in is an engine; what goes out is nothing, or the reason why this code must not touch that ledger. Alembic is
imported only when there is something to do: it takes a quarter of a second, and commands start in a tenth.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from reconciler.errors import LedgerCorrupt, LedgerMissing, LedgerTooNew
from reconciler.ledger.engine import READ_ONLY
from reconciler.ledger.tables import metadata

REVISIONS = ("0001",)
"""Every version this code knows, oldest first; each is a module in `versions/`."""

VERSION_TABLE = "ledger_version"
_LOCK = 0x7265636F6E63  # any number that is ours: two programs that start together upgrade one after the other


def migrate(engine: Engine, *, create: bool, on_create: Callable[[Connection], None]) -> None:
    """
    Upgrade to the newest version.

    on_create: called once in a ledger's life, in the transaction that makes its tables.
    Raises: LedgerMissing: there is none and `create` is False. LedgerTooNew: a newer program wrote it.
    LedgerCorrupt: it has our tables but does not say of which version.
    """
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection, connection.begin():
        version = _check(connection, create=create)
    if version == REVISIONS[-1]:
        return
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = _check(connection, create=create)
        if before != REVISIONS[-1]:
            _upgrade(connection)
            after = _check(connection, create=False)
            if after != REVISIONS[-1]:
                raise LedgerCorrupt(f"the ledger's upgrade ended at version {after}, not {REVISIONS[-1]}")
            if before is None:
                on_create(connection)


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
            "again, or restore the backup taken before the upgrade",
            version=rows[0],
            known=REVISIONS[-1],
        )
    return str(rows[0])


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
