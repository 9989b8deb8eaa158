"""Several processes on one ledger: who works, who waits, who takes over; one payment is one result whoever comes at it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import State
from reconciler.sandbox.planfix.faults import Fault
from tests.line.daemon import PATIENCE, ROOT, Daemon, until
from tests.line.line import Line, later, letter
from tests.line.orders import assert_paid_once

QUICK = {"timeout_seconds": 0.5, "unknown_wait": "0.6s", "recheck": "0.3s"}
PATIENT = {"timeout_seconds": 30.0, "unknown_wait": "31s", "unknown_deadline": "2h"}
ONE = {"WFP-1": "1250.00"}


@contextmanager
def waiting(line: Line) -> Iterator[Daemon]:
    """A second daemon, which finds everything owned."""
    with line.daemon() as second:
        second.wait_for("desk.owned_elsewhere")
        yield second


# ---------------------------------------------------------------- daemons that share a PostgreSQL


def test_a_waiting_daemon_takes_over_from_a_killed_one(postgres_line: Line) -> None:
    """Two daemons on one PostgreSQL: one works, and when it is killed the other reads the mailbox and writes to the desk (R07, D29)."""
    line = postgres_line
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    with line.running() as first, waiting(line) as second:
        line.deliver(letter("WFP-1", "500.00"))
        first.wait_for("entry.partial")
        assert not second.events("notice.read")
        first.kill()
        second.ready()
        line.deliver(letter("WFP-2", "750.00", paid_at=later(3)))
        second.wait_for("order.advanced")
        assert second.stopped()[0] == 0
    assert_paid_once(line, {"WFP-1": "500.00", "WFP-2": "750.00"})


@pytest.mark.parametrize("path", ["/datatags/", "/task/"], ids=["post", "status"])
@pytest.mark.parametrize("lost", [True, False], ids=["lost", "carried out"])
def test_a_waiting_daemon_takes_up_what_was_under_way(postgres_line: Line, path: str, lost: bool) -> None:
    """An owner killed in the middle of an effect leaves it unknown to the one that waits, which looks and ends with one of it (D04, T04)."""
    line = postgres_line
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    struck = threading.Event()
    with line.running() as first, waiting(line) as second:

        def strike(method: str, at: str, _body: Mapping[str, Any], phase: str) -> None:
            effect = at.endswith(path) if path == "/datatags/" else at.strip("/").split("/")[-1].isdigit()
            if struck.is_set() or method != "POST" or not effect or phase != ("before" if lost else "after"):
                return
            struck.set()
            os.kill(first.pid, signal.SIGKILL)
            if lost:
                line.planfix.faults.add(Fault(on="*", do="drop"))

        line.planfix.on_request = strike
        line.deliver(letter("WFP-1"))
        assert first.ended() == -signal.SIGKILL
        until(lambda: [entry.state for entry in line.entries()] == [State.SETTLED], second)
    assert struck.is_set()
    assert_paid_once(line, ONE)


def test_daemons_that_start_together(postgres_line: Line) -> None:
    """Three daemons started at once on an empty PostgreSQL make one ledger, and a payment is paid once (O07, T10)."""
    line = postgres_line
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    line.deliver(letter("WFP-1"))
    with ExitStack() as stack:
        daemons = [stack.enter_context(line.daemon()) for _ in range(3)]
        for daemon in daemons:
            daemon.wait_for("service.started")
        until(lambda: [entry.state for entry in line.entries()] == [State.SETTLED], daemons[0])
        assert sum(len(daemon.events("order.advanced")) for daemon in daemons) == 1
        assert [daemon.stopped()[0] for daemon in daemons] == [0, 0, 0]
    assert_paid_once(line, ONE)


# ---------------------------------------------------------------- a daemon and commands


class Command:
    """A command as a process of its own, whose results are read at its end."""

    def __init__(self, line: Line, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "--config", str(line.settings), *words],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ended(self) -> tuple[int, list[Mapping[str, Any]], str]:
        said, logged = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, [json.loads(row) for row in said.splitlines()], logged


def saved(line: Line, name: str, raw: bytes) -> str:
    path = Path(line.folder / name)
    path.write_bytes(raw)
    return str(path)


@pytest.fixture
def held_post(line_on: Line) -> Iterator[tuple[threading.Event, threading.Event]]:
    """(asked, answer): the first create waits at Planfix until it is let go."""
    asked, answer = threading.Event(), threading.Event()

    def hold(method: str, path: str, _body: Mapping[str, Any], phase: str) -> None:
        if method == "POST" and path.endswith("/datatags/") and phase == "before" and not asked.is_set():
            asked.set()
            answer.wait(PATIENCE)

    line_on.planfix.on_request = hold
    yield asked, answer
    answer.set()
    line_on.planfix.on_request = None


def test_a_command_while_the_daemon_posts_the_same_mail(
    line_on: Line, held_post: tuple[threading.Event, threading.Event]
) -> None:
    """`reprocess` of a mail whose income the daemon is posting at this moment waits for it and tells its end: one result (D09)."""
    line, (asked, answer) = line_on, held_post
    line.configure(desk=PATIENT)
    line.planfix.add_order(12345, "1250.00")
    raw = letter("WFP-1")
    with line.running() as daemon:
        line.deliver(raw)
        assert asked.wait(PATIENCE)
        same = Command(line, "reprocess", saved(line, "same.eml", raw))
        other = Command(line, "reprocess", saved(line, "other.eml", letter("WFP-1", payer="Та сама людина")))
        until(lambda: notices(line) == 2, daemon)
        answer.set()
        daemon.wait_for("order.advanced")
        for command in (same, other):
            code, [row], _ = command.ended()
            assert (code, row["transaction_id"]) == (0, "WFP-1")
            assert row["outcome"] in ("settled", "already")
        assert len(daemon.events("order.advanced")) == 1
    assert_paid_once(line, ONE)


def notices(line: Line) -> int:
    """How many mails have told of payments so far."""
    with line.ledger() as ledger, ledger.look() as tx:
        return len(tx.mails(entry_id=1))


def test_a_daemon_that_starts_while_a_command_posts(
    line_on: Line, held_post: tuple[threading.Event, threading.Event]
) -> None:
    """A daemon started while `poll` is posting reads the same mail, waits for the desk, and adds nothing to it (D09, O13)."""
    line, (asked, answer) = line_on, held_post
    line.configure(desk=PATIENT)
    line.planfix.add_order(12345, "1250.00")
    line.deliver(letter("WFP-1"))
    command = Command(line, "poll")
    assert asked.wait(PATIENCE)
    with line.daemon() as daemon:
        daemon.wait_for("desk.owned_elsewhere")
        answer.set()
        code, [row], _ = command.ended()
        assert (code, row["outcome"]) == (0, "settled")
        daemon.ready()
        line.planfix.add_order(12346, "10.00")
        line.deliver(letter("WFP-2", "10.00", "12346"))
        daemon.wait_for("order.advanced", order="12346")
    assert len(line.planfix.order(12345).incomes) == 1
    assert line.planfix.order(12345).history == ("У виробництві",)


def test_four_commands_at_once_beside_the_daemon(line_on: Line) -> None:
    """Four commands at once on a ledger that a daemon writes to: none is refused, none fails on a lock, each payment is paid once (R03)."""
    line = line_on
    line.configure(desk=QUICK)
    orders = [str(number) for number in range(20_001, 20_013)]
    for number in orders:
        line.planfix.add_order(int(number), "10.00")
    with line.running() as daemon:
        commands = [Command(line, "reprocess", *files) for files in shares(line, orders)]
        for number in orders:  # the same letters come by mail as well
            line.deliver(letter(f"WFP-{number}", "10.00", number))
        for command in commands:
            code, rows, logged = command.ended()
            assert code == 0, logged
            assert {row["outcome"] for row in rows} <= {"settled", "already"}
            assert "locked" not in logged
        until(lambda: {entry.state for entry in line.entries()} == {State.SETTLED}, daemon)
    for number in orders:
        shown = line.planfix.order(int(number))
        assert ([row.payment_id for row in shown.incomes], len(shown.history)) == ([f"WFP-{number}"], 1)


def shares(line: Line, orders: Sequence[str]) -> Iterator[list[str]]:
    """Four heaps of saved letters, three in each."""
    for start in range(4):
        yield [saved(line, f"{number}.eml", letter(f"WFP-{number}", "10.00", number)) for number in orders[start::4]]
