"""
One line: the servers around it, its settings file, its ledger.

In: a mailbox server, the sandbox's Planfix, a resolver with the key that letters are signed with. Out: daemons on these
settings, letters delivered, what the desk and the ledger say afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from reconciler.ledger import Ledger
from reconciler.model import Entry
from reconciler.sandbox import host, letters
from reconciler.sandbox.host import HostControl
from reconciler.sandbox.imap import SandboxImap
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.planfix.gate import Request
from reconciler.sandbox.resolver import SandboxResolver
from tests.certificates import Certificate
from tests.dovecot import Dovecot
from tests.line.daemon import Daemon

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)

MERCHANT = {"gateway": "wayforpay", "names": ["shop_example_ua", "shop.example.ua"], "desk": "factory"}

DESK: Mapping[str, Any] = {
    "token": "sandbox-token",
    "advance_from": ["Очікує оплати"],
    "mode": "live",
    # hours made seconds, so that outages are over while a test waits for them
    "requests_per_second": 1000.0,
    "burst": 1000,
    "timeout_seconds": 1.0,
    "unknown_wait": "2s",
    "unknown_deadline": "60s",
}


class Box(Protocol):
    """A mailbox server that letters can be put into."""

    @property
    def table(self) -> Mapping[str, Any]:
        """[mailboxes.payments]: where it is and how to get in."""
        ...

    def deliver(self, raw: bytes) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedBox:
    imap: SandboxImap
    certificate: Certificate

    @property
    def table(self) -> Mapping[str, Any]:
        ca = {"ca_file": str(self.certificate.cert)} if self.imap.tls else {}
        security = self.imap.tls or "plain"
        return {
            "host": "localhost",
            "port": self.imap.port,
            "security": security,
            "username": "pay",
            "password": "secret-pay",
        } | ca

    def deliver(self, raw: bytes) -> None:
        self.imap.deliver(raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class DovecotBox:
    dovecot: Dovecot
    security: str

    @property
    def table(self) -> Mapping[str, Any]:
        server = self.dovecot
        port = server.tls_port if self.security == "tls" else server.port
        ca = {} if self.security == "plain" else {"ca_file": str(server.ca_file)}
        login = {"username": server.user, "password": server.password}
        return {"host": server.host, "port": port, "security": self.security} | login | ca

    def deliver(self, raw: bytes) -> None:
        self.dovecot.deliver(raw)


@dataclass(kw_only=True)
class Line:
    """What one test has around it; `settings` is written anew whenever a table changes."""

    folder: Path
    box: Box
    planfix: SandboxPlanfix
    resolver: SandboxResolver
    desk: dict[str, Any] = field(default_factory=dict)
    mailbox: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # further tables, by their full name
    url: str = "sqlite:///reconciler.db"
    """Of the ledger."""

    # ------------------------------------------------------------ settings

    @property
    def settings(self) -> Path:
        return self.folder / "reconciler.toml"

    def configure(self, *, desk: Mapping[str, Any] | None = None, mailbox: Mapping[str, Any] | None = None) -> Path:
        """Write the settings file; what is given changes single keys, for good."""
        self.desk.update(desk or {})
        self.mailbox.update(mailbox or {})
        tables: dict[str, Mapping[str, Any]] = {
            "ledger": {"url": self.url},
            "mailboxes.payments": {"since": LONG_AGO, "poll_seconds": 5} | dict(self.box.table) | self.mailbox,
            "merchants.shop": MERCHANT,
            "trust": {"nameservers": [self.resolver.address]},
            "desks.factory": {"url": self.planfix.url, **DESK, **self.desk},
            "web": {"listen": ""},
            **self.more,
        }
        self.settings.touch(mode=0o600)
        self.settings.write_text("".join(_table(name, keys) for name, keys in tables.items()), encoding="utf-8")
        return self.settings

    # ------------------------------------------------------------ processes

    def daemon(self, *, environ: Mapping[str, str] | None = None) -> Daemon:
        """`reconciler run` on the settings as they are configured, just started."""
        return self.command("run", environ=environ)

    def command(self, *words: str, environ: Mapping[str, str] | None = None) -> Daemon:
        """Any command on these settings, as a process of its own."""
        if not self.settings.exists():
            self.configure()
        return Daemon(["-m", "reconciler", "--config", str(self.settings), *words], environ)

    @contextmanager
    def running(self) -> Iterator[Daemon]:
        """A daemon that has read its mailbox once; the requests it cost to get there are forgotten."""
        with self.daemon() as daemon:
            daemon.ready()
            self.planfix.forget_requests()
            yield daemon

    @contextmanager
    def struck(self) -> Iterator[tuple[Daemon, HostControl]]:
        """The same daemon, ready, with its doors: clock, disk, death."""
        if not self.settings.exists():
            self.configure()
        with Daemon([*host.PROGRAM, "--config", str(self.settings)], listens=True) as daemon:
            daemon.ready()
            self.planfix.forget_requests()
            yield daemon, HostControl(daemon)

    # ------------------------------------------------------------ letters

    def deliver(self, *raws: bytes) -> None:
        for raw in raws:
            self.box.deliver(raw)

    # ------------------------------------------------------------ what came of it

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The daemon's ledger, looked at from outside."""
        ledger = Ledger.open(self.url, create=False, clock=lambda: datetime.now(UTC), actor="test", base=self.folder)
        try:
            yield ledger
        finally:
            ledger.close()

    def entries(self) -> Sequence[Entry]:
        with self.ledger() as ledger, ledger.look() as tx:
            return tx.entries()

    def requests(self) -> list[str]:
        """What Planfix was asked, in the words of the request budget."""
        return [spelled(request) for request in self.planfix.requests]


def letter(
    reference: str = letters.REFERENCE, amount: str = "1250.00", order: str | None = "12345", **more: Any
) -> bytes:
    """A genuine notice: signed with the key that the resolver serves."""
    return letters.sign(letters.notice(reference=reference, amount=amount, order=order, **more))


def later(minutes: int) -> datetime:
    return letters.PAID_AT + timedelta(minutes=minutes)


def spelled(request: Request) -> str:
    """One request in the words of the budget (design, section 7)."""
    kinds = {rule.get("type") for rule in request.body.get("filters", ())}
    path = request.path
    match request.method, path.strip("/").split("/"):
        case "POST", ["task", "list"] if 73 in kinds:
            return "payment task"
        case "POST", ["task", "list"] if 101 in kinds or 102 in kinds:
            return "order by field"
        case "POST", ["task", "list"] if 57 in kinds:
            return "order and task"
        case "POST", ["datatag", _, "entry", "list"] if 3108 in kinds:
            return "incomes by id"
        case "POST", ["datatag", _, "entry", "list"] if "taskId" in request.body:
            return "incomes of task"
        case "POST", ["task", _, "datatags"]:
            return "post"
        case "POST", ["task", number] if number.isdigit():
            return "status"
        case "GET", ["task", number] if number.isdigit():
            return "confirm"
    return f"{request.method} {path}"


FULL = ["payment task", "incomes by id", "post", "order and task", "status", "confirm"]
"""One full payment, every safety read in its place: two before the post, one between the post and the status."""


def _table(name: str, keys: Mapping[str, Any]) -> str:
    lines = [f"{key} = {_value(value)}\n" for key, value in keys.items()]
    return f"[{name}]\n{''.join(lines)}\n"


def _value(value: Any) -> str:
    """TOML and JSON agree on texts, numbers, truths and lists of them."""
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value, ensure_ascii=False)
