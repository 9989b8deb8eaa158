"""A clock that is set by hours under the payments that wait: what time it is then, and what becomes of the waits."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clock import TOLERANCE, SteadyClock, seconds_run, utc_now

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Machine:
    """A wall clock that may be set and a counter that runs on."""

    def __init__(self) -> None:
        self.run = 1000.0
        self.set_by = timedelta()

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.run - 1000.0) + self.set_by

    def clock(self) -> SteadyClock:
        return SteadyClock(self.wall, lambda: self.run)


def test_time_goes_on_as_the_machines_does() -> None:
    """While nobody sets the clock, it is the machine's."""
    machine = Machine()
    clock = machine.clock()
    machine.run += 3600
    assert clock() == NOON + timedelta(hours=1)
    assert clock.jumped() is None


@pytest.mark.parametrize("by", [timedelta(hours=3), timedelta(days=-2), timedelta(seconds=3), timedelta(days=3650)])
def test_a_jump_is_told_and_not_followed(by: timedelta) -> None:
    """A clock that is set by hours is noticed, and meanwhile time runs on as if it had not been."""
    machine = Machine()
    clock = machine.clock()
    machine.set_by = by
    machine.run += 10
    assert clock() == NOON + timedelta(seconds=10)
    assert clock.jumped() == by
    machine.run += 10
    assert clock() == NOON + timedelta(seconds=20)


def test_a_jump_that_is_taken_back_was_none() -> None:
    """Set and set back: nothing has happened."""
    machine = Machine()
    clock = machine.clock()
    machine.set_by = timedelta(hours=5)
    assert clock.jumped() is not None
    machine.set_by = timedelta()
    assert clock.jumped() is None


@given(st.lists(st.tuples(st.floats(0, 3600), st.floats(-1.999, 1.999)), max_size=50))
def test_small_corrections_are_followed(steps: list[tuple[float, float]]) -> None:
    """What a time server corrects in everyday life is followed, however often, and is no jump."""
    machine = Machine()
    clock = machine.clock()
    for passed, corrected in steps:
        machine.run += passed
        machine.set_by += timedelta(seconds=corrected)
        assert clock() == machine.wall()
    assert clock.jumped() is None


@given(st.lists(st.tuples(st.floats(0.1, 3600), st.integers(-(10**6), 10**6)), max_size=30))
def test_time_never_leaps(steps: list[tuple[float, int]]) -> None:
    """Whatever is done to the machine's clock, between two looks no more passes than did, give or take the tolerance."""
    machine = Machine()
    clock = machine.clock()
    before = clock()
    for passed, by in steps:
        machine.run += passed
        machine.set_by = timedelta(seconds=by)
        now = clock()
        assert abs(now - before - timedelta(seconds=passed)) <= TOLERANCE + timedelta(microseconds=10)
        before = now


def test_the_real_clock_is_steady_from_many_threads() -> None:
    """On this machine, asked by several threads at once, it is the time of day and no jump."""
    clock = SteadyClock()
    asked = [threading.Thread(target=lambda: [clock() for _ in range(200)]) for _ in range(4)]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    assert abs(clock() - utc_now()) < TOLERANCE
    assert clock.jumped() is None
    assert seconds_run() <= seconds_run()
