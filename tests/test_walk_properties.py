"""Any order of any payments, any crash point: one income each, and the order advanced exactly when it is paid."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import DeskUnreachable, QuotaSpent, UnknownOutcome
from reconciler.model import State
from tests.worlds import PRODUCTION, Crash, World

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
        except Crash:
            world.restart()
    raise AssertionError("the process does not stop dying")
