"""Whichever way a payment comes in, it has the same effects: one line serves the daemon and every command."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.model import State
from tests.counter import Counter, one
from tests.test_cli_work import daemon

LETTERS: tuple[Mapping[str, Any], ...] = (
    {"reference": "WFP-1", "order": "12345", "amount": "1250.00"},
    {"reference": "WFP-2", "order": "12346", "amount": "100.00"},
    {"reference": "WFP-3", "order": "12347", "amount": "300.00"},
    {"reference": "WFP-4", "order": None, "amount": "50.00"},
    {"reference": "WFP-1", "order": "12345", "amount": "1250.00", "language": "en"},  # the first one, told again
)
ROWS = {("12345", "1250.00", "WFP-1"), ("12346", "100.00", "WFP-2"), ("12347", "300.00", "WFP-3"), ("12348", "50.00", "WFP-4")}  # fmt: skip
STATES = {"WFP-1": State.SETTLED, "WFP-2": State.PARTIAL, "WFP-3": State.OVERPAID, "WFP-4": State.SETTLED}
POSTED = ["entry.recorded", "step.planned", "step.sent", "step.done", "income.posted"]
ADVANCED = ["step.planned", "step.sent", "step.done", "entry.settled", "order.advanced"]
COMMENTED = ["step.planned", "step.sent", "step.done"]
EVENTS = {
    "WFP-1": [*POSTED, *ADVANCED, *COMMENTED],
    "WFP-2": [*POSTED, "entry.partial"],
    "WFP-3": [*POSTED, "entry.overpaid"],
    "WFP-4": ["entry.recorded", "entry.held", "entry.order_given", *POSTED[1:], *ADVANCED, *COMMENTED],
}


def by_mailbox(counter: Counter) -> None:
    with daemon(counter):
        deliver(counter)
        until(lambda: held(counter))
        counter.run("resolve", key("WFP-4"), "--order", "12348")
        until(lambda: all_told(counter))


def by_poll(counter: Counter) -> None:
    deliver(counter)
    counter.run("poll")
    counter.run("resolve", key("WFP-4"), "--order", "12348")


def by_hand(counter: Counter) -> None:
    counter.run("reprocess", "--new-ledger", *files(counter))
    counter.run("resolve", key("WFP-4"), "--order", "12348")


def by_hand_beside_the_daemon(counter: Counter) -> None:
    with daemon(counter):
        counter.run("reprocess", *files(counter))
        counter.run("resolve", key("WFP-4"), "--order", "12348")
        until(lambda: all_told(counter))


@pytest.mark.parametrize("way", [by_mailbox, by_poll, by_hand, by_hand_beside_the_daemon])
def test_every_path_has_the_same_effects(counter: Counter, way: Callable[[Counter], None]) -> None:
    """M14: daemon, poll, reprocess and resolve: the same rows, statuses, comments, states and steps in the same order."""
    counter.configure(desk="comment = true")
    for number, due in ((12346, "900.00"), (12347, "200.00"), (12348, "50.00")):
        counter.planfix.add_order(number, due=due)
    way(counter)
    assert {(order, str(row.amount), row.payment_id) for order, row in rows(counter)} == ROWS
    assert len(counter.planfix.incomes) == len(ROWS)
    assert {number: order.history for number, order in counter.planfix.orders.items()} == {
        "12345": ("У виробництві",),
        "12346": (),
        "12347": (),
        "12348": ("У виробництві",),
    }
    tasks = counter.planfix.world.tasks
    assert {number: len(tasks[number].comments) for number in (12345, 12346, 12347, 12348)} == {
        12345: 1,
        12346: 0,
        12347: 0,
        12348: 1,
    }
    assert {entry.transaction_id: entry.state for entry in counter.entries()} == STATES
    assert events(counter) == EVENTS


def test_by_hand_while_the_daemon_is_in_the_middle_of_it(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """D09: the daemon is posting this very letter when `reprocess` is given it too: one walk, one row, and both tell of it."""
    mail = counter.letter()
    asked, answer, real_sleep = threading.Event(), threading.Event(), time.sleep

    def hold(method: str, path: str, body: Mapping[str, Any], phase: str) -> None:
        if path.endswith("/datatags/") and phase == "before":
            asked.set()
            answer.wait(40)

    def let_go(seconds: float) -> None:
        answer.set()
        real_sleep(seconds)

    counter.configure(desk="timeout_seconds = 60\nunknown_wait = '61s'")
    counter.planfix.on_request = hold
    with daemon(counter):
        counter.imap.deliver(mail.read_bytes())
        assert asked.wait(40)
        # the answer comes once the command waits for the desk's owner
        monkeypatch.setattr("reconciler.byhand.going.time.sleep", let_go)
        done = counter.run("reprocess", str(mail))
    counter.planfix.on_request = None
    assert (one(done)["key"], one(done)["state"]) == (key("WFP-SOC-1234567-6ac4b29136b28"), "settled")
    order = counter.planfix.order(12345)
    assert (len(order.incomes), order.history) == (1, ("У виробництві",))
    assert len(counter.entries()) == 1


# ---------------------------------------------------------------- tools


def key(reference: str) -> str:
    return f"wayforpay:shop:{reference}"


def files(counter: Counter) -> list[str]:
    return [str(counter.letter(f"{number}.eml", **facts)) for number, facts in enumerate(LETTERS)]


def deliver(counter: Counter) -> None:
    for number, facts in enumerate(LETTERS):
        counter.imap.deliver(counter.letter(f"{number}.eml", **facts).read_bytes())


def held(counter: Counter) -> bool:
    states = {entry.transaction_id: entry.state for entry in counter.entries()}
    return states == {**STATES, "WFP-4": State.HELD}


def all_told(counter: Counter) -> bool:
    """The comment comes after the outcome, which is all that a command waits for."""
    return events(counter) == EVENTS


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.02)


def rows(counter: Counter) -> list[tuple[str, Any]]:
    return [(number, row) for number, order in counter.planfix.orders.items() for row in order.incomes]


def events(counter: Counter) -> dict[str, list[str]]:
    """What the history says of each payment, in order; what is read again or met twice is no effect."""
    ledger = counter.ledger()
    with ledger.look() as tx:
        told = {entry.transaction_id: [event.name for event in tx.history(entry_id=entry.id)] for entry in tx.entries()}
    ledger.close()
    return told
