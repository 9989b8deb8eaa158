"""
Letters that are harder than they look: a draft comes in and is changed, its demand with it.

Here stand the letters that nobody can be sure of (whoever reads money in them guesses), and what payers type into their fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from random import Random
from typing import TYPE_CHECKING

from tests.corpus.data import DATA
from tests.corpus.facts import Demand
from tests.corpus.printing import print_moment
from tests.corpus.rows import Row

if TYPE_CHECKING:
    from tests.corpus.maker import Draft

Change = Callable[[Random, "Draft"], bool]
"""Changes the draft; False where it does not apply: then the draft is put back as it was."""


def maybe(rng: Random, draft: Draft) -> None:
    """Now and then one of the changes."""
    if draft.kind != "payment" or rng.random() > 0.2:
        return
    name = rng.choices(list(CHANGES), [weight for _, weight in CHANGES.values()])[0]
    change, _ = CHANGES[name]
    before = replace(draft, facts=[*draft.facts], records=[[*rows] for rows in draft.records], intros=[*draft.intros])
    if change(rng, draft):
        draft.doubt = name
    else:
        for field in fields(draft):
            setattr(draft, field.name, getattr(before, field.name))


def _find(draft: Draft, field: str) -> int | None:
    rows = draft.records[0]
    return next((place for place, row in enumerate(rows) if row.field == field), None)


def _plainly_labelled(draft: Draft, field: str) -> bool:
    """Under a label that everyone knows: a doubt is only fair where both of its sides can be seen."""
    place = _find(draft, field)
    return place is not None and draft.records[0][place].label in DATA["labels"][draft.voice.language][field]["common"]


def _swap(draft: Draft, field: str, value: str) -> bool:
    place = _find(draft, field)
    if place is None:
        return False
    draft.records[0][place] = replace(draft.records[0][place], value=value)
    return True


def _add(rng: Random, draft: Draft, row: Row) -> None:
    draft.records[0].insert(rng.randrange(len(draft.records[0]) + 1), row)


def _other_order(rng: Random, draft: Draft) -> str:
    return str(int("".join(filter(str.isdigit, draft.facts[0].order or "1234"))) + rng.randrange(1, 90))


# ------------------------------------------------------------------------------------------------ nobody can be sure


def _three_digits(rng: Random, draft: Draft) -> bool:
    """1,250: twelve hundred and fifty, or one and a quarter?"""
    draft.intros, draft.head = [], ""
    text = f"{rng.randrange(1, 10)}{rng.choice(',.')}{rng.randrange(100, 1000)} грн"
    draft.subject = DATA["neutral"][draft.voice.language][0]
    draft.demand = Demand.HOLD
    return _swap(draft, "amount", text)


def _text_disagrees(rng: Random, draft: Draft) -> bool:
    """The text part tells another sum, order or payment than the HTML."""
    field = rng.choice(("amount", "reference", "order"))
    place = _find(draft, field)
    if place is None or (field == "order" and draft.facts[0].order is None):
        return False
    said = {
        "amount": draft.style.money(draft.facts[0].amount + 100),
        "reference": draft.facts[0].reference[:-1] + ("1" if draft.facts[0].reference[-1] != "1" else "2"),
        "order": _other_order(rng, draft),
    }[field]
    rows = list(draft.records[0])
    rows[place] = replace(rows[place], value=said)
    draft.alternative = [rows]
    draft.demand = Demand.HOLD
    return True


def _twice(field: str) -> Change:
    """The same label again with another value."""

    def change(rng: Random, draft: Draft) -> bool:
        place = _find(draft, field)
        if place is None or (field == "order" and draft.facts[0].order is None):
            return False
        row = draft.records[0][place]
        other = draft.style.money(draft.facts[0].amount + 37) if field == "amount" else _other_order(rng, draft)
        _add(rng, draft, replace(row, value=other))
        draft.demand = Demand.HOLD
        return True

    return change


def _two_sums(rng: Random, draft: Draft) -> bool:
    """What was ordered and what was paid differ, under labels that both mean the sum."""
    if not _plainly_labelled(draft, "amount"):
        return False
    label = {"uk": "Загальна сума", "ru": "Общая сумма", "en": "Total"}[draft.voice.language]
    _add(rng, draft, Row(field="decoy", label=label, value=draft.style.money(draft.facts[0].amount + 25)))
    draft.demand = Demand.HOLD
    return True


def _two_ids(rng: Random, draft: Draft) -> bool:
    """Two ids of the payment, each under a label of its own; one of the gateway's own form may be told apart."""
    place = _find(draft, "reference")
    if place is None or not _plainly_labelled(draft, "reference"):
        return False
    labels = DATA["labels"][draft.voice.language]["reference"]["common"]
    label = next(each for each in labels if each != draft.records[0][place].label)
    _add(rng, draft, Row(field="decoy", label=label, value=f"{rng.randrange(10**9, 10**10)}"))
    draft.demand = Demand.EITHER if draft.facts[0].reference.startswith("WFP-") else Demand.HOLD
    return True


def _no_currency(rng: Random, draft: Draft) -> bool:
    if _find(draft, "currency") is not None:
        return False
    draft.intros, draft.head = [], ""
    draft.subject = DATA["neutral"][draft.voice.language][0]
    draft.demand = Demand.HOLD
    draft.records[0] = [row for row in draft.records[0] if row.field not in ("fee", "credited", "decoy")]
    return _swap(draft, "amount", draft.style.bare(draft.facts[0].amount))


def _two_currencies(rng: Random, draft: Draft) -> bool:
    if _find(draft, "currency") is not None:
        return False
    other = "USD" if draft.facts[0].currency != "USD" else "EUR"
    label = DATA["labels"][draft.voice.language]["currency"]["common"][0]
    _add(rng, draft, Row(field="decoy", label=label, value=other))
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
    return _swap(draft, "status", draft.voice.word(kind, "status"))


