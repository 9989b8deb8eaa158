"""The ledger's steps, on real SQLite and real PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from reconciler.errors import LedgerUnavailable, ReconcilerError
from reconciler.ledger import Ledger, Tx
from reconciler.model import Step, StepKind, StepState
from tests.ledgers import START, HandClock, record


def plan(tx: Tx, slot: str = "advance:factory:1042:1", *, desk: str = "factory", entry_id: int | None = None) -> Step:
    return tx.plan_step(
        slot=slot, kind=StepKind.ADVANCE, desk=desk, order_number="1042", entry_id=entry_id, before={"status": "5"}
    )


def test_a_step_goes_from_planned_to_done(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T12: each stop of a step is written down with what was known then, and found again by its entry and order."""
    with any_ledger.begin() as tx:
        entry = record(tx)
        step = plan(tx, entry_id=entry.id)
        assert (step.state, step.before, step.sent_at) == (StepState.PLANNED, {"status": "5"}, None)
        hand_clock.move(1)
        sending = tx.move_step(step, StepState.SENDING)
        assert sending.sent_at == hand_clock()
        hand_clock.move(1)
        done = tx.move_step(sending, StepState.DONE, result={"status": "6"})
        assert (done.sent_at, done.result) == (sending.sent_at, {"status": "6"})
        assert tx.steps(entry_id=entry.id) == tx.steps(desk="factory", order_number="1042") == [done]
        assert tx.steps(kind=StepKind.INCOME) == tx.steps(states={StepState.SENDING}) == []
        names = [event.name for event in tx.history(entry_id=entry.id)]
    assert names == ["entry.recorded", "step.planned", "step.sent", "step.done"]


def test_a_planned_step_is_renewed(any_ledger: Ledger) -> None:
    """A plan that was never sent is made anew from a fresh look, in the same slot."""
    with any_ledger.begin() as tx:
        first = plan(tx)
        again = tx.plan_step(
            slot=first.slot,
            kind=first.kind,
            desk="factory",
            order_number="1042",
            entry_id=None,
            before={"status": "9"},
        )
        assert (again.id, again.before) == (first.id, {"status": "9"})
        assert len(tx.steps()) == 1


@pytest.mark.parametrize("state", [StepState.SENDING, StepState.UNKNOWN, StepState.DONE])
def test_a_slot_holds_one_live_step(any_ledger: Ledger, state: StepState) -> None:
    """T10: what was sent, is unknown or is done is never planned a second time; only what was dropped frees its slot."""
    with any_ledger.begin() as tx:
        step = tx.move_step(plan(tx), StepState.SENDING)
        if state is not StepState.SENDING:
            step = tx.move_step(step, state)
        with pytest.raises(ReconcilerError, match="never planned twice"):
            plan(tx)
        if state is not StepState.DONE:
            tx.move_step(step, StepState.DROPPED)
            assert plan(tx).id != step.id


def test_the_database_itself_refuses_a_second_live_step(any_ledger: Ledger) -> None:
    """T10: even a write that goes past the verbs cannot put two live steps into one slot."""
    with any_ledger.begin() as tx:
        dropped = tx.move_step(plan(tx), StepState.DROPPED)
        plan(tx)
    with pytest.raises(Exception, match=r"uq_step_slot_live|step\.slot"), any_ledger.begin() as tx:
        tx.connection.exec_driver_sql(f"UPDATE step SET state = 'planned' WHERE id = {dropped.id}")


@pytest.mark.parametrize("final", [StepState.DONE, StepState.DROPPED])
def test_a_final_step_stays(any_ledger: Ledger, final: StepState) -> None:
    """What is done is not sent again, and what was proved absent does not come to life."""
    with any_ledger.begin() as tx:
        step = tx.move_step(tx.move_step(plan(tx), StepState.SENDING), final)
        with pytest.raises(ReconcilerError, match="does not become"):
            tx.move_step(step, StepState.SENDING)


def test_a_step_read_before_another_moved_it_is_refused(any_ledger: Ledger) -> None:
    """T10: of two that hold the same planned step, one sends it."""
    with any_ledger.begin() as tx:
        step = plan(tx)
    start, refused = threading.Barrier(3), []

    def send() -> None:
        start.wait()
        try:
            with any_ledger.begin() as tx:
                tx.move_step(step, StepState.SENDING)
        except LedgerUnavailable as exc:
            refused.append(exc)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) == 2
    with any_ledger.look() as tx:
        assert [found.state for found in tx.steps()] == [StepState.SENDING]


