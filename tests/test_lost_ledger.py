"""A ledger that was lost, or put back from an old copy: the desk remembers, is asked first, and nothing is posted twice."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import UnknownOutcome
from reconciler.flow import decisions
from reconciler.flow.worker import DeskWorker
from reconciler.ledger import Ledger
from reconciler.model import Entry, Income, Reason, State, StepState
from reconciler.money import Money
from tests.worlds import AWAITING, DONE, PRODUCTION, Crash, FakeDesk, FakeOrder, World, uah


def lose(world: World, folder: Path) -> World:
    """A new, empty ledger over the same desk and the same moment."""
    folder.mkdir()
    anew = World.make(folder)
    anew.clock.now = world.clock.now
    world.desk.hook = lambda verb, phase: None
    return _over(world, anew.ledger, anew)


def restore(world: World, copy: Path) -> World:
    """The ledger as it was when the copy was taken, over the desk as it is now."""
    ledger = Ledger.open(f"sqlite:///{copy}", create=False, clock=world.clock, actor="test")
    world.desk.hook = lambda verb, phase: None
    return _over(world, ledger, world)


def _over(world: World, ledger: Ledger, kept: World) -> World:
    worker = DeskWorker(ledger=ledger, desk=world.desk, settings=world.settings)
    worker.start()
    return World(ledger, kept.clock, world.desk, world.settings, worker)


def copy_of(world: World, path: Path) -> Path:
    with world.ledger.look():
        pass
    world.ledger.backup(path)
    return path


def posted(order: FakeOrder) -> list[str]:
    return [row.payment_id or "" for row in order.rows]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


# ---------------------------------------------------------------- lost


@pytest.mark.parametrize("status", [AWAITING, PRODUCTION, DONE])
def test_a_lost_ledger_takes_the_row_that_stands(world: World, tmp_path: Path, status: object) -> None:
    """R10 T03: whatever became of the order since, the payment told again is found by its id and adopted."""
    order = world.desk.add("12345", "1250.00")
    world.pay("WFP-1", "1250.00")
    world.run()
    order.status = status  # type: ignore[assignment]
    after = lose(world, tmp_path / "anew")
    entry = after.pay("WFP-1", "1250.00")
    after.run(hours=1)
    assert after.entry(entry).state is State.SETTLED
    assert posted(order) == ["WFP-1"]
    assert order.advances == (2 if status is AWAITING else 1)  # put back by a person and paid: it is released again


def test_a_lagging_look_by_id_is_made_good_by_the_task_s_list(world: World, tmp_path: Path) -> None:
    """R10 T14: the look over the whole desk shows nothing yet; Paid is not what the ledger knows, the task's list has the row."""
    order = world.desk.add("12345", "5000.00")
    world.pay("WFP-1", "1250.00")
    world.run()
    after = lose(world, tmp_path / "anew")
    entry = after.pay("WFP-1", "1250.00")
    world.desk.hide_ids = 1
    after.run()
    assert after.entry(entry).state is State.PARTIAL
    assert posted(order) == ["WFP-1"]


def test_money_that_no_list_shows_is_not_posted_beside(world: World, tmp_path: Path) -> None:
    """R10 T03 T14: both lists lag and Paid counts more than they show: asked again until they show it, then adopted."""
    order = world.desk.add("12345", "5000.00")
    world.pay("WFP-1", "1250.00")
    world.run()
    after = lose(world, tmp_path / "anew")
    entry = after.pay("WFP-1", "1250.00")
    world.desk.hide_ids = world.desk.hide_rows = 3
    after.run()
    waiting = after.entry(entry)
    assert (waiting.state, waiting.reason) == (State.WAITING, Reason.DIFFERENCE_STALE)
    assert waiting.facts["unlisted"] == "1250.00"
    after.run(hours=0.1)
    assert after.entry(entry).state is State.PARTIAL
    assert posted(order) == ["WFP-1"]


