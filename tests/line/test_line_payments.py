"""From a delivered letter to an order in production, by a real daemon, at the promised cost."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from reconciler.flow import decisions
from reconciler.model import Kind, MailState, Reason, State, Voucher
from reconciler.sandbox import letters
from reconciler.sandbox.imap import SandboxImap
from reconciler.sandbox.resolver import SandboxResolver, Weather
from tests.line.daemon import PATIENCE
from tests.line.line import FULL, Line, later, letter

PRODUCTION = "У виробництві"
AWAITING = "Очікує оплати"


def test_a_delivered_letter_puts_its_order_into_production(any_line: Line) -> None:
    """A letter that arrives is posted and its order advanced without being poked, in 5 requests and the confirming one."""
    any_line.planfix.add_order(12345, "1250.00")
    with any_line.running() as daemon:
        any_line.deliver(letter())
        daemon.wait_for("order.advanced", order="12345")
        order = any_line.planfix.order(12345)
        assert (order.status, order.difference) == (PRODUCTION, Decimal(0))
        assert [row.payment_id for row in order.incomes] == [letters.REFERENCE]
        assert any_line.requests() == FULL
        assert daemon.stopped()[0] == 0
    [entry] = any_line.entries()
    assert (entry.state, entry.advanced_by, entry.trusted_by) == (State.SETTLED, "us", Voucher.DKIM)


# ---------------------------------------------------------------- what else a payment may cost


def test_a_settled_payment_told_again_costs_nothing(line: Line) -> None:
    """The same letter delivered twice, and another letter about the same payment, ask Planfix for nothing once it is settled (S06)."""
    line.planfix.add_order(12345, "1250.00")
    line.planfix.add_order(12346, "10.00")
    with line.running() as daemon:
        line.deliver(letter())
        daemon.wait_for("order.advanced", order="12345")
        line.planfix.forget_requests()
        line.deliver(letter(), letter(payer="Та сама людина"))
        daemon.wait_for("entry.recorded", key=f"wayforpay:shop:{letters.REFERENCE}", times=2)
        # payments go one after another, so the next one's end is the end of whatever the repeats had asked for
        line.deliver(letter("WFP-2", "10.00", "12346"))
        daemon.wait_for("order.advanced", order="12346")
        assert line.requests() == FULL
    assert len(line.planfix.order(12345).incomes) == 1
    assert len(line.entries()) == 2


def test_a_partial_payment_costs_four_requests(line: Line) -> None:
    """A payment that leaves the order owing is posted and left partial, in 4 requests (M05)."""
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        line.deliver(letter(amount="500.00"))
        daemon.wait_for("entry.partial", order="12345")
        assert line.requests() == FULL[:4]
    assert line.planfix.order(12345).status == AWAITING
    assert [entry.state for entry in line.entries()] == [State.PARTIAL]


def test_an_order_found_by_a_field_costs_one_request_more(line: Line) -> None:
    """Where the order's number stands in a custom field, one more request finds the order."""
    line.configure(desk={"order_number": "Номер замовлення"})
    line.planfix.add_order("A-77/26", "1250.00")
    with line.running() as daemon:
        line.deliver(letter(order="A-77/26"))
        daemon.wait_for("order.advanced")
        assert line.requests() == ["order by field", *FULL]
    assert line.planfix.order("A-77/26").status == PRODUCTION


def test_rows_of_others_cost_one_request_more(line: Line) -> None:
    """Where people have typed rows, the task's rows are listed before the post, in one request; nothing else is dropped for it."""
    line.planfix.add_order(12345, "1250.00", incomes=[("250.00", None)])
    with line.running() as daemon:
        line.deliver(letter(amount="1000.00"))
        daemon.wait_for("order.advanced", order="12345")
        assert line.requests() == [*FULL[:2], "incomes of task", *FULL[2:]]
    assert line.planfix.order(12345).status == PRODUCTION


def test_an_idle_service_asks_planfix_for_nothing(line: Line, imap: SandboxImap) -> None:
    """With nothing open the desk is left alone, however often the mailbox is read."""
    line.configure(desk={"recheck": "0.1s"})
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        line.deliver(letter())
        daemon.wait_for("order.advanced", order="12345")
        line.planfix.forget_requests()
        rests = imap.count("IDLE")
        imap.wait_for("IDLE", times=rests + 1)  # a whole poll interval, in which the scheduler looks ten times
        assert line.requests() == []


def test_an_open_order_is_reread_and_released_by_cash(line: Line) -> None:
    """A partly paid order is re-read every `recheck`, one request each; cash typed by a person then releases it."""
    line.configure(desk={"recheck": "0.2s"})
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        line.deliver(letter(amount="1000.00"))
        daemon.wait_for("entry.partial", order="12345")
        line.planfix.add_income(12345, "250.00")
        daemon.wait_for("order.advanced", order="12345")
        assert set(line.requests()[4:-3]) <= {"order and task", "payment task", "incomes of task"}
    assert line.planfix.order(12345).status == PRODUCTION
    assert [entry.state for entry in line.entries()] == [State.SETTLED]


# ---------------------------------------------------------------- stories


def test_two_partial_payments_add_up(line: Line) -> None:
    """Two payments that together are what the order owes advance it once, and both are settled."""
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        line.deliver(letter("WFP-1", "500.00"), letter("WFP-2", "750.00", paid_at=later(3)))
        daemon.wait_for("order.advanced", order="12345")
    order = line.planfix.order(12345)
    assert (order.status, order.difference, order.history) == (PRODUCTION, Decimal(0), (PRODUCTION,))
    assert {row.payment_id: row.amount for row in order.incomes} == {
        "WFP-1": Decimal("500.00"),
        "WFP-2": Decimal("750.00"),
    }
    assert [entry.state for entry in line.entries()] == [State.SETTLED, State.SETTLED]


