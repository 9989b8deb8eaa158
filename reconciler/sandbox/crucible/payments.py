"""
What payments of one order are like. A source of chance and an order's number go in, its due and a script of letters and of
people's acts come out, in the order in which they happen. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from reconciler.sandbox.proof import Nature


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    One letter.

    order: whose money it truly is; printed: the number that stands in the letter. again: of a payment that was told of: the
    same bytes, or in other words. recorded: it comes once the ledger knows its payment.
    """

    reference: str
    order: str
    amount: Decimal
    printed: str
    nature: Nature = Nature.GENUINE
    language: str = "uk"
    again: bool = False
    recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person does: see `hands`. what: its name; about: an order's number; amount: where one is needed."""

    what: str
    about: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """appears: it is there from the start, or only once its act `appear` is done."""

    number: str
    due: Decimal
    appears: bool = False
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """payments: how many different ones its letters tell of."""

    order: Order
    scenes: tuple[Told | Act, ...]

    @property
    def payments(self) -> int:
        return len({s.reference for s in self.scenes if isinstance(s, Told) and s.nature is Nature.GENUINE})


class Purse:
    """References and sums of one order's letters."""

    def __init__(self, chance: Random, number: str) -> None:
        self.chance = chance
        self.number = number
        self._count = 0

    def sum(self, low: int = 100, high: int = 900_000) -> Decimal:
        """Kopecks are ordinary; whole hryvnias are frequent."""
        minor = self.chance.randint(low, high)
        return Decimal(minor - (minor % 100 if self.chance.random() < 0.5 and minor >= 200 else 0)) / 100

    def told(self, amount: Decimal, **more: object) -> Told:
        self._count += 1
        language = self.chance.choice(("uk", "uk", "ru", "en"))
        reference = f"WFP-{self.number}-{self._count}-{self.chance.getrandbits(40):010x}"
        facts: dict[str, object] = {"printed": self.number, "language": language, **more}
        return Told(reference=reference, order=self.number, amount=amount, **facts)  # type: ignore[arg-type]

    def parts(self, due: Decimal, count: int) -> list[Decimal]:
        """Sums that add up to `due`, each at least one kopeck."""
        minor = int(due * 100)
        cuts = sorted(self.chance.sample(range(1, minor), count - 1))
        return [Decimal(b - a) / 100 for a, b in zip([0, *cuts], [*cuts, minor], strict=True)]


Writer = Callable[[Purse, Decimal], tuple[Told | Act, ...]]


def whole(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return (purse.told(due),)


def in_parts(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return tuple(purse.told(part) for part in purse.parts(due, purse.chance.choice((2, 2, 3))))


def too_little(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return (purse.told(purse.parts(due, 2)[0]),)


def too_much(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    if purse.chance.random() < 0.5:
        return (purse.told(due + purse.sum(high=5_000)),)
    return (purse.told(due), purse.told(purse.sum(high=5_000)))  # one payment after the order was paid


def twins(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    """Two real payments of one sum in one minute; due is made even for them."""
    half = Decimal(int(due * 100) // 2) / 100
    return (purse.told(half), purse.told(half), purse.told(due - 2 * half) if due != 2 * half else Act(what="nothing"))


def told_again(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    first = purse.told(due)
    other = "en" if first.language == "uk" else "uk"
    again = [_copy(first, again=True), _copy(first, again=True, language=other)]
    return (first, *again[: purse.chance.choice((1, 2))])


def contradicted(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    first = purse.told(due)
    return (first, _copy(first, again=True, amount=due + 1, recorded=True))


def forged(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    """A forgery of its own, or one that borrows a payment's reference before or after the gateway tells of it."""
    real = purse.told(due)
    fake = purse.told(due, nature=Nature.FORGED)
    borrowed = _copy(real, nature=Nature.FORGED, amount=due + 5)
    return purse.chance.choice(((real, fake), (borrowed, real), (real, borrowed)))


def declined(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return (purse.told(due, nature=Nature.DECLINED), purse.told(due))


def foreign(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return (purse.told(due, nature=Nature.FOREIGN), purse.told(due))


def given_back(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    part, rest = purse.parts(due, 2)
    first = purse.told(part)
    return (first, _copy(first, nature=Nature.REFUND), purse.told(rest))


def mistyped(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    """The number of no order; in the end a person gives the right one."""
    return (purse.told(due, printed=f"9{purse.number}"),)


def appears_later(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return (purse.told(due), Act(what="appear", about=purse.number))


def leaves_draft(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return (purse.told(due), Act(what="leave draft", about=purse.number))


def rest_in_cash(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    part, rest = purse.parts(due, 2)
    act = Act(what="type a row", about=purse.number, amount=rest)
    told = purse.told(part)
    return (told, act) if purse.chance.random() < 0.5 else (act, told)


def due_lowered(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    part = purse.parts(due, 2)[0]
    return (purse.told(part), Act(what="change due", about=purse.number, amount=part))


def due_raised(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    more = purse.sum(high=5_000)
    act = Act(what="change due", about=purse.number, amount=due + more)
    return (act, purse.told(due), purse.told(more))


def in_production_already(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return (Act(what="send to production", about=purse.number), purse.told(due))


def cancelled(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    return (Act(what="cancel", about=purse.number), purse.told(due))


def row_removed(purse: Purse, due: Decimal) -> tuple[Told | Act, ...]:
    part, rest = purse.parts(due, 2)
    return (purse.told(part), Act(what="remove a row", about=purse.number), purse.told(rest))


def _copy(told: Told, **changes: object) -> Told:
    fields = {name: getattr(told, name) for name in Told.__dataclass_fields__}
    return Told(**{**fields, **changes})


WRITERS: Mapping[Writer, int] = {
    whole: 30,
    in_parts: 20,
    too_little: 4,
    too_much: 4,
    twins: 3,
    told_again: 6,
    contradicted: 3,
    forged: 5,
    declined: 3,
    foreign: 2,
    given_back: 2,
    mistyped: 3,
    appears_later: 4,
    leaves_draft: 3,
    rest_in_cash: 3,
    due_lowered: 2,
    due_raised: 2,
    in_production_already: 2,
    cancelled: 1,
    row_removed: 1,
}
"""How often each is, out of their sum."""


def scripts(chance: Random, payments: int) -> Iterator[Script]:
    """Scripts until their letters tell of so many payments; the last ones are whole payments, so that it is exactly so many."""
    left = payments
    number = 10_000
    while left > 0:
        number += chance.randint(2, 9)
        purse = Purse(chance, str(number))
        due = purse.sum(low=1_000)
        writer = chance.choices(list(WRITERS), list(WRITERS.values()))[0] if left > 3 else whole
        script = Script(
            Order(number=str(number), due=due, appears=writer is appears_later, draft=writer is leaves_draft),
            tuple(scene for scene in writer(purse, due) if not (isinstance(scene, Act) and scene.what == "nothing")),
        )
        left -= script.payments
        yield script
