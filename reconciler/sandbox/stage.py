"""
The stage of every rehearsal: mailboxes, Planfix and DNS embedded on loopback, and the real daemon as a process of its own.

In: a folder, settings, letters. Out: what became of them, read where it is: at the sandbox and in the daemon's ledger. Every
wait is for a condition, has a limit, and fails naming what it waited for. Leaving the `with` block ends every process and
server.

    with Stage(folder) as stage:
        stage.planfix.add_order("10417", "4800.00")
        stage.start_daemon()
        stage.deliver(letter, raw)
        stage.wait_for("the order to move", lambda: stage.planfix.order("10417").status == PRODUCTION)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

from reconciler.errors import LedgerUnavailable
from reconciler.ledger import Ledger
from reconciler.model import Entry, Mail, MailState, State
from reconciler.sandbox import keys
from reconciler.sandbox.daemon import STOP_SECONDS, Daemon, Event, environment
from reconciler.sandbox.host import PROGRAM
from reconciler.sandbox.imap import SandboxImap
from reconciler.sandbox.lit import Lit
from reconciler.sandbox.machine import Machine
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.planfix.world import World
from reconciler.sandbox.proof import Account, Letter
from reconciler.sandbox.record import Record
from reconciler.sandbox.resolver import SandboxResolver
from reconciler.sandbox.tables import LEDGER, sample, sandboxed
from reconciler.sandbox.toml import dumps, merged

PASSWORD = "sandbox"  # noqa: S105 - it opens nothing but this process
LOOK = 0.02  # seconds between looks at a condition


@dataclass(frozen=True, slots=True)
class Program:
    """What may be started on a stage. arguments: what follows `python`, {config} for the settings file."""

    arguments: Sequence[str]
    listens: bool = False  # it is switched over its stdin


RUN = Program(("-m", "reconciler", "--config", "{config}", "run"))
"""The daemon as a service manager starts it."""
HOST = Program((*PROGRAM, "--config", "{config}"), listens=True)
"""The same daemon, whose clock, disk and moment of death are switched over its stdin."""


class StageFailed(Exception):
    """Something did not happen, or happened wrongly; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery: what it truly tells of, its bytes, where it went and when it came (monotonic)."""

    letter: Letter
    raw: bytes = field(repr=False)
    at: float
    mailbox: str = "payments"
    desk: str = "factory"  # the desk its money is for

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


class Stage:
    """
    settings: anybody's, as nested tables; addresses, secrets and the ledger are replaced. The sample ones by default.
    worlds: the account behind each desk; the sample world where none is given.
    patience: seconds after which a wait has failed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, Any] | None = None,
        worlds: Mapping[str, World] | None = None,
        patience: float = 30.0,
    ) -> None:
        self.folder = folder
        self.patience = patience
        self.config = folder / "reconciler.toml"
        self.log = folder / "daemon.log"
        self.sent: list[Sent] = []
        self.typed: set[str] = set()  # keys of income rows that people wrote
        self.settings: dict[str, Any] = dict(sample() if settings is None else settings)
        self.imap = SandboxImap(dict.fromkeys(self.settings["mailboxes"], PASSWORD))
        self.desks = {name: SandboxPlanfix(world=(worlds or {}).get(name)) for name in self.settings["desks"]}
        self.records = {name: Record(planfix) for name, planfix in self.desks.items()}
        self.dns = SandboxResolver(keys.zone(*_domains(self.settings)))
        self.touched: set[str] = set()  # orders whose money or status people changed
        self.machine = Machine()
        self.lit: dict[str, Lit] = {}  # the switches that are on, by name
        self._daemon: Daemon | None = None
        self._ledger: Ledger | None = None
        self._idle: Callable[[], None] = lambda: None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.imap)
            stack.enter_context(self.dns)
            for name, planfix in self.desks.items():
                stack.enter_context(planfix)
                planfix.on_request = self.records[name]
            self._make_folders()
            self.configure()
            stack.callback(self.close_ledger)
            stack.callback(self.end_daemon)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def planfix(self) -> SandboxPlanfix:
        """The account of the first desk; mostly there is one."""
        return next(iter(self.desks.values()))

    @property
    def record(self) -> Record:
        return next(iter(self.records.values()))

    # ------------------------------------------------------------ settings

    def _make_folders(self) -> None:
        """Those the settings read, and those they move mail to."""
        for name, table in self.settings["mailboxes"].items():
            self.imap.create_folder(table.get("folder", "INBOX"), user=name)
            verb, _, target = table.get("after", "keep").partition(":")
            if verb == "move":
                self.imap.create_folder(target, user=name)

    def configure(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        desk: Mapping[str, Any] | None = None,
        mailbox: Mapping[str, Any] | None = None,
    ) -> Path:
        """
        Write the settings file, with changes that stay; a running daemon reads them at its next start or SIGHUP.

        changes: nested tables; None takes a key away. desk, mailbox: keys of every desk's and every mailbox's table.
        """
        everywhere = {
            "desks": {name: desk or {} for name in self.desks},
            "mailboxes": {name: mailbox or {} for name in self.imap.accounts},
        }
        self.settings = merged(merged(self.settings, everywhere), changes or {})
        found = sandboxed(
            self.settings,
            mailboxes={name: self._mailbox_keys(name) for name in self.imap.accounts},
            desks={name: {"url": at.url, "token": at.token} for name, at in self.desks.items()},
            nameserver=self.dns.address,
        )
        self.config.write_text(dumps(found), encoding="utf-8")
        return self.config

    def _mailbox_keys(self, name: str) -> Mapping[str, Any]:
        return {
            "host": self.imap.host,
            "port": self.imap.port,
            "security": "plain",
            "username": name,
            "password": PASSWORD,
        }

    # ------------------------------------------------------------ the daemon

    @property
    def is_started(self) -> bool:
        """Was a daemon ever started here?"""
        return self._daemon is not None

    @property
    def daemon(self) -> Daemon:
        """The one that was started last, whether it still runs or not."""
        if self._daemon is None:
            raise RuntimeError("the daemon was not started")
        return self._daemon

    def start_daemon(self, program: Program = RUN, *, ready: bool = True) -> Daemon:
        """
        Start it, and wait until it has read its mailboxes once.

        program: RUN, or HOST; ready: False leaves the waiting to the caller.
        """
        if self._daemon is not None and self._daemon.code is None:
            raise RuntimeError("the daemon runs already")
        arguments = [part.format(config=self.config) for part in program.arguments]
        self._daemon = Daemon(arguments, self.log, listens=program.listens)
        self.machine.boot(self._daemon)
        if ready:
            self.wait_ready()
        return self._daemon

    def wait_ready(self) -> None:
        self.wait_for_event("service.ready")

    def stop_daemon(self) -> int:
        """SIGTERM, as systemd does it; its exit code."""
        self.daemon.terminate()
        try:
            return self.daemon.ended(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise StageFailed(f"the daemon did not stop within {STOP_SECONDS:g} s of SIGTERM") from None

    def end_daemon(self) -> None:
        """Whatever happened before: no daemon is left."""
        if self._daemon is not None and self._daemon.code is None:
            self._daemon.end()

    def command(self, *args: str) -> list[Mapping[str, Any]]:
        """Run a real command beside the daemon; what it printed. Raises StageFailed unless it exits 0."""
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-m", "reconciler", "--config", str(self.config), *args],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=environment(),
                timeout=self.patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise StageFailed(f"`reconciler {args[0]}` took longer than {self.patience:g} s") from None
        with self.folder.joinpath("commands.log").open("ab") as log:
            log.write(done.stderr)  # kept beside the daemon's when something fails
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise StageFailed(f"`reconciler {' '.join(args)}` exited {done.returncode}: {' '.join(said)}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    # ------------------------------------------------------------ letters

    def deliver(self, letter: Letter, raw: bytes, *, mailbox: str | None = None, desk: str | None = None) -> Sent:
        """Put a letter into a mailbox (the first by default); desk: the one its money is for (the first)."""
        box = next(iter(self.imap.accounts)) if mailbox is None else mailbox
        sent = Sent(letter=letter, raw=raw, at=monotonic(), mailbox=box, desk=desk or next(iter(self.desks)))
        self.sent.append(sent)
        self.imap.deliver(raw, self.settings["mailboxes"][box].get("folder", "INBOX"), user=box)
        return sent

    # ------------------------------------------------------------ looks

    @property
    def ledger(self) -> Ledger:
        """The daemon's, to read in; made by it, so there is none before its first start."""
        if self._ledger is None:
            self._ledger = Ledger.open(
                LEDGER, create=False, clock=lambda: datetime.now(UTC), actor="stage", base=self.folder
            )
        return self._ledger

    def close_ledger(self) -> None:
        """Before its file is exchanged or broken; the next look opens it anew."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def entry(self, reference: str) -> Entry | None:
        with self.ledger.look() as tx:
            return next(iter(tx.entries(transaction_id=reference)), None)

    def mail(self, sent: Sent) -> Mail | None:
        with self.ledger.look() as tx:
            return next((mail for mail in tx.mails() if mail.sha256 == sent.sha256), None)

    def is_in(self, reference: str, state: State) -> bool:
        entry = self.entry(reference)
        return entry is not None and entry.state is state

    def is_closed(self, sent: Sent, state: MailState) -> bool:
        mail = self.mail(sent)
        return mail is not None and mail.state is state

    def account(self, desk: str | None = None) -> Account:
        """What a desk's account truly holds, for the proof."""
        name = next(iter(self.desks)) if desk is None else desk
        planfix, record = self.desks[name], self.records[name]
        return Account(
            orders=planfix.orders,
            incomes=planfix.incomes,
            advances=tuple(record.advances),
            typed=frozenset(self.typed),
            touched=frozenset(self.touched),
        )

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
        before, self._idle = self._idle, act
        try:
            yield
        finally:
            self._idle = before

    def wait_for(self, what: str, condition: Callable[[], bool], *, dead: bool = False) -> None:
        """
        Block until a condition holds; dead: the daemon may have ended, or may end meanwhile.

        Raises: StageFailed, naming what was waited for, when patience is over or the daemon is gone.
        """
        end = monotonic() + self.patience
        while not _holds(condition):
            self._idle()
            code = None if dead else self.daemon.code
            if code is not None and not _holds(condition):
                raise StageFailed(f"the daemon ended with exit code {code} while it was waited for {what}")
            if monotonic() > end:
                raise StageFailed(f"waited {self.patience:g} s in vain for {what}")
            sleep(LOOK)
        self._idle()

    def wait_for_event(self, name: str, *, times: int = 1, **facts: Any) -> Event:
        """The event of this daemon's life that makes it so many."""
        daemon = self.daemon
        told = f"{name} {facts}" if facts else name
        self.wait_for(f"the daemon to say {told}", lambda: len(daemon.events(name, **facts)) >= times)
        return daemon.events(name, **facts)[times - 1]


def _domains(settings: Mapping[str, Any]) -> set[str]:
    """Those that letters may be signed for."""
    gateways = settings.get("gateways", {}).values()
    return {"wayforpay.com", "wayforpay.com.ua", *(domain for table in gateways for domain in table.get("domains", ()))}


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except LedgerUnavailable:
        return False  # the daemon is writing just now; the next look is soon
