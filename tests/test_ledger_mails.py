"""The ledger's mails, on real SQLite and real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.ledger import Ledger
from reconciler.model import Check, MailState, Reason, Verdict, Voucher
from tests.ledgers import START, HandClock, ref_to, take

VERDICT = Verdict(
    trusted_by=Voucher.DKIM,
    checks=(
        Check(voucher=Voucher.DKIM, result="pass", detail="d=wayforpay.com", facts={"signed": ["from", "date"]}),
        Check(voucher=Voucher.AUTHENTICATION_RESULTS, result="none", detail="no such header"),
    ),
)


def test_a_mail_is_stored_once_with_its_bytes(any_ledger: Ledger) -> None:
    """D17: the same bytes seen twice, in two mailboxes, are one mail with two sightings, byte for byte."""
    raw = bytes(range(256)) * 40
    with any_ledger.begin() as tx:
        mail = take(tx, raw, uid=5)
        again = take(tx, raw, uid=9, mailbox="second")
        assert mail == again
        assert tx.raw(mail.id) == raw
        assert tx.mails() == [mail]
        assert tx.sightings("payments", "INBOX", 7) == {5}
        assert tx.sightings("second", "INBOX", 7) == {9}
        assert [event.name for event in tx.history(mail_id=mail.id)] == ["mail.taken"]


def test_take_says_whether_the_bytes_are_new(any_ledger: Ledger) -> None:
    """D04: a mail taken and not yet read is known as such after a crash: it is due, and taking it again is no news."""
    arguments = {"mailbox": "payments", "ref": None, "raw": b"x", "sha256": "e" * 64, "sender": "", "subject": ""}
    with any_ledger.begin() as tx:
        mail, new = tx.take(**arguments, received_at=START)  # type: ignore[arg-type]
        assert new
    with any_ledger.begin() as tx:
        assert tx.take(**arguments, received_at=START + timedelta(days=1)) == (mail, False)  # type: ignore[arg-type]
        assert tx.due_mails() == [mail]


def test_a_hostile_subject_is_stored(any_ledger: Ledger) -> None:
    """D24: characters no database takes, half surrogate pairs and NUL, do not keep a mail out of the ledger."""
    with any_ledger.begin() as tx:
        mail = take(tx, sender="a\0b@c", subject="Оплата \udc80 № 1\0")
        assert (mail.sender, mail.subject) == ("a\ufffdb@c", "Оплата \ufffd № 1\ufffd")


def test_a_read_mail_keeps_its_verdict(any_ledger: Ledger) -> None:
    """A key rotated away must not change a verdict: none given keeps the one that was, and so for the parser."""
    with any_ledger.begin() as tx:
        mail = take(tx)
        read = tx.close_mail(mail.id, MailState.READ, verdict=VERDICT, parser="wayforpay")
        assert (read.verdict, read.parser, read.state) == (VERDICT, "wayforpay", MailState.READ)
        held = tx.close_mail(mail.id, MailState.HELD, reason=Reason.FIELD_MISSING, facts={"field": "amount"})
        assert (held.verdict, held.parser) == (VERDICT, "wayforpay")
        assert (held.reason, held.facts) == (Reason.FIELD_MISSING, {"field": "amount"})
        assert tx.mails(state=MailState.HELD, reason=Reason.FIELD_MISSING) == [held]
        assert tx.mails(state=MailState.READ) == []


def test_what_a_person_overruled_stays_overruled(any_ledger: Ledger) -> None:
    """A person's decision on a message outlives every later reading, until it is itself changed."""
    with any_ledger.begin() as tx:
        mail = take(tx)
        tx.close_mail(mail.id, MailState.TAKEN, facts={"acknowledged": ["untrusted"], "by": "olena"})
        read = tx.close_mail(mail.id, MailState.HELD, reason=Reason.FIELD_MISSING, facts={"field": "amount"})
        assert read.facts == {"acknowledged": ["untrusted"], "field": "amount"}
        assert tx.close_mail(mail.id, MailState.READ).facts == {"acknowledged": ["untrusted"]}
        assert tx.close_mail(mail.id, MailState.TAKEN, facts={"acknowledged": []}).facts == {"acknowledged": []}


def test_due_mails_are_the_unread_and_those_whose_time_has_come(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """D03: a mail left unread or told to wait is handed out again by itself, oldest first, and no other is."""
    with any_ledger.begin() as tx:
        newer = take(tx, b"newer", received_at=START)
        older = take(tx, b"older", received_at=START - timedelta(days=1))
        waiting = take(tx, b"waiting", received_at=START - timedelta(days=2))
        read = take(tx, b"read")
        tx.close_mail(waiting.id, MailState.WAITING, retry_at=START + timedelta(seconds=60))
        tx.close_mail(read.id, MailState.READ)
        assert [mail.id for mail in tx.due_mails()] == [older.id, newer.id]
        hand_clock.move(60)
        assert [mail.id for mail in tx.due_mails()] == [waiting.id, older.id, newer.id]
    hand_clock.move(-7200)
    with any_ledger.begin() as tx:
        due = [mail.id for mail in tx.due_mails()]
    assert due == [waiting.id, older.id, newer.id], "put off by a clock that was ahead, it is due at once"


def test_every_state_has_its_event(any_ledger: Ledger) -> None:
    """The history names what happened to a mail, whatever it was."""
    with any_ledger.begin() as tx:
        mail = take(tx)
        for state in MailState:
            tx.close_mail(mail.id, state, reason=Reason.UNCLAIMED if state is MailState.HELD else None)
        names = [event.name for event in tx.history(mail_id=mail.id)]
    assert len(names) == len(set(names)) == len(MailState) + 1


def test_a_mail_nobody_took_is_not_there(any_ledger: Ledger) -> None:
    """An unknown id is told to whoever asked, not answered with nothing."""
    with any_ledger.look() as tx:
        with pytest.raises(LookupError, match="m99"):
            tx.mail(99)
        assert tx.raw(99) is None


def test_a_foreign_mail_becomes_ours(any_ledger: Ledger) -> None:
    """A mail left alone under old rules is taken under new ones, and its sighting with it."""
    with any_ledger.begin() as tx:
        tx.sight(
            ref_to(5),
            what="foreign",
            sender_domain="bank.example",
            subject_sha256="a" * 64,
            success_words=True,
            received_at=START,
            rules="old",
        )
        assert tx.count_foreign("payments", "INBOX")["foreign"] == 0  # the folder itself was never met
        take(tx, uid=5)
        assert tx.foreign_uids("payments", "INBOX", 7, rules="new") == []
        assert tx.sightings("payments", "INBOX", 7) == {5}


def test_a_reused_uid_is_followed_and_told(any_ledger: Ledger) -> None:
    """R08: a server that gives one UID to two mails loses neither of them."""
    with any_ledger.begin() as tx:
        first = take(tx, b"first", uid=5)
        second = take(tx, b"second", uid=5)
        assert first != second
        assert "mailbox.uid_reused" in [event.name for event in tx.history(mail_id=second.id)]