def _two_orders_typed(rng: Random, draft: Draft) -> bool:
    """The payer typed two numbers into one field."""
    if draft.facts[0].order is None:
        return False
    draft.intros = []
    typed = rng.choice(("{a}, {b}", "{a} і {b}", "{a}/{b}", "{a} {b}"))
    draft.demand = Demand.EITHER
    text = typed.format(a=draft.facts[0].order, b=_other_order(rng, draft))
    draft.facts[0] = replace(draft.facts[0], order=None, odd_order=text)
    return _swap(draft, "order", text)


# ------------------------------------------------------------------------------------------------ plain to a person


def _imitation(rng: Random, draft: Draft) -> str:
    text: str = rng.choice(DATA["imitations"][draft.voice.language])
    return text.format(fake=draft.style.bare(draft.facts[0].amount + 500), other=_other_order(rng, draft))


def _imitates(rng: Random, draft: Draft) -> bool:
    """A payer's words that look like a label and its value, in the payer's own cell."""
    field = rng.choice(("payer", "comment", "purpose"))
    draft.demand = Demand.EITHER
    if not _swap(draft, field, _imitation(rng, draft)):
        _add(rng, draft, Row(field=field, label=draft.voice.label(field), value=_imitation(rng, draft)))
    return True


def _breaks(rng: Random, draft: Draft) -> bool:
    """The same after a line break that the payer typed."""
    field = rng.choice(("comment", "order", "payer"))
    start = {"order": draft.facts[0].order or "", "payer": draft.voice.of("people")}.get(field, "OK")
    text = f"{start}\n{_imitation(rng, draft)}"
    draft.demand = Demand.EITHER
    if not _swap(draft, field, text):
        _add(rng, draft, Row(field=field, label=draft.voice.label(field), value=text))
    return True


def _reference_as_order(rng: Random, draft: Draft) -> bool:
    """The gateway prints its own reference under the very label of the shop's additional field."""
    place = _find(draft, "order")
    if place is None or not draft.facts[0].reference.startswith("WFP-"):
        return False
    _add(rng, draft, replace(draft.records[0][place], field="decoy", value=draft.facts[0].reference))
    draft.demand = Demand.EITHER
    return True


def _same_again(rng: Random, draft: Draft) -> bool:
    """The sum once more, under another label, the same."""
    label = {"uk": "Разом", "ru": "Итого", "en": "Total"}[draft.voice.language]
    _add(rng, draft, Row(field="decoy", label=label, value=draft.style.money(draft.facts[0].amount)))
    return _find(draft, "amount") is not None


def _in_words(rng: Random, draft: Draft) -> bool:
    """The sum is followed by the sum in words or by a remark in brackets."""
    draft.demand = Demand.EITHER
    remark = rng.choice((" (одна сума словами)", " (включно з ПДВ 20 %)", " з ПДВ", " / 100 %"))
    return (
        _swap(draft, "amount", draft.style.money(draft.facts[0].amount) + remark) and _find(draft, "currency") is None
    )


def _label_with_currency(rng: Random, draft: Draft) -> bool:
    """The currency stands in the label: "Сума, грн"."""
    place = _find(draft, "amount")
    if place is None or _find(draft, "currency") is not None:
        return False
    row = draft.records[0][place]
    sign = {"UAH": "грн", "USD": "USD", "EUR": "EUR"}[draft.facts[0].currency]
    label = row.label + rng.choice((", {}", " ({})")).format(sign)
    draft.records[0][place] = replace(row, label=label, value=draft.style.bare(draft.facts[0].amount))
    return True


def _person_for_order(rng: Random, draft: Draft) -> bool:
    """A name or a telephone where the order's number belongs."""
    draft.intros = []
    text = rng.choice((draft.voice.of("people"), "Дякую!", "не знаю"))
    draft.facts[0] = replace(draft.facts[0], order=None, odd_order=text)
    draft.demand = Demand.EITHER
    return _swap(draft, "order", text)


def _prose(rng: Random, draft: Draft) -> bool:
    """Everything in one sentence, and no rows."""
    facts = draft.facts[0]
    if facts.order is None:
        return False
    draft.records[0] = []
    draft.demand = Demand.EITHER
    draft.intros = [
        draft.voice.of("sentences").format(
            amount=draft.style.money(facts.amount),
            order=facts.order,
            reference=facts.reference,
            shop=facts.shop,
            date=print_moment(draft.style.moment, facts.paid_at, draft.voice.language),
        )
    ]
    return True


def _quotes(rng: Random, draft: Draft) -> bool:
    """An older notice stands quoted below: it is not what this letter says."""
    facts = draft.facts[0]
    older = {
        "amount": draft.style.money(facts.amount + 40),
        "reference": f"AP-{rng.randrange(10**9, 10**10)}-{rng.randrange(1000, 9999)}",
        "order": _other_order(rng, draft),
    }
    draft.quoted = [replace(row, value=older.get(row.field, row.value)) for row in draft.records[0]]
    draft.demand = Demand.EITHER
    return True


CHANGES: dict[str, tuple[Change, int]] = {
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
    "two orders typed": (_two_orders_typed, 4),
    "payer imitates labels": (_imitates, 12),
    "breaks": (_breaks, 10),
    "reference under the order's label": (_reference_as_order, 4),
    "the sum twice": (_same_again, 5),
    "remark after the sum": (_in_words, 3),
    "currency in the label": (_label_with_currency, 5),
    "no number for an order": (_person_for_order, 4),
    "prose alone": (_prose, 6),
    "an older notice quoted": (_quotes, 5),
}
"""Name → (change, weight)."""
