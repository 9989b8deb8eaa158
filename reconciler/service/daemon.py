"""
`reconciler run`: start, be ready, take signals, stop within five seconds.

SIGTERM and SIGINT finish the step in hand, or leave it unknown for whoever comes next, and exit 0. SIGHUP reads the
settings again: a good file replaces the old one whole, once the step in hand has ended, however long that takes; a bad one
is refused whole and the old one stays.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from time import monotonic
from types import FrameType

import structlog

from reconciler import sdnotify
from reconciler.app import App, OpenLedger, opened, utc_now
from reconciler.config import Settings, load
from reconciler.errors import ConfigError, ReconcilerError
from reconciler.ledger import Ledger
from reconciler.mailbox import Watcher
from reconciler.ports import Clock
from reconciler.service.threads import DAEMON, DeskThread
from reconciler.service.ticks import Ticks

log = structlog.get_logger(__name__)

STOP_SECONDS = 4.0
"""Five are promised; the rest is for closing the ledger and for the interpreter."""
READY_LOOK_SECONDS = 0.05
SHORTEST_WAIT = 0.2

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

    def __init__(self, app: App, manager: sdnotify.Manager, signals: Signals) -> None:
        self.app = app
        self.signals = signals
        self.failure: BaseException | None = None
        self.desks = [
            DeskThread(ledger=app.ledger, desk=app.desks[name], worker=worker, on_fatal=self._fail)
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
        self.ticks = Ticks(app, self.desks, manager, self.is_alive)

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
                with self.app.ledger.begin() as tx:
                    left = tx.adopt_sending(desk.name)
                log.warning("desk.left_in_the_middle", desk=desk.name, unknown_steps=left)
            ended.append(done)
        return all(ended)

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        self.signals.changed.set()


def _ends(join: Callable[[float], bool], end: float, wait_longer: Callable[[], bool]) -> bool:
    """Wait for a thread: until `end`, a moment at least, and then for as long as there is leave to."""
    ended = join(max(end - monotonic(), SHORTEST_WAIT))
    while not ended and wait_longer():
        ended = join(SHORTEST_WAIT)
    return ended


def run(settings: Settings, *, clock: Clock = utc_now, open_ledger: OpenLedger = Ledger.open) -> int:
    """The daemon until it is told to stop. Returns the exit code."""
    manager, signals = sdnotify.Manager(), Signals()
    signals.install()
    opening = functools.partial(opened, create=True, actor="daemon", clock=clock, open_ledger=open_ledger)
    while True:
        with ExitStack() as stack:
            app = stack.enter_context(opening(settings))
            if app.ledger.place.path is not None:
                # One SQLite file is one daemon's; several daemons share a PostgreSQL.
                stack.enter_context(app.ledger.exclusive(DAEMON))
            service = Service(app, manager, signals)
            service.start()
            manager.ready("reading the mailboxes")
            following = _serve(service, manager, signals, settings, opening)
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
        settings = following
    log.info("service.stopped", in_time=True)
    code = 0
    if service.failure is not None:
        code = 2 if isinstance(service.failure, ConfigError) else 70
    if service.ticks.is_busy():
        _exit_now(code)  # the interpreter would wait for the scheduler's pool, however long its request takes
    return code


def _serve(
    service: Service, manager: sdnotify.Manager, signals: Signals, settings: Settings, opening: Opening
) -> Settings | None:
    """Until a signal or a failure. Returns the settings to go on with, or None to stop."""
    ready = False
    log.info("service.started", config=str(settings.path), desks=len(service.desks), mailboxes=len(service.watchers))
    while True:
        signals.changed.wait(None if ready else READY_LOOK_SECONDS)
        if not ready and service.is_ready():
            ready = True
            log.info("service.ready")
            manager.status("ready")
        if not signals.changed.is_set():
            continue
        signals.changed.clear()
        if signals.stop or service.failure is not None:
            return None
        if signals.reload:
            signals.reload = False
            new = _reloaded(settings.path, opening)
            if new is not None:
                manager.reloading()
                return new


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
