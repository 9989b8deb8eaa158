"""
The one room that knows httpx: a request goes in, a whole answer or one of two errors comes out.

What callers may rely on:

* A request has one clock. It runs from the first byte to the last, headers and body alike; a server that drips a byte now
  and then is cut off as surely as one that is silent (httpx's own time-outs are per read and never end such an answer).
* `NotSent` proves that nothing was written: no connection came about. `NoAnswer` proves nothing at all: some of the
  request may have left. The line between the two is drawn by httpcore's own trace events, not by names of exceptions.
* Nothing is ever sent twice. httpx repeats nothing here (retries=0); a request marked `fresh` has a connection of its own,
  so a kept connection that the server is just closing cannot swallow a write and leave its outcome unknown.
* Redirects are not followed: `Redirected` names the host that was pointed to. Proxies, netrc and cookies are not used.
* An answer larger than `max_bytes` is no answer.

Requests of one `Http` go one after another, over one connection at a time.
"""

from __future__ import annotations

import ipaddress
import json as jsonlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from reconciler.errors import ConfigError

KEPT_SECONDS = 3.0  # an idle connection is dropped by us before common servers drop it (5 s and up)


Carry = Callable[[str, str, Mapping[str, str], bytes], "Answer"]
"""
Another way than the network's to a server in this process: method, url, headers (names in lower case) and body go in.

An OSError from it is a line that broke after the request had left.
"""


class HttpError(Exception):
    """No whole answer came."""


class NotSent(HttpError):
    """No connection came about: provably not one byte of the request was written."""


class NoAnswer(HttpError):
    """Bytes may have left, and nothing came back that says what became of them."""


class Redirected(NoAnswer):
    """The server pointed elsewhere; `host` is where to."""

    def __init__(self, message: str, *, status: int, host: str) -> None:
        super().__init__(message)
        self.status = status
        self.host = host


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """The bare media type, lower-cased: "application/json"; "" when there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Http:
    """
    One caller's way out.

    ca_file: an extra trust anchor (PEM), beside the ones httpx trusts.
    carry: instead of the network; everything else stays as it is.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 16_000_000,
        ca_file: str = "",
        user_agent: str = "reconciler",
        carry: Carry | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._ca_file = ca_file
        self._user_agent = user_agent
        self._lock = threading.Lock()
        self._clients: dict[tuple[bool, bool], httpx.Client] = {}  # by "fresh" and by "over TLS"
        self._line = _Line()
        self._carried = None if carry is None else _Carried(carry, self._line)

    def __repr__(self) -> str:
        return f"Http(max_bytes={self._max_bytes})"

    def __enter__(self) -> Http:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        fresh: bool = False,
    ) -> Answer:
        """
        Send one request and read its whole answer.

        json: the body as plain data, sent as UTF-8. form: the body as form fields, instead. Neither: no body.
        timeout: seconds for everything after the connection stands, and as many for the connection.
        fresh: use a connection of its own; for every request that changes something.
        Raises: NotSent, NoAnswer (with Redirected), ConfigError for an address that may not be used at all.
        """
        check_url(url)
        sent = {"user-agent": self._user_agent, "accept": "application/json", "accept-encoding": "identity"}
        sent.update({name.lower(): value for name, value in (headers or {}).items()})
        content = None
        if json is not None:
            content = jsonlib.dumps(json, ensure_ascii=False, allow_nan=False).encode()
            sent.setdefault("content-type", "application/json")
        elif form is not None:
            content = urlencode(form).encode()
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        where = _where(method, url)
        with self._lock:
            line = self._line
            line.begin(timeout)
            try:
                with (
                    _errors(where, line),
                    self._client(url, fresh).stream(
                        method,
                        url,
                        content=content,
                        headers=sent,
                        timeout=httpx.Timeout(timeout),
                        extensions={"trace": line.trace},
                    ) as response,
                ):
                    return self._read(where, response)
            finally:
                line.end()

    def _client(self, url: str, fresh: bool) -> httpx.Client:
        tls = urlsplit(url).scheme == "https"
        client = self._clients.get((fresh, tls))
        if client is None:
            kept = 0 if fresh else 1
            client = self._clients[fresh, tls] = httpx.Client(
                transport=self._carried,
                verify=self._context() if tls else False,  # building a context takes longer than all the rest
                http1=True,
                http2=False,
                follow_redirects=False,
                trust_env=False,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=kept, keepalive_expiry=KEPT_SECONDS),
            )
        return client

    def _context(self) -> ssl.SSLContext:
        context = httpx.create_ssl_context()
        if not self._ca_file:
            return context
        try:
            context.load_verify_locations(self._ca_file)
        except OSError as exc:
            raise ConfigError([f"ca_file: {self._ca_file!r} cannot be read as PEM certificates: {exc}"]) from exc
        return context

    def _read(self, where: str, response: httpx.Response) -> Answer:
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        if 300 <= status < 400:
            host = urlsplit(headers.get("location", "")).netloc.rpartition("@")[2] or "(no host)"
            raise Redirected(f"{where}: answered {status}, pointing to {host}", status=status, host=host)
        encoding = headers.get("content-encoding", "identity").lower()
        if encoding != "identity":
            raise NoAnswer(f"{where}: the answer is encoded as {encoding}, which was not asked for")
        body = bytearray()
        for piece in response.iter_raw():
            body += piece
            if len(body) > self._max_bytes:
                raise NoAnswer(f"{where}: the answer is larger than {self._max_bytes} bytes")
        return Answer(status=status, headers=headers, body=bytes(body))


