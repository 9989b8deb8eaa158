"""`ledger` and `show` from the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.cli.storytelling import show_story
from reconciler.clock import utc_now
from reconciler.model import Event, Reason
from reconciler.timeline import sentence
from tests.counter import Counter, one, rows

KEYS = {"id", "key", "mail", "state", "reason", "order", "amount", "currency", "transaction_id", "outcome"}
KEY = "wayforpay:shop:WFP-SOC-1234567-6ac4b29136b28"


@pytest.fixture
def busy(counter: Counter) -> Counter:
    """One payment settled, one held, one message held, one skipped."""
    mails = [
        counter.letter(),
        counter.letter("b.eml", order=None, reference="WFP-2"),
        counter.letter("c.eml", signed=False, reference="WFP-3"),
        counter.letter("d.eml", status="declined", reference="WFP-4"),
    ]
    assert counter.run("reprocess", "--new-ledger", *map(str, mails)).exit_code == 1
    return counter


def test_the_list(busy: Counter) -> None:
    """Payments in every state and messages that are not done with; documented keys; looking exits 0."""
    done = busy.run("ledger")
    assert done.exit_code == 0
    assert all(set(row) == KEYS for row in rows(done))
    assert {(row["id"], row["outcome"]) for row in rows(done)} == {("m3", "held"), ("e1", "settled"), ("e2", "held")}


@pytest.mark.parametrize(
    ("state", "ids"), [("held", ["m3", "e2"]), ("settled", ["e1"]), ("skipped", ["m4"]), ("waiting", [])]
)
def test_one_state(busy: Counter, state: str, ids: list[str]) -> None:
    """--state keeps what stands so, payments and messages alike."""
    assert [row["id"] for row in rows(busy.run("ledger", "--state", state))] == ids


def test_since(busy: Counter) -> None:
    """--since takes a length, a day or a moment, and nothing else."""
    tomorrow = (utc_now() + timedelta(days=1)).date().isoformat()
    assert len(rows(busy.run("ledger", "--since", "24h"))) == 3
    assert len(rows(busy.run("ledger", "--since", "2026-01-01"))) == 3
    assert rows(busy.run("ledger", "--since", f"{tomorrow}T23:59:59+14:00")) == []
    wrong = busy.run("ledger", "--since", "yesterday")
    assert wrong.exit_code == 2
    assert "'yesterday' is no day" in wrong.stderr


def test_one_payment_explains_itself(busy: Counter) -> None:
    """O12: mail, who vouched, where each field stood, every step and the history in words; by id and by key in any case."""
    story = one(busy.run("show", "e1"))
    assert story == one(busy.run("show", KEY)) == one(busy.run("show", KEY.upper()))
    assert (story["what"], story["outcome"], story["help"], story["merchant"]) == ("payment", "settled", None, "shop")
    (mail,) = story["mails"]
    assert (mail["trust"]["trusted_by"], mail["from"]) == ("dkim", "notify@wayforpay.com.ua")
    spans = {span["field"]: (span["label"], span["value"]) for span in mail["spans"]}
    assert spans["order_number"] == ("Номер замовлення", "12345")
    assert [(step["kind"], step["state"]) for step in story["steps"]] == [("income", "done"), ("advance", "done")]
    says = [line["says"] for line in story["timeline"]]
    for words in (
        "a payment of 1250.00 UAH for order 12345 was written into the ledger",
        "it was read by wayforpay, vouched for by dkim",
        "the income was sent",
        "the status change was sent",
        "settled; the order was advanced by us",
    ):
        assert words in says
    assert any(line.startswith("the income was written: row ") for line in says)


def test_a_held_payment_says_what_to_type(busy: Counter) -> None:
    """The help names the very id, and the history tells why it is held."""
    story = one(busy.run("show", "e2"))
    assert "`reconciler resolve e2 --order N`" in story["help"]["next_step"]
    assert any(line["says"].startswith("it was held for a person: The desk has no order") for line in story["timeline"])


def test_a_message_explains_itself(busy: Counter) -> None:
    """A held message has its own story: the checks that were made, what was read, what to type."""
    story = one(busy.run("show", "m3"))
    assert (story["what"], story["key"], story["reason"], story["payments"]) == ("message", None, "untrusted", [])
    assert story["mails"][0]["trust"]["trusted_by"] is None
    assert "`reconciler resolve m3 --trust`" in story["help"]["next_step"]
    assert {span["field"] for span in story["mails"][0]["spans"]} >= {"amount", "order_number", "transaction_id"}


def test_a_payment_told_twice_shows_both_mails(busy: Counter) -> None:
    """A repeat is one more mail of the same payment."""
    busy.run("reprocess", str(busy.letter("again.eml", language="en")))
    assert [mail["id"] for mail in one(busy.run("show", "e1"))["mails"]] == ["m1", "m5"]


def test_a_story_without_its_mail(busy: Counter) -> None:
    """O12: once the mail's bytes are dropped, everything else is still told."""
    ledger = busy.ledger()
    with ledger.begin() as tx:
        assert tx.drop_raw_before(utc_now() + timedelta(days=1)) > 0
    ledger.close()
    story = one(busy.run("show", "e1"))
    assert (story["mails"][0]["stored"], story["mails"][0]["spans"]) == (False, [])
    assert story["timeline"]


def test_the_story_for_people(busy: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal the same is told in sections, the history last."""
    show_story(one(busy.run("show", "e2")))
    shown = capsys.readouterr().out
    for words in ("payment e2: held", "What to do", "Trust: dkim", "Where each field stands in it", "History"):
        assert words in shown
    assert shown.index("History") > shown.index("Trust: dkim")


def test_what_is_not_there_is_told(busy: Counter) -> None:
    """An unknown id or key ends with 2 and says where ids are listed."""
    for what in ("e99", "m99", "nothing"):
        done = busy.run("show", what)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "`reconciler ledger` lists" in done.stderr


def test_an_event_of_a_later_day_is_told_plainly() -> None:
    """An event that has no sentence yet is told by its name and facts; nothing is left out of a history."""
    event = Event(id=1, at=utc_now(), name="entry.audited", facts={"by": "gateway", "note": None}, actor="daemon")
    assert sentence(event) == "entry was audited (by: gateway)"


@pytest.mark.parametrize("reason", list(Reason))
def test_every_hold_has_words(reason: Reason) -> None:
    """Whatever the reason, its history line says what happened."""
    event = Event(id=1, at=utc_now(), name="entry.held", facts={"reason": reason.value}, actor="daemon")
    assert len(sentence(event)) > len("it was held for a person: ")
