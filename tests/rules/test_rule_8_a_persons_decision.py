"""Rule 8: a person's decision is sticky and correctable; automation never undoes it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.flow import decisions
from reconciler.flow.rules import MailboxRules
from reconciler.model import Entry, OutcomeWord, Reason, State
from reconciler.sandbox import letters
from tests.planfix import Rig
from tests.rules.stage import PAID_AT, REFERENCE, Lost, Stage, rules_with, signed, stands
from tests.worlds import AWAITING, PRODUCTION, uah


def discarded(stage: Stage) -> Entry:
    entry = stage.paid()
    decisions.discard(stage.ledger, f"e{entry.id}", "paid in error")
    return stage.again(entry)


# ---------------------------------------------------------------- sticky


def test_a_discarded_payment_stays_discarded(tmp_path: Path) -> None:
    """M08: its order turning up, its letter again, a restart and a day's rechecks post nothing."""
    stage = Stage.make(tmp_path)
    entry = discarded(stage)
    order = stage.order()
    (again,) = stage.take(signed(language="en"))
    stage.restart()
    stage.run(hours=24)
    assert again.outcome is OutcomeWord.DISCARDED
    assert stage.again(entry).state is State.DISCARDED
    assert order.rows == []


def test_a_held_payment_waits_for_its_person(tmp_path: Path) -> None:
    """M08: what a person is asked about is not walked by itself, however the desk changes meanwhile."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    stage.desk.type_row(order, uah("1250.00"), payment_id=None, day="2026-11-20")
    entry = stage.paid()
    order.rows.clear()
    stage.restart()
    stage.run(hours=24)
    assert stands(stage.again(entry)) == (State.HELD, Reason.MAYBE_TYPED)
    assert order.rows == []


def test_a_discarded_message_stays_discarded(tmp_path: Path) -> None:
    """M08 O10: the same bytes again, by another way in, are answered with the decision."""
    stage = Stage.make(tmp_path)
    (outcome,) = stage.take(letters.notice())
    decisions.discard(stage.ledger, outcome.id, "a forgery")
    (again,) = stage.take(letters.notice(), mailbox="second")
    assert (again.id, again.outcome) == (outcome.id, OutcomeWord.DISCARDED)
    assert stage.intake.read_due() == []


def test_an_order_a_person_gave_is_kept(tmp_path: Path) -> None:
    """M08: the number in the letter, told again, does not take the payment back to the wrong order."""
    stage = Stage.make(tmp_path)
    order = stage.order("54321")
    entry = stage.paid()
    decisions.give_order(stage.ledger, f"e{entry.id}", "54321")
    stage.take(signed(language="en"))
    stage.run()
    wrong = stage.order()
    stage.take(signed(language="ru"))
    stage.run(hours=1)
    assert (stage.again(entry).order_number, stage.again(entry).order_read) == ("54321", "12345")
    assert (len(order.rows), wrong.rows) == (1, [])


def test_a_discard_while_the_row_is_on_its_way_is_kept_and_the_row_written_down(tmp_path: Path) -> None:
    """M08 T04: the person decides between the request and its answer: the decision stands, and the row is known of."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    entry = stage.told()

    def a_person_discards(verb: str, phase: str) -> None:
        if (verb, phase) == ("post_income", "after"):
            decisions.discard(stage.ledger, f"e{entry.id}", "given back in cash")

    stage.desk.hook = a_person_discards
    stage.run(minutes=11)
    entry = stage.again(entry)
    assert (entry.state, entry.income_id) == (State.DISCARDED, order.rows[0].id)
    assert (order.status, len(order.rows)) == (AWAITING, 1)


# ---------------------------------------------------------------- correctable, both facts kept


def test_a_discard_is_undone_by_retry_and_both_are_kept(tmp_path: Path) -> None:
    """M08 O12: discarded, then retried: posted once, and the history tells both decisions with their reason."""
    stage = Stage.make(tmp_path)
    entry = discarded(stage)
    order = stage.order()
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert (len(order.rows), order.status) == (1, PRODUCTION)
    told = [(event.name, event.facts.get("facts")) for event in stage.history(entry)]
    assert ("entry.discarded", {"why": "paid in error"}) in told
    assert "entry.retried" in [name for name, _ in told]


