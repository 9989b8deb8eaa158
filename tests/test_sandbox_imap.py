"""The embedded IMAP server, asked by an ordinary client library."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from reconciler.sandbox.imap import FaultKind, SandboxImap

RAW = (
    "From: Notice <notify@wayforpay.com>\r\nSubject: =?utf-8?b?0J7Qv9C70LDRgtCw?=\r\n"
    "Received: by mx.example.ua;\r\n\tSun, 22 Nov 2026 12:00:00 +0200\r\n\r\nСума: 1 250,00\r\n"
).encode("cp1251")


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": 'se"cr\\et'}) as running:
        yield running


@pytest.fixture
def client(server: SandboxImap) -> Iterator[Any]:
    with connect(server) as connected:
        connected.select_folder("INBOX")
        yield connected


def connect(server: SandboxImap, *, login: bool = True) -> Any:
    client = IMAPClient("127.0.0.1", port=server.port, ssl=False, timeout=10)
    client.normalise_times = False
    if login:
        client.login("pay", 'se"cr\\et')
        client.capabilities()  # asked once and kept; else the library asks again right before IDLE
    return client


def test_bytes_come_back_untouched(server: SandboxImap, client: Any) -> None:
    """A delivered mail is fetched with the very bytes, size and time it was given, and stays unseen."""
    at = datetime(2026, 11, 22, 9, 5, 7, tzinfo=UTC)
    uid = server.deliver(RAW, received_at=at)
    client.noop()
    row = client.fetch([uid], ["UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[]", "BODY.PEEK[HEADER]"])[uid]
    assert row[b"BODY[]"] == RAW
    assert row[b"BODY[HEADER]"] == RAW.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert row[b"INTERNALDATE"] == at
    assert row[b"RFC822.SIZE"] == len(RAW)
    assert row[b"FLAGS"] == ()
    assert server.bodies == 1
    assert server.body_bytes > len(RAW)


def test_header_fields_and_partial(server: SandboxImap, client: Any) -> None:
    """Single header fields come folded as they are, and a partial fetch gives exactly the bytes asked for."""
    uid = server.deliver(RAW)
    client.noop()
    row = client.fetch([uid], ["BODY.PEEK[HEADER.FIELDS (RECEIVED FROM)]", "BODY.PEEK[]<5.9>"])[uid]
    assert row[b"BODY[HEADER.FIELDS (RECEIVED FROM)]"] == (
        b"From: Notice <notify@wayforpay.com>\r\nReceived: by mx.example.ua;\r\n\tSun, 22 Nov 2026 12:00:00 +0200\r\n\r\n"
    )
    assert row[b"BODY[]<5>"] == RAW[5:14]


def test_body_marks_seen_unless_peeked(server: SandboxImap, client: Any) -> None:
    """BODY[] sets \\Seen where BODY.PEEK[] does not, and EXAMINE never does."""
    uid = server.deliver(RAW)
    client.noop()
    client.fetch([uid], ["BODY.PEEK[]"])
    assert client.get_flags([uid])[uid] == ()
    client.select_folder("INBOX", readonly=True)
    client.fetch([uid], ["BODY[]"])
    assert client.get_flags([uid])[uid] == ()
    client.select_folder("INBOX")
    client.fetch([uid], ["BODY[]"])
    assert client.get_flags([uid])[uid] == (b"\\Seen",)


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (["ALL"], [1, 2, 3]),
        (["SINCE", date(2026, 11, 21)], [2, 3]),
        (["BEFORE", date(2026, 11, 21)], [1]),
        (["ON", date(2026, 11, 21)], [2]),
        (["UID", "2:*"], [2, 3]),
        (["UID", "9:*"], [3]),  # the trap: "*" is the last one, in either direction
        (["UNSEEN"], [1, 3]),
        (["SEEN", "KEYWORD", "paid"], [2]),
        (["FROM", "Third"], [3]),
        (["NOT", ["OR", "UID", "1", "UID", "3"]], [2]),
        (["LARGER", "100"], [3]),
        (["1:2"], [1, 2]),
    ],
)
def test_search(server: SandboxImap, client: Any, criteria: list[Any], expected: list[int]) -> None:
    """SEARCH answers by flags, days, numbers, sizes and combinations of them."""
    server.deliver(b"From: first\r\n\r\nx", received_at=datetime(2026, 11, 20, 23, 59, tzinfo=UTC))
    server.deliver(
        b"From: second\r\n\r\nx", received_at=datetime(2026, 11, 21, 12, tzinfo=UTC), flags=("\\Seen", "paid")
    )
    server.deliver(b"From: third\r\n\r\n" + b"x" * 200, received_at=datetime(2026, 11, 22, 0, 0, tzinfo=UTC))
    client.noop()
    assert client.search(criteria) == expected


def test_search_charset(server: SandboxImap, client: Any) -> None:
    """An unknown charset is refused with BADCHARSET, as Outlook's servers refuse UTF-8."""
    with pytest.raises(IMAPClientError, match="BADCHARSET"):
        client.search(["SUBJECT", "x"], charset="KOI8-R")


