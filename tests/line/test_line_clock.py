"""A machine whose clock is set while payments wait, which is suspended, or on which an hour is skipped or told twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from reconciler.model import StepKind, StepState
from reconciler.sandbox.host import Death, HostControl
from reconciler.sandbox.planfix.faults import Fault
from tests.line.daemon import Daemon, until
from tests.line.line import Line, letter
from tests.line.orders import assert_paid_once

ONE = {"WFP-1": "1250.00"}
POST = "POST /task/{id}/datatags/"
SLOW_TO_GIVE_UP = {"timeout_seconds": 0.5, "unknown_wait": "30s"}
"""An absence is believed late, so that only a clock that is believed too much could make it count in this test."""

HOURS, DAYS = timedelta(hours=3), timedelta(days=40)


@pytest.fixture
def order(line: Line) -> Line:
    line.planfix.add_order(12345, "1250.00")
    return line


def jump(daemon: Daemon, control: HostControl, to: timedelta) -> None:
    """Set the clock, and wait until the service is on the new time."""
    starts = len(daemon.events("service.ready"))
    control.clock(to)
    daemon.wait_for("service.ready", times=starts + 1)


@pytest.mark.parametrize("by", [HOURS, DAYS, -HOURS], ids=str)
def test_a_jump_while_a_create_is_unanswered(order: Line, by: timedelta) -> None:
    """
    A clock set by hours or days, either way, while a create is unanswered: it is waited for from then on, looked for again,
    and when it lands it is found; it is never sent a second time (T04).
    """
    order.configure(desk=SLOW_TO_GIVE_UP)
    order.planfix.faults.add(Fault(on=POST, do="late"))
    with order.struck() as (daemon, control):
        order.deliver(letter("WFP-1"))
        daemon.wait_for("step.unknown")
        jump(daemon, control, by)
        assert daemon.wait_for("desk.clock_was_wrong")["waited_for_anew"] == 1
        order.planfix.forget_requests()
        until(lambda: order.requests().count("incomes by id") >= 3, daemon)
        assert "post" not in order.requests()
        order.planfix.land()
        daemon.wait_for("order.advanced")
        assert len(daemon.events("clock.jumped")) == 1
    assert_paid_once(order, ONE)


@pytest.mark.parametrize("by", [HOURS, -DAYS], ids=str)
def test_a_jump_while_an_order_is_waited_for(line: Line, by: timedelta) -> None:
    """A payment that waits for its order is tried again at once after a jump, and paid when the order is there: it is not stuck (T06)."""
    with line.struck() as (daemon, control):
        line.deliver(letter("WFP-1"))
        daemon.wait_for("entry.waiting", reason="order_not_found")
        line.planfix.add_order(12345, "1250.00")
        jump(daemon, control, by)
        daemon.wait_for("order.advanced")
    assert_paid_once(line, ONE)


def test_a_process_whose_clock_was_ahead_is_succeeded(order: Line) -> None:
    """Killed in the middle of a create with its clock two days ahead: the successor on the true time finishes, once."""
    order.configure(desk={"timeout_seconds": 0.5, "unknown_wait": "1s"})
    with order.struck() as (daemon, control):
        jump(daemon, control, timedelta(days=2))
        control.die(Death(at="step.sending", side="after"))
        order.deliver(letter("WFP-1"))
        assert daemon.ended() == -signal.SIGKILL
    with order.ledger() as ledger, ledger.look() as tx:
        [step] = tx.steps()
    assert (step.kind, step.state) == (StepKind.INCOME, StepState.SENDING)
    assert step.sent_at is not None
    assert step.sent_at > datetime.now(UTC) + timedelta(days=1)
    with order.daemon() as successor:
        successor.wait_for("order.advanced")
    assert_paid_once(order, ONE)


def test_a_clock_that_keeps_being_set(order: Line) -> None:
    """Set again and again, it costs a fresh start each, and no payment."""
    with order.struck() as (daemon, control):
        for hours in (5, -5):
            jump(daemon, control, timedelta(hours=hours))
        order.deliver(letter("WFP-1"))
        daemon.wait_for("order.advanced")
        assert len(daemon.events("service.started")) == 3
        assert daemon.stopped()[0] == 0
    assert_paid_once(order, ONE)


def test_a_suspended_machine(order: Line) -> None:
    """Suspended with a create under way, for longer than its time-out, it looks for it when it wakes, and finds it: one row (T04)."""
    order.configure(desk={"timeout_seconds": 0.5, "unknown_wait": "5s"})
    with order.struck() as (daemon, _):

        def suspend(_method: str, path: str, _body: Mapping[str, Any], phase: str) -> None:
            if path.endswith("/datatags/") and phase == "before":
                os.kill(daemon.pid, signal.SIGSTOP)

        order.planfix.on_request = suspend
        order.deliver(letter("WFP-1"))
        until(lambda: order.requests().count("post") == 1, daemon)
        slept_from = monotonic()
        until(lambda: monotonic() - slept_from > 0.6, daemon)  # the length of a sleep is what it is about
        os.kill(daemon.pid, signal.SIGCONT)
        daemon.wait_for("order.advanced")
        assert not daemon.events("clock.jumped")
        assert order.requests().count("post") == 1
        assert daemon.stopped()[0] == 0
    assert_paid_once(order, ONE)


NIGHTS = {
    "spring": datetime(2027, 3, 28, 0, 59, 58, tzinfo=UTC),
    "autumn": datetime(2027, 10, 31, 0, 59, 58, tzinfo=UTC),
}
"""Two seconds before Kyiv's clocks are set, at 01:00 UTC."""


@pytest.mark.parametrize("night", list(NIGHTS))
def test_the_night_the_clocks_are_changed(order: Line, night: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine set to Kyiv's time, the hour that is skipped or told twice is an hour like any other: nothing jumps, all is paid."""
    monkeypatch.setenv("TZ", "Europe/Kyiv")
    order.configure(desk={"timeout_seconds": 0.5, "unknown_wait": "2s"})
    order.planfix.faults.add(Fault(on=POST, do="drop"))
    with order.struck() as (daemon, control):
        jump(daemon, control, NIGHTS[night] - datetime.now(UTC))
        order.deliver(letter("WFP-1"))
        daemon.wait_for("order.advanced")
        assert len(daemon.events("clock.jumped")) == 1
    with order.ledger() as ledger, ledger.look() as tx:
        [first, *_, last] = [event.at for event in tx.history() if event.name in ("mail.taken", "order.advanced")]
    assert first < NIGHTS[night] + timedelta(seconds=2) < last
    assert_paid_once(order, ONE)
