"""`plan` as a table: what an entry's order needs next, for every kind of look; and which state may follow which."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.flow import decisions
from reconciler.model import (
    MONEY_BACK,
    Entry,
    Income,
    Kind,
    Order,
    OutcomeWord,
    PaymentTask,
    Reason,
    State,
    Totals,
    Voucher,
)
from reconciler.money import Money
from reconciler.settling import (
    MAY_FOLLOW,
    OUTCOME_OF,
    WAITS_FOR_ORDER,
    Do,
    Look,
    Mode,
    Policy,
    payment_id,
    payment_like,
    plan,
    rows_overruled,
    same_id,
    signed,
)
from tests.rules.stage import Lost
from tests.worlds import AWAITING, DONE, NEW, PRODUCTION, FakeOrder, World, uah

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LIVE = Policy(
    mode=Mode.LIVE,
    currency="UAH",
    is_advanced=lambda status: status in (PRODUCTION, DONE),
    may_advance=lambda status: status == AWAITING,
)
POSTED: dict[str, Any] = {"posted": True, "known": {"155": uah("1250.00")}}
FRESH: dict[str, Any] = {**POSTED, "fresh": True}


def entry(**facts: Any) -> Entry:
    given_facts: dict[str, Any] = {
        "id": 1,
        "key": "wayforpay:shop:WFP-1",
        "desk": "factory",
        "gateway": "wayforpay",
        "merchant": "shop",
        "kind": Kind.PAYMENT,
        "transaction_id": "WFP-1",
        "amount": uah("1250.00"),
        "order_number": "12345",
        "order_read": "12345",
        "order_raw": "12345",
        "paid_at": NOON,
        "payer": None,
        "parser": "wayforpay",
        "parser_version": "1",
        "trusted_by": Voucher.DKIM,
        "mail_id": 1,
        "state": State.RECORDED,
        "reason": None,
        "facts": {},
        "acknowledged": (),
        "tries": 0,
        "retry_at": NOON,
        "deadline_at": None,
        "recorded_at": NOON,
        "changed_at": NOON,
        "task": None,
        "income_id": None,
        "advanced_by": None,
    }
    return Entry(**(given_facts | facts))


OURS = entry(state=State.POSTED, task="t1", income_id="155")


def row(payment_id: str | None = "WFP-1", amount: str = "1250.00", *, key: str = "155", task: str = "t1") -> Income:
    return Income(id=key, task=task, amount=uah(amount), paid_on="2026-11-20", payment_id=payment_id)


def order(
    due: str = "1250.00", paid: str = "0.00", difference: str | None = None, *, status: Any = AWAITING, **more: Any
) -> Order:
    gap = uah(difference) if difference else uah(due) - uah(paid)
    task = PaymentTask(
        id="t1", draft=more.pop("draft", False), totals=Totals(due=uah(due), paid=uah(paid), difference=gap)
    )
    tasks = (task, replace(task, id="t2"))[: more.pop("tasks", 1)]
    return Order(number="12345", id="12345", tasks=tasks, status=status, **more)


PAID = order(paid="1250.00")
NOTHING_COUNTS = PaymentTask(id="t1", draft=False, totals=Totals(due=uah("1250.00"), paid=None, difference=None))
UNCOUNTED = replace(order(), tasks=(NOTHING_COUNTS,))


def refund(**facts: Any) -> Entry:
    return entry(kind=Kind.REFUND, **facts)


TABLE: list[tuple[str, Entry, Look, Policy, Do | State, Reason | None]] = [
    # ---- what forbids touching the order at all
    ("refund is held", refund(), Look(order=order()), LIVE, State.HELD, Reason.REFUND),
    ("refund reverses", refund(), Look(order=order()), replace(LIVE, refunds_reverse=True), Do.ASK_INCOMES, None),
    ("currency", entry(amount=Money.from_minor(1, "EUR")), Look(order=order()), LIVE, State.HELD, Reason.CURRENCY_MISMATCH),
    ("closed", entry(), Look(order=order(closed=True)), LIVE, State.HELD, Reason.ORDER_CLOSED),
    ("no task", entry(), Look(order=order(tasks=0)), LIVE, State.WAITING, Reason.NO_PAYMENT_TASK),
    ("two tasks", entry(), Look(order=order(tasks=2)), LIVE, State.WAITING, Reason.PAYMENT_TASK_AMBIGUOUS),
    # ---- before the post
    ("asks first", entry(), Look(order=order()), LIVE, Do.ASK_INCOMES, None),
    ("draft asks too", entry(), Look(order=order(draft=True)), LIVE, Do.ASK_INCOMES, None),
    ("draft waits", entry(), Look(order=order(draft=True), ours=()), LIVE, State.WAITING, Reason.PAYMENT_TASK_DRAFT),
    ("posts", entry(), Look(order=order(), ours=()), LIVE, Do.POST, None),
    ("adopts", entry(), Look(order=PAID, ours=(row(),)), LIVE, Do.ADOPT, None),
    ("adopts with ends", entry(), Look(order=PAID, ours=(row(" WFP-1 "),)), LIVE, Do.ADOPT, None),
    ("other sum", entry(), Look(order=PAID, ours=(row(amount="1.00"),)), LIVE, State.HELD, Reason.CONFLICT),
    ("other task", entry(), Look(order=PAID, ours=(row(task="t9"),)), LIVE, State.HELD, Reason.CONFLICT),
    ("other case", entry(), Look(order=PAID, ours=(row("wfp-1"),)), LIVE, State.HELD, Reason.CONFLICT),
    ("twice", entry(), Look(order=PAID, ours=(row(), row(key="156"))), LIVE, State.HELD, Reason.DOUBLED),
    ("strange paid is listed", entry(), Look(order=order(paid="7.00"), ours=()), LIVE, Do.LIST_ROWS, None),
    ("no paid is listed", entry(), Look(order=UNCOUNTED, ours=()), LIVE, Do.LIST_ROWS, None),
    ("typed", entry(), Look(order=PAID, ours=(), rows=(row(None),)), LIVE, State.HELD, Reason.MAYBE_TYPED),
    ("typed other sum", entry(), Look(order=order(paid="7.00"), ours=(), rows=(row(None, "7.00"),)), LIVE, Do.POST, None),
    ("listed as ours", entry(), Look(order=PAID, ours=(), rows=(row(),)), LIVE, Do.ADOPT, None),
    ("listed twice", entry(), Look(order=PAID, ours=(row(),), rows=(row(key="156"),)), LIVE, State.HELD, Reason.DOUBLED),
    ("unlisted", entry(), Look(order=PAID, ours=(), rows=()), LIVE, State.HELD, Reason.DIFFERENCE_STALE),
    ("unlisted by a bit", entry(), Look(order=order(paid="7.01"), ours=(), rows=(row(None, "7.00"),)), LIVE, State.HELD, Reason.DIFFERENCE_STALE),
    ("unlisted overruled", entry(acknowledged=("unlisted:1250.00",)), Look(order=PAID, ours=(), rows=()), LIVE, Do.POST, None),
    ("paid lags", entry(), Look(order=order(), ours=(), rows=(row(None, "7.00"),)), LIVE, Do.POST, None),
    ("typed overruled", entry(acknowledged=("maybe_typed:155",)), Look(order=PAID, ours=(), rows=(row(None),)), LIVE, Do.POST, None),
    ("stranger overruled", entry(acknowledged=("stranger:9,155",)), Look(order=PAID, ours=(), rows=(row(None),)), LIVE, Do.POST, None),
    # ---- after it
    ("reads fresh", OURS, Look(order=PAID, **POSTED), LIVE, Do.READ, None),
    ("advances", OURS, Look(order=PAID, **FRESH), LIVE, Do.ADVANCE, None),
    ("status unread", OURS, Look(order=replace(PAID, status=None), **FRESH), LIVE, Do.READ, None),
    ("owes", OURS, Look(order=order("2000.00", "1250.00"), **FRESH), LIVE, State.PARTIAL, None),
    ("too much", OURS, Look(order=order("1000.00", "1250.00"), **FRESH), LIVE, State.OVERPAID, Reason.OVERPAID),
    ("too much goes on", OURS, Look(order=order("1000.00", "1250.00"), **FRESH), replace(LIVE, overpaid_advances=True), Do.ADVANCE, None),
    ("not summed", OURS, Look(order=order("1250.00", "1250.00", "7.00"), **FRESH), LIVE, State.HELD, Reason.DIFFERENCE_STALE),
    ("paid strange", OURS, Look(order=order("1300.00", "1300.00"), **FRESH), LIVE, Do.LIST_ROWS, None),
    ("paid moved by ours", OURS, Look(order=order("1300.00", "1300.00"), **FRESH, paid_before=uah("50.00")), LIVE, Do.ADVANCE, None),
    ("paid moved by more", OURS, Look(order=order("1300.00", "1300.00"), **FRESH, paid_before=uah("40.00")), LIVE, Do.LIST_ROWS, None),
    ("rows sum", OURS, Look(order=order("1300.00", "1300.00"), **FRESH, rows=(row(), row(None, "50.00", key="9"))), LIVE, Do.ADVANCE, None),
    ("rows do not sum", OURS, Look(order=order("1300.00", "1300.00"), **FRESH, rows=(row(),)), LIVE, State.HELD, Reason.DIFFERENCE_STALE),
    ("our row is gone", OURS, Look(order=order("1300.00", "50.00"), **FRESH, rows=(row(None, "50.00", key="9"),)), LIVE, State.HELD, Reason.CONFLICT),
    ("another's row twice", OURS, Look(order=PAID, **FRESH, rows=(row(), row("X", key="8"), row("x", key="9"))), LIVE, State.HELD, Reason.DOUBLED),
    ("in production", OURS, Look(order=replace(PAID, status=PRODUCTION), **FRESH), LIVE, State.SETTLED, None),
    ("beyond it", OURS, Look(order=replace(PAID, status=DONE), **FRESH), LIVE, State.SETTLED, None),
    ("not listed", OURS, Look(order=replace(PAID, status=NEW), **FRESH), LIVE, State.HELD, Reason.STATUS_NOT_LISTED),
    ("blocked", OURS, Look(order=PAID, **FRESH, blocked_by=(Reason.DOUBLED,)), LIVE, State.WAITING, Reason.DOUBLED),
    ("mode post", OURS, Look(order=PAID, **FRESH), replace(LIVE, mode=Mode.POST), State.POSTED, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "told", "look", "policy", "next_", "reason"), TABLE, ids=[line[0].replace(" ", "_") for line in TABLE]
)
def test_the_plan(what: str, told: Entry, look: Look, policy: Policy, next_: Do | State, reason: Reason | None) -> None:
    """T12 T13 M05 M09: for this look, this is the one thing to do next, or the state in which the walk ends."""
    planned = plan(told, look, policy)
    assert (planned.do or planned.state, planned.reason) == (next_, reason), what


def test_settled_says_by_whom() -> None:
    """An order found in production was advanced by us only where our own release of it is proven."""
    look = Look(order=replace(PAID, status=PRODUCTION), fresh=True, posted=True, known=POSTED["known"])
    assert plan(OURS, look, LIVE).facts["advanced_by"] == "other"
    assert plan(OURS, replace(look, released=True), LIVE).facts["advanced_by"] == "us"


looks = st.builds(
    Look,
    order=st.builds(
        order,
        due=st.sampled_from(["1250.00", "1300.00"]),
        paid=st.sampled_from(["0.00", "1250.00", "1300.00"]),
        difference=st.sampled_from([None, "0.00", "7.00", "-7.00"]),
        status=st.sampled_from([None, AWAITING, PRODUCTION, NEW]),
        tasks=st.integers(0, 2),
        draft=st.booleans(),
        closed=st.booleans(),
    ),
    ours=st.sampled_from([None, (), (row(),), (row(), row(key="156"))]),
    rows=st.sampled_from([None, (), (row(),), (row(), row(None, "50.00", key="9"))]),
    known=st.sampled_from([{}, {"155": uah("1250.00")}]),
    posted=st.booleans(),
    paid_before=st.sampled_from([None, uah("0.00"), uah("50.00")]),
    fresh=st.booleans(),
    blocked_by=st.sampled_from([(), (Reason.REFUND,)]),
)


@settings(max_examples=60, deadline=None)
@given(look=looks, mode=st.sampled_from(list(Mode)), told=st.sampled_from([entry(), OURS, refund()]))
def test_every_look_has_a_plan_and_only_a_proven_zero_advances(look: Look, mode: Mode, told: Entry) -> None:
    """M05 D13: one thing to do or one state, never both or neither; an advance only on a fresh read that shows zero."""
    planned = plan(told, look, replace(LIVE, mode=mode))
    assert (planned.do is None) is not (planned.state is None)
    if planned.do is Do.ADVANCE:
        totals = look.order.tasks[0].totals
        assert look.fresh
        assert look.posted
        assert not look.blocked_by
        assert mode is Mode.LIVE
        assert totals.difference == uah("0.00")
        assert totals.due == totals.paid
        assert look.order.status == AWAITING
    if planned.do is Do.POST:
        assert look.ours == ()
        assert not look.posted
    assert plan(told, look, replace(LIVE, mode=mode)) == planned


# ---------------------------------------------------------------- states


def test_every_state_has_a_row() -> None:
    """M12 D13: the table of states is closed: every state is in it, leads only to states, and has an outcome's word."""
    assert set(MAY_FOLLOW) == set(State) == set(OUTCOME_OF)
    assert set().union(*MAY_FOLLOW.values()) == set(State)
    assert set(OUTCOME_OF.values()) <= set(OutcomeWord)


