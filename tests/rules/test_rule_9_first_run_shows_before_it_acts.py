"""Rule 9: the first run shows before it acts, and what lay in the mailbox before is not posted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.errors import ConfigError
from reconciler.flow.rules import MailboxRules, Rules
from reconciler.model import OutcomeWord, Reason, State
from reconciler.settling import Mode
from tests.rules.stage import OTHER, PAID_AT, REFERENCE, Stage, rules_with, signed, stands
from tests.worlds import AWAITING, PRODUCTION


def rules_since(since: datetime) -> Rules:
    return rules_with(mailbox=MailboxRules(name="payments", since=since))


# ---------------------------------------------------------------- the cut-off


def test_a_payment_older_than_the_cut_off_by_more_than_a_day_is_too_old(tmp_path: Path) -> None:
    """O05 O16 D21: a day's grace for late notices; a minute more is held, with both moments, and makes no entry."""
    stage = Stage.make(tmp_path, rules=rules_since(PAID_AT + timedelta(days=1, minutes=1)))
    (outcome,) = stage.take(signed())
    assert (outcome.outcome, outcome.reason) == (OutcomeWord.HELD, Reason.TOO_OLD)
    assert outcome.facts["paid_at"] == PAID_AT.isoformat()
    assert stage.entries() == []


def test_a_payment_within_a_day_before_the_cut_off_posts(tmp_path: Path) -> None:
    """D21: a notice that was under way when the mailbox was taken into service is not lost."""
    stage = Stage.make(tmp_path, rules=rules_since(PAID_AT + timedelta(hours=23)))
    stage.order()
    assert stands(stage.paid()) == (State.SETTLED, None)


