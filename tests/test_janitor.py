"""The janitor of unanswered steps: when a row is ours, when it is proven absent, and what is never sent a second time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.errors import UnknownOutcome
from reconciler.flow import decisions
from reconciler.model import Entry, Kind, Reason, State, StepKind, StepState
from reconciler.sandbox.planfix import Fault
from tests.planfix import Rig
from tests.rules.stage import Stage
from tests.worlds import AWAITING, PRODUCTION, FakeOrder, World, uah

POST = "POST /task/{id}/datatags/"
LIST = "POST /datatag/{id}/entry/list"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def unanswered(
    world: World, verb: str = "post_income", phase: str = "before", **more: object
) -> tuple[FakeOrder, Entry]:
    """A payment of which one request was sent and not answered, before or after its effect."""
    order = world.desk.add("12345", "1250.00")
    entry = world.pay("WFP-1", "1250.00")

    def lost(said: str, at: str) -> None:
        if (said, at) == (verb, phase):
            world.desk.hook = lambda _verb, _phase: None
            world.clock.pass_(**more)  # type: ignore[arg-type]
            raise UnknownOutcome("no answer")

    world.desk.hook = lost
    world.run()
    assert (world.entry(entry).state, world.entry(entry).reason) == (State.WAITING, Reason.UNKNOWN_OUTCOME)
    return order, entry


def ours(order: FakeOrder) -> list[str | None]:
    return [row.payment_id for row in order.rows]


# ---------------------------------------------------------------- lists that lag


def test_a_row_that_only_the_task_s_list_shows_is_found(world: World) -> None:
    """T04 T05: the look over the whole desk lags at both looks; the list of the task has the row, with our id: it is ours."""
    order, entry = unanswered(world, phase="after")
    world.desk.hide_ids = 10**6
    world.run(hours=1)
    assert world.entry(entry).state is State.SETTLED
    assert (ours(order), world.desk.calls.count("post_income")) == (["WFP-1"], 1)


def test_lists_that_both_lag_are_contradicted_by_paid(world: World) -> None:
    """T04 T05: both looks of both lists show nothing, but Paid counts the row: nothing is posted until a list shows it."""
    order, entry = unanswered(world, phase="after")
    world.desk.hide_ids = world.desk.hide_rows = 12
    world.run(hours=1)
    assert world.entry(entry).state is State.SETTLED
    assert (ours(order), world.desk.calls.count("post_income")) == (["WFP-1"], 1)


def test_pages_without_rows_prove_nothing_against_paid(tmp_path: Path, rig: Rig) -> None:
    """T04 T14: lists that come empty without an error, look after look: the row is there and is not made a second time."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=POST, do="drop", when="after"))
    stage = Stage.on_planfix(tmp_path, rig)
    rig.planfix.faults.add(Fault(on=LIST, do="no-rows", times=40, skip=1))
    world = World(stage.ledger, stage.clock, None, stage.worker.settings, stage.worker)  # type: ignore[arg-type]
    entry = world.pay("WFP-1", "1250.00")
    world.run(hours=0.2)
    assert [row.payment_id for row in rig.planfix.incomes] == ["WFP-1"]
    assert world.entry(entry).reason is Reason.DIFFERENCE_STALE
    rig.planfix.faults.clear()
    if world.entry(entry).state is State.HELD:
        decisions.retry(world.ledger, f"e{entry.id}")
    world.run(hours=0.2)
    assert world.entry(entry).state is State.SETTLED
    assert rig.planfix.count(POST) == 1


# ---------------------------------------------------------------- rows that land late


@pytest.mark.parametrize("after", [3, 31, 100, 179, 181, 184])
def test_a_row_that_lands_late_is_found_and_not_made_again(world: World, after: float) -> None:
    """T04: the desk makes the row so many seconds after the send: before the first look, between looks, after the client gave up."""
    order, entry = unanswered(world)
    end = world.clock.now + timedelta(seconds=after)
    while (due := world.worker.next_at()) is not None and due < end:
        world.clock.now = max(world.clock.now, due)
        world.worker.run_due()
    world.clock.now = max(world.clock.now, end)
    assert world.desk.calls.count("post_income") == 1
    world.desk.type_row(order, uah("1250.00"), payment_id="WFP-1")
    world.run(hours=0.5)
    assert world.entry(entry).state is State.SETTLED
    assert (ours(order), world.desk.calls.count("post_income")) == (["WFP-1"], 1)


