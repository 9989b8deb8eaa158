"""The desk's verbs over real HTTP: what they see, what they do, and what they cost in requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reconciler.desks.planfix import PlanfixDesk
from reconciler.errors import DeskRefused, DeskStopped, DeskUnreachable, OrderNotFound, UnknownOutcome
from reconciler.http import Answer
from reconciler.model import Advance, Income, NewIncome, Order
from reconciler.money import Money
from reconciler.sandbox.planfix import Fault
from tests.planfix import Rig

POST_INCOME = "POST /task/{id}/datatags/"
BY_FIELD = "Номер замовлення"


def uah(text: str) -> Money:
    return Money(Decimal(text), "UAH")


def paid(amount: str = "1250.00", payment_id: str = "WFP-1") -> NewIncome:
    return NewIncome(
        amount=uah(amount), paid_at=datetime(2026, 11, 21, 22, 30, tzinfo=UTC), payment_id=payment_id, note="mail m7"
    )


def only(found: Sequence[Order]) -> Order:
    assert len(found) == 1
    return found[0]


def look(desk: PlanfixDesk, number: str = "4711") -> Order:
    return only(desk.orders([number])[number])


# ---------------------------------------------------------------- budget


def test_a_full_payment_costs_five_requests(rig: Rig) -> None:
    """From the notice to the status change: five requests; confirming it is the sixth."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = look(desk)
    assert desk.incomes(["WFP-1"]) == {"WFP-1": []}
    desk.post_income(order, paid())
    fresh = desk.read(order)
    assert rig.planfix.count() == 4
    assert fresh.status is not None
    assert fresh.task is not None
    assert fresh.task.totals.difference == uah("0")
    assert desk.advance(fresh, fresh.status) is Advance.DONE
    assert [(seen.method, seen.path) for seen in rig.planfix.requests[4:]] == [
        ("POST", "/task/4711"),
        ("GET", "/task/4711"),
    ]
    assert rig.planfix.order(4711).history == ("У виробництві",)


def test_a_number_in_a_custom_field_costs_one_more(rig: Rig) -> None:
    """The order by its field, then its payment task."""
    rig.planfix.add_order("A-20451")
    desk = rig.desk(order_number=BY_FIELD)
    order = look(desk, "A-20451")
    assert (order.status is not None, rig.planfix.count()) == (True, 2)
    assert desk.read(order).number == "A-20451"
    assert rig.planfix.count() == 3


def test_names_cost_nothing_once_they_are_known(rig: Rig) -> None:
    """A desk that starts with remembered names asks for none of them."""
    rig.planfix.add_order(4711)
    rig.desk()
    desk = PlanfixDesk(rig.settings, rig.http, rig.throttle, rig.memory)
    look(desk)
    assert rig.planfix.count() == 1


def test_a_peek_costs_a_request_per_hundred(rig: Rig) -> None:
    """Orders and payment tasks by their own ids; what is gone is left out."""
    numbers = [rig.planfix.add_order(number).id for number in range(1000, 1120)]
    rig.planfix.delete(1003)
    desk = rig.desk()
    seen = desk.peek([*numbers, rig.planfix.order(1000).task, "999999"])
    assert rig.planfix.count() == 2
    assert len(seen) == 120
    assert seen[rig.planfix.order(1000).task].totals.due == uah("1250.00")
    assert "1003" not in seen


# ---------------------------------------------------------------- looking for orders