def test_money_that_no_list_ever_shows_is_a_person_s(world: World, tmp_path: Path) -> None:
    """R10 M08: after `difference_poll` it is held; "go on" posts beside exactly that much money, and asks about no more."""
    order = world.desk.add("12345", "5000.00")
    world.desk.lie_about_paid = uah("700.00")
    entry = world.pay("WFP-1", "1250.00")
    world.run(hours=0.1)
    held = world.entry(entry)
    assert (held.state, held.reason, held.facts["unlisted"]) == (State.HELD, Reason.DIFFERENCE_STALE, "700.00")
    assert order.rows == []
    decisions.retry(world.ledger, f"e{entry.id}")
    world.desk.lie_about_paid = uah("700.01")
    world.run(hours=0.1)
    assert order.rows == []
    decisions.retry(world.ledger, f"e{entry.id}")
    world.run()
    assert posted(order) == ["WFP-1"]


@pytest.mark.parametrize("amount", ["1249.99", "1250.01"])
def test_a_row_with_another_sum_is_a_person_s(world: World, tmp_path: Path, amount: str) -> None:
    """R10 M02: somebody corrected the row meanwhile: nothing is posted beside it, the order is not advanced."""
    order = world.desk.add("12345", "1250.00")
    world.pay("WFP-1", "1250.00")
    world.run()
    order.status = AWAITING
    order.rows[0] = Income(id="155", task=order.task, amount=uah(amount), paid_on="2026-11-21", payment_id="WFP-1")
    after = lose(world, tmp_path / "anew")
    entry = after.pay("WFP-1", "1250.00")
    after.run(hours=1)
    assert (after.entry(entry).state, after.entry(entry).reason) == (State.HELD, Reason.CONFLICT)
    assert (len(order.rows), order.status) == (1, AWAITING)


# ---------------------------------------------------------------- restored


@pytest.mark.parametrize("verb", ["post_income", "advance"])
@pytest.mark.parametrize("lag", [0, 1])
def test_a_ledger_restored_in_the_middle_of_sending(world: World, tmp_path: Path, verb: str, lag: int) -> None:
    """R10 D04 T04: the copy has the step as `sending`; a day later it is looked for, found, and sent no second time."""
    order = world.desk.add("12345", "1250.00")
    entry = world.pay("WFP-1", "1250.00")

    def photographed(said: str, phase: str) -> None:
        if (said, phase) == (verb, "before"):
            copy_of(world, tmp_path / "copy.db")

    world.desk.hook = photographed
    world.run()
    assert order.status == PRODUCTION
    world.clock.pass_(days=1)
    after = restore(world, tmp_path / "copy.db")
    world.desk.hide_ids = world.desk.hide_rows = lag
    after.run(hours=1)
    assert after.entry(entry).state is State.SETTLED
    assert (posted(order), order.advances) == (["WFP-1"], 1)
    with after.ledger.look() as tx:
        assert {step.state for step in tx.steps()} <= {StepState.DONE, StepState.DROPPED}


def test_a_ledger_restored_from_before_a_decision_asks_again(world: World, tmp_path: Path) -> None:
    """R10 M08: the copy knows nothing of the other order a person gave: the row is found there, and told; not posted beside."""
    first, second = world.desk.add("1", "1250.00"), world.desk.add("2", "1250.00")
    entry = world.pay("WFP-1", "1250.00", order="9")
    world.run()
    copy = copy_of(world, tmp_path / "copy.db")
    decisions.give_order(world.ledger, f"e{entry.id}", "2")
    world.run()
    assert posted(second) == ["WFP-1"]
    after = restore(world, copy)
    decisions.give_order(after.ledger, f"e{entry.id}", "1")  # this time by mistake
    after.run(hours=1)
    assert (after.entry(entry).state, after.entry(entry).reason) == (State.HELD, Reason.CONFLICT)
    assert (posted(first), posted(second), first.status) == ([], ["WFP-1"], AWAITING)


# ---------------------------------------------------------------- random histories × restore points × lists that lie


