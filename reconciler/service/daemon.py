"""
`reconciler run`: start, be ready, take signals, stop within five seconds.

SIGTERM and SIGINT finish the step in hand, or leave it unknown for whoever comes next, and exit 0. SIGHUP reads the
settings again: a good file replaces the old one whole, once the step in hand has ended, however long that takes; a bad one
is refused whole and the old one stays. When the machine's clock is set, the service begins anew in the same way, so that
nothing in it remembers a time that never was.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import FrameType

import structlog

from reconciler import sdnotify
from reconciler.app import App, OpenLedger, opened
from reconciler.clock import SteadyClock
from reconciler.config import Settings, load
from reconciler.errors import ConfigError, FatalError, ReconcilerError, TransientError
from reconciler.ledger import Ledger
from reconciler.mailbox import Watcher
from reconciler.service.threads import DAEMON, DeskThread
from reconciler.service.ticks import Ticks

log = structlog.get_logger(__name__)

STOP_SECONDS = 4.0
"""Five are promised; the rest is for closing the ledger and for the interpreter."""
READY_LOOK_SECONDS = 0.05
SHORTEST_WAIT = 0.2
CLOCK_LOOK_SECONDS = 1.0
"""How soon a clock that was set is noticed; until then, and until the step in hand has ended, time goes on as before."""

Opening = Callable[[Settings], AbstractContextManager[App]]
"""The app on these settings, on this process's clock and ledger."""


class Signals:
    """What the process was asked to do; `changed` wakes the main thread."""

    def __init__(self) -> None:
        self.changed = threading.Event()
        self.stop = False
        self.reload = False

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self.reload = True
        else:
            self.stop = True
        self.changed.set()


class Service:
    """All threads of one generation of settings."""

    def __init__(self, app: App, manager: sdnotify.Manager, signals: Signals, *, clock_jumped: bool = False) -> None:
        self.app = app
        self.manager = manager
        self.signals = signals
        self.failure: BaseException | None = None
        self.desks = [
            DeskThread(
                ledger=app.ledger, desk=app.desks[name], worker=worker, clock_jumped=clock_jumped, on_fatal=self._fail
            )
            for name, worker in app.workers.items()
        ]
        self.watchers = [
            Watcher(
                app.mailbox(name),
                app.handler(name),
                own=lambda name=name: app.ledger.exclusive(f"mailbox:{name}"),  # type: ignore[misc]
                on_fatal=self._fail,
            )
            for name in app.settings.mailboxes
        ]
        self.ticks = Ticks(app, self.desks, manager, self.is_alive, on_fatal=self._fail)

    def start(self) -> None:
        by_name = {desk.name: desk for desk in self.desks}
        self.app.on_recorded.append(lambda desk: by_name[desk].tell())
        for desk in self.desks:
            desk.start()
        for watcher in self.watchers:
            watcher.start()
        self.ticks.start()

    def is_ready(self) -> bool:
        """Every mailbox was read once, and every desk was asked for once."""
        return all(w.first_scan_done.is_set() for w in self.watchers) and all(d.started.is_set() for d in self.desks)

    def is_alive(self) -> bool:
        return all(desk.is_alive for desk in self.desks) and all(watcher.is_alive for watcher in self.watchers)

    def stop(self, wait_longer: Callable[[], bool] = lambda: False) -> bool:
        """
        False: a thread did not end in time; its step is left as unknown.

        wait_longer: asked again and again once the time is over; as long as it says so, the step in hand may end.
        """
        end = monotonic() + STOP_SECONDS
        self.ticks.stop()
        for watcher in self.watchers:
            watcher.mailbox.bell.stop()
        for desk in self.desks:
            desk.stop()
        ended = [_ends(watcher.stop, end, wait_longer) for watcher in self.watchers]
        for desk in self.desks:
            done = _ends(desk.join, end, wait_longer)
            if not done:
                log.warning("desk.left_in_the_middle", desk=desk.name, unknown_steps=self._left_unknown(desk.name))
            ended.append(done)
        return all(ended)

    def _left_unknown(self, desk: str) -> int | None:
        """How many steps nobody will hear of any more; None: the ledger takes no word of it, and the successor sees it himself."""
        try:
            with self.app.ledger.begin() as tx:
                return tx.adopt_sending(desk)
        except (TransientError, FatalError) as exc:
            log.warning("ledger.unavailable", error=str(exc))
            return None

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        self.signals.changed.set()


