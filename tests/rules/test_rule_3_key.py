"""Rule 3: one payment has one key, and what the same and what another payment is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.flow import decisions
from reconciler.model import Entry, Kind, MailRef, OutcomeWord, Reason, State
from reconciler.sandbox import letters
from tests.rules.stage import LINES, OTHER, PAID_AT, REFERENCE, Stage, signed, signed_lines, stands
from tests.worlds import AWAITING, PRODUCTION

KEY = f"wayforpay:shop:{REFERENCE}"


def contradicted(stage: Stage, entry: Entry, **other: str) -> Entry:
    """A second letter tells the same payment with another fact."""
    (outcome,) = stage.take(signed(**other))
    assert (outcome.outcome, outcome.key) == (OutcomeWord.HELD, entry.key)
    return stage.again(entry)


# ---------------------------------------------------------------- the key's form


def test_the_key_is_gateway_merchant_transaction_and_for_a_refund_its_kind(tmp_path: Path) -> None:
    """P09: a payment's key has three parts; a refund's adds its kind and its own moment."""
    stage = Stage.make(tmp_path)
    assert stage.told().key == KEY
    refund = stage.told(status="refund", paid_at=PAID_AT + timedelta(hours=1))
    assert refund.key == f"{KEY}:refund:20261120T130533Z"


@pytest.mark.parametrize("shop", ["shop.example.ua (shop_example_ua)", "shop_example_ua", "https://SHOP.example.ua/"])
def test_the_merchant_in_the_key_is_the_settings_name_never_the_letter_s_text(tmp_path: Path, shop: str) -> None:
    """P09 M02: however the letter prints the shop, the key is the same, so the same payment is no second one."""
    assert Stage.make(tmp_path).told(shop=shop).key == KEY


def test_the_transaction_id_is_nfkc_normalised_and_trimmed(tmp_path: Path) -> None:
    """M02: full-width digits and spaces around an id make no other payment."""
    stage = Stage.make(tmp_path)
    wide = REFERENCE.replace("1234567", "\uff11\uff12\uff13\uff14\uff15\uff16\uff17")
    (wide_one,) = stage.take(signed_lines(*LINES, f"Номер платежу:  {wide} ", "Номер замовлення: 12345"))
    first = stage.entry(wide_one.id)
    assert first.key == KEY
    (again,) = stage.take(signed())
    assert again.id == f"e{first.id}"
    assert stands(stage.again(first)) == (State.RECORDED, None)


def test_the_transaction_id_s_case_is_kept(tmp_path: Path) -> None:
    """The key and the row's id show it as it was printed."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    entry = stage.paid(reference="WFP-BTN-77-ABCDEF0123456")
    assert entry.key.endswith(":WFP-BTN-77-ABCDEF0123456")
    assert order.rows[0].payment_id == "WFP-BTN-77-ABCDEF0123456"


def test_a_wfpreg_suffix_is_kept(tmp_path: Path) -> None:
    """M01: each month's charge of a recurring payment has an id of its own, and each posts."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    first = stage.paid(reference=f"{REFERENCE}_WFPREG-1")
    second = stage.paid(reference=f"{REFERENCE}_WFPREG-2")
    assert (first.key, second.key) == (f"{KEY}_WFPREG-1", f"{KEY}_WFPREG-2")
    assert [row.payment_id for row in order.rows] == [f"{REFERENCE}_WFPREG-1", f"{REFERENCE}_WFPREG-2"]


def test_declined_notices_take_no_key(tmp_path: Path) -> None:
    """M12: the late success of a payment that was declined first is new, and posts; in the other order nothing is undone."""
    stage = Stage.make(tmp_path)
    stage.order()
    stage.take(signed(status="declined"))
    entry = stage.paid()
    assert stands(entry) == (State.SETTLED, None)
    stage.take(signed(status="declined", paid_at=PAID_AT + timedelta(minutes=1)))
    stage.run(hours=1)
    assert stage.again(entry) == entry


# ---------------------------------------------------------------- the same payment


def test_same_key_and_same_facts_is_already(tmp_path: Path) -> None:
    """D15 M02 S06: the same payment in another mail, or the genuine one replayed, is `already` and costs no request."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    entry = stage.paid()
    calls = list(stage.desk.calls)
    (other_mail,) = stage.take(signed(language="en"))
    (same_bytes,) = stage.take(letters.sign(letters.notice()))
    stage.run(hours=1)
    assert (other_mail.outcome, same_bytes.outcome) == (OutcomeWord.ALREADY, OutcomeWord.ALREADY)
    assert (other_mail.id, len(order.rows), stage.desk.calls) == (f"e{entry.id}", 1, calls)


