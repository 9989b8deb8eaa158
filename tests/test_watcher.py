"""The thread that never stops reading: what wakes it, what it survives, and how it ends."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from reconciler.errors import FatalError, LedgerCorrupt
from reconciler.ledger import Ledger
from reconciler.mailbox import CONNECTED, Backoff, ImapMailbox, Limits, MailboxState, Watcher
from reconciler.sandbox.imap import FaultKind, SandboxImap
from tests import certificates
from tests.dovecot import Dovecot
from tests.ledgers import HandClock
from tests.mailboxes import PASSWORD, Taker, letter, mailbox

SLOW_POLL = 3600.0  # so long that only a push can be what brought a mail
WAIT = 20.0
Start = Callable[..., Watcher]


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD}) as running:
        yield running


@pytest.fixture
def taker(sqlite_ledger: Ledger) -> Taker:
    return Taker(sqlite_ledger)


@pytest.fixture
def start(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> Iterator[Start]:
    """Starts watchers, and ends them all in time."""
    with ExitStack() as stack:

        def started(
            *,
            own: Callable[[], AbstractContextManager[None]] = nullcontext,
            on_fatal: Callable[[FatalError], None] | None = None,
            handle: Callable[[Any], None] = taker,
            **changes: Any,
        ) -> Watcher:
            box = mailbox(server, sqlite_ledger, **{"poll_seconds": SLOW_POLL, **changes})
            watcher = Watcher(box, handle, own=own, on_fatal=on_fatal, backoff=Backoff(first=0.01, longest=0.05))
            stack.callback(lambda: stopped(watcher))
            watcher.start()
            return watcher

        yield started


def stopped(watcher: Watcher) -> None:
    began = monotonic()
    assert watcher.stop()
    assert monotonic() - began < 2.5
    assert watcher.mailbox.health.state is MailboxState.STOPPED


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that nothing announces."""
    end = monotonic() + WAIT
    tick = threading.Event()
    while not condition():
        assert monotonic() < end, "it did not come about"
        tick.wait(0.005)


# ---------------------------------------------------------------- waking


def test_catches_up_then_is_pushed(server: SandboxImap, start: Start, taker: Taker) -> None:
    """What lies there is read at the start, what comes later at once, over one connection."""
    server.deliver(letter(1))
    watcher = start()
    assert watcher.first_scan_done.wait(WAIT)
    assert taker.uids == [1]
    server.wait_for("IDLING")
    server.deliver(letter(2))
    taker.wait_for(2)
    assert server.connections_made == 1
    assert watcher.mailbox.health.state in CONNECTED


@pytest.mark.parametrize("announce", ["exists", "recent", "both", "flags"])
def test_every_kind_of_announcement(server: SandboxImap, start: Start, taker: Taker, announce: Any) -> None:
    """EXISTS alone, RECENT alone, flags alone, and EXPUNGE followed by any of them all wake the thread (C10)."""
    server.faults.announce = announce
    start()
    server.wait_for("IDLING")
    server.deliver(letter(1))
    taker.wait_for(1)
    server.wait_for("IDLING", times=2)

    def replace() -> None:
        server.folder().remove([1])
        server.deliver(letter(2))

    server.call(replace)
    taker.wait_for(2)


def test_mail_between_search_and_idle(server: SandboxImap, start: Start, taker: Taker) -> None:
    """A mail that comes while the pass runs is not left lying until the next poll."""
    server.deliver(letter(1))
    delivered = threading.Event()

    def slip_in(incoming: Any) -> None:
        taker(incoming)
        if not delivered.is_set():
            delivered.set()
            server.deliver(letter(2))

    start(handle=slip_in)
    taker.wait_for(2)


def test_mails_that_come_again_and_again_while_the_pass_runs(server: SandboxImap, start: Start, taker: Taker) -> None:
    """However often more come, and are announced with an answer to something else: none is left lying until the next poll."""

    def deliver_two() -> None:
        for _ in range(2):
            server.deliver(letter(next(numbers)))

    def two_more(incoming: Any) -> None:
        taker(incoming)
        if len(taker.seen) % 2 and len(taker.seen) < 9:
            deliver_two()

    numbers = itertools.count(1)
    deliver_two()
    start(handle=two_more)
    taker.wait_for(10)
    assert taker.uids == list(range(1, 11))


@pytest.mark.parametrize("tls", [None, "tls", "starttls"])
def test_news_in_the_same_packet_as_the_continuation(
    sqlite_ledger: Ledger, taker: Taker, tmp_path: Path, tls: Any
) -> None:
    """News that ride with the "+" line end the rest at once, though the socket itself is silent."""
    made = certificates.make(tmp_path)
    with SandboxImap({"pay": PASSWORD}, tls=tls, certfile=made.cert, keyfile=made.key) as server:
        box = mailbox(server, sqlite_ledger, host="localhost", security=tls or "plain", ca_file=str(made.cert))
        folder = box.connect_and_select()
        box.scan(folder, taker)
        server.deliver(letter(1))
        began = monotonic()
        assert folder.idle(WAIT) == "news"
        assert monotonic() - began < WAIT / 2
        box.close()


