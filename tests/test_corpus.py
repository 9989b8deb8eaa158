"""The corpus says what it means, its judge sees what is wrong, and the reader reads what it should."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from html import unescape
from typing import Any

import pytest

from reconciler.message import decode
from tests.corpus.__main__ import judged, main
from tests.corpus.bodies import PAGE_NOISES
from tests.corpus.changes import CHANGES
from tests.corpus.data import DATA, HTML, LAYOUTS, TEXT
from tests.corpus.facts import Demand, Truth
from tests.corpus.ink import NOISES
from tests.corpus.judge import Word, compare, in_tables
from tests.corpus.maker import KINDS, Letter, make
from tests.corpus.posting import CHARSETS, SHAPES
from tests.corpus.report import FLOOR, Judged, misses, rate, table, wrong

SEED, COUNT = 20261122, 300


@cache
def letters() -> tuple[Letter, ...]:
    return tuple(make(SEED, index) for index in range(COUNT))


@cache
def verdicts() -> tuple[Judged, ...]:
    return tuple(judged(SEED, index) for index in range(COUNT))


# ------------------------------------------------------------------------------------------------ the reader


def test_the_reader_reads_nothing_wrong_and_most_of_what_it_has_words_for() -> None:
    """Of letters it was not tuned to, none gives a false fact, and 97 % of the plain ones with known labels are read."""
    assert not wrong(verdicts()), misses(verdicts())
    assert rate(verdicts()) >= FLOOR, misses(verdicts())


# ------------------------------------------------------------------------------------------------ the letters


def test_a_letter_is_its_seed_and_number() -> None:
    """The same number gives the same bytes and truth whatever was made before; another seed gives others."""
    assert make(SEED, 17) == letters()[17]
    assert make(SEED + 1, 17).raw != letters()[17].raw


def test_a_third_of_the_labels_is_unknown_to_the_reader() -> None:
    """At least 30 % of the labels for what must be understood are not in the reader's tables, and most common ones are."""
    needed = ("amount", "reference", "date", "order", "status", "merchant", "refund_amount", "currency", "time")
    labels = [
        (field, label, rank)
        for language in DATA["labels"].values()
        for field in needed
        for rank in ("common", "rare")
        for label in language[field][rank]
    ]
    unknown = [label for field, label, _ in labels if not in_tables(field, label)]
    assert len(unknown) / len(labels) >= 0.3
    assert all(in_tables(field, label) for field, label, rank in labels if rank == "common")


def test_every_kind_of_letter_is_made() -> None:
    """Forty layouts and more, every charset, shape, kind, doubt and noise: none of the data file is dead."""
    assert len(HTML) >= 20
    assert len(TEXT) >= 10
    assert len({layout.name for layout in LAYOUTS}) == len(LAYOUTS)
    made = [make(1, index).strata for index in range(2000)]
    for stratum, names in (
        ("layout", [layout.name for layout in LAYOUTS]),
        ("charset", CHARSETS),
        ("shape", [*SHAPES, "register"]),
        ("kind", KINDS),
        ("doubt", [*CHANGES, "none"]),
    ):
        assert {name for strata in made for name in strata[stratum]} == set(names)
    assert {name for strata in made for name in strata["noise"]} >= {*NOISES, *PAGE_NOISES}


def test_a_readable_letter_says_its_truth() -> None:
    """Whoever strips the markup off a readable letter finds its id, its order and its sum's digits there."""
    readable = [each for each in letters() if each.demand is Demand.READ and each.strata["kind"] != ("register",)]
    assert len(readable) > COUNT / 3
    for letter in readable:
        text = _stripped(letter)
        bare = re.sub(r"(?<=\d)[\s,.]+(?=\d)", "", text)
        for truth in letter.truths:
            assert all(fact in text for fact in (*truth.references, *truth.orders)), letter.name
            sums = (form for amount in truth.amounts for form in (amount.replace(".", ""), amount.removesuffix(".00")))
            assert any(form in bare for form in sums), letter.name


def _stripped(letter: Letter) -> str:
    message = decode(letter.raw)
    text = unescape(" ".join(part.content for part in (message.htmls or message.texts)))
    return re.sub(r"<wbr>|</?span[^>]*>|[\u00ad\u200b\u2060\u200e]", "", text)


# ------------------------------------------------------------------------------------------------ the judge

