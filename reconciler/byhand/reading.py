"""
Saved mails through the whole line, as if read in a mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from reconciler.app import App
from reconciler.byhand.going import Going
from reconciler.config import Settings
from reconciler.errors import ConfigError
from reconciler.model import Outcome

BATCH = 50
"""Mails read before their payments are walked: a waiting owner is waited for once a batch, and results come as they are."""


def chosen_mailbox(settings: Settings, name: str | None) -> str:
    """The mailbox that was named, or the only one. Raises: ConfigError."""
    known = ", ".join(sorted(settings.mailboxes)) or "none"
    if name is None and len(settings.mailboxes) == 1:
        return next(iter(settings.mailboxes))
    if name is None:
        raise ConfigError([f"--mailbox: say in which mailbox the mails are to be read; there are: {known}"])
    if name not in settings.mailboxes:
        raise ConfigError([f"--mailbox: there is no [mailboxes.{name}] in the settings; there are: {known}"])
    return name


def reprocess(
    app: App, going: Going, mails: Iterable[tuple[str, bytes]], *, mailbox: str
) -> Iterator[tuple[str, Outcome]]:
    """
    (file, outcome) for each payment or message, in the order of the files.

    mails: (name as shown, bytes). A mail read before, from anywhere, is not read again: it is told how it stands.
    """
    waiting = iter(mails)
    while batch := list(islice(waiting, BATCH)):
        told = [
            (name, done)
            for name, raw in batch
            for done in app.intake.take(raw, mailbox=mailbox, received_at=app.ledger.clock(), by_hand=True)
        ]
        ended = going.go_on([done for _, done in told])
        yield from ((name, done) for (name, _), done in zip(told, ended, strict=True))
