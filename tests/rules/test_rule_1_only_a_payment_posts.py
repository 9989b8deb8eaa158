"""Rule 1: only a payment posts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.flow import decisions
from reconciler.flow.rules import Rules
from reconciler.model import Kind, MailState, OutcomeWord, Reason, State, Voucher
from reconciler.sandbox import letters
from tests.rules.stage import OTHER, PAID_AT, REFERENCE, Stage, signed, stands, trusting
from tests.worlds import AWAITING, PRODUCTION, uah

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wayforpay"
TAKES_NO_KEY = (
    "declined_uk",
    "declined_contains_success_word",
    "pending_hold",
    "pending_in_processing",
    "refund_in_processing",
    "receipt_to_payer",
    "register_zip",
    "register_without_words",
    "test_shop",
)
MONEY_BACK = ("refund_full", "refund_partial", "void_hold_released", "chargeback")


def owner_accepts_anybody() -> Rules:
    """Fixtures are reconstructed and unsigned: here only what they say is in question, and every shop in them is ours."""
    rules = trusting(Voucher.NONE)
    box = replace(rules.mailboxes["payments"], merchant="shop")
    return replace(rules, mailboxes={"payments": box})


def test_a_payment_posts(tmp_path: Path) -> None:
    """A signed notice of a payment becomes one income of its sum, id and day, and the paid order is advanced."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    entry = stage.paid()
    assert stands(entry) == (State.SETTLED, None)
    assert [(row.amount, row.payment_id) for row in order.rows] == [(uah("1250.00"), REFERENCE)]
    assert (order.status, order.advances, entry.advanced_by) == (PRODUCTION, 1, "us")


@pytest.mark.parametrize("language", ["uk", "ru", "en"])
def test_veto_words_are_tested_before_success_words(tmp_path: Path, language: letters.Language) -> None:
    """P11: a declined letter posts nothing, though "Неуспішно" contains "успішно", in each language."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    (outcome,) = stage.take(signed(status="declined", language=language))
    stage.run(hours=1)
    assert (outcome.outcome, outcome.facts["kinds"]) == (OutcomeWord.SKIPPED, ["declined"])
    assert (order.rows, stage.entries(), stage.desk.calls) == ([], [], [])


@pytest.mark.parametrize("case", TAKES_NO_KEY)
def test_declined_pending_hold_receipt_register_and_test_notices_never_post_income(tmp_path: Path, case: str) -> None:
    """P11 M12: each of these kinds ends as skipped: no entry, no key, no request, even where everybody is trusted."""
    stage = Stage.make(tmp_path, rules=owner_accepts_anybody())
    (outcome,) = stage.take((FIXTURES / case / "notice.eml").read_bytes())
    stage.run(hours=1)
    told = json.loads((FIXTURES / case / "expected.json").read_text("utf-8"))
    kinds = sorted({item["kind"] for item in (told if isinstance(told, list) else [told])})
    assert (outcome.outcome, outcome.key, outcome.facts["kinds"]) == (OutcomeWord.SKIPPED, None, kinds)
    assert stage.mail(outcome).state is MailState.SKIPPED
    assert (stage.entries(), stage.desk.calls) == ([], [])


@pytest.mark.parametrize("case", MONEY_BACK)
def test_refund_void_and_chargeback_never_post_income(tmp_path: Path, case: str) -> None:
    """P11: money that goes back makes an entry of its own kind, and not one row."""
    stage = Stage.make(tmp_path, rules=owner_accepts_anybody())
    (outcome,) = stage.take((FIXTURES / case / "notice.eml").read_bytes())
    entry = stage.entry(outcome.id)
    order = stage.order(entry.order_number or "12345")
    stage.run(hours=1)
    assert stands(stage.again(entry)) == (State.HELD, Reason.REFUND)
    assert entry.kind in {Kind.REFUND, Kind.VOID, Kind.CHARGEBACK}
    assert entry.kind.value in entry.key
    assert order.rows == []


def test_a_refund_holds_its_order_for_a_person(tmp_path: Path) -> None:
    """P11: while a refund of an order waits for a person, a payment that completes that order does not advance it."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    first = stage.paid()
    refund = stage.paid(status="refund", amount="1250.00", paid_at=PAID_AT + timedelta(hours=1))
    second = stage.paid(reference=OTHER)
    assert stands(stage.again(first)) == (State.PARTIAL, None)
    assert stands(refund) == (State.HELD, Reason.REFUND)
    assert stands(second) == (State.WAITING, Reason.REFUND)
    stage.run(minutes=11)
    assert (order.status, len(order.rows)) == (AWAITING, 2)


def test_a_refund_that_names_no_order_holds_the_order_of_its_payment(tmp_path: Path) -> None:
    """P11: a refund's letter need not repeat the order number: its payment's order is meant."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    stage.paid()
    refund = stage.paid(status="refund", order=None, paid_at=PAID_AT + timedelta(hours=1))
    stage.paid(reference=OTHER)
    assert refund.order_number == "12345"
    assert order.status == AWAITING


def test_once_a_person_has_settled_the_refund_the_order_goes_on_by_itself(tmp_path: Path) -> None:
    """A discarded refund no longer holds its order: the paid order is advanced at the next recheck."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    stage.paid()
    refund = stage.paid(status="refund", paid_at=PAID_AT + timedelta(hours=1))
    stage.paid(reference=OTHER)
    decisions.discard(stage.ledger, f"e{refund.id}", "the bank took it back")
    stage.run(minutes=6)
    assert (order.status, order.advances) == (PRODUCTION, 1)


def test_a_refund_posts_a_negative_row_where_the_setting_says_so(tmp_path: Path) -> None:
    """P11: with refunds = "reverse" the order owes the sum again, beside the payment's own row and under an id of its own."""
    stage = Stage.make(tmp_path, reversing=frozenset({"shop"}))
    order = stage.order(due="2500.00")
    payment = stage.paid()
    refund = stage.paid(status="refund", paid_at=PAID_AT + timedelta(hours=1))
    assert stands(refund) == (State.PARTIAL, None)
    assert [row.amount for row in order.rows] == [uah("1250.00"), uah("-1250.00")]
    ids = [(row.payment_id or "").casefold() for row in order.rows]
    assert len(set(ids)) == 2
    assert ids[1].startswith(REFERENCE.casefold())
    stage.run(minutes=11)
    assert (len(order.rows), order.status) == (2, AWAITING)
    assert stands(stage.again(payment)) == (State.PARTIAL, None)


def test_a_reversed_refund_and_a_payment_in_its_place_release_the_order(tmp_path: Path) -> None:
    """Paid, given back, paid again: the order is advanced once, on the third row."""
    stage = Stage.make(tmp_path, reversing=frozenset({"shop"}))
    order = stage.order(due="2500.00")
    stage.paid(amount="1250.00")
    stage.paid(status="refund", paid_at=PAID_AT + timedelta(hours=1))
    stage.paid(amount="2500.00", reference=OTHER)
    assert [row.amount.amount for row in order.rows if row.amount] == [1250, -1250, 2500]
    assert (order.status, order.advances) == (PRODUCTION, 1)


def test_two_partial_refunds_of_one_payment_are_two_refunds(tmp_path: Path) -> None:
    """P11: a refund's own date is part of its key, so the second half given back later is not a repeat."""
    stage = Stage.make(tmp_path)
    stage.order()
    first = stage.paid(status="refund", amount="500.00", paid_at=PAID_AT + timedelta(hours=1))
    second = stage.paid(status="refund", amount="500.00", paid_at=PAID_AT + timedelta(hours=2))
    assert first.id != second.id
