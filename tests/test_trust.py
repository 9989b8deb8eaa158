"""Nobody but the gateway, or our own server speaking of it, vouches for a letter."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Callable
from dataclasses import replace

import dkim
import pytest

from reconciler.message import decode
from reconciler.model import Check, Verdict, Voucher
from reconciler.sandbox import keys, letters
from reconciler.trust import KeyAnswer, TrustPolicy, judge, verdict_from_json, verdict_to_json
from tests.attacks.case import WEAK_KEY, ZONE

OURS = "mx.example.ua"
POLICY = TrustPolicy(
    accepts=(Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS),
    domains=("wayforpay.com.ua", "wayforpay.com"),
    authserv_id=OURS,
)
PASS = b"dkim=pass header.d=wayforpay.com.ua"
RECEIVED = b"Received: from mail.wayforpay.com.ua (x [192.0.2.1]) by mx.example.ua (Postfix); Fri, 20 Nov 2026 12:05:40 +0000\r\n"
FOREIGN = b"Received: from a by relay.example.net; Fri, 20 Nov 2026 12:05:40 +0000\r\n"
SHORT = (b"from", b"subject", b"date")
ENOUGH = (*SHORT, b"content-type", b"mime-version")
GENUINE = letters.notice(text=True)
SINGLE = letters.notice()  # one part, so that its own header says how it is encoded
SEEN = letters.sign(GENUINE, selector="gone")
"""A letter whose signature we cannot check any more, and which our server may have: what its word rests on."""


STRANGE = letters.sign(SEEN, domain="attacker.example")
"""The same with an attacker's signature on top, which holds."""


def begun(raw: bytes, count: int = 8) -> bytes:
    """How the topmost signature begins, as servers tell it."""
    value = b"".join(raw.partition(b"\r\n b=")[2].partition(b"\r\nFrom:")[0].split())
    return b'header.b="' + value[:count] + b'"'


def dns(name: str) -> KeyAnswer:
    """The world's DNS: the gateway's keys, and attackers' keys under their own names."""
    record = ZONE.get(name)
    return KeyAnswer(record=None if record is None else record.encode(), detail="NXDOMAIN")


def verdict(raw: bytes, policy: TrustPolicy = POLICY, fetch: Callable[[str], KeyAnswer] = dns) -> Verdict:
    return judge(decode(raw), policy, fetch)


def results(value: bytes, name: bytes = b"Authentication-Results") -> bytes:
    return name + b": " + value + b"\r\n"


def signed(raw: bytes = GENUINE, *, domain: str = "wayforpay.com.ua", selector: str = "sandbox") -> bytes:
    return letters.sign(raw, domain=domain, selector=selector)


def from_(sender: bytes, raw: bytes = GENUINE) -> bytes:
    return raw.replace(b"From: WayForPay <notify@wayforpay.com.ua>", b"From: " + sender, 1)


def without(name: bytes, raw: bytes = GENUINE) -> bytes:
    header, gap, body = raw.partition(b"\r\n\r\n")
    return b"\r\n".join(line for line in header.split(b"\r\n") if not line.startswith(name + b":")) + gap + body


def with_tags(extra: bytes) -> bytes:
    """A signature whose tags were written by hand before it was made: t=, x= and others are covered by it."""
    signer = dkim.DKIM(GENUINE)
    original = signer.gen_header

    def gen_header(fields: list[tuple[bytes, bytes]], *args: object) -> bytes:
        key, _, value = extra.partition(b"=")
        kept = [(name, text) for name, text in fields if name != key]
        made: bytes = original([*kept[:-1], (key, value), kept[-1]], *args)
        return made

    signer.gen_header = gen_header
    made: bytes = signer.sign(
        b"sandbox",
        b"wayforpay.com.ua",
        keys.PRIVATE_KEY.encode(),
        include_headers=list(ENOUGH),
        canonicalize=(b"relaxed", b"relaxed"),
    )
    return made + GENUINE


def body_limited() -> bytes:
    signature: bytes = dkim.sign(
        GENUINE, b"sandbox", b"wayforpay.com.ua", keys.PRIVATE_KEY.encode(), include_headers=list(ENOUGH), length=True
    )
    return signature + GENUINE + "Номер замовлення: 666\r\n".encode()


