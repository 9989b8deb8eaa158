"""
What lies on the embedded server: accounts, their folders, the mails in them.

In: raw mails and changes to them. Out: the same bytes, untouched, with the numbers IMAP gives them. Nothing here
knows the protocol or the network; everything runs on the server's own thread, so there are no locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

SYSTEM_FLAGS = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")
_CANONICAL = {flag.lower(): flag for flag in SYSTEM_FLAGS}

Watcher = Callable[[], None]


def canonical_flag(flag: str) -> str:
    """System flags ignore case on the wire; keywords are kept as sent."""
    return _CANONICAL.get(flag.lower(), flag)


@dataclass(slots=True)
class StoredMail:
    uid: int
    raw: bytes = field(repr=False)
    received_at: datetime  # INTERNALDATE, aware
    flags: set[str] = field(default_factory=set)
    version: int = 0  # grows with every change of flags, so that sessions know what to announce

    @property
    def header(self) -> bytes:
        """The header with the empty line that ends it, as BODY[HEADER] gives it."""
        for gap in (b"\r\n\r\n", b"\n\n"):
            head, found, _ = self.raw.partition(gap)
            if found:
                return head + gap
        return self.raw


class StoredFolder:
    """A folder; UIDs ascend and are never given twice under one UIDVALIDITY."""

    def __init__(self, name: str, uidvalidity: int) -> None:
        self.name = name
        self.uidvalidity = uidvalidity
        self.uidnext = 1
        self.mails: dict[int, StoredMail] = {}
        self.recent: set[int] = set()  # not yet shown to any session
        self.watchers: set[Watcher] = set()

    def add(self, raw: bytes, received_at: datetime, flags: Iterable[str] = ()) -> int:
        uid = self.uidnext
        self.uidnext += 1
        self.mails[uid] = StoredMail(uid, raw, received_at, {canonical_flag(flag) for flag in flags})
        self.recent.add(uid)
        self.announce()
        return uid

    def remove(self, uids: Iterable[int]) -> None:
        for uid in uids:
            self.mails.pop(uid, None)
            self.recent.discard(uid)
        self.announce()

    def set_flags(self, uid: int, flags: set[str]) -> None:
        mail = self.mails[uid]
        if mail.flags != flags:
            mail.flags = flags
            mail.version += 1
            self.announce()

    def rebuild(self, uidvalidity: int, *, keep_uids: bool) -> None:
        """
        What a restored or converted mailbox looks like: the same mails under another UIDVALIDITY.

        keep_uids: False numbers them anew from 1, so that old numbers now mean other mails.
        """
        self.uidvalidity = uidvalidity
        if not keep_uids:
            mails = list(self.mails.values())
            self.mails = {}
            self.uidnext = 1
            for mail in mails:
                self.add(mail.raw, mail.received_at, mail.flags)
        self.announce()

    def announce(self) -> None:
        for watcher in tuple(self.watchers):
            watcher()


class Account:
    """One user's folders. INBOX is always there and ignores case."""

    def __init__(self, password: str, *, uidvalidity: int = 1) -> None:
        self.password = password
        self.folders: dict[str, StoredFolder] = {}
        self._next_uidvalidity = uidvalidity
        self.create("INBOX")

    def folder(self, name: str) -> StoredFolder | None:
        return self.folders.get("INBOX" if name.upper() == "INBOX" else name)

    def create(self, name: str) -> StoredFolder:
        """The folder of this name, made when it is not there."""
        found = self.folder(name)
        if found is None:
            found = self.folders[name] = StoredFolder(name, self._next_uidvalidity)
            self._next_uidvalidity += 1
        return found
