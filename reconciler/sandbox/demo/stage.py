"""
The demo's stage: mailbox, Planfix and DNS embedded on loopback, and the real daemon as a process of its own.

Letters go in; what became of them is read where it is: at the sandbox and in the daemon's ledger. Every wait is for a
condition, has a limit, and fails naming what it waited for. Leaving the `with` block ends every process and server.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

from reconciler.errors import LedgerUnavailable
from reconciler.ledger import Ledger
from reconciler.model import Entry, Mail, MailState, State
from reconciler.sandbox import keys
from reconciler.sandbox.demo.pace import Pace
from reconciler.sandbox.demo.proof import Account, Letter
from reconciler.sandbox.demo.watch import Watch
from reconciler.sandbox.imap import SandboxImap
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.resolver import SandboxResolver

USER, PASSWORD = "pay", "sandbox"
LOOK = 0.02  # seconds between looks at a condition
STOP_SECONDS = 8.0  # the daemon promises five
LOG_LINES_TOLD = 5
NOT_FOR_CHILDREN = ("RECONCILER_CONFIG", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY")
"""What this process may have been told by its own service manager or shell; the demo's daemon is nobody's service."""


class DemoFailed(Exception):
    """Something did not happen, or happened wrongly; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery: what it truly tells of, its bytes, and when it came (monotonic)."""

    letter: Letter
    raw: bytes = field(repr=False)
    at: float

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


class Stage:
    def __init__(self, pace: Pace, folder: Path) -> None:
        self.pace = pace
        self.folder = folder
        self.config = folder / "reconciler.toml"
        self.log = folder / "daemon.log"
        self.sent: list[Sent] = []
        self.imap = SandboxImap({USER: PASSWORD})
        self.planfix = SandboxPlanfix()
        self.dns = SandboxResolver(keys.zone("wayforpay.com.ua"))
        self.watch = Watch(self.planfix)
        self._daemon: subprocess.Popen[bytes] | None = None
        self._ledger: Ledger | None = None
        self._starts = 0
        self._idle: Callable[[], None] = lambda: None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for server in (self.imap, self.planfix, self.dns):
                stack.enter_context(server)
            self.planfix.on_request = self.watch
            self._write_settings()
            stack.callback(self._close_ledger)
            stack.callback(self._end_daemon)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # ------------------------------------------------------------ the daemon

    def start_daemon(self) -> None:
        """Start it and wait until it has read its mailbox once."""
        with self.log.open("ab") as log:
            self._daemon = subprocess.Popen(  # noqa: S603 - our own program
                self._program("run"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is the demo's to hear, and the daemon's to be told of in order
            )
        self._starts += 1
        self.wait_for("the daemon to be ready", lambda: self._events("service.ready") >= self._starts)

    def stop_daemon(self) -> int:
        """SIGTERM, as systemd does it; its exit code."""
        daemon = self._running()
        daemon.terminate()
        try:
            return daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise DemoFailed(f"the daemon did not stop within {STOP_SECONDS:g} s of SIGTERM") from None

    def kill_daemon_at_create(self) -> None:
        """SIGKILL in the moment its next create reaches Planfix, which carries it out all the same."""
        daemon = self._running()

        def kill() -> None:
            daemon.kill()
            daemon.wait()
            self.watch.tell("the create reaches Planfix; in this moment the daemon is killed (SIGKILL)")

        self.watch.at_create = kill

    @property
    def daemon_was_killed(self) -> bool:
        return self._running().returncode == -signal.SIGKILL

    def command(self, *args: str) -> list[Mapping[str, Any]]:
        """Run a real command beside the daemon; what it printed. Raises DemoFailed unless it exits 0."""
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                self._program(*args),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=_environment(),
                timeout=self.pace.limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DemoFailed(f"`reconciler {args[0]}` took longer than {self.pace.limit:g} s") from None
        with self.folder.joinpath("commands.log").open("ab") as log:
            log.write(done.stderr)  # kept beside the daemon's when something fails
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise DemoFailed(f"`reconciler {' '.join(args)}` exited {done.returncode}: {' '.join(said)}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _program(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "reconciler", "--config", str(self.config), *args]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._daemon is None:
            raise RuntimeError("the daemon was not started")
        return self._daemon

    def _end_daemon(self) -> None:
        """Whatever happened before: no process is left."""
        if self._daemon is None or self._daemon.poll() is not None:
            return
        self._daemon.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._daemon.wait(STOP_SECONDS)
            return
        self._daemon.kill()
        self._daemon.wait()

    def _events(self, name: str) -> int:
        return self.log.read_bytes().count(b'"event": "%s"' % name.encode("ascii"))

    def last_words(self) -> list[str]:
        """The end of the daemon's log, for a failure."""
        if not self.log.exists():
            return []
        return self.log.read_text("utf-8", "replace").splitlines()[-LOG_LINES_TOLD:]

    # ------------------------------------------------------------ letters

    def deliver(self, letter: Letter, raw: bytes) -> Sent:
        sent = Sent(letter=letter, raw=raw, at=monotonic())
        self.sent.append(sent)
        self.imap.deliver(raw)
        return sent

    # ------------------------------------------------------------ looks

    @property
    def ledger(self) -> Ledger:
        """The daemon's, to read in; made by it, so there is none before its first start."""
        if self._ledger is None:
            url = f"sqlite:///{self.folder / 'reconciler.db'}"
            self._ledger = Ledger.open(url, create=False, clock=lambda: datetime.now(UTC), actor="demo")
        return self._ledger

    def _close_ledger(self) -> None:
        if self._ledger is not None:
            self._ledger.close()

    def entry(self, reference: str) -> Entry | None:
        with self.ledger.look() as tx:
            return next(iter(tx.entries(key=f"wayforpay:shop:{reference}")), None)

    def mail(self, sent: Sent) -> Mail | None:
        with self.ledger.look() as tx:
            return next((mail for mail in tx.mails() if mail.sha256 == sent.sha256), None)

    def is_in(self, reference: str, state: State) -> bool:
        entry = self.entry(reference)
        return entry is not None and entry.state is state

    def is_closed(self, sent: Sent, state: MailState) -> bool:
        mail = self.mail(sent)
        return mail is not None and mail.state is state

    def account(self) -> Account:
        return Account(orders=self.planfix.orders, incomes=self.planfix.incomes, advances=tuple(self.watch.advances))

    def held(self) -> set[str]:
        """References that a person can see waiting: of held payments, and of letters held before they became one."""
        with self.ledger.look() as tx:
            payments = {entry.transaction_id for entry in tx.entries(states=[State.HELD])}
            letters = {mail.sha256 for mail in tx.mails(state=MailState.HELD)}
        return payments | {sent.letter.reference for sent in self.sent if sent.sha256 in letters}

    # ------------------------------------------------------------ waits

    @contextlib.contextmanager
    def meanwhile(self, act: Callable[[], None]) -> Iterator[None]:
        """While waiting in this block, do this again and again: it tells what is seen."""
        self._idle = act
        try:
            yield
        finally:
            self._idle = lambda: None

    def wait_for(self, what: str, condition: Callable[[], bool], *, dead: bool = False) -> None:
        """
        Block until a condition holds; dead: the daemon is expected to die meanwhile.

        Raises: DemoFailed, naming what was waited for, after the pace's limit or when the daemon is gone.
        """
        end = monotonic() + self.pace.limit
        while not _holds(condition):
            self._idle()
            code = self._running().poll()
            if code is not None and not dead and not _holds(condition):
                raise DemoFailed(f"the daemon ended with exit code {code} while the demo waited for {what}")
            if monotonic() > end:
                raise DemoFailed(f"waited {self.pace.limit:g} s in vain for {what}")
            sleep(LOOK)
        self._idle()

    # ------------------------------------------------------------ settings

    def _write_settings(self) -> None:
        since = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
        more = "\n".join(f"{key} = {value}" for key, value in self.pace.desk.items())
        self.config.write_text(
            SETTINGS.format(
                imap_port=self.imap.port,
                user=USER,
                password=PASSWORD,
                since=since,
                nameserver=self.dns.address,
                planfix=self.planfix.url,
                token=self.planfix.token,
                more=more,
            ),
            encoding="utf-8",
        )


SETTINGS = """\
[ledger]
url = "sqlite:///reconciler.db"

[mailboxes.payments]
host = "127.0.0.1"
port = {imap_port}
security = "plain"
username = "{user}"
password = "{password}"
since = {since}

[merchants.shop]
gateway = "wayforpay"
names = ["shop_example_ua", "shop.example.ua"]
desk = "factory"

[trust]
nameservers = ["{nameserver}"]

[desks.factory]
url = "{planfix}"
token = "{token}"
advance_from = ["Очікує оплати"]
mode = "live"
{more}
"""


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except LedgerUnavailable:
        return False  # the daemon is writing just now; the next look is soon


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
