"""
Mailboxes: the first-run decision of each folder, and what became of every UID seen in it.

A sighting is its own record of a mail we did not take: no body, but what is needed to come back to it when senders or
parsers change. Sightings write no history; a full mailbox met for the first time would drown it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, func, select, update

from reconciler.ledger import tables
from reconciler.ledger.history import History
from reconciler.ledger.values import MailboxRow, mailbox_of
from reconciler.model import MailRef, MailState, State

_SIGHTING_KEY = ["mailbox", "folder", "uidvalidity", "uid"]


class Mailboxes(History):
    def mailbox(self, name: str, folder: str) -> MailboxRow | None:
        """None: never met."""
        row = self.connection.execute(select(tables.mailbox).where(_is(name, folder))).one_or_none()
        return None if row is None else mailbox_of(row)

    def meet_mailbox(
        self,
        name: str,
        folder: str,
        *,
        uidvalidity: int,
        cutoff_at: datetime,
        cutoff_uid: int | None,
        decided_by: str,
    ) -> MailboxRow:
        """
        Store the first-run decision: what lies before the cut-off is skipped. A second call changes nothing.

        cutoff_uid: UIDNEXT of this moment when the settings give no `since`, else None.
        decided_by: for people, e.g. "since = 2026-11-01" or "UIDNEXT of the first run".
        """
        now = self.now()
        met = self.connection.execute(
            self.insert(tables.mailbox)
            .values(
                name=name,
                folder=folder,
                uidvalidity=uidvalidity,
                cutoff_at=cutoff_at,
                cutoff_uid=cutoff_uid,
                decided_by=decided_by,
                rules="",
                met_at=now,
            )
            .on_conflict_do_nothing(index_elements=["name", "folder"])
            .returning(tables.mailbox.c.name)
        ).scalar()
        if met is not None:
            self.append(
                "mailbox.met",
                mailbox=name,
                folder=folder,
                cutoff_at=cutoff_at,
                cutoff_uid=cutoff_uid,
                decided_by=decided_by,
            )
        return mailbox_of(self.connection.execute(select(tables.mailbox).where(_is(name, folder))).one())

    def set_uidvalidity(self, name: str, folder: str, uidvalidity: int) -> None:
        """The server rebuilt the folder: its UIDs mean other mails now, so only the cut-off's time still counts."""
        before = self._met(name, folder)
        if before.uidvalidity == uidvalidity:
            return
        self.connection.execute(
            update(tables.mailbox).where(_is(name, folder)).values(uidvalidity=uidvalidity, cutoff_uid=None)
        )
        self.append("mailbox.rebuilt", mailbox=name, folder=folder, uidvalidity=uidvalidity, before=before.uidvalidity)

    def scanned(self, name: str, folder: str, *, rules: str) -> None:
        """One complete scan under these rules has ended now."""
        self._met(name, folder)
        self.connection.execute(
            update(tables.mailbox).where(_is(name, folder)).values(rules=rules, scanned_at=self.now())
        )

    def sightings(self, name: str, folder: str, uidvalidity: int) -> frozenset[int]:
        """The UIDs seen already, whatever they were."""
        query = select(tables.sighting.c.uid).where(_in(name, folder, uidvalidity))
        return frozenset(self.connection.execute(query).scalars())

    def sight(
        self,
        ref: MailRef,
        *,
        what: Literal["foreign", "before_cutoff"],
        sender_domain: str,
        subject_sha256: str,
        success_words: bool,
        received_at: datetime,
        rules: str,
    ) -> None:
        """A mail that is not ours, seen for the first time or again under new rules; one of ours stays ours."""
        seen = {
            "what": what,
            "sender_domain": sender_domain,
            "subject_sha256": subject_sha256,
            "success_words": success_words,
            "received_at": received_at,
            "rules": rules,
            "seen_at": self.now(),
        }
        key = {"mailbox": ref.mailbox, "folder": ref.folder, "uidvalidity": ref.uidvalidity, "uid": ref.uid}
        self.connection.execute(
            self.insert(tables.sighting)
            .values({**key, **seen})
            .on_conflict_do_update(index_elements=_SIGHTING_KEY, set_=seen, where=tables.sighting.c.what != "ours")
        )

    def foreign_uids(self, name: str, folder: str, uidvalidity: int, *, rules: str) -> Sequence[int]:
        """Foreign mails judged under other rules than these: to be looked at again, oldest first."""
        sighting = tables.sighting.c
        query = select(sighting.uid).where(
            _in(name, folder, uidvalidity), sighting.what == "foreign", sighting.rules != rules
        )
        return list(self.connection.execute(query.order_by(sighting.uid)).scalars())

    def rescan(self, name: str, folder: str) -> int:
        """Have the next scan look at every foreign mail again, whatever rules it was judged under; returns how many."""
        sighting = tables.sighting.c
        mails = self.connection.execute(
            update(tables.sighting)
            .where(sighting.mailbox == name, sighting.folder == folder, sighting.what == "foreign")
            .values(rules="")
        ).rowcount
        self.append("mailbox.rescan_asked", mailbox=name, folder=folder, mails=mails)
        return mails

    def count_foreign(self, name: str, folder: str) -> Mapping[str, int]:
        """{"foreign": n, "with_success_words": n} of the folder as it is now, not as it was before a rebuild."""
        sighting, mailbox = tables.sighting.c, tables.mailbox.c
        row = self.connection.execute(
            select(func.count(), func.sum(case((sighting.success_words, 1), else_=0))).where(
                sighting.mailbox == name,
                sighting.folder == folder,
                sighting.uidvalidity == select(mailbox.uidvalidity).where(_is(name, folder)).scalar_subquery(),
                sighting.what == "foreign",
            )
        ).one()
        return {"foreign": row[0], "with_success_words": row[1] or 0}

    def after_pending(self, name: str, folder: str, uidvalidity: int) -> Sequence[int]:
        """Mails whose outcome is committed and whose mailbox action is not done yet, oldest first."""
        sighting, mail, entry, notice = tables.sighting.c, tables.mail.c, tables.entry.c, tables.notice.c
        underway = (
            select(notice.entry_id)
            .join(tables.entry, entry.id == notice.entry_id)
            .where(notice.mail_id == mail.id, entry.state.in_([State.RECORDED, State.WAITING]))
            .correlate(tables.mail)
            .exists()
        )
        query = (
            select(sighting.uid)
            .join(tables.mail, mail.id == sighting.mail_id)
            .where(
                _in(name, folder, uidvalidity),
                sighting.after_at.is_(None),
                mail.state.not_in([MailState.TAKEN, MailState.WAITING]),
                ~underway,
            )
        )
        return list(self.connection.execute(query.order_by(sighting.uid)).scalars())

    def after_done(self, ref: MailRef) -> None:
        """The mailbox action of this mail is done (or needs no doing): never again."""
        sighting = tables.sighting
        self.connection.execute(
            update(sighting)
            .where(_in(ref.mailbox, ref.folder, ref.uidvalidity), sighting.c.uid == ref.uid)
            .values(after_at=self.now())
        )

    def _met(self, name: str, folder: str) -> MailboxRow:
        met = self.mailbox(name, folder)
        if met is None:
            raise LookupError(f"the ledger has not met the folder {folder!r} of mailbox {name!r}")
        return met


def _is(name: str, folder: str) -> ColumnElement[bool]:
    return and_(tables.mailbox.c.name == name, tables.mailbox.c.folder == folder)


def _in(name: str, folder: str, uidvalidity: int) -> ColumnElement[bool]:
    sighting: Any = tables.sighting.c
    return and_(sighting.mailbox == name, sighting.folder == folder, sighting.uidvalidity == uidvalidity)
