"""
One letter: a seed and an index come in; its bytes, its truth and its strata go out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from tests.corpus import bodies, changes, ink, posting
from tests.corpus.data import DATA, HTML, LANGUAGES, TEXT, Layout, Voice, is_common
from tests.corpus.drafts import Draft
from tests.corpus.facts import Demand, Facts, Truth, draw, truth
from tests.corpus.printing import Style, draw_style, print_moment
from tests.corpus.rows import needed, plan_rows, prints_seconds, rows_of

KINDS = {
    "payment": 70,
    "declined": 5,
    "refund": 5,
    "pending": 3,
    "several": 5,
    "test": 2,
    "receipt": 3,
    "void": 1,
    "chargeback": 1,
    "payout": 1.5,
    "invoice": 1.5,
    "subscription": 1,
    "register": 1,
}
"""What a letter is about → weight."""
NO_PAYMENT = frozenset({"payout", "invoice", "subscription"})
"""The gateway's other letters, with sums, dates and ids of their own: money read in them is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is posted, and what an honest person would read in it."""

    seed: int
    index: int
    raw: bytes
    truths: tuple[Truth, ...]
    demand: Demand
    needed: frozenset[tuple[str, str]]  # (field, label)
    status: tuple[str, bool] | None  # the status row's label, and whether its words are common; None: no such row
    plain_head: bool  # the headline tells the kind in words that anyone would use
    strata: dict[str, tuple[str, ...]]  # what it is made of: "kind", "layout", "charset", "shape", "noise", "doubt"

    @property
    def name(self) -> str:
        return f"{self.seed}:{self.index}"


def make(seed: int, index: int) -> Letter:
    """The letter of that number: always the same, whatever was made before."""
    rng = Random(f"{seed}:{index}")
    draft = _draft(rng)
    changes.maybe(rng, draft)
    layout = rng.choice(HTML)
    shape = rng.choices(list(posting.SHAPES), list(posting.SHAPES.values()))[0]
    if draft.alternative is not None:
        shape = "alternative"
    if draft.kind == "register":
        shape = "register"
    text_layout = rng.choice(TEXT if shape == "text" else [each for each in TEXT if not each.hard])
    noises, page = ink.draw_noises(rng), bodies.draw_page_noises(rng)
    content = _content(rng, draft)
    parts, used = _parts(rng, draft, content, (layout, text_layout), shape, (noises, page))
    charset = rng.choices(list(posting.CHARSETS), list(posting.CHARSETS.values()))[0]
    if not posting.fits(parts, charset):
        charset = "utf-8"
    shown = text_layout if shape == "text" else layout
    demand = draft.demand
    wary = shown.hard or charset in posting.MISLED or (shape != "text" and page & bodies.HARD_PAGE_NOISES)
    wary = wary or shape == "mixed, text attached"
    wary = wary or (draft.kind == "several" and shape == "text")  # a payer could have typed the second one's lines
    if demand is Demand.READ and (wary or (draft.doubt == "breaks" and shown.lines)):
        demand = Demand.EITHER
    return Letter(
        seed=seed,
        index=index,
        raw=posting.post(rng, parts, draft.subject, charset, shape, draft.facts[-1].paid_at),
        truths=tuple(truth(facts, seconds=draft.seconds) for facts in draft.facts),
        demand=demand,
        needed=frozenset(
            pair for rows, facts in zip(draft.records, draft.facts, strict=True) for pair in needed(rows, facts)
        ),
        status=draft.status,
        plain_head=draft.plain_head,
        strata={
            "kind": (draft.kind,),
            "layout": (shown.name,),
            "charset": (charset,),
            "shape": (shape,),
            "noise": tuple(sorted(used)) or ("none",),
            "doubt": (draft.doubt,),
            "language": (draft.voice.language,),
        },
    )


def _draft(rng: Random) -> Draft:
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    language = rng.choices(LANGUAGES, (60, 18, 22))[0]
    voice = Voice(rng, language, rng.choices((0.0, 0.25, 0.8), (62, 23, 15))[0])
    kinds = [kind] if kind != "several" else ["payment", "payment", rng.choice(("payment", "declined"))]
    facts = [draw(rng, each) for each in kinds[-rng.choice((2, 3)) :]]
    if len(facts) > 1:
        facts = [replace(each, shop=facts[0].shop, currency=facts[0].currency) for each in facts]
    style = draw_style(rng, language, facts[0].currency, [each.amount for each in facts])
    plan = plan_rows(voice, kind, brief=len(facts) > 1 or kind in NO_PAYMENT)
    spoken = {"test": "payment"}.get(kind, kind)
    if kind == "register":
        return _register(voice, facts, style)
    statuses = [voice.word(spoken if len(facts) == 1 else each.kind, "status") for each in facts]
    records = [rows_of(each, plan, voice, style, status) for each, status in zip(facts, statuses, strict=True)]
    head = voice.word(spoken, "heads").replace("{amount}", style.money(facts[0].amount))
    silent = kind == "several" or rng.random() < 0.8
    if not silent:  # the headline tells the kind; the status row is left out
        records = [[row for row in rows if row.field != "status"] for rows in records]
    if kind != "test" and rng.random() < 0.1:
        records = [[row for row in rows if row.field != "merchant"] for rows in records]
    common = all(
        is_common(spoken if len(facts) == 1 else each.kind, language, "status", status)
        for each, status in zip(facts, statuses, strict=True)
    )
    neutral = silent and kind not in ("receipt", *NO_PAYMENT) and rng.random() < 0.3
    return Draft(
        kind=kind,
        voice=voice,
        style=style,
        facts=facts,
        records=records,
        seconds=prints_seconds(plan, style),
        status=(plan.labels["status"], common) if silent else None,
        plain_head=_is_common_head(spoken, language, head, style.money(facts[0].amount)),
        head="" if neutral else head,
        subject=rng.choice(DATA["neutral"][language]) if rng.random() < 0.2 else head,
        intros=_intros(rng, kind, voice, style, facts),
        demand=Demand.HOLD if kind in NO_PAYMENT else Demand.READ,
    )


