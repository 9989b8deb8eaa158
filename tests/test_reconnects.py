"""A thousand lost connections, a NAT that forgets, a server that talks nonsense: the thread lives, and leaks nothing."""

from __future__ import annotations

import gc
import os
import random
import re
import socket
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import MailboxUnreachable
from reconciler.ledger import Ledger
from reconciler.mailbox import Backoff, Limits, Watcher
from reconciler.sandbox.imap import FaultKind, SandboxImap
from reconciler.sandbox.proxy import SandboxProxy
from tests.ledgers import HandClock
from tests.mailboxes import PASSWORD, Taker, letter, mailbox
from tests.test_watcher import stopped, until

CUTS = 1000
WARM_UP = 200


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD}) as running:
        yield running


@pytest.fixture
def sqlite_ledger(in_memory: Path, hand_clock: HandClock) -> Iterator[Ledger]:
    """A real one, whose thousands of commits wait for no disk."""
    ledger = Ledger.open("sqlite:///ledger.db", create=True, clock=hand_clock, actor="tester", base=in_memory)
    yield ledger
    ledger.close()


@pytest.fixture
def taker(sqlite_ledger: Ledger) -> Taker:
    return Taker(sqlite_ledger)


def watching(server: SandboxImap, ledger: Ledger, handle: Any, **changes: Any) -> Watcher:
    given = {"poll_seconds": 3600.0, "connects_per_hour": 100_000, **changes}
    return Watcher(mailbox(server, ledger, **given), handle, backoff=Backoff(first=0.0))


@pytest.fixture(autouse=True)
def _idle_is_never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After three losses in IDLE a mailbox is polled for an hour; here it is to be lost in IDLE again and again."""
    monkeypatch.setattr("reconciler.mailbox.watcher._IDLE_AGAIN_AFTER", 0.0)


# ---------------------------------------------------------------- leaks


def held() -> tuple[int, int, int]:
    """What a leak would make grow: open files, threads, objects."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), len(gc.get_objects())