def test_append_store_copy_move_expunge(server: SandboxImap, client: Any) -> None:
    """Literals, keywords, COPY, MOVE and UID EXPUNGE do what they say, in several folders."""
    client.create_folder("Оплати")
    assert b"APPENDUID" in client.append("INBOX", RAW, ("\\flagged", "paid"), datetime(2026, 11, 1, tzinfo=UTC))
    client.append("INBOX", b"From: two\r\n\r\n")
    client.append("INBOX", b"From: three\r\n\r\n")
    assert client.get_flags([1])[1] == (b"\\Flagged", b"paid")
    client.copy([1], "Оплати")
    client.move([2], "Оплати")
    client.add_flags([3], ["\\Deleted"])
    client.uid_expunge([3])
    assert client.search(["ALL"]) == [1]
    assert client.folder_status("Оплати", ["MESSAGES", "UIDNEXT"]) == {b"MESSAGES": 2, b"UIDNEXT": 3}
    assert [name for _, _, name in client.list_folders()] == ["INBOX", "Оплати"]
    with pytest.raises(IMAPClientError, match="TRYCREATE"):
        client.move([1], "Nowhere")


def test_idle_pushes_at_once_to_every_session(server: SandboxImap, client: Any) -> None:
    """Two idle clients hear of a delivery; an expunge by one is told to the other."""
    with connect(server) as other:
        other.select_folder("INBOX")
        for each in (client, other):
            each.idle()
        server.wait_for("IDLING", times=2)
        uid = server.deliver(RAW)
        for each in (client, other):
            assert (1, b"EXISTS") in each.idle_check(timeout=10)
            each.idle_done()
        client.delete_messages([uid])
        client.expunge()
        assert (1, b"EXPUNGE") in other.noop()[1]


def test_what_came_before_idle_rides_with_the_continuation(server: SandboxImap, client: Any) -> None:
    """News that are due when IDLE begins are sent together with the "+" line, where careless clients lose them."""
    server.deliver(RAW)
    client.idle()
    _, told = client.idle_done()
    assert (1, b"EXISTS") in told


@pytest.mark.parametrize(("announce", "told"), [("exists", b"EXISTS"), ("recent", b"RECENT")])
def test_one_sided_announcements(server: SandboxImap, client: Any, announce: Any, told: bytes) -> None:
    """New mail can be told by EXISTS alone or by RECENT alone."""
    server.faults.announce = announce
    server.deliver(RAW)
    assert client.noop()[1] == [(1, told)]


def test_logins(server: SandboxImap) -> None:
    """LOGIN, PLAIN and XOAUTH2 work; a wrong password, an expired token and a switch refuse."""
    server.faults.token_valid = lambda user, token: token == "fresh"
    with connect(server, login=False) as client:
        with pytest.raises(IMAPClientError, match="AUTHENTICATIONFAILED"):
            client.login("pay", "wrong")
        with pytest.raises(IMAPClientError, match="AUTHENTICATIONFAILED"):
            client.oauth2_login("pay", "stale")
        client.oauth2_login("pay", "fresh")
    with connect(server, login=False) as client:
        client.plain_login("pay", 'se"cr\\et')
        assert client.folder_status("INBOX", ["MESSAGES"]) == {b"MESSAGES": 0}
    server.faults.refuse_login = "[UNAVAILABLE] try later"
    with connect(server, login=False) as client, pytest.raises(IMAPClientError, match="try later"):
        client.login("pay", 'se"cr\\et')