def test_what_is_settled_is_reopened_by_nothing_but_a_hold() -> None:
    """M12: no late letter makes a settled payment partial, waiting or new again."""
    assert MAY_FOLLOW[State.SETTLED] == {State.SETTLED, State.HELD}


@pytest.mark.parametrize("state", [State.HELD, State.DISCARDED])
def test_what_a_person_decides_is_left_only_by_their_word(state: State) -> None:
    """M08: from here the only way on is `recorded`, where a person sends it back to."""
    assert MAY_FOLLOW[state] - {state, State.DISCARDED} == {State.RECORDED}


def test_waiting_for_an_order_is_for_reasons_an_order_can_mend() -> None:
    """T06: exactly the reasons that end by somebody finishing the order."""
    assert {reason.value for reason in WAITS_FOR_ORDER} == {
        "order_not_found",
        "no_payment_task",
        "payment_task_ambiguous",
        "payment_task_draft",
    }


HAPPENS = ("pay", "lose", "cash", "lower", "move", "discard", "retry", "give", "wait", "restart")


@settings(max_examples=12, deadline=None)
@given(happens=st.lists(st.sampled_from(HAPPENS), min_size=2, max_size=7))
def test_no_walk_makes_a_forbidden_move(happens: list[str]) -> None:
    """M12 M08: whatever people, desk and letters do in whatever order, each change of state is one the table allows."""
    with tempfile.TemporaryDirectory() as folder:
        world = World.make(Path(folder))
        there = world.desk.add("12345", "2500.00")
        told = [world.pay("WFP-0", "1250.00")]
        for number, what in enumerate(happens, start=1):
            _happen(world, there, told, what, number)
            world.run(hours=0.1)
        for one in told:
            with world.ledger.look() as tx:
                moves = [event.facts["state"] for event in tx.history(entry_id=one.id) if event.facts.get("state")]
            states = [State.RECORDED, *(State(state) for state in moves)]
            assert all(after in MAY_FOLLOW[before] for before, after in pairwise(states)), states
        world.ledger.close()


