"""The proof's harder half: ledger against account, nothing stuck, and what people changed. Each check is shown to fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from reconciler.model import Entry, Mail, MailState, Reason, State, Step, StepKind, StepState
from reconciler.money import Money
from reconciler.sandbox.book import Book, open_reasons
from reconciler.sandbox.proof import PRODUCTION, Account, Letter, Nature, prove
from tests.proofs import ADVANCED, ORDER, PAID, ROW
from tests.worlds import World

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ACCOUNT = Account(orders={"101": ORDER}, incomes=(ROW,), advances=(ADVANCED,))


def _recorded() -> tuple[Entry, Mail]:
    """One settled payment and its letter, as a real ledger gives them."""
    with TemporaryDirectory() as folder:
        world = World.make(Path(folder))
        entry = world.pay("WFP-1", "50.00", order="101")
        with world.ledger.look() as tx:
            mail = tx.mail(entry.mail_id)
        world.ledger.close()
    settled = replace(
        entry, id=1, state=State.SETTLED, retry_at=None, task="901", income_id="1", advanced_by="us", mail_id=1
    )
    return settled, replace(mail, id=1, sha256="aa", state=MailState.READ)


ENTRY, MAIL = _recorded()
STEP = Step(
    id=1,
    slot="income:1:1",
    kind=StepKind.INCOME,
    desk="factory",
    order_number="101",
    entry_id=1,
    state=StepState.DONE,
    before={},
    result={},
    looks=0,
    sent_at=NOW,
    look_at=None,
)


def violations(book: Book, account: Account = ACCOUNT, *letters: Letter) -> tuple[str, ...]:
    return prove(letters or (PAID,), account, (), book).violations


def entries(*changed: Entry) -> Book:
    return Book(entries=changed, mails=(MAIL,), steps=(STEP,))


def unpaid(**changes: Any) -> Account:
    """The order as it was before any money reached it."""
    order = replace(ORDER, incomes=(), status="Очікує оплати", history=(), **changes)
    return Account(orders={"101": order}, incomes=(), advances=())


# ---------------------------------------------------------------- ledger and account


def test_a_ledger_that_agrees_is_proof() -> None:
    """A settled payment whose row stands as the ledger says is nothing to complain of."""
    assert violations(entries(ENTRY)) == ()


def test_a_row_that_is_gone_is_caught() -> None:
    """A posted payment whose row the account does not have is told."""
    found = violations(entries(replace(ENTRY, income_id="9")))
    assert "disagree: the row of payment WFP-1 (e1, settled) is not on Planfix" in found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": Money(Decimal("51.00"), "UAH")}, "is 50.00 with id 'WFP-1'"),
        ({"transaction_id": "WFP-2"}, "is 50.00 with id 'WFP-1'"),
        ({"task": "902"}, "stands on task 901, not on 902"),
        ({"order_number": "102"}, "stands on order 101, not on 102"),
    ],
)
def test_a_row_that_is_not_what_the_ledger_says_is_caught(change: dict[str, Any], words: str) -> None:
    """Sum, payment id, task and order of a posted row must be the ledger's."""
    other = replace(ORDER, number="102", id="102", tasks=("902",), incomes=())
    both = replace(ACCOUNT, orders={"101": ORDER, "102": other})
    assert any(words in said for said in violations(entries(replace(ENTRY, **change)), both))


def test_a_settled_payment_whose_order_stands_still_is_caught() -> None:
    """The ledger may not call settled what the account never sent to production."""
    waiting = replace(ORDER, status="Очікує оплати", history=())
    account = Account(orders={"101": waiting}, incomes=(ROW,), advances=())
    assert "disagree: payment WFP-1 is settled, and order 101 is not in production" in violations(
        entries(ENTRY), account
    )


