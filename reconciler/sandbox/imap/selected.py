"""
A selected folder as one session sees it: its message numbers, the news it has not heard, the commands on it.

In: tokens of FETCH, STORE, SEARCH, COPY, MOVE, EXPUNGE, by UID or number. Out: untagged answers on the wire and
the text after the tag. Message numbers change for a session only where the RFC allows it to be told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from reconciler.sandbox.imap import fetch
from reconciler.sandbox.imap.grammar import BadSyntax, Token, atom, numbers
from reconciler.sandbox.imap.host import Host
from reconciler.sandbox.imap.search import Criteria
from reconciler.sandbox.imap.store import SYSTEM_FLAGS, Account, StoredFolder, StoredMail, canonical_flag
from reconciler.sandbox.imap.wire import Wire


class Selected:
    def __init__(self, server: Host, wire: Wire, account: Account, folder: StoredFolder, *, read_only: bool) -> None:
        self._server = server
        self._wire = wire
        self._account = account
        self._folder = folder
        self._read_only = read_only
        self._news = asyncio.Event()
        self._view: list[int] = []
        self._versions: dict[int, int] = {}
        self._recent: set[int] = set()
        folder.watchers.add(self._news.set)
        self._uidvalidity = folder.uidvalidity
        self._look()

    def leave(self) -> None:
        self._folder.watchers.discard(self._news.set)

    # ------------------------------------------------------------ news
    def _look(self) -> None:
        """Take the folder as it is now into the view."""
        for uid in self._folder.mails:
            if uid not in self._versions:
                self._view.append(uid)
                self._versions[uid] = self._folder.mails[uid].version
        fresh = self._folder.recent & set(self._view)
        self._recent |= fresh
        if not self._read_only:
            self._folder.recent -= fresh

    def describe(self) -> None:
        """The untagged part of SELECT's answer."""
        lines = [
            f"FLAGS ({' '.join(SYSTEM_FLAGS)})",
            f"{len(self._view)} EXISTS",
            f"{len(self._recent)} RECENT",
            "OK [PERMANENTFLAGS ()] read only"
            if self._read_only
            else f"OK [PERMANENTFLAGS ({' '.join(SYSTEM_FLAGS)} \\*)] keywords too",
        ]
        if self._server.faults.uidvalidity_told:
            lines.append(f"OK [UIDVALIDITY {self._folder.uidvalidity}] the numbers are good")
        if self._server.faults.uidnext_told:
            lines.append(f"OK [UIDNEXT {self._folder.uidnext}] the next one")
        self._lines(*lines)

    def tell_news(self, *, expunges: bool = True) -> None:
        """EXPUNGE, EXISTS and RECENT, FETCH FLAGS for what changed since this session was last told."""
        self._news.clear()
        if self._folder.uidvalidity != self._uidvalidity:
            self._uidvalidity = self._folder.uidvalidity
            self._lines(f"OK [UIDVALIDITY {self._uidvalidity}] the folder was rebuilt")
        if expunges:
            for index in reversed(range(len(self._view))):
                uid = self._view[index]
                if uid not in self._folder.mails:
                    del self._view[index], self._versions[uid]
                    self._lines(f"{index + 1} EXPUNGE")
        known = len(self._view)
        self._look()
        if len(self._view) != known:
            announce = self._server.faults.announce
            if announce in ("both", "exists"):
                self._lines(f"{len(self._view)} EXISTS")
            if announce in ("both", "recent"):
                self._lines(f"{len(self._recent)} RECENT")
            if announce == "flags":
                self._lines(f"{len(self._view)} FETCH (FLAGS (\\Recent))")
        for number, mail in self._known_mails():
            if mail.version != self._versions[mail.uid]:
                self._versions[mail.uid] = mail.version
                self._lines(f"{number} FETCH (UID {mail.uid} FLAGS ({' '.join(sorted(mail.flags))}))")

    async def idle(self) -> bytes:
        """Push news until the client says a line, and return it. What is already new goes out with the "+" at once."""
        self._wire.send(b"+ idling\r\n")
        if self._server.faults.idle_pushes:
            self.tell_news()
        await self._wire.flush()
        line = asyncio.ensure_future(self._wire.line())
        try:
            while not line.done():
                await self._first_of(line)
                if self._news.is_set() and not line.done():
                    self._news.clear()
                    if self._server.faults.idle_pushes:
                        self.tell_news()
                        await self._wire.flush()
            return line.result()
        finally:
            line.cancel()

    async def _first_of(self, line: asyncio.Future[bytes]) -> None:
        """Wait for the client's line or for news."""
        news = asyncio.ensure_future(self._news.wait())
        either: set[asyncio.Future[Any]] = {line, news}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
            await asyncio.gather(news, return_exceptions=True)

    # ------------------------------------------------------------ commands
    def carry_out(self, name: str, arguments: list[Token], *, by_uid: bool) -> str:
        if name == "SEARCH":
            return self._search(arguments, by_uid=by_uid)
        if name == "EXPUNGE":
            if self._read_only:
                return "NO [READ-ONLY] opened with EXAMINE"
            self.expunge_deleted(self._chosen(arguments[0], by_uid=True) if by_uid else None)
            return "OK done"
        if len(arguments) < 2:
            raise BadSyntax(f"{name} lacks arguments")
        chosen = self._chosen(arguments[0], by_uid=by_uid)
        if name == "FETCH":
            return self._fetch(chosen, arguments[1], by_uid=by_uid)
        if name == "STORE":
            return self._store(chosen, atom(arguments[1]), arguments[2:], by_uid=by_uid)
        return self._copy(chosen, atom(arguments[1]), moving=name == "MOVE")

    def _known_mails(self) -> list[tuple[int, StoredMail]]:
        mails = self._folder.mails
        return [(number, mails[uid]) for number, uid in enumerate(self._view, start=1) if uid in mails]

    def _chosen(self, token: Token, *, by_uid: bool) -> list[tuple[int, StoredMail]]:
        known = self._known_mails()
        if by_uid:
            wanted = set(numbers(atom(token), [mail.uid for _, mail in known]))
            return [(number, mail) for number, mail in known if mail.uid in wanted]
        wanted = set(numbers(atom(token), range(1, len(self._view) + 1)))
        return [(number, mail) for number, mail in known if number in wanted]

    def _search(self, arguments: Sequence[Token], *, by_uid: bool) -> str:
        criteria = Criteria(arguments, self._view)
        found = [str(mail.uid if by_uid else number) for number, mail in self._known_mails() if criteria.matches(mail)]
        self._lines(" ".join(["SEARCH", *found]))
        return "OK done"

    def _fetch(self, chosen: list[tuple[int, StoredMail]], asked: Token, *, by_uid: bool) -> str:
        items = fetch.items(asked, by_uid=by_uid)
        bodies = any(item.is_body for item in items)
        unreadable = self._server.faults.unreadable
        if bodies and unreadable is not None and any(unreadable(mail) for _, mail in chosen):
            return "NO [SERVERBUG] a message cannot be read"
        for number, mail in chosen:
            if any(item.marks_seen for item in items) and not self._read_only:
                self._folder.set_flags(mail.uid, mail.flags | {"\\Seen"})
            answer = fetch.answer(number, mail, items)
            if bodies:
                self._server.count_body(len(answer))
            self._wire.send(answer)
        return "OK done"

    def _store(self, chosen: list[tuple[int, StoredMail]], verb: str, rest: list[Token], *, by_uid: bool) -> str:
        if self._read_only:
            return "NO [READ-ONLY] opened with EXAMINE"
        words = rest[0] if rest and isinstance(rest[0], list) else rest
        flags = {canonical_flag(atom(word)) for word in words}
        sign, silent = verb[:1], verb.upper().endswith(".SILENT")
        if verb.upper().removesuffix(".SILENT").lstrip("+-") != "FLAGS":
            raise BadSyntax(f"unknown item {verb}")
        for number, mail in chosen:
            changed = mail.flags | flags if sign == "+" else mail.flags - flags if sign == "-" else set(flags)
            self._folder.set_flags(mail.uid, changed)
            self._versions[mail.uid] = mail.version
            if not silent:
                uid = f"UID {mail.uid} " if by_uid else ""
                self._lines(f"{number} FETCH ({uid}FLAGS ({' '.join(sorted(mail.flags))}))")
        return "OK done"

    def _copy(self, chosen: list[tuple[int, StoredMail]], name: str, *, moving: bool) -> str:
        target = self._account.folder(name)
        if target is None:
            return "NO [TRYCREATE] no such folder"
        if moving and self._read_only:
            return "NO [READ-ONLY] opened with EXAMINE"
        new = [target.add(mail.raw, mail.received_at, mail.flags) for _, mail in chosen]
        old = [mail.uid for _, mail in chosen]
        code = ""
        if "UIDPLUS" in self._server.capabilities and old:
            code = f"[COPYUID {target.uidvalidity} {','.join(map(str, old))} {','.join(map(str, new))}] "
        if moving:
            if code:
                self._lines(f"OK {code}moved")
            self._folder.remove(old)
            return "OK done"
        return f"OK {code}done"

    def expunge_deleted(self, among: list[tuple[int, StoredMail]] | None = None) -> None:
        """Remove what is marked \\Deleted, everywhere or among these."""
        if self._read_only:
            return
        mails = self._folder.mails.values() if among is None else [mail for _, mail in among]
        self._folder.remove([mail.uid for mail in mails if "\\Deleted" in mail.flags])

    def _lines(self, *lines: str) -> None:
        for line in lines:
            self._wire.send(f"* {line}\r\n".encode())