def _register(voice: Voice, facts: list[Facts], style: Style) -> Draft:
    """A letter that says nothing but what is enclosed."""
    head = voice.word("register", "heads")
    return Draft(
        kind="register",
        voice=voice,
        style=style,
        facts=facts,
        records=[[]],
        seconds=True,
        status=None,
        plain_head=is_common("register", voice.language, "heads", head),
        head=head,
        subject=f"{head} {facts[0].paid_at:%d.%m.%Y}",
        intros=[],
    )


def _is_common_head(kind: str, language: str, head: str, money: str) -> bool:
    return kind != "several" and is_common(kind, language, "heads", head.replace(money, "{amount}"))


def _intros(rng: Random, kind: str, voice: Voice, style: Style, facts: list[Facts]) -> list[str]:
    if kind == "receipt":
        return [voice.of("greetings")]
    if kind != "payment" or rng.random() < 0.5:
        return []
    if rng.random() < 0.2:
        pattern = voice.of("sentences")
    else:
        pattern = voice.of("intros")
    if "{order}" in pattern and facts[0].order is None:
        return []
    return [
        pattern.format(
            amount=style.money(facts[0].amount),
            order=facts[0].order,
            reference=facts[0].reference,
            shop="shop.example.ua",
            date=print_moment(style.moment, facts[0].paid_at, voice.language),
        )
    ]


def _content(rng: Random, draft: Draft) -> bodies.Content:
    voice = draft.voice
    single = len(draft.facts) == 1
    return bodies.Content(
        head=draft.head,
        intros=tuple(draft.intros),
        records=tuple(tuple(rows) for rows in draft.records),
        section=voice.of("page", "sections"),
        nth=voice.of("page", "nth"),
        tops=tuple(voice.of("page", "tops") for _ in range(rng.choice((0, 0, 1)))),
        feet=(*_totals(rng, draft), *{voice.of("page", "feet"): None for _ in range(rng.choice((0, 1, 2, 4)))}),
        products=_products(rng, draft) if single and draft.kind == "payment" and rng.random() < 0.12 else (),
        quoted=tuple(draft.quoted or ()),
        quoted_head=voice.of("quoted"),
    )


def _totals(rng: Random, draft: Draft) -> list[str]:
    """Below several payments: how many there were, and their sum."""
    if len(draft.facts) < 2 or rng.random() < 0.6:
        return []
    total = draft.style.money(sum((each.amount for each in draft.facts), Decimal()))
    return [draft.voice.of("totals").format(n=len(draft.facts), total=total)]


def _products(rng: Random, draft: Draft) -> tuple[tuple[str, ...], ...]:
    """What was bought; the prices add up to the sum."""
    facts, voice = draft.facts[0], draft.voice
    heading = tuple(DATA["page"]["columns"][voice.language])
    if facts.amount < 3 or rng.random() < 0.4:
        return heading, (voice.of("people", "products"), "1", draft.style.money(facts.amount))
    first = (facts.amount * Decimal("0.6")).quantize(Decimal(1) if draft.style.decimal == "" else Decimal("0.01"))
    prices = (first, facts.amount - first)
    return heading, *((voice.of("people", "products"), "1", draft.style.money(price)) for price in prices)


def _parts(
    rng: Random,
    draft: Draft,
    content: bodies.Content,
    layouts: tuple[Layout, Layout],
    shape: str,
    noises: tuple[frozenset[str], frozenset[str]],
) -> tuple[list[posting.Part], set[str]]:
    layout, text_layout = layouts
    characters, page = noises
    bullet = rng.choice(DATA["bullets"]["marks"])
    pen = ink.Ink(rng=rng, noises=characters, text=True, bullet=bullet)
    said = content if draft.alternative is None else replace(content, records=tuple(map(tuple, draft.alternative)))
    text = bodies.text_body(said, text_layout, pen)
    if shape == "text":
        flowed = text_layout.plain is False and rng.random() < 0.2
        plain = posting.Part(kind="plain", content=posting.flow(text) if flowed else text, flowed=flowed)
        return [plain], pen.used | ({"format=flowed"} if flowed else set())
    brush = ink.Ink(rng=rng, noises=characters, text=False, plain=layout.plain, bullet=bullet)
    fake = draft.style.bare(draft.facts[0].amount + 111)
    marked = posting.Part(kind="html", content=bodies.html_body(content, layout, brush, page, fake))
    used = brush.used | page
    if content.products:
        used.add("product list")
    if shape == "alternative, stub text":
        return [posting.Part(kind="plain", content=draft.voice.of("page", "stub") + "\n"), marked], used
    if shape == "alternative":
        return [posting.Part(kind="plain", content=text), marked], used | pen.used
    return [marked], used
