"""Any order of any payments, any crash point: one income each, and the order advanced exactly when it is paid."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import DeskUnreachable, QuotaSpent, UnknownOutcome
from reconciler.flow import decisions
from reconciler.model import Entry, Kind, State
from reconciler.settling import Mode
from tests.worlds import PRODUCTION, Crash, World, uah

FAULTS = ("none", "crash", "unknown", "unreachable", "quota")


class Saboteur:
    """At the n-th effect, before or after it, does what the plan says; each fault strikes once."""

    def __init__(self, plan: dict[int, tuple[str, str]]) -> None:
        self.plan = dict(plan)
        self.effects = 0

    def __call__(self, verb: str, phase: str) -> None:
        if phase == "before":
            self.effects += 1
        fault, when = self.plan.get(self.effects, ("none", phase))
        if fault == "none" or when != phase:
            return
        del self.plan[self.effects]
        if fault == "crash":
            raise Crash
        if fault == "unknown" or phase == "after":
            raise UnknownOutcome("no answer")
        raise DeskUnreachable("no connection") if fault == "unreachable" else QuotaSpent("slow down", retry_after=3)


faults = st.dictionaries(
    st.integers(1, 8), st.tuples(st.sampled_from(FAULTS), st.sampled_from(("before", "after"))), max_size=5
)
payments = st.lists(st.integers(1, 50_000), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amounts=payments, shortfall=st.integers(-2, 2), plan=faults, together=st.booleans(), data=st.data())
def test_every_payment_stands_once_and_the_order_moves_exactly_when_it_is_paid(
    amounts: list[int], shortfall: int, plan: dict[int, tuple[str, str]], together: bool, data: st.DataObject
) -> None:
    """D04 T04 T10 T12: crashes, refusals and lost answers at any effect leave one income each, and one advance iff zero."""
    with tempfile.TemporaryDirectory() as folder:
        world = World.make(Path(folder), recheck=timedelta(minutes=30))
        due = max(sum(amounts) + shortfall, 1)
        order = world.desk.add("12345", f"{due // 100}.{due % 100:02}")
        world.desk.hook = Saboteur(plan)
        entries = []
        for number, amount in enumerate(data.draw(st.permutations(amounts))):
            entries.append(world.pay(f"WFP-{number}", f"{amount // 100}.{amount % 100:02}"))
            if not together:
                _survive(world, hours=0)
        _survive(world, hours=1)

        assert sorted(row.payment_id or "" for row in order.rows) == sorted(e.transaction_id for e in entries)
        states = {world.entry(entry).state for entry in entries}
        assert order.advances <= (2 if plan else 1)  # a lost answer may set the very same status once more
        if sum(amounts) == due:
            assert order.status == PRODUCTION
            assert states == {State.SETTLED}
        elif due in _sums_on_the_way(amounts):
            # one payment too many after the order was paid exactly and released
            assert states <= {State.SETTLED, State.OVERPAID, State.PARTIAL}
        else:
            assert order.status != PRODUCTION
            assert states <= {State.PARTIAL, State.OVERPAID}
        world.ledger.close()


def _sums_on_the_way(amounts: list[int]) -> set[int]:
    sums = {0}
    for amount in amounts:
        sums |= {total + amount for total in sums}
    return sums


def _survive(world: World, *, hours: float) -> None:
    """Run, and start a new process whenever the old one dies."""
    for _ in range(20):
        try:
            world.run(hours=hours)
            return
        except Restarted:
            world.in_mode(Mode.POST if world.settings.policy.mode is Mode.LIVE else Mode.LIVE)
        except Crash:
            world.restart()
    raise AssertionError("the process does not stop dying")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_people_do_in_the_middle_no_payment_stands_twice_and_no_order_moves_unpaid(
    data: st.DataObject,
) -> None:
    """M08 T13: decisions, refunds, rows of others and mode switches at any effect: one row an id at most, zero at each advance."""
    with tempfile.TemporaryDirectory() as folder:
        world = World.make(Path(folder), recheck=timedelta(minutes=20))
        orders = [world.desk.add("1", "3.00"), world.desk.add("2", "2.00")]
        entries = [
            world.pay(f"WFP-{n}", f"{data.draw(st.integers(1, 3))}.00", order=data.draw(st.sampled_from(["1", "2"])))
            for n in range(data.draw(st.integers(1, 3)))
        ]
        acts = data.draw(st.dictionaries(st.integers(1, 6), st.tuples(_ACTS, _PHASES, st.integers(0, 2)), max_size=4))
        effects = 0

        def interfere(verb: str, phase: str) -> None:
            nonlocal effects
            effects += phase == "before"
            act, when, which = acts.get(effects, ("none", phase, 0))
            if act == "none" or when != phase:
                return
            del acts[effects]
            _interfere(world, act, entries[which % len(entries)], phase)

        world.desk.hook = interfere
        for round_ in range(3):
            _survive(world, hours=1)
            if round_ == 0:
                for entry in entries:
                    with suppress(decisions.NotPossible):
                        decisions.retry(world.ledger, f"e{entry.id}")

        ids = [row.payment_id for order in orders for row in order.rows if row.payment_id]
        assert len(ids) == len(set(ids))
        for order in orders:
            assert all(owing == uah("0.00") for owing in order.advanced_owing)
            assert order.status == PRODUCTION or not order.advances
        for entry in entries:
            stands = world.entry(entry)
            waits = stands.state in (State.SETTLED, State.HELD, State.DISCARDED) or stands.retry_at is not None
            assert waits, stands  # nothing is left without a next try or a person
        world.ledger.close()


_ACTS = st.sampled_from(
    ("crash", "unknown", "discard", "order 1", "order 2", "refund", "type a row", "switch the mode")
)
_PHASES = st.sampled_from(("before", "after"))


def _interfere(world: World, act: str, entry: Entry, phase: str) -> None:
    """Something happens while the desk is at work on some effect."""
    match act.split():
        case ["crash"]:
            raise Crash
        case ["unknown"]:
            raise UnknownOutcome("no answer")
        case ["discard"]:
            with suppress(decisions.NotPossible):
                decisions.discard(world.ledger, f"e{entry.id}", "a person said so")
        case ["order", number]:
            with suppress(decisions.NotPossible):
                decisions.give_order(world.ledger, f"e{entry.id}", number)
        case ["refund"]:
            world.pay(entry.transaction_id, "1.00", order=None, kind=Kind.REFUND, key=f"{entry.key}:refund:{phase}")
        case ["type", *_]:
            order = world.desk.by_number[entry.order_number or "1"]
            world.desk.type_row(order, uah("1.00"), payment_id=None)
        case _:
            raise Restarted


class Restarted(Crash):
    """A new process with other settings takes over."""
