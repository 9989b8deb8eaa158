"""
A payment whose process is killed, at every boundary there is, and taken up by the next one.

Boundaries are every commit of the ledger (right before it, right after it) and every request to Planfix (lost on its way,
or carried out with nobody left to hear the answer). Each time a successor starts on what is left, and what comes of it
is the same as if nothing had happened.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from reconciler.model import State
from reconciler.sandbox import host
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.planfix.faults import Fault
from tests.line.daemon import until
from tests.line.line import FULL, Line, later, letter
from tests.line.orders import assert_paid_once
from tests.line.payer import Death, Payer, Side
from tests.postgres import Server

pytestmark = pytest.mark.slow

QUICK = {"timeout_seconds": 0.5, "unknown_wait": "0.6s", "recheck": "0.3s"}

ONE = {"WFP-1": "1250.00"}
TWO = {"WFP-1": "500.00", "WFP-2": "750.00"}
TWO_REQUESTS = [*(f"1. {word}" for word in FULL[:4]), *(f"2. {word}" for word in FULL)]

SHARES = 4
"""Into how many tests the commits are dealt, so that several processors can share them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Payments of one order, ready to be told again and again, each time to an empty ledger and an empty account."""

    line: Line
    payments: Mapping[str, str]
    letters: Sequence[bytes]
    empty_ledger: Callable[[], object]

    def begin(self) -> None:
        self.line.planfix.reset()
        self.line.planfix.add_order(12345, "1250.00")
        self.empty_ledger()

    def payer(self, death: Death | None = None) -> Payer:
        return Payer(self.line.settings, self.letters, death)

    def told_whole(self) -> int:
        """Undisturbed; how many commits that takes."""
        self.begin()
        commits = self.payer().finished()
        assert_paid_once(self.line, self.payments)
        return commits

    def taken_up(self) -> None:
        """The successor finishes what is left, and all is as it should be."""
        self.payer().finished()
        assert_paid_once(self.line, self.payments)


Telling = Callable[[Mapping[str, str]], Story]


@pytest.fixture
def story(line: Line) -> Telling:
    """A story of these payments (id → sum), its ledger made and the desk's names known."""

    def make(payments: Mapping[str, str]) -> Story:
        known(line)
        empty = line.folder / "empty.db"
        shutil.move(line.folder / "reconciler.db", empty)
        return told_on(line, payments, lambda: shutil.copy(empty, line.folder / "reconciler.db"))

    return make


@pytest.fixture
def postgres_story(postgres_line: Line, postgres_server: Server) -> Telling:
    """The same on PostgreSQL, where an empty ledger is a copy of a database."""
    name = postgres_line.url.partition("@/")[2].partition("?")[0]
    empty = f"{name}_empty"

    def copy(source: str, target: str) -> None:
        postgres_server.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        postgres_server.execute(f"CREATE DATABASE {target} TEMPLATE {source}")

    def make(payments: Mapping[str, str]) -> Story:
        known(postgres_line)
        copy(name, empty)
        return told_on(postgres_line, payments, lambda: copy(empty, name))

    return make


def known(line: Line) -> None:
    """The ledger is made, and it knows the desk's names."""
    line.configure(desk=QUICK)
    Payer(line.settings, []).finished()


def told_on(line: Line, payments: Mapping[str, str], empty_ledger: Callable[[], object]) -> Story:
    raws = [letter(ref, amount, paid_at=later(n)) for n, (ref, amount) in enumerate(payments.items())]
    return Story(line=line, payments=payments, letters=raws, empty_ledger=empty_ledger)


# ---------------------------------------------------------------- at every commit


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("payments", [ONE, TWO], ids=["one payment", "two payments"])
def test_killed_at_any_commit(story: Telling, payments: Mapping[str, str], side: Side, share: int) -> None:
    """A process that is killed at any commit of its ledger leaves what its successor brings to one income and one advance (D04, T12)."""
    kill_at_commits(story(payments), side, share)


def kill_at_commits(told: Story, side: Side, share: int) -> None:
    last = told.told_whole()
    assert last >= SHARES * len(told.payments)
    for number in range(1 + share, last + 1, SHARES):
        told.begin()
        told.payer(Death(at=number, side=side)).was_killed()
        told.taken_up()


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_at_any_commit_to_postgresql(postgres_story: Telling, side: Side, share: int) -> None:
    """The same on a ledger in PostgreSQL, whose server rolls back what a dead process left open (D04, R07)."""
    kill_at_commits(postgres_story(ONE), side, share)


# ---------------------------------------------------------------- at every request