def test_a_silent_idle_is_polled(server: SandboxImap, start: Start, taker: Taker) -> None:
    """A server that accepts IDLE and never pushes is read every poll interval all the same (C06)."""
    server.faults.idle_pushes = False
    start(poll_seconds=0.2)
    server.wait_for("IDLING")
    server.deliver(letter(1))
    taker.wait_for(1)
    assert server.connections_made == 1


def test_without_idle(server: SandboxImap, start: Start, taker: Taker) -> None:
    """A server without IDLE is polled (C19)."""
    server.capabilities -= {"IDLE"}
    watcher = start(poll_seconds=0.2)
    assert watcher.first_scan_done.wait(WAIT)
    server.deliver(letter(1))
    taker.wait_for(1)
    assert server.count("IDLE") == 0


@pytest.mark.parametrize("kind", [FaultKind.NO, FaultKind.BAD, FaultKind.EOF, FaultKind.GARBAGE])
def test_idle_that_never_works_is_left_alone(server: SandboxImap, start: Start, taker: Taker, kind: FaultKind) -> None:
    """IDLE advertised and always refused or cut: after a few tries the mailbox is polled over one connection (C08)."""
    server.faults.put("IDLE", kind, "* 1 odd", times=None)
    start(poll_seconds=0.2)
    server.deliver(letter(1))
    taker.wait_for(1)
    until(lambda: server.count("NOOP") >= 2)
    assert server.count("IDLE") == 3


def test_poke_reads_now(server: SandboxImap, start: Start, taker: Taker) -> None:
    """A poke ends the rest at once; many pokes at a time are one run after another, never two at once (D05)."""
    server.faults.idle_pushes = False
    watcher = start()
    server.wait_for("IDLING")
    server.deliver(letter(1))
    for _ in range(50):
        watcher.poke()
    taker.wait_for(1)
    assert taker.uids == [1]
    assert server.most_connections == 1


def test_a_broken_mail_is_tried_again_while_others_flow(
    server: SandboxImap, start: Start, taker: Taker, hand_clock: HandClock
) -> None:
    """A mail whose handling fails stays pending; those behind it are handled at once (D03, D24)."""
    broken = True
    taker.breaks_on = lambda incoming: broken and incoming.ref.uid == 1
    server.deliver(letter(1))
    server.deliver(letter(2))
    watcher = start()
    taker.wait_for(1)
    until(lambda: watcher.mailbox.health.failing == 1)
    broken = False
    hand_clock.move(60)
    watcher.poke()
    taker.wait_for(2)
    assert taker.uids == [2, 1]


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize("kind", [FaultKind.EOF, FaultKind.RESET, FaultKind.BYE, FaultKind.CUT_LINE])
@pytest.mark.parametrize("command", ["CONNECT", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "IDLE", "DONE"])
def test_cut_at_each_step(server: SandboxImap, start: Start, taker: Taker, command: str, kind: FaultKind) -> None:
    """A line that ends at any step, several times over, is replaced, and nothing is lost (C01, C02, C08)."""
    server.faults.put(command, kind, times=3)
    start(poll_seconds=0.3)
    server.deliver(letter(1))
    taker.wait_for(1)
    server.deliver(letter(2))
    taker.wait_for(2)
    assert taker.uids == [1, 2]


def test_reconnects_for_ever_and_says_so(server: SandboxImap, start: Start, taker: Taker) -> None:
    """While the server is away the state says so with the error and the next try; when it is back all is read (C01, R01)."""
    watcher = start()
    server.wait_for("IDLING")
    server.stop()
    until(lambda: watcher.mailbox.health.state is MailboxState.WAITING)
    health = watcher.mailbox.health
    assert health.last_error is not None
    assert health.next_try_at is not None
    assert health.last_scan_at is not None
    server.deliver(letter(1))
    server.start()
    taker.wait_for(1)
    until(lambda: watcher.mailbox.health.state is MailboxState.WATCHING)
    assert watcher.mailbox.health.last_error is None


def test_a_reconnect_that_fails_again_and_again(server: SandboxImap, start: Start, taker: Taker) -> None:
    """After a lost line 30 tries in a row that fail at every stage of connecting are followed by a 31st, which reads what came (C01)."""
    watcher = start(connects_per_hour=1000)
    server.wait_for("IDLING")
    for command in ("CONNECT", "LOGIN", "EXAMINE"):
        server.faults.put(command, FaultKind.EOF, times=10)
    server.drop_connections()
    until(lambda: watcher.mailbox.health.state not in CONNECTED)
    server.deliver(letter(1))
    taker.wait_for(1)
    assert server.connections_made == 32
    until(lambda: watcher.mailbox.health.state is MailboxState.WATCHING)