def test_a_mail_resent_from_before_the_cut_off_is_not_posted(tmp_path: Path) -> None:
    """O16 S06: resent or copied back it has a new INTERNALDATE; the day it was paid still counts, by the stored cut-off."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    with stage.ledger.begin() as tx:
        cutoff = PAID_AT + timedelta(days=30)
        tx.meet_mailbox("payments", "INBOX", uidvalidity=7, cutoff_at=cutoff, cutoff_uid=5, decided_by="UIDNEXT")
    (outcome,) = stage.take(signed(), received_at=PAID_AT + timedelta(days=31))
    stage.run(hours=1)
    assert (outcome.reason, order.rows) == (Reason.TOO_OLD, [])


def test_the_cut_off_is_stored_and_a_later_setting_does_not_move_it(tmp_path: Path) -> None:
    """O16: the decision of the first run stands: run three times, the same result."""
    stage = Stage.make(tmp_path, rules=rules_since(PAID_AT - timedelta(days=30)))
    with stage.ledger.begin() as tx:
        for later in (2, 30, 60):
            cutoff = PAID_AT + timedelta(days=later)
            met = tx.meet_mailbox("payments", "INBOX", uidvalidity=7, cutoff_at=cutoff, cutoff_uid=None, decided_by="x")
            assert met.cutoff_at == PAID_AT + timedelta(days=2)
    (outcome,) = stage.take(signed())
    assert outcome.reason is Reason.TOO_OLD


def test_a_ledger_lost_and_started_anew_posts_nothing_twice(tmp_path: Path) -> None:
    """R10: the desk remembers: every payment is looked for by its own id before it is posted, and adopted."""
    (tmp_path / "first").mkdir()
    (tmp_path / "anew").mkdir()
    before = Stage.make(tmp_path / "first")
    done, part = before.order(), before.order("54321", due="5000.00")
    before.paid()
    before.paid(reference=OTHER, order="54321")
    after = Stage.make(tmp_path / "anew")
    after.desk.by_number = before.desk.by_number
    entries = [after.paid(), after.paid(reference=OTHER, order="54321")]
    assert [entry.state for entry in entries] == [State.SETTLED, State.PARTIAL]
    assert entries[0].advanced_by == "other"
    assert (after.calls("post_income"), after.calls("incomes"), after.calls("advance")) == (0, 2, 0)
    assert [len(order.rows) for order in (done, part)] == [1, 1]


# ---------------------------------------------------------------- modes


def test_mode_must_be_chosen(tmp_path: Path) -> None:
    """O05: no desk starts in a mode nobody chose; the three are named."""
    path = tmp_path / "reconciler.toml"
    path.write_text(
        '[merchants.shop]\ngateway = "wayforpay"\nnames = ["shop_example_ua"]\ndesk = "factory"\n'
        '[desks.factory]\nurl = "http://127.0.0.1:9/rest/"\ntoken = "sandbox-token"\nadvance_from = ["Очікує оплати"]\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    (problem,) = caught.value.problems
    assert problem.startswith("desks.factory.mode")
    assert all(mode in problem for mode in ("observe", "post", "live"))


def test_observe_reads_plans_and_reports(tmp_path: Path) -> None:
    """O05: no row, no change of status; what would be done stands in the outcome and with the entry."""
    stage = Stage.make(tmp_path, mode=Mode.OBSERVE)
    order = stage.order()
    stage.told()
    (outcome,) = stage.worker.run_due()
    assert (outcome.outcome, outcome.facts["would"]) == (OutcomeWord.SKIPPED, "post 1250.00 UAH to order 12345")
    stage.run(hours=2)
    assert (order.rows, order.status, stage.calls("post_income"), stage.calls("advance")) == ([], AWAITING, 0, 0)


def test_what_was_observed_is_done_once_the_mode_is_live(tmp_path: Path) -> None:
    """O05 T06: also a payment that waited for its order while it was only observed: nothing is left behind."""
    stage = Stage.make(tmp_path, mode=Mode.OBSERVE)
    order = stage.order()
    first = stage.paid()
    late = stage.paid(reference=OTHER, order="54321")
    assert stands(late) == (State.WAITING, Reason.ORDER_NOT_FOUND)
    late_order = stage.order("54321")
    stage.run(minutes=5)
    stage.restart(mode=Mode.LIVE)
    stage.run(minutes=11)
    assert {stage.again(entry).state for entry in (first, late)} == {State.SETTLED}
    assert (order.advances, late_order.advances) == (1, 1)


def test_an_open_order_survives_a_spell_of_observing(tmp_path: Path) -> None:
    """O05: live, then observe, then live again: a part-paid order is still rechecked and released."""
    stage = Stage.make(tmp_path)
    order = stage.order(due="2500.00")
    entry = stage.paid()
    stage.restart(mode=Mode.OBSERVE)
    order.due = order.paid
    stage.run(minutes=11)
    assert order.status == AWAITING
    stage.restart(mode=Mode.LIVE)
    stage.run(minutes=11)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert order.status == PRODUCTION


def test_post_writes_incomes_and_advances_nothing(tmp_path: Path) -> None:
    """O05: the row stands, the order is left to people, and one that a person advances is seen."""
    stage = Stage.make(tmp_path, mode=Mode.POST)
    order = stage.order()
    entry = stage.paid()
    assert (entry.state, entry.facts["mode"]) == (State.POSTED, "post")
    stage.run(minutes=11)
    assert ([row.payment_id for row in order.rows], order.status, stage.calls("advance")) == ([REFERENCE], AWAITING, 0)
    order.status = PRODUCTION
    stage.run(minutes=6)
    assert (stage.again(entry).state, stage.again(entry).advanced_by) == (State.SETTLED, "other")


def test_what_was_only_posted_is_advanced_once_the_mode_is_live(tmp_path: Path) -> None:
    """O05: the paid orders of mode `post` are not forgotten by mode `live`, and nothing is posted twice."""
    stage = Stage.make(tmp_path, mode=Mode.POST)
    order = stage.order()
    entry = stage.paid()
    stage.run(minutes=11)
    stage.restart(mode=Mode.LIVE)
    stage.run(minutes=6)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert (order.advances, len(order.rows)) == (1, 1)


# ---------------------------------------------------------------- the brake


def test_pause_and_resume_survive_restarts(tmp_path: Path) -> None:
    """O05: paused, nothing is asked of the desk, also by a new process; resumed, everything that came meanwhile is done."""
    stage = Stage.make(tmp_path)
    order = stage.order()
    stage.pause(True)
    entry = stage.paid()
    stage.restart()
    stage.run(hours=5)
    assert (stands(stage.again(entry)), stage.desk.calls) == ((State.RECORDED, None), [])
    assert stage.worker.next_at() is None
    stage.pause(False)
    stage.restart()
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert order.advances == 1


def test_a_pause_in_the_middle_of_a_walk_stops_before_the_next_effect(tmp_path: Path) -> None:
    """T12: pulled while the row is being posted: the row is written down, the order is not advanced until resumed."""
    stage = Stage.make(tmp_path)
    order = stage.order()

    def a_person_pauses(verb: str, phase: str) -> None:
        if (verb, phase) == ("post_income", "after"):
            stage.pause(True)

    stage.desk.hook = a_person_pauses
    entry = stage.paid()
    assert (len(order.rows), order.status, entry.state) == (1, AWAITING, State.POSTED)
    stage.pause(False)
    stage.run()
    assert (stage.again(entry).state, len(order.rows), order.advances) == (State.SETTLED, 1, 1)
