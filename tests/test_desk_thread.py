"""The daily look at what the settings name on the desk: a mismatch stops posting, not reading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from reconciler import sdnotify
from reconciler.app import opened
from reconciler.config import load
from reconciler.desks.planfix import PlanfixDesk
from reconciler.errors import LedgerCorrupt, LedgerReplaced
from reconciler.model import Outcome, Reason, State
from reconciler.service.daemon import Service, Signals
from reconciler.service.threads import DeskThread
from reconciler.service.ticks import Ticks
from tests.counter import Counter
from tests.planfix import Rig
from tests.rules.stage import Stage
from tests.worlds import World


def test_a_field_that_goes_while_we_run_stops_posting_and_nothing_else(tmp_path: Path, rig: Rig) -> None:
    """T15: the daily look finds the field gone: payments are still recorded, wait, and post by themselves once it is back."""
    rig.planfix.add_order(12345)
    stage = Stage.on_planfix(tmp_path, rig)
    desk = stage.worker.desk
    assert isinstance(desk, PlanfixDesk)
    thread = DeskThread(ledger=stage.ledger, desk=desk, worker=stage.worker, on_fatal=lambda error: None)
    world = World(stage.ledger, stage.clock, None, stage.worker.settings, stage.worker)  # type: ignore[arg-type]
    gone = rig.planfix.world.fields.pop(303)
    with capture_logs() as logs:
        thread.verify()
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["desk.does_not_fit"]
    entry = world.pay("WFP-1", "1250.00")
    world.worker.run_due()
    waiting = world.entry(entry)
    assert (waiting.state, waiting.reason) == (State.WAITING, Reason.DESK_UNREACHABLE)
    assert "difference" in str(waiting.facts["error"])
    assert rig.planfix.incomes == []
    rig.planfix.world.fields[303] = gone
    world.run(hours=0.2)
    assert world.entry(entry).state is State.SETTLED


def test_the_look_comes_soon_after_the_start_and_daily(counter: Counter) -> None:
    """T15: every desk is compared with the settings within a minute or so of the start, and once a day from then on."""
    with opened(load(counter.config), create=True, actor="daemon") as app:
        desk = DeskThread(
            ledger=app.ledger, desk=app.desks["factory"], worker=app.workers["factory"], on_fatal=lambda error: None
        )
        ticks = Ticks(app, [desk], sdnotify.Manager({}), lambda: True, on_fatal=lambda error: None)
        look = ticks.ticks["desk.factory.verify"]
    assert look.every == timedelta(days=1)
    assert look.first_at - datetime.now(UTC) <= timedelta(minutes=2)


def test_a_ledger_that_was_replaced_stops_an_idle_service(counter: Counter) -> None:
    """R10: with no mail and no payment to touch the ledger the scheduler's look is enough: the service stops, and says why."""
    failed: list[BaseException] = []
    ended = Event()

    def on_fatal(error: BaseException) -> None:
        failed.append(error)
        ended.set()

    settings = load(counter.config)
    with opened(settings, create=True, actor="daemon") as app:
        desk, worker = app.desks["factory"], app.workers["factory"]
        walked, walk = Event(), worker.run_due

        def run_due(stop: Callable[[], bool]) -> list[Outcome]:
            done = walk(stop)
            walked.set()
            return done

        worker.run_due = run_due  # type: ignore[method-assign, assignment]
        thread = DeskThread(ledger=app.ledger, desk=desk, worker=worker, on_fatal=on_fatal)
        thread.start()
        assert walked.wait(20)
        place = app.ledger.place.path
        assert place is not None
        place.rename(place.with_name("moved.db"))
        with pytest.raises(LedgerReplaced):
            thread.check_ownership()
        stopped = ended.wait(5)
        thread.stop()
        assert thread.join(20)
    assert stopped
    assert [type(error) for error in failed] == [LedgerReplaced]


def test_a_damaged_ledger_that_only_the_scheduler_meets_stops_the_service(counter: Counter) -> None:
    """R04: what a thread has in memory may hide the damage from it; whoever meets it first ends the service."""
    failed: list[BaseException] = []
    ended = Event()

    def on_fatal(error: BaseException) -> None:
        failed.append(error)
        ended.set()

    def look() -> None:
        raise LedgerCorrupt("the ledger: database disk image is malformed")

    with opened(load(counter.config), create=True, actor="daemon") as app:
        desk = DeskThread(
            ledger=app.ledger, desk=app.desks["factory"], worker=app.workers["factory"], on_fatal=lambda error: None
        )
        desk.tell_if_due = look  # type: ignore[method-assign]
        ticks = Ticks(app, [desk], sdnotify.Manager({}), lambda: True, on_fatal=on_fatal)
        with capture_logs() as logs:
            ticks.start()
            stopped = ended.wait(20)
            ticks.stop()
    assert stopped
    assert isinstance(failed[0], LedgerCorrupt)
    assert [line["tick"] for line in logs if line["log_level"] == "critical"][:1] == ["desk.factory.due"]


def test_a_step_left_in_the_middle_of_a_lost_ledger_ends_the_service_all_the_same(counter: Counter) -> None:
    """R10: nobody can write down what was left: that is told, and the end is no later for it."""
    with opened(load(counter.config), create=True, actor="daemon") as app:
        service = Service(app, sdnotify.Manager({}), Signals())
        service.ticks.start()
        service.desks[0].join = lambda timeout: False  # type: ignore[method-assign]
        place = app.ledger.place.path
        assert place is not None
        place.rename(place.with_name("moved.db"))
        with capture_logs() as logs:
            assert not service.stop()
    assert [line["unknown_steps"] for line in logs if line["event"] == "desk.left_in_the_middle"] == [None]
    assert any("start it again" in str(line.get("error")) for line in logs)
