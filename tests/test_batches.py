"""Many payments at once: each is decided for itself, a burst stays within the account's limits, and people are told once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_type_hints

import pytest
from structlog.testing import capture_logs

from reconciler import ports
from reconciler.desks.planfix import PlanfixDesk
from reconciler.errors import DeskRefused, DeskUnreachable, UnknownOutcome
from reconciler.flow import decisions
from reconciler.flow.record import WalkSettings
from reconciler.flow.worker import DeskWorker
from reconciler.ledger import Bucket
from reconciler.model import Advance, Income, Kind, OutcomeWord, Reason, State, StepState
from reconciler.sandbox.planfix import Fault
from reconciler.settling import Mode, Policy
from tests.planfix import Rig
from tests.rules.stage import Stage, signed, stands
from tests.worlds import PRODUCTION, Crash, World

POST = "POST /task/{id}/datatags/"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def on_planfix(folder: Path, rig: Rig, *, per_second: float, burst: int) -> World:
    """The real desk behind the real bucket, on a clock that only waiting moves."""
    world = World.make(folder)

    def sleep(seconds: float) -> None:
        world.clock.pass_(seconds=seconds)

    bucket = Bucket(world.ledger, "desk:factory", per_second, burst, sleep=sleep)
    desk = PlanfixDesk(rig.settings, rig.http, bucket, rig.memory)
    desk.resolve(verify=False)
    policy = Policy(mode=Mode.LIVE, currency="UAH", is_advanced=desk.is_advanced, may_advance=desk.may_advance)
    world.settings = WalkSettings(policy=policy)
    world.worker = DeskWorker(ledger=world.ledger, desk=desk, settings=world.settings)
    rig.planfix.forget_requests()
    return world


# ---------------------------------------------------------------- each payment for itself


def test_a_batch_that_is_tried_again_repeats_nobody(world: World) -> None:
    """D11: one of five is lost, one refused, one meets a desk that is down: the others stand, and none is sent twice for their sake."""
    orders = [world.desk.add(str(number), "10.00") for number in range(5)]
    entries = [world.pay(f"WFP-{number}", "10.00", order=str(number)) for number in range(5)]
    troubles = {
        2: UnknownOutcome("no answer"),
        3: DeskRefused("no", step="income", code=1000),
        4: DeskUnreachable("no"),
    }
    posts = itertools.count(1)

    def hook(verb: str, phase: str) -> None:
        if (verb, phase) == ("post_income", "before") and (trouble := troubles.pop(next(posts), None)):
            raise trouble

    world.desk.hook = hook
    outcomes = world.worker.run_due()
    assert [done.id for done in outcomes] == [f"e{entry.id}" for entry in entries]
    assert [done.outcome for done in outcomes] == [
        OutcomeWord.SETTLED,
        OutcomeWord.WAITING,
        OutcomeWord.HELD,
        OutcomeWord.WAITING,
        OutcomeWord.SETTLED,
    ]
    before = [list(order.rows) for order in orders]
    world.run(hours=1)
    assert [world.entry(entry).state for entry in entries] == [State.SETTLED] * 2 + [State.HELD] + [State.SETTLED] * 2
    assert [len(order.rows) for order in orders] == [1, 1, 0, 1, 1]
    assert [order.rows for order in orders if order.number in "04"] == [before[0], before[4]]
    assert world.desk.calls.count("post_income") == 7  # five, and one more for each of the two that did not arrive


def test_a_write_gives_its_row_or_raises() -> None:
    """D11: there is no "it did not work" that could be mistaken for done: a post gives the row, an advance its answer, or they raise."""
    hints = {
        verb: get_type_hints(getattr(ports.Desk, verb))["return"] for verb in ("post_income", "advance", "comment")
    }
    assert hints == {"post_income": Income, "advance": Advance, "comment": str}


@pytest.mark.parametrize(("phase", "rows"), [("before", 0), ("after", 1)])
def test_a_post_in_the_middle_is_not_posted(tmp_path: Path, phase: str, rows: int) -> None:
    """D12: the process died in the middle of a post: a step `sending` is no row; the letter told again is not `already`, and it posts once."""
    stage = Stage.make(tmp_path)
    order = stage.order()

    def dies(verb: str, at: str) -> None:
        if (verb, at) == ("post_income", phase):
            raise Crash

    stage.desk.hook = dies
    entry = stage.told()
    with pytest.raises(Crash):
        stage.run()
    assert len(order.rows) == rows
    left = stage.again(entry)
    assert (left.state, left.income_id, [step.state for step in stage.steps(entry)]) == (
        State.RECORDED,
        None,
        [StepState.SENDING],
    )
    (again,) = stage.take(signed(language="en"))
    assert (again.id, again.outcome) == (f"e{entry.id}", OutcomeWord.WAITING)
    stage.desk.hook = lambda verb, at: None
    stage.restart()
    (unknown,) = stage.take(signed(language="ru"))
    assert unknown.outcome is OutcomeWord.WAITING
    stage.run(seconds=200)
    assert stands(stage.again(entry)) == (State.SETTLED, None)
    assert len(order.rows) == 1


@pytest.mark.parametrize("trouble", ["dns", "desk", "quota", "lost answer"])
def test_what_passes_needs_no_person(tmp_path: Path, trouble: str) -> None:
    """D23: DNS, desk, quota or an answer fails for a while: the payment is settled by itself, and nobody has decided anything."""
    stage = Stage.make(tmp_path)
    stage.order()
    if trouble == "dns":
        stage.dns.answers = False
        (outcome,) = stage.take(signed())
        assert outcome.outcome is OutcomeWord.WAITING
        stage.dns.answers = True
        stage.clock.pass_(minutes=10)
        stage.intake.read_due()
        stage.run(hours=1)
    else:
        error = {"desk": DeskUnreachable("down"), "quota": DeskUnreachable("full"), "lost answer": UnknownOutcome("?")}
        left = [error[trouble]] * 3

        def hook(verb: str, phase: str) -> None:
            if (verb, phase) == ("post_income", "before") and left:
                raise left.pop()

        stage.desk.hook = hook
        stage.told()
        stage.run(hours=1.5)
    (entry,) = stage.entries()
    assert stands(entry) == (State.SETTLED, None)
    assert {event.actor for event in stage.history(entry)} == {"test"}
    assert not {"entry.held", "entry.retried", "message.held"} & {event.name for event in stage.history(entry)}


def test_what_stays_is_a_person_s_and_is_said_once(tmp_path: Path, rig: Rig) -> None:
    """D23 T01: a refusal that will not pass is held at once, told as a warning, and nothing goes on by itself until somebody decides."""
    rig.planfix.add_order(12345)
    rig.planfix.faults.add(Fault(on=POST, do="fail:1000"))
    stage = Stage.on_planfix(tmp_path, rig)
    with capture_logs() as logs:
        entry = stage.paid()
        stage.run(hours=48)
    told = [(line["event"], line["log_level"]) for line in logs if line["event"] == "entry.held"]
    assert told == [("entry.held", "warning")]
    assert stands(stage.again(entry)) == (State.HELD, Reason.DESK_REFUSED)
    assert rig.planfix.count(POST) == 1
    decisions.retry(stage.ledger, f"e{entry.id}")
    stage.run()
    assert stands(stage.again(entry)) == (State.SETTLED, None)


def test_people_read_one_comment_when_the_batch_has_paid_the_order(tmp_path: Path) -> None:
    """M10: no word at the partial payments; one comment, once the last of them has put the order into production."""
    world = World.make(tmp_path, comment=True)
    order = world.desk.add("12345", "50.00")
    for number in range(4):
        world.pay(f"WFP-{number}", "10.00")
    world.run(hours=1)
    assert world.desk.comments == []
    world.pay("WFP-4", "10.00")
    world.run(hours=1)
    assert order.status == PRODUCTION
    assert len(world.desk.comments) == 1


# ---------------------------------------------------------------- every order of events


@pytest.mark.parametrize("together", [True, False], ids=["at once", "one by one"])
def test_events_in_every_order_come_to_the_same_end(in_memory: Path, together: bool) -> None:
    """M12: a decline, the success, its repeat, a second payment: in each of their orders the same rows, states and advance."""
    ends = set()
    for number, events in enumerate(itertools.permutations(("declined", "paid", "paid again", "second"))):
        stage = Stage.make(_folder(in_memory, number))
        order = stage.order(due="2500.00")
        for event in events:
            stage.take(_letter(event))
            if not together:
                stage.run()
        stage.run(hours=1)
        rows = tuple(sorted(row.payment_id or "" for row in order.rows))
        states = tuple(sorted((entry.transaction_id, entry.state.value) for entry in stage.entries()))
        ends.add((rows, states, order.advances, order.status.name))
        stage.ledger.close()
    assert len(ends) == 1
    assert next(iter(ends))[2:] == (1, PRODUCTION.name)


def test_a_refund_in_every_order_stops_the_order_or_comes_too_late(in_memory: Path) -> None:
    """M12: a refund before the order is paid keeps it; after its release nothing is undone; the payment's own row always stands."""
    for number, events in enumerate(itertools.permutations(("paid", "refund", "second"))):
        stage = Stage.make(_folder(in_memory, number))
        order = stage.order(due="2500.00")
        for event in events:
            stage.take(_letter(event))
            stage.run()
        stage.run(hours=1)
        assert order.advances == (1 if events[-1] == "refund" else 0), events
        assert len(order.rows) == 2
        kinds = {entry.kind: entry.state for entry in stage.entries() if entry.kind is Kind.REFUND}
        assert kinds == {Kind.REFUND: State.HELD}
        stage.ledger.close()


