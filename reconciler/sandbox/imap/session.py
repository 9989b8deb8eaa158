"""
One client: greeting, login, folders; what may be said in which state.

In: commands off the `Wire`. Out: tagged answers, every command noted at the server. What needs a selected folder
is in `selected.py`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from reconciler.sandbox.imap import grammar
from reconciler.sandbox.imap.faults import Fault, FaultKind
from reconciler.sandbox.imap.grammar import BadSyntax, Token, atom
from reconciler.sandbox.imap.host import Host
from reconciler.sandbox.imap.search import BadCharset
from reconciler.sandbox.imap.selected import Selected
from reconciler.sandbox.imap.store import Account, StoredFolder
from reconciler.sandbox.imap.wire import Hangup, Wire, read_greeting_faults

Handler = Callable[[list[Token]], Awaitable[str]]

OVERQUOTA = "NO [OVERQUOTA] the mailbox is full"
_IN_FOLDER = ("FETCH", "STORE", "SEARCH", "COPY", "MOVE", "EXPUNGE")


class No(Exception):
    """A refusal: the text after NO."""


class Session:
    def __init__(self, server: Host, wire: Wire, number: int) -> None:
        self._server = server
        self._wire = wire
        self._number = number
        self._user = ""
        self._account: Account | None = None
        self._selected: Selected | None = None
        self._handlers: dict[str, Handler] = {
            "CAPABILITY": self._capability,
            "NOOP": self._noop,
            "LOGOUT": self._logout,
            "STARTTLS": self._starttls,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
            "SELECT": self._select,
            "EXAMINE": self._examine,
            "UNSELECT": self._unselect,
            "CLOSE": self._close,
            "LIST": self._list,
            "STATUS": self._status,
            "CREATE": self._create,
            "APPEND": self._append,
            "IDLE": self._idle,
        }

    async def run(self) -> None:
        try:
            await read_greeting_faults(self._wire, self._server)
            self._wire.send(f"* OK [CAPABILITY {self._capabilities()}] sandbox ready\r\n".encode())
            await self._wire.flush()
            while True:
                await self._one()
        except Hangup:
            return
        finally:
            self._leave_folder()

    # ------------------------------------------------------------ one command
    async def _one(self) -> None:
        tag, _, rest = (await self._wire.command()).partition(b" ")
        name, arguments = self._named(rest)
        self._server.note(self._number, name)
        fault = self._server.faults.take(name)
        if fault is not None and not fault.after and await self._struck(fault, tag):
            return
        dislikes = self._server.faults.dislikes
        try:
            if dislikes is not None and dislikes(name, arguments):
                raise BadSyntax("invalid arguments")
            answer = await self._answer(name, arguments)
        except No as no:
            answer = f"NO {no}"
        except BadCharset as bad:
            answer = f"NO [BADCHARSET (US-ASCII UTF-8)] {bad}"
        except BadSyntax as bad:
            answer = f"BAD {bad}"
        self._announce(name)
        self._wire.send(tag + b" " + answer.encode() + b"\r\n")
        if fault is not None and (fault.after or fault.kind in (FaultKind.HALF_LINE, FaultKind.CUT_LINE)):
            if fault.after and fault.kind not in (FaultKind.HALF_LINE, FaultKind.CUT_LINE):
                self._wire.drop_answer()
            await self._wire.suffer(fault)
        await self._wire.flush()
        if name == "LOGOUT":
            raise Hangup
        if name == "STARTTLS" and answer.startswith("OK"):
            await self._wire.start_tls(self._server.tls_context())

    @staticmethod
    def _named(rest: bytes) -> tuple[str, bytes]:
        """ "uid fetch 1 FLAGS" → "UID FETCH", "1 FLAGS" """
        name, _, arguments = rest.partition(b" ")
        if name.upper() == b"UID":
            second, _, arguments = arguments.partition(b" ")
            name += b" " + second
        return name.decode("ascii", "replace").upper(), arguments

    async def _struck(self, fault: Fault, tag: bytes) -> bool:
        """True: the fault was the whole answer."""
        if fault.kind in (FaultKind.NO, FaultKind.BAD):
            text = fault.text or "refused"
            self._wire.send(tag + f" {fault.kind.upper()} {text}\r\n".encode())
        elif fault.kind in (FaultKind.GARBAGE, FaultKind.ODD_ANSWER):
            self._wire.send(fault.text.encode() + b"\r\n")
        elif fault.kind in (FaultKind.HALF_LINE, FaultKind.CUT_LINE):
            return False
        else:
            await self._wire.suffer(fault)
        await self._wire.flush()
        return fault.kind is not FaultKind.GARBAGE

    async def _answer(self, name: str, arguments: bytes) -> str:
        plain = name.removeprefix("UID ")
        if plain in _IN_FOLDER:
            if self._selected is None:
                raise BadSyntax("no folder is selected")
            if name == "UID EXPUNGE" and "UIDPLUS" not in self._server.capabilities:
                raise BadSyntax("unknown command")
            if plain == "MOVE" and "MOVE" not in self._server.capabilities:
                raise BadSyntax("unknown command")
            if self._server.faults.quota_full and plain in ("STORE", "COPY", "MOVE"):
                return OVERQUOTA
            return self._selected.carry_out(plain, grammar.tokens(arguments), by_uid=name.startswith("UID "))
        handler = self._handlers.get(name)
        if handler is None:
            raise BadSyntax(f"unknown command {name}")
        return await handler(grammar.tokens(arguments))

    def _announce(self, name: str) -> None:
        """News of the folder go out before the answer, but no EXPUNGE while sequence numbers are in use."""
        if self._selected is not None and name not in ("SELECT", "EXAMINE", "IDLE"):
            self._selected.tell_news(expunges=name not in ("FETCH", "STORE", "SEARCH"))

    # ------------------------------------------------------------ any state
    def _capabilities(self) -> str:
        words = set(self._server.capabilities)
        if self._server.tls == "starttls" and not self._wire.encrypted:
            words = {word for word in words if not word.startswith("AUTH=")}
            words |= {"LOGINDISABLED", *self._server.starttls_capability}
        return " ".join(sorted(words, key=lambda word: (word != "IMAP4REV1", word))).replace("IMAP4REV1", "IMAP4rev1")

    async def _capability(self, arguments: list[Token]) -> str:
        self._wire.send(f"* CAPABILITY {self._capabilities()}\r\n".encode())
        return "OK done"

    async def _noop(self, arguments: list[Token]) -> str:
        return "OK done"

    async def _logout(self, arguments: list[Token]) -> str:
        self._wire.send(b"* BYE see you\r\n")
        return "OK bye"

    async def _starttls(self, arguments: list[Token]) -> str:
        if self._server.tls != "starttls" or self._wire.encrypted or not self._server.starttls_capability:
            raise BadSyntax("STARTTLS is not offered")
        return "OK begin TLS now"

    # ------------------------------------------------------------ login
    async def _login(self, arguments: list[Token]) -> str:
        if len(arguments) != 2:
            raise BadSyntax("LOGIN needs a name and a password")
        return self._enter_with_password(atom(arguments[0]), atom(arguments[1]))

    async def _authenticate(self, arguments: list[Token]) -> str:
        mechanism = atom(arguments[0]).upper() if arguments else ""
        if f"AUTH={mechanism}" not in self._server.capabilities or mechanism not in ("PLAIN", "XOAUTH2"):
            raise No("[CANNOT] unknown mechanism")
        response = self._unbase64(atom(arguments[1])) if len(arguments) > 1 else await self._challenge(b"")
        if mechanism == "PLAIN":
            parts = response.split(b"\0")
            if len(parts) != 3:
                raise BadSyntax("PLAIN is three parts")
            return self._enter_with_password(parts[1].decode(), parts[2].decode())
        fields = dict(part.partition("=")[::2] for part in response.decode().split("\x01") if part)
        user, token = fields.get("user", ""), fields.get("auth", "").removeprefix("Bearer ")
        account = self._server.accounts.get(user)
        valid = self._server.faults.token_valid
        if account is None or self._server.faults.refuse_login or (valid is not None and not valid(user, token)):
            await self._challenge(b'{"status":"401","schemes":"bearer"}')
            raise No(self._server.faults.refuse_login or "[AUTHENTICATIONFAILED] the token is not valid")
        return self._enter(user, account)

    async def _challenge(self, text: bytes) -> bytes:
        self._wire.send(b"+ " + base64.b64encode(text) + b"\r\n")
        await self._wire.flush()
        return self._unbase64((await self._wire.line()).decode("ascii", "replace"))

    @staticmethod
    def _unbase64(text: str) -> bytes:
        try:
            return b"" if text == "=" else base64.b64decode(text, validate=True)
        except binascii.Error as exc:
            raise BadSyntax("that is no base64") from exc

    def _enter_with_password(self, user: str, password: str) -> str:
        account = self._server.accounts.get(user)
        if self._server.tls == "starttls" and not self._wire.encrypted:
            raise No("[PRIVACYREQUIRED] only over TLS")
        if account is None or account.password != password or self._server.faults.refuse_login:
            raise No(self._server.faults.refuse_login or "[AUTHENTICATIONFAILED] wrong name or password")
        return self._enter(user, account)

    def _enter(self, user: str, account: Account) -> str:
        self._user, self._account = user, account
        return f"OK [CAPABILITY {self._capabilities()}] welcome"

    # ------------------------------------------------------------ folders
    def _entered(self) -> Account:
        if self._account is None:
            raise BadSyntax("log in first")
        return self._account

    def _folder(self, token: Token) -> StoredFolder:
        folder = self._entered().folder(atom(token))
        if folder is None:
            raise No("[TRYCREATE] no such folder")
        return folder

    async def _select(self, arguments: list[Token], *, read_only: bool = False) -> str:
        self._leave_folder()
        folder = self._folder(arguments[0])
        if folder.name in self._server.faults.forbidden:
            raise No("[NOPERM] not yours")
        self._selected = Selected(self._server, self._wire, self._entered(), folder, read_only=read_only)
        self._selected.describe()
        return f"OK [{'READ-ONLY' if read_only else 'READ-WRITE'}] selected"

    async def _examine(self, arguments: list[Token]) -> str:
        return await self._select(arguments, read_only=True)

    async def _unselect(self, arguments: list[Token]) -> str:
        self._leave_folder()
        return "OK done"

    async def _close(self, arguments: list[Token]) -> str:
        if self._selected is None:
            raise BadSyntax("no folder is selected")
        self._selected.expunge_deleted()
        self._leave_folder()
        return "OK done"

    def _leave_folder(self) -> None:
        if self._selected is not None:
            self._selected.leave()
            self._selected = None

    async def _list(self, arguments: list[Token]) -> str:
        pattern = atom(arguments[-1]) if arguments else "*"
        if pattern == "":
            self._wire.send(b'* LIST (\\Noselect) "/" ""\r\n')
        for name in self._entered().folders:
            if pattern in ("*", "%") or pattern == name:
                self._wire.send(f'* LIST (\\HasNoChildren) "/" {grammar.quote(name)}\r\n'.encode())
        return "OK done"

    async def _status(self, arguments: list[Token]) -> str:
        folder = self._folder(arguments[0])
        values = {"MESSAGES": len(folder.mails), "RECENT": len(folder.recent)}
        values["UNSEEN"] = sum("\\Seen" not in mail.flags for mail in folder.mails.values())
        if self._server.faults.uidvalidity_told:
            values["UIDVALIDITY"] = folder.uidvalidity
        if self._server.faults.uidnext_told:
            values["UIDNEXT"] = folder.uidnext
        asked = arguments[1] if len(arguments) > 1 and isinstance(arguments[1], list) else []
        told = " ".join(f"{name} {values[name]}" for name in map(str.upper, map(atom, asked)) if name in values)
        self._wire.send(f"* STATUS {grammar.quote(folder.name)} ({told})\r\n".encode())
        return "OK done"

    async def _create(self, arguments: list[Token]) -> str:
        if self._entered().folder(atom(arguments[0])) is not None:
            raise No("[ALREADYEXISTS] it is there")
        self._entered().create(atom(arguments[0]))
        return "OK done"

    async def _append(self, arguments: list[Token]) -> str:
        folder = self._folder(arguments[0])
        flags = [atom(flag) for token in arguments[1:-1] if isinstance(token, list) for flag in token]
        dates = [atom(token) for token in arguments[1:-1] if not isinstance(token, list)]
        raw = arguments[-1]
        if isinstance(raw, list) or len(arguments) < 2:
            raise BadSyntax("APPEND needs a message")
        if self._server.faults.quota_full:
            return OVERQUOTA
        received_at = grammar.read_date_time(dates[0]) if dates else datetime.now(UTC)
        uid = folder.add(raw, received_at, flags)
        code = f"[APPENDUID {folder.uidvalidity} {uid}] " if "UIDPLUS" in self._server.capabilities else ""
        return f"OK {code}done"

    async def _idle(self, arguments: list[Token]) -> str:
        if "IDLE" not in self._server.capabilities or self._selected is None:
            raise BadSyntax("unknown command")
        self._server.note(self._number, "IDLING")
        line = await self._selected.idle()
        self._server.note(self._number, "DONE")
        if line.upper() != b"DONE":
            raise BadSyntax("expected DONE")
        fault = self._server.faults.take("DONE")
        if fault is not None:
            await self._wire.suffer(fault)
        return "OK idle is over"
