"""Rule 7: what was sent and not answered is unknown: looked for, never sent again before that."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import DeskUnreachable, HeldError, TransientError, UnknownOutcome
from reconciler.flow import decisions
from reconciler.model import Entry, Reason, State, Status, StepState
from reconciler.sandbox.planfix import Fault
from tests.planfix import Rig
from tests.rules.stage import OTHER, REFERENCE, Lost, Stage, stands
from tests.worlds import AWAITING, PRODUCTION, Crash, uah

POST = "POST /task/{id}/datatags/"
STATUS = "POST /task/{id}"
UNANSWERED = ("timeout", "drop", "cut", "status:500", "status:502", "html", "truncated", "text", "fail:0")
UNKNOWN = (State.WAITING, Reason.UNKNOWN_OUTCOME)


def lost(stage: Stage, verb: str, phase: str, **more: Any) -> None:
    stage.desk.hook = Lost(verb, phase, **more)


def unknown_income(stage: Stage, phase: str = "before", **more: Any) -> Entry:
    """A payment whose post was not answered: before the row was made, or after."""
    if "12345" not in stage.desk.by_number:
        stage.order()
    lost(stage, "post_income", phase, **more)
    entry = stage.paid()
    assert stands(entry) == UNKNOWN
    return entry


# ---------------------------------------------------------------- what is unknown


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("do", UNANSWERED)
def test_a_create_that_was_sent_and_not_answered_is_unknown(tmp_path: Path, rig: Rig, do: str, when: str) -> None:
    """T01 T03 T04: time-out, dropped line, 5xx, unreadable body: unknown at first, one row and one advance in the end."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=POST, do=do, when=when))
    stage = Stage.on_planfix(tmp_path, rig, timeout_seconds=1.0 if do == "timeout" else 10.0)
    entry = stage.paid()
    assert stands(entry) == UNKNOWN
    assert [step.state for step in stage.steps(entry)] == [StepState.UNKNOWN]
    stage.run(seconds=200)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert [row.payment_id for row in rig.planfix.incomes] == [REFERENCE]
    assert rig.planfix.order(12345).history == ("У виробництві",)


@pytest.mark.parametrize(("do", "when"), [("timeout", "after"), ("drop", "before"), ("status:503", "after")])
def test_a_status_change_that_was_not_answered_is_unknown(tmp_path: Path, rig: Rig, do: str, when: str) -> None:
    """T04 T12: the row is posted and stays; the change is looked for, and made once more only where it was not made."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=STATUS, do=do, when=when))
    stage = Stage.on_planfix(tmp_path, rig, timeout_seconds=1.0 if do == "timeout" else 10.0)
    entry = stage.paid()
    assert stands(entry) == UNKNOWN
    stage.run(seconds=200)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert (len(rig.planfix.incomes), rig.planfix.order(12345).history) == (1, ("У виробництві",))


def test_202_for_a_status_is_unknown(tmp_path: Path, rig: Rig) -> None:
    """T01: queued is not done; once a look shows it applied the payment is settled, and nothing was sent a second time."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=STATUS, do="202", after_requests=2))
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid()
    assert stands(entry) == UNKNOWN
    stage.run(seconds=60)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert rig.planfix.count(STATUS) == 1


def test_a_step_found_sending_by_a_successor_is_unknown(tmp_path: Path) -> None:
    """D04 T12 R07: the process died between the request and its answer; the next one looks before it acts."""
    stage = Stage.make(tmp_path)
    order = stage.order()

    def dies(verb: str, phase: str) -> None:
        if (verb, phase) == ("post_income", "after"):
            raise Crash

    stage.desk.hook = dies
    entry = stage.told()
    with pytest.raises(Crash):
        stage.run()
    assert [step.state for step in stage.steps(entry)] == [StepState.SENDING]
    stage.desk.hook = lambda verb, phase: None
    stage.restart()
    assert [step.state for step in stage.steps(entry)] == [StepState.UNKNOWN]
    stage.run(seconds=200)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert (len(order.rows), stage.calls("post_income")) == (1, 1)