@functools.cache
def _letter(event: str) -> bytes:
    match event:
        case "paid again":
            return signed(language="en")
        case "second":
            return signed(reference="WFP-SOC-1234567-7bd5c3a247c39")
        case "declined" | "refund":
            return signed(status=event)
    return signed()


def _folder(parent: Path, number: int) -> Path:
    folder = parent / str(number)
    folder.mkdir()
    return folder


# ---------------------------------------------------------------- limits


def test_two_hundred_payments_in_a_burst_stay_within_the_limits_and_finish(in_memory: Path, rig: Rig) -> None:
    """T07: every payment is posted, no request was refused for the rate, and no stretch of time holds more than the bucket allows."""
    world = on_planfix(in_memory, rig, per_second=1.0, burst=6)
    came: list[datetime] = []

    def note(method: str, path: str, body: object, when: str) -> None:
        if when == "before":
            came.append(world.clock.now)

    rig.planfix.on_request = note
    entries = []
    for number in range(200):
        if number % 10 == 0:
            rig.planfix.add_order(12345 + number, due="100.00")
        entries.append(world.pay(f"WFP-{number}", "10.00", order=str(12345 + number - number % 10)))
    world.run(hours=2)
    assert {world.entry(entry).state for entry in entries} == {State.SETTLED}
    assert len(rig.planfix.incomes) == 200
    assert {order.history for order in rig.planfix.orders.values()} == {("У виробництві",)}
    assert {request.status for request in rig.planfix.requests} == {200, 201}
    assert _most_in_a_stretch(came, timedelta(seconds=10)) <= 6 + 10 + 1
    assert len(came) <= 200 * 4 + 20 * 2


