"""The kill-storm in its short form, and the pure parts of the long one."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from reconciler.model import StepKind
from reconciler.sandbox.storm import Storm, plan
from reconciler.sandbox.storm.plan import Fate, Point
from reconciler.sandbox.storm.tally import Wanted

PAYMENTS = 40
WANTED = Wanted(kills=16, of_each_kind=2, after_a_look=1)


@pytest.mark.timeout(300)
@pytest.mark.long
def test_a_short_storm(tmp_path: Path) -> None:
    """
    A real daemon killed again and again while a step is planned or being sent, with effects that land late or never: every
    payment is one income, every order right, nothing unexplained (D04, T03, T04, T12).
    """
    told: list[int] = []
    storm = Storm(payments=PAYMENTS, wanted=WANTED, seed=7, tell=lambda storm: told.append(len(storm.tally.struck)))
    result = storm.play(tmp_path)
    assert result.wrong == ()
    assert (result.proof.payments, result.proof.incomes, result.proof.held) == (PAYMENTS, PAYMENTS, 0)
    assert len(result.tally.struck) == max(told) >= WANTED.kills


# ---------------------------------------------------------------- what it is made of


def test_a_storm_is_told_by_its_seed() -> None:
    """The same seed gives the same payments and the same blows, another one gives others."""

    def told(seed: int) -> object:
        rng = Random(seed)
        return plan.backlog(rng, 50), list(islice(plan.blows(rng, longest_skip=2), 50))

    assert told(3) == told(3)
    assert told(3) != told(4)


@pytest.mark.parametrize("count", [1, 2, 40, 500])
def test_a_backlog_is_as_long_as_was_asked(count: int) -> None:
    """So many payments, each of its own id; some orders have several, and their dues are the sums."""
    payments = plan.backlog(Random(1), count)
    assert len({payment.reference for payment in payments}) == len(payments) == count
    sums = plan.dues(payments)
    assert sum(sums.values()) == sum(payment.amount for payment in payments)
    if count >= 40:
        assert {1, 2, 3} == set(Counter(payment.order for payment in payments).values())


def test_every_moment_of_every_kind_is_struck() -> None:
    """In two hundred lives each kind of step is struck at each point, and requests under way meet each fate."""
    drawn = [blow for blow, _ in islice(plan.blows(Random(1), longest_skip=1), 200)]
    assert {(blow.kind, blow.point) for blow in drawn} == {(kind, point) for kind in StepKind for point in Point}
    assert {blow.fate for blow in drawn if blow.point is Point.UNDER_WAY} == set(Fate)


def test_late_is_after_the_client_gave_up_and_before_the_second_look() -> None:
    """What lands late lands after the time-out and before an absence may count; half of the creates wait for the first look."""
    blows = [blow for blow, _ in islice(plan.blows(Random(1), longest_skip=0), 200)]
    seconds = [blow.seconds for blow in blows if blow.seconds is not None]
    assert plan.TIMEOUT < min(seconds) < max(seconds) < plan.UNKNOWN_WAIT
    waiting = [blow.kind for blow in blows if blow.seconds is None]
    assert set(waiting) == {StepKind.INCOME}
    assert len(waiting) > 30


def test_a_storm_that_struck_too_little_is_none() -> None:
    """Kills that are missing, or missing of one kind, are told: a storm that did not rage proves nothing."""
    from reconciler.sandbox.storm.tally import Tally

    missing = list(Tally().shortfalls(Wanted(kills=3, of_each_kind=1, after_a_look=0)))
    assert missing[0] == "only 0 of 3 kills"
    assert len(missing) == 1 + len(StepKind)