# ---------------------------------------------------------------- before unknown_wait


def test_nothing_is_sent_again_until_unknown_wait_after_the_send(tmp_path: Path) -> None:
    """T04: for three minutes only looks; the second post comes after them."""
    stage = Stage.make(tmp_path)
    entry = unknown_income(stage)
    stage.run(seconds=179)
    assert stage.calls("post_income") == 1
    assert stands(stage.again(entry)) == UNKNOWN
    stage.run(seconds=10)
    assert stage.calls("post_income") == 2
    assert stands(stage.again(entry)) == (State.SETTLED, None)


def test_two_looks_some_seconds_apart_prove_an_absence(tmp_path: Path) -> None:
    """T04 T05: one look after the wait is not enough: a row that shows between the two is found and not posted twice."""
    stage = Stage.make(tmp_path)
    entry = unknown_income(stage)
    stage.run(until=lambda: any(step.looks == 1 for step in stage.steps(entry)), seconds=190)
    assert stage.calls("post_income") == 1
    stage.desk.type_row(stage.desk.by_number["12345"], uah("1250.00"), payment_id=REFERENCE)
    stage.run(seconds=10)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert (stage.calls("post_income"), len(stage.desk.by_number["12345"].rows)) == (1, 1)


def test_a_row_found_late_is_adopted(tmp_path: Path) -> None:
    """T04: the desk shows our row only a minute after the lost answer: it is ours, and nothing is sent again."""
    stage = Stage.make(tmp_path)
    entry = unknown_income(stage)
    stage.run(seconds=61)
    row = stage.desk.type_row(stage.desk.by_number["12345"], uah("1250.00"), payment_id=REFERENCE)
    stage.run(seconds=200)
    assert (stage.again(entry).state, stage.again(entry).income_id) == (State.SETTLED, row.id)
    assert stage.calls("post_income") == 1


def test_a_look_covers_the_payment_id_over_the_whole_desk(tmp_path: Path) -> None:
    """T14: a row with our id that turns up on another order is found, told, and not posted beside."""
    stage = Stage.make(tmp_path)
    entry = unknown_income(stage)
    stage.desk.type_row(stage.order("54321"), uah("1250.00"), payment_id=REFERENCE)
    stage.run(seconds=200)
    assert stands(stage.again(entry)) == (State.HELD, Reason.CONFLICT)
    assert stage.calls("post_income") == 1


# ---------------------------------------------------------------- strangers


def held_by_a_stranger(stage: Stage) -> Entry:
    """Unknown, and a row without our id that was not there before sending."""
    order = stage.order(due="5000.00")
    stage.desk.type_row(order, uah("700.00"), payment_id=None)
    entry = unknown_income(stage)
    stage.desk.type_row(order, uah("1250.00"), payment_id=None)
    stage.run(seconds=200)
    return stage.again(entry)


def test_a_new_row_without_our_id_holds_and_is_never_posted_beside(tmp_path: Path) -> None:
    """T04 M09: the row may be ours with its id lost; the old row of the snapshot is no stranger. A person says."""
    stage = Stage.make(tmp_path)
    entry = held_by_a_stranger(stage)
    assert stands(entry) == (State.HELD, Reason.MAYBE_TYPED)
    assert [row["amount"] for row in entry.facts["rows"]] == ["1250.00"]
    stage.run(hours=1)
    assert stage.calls("post_income") == 1


def test_a_person_says_that_a_stranger_s_row_is_another_payment(tmp_path: Path) -> None:
    """M08: overruled once, the absence is proven by its looks and the payment posted; the row is not asked about again."""
    stage = Stage.make(tmp_path)
    entry = held_by_a_stranger(stage)
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run(minutes=2)
    assert stage.again(entry).state is State.PARTIAL
    assert stage.calls("post_income") == 2


