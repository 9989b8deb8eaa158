"""Copies taken from under a working daemon, and what happens when an old one is put back."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.ledger import Ledger
from reconciler.model import State, StepState
from reconciler.sandbox.planfix.faults import Fault
from tests.line.daemon import until
from tests.line.line import Line, letter
from tests.line.orders import PRODUCTION
from tests.line.test_line_life import PATIENT, QUICK, assert_stops

FIRST_ORDER = 500


def test_a_backup_while_the_daemon_writes(line: Line) -> None:
    """R10: every copy taken under a stream of payments is sound and of one moment: no step without its payment, no settled
    payment without its row."""
    paid = 0
    copies = [line.folder / f"copy{number}.db" for number in range(3)]
    for number in range(FIRST_ORDER, FIRST_ORDER + 200):
        line.planfix.add_order(number, "10.00")
    with line.running() as daemon:
        for copy in copies:
            with line.command("backup", str(copy)) as backup:
                while backup.code is None:  # however long it takes, the daemon never stops writing
                    line.deliver(letter(f"WFP-{paid}", "10.00", str(FIRST_ORDER + paid)))
                    paid += 1
                    daemon.wait_for("order.advanced", times=paid)
                assert backup.ended() == 0, backup.said
        assert_stops(daemon)
    held = [_paid_in(copy) for copy in copies]
    assert held == sorted(held)
    assert held[-1] <= paid


def _paid_in(copy: Path) -> int:
    ledger = Ledger.open(f"sqlite:///{copy}", create=False, clock=lambda: datetime.now(UTC), actor="test")
    try:
        assert ledger.integrity_check() == []
        with ledger.look() as tx:
            entries = tx.entries()
            for entry in entries:
                done = {step.kind for step in tx.steps(entry_id=entry.id, states=[StepState.DONE])}
                assert tx.mail(entry.mail_id)
                assert entry.state is not State.SETTLED or (entry.income_id and {"income", "advance"} <= done)
        return sum(entry.state is State.SETTLED for entry in entries)
    finally:
        ledger.close()


def test_an_old_copy_put_back_posts_nothing_twice(line: Line) -> None:
    """R10 D04: paid, partly paid and unanswered payments at the copy, more of them after it; with the copy back in place the
    daemon learns all of it again from mailbox and desk, and writes nothing there."""
    for number, due in ((1, "100.00"), (2, "200.00"), (3, "300.00"), (4, "400.00")):
        line.planfix.add_order(number, due)
    copy = line.folder / "copy.db"
    line.configure(desk=PATIENT)
    with line.running() as daemon:
        line.deliver(letter("WFP-1", "100.00", "1"))
        daemon.wait_for("order.advanced")
        line.deliver(letter("WFP-2a", "150.00", "2"))
        until(lambda: _states(line).get("WFP-2a") is State.PARTIAL, daemon)
        line.planfix.faults.add(Fault(on="POST /task/{id}/datatags/", do="timeout", when="after"))
        line.deliver(letter("WFP-3", "300.00", "3"))
        until(lambda: bool(line.planfix.order(3).incomes), daemon)
        with line.command("backup", str(copy)) as backup:  # the daemon waits for an answer that never comes
            assert backup.ended() == 0, backup.said
        assert_stops(daemon)

    line.configure(desk=QUICK)
    with line.daemon() as daemon:
        line.deliver(letter("WFP-2b", "50.00", "2"), letter("WFP-4", "400.00", "4"))
        until(lambda: Counter(_states(line).values()) == {State.SETTLED: 5}, daemon)
        assert_stops(daemon)
    before = _desk(line)
    assert before == {
        number: (PRODUCTION, (PRODUCTION,), rows)
        for number, rows in ((1, ["WFP-1"]), (2, ["WFP-2a", "WFP-2b"]), (3, ["WFP-3"]), (4, ["WFP-4"]))
    }
    known = _known(line)

    for left in line.folder.glob("reconciler.db*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    shutil.copy(copy, line.folder / "reconciler.db")
    assert Counter(_states(line).values()) == {State.SETTLED: 1, State.PARTIAL: 1, State.RECORDED: 1}
    line.planfix.forget_requests()
    with line.daemon() as daemon:
        until(lambda: Counter(_states(line).values()) == {State.SETTLED: 5}, daemon)
        assert_stops(daemon)
    assert _desk(line) == before
    assert not {"post", "status"} & set(line.requests()), "something was written to the desk again"
    assert _known(line) == known


def _states(line: Line) -> Mapping[str, State]:
    return {entry.transaction_id: entry.state for entry in line.entries()}


def _known(line: Line) -> Mapping[str, Any]:
    """What the ledger knows of each payment, but for when and by what number of its own it learned it."""
    return {
        entry.transaction_id: (
            entry.amount,
            entry.order_number,
            entry.task,
            entry.income_id,
            entry.paid_at,
            entry.payer,
        )
        for entry in line.entries()
    }


def _desk(line: Line) -> Mapping[int, Any]:
    orders = {number: line.planfix.order(number) for number in (1, 2, 3, 4)}
    return {
        number: (order.status, order.history, sorted(row.payment_id or "" for row in order.incomes))
        for number, order in orders.items()
    }
