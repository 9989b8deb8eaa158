"""
A dry run: the same line on a copy of the ledger, with desks that are only read and mailboxes that stay as they are.

Nothing is written: the copy lies in a folder of its own that is removed at the end, its locks beside it are nobody else's, and
mode `observe` makes every walk say what it would do (`facts["would"]`) instead of doing it.

One thing has to outlive a rehearsal: an OAuth2 provider may give a new refresh token and let the old one die. It is put
back into the ledger it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.app import App, opened
from reconciler.clock import utc_now
from reconciler.config import Mode, Settings
from reconciler.errors import LedgerMissing
from reconciler.ledger import Ledger


@contextmanager
def rehearsed(settings: Settings, *, actor: str, create: bool, tell: Callable[[str], None]) -> Iterator[App]:
    """
    An app on a copy of the settings' ledger.

    create: where there is no ledger, rehearse on an empty one; else that is an error.
    Raises: LedgerMissing, LedgerUnavailable, LedgerCorrupt, ConfigError.
    """
    with TemporaryDirectory(prefix="reconciler-") as folder:
        copy = Path(folder) / "ledger.db"
        kind = Ledger.copy(settings.ledger.url, copy, base=settings.base)
        if kind == "elsewhere":
            tell("the ledger is in PostgreSQL, so this rehearsal begins with an empty one: it knows no earlier payment")
        elif kind == "missing" and not create:
            raise LedgerMissing("there is no ledger yet: `reconciler run` or `poll` creates it")
        with opened(_harmless(settings, copy), create=True, actor=actor) as app, _tokens(settings, app):
            yield app


def _harmless(settings: Settings, ledger: Path) -> Settings:
    return replace(
        settings,
        ledger=settings.ledger.model_copy(update={"url": f"sqlite:///{ledger}"}),
        mailboxes={name: box.model_copy(update={"after": "keep"}) for name, box in settings.mailboxes.items()},
        desks={name: desk.model_copy(update={"mode": Mode.OBSERVE}) for name, desk in settings.desks.items()},
    )


@contextmanager
def _tokens(settings: Settings, app: App) -> Iterator[None]:
    """Refresh tokens that the real ledger remembers are known to the copy, and new ones come back."""
    names = [f"oauth:{name}" for name, box in settings.mailboxes.items() if box.oauth2 is not None]
    if not names:
        yield
        return
    try:
        real = Ledger.open(
            settings.ledger.url, create=False, clock=utc_now, actor="dry-run", base=settings.base, upgrade=False
        )
    except LedgerMissing:
        yield  # nothing is remembered yet, and the settings' own token stays the one to begin with
        return
    try:
        _carry(real, app.ledger, names)
        try:
            yield
        finally:
            _carry(app.ledger, real, names)
    finally:
        real.close()


def _carry(source: Ledger, target: Ledger, names: list[str]) -> None:
    with source.look() as tx:
        there = {name: tx.recall(name) for name in names}
    with target.look() as tx:
        here = {name: tx.recall(name) for name in names}
    for name, value in there.items():
        if value is not None and value != here[name]:
            with target.begin() as tx:
                tx.remember(name, value)
