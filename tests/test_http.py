"""The way out: one clock, no second sending, and a line between "never left" and "may have left" that holds."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import pytest

from reconciler.errors import ConfigError
from reconciler.http import Answer, Http, NoAnswer, NotSent, Redirected

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"
Script = Callable[[socket.socket, int], None]


class Server:
    """A socket that does exactly what a test says; `got` are the requests that reached it."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.got: list[bytes] = []
        self.connections = 0
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(line, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, line: socket.socket, number: int) -> None:
        with closing(line):
            try:
                self._script(line, number)
            except OSError:
                return  # the client hung up, as some tests want

    def read(self, line: socket.socket) -> bool:
        """One request with its body; False at the end of the line."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = line.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        for name in head.lower().split(b"\r\n"):
            if name.startswith(b"content-length:"):
                while len(body) < int(name.partition(b":")[2]):
                    body += line.recv(65536)
        self.got.append(head + b"\r\n\r\n" + body)
        return True

    def stop(self) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Server, socket.socket, int], None]], Server]]:
    servers: list[Server] = []

    def start(script: Callable[[Server, socket.socket, int], None]) -> Server:
        server = Server(lambda line, number: script(server, line, number))
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(max_bytes=1000) as http:
        yield http


Serve = Callable[[Callable[[Server, socket.socket, int], None]], Server]


def answers(server: Server, line: socket.socket, number: int) -> None:
    while server.read(line):
        line.sendall(OK)


def reads_and_hangs_up(server: Server, line: socket.socket, number: int) -> None:
    server.read(line)


def test_an_answer_is_whole(serve: Serve, http: Http) -> None:
    """Status, headers in lower case and the body come back; a JSON body leaves as UTF-8 with its type."""
    server = serve(answers)
    answer = http.request("POST", server.url + "/x", json={"name": "Ганна"}, headers={"Authorization": "Bearer s3cret"})
    assert (answer.status, answer.content_type, answer.body) == (200, "application/json", b"{}")
    assert "Ганна".encode() in server.got[0]
    assert b"content-type: application/json" in server.got[0].lower()
    assert b"Bearer s3cret" in server.got[0]


def test_no_listener_is_not_sent(http: Http) -> None:
    """A refused connection is `NotSent`: provably nothing was written."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent):
        http.request("POST", f"http://127.0.0.1:{port}/x", json={}, fresh=True)


def test_a_failed_handshake_is_not_sent(serve: Serve, http: Http) -> None:
    """A TLS handshake that fails is `NotSent`: the request itself never left."""

    def hang_up(server: Server, line: socket.socket, number: int) -> None:
        line.recv(100)

    server = serve(hang_up)
    with pytest.raises(NotSent):
        http.request("POST", server.url.replace("http:", "https:") + "/x", json={}, timeout=5)


def test_a_dropped_line_is_no_answer_and_nothing_is_sent_again(serve: Serve, http: Http) -> None:
    """The server takes the request and hangs up: `NoAnswer`, and the request arrived exactly once. T04"""
    server = serve(reads_and_hangs_up)
    with pytest.raises(NoAnswer):
        http.request("POST", server.url + "/x", json={"sum": 1}, fresh=True)
    assert len(server.got) == 1


def test_a_kept_connection_that_the_server_closed_never_repeats_a_write(serve: Serve, http: Http) -> None:
    """After a read whose connection the server closes, a write goes out once, over a connection of its own."""

    def one_answer_each(server: Server, line: socket.socket, number: int) -> None:
        if server.read(line):
            line.sendall(OK)

    server = serve(one_answer_each)
    http.request("GET", server.url + "/look")
    http.request("POST", server.url + "/write", json={}, fresh=True)
    assert [request.split()[1] for request in server.got] == [b"/look", b"/write"]
    assert server.connections == 2


def test_a_kept_connection_closed_under_a_request_is_no_answer(serve: Serve, http: Http) -> None:
    """A kept connection that closes when the next request arrives gives `NoAnswer`, not a silent second sending."""

    def closes_on_the_second(server: Server, line: socket.socket, number: int) -> None:
        if server.read(line):
            line.sendall(OK)
            server.read(line)

    server = serve(closes_on_the_second)
    http.request("GET", server.url + "/a")
    with pytest.raises(NoAnswer):
        http.request("GET", server.url + "/b")
    assert [request.split()[1] for request in server.got] == [b"/a", b"/b"]


def test_reads_share_a_connection_and_writes_do_not(serve: Serve, http: Http) -> None:
    """Reads keep their connection; each fresh request opens one and leaves none behind."""
    server = serve(answers)
    for _ in range(3):
        http.request("GET", server.url + "/look")
    assert server.connections == 1
    for _ in range(2):
        http.request("POST", server.url + "/write", json={}, fresh=True)
    assert server.connections == 3


