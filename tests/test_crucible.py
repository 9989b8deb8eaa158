"""The crucible: its plan is a function of its seed, its people and letters are what they say, and a short one proves the daemon."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Reason, State
from reconciler.sandbox.book import Book
from reconciler.sandbox.crucible import tell
from reconciler.sandbox.crucible.hands import Hands
from reconciler.sandbox.crucible.payments import WRITERS, Act, Order, Told, scripts
from reconciler.sandbox.crucible.plan import LASTS, Plan, Strike, plan
from reconciler.sandbox.crucible.play import letter_of
from reconciler.sandbox.crucible.rest import is_at_rest
from reconciler.sandbox.crucible.strikes import MAILBOX, NAMES, PATTERNS, REQUESTS
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.proof import PRODUCTION, Nature
from reconciler.sandbox.stage import Stage
from tests.worlds import World

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

# ---------------------------------------------------------------- the plan


def test_a_seed_is_a_plan() -> None:
    """The same seed repeats the very same payments, faults, deaths and acts; another one does not."""
    assert plan(7, 60) == plan(7, 60)
    assert plan(7, 60) != plan(8, 60)


@given(seed=st.integers(0, 10_000), payments=st.integers(1, 60))
def test_a_plan_tells_of_as_many_payments_as_were_asked_for(seed: int, payments: int) -> None:
    """Genuine letters tell of exactly N payments, whatever chance says, each order's scenes in their order."""
    planned = plan(seed, payments)
    genuine = [s for s in planned.scenes if isinstance(s, Told) and s.nature is Nature.GENUINE]
    assert len({told.reference for told in genuine}) == payments
    numbers = [order.number for order in planned.orders]
    assert len(numbers) == len(set(numbers))
    for told in genuine:
        assert told.amount > 0


def test_a_long_plan_has_every_strike_and_every_kind_of_payment() -> None:
    """What a long run must have met is planned often enough to be met."""
    planned = plan(1, 2000)
    assert NAMES - planned.names.keys() == set()
    natures = {scene.nature for scene in planned.scenes if isinstance(scene, Told)}
    acts = {scene.what for scene in planned.scenes if isinstance(scene, Act)}
    assert natures == set(Nature)
    assert acts == {
        *("appear", "leave draft", "type a row", "change due", "send to production", "cancel", "remove a row"),
    }


def test_what_lasts_does_not_overlap() -> None:
    """A pause, a full disk, a suspension and a copy of the ledger each end before the next begins."""
    lasting: list[str] = []
    for scene in plan(3, 2000).scenes:
        if not isinstance(scene, Strike) or scene.name == "process.stopped":
            continue
        if scene.ends:
            assert lasting.pop() == scene.name
        elif scene.name in ("process.suspended", "disk.full", "desk.paused", "ledger.restored"):
            assert not lasting
            lasting.append(scene.name)
    assert not lasting
    assert LASTS > 0


@pytest.mark.parametrize("writer", list(WRITERS), ids=lambda writer: str(writer.__name__))
def test_an_orders_script_is_about_that_order(writer: object) -> None:
    """Every scene of a script is about its order, and sums have no part of a kopeck."""
    found = list(scripts(Random(5), 3000))
    assert sum(script.payments for script in found) == 3000
    for script in found:
        for scene in script.scenes:
            about = scene.order if isinstance(scene, Told) else scene.about
            assert about == script.order.number
            if scene.amount is not None:
                assert scene.amount == scene.amount.quantize(Decimal("0.01"))


def test_every_strike_is_a_switch_that_can_be_lit(tmp_path: Path) -> None:
    """Each strike lights its switch for its request or command; what has met nothing has not struck."""
    with Stage(tmp_path) as stage:
        for strike in REQUESTS.values():
            for kind in strike.kinds:
                lit = strike.light(stage, kind)
                method, path = PATTERNS[kind].replace("{id}", "7").split()
                assert lit.struck() == 0
                assert stage.planfix.faults.take(method, path) is not None
                assert lit.struck() == 1
                lit.off()
        for mailbox in MAILBOX.values():
            lit = mailbox.light(stage)
            assert lit.struck() == 0
            assert stage.imap.faults.take(mailbox.command) is not None
            assert lit.struck() == 1
            lit.off()


# ---------------------------------------------------------------- letters


def test_a_letter_told_again_is_the_same_bytes() -> None:
    """A repeat of a scene is byte for byte the same letter, and in another language another one."""
    told = Told(reference="WFP-1", order="101", amount=Decimal("50.00"), printed="101")
    assert letter_of(told, NOW) == letter_of(replace(told, again=True), NOW)
    assert letter_of(told, NOW) != letter_of(replace(told, language="en"), NOW)