def test_a_look_that_found_nothing_is_counted(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T05: looks at an unknown outcome are counted and timed; two of one count cannot both be written."""
    with any_ledger.begin() as tx:
        unknown = tx.move_step(tx.move_step(plan(tx), StepState.SENDING), StepState.UNKNOWN, look_at=START)
        looked = tx.move_step(unknown, StepState.UNKNOWN, looks=1, look_at=hand_clock())
        assert (looked.looks, looked.look_at) == (1, hand_clock())
        assert tx.history(order_number="1042")[-1].name == "step.looked"
        with pytest.raises(LedgerUnavailable):
            tx.move_step(unknown, StepState.DROPPED)
        with pytest.raises(TypeError, match="slot"):
            tx.move_step(looked, StepState.UNKNOWN, slot="other")


def test_a_successor_adopts_what_was_being_sent(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T04, R07: a step found sending after a crash is unknown, as of when it was sent; other desks' are left alone."""
    with any_ledger.begin() as tx:
        sent_at = hand_clock()
        sending = tx.move_step(plan(tx), StepState.SENDING)
        tx.move_step(plan(tx, "other", desk="office"), StepState.SENDING)
        planned = plan(tx, "advance:factory:1042:2")
    hand_clock.move(500)
    with any_ledger.begin() as tx:
        assert tx.adopt_sending("factory") == 1
        assert tx.adopt_sending("factory") == 0
        [adopted] = tx.steps(desk="factory", states={StepState.UNKNOWN})
        assert (adopted.id, adopted.sent_at) == (sending.id, sent_at)
        assert [step.id for step in tx.steps(states={StepState.PLANNED})] == [planned.id]
        assert [step.desk for step in tx.steps(states={StepState.SENDING})] == ["office"]


def test_a_step_sent_by_a_clock_that_was_ahead_is_waited_for_from_now(
    any_ledger: Ledger, hand_clock: HandClock
) -> None:
    """T04: sent, or given up, later than it is now: the wait begins now, and the looks made by that clock do not count."""
    with any_ledger.begin() as tx:
        right = tx.move_step(tx.move_step(plan(tx, "right"), StepState.SENDING), StepState.UNKNOWN, looks=1)
    hand_clock.move(86_400)
    with any_ledger.begin() as tx:
        sent = tx.move_step(plan(tx, "sent"), StepState.SENDING)
        tx.move_step(plan(tx, "other", desk="office"), StepState.SENDING)
    hand_clock.move(-86_000)
    with any_ledger.begin() as tx:
        given_up = tx.move_step(plan(tx, "given up"), StepState.SENDING)
        ahead = (hand_clock() + timedelta(days=1)).isoformat()
        given_up = tx.move_step(given_up, StepState.UNKNOWN, result={"given_up_at": ahead, "error": "late"}, looks=1)
        assert tx.wait_anew("factory", whatever_was_sent=False) == 2
        assert tx.wait_anew("factory", whatever_was_sent=False) == 0
        steps = {step.slot: step for step in tx.steps()}
        assert steps["right"] == right
        for slot in (sent.slot, given_up.slot):
            assert (steps[slot].sent_at, steps[slot].looks, steps[slot].look_at) == (hand_clock(), 0, None)
        assert steps[given_up.slot].result == {"error": "late"}
        assert steps["other"].sent_at == hand_clock() + timedelta(seconds=86_000)
        assert tx.history(order_number="1042")[-1].name == "step.waits_anew"


def test_after_a_jump_of_the_clock_every_wait_begins_anew(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """T04: when nobody can tell how long a step was waited for, it is waited for from now; what is planned or done is let be."""
    with any_ledger.begin() as tx:
        unknown = tx.move_step(tx.move_step(plan(tx), StepState.SENDING), StepState.UNKNOWN, looks=1)
        planned = plan(tx, "advance:factory:1042:2")
    hand_clock.move(3 * 86_400)
    with any_ledger.begin() as tx:
        assert tx.wait_anew("factory", whatever_was_sent=True) == 1
        [anew] = tx.steps(states={StepState.UNKNOWN})
        assert (anew.id, anew.sent_at, anew.looks) == (unknown.id, hand_clock(), 0)
        assert tx.steps(states={StepState.PLANNED}) == [planned]
