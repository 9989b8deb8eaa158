"""What a mailbox costs its provider: connections in an hour, bytes in a day, bodies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from reconciler.ledger import Ledger
from reconciler.mailbox import Backoff, ImapMailbox, MailboxState, Watcher
from reconciler.mailbox.pauses import Allowance
from reconciler.mailbox.traffic import DAY_LIMIT, Meter
from reconciler.sandbox.imap import FaultKind, SandboxImap
from tests.ledgers import HandClock
from tests.mailboxes import PASSWORD, Taker, letter, mailbox
from tests.test_watcher import until


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD}) as running:
        yield running


@pytest.fixture
def taker(sqlite_ledger: Ledger) -> Taker:
    return Taker(sqlite_ledger)


# ---------------------------------------------------------------- connections


def test_never_more_than_allowed_in_any_hour() -> None:
    """Whoever connects whenever allowed makes a quarter at once, and never more than `per_hour` in any hour (C16)."""
    now = 0.0
    allowance = Allowance(120, clock=lambda: now)
    made = []
    while now < 4 * 3600:
        pause = allowance.pause()
        if pause:
            assert pause <= 3600 / 90 + 0.001
            now += pause
            continue
        allowance.spend()
        made.append(now)
    assert made[29] == 0.0 < made[30]
    for first, after in zip(made, made[121:], strict=False):
        assert after - first >= 3600 - 0.001
    assert len(made) > 4 * 85


def test_a_rest_gives_the_allowance_back() -> None:
    """After a quiet hour as many may be made at once as at the start (C16)."""
    now = 0.0
    allowance = Allowance(12, clock=lambda: now)
    for _ in range(3):
        assert allowance.pause() == 0.0
        allowance.spend()
    assert allowance.pause() > 0
    now = 3600.0
    assert allowance.pause() == 0.0


def test_a_server_that_always_hangs_up_is_held_back(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """With the allowance used up no connection is made; the state says when the next one is, and a stop ends the wait (C16)."""
    server.faults.put("LOGIN", FaultKind.NO, "[UNAVAILABLE] Command Error. 10", times=None)
    box = mailbox(server, sqlite_ledger, connects_per_hour=12)
    watcher = Watcher(box, taker, backoff=Backoff(first=0.0))
    watcher.start()
    until(lambda: server.connections_made == 3 and waits(box) > 60)
    assert box.health.state is MailboxState.WAITING
    assert box.health.last_error is not None
    assert "Command Error. 10" in box.health.last_error
    watcher.poke()  # what somebody else wants is no reason to annoy the server
    until(lambda: waits(box) > 60)
    assert watcher.stop()
    assert server.connections_made == 3


def waits(box: ImapMailbox) -> float:
    """Seconds from when the state was told to the next try."""
    health = box.health
    return (health.next_try_at - health.since).total_seconds() if health.next_try_at else 0.0


def test_pauses_grow_only_while_nothing_can_be_read(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A server that lets us read and then hangs up is back after the shortest pause, however often it does that (C16)."""
    backoff = Backoff(first=0.01)
    watcher = Watcher(mailbox(server, sqlite_ledger, poll_seconds=0.01), taker, backoff=backoff)
    watcher.start()
    tries = []
    for number in range(8):
        server.deliver(letter(number))
        taker.wait_for(number + 1)
        made = server.connections_made
        server.drop_connections()
        until(lambda made=made: server.connections_made > made)  # type: ignore[misc]
        tries.append(backoff.tries)
    assert watcher.stop()
    assert max(tries) <= 2


# ---------------------------------------------------------------- bytes and bodies


def test_what_is_read_is_counted(
    server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, hand_clock: HandClock
) -> None:
    """Every byte of a day is counted in the ledger, over all connections of it; a day later it starts at nothing (C17)."""
    bodies = [letter(number, body="x" * 10_000) for number in range(3)]
    for raw in bodies:
        server.deliver(raw)
    mailbox(server, sqlite_ledger).read(taker)
    with sqlite_ledger.look() as tx:
        first = tx.traffic("payments")
    assert first["bodies"] == 3
    assert sum(map(len, bodies)) < first["bytes"] < sum(map(len, bodies)) + 3_000
    mailbox(server, sqlite_ledger).read(taker)
    with sqlite_ledger.look() as tx:
        second = tx.traffic("payments")
        history = len(tx.history())
    assert second["bodies"] == 3
    assert first["bytes"] < second["bytes"] < first["bytes"] + 1_500
    hand_clock.move(24 * 3600)
    with sqlite_ledger.look() as tx:
        assert tx.traffic("payments") == {"bytes": 0, "bodies": 0}
    mailbox(server, sqlite_ledger).read(taker)
    with sqlite_ledger.look() as tx:
        assert 0 < tx.traffic("payments")["bytes"] < 1_500
        assert len(tx.history()) == history  # counting is no event: a ledger does not grow by being idle


def test_half_of_a_day_s_limit_is_told_once(sqlite_ledger: Ledger) -> None:
    """At half of what a large provider allows in a day there is one warning, not one for each pass (C17)."""
    meter = Meter()
    with capture_logs() as logs:
        for _ in range(4):
            meter.received += DAY_LIMIT // 4
            with sqlite_ledger.begin() as tx:
                meter.put_down(tx, "payments")
    assert [(log["event"], log["bytes_today"]) for log in logs] == [("mailbox.traffic_high", DAY_LIMIT // 2)]
