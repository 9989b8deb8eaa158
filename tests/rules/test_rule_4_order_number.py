"""Rule 4: which order a payment is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.flow import decisions
from reconciler.model import OutcomeWord, Reason, State
from tests.planfix import Rig
from tests.rules.stage import LINES, OTHER, REFERENCE, SHOP, Stage, rules_with, signed, signed_lines, stands

BY_FIELD = "Номер замовлення"


@pytest.mark.parametrize(
    "typed",
    ["12345", "№ 12345", "#12345", "замовлення 12345", "Замовлення № 12345 ", "заказ №12345", "order 12345", "«12345»"],
)
def test_the_number_is_cleaned_by_a_rule_the_owner_can_see(tmp_path: Path, typed: str) -> None:
    """P16: signs, words and spaces around the number go; what was typed stays beside it."""
    stage = Stage.make(tmp_path)
    stage.order()
    entry = stage.paid(order=typed)
    assert (entry.order_number, entry.order_raw) == ("12345", typed.strip())
    assert stands(entry) == (State.SETTLED, None)


def test_look_alike_letters_are_folded(tmp_path: Path) -> None:
    """P16: a Cyrillic А typed for a Latin A is the same number."""
    stage = Stage.make(tmp_path)
    stage.order("A-204")
    assert stands(stage.paid(order="А-204")) == (State.SETTLED, None)


def test_the_gateway_s_own_reference_is_never_the_order_number(tmp_path: Path) -> None:
    """P16: a WFP-… reference under the order's label is no number: held at once, with the raw text, and not searched for."""
    stage = Stage.make(tmp_path)
    stage.desk.add(REFERENCE, "1250.00")
    entry = stage.paid(order=REFERENCE)
    assert entry.order_number is None
    assert stands(entry) == (State.HELD, Reason.ORDER_NOT_FOUND)
    assert "orders" not in stage.desk.calls


def test_two_numbers_in_the_field_hold_the_letter(tmp_path: Path) -> None:
    """P16 M11: one payment for two orders is a person's, not the first number's."""
    stage = Stage.make(tmp_path)
    (outcome,) = stage.take(signed(order="12345, 12346"))
    assert (outcome.outcome, outcome.reason) == (OutcomeWord.HELD, Reason.FIELD_AMBIGUOUS)
    assert stage.entries() == []


@pytest.mark.parametrize("number", ["1234", "123456", "12345-2", "012345"])
def test_the_number_is_matched_exactly(tmp_path: Path, rig: Rig, number: str) -> None:
    """P16 M03 M04: a number that only contains, begins or pads another one finds nothing on the desk."""
    rig.planfix.add_order(12345)
    stage = Stage.on_planfix(tmp_path, rig)
    entry = stage.paid(order=number)
    assert stands(entry) == (State.WAITING, Reason.ORDER_NOT_FOUND)
    assert rig.planfix.incomes == []


def test_two_hits_are_held(tmp_path: Path, rig: Rig) -> None:
    """P16 T09 M13: two orders that carry the same number: a person picks, from their ids."""
    first = rig.planfix.add_order("A-20451")
    second = rig.planfix.add_order("A-1")
    rig.planfix.world.tasks[int(second.id)].values[304] = "A-20451"
    stage = Stage.on_planfix(tmp_path, rig, order_number=BY_FIELD)
    entry = stage.paid(order="A-20451")
    assert stands(entry) == (State.HELD, Reason.ORDER_AMBIGUOUS)
    assert sorted(entry.facts["orders"]) == sorted([first.id, second.id])
    assert rig.planfix.incomes == []


def test_when_nothing_matches_it_waits_with_growing_pauses(tmp_path: Path) -> None:
    """T06 D08: half a minute at first, half an hour at last."""
    stage = Stage.make(tmp_path)
    entry = stage.paid()
    pauses = []
    for _ in range(8):
        entry = stage.again(entry)
        assert stands(entry) == (State.WAITING, Reason.ORDER_NOT_FOUND)
        assert entry.retry_at is not None
        pauses.append(round((entry.retry_at - stage.clock.now).total_seconds()))
        stage.clock.now = entry.retry_at
        stage.run()
    assert pauses == [30, 60, 120, 300, 600, 1800, 1800, 1800]


def test_an_order_made_after_its_payment_is_found_and_posted(tmp_path: Path) -> None:
    """T06: "not yet" is no final answer: no person is needed once the order is there."""
    stage = Stage.make(tmp_path)
    entry = stage.paid()
    stage.run(minutes=20)
    order = stage.order()
    stage.run(minutes=31)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert len(order.rows) == 1


def test_past_order_deadline_it_is_held_with_suggestions(tmp_path: Path, rig: Rig) -> None:
    """T09 M13: a person gets orders whose difference equals the sum, near numbers and the same payer's."""
    rig.planfix.add_order(12354)
    stage = Stage.on_planfix(tmp_path, rig, order_deadline=timedelta(minutes=5))
    rig.planfix.add_order(777, due="10.00")
    stage.paid(reference=OTHER, order="777", amount="10.00")
    entry = stage.told(order="12345")
    stage.run(minutes=4)
    assert stands(stage.again(entry)) == (State.WAITING, Reason.ORDER_NOT_FOUND)
    stage.run(minutes=2)
    entry = stage.again(entry)
    assert stands(entry) == (State.HELD, Reason.ORDER_NOT_FOUND)
    suggested = {one["number"]: one for one in entry.facts["suggestions"]}
    assert suggested["12354"]["difference"] == "1250.00"
    assert suggested["777"]["why"] == "same payer"


def test_a_suggestion_is_accepted_by_a_person_never_automatically(tmp_path: Path) -> None:
    """M04 M13: an order one digit away with exactly the sum gets nothing until a person says so, and then everything."""
    stage = Stage.make(tmp_path, order_deadline=timedelta(minutes=5))
    order = stage.order("12354")
    entry = stage.paid()
    stage.run(minutes=6)
    assert [one["number"] for one in stage.again(entry).facts["suggestions"]] == ["12354"]
    assert order.rows == []
    decisions.give_order(stage.ledger, f"e{entry.id}", "12354")
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert len(order.rows) == 1


def test_a_held_order_number_is_not_walked_again_by_itself(tmp_path: Path) -> None:
    """M08: after the deadline the order may turn up; the payment is a person's all the same, and asks nothing."""
    stage = Stage.make(tmp_path, order_deadline=timedelta(minutes=5))
    entry = stage.paid()
    stage.run(minutes=6)
    calls = len(stage.desk.calls)
    stage.order()
    stage.run(hours=30)
    assert stage.again(entry).state is State.HELD
    assert len(stage.desk.calls) == calls
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)


def test_the_settings_say_which_label_holds_the_number(tmp_path: Path) -> None:
    """The label of the payment page's own field is read as the order number where the merchant names it."""
    shop = replace(SHOP, order_field=("Договір",))
    stage = Stage.make(tmp_path, rules=rules_with(merchants=(shop,)))
    stage.order()
    (outcome,) = stage.take(signed_lines(*LINES, f"Номер платежу: {REFERENCE}", "Договір: 12345"))
    stage.run()
    assert stands(stage.entry(outcome.id)) == (State.SETTLED, None)
