"""Forwards through the whole line: by strangers, by whom the mailbox names, and by whom `[trust] forwarders` names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import pytest

from reconciler.model import Voucher
from reconciler.sandbox import keys, letters
from reconciler.sandbox.resolver import SandboxResolver
from tests.forwards import PROGRAMS, Mail, forward
from tests.line.line import Line

OPENED, NAMED, STRANGER = "office@example.ua", "owner@example.ua", "x@attacker.example"


@pytest.fixture(scope="module")
def resolver() -> Iterator[SandboxResolver]:
    """The gateway's key, our own domain's, and the attacker's."""
    with SandboxResolver(keys.zone("wayforpay.com.ua", "example.ua", "attacker.example")) as resolver:
        yield resolver


@pytest.fixture
def forwarding(line: Line) -> Line:
    line.more["trust"] = {"nameservers": [line.resolver.address], "forwarders": [NAMED]}
    line.configure(mailbox={"forwarders": [OPENED]})
    return line


def mail(order: str, program: str, sender: str, signed_by: str | None) -> bytes:
    letter = letters.notice(order=order, reference=f"WFP-SOC-1234567-{order}", text=True)
    raw = forward(letter, program, Mail(sender=sender))
    return raw if signed_by is None else letters.sign(raw, domain=signed_by)


def held(line: Line, mails: Mapping[str, bytes]) -> dict[str, str | None]:
    """Why each of these waits for a person, by order; None: it does not. Those that were left in the mailbox are not there."""
    orders = {hashlib.sha256(raw).hexdigest(): order for order, raw in mails.items()}
    with line.ledger() as ledger, ledger.look() as tx:
        return {orders[found.sha256]: found.reason.value if found.reason else None for found in tx.mails()}


def test_only_a_named_forwarder_s_own_mail_posts(forwarding: Line) -> None:
    """P12 S01 S02: of the same forwards one posts, that of a named forwarder under his own domain's signature; none other does."""
    forged = {
        "30001": mail("30001", "gmail_uk", STRANGER, "attacker.example"),
        "30002": mail("30002", "gmail_uk", OPENED, "example.ua"),
        "30003": mail("30003", "outlook_en", OPENED, None),
        "30004": mail("30004", "gmail_uk", NAMED, None),
        "30005": mail("30005", "apple_uk", NAMED, "attacker.example"),
        "30006": mail("30006", "ukrnet", NAMED, "wayforpay.com.ua"),
    }
    genuine = {str(31_000 + at): mail(str(31_000 + at), name, NAMED, "example.ua") for at, name in enumerate(PROGRAMS)}
    for order in (*forged, *genuine):
        forwarding.planfix.add_order(int(order), "1250.00")
    forwarding.deliver(*forged.values(), *genuine.values())
    with forwarding.running() as daemon:
        for order in genuine:
            daemon.wait_for("order.advanced", order=order)
        assert daemon.stopped()[0] == 0
    assert held(forwarding, {**forged, **genuine}) == {
        **dict.fromkeys((order for order in forged if order != "30001"), "untrusted"),
        **dict.fromkeys(genuine),
    }
    entries = forwarding.entries()
    assert {entry.order_read for entry in entries} == set(genuine)
    assert {entry.trusted_by for entry in entries} == {Voucher.DKIM}
    paid = {order.number for order in forwarding.planfix.orders.values() if order.incomes}
    assert {str(number) for number in paid} == set(genuine)