@pytest.mark.parametrize("number", ["004711", "A-4711", "47 11", "", "0", "-1", "٤٧١١", "4711.0", "9" * 40])
def test_what_is_no_task_number_is_not_asked_for(rig: Rig, number: str) -> None:
    """A number no task can have has no order, without a request."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    assert desk.orders([number]) == {number: ()}
    assert rig.planfix.count() == 0


def test_no_such_order_and_an_order_without_payment_task_are_told_apart(rig: Rig) -> None:
    """Nothing at all; an order that waits for its payment task; a deleted one; something that is no order. Two requests each."""
    rig.planfix.add_order(4711, payment_tasks=0)
    rig.planfix.add_order(4712, payment_tasks=0)
    rig.planfix.delete(4712)
    rig.planfix.add_task(4713)
    rig.planfix.add_task(4714, template=None, kind="Checkmark")
    desk = rig.desk()
    found = desk.orders(["4711", "4712", "4713", "4714", "4715", "52"])
    assert rig.planfix.count() == 12
    assert (only(found["4711"]).tasks, only(found["4711"]).closed) == ((), False)
    assert only(found["4712"]).closed
    assert [found[number] for number in ("4713", "4714", "4715", "52")] == [(), (), (), ()]


def test_only_live_payment_tasks_of_that_very_order_count(rig: Rig) -> None:
    """Other subtasks, checklist items, deleted payment tasks and grandchildren are none; two live ones are both shown."""
    order = rig.planfix.add_order(4711)
    rig.planfix.add_task(parent=4711)
    rig.planfix.add_task(parent=4711, template=None, kind="Checkmark")
    rig.planfix.add_task(parent=int(order.task), template=52)
    desk = rig.desk()
    assert [task.id for task in look(desk).tasks] == [order.task]
    second = rig.planfix.add_payment_task(4711)
    assert look(desk).task is None
    rig.planfix.delete_payment_task(4711)
    assert [task.id for task in look(desk).tasks] == [second]


def test_a_draft_is_seen(rig: Rig) -> None:
    """A Draft payment task is marked, and its uncomputed totals are no numbers."""
    rig.planfix.add_order(4711, draft=True)
    task = look(rig.desk()).task
    assert task is not None
    assert task.draft
    assert (task.totals.due, task.totals.paid, task.totals.difference) == (uah("1250"), None, None)


def test_the_field_s_value_is_compared_by_us(rig: Rig) -> None:
    """A filter that folds or trims finds more than the number: only the exact value is the order; two of them are both shown."""
    rig.planfix.add_order("a-1", due="1.00")
    rig.planfix.add_order(" A-1 ", due="2.00")
    desk = rig.desk(order_number=BY_FIELD)
    assert look(desk, "a-1").number == "a-1"
    rig.planfix.manners.filter_ignores_case = False
    assert desk.orders(["A-2"]) == {"A-2": ()}
    other = rig.planfix.world.tasks[int(rig.planfix.add_order("A-9").id)]
    other.values[304] = "a-1"
    assert len(desk.orders(["a-1"])["a-1"]) == 2


def test_a_number_field_can_hold_the_number(rig: Rig) -> None:
    """The order number in a Number field is asked for and compared as a number."""
    rig.planfix.world.fields[304].type = 1
    order = rig.planfix.world.tasks[int(rig.planfix.add_order("B-1").id)]
    order.values[304] = 20451
    desk = rig.desk(order_number=BY_FIELD)
    assert look(desk, "20451").id == str(order.id)
    rig.planfix.forget_requests()
    assert desk.orders(["B-1"]) == {"B-1": ()}
    assert rig.planfix.count() == 0


@pytest.mark.parametrize("form", ["number", "dict", "string", "text"])
@pytest.mark.parametrize("paid_due", [False, True])
def test_totals_are_right_in_every_form_and_either_sign(rig: Rig, form: str, paid_due: bool) -> None:
    """Computed fields as number, object, text or display string only; Difference counted either way round reads as due − paid."""
    rig.planfix.world.paid_due = paid_due
    rig.planfix.manners.numbers_as = form
    rig.planfix.add_order(4711, due="12500.30", incomes=[("0.10", "a"), ("0.20", "b")])
    task = look(rig.desk(difference_sign="paid-due" if paid_due else "due-paid")).task
    assert task is not None
    assert (task.totals.due, task.totals.paid, task.totals.difference) == (
        uah("12500.30"),
        uah("0.30"),
        uah("12500.00"),
    )


# ---------------------------------------------------------------- reading again


def test_a_fresh_look_sees_what_people_did(rig: Rig) -> None:
    """Due edited, status moved, order deleted between two looks: the second look has it as it is now."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = look(desk)
    rig.planfix.set_due(4711, "900")
    rig.planfix.set_status(4711, "Скасовано")
    fresh = desk.read(order)
    assert fresh.status is not None
    assert fresh.task is not None
    assert (fresh.status.name, fresh.task.totals.difference) == ("Скасовано", uah("900"))
    assert not desk.may_advance(fresh.status)
    rig.planfix.delete(4711)
    assert desk.read(order).closed