def test_an_overpayment_is_posted_and_left_to_a_person(line: Line) -> None:
    """More money than the order owes is posted, and the order is not advanced by itself."""
    line.planfix.add_order(12345, "1000.00")
    with line.running() as daemon:
        line.deliver(letter(amount="1250.00"))
        daemon.wait_for("entry.overpaid", order="12345")
    order = line.planfix.order(12345)
    assert (order.status, order.difference, order.history) == (AWAITING, Decimal("-250.00"), ())
    assert [(entry.state, entry.reason) for entry in line.entries()] == [(State.OVERPAID, Reason.OVERPAID)]


def test_a_forged_letter_lends_nothing_and_the_genuine_one_posts(line: Line) -> None:
    """An unsigned letter is held as untrusted and takes no key; the genuine one about the same payment posts its own sum (S02)."""
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        line.deliver(letters.notice(amount="1.00"))
        daemon.wait_for("message.held", reason="untrusted")
        assert line.entries() == []
        line.deliver(letter())
        daemon.wait_for("order.advanced", order="12345")
    assert [row.amount for row in line.planfix.order(12345).incomes] == [Decimal("1250.00")]
    with line.ledger() as ledger, ledger.look() as tx:
        assert [mail.reason for mail in tx.mails(state=MailState.HELD)] == [Reason.UNTRUSTED]


def test_a_letter_about_another_shop_is_held(line: Line) -> None:
    """A genuine letter about a shop that is none of ours is held, and nothing is asked of the desk."""
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        line.deliver(letter(shop="other.example.ua (other_example_ua)"))
        daemon.wait_for("message.held", reason="wrong_merchant")
        assert daemon.stopped()[0] == 0
        assert line.requests() == []
    assert line.entries() == []


def test_a_declined_payment_posts_nothing(line: Line) -> None:
    """A letter about a payment that did not go through is closed as nothing to do (P11)."""
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        line.deliver(letter(status="declined"))
        daemon.wait_for("message.skipped")
        assert daemon.stopped()[0] == 0
        assert line.requests() == []
    assert line.entries() == []


def test_a_refund_holds_its_order(line: Line) -> None:
    """A refund makes an entry of its own, held for a person, and the order it belongs to is not advanced by a later payment."""
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        line.deliver(letter("WFP-1", "500.00"))
        daemon.wait_for("entry.partial", order="12345")
        line.deliver(letter("WFP-1", "500.00", status="refund", paid_at=later(60)))
        daemon.wait_for("entry.held", reason="refund")
        line.deliver(letter("WFP-2", "750.00", paid_at=later(90)))
        daemon.wait_for("entry.waiting", reason="refund")
    order = line.planfix.order(12345)
    assert (order.status, len(order.incomes)) == (AWAITING, 2)
    states = {(entry.transaction_id, entry.kind): entry.state for entry in line.entries()}
    assert states == {
        ("WFP-1", Kind.PAYMENT): State.PARTIAL,
        ("WFP-1", Kind.REFUND): State.HELD,
        ("WFP-2", Kind.PAYMENT): State.WAITING,
    }


def test_a_letter_waits_for_its_key(line: Line, resolver: SandboxResolver) -> None:
    """While DNS does not answer for a signature's key the letter waits and nothing is posted; read again later, it is (S04)."""
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        resolver.weather = Weather.SERVFAIL
        try:
            line.deliver(letter())
            daemon.wait_for("message.waiting")
        finally:
            resolver.weather = Weather.FAIR
        assert (line.entries(), line.requests()) == ([], [])
        with line.ledger() as ledger:
            decisions.retry(ledger, "m1")  # two minutes would pass by themselves
        daemon.wait_for("order.advanced", order="12345")


# ---------------------------------------------------------------- mail stays where it is until its payment is written down


FOREIGN = b"From: friend@example.org\r\nSubject: hello %d\r\n\r\nhello\r\n"


@pytest.mark.parametrize(("after", "command"), [("flag", "UID STORE"), ("move:Оброблено", "UID MOVE")])
def test_a_mail_is_touched_only_once_its_outcome_is_written_down(
    line: Line, imap: SandboxImap, after: str, command: str
) -> None:
    """`after` leaves a mail alone while its payment is on its way, and flags or moves it once that is settled; foreign mail never (D07)."""
    line.configure(
        mailbox={"after": after}, desk={"timeout_seconds": 30, "unknown_wait": "31s", "unknown_deadline": "2h"}
    )
    line.planfix.add_order(12345, "1250.00")
    ours, asked, answer = letter(), threading.Event(), threading.Event()

    def hold(_method: str, path: str, _body: Mapping[str, Any], phase: str) -> None:
        if path.endswith("/datatags/") and phase == "before":
            asked.set()
            answer.wait(PATIENCE)

    line.planfix.on_request = hold
    with line.running() as daemon:
        line.deliver(ours)
        assert asked.wait(PATIENCE)
        imap.wait_for("IDLE", times=2)
        line.deliver(FOREIGN % 1)
        imap.wait_for("IDLE", times=3)  # the folder was read through once more, with our mail still in it
        assert imap.count(command) == 0
        answer.set()
        daemon.wait_for("order.advanced", order="12345")
        line.deliver(FOREIGN % 2)
        daemon.wait_for("after.done")
    kept = {mail.raw: mail.flags for mail in imap.mails()}
    foreign = {FOREIGN % 1: set[str](), FOREIGN % 2: set[str]()}
    if after == "flag":
        assert kept == {ours: {"\\Flagged"}, **foreign}
    else:
        assert kept == foreign
        assert [mail.raw for mail in imap.mails("Оброблено")] == [ours]
