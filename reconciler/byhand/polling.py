"""
One pass over all mailboxes and everything due, then done: `reconciler poll`.

Each mailbox and desk is owned while it is worked on. One that cannot be reached or is another's does not keep the rest
waiting: it is told at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.app import App
from reconciler.byhand.going import Going
from reconciler.errors import TransientError
from reconciler.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass came to. troubles: what could not be done in it."""

    outcomes: list[Outcome] = field(default_factory=list)
    troubles: list[TransientError] = field(default_factory=list)


def poll(app: App, going: Going, *, rescan: bool = False) -> Pass:
    """
    Messages that wait, then every mailbox, then every desk; what is done to a mail afterwards (`after`) last.

    rescan: look again at foreign mail, too.
    """
    troubles: list[TransientError] = []
    found = app.intake.read_due()
    for name in app.settings.mailboxes:
        found += _read(app, name, troubles, rescan=rescan)
    ended = _walk(app, going, troubles, found)
    for name in app.settings.mailboxes:
        if _after_is_due(app, name):
            late = _read(app, name, troubles, rescan=False)
            ended |= _walk(app, going, troubles, late) if late else {}
    return Pass(outcomes=list(ended.values()), troubles=troubles)


def _read(app: App, name: str, troubles: list[TransientError], *, rescan: bool) -> list[Outcome]:
    found: list[Outcome] = []
    mailbox = app.mailbox(name)
    try:
        with app.ledger.exclusive(f"mailbox:{name}"):
            if rescan:
                with app.ledger.begin() as tx:
                    tx.rescan(name, mailbox.settings.folder)
            mailbox.read(app.handler(name, found.extend))
    except TransientError as exc:
        troubles.append(exc)
    if mailbox.health.failing:
        what = f"mailbox {name}: {mailbox.health.failing} mail(s) could not be handled; the log says why"
        troubles.append(TransientError(what))
    return found


def _walk(app: App, going: Going, troubles: list[TransientError], found: list[Outcome]) -> dict[str, Outcome]:
    """How everything read or walked stands at the end, by its id."""
    walked: dict[str, Outcome] = {}
    for desk in app.settings.desks:
        try:
            walked |= {done.id: done for done in going.everything_due(desk)}
        except TransientError as exc:
            troubles.append(exc)
    return {done.id: done for done in going.go_on(found)} | walked


def _after_is_due(app: App, name: str) -> bool:
    table = app.settings.mailboxes[name]
    if table.after == "keep":
        return False
    with app.ledger.look() as tx:
        met = tx.mailbox(name, table.folder)
        return met is not None and bool(tx.after_pending(name, table.folder, met.uidvalidity))
