"""
What is done to mails in the mailbox once their outcome is committed: nothing, a flag, or a move.

In: the ledger's list of mails whose action is due. Out: the action, then its note in the ledger. It never stands in the way
of reading: a refusal (a full mailbox, a read-only folder) is logged and tried again by itself, with growing pauses.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from reconciler.errors import MailboxUnreachable
from reconciler.mailbox.client import CommandRefused
from reconciler.mailbox.folder import OpenFolder
from reconciler.mailbox.needs import MailboxLedger
from reconciler.mailbox.pauses import Retries
from reconciler.mailbox.values import MailboxSettings
from reconciler.model import MailRef

_log = structlog.get_logger()

_AT_ONCE = 100
_THE_ACTION = 0  # its pauses are those of the mailbox, not of one mail


class AfterActions:
    def __init__(self, settings: MailboxSettings, ledger: MailboxLedger) -> None:
        self._settings = settings
        self._after = settings.after
        self._ledger = ledger
        self._retries = Retries()

    def run(self, folder: OpenFolder) -> None:
        """Do what is due. Raises MailboxUnreachable only when the connection itself is in doubt."""
        if self._after.action == "keep" or not folder.uidvalidity:
            return  # without UIDVALIDITY a number in the ledger may mean another mail by now
        if not self._retries.is_due(_THE_ACTION, self._ledger.clock()):
            return
        with self._ledger.look() as tx:
            due = list(tx.after_pending(self._settings.name, folder.name, folder.uidvalidity))
        try:
            for start in range(0, len(due), _AT_ONCE):
                if not self._act(folder, due[start : start + _AT_ONCE]):
                    return
        except MailboxUnreachable as exc:
            failed = self._retries.failed(_THE_ACTION, self._ledger.clock())
            _log.warning(
                "after.failed", mailbox=self._settings.name, error=str(exc), next_try_at=failed.due.isoformat()
            )
            if not isinstance(exc, CommandRefused):
                raise
        else:
            self._retries.worked(_THE_ACTION)

    def _act(self, folder: OpenFolder, uids: Sequence[int]) -> bool:
        if self._after.action == "flag":
            folder.flag(uids, "\\Flagged")
        elif not self._move(folder, uids):
            return False
        with self._ledger.begin() as tx:
            for uid in uids:
                tx.after_done(
                    MailRef(mailbox=self._settings.name, folder=folder.name, uidvalidity=folder.uidvalidity, uid=uid)
                )
        _log.info("after.done", mailbox=self._settings.name, action=self._after.action, mails=len(uids))
        return True

    def _move(self, folder: OpenFolder, uids: Sequence[int]) -> bool:
        """False: this server cannot take a mail away without touching others, so all stay where they are."""
        if folder.offers("MOVE"):
            self._with_target(folder, uids, move=True)
            return True
        if not folder.offers("UIDPLUS"):
            failed = self._retries.failed(_THE_ACTION, self._ledger.clock())
            _log.warning(
                "after.cannot_move",
                mailbox=self._settings.name,
                why="the server offers neither MOVE nor UIDPLUS",
                next_try_at=failed.due.isoformat(),
            )
            return False
        self._with_target(folder, uids, move=False)
        folder.flag(uids, "\\Deleted")
        folder.expunge(uids)
        return True

    def _with_target(self, folder: OpenFolder, uids: Sequence[int], *, move: bool) -> None:
        """MOVE or COPY; a target that is not there is made once."""
        carry = folder.move if move else folder.copy
        try:
            carry(uids, self._after.folder)
        except CommandRefused as exc:
            if "TRYCREATE" not in str(exc):
                raise
            folder.create(self._after.folder)
            carry(uids, self._after.folder)
