"""Switches that strike the daemon itself: its life, its clock, its disk. Each on the real process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reconciler.model import Reason, State
from reconciler.sandbox import letters, switches
from reconciler.sandbox.machine import NotSwitchable
from reconciler.sandbox.proof import PRODUCTION, Letter
from reconciler.sandbox.stage import HOST, Sent, Stage
from reconciler.sandbox.switches import SwitchError
from reconciler.sandbox.switches.clock import next_change

FAST = {"requests_per_second": 500.0, "burst": 500, "timeout_seconds": 1, "unknown_wait": "2s"}
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A listening daemon that is ready, and an order of 50.00."""
    with Stage(tmp_path) as found:
        found.configure(desk=FAST, mailbox={"poll_seconds": 5})
        found.planfix.add_order("10417", "50.00")
        found.start_daemon(HOST)
        yield found


def pay(stage: Stage, reference: str = "WFP-1", order: str = "10417") -> Sent:
    """A genuine letter, written when the daemon's clock, or this one if it is behind, says that it is now."""
    at = datetime.now(UTC) + min(stage.machine.ahead, timedelta()) - timedelta(seconds=3)
    raw = letters.notice(reference=reference, amount="50.00", order=order, paid_at=at)
    return stage.deliver(Letter(reference=reference, order=order, amount=Decimal("50.00")), letters.sign(raw))


def until_settled(stage: Stage, reference: str = "WFP-1") -> None:
    stage.wait_for("the payment to be settled", lambda: stage.is_in(reference, State.SETTLED))
    assert stage.planfix.order("10417").status == PRODUCTION
    assert [row.payment_id for row in stage.planfix.incomes] == [reference]


def until_noticed(stage: Stage) -> None:
    """The service has begun anew on the new time."""
    stage.wait_for_event("clock.jumped")
    stage.wait_for_event("service.ready", times=2)


def recorded_at(stage: Stage, reference: str) -> datetime:
    stage.wait_for("the payment to be recorded", lambda: stage.entry(reference) is not None)
    entry = stage.entry(reference)
    assert entry is not None
    return entry.recorded_at


# ---------------------------------------------------------------- life


@pytest.mark.parametrize(
    ("given", "incomes"),
    [
        ({"at": "step.sending", "kind": "income"}, 0),
        ({"at": "request:create", "side": "before"}, 1),
        ({"at": "request:status", "side": "after"}, 1),
        ({"at": "income.posted", "side": "after"}, 1),
    ],
)
def test_a_daemon_is_killed_at_a_point(stage: Stage, given: dict[str, str], incomes: int) -> None:
    """It dies there, the account is as it is in that moment, and a second daemon finishes the payment once (T03)."""
    lit = switches.on(stage, "process.kill", **given)
    assert lit.struck() == 0
    pay(stage)
    stage.wait_for("its death", lambda: stage.daemon.was_killed, dead=True)
    stage.wait_for("the request to end", lambda: len(stage.planfix.incomes) == incomes, dead=True)
    assert lit.struck() == 1
    switches.all_off(stage)
    stage.start_daemon(HOST)
    until_settled(stage)


def test_a_daemon_is_killed_now_or_not_at_all(stage: Stage) -> None:
    """Without a point at once; called off never; a point that cannot be is refused."""
    with pytest.raises(SwitchError, match="no point"):
        switches.on(stage, "process.kill", at="sometime")
    with pytest.raises(SwitchError, match="there is no request 'creation'"):
        switches.on(stage, "process.kill", at="request:creation")
    for at in ("step.sending", "request:create"):
        switches.on(stage, "process.kill", at=at)
        switches.off(stage, "process.kill")
    pay(stage)
    until_settled(stage)
    assert switches.on(stage, "process.kill").struck() == 1
    assert stage.daemon.was_killed


def test_a_daemon_is_told_to_stop(stage: Stage) -> None:
    """SIGTERM: it ends with 0."""
    switches.on(stage, "process.term")
    assert stage.daemon.ended(8) == 0


def test_a_daemon_stands_still(stage: Stage) -> None:
    """SIGSTOP: nothing is asked of Planfix until it goes on."""
    switches.on(stage, "process.stop")
    asked = stage.planfix.count()
    pay(stage)
    switches.off(stage, "process.stop")
    until_settled(stage)
    assert stage.planfix.count() > asked


# ---------------------------------------------------------------- clock


