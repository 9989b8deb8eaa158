"""Rule 2: a letter that is forwarded in the text of a mail is only text; the forwarder's own proven mail vouches for it, where he is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.flow import decisions
from reconciler.flow.rules import GatewayRules, MailboxRules, Rules
from reconciler.model import MailState, Outcome, Reason, State, Voucher
from reconciler.sandbox import keys, letters
from reconciler.timeline import sentence
from tests.forwards import FORWARDER, PROGRAMS, Mail, forward
from tests.rules.stage import GATEWAY, Stage, rules_with, stands

BOX = MailboxRules(name="payments", authserv_id="mx.example.ua", forwarders=(FORWARDER,))
SAYS_PASS = b"Authentication-Results: mx.example.ua; dkim=pass header.d=%s\r\n"
LETTER = letters.notice(text=True)


def named(*addresses: str, box: MailboxRules = BOX, gateway: GatewayRules = GATEWAY) -> Rules:
    """These are in `[trust] forwarders`, and so are opened in every mailbox."""
    opened = tuple(dict.fromkeys((*box.forwarders, *addresses)))
    return replace(rules_with(mailbox=replace(box, forwarders=opened), gateway=gateway), forwarders=addresses)


def make(folder: Path, rules: Rules) -> Stage:
    stage = Stage.make(folder, rules=rules)
    stage.order()
    stage.dns.records |= keys.zone("example.ua", "mail.example.ua", "com.ua", "gmail.com")
    return stage


def mail(
    program: str = "gmail_uk", *, signed_by: str | None = "example.ua", sender: str = FORWARDER, **how: Any
) -> bytes:
    """The letter forwarded, and the mail around it signed as its own domain does."""
    raw = forward(LETTER, program, Mail(sender=sender))
    return raw if signed_by is None else letters.sign(raw, domain=signed_by, **how)


def untrusted(stage: Stage, outcome: Outcome) -> str:
    """It made nothing of itself and waits for a person; returns what was checked."""
    stage.run(minutes=11)
    assert (outcome.reason, stage.mail(outcome).state) == (Reason.UNTRUSTED, MailState.HELD)
    assert (stage.entries(), stage.desk.calls) == ([], [])
    return " ".join(outcome.facts["checks"])


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_named_forwarder_s_proven_mail_posts(tmp_path: Path, program: str) -> None:
    """P12: whatever program he forwards with, the signature of his own domain vouches for what he forwards in the text."""
    stage = make(tmp_path, named(FORWARDER))
    (outcome,) = stage.take(mail(program))
    stage.run()
    entry = stage.entry(outcome.id)
    assert stands(entry) == (State.SETTLED, None)
    assert (entry.trusted_by, entry.parser) == (Voucher.DKIM, "wayforpay")
    verdict = stage.mail(outcome).verdict
    assert verdict is not None
    assert verdict.checks[0].result == "pass"
    assert "named in [trust] forwarders" in verdict.checks[0].detail
    told = [sentence(event) for event in stage.history(entry)]
    with stage.ledger.look() as tx:
        told += [sentence(event) for event in tx.history(mail_id=outcome.mail)]
        assert tx.shapes(parser="wayforpay") == []  # a mail program drew it, not the gateway
    assert f"it was read by wayforpay in the text of a mail of {FORWARDER}, vouched for by dkim" in told


@pytest.mark.parametrize(
    "addresses", [(), ("other@example.ua",), ("owner@example.com",), ("example.ua",), ("xowner@example.ua",)]
)
def test_the_mailbox_s_forwarders_are_read_and_not_believed(tmp_path: Path, addresses: tuple[str, ...]) -> None:
    """S01 S02: who is only opened, and not named in `[trust] forwarders`, vouches for nothing, however well his mail is signed."""
    stage = make(tmp_path, named(*addresses))
    (outcome,) = stage.take(SAYS_PASS % b"wayforpay.com.ua" + SAYS_PASS % b"example.ua" + mail())
    assert "does not name that address" in untrusted(stage, outcome)


@pytest.mark.parametrize(
    ("subject", "more", "why"),
    [
        ("Успішний платіж", (), "does not begin with Fwd:"),
        ("Автовідповідь: Fwd: платіж", (), "does not begin with Fwd:"),
        ("Odg: Fwd: платіж", (), "does not begin with Fwd:"),
        ("Fwd: платіж", ("Auto-Submitted: auto-generated",), "a program sent that mail by itself (auto-submitted)"),
        ("FW: платіж", ("X-MS-Exchange-Inbox-Rules-Loop: owner@example.ua",), "a program sent that mail by itself"),
        ("Fwd: платіж", ("Auto-Submitted: no",), ""),
    ],
)
def test_a_mail_that_nobody_plainly_forwarded_vouches_for_nothing(
    tmp_path: Path, subject: str, more: tuple[str, ...], why: str
) -> None:
    """S01: a rule that forwards by itself, an answering machine, a subject without Fwd: nobody has looked at the letter in it."""
    stage = make(tmp_path, named(FORWARDER))
    raw = forward(LETTER, "gmail_uk", Mail(subject=subject, headers=more))
    (outcome,) = stage.take(letters.sign(raw, domain="example.ua"))
    if why:
        assert why in untrusted(stage, outcome)
    else:
        assert stage.entry(outcome.id).trusted_by is Voucher.DKIM


def test_a_stranger_s_is_not_opened(tmp_path: Path) -> None:
    """S02: who is neither opened nor named has nothing read."""
    stage = make(tmp_path, named())
    (outcome,) = stage.take(mail(sender="x@attacker.example", signed_by="attacker.example"))
    assert (outcome.reason, outcome.facts["sender"]) == (Reason.UNCLAIMED, "x@attacker.example")


@pytest.mark.parametrize(
    "raw",
    [
        mail(signed_by=None),
        mail(signed_by="wayforpay.com.ua"),
        mail(signed_by="attacker.example"),
        mail(signed_by="com.ua"),
        mail(signed_by="mail.example.ua"),
        mail(selector="gone"),
        mail(headers=[b"from", b"subject"]),
        mail(headers=[b"from"]),
        mail().replace(b"Date: Fri", b"Date: Sat", 1),
        b"Subject: FW: two\r\n" + mail(),
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.ua; s=sandbox; h=from; bh=; b=\r\n" + mail(signed_by=None),
        SAYS_PASS % b"example.ua" + mail(signed_by=None),
        SAYS_PASS % b"wayforpay.com.ua" + mail(signed_by="wayforpay.com.ua"),
        SAYS_PASS % b"wayforpay.com.ua" + mail(signed_by="wayforpay.com.ua", selector="gone"),
        b"Authentication-Results: mx.example.ua; spf=pass smtp.mailfrom=example.ua; dmarc=pass header.from=example.ua\r\n"
        + mail(signed_by=None),
        b"Authentication-Results: mx.other.example; dkim=pass header.d=example.ua\r\n" + mail(selector="gone"),
    ],
)
def test_a_forged_forwarder_vouches_for_nothing(tmp_path: Path, raw: bytes) -> None:
    """S01 S02 S03: without a signature of exactly his domain that holds and covers enough, a named forwarder's mail is nobody's."""
    stage = make(tmp_path, named(FORWARDER))
    (outcome,) = stage.take(raw)
    assert "named in [trust] forwarders" in untrusted(stage, outcome)


@pytest.mark.parametrize(
    ("sender", "signed_by"),
    [
        ("owner@mail.example.ua", "example.ua"),
        ("owner@example.com.ua", "com.ua"),
        ("owner@example.ua", "mail.example.ua"),
    ],
)
def test_the_domain_above_his_vouches_for_nothing(tmp_path: Path, sender: str, signed_by: str) -> None:
    """S03: whose parent or child a domain is cannot be told without a list of public suffixes, so it must be the very one."""
    stage = make(tmp_path, named(sender))
    (outcome,) = stage.take(mail(sender=sender, signed_by=signed_by))
    assert "not one of the forwarder's domains" in untrusted(stage, outcome)
    (own,) = stage.take(mail(sender=sender, signed_by=sender.partition("@")[2]))
    assert (own.reason is None) is (signed_by != "com.ua")  # example.com.ua has no key


def test_two_senders_vouch_for_nothing(tmp_path: Path) -> None:
    """P17: a named forwarder beside another sender is no sender, and his mail is not opened."""
    stage = make(tmp_path, named(FORWARDER))
    raw = forward(LETTER, "gmail_uk").replace(b"<owner@example.ua>", b"<owner@example.ua>, <x@attacker.example>", 1)
    (outcome,) = stage.take(letters.sign(raw, domain="example.ua"))
    assert outcome.reason is Reason.UNCLAIMED


def test_the_pinned_server_s_word_counts_for_him_too(tmp_path: Path) -> None:
    """S01: the receiving server's pass for his own domain vouches, as it does for a gateway's."""
    stage = make(tmp_path, named(FORWARDER))
    stage.dns.records.clear()
    (outcome,) = stage.take(SAYS_PASS % b"example.ua" + mail())
    assert stage.entry(outcome.id).trusted_by is Voucher.AUTHENTICATION_RESULTS


def test_what_the_gateway_s_settings_do_not_accept_he_cannot_prove(tmp_path: Path) -> None:
    """S01: where `trust` is narrowed, a forwarder's mail is held to the same."""
    gateway = replace(GATEWAY, trust=(Voucher.AUTHENTICATION_RESULTS,))
    stage = make(tmp_path, named(FORWARDER, gateway=gateway))
    (outcome,) = stage.take(mail())
    untrusted(stage, outcome)


