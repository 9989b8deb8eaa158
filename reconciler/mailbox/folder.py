"""
The one selected folder of one connection, and the only place that sends UID commands.

In: a logged-in `Connection`. Out: UIDs, headings, bodies, news. An `OpenFolder` exists only for the folder it selected,
with the UIDVALIDITY that SELECT told, on that very connection; when the server tells another UIDVALIDITY later, every
further command is refused here. So a UID can never meet another folder's mails.
"""

from __future__ import annotations

import imaplib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic
from typing import Any

from reconciler.errors import MailboxUnreachable
from reconciler.mailbox.client import CommandRefused, Connection
from reconciler.mailbox.line import Bell

_HEADING = ("INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]")
HEADER_LIMIT = 262_144  # of a mail that is too large, this much of its header is enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What is known of a mail before its body is fetched."""

    uid: int
    size: int | None
    received_at: datetime | None  # INTERNALDATE, aware UTC
    header: bytes = field(repr=False)  # From, Subject and Date


class Rest(StrEnum):
    """How a rest in IDLE ended."""

    NEWS = "news"
    RUNG = "rung"
    QUIET = "quiet"


class OpenFolder:
    """
    uidvalidity 0: the server tells none, so its UIDs mean nothing beyond this connection.

    uidnext None: not told. judged: UIDs that need no second look while this connection lasts.
    name: "" is the mailbox's own folder. Opening another one on the same connection ends this one.
    """

    def __init__(self, connection: Connection, bell: Bell, *, read_only: bool, name: str = "") -> None:
        self._connection = connection
        self._client = connection.client
        self._bell = bell
        self.name = name or connection.settings.folder
        self.judged: set[int] = set()
        connection.opened = self
        told = self._select(read_only)
        self.uidvalidity: int = told.get(b"UIDVALIDITY") or self._status("UIDVALIDITY") or 0
        self.uidnext: int | None = told.get(b"UIDNEXT") or self._status("UIDNEXT")

    def _select(self, read_only: bool) -> dict[bytes, Any]:
        with self._connection.errors("SELECT"):
            try:
                told: dict[bytes, Any] = self._client.select_folder(self.name, readonly=read_only)
            except imaplib.IMAP4.readonly:  # the server has it read-only; reading is what matters
                told = self._client.select_folder(self.name, readonly=True)
            return told

    def _status(self, item: str) -> int | None:
        """STATUS for what SELECT left out; a refusal is an answer too, and so is one without a number: not known."""
        value = None
        try:
            with self._connection.errors("STATUS"), suppress(ValueError, LookupError, TypeError):
                value = self._client.folder_status(self.name, [item]).get(item.encode())
        except CommandRefused:
            return None
        return value if isinstance(value, int) and value > 0 else None

    def offers(self, capability: str) -> bool:
        with self._connection.errors("CAPABILITY"):
            return bool(self._client.has_capability(capability))

    @contextmanager
    def _command(self, step: str) -> Iterator[None]:
        if self._connection.opened is not self:
            raise RuntimeError(f"{step}: another folder than {self.name} is open on this connection")
        told = self._client._imap.untagged_responses.get("UIDVALIDITY")
        if told and self.uidvalidity and told[-1] != str(self.uidvalidity).encode():
            raise self._rebuilt(step)
        with self._connection.errors(step):
            yield

    def _rebuilt(self, step: str) -> MailboxUnreachable:
        settings = self._connection.settings
        text = f"{settings.host}: {step}: the folder was rebuilt while it was open"
        return MailboxUnreachable(text, mailbox=settings.name, host=settings.host, step=step)

    # ------------------------------------------------------------ reading
    def uids(self) -> list[int]:
        """Every UID in the folder, ascending. Without a charset and without a range: servers are odd about both."""
        with self._command("UID SEARCH"):
            return sorted({int(uid) for uid in self._client.search(["ALL"])})

    def headings(self, uids: Sequence[int]) -> list[Heading]:
        """One fetch for all of them, ascending; a mail that has gone meanwhile is left out."""
        with self._command("UID FETCH"):
            rows: dict[int, dict[bytes, Any]] = self._client.fetch(list(uids), _HEADING)
            return [_heading(uid, rows[uid]) for uid in sorted(rows)]

    def body(self, uid: int) -> bytes | None:
        """The whole mail's bytes; \\Seen stays as it is. None: it has gone."""
        return self._literal(uid, "BODY.PEEK[]")

    def header(self, uid: int) -> bytes | None:
        """The header's bytes, cut when it is absurdly long. None: the mail has gone."""
        header = self._literal(uid, "BODY.PEEK[HEADER]")
        return header if header is None else header[:HEADER_LIMIT]

    def _literal(self, uid: int, item: str) -> bytes | None:
        with self._command("UID FETCH"):
            row = self._client.fetch([uid], [item]).get(uid)
            if row is None:
                return None
            content = row[item.replace(".PEEK", "").encode()]
            if not isinstance(content, bytes):
                raise TypeError(f"{item} is not a string but {type(content).__name__}")
            return content

    # ------------------------------------------------------------ changing
    def flag(self, uids: Collection[int], flag: str) -> None:
        with self._command("UID STORE"):
            self._client.add_flags(list(uids), [flag], silent=True)

    def move(self, uids: Collection[int], folder: str) -> None:
        with self._command("UID MOVE"):
            self._client.move(list(uids), folder)

    def copy(self, uids: Collection[int], folder: str) -> None:
        with self._command("UID COPY"):
            self._client.copy(list(uids), folder)

    def expunge(self, uids: Collection[int]) -> None:
        """UID EXPUNGE: these alone, never what somebody else marked as deleted."""
        with self._command("UID EXPUNGE"):
            self._client.uid_expunge(list(uids))

    def create(self, folder: str) -> None:
        with self._command("CREATE"):
            self._client.create_folder(folder)

    # ------------------------------------------------------------ news
    def forget_news(self) -> None:
        for word in ("EXISTS", "RECENT"):
            self._client._imap.untagged_responses.pop(word, None)

    def has_news(self) -> bool:
        """Mail was announced in the middle of other answers since `forget_news`."""
        told = self._client._imap.untagged_responses
        return any(told.get(word) for word in ("EXISTS", "RECENT"))

    def noop(self) -> bool:
        """Ask whether the line lives; True when news came with the answer."""
        with self._command("NOOP"):
            _, told = self._client.noop()
            return self._is_news(told)

    def idle(self, seconds: float) -> Rest:
        """
        Rest until the server tells news, the bell rings or the time is over. Whatever else happens is a
        MailboxUnreachable: IDLE is a hint, and a new connection that reads everything is the answer to any surprise.
        """
        with self._command("IDLE"):
            self._client.idle()
            deadline = monotonic() + seconds
            news = early = False
            while not (news or early or self._bell.rung()):
                left = deadline - monotonic()
                if left <= 0:
                    break
                told = self._client.idle_check(timeout=left)
                news = self._is_news(told)
                # Nothing, and too soon: a line that has died looks like this. Leaving IDLE will show.
                early = not told and monotonic() < deadline and not self._bell.rung()
            _, late = self._client.idle_done()
            news = self._is_news(late) or news
            if early:
                news = self._is_news(self._client.noop()[1]) or news
        if news:
            return Rest.NEWS
        return Rest.RUNG if self._bell.rung() else Rest.QUIET

    def _is_news(self, told: Sequence[Any]) -> bool:
        """Anything but the server's "still here"."""
        news = False
        for line in told:
            words = [word for word in line if isinstance(word, bytes)] if isinstance(line, tuple) else []
            if b"BYE" in words:
                raise ConnectionAbortedError(f"the server said BYE: {line!r}")
            if any(b"[UIDVALIDITY " in word.upper() for word in words):
                raise self._rebuilt("IDLE")
            news = news or words[:1] not in ([b"OK"], [b"NO"])
        return news


def _heading(uid: int, row: dict[bytes, Any]) -> Heading:
    header = next((value for key, value in row.items() if key.upper().startswith(b"BODY[HEADER.FIELDS")), b"")
    received_at, size = row.get(b"INTERNALDATE"), row.get(b"RFC822.SIZE")
    return Heading(
        uid=uid,
        size=size if isinstance(size, int) else None,
        received_at=_utc(received_at) if isinstance(received_at, datetime) else None,
        header=header if isinstance(header, bytes) else b"",
    )


def _utc(moment: datetime) -> datetime | None:
    """None: a date that only its own zone can hold; whoever put the mail there chose it."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None
