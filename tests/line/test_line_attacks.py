"""Every letter of fixtures/_attacks through the whole line: alone none posts, and what is wrong with it is its proof alone or not."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.casebook import MAIL
from reconciler.model import MailState, Reason, Voucher
from reconciler.sandbox import letters
from reconciler.sandbox.resolver import SandboxResolver
from tests.arcs import seal
from tests.attacks import ATTACKS, bytes_of, order_of, reference_of
from tests.attacks.__main__ import ROOT, TABLE, table
from tests.attacks.case import FORWARDER, OURS, SEALERS, ZONE
from tests.line.line import Line

MAILBOX = {"authserv_id": OURS.decode(), "forwarders": [FORWARDER]}
EXPECTED = tomllib.loads(TABLE.read_text("utf-8"))


@pytest.fixture(scope="module")
def resolver() -> Iterator[SandboxResolver]:
    """The gateway's keys, good and bad, and attackers' own."""
    with SandboxResolver(ZONE) as resolver:
        yield resolver


SEALED = {
    "by one": seal,
    "by two": lambda raw: seal(seal(raw), b"dkim=fail header.d=wayforpay.com.ua", instance=2, domain=SEALERS[1]),
}


@pytest.fixture
def attacked(line: Line) -> Line:
    """The default `trust`, a pinned server, a forwarder, sealers, and an order waiting for every letter's sum."""
    line.more["trust"] = {"nameservers": [line.resolver.address], "arc_sealers": list(SEALERS)}
    line.configure(mailbox=MAILBOX)
    for attack in ATTACKS:
        line.planfix.add_order(int(order_of(attack.name)), "1250.00")
    return line


def saved() -> Mapping[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in sorted(Path(ROOT).glob(f"*/{MAIL}"))}


def became(line: Line, mails: Mapping[str, bytes]) -> dict[str, str]:
    """What the ledger says of each, in the words of attacks.toml."""
    with line.ledger() as ledger, ledger.look() as tx:
        kept = {hashlib.sha256(raw).hexdigest(): name for name, raw in mails.items()}
        found = {kept[mail.sha256]: (mail.state, mail.reason) for mail in tx.mails()}
    words = {(MailState.HELD, Reason.UNTRUSTED): "untrusted", (MailState.READ, None): "posts"}
    ends = {name: words.get(end, end[0].value) for name, end in found.items()}
    return {name: ends.get(name, "foreign") for name in mails}


def test_the_book_of_attacks_is_as_it_is_made() -> None:
    """The folders and their table are what their makers make, and whatever a signature does not mend says why."""
    assert len(ATTACKS) >= 60
    assert saved() == {attack.name: bytes_of(attack) for attack in ATTACKS}
    assert TABLE.read_text("utf-8") == table()
    assert [attack.name for attack in ATTACKS if bool(attack.why) != (attack.signed != "posts")] == []
    assert len({order_of(attack.name) for attack in ATTACKS}) == len(ATTACKS)


def test_no_attack_posts(attacked: Line) -> None:
    """S01 S02 S03 S06: with the default `trust` none of them makes an entry or asks the desk; each is held, or left unread as foreign."""
    mails = saved()
    attacked.deliver(*mails.values())
    with attacked.running() as daemon:
        assert daemon.stopped()[0] == 0
    assert became(attacked, mails) == {name: case["alone"] for name, case in EXPECTED.items()}
    assert attacked.entries() == []
    assert not {"post", "status"} & set(attacked.requests())
    assert [order.number for order in attacked.planfix.orders.values() if order.incomes or order.history] == []


def test_the_same_letters_post_once_the_gateway_signs_them(attacked: Line) -> None:
    """S02 S03: under a signature that holds those post whose only fault was their proof; the others still do not, and say why."""
    mails = {name: letters.sign(raw) for name, raw in saved().items()}
    posting = [name for name, case in EXPECTED.items() if case["signed"] == "posts"]
    attacked.deliver(*mails.values())
    with attacked.running() as daemon:
        for event in ("entry.recorded", "income.posted"):  # each in the order of the letters, so that no wait is long
            for name in posting:
                daemon.wait_for(event, order=order_of(name))
        assert daemon.stopped()[0] == 0
    assert became(attacked, mails) == {name: case["signed"] for name, case in EXPECTED.items()}
    entries = attacked.entries()
    assert {entry.transaction_id for entry in entries} == {reference_of(name) for name in posting}
    assert {entry.trusted_by for entry in entries} == {Voucher.DKIM}
    paid = [order.number for order in attacked.planfix.orders.values() if order.incomes]
    assert sorted(paid) == sorted(order_of(name) for name in posting)


@pytest.mark.parametrize("by", SEALED)
def test_a_letter_that_named_servers_sealed_posts(attacked: Line, by: str) -> None:
    """A letter whose signature broke where it was forwarded posts under the seals of servers that the settings name, and says so."""
    attacked.planfix.add_order(12345, "1250.00")
    attacked.deliver(SEALED[by](letters.sign(letters.notice(), selector="gone")))
    with attacked.running() as daemon:
        daemon.wait_for("income.posted", order="12345")
        assert daemon.stopped()[0] == 0
    (entry,) = attacked.entries()
    assert entry.trusted_by is Voucher.AUTHENTICATION_RESULTS
    with attacked.ledger() as ledger, ledger.look() as tx:
        (mail,) = tx.mails()
    assert mail.verdict is not None
    assert "ARC: the chain holds" in mail.verdict.checks[-1].detail