def _happen(world: World, there: FakeOrder, told: list[Entry], what: str, number: int) -> None:
    last = f"e{told[-1].id}"
    with contextlib.suppress(decisions.NotPossible):
        if what == "pay":
            told.append(world.pay(f"WFP-{number}", "1250.00"))
        elif what == "lose":
            world.desk.hook = Lost("post_income", "before" if number % 2 else "after")
            told.append(world.pay(f"WFP-{number}", "1250.00"))
        elif what == "cash":
            world.desk.type_row(there, uah("1250.00"), payment_id=None)
        elif what == "lower":
            there.due = uah("1250.00")
        elif what == "move":
            there.status = NEW if there.status == AWAITING else AWAITING
        elif what == "discard":
            decisions.discard(world.ledger, last, "a person says so")
        elif what == "retry":
            decisions.retry(world.ledger, last)
        elif what == "give":
            decisions.give_order(world.ledger, last, "54321")
        elif what == "wait":
            world.run(hours=1)
        else:
            world.restart()


# ---------------------------------------------------------------- small words


def test_a_payment_s_row_carries_its_id_as_printed_and_money_back_an_id_of_its_own() -> None:
    """P11: the two rows of one transaction id are never taken for each other."""
    assert payment_id(entry(transaction_id="WFP-1_WFPREG-2")) == "WFP-1_WFPREG-2"
    ids = {payment_id(entry(kind=kind)) for kind in [Kind.PAYMENT, *MONEY_BACK]}
    assert len(ids) == 1 + len(MONEY_BACK)
    assert payment_id(refund()) != payment_id(refund(paid_at=NOON.replace(hour=13)))


def test_money_back_is_negative_and_only_these_kinds_make_entries() -> None:
    """P11: the sum of a refund goes on the order with a minus."""
    assert (signed(entry()), signed(refund())) == (uah("1250.00"), uah("-1250.00"))
    assert {kind for kind in Kind if payment_like(kind)} == {Kind.PAYMENT, *MONEY_BACK}


@pytest.mark.parametrize(
    ("printed", "same"), [("WFP-1", True), (" wfp-1 ", True), ("WFP-11", False), ("", False), (None, False)]
)
def test_ids_are_compared_whole(printed: str | None, same: bool) -> None:
    """P16 M02: ignoring case and ends, and nothing else."""
    assert same_id(printed, "WFP-1") is same


def test_rows_that_were_overruled_are_known_by_either_question() -> None:
    """M08: a person is asked about a row once."""
    told = entry(acknowledged=("maybe_typed:1,2", "stranger:3", "conflict:4:5"))
    assert rows_overruled(told) == {"1", "2", "3"}
