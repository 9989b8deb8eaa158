"""
Words to the service manager (sd_notify).

In: how the service is. Out: one datagram to $NOTIFY_SOCKET, a path or an @abstract name; nothing where it is not set.
A manager that cannot be told is no reason to stop taking payments: `notify` logs it and returns False.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

import structlog

log = structlog.get_logger(__name__)


class Manager:
    """The service manager this process was started by, or nobody."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        around = os.environ if environ is None else environ
        self._address = around.get("NOTIFY_SOCKET", "")
        self.watchdog_seconds = _watchdog_seconds(around)

    def ready(self, status: str = "") -> bool:
        """The service has begun its work. Also ends a reload."""
        return self.notify("READY=1", *_status(status))

    def reloading(self) -> bool:
        """SIGHUP was taken; `ready` ends it. The manager wants to know when it began, by the clock it shares with us."""
        return self.notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str = "") -> bool:
        return self.notify("STOPPING=1", *_status(status))

    def alive(self) -> bool:
        """Pat the watchdog; to be called when work has moved on, not merely when time has."""
        return self.notify("WATCHDOG=1")

    def status(self, status: str) -> bool:
        """One line for `systemctl status`."""
        return self.notify(*_status(status))

    def notify(self, *lines: str) -> bool:
        """Send the lines as one datagram. False: there is nobody to tell, or it could not be told."""
        if not self._address or not lines:
            return False
        # "@name" is written for a name in the kernel's abstract space, which begins with a zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.connect(address)
                out.send("\n".join(lines).encode())
        except OSError as exc:
            log.warning("manager.not_told", error=str(exc), lines=lines)
            return False
        return True


def _status(status: str) -> tuple[str, ...]:
    return (f"STATUS={' '.join(status.split())}",) if status else ()


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """How often at least the manager wants to hear from us; None: it does not watch this process."""
    wanted = environ.get("WATCHDOG_USEC", "")
    if not wanted.isdecimal() or int(wanted) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(wanted) / 1_000_000
