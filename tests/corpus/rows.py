"""
The pairs of label and value a letter prints for one payment: facts, a voice and a style come in; rows go out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from tests.corpus.data import DATA, Voice
from tests.corpus.facts import Facts
from tests.corpus.printing import Style, print_moment, type_order

NEEDED = frozenset({"amount", "refund_amount", "reference", "date", "order"})
"""Fields without whose label the letter cannot be read in full."""


PAID = frozenset({"payment", "test", "receipt"})
"""Kinds in which money came, so that a label may say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One pair; `field` is what it truly is ("decoy" for what nobody needs)."""

    field: str
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which rows a letter has; the same for every payment in it, so that they can stand in one table."""

    labels: dict[str, str]
    order: tuple[str, ...]
    decoys: tuple[tuple[str, str], ...]


def plan_rows(voice: Voice, kind: str, *, brief: bool) -> Plan:
    """brief: the needed rows alone."""
    rng = voice.rng
    amount = "refund_amount" if kind == "refund" and rng.random() < 0.6 else "amount"
    head = ["merchant", "status", amount, "reference", "date", "order"]
    if rng.random() < 0.06:
        head.insert(3, "currency")
    if rng.random() < 0.08:
        head.insert(head.index("date") + 1, "time")
    beside = [] if brief else ["payer", "email", "phone", "card", "fee", "credited", "purpose", "comment"]
    fields = [*head, *(field for field in beside if rng.random() < 0.45)]
    if "credited" in fields and "fee" not in fields:
        fields.remove("credited")
    if kind == "refund":
        fields = [field for field in fields if field not in ("fee", "credited")]
    if rng.random() < 0.3:
        rng.shuffle(fields)
    decoys = [] if brief else rng.sample(DATA["decoys"][voice.language], rng.choice((0, 0, 1, 2, 4)))
    spoken = {} if kind in PAID else {"amount": "sum", "date": "moment"}
    labels = {field: voice.label(spoken.get(field, field)) for field in fields}
    return Plan(labels=labels, order=tuple(fields), decoys=tuple((label, value) for label, value in decoys))


def rows_of(facts: Facts, plan: Plan, voice: Voice, style: Style, status: str) -> list[Row]:
    """The rows of one payment; decoys stand somewhere among them."""
    rows = [
        Row(field=field, label=plan.labels[field], value=_value(field, facts, plan, voice, style, status))
        for field in plan.order
    ]
    for label, value in plan.decoys:
        place = voice.rng.randrange(len(rows) + 1)
        rows.insert(place, Row(field="decoy", label=label, value=decoy(value, facts, voice, style)))
    return rows


def _value(field: str, facts: Facts, plan: Plan, voice: Voice, style: Style, status: str) -> str:
    rng = voice.rng
    fee = (facts.amount * Decimal("0.02")).quantize(Decimal("0.01"))
    if style.decimal == "":
        fee = Decimal(max(1, int(fee)))
    match field:
        case "amount" | "refund_amount":
            return style.bare(facts.amount) if "currency" in plan.labels else style.money(facts.amount)
        case "currency":
            return facts.currency
        case "reference":
            return facts.reference
        case "date":
            pattern = "{dd}.{mm}.{yyyy}" if "time" in plan.labels else style.moment
            return print_moment(pattern, facts.paid_at, voice.language)
        case "time":
            return print_moment("{HH}:{MM}:{SS}", facts.paid_at, voice.language)
        case "order":
            return type_order(rng, voice.language, facts.order)
        case "status":
            return status
        case "merchant":
            return facts.shop
        case "fee":
            return style.money(fee)
        case "credited":
            return style.money(facts.amount - fee)
        case "payer":
            return voice.of("people")
        case "purpose" | "comment":
            return voice.of("people", f"{field}s")
        case _:
            return str(rng.choice(DATA["people"][f"{field}s"]))


def prints_seconds(plan: Plan, style: Style) -> bool:
    return "time" in plan.labels or style.seconds


def decoy(pattern: str, facts: Facts, voice: Voice, style: Style) -> str:
    """A value that nobody needs, from a pattern of the data file."""
    rng = voice.rng
    digits = {"six": 6, "seven": 7, "eight": 8, "ten": 10, "twelve": 12, "fourteen": 14}
    numbers = {name: str(rng.randrange(10 ** (length - 1), 10**length)) for name, length in digits.items()}
    earlier = facts.paid_at - timedelta(days=rng.randrange(1, 9), minutes=rng.randrange(1, 600))
    return pattern.format(
        **numbers,
        sum=style.money(Decimal(rng.randrange(20_000, 90_000))),
        small=str(rng.randrange(1, 50)),
        byte=str(rng.randrange(2, 250)),
        earlier=print_moment(style.moment, earlier, voice.language),
    )


def needed(rows: list[Row], facts: Facts) -> Iterator[tuple[str, str]]:
    """(field, label) of what must be understood; an order's label only where there is an order."""
    for row in rows:
        if (row.field in NEEDED and (row.field != "order" or facts.order)) or row.field in ("currency", "time"):
            yield row.field, row.label
