"""People and other payments act between any two commits of a walk: what was decided or doubted meanwhile stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.errors import DeskUnreachable, UnknownOutcome
from reconciler.flow import decisions
from reconciler.model import Kind, Order, Reason, State
from reconciler.settling import Mode
from tests.worlds import AWAITING, PRODUCTION, World, uah


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def once(world: World, verb: str, phase: str, act: Callable[[], object]) -> None:
    """Act when the desk is first at this point; the walk is in the middle of something then."""

    def hook(said: str, at: str) -> None:
        if (said, at) == (verb, phase):
            world.desk.hook = lambda _verb, _phase: None
            act()

    world.desk.hook = hook


def test_an_entry_discarded_while_another_is_walked_is_not_walked(world: World) -> None:
    """M08: a decision counts from the moment it is committed, also for a list that was taken before."""
    world.desk.add("1", "10.00")
    other = world.desk.add("2", "20.00")
    world.pay("WFP-1", "10.00", order="1")
    second = world.pay("WFP-2", "20.00", order="2")
    once(world, "post_income", "after", lambda: decisions.discard(world.ledger, f"e{second.id}", "typed by hand"))
    world.run()
    assert not other.rows
    assert world.entry(second).state is State.DISCARDED


def test_a_sibling_that_was_settled_by_the_walk_before_is_not_walked_again(world: World) -> None:
    """T10: two payments that finish an order make one advance, and the first one's entry is left alone."""
    order = world.desk.add("1", "30.00")
    world.pay("WFP-1", "10.00", order="1")
    world.pay("WFP-2", "20.00", order="1")
    world.run()
    assert order.advances == 1
    assert world.desk.calls.count("orders") == 2


@pytest.mark.parametrize("named", ["1", None, "another"])
def test_a_refund_that_waits_its_turn_keeps_its_payment_s_order(world: World, named: str | None) -> None:
    """A refund holds its order from the moment it is recorded, whatever order it names."""
    order = world.desk.add("1", "10.00")
    world.pay("WFP-1", "10.00", order="1")
    world.pay("WFP-1", "10.00", order=named, kind=Kind.REFUND, key="wayforpay:shop:WFP-1:refund:1")
    world.run()
    assert order.status == AWAITING


def test_a_refund_recorded_while_the_income_is_in_the_air_keeps_the_order(world: World) -> None:
    """T13: the doubt is asked for again in the transaction that plans the advance."""
    order = world.desk.add("1", "10.00")
    world.pay("WFP-1", "10.00", order="1")
    refund = lambda: world.pay("WFP-1", "10.00", order="1", kind=Kind.REFUND, key="k:refund:1")  # noqa: E731
    once(world, "post_income", "after", refund)
    world.run()
    assert order.status == AWAITING
    assert len(order.rows) == 1


def test_an_order_corrected_while_the_income_is_in_the_air_advances_neither(world: World) -> None:
    """The row stands where it was sent; the correction makes it a conflict that a person is asked about."""
    first, second = world.desk.add("1", "10.00"), world.desk.add("2", "10.00")
    entry = world.pay("WFP-1", "10.00", order="1")
    once(world, "post_income", "after", lambda: decisions.give_order(world.ledger, f"e{entry.id}", "2"))
    world.run(hours=1)
    assert (first.status, second.status) == (AWAITING, AWAITING)
    assert (len(first.rows), len(second.rows)) == (1, 0)
    held = world.entry(entry)
    assert (held.state, held.reason, held.order_number) == (State.HELD, Reason.CONFLICT, "2")


@pytest.mark.parametrize("verb", ["post_income", "advance"])
def test_an_order_corrected_while_the_outcome_is_unknown_loses_nothing(world: World, verb: str) -> None:
    """T05: what became of the step is found on the old order; the payment is never taken for posted on the new one."""
    first, second = world.desk.add("1", "10.00"), world.desk.add("2", "10.00")
    entry = world.pay("WFP-1", "10.00", order="1")

    def silence() -> None:
        raise UnknownOutcome("no answer")

    once(world, verb, "after", silence)
    world.run()
    decisions.give_order(world.ledger, f"e{entry.id}", "2")
    world.run(hours=1)
    held = world.entry(entry)
    assert (held.state, held.reason) == (State.HELD, Reason.CONFLICT)
    assert (len(first.rows), len(second.rows), second.status) == (1, 0, AWAITING)


