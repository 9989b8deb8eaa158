"""
`ledger` and `show`: what the ledger holds, and everything about one payment. Both only look.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.errors import say
from reconciler.cli.frame import Front, with_front
from reconciler.cli.outcomes import COLUMNS, hints_of, person, row_of
from reconciler.cli.output import cell
from reconciler.model import MailState, State

if TYPE_CHECKING:
    from reconciler.app import App
    from reconciler.model import Entry, Mail

STATES = tuple(dict.fromkeys([*(state.value for state in State), *(state.value for state in MailState)]))
OPEN_MAILS = frozenset({MailState.TAKEN, MailState.WAITING, MailState.HELD})
"""Messages that a list without --state shows: those that are not done with."""

_LENGTH = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Since(click.ParamType[datetime]):
    """A day, a moment or a length of time before now."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        length = _LENGTH.fullmatch(value)
        if length:
            return datetime.now(UTC) - timedelta(**{_UNITS[length[2]]: int(length[1])})
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day (2026-11-01), no moment (2026-11-01T09:00) and no length (24h, 7d)", param)
        return moment.astimezone()  # a moment without a zone is this machine's


@click.command()
@click.option("--state", type=click.Choice(STATES), help="Only what is in this state.")
@click.option("--since", type=Since(), metavar="D", help="Only what came at or after: 2026-11-01, 24h, 7d.")
@with_front
def ledger(front: Front, state: str | None, since: datetime | None) -> int:
    """List the payments in the ledger, and the messages that wait or are held.

    Exit code 0, whatever state they are in: this only looks.

    \b
    Examples:
      reconciler ledger --state held
      reconciler ledger --since 7d
    """
    from reconciler.app import opened
    from reconciler.flow import outcome

    with (
        opened(front.settings(), create=False, actor=person()) as app,
        front.printer(*COLUMNS) as printer,
    ):
        for mail in _mails(app, state, since):
            printer.row(row_of(outcome.of_mail(mail)))
        entries = [outcome.of_entry(entry) for entry in _entries(app, state, since)]
        for done in entries:
            printer.row(row_of(done))
    if not front.for_machines:
        for hint in (hint for done in entries for hint in hints_of(done)):
            say(cell(hint))
    return 0


def _mails(app: App, state: str | None, since: datetime | None) -> list[Mail]:
    if state is not None and state not in list(MailState):
        return []
    wanted = OPEN_MAILS if state is None else {MailState(state)}
    with app.ledger.look() as tx:
        mails = tx.mails()
    return [mail for mail in mails if mail.state in wanted and (since is None or mail.taken_at >= since)]


def _entries(app: App, state: str | None, since: datetime | None) -> list[Entry]:
    if state is not None and state not in list(State):
        return []
    with app.ledger.look() as tx:
        return list(tx.entries(states=None if state is None else [State(state)], since=since))


@click.command()
@click.argument("what", metavar="KEY|ID")
@with_front
def show(front: Front, what: str) -> int:
    """Tell everything about one payment (e12, or its key) or message (m7).

    What it is and how it stands, what to do next and what to type, where each field stood in the mail, who vouched for it,
    every request to the desk, and the history in words.

    \b
    Examples:
      reconciler show e12
      reconciler show wayforpay:shop:WFP-SOC-1234567-6ac4b29136b28
    """
    from reconciler import timeline
    from reconciler.app import opened
    from reconciler.cli.storytelling import show_story
    from reconciler.flow import decisions, outcome
    from reconciler.model import Entry, Notice

    with opened(front.settings(), create=False, actor=person()) as app:

        def reread(mail: Mail, raw: bytes) -> tuple[Notice, ...]:
            return app.intake.reading_of(mail, raw).notices

        with app.ledger.look() as tx:
            found = decisions.find(tx, what)
        if isinstance(found, Entry):
            row = row_of(outcome.of_entry(found)) | timeline.of_entry(app.ledger, found, reread)
        else:
            row = row_of(outcome.of_mail(found)) | timeline.of_mail(app.ledger, found, reread)
    if front.for_machines:
        front.printer().row(row)
    else:
        show_story(row)
    return 0