def test_a_person_says_that_a_stranger_s_row_is_the_payment(tmp_path: Path) -> None:
    """M08: discarded, it is not posted, and the order's other payments go on without its being asked about again."""
    stage = Stage.make(tmp_path)
    entry = held_by_a_stranger(stage)
    decisions.discard(stage.ledger, f"e{entry.id}", "that row is it")
    second = stage.paid(reference=OTHER, amount="3050.00")
    stage.run(minutes=11)
    assert stands(stage.again(second)) == (State.SETTLED, None)
    assert stage.again(entry).state is State.DISCARDED
    assert stage.desk.by_number["12345"].status == PRODUCTION


def test_one_payment_at_a_time_while_a_post_of_the_order_is_unknown(tmp_path: Path) -> None:
    """T10 T13: totals mean nothing while a row may still appear: the order's next payment waits its turn."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    first = unknown_income(stage)
    second = stage.paid(reference=OTHER)
    assert stands(second) == UNKNOWN
    stage.run(minutes=5)
    assert {stage.again(entry).state for entry in (first, second)} == {State.SETTLED}
    assert (len(order.rows), order.advances) == (2, 1)


# ---------------------------------------------------------------- pages that prove nothing


@pytest.mark.parametrize("do", ["truncated", "status:500", "html", "drop"])
def test_a_failed_page_proves_no_absence(tmp_path: Path, rig: Rig, do: str) -> None:
    """T01 T03 T14: looks that fail count for nothing; the row is made again only after two that did not."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=POST, do="drop", when="before"))
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid()
    rig.planfix.faults.add(Fault(on="POST /datatag/{id}/entry/list", do=do, times=60))
    stage.run(seconds=400)
    assert rig.planfix.count(POST) == 1
    rig.planfix.faults.clear()
    stage.run(seconds=400)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert rig.planfix.count(POST) == 2


def test_a_short_page_hides_no_row(tmp_path: Path, rig: Rig) -> None:
    """T14: pages that come one row short without an error: our row behind them is found all the same."""
    rig.planfix.add_order(12345, due="2250.00", incomes=[("1.00", None)] * 120)
    rig.planfix.manners.short_pages = True
    rig.planfix.faults.add(Fault(on=POST, do="drop", when="after"))
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid()
    stage.run(seconds=200)
    assert stage.again(entry).income_id is not None
    assert [row.payment_id for row in rig.planfix.incomes].count(REFERENCE) == 1


# ---------------------------------------------------------------- status changes


def test_a_status_found_in_production_is_done(tmp_path: Path) -> None:
    """T04: the answer was lost, the change was made: settled, and sent once."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    lost(stage, "advance", "after")
    entry = stage.paid()
    stage.run(seconds=30)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert (order.advances, stage.calls("advance")) == (1, 1)


def test_a_status_exactly_as_before_is_sent_again_after_re_reading_the_totals(tmp_path: Path) -> None:
    """T04 T13: not before the wait, and not on the old totals: with a Due raised meanwhile it is partial instead."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    lost(stage, "advance", "before")
    entry = stage.paid()
    stage.run(seconds=170)
    assert stage.calls("advance") == 1
    order.due = uah("1300.00")
    stage.run(seconds=30)
    assert stands(stage.again(entry)) == (State.PARTIAL, None)
    assert stage.calls("advance") == 1
    order.due = uah("1250.00")
    stage.run(minutes=6)
    assert (order.advances, stage.calls("advance")) == (1, 2)


