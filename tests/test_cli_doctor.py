"""`doctor` from the command line: each thing that can be wrong is found, named, and nothing is changed by looking."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import letters
from reconciler.sandbox.planfix.faults import Fault
from reconciler.sandbox.resolver import Weather
from tests.arcs import seal
from tests.counter import Counter, rows


def found(counter: Counter, *args: str, code: int) -> list[dict[str, Any]]:
    result = counter.run("doctor", *args)
    assert result.exit_code == code, result.stdout + result.stderr
    return rows(result)


def told(findings: list[dict[str, Any]], section: str, level: str) -> str:
    return "\n".join(
        f"{one['what']} → {one['next_step']}" for one in findings if (one["section"], one["level"]) == (section, level)
    )


def test_a_sound_service(counter: Counter) -> None:
    """With everything in order: exit 0, every section is told, each row has the documented keys."""
    counter.imap.deliver(counter.letter().read_bytes())
    counter.run("poll")
    findings = found(counter, code=0)
    assert {tuple(one) for one in findings} == {("level", "next_step", "section", "what")}
    assert {one["section"] for one in findings} == {"settings", "ledger", "dns", "mailbox payments", "desk factory"}
    assert "problem" not in {one["level"] for one in findings}
    ledger = told(findings, "ledger", "ok")
    for words in (
        "reconciler.db is version",
        "journal",
        "synchronous full",
        "its integrity is sound",
        "1 payment(s), 1 message(s)",
    ):
        assert words in ledger
    mailbox = told(findings, "mailbox payments", "ok")
    for words in ("lets pay in (not encrypted), INBOX is there", "it offers IDLE, UIDPLUS, MOVE", "dkim for 1"):
        assert words in mailbox
    assert "of the last 1, 1 are of a gateway" in mailbox
    assert "answers" in told(findings, "dns", "ok")
    assert "production_status" in told(findings, "desk factory", "ok")


def test_looking_changes_nothing(counter: Counter) -> None:
    """Files, mailbox and desk are as they were, and no mail is marked as seen."""
    counter.configure(mailbox="after = 'flag'")
    counter.run("reprocess", "--new-ledger", str(counter.letter(order=None)))
    counter.imap.deliver(counter.letter("b.eml", reference="WFP-2").read_bytes())
    before = counter.everything()
    counter.planfix.forget_requests()
    found(counter, code=0)
    assert counter.everything() == before
    assert counter.writes() == []
    assert [mail.flags for mail in counter.imap.mails()] == [set()]
    found(counter, code=0)


def test_before_the_first_run(counter: Counter) -> None:
    """Without a ledger the rest is looked at all the same, and none is made."""
    findings = found(counter, code=0)
    assert "there is no ledger yet" in told(findings, "ledger", "remark")
    assert "production_status" in told(findings, "desk factory", "ok")
    assert not (counter.folder / "reconciler.db").exists()


def test_what_is_not_done_yet_is_told(counter: Counter) -> None:
    """Settings this version accepts and does not use are remarks: the witness, web, alerts."""
    counter.config.write_text(counter.config.read_text() + '[web]\nlisten = ""\n[alerts]\nurls = []\n')
    remarks = told(found(counter, code=0), "settings", "remark")
    for words in (
        "web: not used",
        "alerts: not used",
        'has "witness", which this version accepts and does not ask yet',
    ):
        assert words in remarks


def test_what_naming_a_forwarder_means(counter: Counter) -> None:
    """Whoever is named in `[trust] forwarders` is named again, with what that means, and twice at a public mail service."""
    settings = counter.configure()
    named = '[trust]\nforwarders = ["owner@example.ua", "owner@gmail.com"]\n'
    settings.write_text(settings.read_text("utf-8").replace("[trust]\n", named), "utf-8")
    remarks = told(found(counter, code=0), "settings", "remark")
    for address in ("owner@example.ua", "owner@gmail.com"):
        assert f"what {address} forwards in the text of a mail is believed like the gateway's own letter" in remarks
    assert "owner@gmail.com is at gmail.com, where anybody can have an address" in remarks
    assert "owner@example.ua is at" not in remarks


def test_only_a_witness_is_a_problem(counter: Counter) -> None:
    """A gateway that only a witness may vouch for could post nothing: exit 1."""
    counter.config.write_text(counter.config.read_text() + '[gateways.wayforpay]\ntrust = ["witness"]\n')
    assert "add dkim to it" in told(found(counter, code=1), "settings", "problem")


def test_the_settings_as_they_took_effect(counter: Counter) -> None:
    """-v prints every key with its value and no secret."""
    result = counter.run("doctor", "-v")
    assert "difference_poll" in rows(result)[0]["what"]
    assert "sandbox-token" not in result.stdout
    assert "secret-pay" not in result.stdout


def test_who_owns_what(counter: Counter) -> None:
    """The owner of a desk is named; with none, the service is said not to run."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(order=None)))
    assert "the service is not running" in told(found(counter, code=0), "ledger", "remark")
    ledger = counter.ledger()
    try:
        with ledger.exclusive("desk:factory"):
            findings = found(counter, code=0)
    finally:
        ledger.close()
    assert "desk:factory is owned by pid " in told(findings, "ledger", "ok")


