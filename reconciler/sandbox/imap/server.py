"""
The embedded IMAP4rev1 server: the demo's mailbox, the lab's rehearsals, the tests' faults.

In: users, TLS material, mails to deliver, faults to switch on. Out: a listening port on the loopback, served from
a thread of its own until the `with` block ends; what clients asked for stands in `commands`.

Every method may be called from any thread: changes are carried out on the server's own.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeVar

from imapclient.imap_utf7 import encode as encode_utf7

from reconciler.sandbox.imap.faults import Faults
from reconciler.sandbox.imap.session import Session
from reconciler.sandbox.imap.store import Account, StoredFolder, StoredMail
from reconciler.sandbox.imap.wire import LONGEST_LINE, Wire

T = TypeVar("T")

CAPABILITIES = frozenset({"IMAP4REV1", "LITERAL+", "IDLE", "MOVE", "UIDPLUS", "UNSELECT", "AUTH=PLAIN", "AUTH=XOAUTH2"})


class SandboxImap:
    """
    users: name → password. tls: None, "tls" from the first byte, or "starttls" (no login without it).
    capabilities: what is offered and answered to; also changeable while it runs.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Literal["tls", "starttls"] | None = None,
        certfile: Path | str | None = None,
        keyfile: Path | str | None = None,
        capabilities: frozenset[str] = CAPABILITIES,
    ) -> None:
        if tls is not None and certfile is None:
            raise ValueError("a TLS server needs certfile")
        self.host = host
        self.port = port
        self.tls = tls
        self.capabilities = set(capabilities)
        self.starttls_capability = {"STARTTLS"}
        self.faults = Faults()
        self.accounts = {user: Account(password, uidvalidity=1_700_000_001) for user, password in users.items()}
        self.commands: list[tuple[int, str]] = []  # (session, command as sent: "UID FETCH"; "IDLING" once "+" is due)
        self.body_bytes = 0  # bytes of answers that carried bodies
        self.bodies = 0
        self.connections = 0  # open now
        self.most_connections = 0
        self.connections_made = 0
        self._certificate = (certfile, keyfile)
        self._changed = threading.Condition()
        self._sessions: set[asyncio.Task[None]] = set()
        self._wires: set[Wire] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: asyncio.Server | None = None
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------ life
    def start(self) -> None:
        """Listen; `port` is then the real one. Raises OSError when the port is taken."""
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name=f"imap-sandbox-{self.host}", daemon=True)
        self._thread.start()
        try:
            self.port = asyncio.run_coroutine_threadsafe(self._listen(), loop).result()
        except OSError:
            self._end_loop()
            raise

    def stop(self) -> None:
        """Close the port and every connection; what is stored stays and can be served again by `start`."""
        if self._loop is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._end_loop()

    def _end_loop(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
        self._loop = self._thread = self._listener = None

    def __enter__(self) -> SandboxImap:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def tls_context(self) -> ssl.SSLContext:
        certfile, keyfile = self._certificate
        if certfile is None:
            raise ValueError("no certificate was given")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certfile, keyfile)
        return context

    async def _listen(self) -> int:
        context = self.tls_context() if self.tls == "tls" else None
        self._listener = await asyncio.start_server(self._accept, self.host, self.port, ssl=context, limit=LONGEST_LINE)
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for task in tuple(self._sessions):
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        wire = Wire(reader, writer, self.faults)
        if task is not None:
            self._sessions.add(task)
        self._wires.add(wire)
        self.connections_made += 1
        self.connections += 1
        self.most_connections = max(self.most_connections, self.connections)
        self.note(self.connections_made, "CONNECT")
        try:
            await Session(self, wire, self.connections_made).run()
        except asyncio.CancelledError:
            pass  # the server stops: asyncio's stream protocol would report a cancelled handler as an error
        finally:
            self.connections -= 1
            self._wires.discard(wire)
            if task is not None:
                self._sessions.discard(task)
            await wire.close()

    # ------------------------------------------------------------ what is stored
    def deliver(
        self,
        raw: bytes,
        folder: str = "INBOX",
        *,
        user: str | None = None,
        received_at: datetime | None = None,
        flags: tuple[str, ...] = (),
    ) -> int:
        """Put a mail into a folder (made when missing) as if it had just come; its UID. Idle clients hear at once."""
        return self.call(
            lambda: self._account(user).create(_wire_name(folder)).add(raw, received_at or datetime.now(UTC), flags),
        )

    def create_folder(self, name: str, *, user: str | None = None) -> None:
        """Make a folder, unless it is there."""
        self.call(lambda: self._account(user).create(_wire_name(name)))

    def remove(self, uid: int, folder: str = "INBOX", *, user: str | None = None) -> None:
        """As if another client had expunged it."""
        self.call(lambda: self.folder(folder, user=user).remove([uid]))

    def set_flags(self, uid: int, flags: set[str], folder: str = "INBOX", *, user: str | None = None) -> None:
        """As if another client had stored these flags."""
        self.call(lambda: self.folder(folder, user=user).set_flags(uid, set(flags)))

    def rebuild(
        self, folder: str = "INBOX", *, user: str | None = None, uidvalidity: int | None = None, keep_uids: bool = False
    ) -> None:
        """Another UIDVALIDITY for the same mails; unless keep_uids their numbers start at 1 again."""

        def change() -> None:
            found = self.folder(folder, user=user)
            found.rebuild(found.uidvalidity + 1 if uidvalidity is None else uidvalidity, keep_uids=keep_uids)

        self.call(change)

    def mails(self, folder: str = "INBOX", *, user: str | None = None) -> list[StoredMail]:
        return self.call(lambda: list(self.folder(folder, user=user).mails.values()))

    def folder(self, name: str = "INBOX", *, user: str | None = None) -> StoredFolder:
        found = self._account(user).folder(_wire_name(name))
        if found is None:
            raise KeyError(name)
        return found

    def _account(self, user: str | None) -> Account:
        return self.accounts[user if user is not None else next(iter(self.accounts))]

    def drop_connections(self, *, reset: bool = False) -> None:
        """Cut every open line now."""

        def cut() -> None:
            for wire in tuple(self._wires):
                if reset:
                    wire.reset()
            for task in tuple(self._sessions):
                task.cancel()

        self.call(cut)

    def call(self, change: Callable[[], T]) -> T:
        """Carry out a change on the server's own thread, and wait for it. A stopped server is changed in place."""
        if self._loop is None or threading.current_thread() is self._thread:
            return change()

        async def carry_out() -> T:
            return change()

        return asyncio.run_coroutine_threadsafe(carry_out(), self._loop).result()

    # ------------------------------------------------------------ what was asked
    def note(self, session: int, command: str) -> None:
        with self._changed:
            self.commands.append((session, command))
            self._changed.notify_all()

    def count_body(self, size: int) -> None:
        self.bodies += 1
        self.body_bytes += size

    def count(self, command: str) -> int:
        """How often a command came, over all sessions."""
        return sum(name == command for _, name in tuple(self.commands))

    def wait_for(self, command: str, *, times: int = 1, timeout: float = 20.0) -> None:
        """Block until a command has come this often in all. Raises TimeoutError, naming what came instead."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.count(command) >= times, timeout):
                raise TimeoutError(f"{command} came {self.count(command)} times, not {times}: {self.commands[-20:]}")


def _wire_name(folder: str) -> str:
    """A folder's name as clients send it, in modified UTF-7; names without non-ASCII letters and "&" are the same."""
    return bytes(encode_utf7(folder)).decode("ascii")
