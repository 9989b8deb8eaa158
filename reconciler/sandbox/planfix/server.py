"""
The sandbox Planfix over real HTTP: `with SandboxPlanfix() as planfix:` serves on loopback until the block ends.

Settings to use with it: url = planfix.url, token = planfix.token, everything else as in the sample settings.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.planfix.account import TOKEN, Account
from reconciler.sandbox.planfix.gate import Out
from reconciler.sandbox.planfix.world import World

METHODS = ["GET", "POST", "PUT", "DELETE"]


class SandboxPlanfix(Account):
    """One account at one address."""

    def __init__(self, *, port: int = 0, token: str = TOKEN, world: World | None = None) -> None:
        super().__init__(token=token, world=world)
        self._socket = socket.create_server(("127.0.0.1", port), backlog=100)
        # inherited by its connections; asyncio would set it only on sockets made with an explicit protocol number
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/rest/"
        self._closing = threading.Event()
        self._lines: dict[tuple[str, int], asyncio.Transport] = {}
        app = Starlette(routes=[Route("/rest{path:path}", self._endpoint, methods=METHODS)])
        config = uvicorn.Config(
            app,
            http=self._protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="sandbox-planfix", daemon=True
        )

    def __enter__(self) -> SandboxPlanfix:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        self._gate.close()
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
        if self._thread.is_alive():
            raise RuntimeError("the sandbox Planfix does not stop")

    def wait(self) -> None:
        """Until it is stopped from elsewhere."""
        self._thread.join()

    # ------------------------------------------------------------ the line

    async def _endpoint(self, request: Request) -> Response:
        try:
            raw = await request.body()
        except ClientDisconnect:
            return Response()  # it died in the middle of asking: nothing was asked, and nobody hears an answer
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        path = request.path_params["path"] or "/"
        out = await run_in_threadpool(self._gate.serve, request.method, path, dict(request.query_params), raw, token)
        while out.how == "silence" and not self._closing.is_set() and not await request.is_disconnected():
            await asyncio.sleep(0.02)
        if out.how == "whole":
            return Response(out.content, status_code=out.status, headers=out.headers)
        line = self._lines.get((request.client.host, request.client.port)) if request.client else None
        return _Broken(out, line)

    def _protocol(self) -> type[H11Protocol]:
        """uvicorn's own protocol, with a way to find the line of a request, so that it can be broken."""
        lines = self._lines

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                lines[transport.get_extra_info("peername")] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                lines.pop(self.transport.get_extra_info("peername"), None)
                super().connection_lost(exc)

        return Protocol


class _Broken(Response):
    """No answer, or half of one, and the end of the line."""

    def __init__(self, out: Out, line: asyncio.Transport | None) -> None:
        """line: None when the other side has hung up already."""
        super().__init__()
        self._out = out
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._out.how == "cut":
            size = len(self._out.content)
            headers = [(b"content-type", b"application/json"), (b"content-length", str(size).encode())]
            await send({"type": "http.response.start", "status": self._out.status, "headers": headers})
            await send({"type": "http.response.body", "body": self._out.content[: size // 2], "more_body": True})
        if self._line is not None:
            self._line.close()
        while (await receive())["type"] != "http.disconnect":
            continue
