"""
What the storm is made of, from a seed: payments and their orders, and how each life of the daemon is to end. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import TypeVar

from reconciler.model import StepKind

_T = TypeVar("_T")

PARTS: Sequence[int] = (1, 1, 1, 1, 2, 3)
"""Payments of one order, each as likely; most orders are paid at once."""
FIRST_ORDER = 20_001
REFERENCE = re.compile(r"WFP-STORM-\d{5}")

TIMEOUT = 0.6
UNKNOWN_WAIT = 4.0
"""Seconds after which an absence counts, instead of three minutes; its second look follows a quarter of it later."""
LATE = (TIMEOUT + 0.1, UNKNOWN_WAIT - 1.0)
"""Seconds after which a late effect lands, unless it waits for the first look: after the client gave up, before an absence counts."""

SHARES: Mapping[StepKind, int] = {StepKind.INCOME: 5, StepKind.ADVANCE: 3, StepKind.COMMENT: 2}
"""How often which kind of step is struck."""


class Point(StrEnum):
    """Where in the life of one step the daemon is killed."""

    PLANNED = "planned, not yet sending"
    ABOUT_TO_SEND = "about to commit `sending`"
    SENDING = "sending, nothing left yet"
    UNDER_WAY = "request under way"
    CARRIED_OUT = "carried out, not answered"
    ANSWERED = "answered, not written down"


class Fate(StrEnum):
    """What becomes of a request whose sender is gone, or has given up."""

    AT_ONCE = "carried out at once"
    LATE = "carried out late"
    NEVER = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """
    How one life ends: at the point of a step of that kind, after `skip` such steps went by.

    fate: of the request that is under way then. seconds: how late, when it is late; None: right after it was looked for once.
    """

    kind: StepKind
    point: Point
    skip: int
    fate: Fate = Fate.AT_ONCE
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A request of a daemon that lives: it is never answered, and carried out `seconds` after it came, or once looked for (None)."""

    kind: StepKind
    skip: int
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    reference: str
    order: str
    amount: Decimal


def backlog(rng: Random, count: int) -> list[Payment]:
    """So many payments; an order's due is the sum of its payments. Shuffled, as they would come."""
    payments: list[Payment] = []
    order = FIRST_ORDER
    while len(payments) < count:
        for _ in range(min(rng.choice(PARTS), count - len(payments))):
            amount = Decimal(rng.randrange(10_000, 900_000)) / 100
            payments.append(Payment(reference=f"WFP-STORM-{len(payments) + 1:05d}", order=str(order), amount=amount))
        order += 1
    rng.shuffle(payments)
    return payments


def dues(payments: Sequence[Payment]) -> Mapping[str, Decimal]:
    found: dict[str, Decimal] = {}
    for payment in payments:
        found[payment.order] = found.get(payment.order, Decimal(0)) + payment.amount
    return found


def kinds(rng: Random) -> Iterator[StepKind]:
    """Kinds of steps for ever, in their shares, shuffled."""
    hand = [kind for kind, share in SHARES.items() for _ in range(share)]
    while True:
        rng.shuffle(hand)
        yield from hand


def blows(rng: Random, *, longest_skip: int) -> Iterator[tuple[Blow, Sequence[Delay]]]:
    """Lives for ever: how each ends, and which requests of it are answered to nobody before that."""
    points = {kind: _dealt(rng, list(Point)) for kind in SHARES}
    fates = _dealt(rng, [Fate.AT_ONCE, Fate.LATE, Fate.LATE, Fate.NEVER])
    for kind in kinds(rng):
        point = next(points[kind])
        fate = next(fates) if point is Point.UNDER_WAY else Fate.AT_ONCE
        skip = rng.randint(0, longest_skip)
        blow = Blow(kind=kind, point=point, skip=skip, fate=fate, seconds=_lateness(rng, kind))
        delayed = [StepKind.INCOME, StepKind.ADVANCE] if rng.random() < 0.75 else []
        delays = [Delay(kind=one, skip=rng.randint(0, 1), seconds=_lateness(rng, one)) for one in delayed]
        yield blow, delays


def _lateness(rng: Random, kind: StepKind) -> float | None:
    """Half of the creates wait for the first look; what nobody looks for by its id goes by the clock."""
    return None if kind is StepKind.INCOME and rng.random() < 0.5 else round(rng.uniform(*LATE), 3)


def _dealt(rng: Random, hand: list[_T]) -> Iterator[_T]:
    """Each as often as any other, in an order nobody foresees."""
    while True:
        rng.shuffle(hand)
        yield from hand