@pytest.mark.parametrize("mode", ["tls", "starttls"])
def test_a_line_torn_under_tls(sqlite_ledger: Ledger, taker: Taker, tmp_path: Path, mode: Any) -> None:
    """Under TLS, too, an end without goodbye at any step, also while recovering from one, costs a connection and no mail (C08)."""
    made = certificates.make(tmp_path)
    with SandboxImap({"pay": PASSWORD}, tls=mode, certfile=made.cert, keyfile=made.key) as server:
        box = mailbox(
            server, sqlite_ledger, host="localhost", security=mode, ca_file=str(made.cert), poll_seconds=0.2,
            connects_per_hour=1000,
        )  # fmt: skip
        watcher = Watcher(box, taker, backoff=Backoff(first=0.01, longest=0.05))
        watcher.start()
        for number, command in enumerate(("CONNECT", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "IDLE"), start=1):
            for kind in (FaultKind.EOF, FaultKind.RESET, FaultKind.CUT_LINE):
                server.faults.put(command, kind, times=2)
            server.deliver(letter(number))
            taker.wait_for(number)
        stopped(watcher)
    assert len(taker.new) == 6


def test_many_cuts_one_connection(server: SandboxImap, start: Start, taker: Taker) -> None:
    """After 20 cuts there is one thread, one connection, and each mail was handed on once (C09, C20)."""
    start(poll_seconds=0.2)
    threads = threading.active_count()
    for number in range(20):
        before = server.connections_made
        server.deliver(letter(number))
        taker.wait_for(number + 1)
        server.drop_connections(reset=number % 2 == 0)
        until(lambda before=before: server.connections_made > before)  # type: ignore[misc]
    assert len(taker.seen) == 20
    assert threading.active_count() <= threads
    assert server.most_connections <= 2  # the server may notice the end of the old one a moment later


def test_a_dead_link_in_idle(server: SandboxImap, start: Start, taker: Taker) -> None:
    """A link that swallows everything without a FIN is noticed within the rest and the read limit (C05, C07)."""
    server.faults.put("DONE", FaultKind.HANG)
    server.faults.idle_pushes = False
    start(poll_seconds=0.2, limits=Limits(connect=5.0, read=0.3, goodbye=0.1))
    server.wait_for("DONE")
    server.deliver(letter(1))
    taker.wait_for(1)
    assert server.connections_made >= 2


def test_an_odd_line_in_idle(server: SandboxImap, start: Start, taker: Taker) -> None:
    """An untagged line before the continuation, and a rebuild during IDLE, lead to a fresh connection (C04, C22)."""
    server.faults.put("IDLE", FaultKind.GARBAGE, "* 7 EXISTS")
    start()
    server.wait_for("IDLING", times=2)
    server.deliver(letter(1))
    taker.wait_for(1)
    made = server.connections_made
    server.wait_for("IDLING", times=3)
    server.rebuild()
    until(lambda: server.connections_made > made)
    server.deliver(letter(2))
    taker.wait_for(2)
    assert sorted(taker.new) == [letter(1), letter(2)]


def test_two_mailboxes_one_slow(server: SandboxImap, start: Start, sqlite_ledger: Ledger, taker: Taker) -> None:
    """Two mailboxes of one server are read side by side: one that hangs does not delay the other (D28)."""
    server.deliver(letter(1), "Slow")
    server.deliver(letter(2), "Quick")
    release, entered = threading.Event(), threading.Event()

    def hang(incoming: Any) -> None:
        entered.set()
        release.wait(WAIT)
        taker(incoming)

    start(name="slow", folder="Slow", handle=hang)
    assert entered.wait(WAIT)
    start(name="quick", folder="Quick")
    taker.wait_for(1)
    assert taker.new == [letter(2)]
    release.set()
    taker.wait_for(2)


def test_a_bug_does_not_end_the_thread(server: SandboxImap, start: Start, taker: Taker) -> None:
    """An error that nobody foresaw is logged and shown, and the loop goes on (C22)."""
    broken = threading.Event()

    class Bug(Exception):
        pass

    def own() -> AbstractContextManager[None]:
        if not broken.is_set():
            broken.set()
            raise Bug("unforeseen")
        return nullcontext()

    server.deliver(letter(1))
    start(own=own)
    taker.wait_for(1)


