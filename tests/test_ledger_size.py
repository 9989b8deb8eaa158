"""How much a ledger grows: small enough to keep every payment's trail for years."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from reconciler.model import State
from tests.rules.stage import Stage, signed

PAYMENTS = 30
TRAIL_BYTES = 8_000
"""Of a settled payment: its facts, steps and history, without its mail's bytes. A hundred a day for ten years are 3 GB."""


def size(stage: Stage) -> int:
    """Bytes in use, without what is free for the next row."""
    with stage.ledger.begin() as tx:
        ask = tx.connection.exec_driver_sql
        pages = ask("PRAGMA page_count").scalar_one() - ask("PRAGMA freelist_count").scalar_one()
        return int(pages * ask("PRAGMA page_size").scalar_one())


def test_a_payments_trail_is_small_and_whole(in_memory: Path) -> None:
    """Once its mail's bytes are dropped a payment takes less than 8 kB, and its facts, steps and history are all there (O12, D26)."""
    stage = Stage.make(in_memory)
    before = size(stage)
    for number in range(PAYMENTS):
        stage.order(f"{20_000 + number}", due="10.00")
        stage.paid(reference=f"WFP-{number}", order=f"{20_000 + number}", amount="10.00")
    trails = {entry.id: (stage.history(entry), stage.steps(entry)) for entry in stage.entries()}
    with stage.ledger.begin() as tx:
        assert tx.drop_raw_before(stage.clock() + timedelta(days=1)) == PAYMENTS
    assert (size(stage) - before) / PAYMENTS < TRAIL_BYTES
    assert {entry.state for entry in stage.entries()} == {State.SETTLED}
    assert {entry.id: (stage.history(entry), stage.steps(entry)) for entry in stage.entries()} == trails
    names = {event.name for event in trails[1][0]}
    assert {"entry.recorded", "income.posted", "order.advanced"} <= names
    # The same letter a year later is the same letter: what was dropped are bytes, not the memory of them.
    stage.clock.pass_(days=365)
    (again,) = stage.take(signed(reference="WFP-0", order="20000", amount="10.00"))
    assert again.outcome == "already"