@dataclass
class LyingDesk(FakeDesk):
    """Its totals are true; any list of rows may lag or come short at any look, as often as the dice say."""

    dice: random.Random = field(default_factory=random.Random)
    lies: float = 0.0

    def __post_init__(self) -> None:
        super().__init__()

    def _short(self, rows: Sequence[Income]) -> Sequence[Income]:
        return [row for row in rows if self.dice.random() >= self.lies]

    def incomes(self, payment_ids: Collection[str]) -> Mapping[str, Sequence[Income]]:
        return {name: self._short(rows) for name, rows in super().incomes(payment_ids).items()}

    def incomes_of(self, task: str, *, paid: Money | None = None) -> Sequence[Income]:
        return self._short(super().incomes_of(task, paid=paid))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), seed=st.integers(0, 2**32), lies=st.sampled_from([0.0, 0.2, 0.6, 1.0]))
def test_no_restore_point_of_any_history_posts_twice(data: st.DataObject, seed: int, lies: float) -> None:
    """R10 T03 T04 T12: payments, lost answers and deaths; then the ledger as it was at any effect, or none at all, over the desk as it is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = World.make(folder)
        desk = LyingDesk(dice=random.Random(seed), lies=0.0)
        world.desk = world.worker.desk = desk
        orders = [desk.add("1", "6.00"), desk.add("2", "4.00")]
        told = [
            (f"WFP-{n}", f"{data.draw(st.integers(1, 3))}.00", data.draw(st.sampled_from(["1", "2"])))
            for n in range(data.draw(st.integers(1, 4)))
        ]
        faults = data.draw(st.dictionaries(st.integers(1, 6), st.sampled_from(["unknown", "crash"]), max_size=2))
        points = Points(world, folder, faults)
        desk.hook = points
        for reference, amount, order in told:
            world.pay(reference, amount, order=order)
            _go(world)
        _go(world, hours=1)
        points.take()
        released = [(order.advances, order.status) for order in orders]
        chosen = data.draw(st.sampled_from([None, *points.copies]))
        world.clock.pass_(days=1)
        after = lose(world, folder / "anew") if chosen is None else restore(world, chosen)
        desk.lies = lies
        entries = []
        for reference, amount, order in told:
            with suppress(UnknownOutcome):
                entries.append(after.pay(reference, amount, order=order))
        after.run(hours=2)

        ids = [row for order in orders for row in posted(order)]
        assert len(ids) == len(set(ids)), ids
        assert released == [(order.advances, order.status) for order in orders]
        desk.lies = 0.0
        _answer(after, entries)
        assert sorted(ids) == sorted(row for order in orders for row in posted(order))
        for entry in entries:
            assert after.entry(entry).income_id is not None
        after.ledger.close()
        world.ledger.close()


class Points:
    """Copies the ledger before and after each effect, and lets the plan's faults strike there."""

    def __init__(self, world: World, folder: Path, faults: Mapping[int, str]) -> None:
        self.world, self.folder, self.faults = world, folder, dict(faults)
        self.copies: list[Path] = []
        self.effects = 0

    def take(self) -> None:
        self.copies.append(copy_of(self.world, self.folder / f"copy{len(self.copies)}.db"))

    def __call__(self, verb: str, phase: str) -> None:
        self.take()
        self.effects += phase == "before"
        fault = self.faults.pop(self.effects, None) if phase == "after" else None
        if fault == "unknown":
            raise UnknownOutcome("no answer")
        if fault == "crash":
            raise Crash


def _go(world: World, hours: float = 0) -> None:
    for _ in range(5):
        try:
            return world.run(hours=hours)
        except Crash:
            world.restart()
    raise AssertionError("the process does not stop dying")


def _answer(world: World, entries: Sequence[Entry]) -> None:
    """A person says "go on" wherever the line has asked; the lists are whole again."""
    for _ in range(3):
        for entry in entries:
            if world.entry(entry).state is State.HELD:
                decisions.retry(world.ledger, f"e{entry.id}")
        world.run(hours=1)
