"""
A TCP proxy on loopback that can behave like a NAT: it forgets connections, eats what goes over them, and tells nobody.

In: where the real server listens. Out: a port that leads there, and `forget`. Connections made after that pass again.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self

_CHUNK = 65_536
_LOOK_SECONDS = 0.05


class _Flow:
    """One connection, from a client to the server; carried by a thread of its own until one side ends it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.forgotten = threading.Event()
        self.eaten = 0
        self._ends = {client: server, server: client}
        self._thread = threading.Thread(target=self._carry, name="sandbox-proxy-flow", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _carry(self) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for end in self._ends:
                stack.enter_context(end)
            while self._pass_on():
                pass

    def _pass_on(self) -> bool:
        """False: one side has ended it, and the other is told. A forgotten connection's end is eaten as well."""
        for end in select.select(list(self._ends), [], [])[0]:
            data = end.recv(_CHUNK)
            if self.forgotten.is_set():
                self.eaten += len(data)
                if not data:
                    del self._ends[end]
            elif not data:
                return False
            else:
                self._ends[end].sendall(data)
        return bool(self._ends)

    def end(self) -> None:
        for end in tuple(self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._thread.join()


class SandboxProxy:
    """`with SandboxProxy(imap.port) as proxy: … proxy.port`"""

    def __init__(self, target: int, *, host: str = "127.0.0.1") -> None:
        self._target = (host, target)
        self._listener = socket.create_server((host, 0))
        self._listener.settimeout(_LOOK_SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self._flows: list[_Flow] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="sandbox-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._listener.close()
        for flow in self._flows:
            flow.end()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()  # nobody listens behind it: the client sees the end at once
                    continue
                flow = _Flow(client, server)
                self._flows.append(flow)
                flow.start()

    def forget(self) -> int:
        """Eat everything that goes over the connections open now, both ways, from now on; how many these are."""
        flows = [flow for flow in self._flows if flow.is_alive and not flow.forgotten.is_set()]
        for flow in flows:
            flow.forgotten.set()
        return len(flows)

    @property
    def eaten(self) -> int:
        """Bytes that went into nothing so far."""
        return sum(flow.eaten for flow in self._flows)