@pytest.mark.timeout(300)
@pytest.mark.long
def test_a_thousand_reconnects(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """1 000 forced reconnects: each mail is handed on once, from a stack as deep as the first, and nothing piles up (C09, R06)."""
    depths: list[int] = []

    def handle(incoming: Any) -> None:
        depths.append(len(traceback.extract_stack()))
        taker(incoming)

    watcher = watching(server, sqlite_ledger, handle)
    watcher.start()
    server.wait_for("IDLING")
    before = (0, 0, 0)
    for number in range(1, CUTS + 1):
        server.commands.clear()  # the sandbox remembers all of them
        if number % 100 == 0:
            server.deliver(letter(number))
            server.wait_for("IDLING")
            server.commands.clear()
        if number == WARM_UP:
            before = held()
        server.drop_connections(reset=number % 2 == 0)
        server.wait_for("IDLING")
    files, threads, objects = held()
    stopped(watcher)
    assert taker.uids == list(range(1, CUTS // 100 + 1))
    assert len(set(depths)) == 1
    assert files <= before[0] + 2
    assert threads <= before[1]
    assert objects <= before[2] * 1.02


@pytest.mark.timeout(300)
def test_one_connection_after_a_hundred_faults(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """After 100 faults of every kind at every step the server holds one connection of ours, and never held more than two (C20)."""
    steps = ("CONNECT", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH")
    kinds = (FaultKind.EOF, FaultKind.RESET, FaultKind.BYE, FaultKind.CUT_LINE, FaultKind.BAD)
    watcher = watching(server, sqlite_ledger, taker)
    watcher.start()
    server.wait_for("IDLING")
    for number in range(100):
        server.commands.clear()
        server.faults.put(steps[number % 5], kinds[number // 5 % 5])
        server.drop_connections()
        server.deliver(letter(number))  # so that there is a FETCH to break
        server.wait_for("IDLING")
        taker.wait_for(number + 1)
        server.faults.clear()
    until(lambda: server.connections == 1)
    taker.wait_for(100)
    stopped(watcher)
    assert server.most_connections <= 2
    assert len(taker.new) == 100


# ---------------------------------------------------------------- a NAT that forgets


def test_a_nat_that_forgets_the_connection(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A flow that is forgotten on the way, without a FIN, is given up within a rest and a read, and the mail is read (C05, C07)."""
    with SandboxProxy(server.port) as proxy:
        watcher = watching(
            server, sqlite_ledger, taker, port=proxy.port, poll_seconds=0.2,
            limits=Limits(connect=5.0, read=0.3, goodbye=0.1),
        )  # fmt: skip
        watcher.start()
        server.wait_for("IDLING")
        assert proxy.forget() == 1
        server.deliver(letter(1))  # the server pushes into nothing
        taker.wait_for(1)
        assert proxy.eaten > 0
        assert server.connections_made == 2
        stopped(watcher)


def test_a_forgotten_connection_is_no_obstacle_to_the_stop(
    server: SandboxImap, sqlite_ledger: Ledger, taker: Taker
) -> None:
    """On a dead flow in the middle of a long rest, stop() ends the thread in time (C07, C14)."""
    with SandboxProxy(server.port) as proxy:
        watcher = watching(server, sqlite_ledger, taker, port=proxy.port)
        watcher.start()
        server.wait_for("IDLING")
        proxy.forget()
        stopped(watcher)


def test_the_kernel_asks_whether_the_line_lives(
    server: SandboxImap, sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keepalive is on, and a dead flow is found in 2 minutes; no rest is longer than NATs remember (C07)."""
    made: list[socket.socket] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> None:
        made.append(self)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    box = mailbox(server, sqlite_ledger)
    box.connect_and_select()
    [line] = made
    assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    asked = [line.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL")]
    found_after = asked[0] + asked[1] * line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
    box.close()
    assert found_after <= 120
    from reconciler.mailbox.watcher import LONGEST_REST

    assert LONGEST_REST < 600


# ---------------------------------------------------------------- nonsense

IMPATIENT = Limits(connect=2.0, read=0.05, goodbye=0.05)
SEEDS = int(os.environ.get("FUZZ_SEEDS", "150"))


def mangler(seed: int) -> Any:
    """Answers with bytes flipped, doubled, cut out, lines swapped and numbers changed; most answers are left alone."""
    dice = random.Random(seed)

    def mangle(data: bytes) -> bytes:
        if not data or dice.random() < 0.6:
            return data
        at, end = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        match dice.randrange(6):
            case 0:
                return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
            case 1:
                return data[:at] + data[end:]
            case 2:
                return data[:end] + data[at:end] + data[end:]
            case 3:
                lines = data.splitlines(keepends=True)
                dice.shuffle(lines)
                return b"".join(lines)
            case 4:
                return re.sub(
                    rb"\d+", lambda found: str(dice.choice((0, -1, 2**31, 2**63, 2**70))).encode(), data, count=1
                )
            case _:
                return (
                    data[:at] + dice.choice((b"\r\n", b"{9}\r\n", b"((", b'"', b"* BAD ", b"+ ", b"\0\xff")) + data[at:]
                )

    return mangle


@pytest.mark.parametrize("share", range(3))
def test_answers_made_of_nonsense(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, share: int) -> None:
    """Whatever a server's answers are turned into, a visit ends as MailboxUnreachable at worst, and the next one reads (C22)."""
    refused = 0
    for seed in range(share, SEEDS, 3):
        server.deliver(letter(seed))
        server.deliver(letter(seed, sender="news@example.org"))
        server.faults.mangle = mangler(seed)
        try:
            mailbox(server, sqlite_ledger, limits=IMPATIENT).read(taker)
        except MailboxUnreachable:
            refused += 1
        server.faults.mangle = None
    assert refused > SEEDS / 3 / 4
    # Nothing of it is left over: what comes now is read as it was sent.
    server.rebuild(uidvalidity=1)
    server.deliver(letter(-1))
    mailbox(server, sqlite_ledger).read(taker)
    assert letter(-1) in taker.new


def test_a_thread_that_is_told_nonsense_lives(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """The daemon's own thread outlives a server gone mad, and reads once it has come to its senses (C22)."""
    watcher = watching(server, sqlite_ledger, taker, poll_seconds=0.05, limits=IMPATIENT)
    server.faults.mangle = mangler(7)
    watcher.start()
    until(lambda: server.connections_made >= 60)
    assert watcher.is_alive
    server.faults.mangle = None
    server.rebuild(uidvalidity=1)
    server.deliver(letter(1))
    until(lambda: letter(1) in taker.new)
    stopped(watcher)