class Assassin:
    """Kills the sender of the request of that number. lost: the request never reaches the account."""

    def __init__(self, planfix: SandboxPlanfix, pid: Callable[[], int], *, at: int, lost: bool) -> None:
        self._planfix = planfix
        self._pid = pid
        self._at = at
        self._lost = lost
        self._seen = 0
        self.struck = False

    def __call__(self, method: str, path: str, body: Mapping[str, Any], phase: str) -> None:
        self._seen += phase == "before"
        if self.struck or self._seen != self._at or phase != ("before" if self._lost else "after"):
            return
        self.struck = True
        os.kill(self._pid(), signal.SIGKILL)
        if self._lost:
            self._planfix.faults.add(Fault(on="*", do="drop"))


def kill_at_request(story: Story, at: int, *, lost: bool) -> None:
    story.begin()
    payers: list[Payer] = []
    story.line.planfix.on_request = Assassin(story.line.planfix, lambda: payers[0].pid, at=at, lost=lost)
    payers.append(story.payer())
    payers[0].was_killed()
    story.line.planfix.on_request = None
    story.taken_up()


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "carried out"])
@pytest.mark.parametrize("at", range(1, len(FULL) + 1), ids=FULL)
def test_killed_at_any_request(story: Telling, at: int, lost: bool) -> None:
    """A process killed while a request is under way, lost or carried out, is succeeded to one income and one advance (T03, T04)."""
    kill_at_request(story(ONE), at, lost=lost)


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "carried out"])
@pytest.mark.parametrize("at", range(1, len(TWO_REQUESTS) + 1), ids=TWO_REQUESTS)
def test_killed_at_any_request_of_two_payments(story: Telling, at: int, lost: bool) -> None:
    """The same with two payments of one order: two incomes, and one advance between them."""
    kill_at_request(story(TWO), at, lost=lost)


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "carried out"])
@pytest.mark.parametrize("at", range(1, len(FULL) + 1), ids=FULL)
def test_killed_at_any_request_on_postgresql(postgres_story: Telling, at: int, lost: bool) -> None:
    """The same on a ledger in PostgreSQL: what was sending is unknown to whoever succeeds, and looked for (T03, T04)."""
    kill_at_request(postgres_story(ONE), at, lost=lost)


# ---------------------------------------------------------------- the whole daemon


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "carried out"])
@pytest.mark.parametrize("at", [FULL.index("post") + 1, FULL.index("status") + 1], ids=["post", "status"])
def test_a_daemon_killed_at_an_effect(line_on: Line, at: int, lost: bool) -> None:
    """`reconciler run`, killed while its post or status change is under way, is succeeded by the next to one income and one advance (R07)."""
    line = line_on
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    with line.running() as first:
        line.planfix.on_request = Assassin(line.planfix, lambda: first.pid, at=at, lost=lost)
        line.deliver(letter("WFP-1"))
        assert first.ended() == -signal.SIGKILL
    line.planfix.on_request = None
    succeed(line)


def succeed(line: Line) -> None:
    """The next daemon finishes what is left, which may be nothing."""
    with line.daemon() as second:
        second.ready()
        until(lambda: [entry.state for entry in line.entries()] == [State.SETTLED], second)
        assert second.stopped()[0] == 0
    assert_paid_once(line, ONE)


POINTS = ("mail.taken", "entry.recorded", "step.planned", "step.sending", "income.posted", "order.advanced")
"""From the stored letter to the status change that is known to be done."""


@pytest.mark.parametrize("side", get_args(Side))
@pytest.mark.parametrize("point", POINTS)
def test_a_daemon_killed_at_a_commit(line: Line, point: str, side: Side) -> None:
    """A whole daemon that dies at some commit, of whichever of its threads, is succeeded to one income and one advance."""
    kill_a_daemon(line, point, side)


@pytest.mark.parametrize("side", get_args(Side))
@pytest.mark.parametrize("point", ["entry.recorded", "step.sending"])
def test_a_daemon_killed_at_a_commit_to_postgresql(postgres_line: Line, point: str, side: Side) -> None:
    """The same on PostgreSQL."""
    kill_a_daemon(postgres_line, point, side)


def kill_a_daemon(line: Line, point: str, side: Side) -> None:
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    with line.struck() as (first, control):
        control.die(host.Death(at=point, side=side))
        line.deliver(letter("WFP-1"))
        assert first.ended() == -signal.SIGKILL
    with line.ledger() as ledger, ledger.look() as tx:
        written = {event.name for event in tx.history()}
    assert (host.STEP_STATES.get(point, point) in written) is (side == "after")
    succeed(line)