TRUTH = Truth(
    kind="payment",
    amounts=frozenset({"1250.00"}),
    currencies=frozenset({"UAH"}),
    references=frozenset({"WFP-SOC-1-6ac4b29136b28"}),
    paid_at=datetime(2025, 11, 21, 12, 5, 33, tzinfo=UTC),
    orders=frozenset({"А-1"}),
    has_order=True,
    shop="shop.example.ua (shop_example_ua)",
)
READ: dict[str, Any] = {
    "kind": "payment",
    "amount": "1250.00",
    "currency": "UAH",
    "transaction_id": "WFP-SOC-1-6ac4b29136b28",
    "paid_at": "2025-11-21T14:05:33+02:00",
    "order_number": "A-1",
    "merchant": "shop_example_ua",
}


def test_the_truth_is_right() -> None:
    """The facts as they are pass, look-alike letters and time zones notwithstanding."""
    assert compare([TRUTH], Demand.READ, [READ]) == (Word.RIGHT, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "declined"),
        ("amount", "125.00"),
        ("currency", "USD"),
        ("transaction_id", "WFP-SOC-1-6ac4b29136b29"),
        ("paid_at", "2025-11-21T14:05:34+02:00"),
        ("paid_at", "2025-11-21T12:05:33+02:00"),
        ("order_number", "A-2"),
        ("merchant", "wayforpay.com"),
    ],
)
def test_one_false_fact_is_wrong(field: str, value: str) -> None:
    """Any fact that the letter does not say makes the reading wrong, and it is named."""
    word, why = compare([TRUTH], Demand.READ, [READ | {field: value}])
    assert word is Word.WRONG
    assert field in why


def test_a_missing_order_is_neither_right_nor_wrong() -> None:
    """An order number that was not read is counted apart; one that the letter does not have may not be invented."""
    assert compare([TRUTH], Demand.READ, [READ | {"order_number": None}])[0] is Word.PARTIAL
    without = replace(TRUTH, orders=frozenset(), has_order=False)
    assert compare([without], Demand.READ, [READ | {"order_number": None}])[0] is Word.RIGHT
    assert compare([without], Demand.READ, [READ])[0] is Word.WRONG


def test_a_payment_read_where_nobody_can_be_sure_is_wrong() -> None:
    """What must be held is wrong when money is read in it, whatever the facts."""
    assert compare([TRUTH], Demand.HOLD, [READ])[0] is Word.WRONG
    assert compare([TRUTH], Demand.HOLD, [{"error": "field_ambiguous"}])[0] is Word.HELD
    assert compare([TRUTH], Demand.HOLD, [READ | {"kind": "declined"}])[0] is Word.HELD


def test_a_lost_payment_is_wrong() -> None:
    """Two payments in a letter are two notices, each with its own facts; a broken parser is no hold."""
    other = replace(TRUTH, references=frozenset({"X"}), amounts=frozenset({"2.00"}))
    second = READ | {"transaction_id": "X", "amount": "2.00"}
    assert compare([TRUTH, other], Demand.READ, [second, READ])[0] is Word.RIGHT
    assert compare([TRUTH, other], Demand.READ, [READ])[0] is Word.WRONG
    assert compare([TRUTH, other], Demand.READ, [READ, second | {"amount": "1250.00"}])[0] is Word.WRONG
    assert compare([TRUTH], Demand.READ, [{"error": "parser_failed"}])[0] is Word.WRONG


def test_the_command_prints_a_table_and_fails_on_a_wrong_fact(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m tests.corpus` exits 1 when a fact is wrong or too little is read, else 0."""

    def said(words: list[Word]) -> int:
        one = next(each for each in verdicts() if each.counts)
        left = iter(replace(one, verdict=replace(one.verdict, word=word)) for word in words)
        monkeypatch.setattr("tests.corpus.__main__.judged", lambda seed, index: next(left))
        return main(["--count", str(len(words)), "--misses"])

    assert said([Word.RIGHT] * 97 + [Word.HELD] * 3) == 0
    assert said([Word.RIGHT] * 96 + [Word.HELD] * 4) == 1
    assert said([Word.RIGHT] * 99 + [Word.WRONG]) == 1
    assert "all needed labels known, plain" in capsys.readouterr().out


def test_the_table_counts_every_letter() -> None:
    """Every letter stands in the last line, and in each stratum it is made of."""
    lines = table(verdicts()).splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("all ")] == [["all", str(COUNT)]]
