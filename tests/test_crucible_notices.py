"""What the crucible is there for: with a protection taken away it says so. Scripted, so that each danger is surely met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler import settling
from reconciler.flow import janitor
from reconciler.flow import walk as walks
from reconciler.flow.record import Record
from reconciler.model import State, Step, StepState
from reconciler.sandbox.crucible.payments import Told
from reconciler.sandbox.planfix import Fault
from reconciler.sandbox.proof import PRODUCTION
from reconciler.sandbox.record import CREATE, STATUS
from reconciler.settling import Do, Look, Plan
from tests.wholes import Death, Whole

TOLD = Told(reference="WFP-1", order="101", amount=Decimal("50.00"), printed="101")


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    """Order 101 owes 50.00."""
    whole = Whole(tmp_path)
    whole.planfix.add_order("101", "50.00")
    yield whole
    whole.close()


def healed(whole: Whole) -> tuple[str, ...]:
    whole.heal()
    return whole.proof().violations


def posts_without_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_plan_post", lambda entry, look, policy: Plan(do=Do.POST))


def test_a_whole_line_is_proof(whole: Whole) -> None:
    """With every protection in place a payment is one income, its order is advanced, and nothing is said."""
    whole.deliver(TOLD)
    whole.work(seconds=1)
    assert (whole.planfix.order("101").status, len(whole.planfix.incomes)) == (PRODUCTION, 1)
    assert whole.dangers() == []
    assert healed(whole) == ()


def test_a_create_without_a_look_is_noticed_at_once(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """R10: an old copy of the ledger and no look before the create is a payment twice, and the crucible sees it."""
    whole.back_up()
    whole.deliver(TOLD)
    whole.work(seconds=1)
    whole.restore()
    with monkeypatch.context() as patch:
        posts_without_looking(patch)
        whole.work(seconds=1)
    assert whole.dangers() == ["doubled: payment WFP-1 stands on Planfix 2 times"]


def test_the_same_with_the_look_is_one_income(whole: Whole) -> None:
    """R10: an old copy of the ledger finds its payments on the desk."""
    whole.back_up()
    whole.deliver(TOLD)
    whole.work(seconds=1)
    whole.restore()
    assert healed(whole) == ()
    assert len(whole.planfix.incomes) == 1


def test_an_advance_before_the_money_is_noticed_at_once(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """M05: an order that is advanced while it owes is too early, whatever comes later."""
    seen = settling._plan_release

    def blind(entry: object, look: Look, policy: object) -> Plan:
        planned: Plan = seen(entry, look, policy)  # type: ignore[arg-type]
        return replace(planned, do=Do.ADVANCE, state=None) if planned.state is State.PARTIAL else planned

    monkeypatch.setattr(settling, "_plan_release", blind)
    whole.deliver(replace(TOLD, amount=Decimal("20.00")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walks, "plan", lambda entry, look, policy: _read_first(settling.plan(entry, look, policy), look))
        whole.work(seconds=1)
    assert whole.dangers() == ["advanced too early: order 101 had 20.00 of 50.00 at that moment"]


def _read_first(planned: Plan, look: Look) -> Plan:
    """An advance needs the order's status, which the first look does not have."""
    return Plan(do=Do.READ) if planned.do is Do.ADVANCE and look.order.status is None else planned


def test_an_answer_that_is_not_looked_for_is_noticed(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    """T03 T04: a create whose answer was lost, taken for one that failed, is a payment twice."""

    def forgets(record: Record, desk: object, step: Step) -> None:
        with record.ledger.begin() as tx:
            tx.move_step(step, StepState.DROPPED)

    posts_without_looking(monkeypatch)
    monkeypatch.setattr(janitor, "resolve", forgets)
    whole.planfix.faults.add(Fault(CREATE, "drop", when="after"))
    whole.deliver(TOLD)
    whole.work(seconds=300)
    assert any(words.startswith("doubled:") for words in whole.dangers())


def test_a_payment_that_was_dropped_is_noticed(whole: Whole) -> None:
    """A payment that stands nowhere and is before nobody is lost, and a stuck one is stuck."""
    whole.deliver(TOLD)
    with whole.ledger.begin() as tx:
        tx.connection.exec_driver_sql("UPDATE entry SET retry_at = NULL")
    violations = whole.proof().violations
    assert "lost: payment WFP-1 of 50.00 for order 101 is nowhere" in violations
    assert any(words.startswith("stuck: payment WFP-1") for words in violations)


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("left", [0, 2, 5, 9])
@pytest.mark.parametrize("at", ["request", "commit"])
def test_one_payment_survives_a_death_anywhere(whole: Whole, at: str, side: str, left: int) -> None:
    """D04 T12: whichever request or commit of a payment is the last of its process, it ends as one income and one advance."""
    whole.death = Death(at=at, side=side, left=left)
    whole.deliver(TOLD)
    whole.work(seconds=1)
    assert healed(whole) == ()
    order = whole.planfix.order("101")
    assert (order.status, len(order.incomes), order.history.count(PRODUCTION)) == (PRODUCTION, 1, 1)


@pytest.mark.parametrize("on", [CREATE, STATUS])
@pytest.mark.parametrize("do", ["drop", "cut", "truncated", "html", "empty", "text", "status:504", "late:drop"])
def test_one_payment_survives_every_lost_answer(whole: Whole, on: str, do: str) -> None:
    """T01 T03 T04: a write that happened and was not told of happens no second time."""
    whole.planfix.faults.add(Fault(on, do, when="after", after_requests=0 if do == "late:drop" else None))
    whole.deliver(TOLD)
    whole.work(seconds=1)
    assert healed(whole) == ()
    order = whole.planfix.order("101")
    assert (order.status, len(order.incomes), order.history.count(PRODUCTION)) == (PRODUCTION, 1, 1)