def test_a_task_that_is_gone_is_gone_only_after_two_pages(rig: Rig) -> None:
    """A page that came short is asked for again; what both lack has gone."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = look(desk)
    rig.planfix.faults.add(Fault(on="POST /task/list", do="short"))
    assert desk.read(order).task is not None
    rig.planfix.faults.add(Fault(on="POST /task/list", do="no-rows", times=2))
    with pytest.raises(OrderNotFound):
        desk.read(order)
    rig.planfix.delete_payment_task(4711)
    assert desk.read(order).tasks == ()


def test_an_order_that_turned_into_something_else_is_not_read(rig: Rig) -> None:
    """Another template, or another number in its field: no longer this order."""
    rig.planfix.add_order("A-1")
    desk = rig.desk(order_number=BY_FIELD)
    order = look(desk, "A-1")
    rig.planfix.world.tasks[int(order.id)].values[304] = "A-2"
    with pytest.raises(OrderNotFound):
        desk.read(order)
    rig.planfix.world.tasks[int(order.id)].template = 53
    with pytest.raises(OrderNotFound):
        desk.read(order)


# ---------------------------------------------------------------- incomes


def test_an_income_is_found_over_the_whole_desk(rig: Rig) -> None:
    """By its payment id, whatever order it is on, ignoring case and ends; other ids that contain it are not it."""
    rig.planfix.add_order(4711, incomes=[("5.00", "wfp-1"), ("6.00", "WFP-11")])
    rig.planfix.add_order(4712, incomes=[("7.00", "WFP-1")])
    found = rig.desk().incomes(["WFP-1", "WFP-2"])
    assert [(row.amount, row.payment_id, row.paid_on) for row in found["WFP-1"]] == [
        (uah("5.00"), "wfp-1", "2026-11-21"),
        (uah("7.00"), "WFP-1", "2026-11-21"),
    ]
    assert found["WFP-2"] == []


@pytest.mark.parametrize("short", [False, True])
def test_every_row_of_a_task_is_seen(rig: Rig, short: bool) -> None:
    """Rows on later pages are found, also where pages come short without an error. T14"""
    order = rig.planfix.add_order(4711, incomes=[("1.00", f"P-{number}") for number in range(250)])
    rig.planfix.add_order(4712, incomes=[("9.00", "other")])
    rig.planfix.manners.short_pages = short
    rows = rig.desk().incomes_of(order.task)
    assert [row.payment_id for row in rows] == [f"P-{number}" for number in range(250)]


def test_a_doubled_id_is_seen_twice(rig: Rig) -> None:
    """Two rows with one id, the second of them on a short page: both are shown."""
    rig.planfix.add_order(4711, incomes=[("5.00", "WFP-1"), ("5.00", "WFP-1")])
    rig.planfix.faults.add(Fault(on="POST /datatag/{id}/entry/list", do="short"))
    assert len(rig.desk().incomes(["WFP-1"])["WFP-1"]) == 2


@pytest.mark.parametrize("do", ["drop", "truncated", "html", "status:500", "fail:0"])
def test_a_failed_look_proves_no_absence(rig: Rig, do: str) -> None:
    """A look that fails on any page raises; it never says that there is no such row. T03"""
    order = rig.planfix.add_order(4711, incomes=[("5.00", "WFP-1")])
    desk = rig.desk()
    for skip in (0, 1):
        rig.planfix.faults.add(Fault(on="POST /datatag/{id}/entry/list", do=do, skip=skip))
        with pytest.raises(DeskUnreachable):
            desk.incomes_of(order.task)
        rig.planfix.faults.clear()


def test_a_row_is_posted_as_it_was_paid(rig: Rig) -> None:
    """Sum to the kopiika, the day it was in Kyiv, the id as printed."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = look(desk)
    assert order.task is not None
    posted = desk.post_income(order, paid("1249.99", "WFP-SOC-1-6ac4b29136b28"))
    assert posted == Income(
        id="155", task=order.task.id, amount=uah("1249.99"), paid_on="2026-11-22", payment_id="WFP-SOC-1-6ac4b29136b28"
    )
    assert list(desk.incomes_of(order.task.id)) == [posted]
    sent = rig.planfix.requests[1].body
    assert sent["items"][0]["customFieldData"][0] == {"field": {"id": 501}, "value": 1249.99}


