"""
Everything periodic, on one APScheduler: due payments and messages, retention, the daily look at the desks, the watchdog.

The scheduler only says when to look; what is due, and since when, stands in the ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from reconciler import sdnotify
from reconciler.app import App
from reconciler.errors import FatalError, TransientError
from reconciler.service.threads import DeskThread

log = structlog.get_logger(__name__)

DUE_SECONDS = 0.5
"""How soon work that another process put into the ledger is seen; our own threads tell each other at once."""
MAIL_SECONDS = 5
DAY = 24 * 3600
VERIFY_AFTER_SECONDS = 60
"""Payments that waited for the start go before the look at the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    every: timedelta
    first_at: datetime


class Ticks:
    """`ticks` tells what comes when, by name."""

    def __init__(
        self,
        app: App,
        desks: Iterable[DeskThread],
        manager: sdnotify.Manager,
        healthy: Callable[[], bool],
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        self.ticks: dict[str, Tick] = {}
        self._app = app
        self._on_fatal = on_fatal
        self._running = 0
        self._counting = threading.Lock()
        # Late is better than never, and once is enough: the default would drop a run that is a second late.
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler: Any = BackgroundScheduler(timezone="UTC", job_defaults=defaults)
        for desk in desks:
            self._every(DUE_SECONDS, f"desk.{desk.name}.due", desk.tell_if_due)
            self._every(MAIL_SECONDS, f"desk.{desk.name}.ownership", desk.check_ownership)
            self._every(DAY, f"desk.{desk.name}.verify", desk.verify, first_after=VERIFY_AFTER_SECONDS)
        # At once first: a letter whose process was killed while reading it waits for nothing else.
        self._every(MAIL_SECONDS, "mails.due", app.intake.read_due, first_after=0)
        self._every(DAY, "mails.retention", self._drop_old_mail)
        if manager.watchdog_seconds:
            self._every(manager.watchdog_seconds / 3, "watchdog", lambda: healthy() and manager.alive())

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def is_busy(self) -> bool:
        """A tick is still at work."""
        return self._running > 0

    def _every(self, seconds: float, name: str, act: Callable[[], object], first_after: float | None = None) -> None:
        def run() -> None:
            with self._counting:
                self._running += 1
            try:
                act()
            except TransientError as exc:
                log.warning("tick.failed", tick=name, error=str(exc))
            except FatalError as exc:
                log.critical("tick.failed", tick=name, error=str(exc))
                self._on_fatal(exc)
            except Exception:
                log.exception("tick.failed", tick=name)
            finally:
                with self._counting:
                    self._running -= 1

        first = datetime.now(UTC) + timedelta(seconds=seconds if first_after is None else first_after)
        self.ticks[name] = Tick(every=timedelta(seconds=seconds), first_at=first)
        self._scheduler.add_job(run, "interval", seconds=seconds, id=name, next_run_time=first)

    def _drop_old_mail(self) -> None:
        days = timedelta(days=self._app.settings.ledger.raw_mail_days)
        with self._app.ledger.begin() as tx:
            dropped = tx.drop_raw_before(self._app.ledger.clock() - days)
        if dropped:
            log.info("mails.bodies_dropped", count=dropped)
