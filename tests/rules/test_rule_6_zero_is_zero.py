"""Rule 6: zero is zero, and only then an order is advanced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.errors import DeskStopped
from reconciler.model import Reason, State
from reconciler.sandbox.planfix import Fault
from reconciler.sandbox.planfix.world import DIFFERENCE, DUE, PAID
from tests.planfix import Rig
from tests.rules.stage import OTHER, THIRD, Stage, stands
from tests.worlds import AWAITING, DONE, NEW, PRODUCTION, uah

POST = "POST /task/{id}/datatags/"
STATUS = "POST /task/{id}"
PRODUCED = "У виробництві"


# ---------------------------------------------------------------- the money


@pytest.mark.parametrize(("amount", "advanced"), [("1249.99", False), ("1250.00", True), ("1250.01", False)])
def test_the_order_advances_only_at_exactly_zero_in_minor_units(
    tmp_path: Path, rig: Rig, amount: str, advanced: bool
) -> None:
    """M05 M06: one kopiika less is partial, one more is overpaid; only exactly nothing left to pay advances."""
    rig.planfix.add_order(12345)
    entry = Stage.on_planfix(tmp_path, rig).paid(amount=amount)
    assert (rig.planfix.order(12345).status == PRODUCED) is advanced
    assert entry.state is {"1249.99": State.PARTIAL, "1250.00": State.SETTLED, "1250.01": State.OVERPAID}[amount]


def test_the_totals_are_read_after_the_last_post_and_right_before_the_status_change(tmp_path: Path, rig: Rig) -> None:
    """T13: order and payment task are read in one request between the post and the change, and nothing lies between."""
    rig.planfix.add_order(12345)
    Stage.on_planfix(tmp_path, rig).paid()
    seen = [(request.method, request.path) for request in rig.planfix.requests]
    post = next(at for at, (_, path) in enumerate(seen) if path.endswith("/datatags/"))
    assert seen[post + 1 : post + 3] == [("POST", "/task/list"), ("POST", "/task/12345")]


def test_a_due_raised_between_our_look_and_the_change_is_seen(tmp_path: Path, rig: Rig) -> None:
    """T13: a manager adds a position while the row is being posted: partial, not advanced on the stale read."""
    rig.planfix.add_order(12345)
    stage = Stage.on_planfix(tmp_path, rig)

    def raise_due(method: str, path: str, body: object, when: str) -> None:
        if path.endswith("/datatags/") and when == "after":
            rig.planfix.set_due(12345, "1300.00")

    rig.planfix.on_request = raise_due
    assert stands(stage.paid()) == (State.PARTIAL, None)
    assert rig.planfix.order(12345).history == ()


@pytest.mark.parametrize("off", [0.0000009, -0.0000009, 0.0])
def test_a_desk_number_counts_within_a_millionth_of_a_minor_unit_value(tmp_path: Path, rig: Rig, off: float) -> None:
    """M06: Planfix counts in doubles: 1e-16 of noise is no debt."""
    rig.planfix.add_order(12345)
    stage = Stage.on_planfix(tmp_path, rig)
    task = rig.planfix.world.tasks[int(rig.planfix.order(12345).task)]
    task.values[DUE] = 1250.0 + off
    rig.planfix.world.recompute(task)
    assert stands(stage.paid()) == (State.SETTLED, None)


@pytest.mark.parametrize("off", [0.000002, 0.004, -0.001])
def test_a_desk_number_farther_off_does_not_count(tmp_path: Path, rig: Rig, off: float) -> None:
    """M06 P06: a tenth of a kopiika is neither zero nor one: polled, held, never advanced."""
    rig.planfix.add_order(12345)
    stage = Stage.on_planfix(tmp_path, rig, difference_poll=timedelta(seconds=2))
    task = rig.planfix.world.tasks[int(rig.planfix.order(12345).task)]
    task.values[DUE] = 1250.0 + off
    rig.planfix.world.recompute(task)
    entry = stage.paid()
    stage.run(seconds=5)
    assert stands(stage.again(entry)) == (State.HELD, Reason.DIFFERENCE_STALE)
    assert rig.planfix.order(12345).history == ()


@pytest.mark.parametrize("paid_due", [False, True])
@pytest.mark.parametrize(
    ("due", "state"), [("1250.00", State.SETTLED), ("1300.00", State.PARTIAL), ("1200.00", State.OVERPAID)]
)
def test_the_sign_of_difference_comes_from_its_formula(
    tmp_path: Path, rig: Rig, paid_due: bool, due: str, state: State
) -> None:
    """M05: due − paid or paid − due, as the account's own formula spells it: the same answer either way."""
    formula = rig.planfix.world.fields[DIFFERENCE]
    left, right = ("Оплачено", "Сума до оплати") if paid_due else ("Сума до оплати", "Оплачено")
    formula.formula = f"{{{{Задача.&quot;{left}&quot;}}}}-{{{{Задача.&quot;{right}&quot;}}}}"
    rig.planfix.world.paid_due = paid_due
    rig.planfix.add_order(12345, due=due)
    assert Stage.on_planfix(tmp_path, rig).paid().state is state
    assert (rig.planfix.order(12345).status == PRODUCED) is (state is State.SETTLED)


