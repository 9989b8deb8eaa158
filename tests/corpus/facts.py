"""
What one payment is, and what may be read of it: drawn from a random source; goes out as `Facts` and their `Truth`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

from tests.corpus.data import DATA

KYIV = ZoneInfo("Europe/Kyiv")


class Demand(StrEnum):
    """What an honest person would say of a letter."""

    READ = "read"  # it is plain: the reader should read it
    EITHER = "either"  # it takes a second look: read right or held, both are fine
    HOLD = "hold"  # nobody can be sure: whoever reads money in it guesses


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One payment as it happened; `order` is the number, None where the payer gave none."""

    kind: str
    amount: Decimal
    currency: str
    reference: str
    paid_at: datetime  # Kyiv's time, whole seconds
    order: str | None
    shop: str
    odd_order: str | None = None  # what the payer typed where it is no number: printing it whole is no lie


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What may be printed of one payment: every fact not among these is wrong."""

    kind: str
    amounts: frozenset[str]
    currencies: frozenset[str]
    references: frozenset[str]
    paid_at: datetime  # UTC; to the minute where the letter prints no seconds
    orders: frozenset[str]
    has_order: bool
    shop: str


def draw(rng: Random, kind: str) -> Facts:
    """A payment of `kind`."""
    currency = rng.choices(("UAH", "USD", "EUR"), (88, 6, 6))[0]
    paid_at = datetime(2025, 1, 2, 6, 0, tzinfo=KYIV) + timedelta(days=rng.randrange(680), seconds=rng.randrange(61200))
    return Facts(
        kind=kind,
        amount=amount(rng),
        currency=currency,
        reference=reference(rng, paid_at),
        paid_at=paid_at,
        order=order(rng),
        shop=str(rng.choice(DATA["people"]["test_shops" if kind == "test" else "shops"])),
    )


def amount(rng: Random) -> Decimal:
    whole = rng.choice((rng.randrange(1, 100), rng.randrange(100, 1000), rng.randrange(1000, 100_000), 1250, 2500))
    if rng.random() < 0.02:
        whole = rng.randrange(1_000_000, 20_000_000)
    return Decimal(whole) + Decimal(rng.choice((0, 0, 0, rng.randrange(100)))) / 100


def reference(rng: Random, at: datetime) -> str:
    stamp = f"{int(at.timestamp()) - 40:08x}{rng.randrange(16**5):05x}"
    return rng.choices(
        (
            f"WFP-SOC-{rng.randrange(10**6, 10**8)}-{stamp}",
            f"WFP-BTN-{rng.randrange(10**6, 10**8)}-{stamp}",
            f"WFP-BTN-{rng.randrange(10**6, 10**8)}-{stamp}_WFPREG-{rng.randrange(10**6, 10**7)}-{rng.randrange(1, 12)}",
            f"AP-{int(at.timestamp())}-{rng.randrange(1000, 9999)}",
            f"DH{rng.randrange(10**5, 10**6)}",
            f"{rng.randrange(10**12, 10**13)}",
        ),
        (45, 20, 5, 10, 8, 12),
    )[0]


def order(rng: Random) -> str | None:
    return rng.choices(
        (
            str(rng.randrange(10_000, 100_000)),
            str(rng.randrange(100, 10_000)),
            f"A-{rng.randrange(1000, 10_000)}",
            f"{rng.randrange(2025, 2027)}-{rng.randrange(100, 1000)}",
            f"{rng.randrange(10**6, 10**7)}",
            None,
        ),
        (70, 12, 4, 3, 4, 7),
    )[0]


def truth(facts: Facts, *, seconds: bool = True) -> Truth:
    """seconds: whether the letter prints them."""
    moment = facts.paid_at if seconds else facts.paid_at.replace(second=0)
    return Truth(
        kind=facts.kind,
        amounts=frozenset({f"{facts.amount:.2f}"}),
        currencies=frozenset({facts.currency}),
        references=frozenset({facts.reference}),
        paid_at=moment.astimezone(UTC),
        orders=frozenset(each for each in (facts.order, facts.odd_order) if each),
        has_order=facts.order is not None,
        shop=facts.shop,
    )