# ---------------------------------------------------------------- people


@pytest.fixture
def hands(planfix_server: SandboxPlanfix) -> Hands:
    planfix_server.reset()
    orders = {"101": Order(number="101", due=Decimal("50.00")), "102": Order(number="102", due=Decimal("7.00"))}
    hands = Hands(planfix_server, orders)
    hands.put(orders["101"])
    return hands


def test_people_change_the_account_and_say_so(hands: Hands) -> None:
    """Each act is done at the account, and what it touched is known to the proof."""
    hands.do(Act(what="appear", about="102"))
    hands.do(Act(what="change due", about="102", amount=Decimal("9.00")))
    hands.do(Act(what="type a row", about="102", amount=Decimal("4.00")))
    row = hands.planfix.add_income("101", "3.00", "WFP-1")
    hands.do(Act(what="remove a row", about="101"))
    hands.do(Act(what="cancel", about="101"))
    assert (hands.planfix.order("102").due, hands.planfix.order("102").paid) == (Decimal("9.00"), Decimal("4.00"))
    assert hands.planfix.order("101").status == "Скасовано"
    assert hands.removed == {row.key: "WFP-1"}
    assert hands.touched == {"101", "102"}
    assert len(hands.typed) == 1


def test_people_leave_an_order_alone_that_is_about_to_move(hands: Hands) -> None:
    """No person races the daemon: an order that is exactly paid and not released yet keeps its money."""
    hands.planfix.add_income("101", "50.00", "WFP-1")
    hands.do(Act(what="change due", about="101", amount=Decimal("60.00")))
    hands.do(Act(what="type a row", about="101", amount=Decimal("1.00")))
    assert hands.left == 2
    assert hands.planfix.order("101").due == Decimal("50.00")
    assert hands.touched == set()
    hands.do(Act(what="send to production", about="101"))
    assert hands.planfix.order("101").status == PRODUCTION


def test_people_do_only_what_they_can(hands: Hands) -> None:
    """A word that is no act is an error, not nothing."""
    with pytest.raises(ValueError, match="people do not"):
        hands.do(Act(what="dance", about="101"))


# ---------------------------------------------------------------- rest


def test_rest_is_when_nothing_goes_on_by_itself(tmp_path: Path) -> None:
    """What was recorded, waits by itself or was not glanced at is no rest; what waits behind a held payment is."""
    world = World.make(tmp_path)
    entry = world.pay("WFP-1", "50.00", order="101")
    other = replace(world.pay("WFP-2", "50.00", order="101"), state=State.HELD, reason=Reason.CONFLICT)
    world.ledger.close()

    def rests(**changes: object) -> bool:
        changed = replace(entry, **changes)  # type: ignore[arg-type]
        return is_at_rest(Book(entries=(changed, other), mails=(), steps=()), NOW)

    assert not rests()
    assert not rests(state=State.WAITING, facts={})
    assert not rests(state=State.PARTIAL, retry_at=NOW - timedelta(seconds=1))
    assert rests(state=State.PARTIAL, retry_at=NOW)
    assert rests(state=State.WAITING, facts={"waits_for": f"e{other.id}"})
    assert rests(state=State.WAITING, facts={"blocked": True})
    assert rests(state=State.SETTLED)


# ---------------------------------------------------------------- what is told


def test_a_fault_that_never_struck_is_told_of_a_long_run_alone() -> None:
    """A long crucible fails when a kind of strike never struck; a short one cannot meet all of them."""
    planned = plan(1, 20)
    assert tell.never_struck(planned, {}) == []
    long = Plan(seed=1, payments=tell.LONG, orders=(), scenes=(), requests={})
    struck = Counter(NAMES)
    assert tell.never_struck(long, struck) == []
    del struck["disk.full"]
    assert tell.never_struck(long, struck) == ["never struck: disk.full"]


# ---------------------------------------------------------------- the whole


@pytest.mark.timeout(480)
@pytest.mark.long
def test_a_short_crucible_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """D04 T03 T04 T10 T12 R10: payments under faults, deaths and people's acts end as one income each, or before a person."""
    done = subprocess.run(
        [sys.executable, "-m", "reconciler.sandbox.crucible", "--payments", "40", "--seed", "4"],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=420,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "Nothing lost, nothing doubled, nothing too early, nothing stuck." in done.stdout
    struck = [
        line.split()[-1] for line in done.stdout.splitlines() if line.strip().startswith(("planfix.", "process."))
    ]
    assert sum(map(int, struck)) >= 10
