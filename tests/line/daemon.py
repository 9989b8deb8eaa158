"""
`reconciler run` as a process of its own.

In: a command. Out: its log as events to wait for, its exit code. Nothing here waits for time: every wait is for an event or for
the end of the process, with a limit that only a failure reaches.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 40.0
"""Seconds after which a wait has failed; far beyond what anything here takes."""

OURS = ("RECONCILER_", "NOTIFY_SOCKET", "WATCHDOG_")
"""Variables that would change what a daemon does; a test gives its own."""

Event = Mapping[str, Any]


class Daemon:
    """
    The process, started at once. As a context it is killed at the end, if it still runs.

    arguments: what follows `python`, e.g. ["-m", "reconciler", "--config", "reconciler.toml", "run"].
    environ: further variables. listens: its stdin is a pipe for `tell`; otherwise it has none.
    """

    def __init__(
        self, arguments: Sequence[str], environ: Mapping[str, str] | None = None, *, listens: bool = False
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith(OURS)} | dict(environ or {}),
            stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.pid = self.process.pid
        self.said: list[str] = []
        """Lines on stderr that are no events: what is said to people."""
        self._events: list[Event] = []
        self._over = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, name=f"log-of-{self.pid}", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    # ------------------------------------------------------------ what it says

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as log:
            for line in log:
                event = _event(line)
                with self._changed:
                    if event is None:
                        self.said.append(line.rstrip("\n"))
                    else:
                        self._events.append(event)
                    self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def events(self, name: str, **facts: Any) -> list[Event]:
        """The events of that name so far whose facts are these."""
        with self._changed:
            return self._found(name, facts)

    def _found(self, name: str, facts: Mapping[str, Any]) -> list[Event]:
        return [
            event
            for event in self._events
            if event["event"] == name and all(event.get(key) == value for key, value in facts.items())
        ]

    def wait_for(self, name: str, *, times: int = 1, **facts: Any) -> Event:
        """The event that makes it so many. Fails when the process ends first, and tells what it said instead."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._found(name, facts)) >= times or self._over, PATIENCE)
            found = self._found(name, facts)
            if len(found) < times:
                raise AssertionError(f"{name} {facts} came {len(found)} times, not {times}; the log:\n{self._log()}")
            return found[times - 1]

    def _log(self) -> str:
        tail = [json.dumps(event, ensure_ascii=False) for event in self._events[-40:]]
        return "\n".join([*tail, *self.said[-40:]])

    # ------------------------------------------------------------ what it is told

    def ready(self) -> Self:
        self.wait_for("service.ready")
        return self

    def tell(self, words: Mapping[str, Any]) -> None:
        """One JSON line on its stdin."""
        assert self.process.stdin is not None, "started without ears"
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    @property
    def code(self) -> int | None:
        """Its exit code, negative for the signal that ended it; None: it runs."""
        return self.process.poll()

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Its exit code, once it has ended; negative: the signal that ended it."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            with self._changed:
                raise AssertionError(f"the process does not end; the log:\n{self._log()}") from None
        self._close()
        return code

    def stopped(self) -> tuple[int, float]:
        """SIGTERM: its exit code, and how many seconds that took."""
        began = monotonic()
        self.terminate()
        return self.ended(), monotonic() - began

    def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._close()

    def _close(self) -> None:
        self._reader.join(PATIENCE)
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):  # what it did not hear any more
                self.process.stdin.close()


def until(condition: Callable[[], bool], daemon: Daemon) -> None:
    """For what no event tells: asked again and again until it is so. Fails when the daemon ends first, or time does."""
    end = monotonic() + PATIENCE
    while not condition():
        assert daemon.process.poll() is None, "the daemon has ended"
        assert monotonic() < end, "it does not come about"
        sleep(0.02)


def _event(line: str) -> Event | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "event" in found else None
