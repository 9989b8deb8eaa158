"""
One mailbox: the way in, what its server offers, how much mail lies there, and whose it is.

The folder is opened for reading only; nothing is flagged, moved or marked as seen.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import timedelta

from reconciler.app import App
from reconciler.config import MailboxSettings
from reconciler.doctor import letters
from reconciler.doctor.elsewhere import look_elsewhere
from reconciler.doctor.findings import Finding, Section
from reconciler.errors import ConfigError, MailboxUnreachable
from reconciler.mailbox import After, ImapMailbox, LoginRefused, OpenFolder
from reconciler.mailbox.client import CommandRefused

LATEST = 500
"""How many mails are looked at by their headings, from the newest back."""
CERTIFICATE_LEFT = timedelta(days=14)

NEXT_STEPS = {
    "connect": "look at host, port and security, and whether this machine may connect there",
    "STARTTLS": 'look at security: "tls" with port 993 is what most servers want',
    "LOGIN": "look at username and password; many providers want a password made for this program",
    "OAUTH2": "look at oauth2: the refresh token may have been withdrawn",
    "SELECT": "look at folder: it has to be written as the server writes it",
}


def look_at_mailbox(app: App, name: str, after: str) -> Iterator[Finding]:
    """after: as the settings have it; here nothing is done to a mail."""
    found, table = Section(f"mailbox {name}"), app.settings.mailboxes[name]
    mailbox = app.mailbox(name)
    try:
        folder = mailbox.connect_and_select()
        yield found.ok(
            f"{table.host}:{table.port} lets {table.username} in ({mailbox.encryption or 'not encrypted'}), {table.folder} is there"
        )
        yield from _certificate(app, found, mailbox)
        yield from _offers(found, folder, table, after)
        ours = yield from _mails(app, found, mailbox, folder)
        if not ours:
            yield from look_elsewhere(found, mailbox, After.parse(after).folder)
    except ConfigError as exc:
        yield found.problem("; ".join(exc.problems), f"change [mailboxes.{name}]")
    except MailboxUnreachable as exc:
        step = str(exc.facts.get("step"))
        next_step = NEXT_STEPS.get(step, "look at the network and the mail server, then run this again")
        later = not isinstance(exc, LoginRefused | CommandRefused)
        yield found.problem(str(exc), next_step, later=later)
    finally:
        mailbox.close()


def _certificate(app: App, found: Section, mailbox: ImapMailbox) -> Iterator[Finding]:
    ends = mailbox.certificate_ends
    if ends is not None and ends - app.ledger.clock() < CERTIFICATE_LEFT:
        yield found.remark(
            f"the server's certificate ends on {ends:%Y-%m-%d}", "see that whoever runs the server renews it"
        )


def _offers(found: Section, folder: OpenFolder, table: MailboxSettings, after: str) -> Iterator[Finding]:
    offered = [name for name in ("IDLE", "UIDPLUS", "MOVE") if folder.offers(name)]
    yield found.ok(f"it offers {', '.join(offered) or 'none of IDLE, UIDPLUS, MOVE'}")
    if "IDLE" not in offered:
        yield found.remark(
            f"without IDLE mail is seen every {table.poll_seconds} s", "lower poll_seconds if that is too slow"
        )
    if after.startswith("move:") and not {"MOVE", "UIDPLUS"} & set(offered):
        yield found.problem(f'after = "{after}" cannot be done: it needs MOVE or UIDPLUS', 'write "flag" or "keep"')


def _mails(app: App, found: Section, mailbox: ImapMailbox, folder: OpenFolder) -> Generator[Finding, None, int]:
    """Returns how many of the latest are of a gateway."""
    uids = folder.uids()
    recognised = mailbox.intake.recognition
    ours: list[int] = []
    tempting: list[str] = []
    latest = uids[-LATEST:]
    for heading in folder.headings(latest) if latest else ():
        message = recognised.decode(heading.header)
        if recognised.is_ours(message):
            ours.append(heading.uid)
        elif recognised.has_success_words(message.subject):
            tempting.append(message.senders[0].domain if message.senders else "nobody")
    yield found.ok(f"{len(uids)} mail(s) lie there; of the last {len(latest)}, {len(ours)} are of a gateway")
    if latest and not ours:
        what = "none of them is of a gateway"
        yield found.remark(what, "see that the notices arrive in this folder, and under which address")
    with app.ledger.look() as tx:
        read_today = tx.traffic(mailbox.name)["bytes"]
    if read_today:
        yield found.ok(f"{read_today / 1e6:.1f} MB were read from it today (UTC)")
    if tempting:
        whose = ", ".join(sorted(set(tempting))[:3])
        what = f"{len(tempting)} foreign mail(s) speak of payment in their subject, from {whose}"
        yield found.remark(
            what, "if one is a notice, add its sender to [gateways.*]; `reconciler explain FILE` shows how it reads"
        )
    yield from letters.look_at_letters(app, found, folder, ours)
    return len(ours)
