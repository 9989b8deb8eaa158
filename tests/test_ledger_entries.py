"""The ledger's entries, on real SQLite and real PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciler import ports
from reconciler.errors import FieldUnreadable, LedgerUnavailable
from reconciler.ledger import Ledger
from reconciler.model import Kind, MailState, NewEntry, Payer, Reason, Recorded, State
from reconciler.money import Money
from tests.ledgers import START, HandClock, notice_of, record, take


def test_the_ledger_satisfies_the_ports(any_ledger: Ledger) -> None:
    """What flow is written against is what the ledger is: the type checker holds both lines."""
    ledger: ports.Ledger = any_ledger
    with ledger.begin() as tx:
        verbs: ports.LedgerTx = tx
        assert verbs.entries() == []
    with any_ledger.begin(actor="a person") as whole:
        verbs = whole
        assert verbs.due_mails() == []


def test_a_new_entry_is_due_at_once_and_keeps_every_fact(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """A recorded payment comes back with exactly the facts it came with, and its walk is due."""
    told = notice_of(payer=Payer(name="Ім'я Платника", card="4242"))
    with any_ledger.begin() as tx:
        mail = take(tx)
        entry, recorded = tx.record(mail.id, told)
    with any_ledger.look() as tx:
        assert tx.entry(entry.id) == entry
        assert tx.due_entries("factory") == [entry]
        assert tx.due_entries("another") == []
    assert recorded is Recorded.NEW
    assert entry.state is State.RECORDED
    for name in NewEntry.__slots__:
        assert getattr(entry, name) == getattr(told, name)
    assert (entry.order_read, entry.mail_id, entry.recorded_at) == ("1042", mail.id, hand_clock())


@pytest.mark.parametrize("minor", [1, 99, 125000, -4200, 0, 10**15 + 1, 2**63 - 1])
def test_money_round_trips_exactly(any_ledger: Ledger, minor: int) -> None:
    """No amount loses a minor unit on its way into the ledger and back, beyond what a float could hold."""
    amount = Money.from_minor(minor, "UAH")
    with any_ledger.begin() as tx:
        entry = tx.record(take(tx).id, NewEntry(**_with(notice_of(), amount=amount)))[0]
    with any_ledger.look() as tx:
        assert tx.entry(entry.id).amount == amount
        assert tx.entry(entry.id).amount.minor == minor


def _with(entry: NewEntry, **other: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in NewEntry.__slots__} | other


def test_told_again_is_already(any_ledger: Ledger) -> None:
    """T11: one payment told in two mails is one entry, and both mails know it."""
    with any_ledger.begin() as tx:
        first = record(tx)
        second_mail = take(tx, b"the same payment, another mail")
        again, recorded = tx.record(second_mail.id, notice_of())
        assert (again, recorded) == (first, Recorded.ALREADY)
        assert tx.entries() == [first]
        assert tx.entries(mail_id=second_mail.id) == tx.entries(mail_id=first.mail_id) == [first]


@pytest.mark.parametrize(
    "other",
    [
        {"amount": Money(Decimal("1250.01"), "UAH")},
        {"amount": Money(Decimal("1250.00"), "USD")},
        {"kind": Kind.REFUND},
        {"order_number": "1043"},
        {"key": "wayforpay:shop:wfp-1"},
        {"key": "wayforpay:shop:ＷＦＰ-1"},
    ],
    ids=["amount", "currency", "kind", "order", "other case", "full width"],
)
def test_same_key_other_facts_is_a_conflict(any_ledger: Ledger, other: dict[str, Any]) -> None:
    """O07: another payment under a taken key, also one that differs only in case, is told apart and changes nothing."""
    with any_ledger.begin() as tx:
        first = record(tx)
        mail = take(tx, b"another mail")
        found, recorded = tx.record(mail.id, NewEntry(**_with(notice_of(), **other)))
        assert (found, recorded) == (first, Recorded.CONFLICT)
        assert tx.entry(first.id) == first
        assert [event.name for event in tx.history(mail_id=mail.id)] == ["mail.taken", "entry.contradicted"]


def test_a_correction_makes_no_conflict(any_ledger: Ledger) -> None:
    """A person's corrected order number is kept, and the same letter read again is judged by what it said first."""
    with any_ledger.begin() as tx:
        entry = record(tx)
        entry = tx.change(entry, State.RECORDED, event="entry.corrected", order_number="2000")
        found, recorded = tx.record(entry.mail_id, notice_of())
        assert recorded is Recorded.ALREADY
        assert (found.order_number, found.order_read) == ("2000", "1042")
        assert tx.entries(order_number="2000") == [found]
        assert tx.entries(order_number="1042") == []