def test_two_mails_of_one_payment_in_one_batch_are_one_payment(tmp_path: Path) -> None:
    """D17 T11: both are recorded before either is walked: one row, one advance."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    first = stage.told(language="uk")
    second = stage.told(language="ru")
    stage.run(hours=1)
    assert first.id == second.id
    assert (len(order.rows), order.advances) == (1, 1)


def test_the_same_bytes_from_another_folder_or_by_hand_are_read_no_second_time(tmp_path: Path) -> None:
    """D01 D17 D09: a mail moved to another folder, copied to another mailbox or reprocessed is the mail that was read."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    raw = signed()
    inbox = MailRef(mailbox="payments", folder="INBOX", uidvalidity=7, uid=1)
    archive = MailRef(mailbox="payments", folder="Archive", uidvalidity=9, uid=1)
    (first,) = stage.take(raw, ref=inbox)
    stage.run()
    (moved,) = stage.take(raw, ref=archive)
    (copied,) = stage.take(raw, mailbox="second")
    (by_hand,) = stage.take(raw)
    stage.run(hours=1)
    assert {(one.mail, one.id, one.outcome) for one in (moved, copied, by_hand)} == {
        (first.mail, first.id, OutcomeWord.ALREADY)
    }
    assert (len(order.rows), order.advances) == (1, 1)


# ---------------------------------------------------------------- conflicts


def test_same_key_and_another_sum_is_a_conflict(tmp_path: Path) -> None:
    """M02: neither a repeat nor a new payment: held with what was told, and nothing more is posted."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="5000.00")
    entry = contradicted(stage, stage.paid(), amount="1350.00")
    assert stands(entry) == (State.HELD, Reason.CONFLICT)
    assert entry.facts["told"]["amount"] == "1350.00 UAH"
    stage.run(hours=1)
    assert (len(order.rows), order.status) == (1, AWAITING)


def test_same_key_and_another_order_is_a_conflict(tmp_path: Path) -> None:
    """M02: the other order gets nothing."""
    stage = Stage.make(tmp_path)
    stage.order(due="5000.00")
    other = stage.order("54321")
    entry = contradicted(stage, stage.paid(), order="54321")
    stage.run(hours=1)
    assert stands(stage.again(entry)) == (State.HELD, Reason.CONFLICT)
    assert other.rows == []


def test_two_ids_that_differ_only_in_case_are_a_conflict(tmp_path: Path) -> None:
    """M02: the same id in another case is posted by nobody but a person."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="5000.00")
    entry = stage.paid()
    (outcome,) = stage.take(signed(reference=REFERENCE.upper()))
    assert (outcome.id, outcome.reason) == (f"e{entry.id}", Reason.CONFLICT)
    stage.run(hours=1)
    assert len(order.rows) == 1


def test_an_id_in_another_case_on_the_desk_is_a_conflict(tmp_path: Path) -> None:
    """M02 M09: a row that carries our id in another case is not taken for ours, and nothing is posted beside it."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    stage.desk.type_row(order, stage.told().amount, payment_id=REFERENCE.upper())
    stage.run()
    assert stands(stage.entries()[0]) == (State.HELD, Reason.CONFLICT)
    assert len(order.rows) == 1


def test_a_settled_payment_told_otherwise_is_held_and_its_order_left_alone(tmp_path: Path) -> None:
    """M02 M12: contrary facts about a settled payment are told to a person; the order stays in production."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    entry = contradicted(stage, stage.paid(), amount="1.00")
    assert stands(entry) == (State.HELD, Reason.CONFLICT)
    assert (order.status, order.advances) == (PRODUCTION, 1)


