"""The history, the brake and the memory, on real SQLite and real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from reconciler.ledger import Ledger
from reconciler.ledger.columns import json_ready, utc_text
from reconciler.money import Money
from tests.ledgers import HandClock, record


@pytest.mark.parametrize("statement", ["UPDATE event SET name = 'other'", "DELETE FROM event"])
def test_history_cannot_be_rewritten(any_ledger: Ledger, statement: str) -> None:
    """The database itself refuses to change or remove a line of the history, whoever asks."""
    with pytest.raises(Exception, match="append-only"), any_ledger.begin() as tx:
        tx.connection.exec_driver_sql(statement)
    with any_ledger.look() as tx:
        assert [event.name for event in tx.history()] == ["memory.changed"]


def test_history_cannot_be_emptied(postgres_url: str, hand_clock: HandClock) -> None:
    """PostgreSQL's TRUNCATE, which deletes without deleting rows, is refused as well."""
    ledger = Ledger.open(postgres_url, create=True, clock=hand_clock, actor="tester")
    with pytest.raises(Exception, match="append-only"), ledger.begin() as tx:
        tx.connection.exec_driver_sql("TRUNCATE event CASCADE")
    ledger.close()


def test_history_says_what_when_and_who(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """A line has its time, its actor and its facts, in the order they were written, found by mail, entry or order."""
    with any_ledger.begin() as tx:
        entry = record(tx)
    hand_clock.move(5)
    with any_ledger.begin(actor="olena") as tx:
        tx.append("entry.trusted", entry_id=entry.id, why="подзвонила", amount=Money(Decimal("1.5"), "UAH"))
        tx.append("order.seen", order_number="1042", at=date(2026, 11, 22), tags={"b", "a"}, nothing=None)
    with any_ledger.look() as tx:
        trusted = tx.history(entry_id=entry.id)[-1]
        assert (trusted.actor, trusted.at) == ("olena", hand_clock())
        assert trusted.facts == {"why": "подзвонила", "amount": {"amount": "1.50", "currency": "UAH"}}
        seen = tx.history(order_number="1042")[-1]
        assert seen.facts == {"at": "2026-11-22", "tags": ["a", "b"], "nothing": None}
        story = [event.name for event in tx.history(entry_id=entry.id, order_number="1042", mail_id=entry.mail_id)]
        assert story == ["mail.taken", "entry.recorded", "entry.trusted", "order.seen"]


def test_the_history_never_holds_who_paid(any_ledger: Ledger) -> None:
    """What cannot be erased holds nothing that may have to be."""
    with any_ledger.begin() as tx:
        record(tx)
        assert all("Payer One" not in str(event) for event in tx.history())


@pytest.mark.parametrize("value", [object(), float("nan"), b"bytes"])
def test_a_fact_json_cannot_say_is_an_error(any_ledger: Ledger, value: object) -> None:
    """A fact that would be lost or bent on its way is refused where it is made."""
    with any_ledger.begin() as tx, pytest.raises((TypeError, ValueError)):
        tx.append("x.y", fact=value)


def test_text_order_is_time_order() -> None:
    """Times sort as text because every one has the same width and zone."""
    kyiv = timezone(timedelta(hours=2))
    times = [
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2026, 1, 2, 3, 4, 5, 1, tzinfo=UTC),
        datetime(2026, 1, 2, 5, 4, 6, tzinfo=kyiv),
        datetime(9999, 1, 1, tzinfo=UTC),
    ]
    texts = [utc_text(time) for time in times]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {27}
    assert [datetime.fromisoformat(text) for text in texts] == times


def test_nested_facts_become_plain() -> None:
    """Mappings, tuples and enumerations come out as what JSON has."""
    assert json_ready({"a": (1, True, None), "b": {"c": Decimal("1.10")}}) == {"a": [1, True, None], "b": {"c": "1.10"}}


def test_the_brake_survives_restarts(any_ledger: Ledger, any_ledger_url: str, hand_clock: HandClock) -> None:
    """A paused desk stays paused until it is resumed, in every process; pulling it twice is pulling it once."""
    with any_ledger.begin() as tx:
        assert not tx.paused("factory")
        tx.pause("factory", False)
        tx.pause("factory", True)
        tx.pause("factory", True)
    again = Ledger.open(any_ledger_url, create=False, clock=hand_clock, actor="other")
    with again.begin() as tx:
        assert tx.paused("factory")
        assert not tx.paused("office")
        tx.pause("factory", False)
        assert not tx.paused("factory")
        assert [event.name for event in tx.history()][1:] == ["desk.paused", "desk.resumed"]
    again.close()


def test_what_is_remembered_is_recalled(any_ledger: Ledger) -> None:
    """Remembered values are replaced whole, and never stand in the history: they may be secrets."""
    with any_ledger.begin() as tx:
        assert tx.recall("oauth:payments") is None
        tx.remember("oauth:payments", {"refresh_token": "hunter2", "ids": [1, 2]})
        tx.remember("oauth:payments", {"refresh_token": "hunter3"})
    with any_ledger.look() as tx:
        assert tx.recall("oauth:payments") == {"refresh_token": "hunter3"}
        assert "hunter" not in str(tx.history())