def test_the_wait_counts_from_when_the_client_gave_up(world: World) -> None:
    """T04: a client that hung for a minute may have sent as late as then: an absence counts three minutes after that."""
    order, entry = unanswered(world, seconds=60)
    given_up = world.clock.now
    world.run(until=lambda: world.desk.calls.count("post_income") > 1, hours=1)
    assert world.clock.now - given_up >= timedelta(seconds=185)
    assert world.entry(entry).state is State.SETTLED
    assert ours(order) == ["WFP-1"]


def test_a_row_that_lands_after_it_was_made_again_is_doubled_and_releases_nothing(world: World) -> None:
    """T04: later than any wait, the first row turns up beside the second: seen before the order moves, and a person is told."""
    order, entry = unanswered(world)

    def late(verb: str, phase: str) -> None:
        if (verb, phase) == ("post_income", "after"):
            world.desk.hook = lambda _verb, _phase: None
            world.desk.type_row(order, uah("1250.00"), payment_id="WFP-1")

    world.desk.hook = late
    order.due = uah("2500.00")  # so that the double would pay for the order
    world.run(hours=1)
    assert (world.entry(entry).state, world.entry(entry).reason) == (State.HELD, Reason.DOUBLED)
    assert (order.status, order.advances) == (AWAITING, 0)


def test_a_row_on_a_wrong_order_is_found_over_the_whole_desk(world: World) -> None:
    """T04 T14: the unanswered create went astray: its id turns up elsewhere; told with its place, never posted beside."""
    order, entry = unanswered(world)
    wrong = world.desk.add("54321", "9.00")
    world.desk.type_row(wrong, uah("1250.00"), payment_id="WFP-1")
    world.run(hours=1)
    held = world.entry(entry)
    assert (held.state, held.reason) == (State.HELD, Reason.CONFLICT)
    assert [row["task"] for row in held.facts["rows"]] == [wrong.task]
    assert (ours(order), world.desk.calls.count("post_income")) == ([], 1)


@pytest.mark.parametrize("amount", ["1250.00", "1.00"])
def test_a_new_row_of_any_sum_without_an_id_may_be_ours(world: World, amount: str) -> None:
    """T04: a row that was not there before sending and has no id, whatever its sum: perhaps ours, cut short; a person is asked first."""
    order, entry = unanswered(world)
    world.desk.type_row(order, uah(amount), payment_id=None)
    world.run(hours=1)
    assert (world.entry(entry).state, world.entry(entry).reason) == (State.HELD, Reason.MAYBE_TYPED)
    assert world.desk.calls.count("post_income") == 1


# ---------------------------------------------------------------- releases


@pytest.mark.parametrize("after", [3, 100, 179])
def test_a_status_change_that_lands_late_is_found_and_not_made_again(world: World, after: float) -> None:
    """T04 T05: queued or slow, the change is seen once it is made; it is not sent a second time, nor called another's."""
    order, entry = unanswered(world, "advance")
    end = world.clock.now + timedelta(seconds=after)
    while (due := world.worker.next_at()) is not None and due < end:
        world.clock.now = max(world.clock.now, due)
        world.worker.run_due()
    order.status = PRODUCTION
    world.run(hours=0.5)
    settled = world.entry(entry)
    assert (settled.state, settled.advanced_by) == (State.SETTLED, "us")
    assert world.desk.calls.count("advance") == 1


def test_a_release_is_not_repeated_when_the_money_went_meanwhile(world: World) -> None:
    """T04 T13: before the change is sent again the totals are read again: a row that a person took away keeps the order."""
    order, entry = unanswered(world, "advance")
    order.rows.clear()
    world.run(hours=1)
    assert (order.status, world.desk.calls.count("advance")) == (AWAITING, 1)
    assert (world.entry(entry).state, world.entry(entry).reason) == (State.HELD, Reason.CONFLICT)