@pytest.mark.parametrize(("name", "ahead"), [("clock.jump", 7200), ("clock.back", -7200)])
def test_the_clock_jumps(stage: Stage, name: str, ahead: int) -> None:
    """The ledger's times are the moved clock's, a second daemon begins on it, and off is the true time again."""
    switches.on(stage, name, seconds=7200)
    until_noticed(stage)
    pay(stage)
    until_settled(stage)
    moved = recorded_at(stage, "WFP-1") - datetime.now(UTC)
    assert abs(moved - timedelta(seconds=ahead)) < timedelta(minutes=5)
    assert stage.stop_daemon() == 0
    second = stage.start_daemon(HOST)
    # it was so before the process began, and to the process it is no jump
    assert [event["to"] for event in second.events("host.switched", door="pass")] == [ahead]
    assert not second.events("clock.jumped")
    switches.all_off(stage)
    assert [event["to"] for event in second.events("host.switched", door="clock")] == [0]
    until_noticed(stage)


def test_the_clock_stands_before_a_change_of_summer_time(stage: Stage) -> None:
    """What is recorded then is recorded in the last minutes of summer time, or the first of winter."""
    switches.on(stage, "clock.dst", night="autumn")
    until_noticed(stage)
    pay(stage)
    at = recorded_at(stage, "WFP-1")
    change = next_change(datetime.now(UTC), KYIV, begins=False)
    assert change is not None
    assert abs(at - change) < timedelta(minutes=5)
    until_settled(stage)


def test_the_night_of_a_change_is_found() -> None:
    """To the minute, both ways; a zone without summer time has none."""
    spring = next_change(datetime(2026, 1, 1, tzinfo=UTC), KYIV, begins=True)
    autumn = next_change(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), KYIV, begins=False)
    assert spring == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert autumn == datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert next_change(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("Asia/Tokyo"), begins=True) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"night": "winter"}, "spring or autumn"),
        ({"zone": "Mars/Base"}, "no time zone"),
        ({"zone": "UTC"}, "no summer"),
    ],
)
def test_a_night_that_is_not(stage: Stage, given: dict[str, str], words: str) -> None:
    """A night, a zone or a change that there is not is refused in words."""
    with pytest.raises(SwitchError, match=words):
        switches.on(stage, "clock.dst", **given)


def test_the_machine_sleeps(stage: Stage) -> None:
    """A payment that would wait for a day is put before a person right after a sleep of two days."""
    pay(stage, order="99999")
    stage.wait_for("it to wait", lambda: stage.is_in("WFP-1", State.WAITING))
    switches.on(stage, "clock.suspended", seconds=2 * 86_400)
    switches.off(stage, "clock.suspended")
    stage.wait_for("it to be held", lambda: stage.is_in("WFP-1", State.HELD))
    entry = stage.entry("WFP-1")
    assert entry is not None
    assert entry.reason is Reason.ORDER_NOT_FOUND


def test_a_daemon_of_another_kind_has_no_clock_of_its_own(tmp_path: Path) -> None:
    """`reconciler run` itself does not listen: its clock and disk are refused in words."""
    with Stage(tmp_path) as stage:
        stage.start_daemon()
        for name in ("clock.jump", "disk.full"):
            with pytest.raises(NotSwitchable, match="not started as HOST"):
                switches.on(stage, name)
        assert stage.lit == {}


# ---------------------------------------------------------------- disk


@pytest.mark.parametrize("name", ["disk.full", "disk.read_only"])
def test_the_disk_takes_nothing(stage: Stage, name: str) -> None:
    """Nothing reaches Planfix, the daemon lives and says what is wrong; with a good disk the payment is settled (R05)."""
    switches.on(stage, name)
    asked = stage.planfix.count()
    pay(stage)
    stage.wait_for(
        "it to complain", lambda: any(event["level"] in ("warning", "error") for event in stage.daemon.events())
    )
    assert stage.planfix.count() == asked
    assert stage.entry("WFP-1") is None
    switches.off(stage, name)
    until_settled(stage)


def test_the_ledger_is_damaged(stage: Stage) -> None:
    """The daemon ends with 70; with its file as it was before, a new one goes on."""
    pay(stage)
    until_settled(stage)
    switches.on(stage, "disk.corrupt")
    pay(stage, "WFP-2", order="10418")
    stage.wait_for("it to end", lambda: stage.daemon.code is not None, dead=True)
    assert stage.daemon.code == 70
    stage.planfix.add_order("10418", "50.00")
    switches.off(stage, "disk.corrupt")
    stage.start_daemon(HOST)
    stage.wait_for("the second payment", lambda: stage.is_in("WFP-2", State.SETTLED))
    assert stage.is_in("WFP-1", State.SETTLED)
    assert sorted(row.payment_id or "" for row in stage.planfix.incomes) == ["WFP-1", "WFP-2"]
