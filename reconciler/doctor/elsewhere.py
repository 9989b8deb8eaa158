"""
The other folders of an account: is our mail lying there, while none comes into the folder that is read?

In: a connected mailbox, whose own folder is closed by this. Out: findings. Folders are opened for reading only.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.doctor.findings import Finding, Section
from reconciler.mailbox import CommandRefused, ImapMailbox

MOST_FOLDERS = 30
LATEST = 100
"""How many of a folder's mails are looked at by their headings, from the newest back."""


def look_elsewhere(found: Section, mailbox: ImapMailbox, moved_to: str) -> Iterator[Finding]:
    """moved_to: where `after` puts them, which is no surprise. Raises MailboxUnreachable."""
    watched = mailbox.settings.folder
    others = [name for name in mailbox.folders() if name not in (watched, moved_to)]
    closed = []
    for name in others[:MOST_FOLDERS]:
        try:
            ours = _ours(mailbox, name)
        except CommandRefused:
            closed.append(name)
            continue
        if ours:
            what = f"{ours} mail(s) of a gateway lie in folder {name}, and none in {watched}"
            yield found.remark(what, f'folder = "{name}", or have the server leave them in {watched}')
    if closed:
        yield found.remark(f"{len(closed)} other folder(s) cannot be opened: {', '.join(closed[:3])}")
    if len(others) > MOST_FOLDERS:
        yield found.remark(f"of {len(others)} other folders the first {MOST_FOLDERS} were looked into")


def _ours(mailbox: ImapMailbox, name: str) -> int:
    """How many of the newest mails in that folder are of a gateway. Raises: CommandRefused: it cannot be opened."""
    recognised = mailbox.intake.recognition
    folder = mailbox.look_into(name)
    latest = folder.uids()[-LATEST:]
    headings = folder.headings(latest) if latest else []
    return sum(recognised.is_ours(recognised.decode(heading.header)) for heading in headings)