def test_a_fatal_error_ends_it_and_tells(server: SandboxImap, start: Start) -> None:
    """A corrupt ledger ends the thread, and the service is told why."""
    server.deliver(letter(1))
    told: list[FatalError] = []
    ended = threading.Event()

    def corrupt(incoming: Any) -> None:
        raise LedgerCorrupt("a page is torn")

    def on_fatal(error: FatalError) -> None:
        told.append(error)
        ended.set()

    watcher = start(handle=corrupt, on_fatal=on_fatal)
    assert ended.wait(WAIT)
    assert [str(error) for error in told] == ["a page is torn"]
    assert watcher.mailbox.health.last_error == "a page is torn"


def test_read_by_one_process_only(server: SandboxImap, start: Start, sqlite_ledger: Ledger, taker: Taker) -> None:
    """While another process owns the mailbox nothing is read; when it lets go we take over (D09)."""
    server.deliver(letter(1))
    with sqlite_ledger.exclusive("mailbox:payments"):
        watcher = start(own=lambda: sqlite_ledger.exclusive("mailbox:payments"), poll_seconds=0.2)
        until(lambda: watcher.mailbox.health.state is MailboxState.ELSEWHERE)
        assert server.connections_made == 0
    taker.wait_for(1)


# ---------------------------------------------------------------- the end


@pytest.mark.parametrize(
    "command", ["CONNECT", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "IDLE", "DONE", "LOGOUT"]
)
def test_stop_on_a_dead_link(server: SandboxImap, start: Start, command: str) -> None:
    """stop() ends the thread within 2 s while the link is dead at any step (C05, C14)."""
    server.deliver(letter(1))
    server.faults.put(command, FaultKind.HANG, times=None)
    watcher = start(limits=Limits(connect=60.0, read=60.0))
    server.wait_for(command if command not in ("DONE", "LOGOUT") else "IDLING")
    stopped(watcher)


def test_stop_after_the_mail_in_hand(server: SandboxImap, start: Start, taker: Taker) -> None:
    """stop() in the middle of a backlog ends after the mail in hand; the rest is read next time, none twice (C14)."""
    for number in range(20):
        server.deliver(letter(number))
    stop = threading.Event()

    def handle(incoming: Any) -> None:
        taker(incoming)
        if len(taker.seen) == 5:
            stop.set()
            until(lambda: watcher.mailbox.bell.stopping)

    watcher = start(handle=handle)
    assert stop.wait(WAIT)
    stopped(watcher)
    assert not watcher.first_scan_done.is_set()
    assert taker.uids == [1, 2, 3, 4, 5]
    start()
    taker.wait_for(20)
    assert taker.uids == list(range(1, 21))


def test_stop_before_start(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A watcher that was never started can be stopped."""
    assert Watcher(mailbox(server, sqlite_ledger), taker).stop()


def test_backoff() -> None:
    """Pauses double up to five minutes, each drawn from nothing to its ceiling, and start over after success (C16)."""
    backoff = Backoff(dice=lambda: 1.0)
    assert [backoff.next() for _ in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    backoff.tries = 10_000
    assert backoff.next() == 300
    backoff.reset()
    assert backoff.next() == 1
    drawn = [Backoff(tries=20).next() for _ in range(200)]
    assert min(drawn) < 100 < 200 < max(drawn) <= 300


# ---------------------------------------------------------------- a real server


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_dovecot_pushes(dovecot: Dovecot, sqlite_ledger: Ledger, taker: Taker, start: Start, security: Any) -> None:
    """Mails dropped into Dovecot while we watch are pushed, each once, and the thread ends in time."""
    port = dovecot.tls_port if security == "tls" else dovecot.port
    watcher = start(
        host=dovecot.host, port=port, security=security, ca_file=str(dovecot.ca_file),
        username=dovecot.user, password=dovecot.password,
    )  # fmt: skip
    assert watcher.first_scan_done.wait(WAIT)
    for number in range(3):
        dovecot.deliver(letter(number))
        taker.wait_for(number + 1)
    assert taker.new == [letter(number) for number in range(3)]


def test_dovecot_mail_between_search_and_idle(dovecot: Dovecot, sqlite_ledger: Ledger, server: SandboxImap) -> None:
    """On Dovecot a mail that comes right before IDLE ends the rest; none waits for the slice to end."""
    taker = Taker(sqlite_ledger)
    box: ImapMailbox = mailbox(
        server, sqlite_ledger, host=dovecot.host, port=dovecot.tls_port, security="tls",
        ca_file=str(dovecot.ca_file), username=dovecot.user, password=dovecot.password,
    )  # fmt: skip
    folder = box.connect_and_select()
    for number in range(5):
        box.scan(folder, taker)
        dovecot.deliver(letter(number))
        began = monotonic()
        assert folder.idle(WAIT) == "news"
        assert monotonic() - began < WAIT / 2
    box.scan(folder, taker)
    assert len(taker.new) == 5
    box.close()
