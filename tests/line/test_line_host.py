"""The doors of a daemon that can be struck: its clock, its disk, its death, and the pipe to its starter."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.model import State
from reconciler.sandbox import host
from reconciler.sandbox.host import Death, Disk, HostControl, HostFailed
from reconciler.sandbox.planfix.faults import Fault
from tests.line.daemon import Daemon
from tests.line.line import Line, letter
from tests.line.orders import assert_paid_once

ONE = {"WFP-1": "1250.00"}


@pytest.fixture
def order(line: Line) -> Line:
    line.planfix.add_order(12345, "1250.00")
    return line


def test_untouched_it_is_the_daemon(order: Line) -> None:
    """A struck daemon that nobody strikes pays like any other, and ends with 0 at SIGTERM."""
    with order.struck() as (daemon, _):
        order.deliver(letter("WFP-1"))
        daemon.wait_for("order.advanced")
        assert daemon.stopped()[0] == 0
    assert_paid_once(order, ONE)


def test_its_exit_codes_are_the_daemons(line: Line) -> None:
    """Settings that `reconciler run` refuses with 2, it refuses with 2."""
    line.configure(desk={"mode": "lvie"})
    with Daemon([*host.PROGRAM, "--config", str(line.settings)], listens=True) as daemon:
        assert daemon.ended() == 2


def test_its_clock_is_the_ledgers(order: Line) -> None:
    """What it writes down after its clock was moved bears the moved time."""
    with order.struck() as (daemon, control):
        control.clock(timedelta(days=2))
        daemon.wait_for("service.ready", times=2)
        order.deliver(letter("WFP-1"))
        daemon.wait_for("order.advanced")
    [entry] = order.entries()
    assert timedelta(days=1, hours=23) < entry.recorded_at - datetime.now(UTC) < timedelta(days=2, hours=1)


def test_time_can_be_let_pass(order: Line) -> None:
    """Three minutes that go by at once are no jump of the clock: what was to be waited for so long is waited for, and done."""
    order.configure(desk={"timeout_seconds": 0.5, "unknown_wait": "180s", "unknown_deadline": "2h"})
    order.planfix.faults.add(Fault(on="POST /task/{id}/datatags/", do="drop"))
    with order.struck() as (daemon, control):
        order.deliver(letter("WFP-1"))
        daemon.wait_for("step.unknown")
        control.let_pass(timedelta(seconds=180))
        daemon.wait_for("entry.waiting", times=2)  # the first complete look; the second comes some seconds later
        control.let_pass(timedelta(seconds=10))
        daemon.wait_for("order.advanced")
        assert not daemon.events("clock.jumped")
    assert_paid_once(order, ONE)


@pytest.mark.parametrize("disk", [Disk.FULL, Disk.READ_ONLY])
def test_its_disk_takes_nothing(order: Line, disk: Disk) -> None:
    """While its disk is full or read-only not one letter is recorded; when it is well again, it pays by itself."""
    with order.struck() as (daemon, control):
        control.disk(disk)
        order.deliver(letter("WFP-1"))
        daemon.wait_for("ledger.unavailable")
        assert order.entries() == []
        control.disk(Disk.OK)
        daemon.wait_for("order.advanced")
    assert_paid_once(order, ONE)


def test_it_dies_at_the_commit_it_is_told(order: Line) -> None:
    """`skip` lets commits of that kind pass, and `kind` tells steps apart."""
    with order.struck() as (daemon, control):
        control.die(Death(at="step.sending", side="after", kind="advance"))
        order.deliver(letter("WFP-1"))
        assert daemon.ended() == -signal.SIGKILL
    assert [(entry.state, entry.income_id is not None) for entry in order.entries()] == [(State.POSTED, True)]
    assert order.planfix.order(12345).history == ()


def test_it_may_be_told_to_live(order: Line) -> None:
    """A death that is taken back strikes nobody."""
    with order.struck() as (daemon, control):
        control.die(Death(at="mail.taken"))
        control.die(None)
        order.deliver(letter("WFP-1"))
        daemon.wait_for("order.advanced")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"window": 1}, "no door"),
        ({"disk": "molten"}, "molten"),
        ({"clock": "noon"}, "noon"),
        ({"clock": 1e12}, "clock"),
        ({"pass": 1e12}, "pass"),
        ({"clock": 1, "disk": "ok"}, "one door"),
        ({"die": {"at": "now"}}, "no point"),
        ({"die": {"at": "step.done", "side": "beside"}}, "beside"),
        ({"die": {"at": "step.done", "kind": "prayer"}}, "prayer"),
        ({"die": {"at": "step.done", "by": "fire"}}, "fire"),
    ],
)
def test_what_is_no_door_is_refused(words: dict[str, object], why: str) -> None:
    """A line that opens no door changes nothing and says why."""
    from reconciler.sandbox.host.doors import Doors, Refused

    doors = Doors()
    with pytest.raises(Refused, match=why):
        doors.switch(words)
    assert (doors.disk, doors.death) == (Disk.OK, None)


def test_its_starter_hears_of_a_refusal(line: Line) -> None:
    """A line that is no JSON is refused in the log, and the control raises on what was refused."""
    with line.struck() as (daemon, control):
        assert daemon.process.stdin is not None
        daemon.process.stdin.write("dead\n")
        daemon.process.stdin.flush()
        daemon.wait_for("host.refused")
        with pytest.raises(HostFailed, match="no point"):
            control._switch({"die": {"at": "now"}})


def test_it_does_not_outlive_its_starter(line: Line) -> None:
    """When the pipe from its starter ends, it stops as at a SIGTERM."""
    with line.struck() as (daemon, _):
        assert daemon.process.stdin is not None
        daemon.process.stdin.close()
        assert daemon.ended() == 0


def test_nobody_is_told_once_it_is_gone() -> None:
    """A control whose daemon has ended says so."""
    with pytest.raises(HostFailed, match="ended with -9"):
        HostControl(_Deaf()).disk(Disk.FULL)


class _Deaf:
    """A process that takes the words and is killed before it obeys."""

    code = -9

    def tell(self, words: object) -> None:
        pass

    def events(self, name: str) -> list[dict[str, object]]:
        return []
