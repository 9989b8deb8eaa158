"""Rule 5: income is a fact and is posted whatever the order's status; the advance is a decision."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.flow import decisions
from reconciler.model import Entry, Reason, State
from tests.planfix import Rig
from tests.rules.stage import OTHER, REFERENCE, Stage, signed_lines, stands
from tests.worlds import AWAITING, DONE, NEW, PRODUCTION, uah

SOON = timedelta(minutes=5)
DAYS = ("2026-11-16", "2026-11-17", "2026-11-20", "2026-11-23", "2026-11-24")


# ---------------------------------------------------------------- whatever the status


@pytest.mark.parametrize("status", ["Очікує оплати", "Нова", "У виробництві", "Скасовано"])
def test_income_is_posted_whatever_the_order_s_status(tmp_path: Path, rig: Rig, status: str) -> None:
    """T06 M12: the money came; that an order is new, in production or cancelled does not change that."""
    rig.planfix.add_order(12345, status=status)
    Stage.on_planfix(tmp_path, rig).paid()
    assert [row.payment_id for row in rig.planfix.order(12345).incomes] == [REFERENCE]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"tasks": 0}, Reason.NO_PAYMENT_TASK),
        ({"tasks": 2}, Reason.PAYMENT_TASK_AMBIGUOUS),
        ({"draft": True}, Reason.PAYMENT_TASK_DRAFT),
    ],
)
def test_without_one_finished_payment_task_nothing_is_posted(
    tmp_path: Path, trouble: dict[str, Any], reason: Reason
) -> None:
    """T09 M13: absent, ambiguous or Draft: waiting until the deadline, then held, and not one row on any of them."""
    stage = Stage.make(tmp_path, order_deadline=SOON)
    order = stage.order(**trouble)
    entry = stage.paid()
    assert stands(entry) == (State.WAITING, reason)
    stage.run(minutes=6)
    assert stands(stage.again(entry)) == (State.HELD, reason)
    assert (order.rows, order.status) == ([], AWAITING)


def test_a_payment_task_made_meanwhile_is_posted_on_by_itself(tmp_path: Path) -> None:
    """T06: whoever finishes the order within the deadline need do nothing more."""
    stage = Stage.make(tmp_path)
    order = stage.order(tasks=0)
    entry = stage.paid()
    order.tasks = 1
    stage.run(minutes=1)
    assert stands(stage.again(entry)) == (State.SETTLED, None)


def test_a_deleted_payment_task_is_none(tmp_path: Path, rig: Rig) -> None:
    """A payment task that was deleted is not posted on."""
    rig.planfix.add_order(12345)
    rig.planfix.delete_payment_task(12345)
    entry = Stage.on_planfix(tmp_path, rig).paid()
    assert stands(entry) == (State.WAITING, Reason.NO_PAYMENT_TASK)
    assert rig.planfix.incomes == []


def test_a_draft_payment_task_is_not_computed_and_not_posted_on(tmp_path: Path, rig: Rig) -> None:
    """A Draft shows no totals; once it is one no more, the payment posts and the order is advanced."""
    rig.planfix.add_order(12345, draft=True)
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid()
    assert stands(entry) == (State.WAITING, Reason.PAYMENT_TASK_DRAFT)
    assert rig.planfix.incomes == []
    rig.planfix.set_draft(12345, draft=False)
    stage.run(minutes=1)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert rig.planfix.order(12345).status == "У виробництві"


def test_a_deleted_order_is_a_person_s(tmp_path: Path) -> None:
    """Nothing is posted on an order in the bin; its payment is held."""
    stage = Stage.make(tmp_path)
    order = stage.order(closed=True)
    assert stands(stage.paid()) == (State.HELD, Reason.ORDER_CLOSED)
    assert order.rows == []


# ---------------------------------------------------------------- the row


def test_the_row_s_payment_id_is_the_transaction_id_as_printed(tmp_path: Path, rig: Rig) -> None:
    """R10 P19: sum to the kopiika, the id as printed, the day it had in Kyiv."""
    rig.planfix.add_order(12345, due="1250.33")
    Stage.on_planfix(tmp_path, rig).paid(amount="1250.33", reference=f"{REFERENCE}_WFPREG-1")
    (row,) = rig.planfix.incomes
    assert (row.amount, row.payment_id, row.date) == (Decimal("1250.33"), f"{REFERENCE}_WFPREG-1", "2026-11-20")


def test_a_row_with_the_same_id_sum_and_task_is_adopted(tmp_path: Path) -> None:
    """M09 T03: a row a person copied from the gateway's letter is this payment's: nothing is posted beside it."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    row = stage.desk.type_row(order, uah("1250.00"), payment_id=f" {REFERENCE} ")
    entry = stage.paid()
    assert stands(entry) == (State.SETTLED, None)
    assert (entry.income_id, len(order.rows), stage.calls("post_income")) == (row.id, 1, 0)
    assert "income.adopted" in [event.name for event in stage.history(entry)]