def test_an_order_that_a_person_sent_to_production_may_be_settled() -> None:
    """In production by another's hand is in production."""
    by_hand = replace(ORDER, history=())
    account = Account(orders={"101": by_hand}, incomes=(ROW,), advances=(), touched={"101"})
    assert violations(entries(replace(ENTRY, advanced_by="other")), account) == ()


def test_a_row_of_ours_that_the_ledger_does_not_know_is_caught() -> None:
    """A row with a payment's id is that payment's in the ledger, or its payment waits for a person."""
    lost = replace(ENTRY, income_id=None, task=None, state=State.PARTIAL, retry_at=NOW)
    assert "disagree: row 1 with id WFP-1 is unknown to the ledger" in violations(entries(lost))
    asked = replace(lost, state=State.HELD, reason=Reason.CONFLICT, retry_at=None)
    assert violations(entries(asked)) == ()
    other = replace(asked, id=2, transaction_id="WFP-2")
    behind = replace(lost, state=State.WAITING, facts={"waits_for": "e2"})
    assert not any("unknown to the ledger" in said for said in violations(entries(behind, other)))


def test_a_row_of_two_payments_is_caught() -> None:
    """One row is one payment's."""
    twin = replace(ENTRY, id=2)
    assert "disagree: row 1 belongs to e1 and to e2" in violations(entries(ENTRY, twin))


def test_a_settled_payment_without_a_row_is_caught() -> None:
    """Settled means posted as well."""
    assert "disagree: payment WFP-1 is settled without a row" in violations(entries(replace(ENTRY, income_id=None)))


# ---------------------------------------------------------------- nothing is stuck


@pytest.mark.parametrize("state", [State.RECORDED, State.POSTED, State.PARTIAL, State.OVERPAID, State.WAITING])
def test_a_payment_without_a_next_try_is_caught(state: State) -> None:
    """What is neither settled nor a person's is tried again by itself."""
    said = f"stuck: payment WFP-1 (e1, {state}) has no next try and waits for nobody"
    assert said in violations(entries(replace(ENTRY, state=state)))
    assert said not in violations(entries(replace(ENTRY, state=state, retry_at=NOW)))


def test_a_hold_and_a_discard_have_a_reason() -> None:
    """A person is told why something is held, and a person said why something was discarded."""
    held, gone = replace(ENTRY, state=State.HELD), replace(ENTRY, state=State.DISCARDED)
    assert "held without a reason: payment WFP-1 (e1, held)" in violations(entries(held))
    assert "discarded without a reason: payment WFP-1 (e1, discarded)" in violations(entries(gone))
    mail = replace(MAIL, state=MailState.HELD)
    assert "held without a reason: letter m1" in violations(Book(entries=(ENTRY,), mails=(mail,), steps=()))


@pytest.mark.parametrize("state", [MailState.TAKEN, MailState.WAITING])
def test_a_letter_nobody_reads_again_is_caught(state: MailState) -> None:
    """A letter that was taken is read, or says when it is read next."""
    book = Book(entries=(ENTRY,), mails=(replace(MAIL, state=state),), steps=())
    assert violations(book) == (f"stuck: letter m1 is {state} and is not read again by itself",)


def test_a_step_nobody_looks_for_is_caught() -> None:
    """An unanswered step is looked for by a payment that is still open; one that is being sent has a sender."""
    unknown = replace(STEP, state=StepState.UNKNOWN)
    sending = replace(STEP, state=StepState.SENDING)
    comment = replace(unknown, kind=StepKind.COMMENT)
    for step, said in (
        (unknown, "stuck: step income:1:1 is unknown, and no payment looks for it"),
        (sending, "stuck: step income:1:1 is still being sent, and nobody sends it"),
    ):
        assert violations(Book(entries=(ENTRY,), mails=(), steps=(step,))) == (said,)
    assert violations(Book(entries=(ENTRY,), mails=(), steps=(comment,))) == ()


# ---------------------------------------------------------------- what a person can see