def _most_in_a_stretch(came: Sequence[datetime], stretch: timedelta) -> int:
    most = first = 0
    for last, at in enumerate(came):
        while came[first] <= at - stretch:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_a_spent_day_pauses_posting_and_nothing_else(tmp_path: Path, rig: Rig) -> None:
    """T08: the quota is gone: letters are read on, people are told, not one request goes out before its renewal, then all posts by itself."""
    for number in (12345, 12346):
        rig.planfix.add_order(number)
    world = on_planfix(tmp_path, rig, per_second=1.0, burst=6)
    rig.planfix.manners.quota, rig.planfix.manners.quota_resets_in = 2, 7200.0
    first = world.pay("WFP-1", "1250.00", order="12345")
    with capture_logs() as logs:
        world.run()
    assert (world.entry(first).state, world.entry(first).reason) == (State.WAITING, Reason.QUOTA_SPENT)
    assert [line["log_level"] for line in logs if line["event"] == "desk.trouble"] == ["warning"]
    asked = rig.planfix.count()
    second = world.pay("WFP-2", "1250.00", order="12346")  # reading goes on
    world.clock.pass_(hours=1.9)
    world.run()
    assert rig.planfix.count() == asked
    rig.planfix.manners.quota = None
    world.run(hours=1)
    assert {world.entry(entry).state for entry in (first, second)} == {State.SETTLED}
    assert len(rig.planfix.incomes) == 2


