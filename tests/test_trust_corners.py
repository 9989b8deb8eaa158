"""The corners of trust: the last character that is read, who may speak for a forwarded letter, and what is told of a chain."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage

import pytest

from reconciler.message import decode
from reconciler.model import Message, Verdict, Voucher
from reconciler.sandbox import letters
from reconciler.trust import KeyAnswer, TrustPolicy, judge
from reconciler.trust import chain as shape
from reconciler.trust.forwarder import objection, policy_of
from reconciler.trust.grammar import MAX_VALUE, sealed, told
from tests.arcs import seal
from tests.test_trust import GENUINE, POLICY, dns
from tests.test_trust_arc import BROKEN, FORWARDED, GOOGLE, TWICE
from tests.test_trust_arc import POLICY as SEALED
from tests.test_trust_arc import dns as sealers_dns
from tests.test_trust_arc import told as chain_check

NAMED = TrustPolicy(accepts=(Voucher.DKIM,), domains=("wayforpay.com.ua",), forwarders=("Owner@example.ua",))


def mail(sender: str = "owner@example.ua", subject: str = "Fwd: Платіж", **fields: str) -> Message:
    made = EmailMessage()
    made["From"], made["Subject"] = sender, subject
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content("Дивіться нижче")
    return decode(made.as_bytes())


# ---------------------------------------------------------------- who forwards


@pytest.mark.parametrize(
    ("outer", "why"),
    [
        (mail(), None),
        (mail("OWNER@Example.UA"), None),
        (mail(Auto_Submitted="No"), None),
        (mail("someone@example.ua"), "does not name that address"),
        (mail("owner@example.ua, other@example.ua"), "does not name that address"),
        (mail(subject="Платіж"), "does not begin with Fwd:"),
        (mail(Auto_Submitted="auto-generated"), "(auto-submitted)"),
        (mail(X_Autoreply="yes"), "(x-autoreply)"),
        (mail(X_MS_Exchange_Inbox_Rules_Loop="owner@example.ua"), "(x-ms-exchange-inbox-rules-loop)"),
        (
            mail(X_MS_Exchange_Generated_Message_Source="Mailbox Rules Agent"),
            "(x-ms-exchange-generated-message-source)",
        ),
    ],
)
def test_whose_mail_may_vouch_for_a_letter_in_its_text(outer: Message, why: str | None) -> None:
    """S02: one named sender who says that he forwards; no program, and nobody else, and the reason is said."""
    found = objection(outer, NAMED)
    assert found is None if why is None else why in (found or "")


def test_a_forwarder_s_mail_is_judged_by_his_domain_alone() -> None:
    """S02: the gateway's domains and the sealers of the settings vouch for none of it; two senders have no domain."""
    own = policy_of(mail(), replace(NAMED, arc_sealers=("forward.example.ua",)))
    assert (own.domains, own.arc_sealers, own.whose) == (("example.ua",), (), "the forwarder's")
    assert policy_of(mail("a@example.ua, b@example.ua"), NAMED).domains == ()


def within(outer: Message) -> Verdict:
    """Of the gateway's letter in the text of a mail."""
    return judge(replace(decode(GENUINE), within=outer), NAMED, dns)


def test_a_letter_in_another_s_text_says_who_was_not_asked() -> None:
    """S02: one check, of no signature, with the sender and the reason; nobody at all is said to be nobody."""
    found = within(mail("someone@example.ua"))
    assert (found.trusted_by, [check.result for check in found.checks]) == (None, ["none"])
    assert "in the text of a mail of someone@example.ua" in found.checks[0].detail
    assert found.checks[0].detail.endswith("and [trust] forwarders does not name that address")
    assert "a mail of nobody" in within(mail("a@example.ua, b@example.ua")).checks[0].detail


def test_a_letter_in_a_forwarder_s_unsigned_mail_is_not_believed() -> None:
    """S02: his own mail is asked about, and the check says whose it is."""
    found = within(mail())
    assert found.trusted_by is None
    assert found.checks[0].facts["forwarder"] == "owner@example.ua"
    assert found.checks[0].detail == (
        "owner@example.ua, named in [trust] forwarders, forwarded the letter in the text of a mail; that mail: no DKIM-Signature"
    )


