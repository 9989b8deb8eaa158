"""What goes wrong with one payment or one letter is that one's: its outcome says so, and its neighbours stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import errors
from reconciler.errors import DeskUnreachable, HeldError, LedgerUnavailable, TransientError, UnknownOutcome
from reconciler.ledger import Ledger, Tx
from reconciler.model import OutcomeWord, State
from tests.rules.stage import OTHER, Stage, signed, stands
from tests.worlds import World, uah

GOOD = {OutcomeWord.SETTLED, OutcomeWord.PARTIAL, OutcomeWord.ALREADY}
VERBS = ("orders", "read", "incomes", "post_income", "advance")
WRITES = ("post_income", "advance")


def every_error(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for kind in root.__subclasses__():
        yield from every_error(kind)


RAISED = [
    kind
    for kind in [
        *every_error(HeldError),
        *every_error(TransientError),
        *every_error(UnknownOutcome),
        ZeroDivisionError,
        KeyError,
    ]
    if kind.__module__ in (errors.__name__, "builtins") and not issubclass(kind, LedgerUnavailable)
]


CASES = [
    (kind, verb)
    for kind in RAISED
    for verb in VERBS
    if verb in WRITES or not issubclass(kind, UnknownOutcome)  # a read is never unknown
]


@pytest.mark.parametrize(("kind", "verb"), CASES, ids=[f"{kind.__name__}-{verb}" for kind, verb in CASES])
def test_no_error_ends_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception], verb: str
) -> None:
    """D13: whatever error meets a payment at whatever verb of the desk, its outcome is none of the good ones, and never a guess."""
    world = World.make(tmp_path)
    order = world.desk.add("12345", "1250.00")
    entry = world.pay("WFP-1", "1250.00")

    def fails(*given: object) -> Any:
        raise kind("told to fail")

    monkeypatch.setattr(world.desk, verb, fails)
    outcomes = world.worker.run_due()
    assert [done.id for done in outcomes] == [f"e{entry.id}"]
    assert outcomes[0].outcome not in GOOD
    assert outcomes[0].outcome in (OutcomeWord.WAITING, OutcomeWord.HELD)
    assert outcomes[0].reason is not None
    left = world.entry(entry)
    assert left.state in (State.WAITING, State.HELD)
    assert (left.retry_at is not None) is (left.state is State.WAITING)
    assert order.advances == 0


class Broken(Exception):
    """A bug, or a disk, at some statement of the second letter's reading."""


@contextmanager
def breaking(verb: str) -> Iterator[None]:
    """From now on this verb of the ledger raises."""

    def breaks(self: Tx, *given: object, **named: object) -> Any:
        raise Broken(verb)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tx, verb, breaks)
        yield


@pytest.mark.parametrize("verb", ["take", "record", "close_mail", "append", "change", "plan_step", "move_step"])
def test_a_failure_at_the_second_letter_leaves_the_first_as_it_is(tmp_path: Path, verb: str) -> None:
    """D14: raised at each verb of the second letter's way: the first one's rows and history are what they were, byte for byte."""
    stage = Stage.make(tmp_path)
    stage.order()
    stage.order("54321")
    first = stage.paid()
    before = _everything_about(stage.ledger, first.id)
    with breaking(verb):
        try:
            stage.take(signed(reference=OTHER, order="54321"))
            stage.worker.run_due()
        except Broken:
            pass
    assert _everything_about(stage.ledger, first.id) == before
    stage.take(signed(reference=OTHER, order="54321"))
    stage.intake.read_due()
    stage.clock.pass_(minutes=5)
    stage.intake.read_due()
    held = [entry for entry in stage.entries() if entry.state is State.HELD]
    assert all(entry.transaction_id == OTHER for entry in held)
    assert _everything_about(stage.ledger, first.id) == before


def _everything_about(ledger: Ledger, entry: int) -> Any:
    with ledger.look() as tx:
        row = tx.entry(entry)
        return row, tx.mail(row.mail_id), tx.steps(entry_id=entry), tx.history(entry_id=entry)


def test_a_desk_down_for_a_day_loses_nothing(tmp_path: Path) -> None:
    """D10: down for 30 hours, longer than an order is waited for: letters are kept as read and not posted; all post once on recovery."""
    stage = Stage.make(tmp_path, order_deadline=timedelta(hours=24))
    for number in range(5):
        stage.order(str(number), due="10.00")
    real = stage.desk.orders

    def down(numbers: object) -> Any:
        raise DeskUnreachable("no connection")

    stage.desk.orders = down  # type: ignore[method-assign]
    entries = [stage.told(reference=f"WFP-{number}", amount="10.00", order=str(number)) for number in range(5)]
    stage.run(hours=30)
    assert {stage.again(entry).state for entry in entries} <= {State.RECORDED, State.WAITING}
    stage.desk.orders = real  # type: ignore[method-assign]
    stage.run(hours=1)
    assert {stands(stage.again(entry)) for entry in entries} == {(State.SETTLED, None)}
    assert [order.paid for order in stage.desk.by_number.values()] == [uah("10.00")] * 5
    assert stage.calls("post_income") == 5