def test_a_key_that_does_not_answer_is_asked_again(tmp_path: Path) -> None:
    """A named forwarder's mail waits for its signature's key like a gateway's."""
    stage = make(tmp_path, named(FORWARDER))
    stage.dns.answers = False
    (waiting,) = stage.take(mail())
    assert (waiting.reason, stage.mail(waiting).state) == (Reason.UNTRUSTED, MailState.WAITING)
    stage.dns.answers = True
    stage.clock.pass_(minutes=3)
    (outcome,) = stage.intake.read_due()
    stage.run()
    assert stands(stage.entry(outcome.id)) == (State.SETTLED, None)


def test_the_letter_by_itself_and_forwarded_is_one_payment(tmp_path: Path) -> None:
    """A letter that came by itself and is forwarded as well posts once."""
    stage = make(tmp_path, named(FORWARDER))
    (first,) = stage.take(letters.sign(LETTER))
    (again,) = stage.take(mail())
    stage.run()
    assert (first.id, len(stage.entries()), stage.calls("post_income")) == (again.id, 1, 1)


def test_a_person_vouches_for_what_nobody_does(tmp_path: Path) -> None:
    """P12: an unproven forward is shown, and posts once a person has said that it is genuine."""
    stage = make(tmp_path, named())
    (outcome,) = stage.take(mail(signed_by=None))
    untrusted(stage, outcome)
    decisions.vouch(stage.ledger, outcome.id, person="owner")
    (read,) = stage.intake.read_due()
    stage.run()
    assert stands(stage.entry(read.id)) == (State.SETTLED, None)
    assert stage.entry(read.id).trusted_by is Voucher.PERSON


def test_a_person_s_hand_opens_it_and_keeps_it_open(tmp_path: Path) -> None:
    """P12: what is handed in by hand is looked into whoever sent it, also when it is read again; it is believed no more for that."""
    stage = make(tmp_path, named(box=replace(BOX, forwarders=())))
    raw = mail(sender="colleague@example.ua")
    (held,) = stage.intake.take(raw, mailbox="payments", received_at=stage.clock(), by_hand=True)
    assert held.reason is Reason.UNTRUSTED
    decisions.vouch(stage.ledger, held.id, person="owner")
    (read,) = stage.intake.read_due()
    stage.run()
    assert stands(stage.entry(read.id)) == (State.SETTLED, None)


def test_a_kind_that_posts_nothing_needs_no_proof(tmp_path: Path) -> None:
    """P11: a declined notice that is forwarded is set aside like one that came by itself."""
    stage = make(tmp_path, named())
    (outcome,) = stage.take(forward(letters.notice(status="declined"), "gmail_uk"))
    assert stage.mail(outcome).state is MailState.SKIPPED