@pytest.mark.parametrize(("when", "rows"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("do", ["drop", "cut", "timeout", "truncated", "html", "empty", "status:502", "status:504"])
def test_an_unanswered_create_is_unknown_and_found_by_its_id(rig: Rig, do: str, when: str, rows: int) -> None:
    """Whether the row was made or not, the create is unknown; a look by its id tells which. T01 T03 T04"""
    rig.planfix.add_order(4711)
    desk = rig.desk(timeout_seconds=0.5 if do == "timeout" else 10.0)
    order = look(desk)
    rig.planfix.faults.add(Fault(on=POST_INCOME, do=do, when=when))
    with pytest.raises(UnknownOutcome):
        desk.post_income(order, paid())
    assert rig.planfix.count(POST_INCOME) == 1
    assert len(desk.incomes(["WFP-1"])["WFP-1"]) == rows == len(rig.planfix.incomes)


def test_a_success_that_stored_nothing_shows_when_looked_at(rig: Rig) -> None:
    """The answer is taken for its key only: the next look has no such row."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = look(desk)
    rig.planfix.faults.add(Fault(on=POST_INCOME, do="nothing"))
    assert desk.post_income(order, paid()).id
    assert desk.incomes(["WFP-1"]) == {"WFP-1": []}


def test_what_cannot_be_posted_is_not_sent(rig: Rig) -> None:
    """An id longer than the field, an order with two payment tasks: refused before any request."""
    rig.planfix.add_order(4711)
    rig.planfix.add_order(4712, payment_tasks=2)
    desk = rig.desk()
    one, two = look(desk), look(desk, "4712")
    with pytest.raises(DeskRefused):
        desk.post_income(one, paid(payment_id="x" * 256))
    with pytest.raises(ValueError, match="one task"):
        desk.post_income(two, paid())
    assert rig.planfix.count(POST_INCOME) == 0


def test_a_locked_status_refuses_the_row(rig: Rig) -> None:
    """A data tag that may not be added in this status: refused, nothing written, a person looks."""
    rig.planfix.add_order(4711)
    rig.planfix.manners.locked_statuses = {1}
    desk = rig.desk()
    with pytest.raises(DeskRefused) as caught:
        desk.post_income(look(desk), paid())
    assert caught.value.facts["code"] == 6011
    assert rig.planfix.incomes == []


# ---------------------------------------------------------------- the status


@pytest.mark.parametrize(
    ("do", "when", "expected", "status"),
    [
        ("202", "before", Advance.QUEUED, "Очікує оплати"),
        ("nothing", "before", Advance.QUEUED, "Очікує оплати"),
        ("empty", "after", Advance.DONE, "У виробництві"),
        ("empty", "before", Advance.QUEUED, "Очікує оплати"),
    ],
)
def test_an_advance_is_done_only_when_it_is_seen(rig: Rig, do: str, when: str, expected: Advance, status: str) -> None:
    """Queued, or a success that stored nothing, is not done; an empty answer is done when the status shows it."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = desk.read(look(desk))
    assert order.status is not None
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do=do, when=when))
    assert desk.advance(order, order.status) is expected
    assert rig.planfix.order(4711).status == status


def test_a_queued_advance_lands_later(rig: Rig) -> None:
    """202 now, in production some requests later: a fresh look sees it."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = desk.read(look(desk))
    assert order.status is not None
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do="202", after_requests=1))
    assert desk.advance(order, order.status) is Advance.QUEUED
    assert desk.read(order).status == order.status
    moved = desk.read(order).status
    assert moved is not None
    assert desk.is_advanced(moved)


@pytest.mark.parametrize("form", ["list", "object"])
def test_a_status_that_was_not_set_is_refused(rig: Rig, form: str) -> None:
    """`failures` naming the status, in either form, is a refusal."""
    rig.planfix.add_order(4711)
    rig.planfix.manners.failures_as = form
    desk = rig.desk()
    order = desk.read(look(desk))
    assert order.status is not None
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do="failures"))
    with pytest.raises(DeskRefused, match="Field change failed"):
        desk.advance(order, order.status)


def test_a_failed_read_back_is_queued_not_lost(rig: Rig) -> None:
    """The change was accepted and the look after it failed: its outcome is looked at later, nothing is sent again."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = desk.read(look(desk))
    assert order.status is not None
    rig.planfix.faults.add(Fault(on="GET /task/{id}", do="status:503"))
    assert desk.advance(order, order.status) is Advance.QUEUED
    assert rig.planfix.count("POST /task/{id}") == 1