def test_an_order_that_vanished_ends_the_look_for_its_release(world: World) -> None:
    """T05: the order is gone: the step is closed, and the payment waits for an order as any other."""
    _, entry = unanswered(world, "advance")
    del world.desk.by_number["12345"]
    world.run(hours=0.2)
    assert (world.entry(entry).state, world.entry(entry).reason) == (State.WAITING, Reason.ORDER_NOT_FOUND)
    with world.ledger.look() as tx:
        assert [step.state for step in tx.steps(kind=StepKind.ADVANCE)] == [StepState.DROPPED]


# ---------------------------------------------------------------- the cap


@pytest.mark.parametrize("verb", ["post_income", "advance"])
def test_what_is_lost_every_time_is_a_person_s_in_the_end(tmp_path: Path, verb: str) -> None:
    """T05: each send is lost and proven absent: sent again for `unknown_deadline` at most, then a person is told, for good."""
    world = World.make(tmp_path, unknown_deadline=timedelta(minutes=30))
    world.desk.add("12345", "1250.00")
    entry = world.pay("WFP-1", "1250.00")

    def swallow(said: str, phase: str) -> None:
        if (said, phase) == (verb, "before"):
            raise UnknownOutcome("no answer")

    world.desk.hook = swallow
    world.run(hours=24)
    held = world.entry(entry)
    assert (held.state, held.reason, held.facts["step"]) == (
        State.HELD,
        Reason.UNKNOWN_OUTCOME,
        verb.removeprefix("post_"),
    )
    sent = world.desk.calls.count(verb)
    assert 2 <= sent <= 11
    world.run(hours=24)
    assert world.desk.calls.count(verb) == sent


def test_a_look_that_needs_a_wait_of_its_own_costs_no_other_payment_its_turn(world: World) -> None:
    """T05: while one order's step is unknown, the payments of other orders are walked as ever."""
    unanswered(world)
    other = world.desk.add("2", "10.00")
    world.pay("WFP-2", "10.00", order="2")
    world.worker.run_due()
    assert other.status == PRODUCTION


def test_an_order_kept_back_by_a_refund_costs_a_glance_a_recheck(world: World) -> None:
    """T07 M12: paid, and stopped by a refund nobody has settled: one shared read a recheck, and on at once when it is settled."""
    order = world.desk.add("12345", "1250.00")
    first = world.pay("WFP-1", "500.00")
    refund = world.pay("WFP-1", "500.00", kind=Kind.REFUND, key="wayforpay:shop:WFP-1:refund:1")
    second = world.pay("WFP-2", "750.00")
    world.run(hours=0.2)
    assert (world.entry(second).state, world.entry(second).reason) == (State.WAITING, Reason.REFUND)
    assert world.entry(first).reason is Reason.REFUND
    world.desk.calls.clear()
    world.run(hours=1)
    assert set(world.desk.calls) == {"peek"}
    assert len(world.desk.calls) <= 13
    decisions.discard(world.ledger, f"e{refund.id}", "it was paid anew")
    world.run(hours=0.1)
    assert {world.entry(entry).state for entry in (first, second)} == {State.SETTLED}
    assert order.advances == 1


@pytest.mark.parametrize("change", ["status", "due"])
def test_an_order_kept_back_is_looked_at_once_it_changes(world: World, change: str) -> None:
    """M08 T13: a person who advances or changes it meanwhile is seen at the next glance."""
    order = world.desk.add("12345", "500.00")
    entry = world.pay("WFP-1", "500.00")
    world.pay("WFP-1", "500.00", kind=Kind.REFUND, key="wayforpay:shop:WFP-1:refund:1")
    world.run()
    assert world.entry(entry).reason is Reason.REFUND
    if change == "status":
        order.status = PRODUCTION
    else:
        order.due = uah("600.00")
    world.run(hours=0.2)
    assert world.entry(entry).state is (State.SETTLED if change == "status" else State.PARTIAL)
