"""
Everything, in the order in which one would mend it. In: settings. Out: findings, as they are made.

What needs a ledger gets a copy of it, so that nothing that is looked at is changed, and a service that runs is not disturbed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.byhand.rehearsal import rehearsed
from reconciler.config import Settings
from reconciler.doctor import ledgers, mailboxes, places
from reconciler.doctor.findings import Finding, Level
from reconciler.doctor.settings import look_at_settings


def visit(settings: Settings, *, actor: str, tell: Callable[[str], None]) -> Iterator[Finding]:
    """tell: what is to be said beside the findings."""
    yield from look_at_settings(settings)
    usable = True
    for finding in ledgers.look_at_ledger(settings):
        usable = usable and finding.level is not Level.PROBLEM
        yield finding
    with TemporaryDirectory(prefix="reconciler-") as empty:
        known = settings if usable else _on(settings, Path(empty) / "none.db")
        with rehearsed(known, actor=actor, create=True, tell=tell) as app:
            yield from places.look_at_dns(app)
            for name in settings.mailboxes:
                yield from mailboxes.look_at_mailbox(app, name, settings.mailboxes[name].after)
            for name in settings.desks:
                yield from places.look_at_desk(app, name, settings.desks[name].mode)


def _on(settings: Settings, ledger: Path) -> Settings:
    """The real ledger cannot be used, which was told: the rest is looked at without it."""
    return replace(settings, ledger=settings.ledger.model_copy(update={"url": f"sqlite:///{ledger}"}))
