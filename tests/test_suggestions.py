"""Orders a person may have meant, out of what the ledger knows of other payments."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.outcomes import hints_of
from reconciler.cli.storytelling import show_story
from reconciler.flow import decisions, outcome
from reconciler.flow.suggestions import MOST, distance, suggested
from reconciler.ledger import Ledger
from reconciler.model import Entry, Payer, Reason, State
from tests.ledgers import START, record
from tests.rules.stage import OTHER, REFERENCE, THIRD, Stage


@pytest.fixture
def usual(sqlite_ledger: Ledger) -> Entry:
    with sqlite_ledger.begin() as tx:
        return record(tx)


def held(usual: Entry, raw: str | None, **other: Any) -> Entry:
    facts: dict[str, Any] = {"order_raw": raw, "order_read": None, "order_number": None, "payer": None}
    return replace(usual, id=100, key="shop:100", state=State.HELD, reason=Reason.ORDER_NOT_FOUND, **(facts | other))


def corrected(usual: Entry, number: int, raw: str, order: str, **other: Any) -> Entry:
    facts: dict[str, Any] = {"state": State.SETTLED, "order_read": None, "payer": None}
    return replace(usual, id=number, key=f"shop:{number}", order_raw=raw, order_number=order, **(facts | other))


def numbers(found: list[dict[str, Any]]) -> list[str]:
    return [one["number"] for one in found]


def test_a_correction_is_offered_with_its_scope(usual: Entry) -> None:
    """M13: words that a person took off a number before are taken off this one, and the payments that say so are named."""
    others = [
        corrected(usual, 1, "Замовл.123/а", "123"),
        corrected(usual, 2, "ЗАМОВЛ.777/а", "777", paid_at=START + timedelta(days=1)),
    ]
    (one,) = suggested(held(usual, "замовл.12345/А"), others)
    assert (one["number"], one["from"], one["paid_at"]) == ("12345", ["e1", "e2"], START + timedelta(days=1))
    assert "замовл" not in one["why"]  # what a payer typed is told by his own payment alone


def test_the_same_words_again(usual: Entry) -> None:
    """M13: the very words that a person gave an order for are offered that order again."""
    (one,) = suggested(held(usual, "диван зелений"), [corrected(usual, 1, "Диван  зелений", "900")])
    assert (one["number"], one["why"], one["from"]) == ("900", "a person took the same words for this order", ["e1"])


@pytest.mark.parametrize(
    ("raw", "other"),
    [
        ("рах.12345", {}),  # other words
        ("замовл.12345б", {}),  # something else is left
        ("замовл.", {}),
        (None, {}),
        ("замовл.12345", {"merchant": "another"}),
        ("замовл.12345", {"state": State.HELD}),  # nobody knows yet whether that was right
        ("замовл.12345", {"state": State.DISCARDED}),
        ("замовл.12345", {"order_read": "123"}),  # the letter said so, no person
        ("замовл.12345", {"order_number": "500"}),  # another number altogether: a slip, no rule
    ],
)
def test_what_is_no_rule(usual: Entry, raw: str | None, other: dict[str, Any]) -> None:
    """Only a correction that held, of the same merchant's, by words around the number: anything else offers nothing."""
    said = corrected(usual, 1, "замовл.123", other.pop("order_number", "123"), **other)
    assert suggested(held(usual, raw), [said]) == []


def test_the_same_payers_orders(usual: Entry) -> None:
    """M13: what the same e-mail or phone paid before, the newest few, with how it is known; a name alone is nobody."""
    payer = Payer(name="Payer One", email="one@example.ua", phone="+380000000000")
    others = [
        replace(usual, id=n, key=f"shop:{n}", order_number=str(n), payer=replace(payer, email=None))
        for n in range(1, 9)
    ]
    others.append(replace(usual, id=9, key="shop:9", order_number="9", payer=Payer(name="Payer One")))
    entry = held(usual, None, payer=payer)
    found = suggested(entry, [*others, entry])
    assert numbers(found) == ["4", "5", "6", "7", "8"]
    assert len(found) == MOST
    assert (found[-1]["why"], found[-1]["by"], found[-1]["from"]) == ("same payer", ["phone"], ["e8"])
    assert "+380" not in str(found)


def test_an_order_that_owes_just_this(tmp_path: Path) -> None:
    """M13: an order that was paid in part and still owes exactly this sum is offered, however its number looks."""
    stage = Stage.make(tmp_path)
    stage.order("501", due="2000.00")
    stage.order("502", due="3000.00")
    first = stage.paid(reference=OTHER, order="501", amount="750.00")
    assert stage.again(first).state is State.PARTIAL
    stage.paid(reference=REFERENCE, order="502", amount="750.00")
    entry = stage.paid(reference=THIRD, order="за крісло")
    (one,) = [one for one in entry.facts["suggestions"] if "from" in one and one["why"] != "same payer"]
    assert (one["number"], one["from"]) == ("501", [f"e{first.id}"])
    assert one["why"] == "paid in part; the same sum is still due"


@pytest.mark.parametrize(
    ("typed", "number", "away"),
    [("12345", "12345", 0), ("12354", "12345", 2), ("1234", "12345", 1), ("", "1", None), (None, "1", None)],
)
def test_how_far_away(typed: str | None, number: str, away: int | None) -> None:
    """M13: the distance of a candidate is the number of signs that differ."""
    assert distance(typed, number) == away


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_far_is_far_both_ways(one: str, other: str) -> None:
    """The distance is the same from both ends, and nothing only for equal words."""
    away = distance(one, other)
    assert away == distance(other, one)
    assert (away == 0) is (one == other)


def test_a_rule_is_never_applied_by_itself(tmp_path: Path) -> None:
    """M04 M13: what a person decided of one payment is offered for the next one in the same words, and posts nothing."""
    stage = Stage.make(tmp_path)
    orders = [stage.order("501"), stage.order("502")]
    first = stage.paid(reference=OTHER, order="літо п'ятсот/501-502")
    decisions.give_order(stage.ledger, f"e{first.id}", "501")
    stage.run()
    assert stage.again(first).state is State.SETTLED
    again = stage.paid(reference=THIRD, order="літо п'ятсот/501-502")
    assert (again.state, again.reason) == (State.HELD, Reason.ORDER_NOT_FOUND)
    assert {"number": "501", "from": [f"e{first.id}"]}.items() <= again.facts["suggestions"][0].items()
    assert [len(order.rows) for order in orders] == [1, 0]


def test_people_see_what_to_type(usual: Entry, capsys: pytest.CaptureFixture[str]) -> None:
    """M13: `ledger` and `resolve` tell each candidate in a line with where it comes from and the command; `show` in a table."""
    suggestion = {
        "number": "12345",
        "why": "same payer",
        "from": ["e8"],
        "paid_at": "2026-11-20T12:00:00Z",
        "distance": 2,
    }
    entry = held(usual, "12354", facts={"suggestions": [suggestion]})
    assert hints_of(outcome.of_entry(entry)) == [
        "e100: `reconciler resolve e100 --order 12345`? same payer; from e8, paid 2026-11-20; 2 sign(s) away"
    ]
    assert hints_of(outcome.of_entry(usual)) == []
    story = {"what": "payment", "id": "e100", "outcome": "held", "facts": dict(entry.facts), "help": None}
    show_story(story | {"mails": [], "steps": [], "timeline": []})
    shown = capsys.readouterr().out
    assert "Orders that may have been meant" in shown
    assert "12345" in shown
