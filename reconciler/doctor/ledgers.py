"""
The ledger: where it lies, how its commits are kept, whether it is sound, how old it is, and who owns what.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.clock import utc_now
from reconciler.config import Settings
from reconciler.doctor.findings import Finding, Section
from reconciler.doctor.layouts import look_at_layouts
from reconciler.errors import ConfigError, LedgerCorrupt, LedgerMissing, LedgerOutdated, LedgerTooNew, LedgerUnavailable
from reconciler.ledger import Ledger
from reconciler.ledger.engine import find_place

FOUND = Section("ledger")


def look_at_ledger(settings: Settings) -> Iterator[Finding]:
    """A file is looked at as a copy, a database by reading in it."""
    try:
        yield from _look(settings)
    except LedgerCorrupt as exc:
        yield FOUND.problem(
            str(exc), "stop the service, put a backup in its place, then run `reconciler poll --dry-run`"
        )
    except LedgerTooNew as exc:
        yield FOUND.problem(str(exc), "install the newer program again")
    except LedgerOutdated as exc:
        yield FOUND.remark(str(exc), "stop the older program, then start this one; a copy of the ledger's file is kept")
    except ConfigError as exc:
        yield FOUND.problem("; ".join(exc.problems), "change [ledger] url")
    except LedgerMissing as exc:
        yield FOUND.remark(str(exc), "nothing: it is made by the first run")
    except LedgerUnavailable as exc:
        yield FOUND.problem(str(exc), "look at the disk and at the file's owner, or at the database server", later=True)


def _look(settings: Settings) -> Iterator[Finding]:
    with TemporaryDirectory(prefix="reconciler-") as folder:
        copy = Path(folder) / "ledger.db"
        kind = Ledger.copy(settings.ledger.url, copy, base=settings.base)
        if kind == "missing":
            raise LedgerMissing("there is no ledger yet: `reconciler run` or `poll` creates it")
        url = settings.ledger.url if kind == "elsewhere" else f"sqlite:///{copy}"
        ledger = Ledger.open(url, create=False, clock=utc_now, actor="doctor", base=settings.base, upgrade=False)
        try:
            yield from _content(settings, ledger)
        finally:
            ledger.close()
    yield from _owners(settings)


def _content(settings: Settings, ledger: Ledger) -> Iterator[Finding]:
    about, place = ledger.describe(), find_place(settings.ledger.url, settings.base)
    kept = f", journal {about['journal']}, synchronous {about['synchronous']}: {about['why']}" if "why" in about else ""
    yield FOUND.ok(f"{place} is version {about['version']}{kept}")
    problems = ledger.integrity_check()
    for problem in problems:
        yield FOUND.problem(f"it is not sound: {problem}", "stop the service and put a backup in its place")
    if not problems:
        yield FOUND.ok("its integrity is sound")
    with ledger.look() as tx:
        made = (tx.recall("ledger") or {}).get("created_at")
        counts = f"{len(tx.entries())} payment(s), {len(tx.mails())} message(s)"
    since = f" since {datetime.fromisoformat(made):%Y-%m-%d %H:%M} UTC" if isinstance(made, str) else ""
    yield FOUND.ok(f"it holds {counts}{since}")
    yield from look_at_layouts(ledger)


def _owners(settings: Settings) -> Iterator[Finding]:
    names = [
        "daemon",
        *(f"mailbox:{name}" for name in settings.mailboxes),
        *(f"desk:{name}" for name in settings.desks),
    ]
    holders = Ledger.holders(settings.ledger.url, names, clock=utc_now, base=settings.base)
    for name, holder in holders.items():
        yield FOUND.ok(f"{name} is owned by {holder}")
    if not holders:
        yield FOUND.remark("nobody owns a mailbox or a desk: the service is not running", "start it: `reconciler run`")
