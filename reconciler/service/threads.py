"""
One thread per desk: own it, take over what a dead owner left, walk what is due, wait to be told.

The scheduler tells it (`ticks`), and so does a mailbox that has just recorded a payment; nothing here counts time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from reconciler.desks.planfix import PlanfixDesk
from reconciler.errors import DeskStopped, FatalError, OwnedElsewhere, OwnershipLost, TransientError
from reconciler.flow.worker import DeskWorker
from reconciler.ledger import Ledger

log = structlog.get_logger(__name__)

DAEMON = "daemon"
"""What the one daemon of an SQLite ledger owns besides its mailboxes and desks."""
OWNED_ELSEWHERE_PAUSE = 1.0
"""Seconds between tries to own a desk that a command or another daemon holds just now."""


class DeskThread:
    """clock_jumped: right before this. `started` is set after the first try to reach the desk, whether it could be reached or not."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        desk: PlanfixDesk,
        worker: DeskWorker,
        clock_jumped: bool = False,
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        self.name = desk.name
        self.started = threading.Event()
        self._ledger = ledger
        self._desk = desk
        self._worker = worker
        self._clock_jumped = clock_jumped
        self._on_fatal = on_fatal
        self._told = threading.Event()
        self._stopping = threading.Event()
        self._lost = threading.Event()
        self._log = log.bind(desk=desk.name)
        self._thread = threading.Thread(target=self._run, name=f"desk-{desk.name}", daemon=True)

    # ------------------------------------------------------------ from any thread

    def start(self) -> None:
        self._thread.start()

    def tell(self) -> None:
        """There may be something to do."""
        self._told.set()

    def tell_if_due(self) -> None:
        """For the scheduler: wakes the thread when something in the ledger has become due, whoever put it there."""
        due = self._worker.next_at()
        if due is not None and due <= self._ledger.clock():
            self.tell()

    def check_ownership(self) -> None:
        """For the scheduler: an ownership or a ledger that was lost while nothing was due is noticed all the same."""
        try:
            with self._ledger.begin():
                pass
        except (OwnershipLost, FatalError):
            self._lost.set()
            self.tell()
            raise

    def verify(self) -> None:
        """
        For the scheduler, soon after the start and daily: is everything that is named on the desk still there, and of its type?

        What is not stops the desk at its next payment; mail is read on, and the desk is probed until it is mended.
        """
        try:
            found = self._desk.resolve(verify=True)
        except DeskStopped as exc:
            self._log.error("desk.does_not_fit", error=str(exc))
            return
        for remark in found.remarks:
            self._log.warning("desk.remarked", remark=remark)

    def stop(self) -> None:
        self._stopping.set()
        self._told.set()

    def join(self, timeout: float) -> bool:
        """True: the thread has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    with self._ledger.exclusive(f"desk:{self.name}"):
                        self._own()
                except OwnedElsewhere as exc:
                    self._log.info("desk.owned_elsewhere", holder=exc.facts.get("holder"))
                    self._stopping.wait(OWNED_ELSEWHERE_PAUSE)
                except OwnershipLost as exc:
                    if DAEMON in exc.facts.get("lost", ()):
                        raise FatalError(f"another daemon may have taken this ledger: {exc}") from exc
                    self._log.warning("desk.ownership_lost", error=str(exc))
                except TransientError as exc:
                    self._log.warning("ledger.unavailable", error=str(exc))
                    self._stopping.wait(OWNED_ELSEWHERE_PAUSE)
        except FatalError as exc:
            self._log.critical("desk.failed", error=str(exc))
            self._on_fatal(exc)
        except Exception as exc:  # noqa: BLE001  a bug stops the service, loudly; a dead thread behind a green light would not
            self._log.critical("desk.failed", exc_info=exc)
            self._on_fatal(exc)

    def _own(self) -> None:
        self._worker.start(clock_jumped=self._clock_jumped)
        self._clock_jumped = False
        try:
            # From memory where the settings are as they were: a restart costs no request, `verify` follows in a while.
            self._desk.resolve(verify=False)
        except TransientError as exc:
            self._log.warning("desk.not_resolved", error=str(exc))
        finally:
            self.started.set()
        while not self._stopping.is_set():
            self._told.clear()
            if self._lost.is_set():
                self._lost.clear()
                with self._ledger.begin():  # raises what was lost, unless it was another's and is taken anew already
                    pass
            self._worker.run_due(self._stopping.is_set)
            if not self._stopping.is_set():
                self._told.wait()
