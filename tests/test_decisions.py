"""A person's verbs: what each refuses, and says instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.flow import decisions
from reconciler.flow.decisions import NotPossible
from reconciler.model import MailState, State
from reconciler.sandbox import letters
from tests.rules.stage import Stage, signed


def settled(folder: Path) -> Stage:
    """One payment, settled: e1, told by m1."""
    stage = Stage.make(folder)
    stage.order()
    assert stage.paid().state is State.SETTLED
    return stage


def held_letter(folder: Path) -> Stage:
    """One unsigned letter, held: m1."""
    stage = Stage.make(folder)
    stage.take(letters.notice())
    return stage


@pytest.mark.parametrize("what", ["e99", "m99", "", "12345", "e", "wayforpay:shop:WFP-none"])
def test_what_is_not_there_is_told(tmp_path: Path, what: str) -> None:
    """M13: an id or key of nothing is refused with where to look, by every verb."""
    ledger = settled(tmp_path).ledger
    with pytest.raises(NotPossible, match="reconciler ledger"):
        decisions.retry(ledger, what)
    with pytest.raises(NotPossible, match="reconciler ledger"):
        decisions.discard(ledger, what, "why")


def test_a_payment_is_found_by_its_key_in_any_case(tmp_path: Path) -> None:
    """M13: what a list prints can be typed back."""
    stage = settled(tmp_path)
    with stage.ledger.look() as tx:
        (entry,) = tx.entries()
        assert decisions.find(tx, entry.key.upper()) == entry == decisions.find(tx, "e1")


def test_what_is_settled_is_done(tmp_path: Path) -> None:
    """M08: neither tried again, nor discarded, nor given another order: its row would stand where it does not belong."""
    stage = settled(tmp_path)
    with pytest.raises(NotPossible, match="nothing to try again"):
        decisions.retry(stage.ledger, "e1")
    with pytest.raises(NotPossible, match="settled"):
        decisions.discard(stage.ledger, "e1", "why")
    with pytest.raises(NotPossible, match="move its row"):
        decisions.give_order(stage.ledger, "e1", "54321")
    assert stage.entry("e1").state is State.SETTLED


def test_a_letter_that_was_read_is_decided_by_its_payments(tmp_path: Path) -> None:
    """M13: retry and discard of such a message name the payments instead."""
    stage = settled(tmp_path)
    with pytest.raises(NotPossible, match=r"\[1\]"):
        decisions.retry(stage.ledger, "m1")
    with pytest.raises(NotPossible, match=r"\[1\]"):
        decisions.discard(stage.ledger, "m1", "why")


@pytest.mark.parametrize("words", ["", "   "])
def test_a_discard_needs_its_reason_in_words(tmp_path: Path, words: str) -> None:
    """O12: whoever reads the history later is told why."""
    with pytest.raises(NotPossible, match="reason"):
        decisions.discard(held_letter(tmp_path).ledger, "m1", words)


def test_an_order_is_given_to_a_payment_and_needs_a_number(tmp_path: Path) -> None:
    """M13: a message has no order, and an empty number is none."""
    stage = held_letter(tmp_path)
    with pytest.raises(NotPossible, match="message"):
        decisions.give_order(stage.ledger, "m1", "12345")
    stage.take(signed())
    with pytest.raises(NotPossible, match="number"):
        decisions.give_order(stage.ledger, "e1", "  ")


def test_only_an_untrusted_letter_can_be_vouched_for(tmp_path: Path) -> None:
    """S02: a payment is trusted already, and a letter held for another reason is not made true by a word."""
    stage = settled(tmp_path)
    (foreign,) = stage.take(
        signed(shop="stranger.example.com (stranger_example_com)", reference="WFP-SOC-2-6ac4b29136b28")
    )
    for what in ("e1", "m1", foreign.id):
        with pytest.raises(NotPossible, match="untrusted"):
            decisions.vouch(stage.ledger, what, person="bookkeeper")


def test_a_discarded_letter_can_be_taken_up_again(tmp_path: Path) -> None:
    """M08: it is read again with today's parsers and settings, and held for the same reason."""
    stage = held_letter(tmp_path)
    decisions.discard(stage.ledger, "m1", "a forgery")
    decisions.retry(stage.ledger, "m1")
    (read,) = stage.intake.read_due()
    assert (read.id, stage.mail(read).state) == ("m1", MailState.HELD)


def test_the_history_says_who_vouched(tmp_path: Path) -> None:
    """O12: a person's word is on record with the person."""
    stage = held_letter(tmp_path)
    decisions.vouch(stage.ledger, "m1", person="bookkeeper")
    with stage.ledger.look() as tx:
        (event,) = [one for one in tx.history(mail_id=1) if one.name == "message.vouched"]
    assert (event.facts["person"], event.actor) == ("bookkeeper", "test")
