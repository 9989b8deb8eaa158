"""
Mails that break what reads them: the MIME layer, or the whole process.

In: a mail's bytes, or a stored mail that was left in the middle. Out: enough to store it whatever happens; and whether it may be
read once more. One such mail may cost its own reading, never that of the mails behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import structlog

from reconciler import forwarded
from reconciler import message as decoding
from reconciler.model import Mail, MailState
from reconciler.ports import Ledger

log = structlog.get_logger(__name__)

PROCESSES = 3
"""So many may end in the middle of reading a mail, killed by it or by chance; then a person looks before the next one tries."""

READ_BY = "read_by"
"""Among a mail's facts while it is taken and not read: the processes that began to, after the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a mail is stored with. carries: a person handed it in, and another mail is attached to it or forwarded in it."""

    sender: str = ""
    subject: str = ""
    carries: bool = False


def glance(raw: bytes, *, max_bytes: int, by_hand: bool = False) -> Glance:
    """For any bytes, also those the MIME layer breaks on: first they are stored, then their reading tells what is wrong."""
    try:
        message = decoding.decode(raw, max_bytes=max_bytes)
        carries = by_hand and (bool(message.attached) or forwarded.find(message) != forwarded.Forward())
    except Exception:
        log.exception("message.undecodable", bytes=len(raw))
        return Glance()
    sender = message.sender.email if message.sender else ""
    return Glance(sender=sender, subject=message.subject, carries=carries)


class Readers:
    """This process among those that read mails which others left in the middle."""

    def __init__(self) -> None:
        self._me = uuid4().hex[:12]

    def begin(self, ledger: Ledger, mail: Mail) -> bool:
        """
        Write down that this process reads it, before it does.

        False: too many processes have ended over it already. A mail that was closed meanwhile is left as it is.
        """
        with ledger.begin() as tx:
            current = tx.mail(mail.id)
            before = list(current.facts.get(READ_BY, ()))
            if current.state is not MailState.TAKEN or self._me in before:
                return True
            if len(before) + 1 >= PROCESSES:
                return False
            tx.close_mail(mail.id, MailState.TAKEN, facts={**current.facts, READ_BY: [*before, self._me]})
            return True
