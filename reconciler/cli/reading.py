"""
`parse` and `explain`: what saved mails say, and how they were read. Neither needs settings or a ledger.
"""

from __future__ import annotations

import click

from reconciler.cli.errors import LOOK, USAGE, say
from reconciler.cli.files import Files
from reconciler.cli.frame import Front, with_front
from reconciler.model import worst_exit

NOTICE = (
    "file",
    "kind",
    "amount",
    "currency",
    "order_number",
    "transaction_id",
    "paid_at",
    "merchant",
    "error",
    "field",
)


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@with_front
def parse(front: Front, files: tuple[str, ...]) -> int:
    """Print the payment notices in saved mails.

    Needs no settings, network or ledger; profiles ([parsers.NAME]) count where settings are found. FILE is a mail as it was received (.eml), or - for stdin. Exit code 0: every file
    gave notices; 1: a file gave an error; 2: a file could not be read.

    \b
    Examples:
      reconciler parse "[WayForPay] оплата.eml"
      reconciler parse inbox/*.eml | jq -r .transaction_id
      cat notice.eml | reconciler parse -
    """
    from reconciler.readout import parse_file

    parsers = front.parsers()
    codes = [0]
    mails = Files(files)
    with front.printer(*NOTICE) as printer:
        for name, raw in mails:
            for row in parse_file(raw, name, parsers):
                printer.row(row)
                codes.append(LOOK if "error" in row else 0)
    return worst_exit([*codes, USAGE] if mails.unread else codes)


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--mailbox", metavar="NAME", help="Judge trust as for a mail of this mailbox of the settings.")
@click.option("--offline", is_flag=True, help="Do not ask DNS for signature keys; trust is then not judged.")
@with_front
def explain(front: Front, file: str, mailbox: str | None, offline: bool) -> int:
    """Show how a saved mail was read, step by step.

    Its parts and charsets, every label and value found, which parser claimed it and why, where each field came from, and
    who vouches for it. For a sender that nobody reads it proposes a profile, ready for the settings, and says what it could
    not place. FILE may be - for stdin. Settings are used where they are found, else what is known of the gateway.

    \b
    Examples:
      reconciler explain notice.eml
      reconciler --json explain notice.eml | jq .pairs
    """
    from reconciler.cli.showing import show_explanation
    from reconciler.origin import judged
    from reconciler.profiles import parsers_of
    from reconciler.readout import explain_file

    mails = Files([file])
    settings = front.settings_if_any()
    parsers = parsers_of(settings)
    if mailbox is not None and (settings is None or mailbox not in settings.mailboxes):
        say(f"there is no [mailboxes.{mailbox}] in the settings")
        return USAGE
    codes = [0]
    for name, raw in mails:
        verdict = None if offline else judged(raw, parsers, settings, mailbox)
        found = explain_file(raw, name, parsers, verdict=verdict)
        if front.for_machines:
            front.printer().row(found)
        else:
            show_explanation(found)
        codes.append(LOOK if any("error" in notice for notice in found["notices"]) else 0)
    return USAGE if mails.unread else worst_exit(codes)