def test_what_a_person_can_see_is_told_with_its_payment_and_its_letter() -> None:
    """Held and discarded payments and letters are in sight, and so is a payment that waits for a held one."""
    held = replace(ENTRY, id=2, transaction_id="WFP-2", state=State.HELD, reason=Reason.CONFLICT)
    behind = replace(ENTRY, id=3, transaction_id="WFP-3", state=State.WAITING, facts={"waits_for": "e2"})
    alone = replace(ENTRY, id=4, transaction_id="WFP-4", state=State.WAITING, facts={"waits_for": "e1"})
    letter = replace(MAIL, id=2, sha256="bb", state=MailState.HELD, reason=Reason.UNTRUSTED)
    book = Book(entries=(ENTRY, held, behind, alone), mails=(MAIL, letter), steps=())
    assert book.visible({"aa": "WFP-1", "bb": "FORGED-1"}) == {"WFP-2", "WFP-3", "FORGED-1"}
    assert open_reasons(book) == {
        "held: conflict": 1,
        "held: untrusted": 1,
        "waiting: no reason": 2,
    }


# ---------------------------------------------------------------- people, refunds, late money


def test_money_that_came_after_the_release_is_no_early_advance() -> None:
    """An order released when it was exactly paid may be paid on by a payment that a letter told of, and by no other."""
    late = replace(ROW, key="2", payment_id="WFP-2", amount=Decimal("7.00"))
    account = replace(
        ACCOUNT, orders={"101": replace(ORDER, incomes=(ROW, late))}, incomes=(ROW, late), advances=(ADVANCED,)
    )
    told = replace(PAID, reference="WFP-2", amount=Decimal("7.00"))
    assert prove((PAID, told), account, ()).violations == ()
    assert prove((PAID, told), replace(account, advances=()), ()).violations == (
        "advanced, though not exactly paid: order 101 owes 50.00, has 57.00",
    )
    assert any("though not exactly paid" in said for said in prove((PAID,), account, ()).violations)


def test_what_people_changed_is_judged_by_the_moment_of_the_release() -> None:
    """A Due that a person changed later is no early advance; a release that was early stays one."""
    account = replace(ACCOUNT, orders={"101": replace(ORDER, due=Decimal("90.00"))}, touched={"101"})
    assert prove((PAID,), account, ()).violations == ()
    early = replace(account, advances=(replace(ADVANCED, paid=Decimal("20.00")),))
    assert prove((PAID,), early, ()).violations == ("advanced too early: order 101 had 20.00 of 50.00 at that moment",)


def test_a_payment_that_a_person_moved_may_stand_on_its_new_order() -> None:
    """A decision about the order is no wrong order; a row anywhere else is."""
    other = replace(ORDER, number="102", id="102")
    moved = replace(ACCOUNT, orders={"102": other}, incomes=(replace(ROW, order="102"),), advances=())
    assert prove((PAID,), replace(moved, moved={"WFP-1": ["102"]}), ()).violations == ()
    assert "wrong order: payment WFP-1 is order 101's and stands on 102" in prove((PAID,), moved, ()).violations


def test_a_refund_stays_in_sight() -> None:
    """Money that was given back is before a person, beside the payment it was."""
    refund = replace(PAID, nature=Nature.REFUND)
    assert prove((PAID, refund), ACCOUNT, ()).violations == (
        "out of sight: the refund letter about WFP-1 is held nowhere",
    )
    assert prove((PAID, refund), ACCOUNT, ["WFP-1"]).violations == ()


def test_a_payment_told_twice_differently_is_judged_as_first_told() -> None:
    """A second letter about the same payment with another sum changes nothing about what was paid."""
    other = replace(PAID, amount=Decimal("60.00"))
    assert prove((PAID, other), ACCOUNT, ()).violations == ()
    assert "wrong sum: payment WFP-1 was 60.00, its income is 50.00" in prove((other, PAID), ACCOUNT, ()).violations


