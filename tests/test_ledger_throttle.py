"""The token bucket in the ledger, shared by threads and processes."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler import ports
from reconciler.errors import QuotaSpent
from reconciler.ledger import Bucket, Ledger
from tests.ledger_child import child
from tests.ledgers import START, HandClock


class Walk:
    """Draws from a bucket on a clock that moves only by sleeping, and remembers when each token came."""

    def __init__(self, ledger: Ledger, clock: HandClock, *, per_second: float = 1.0, burst: int = 6) -> None:
        self._clock = clock
        self.came: list[float] = []
        self.bucket = Bucket(ledger, "desk:factory", per_second, burst, sleep=clock.move)
        self.throttle: ports.Throttle = self.bucket

    def draw(self, times: int = 1) -> None:
        for _ in range(times):
            self.throttle.acquire()
            self.came.append((self._clock() - START).total_seconds())


def test_a_burst_then_one_at_a_time(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T07: after a rest the burst is free, then tokens come at the rate, and a rest fills the bucket again."""
    walk = Walk(any_ledger, hand_clock)
    walk.draw(9)
    assert walk.came == [0, 0, 0, 0, 0, 0, 1, 2, 3]
    hand_clock.move(100)
    walk.draw(7)
    assert walk.came[9:] == [103, 103, 103, 103, 103, 103, 104]


def test_a_backlog_stays_within_the_limit(sqlite_ledger: Ledger, hand_clock: HandClock) -> None:
    """T07: a burst of 200 requests stays within the limits in every second, and finishes."""
    walk = Walk(sqlite_ledger, hand_clock)
    walk.draw(200)
    assert walk.came[-1] == 194
    assert all(later - earlier == 1 for earlier, later in pairwise(walk.came[5:]))


def test_a_refusal_closes_the_bucket_for_all(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T07: when the other side refuses for its rate nobody asks before it said, and then without a burst."""
    one, other = Walk(any_ledger, hand_clock), Walk(any_ledger, hand_clock)
    one.draw()
    other.bucket.penalise(5)
    other.bucket.penalise(2)
    one.bucket.penalise(0)
    one.draw(3)
    assert one.came == [0, 5, 6, 7]
    with any_ledger.look() as tx:
        assert [event.name for event in tx.history()].count("throttle.closed") == 1


def test_a_refusal_counts_for_who_stands_in_line(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T07: a place drawn before the other side refused is worth nothing after it."""
    refused = Bucket(any_ledger, "desk:factory", 1.0, 1)
    came: list[datetime] = []

    def sleep(seconds: float) -> None:
        if not came:
            came.append(hand_clock())
            refused.penalise(10)
        hand_clock.move(seconds)

    bucket = Bucket(any_ledger, "desk:factory", 1.0, 1, sleep=sleep)
    bucket.acquire()
    bucket.acquire()
    assert hand_clock() - START == timedelta(seconds=10)


def test_a_long_wait_is_refused_and_draws_nothing(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T08: a walk does not stand still for a spent day quota; it is told when to come back, and then it goes on."""
    walk = Walk(any_ledger, hand_clock)
    walk.bucket.penalise(3600)
    for _ in range(50):
        with pytest.raises(QuotaSpent) as refused:
            walk.draw()
        assert refused.value.retry_after == 3600
    hand_clock.move(3600)
    walk.draw(2)
    assert walk.came == [3600, 3601]


def test_a_clock_set_back_does_not_stop_the_desk(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """A corrected clock costs at most one ordinary wait, never the hours it was wrong by."""
    walk = Walk(any_ledger, hand_clock)
    hand_clock.move(86400)
    walk.draw(10)
    hand_clock.move(-86400)
    before = hand_clock()
    walk.draw(2)
    assert hand_clock() - before == timedelta(seconds=2)


def test_a_refusal_by_a_clock_that_was_ahead_closes_nothing(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T07: refused for ten seconds while the clock was ten hours ahead: once it is set right nobody waits for the ten hours."""
    walk = Walk(any_ledger, hand_clock)
    hand_clock.move(36000)
    walk.draw()
    walk.bucket.penalise(10)
    hand_clock.move(-36000)
    before = hand_clock()
    walk.draw(2)
    assert hand_clock() - before == timedelta(seconds=2)


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_bucket_that_gives_nothing_is_an_error(sqlite_ledger: Ledger, per_second: float, burst: int) -> None:
    """A bucket nobody could ever draw from is refused when it is made."""
    with pytest.raises(ValueError, match="at least one token"):
        Bucket(sqlite_ledger, "desk:factory", per_second, burst)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pauses=st.lists(st.floats(0, 4, allow_nan=False), min_size=1, max_size=25),
    per_second=st.sampled_from([0.5, 1.0, 3.0]),
    burst=st.integers(1, 6),
)
def test_no_window_ever_holds_more_than_the_limit(pauses: list[float], per_second: float, burst: int) -> None:
    """T07: however requests arrive, any stretch of time holds at most the burst and what came back during it."""
    clock = HandClock()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(f"sqlite:///{folder}/ledger.db", create=True, clock=clock, actor="tester")
        walk = Walk(ledger, clock, per_second=per_second, burst=burst)
        for pause in pauses:
            clock.move(pause)
            walk.draw()
        ledger.close()
    for first, start in enumerate(walk.came):
        for last in range(first, len(walk.came)):
            # A microsecond each: the clock has no finer times.
            allowed = burst + (walk.came[last] - start + 1e-6 * len(pauses)) * per_second
            assert last - first + 1 <= allowed


def test_processes_share_one_bucket(any_ledger: Ledger, any_ledger_url: str) -> None:
    """T07: two processes on one ledger together stay within the rate that each was given."""
    with ExitStack() as stack:
        children = [stack.enter_context(child(any_ledger_url, "draw", "10")) for _ in range(2)]
        for process in children:
            assert process.line() == "ready"
        for process in children:
            process.go()
        came = sorted(datetime.fromisoformat(process.line()) for process in children for _ in range(10))
    # 20 tokens, 2 of them free, at 50 a second; a busy machine only makes it longer.
    assert came[-1] - came[0] >= timedelta(seconds=17 / 50)
    assert came[-1].tzinfo is UTC
