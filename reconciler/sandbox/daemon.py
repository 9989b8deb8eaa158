"""
The daemon as a process of its own.

In: what follows `python`, and the file its log goes to. Out: its log as events to look for, its exit code, and whatever may
be done to a process from outside: stop, kill, suspend, and words on its stdin where the program listens there.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STOP_SECONDS = 8.0  # the daemon promises five
LOG_LINES_TOLD = 5
OURS = ("RECONCILER_CONFIG", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY")
"""What this process may have been told by its own service manager or shell; a daemon started here is nobody's service."""

Event = Mapping[str, Any]


class Daemon:
    """
    Started at once, in a session of its own: Ctrl-C is its starter's to hear.

    log: appended to, so that several lives of one daemon stand in one file; `events` are this life's.
    listens: its stdin is a pipe for `tell`; otherwise it has none.
    environ: further variables.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        *,
        listens: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        self._events: list[Event] = []
        self._by_name: dict[str, list[Event]] = {}
        self._partial = b""
        self._lock = threading.Lock()
        with log.open("ab") as out:
            self._read_to = out.tell()
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, *arguments],
                stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=environment() | dict(environ or {}),
                start_new_session=True,
            )
        self.pid = self.process.pid
        self._suspended = False

    # ------------------------------------------------------------ what it says

    def events(self, name: str | None = None, **facts: Any) -> list[Event]:
        """The events so far, oldest first: of that name, with these facts."""
        with self._lock:
            self._read()
            named = self._events if name is None else self._by_name.get(name, [])
            return [event for event in named if all(event.get(key) == value for key, value in facts.items())]

    def _read(self) -> None:
        with self._log.open("rb") as log:
            log.seek(self._read_to)
            new = log.read()
        self._read_to += len(new)
        *lines, self._partial = (self._partial + new).split(b"\n")
        for line in lines:
            event = _event(line)
            if event is not None:
                self._events.append(event)
                self._by_name.setdefault(str(event["event"]), []).append(event)

    def last_words(self) -> list[str]:
        """The end of the log, for a failure."""
        return self._log.read_text("utf-8", "replace").splitlines()[-LOG_LINES_TOLD:]

    @property
    def code(self) -> int | None:
        """Its exit code, negative for the signal that ended it; None: it runs."""
        code = self.process.poll()
        if code is not None:
            self._close_stdin()
        return code

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    # ------------------------------------------------------------ what is done to it

    def tell(self, words: Mapping[str, Any]) -> None:
        """One JSON line on its stdin. Raises BrokenPipeError when it has ended, RuntimeError when it has no ears."""
        if self.process.stdin is None:
            raise RuntimeError("this daemon was started without a stdin")
        self.process.stdin.write(json.dumps(words, ensure_ascii=False).encode("utf-8") + b"\n")
        self.process.stdin.flush()

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def terminate(self) -> None:
        """SIGTERM, as a service manager does it; a suspended process hears it once it goes on."""
        self.process.terminate()

    def suspend(self) -> None:
        """SIGSTOP: as on a machine that sleeps, its lines stay open and it does not know."""
        self.process.send_signal(signal.SIGSTOP)
        self._suspended = True

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self._suspended = False

    def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        self.process.kill()
        self.process.wait()
        self._close_stdin()

    def ended(self, seconds: float) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired when it does not."""
        code = self.process.wait(seconds)
        self._close_stdin()
        return code

    def end(self) -> None:
        """Whatever happened before: no process is left."""
        if self._suspended:
            self.resume()
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.ended(STOP_SECONDS)
            return
        self.kill()

    def _close_stdin(self) -> None:
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # what it did not hear any more
                self.process.stdin.close()


def environment() -> dict[str, str]:
    """The variables a child of ours is given."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def _event(line: bytes) -> Event | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "event" in found else None