@pytest.mark.parametrize("where", ["silence", "headers", "body"])
def test_one_clock_ends_every_kind_of_slowness(serve: Serve, http: Http, where: str) -> None:
    """Silence, headers that drip and a body that drips all end with the deadline, though every single read is quick."""

    def drip(server: Server, line: socket.socket, number: int) -> None:
        server.read(line)
        line.sendall(
            {"silence": b"", "headers": b"HTTP/1.1 200 OK\r\nX: ", "body": OK.replace(b"2\r\n\r\n{}", b"99\r\n\r\n")}[
                where
            ]
        )
        while not server.over.wait(0.05):
            line.sendall(b"" if where == "silence" else b" ")

    server = serve(drip)
    with pytest.raises(NoAnswer, match="time is up"):
        http.request("GET", server.url + "/slow", timeout=0.4)


def test_a_reused_connection_has_the_clock_too(serve: Serve, http: Http) -> None:
    """The second request on a kept connection is cut off like the first."""

    def then_drip(server: Server, line: socket.socket, number: int) -> None:
        server.read(line)
        line.sendall(OK)
        server.read(line)
        line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not server.over.wait(0.05):
            line.sendall(b" ")

    server = serve(then_drip)
    http.request("GET", server.url + "/a")
    with pytest.raises(NoAnswer, match="time is up"):
        http.request("GET", server.url + "/b", timeout=0.4)


def test_a_redirect_is_not_followed(serve: Serve, http: Http) -> None:
    """A redirect names its host and is an error; the token is not carried there."""

    def redirect(server: Server, line: socket.socket, number: int) -> None:
        server.read(line)
        line.sendall(b"HTTP/1.1 302 Found\r\nLocation: https://crm.example.ua/rest/ping\r\nContent-Length: 0\r\n\r\n")

    server = serve(redirect)
    with pytest.raises(Redirected, match=r"crm\.example\.ua") as caught:
        http.request("GET", server.url + "/ping")
    assert (caught.value.status, caught.value.host) == (302, "crm.example.ua")
    assert len(server.got) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, id="too large"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", id="cut off"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", id="encoded"),
        pytest.param(b"SSH-2.0-nothing\r\n", id="not http"),
    ],
)
def test_what_is_not_a_whole_answer_is_none(serve: Serve, http: Http, answer: bytes) -> None:
    """Too large, cut off, compressed unasked or not HTTP at all: `NoAnswer`."""

    def script(server: Server, line: socket.socket, number: int) -> None:
        server.read(line)
        line.sendall(answer)

    with pytest.raises(NoAnswer):
        http.request("GET", serve(script).url + "/x")


@pytest.mark.parametrize(
    "url", ["http://example.ua/rest/", "ftp://127.0.0.1/", "example.ua/rest/", "http://127.0.0.1.example.ua/"]
)
def test_plain_http_leaves_the_machine_never(http: Http, url: str) -> None:
    """Only https, or http on loopback, is ever dialled."""
    with pytest.raises(ConfigError, match="https"):
        http.request("GET", url)


def test_errors_and_repr_tell_no_secret(http: Http) -> None:
    """Neither a query nor a header shows in an error or in repr."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent) as caught:
        http.request(
            "GET", f"http://127.0.0.1:{port}/x?access_token=s3cret", headers={"Authorization": "Bearer s3cret"}
        )
    assert "s3cret" not in f"{caught.value!r} {caught.value} {http!r}"


# ---------------------------------------------------------------- another way than the network


def test_a_request_may_be_carried_without_a_network() -> None:
    """The seam is handed all of the request, and its answer is read like any other."""
    seen: list[tuple[str, str, bytes]] = []

    def carry(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        seen.append((method, url, body))
        assert headers["content-type"] == "application/json"
        return Answer(status=201, headers={"Content-Type": "application/json"}, body=b"{}")

    with Http(carry=carry) as http:
        answer = http.request("POST", "https://desk.example.ua/rest/task/7", json={"a": 1}, fresh=True)
    assert (answer.status, answer.content_type, answer.body) == (201, "application/json", b"{}")
    assert seen == [("POST", "https://desk.example.ua/rest/task/7", b'{"a": 1}')]


def test_a_carried_line_that_breaks_proves_nothing() -> None:
    """An OSError of the seam is an answer that never came; the seam may also say that nothing left."""

    def broken(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        raise ConnectionResetError("cut")

    def refused(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        raise NotSent("nobody listens")

    for carry, error in ((broken, NoAnswer), (refused, NotSent)):
        with Http(carry=carry) as http, pytest.raises(error):
            http.request("GET", "https://desk.example.ua/rest/ping")
