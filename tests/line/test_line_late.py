"""
A create that lands after its sender has given up: how late it may be, with a real daemon and no clock but its own.

Up to the second of two complete looks it is found and never made again. Later than that nothing can tell it from one that never
came, as Planfix has no key that would: it is made again, and the two rows are seen before the order moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.model import Reason, State, StepKind
from reconciler.sandbox.planfix.faults import Fault, matches
from reconciler.sandbox.record import CREATE, LOOK_FOR_INCOME
from tests.line.line import Line, letter
from tests.line.orders import assert_paid_once

ONE = {"WFP-1": "1250.00"}
PATTERNS = {"post": CREATE, "look": LOOK_FOR_INCOME}
QUICK = {"timeout_seconds": 0.5, "unknown_wait": "2s", "recheck": "0.3s"}


@pytest.fixture
def order(line: Line) -> Line:
    """The first create is not answered, and lands when it is told to."""
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    line.planfix.faults.add(Fault(on=CREATE, do="late"))
    return line


def land_at(line: Line, word: str, moment: Callable[[], bool]) -> None:
    """Land right before the first request of that kind for which the moment has come."""

    def watch(method: str, path: str, _body: Mapping[str, Any], phase: str) -> None:
        if phase == "before" and matches(PATTERNS[word], method, path) and line.planfix.in_flight and moment():
            line.planfix.land()

    line.planfix.on_request = watch


def looks(line: Line) -> int:
    """Complete looks so far that found nothing, by the ledger."""
    with line.ledger() as ledger, ledger.look() as tx:
        return max((step.looks for step in tx.steps(kind=StepKind.INCOME)), default=0)


def looked(line: Line) -> bool:
    """Any look at all, also one whose finding nothing proves nothing yet."""
    with line.ledger() as ledger, ledger.look() as tx:
        return any(event.name == "step.looked" for event in tx.history())


def asked(line: Line, word: str) -> int:
    return line.requests().count(word)


MOMENTS: Mapping[str, Callable[[Line], bool]] = {
    "before the first look": lambda line: True,
    "after the first look": looked,
    "between the two complete looks": lambda line: looks(line) == 1,
}


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_a_create_that_lands_late_is_found(order: Line, moment: str) -> None:
    """Landing up to right before the second complete look, a create is found and never made again: one row, one advance (T04)."""
    land_at(order, "look", lambda: asked(order, "post") > 0 and MOMENTS[moment](order))
    with order.running() as daemon:
        order.deliver(letter("WFP-1"))
        daemon.wait_for("income.found")
        daemon.wait_for("order.advanced")
        assert asked(order, "post") == 1
        assert daemon.stopped()[0] == 0
    assert_paid_once(order, ONE)


def test_a_create_that_lands_after_both_looks_is_doubled_and_told(order: Line) -> None:
    """
    Where the promise ends: landing only when it was proven absent and is made again, it stands there twice; that is seen before the
    order moves, a person is told, and production is not started on it (T04).
    """
    land_at(order, "post", lambda: asked(order, "post") == 1)
    with order.running() as daemon:
        order.deliver(letter("WFP-1"))
        daemon.wait_for("entry.held", reason=Reason.DOUBLED.value)
        assert daemon.events("step.proven_absent")
        assert daemon.stopped()[0] == 0
    shown = order.planfix.order(12345)
    assert [row.payment_id for row in shown.incomes] == ["WFP-1", "WFP-1"]
    assert shown.history == ()
    assert [entry.state for entry in order.entries()] == [State.HELD]