def test_a_person_resolves_a_conflict_and_the_same_letter_raises_it_no_more(tmp_path: Path) -> None:
    """M08: "go on" overrules exactly this telling; it is not held for it again, but for a third telling it is."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    entry = contradicted(stage, stage.paid(), amount="1.00")
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run(hours=1)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    (repeated,) = stage.take(signed(amount="1.00", language="ru"))
    assert repeated.reason is None
    (third,) = stage.take(signed(amount="2.00"))
    assert third.reason is Reason.CONFLICT
    assert (len(order.rows), order.advances) == (1, 1)


def test_a_conflict_is_judged_by_the_facts_as_first_read(tmp_path: Path) -> None:
    """M08: after a person gave another order, the same letter again is still a repeat and undoes nothing."""
    stage = Stage.make(tmp_path)
    order = stage.order("54321")
    entry = stage.paid(order="99999")
    assert stands(entry) == (State.WAITING, Reason.ORDER_NOT_FOUND)
    decisions.give_order(stage.ledger, f"e{entry.id}", "54321")
    stage.run()
    (again,) = stage.take(signed(order="99999", language="en"))
    assert (again.outcome, again.order) == (OutcomeWord.ALREADY, "54321")
    assert order.advances == 1


# ---------------------------------------------------------------- missing facts, and other payments


def test_a_missing_fact_is_filled_by_a_later_trusted_notice(tmp_path: Path) -> None:
    """A letter without the order number is followed by one with it: no conflict, and the payment goes on by itself."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    entry = stage.paid(order=None)
    assert stands(entry) == (State.HELD, Reason.ORDER_NOT_FOUND)
    (filled,) = stage.take(signed(order="12345"))
    assert (filled.id, filled.order) == (f"e{entry.id}", "12345")
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert len(order.rows) == 1


def test_a_later_notice_without_the_number_takes_nothing_away(tmp_path: Path) -> None:
    """A missing fact is not a different fact, in this order either."""
    stage = Stage.make(tmp_path)
    stage.order()
    entry = stage.paid()
    (again,) = stage.take(signed(order=None))
    assert (again.outcome, again.order) == (OutcomeWord.ALREADY, "12345")
    assert stage.again(entry).order_number == "12345"


def test_a_filled_number_does_not_undo_a_person_s_decision(tmp_path: Path) -> None:
    """M08: what a person discarded stays discarded when the missing number arrives."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    entry = stage.paid(order=None)
    decisions.discard(stage.ledger, f"e{entry.id}", "paid in error, given back in cash")
    stage.take(signed(order="12345"))
    stage.run(hours=1)
    assert stage.again(entry).state is State.DISCARDED
    assert order.rows == []


def test_different_keys_with_equal_sum_order_and_minute_are_two_payments(tmp_path: Path) -> None:
    """M01 D15: two ids are two payments, whatever else is equal: two rows, and one advance."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    first, second = stage.told(), stage.told(reference=OTHER)
    stage.run(hours=1)
    assert first.id != second.id
    assert sorted(row.payment_id or "" for row in order.rows) == sorted([REFERENCE, OTHER])
    assert (order.status, order.advances) == (PRODUCTION, 1)


def test_a_void_beside_a_payment_is_an_entry_of_its_own(tmp_path: Path) -> None:
    """M12: money back under the payment's transaction id is neither a repeat nor a conflict of it."""
    stage = Stage.make(tmp_path)
    stage.order()
    payment = stage.paid()
    refund = stage.paid(status="refund", paid_at=PAID_AT)
    assert (payment.kind, refund.kind) == (Kind.PAYMENT, Kind.REFUND)
    assert payment.id != refund.id
    assert stands(stage.again(payment)) == (State.SETTLED, None)
