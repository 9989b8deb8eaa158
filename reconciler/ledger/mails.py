"""
Mails: bytes come in once, whatever the number of times they are seen; what they turned out to be goes out.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select, update

from reconciler.ledger import tables
from reconciler.ledger.history import History
from reconciler.ledger.values import mail_of, verdict_json
from reconciler.model import UNVERSIONED, Facts, Mail, MailRef, MailState, Reason, Verdict

_EVENTS = {
    MailState.TAKEN: "mail.requeued",
    MailState.READ: "mail.read",
    MailState.SKIPPED: "mail.skipped",
    MailState.WAITING: "mail.postponed",
    MailState.HELD: "mail.held",
    MailState.DISCARDED: "mail.discarded",
}

LONGEST_PAUSE = timedelta(minutes=10)
"""No rule of ours puts a message off for longer."""


def _mails() -> Select[Any]:
    return select(
        tables.mail, exists().where(tables.raw.c.mail_id == tables.mail.c.id).correlate(tables.mail).label("has_raw")
    )


class Mails(History):
    def take(
        self,
        *,
        mailbox: str,
        ref: MailRef | None,
        raw: bytes,
        sha256: str,
        sender: str,
        subject: str,
        received_at: datetime,
    ) -> tuple[Mail, bool]:
        now = self.now()
        mail_id = self.connection.execute(
            self.insert(tables.mail)
            .values(
                sha256=sha256,
                mailbox=mailbox,
                state=MailState.TAKEN,
                facts={},
                sender=sender,
                subject=subject,
                received_at=received_at,
                taken_at=now,
                changed_at=now,
            )
            .on_conflict_do_nothing(index_elements=["sha256"])
            .returning(tables.mail.c.id)
        ).scalar()
        new = mail_id is not None
        if mail_id is None:
            mail_id = self.connection.execute(
                select(tables.mail.c.id).where(tables.mail.c.sha256 == sha256)
            ).scalar_one()
        # Also for bytes known before: retention may have dropped them, and whoever hands them in wants them read.
        self.connection.execute(
            self.insert(tables.raw)
            .values(mail_id=mail_id, content=zlib.compress(raw, 6))
            .on_conflict_do_nothing(index_elements=["mail_id"])
        )
        if new:
            self.append("mail.taken", mail_id=mail_id, mailbox=mailbox, bytes=len(raw), received_at=received_at)
        if ref is not None:
            self._link(ref, mail_id, received_at)
        return self.mail(mail_id), new

    def _link(self, ref: MailRef, mail_id: int, received_at: datetime) -> None:
        """The sighting is ours now, whatever it was before; a mail already linked and acted on stays so."""
        sighting = tables.sighting
        at_ref = and_(
            sighting.c.mailbox == ref.mailbox,
            sighting.c.folder == ref.folder,
            sighting.c.uidvalidity == ref.uidvalidity,
            sighting.c.uid == ref.uid,
        )
        before = self.connection.execute(select(sighting).where(at_ref)).one_or_none()
        if before is not None and before.mail_id == mail_id:
            return
        if before is not None and before.mail_id is not None:
            # No server may give one UID to two mails under one UIDVALIDITY; the bytes just read are the truth.
            self.append("mailbox.uid_reused", mail_id=mail_id, uid=ref.uid, before=before.mail_id)
        ours = {"what": "ours", "mail_id": mail_id, "received_at": received_at, "after_at": None}
        self.connection.execute(
            self.insert(sighting)
            .values(
                mailbox=ref.mailbox,
                folder=ref.folder,
                uidvalidity=ref.uidvalidity,
                uid=ref.uid,
                sender_domain="",
                subject_sha256="",
                success_words=False,
                rules="",
                seen_at=self.now(),
                **ours,
            )
            .on_conflict_do_update(index_elements=["mailbox", "folder", "uidvalidity", "uid"], set_=ours)
        )

    def mail(self, mail_id: int) -> Mail:
        """Raises: LookupError: the ledger has no such mail."""
        row = self.connection.execute(_mails().where(tables.mail.c.id == mail_id)).one_or_none()
        if row is None:
            raise LookupError(f"the ledger has no message m{mail_id}")
        return mail_of(row)

    def raw(self, mail_id: int) -> bytes | None:
        """The bytes as they came; None once retention has dropped them."""
        content = self.connection.execute(select(tables.raw.c.content).where(tables.raw.c.mail_id == mail_id)).scalar()
        return None if content is None else zlib.decompress(content)

    def mails(
        self, *, state: MailState | None = None, reason: Reason | None = None, entry_id: int | None = None
    ) -> Sequence[Mail]:
        """Oldest first. entry_id: those that told of it, also as a repeat."""
        query = _mails().order_by(tables.mail.c.received_at, tables.mail.c.id)
        if state is not None:
            query = query.where(tables.mail.c.state == state)
        if reason is not None:
            query = query.where(tables.mail.c.reason == reason)
        if entry_id is not None:
            told = select(tables.notice.c.mail_id).where(tables.notice.c.entry_id == entry_id)
            query = query.where(tables.mail.c.id.in_(told))
        return [mail_of(row) for row in self.connection.execute(query)]

    def due_mails(self) -> Sequence[Mail]:
        mail = tables.mail.c
        # What is put off for longer than anything is was put off by a clock that was ahead.
        now = self.now()
        come = or_(mail.retry_at <= now, mail.retry_at > now + LONGEST_PAUSE)
        due = or_(mail.state == MailState.TAKEN, and_(mail.state == MailState.WAITING, come))
        rows = self.connection.execute(_mails().where(due).order_by(mail.received_at, mail.id))
        return [mail_of(row) for row in rows]

    def close_mail(
        self,
        mail_id: int,
        state: MailState,
        *,
        reason: Reason | None = None,
        facts: Facts | None = None,
        verdict: Verdict | None = None,
        parser: str | None = None,
        parser_version: str | None = None,
        retry_at: datetime | None = None,
    ) -> Mail:
        """
        Write down what a mail turned out to be.

        verdict, parser (with its version): None keeps the stored one. reason, retry_at and facts are cleared unless given, except what a
        person overruled: `acknowledged` stays unless the new facts say otherwise.
        """
        before = self.mail(mail_id)
        kept = {name: before.facts[name] for name in ("acknowledged",) if name in before.facts}
        columns: dict[str, Any] = {
            "state": state,
            "reason": reason,
            "facts": {**kept, **(facts or {})},
            "retry_at": retry_at,
            "changed_at": self.now(),
        }
        if verdict is not None:
            columns["verdict"] = verdict_json(verdict)
        if parser is not None:
            known = before.parser_version if parser == before.parser else None
            columns |= {"parser": parser, "parser_version": parser_version or known or UNVERSIONED}
        self.connection.execute(update(tables.mail).where(tables.mail.c.id == mail_id).values(columns))
        self.append(
            _EVENTS[state],
            mail_id=mail_id,
            reason=reason,
            facts=dict(facts or {}),
            parser=parser or before.parser,
            trusted_by=None if verdict is None else verdict.trusted_by,
            retry_at=retry_at,
        )
        return self.mail(mail_id)
