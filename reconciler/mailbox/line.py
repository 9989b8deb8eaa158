"""
The TCP connection under one IMAP session, and the bell that wakes whoever waits on it.

In: host, port, time limits, a TLS context. Out: a connected socket with keepalive on. Any thread may `cut` the line or ring
the bell; waiting for a connection, for IDLE's news and for the next try all listen to the same bell.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from reconciler.mailbox.traffic import Meter

# A NAT forgets an idle flow after minutes; the kernel finds that out in 60 + 4 x 15 s.
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds. `read` is the longest silence in the middle of an answer, `goodbye` the longest wait for LOGOUT's."""

    connect: float = 15.0
    read: float = 60.0
    goodbye: float = 1.0


class _Descriptor(Protocol):
    def fileno(self) -> int: ...


class Bell:
    """Wakes one waiting thread: by `poke` once, by `stop` for good. Its pipe is closed when nobody holds it any more."""

    def __init__(self) -> None:
        self._hears, self._rings = os.pipe()
        os.set_blocking(self._hears, False)
        os.set_blocking(self._rings, False)
        weakref.finalize(self, _close_all, self._hears, self._rings)
        self._stopping = threading.Event()

    def fileno(self) -> int:
        return self._hears

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def poke(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it rings already
            os.write(self._rings, b"!")

    def stop(self) -> None:
        self._stopping.set()
        self.poke()

    def rung(self) -> bool:
        return self.wait(0.0)

    def wait(self, seconds: float) -> bool:
        """True as soon as it rings, False after that long."""
        return self.stopping or bool(_ready([(self, select.POLLIN)], seconds))

    def quiet(self) -> None:
        """Forget pokes; a stop stays."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._hears, 4096):
                pass


def _close_all(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class Line:
    """One connection, made once. `meter` counts what comes in over it, beside what came over others."""

    def __init__(self, bell: Bell, limits: Limits, meter: Meter) -> None:
        self.meter = meter
        self._bell = bell
        self._limits = limits
        self._cutter: socket.socket | None = None
        self._lock = threading.Lock()
        self._is_cut = False

    @property
    def read_seconds(self) -> float:
        return self._limits.read

    def dial(self, host: str, port: int, context: ssl.SSLContext | None) -> socket.socket:
        """Connect to the first address that answers, and shake hands when there is a context. Raises OSError."""
        refused: OSError | None = None
        deadline = monotonic() + self._limits.connect
        for family, kind, proto, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            plain = socket.socket(family, kind, proto)
            try:
                self._connect(plain, address, deadline)
                self._register(plain)
                plain.settimeout(max(0.1, deadline - monotonic()))
                line = plain if context is None else context.wrap_socket(plain, server_hostname=host)
                line.settimeout(self._limits.read)
            except OSError as exc:
                plain.close()
                refused = exc
            except ValueError:  # the host name is none that TLS could verify
                plain.close()
                raise
            else:
                return line
        raise refused or OSError(f"{host} has no address")

    def _connect(self, plain: socket.socket, address: object, deadline: float) -> None:
        """As socket.connect, but the bell's stop ends it."""
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            if hasattr(socket, option):
                plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        plain.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            plain.connect(address)  # type: ignore[arg-type]  # as getaddrinfo gave it
        while not self._bell.stopping:
            left = deadline - monotonic()
            if left <= 0:
                raise TimeoutError(f"no connection within {self._limits.connect:g} s")
            # Only a stop ends this, not a poke, which would still ring at the next look: hence slices.
            if _ready([(plain, select.POLLOUT)], min(left, 0.1)):
                error = plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, "cannot connect")
                return
        raise ConnectionAbortedError("stopping")

    def _register(self, plain: socket.socket) -> None:
        """A second handle on the connection: it stays good when TLS wraps the first one."""
        with self._lock:
            if self._is_cut:
                raise ConnectionAbortedError("stopping")
            self._cutter = plain.dup()

    def cut(self) -> None:
        """End the connection under whoever is blocked on it, from any thread."""
        with self._lock:
            self._is_cut = True
            if self._cutter is not None:
                with contextlib.suppress(OSError):
                    self._cutter.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            if self._cutter is not None:
                self._cutter.close()
                self._cutter = None


def wait_readable(line: socket.socket, bell: Bell, seconds: float | None) -> bool:
    """Until the line has bytes (True), the bell rings or the time is over (False)."""
    return line.fileno() in _ready([(line, select.POLLIN), (bell, select.POLLIN)], seconds)


def _ready(watched: Sequence[tuple[_Descriptor, int]], seconds: float | None) -> set[int]:
    poller = select.poll()
    for each, events in watched:
        poller.register(each.fileno(), events)
    return {fd for fd, _ in poller.poll(None if seconds is None else max(0, round(seconds * 1000)))}
