"""What a walk put a time to while the clock was ahead, after it was set right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model import Reason, State
from tests.worlds import AWAITING, World, uah


@pytest.mark.parametrize("reason", [Reason.DIFFERENCE_STALE, Reason.ORDER_NOT_FOUND])
def test_a_person_is_told_in_time_after_the_clock_was_ahead(tmp_path: Path, reason: Reason) -> None:
    """How long a payment may wait counts from when the clock was set right: nobody waits for the ten days it was wrong by (T06)."""
    world = World.make(tmp_path)
    if reason is Reason.DIFFERENCE_STALE:
        world.desk.add("12345", "1250.00", status=AWAITING, stale_reads=10**6, stale_paid=uah("7.00"))
    world.clock.pass_(days=10)
    entry = world.pay("WFP-1", "1250.00", paid_at=world.clock() - timedelta(days=10))
    world.worker.run_due()
    assert (world.entry(entry).state, world.entry(entry).reason) == (State.WAITING, reason)
    world.clock.pass_(days=-10)
    world.worker.start(clock_jumped=True)
    world.run(hours=25)
    assert (world.entry(entry).state, world.entry(entry).reason) == (State.HELD, reason)