def check_url(url: str) -> None:
    """Raises ConfigError unless the address is https, or http on loopback."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and is_loopback(host):
        return
    shown = f"{parts.scheme}://{host}"
    raise ConfigError([f"address {shown}: write https:// (plain http:// is for loopback only)"])


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _where(method: str, url: str) -> str:
    """The request as errors name it: never with its query, where others put tokens."""
    parts = urlsplit(url)
    return f"{method} {parts.hostname}{parts.path}"


class _Line:
    """
    What became of the request under way: whether it may have left, and the clock that ends it.

    httpcore tells of each stage through its trace extension; the socket it hands out there is what the clock shuts down.
    """

    def __init__(self) -> None:
        self.left = False  # some of the request may have been written
        self.late = False  # the clock ended it
        self._seconds = 0.0
        self._socket: socket.socket | None = None  # of the connection in use; stays for the requests that reuse it
        self._timer: threading.Timer | None = None
        self._began = 0.0

    @property
    def lasted(self) -> float:
        return monotonic() - self._began

    def begin(self, seconds: float) -> None:
        self.left = self.late = False
        self._seconds = seconds
        self._began = monotonic()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
        elif event == "http11.send_request_headers.started":
            self.left = True
            self._timer = threading.Timer(self._seconds, self._ring, [self._socket])
            self._timer.daemon = True
            self._timer.start()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self, line: socket.socket | None) -> None:
        self.late = True
        if line is not None:
            try:
                # the plain socket's method: the TLS one would also tear down state that the reading thread is using
                socket.socket.shutdown(line, socket.SHUT_RDWR)
            except OSError:
                return  # closed meanwhile: the answer came, or the line broke, in this very moment


class _Carried(httpx.BaseTransport):
    """httpx's own seam: what goes through it never meets a socket."""

    def __init__(self, carry: Carry, line: _Line) -> None:
        self._carry = carry
        self._line = line

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._line.left = True
        answer = self._carry(request.method, str(request.url), headers, request.read())
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(answer.body))


@contextmanager
def _errors(where: str, line: _Line) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as exc:
        if not line.left:
            raise NotSent(f"{where}: no connection: {exc or type(exc).__name__}") from exc
        what = "time is up" if line.late or isinstance(exc, httpx.TimeoutException) else str(exc) or type(exc).__name__
        raise NoAnswer(f"{where}: no answer after {line.lasted:.1f} s: {what}") from exc