def test_difference_sign_says_it_where_the_formula_does_not(tmp_path: Path, rig: Rig) -> None:
    """M05: the setting decides where the formula is no plain subtraction."""
    rig.planfix.world.fields[DIFFERENCE].formula = "ROUND({{Задача.Оплачено}}-{{Задача.Сума до оплати}})"
    rig.planfix.world.paid_due = True
    rig.planfix.add_order(12345, due="1300.00")
    entry = Stage.on_planfix(tmp_path, rig, difference_sign="paid-due").paid()
    assert (entry.state, entry.facts["difference"]) == (State.PARTIAL, "50.00")


def test_the_sign_is_never_assumed(tmp_path: Path, rig: Rig) -> None:
    """T15: a formula that cannot be read and no setting: the desk does not start, and says what to write."""
    rig.planfix.world.fields[DIFFERENCE].formula = "ROUND({{Задача.Оплачено}}-{{Задача.Сума до оплати}})"
    with pytest.raises(DeskStopped, match="difference_sign"):
        Stage.on_planfix(tmp_path, rig)


def test_paid_moved_by_exactly_what_we_posted_or_the_incomes_are_listed(tmp_path: Path) -> None:
    """M09 T13: cash typed between our look and our post: the rows are listed, sum to Paid, and the order is judged by them."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="1350.00")

    def cash(verb: str, phase: str) -> None:
        if (verb, phase) == ("post_income", "after"):
            stage.desk.type_row(order, uah("100.00"), payment_id=None)

    stage.desk.hook = cash
    assert stands(stage.paid()) == (State.SETTLED, None)
    assert (stage.calls("incomes_of"), order.advances) == (1, 1)


def test_rows_that_do_not_sum_to_paid_advance_nothing(tmp_path: Path, rig: Rig) -> None:
    """M05 T01: Paid and Difference say zero, the rows say otherwise: held as stale, whatever Planfix computed."""
    rig.planfix.add_order(12345, due="2500.00")
    stage = Stage.on_planfix(tmp_path, rig, difference_poll=timedelta(seconds=2))
    task = rig.planfix.world.tasks[int(rig.planfix.order(12345).task)]

    def lie(method: str, path: str, body: object, when: str) -> None:
        if path.endswith("/datatags/") and when == "after":
            task.values[PAID], task.values[DIFFERENCE] = 2500.0, 0.0

    rig.planfix.on_request = lie
    entry = stage.paid()
    stage.run(seconds=5)
    assert stands(stage.again(entry)) == (State.HELD, Reason.DIFFERENCE_STALE)
    assert rig.planfix.order(12345).history == ()


def test_a_success_that_stored_nothing_advances_nothing(tmp_path: Path, rig: Rig) -> None:
    """T01: the create was answered with success and a key, and no row is there: nothing is taken for paid, nor sent again."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=POST, do="nothing"))
    stage = Stage.on_planfix(tmp_path, rig, difference_poll=timedelta(seconds=2))
    entry = stage.paid()
    stage.run(seconds=5)
    assert stands(stage.again(entry)) == (State.HELD, Reason.CONFLICT)
    assert rig.planfix.incomes == []
    assert rig.planfix.order(12345).status == "Очікує оплати"


