"""
The line without its mailbox thread, in a process of its own that can be told to die at its N-th commit.

In: a settings file, letters, perhaps a `Death`. Out: a process that reads the letters which the ledger has not seen, walks
until nothing is due by itself, and ends with 0; or is gone by SIGKILL. It is the product's own intake, worker, desk and
ledger; only what would wait for mail is left out, so that a process costs a tenth of a second and not a whole one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Literal

from reconciler import log
from reconciler.app import App
from reconciler.config import Settings, load
from reconciler.discovery import find_parsers
from reconciler.errors import OwnedElsewhere
from reconciler.ledger import Ledger, Tx
from reconciler.model import MailRef

Side = Literal["before", "after"]

PATIENCE = 40.0

# Its children are forked from a process without threads that has imported all of the product already.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.line.payer"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """SIGKILL right before or right after the commit of that number, counted from the first letter."""

    at: int
    side: Side


class MortalLedger(Ledger):
    """Counts its commits from `arm` on, and ends the process at one of them."""

    commits = 0
    _armed = False
    _death: Death | None = None
    _counting = threading.Lock()

    def arm(self, death: Death | None) -> None:
        self._armed, self._death = True, death

    @contextmanager
    def begin(self, *, actor: str | None = None) -> Iterator[Tx]:
        with super().begin(actor=actor) as tx:
            yield tx
            with self._counting:
                self.commits += self._armed
                number = self.commits
            self._strike(number, "before")
        self._strike(number, "after")

    def _strike(self, number: int, side: Side) -> None:
        if self._armed and self._death == Death(at=number, side=side):
            os.kill(os.getpid(), signal.SIGKILL)


def app_on(settings: Settings) -> tuple[App, MortalLedger]:
    """The product's parts on a mortal ledger."""
    ledger = MortalLedger.open(
        settings.ledger.url, create=True, clock=lambda: datetime.now(UTC), actor="daemon", base=settings.base
    )
    assert isinstance(ledger, MortalLedger)
    return App(settings=settings, ledger=ledger, parsers=find_parsers()), ledger


# ---------------------------------------------------------------- the process


def pay(settings: Path, raws: Sequence[bytes], death: Death | None, told: Connection) -> None:
    """Runs in the child; tells how many commits it took, when it lives to tell."""
    with (settings.parent / "payer.log").open("a", encoding="utf-8") as stream:
        log.set_up(stream=stream, json=True)
        app, ledger = app_on(load(settings))
        worker = app.workers["factory"]
        with _owned(ledger, "desk:factory"):
            app.desks["factory"].resolve(verify=False)
            ledger.arm(death)
            for uid, raw in enumerate(raws, start=1):
                _take(app, uid, raw)
            app.intake.read_due()
            worker.start()
            while (due := worker.next_at()) is not None:
                time.sleep(max(0.0, (due - ledger.clock()).total_seconds()))
                worker.run_due()
        told.send(ledger.commits)
        app.close()


@contextmanager
def _owned(ledger: Ledger, name: str) -> Iterator[None]:
    """As a desk's thread owns it: PostgreSQL needs a moment to see that a killed owner is gone."""
    end = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(ledger.exclusive(name))
                break
            except OwnedElsewhere:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)
        yield


def _take(app: App, uid: int, raw: bytes) -> None:
    """As the mailbox does it: what has a row of its own is handed over no second time."""
    ref = MailRef(mailbox="payments", folder="INBOX", uidvalidity=7, uid=uid)
    with app.ledger.look() as tx:
        seen = uid in tx.sightings(ref.mailbox, ref.folder, ref.uidvalidity)
    if not seen:
        app.intake.take(raw, mailbox=ref.mailbox, received_at=app.ledger.clock(), ref=ref)


# ---------------------------------------------------------------- the test's end


class Payer:
    """A child under way; `pid` is there to be killed."""

    def __init__(self, settings: Path, raws: Sequence[bytes], death: Death | None = None) -> None:
        self._settings = settings
        self._ear, mouth = _CONTEXT.Pipe(duplex=False)
        self._process: ForkServerProcess = _CONTEXT.Process(
            target=pay, args=(settings, raws, death, mouth), daemon=True
        )
        self._process.start()
        mouth.close()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def ended(self) -> int:
        """Its exit code; negative: the signal that ended it. Fails when it does not end."""
        self._process.join(PATIENCE)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise AssertionError(f"the payer does not end; its log:\n{self.log()}")
        return code

    def finished(self) -> int:
        """How many commits it took; fails when it came to another end than its own."""
        code = self.ended()
        assert code == 0, f"the payer ended with {code}; its log:\n{self.log()}"
        commits: int = self._ear.recv()
        return commits

    def was_killed(self) -> None:
        """Fails unless SIGKILL ended it: a boundary that was never reached proves nothing."""
        code = self.ended()
        assert code == -signal.SIGKILL, f"the payer ended with {code}; its log:\n{self.log()}"

    def log(self) -> str:
        path = self._settings.parent / "payer.log"
        return path.read_text(encoding="utf-8")[-8000:] if path.exists() else "(none)"
