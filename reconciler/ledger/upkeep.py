"""
What keeps a ledger small, private and sound: raw mail is dropped, a payer is forgotten, its integrity is checked.

Hashes, keys and money facts are never dropped: a forgotten payment would be a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, null, select, text, update

from reconciler.ledger import tables
from reconciler.ledger.history import History
from reconciler.ledger.values import entry_of
from reconciler.model import MailState, Payer, State

_CLOSED_MAILS = (MailState.READ, MailState.SKIPPED, MailState.DISCARDED)
_OPEN_ENTRIES = (State.RECORDED, State.WAITING, State.HELD)  # their mail may have to be read again


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How much of a payer was there to forget."""

    entries: int
    mails: int


class Upkeep(History):
    def drop_raw_before(self, at: datetime) -> int:
        """Drop the bytes of mails taken before and closed since; hashes and facts stay. Returns how many."""
        mail, notice, entry = tables.mail.c, tables.notice.c, tables.entry.c
        needed = (
            select(notice.mail_id).join(tables.entry, entry.id == notice.entry_id).where(entry.state.in_(_OPEN_ENTRIES))
        )
        done_with = select(mail.id).where(mail.taken_at < at, mail.state.in_(_CLOSED_MAILS), mail.id.not_in(needed))
        dropped = self.connection.execute(delete(tables.raw).where(tables.raw.c.mail_id.in_(done_with))).rowcount
        if dropped:
            self.append("mail.raw_dropped", count=dropped, before=at)
        return dropped

    def forget(self, payer: str) -> Forgotten:
        """
        Erase a payer, found by exact name, address, phone or card in any case: who paid, and the mails that told of it.

        Key, amount, order and history stay; the history never holds who paid.
        """
        wanted = payer.strip().casefold()
        rows = self.connection.execute(select(tables.entry).where(tables.entry.c.payer.is_not(None)))
        entries = [entry.id for entry in map(entry_of, rows) if entry.payer and _is(entry.payer, wanted)]
        mails = (
            self.connection.execute(
                select(tables.notice.c.mail_id).where(tables.notice.c.entry_id.in_(entries)).distinct()
            )
            .scalars()
            .all()
        )
        if entries:
            self.connection.execute(update(tables.entry).where(tables.entry.c.id.in_(entries)).values(payer=null()))
            self.connection.execute(delete(tables.raw).where(tables.raw.c.mail_id.in_(mails)))
            self.connection.execute(update(tables.mail).where(tables.mail.c.id.in_(mails)).values(subject=""))
            for entry_id in entries:
                self.append("payer.forgotten", entry_id=entry_id)
        return Forgotten(entries=len(entries), mails=len(mails))


def _is(payer: Payer, wanted: str) -> bool:
    return any(value is not None and value.strip().casefold() == wanted for value in asdict(payer).values())


def integrity_problems(connection: Connection) -> Sequence[str]:
    """What SQLite finds wrong with its file; empty: sound. PostgreSQL checks its pages itself, as they are read."""
    if connection.dialect.name != "sqlite":
        return []
    problems = [str(line) for line in connection.execute(text("PRAGMA integrity_check")).scalars() if line != "ok"]
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        problems.append(f"row {row[1]} of {row[0]} points to a {row[2]} that is not there")
    return problems