def test_a_status_that_was_set_is_done_whatever_is_found_about_the_names_meanwhile(rig: Rig) -> None:
    """T15: the daily look finds a field gone while the status is read back: what was sent is not told as never sent."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = desk.read(look(desk))
    assert order.status is not None
    ask = rig.http.request

    def request(method: str, url: str, **more: Any) -> Answer:
        answer = ask(method, url, **more)
        if method == "GET" and "/task/4711?" in url:
            rig.http.request = ask  # type: ignore[method-assign]
            rig.planfix.world.fields.pop(303)
            with pytest.raises(DeskStopped):
                desk.resolve(verify=True)
        return answer

    rig.http.request = request  # type: ignore[method-assign]
    assert desk.advance(order, order.status) is Advance.DONE


def test_an_unanswered_status_change_is_unknown(rig: Rig) -> None:
    """The line drops after the change: unknown, and the next look shows it as done. T04"""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = desk.read(look(desk))
    assert order.status is not None
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do="drop", when="after"))
    with pytest.raises(UnknownOutcome):
        desk.advance(order, order.status)
    seen = desk.read(order).status
    assert seen is not None
    assert desk.is_advanced(seen)


def test_an_order_is_never_advanced_from_a_status_that_is_not_listed(rig: Rig) -> None:
    """A caller that would is stopped before any request."""
    rig.planfix.add_order(4711, status="Скасовано")
    desk = rig.desk()
    order = desk.read(look(desk))
    assert order.status is not None
    rig.planfix.forget_requests()
    with pytest.raises(ValueError, match="Скасовано"):
        desk.advance(order, order.status)
    assert rig.planfix.count() == 0


def test_statuses_beyond_production_count_as_advanced(rig: Rig) -> None:
    """after_production, by name or id."""
    rig.planfix.add_order(4711, status="Готово")
    for after in ("Готово", 188, "188"):
        desk = rig.desk(after_production=[after])
        status = desk.read(look(desk)).status
        assert status is not None
        assert desk.is_advanced(status)


# ---------------------------------------------------------------- for people


def test_a_comment_is_words_not_markup(rig: Rig) -> None:
    """A payer's name with markup stays words; lines stay lines."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    assert desk.comment(look(desk), "<b>Ганна</b> & Co 🎉\nдруга").isdigit()
    assert rig.planfix.order(4711).comments == ("&lt;b&gt;Ганна&lt;/b&gt; &amp; Co <br>друга",)


@pytest.mark.parametrize("do", ["drop", "empty", "nothing-known"])
def test_an_unanswered_comment_is_unknown(rig: Rig, do: str) -> None:
    """A comment without its id in the answer is unknown like any other create."""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    order = look(desk)
    rig.planfix.faults.add(
        Fault(on="POST /task/{id}/comments/", do="status:500" if do == "nothing-known" else do, when="after")
    )
    with pytest.raises(UnknownOutcome):
        desk.comment(order, "x")


def test_near_orders_are_suggested_and_the_same_sum_comes_first(rig: Rig) -> None:
    """Swapped, wrong, lost and doubled digits; never more than five orders and seven requests; deleted orders are not shown."""
    for number, due in [
        (4171, "100"),
        (4712, "250"),
        (471, "300"),
        (47110, "400"),
        (4811, "500"),
        (9999, "250"),
        (4710, "1"),
    ]:
        rig.planfix.add_order(number, due)
    rig.planfix.delete(4710)
    desk = rig.desk()
    found = desk.suggest("4711", uah("250"))
    assert rig.planfix.count() <= 7
    assert (found[0]["number"], found[0]["difference"], found[0]["same_sum"]) == ("4712", "250.00", True)
    assert {facts["number"]: facts["why"].partition(";")[0] for facts in found} == {
        "4712": "one digit differs",
        "4171": "two digits are swapped",
        "471": "one digit too many",
        "47110": "one digit is missing",
        "4811": "one digit differs",
    }


def test_the_worst_case_of_suggesting_is_seven_requests(rig: Rig) -> None:
    """A long number with many near orders stays within the promise."""
    for number in range(12345600, 12345640):
        rig.planfix.add_order(number)
    desk = rig.desk()
    assert len(desk.suggest("12345650", None)) == 5
    assert rig.planfix.count() <= 7


def test_near_field_numbers_are_suggested(rig: Rig) -> None:
    """A number in a text field is found by its parts."""
    rig.planfix.add_order("A-2045")
    desk = rig.desk(order_number=BY_FIELD)
    assert [facts["number"] for facts in desk.suggest("A-20451", None)] == ["A-2045"]
    assert desk.suggest(None, uah("5")) == []
    assert rig.planfix.count() <= 7


def test_an_order_number_typed_in_the_other_alphabet_is_found(rig: Rig) -> None:
    """The number is compared with look-alike letters folded: the desk has it in Cyrillic, the notice in Latin."""
    rig.planfix.add_order("А-20451")
    order = look(rig.desk(order_number=BY_FIELD), "A-20451")
    assert order.number == "A-20451"
    assert order.task is not None


def test_rows_that_sum_to_paid_need_no_proof_of_the_last_page(rig: Rig) -> None:
    """Rows by others cost one request more: what sums to the task's Paid is all there; anything else is paged on."""
    rig.planfix.add_order(12345, due="100.00", incomes=[("30.00", None), ("20.00", "WFP-1")])
    desk = rig.desk()
    order = look(desk, "12345")
    assert order.task is not None
    rig.planfix.forget_requests()
    assert len(desk.incomes_of(order.task.id, paid=uah("50.00"))) == 2
    assert rig.planfix.count() == 1
    assert len(desk.incomes_of(order.task.id, paid=uah("49.00"))) == 2
    assert rig.planfix.count() == 3
