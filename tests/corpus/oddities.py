"""
Letters that are harder than they look, though a person understands them: a draft comes in and is changed, its demand with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from tests.corpus.data import DATA, LANGUAGES
from tests.corpus.drafts import Change, Draft, add, find, other_order, swap
from tests.corpus.facts import Demand
from tests.corpus.printing import print_moment
from tests.corpus.rows import Row, decoy

WINTER = timedelta(hours=2)


def _two_orders_typed(rng: Random, draft: Draft) -> bool:
    """The payer typed two numbers into one field."""
    if draft.facts[0].order is None:
        return False
    draft.intros = []
    typed = rng.choice(("{a}, {b}", "{a} і {b}", "{a}/{b}", "{a} {b}"))
    draft.demand = Demand.EITHER
    text = typed.format(a=draft.facts[0].order, b=other_order(rng, draft))
    draft.facts[0] = replace(draft.facts[0], order=None, odd_order=text)
    return swap(draft, "order", text)


def _imitation(rng: Random, draft: Draft) -> str:
    text: str = rng.choice(DATA["imitations"][draft.voice.language])
    return text.format(fake=draft.style.bare(draft.facts[0].amount + 500), other=other_order(rng, draft))


def _imitates(rng: Random, draft: Draft) -> bool:
    """A payer's words that look like a label and its value, in the payer's own cell."""
    field = rng.choice(("payer", "comment", "purpose"))
    draft.demand = Demand.EITHER
    if not swap(draft, field, _imitation(rng, draft)):
        add(rng, draft, Row(field=field, label=draft.voice.label(field), value=_imitation(rng, draft)))
    return True


def _breaks(rng: Random, draft: Draft) -> bool:
    """The same after a line break that the payer typed."""
    field = rng.choice(("comment", "order", "payer"))
    if field == "order" and draft.facts[0].order is None:
        return False  # "Номер замовлення: 54321" as all that stands in the order's field is an order number to anybody
    start = {"order": draft.facts[0].order or "", "payer": draft.voice.of("people")}.get(field, "OK")
    text = f"{start}\n{_imitation(rng, draft)}"
    draft.demand = Demand.EITHER
    if not swap(draft, field, text):
        add(rng, draft, Row(field=field, label=draft.voice.label(field), value=text))
    return True


def _reference_as_order(rng: Random, draft: Draft) -> bool:
    """The gateway prints its own reference under the very label of the shop's additional field."""
    place = find(draft, "order")
    if place is None or not draft.facts[0].reference.startswith("WFP-"):
        return False
    add(rng, draft, replace(draft.records[0][place], field="decoy", value=draft.facts[0].reference))
    draft.demand = Demand.EITHER
    return True


def _same_again(rng: Random, draft: Draft) -> bool:
    """The sum once more, under another label, the same."""
    label = {"uk": "Разом", "ru": "Итого", "en": "Total"}[draft.voice.language]
    add(rng, draft, Row(field="decoy", label=label, value=draft.style.money(draft.facts[0].amount)))
    return find(draft, "amount") is not None


def _odd_sum(rng: Random, draft: Draft) -> bool:
    """The sum has a remark, a sign or quotes about it."""
    if find(draft, "currency") is not None or draft.facts[0].currency == "EUR":
        return False
    draft.demand = Demand.EITHER
    return swap(draft, "amount", rng.choice(DATA["odd"]["sums"]).format(money=draft.style.money(draft.facts[0].amount)))


def _odd_date(rng: Random, draft: Draft) -> bool:
    """A date as somebody might print it, with one reading for anyone in Kyiv; summer has another name for its hour."""
    if find(draft, "time") is not None:
        return False
    moment = draft.facts[0].paid_at
    pattern = rng.choice([each for each in DATA["odd"]["dates"] if "EET" not in each or moment.utcoffset() == WINTER])
    draft.intros, draft.demand, draft.seconds = [], Demand.EITHER, "{SS}" in pattern
    return swap(draft, "date", print_moment(pattern, moment, draft.voice.language))


def _odd_order(rng: Random, draft: Draft) -> bool:
    """The payer wrote something beside the order's number."""
    number = draft.facts[0].order
    if number is None:
        return False
    text = rng.choice(DATA["odd"]["orders"]).format(n=number)
    draft.facts[0] = replace(draft.facts[0], odd_order=text)
    draft.demand = Demand.EITHER
    return swap(draft, "order", text)


def _alike(rng: Random, draft: Draft) -> bool:
    """Rows whose labels begin like those that are needed, and mean something else."""
    for label, value in rng.sample(DATA["alike"][draft.voice.language], 2):
        add(rng, draft, Row(field="decoy", label=label, value=decoy(value, draft.facts[0], draft.voice, draft.style)))
    draft.demand = Demand.EITHER
    return True


def _bilingual(rng: Random, draft: Draft) -> bool:
    """Each label in two languages: "Сума / Amount"."""
    other = "en" if draft.voice.language != "en" else "uk"
    mark = rng.choice((" / ", " | ", " ("))
    rows = draft.records[0]
    for place, row in enumerate(rows):
        if row.field in DATA["labels"][other]:
            second = DATA["labels"][other][row.field]["common"][0]
            rows[place] = replace(row, label=f"{row.label}{mark}{second}{')' if mark == ' (' else ''}")
    if draft.status is not None:
        draft.status = (next(row.label for row in rows if row.field == "status"), draft.status[1])
    return True


def _foreign_labels(rng: Random, draft: Draft) -> bool:
    """The cabinet's language for the labels, the page's for the rest."""
    other = rng.choice([each for each in LANGUAGES if each != draft.voice.language])
    rows = draft.records[0]
    for place, row in enumerate(rows):
        if row.field in DATA["labels"][other]:
            rows[place] = replace(row, label=rng.choice(DATA["labels"][other][row.field]["common"]))
    if draft.status is not None:
        draft.status = (next(row.label for row in rows if row.field == "status"), draft.status[1])
    return True


def _label_with_currency(rng: Random, draft: Draft) -> bool:
    """The currency stands in the label: "Сума, грн"."""
    place = find(draft, "amount")
    if place is None or find(draft, "currency") is not None:
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
    return swap(draft, "order", text)


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
        "order": other_order(rng, draft),
    }
    draft.quoted = [replace(row, value=older.get(row.field, row.value)) for row in draft.records[0]]
    draft.demand = Demand.EITHER
    return True


ODDITIES: dict[str, tuple[Change, int]] = {
    "two orders typed": (_two_orders_typed, 4),
    "payer imitates labels": (_imitates, 12),
    "breaks": (_breaks, 10),
    "reference under the order's label": (_reference_as_order, 4),
    "the sum twice": (_same_again, 5),
    "something about the sum": (_odd_sum, 4),
    "an odd date": (_odd_date, 5),
    "something beside the order": (_odd_order, 5),
    "labels that begin alike": (_alike, 8),
    "labels in two languages": (_bilingual, 4),
    "labels in another language": (_foreign_labels, 5),
    "currency in the label": (_label_with_currency, 5),
    "no number for an order": (_person_for_order, 4),
    "prose alone": (_prose, 6),
    "an older notice quoted": (_quotes, 5),
}
"""Name → (change, weight)."""
