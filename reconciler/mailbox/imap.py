"""
One mailbox over IMAP: connect, enter, select, compare, then read.

In: settings, the ledger, how our mail is recognised. Out: `read` hands each pending mail to a handler; `pending` yields them.
There is at most one connection. Whatever goes wrong with it, it is dropped, and `connect_and_select` starts over from
nothing: no state of a connection outlives it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import structlog

from reconciler.errors import ConfigError
from reconciler.mailbox.after import AfterActions
from reconciler.mailbox.client import Connection, LoginRefused
from reconciler.mailbox.folder import OpenFolder
from reconciler.mailbox.intake import Handler, Intake
from reconciler.mailbox.line import Bell, Limits, Line
from reconciler.mailbox.meeting import keep_name, meet
from reconciler.mailbox.needs import MailboxLedger
from reconciler.mailbox.oauth import Post, Tokens
from reconciler.mailbox.pauses import Allowance
from reconciler.mailbox.traffic import Meter
from reconciler.mailbox.values import Incoming, MailboxHealth, MailboxSettings, MailboxState, Recognition

_log = structlog.get_logger()

_EMPTY_ROUNDS = 3  # some servers say EXISTS with every answer; the next poll is soon enough for them


class ImapMailbox:
    """
    Used by one thread at a time; `bell` and `cut` from any.

    named: all mailboxes of the settings. post: how to fetch OAuth2 tokens; needed when the settings have oauth2.
    """

    def __init__(
        self,
        settings: MailboxSettings,
        ledger: MailboxLedger,
        recognition: Recognition,
        *,
        named: Collection[str] = (),
        post: Post | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.settings = settings
        self.bell = Bell()
        self.health = MailboxHealth(state=MailboxState.STARTING, since=ledger.clock())
        self.allowance = Allowance(settings.connects_per_hour)
        self._meter = Meter()
        self.intake = Intake(settings, ledger, recognition, self.bell, self._meter)
        self._named = named
        self._ledger = ledger
        self._after = AfterActions(settings, ledger)
        self._limits = limits if limits is not None else Limits()
        self._tokens: Tokens | None = None
        if settings.oauth2 is not None:
            if post is None:
                raise ConfigError([f"mailboxes.{settings.name}.oauth2: there is no way to reach the token URL"])
            self._tokens = Tokens(settings.name, settings.oauth2, ledger, post)
        self._line: Line | None = None
        self._connection: Connection | None = None
        self._log = _log.bind(mailbox=settings.name)

    @property
    def name(self) -> str:
        return self.settings.name

    # ------------------------------------------------------------ the way in
    def connect_and_select(self) -> OpenFolder:
        """
        A new connection up to the selected folder, whose UIDVALIDITY the ledger now knows.

        Raises: MailboxUnreachable. OwnedElsewhere: another program reads it under a name it had before.

        Nothing else opens a folder, so nothing can ask for a UID before this is done.
        """
        self.close(polite=False)
        self.note(MailboxState.CONNECTING)
        keep_name(self.settings, self._ledger, named=self._named)
        self._enter()
        folder = OpenFolder(self._connected(), self.bell, read_only=self.settings.after.action == "keep")
        meet(self.settings, self._ledger, folder)
        self._log.info("mailbox.connected", host=self.settings.host, folder=folder.name, uidvalidity=folder.uidvalidity)
        return folder

    def _enter(self) -> None:
        """Connect and log in; a refused access token is replaced once, over a fresh connection."""
        if self._tokens is None:
            self._connect().login(self.settings.reveal_password())
            return
        try:
            token = self._tokens.access_token()  # before connecting: servers give little time to log in
            self._connect().login_with_token(token)
        except LoginRefused:
            self._tokens.forget()
            self.close()
            token = self._tokens.access_token()
            self._connect().login_with_token(token)

    def _connect(self) -> Connection:
        self.allowance.spend()
        self._line = Line(self.bell, self._limits, self._meter)
        self._connection = Connection.open(self.settings, bell=self.bell, line=self._line, limits=self._limits)
        return self._connection

    def folders(self) -> list[str]:
        """The names of this account's folders, while connected."""
        return self._connected().folders()

    def look_into(self, name: str) -> OpenFolder:
        """Another folder of this account, to read in; the mailbox's own one is closed by that. Raises MailboxUnreachable."""
        return OpenFolder(self._connected(), self.bell, read_only=True, name=name)

    def _connected(self) -> Connection:
        if self._connection is None:
            raise AssertionError("not connected")
        return self._connection

    # ------------------------------------------------------------ reading
    def scan(self, folder: OpenFolder, handle: Handler) -> bool:
        """
        Hand over everything that is pending, also what comes meanwhile; then do what is due afterwards.

        False: stopped before the end.
        """
        self.note(MailboxState.SCANNING)
        empty = 0
        while empty < _EMPTY_ROUNDS:
            folder.forget_news()
            known = len(folder.judged)
            if not self.intake.scan(folder, handle):
                return False
            self._after.run(folder)
            if not folder.has_news():
                break
            empty += len(folder.judged) == known
        self.health = dataclasses.replace(
            self.health, last_scan_at=self._ledger.clock(), failing=len(self.intake.retries), last_error=None
        )
        return True

    def read(self, handle: Handler) -> None:
        """One visit: connect, read everything, leave. Raises MailboxUnreachable."""
        try:
            self.scan(self.connect_and_select(), handle)
        finally:
            self.close()
            self.note(MailboxState.STOPPED)

    def pending(self) -> Iterator[Incoming]:
        """One visit as an iterator; whoever iterates commits each mail before asking for the next."""
        try:
            yield from self.intake.incoming(self.connect_and_select())
        finally:
            self.close()

    @property
    def encryption(self) -> str | None:
        """ "TLSv1.3"; None: not connected, or in the clear."""
        return self._connection.encryption if self._connection is not None else None

    @property
    def certificate_ends(self) -> datetime | None:
        """Until when the server's certificate is good; None: there is none to see."""
        return self._connection.certificate_ends if self._connection is not None else None

    def login_expires_soon(self) -> bool:
        """The connection should be renewed while the server still accepts its credentials."""
        return self._tokens is not None and self._tokens.expires_soon()

    # ------------------------------------------------------------ ends
    def note(self, state: MailboxState, *, error: str | None = None, next_try_in: float | None = None) -> None:
        """Show the state to people. An error stays visible until the next complete scan."""
        now = self._ledger.clock()
        health = self.health
        since = health.since if health.state is state else now
        self.health = dataclasses.replace(
            health,
            state=state,
            since=since,
            last_error=error if error is not None else health.last_error,
            next_try_at=now + timedelta(seconds=next_try_in) if next_try_in is not None else None,
        )

    def cut(self) -> None:
        """From any thread: end the connection under whoever waits on it."""
        line = self._line
        if line is not None:
            line.cut()

    def close(self, *, polite: bool = True) -> None:
        connection, line = self._connection, self._line
        self._connection = self._line = None
        if connection is not None:
            connection.close(polite=polite)
        elif line is not None:
            line.close()