def test_a_broken_ledger(counter: Counter) -> None:
    """A file that is no ledger is a problem, and the rest is still looked at."""
    (counter.folder / "reconciler.db").write_bytes(b"no database at all" * 100)
    findings = found(counter, code=1)
    assert "put a backup in its place" in told(findings, "ledger", "problem")
    assert "production_status" in told(findings, "desk factory", "ok")


# ---------------------------------------------------------------- mailboxes


def test_a_mailbox_out_of_reach(counter: Counter) -> None:
    """O04: 75, naming the host and the step; desks are looked at all the same."""
    counter.imap.stop()
    findings = found(counter, code=75)
    assert "127.0.0.1: connect" in told(findings, "mailbox payments", "problem")
    assert "look at host, port and security" in told(findings, "mailbox payments", "problem")
    assert "production_status" in told(findings, "desk factory", "ok")


@pytest.mark.parametrize(
    ("line", "wrong", "next_step"),
    [
        ("username = 'pay'", "username = 'nobody'", "look at username and password"),
        ("password = 'secret-pay'", "password = 'secret-pay'\nfolder = 'Gone'", "look at folder"),
    ],
)
def test_a_mailbox_that_refuses(counter: Counter, line: str, wrong: str, next_step: str) -> None:
    """A refused login or folder is for a person: 1, with the key to change; the password is not shown."""
    counter.config.write_text(counter.config.read_text().replace(line, wrong))
    findings = found(counter, code=1)
    assert next_step in told(findings, "mailbox payments", "problem")
    assert "secret-pay" not in str(findings)


def test_what_a_server_lacks(counter: Counter) -> None:
    """Without IDLE mail comes by polls; a move that cannot be done is a problem."""
    counter.configure(mailbox="after = 'move:Done'")
    counter.imap.capabilities -= {"IDLE", "MOVE", "UIDPLUS"}
    findings = found(counter, code=1)
    assert "without IDLE mail is seen every 60 s" in told(findings, "mailbox payments", "remark")
    assert "needs MOVE or UIDPLUS" in told(findings, "mailbox payments", "problem")


def test_foreign_mail_that_speaks_of_payment(counter: Counter) -> None:
    """C11: a folder without a gateway's mail, and strangers' mail with success words, are told with their domains."""
    counter.imap.deliver(letters.notice(sender="pay@new-gateway.example"))
    remarks = told(found(counter, code=0), "mailbox payments", "remark")
    assert "none of them is of a gateway" in remarks
    assert "1 foreign mail(s) speak of payment in their subject, from new-gateway.example" in remarks


def test_mail_that_lands_in_another_folder(counter: Counter) -> None:
    """C11: notices that lie in a folder nobody reads are found there and told with what to write; the one mails are moved to is not meant."""
    counter.configure(mailbox="folder = 'Оплати'\nafter = 'move:Опрацьовано'")
    counter.imap.deliver(letters.notice(sender="x@example.org"), "Оплати")
    counter.imap.deliver(counter.letter().read_bytes(), "INBOX")
    counter.imap.deliver(counter.letter("b.eml", reference="WFP-2").read_bytes(), "Опрацьовано")
    for number in range(5):
        counter.imap.deliver(letters.notice(sender=f"x{number}@example.org"), "Архів")
    remarks = told(found(counter, code=0), "mailbox payments", "remark")
    assert "1 mail(s) of a gateway lie in folder INBOX, and none in Оплати" in remarks
    assert 'folder = "INBOX"' in remarks
    assert "Опрацьовано" not in remarks
    assert "Архів" not in remarks
    counter.imap.deliver(counter.letter("c.eml", reference="WFP-3").read_bytes(), "Оплати")
    assert "lie in folder" not in told(found(counter, code=0), "mailbox payments", "remark")


