"""
Whose mail a mailbox of the settings is, whatever it is called there, and how much of it was read on a day.

In: an account as the mailbox edge words it ("pay@example.ua at imap.example.ua"). Out: the names it had, and all that is
known of them under the new one. An account that was never told (an older ledger's) is None.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from reconciler.ledger import tables
from reconciler.ledger.memory import Memory

_ACCOUNT = "account:"
_TRAFFIC = "traffic:"
_TOKENS = "oauth:"


class Accounts(Memory):
    def account(self, name: str, folder: str) -> str | None:
        told = self.recall(_account_of(name, folder))
        return None if told is None else str(told["account"])

    def set_account(self, name: str, folder: str, account: str) -> None:
        self.note(_account_of(name, folder), {"name": name, "folder": folder, "account": account})

    def mailboxes_of(self, account: str, folder: str) -> Sequence[str]:
        """The names this folder of this account goes by in the ledger, the newest last."""
        memory = tables.memory.c
        query = select(memory.value).where(memory.name.startswith(_ACCOUNT, autoescape=True))
        told = self.connection.execute(query.order_by(memory.changed_at)).scalars()
        return [str(one["name"]) for one in told if (one["account"], one["folder"]) == (account, folder)]

    def rename_mailbox(self, before: str, name: str) -> None:
        """What is known of a mailbox is known under its new name; where that name knows a folder already, it stays so."""
        mailbox, sighting = tables.mailbox.c, tables.sighting.c
        met = select(mailbox.folder).where(mailbox.name == name).scalar_subquery()
        moved = list(
            self.connection.execute(
                select(mailbox.folder).where(mailbox.name == before, mailbox.folder.not_in(met))
            ).scalars()
        )
        for folder in moved:
            self.connection.execute(
                delete(tables.sighting).where(sighting.mailbox == name, sighting.folder == folder)
            )  # of an earlier time under that name: no row of `mailbox` speaks for it
            for table, column in ((tables.mailbox, mailbox.name), (tables.sighting, sighting.mailbox)):
                here = (column == before, table.c.folder == folder)
                self.connection.execute(update(table).where(*here).values({column.name: name}))
            account = self.account(before, folder)
            if account is not None:
                self.forget_note(_account_of(before, folder))
                self.set_account(name, folder, account)
        self.connection.execute(update(tables.mail).where(tables.mail.c.mailbox == before).values(mailbox=name))
        self._take_newest_tokens(before, name)
        self.append("mailbox.renamed", mailbox=name, before=before, folders=moved)

    def _take_newest_tokens(self, before: str, name: str) -> None:
        """A rehearsal of the new settings may have been given newer ones under the new name already."""
        memory = tables.memory.c
        query = select(memory.name, memory.value).where(memory.name.in_((_TOKENS + before, _TOKENS + name)))
        newest = self.connection.execute(query.order_by(memory.changed_at.desc()).limit(1)).first()
        if newest is not None and newest.name == _TOKENS + before:
            self.note(_TOKENS + name, newest.value)

    def forget_uids(self, name: str, folder: str, uidvalidity: int) -> None:
        """Another account under this name: none of its numbers was seen, whatever the one before it had."""
        sighting, mailbox = tables.sighting.c, tables.mailbox.c
        at = (sighting.mailbox == name, sighting.folder == folder, sighting.uidvalidity == uidvalidity)
        forgotten = self.connection.execute(delete(tables.sighting).where(*at)).rowcount
        self.connection.execute(
            update(tables.mailbox).where(mailbox.name == name, mailbox.folder == folder).values(cutoff_uid=None)
        )
        self.append("mailbox.replaced", mailbox=name, folder=folder, uids_forgotten=forgotten)

    # ------------------------------------------------------------ how much was read

    def count_traffic(self, name: str, *, received: int, bodies: int) -> int:
        """Add to what was read from a mailbox today (UTC); the day's bytes so far."""
        today = self.now().date().isoformat()
        before = self.recall(_TRAFFIC + name)
        if before is None or before["day"] != today:
            before = {"bytes": 0, "bodies": 0}
        total: int = before["bytes"] + received
        self.note(_TRAFFIC + name, {"day": today, "bytes": total, "bodies": before["bodies"] + bodies})
        return total

    def traffic(self, name: str) -> dict[str, int]:
        """{"bytes": n, "bodies": n} of today."""
        told = self.recall(_TRAFFIC + name)
        if told is None or told["day"] != self.now().date().isoformat():
            return {"bytes": 0, "bodies": 0}
        return {"bytes": told["bytes"], "bodies": told["bodies"]}


def _account_of(name: str, folder: str) -> str:
    return f"{_ACCOUNT}{name}:{folder}"
