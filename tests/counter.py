"""
What the tests of the commands stand on: settings in a file, an embedded mailbox, Planfix and resolver, and the command line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from reconciler.cli import cli
from reconciler.ledger import Ledger
from reconciler.model import Entry
from reconciler.sandbox import keys, letters
from reconciler.sandbox.imap import SandboxImap
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.resolver import SandboxResolver


@dataclass
class Counter:
    """One shop: its settings file, its mailbox and its desk; `run` is what its owner types."""

    folder: Path
    imap: SandboxImap
    planfix: SandboxPlanfix
    resolver: SandboxResolver

    def configure(self, *, mailboxes: Sequence[str] = ("payments",), mailbox: str = "", desk: str = "") -> Path:
        """Write the settings. mailbox, desk: further lines of those tables."""
        boxes = "".join(
            f"[mailboxes.{name}]\nhost = '127.0.0.1'\nport = {self.imap.port}\nsecurity = 'plain'\nusername = 'pay'\n"
            f"password = 'secret-pay'\nsince = 2026-01-01T00:00:00+02:00\n{mailbox}\n"
            for name in mailboxes
        )
        text = f"""
{boxes}
[merchants.shop]
gateway = "wayforpay"
names = ["shop_example_ua", "shop.example.ua"]
desk = "factory"
[trust]
nameservers = ["{self.resolver.address}"]
[desks.factory]
url = "{self.planfix.url}"
token = "sandbox-token"
advance_from = ["Очікує оплати"]
requests_per_second = 1000.0
burst = 1000
{desk if "mode" in desk else 'mode = "live"' + chr(10) + desk}
"""
        self.config.write_text(text, "utf-8")
        return self.config

    @property
    def config(self) -> Path:
        return self.folder / "reconciler.toml"

    def run(self, *args: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(cli, ["--config", str(self.config), *args], input=stdin)

    # ------------------------------------------------------------ what there is

    def letter(self, name: str = "notice.eml", *, signed: bool = True, **facts: Any) -> Path:
        """A notice in a file; facts as of `letters.notice`."""
        raw = letters.notice(**facts)
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(letters.sign(raw) if signed else raw)
        return path

    def ledger(self) -> Ledger:
        """Opened beside whoever else has it; the caller closes it."""
        url = f"sqlite:///{self.folder / 'reconciler.db'}"
        return Ledger.open(url, create=True, clock=_now, actor="test")

    def entries(self) -> Sequence[Entry]:
        ledger = self.ledger()
        try:
            with ledger.look() as tx:
                return tx.entries()
        finally:
            ledger.close()

    def writes(self) -> list[str]:
        """Requests that may change the account."""
        return [
            f"{r.method} {r.path}" for r in self.planfix.requests if r.method != "GET" and not r.path.endswith("list")
        ]

    def everything(self) -> dict[str, str]:
        """Every file below the folder with its content's hash: what must be the same after a command that only looks."""
        files = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.folder)): sha256(path.read_bytes()).hexdigest() for path in files}


def _now() -> Any:
    from reconciler.clock import utc_now

    return utc_now()


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def one(result: Result) -> Mapping[str, Any]:
    (row,) = rows(result)
    return row


@pytest.fixture(scope="session")
def counter_resolver() -> Iterator[SandboxResolver]:
    with SandboxResolver(keys.zone("wayforpay.com.ua")) as resolver:
        yield resolver


@pytest.fixture
def counter(
    tmp_path: Path,
    planfix_server: SandboxPlanfix,
    counter_resolver: SandboxResolver,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Counter]:
    """Order 12345, which owes 1250.00, and an empty mailbox."""
    monkeypatch.setattr("reconciler.log.set_up", lambda: None)
    planfix_server.reset()
    planfix_server.add_order(12345, due="1250.00")
    # Logs stay out of the way: set up for real they would keep a stream that ends with the command.
    with capture_logs(), SandboxImap({"pay": "secret-pay"}) as imap:
        counter = Counter(folder=tmp_path, imap=imap, planfix=planfix_server, resolver=counter_resolver)
        counter.configure()
        yield counter
