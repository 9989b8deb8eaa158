"""
`replay`: what today's parsers would make of the mail that is stored.
"""

from __future__ import annotations

import functools
from dataclasses import asdict
from datetime import datetime

import click

from reconciler.cli.errors import LOOK, USAGE, say
from reconciler.cli.frame import Front, with_front
from reconciler.cli.looking import Since

COLUMNS = ("id", "payment", "field", "was", "would_be", "parser", "read_with", "today")
"""What the table for people shows."""


@click.command()
@click.option("--parser", metavar="NAME", help="Only mail that this parser read then, or reads today.")
@click.option("--since", type=Since(), metavar="D", help="Only what came at or after: 2026-11-01, 24h, 7d.")
@with_front
def replay(front: Front, parser: str | None, since: datetime | None) -> int:
    """Read all stored mail again with today's parsers and settings, and show what would have changed.

    A line for each difference: what it was, what it would be, and which version of the parser read it then and would now.
    Touches nothing: the ledger is only read, nobody is asked, and who vouches for a mail is as it was judged when it came.
    Exit code 0: all the same; 1: there are differences.

    \b
    Examples:
      reconciler replay --since 30d
      reconciler --json replay --parser wayforpay | jq -c 'select(.what == "difference")'
    """
    from reconciler.app import opened
    from reconciler.byhand.replaying import Replay
    from reconciler.cli.outcomes import person
    from reconciler.cli.output import progress
    from reconciler.ledger import Ledger

    untouched = functools.partial(Ledger.open, upgrade=False)
    with opened(front.settings(), create=False, actor=person(), open_ledger=untouched) as app:
        replayed = Replay(app=app, parser=parser)
        if parser is not None and parser not in (known := replayed.parsers()):
            say(f"--parser: no parser and no stored mail of {parser!r}; there are: {', '.join(sorted(known))}")
            return USAGE
        mails = replayed.mails(since)
        with front.printer(*COLUMNS) as printer:
            for mail in progress(mails, total=len(mails), what="Reading stored mail"):
                found = replayed.again(mail)
                if found is None:
                    continue
                for difference in found.differences:
                    printer.row(
                        {
                            "what": "difference",
                            "id": f"m{mail.id}",
                            "payment": difference.entry,
                            "field": difference.field,
                            "was": difference.was,
                            "would_be": difference.would_be,
                            "parser": found.parser,
                            "read_with": found.read_with,
                            "today": found.today,
                        }
                    )
            counts = asdict(replayed.counts)
            if front.for_machines:
                printer.row({"what": "summary", **counts})
    say(
        f"{counts['same'] + counts['differ']} mails read again: {counts['same']} as before, {counts['differ']} otherwise;"
        f" {counts['dropped']} whose bytes are no longer stored, {counts['unread']} not read yet,"
        f" {counts['dangerous']} left alone because they ended what read them"
    )
    return LOOK if counts["differ"] else 0
