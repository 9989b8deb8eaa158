"""A real daemon on a ledger that was lost or put back from an old copy, over the same mailbox and the same desk."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import State, StepKind, StepState
from reconciler.sandbox.planfix.faults import Fault
from tests.line.daemon import Daemon, until
from tests.line.line import Line, later, letter
from tests.line.orders import PRODUCTION

QUICK = {"timeout_seconds": 0.5, "unknown_wait": "0.6s", "recheck": "0.3s", "difference_poll": "2s"}
LETTERS = {"WFP-1": ("12345", "1250.00"), "WFP-2": ("12346", "100.00"), "WFP-3": ("12347", "300.00")}
ENDS = {"WFP-1": State.SETTLED, "WFP-2": State.PARTIAL, "WFP-3": State.OVERPAID}
LIST = "POST /datatag/{id}/entry/list"


def ledger_of(line: Line) -> Path:
    return line.folder / "reconciler.db"


def lose(line: Line) -> None:
    """The file and its journals; the directory of locks beside it is nobody's state."""
    for path in line.folder.glob("reconciler.db*"):
        if path.is_file():
            path.unlink()


def copy_of(line: Line, name: str) -> Path:
    """A sound copy, as a backup takes it, while the daemon writes."""
    with closing(sqlite3.connect(ledger_of(line))) as source, closing(sqlite3.connect(line.folder / name)) as target:
        source.backup(target)
    return line.folder / name


def restore(line: Line, copy: Path) -> None:
    lose(line)
    shutil.copy(copy, ledger_of(line))


def states(line: Line) -> dict[str, State]:
    return {entry.transaction_id: entry.state for entry in line.entries()}


def paid(line: Line) -> Path:
    """Three letters, read and paid by a daemon that then stops; a copy of its ledger from before the first of them."""
    line.configure(desk=QUICK)
    for number, due in (("12345", "1250.00"), ("12346", "900.00"), ("12347", "200.00")):
        line.planfix.add_order(number, due)
    with line.running() as daemon:
        copy = copy_of(line, "before.db")
        line.deliver(*(letter(ref, amount, order) for ref, (order, amount) in LETTERS.items()))
        until(lambda: states(line) == ENDS, daemon)
        assert daemon.stopped()[0] == 0
    line.planfix.forget_requests()
    return copy


def assert_as_it_was(line: Line) -> None:
    """Each payment's row once, each order's status set once, and not one write more."""
    rows = {number: [row.payment_id for row in order.incomes] for number, order in line.planfix.orders.items()}
    assert rows == {"12345": ["WFP-1"], "12346": ["WFP-2"], "12347": ["WFP-3"]}
    assert line.planfix.order(12345).history == (PRODUCTION,)
    assert not {"post", "status"} & set(line.requests())


@pytest.mark.parametrize("lag", [0, 2], ids=["lists are whole", "lists lag"])
@pytest.mark.parametrize("kept", ["nothing", "a copy from before"])
def test_a_daemon_on_a_lost_or_old_ledger_posts_nothing_twice(line: Line, kept: str, lag: int) -> None:
    """R10 T03 D01: the whole mailbox is read again, every payment is found on the desk by its id, and stands as it did."""
    copy = paid(line)
    if kept == "nothing":
        lose(line)
    else:
        restore(line, copy)
    if lag:
        line.planfix.faults.add(Fault(on=LIST, do="no-rows", times=lag * len(LETTERS)))
    with line.daemon() as daemon:
        daemon.ready()
        until(lambda: states(line) == ENDS, daemon)
        assert daemon.stopped()[0] == 0
    assert_as_it_was(line)


@pytest.mark.parametrize("at", ["post", "status"])
def test_a_daemon_on_a_copy_with_a_step_in_the_air(line: Line, at: str) -> None:
    """R10 D04 T04: the copy was taken while a request was under way; long since answered, it is looked for and sent no second time."""
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    suffix = "/datatags/" if at == "post" else "/task/12345"
    copies: list[Path] = []

    def photograph(method: str, path: str, body: Mapping[str, Any], phase: str) -> None:
        if method == "POST" and path.endswith(suffix) and phase == "before" and not copies:
            copies.append(copy_of(line, "sending.db"))

    line.planfix.on_request = photograph
    with line.running() as daemon:
        line.deliver(letter("WFP-1"))
        until(lambda: states(line) == {"WFP-1": State.SETTLED}, daemon)
        assert daemon.stopped()[0] == 0
    line.planfix.on_request = None
    line.planfix.forget_requests()
    restore(line, copies[0])
    with line.ledger() as ledger, ledger.look() as tx:
        kind = StepKind.INCOME if at == "post" else StepKind.ADVANCE
        assert [step.kind for step in tx.steps(states=[StepState.SENDING])] == [kind]
    with line.daemon() as second:
        second.ready()
        until(lambda: states(line) == {"WFP-1": State.SETTLED}, second)
        assert second.stopped()[0] == 0
    order = line.planfix.order(12345)
    assert ([row.payment_id for row in order.incomes], order.history) == (["WFP-1"], (PRODUCTION,))
    assert not {"post", "status"} & set(line.requests())


def test_a_lost_ledger_in_the_middle_of_a_killed_daemon_s_post(line: Line) -> None:
    """R10 T03: killed while its post is carried out, and the disk gone with it: the next daemon finds the row by its id."""
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "2500.00")
    daemons: list[Daemon] = []

    def kill(method: str, path: str, body: Mapping[str, Any], phase: str) -> None:
        if path.endswith("/datatags/") and phase == "after" and daemons:
            daemons.pop().process.send_signal(signal.SIGKILL)

    line.planfix.on_request = kill
    with line.running() as first:
        daemons.append(first)
        line.deliver(letter("WFP-1"))
        assert first.ended() == -signal.SIGKILL
    lose(line)
    with line.daemon() as second:
        second.ready()
        line.deliver(letter("WFP-2", paid_at=later(5)))
        until(lambda: states(line) == {"WFP-1": State.SETTLED, "WFP-2": State.SETTLED}, second)
    order = line.planfix.order(12345)
    assert sorted(row.payment_id or "" for row in order.incomes) == ["WFP-1", "WFP-2"]
    assert order.history == (PRODUCTION,)