def test_rebuilt_folder(server: SandboxImap, client: Any) -> None:
    """A rebuilt folder has another UIDVALIDITY, and its numbers start again for other mails."""
    server.deliver(b"From: one\r\n\r\n")
    server.deliver(b"From: two\r\n\r\n")
    server.remove(1)
    before = client.select_folder("INBOX")
    server.rebuild()
    after = client.select_folder("INBOX")
    assert after[b"UIDVALIDITY"] == before[b"UIDVALIDITY"] + 1
    assert client.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"] == b"From: two\r\n\r\n"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.EOF, IMAPClientAbortError),
        (FaultKind.RESET, (IMAPClientAbortError, ConnectionError)),
        (FaultKind.BYE, IMAPClientAbortError),
        (FaultKind.CUT_LINE, IMAPClientAbortError),
        (FaultKind.HANG, TimeoutError),
        (FaultKind.HALF_LINE, TimeoutError),
        (FaultKind.NO, IMAPClientError),
        (FaultKind.BAD, IMAPClientError),
    ],
)
def test_faults_strike_the_named_command_once(server: SandboxImap, kind: FaultKind, error: Any) -> None:
    """Each fault hits the command it was put at, and the next connection is served properly."""
    server.deliver(RAW)
    server.faults.put("UID FETCH", kind)
    client = connect(server)
    client.socket().settimeout(0.3 if error is TimeoutError else 10)
    client.select_folder("INBOX")
    with pytest.raises(error):
        client.fetch([1], ["BODY.PEEK[]"])
    client.shutdown()
    with connect(server) as again:
        again.select_folder("INBOX")
        assert again.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"] == RAW


def test_fault_after_the_act(server: SandboxImap, client: Any) -> None:
    """A MOVE can be carried out and its answer lost."""
    uid = server.deliver(RAW)
    client.create_folder("Done")
    server.faults.put("UID MOVE", FaultKind.EOF, after=True)
    with pytest.raises(IMAPClientAbortError):
        client.move([uid], "Done")
    assert [len(server.mails("INBOX")), len(server.mails("Done"))] == [0, 1]


def test_withheld_capabilities(server: SandboxImap, client: Any) -> None:
    """What is not offered is not understood either."""
    server.capabilities -= {"MOVE", "UIDPLUS", "IDLE"}
    server.deliver(RAW)
    with connect(server) as plain:
        plain.select_folder("INBOX")
        assert not plain.has_capability("IDLE")
        for command in (["MOVE", "1", "INBOX"], ["EXPUNGE", "1"]):
            with pytest.raises(IMAPClientError, match="unknown command"):
                plain._imap.uid(*command)


def test_full_mailbox(server: SandboxImap, client: Any) -> None:
    """Over quota, changes are refused and reading goes on."""
    uid = server.deliver(RAW)
    server.faults.quota_full = True
    with pytest.raises(IMAPClientError, match="OVERQUOTA"):
        client.add_flags([uid], ["\\Flagged"])
    assert client.search(["ALL"]) == [uid]


def test_slow_line_is_whole(server: SandboxImap, client: Any) -> None:
    """Slow bytes are the same bytes."""
    uid = server.deliver(RAW)
    client.noop()
    server.faults.seconds_per_chunk = 0.001
    assert client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"] == RAW


@pytest.mark.parametrize(
    "command",
    [
        b"FETCH",
        b"UID FETCH x (UID)",
        b"UID FETCH 0 (UID)",
        b'LOGIN "open',
        b"SEARCH SINCE yesterday",
        b"STORE 1 (",
        b"XYZZY",
        b")",
    ],
)
def test_nonsense_is_bad_and_the_line_lives(server: SandboxImap, command: bytes) -> None:
    """A command that cannot be read gets BAD, and the next one its answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line, line.makefile("rb") as answers:
        assert answers.readline().startswith(b"* OK")
        token = base64.b64encode(b'\0pay\0se"cr\\et')
        line.sendall(b"a AUTHENTICATE PLAIN " + token + b"\r\nb SELECT INBOX\r\nc " + command + b"\r\nd NOOP\r\n")
        tagged = [answer for answer in iter(answers.readline, b"d OK done\r\n") if not answer.startswith(b"*")]
    assert tagged[0].startswith(b"a OK")
    assert tagged[1].startswith(b"b OK")
    assert tagged[2].startswith(b"c BAD")


def test_runs_alone() -> None:
    """`python -m reconciler.sandbox.imap` serves a saved mail and says where."""
    eml = Path(__file__)
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler.sandbox.imap", "--port", "0", str(eml)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        with IMAPClient("127.0.0.1", port=port, ssl=False, timeout=10) as client:
            client.login("pay", "secret")
            assert client.select_folder("INBOX")[b"EXISTS"] == 1
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
        if process.stdout is not None:
            process.stdout.close()