def test_a_folder_that_cannot_be_opened(counter: Counter) -> None:
    """C11: another folder that refuses is told, and the others are looked into all the same."""
    counter.imap.deliver(counter.letter().read_bytes(), "Elsewhere")
    counter.imap.deliver(letters.notice(sender="x@example.org"), "Closed")
    counter.imap.faults.forbidden = {"Closed"}
    remarks = told(found(counter, code=0), "mailbox payments", "remark")
    assert "1 other folder(s) cannot be opened: Closed" in remarks
    assert "lie in folder Elsewhere" in remarks


def test_mail_nobody_would_vouch_for(counter: Counter) -> None:
    """Some unsigned letters are a remark, nothing but unsigned ones a problem; why is told."""
    counter.imap.deliver(letters.notice())
    assert "1 of them would be held as untrusted: dkim:" in told(found(counter, code=1), "mailbox payments", "problem")
    counter.imap.deliver(letters.sign(letters.notice(reference="WFP-2")))
    assert "1 of them would be held as untrusted" in told(found(counter, code=0), "mailbox payments", "remark")


@pytest.mark.parametrize(
    ("pinned", "level", "words", "code"),
    [
        ("", "remark", 'authserv_id = "mx.example.ua"', 0),
        ("mx.example.ua", "ok", "authserv_id mx.example.ua fits 1 of 1", 0),
        ("mail.example.ua", "problem", "the mails say mx.example.ua", 1),
    ],
)
def test_the_receiving_servers_name(counter: Counter, pinned: str, level: str, words: str, code: int) -> None:
    """The name on top of the mails is compared with the setting, or proposed where there is none."""
    counter.configure(mailbox=f'authserv_id = "{pinned}"')
    header = b"Authentication-Results: mx.example.ua; dkim=pass header.d=wayforpay.com.ua\r\n"
    counter.imap.deliver(header + letters.sign(letters.notice()))
    assert words in told(found(counter, code=code), "mailbox payments", level)


def test_sealers_that_seal_nothing_are_not_needed(counter: Counter) -> None:
    """A name in `arc_sealers` whose seal no mail of ours has is told, and one that seals some is counted."""
    text = counter.configure().read_text("utf-8")
    sealing = text.replace("[trust]\n", '[trust]\narc_sealers = ["forward.example.ua", "list.example.ua"]\n')
    counter.config.write_text(sealing, "utf-8")
    counter.imap.deliver(seal(letters.sign(letters.notice())))
    findings = found(counter, code=0)
    assert "1 of 1 mail(s) of ours have an ARC seal of forward.example.ua" in told(findings, "mailbox payments", "ok")
    remarks = told(findings, "mailbox payments", "remark")
    assert "arc_sealers names list.example.ua, and no mail of ours here has its seal → take it out" in remarks
    assert "forward.example.ua" not in remarks


# ---------------------------------------------------------------- DNS and desks


def test_a_resolver_that_fails(counter: Counter) -> None:
    """Keys cannot be fetched: 75, and the letters that wait for it are counted."""
    counter.imap.deliver(counter.letter().read_bytes())
    counter.resolver.weather = Weather.SERVFAIL
    try:
        findings = found(counter, code=75)
    finally:
        counter.resolver.weather = Weather.FAIR
    assert f"{counter.resolver.address} does not answer" in told(findings, "dns", "problem")
    assert "1 of them wait for a signature's key" in told(findings, "mailbox payments", "problem")


@pytest.mark.parametrize(("fault", "code"), [("status:503", 75), ("fail:1:401", 1)])
def test_a_desk_that_does_not_work(counter: Counter, fault: str, code: int) -> None:
    """A desk that does not answer is 75, one that refuses the token is 1."""
    counter.planfix.faults.add(Fault("*", fault, times=1000))
    assert told(found(counter, code=code), "desk factory", "problem")


def test_a_field_that_was_renamed(counter: Counter) -> None:
    """A name in the settings that the desk does not have is named: exit 1."""
    counter.configure(desk='difference = "Рiзниця"')
    assert "Рiзниця" in told(found(counter, code=1), "desk factory", "problem")


def test_a_brake_and_a_mode_are_remarks(counter: Counter) -> None:
    """A paused desk and one that only observes work as set, and may surprise."""
    counter.configure(desk='mode = "observe"')
    counter.run("reprocess", "--new-ledger", str(counter.letter()))
    counter.run("pause", "factory")
    remarks = told(found(counter, code=0), "desk factory", "remark")
    assert "`reconciler resume factory`" in remarks
    assert "mode is observe" in remarks