@pytest.mark.parametrize("amount", ["1249.99", "12.50"])
def test_the_same_id_with_another_sum_is_a_conflict(tmp_path: Path, amount: str) -> None:
    """M02 M09: one kopiika less is another sum; a person says which is true."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    stage.desk.type_row(order, uah(amount), payment_id=REFERENCE)
    entry = stage.paid()
    assert stands(entry) == (State.HELD, Reason.CONFLICT)
    assert [row["amount"] for row in entry.facts["rows"]] == [amount]
    assert (len(order.rows), order.status) == (1, AWAITING)


def test_the_same_id_on_another_task_is_a_conflict(tmp_path: Path, rig: Rig) -> None:
    """M09 R10: the row is looked for over the whole desk; found on another order it is not posted a second time."""
    rig.planfix.add_order(12345)
    rig.planfix.add_order(54321, incomes=[("1250.00", REFERENCE)])
    entry = Stage.on_planfix(tmp_path, rig).paid()
    assert stands(entry) == (State.HELD, Reason.CONFLICT)
    assert entry.facts["rows"][0]["task"] == rig.planfix.order(54321).task
    assert rig.planfix.order(12345).incomes == ()


def test_two_rows_with_one_id_are_doubled_and_never_advanced(tmp_path: Path) -> None:
    """M09 R10: the order is paid on paper, but with one payment twice: held, and left where it is."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    for _ in range(2):
        stage.desk.type_row(order, uah("1250.00"), payment_id=REFERENCE)
    entry = stage.paid()
    stage.run(minutes=11)
    assert stands(stage.again(entry)) == (State.HELD, Reason.DOUBLED)
    assert (order.status, len(order.rows)) == (AWAITING, 2)


def test_a_row_doubled_by_a_stranger_after_our_post_is_seen(tmp_path: Path) -> None:
    """M09 R10: our id written a second time by whomever makes Paid another number: listed, held, not advanced."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    entry = stage.paid()
    stage.desk.type_row(order, uah("1250.00"), payment_id=REFERENCE)
    stage.run(minutes=6)
    assert stands(stage.again(entry)) == (State.HELD, Reason.DOUBLED)
    assert order.status == AWAITING


def test_a_doubled_payment_keeps_its_order_from_being_advanced_by_another_payment(tmp_path: Path) -> None:
    """M09: as long as one payment on the order is doubled, none advances it."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="3000.00")
    for _ in range(2):
        stage.desk.type_row(order, uah("1250.00"), payment_id=REFERENCE)
    stage.paid()
    second = stage.paid(reference=OTHER, amount="500.00")
    stage.run(minutes=11)
    assert stage.again(second).state is not State.SETTLED
    assert order.status == AWAITING