def test_a_row_that_vanished_with_its_task_is_noticed_before_the_order_moves(world: World) -> None:
    """T13: the payment task was replaced; what was paid on the old one is not taken for paid on the new one."""
    order = world.desk.add("1", "200.00")
    first = world.pay("WFP-1", "100.00", order="1")
    world.run()
    order.rows.clear()
    order.number_of_task = "other"
    world.pay("WFP-2", "200.00", order="1")
    world.run(hours=1)
    assert order.status == AWAITING
    assert (world.entry(first).state, world.entry(first).reason) == (State.HELD, Reason.CONFLICT)


def test_a_retry_while_the_list_still_lags_posts_nothing(world: World) -> None:
    """Only what a person was asked is answered by a retry: a row missing from a lagging list was not asked about yet."""
    order = world.desk.add("1", "200.00")
    world.desk.type_row(order, uah("5.00"), payment_id=None)
    entry = world.pay("WFP-1", "100.00", order="1")

    def lag() -> None:
        world.desk.hide_rows = 2
        order.stale_reads, order.stale_paid = 1, uah("0.00")

    once(world, "post_income", "after", lag)
    world.desk.lie_about_paid = uah("7.00")
    world.run()
    assert world.entry(entry).state is State.WAITING
    decisions.retry(world.ledger, f"e{entry.id}")
    world.desk.lie_about_paid = None
    world.run(hours=1)
    assert len([row for row in order.rows if row.payment_id == "WFP-1"]) == 1


def test_a_row_is_one_payment_s_even_when_two_gateways_give_one_id(world: World) -> None:
    """Key = gateway, merchant and id: the second payment of that id never adopts the first one's row."""
    order = world.desk.add("1", "300.00")
    world.pay("X-1", "100.00", order="1", key="wayforpay:shop:X-1")
    second = world.pay("X-1", "100.00", order="1", key="liqpay:shop:X-1")
    world.run()
    assert (world.entry(second).state, world.entry(second).reason) == (State.HELD, Reason.CONFLICT)
    assert len(order.rows) == 1


def test_one_order_the_desk_cannot_answer_for_keeps_nobody_waiting(world: World) -> None:
    """D08: what failed goes behind what did not, and one failing order does not close the desk."""
    world.desk.add("1", "10.00")
    world.desk.unreachable = {"1"}
    world.pay("WFP-1", "10.00", order="1", paid_at=world.clock() - timedelta(hours=2))
    world.run(hours=1)
    healthy = world.desk.add("2", "20.00")
    world.pay("WFP-2", "20.00", order="2")
    world.worker.run_due()
    assert healthy.status == PRODUCTION


def test_a_bug_at_one_payment_holds_it_and_stops_no_other(world: World) -> None:
    """R02: an error nobody foresaw is held with its reason; the service and the other payments go on."""
    world.desk.add("1", "10.00")
    healthy = world.desk.add("2", "20.00")
    world.desk.broken = {"1"}
    entry = world.pay("WFP-1", "10.00", order="1")
    world.pay("WFP-2", "20.00", order="2")
    world.run()
    assert (world.entry(entry).state, world.entry(entry).reason) == (State.HELD, Reason.WALK_FAILED)
    assert healthy.status == PRODUCTION


@pytest.mark.parametrize("state", [State.WAITING, State.PARTIAL])
def test_what_was_only_observed_goes_on_when_the_mode_is_live(tmp_path: Path, state: State) -> None:
    """O16: a change of the mode wakes whatever waits for nothing, in whatever state observing left it."""
    world = World.make(tmp_path, mode=Mode.LIVE if state is State.PARTIAL else Mode.OBSERVE)
    if state is State.WAITING:
        entry = world.pay("WFP-1", "10.00", order="1")
        world.run()  # the order is not there yet
        order = world.desk.add("1", "10.00")
        world.run(hours=2)
    else:
        order = world.desk.add("1", "10.00")
        entry = world.pay("WFP-1", "4.00", order="1")
        world.run()
        world.in_mode(Mode.OBSERVE)
        order.due = uah("4.00")
        world.run(hours=1)
    world.in_mode(Mode.LIVE)
    world.run(hours=1)
    assert world.entry(entry).state is State.SETTLED
    assert order.status == PRODUCTION