def test_a_payment_that_is_nowhere_is_lost_whatever_people_touched() -> None:
    """No excuse of a person's hand covers a payment that nobody can see."""
    touched = replace(unpaid(), touched={"101"})
    assert prove((PAID,), touched, ()).violations == ("lost: payment WFP-1 of 50.00 for order 101 is nowhere",)


# ---------------------------------------------------------------- what keeps an order back


def paid_and_waiting(entry: Entry, *, status: str = "Очікує оплати", touched: bool = False) -> tuple[str, ...]:
    """What is said of an order that is exactly paid and was not advanced, by the state of its one payment."""
    order = replace(ORDER, status=status, history=())
    account = Account(orders={"101": order}, incomes=(ROW,), advances=(), touched={"101"} if touched else ())
    return violations(entries(entry), account)


def test_an_order_that_is_exactly_paid_waits_for_a_person_alone() -> None:
    """Open payments on an exactly paid order must have advanced it, unless a person was asked about its money."""
    said = "not advanced, though exactly paid: order 101 has 50.00"
    left = replace(ENTRY, state=State.PARTIAL, retry_at=NOW)
    assert paid_and_waiting(left) == (said,)
    assert paid_and_waiting(left, touched=True) == (said,)
    assert paid_and_waiting(left, touched=True, status="Скасовано") == ()
    assert paid_and_waiting(replace(ENTRY, state=State.HELD, reason=Reason.CONFLICT)) == ()
    assert paid_and_waiting(replace(ENTRY, state=State.DISCARDED, facts={"why": "ours"})) == ()


def test_a_status_that_was_sent_again_was_proven_not_applied() -> None:
    """Two status changes are one too many, unless the ledger had proven that the first was not applied."""
    account = replace(ACCOUNT, orders={"101": replace(ORDER, history=(PRODUCTION, PRODUCTION))})
    done = replace(STEP, slot="advance:factory:101:1", kind=StepKind.ADVANCE)
    dropped = replace(done, state=StepState.DROPPED, result={"absent": True})
    refused = replace(done, state=StepState.DROPPED, result={"refused": "no"})
    for steps, fine in (((done,), False), ((done, done), False), ((refused, done), False), ((dropped, done), True)):
        found = violations(Book(entries=(ENTRY,), mails=(), steps=steps), account)
        assert found == (() if fine else ("advanced 2 times: order 101",))


def test_rows_that_people_wrote_or_took_away_are_theirs() -> None:
    """A row that a person typed with a payment's id doubles nothing; one of ours that a person took away may be missing."""
    typed = replace(ROW, key="9")
    both = replace(ACCOUNT, incomes=(ROW, typed), typed={"9"})
    assert violations(entries(ENTRY), both) == ()
    assert any("doubled" in said for said in violations(entries(ENTRY), replace(both, typed=())))
    gone = replace(ENTRY, income_id="7")
    assert "disagree: the row of payment WFP-1 (e1, settled) is not on Planfix" in violations(entries(gone))
    assert violations(entries(gone), replace(ACCOUNT, removed={"7": "WFP-1"})) == (
        "disagree: row 1 with id WFP-1 is unknown to the ledger",
    )


def test_a_row_that_a_person_typed_with_a_payments_id_is_that_payment_or_is_told() -> None:
    """Of the same sum on the same order it is the payment; with anything else the payment itself must be somewhere."""
    order = replace(ORDER, status="Очікує оплати", history=())
    typed = Account(orders={"101": order}, incomes=(ROW,), advances=(), typed={"1"}, touched={"101"})
    assert prove((PAID,), typed, ()).violations == ()
    other = replace(typed, incomes=(replace(ROW, amount=Decimal("60.00")),))
    assert prove((PAID,), other, ()).violations == ("lost: payment WFP-1 of 50.00 for order 101 is nowhere",)
    assert prove((PAID,), other, ["WFP-1"]).violations == ()