def test_a_missing_fact_is_filled(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """A trusted repeat fills what was missing, wakes a waiting entry, and never overwrites what is known."""
    with any_ledger.begin() as tx:
        entry = record(tx, order_number=None, order_raw=None, payer=Payer(name="Known"))
        tx.change(entry, State.WAITING, reason=Reason.ORDER_NOT_FOUND, event="entry.postponed", retry_at=_later(60))
        hand_clock.move(1)
        told = notice_of(order_number="1042", order_raw="1042", payer=Payer(name="Other", phone="380"))
        filled, recorded = tx.record(take(tx, b"another mail").id, told)
        assert recorded is Recorded.ALREADY
        assert (filled.order_number, filled.order_read, filled.order_raw) == ("1042", "1042", "1042")
        assert filled.payer == Payer(name="Known", phone="380")
        assert filled.retry_at == hand_clock()
        assert tx.record(entry.mail_id, notice_of(order_number=None))[1] is Recorded.ALREADY
        assert tx.record(entry.mail_id, notice_of(order_number="7"))[1] is Recorded.CONFLICT


@pytest.mark.parametrize("facts", [{"transaction_id": "W" * 400}, {"order_number": "1" * 400}], ids=["key", "order"])
def test_what_is_too_long_for_an_index_is_held(any_ledger: Ledger, facts: dict[str, str]) -> None:
    """A hostile reference is a person's business, never a database error that stops the mails behind it."""
    with any_ledger.begin() as tx:
        mail = take(tx)
        with pytest.raises(FieldUnreadable):
            tx.record(mail.id, notice_of(**facts))
        tx.close_mail(mail.id, MailState.HELD, reason=Reason.UNREADABLE)


def test_a_key_with_characters_no_database_stores(any_ledger: Ledger) -> None:
    """NUL and half surrogate pairs do not break the ledger, and the same letter is still the same payment."""
    with any_ledger.begin() as tx:
        entry = record(tx, "A\0\udc80")
        assert tx.record(entry.mail_id, notice_of("A\0\udc80"))[1] is Recorded.ALREADY
        assert [found.id for found in tx.entries(key="WAYFORPAY:shop:a\0\udc80")] == [entry.id]


def test_threads_recording_one_key_make_one_entry(any_ledger: Ledger) -> None:
    """T11: however many threads tell of one payment at once, exactly one of them is the first."""
    start = threading.Barrier(4)

    def tell(number: int) -> Recorded:
        start.wait(60)
        with any_ledger.begin() as tx:
            return tx.record(take(tx, f"mail {number}".encode()).id, notice_of())[1]

    with ThreadPoolExecutor(4) as pool:
        words = list(pool.map(tell, range(4)))
    assert sorted(words) == [Recorded.ALREADY] * 3 + [Recorded.NEW]
    with any_ledger.look() as tx:
        assert len(tx.entries()) == 1


def test_a_change_writes_its_columns_and_its_event(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """Facts, reason and retry_at are cleared unless given, the rest kept; the history tells the same story."""
    with any_ledger.begin() as tx:
        entry = record(tx)
        waiting = tx.change(
            entry,
            State.WAITING,
            reason=Reason.ORDER_NOT_FOUND,
            event="entry.postponed",
            facts={"asked": "1042", "due": Money(Decimal("1.50"), "UAH"), "at": hand_clock()},
            retry_at=_later(30),
            deadline_at=_later(3600),
            tries=1,
            acknowledged=("maybe_typed:e1",),
        )
        assert waiting.facts["due"] == {"amount": "1.50", "currency": "UAH"}
        assert (waiting.tries, waiting.acknowledged, waiting.retry_at) == (1, ("maybe_typed:e1",), _later(30))
        posted = tx.change(waiting, State.POSTED, event="income.posted", task="9", income_id="77")
        assert (posted.facts, posted.reason, posted.retry_at) == ({}, None, None)
        assert (posted.tries, posted.deadline_at, posted.task, posted.income_id) == (1, _later(3600), "9", "77")
        told = tx.history(entry_id=entry.id)[-1]
        assert (told.name, told.actor, told.order_number, told.mail_id) == (
            "income.posted",
            "tester",
            "1042",
            entry.mail_id,
        )
        assert told.facts == {"state": "posted", "reason": None, "task": "9", "income_id": "77"}


def test_a_change_of_a_stale_entry_is_refused(any_ledger: Ledger) -> None:
    """T11: who acts on an entry that has changed since it was read changes nothing, even when the clock stood still."""
    with any_ledger.begin() as tx:
        read = record(tx)
    with any_ledger.begin() as tx:
        tx.change(read, State.DISCARDED, event="entry.discarded")

    def act() -> None:
        with any_ledger.begin() as tx:
            tx.append("entry.touched", entry_id=read.id)
            tx.change(read, State.POSTED, event="income.posted")

    with pytest.raises(LedgerUnavailable, match="read it again"):
        act()
    with any_ledger.look() as tx:
        assert tx.entry(read.id).state is State.DISCARDED
        assert "entry.touched" not in [event.name for event in tx.history()]


def test_a_column_that_is_not_there_is_a_bug(any_ledger: Ledger) -> None:
    """Money and keys are not among what a walk may change."""
    with any_ledger.begin() as tx:
        entry = record(tx)
        with pytest.raises(TypeError, match="amount_minor, key"):
            tx.change(entry, State.POSTED, event="x.y", amount_minor=1, key="other")


def test_due_entries_are_the_oldest_payments_first(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """What was paid first is walked first, whenever its mail came; what waits is not due before its time."""
    with any_ledger.begin() as tx:
        late = record(tx, "A", paid_at=START)
        early = record(tx, "B", paid_at=START - timedelta(days=2))
        waiting = record(tx, "C")
        tx.change(waiting, State.WAITING, reason=Reason.DESK_UNREACHABLE, event="entry.postponed", retry_at=_later(60))
        settled = record(tx, "D")
        tx.change(settled, State.SETTLED, event="order.advanced")
    with any_ledger.begin() as tx:
        assert [entry.id for entry in tx.due_entries("factory")] == [early.id, late.id]
        assert tx.next_due("factory") == hand_clock()
        for entry in (early, late):
            tx.change(tx.entry(entry.id), State.SETTLED, event="order.advanced")
        assert tx.next_due("factory") == _later(60)
        hand_clock.move(60)
        assert [entry.id for entry in tx.due_entries("factory")] == [waiting.id]
        assert tx.next_due("nowhere") is None


def test_a_look_that_found_nothing_new_only_moves_the_next_one(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """Re-reading open orders for weeks writes no history, and does not disturb whoever holds the entry."""
    with any_ledger.begin() as tx:
        first, second = record(tx, "A"), record(tx, "B")
        lines = len(tx.history())
        hand_clock.move(1)
        tx.postpone([first.id], _later(300))
        tx.postpone([], _later(600))
        assert tx.entry(first.id).retry_at == _later(300)
        assert tx.entry(second.id) == second
        assert len(tx.history()) == lines
        assert tx.change(first, State.SETTLED, event="order.advanced").state is State.SETTLED


def test_what_was_only_observed_is_queued_when_the_desk_may_post(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """Entries that mode `observe` left lying become due once, and only the desk's own, and only untouched ones."""
    with any_ledger.begin() as tx:
        observed, other = record(tx, "A"), record(tx, "B", desk="office")
        settled, due = record(tx, "C"), record(tx, "D")
        for entry, state in ((observed, State.RECORDED), (other, State.RECORDED), (settled, State.SETTLED)):
            tx.change(entry, state, event="entry.observed")
        hand_clock.move(60)
        assert tx.requeue("factory") == 1
        assert tx.requeue("factory") == 0
        assert {entry.id for entry in tx.due_entries("factory")} == {observed.id, due.id}
        assert tx.entry(observed.id).retry_at == hand_clock()
        assert tx.entry(due.id) == due
        assert tx.due_entries("office") == []


def test_entries_are_found_by_what_people_ask_for(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """Each filter narrows, all of them together, oldest first."""
    with any_ledger.begin() as tx:
        first = record(tx, "A")
        hand_clock.move(60)
        second = record(tx, "B", desk="other", order_number="7")
        held = tx.change(second, State.HELD, reason=Reason.OVERPAID, event="entry.held")

        def found(**filters: Any) -> list[int]:
            return [entry.id for entry in tx.entries(**filters)]

        assert found() == [first.id, held.id]
        assert found(states={State.HELD, State.OVERPAID}) == [held.id]
        assert found(reason=Reason.OVERPAID, desk="other", order_number="7") == [held.id]
        assert found(since=hand_clock()) == [held.id]
        assert found(key="WAYFORPAY:SHOP:a") == [first.id]
        assert found(states=()) == []
        with pytest.raises(LookupError, match="e99"):
            tx.entry(99)


def test_a_naive_time_is_an_error(any_ledger: Ledger) -> None:
    """A time without a zone is nobody's time: it never enters the ledger."""
    with pytest.raises(ValueError, match="time zone"), any_ledger.begin() as tx:
        record(tx, paid_at=datetime(2026, 11, 22))  # noqa: DTZ001


def test_an_entry_that_waits_for_no_reason_is_refused_by_the_database(any_ledger: Ledger) -> None:
    """Whoever is told to look is told why: the tables themselves hold that line."""
    for state in (State.HELD, State.WAITING):
        with pytest.raises(Exception, match="ck_entry_reason"), any_ledger.begin() as tx:
            tx.change(record(tx), state, event="entry.held")


def _later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)