def test_an_account_that_is_frozen_is_probed_slowly_and_told_once_a_probe(in_memory: Path, rig: Rig) -> None:
    """T16: code 11 opens the circuit for the whole desk: one request a probe however many payments wait; closed by the first answer."""
    rig.planfix.add_order(12345, due="1000.00")
    world = on_planfix(in_memory, rig, per_second=100.0, burst=100)
    fault = rig.planfix.faults.add(Fault(on="*", do="fail:11", times=10**6))
    entries = [world.pay(f"WFP-{number}", "100.00") for number in range(10)]
    with capture_logs() as logs:
        world.run(hours=1)
    assert 10 <= rig.planfix.count() <= 14
    assert len([line for line in logs if line["event"] == "desk.trouble"]) == rig.planfix.count()
    assert fault.used == rig.planfix.count()
    rig.planfix.faults.clear()
    world.run(hours=0.2)
    assert {world.entry(entry).state for entry in entries} == {State.SETTLED}


# ---------------------------------------------------------------- later pages


def test_an_order_on_page_three_is_found(tmp_path: Path, rig: Rig) -> None:
    """T14 M04: where the filter finds more than the very number, the order is looked for to the last page, and only it is posted on."""
    for number in range(250):
        rig.planfix.add_order(f"A-7-{number}", due="10.00")
    wanted = rig.planfix.add_order("A-7", due="1250.00")
    stage = Stage.on_planfix(tmp_path, rig, order_number="Номер замовлення")
    rig.planfix.on_request = None
    real = rig.planfix.world

    def loose(method: str, path: str, body: object, when: str) -> None:
        """The account's text filter turns out to search inside the text."""
        if when == "before" and path == "/task/list" and isinstance(body, dict):
            for one in body.get("filters", ()):
                if one.get("type") == 101:
                    one["operator"] = "have"

    rig.planfix.on_request = loose
    world = World(stage.ledger, stage.clock, None, stage.worker.settings, stage.worker)  # type: ignore[arg-type]
    entry = world.pay("WFP-1", "1250.00", order="A-7")
    world.run()
    assert world.entry(entry).state is State.SETTLED
    assert [row.task for row in rig.planfix.incomes] == [wanted.task]
    assert real is rig.planfix.world


def test_our_row_on_page_two_is_found(tmp_path: Path, rig: Rig) -> None:
    """T14: the id's look comes back empty and the task has two pages of rows: ours on the second is found, and not made again."""
    rows: list[tuple[str, str | None]] = [("1.00", None)] * 120
    rig.planfix.add_order(12345, due="1370.00", incomes=[*rows, ("1250.00", "WFP-1")])
    stage = Stage.on_planfix(tmp_path, rig)
    rig.planfix.faults.add(Fault(on="POST /datatag/{id}/entry/list", do="no-rows"))
    world = World(stage.ledger, stage.clock, None, stage.worker.settings, stage.worker)  # type: ignore[arg-type]
    entry = world.pay("WFP-1", "1250.00")
    world.run()
    assert world.entry(entry).state is State.SETTLED
    assert rig.planfix.count(POST) == 0
