"""Sums are exact from the letter to the desk and back, however Planfix's doubles round on the way."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.desks.planfix import decode
from reconciler.money import Money
from reconciler.settling import known_sum

SPLITS = 100_000
MOST_PARTS = 10


def splits(seed: int) -> Iterator[tuple[int, list[int]]]:
    """A sum in kopiikas, up to a million hryvnias, and random parts of it."""
    dice = random.Random(seed)
    for number in range(SPLITS):
        parts = 1 + number % MOST_PARTS
        total = dice.randrange(MOST_PARTS, 100_000_000)
        cuts = sorted(dice.sample(range(1, total), parts - 1))
        yield total, [after - before for before, after in zip([0, *cuts], [*cuts, total], strict=True)]


def as_planfix_counts(parts: Sequence[int]) -> float:
    """Doubles added one after another, as the account's summary field does it."""
    paid = 0.0
    for part in parts:
        paid += part / 100
    return paid


def as_read(shown: float) -> Money | None:
    """A number as the answer's JSON spells it, read by the desk."""
    return decode.money({"value": Decimal(repr(shown))}, "UAH")


def test_a_hundred_thousand_random_splits_are_paid_to_the_kopiika() -> None:
    """M06: whatever parts a sum is paid in, what doubles add up to is read as exactly the sum, and one kopiika less is not."""
    for total, parts in splits(seed=6):
        due, paid = Money.from_minor(total, "UAH"), as_planfix_counts(parts)
        ours = known_sum({str(n): Money.from_minor(part, "UAH") for n, part in enumerate(parts)}, "UAH")
        assert as_read(paid) == due == ours, parts
        difference = as_read(total / 100 - paid)
        assert difference is not None, parts
        assert difference.minor == 0, parts
        short = as_planfix_counts([parts[0] - 1, *parts[1:]])
        assert as_read(short) == due - Money.from_minor(1, "UAH"), parts