def _ends(join: Callable[[float], bool], end: float, wait_longer: Callable[[], bool]) -> bool:
    """Wait for a thread: until `end`, a moment at least, and then for as long as there is leave to."""
    ended = join(max(end - monotonic(), SHORTEST_WAIT))
    while not ended and wait_longer():
        ended = join(SHORTEST_WAIT)
    return ended


@dataclass(frozen=True, slots=True)
class Generation:
    """What a service is made from. clock_jumped: the one before was ended by that."""

    settings: Settings
    clock_jumped: bool = False


def run(
    settings: Settings,
    *,
    start_clock: Callable[[], SteadyClock] = SteadyClock,
    open_ledger: OpenLedger = Ledger.open,
) -> int:
    """The daemon until it is told to stop. start_clock: one on the machine's. Returns the exit code."""
    manager, signals = sdnotify.Manager(), Signals()
    signals.install()
    generation = Generation(settings)
    while True:
        steady = start_clock()
        opening = functools.partial(opened, create=True, actor="daemon", clock=steady, open_ledger=open_ledger)
        with ExitStack() as stack:
            app = stack.enter_context(opening(generation.settings))
            if app.ledger.place.path is not None:
                # One SQLite file is one daemon's; several daemons share a PostgreSQL.
                stack.enter_context(app.ledger.exclusive(DAEMON))
            service = Service(app, manager, signals, clock_jumped=generation.clock_jumped)
            service.start()
            manager.ready("reading the mailboxes")
            following = _serve(service, generation.settings, opening, steady)
            if following is None:
                manager.stopping()  # said of a reload, the manager would see to it that we end
                ended = service.stop()
            else:
                ended = service.stop(wait_longer=lambda: not signals.stop)
            if not ended:
                log.info("service.stopped", in_time=False)
                _exit_now(0 if service.failure is None else 70)
        if following is None:
            break
        generation = following
    log.info("service.stopped", in_time=True)
    code = 0
    if service.failure is not None:
        code = 2 if isinstance(service.failure, ConfigError) else 70
    if service.ticks.is_busy():
        _exit_now(code)  # the interpreter would wait for the scheduler's pool, however long its request takes
    return code


def _serve(service: Service, settings: Settings, opening: Opening, clock: SteadyClock) -> Generation | None:
    """Until a signal, a failure or a jump of the clock. Returns what to go on with, or None to stop."""
    manager, signals, ready = service.manager, service.signals, False
    log.info("service.started", config=str(settings.path), desks=len(service.desks), mailboxes=len(service.watchers))
    while True:
        signals.changed.wait(CLOCK_LOOK_SECONDS if ready else READY_LOOK_SECONDS)
        if not ready and service.is_ready():
            ready = True
            log.info("service.ready")
            manager.status("ready")
        jumped = clock.jumped()
        if not signals.changed.is_set() and jumped is None:
            continue
        signals.changed.clear()
        if signals.stop or service.failure is not None:
            return None
        if signals.reload:
            signals.reload = False
            new = _reloaded(settings.path, opening)
            if new is not None:
                manager.reloading()
                return Generation(new, clock_jumped=jumped is not None)
        if jumped is not None:
            log.warning("clock.jumped", seconds=jumped.total_seconds(), next="the service begins anew on the new time")
            return Generation(settings, clock_jumped=True)


def _reloaded(path: Path, opening: Opening) -> Settings | None:
    """The new settings, or None: they were refused whole and the old ones stay."""
    try:
        settings = load(path)
        with opening(settings) as trial:
            # All of it is built once before the old one is let go: a ledger that cannot be opened is refused as well.
            Service(trial, sdnotify.Manager({}), Signals())
    except (ReconcilerError, OSError) as exc:
        problems = exc.problems if isinstance(exc, ConfigError) else [str(exc)]
        log.error("settings.refused", config=str(path), problems=problems)
        return None
    log.info("settings.reloaded", config=str(path))
    return settings


def _exit_now(code: int) -> None:
    """A thread is still inside a request; waiting for it would break the promise of five seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
