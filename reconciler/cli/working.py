"""
`run`, `poll` and `reprocess`: the whole line, as a daemon, once, or for saved mails.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import LATER, USAGE, say
from reconciler.cli.files import SavedMails
from reconciler.cli.frame import Front, with_front
from reconciler.cli.outcomes import COLUMNS, exit_of, person, rehearsed_row_of, row_of
from reconciler.model import Outcome, worst_exit
from reconciler.starting import importing

if TYPE_CHECKING:
    from reconciler.app import App
    from reconciler.config import Settings


@click.command()
@with_front
def run(front: Front) -> int:
    """Read the mailboxes and settle payments until told to stop: the daemon.

    Creates the ledger where there is none. SIGTERM stops within five seconds, SIGHUP reads the settings again. The event
    service.ready is logged once every mailbox has been read.

    \b
    Example:
      reconciler run
    """
    with importing():
        from reconciler.service import daemon

    return daemon.run(front.settings())


@click.command()
@click.option("--dry-run", is_flag=True, help="Write nothing anywhere; say what would be done.")
@click.option("--rescan", is_flag=True, help="Look again at mail that was taken for foreign, too.")
@with_front
def poll(front: Front, dry_run: bool, rescan: bool) -> int:
    """Read all mailboxes once, settle everything due, and exit.

    Creates the ledger where there is none. What another process reads or posts to is left to it and told (exit code 75).

    \b
    Examples:
      reconciler poll
      reconciler poll --dry-run
    """
    from reconciler.byhand import polling
    from reconciler.byhand.going import Going

    settings = front.settings()
    with _app(settings, create=True, dry_run=dry_run) as app, Going(app, say) as going:
        done = polling.poll(app, going, rescan=rescan)
        with front.printer(*COLUMNS) as printer:
            for outcome in done.outcomes:
                printer.row(rehearsed_row_of(outcome) if dry_run else row_of(outcome))
    for trouble in done.troubles:
        say(str(trouble))
    return worst_exit([exit_of(done.outcomes), LATER if done.troubles else 0])


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--mailbox", metavar="NAME", help="The mailbox they are read as if in; needed when there are several.")
@click.option("--dry-run", is_flag=True, help="Write nothing anywhere; say what would be done.")
@click.option("--new-ledger", is_flag=True, help="Create the ledger where there is none.")
@with_front
def reprocess(front: Front, files: tuple[str, ...], mailbox: str | None, dry_run: bool, new_ledger: bool) -> int:
    """Take saved mails through the whole line, as if they had just come.

    FILE is a mail (.eml), an mbox, a folder, which is walked for *.eml, or - for stdin. A payment that is in the ledger
    already is never posted again. Where the daemon runs, it does the posting and this command waits for it.

    \b
    Examples:
      reconciler reprocess notice.eml
      reconciler reprocess --mailbox payments --dry-run archive.mbox saved/
    """
    from reconciler.byhand import reading
    from reconciler.byhand.going import Going

    settings = front.settings()
    box = reading.chosen_mailbox(settings, mailbox)
    mails = SavedMails(files)
    outcomes: list[Outcome] = []
    with (
        _app(settings, create=new_ledger, dry_run=dry_run) as app,
        Going(app, say) as going,
        front.printer(*COLUMNS) as printer,
    ):
        for file, outcome in reading.reprocess(app, going, mails, mailbox=box):
            row = rehearsed_row_of(outcome) if dry_run else row_of(outcome)
            printer.row(row | {"file": file})
            outcomes.append(outcome)
    return worst_exit([exit_of(outcomes), USAGE if mails.unread else 0])


def _app(settings: Settings, *, create: bool, dry_run: bool) -> AbstractContextManager[App]:
    from reconciler.app import opened
    from reconciler.byhand.rehearsal import rehearsed

    if dry_run:
        return rehearsed(settings, actor=person(), create=create, tell=say)
    return opened(settings, create=create, actor=person())