# ---------------------------------------------------------------- the last character


def test_the_longest_result_that_is_read() -> None:
    """S13: 4096 bytes of a server's results are read; one more is too long."""
    value = b"mx.example.ua; none"
    assert told(value + b" " * (MAX_VALUE - len(value))).server == "mx.example.ua"
    with pytest.raises(ValueError, match="too long"):
        told(value + b" " * (MAX_VALUE - len(value) + 1))


def test_the_longest_seal_that_is_read() -> None:
    """S13: a set's fields have the same bound."""

    def fields(size: int) -> dict[str, list[bytes]]:
        begins = b"i=1; d=forward.example.ua; b="
        return {
            shape.SEAL: [begins + b"A" * (size - len(begins))],
            shape.MESSAGE: [b"i=1; d=forward.example.ua"],
            shape.RESULTS: [b"i=1; mx.forward.example.ua; none"],
        }

    assert shape.sets(fields(MAX_VALUE))[0].sealers == ("forward.example.ua",) * 2
    with pytest.raises(ValueError, match="too long"):
        shape.sets(fields(MAX_VALUE + 1))


@pytest.mark.parametrize(
    ("value", "instance", "rest"),
    [(b"i=1; mx", 1, b"mx"), (b"i = 12 ;\tmx ", 12, b"mx"), (b"i=9;", 9, b"")],
)
def test_results_of_a_chain_begin_with_their_instance(value: bytes, instance: int, rest: bytes) -> None:
    """S01: it is taken off, with the blanks around it, and the rest is read as any server's."""
    assert sealed(value) == (instance, rest)


@pytest.mark.parametrize("value", [b"i=0; mx", b"i=100; mx", b"mx; i=1;", b"i=1 mx", b""])
def test_results_without_an_instance_are_none(value: bytes) -> None:
    """S01: nothing is guessed."""
    with pytest.raises(ValueError, match="instance"):
        sealed(value)


# ---------------------------------------------------------------- what is told of a chain


def test_which_set_speaks_stands_with_the_verdict() -> None:
    """S01: whoever asks later sees which server's word counted, and by which keys."""
    assert chain_check(FORWARDED).facts["instance"] == 1
    assert chain_check(TWICE).facts["instance"] == 1
    assert sorted(chain_check(FORWARDED).facts["sealers"]) == ["forward.example.ua"]


def test_a_domain_in_capitals_under_google_s_words() -> None:
    """S01: header.i and the settings are compared without case, and an address without a domain is nobody's."""
    shouted = replace(SEALED, domains=("WAYFORPAY.com.ua",))
    assert judge(decode(seal(BROKEN, GOOGLE)), shouted, sealers_dns).trusted_by is Voucher.AUTHENTICATION_RESULTS
    for identity in (b"header.i=@com.ua", b"header.i=wayforpay", b"header.i=@notwayforpay.com.ua"):
        raw = seal(BROKEN, GOOGLE.replace(b"header.i=@wayforpay.com.ua", identity))
        assert judge(decode(raw), SEALED, sealers_dns).trusted_by is None
    raw = seal(BROKEN, GOOGLE.replace(b"header.i=@wayforpay.com.ua", b"header.i=@mail.wayforpay.com.ua"))
    assert judge(decode(raw), SEALED, sealers_dns).trusted_by is Voucher.AUTHENTICATION_RESULTS


def test_a_key_is_asked_for_in_small_letters() -> None:
    """S04: DNS knows no capitals, and one key is asked for once."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return sealers_dns(name)

    found = judge(decode(seal(BROKEN, domain="Forward.Example.UA")), SEALED, fetch)
    assert found.trusted_by is Voucher.AUTHENTICATION_RESULTS
    assert [name for name in asked if "forward" in name.lower()] == ["sandbox._domainkey.forward.example.ua"]


def test_accepting_anything_is_a_check_that_passes() -> None:
    """S01: where the settings accept mail nobody vouches for, that is what the verdict says."""
    found = judge(decode(letters.notice()), replace(POLICY, accepts=(Voucher.DKIM, Voucher.NONE)), dns)
    assert found.trusted_by is Voucher.NONE
    assert [(check.voucher, check.result) for check in found.checks][-1] == (Voucher.NONE, "pass")