def test_a_posted_payment_that_is_discarded_and_retried_posts_nothing_twice(tmp_path: Path) -> None:
    """M08 T04: what was posted stays posted; going on is going on from there."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    entry = discarded(stage)
    assert entry.income_id is not None
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run()
    assert stands(stage.again(entry)) == (State.PARTIAL, None)
    assert len(order.rows) == 1


def test_an_order_given_twice_is_the_second_and_both_are_kept(tmp_path: Path) -> None:
    """M08 O12: a slip of the pen is corrected by saying it again; the history names each order."""
    stage = Stage.make(tmp_path)
    order = stage.order("54321")
    entry = stage.paid()
    decisions.give_order(stage.ledger, f"e{entry.id}", "54312")
    stage.run()
    assert stands(stage.again(entry)) == (State.WAITING, Reason.ORDER_NOT_FOUND)
    decisions.give_order(stage.ledger, f"e{entry.id}", "54321")
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert len(order.rows) == 1
    given = [event.facts["order"] for event in stage.history(entry) if event.name == "entry.order_given"]
    assert given == ["54312", "54321"]


def wrongly_posted(stage: Stage) -> Entry:
    """Posted on the order the letter names, which was the wrong one; a person says which is right."""
    stage.order(due="5000.00")
    stage.order("54321")
    entry = stage.paid()
    assert stands(entry) == (State.PARTIAL, None)
    decisions.give_order(stage.ledger, f"e{entry.id}", "54321")
    stage.run()
    return stage.again(entry)


def test_a_row_posted_elsewhere_is_never_posted_a_second_time(tmp_path: Path) -> None:
    """M08 R10: given another order while its row stands on the first: held with the place of that row."""
    stage = Stage.make(tmp_path)
    entry = wrongly_posted(stage)
    assert stands(entry) == (State.HELD, Reason.CONFLICT)
    assert entry.facts["rows"][0]["task"] == "t12345"
    assert stage.desk.by_number["54321"].rows == []


@pytest.mark.parametrize("moved", [True, False])
def test_once_the_wrong_row_is_moved_or_deleted_the_right_order_is_settled(tmp_path: Path, moved: bool) -> None:
    """M08: typed anew on the right order with its id, it is adopted; only deleted, it is posted there."""
    stage = Stage.make(tmp_path)
    entry = wrongly_posted(stage)
    stage.desk.by_number["12345"].rows.clear()
    right = stage.desk.by_number["54321"]
    if moved:
        stage.desk.type_row(right, uah("1250.00"), payment_id=REFERENCE)
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert ([row.payment_id for row in right.rows], right.advances) == ([REFERENCE], 1)


def test_an_order_given_while_the_post_on_the_wrong_one_is_unknown(tmp_path: Path) -> None:
    """M08 T04: the lost post did land on the wrong order: found there, held, and the right order is not called part-paid."""
    stage = Stage.make(tmp_path)
    stage.order(due="5000.00")
    right = stage.order("54321")
    stage.desk.hook = Lost("post_income", "after")
    entry = stage.paid()
    decisions.give_order(stage.ledger, f"e{entry.id}", "54321")
    stage.run(minutes=11)
    assert stands(stage.again(entry)) == (State.HELD, Reason.CONFLICT)
    assert (right.rows, right.status, stage.calls("post_income")) == ([], AWAITING, 1)


def test_a_payment_task_replaced_by_another_is_a_person_s(tmp_path: Path, rig: Rig) -> None:
    """M08: our row stands on a task that is no longer the order's: neither posted again by itself nor taken for paid."""
    rig.planfix.add_order(12345, due="2500.00")
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid()
    rig.planfix.delete_payment_task(12345)
    rig.planfix.add_payment_task(12345, due="2500.00")
    stage.run(minutes=8)
    assert stands(stage.again(entry)) == (State.HELD, Reason.CONFLICT)
    assert (len(rig.planfix.incomes), rig.planfix.order(12345).history) == (1, ())


def test_a_row_a_person_took_away_is_posted_again_only_on_their_word(tmp_path: Path) -> None:
    """M08: our row is gone from the desk: held; "go on" posts it anew, with a step of its own in the history."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    entry = stage.paid()
    order.rows.clear()
    stage.run(minutes=8)
    assert stands(stage.again(entry)) == (State.HELD, Reason.CONFLICT)
    assert order.rows == []
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run()
    assert stands(stage.again(entry)) == (State.PARTIAL, None)
    assert [step.slot for step in stage.steps(entry)] == [f"income:{entry.id}:1", f"income:{entry.id}:2"]


def test_a_letter_too_old_is_overruled_by_a_person(tmp_path: Path) -> None:
    """M08 O16: "it is to be posted" reads it past its cut-off, and only that letter."""
    box = MailboxRules(name="payments", since=PAID_AT + timedelta(days=2))
    stage = Stage.make(tmp_path, rules=rules_with(mailbox=box))
    stage.order()
    (outcome,) = stage.take(signed())
    assert outcome.reason is Reason.TOO_OLD
    decisions.retry(stage.ledger, outcome.id)
    (read,) = stage.intake.read_due()
    stage.run()
    assert stands(stage.entry(read.id)) == (State.SETTLED, None)