# ---------------------------------------------------------------- the status


@pytest.mark.parametrize("status", [PRODUCTION, DONE])
def test_in_production_or_beyond_already_is_settled_by_other_and_untouched(tmp_path: Path, status: object) -> None:
    """T13 M08: whoever advanced the order before the money came is not overruled."""
    stage = Stage.make(tmp_path)
    order = stage.order(status=status)
    entry = stage.paid()
    assert (entry.state, entry.advanced_by) == (State.SETTLED, "other")
    assert (order.status, order.advances) == (status, 0)


def test_any_other_status_is_posted_and_held_as_not_listed(tmp_path: Path) -> None:
    """T06 T13: a paid order in a status nobody listed is a person's, with the status named."""
    stage = Stage.make(tmp_path)
    order = stage.order(status=NEW)
    entry = stage.paid()
    assert stands(entry) == (State.HELD, Reason.STATUS_NOT_LISTED)
    assert entry.facts["status"] == NEW.name
    assert (len(order.rows), order.status) == (1, NEW)


def test_a_partial_s_order_advanced_by_a_person_in_between_is_not_advanced_again(tmp_path: Path) -> None:
    """T13 M08: a person starts production on a part payment; the rest is posted and the order left as it is."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    first = stage.paid()
    order.status = PRODUCTION
    second = stage.paid(reference=OTHER)
    assert {stage.again(entry).state for entry in (first, second)} == {State.SETTLED}
    assert {stage.again(entry).advanced_by for entry in (first, second)} == {"other"}
    assert (order.advances, stage.calls("advance")) == (0, 0)


def test_two_payments_that_finish_an_order_advance_it_once(tmp_path: Path) -> None:
    """T10 T11: the advance is the order's, not a payment's; when it is paid all its payments are settled."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="3750.00")
    entries = [stage.told(), stage.told(reference=OTHER), stage.told(reference=THIRD)]
    stage.run(minutes=11)
    assert {stage.again(entry).state for entry in entries} == {State.SETTLED}
    assert (order.advances, stage.calls("advance")) == (1, 1)


def test_an_order_that_owes_again_and_is_paid_again_is_released_again(tmp_path: Path) -> None:
    """T10: put back by a person with a higher Due, and paid up: a second release, its own advance."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    stage.paid()
    order.status, order.due = AWAITING, uah("2500.00")
    stage.paid(reference=OTHER)
    assert (order.status, order.advances) == (PRODUCTION, 2)


# ---------------------------------------------------------------- overpaid


def test_an_overpaid_order_is_held_for_a_person(tmp_path: Path) -> None:
    """M11: with overpaid = "hold" too much money is a state of its own, with the difference, and no advance."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="1200.00")
    entry = stage.paid()
    assert stands(entry) == (State.OVERPAID, Reason.OVERPAID)
    assert (entry.facts["difference"], order.status) == ("-50.00", AWAITING)


def test_an_overpaid_order_advances_where_the_setting_says_so(tmp_path: Path) -> None:
    """M11: with overpaid = "advance" it goes on, and the payment is settled."""
    stage = Stage.make(tmp_path, overpaid_advances=True)
    order = stage.order(due="1200.00")
    assert stands(stage.paid()) == (State.SETTLED, None)
    assert order.status == PRODUCTION


