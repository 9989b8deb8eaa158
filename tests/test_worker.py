"""The desk's only writer: what it walks when, and how it leaves a troubled desk alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.errors import DeskStopped, DeskUnreachable, QuotaSpent, TransientError
from reconciler.model import State
from tests.worlds import Crash, World


def unreachable(world: World, error: TransientError) -> None:
    def look(numbers: object) -> object:
        world.desk.calls.append("orders")
        raise error

    world.desk.orders = look  # type: ignore[method-assign,assignment]


def waits(world: World) -> float:
    assert world.worker.trouble_until is not None
    return round((world.worker.trouble_until - world.clock.now).total_seconds())


def test_the_oldest_payment_is_walked_first(tmp_path: Path) -> None:
    """D19: what was paid earlier is posted earlier, whatever order the letters came in."""
    world = World.make(tmp_path)
    order = world.desk.add("12345", "5000.00")
    world.pay("LATE", "1.00", paid_at=world.clock())
    world.pay("EARLY", "1.00", paid_at=world.clock() - timedelta(days=1))
    world.run()
    assert [row.payment_id for row in order.rows] == ["EARLY", "LATE"]


def test_a_desk_that_fails_twice_is_left_alone(tmp_path: Path) -> None:
    """T07 T16: one failure may be that payment's own, two are the desk's: the third is not tried, and all post when it is back."""
    world = World.make(tmp_path)
    world.desk.add("12345", "5000.00")
    entries = [world.pay(f"WFP-{number}", "1.00") for number in range(3)]
    look = world.desk.orders
    unreachable(world, DeskUnreachable("no connection"))
    world.worker.run_due()
    assert world.desk.calls == ["orders", "orders"]
    world.desk.orders = look  # type: ignore[method-assign]
    world.run(hours=0.1)
    assert {world.entry(entry).state for entry in entries} == {State.PARTIAL}


def test_pauses_grow_and_a_success_ends_them(tmp_path: Path) -> None:
    """T07: 2, 5, 10 … seconds to five minutes, and from the start again after an answer."""
    world = World.make(tmp_path)
    world.desk.add("12345", "5000.00")
    entry = world.pay("WFP-1", "1.00")
    world.pay("WFP-2", "1.00")
    look = world.desk.orders
    unreachable(world, DeskUnreachable("no connection"))
    seen = []
    for _ in range(8):
        world.worker.run_due()
        seen.append(waits(world))
        due = world.worker.next_at()
        assert due is not None
        world.clock.now = due
    assert seen == [2, 5, 10, 30, 60, 120, 300, 300]
    world.desk.orders = look  # type: ignore[method-assign]
    world.run()
    assert world.worker.trouble is None
    assert world.entry(entry).state is State.PARTIAL


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(QuotaSpent("slow down", retry_after=77.0), 77), (QuotaSpent("slow down"), 2), (DeskStopped("no token"), 300)],
)
def test_the_pause_is_the_desk_s_own_word_where_it_gives_one(
    tmp_path: Path, error: TransientError, seconds: int
) -> None:
    """T07 T08 T16: Retry-After is honoured; a desk that a person must mend is probed every five minutes."""
    world = World.make(tmp_path)
    world.pay("WFP-1", "1.00")
    unreachable(world, error)
    world.worker.run_due()
    assert waits(world) == seconds
    assert world.worker.run_due() == []
    assert world.desk.calls == ["orders"]


def test_a_stop_is_heeded_between_two_payments(tmp_path: Path) -> None:
    """C14: told to stop, the walk in hand ends and the next does not begin; nothing is lost by that."""
    world = World.make(tmp_path)
    order = world.desk.add("12345", "5000.00")
    for number in range(3):
        world.pay(f"WFP-{number}", "1.00")
    assert len(world.worker.run_due(stop=lambda: len(order.rows) >= 1)) == 1
    assert len(order.rows) == 1
    world.run()
    assert len(order.rows) == 3


def test_a_successor_takes_over_and_says_what_it_found(tmp_path: Path) -> None:
    """R07 D04: a step in the air when its process died is unknown to the next one, and is looked for."""
    world = World.make(tmp_path)
    order = world.desk.add("12345", "1250.00")
    entry = world.pay("WFP-1", "1250.00")

    def dies(verb: str, phase: str) -> None:
        raise Crash

    world.desk.hook = dies
    with pytest.raises(Crash):
        world.run()
    world.desk.hook = lambda verb, phase: None
    world.restart()
    world.run(hours=0.1)
    assert world.entry(entry).state is State.SETTLED
    assert (len(order.rows), order.advances) == (1, 1)


def test_a_recheck_that_fails_changes_nothing(tmp_path: Path) -> None:
    """T05: a glance that cannot be had leaves open orders as they are, to be glanced at after a pause."""
    world = World.make(tmp_path)
    world.desk.add("12345", "5000.00")
    entry = world.pay("WFP-1", "1.00")
    world.run()
    before = world.entry(entry)

    def peek(tasks: object) -> object:
        raise DeskUnreachable("no connection")

    world.desk.peek = peek  # type: ignore[method-assign,assignment]
    world.clock.pass_(minutes=6)
    assert world.worker.run_due() == []
    assert world.entry(entry) == before
    assert waits(world) == 2