def test_a_time_out_on_the_status_change_while_a_person_moves_the_order(tmp_path: Path) -> None:
    """T04 T13 M08: the change was not made and a person put the order elsewhere: left alone, told, nothing sent again."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    elsewhere = Status(id="189", name="Скасовано")

    def a_person_moves_it() -> None:
        order.status = elsewhere

    lost(stage, "advance", "before", also=a_person_moves_it)
    entry = stage.paid()
    stage.run(seconds=200)
    entry = stage.again(entry)
    assert stands(entry) == (State.HELD, Reason.STATUS_NOT_LISTED)
    assert (entry.facts["status"], entry.facts["was"], entry.facts["moved_by"]) == ("Скасовано", AWAITING.name, "other")
    assert (order.status, stage.calls("advance")) == (elsewhere, 1)


# ---------------------------------------------------------------- the deadline


@pytest.mark.parametrize(("verb", "look"), [("post_income", "incomes"), ("advance", "read")])
def test_past_unknown_deadline_a_person_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, look: str
) -> None:
    """T05: the desk cannot be looked at for two hours: held as unknown, with what was sent; nothing is sent again."""
    stage = Stage.make(tmp_path, unknown_deadline=timedelta(minutes=20))
    stage.order()
    lost(stage, verb, "before")
    entry = stage.paid()
    assert stands(entry) == UNKNOWN

    def unreachable(*given: object) -> object:
        raise DeskUnreachable("no connection")

    monkeypatch.setattr(stage.desk, look, unreachable)
    stage.run(minutes=19)
    assert stands(stage.again(entry)) == UNKNOWN
    stage.run(minutes=7)
    assert stands(stage.again(entry)) == (State.HELD, Reason.UNKNOWN_OUTCOME)
    assert (stage.again(entry).facts["step"], stage.calls(verb)) == (verb.removeprefix("post_"), 1)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(("do", "seconds"), [("429", 7.0), ("limited", 7.0)])
def test_429_and_code_22_wrote_nothing_and_are_retried(tmp_path: Path, rig: Rig, do: str, seconds: float) -> None:
    """T07 T08: not before the time that was told, and then as if nothing had been sent: no wait for an unknown."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=POST, do=do, seconds=seconds))
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid()
    assert stands(entry) == (State.WAITING, Reason.QUOTA_SPENT)
    assert [step.state for step in stage.steps(entry)] == [StepState.DROPPED]
    stage.run(seconds=6)
    assert rig.planfix.count(POST) == 1
    stage.run(seconds=2)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert (rig.planfix.count(POST), len(rig.planfix.incomes)) == (2, 1)


@pytest.mark.parametrize("what", ["401", "403"])
def test_401_and_a_missing_scope_wrote_nothing_and_stop_the_desk(tmp_path: Path, rig: Rig, what: str) -> None:
    """T02 T16: the first payment learns it, the second is not even tried; both post by themselves once it is mended."""
    rig.planfix.add_order(12345, due="2500.00")
    stage = Stage.on_planfix(tmp_path, rig)
    before = dict(rig.planfix.tokens)
    if what == "401":
        rig.planfix.inactive_tokens.add(rig.planfix.token)
    else:
        rig.planfix.faults.add(Fault(on=POST, do="fail:5:403", times=2))
    first, second = stage.told(), stage.told(reference=OTHER)
    stage.run()
    assert stands(stage.again(first)) == (State.WAITING, Reason.DESK_UNREACHABLE)
    assert stands(stage.again(second)) == (State.RECORDED, None)
    asked = rig.planfix.count()
    stage.run(minutes=4)
    assert rig.planfix.count() == asked
    rig.planfix.inactive_tokens.clear()
    rig.planfix.faults.clear()
    assert dict(rig.planfix.tokens) == before
    stage.run(minutes=11)
    assert {stage.again(entry).state for entry in (first, second)} == {State.SETTLED}
    assert len(rig.planfix.incomes) == 2


def test_a_refusal_about_the_row_itself_is_a_person_s(tmp_path: Path, rig: Rig) -> None:
    """T01: understood and refused: held with the desk's own words, nothing written, nothing retried."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=POST, do="fail:1000"))
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid()
    assert stands(entry) == (State.HELD, Reason.DESK_REFUSED)
    assert entry.facts["code"] == 1000
    stage.run(hours=1)
    assert (rig.planfix.count(POST), rig.planfix.incomes) == (1, [])


def test_unknown_is_never_called_failed(tmp_path: Path) -> None:
    """T04 D13: the error that means "nobody knows" is neither an error to retry nor one to hold by."""
    assert not issubclass(UnknownOutcome, HeldError | TransientError)
    entry = unknown_income(Stage.make(tmp_path), "after")
    assert entry.income_id is None
    assert entry.retry_at is not None