def test_once_a_person_took_one_of_two_rows_back_the_order_goes_on(tmp_path: Path) -> None:
    """M08: delete one, say "go on": the other is adopted."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    for _ in range(2):
        stage.desk.type_row(order, uah("1250.00"), payment_id=REFERENCE)
    entry = stage.paid()
    del order.rows[1]
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert (len(order.rows), order.advances) == (1, 1)


# ---------------------------------------------------------------- maybe typed


def typed_first(stage: Stage, *, amount: str = "1250.00", day: str = "2026-11-20") -> Entry:
    stage.desk.type_row(stage.order(), uah(amount), payment_id=None, day=day)
    return stage.paid()


@pytest.mark.parametrize("day", DAYS)
def test_a_row_without_an_id_of_equal_sum_within_three_days_is_maybe_typed(tmp_path: Path, day: str) -> None:
    """M09 M03: held within three days of the payment on either side; farther away it is another payment."""
    stage = Stage.make(tmp_path)
    entry = typed_first(stage, day=day)
    near = day in DAYS[1:-1]
    assert (stands(entry) == (State.HELD, Reason.MAYBE_TYPED)) is near
    assert stage.calls("post_income") == (0 if near else 1)


def test_a_row_without_a_date_may_be_of_any_day(tmp_path: Path) -> None:
    """M09: what cannot be told apart is asked about."""
    stage = Stage.make(tmp_path)
    assert stands(typed_first(stage, day="")) == (State.HELD, Reason.MAYBE_TYPED)


def test_the_task_s_incomes_are_listed_only_when_paid_is_not_what_we_know(tmp_path: Path) -> None:
    """The list costs a request: none for an order that only we have posted on, one for an order with a stranger's row."""
    stage = Stage.make(tmp_path)
    stage.order(due="5000.00")
    stage.paid()
    stage.paid(reference=OTHER)
    assert stage.calls("incomes_of") == 0
    stage.desk.type_row(stage.order("54321", due="5000.00"), uah("7.00"), payment_id=None)
    stage.paid(reference="WFP-SOC-9-6ac4b29136b28", order="54321")
    assert stage.calls("incomes_of") == 1


def test_another_sum_is_no_typed_payment(tmp_path: Path) -> None:
    """M03: cash of another sum on the order is the order's; ours is posted beside it."""
    stage = Stage.make(tmp_path)
    assert typed_first(stage, amount="1249.00").income_id is not None


def test_a_typed_row_is_overruled_by_a_person_for_exactly_that_row(tmp_path: Path) -> None:
    """M08 M09: "they are two": the payment posts; a further typed row asks again."""
    stage = Stage.make(tmp_path)
    entry = typed_first(stage)
    stage.desk.by_number["12345"].due = uah("5000.00")
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.desk.type_row(stage.desk.by_number["12345"], uah("1250.00"), payment_id="", day="2026-11-20")
    stage.run()
    assert stands(stage.again(entry)) == (State.HELD, Reason.MAYBE_TYPED)
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run()
    assert stands(stage.again(entry)) == (State.PARTIAL, None)
    assert stage.calls("post_income") == 1


def test_a_typed_row_that_is_the_payment_is_settled_by_discarding_it(tmp_path: Path) -> None:
    """M08 M09: "it is the same": the payment is discarded and the typed row stays the only one."""
    stage = Stage.make(tmp_path)
    entry = typed_first(stage)
    decisions.discard(stage.ledger, f"e{entry.id}", "typed by hand already")
    stage.run(minutes=11)
    assert stage.again(entry).state is State.DISCARDED
    assert stage.calls("post_income") == 0


# ---------------------------------------------------------------- the advance is a decision


@pytest.mark.parametrize("status", [NEW, DONE, PRODUCTION])
def test_the_advance_waits_for_what_the_post_does_not(tmp_path: Path, status: object) -> None:
    """T12: the row is written first and for itself; a status that is not to be changed leaves it written."""
    stage = Stage.make(tmp_path)
    order = stage.order(status=status)
    entry = stage.paid()
    assert entry.income_id == order.rows[0].id
    assert (order.status, order.advances) == (status, 0)


def test_a_payment_in_another_currency_is_never_posted(tmp_path: Path) -> None:
    """M07: euros are not compared with hryvnias, nor added to them."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    lines = ("Сума: 1250.00 EUR", "Магазин: shop_example_ua", "Статус: Успішно", "Дата: 20.11.2026 14:05:33")
    rest = f"Номер платежу: {REFERENCE}", "Номер замовлення: 12345"
    (outcome,) = stage.take(signed_lines(*lines, *rest, subject="Approved payment"))
    stage.run()
    assert stands(stage.entry(outcome.id)) == (State.HELD, Reason.CURRENCY_MISMATCH)
    assert order.rows == []
