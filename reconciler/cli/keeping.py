"""
`backup`: a copy of the ledger that can be put back.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from reconciler.cli.frame import Front, with_front

COLUMNS = ("file", "version", "payments", "unfinished", "messages", "newest", "bytes")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_front
def backup(front: Front, file: Path) -> int:
    """Copy the ledger to FILE, whole and of one moment, also while the daemon writes; print what the copy holds.

    The copy is checked before it gets its name; a FILE that is there is never replaced. A ledger in PostgreSQL is backed up
    with the database's own tools. To restore: README, "Backup and restore".

    \b
    Example:
      reconciler backup /var/backups/reconciler-$(date +%F).db
    """
    from reconciler.errors import ConfigError, LedgerMissing
    from reconciler.ledger import Ledger

    settings = front.settings()
    copied = Ledger.copy(settings.ledger.url, file, base=settings.base, replace=False)
    if copied == "elsewhere":
        raise ConfigError(
            ["backup: a ledger in PostgreSQL is copied with `pg_dump --format=custom --file FILE DATABASE`"]
        )
    if copied == "missing":
        raise LedgerMissing("there is no ledger yet to copy: `reconciler run` or `poll` creates it")
    if copied is None:
        raise LedgerMissing("the file that [ledger] url names is no ledger")
    with front.printer(*COLUMNS) as printer:
        printer.row({"file": str(file), **asdict(copied)})
    return 0
