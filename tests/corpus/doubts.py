"""
Letters that nobody can be sure of: a draft comes in and is changed; whoever reads money in it guesses.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.corpus.data import DATA
from tests.corpus.drafts import Change, Draft, add, find, other_order, plainly_labelled, swap
from tests.corpus.facts import Demand
from tests.corpus.rows import Row


def _three_digits(rng: Random, draft: Draft) -> bool:
    """1,250: twelve hundred and fifty, or one and a quarter?"""
    draft.intros, draft.head = [], ""
    text = f"{rng.randrange(1, 10)}{rng.choice(',.')}{rng.randrange(100, 1000)} грн"
    draft.subject = DATA["neutral"][draft.voice.language][0]
    draft.demand = Demand.HOLD
    return swap(draft, "amount", text)


def _text_disagrees(rng: Random, draft: Draft) -> bool:
    """The text part tells another sum, order or payment than the HTML."""
    field = rng.choice(("amount", "reference", "order"))
    place = find(draft, field)
    if place is None or not plainly_labelled(draft, field) or (field == "order" and draft.facts[0].order is None):
        return False
    said = {
        "amount": draft.style.money(draft.facts[0].amount + 100),
        "reference": draft.facts[0].reference[:-1] + ("1" if draft.facts[0].reference[-1] != "1" else "2"),
        "order": other_order(rng, draft),
    }[field]
    rows = list(draft.records[0])
    rows[place] = replace(rows[place], value=said)
    draft.alternative = [rows]
    draft.demand = Demand.HOLD
    return True


def _twice(field: str) -> Change:
    """The same label again with another value."""

    def change(rng: Random, draft: Draft) -> bool:
        place = find(draft, field)
        if place is None or not plainly_labelled(draft, field) or (field == "order" and draft.facts[0].order is None):
            return False
        row = draft.records[0][place]
        other = draft.style.money(draft.facts[0].amount + 37) if field == "amount" else other_order(rng, draft)
        add(rng, draft, replace(row, value=other))
        draft.demand = Demand.HOLD
        return True

    return change


def _two_sums(rng: Random, draft: Draft) -> bool:
    """What was ordered and what was paid differ, under labels that both mean the sum."""
    if not plainly_labelled(draft, "amount"):
        return False
    label = {"uk": "Загальна сума", "ru": "Общая сумма", "en": "Total"}[draft.voice.language]
    add(rng, draft, Row(field="decoy", label=label, value=draft.style.money(draft.facts[0].amount + 25)))
    draft.demand = Demand.HOLD
    return True


def _two_ids(rng: Random, draft: Draft) -> bool:
    """Two ids of the payment, each under a label of its own; one of the gateway's own form may be told apart."""
    place = find(draft, "reference")
    if place is None or not plainly_labelled(draft, "reference"):
        return False
    labels = DATA["labels"][draft.voice.language]["reference"]["common"]
    label = next(each for each in labels if each != draft.records[0][place].label)
    add(rng, draft, Row(field="decoy", label=label, value=f"{rng.randrange(10**9, 10**10)}"))
    draft.demand = Demand.EITHER if draft.facts[0].reference.startswith("WFP-") else Demand.HOLD
    return True


def _no_currency(rng: Random, draft: Draft) -> bool:
    if find(draft, "currency") is not None:
        return False
    draft.intros, draft.head = [], ""
    draft.subject = DATA["neutral"][draft.voice.language][0]
    draft.demand = Demand.HOLD
    draft.records[0] = [row for row in draft.records[0] if row.field not in ("fee", "credited", "decoy")]
    return swap(draft, "amount", draft.style.bare(draft.facts[0].amount))


def _two_currencies(rng: Random, draft: Draft) -> bool:
    if find(draft, "currency") is not None:
        return False
    other = "USD" if draft.facts[0].currency != "USD" else "EUR"
    label = DATA["labels"][draft.voice.language]["currency"]["common"][0]
    add(rng, draft, Row(field="decoy", label=label, value=other))
    draft.demand = Demand.HOLD
    return True


def _gone(field: str) -> Change:
    """The letter does not say it at all."""

    def change(rng: Random, draft: Draft) -> bool:
        draft.intros, draft.head = [], ""
        draft.subject = DATA["neutral"][draft.voice.language][0]
        draft.records[0] = [
            row for row in draft.records[0] if row.field not in (field, "time", "fee", "credited", "decoy")
        ]
        draft.demand = Demand.HOLD
        return True

    return change


def _torn(rng: Random, draft: Draft) -> bool:
    """The subject says it went well, the status row that it did not: no payment, whoever is right."""
    kind = rng.choice(("declined", "refund", "pending"))
    head = draft.voice.word("payment", "heads").replace("{amount}", "")
    draft.head, draft.subject, draft.intros = head, head, []
    draft.facts[0] = replace(draft.facts[0], kind=kind)
    draft.demand = Demand.EITHER
    return swap(draft, "status", draft.voice.word(kind, "status"))


DOUBTS: dict[str, tuple[Change, int]] = {
    "three digits after a mark": (_three_digits, 4),
    "text disagrees with HTML": (_text_disagrees, 8),
    "two sums under one label": (_twice("amount"), 5),
    "two orders under one label": (_twice("order"), 5),
    "two sums under two labels": (_two_sums, 5),
    "two ids": (_two_ids, 4),
    "no currency": (_no_currency, 4),
    "two currencies": (_two_currencies, 4),
    "no sum": (_gone("amount"), 2),
    "no id": (_gone("reference"), 2),
    "no date": (_gone("date"), 2),
    "subject and status disagree": (_torn, 4),
}
"""Name → (change, weight)."""