def sha1_signed() -> bytes:
    signature: bytes = dkim.sign(
        GENUINE,
        b"sandbox",
        b"wayforpay.com.ua",
        keys.PRIVATE_KEY.encode(),
        include_headers=list(ENOUGH),
        signature_algorithm=b"rsa-sha1",
    )
    return signature + GENUINE


TRUE = signed()
ATTACKS: dict[str, bytes] = {
    # -- no signature, or somebody else's (S02, S03)
    "the exact template, spoofed From": GENUINE,
    "signed by the attacker's domain": signed(domain="attacker.example"),
    "signed by the attacker's domain, i= of it": signed(from_(b"<notify@wayforpay.com.ua.attacker.example>"), domain="attacker.example"),
    "signed by a domain above the gateway's": signed(domain="com.ua"),
    "signed by a subdomain that is not listed": signed(domain="pay.wayforpay.com.ua"),
    "look-alike domain in From": signed(from_(b"<notify@wayforpay.com.ua.attacker.example>")),
    "gateway's address as display name": signed(from_(b'"notify@wayforpay.com.ua" <x@attacker.example>'), domain="attacker.example"),
    "suffix that is no label": signed(from_(b"<notify@notwayforpay.com.ua>")),
    "From under the parent of the domain": signed(from_(b"<notify@com.ua>")),
    "the other gateway domain in From": signed(from_(b"<notify@wayforpay.com>")),
    "key that does not exist": signed(selector="nowhere"),
    "signature of another letter": TRUE.partition(b"From:")[0] + letters.notice(text=True, amount="9999.00"),
    # -- the letter was changed
    "changed Message-ID and To": TRUE.replace(b"WFP-SOC", b"WFP-BTN").replace(b"pay@example.ua", b"bay@example.ua"),
    "changed subject": TRUE.replace(b"Subject: ", b"Subject: x", 1),
    "changed date": TRUE.replace(b" Nov 2026 ", b" Oct 2026 ", 1),
    "appended body": TRUE + b"\r\nmore",
    "second From on top": b"From: x@attacker.example\r\n" + TRUE,
    "second From below": TRUE.replace(b"\r\nTo: ", b"\r\nFrom: x@attacker.example\r\nTo: ", 1),
    "second From with a space before the colon": b"From : x@attacker.example\r\n" + TRUE,
    "second Subject on top": b"Subject: 9 999,00\r\n" + TRUE,
    "second Date on top": b"Date: Fri, 20 Nov 2026 14:05:35 +0200\r\n" + TRUE,
    "two addresses in From": signed(from_(b"<notify@wayforpay.com.ua>, <x@attacker.example>")),
    "no From at all": b"DKIM-Signature" + TRUE.partition(b"DKIM-Signature")[2].replace(b"\r\nFrom: WayForPay <notify@wayforpay.com.ua>", b"", 1),
    "text behind l=": body_limited(),
    "a header line that is none": b"Not a header\r\n" + TRUE,
    "a header too large to read": b"X: " + b"a" * 20_000 + b"\r\n" + TRUE,
    # -- the signature covers too little
    "From unsigned in name only": TRUE.replace(b"h=from", b"h=form", 1),
    "Subject not signed": letters.sign(GENUINE, headers=(b"from", b"date")),
    "Date not signed": letters.sign(GENUINE, headers=(b"from", b"subject")),
    "another Content-Type than the unsigned one": letters.sign(GENUINE, headers=SHORT).replace(b"multipart/alternative", b"text/plain", 1),
    "Content-Type on top": b"Content-Type: text/plain\r\n" + TRUE,
    "Content-Type where there was none": b"Content-Type: text/html\r\n" + letters.sign(without(b"Content-Type")),
    "Content-Transfer-Encoding where there was none": b"Content-Transfer-Encoding: quoted-printable\r\n" + letters.sign(GENUINE, headers=ENOUGH),
    "Content-Disposition where there was none": b"Content-Disposition: attachment\r\n" + TRUE,
    "Content-Type with a space before the colon": b"Content-Type : text/plain\r\n" + TRUE,
    # -- the signature or its key is worth nothing
    "768-bit key": letters.sign(GENUINE, key=WEAK_KEY, selector="weak"),
    "revoked key": signed(selector="revoked"),
    "key under test": signed(selector="testing"),
    "key for sha1": signed(selector="sha1"),
    "key for another service": signed(selector="web"),
    "torn key record": signed(selector="torn"),
    "rubbish key": signed(selector="rubbish"),
    "rsa-sha1": sha1_signed(),
    "expired": with_tags(b"x=%d" % (time.time() - 86_400)),
    "expired an hour ago": with_tags(b"x=%d" % (time.time() - 3600)),
    "from the future": with_tags(b"t=%d" % (time.time() + 7200)),
    "a tag twice": TRUE.replace(b"v=1;", b"v=1; d=wayforpay.com.ua;", 1),
    "selector that is no name": TRUE.replace(b"s=sandbox", b"s=a/../b", 1),
    "no tags": b"DKIM-Signature: rubbish\r\n" + GENUINE,
    "runs of spaces": signed().replace(b"\r\n\r\n", b"\r\n\r\n" + b" " * 100_000, 1),
    # -- Authentication-Results (S01)
    "forged for another server": results(b"mx.attacker.example; " + PASS) + SEEN,
    "forged, our name inside theirs": results(b"mx.example.ua.attacker.example; " + PASS) + SEEN,
    "forged below a true fail": results(b"mx.example.ua; dkim=fail header.d=wayforpay.com.ua") + RECEIVED + results(b"mx.example.ua; " + PASS) + SEEN,
    "forged below a foreign server's": results(b"mx.attacker.example; dkim=none") + results(b"mx.example.ua; " + PASS) + SEEN,
    "forged below a foreign Received": FOREIGN + results(b"mx.example.ua; " + PASS) + SEEN,
    "forged below ours and a foreign Received": RECEIVED + FOREIGN + results(b"mx.example.ua; " + PASS) + SEEN,
    "Received that says by ours in a comment": b"Received: from a (by mx.example.ua) by relay.example.net; x\r\n" + results(b"mx.example.ua; " + PASS) + SEEN,
    "pass in a comment": results(b"mx.example.ua; dkim=fail (" + PASS + b") header.d=wayforpay.com.ua") + SEEN,
    "pass in a comment before the result": results(b"mx.example.ua (; " + PASS + b"); dkim=none") + SEEN,
    "pass in a nested comment": results(b"mx.example.ua; dkim=none (a (b) ; " + PASS + b")") + SEEN,
    "pass in a quoted reason": results(b'mx.example.ua; dkim=fail reason="x; ' + PASS + b'" header.d=wayforpay.com.ua') + SEEN,
    "our name in a comment": results(b"(mx.example.ua) mx.attacker.example; " + PASS) + SEEN,
    "our name quoted with a tail": results(b'"mx.example.ua; x"; ' + PASS) + SEEN,
    "our name behind an encoded word": results(b"=?utf-8?q?mx.example.ua?=; " + PASS) + SEEN,
    "pass behind a bare CR": results(b"mx.attacker.example; none\rAuthentication-Results: mx.example.ua; " + PASS) + SEEN,
    "pass for another domain": results(b"mx.example.ua; dkim=pass header.d=attacker.example") + SEEN,
    "pass for a domain in header.i only": results(b"mx.example.ua; dkim=pass header.i=@wayforpay.com.ua") + SEEN,
    "pass for a signature that is not there": results(b'mx.example.ua; dkim=pass header.i=@wayforpay.com.ua header.b="AbCdEfGh"') + SEEN,
    "pass for a signature, too little of it told": results(b"mx.example.ua; dkim=pass header.i=@wayforpay.com.ua " + begun(SEEN, 7)) + SEEN,
    "pass for one of two that begin alike": results(b"mx.example.ua; dkim=pass " + begun(SEEN)) + SEEN.partition(b"From:")[0].replace(b"d=way", b"d=x.way") + SEEN,
    "pass for a signature under another's name": results(b"mx.example.ua; dkim=pass header.i=@attacker.example " + begun(SEEN)) + SEEN,
    "pass for a stranger's signature": results(b"mx.example.ua; dkim=pass " + begun(STRANGE)) + STRANGE,
    "two header.d": results(b"mx.example.ua; dkim=pass header.d=attacker.example header.d=wayforpay.com.ua") + SEEN,
    "spf and dmarc pass only": results(b"mx.example.ua; spf=pass smtp.mailfrom=wayforpay.com.ua; dmarc=pass header.from=wayforpay.com.ua") + SEEN,
    "pass, but From is another's": results(b"mx.example.ua; " + PASS) + from_(b"<x@attacker.example>", SEEN),
    "pass, but two From": results(b"mx.example.ua; " + PASS) + b"From: x@attacker.example\r\n" + SEEN,
    "pass, but no Date": results(b"mx.example.ua; " + PASS) + without(b"Date", SEEN),
    "ARC's copy": results(b"i=1; mx.example.ua; " + PASS, b"ARC-Authentication-Results") + SEEN,
    "ARC's instance in ours": results(b"i=1; mx.example.ua; " + PASS) + SEEN,
    "the old header's name": results(b"mx.example.ua; " + PASS, b"X-Authentication-Results") + SEEN,
    "pass, but there is no signature": results(b"mx.example.ua; " + PASS) + GENUINE,
    "pass, but it is of another domain": results(b"mx.example.ua; " + PASS) + signed(domain="attacker.example"),
    "pass, but text stands behind l=": results(b"mx.example.ua; " + PASS) + body_limited(),
    "pass, but only From is signed": results(b"mx.example.ua; " + PASS) + letters.sign(GENUINE, headers=(b"from",)),
    "pass, but Content-Type was put on top": results(b"mx.example.ua; " + PASS) + b"Content-Type: text/plain\r\n" + TRUE,
    "pass, but rsa-sha1": results(b"mx.example.ua; " + PASS) + sha1_signed(),
    "pass of a narrow signature beside a wide false one": results(b"mx.example.ua; " + PASS) + SEEN.partition(b"From:")[0] + letters.sign(GENUINE, headers=(b"from",)),
    "pass of a narrow signature of two": results(b"mx.example.ua; " + PASS) + letters.sign(GENUINE, headers=(b"from",)).partition(b"From:")[0] + SEEN,
    "pass, and a signature that cannot be read": results(b"mx.example.ua; " + PASS) + b"DKIM-Signature: rubbish\r\n" + SEEN,
    "comments without end": results(b"mx.example.ua; " + b"(" * 3000 + PASS) + SEEN,
    "endless": results(b"mx.example.ua; " + PASS + b" " * 5000 + b"x") + SEEN,
    "signature tag instead of a result": results(b"mx.example.ua; dkim=passed header.d=wayforpay.com.ua") + SEEN,
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_is_trusted(name: str) -> None:
    """S01, S02, S03, S06, P17: forged, changed, borrowed and under-signed letters have no voucher."""
    found = verdict(ATTACKS[name])
    assert found.trusted_by is None
    assert not found.temporary
    assert found.checks
    assert all(check.result in ("fail", "none") and check.detail for check in found.checks)


GOOD: dict[str, bytes] = {
    "signed": TRUE,
    "with more Received on top": RECEIVED + TRUE,
    "LF only": TRUE.replace(b"\r\n", b"\n"),
    "with an mbox line": b"From notify@wayforpay.com.ua Fri Nov 20 12:05:35 2026\r\n" + TRUE,
    "a list's signature on top": letters.sign(TRUE, domain="attacker.example"),
    "a broken signature of ours on top": signed(selector="nowhere").partition(b"From:")[0] + TRUE,
    "From under the domain": signed(from_(b"<notify@mail.wayforpay.com.ua>")),
    "the other domain": signed(from_(b"<notify@wayforpay.com>"), domain="wayforpay.com"),
    "upper case": signed(from_(b"<Notify@WayForPay.com.ua>"), domain="WAYFORPAY.com.ua"),
    "From, Subject, Date and how it is read alone": letters.sign(GENUINE, headers=ENOUGH),
    "one part, its encoding signed": letters.sign(SINGLE, headers=(*ENOUGH, b"content-transfer-encoding")),
    "signed against additions": letters.sign(GENUINE, headers=(*ENOUGH, b"content-type", b"content-transfer-encoding")),
    "a header that nobody reads by, unsigned": b"Content-Language: uk\r\n" + TRUE,
    "true t= and x=": with_tags(b"x=%d" % (time.time() + 86_400)),
    "a forged Authentication-Results beside it": results(b"mx.attacker.example; dkim=fail") + TRUE,
}


@pytest.mark.parametrize("name", GOOD)
def test_a_genuine_letter_is_trusted(name: str) -> None:
    """S03: the same letter, signed by the gateway, is vouched for however it travelled."""
    assert verdict(GOOD[name]).trusted_by is Voucher.DKIM


TOLD: dict[str, bytes] = {
    "on top": results(b"mx.example.ua; " + PASS) + RECEIVED + SEEN,
    "below our own Received": RECEIVED + results(b"mx.example.ua; " + PASS) + SEEN,
    "below a hand-over inside": b"Received: from mx.example.ua by store.example.ua with LMTP; x\r\n" + RECEIVED + results(b"mx.example.ua; " + PASS) + SEEN,
    "below a hand-over to localhost": b"Received: by localhost; x\r\n" + results(b"mx.example.ua; " + PASS) + SEEN,
    "below a hand-over by address": b"Received: by 2002:a05:7108:1:2:3:4:5 with SMTP; x\r\n" + results(b"mx.example.ua; " + PASS) + SEEN,
    "upper case and version": results(b"MX.Example.UA 1; DKIM=Pass (ok) HEADER.D=WayForPay.com.ua") + SEEN,
    "folded, with comments and others": results(b'mx.example.ua;\r\n\tspf=pass smtp.mailfrom="a@b.example";\r\n dkim=fail header.d=other.example;\r\n dkim=pass (2048-bit key; unprotected)\r\n header.d=wayforpay.com.ua header.i=@wayforpay.com.ua header.b=abc') + SEEN,
    "quoted values": results(b'mx.example.ua; dkim=pass header.d="wayforpay.com.ua"') + SEEN,
    "by how the signature begins": results(b"mx.example.ua; dkim=pass header.i=@wayforpay.com.ua header.s=gone " + begun(SEEN)) + SEEN,
    "by an address of the signer's": results(b"mx.example.ua; dkim=pass header.i=x@mail.wayforpay.com.ua " + begun(SEEN, 12)) + SEEN,
    "by no identity": results(b"mx.example.ua; dkim=pass " + begun(SEEN)) + SEEN,
    "a forged fail below": results(b"mx.example.ua; " + PASS) + RECEIVED + results(b"mx.example.ua; dkim=fail header.d=wayforpay.com.ua") + SEEN,
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_our_servers_word_is_taken(name: str) -> None:
    """S01: the topmost header of the pinned server counts, in every spelling of the grammar."""
    assert verdict(TOLD[name]).trusted_by is Voucher.AUTHENTICATION_RESULTS


@pytest.mark.parametrize("name", TOLD)
def test_no_pinned_server_no_word(name: str) -> None:
    """S01: without authserv_id no Authentication-Results counts, nor does it when only dkim is accepted."""
    unset = TrustPolicy(accepts=POLICY.accepts, domains=POLICY.domains)
    only_dkim = TrustPolicy(accepts=(Voucher.DKIM,), domains=POLICY.domains, authserv_id=OURS)
    assert verdict(TOLD[name], unset).trusted_by is None
    assert verdict(TOLD[name], only_dkim).trusted_by is None


def test_a_signature_is_not_tried_where_it_is_not_accepted() -> None:
    """The settings' list is the whole list: a good signature counts only where dkim is named, and DNS is not asked."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return dns(name)

    policy = TrustPolicy(accepts=(Voucher.AUTHENTICATION_RESULTS,), domains=POLICY.domains, authserv_id=OURS)
    assert verdict(TRUE, policy, fetch).trusted_by is None
    assert asked == []


def test_strangers_domains_are_never_asked_for() -> None:
    """S13: a stranger's signature costs no DNS question, however many he adds."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return dns(name)

    strange = letters.sign(GENUINE, domain="attacker.example").partition(b"From:")[0]
    assert verdict(strange * 50 + TRUE, fetch=fetch).trusted_by is None  # too many to find ours among them
    assert asked == []
    many = signed(selector="nowhere").partition(b"From:")[0]
    verdict(many * 15 + GENUINE, fetch=fetch)
    assert len(asked) == 5


def test_dns_that_does_not_answer_is_temporary() -> None:
    """S04: a time-out is neither pass nor fail; the mail waits, and another voucher still counts."""

    def silent(name: str) -> KeyAnswer:
        return KeyAnswer(temporary=True, detail="LifetimeTimeout")

    found = verdict(TRUE, fetch=silent)
    assert found.trusted_by is None
    assert found.temporary
    assert found.checks[0].result == "temperror"
    told = verdict(results(b"mx.example.ua; " + PASS) + TRUE, fetch=silent)
    assert told.trusted_by is Voucher.AUTHENTICATION_RESULTS
    assert not told.temporary


def test_the_key_stays_with_the_verdict() -> None:
    """S05: what was fetched and signed stands in the verdict, so that a key rotated away changes nothing."""
    (check, *_) = verdict(TRUE).checks
    assert check.facts["key"] == keys.RECORD
    assert check.facts["domain"] == "wayforpay.com.ua"
    assert check.facts["selector"] == "sandbox"
    assert check.facts["key_bits"] == 2048
    assert {"from", "subject", "date"} <= set(check.facts["signed"])
    assert check.facts["unsigned"] == []


def test_what_is_not_covered_is_said_plainly() -> None:
    """A letter that may be read in two ways is held, and `explain` says which header lacks and what that means."""
    either = SINGLE.replace(b"text/html", b"text/plain", 1)
    (check, told) = verdict(results(b"mx.example.ua; " + PASS) + letters.sign(either, headers=SHORT)).checks
    assert check.facts["unsigned"] == ["content-transfer-encoding", "content-type", "mime-version"]
    for one in (check, told):
        assert "Content-Transfer-Encoding, Content-Type, MIME-Version not signed" in one.detail
        assert "could be read in another way" in one.detail
    (check, _) = verdict(b"Content-Type: text/plain\r\n" + TRUE).checks
    assert "Content-Type stands there 2 times and is signed 1 time" in check.detail


def _letter(kind: str, encoding: str, body: bytes) -> bytes:
    """A letter with these MIME fields, signed as Google's servers do: From, To, Subject, Date, Message-ID, no Content-*."""
    head = "From: notify@wayforpay.com.ua\r\nTo: pay@example.ua\r\nSubject: Paid\r\nDate: Fri, 20 Nov 2026 14:06:00 +0200\r\n"
    mime = f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return letters.sign((head + mime).encode() + body, headers=SHORT)


PARTS = b"--0123456789ab\r\nContent-Type: text/plain\r\n\r\nStatus: Declined\r\n--0123456789ab--\r\n"
CYRILLIC = "\r\n".join(["Статус: Успішно", "Сума: 1,00 грн", "Магазин: shop.example.ua"]).encode()
ONE_WAY = {
    "parts and nothing else": ('multipart/mixed; boundary="0123456789ab"', "7bit", PARTS),
    "HTML": ("text/html; charset=utf-8", "8bit", "<p>Статус: Успішно</p>".encode()),
    "plain text": ("text/plain; charset=utf-8", "8bit", CYRILLIC),
    "windows-1251": ("text/plain; charset=windows-1251", "8bit", CYRILLIC.decode().encode("cp1251")),
    "base64": ("text/plain; charset=utf-8", "base64", b64encode(CYRILLIC) + b"\r\n"),
    "quoted-printable": ("text/plain; charset=utf-8", "quoted-printable", b2a_qp(CYRILLIC, istext=True)),
}
SEVERAL_WAYS = {
    "text before the parts": ('multipart/mixed; boundary="0123456789ab"', "7bit", b"Status: Declined\r\n" + PARTS),
    "text after the parts": ('multipart/mixed; boundary="0123456789ab"', "7bit", PARTS + b"Status: Declined\r\n"),
    "a payer's delimiter": ("multipart/mixed; boundary=zz", "7bit", b"Payer: x\r\n--zz\r\n\r\nPaid\r\n--zz--\r\n"),
    "a line of dashes for a delimiter": (
        "multipart/mixed; boundary=--------",
        "7bit",
        b"----------\r\nPaid\r\n------------\r\n",
    ),
    "plain text called HTML": ("text/html", "7bit", b"Payer: <div hidden>\r\nStatus: Paid"),
    "HTML called plain text": ("text/plain", "7bit", b"<p>Status: Declined</p>"),
    "a delimiter that ends in a bare CR": (
        'multipart/mixed; boundary="0123456789ab"',
        "7bit",
        b"--0123456789ab\rStatus: Declined\r\n" + PARTS,
    ),
    "parts called letters": ('multipart/digest; boundary="0123456789ab"', "7bit", PARTS),
    "parts called text": ("text/plain", "7bit", PARTS),
    "plain text called quoted": ("text/plain", "quoted-printable", b"Payer: x=0AStatus: Paid\r\nStatus: Declined"),
    "8-bit text called quoted": ("text/plain; charset=utf-8", "quoted-printable", CYRILLIC + b"=0A"),
    "quoted text called plain": ("text/plain", "7bit", b"Status: Paid\r\nAmount: 1=\r\n1250.00 UAH\r\n"),
    "quoted HTML called plain": ("text/html", "8bit", b"<p>Status: Paid</p><p>Amount: 1= \r\n1250.00 UAH</p>\r\n"),
    "text called base64": ("text/plain", "base64", b"Status: Declined"),
    "an encoding nobody uses": ("text/plain", "x-uuencode", b"Status: Declined"),
    "a charset that makes letters of letters": ("text/plain; charset=utf-7", "7bit", b"Payer: +AD0-"),
    "a continued parameter": ("multipart/mixed; boundary*0=0123456789ab", "7bit", PARTS),
    "a comment": ('multipart/mixed (x); boundary="0123456789ab"', "7bit", PARTS),
    "two boundaries": ("multipart/mixed; boundary=0123456789ab; boundary=other1234", "7bit", PARTS),
}


@pytest.mark.parametrize("name", ONE_WAY)
def test_a_signature_without_the_content_fields_vouches_for_what_reads_in_one_way_only(name: str) -> None:
    """Most large senders do not sign Content-Type; where the signed body itself says what it is, that is enough."""
    assert verdict(_letter(*ONE_WAY[name])).trusted_by is Voucher.DKIM


@pytest.mark.parametrize("name", SEVERAL_WAYS)
def test_a_signature_without_the_content_fields_vouches_for_nothing_that_reads_in_two(name: str) -> None:
    """S06: what a payer typed into a signed body must not become structure by another Content-Type."""
    assert verdict(_letter(*SEVERAL_WAYS[name])).trusted_by is None


LARGE: dict[str, bytes] = {
    "one line": b"x" * 4_900_000,
    "one word a line": b"x\r\n" * 1_600_000,
    "short lines": b"a b c\r\n" * 100_000,
    "empty lines": b"\n" * 4_900_000,
    "lines of a space": b" \r\n" * 1_600_000,
    "words": b"a b " * 1_200_000,
    "runs of spaces": (b" " * 60 + b"x") * 80_000,
    "one run of spaces": b" " * 4_900_000,
    "tags": b"<i>" * 400_000,
}


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable"])
@pytest.mark.parametrize("name", LARGE)
def test_a_large_letter_is_judged_quickly(name: str, encoding: str) -> None:
    """P14, S13: 5 MB with five false signatures of the gateway's are decoded and judged in 2 CPU seconds, untrusted."""
    head = SINGLE.partition(b"\r\n\r\n")[0].replace(b"base64", encoding.encode())
    raw = TRUE.partition(b"From:")[0] * 5 + head + b"\r\n\r\n" + LARGE[name]
    started = time.process_time()
    assert judge(decode(raw), POLICY, dns).trusted_by is None
    assert time.process_time() - started < 2


def test_many_signatures_are_judged_quickly() -> None:
    """P14, S13: hundreds of signatures, ours and strangers', cost next to nothing."""
    ours, theirs = (
        one.partition(b"From:")[0] for one in (signed(selector="nowhere"), signed(domain="attacker.example"))
    )
    raw = results(b"mx.example.ua; " + PASS) + (ours + theirs) * 190 + GENUINE
    started = time.process_time()
    verdict(raw)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("tag", [b"", b"; z= b"])
def test_a_signature_folded_without_end_is_judged_quickly(tag: bytes) -> None:
    """P14, S13: thousands of line ends within five signatures of the gateway's cost next to nothing, and none of them holds."""
    one = signed().partition(b"From:")[0].rstrip(b"\r\n") + tag + b"\r\n " * 4_400 + b"\r\n"
    started = time.process_time()
    assert verdict(one * 5 + GENUINE).trusted_by is None
    assert time.process_time() - started < 1


def test_a_signature_of_a_small_letter_is_found_among_false_ones() -> None:
    """S13: the cap on large letters does not touch a letter of ordinary size: the fifth signature is still tried."""
    false = signed(selector="testing").partition(b"From:")[0]
    assert verdict(false * 4 + TRUE).trusted_by is Voucher.DKIM
    assert verdict(false * 5 + TRUE).trusted_by is None


def test_none_is_the_last_resort() -> None:
    """`none` trusts what nobody vouches for, after the others were tried, and never hides a better voucher."""
    policy = TrustPolicy(accepts=(*POLICY.accepts, Voucher.NONE), domains=POLICY.domains, authserv_id=OURS)
    assert verdict(GENUINE, policy).trusted_by is Voucher.NONE
    assert [check.voucher for check in verdict(GENUINE, policy).checks] == [
        Voucher.DKIM,
        Voucher.AUTHENTICATION_RESULTS,
        Voucher.NONE,
    ]
    assert verdict(TRUE, policy).trusted_by is Voucher.DKIM


def test_a_witness_is_not_judged_here() -> None:
    """A gateway whose only voucher is its API has nobody vouching until that was asked."""
    policy = TrustPolicy(accepts=(Voucher.WITNESS,), domains=POLICY.domains, authserv_id=OURS)
    assert verdict(TRUE, policy) == Verdict(trusted_by=None)


def test_no_server_of_ours_spoke_of_an_attached_letter() -> None:
    """S01 P12: an Authentication-Results inside an attached mail was typed by whoever attached it."""
    told = results(b"mx.example.ua; " + PASS) + SEEN
    assert verdict(told).trusted_by is Voucher.AUTHENTICATION_RESULTS
    for outer in (letters.forward(told), results(b"mx.example.ua; " + PASS) + letters.forward(told)):
        found = judge(decode(outer).attached[0], POLICY, dns)
        assert found.trusted_by is None
        assert "attached" in found.checks[-1].detail
    deep = (
        decode(letters.forward(letters.forward(told).replace(b"=_sandbox_letter_forward", b"=_inner")))
        .attached[0]
        .attached[0]
    )
    assert judge(deep, POLICY, dns).trusted_by is None


def test_a_forwarded_letter_is_judged_by_its_own_bytes() -> None:
    """P12: attached to a person's mail a genuine letter keeps its voucher, and lends the outer mail none."""
    message = decode(letters.forward(TRUE))
    assert judge(message.attached[0], POLICY, dns).trusted_by is Voucher.DKIM
    assert judge(message, POLICY, dns).trusted_by is None


@pytest.mark.parametrize(
    "raw", [b"", b" x\r\n", b"DKIM-Signature:\r\n\r\n", b"Authentication-Results:\r\n\r\n", b"\xff\xfe" * 50]
)
def test_rubbish_is_judged(raw: bytes) -> None:
    """S13: what is no mail at all has no voucher and raises nothing."""
    assert verdict(raw).trusted_by is None


@pytest.mark.parametrize("raw", [TRUE, GENUINE, TOLD["on top"], *list(ATTACKS.values())[:5]])
def test_verdicts_survive_json(raw: bytes) -> None:
    """S05: a stored verdict comes back as it was."""
    found = verdict(raw)
    assert verdict_from_json(json.loads(json.dumps(verdict_to_json(found)))) == found


@pytest.mark.parametrize("odd", [b"\0", b"\x1b[31m", b"\x07", b"\x7f", b"\x0b"])
def test_control_characters_in_a_signature_are_kept_out_of_the_verdict(odd: bytes) -> None:
    """S13, D24: what a stranger put into d= or s= is shown to people and stored, so a signature with such in it has no tags."""
    of_arc = b"ARC-Seal: i=1; a=rsa-sha256; d=x" + odd + b"x; s=x; cv=none; b=AAAA\r\n"
    for raw in (TRUE.replace(b"d=wayforpay", b"d=way" + odd + b"forpay", 1), TRUE.replace(b"s=sand", b"s=sa" + odd, 1)):
        found = verdict(of_arc + raw, replace(POLICY, arc_sealers=(OURS,)))
        assert found.trusted_by is None
        told = [*(check.detail for check in found.checks), *(repr(check.facts) for check in found.checks)]
        assert all(text.isprintable() and "\\x" not in text for text in told)


def test_a_stored_word_nobody_knows_is_an_error() -> None:
    """A verdict is never read as the nearest one."""
    stored = verdict_to_json(
        Verdict(trusted_by=Voucher.PERSON, checks=(Check(voucher=Voucher.DKIM, result="none", detail="x"),))
    )
    assert verdict_from_json(stored).trusted_by is Voucher.PERSON
    with pytest.raises(ValueError):
        verdict_from_json(stored | {"trusted_by": "dkim2"})