def test_a_create_that_never_lands_is_told_after_the_deadline(world: World) -> None:
    """T05: sent, proven absent, sent again: not for ever, but until `unknown_deadline`, then a person looks."""
    world.desk.add("1", "10.00")
    entry = world.pay("WFP-1", "10.00", order="1")

    def swallow(verb: str, phase: str) -> None:
        if (verb, phase) == ("post_income", "before"):
            raise UnknownOutcome("502")

    world.desk.hook = swallow
    world.run(hours=12)
    held = world.entry(entry)
    assert (held.state, held.reason) == (State.HELD, Reason.UNKNOWN_OUTCOME)
    world.desk.hook = lambda verb, phase: None
    decisions.retry(world.ledger, f"e{entry.id}")
    world.run(hours=1)
    assert world.entry(entry).state is State.SETTLED


def test_a_status_change_that_is_queued_for_ever_is_told_after_the_deadline(world: World) -> None:
    """A 202 that never lands ends with a person, not with a status change every three minutes."""
    world.desk.add("1", "10.00")
    entry = world.pay("WFP-1", "10.00", order="1")
    world.desk.queue_advance = True
    world.run(hours=12)
    held = world.entry(entry)
    assert (held.state, held.reason) == (State.HELD, Reason.UNKNOWN_OUTCOME)


def test_a_discarded_payment_s_unknown_step_does_not_keep_its_order_for_ever(world: World) -> None:
    """Nothing of a discarded payment is sent again, so rows of others are no question: its sibling goes on."""
    order = world.desk.add("1", "30.00")
    first = world.pay("WFP-1", "10.00", order="1")

    def swallow() -> None:
        raise UnknownOutcome("no answer")

    once(world, "post_income", "before", swallow)
    world.run()
    decisions.discard(world.ledger, f"e{first.id}", "paid in cash")
    world.desk.type_row(order, uah("10.00"), payment_id=None)
    second = world.pay("WFP-2", "20.00", order="1")
    world.run(hours=1)
    assert world.entry(second).state is State.SETTLED
    assert order.status == PRODUCTION


def test_a_clock_that_was_ahead_puts_nothing_off_for_days(world: World) -> None:
    """C: a suspended machine or a wrong clock costs at most the longest pause."""
    world.pay("WFP-1", "10.00", order="1")
    world.clock.pass_(days=5)
    world.run()  # the order is not there: tried again in a while, by a clock that is five days ahead
    world.clock.pass_(days=-5)
    order = world.desk.add("1", "10.00")
    world.restart()
    world.run(hours=2)
    assert order.status == PRODUCTION


def test_a_comment_that_fails_changes_nothing_about_the_money(tmp_path: Path) -> None:
    """For people only: sent once, and its failure is logged."""
    world = World.make(tmp_path, comment=True)
    order = world.desk.add("1", "10.00")
    entry = world.pay("WFP-1", "10.00", order="1")

    def refuse(order: Order, text: str) -> str:
        raise DeskUnreachable("no connection")

    world.desk.comment = refuse  # type: ignore[method-assign]
    world.run()
    assert (world.entry(entry).state, order.status) == (State.SETTLED, PRODUCTION)


def test_a_reversed_refund_needs_its_payment_on_that_order(tmp_path: Path) -> None:
    """Money that never stood on an order is not taken from it: a person looks."""
    world = World.make(tmp_path, reversing=frozenset({"shop"}))
    order = world.desk.add("1", "10.00")
    refund = world.pay("WFP-1", "10.00", order="1", kind=Kind.REFUND, key="k:refund:1")
    world.run()
    assert (world.entry(refund).state, world.entry(refund).reason) == (State.HELD, Reason.REFUND)
    assert not order.rows


def test_one_order_has_one_name_however_a_person_writes_it(world: World) -> None:
    """`--order "№ 12345"` is order 12345, for siblings, blocks and releases alike."""
    world.desk.add("12345", "10.00")
    entry = world.pay("WFP-1", "10.00", order=None)
    world.run()
    given = decisions.give_order(world.ledger, f"e{entry.id}", "№ 12345")
    assert given.order_number == "12345"
