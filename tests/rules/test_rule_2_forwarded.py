"""Rule 2: a letter that came attached to another mail has its own signature and nothing else to vouch for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.flow import decisions
from reconciler.flow.rules import MailboxRules
from reconciler.message import headers_only
from reconciler.model import MailState, Outcome, Reason, State, Voucher
from reconciler.recognition import recognition
from reconciler.sandbox import letters
from tests.rules.stage import GATEWAY, PARSERS, Stage, rules_with, signed, stands, trusting

FORWARDER = "owner@example.ua"
BOX = MailboxRules(name="payments", authserv_id="mx.example.ua", forwarders=(FORWARDER,))
SAYS_PASS = b"Authentication-Results: mx.example.ua; dkim=pass header.d=wayforpay.com.ua\r\n"


def make(folder: Path, box: MailboxRules = BOX) -> Stage:
    stage = Stage.make(folder, rules=rules_with(mailbox=box))
    stage.order()
    return stage


def refused(stage: Stage, outcome: Outcome) -> Reason | None:
    stage.run(minutes=11)
    assert stage.mail(outcome).state is MailState.HELD
    assert (stage.entries(), stage.desk.calls) == ([], [])
    return outcome.reason


def test_a_forwarder_s_attached_letter_posts_by_its_own_signature(tmp_path: Path) -> None:
    """P12: the letter that a forwarder attaches whole is read, and its gateway's signature vouches for it."""
    stage = make(tmp_path)
    (outcome,) = stage.take(letters.forward(signed(), sender=FORWARDER))
    stage.run()
    assert stands(stage.entry(outcome.id)) == (State.SETTLED, None)
    assert stage.entry(outcome.id).trusted_by is Voucher.DKIM


@pytest.mark.parametrize("outer", [b"", SAYS_PASS])
def test_no_server_speaks_of_an_attached_letter(tmp_path: Path, outer: bytes) -> None:
    """S01 P12: Authentication-Results in an attached mail, or of the mail around it, vouch for nothing within."""
    stage = make(tmp_path)
    stage.dns.records.clear()
    (alone,) = stage.take(SAYS_PASS + signed(reference="WFP-1"))
    assert stage.entry(alone.id).trusted_by is Voucher.AUTHENTICATION_RESULTS
    (outcome,) = stage.take(outer + letters.forward(SAYS_PASS + signed(), sender=FORWARDER))
    assert outcome.reason is Reason.UNTRUSTED


def test_a_stranger_s_attached_letter_is_not_opened(tmp_path: Path) -> None:
    """S02: who is no forwarder of the mailbox has nothing opened, however well it is signed, and is told why."""
    stage = make(tmp_path)
    (outcome,) = stage.take(letters.forward(signed(), sender="stranger@example.org"))
    assert refused(stage, outcome) is Reason.UNCLAIMED
    assert "forwarders" in outcome.facts["error"]


def test_two_senders_open_nothing(tmp_path: Path) -> None:
    """P17: a forwarder's address beside another one, or the gateway's beside a stranger's, is no sender."""
    stage = make(tmp_path)
    forwarded = letters.forward(signed(), sender=FORWARDER)
    for among in (b"<owner@example.ua>, <x@attacker.example>", b"<x@attacker.example>, <notify@wayforpay.com.ua>"):
        (outcome,) = stage.take(forwarded.replace(b"<owner@example.ua>", among, 1))
        assert refused(stage, outcome) is Reason.UNCLAIMED


def test_a_person_s_hand_opens_it_and_keeps_it_open(tmp_path: Path) -> None:
    """P12: what is handed in by hand is opened whoever sent it, also when it is read again later."""
    stage = make(tmp_path, replace(BOX, forwarders=()))
    stage.dns.answers = False
    raw = letters.forward(signed(), sender="colleague@example.org")
    (waiting,) = stage.intake.take(raw, mailbox="payments", received_at=stage.clock(), by_hand=True)
    assert (waiting.reason, stage.mail(waiting).state) == (Reason.UNTRUSTED, MailState.WAITING)
    stage.clock.pass_(hours=25)
    (held,) = stage.intake.read_due()
    assert (held.reason, stage.mail(held).state) == (Reason.UNTRUSTED, MailState.HELD)
    stage.dns.answers = True
    decisions.retry(stage.ledger, held.id)
    (read,) = stage.intake.read_due()
    stage.run()
    assert stands(stage.entry(read.id)) == (State.SETTLED, None)
    assert stage.entry(read.id).trusted_by is Voucher.DKIM


def test_none_accepts_an_attached_letter_too(tmp_path: Path) -> None:
    """`none` is the owner's word that nobody need vouch; a forwarder's attached letter is no exception."""
    rules = replace(trusting(Voucher.NONE), mailboxes={BOX.name: BOX})
    stage = Stage.make(tmp_path, rules=rules)
    stage.order()
    (outcome,) = stage.take(letters.forward(letters.notice(), sender=FORWARDER))
    assert stage.entry(outcome.id).trusted_by is Voucher.NONE


@pytest.mark.parametrize(
    ("sender", "ours"),
    [
        (b"notify@wayforpay.com.ua", True),
        (b"Owner@Example.ua", True),
        (b"x@attacker.example, notify@wayforpay.com.ua", False),
        (b"notify@wayforpay.com.ua, x@attacker.example", False),
        (b"notify@wayforpay.com.ua\r\nFrom: x@attacker.example", False),
        (b"notify@wayforpay.com.ua, owner@example.ua", False),
    ],
)
def test_ours_is_mail_of_one_sender(sender: bytes, ours: bool) -> None:
    """P17: a mail is not ours because one of several From addresses is."""
    told = recognition({"wayforpay": GATEWAY.domains}, (FORWARDER,), PARSERS)
    assert told.is_ours(headers_only(b"From: " + sender + b"\r\n\r\n")) is ours