def test_an_overpaid_order_advances_once_the_setting_is_changed(tmp_path: Path) -> None:
    """M11: what was held back by the old setting is looked at again under the new one, though nothing else has changed."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="1200.00")
    entry = stage.paid()
    stage.restart(overpaid_advances=True)
    stage.run(minutes=6)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert order.advances == 1


# ---------------------------------------------------------------- stale


def test_a_stale_difference_is_polled(tmp_path: Path, rig: Rig) -> None:
    """T01 T13: Planfix shows the old Difference for some reads: polled, and advanced when the numbers agree."""
    rig.planfix.add_order(12345)
    rig.planfix.manners.stale_reads = 3
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid()
    assert stands(entry) == (State.WAITING, Reason.DIFFERENCE_STALE)
    stage.run(seconds=30)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert len(rig.planfix.incomes) == 1


def test_a_difference_that_stays_stale_is_held(tmp_path: Path) -> None:
    """T13: after `difference_poll` a person looks; the order is not advanced on numbers that contradict each other."""
    stage = Stage.make(tmp_path)
    order = stage.order(stale_reads=10**6, stale_paid=uah("7.00"))
    entry = stage.paid()
    stage.run(seconds=55)
    assert stands(stage.again(entry)) == (State.WAITING, Reason.DIFFERENCE_STALE)
    stage.run(seconds=10)
    assert stands(stage.again(entry)) == (State.HELD, Reason.DIFFERENCE_STALE)
    assert (len(order.rows), order.status) == (1, AWAITING)


# ---------------------------------------------------------------- rechecks


def cash_is_typed(rig: Rig) -> None:
    rig.planfix.add_income(12345, "250.00")


def due_is_lowered(rig: Rig) -> None:
    rig.planfix.set_due(12345, "1000.00")


@pytest.mark.parametrize("mends", [cash_is_typed, due_is_lowered])
def test_a_recheck_releases_what_cash_or_a_lowered_due_has_paid(
    tmp_path: Path, rig: Rig, mends: Callable[[Rig], None]
) -> None:
    """M11 T06: nobody need tell us: at the next recheck the order is seen to be paid and is advanced."""
    rig.planfix.add_order(12345)
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid(amount="1000.00")
    assert stands(entry) == (State.PARTIAL, None)
    mends(rig)
    stage.run(minutes=6)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert rig.planfix.order(12345).history == (PRODUCED,)


def test_a_raised_due_releases_what_was_overpaid(tmp_path: Path) -> None:
    """M11: an overpaid order is looked at again as well."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="1200.00")
    entry = stage.paid()
    order.due = uah("1250.00")
    stage.run(minutes=6)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert order.advances == 1


def test_open_orders_are_re_read_a_hundred_a_request(tmp_path: Path, rig: Rig) -> None:
    """T07: a recheck of open orders that stand as they did is one array read."""
    stage = Stage.on_planfix(tmp_path, rig)
    for number in range(12345, 12350):
        rig.planfix.add_order(number)
        stage.told(order=str(number), amount="1.00", reference=f"WFP-SOC-{number}-6ac4b29136b28")
    stage.run()
    rig.planfix.forget_requests()
    stage.run(minutes=6)
    assert [(request.method, request.path) for request in rig.planfix.requests] == [("POST", "/task/list")]


def test_idle_costs_nothing(tmp_path: Path) -> None:
    """T07: with nothing open a day passes without one request."""
    stage = Stage.make(tmp_path)
    stage.order()
    stage.paid()
    calls = list(stage.desk.calls)
    stage.run(hours=24)
    stage.restart()
    stage.run(hours=24)
    assert stage.desk.calls == calls
    assert stage.worker.next_at() is None


def test_due_and_paid_are_read_never_computed_from_letters(tmp_path: Path, rig: Rig) -> None:
    """M05: an order whose Due is empty is never "paid", whatever the letter says its sum was."""
    rig.planfix.add_order(12345)
    task = rig.planfix.world.tasks[int(rig.planfix.order(12345).task)]
    task.values[DUE] = None
    stage = Stage.on_planfix(tmp_path, rig, difference_poll=timedelta(seconds=2))
    entry = stage.paid()
    stage.run(seconds=5)
    assert stage.again(entry).state is not State.SETTLED
    assert [row.amount for row in rig.planfix.incomes] == [Decimal("1250.00")]
    assert rig.planfix.order(12345).history == ()
