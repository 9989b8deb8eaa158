"""
What the mailbox edge needs from the ledger, as Protocols.

`reconciler.ledger` satisfies them as it stands; the verbs' meanings are told there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Literal, Protocol

from reconciler.model import MailRef
from reconciler.ports import Clock


class MailboxRow(Protocol):
    """The stored first-run decision of one folder."""

    @property
    def uidvalidity(self) -> int: ...
    @property
    def cutoff_at(self) -> datetime: ...
    @property
    def cutoff_uid(self) -> int | None: ...


class MailboxTx(Protocol):
    def mailbox(self, name: str, folder: str) -> MailboxRow | None: ...
    def meet_mailbox(
        self,
        name: str,
        folder: str,
        *,
        uidvalidity: int,
        cutoff_at: datetime,
        cutoff_uid: int | None,
        decided_by: str,
    ) -> MailboxRow: ...
    def set_uidvalidity(self, name: str, folder: str, uidvalidity: int) -> None: ...
    def account(self, name: str, folder: str) -> str | None: ...
    def set_account(self, name: str, folder: str, account: str) -> None: ...
    def mailboxes_of(self, account: str, folder: str) -> Sequence[str]: ...
    def rename_mailbox(self, before: str, name: str) -> None: ...
    def forget_uids(self, name: str, folder: str, uidvalidity: int) -> None: ...
    def count_traffic(self, name: str, *, received: int, bodies: int) -> int: ...
    def sightings(self, name: str, folder: str, uidvalidity: int) -> frozenset[int]: ...
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
    ) -> None: ...
    def foreign_uids(self, name: str, folder: str, uidvalidity: int, *, rules: str) -> Sequence[int]: ...
    def scanned(self, name: str, folder: str, *, rules: str) -> None: ...
    def after_pending(self, name: str, folder: str, uidvalidity: int) -> Sequence[int]: ...
    def after_done(self, ref: MailRef) -> None: ...
    def recall(self, name: str) -> Mapping[str, Any] | None: ...
    def remember(self, name: str, value: Mapping[str, Any]) -> None: ...


class MailboxLedger(Protocol):
    clock: Clock

    def begin(self) -> AbstractContextManager[MailboxTx]: ...
    def look(self) -> AbstractContextManager[MailboxTx]:
        """A transaction that only reads, and keeps no writer waiting."""
        ...
