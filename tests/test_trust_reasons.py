"""Whoever asks why nobody vouches for a letter is told the true reason; and the corners in which reasons lie."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp

import pytest

from reconciler.message import decode
from reconciler.model import Voucher
from reconciler.sandbox import letters
from reconciler.trust import KeyAnswer, TrustPolicy, authserv_id, judge
from reconciler.trust.coverage import Header, signed
from reconciler.trust.dkimpy import costly, key_problem, tags_of
from reconciler.trust.reading_of_body import second_reading
from tests.test_trust import ATTACKS, GENUINE, OURS, PASS, POLICY, SEEN, TRUE, dns, results, verdict, with_tags

REASONS = {
    "the exact template, spoofed From": "no DKIM-Signature",
    "signed by the attacker's domain": "not one of the gateway's domains",
    "signed by the attacker's domain, i= of it": "not one of the gateway's domains",
    "signed by a domain above the gateway's": "not one of the gateway's domains",
    "signed by a subdomain that is not listed": "not one of the gateway's domains",
    "look-alike domain in From": "From notify@wayforpay.com.ua.attacker.example is not aligned",
    "gateway's address as display name": "not one of the gateway's domains",
    "suffix that is no label": "From notify@notwayforpay.com.ua is not aligned",
    "From under the parent of the domain": "From notify@com.ua is not aligned",
    "the other gateway domain in From": "From notify@wayforpay.com is not aligned",
    "key that does not exist": "no key: NXDOMAIN",
    "signature of another letter": "body hash mismatch",
    "changed Message-ID and To": "the signature does not hold",
    "changed subject": "the signature does not hold",
    "changed date": "the signature does not hold",
    "appended body": "body hash mismatch",
    "second From on top": "2 From headers, not one",
    "second From below": "2 From headers, not one",
    "second From with a space before the colon": "2 From headers, not one",
    "second Subject on top": "2 Subject headers, not one",
    "second Date on top": "2 Date headers, not one",
    "two addresses in From": "2 From addresses, not one",
    "no From at all": "0 From headers, not one",
    "text behind l=": "l= leaves the end of the body unsigned",
    "a header line that is none": "the header was not read whole: header_malformed",
    "a header too large to read": "the header was not read whole: header_too_long",
    "From unsigned in name only": "from not signed",
    "Subject not signed": "subject not signed",
    "Date not signed": "date not signed",
    "another Content-Type than the unsigned one": "Content-Type, MIME-Version not signed, and the same signed letter could be read in another way: its body begins with a delimiter",
    "Content-Type on top": "Content-Type stands there 2 times and is signed 1 time(s), and the same signed letter could be read in another way: how the body is read stands there twice, or in a field of its own",
    "Content-Type where there was none": "the signature does not hold",
    "Content-Transfer-Encoding where there was none": "Content-Transfer-Encoding not signed, and the same signed letter could be read in another way: its parts are not delimited plainly",
    "Content-Disposition where there was none": "Content-Disposition not signed, and the same signed letter could be read in another way: how the body is read stands there twice, or in a field of its own",
    "Content-Type with a space before the colon": "the header was not read whole: header_malformed",
    "768-bit key": "public key too small: 768",
    "revoked key": "the key was revoked (empty p=)",
    "key under test": "the key is marked as a test (t=y)",
    "key for sha1": "the key does not allow sha256",
    "key for another service": "the key is not for mail",
    "torn key record": "the key record is malformed",
    "rubbish key": "the signature does not hold",
    "rsa-sha1": "algorithm 'rsa-sha1' is not accepted",
    "expired": "expired",
    "expired an hour ago": "expired",
    "from the future": "signed in the future",
    "a tag twice": "not one of the gateway's domains",
    "selector that is no name": "the selector is no DNS name",
    "no tags": "not one of the gateway's domains",
    "runs of spaces": "runs of spaces too long to check",
    "forged for another server": "the topmost Authentication-Results is mx.attacker.example's, not mx.example.ua's",
    "forged, our name inside theirs": "the topmost Authentication-Results is mx.example.ua.attacker.example's, not mx.example.ua's",
    "forged below a true fail": "dkim=fail header.d=wayforpay.com.ua",
    "forged below a foreign server's": "the topmost Authentication-Results is mx.attacker.example's, not mx.example.ua's",
    "forged below a foreign Received": "Authentication-Results lies below the Received of relay.example.net",
    "forged below ours and a foreign Received": "Authentication-Results lies below the Received of relay.example.net",
    "Received that says by ours in a comment": "Authentication-Results lies below the Received of relay.example.net",
    "pass in a comment": "dkim=fail header.d=wayforpay.com.ua",
    "pass in a comment before the result": "dkim=none header.d=?",
    "pass in a nested comment": "dkim=none header.d=?",
    "pass in a quoted reason": "dkim=fail header.d=wayforpay.com.ua",
    "our name in a comment": "the topmost Authentication-Results is mx.attacker.example's, not mx.example.ua's",
    "our name quoted with a tail": "the topmost Authentication-Results is malformed: SyntaxError",
    "our name behind an encoded word": "the topmost Authentication-Results is =?utf-8?q?mx.example.ua?='s, not mx.example.ua's",
    "pass behind a bare CR": "the topmost Authentication-Results is malformed: characters that have no place there",
    "pass for another domain": "dkim=pass header.d=attacker.example",
    "pass for a domain in header.i only": "dkim=pass header.d=?",
    "pass for a signature that is not there": "dkim=pass header.d=?",
    "pass for a signature, too little of it told": "dkim=pass header.d=?",
    "pass for one of two that begin alike": "dkim=pass header.d=?",
    "pass for a signature under another's name": "dkim=pass header.d=?",
    "pass for a stranger's signature": "dkim=pass header.d=attacker.example",
    "two header.d": "dkim=pass header.d=?",
    "spf and dmarc pass only": "no dkim result",
    "pass, but From is another's": "dkim=pass header.d=wayforpay.com.ua",
    "pass, but two From": "2 From headers, not one",
    "pass, but no Date": "0 Date headers, not one",
    "ARC's copy": "no Authentication-Results",
    "ARC's instance in ours": "the topmost Authentication-Results is malformed: SyntaxError",
    "the old header's name": "no Authentication-Results",
    "pass, but there is no signature": "dkim=pass header.d=wayforpay.com.ua, but no DKIM-Signature of d=wayforpay.com.ua stands in the mail",
    "pass, but it is of another domain": "dkim=pass header.d=wayforpay.com.ua, but no DKIM-Signature of d=wayforpay.com.ua stands in the mail",
    "pass, but text stands behind l=": "dkim=pass header.d=wayforpay.com.ua, but l= leaves the end of the body unsigned",
    "pass, but only From is signed": "dkim=pass header.d=wayforpay.com.ua, but date, subject not signed",
    "pass, but Content-Type was put on top": "dkim=pass header.d=wayforpay.com.ua, but Content-Type stands there 2 times and is signed 1 time(s), and the same signed letter could be read in another way: how the body is read stands there twice, or in a field of its own",
    "pass, but rsa-sha1": "dkim=pass header.d=wayforpay.com.ua, but algorithm 'rsa-sha1' is not accepted",
    "pass of a narrow signature beside a wide false one": "dkim=pass header.d=wayforpay.com.ua, but date, subject not signed",
    "pass of a narrow signature of two": "dkim=pass header.d=wayforpay.com.ua, but date, subject not signed",
    "pass, and a signature that cannot be read": "dkim=pass header.d=wayforpay.com.ua, but algorithm '' is not accepted",
    "comments without end": "the topmost Authentication-Results is malformed: RecursionError",
    "endless": "the topmost Authentication-Results is malformed: too long",
    "signature tag instead of a result": "dkim=passed header.d=wayforpay.com.ua",
}  # fmt: skip
"""Attack → what its letter lacks, as the check that judges it says."""


@pytest.mark.parametrize("name", REASONS)
def test_an_attack_fails_for_what_it_does(name: str) -> None:
    """S01 S02 S03: no forged letter is refused by luck: each fails at the check that is meant for it."""
    checks = verdict(ATTACKS[name]).checks
    by_server = list(REASONS).index(name) >= list(REASONS).index("forged for another server")
    detail = checks[-1 if by_server else 0].detail
    said = re.sub(rf"^d=\S* s=\S*: |^{OURS}: | \([tx]=\d+\)$", "", detail)
    assert said == REASONS[name]


def test_every_attack_has_its_reason() -> None:
    """An attack without one would be refused for nobody knows what."""
    assert list(REASONS) == list(ATTACKS)


# ---------------------------------------------------------------- how a body is read

PLAIN = "text/plain; charset=utf-8"
PARTS = b"--0123456789ab\r\nContent-Type: text/plain\r\n\r\nPaid\r\n--0123456789ab--\r\n"
LETTER = "\r\n".join(["Статус: Успішно", "Сума: 1,00 грн", "Магазин: shop.example.ua"]).encode()
QUOTED = b2a_qp(LETTER, istext=True)
TWICE = "how the body is read stands there twice, or in a field of its own"
NOT_PLAIN = "its Content-Type is not plain enough to be sure of"
NOT_LETTERS = "its body is no text in a charset of letters"
NOT_DELIMITED = "its parts are not delimited plainly"
OUTSIDE = "its body has text outside the parts"
OTHER_KIND = "its body begins like another kind of text than its Content-Type says"
NOT_QUOTED = "its body is not quoted-printable throughout"
NOT_SHOWN = "nothing in its body shows that it was written as quoted-printable"


def of(kind: str, encoding: str, body: bytes, more: str = "") -> str | None:
    """What leaves a second reading open in a letter with these MIME fields."""
    head = f"From: notify@wayforpay.com.ua\r\n{more}"
    head += f"Content-Type: {kind}\r\n" if kind else ""
    head += f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
    return second_reading(decode(head.encode() + b"\r\n" + body))


@pytest.mark.parametrize(
    ("kind", "encoding", "body", "why"),
    [
        ("", "", b"Paid", None),
        ("", "", b"<p>Paid", OTHER_KIND),
        (PLAIN, "", LETTER, None),
        (PLAIN, "8BIT", LETTER, None),
        (PLAIN, "binary ", LETTER, None),
        ("TEXT/Plain; Charset=UTF-8", "7bit", b"Paid", None),
        ("text/html", "7bit", b"\xef\xbb\xbf\r\n \t<p>Paid", None),
        ("text/HTML", "7bit", b"<p>Paid", None),
        ("text/html", "7bit", b"Paid", OTHER_KIND),
        (PLAIN, "7bit", b"\r\n --0123456789ab\r\nPaid", "its body begins with a delimiter"),
        ("application/pdf", "base64", b64encode(LETTER), NOT_LETTERS),
        ("text/plain; charset=utf-7", "7bit", b"Paid", NOT_LETTERS),
        ("text/plain; charset=utf-16", "7bit", b"Paid", NOT_LETTERS),
        ("text/plain (Paid)", "7bit", b"Paid", NOT_PLAIN),
        ("text", "7bit", b"Paid", NOT_PLAIN),
        ("text/plain; charset=utf-8; charset=utf-8", "7bit", b"Paid", "its Content-Type repeats a parameter"),
        ("text/plain; charset=utf-8; Charset=koi8-u", "7bit", b"Paid", "its Content-Type repeats a parameter"),
        ("multipart/mixed; boundary=0123456789ab", "", PARTS, None),
        ('Multipart/Mixed; BOUNDARY="0123456789ab"', "7Bit", PARTS, None),
        ("multipart/mixed; boundary=0123456789ab", "", b"\r\n" + PARTS + b"\r\n", None),
        (
            "multipart/mixed; boundary=0123456789ab",
            "",
            b"--0123456789ab \t\r\n\r\nPaid\r\n--0123456789ab-- \t\r\n",
            None,
        ),
        ("multipart/mixed; boundary=0123456789ab", "base64", PARTS, NOT_DELIMITED),
        ("multipart/mixed", "", PARTS, NOT_DELIMITED),
        ("multipart/mixed; boundary=0123456", "", PARTS.replace(b"0123456789ab", b"0123456"), NOT_DELIMITED),
        ("multipart/mixed; boundary=0123456789ab", "", b"", OUTSIDE),
        ("multipart/mixed; boundary=0123456789ab", "", b"Paid\r\n" + PARTS, OUTSIDE),
        ("multipart/mixed; boundary=0123456789ab", "", PARTS + b"Paid\r\n", OUTSIDE),
        ("multipart/mixed; boundary=0123456789ab", "", PARTS.replace(b"ab--", b"ab"), OUTSIDE),
        (PLAIN, "base64", b64encode(LETTER), None),
        ("text/html", "base64", b64encode(b"<p>Paid"), None),
        (PLAIN, "base64", b64encode(b"<p>Paid"), OTHER_KIND),
        (PLAIN, "base64", b"Paid: 1,00", "its body is not base64 throughout"),
        (PLAIN, "base64", b"QUJ", "its body begins with a delimiter"),  # cut short: no letter at all
        (PLAIN, "uuencode", b"Paid", "its transfer encoding is none that we know"),
        (PLAIN, "quoted-printable", QUOTED, None),
        (PLAIN, "Quoted-Printable", QUOTED, None),
        (PLAIN, "quoted-printable", b"=D0=A1\r\n=D0=A1\r\nPaid\r\n=D0=A1", None),
        (PLAIN, "quoted-printable", b"=D0=A1\r\n=D0=A1\r\nPaid\r\n", NOT_SHOWN),
        (PLAIN, "quoted-printable", b"x" * 310 + b"\r\n" + QUOTED, NOT_SHOWN),
        (PLAIN, "quoted-printable", QUOTED + LETTER, NOT_QUOTED),
        (PLAIN, "quoted-printable", QUOTED + b"\r\nx=y", NOT_QUOTED),
        (PLAIN, "quoted-printable", b"=3Cp>" + QUOTED, OTHER_KIND),
    ],
)
def test_a_body_says_what_it_is_or_may_be_read_in_two_ways(
    kind: str, encoding: str, body: bytes, why: str | None
) -> None:
    """S06: a signed body whose fields are not signed counts only where its own bytes leave no choice, in any spelling."""
    assert of(kind, encoding, body) == why


@pytest.mark.parametrize(
    "more",
    ["Content-Type: text/html\r\n", "Content-Transfer-Encoding: 7bit\r\n", "Content-Disposition: inline\r\n"],
)
def test_a_field_of_two_leaves_a_choice(more: str) -> None:
    """S06: which of two fields counts is the reader's choice, and Content-Disposition may hide a body."""
    assert of(PLAIN, "7bit", b"Paid", more) == TWICE


# ---------------------------------------------------------------- what a signature covers


def test_the_list_of_signed_fields_is_read_as_the_standard_writes_it() -> None:
    """Names in any case, blanks and folds around them, a name as often as it stands there, nothing for an empty one."""
    assert signed({"h": "From : subject\r\n\t:Date:FROM:: "}) == {"from": 2, "subject": 1, "date": 1}
    assert signed({}) == {}


@pytest.mark.parametrize("value", [b"v=1; d=a.example; d=b.example", b"rubbish", "d=\u0430.example".encode(), b"=;"])
def test_a_malformed_signature_has_no_tags(value: bytes) -> None:
    """S06: of a tag that stands there twice neither counts."""
    assert tags_of(value) == {}


def test_what_is_said_of_a_field_is_true() -> None:
    """A field that is never signed and one that is signed too seldom are named apart, each once."""
    short = letters.sign(GENUINE, headers=(b"from", b"subject", b"date", b"content-type"))
    header = Header.of(decode(b"Content-Type: text/plain\r\n" + short))
    said = header.objection(header.signatures[0]) or ""
    assert said.startswith(
        "MIME-Version not signed; Content-Type stands there 2 times and is signed 1 time(s), and the same signed"
    )
    assert header.unsigned(header.signatures[0]) == ["content-type", "mime-version"]


# ---------------------------------------------------------------- times and keys

NOW = 1_800_000_000
MINUTES = 60


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        (b"x=%d" % (NOW - 14 * MINUTES), None),
        (b"x=%d" % (NOW - 16 * MINUTES), "expired"),
        (b"t=%d" % (NOW + 14 * MINUTES), None),
        (b"t=%d" % (NOW + 16 * MINUTES), "signed in the future"),
        (b"t=%d" % (NOW - 10_000 * MINUTES), None),
        (b"x=soon", "x= is no time"),
        (b"t=-5", "t= is no time"),
    ],
)
def test_clocks_may_differ_by_a_quarter_of_an_hour(tag: bytes, why: str | None) -> None:
    """S03: a signature that has run out, or is from the future, is told from a clock that is a little off."""
    raw = with_tags(tag)
    (check, _) = judge(decode(raw), POLICY, lambda name: KeyAnswer(detail="NXDOMAIN"), now=lambda: NOW).checks
    assert (why or "no key: NXDOMAIN") in check.detail


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"p=abc", None),
        (b"v=DKIM1; k=rsa; p=abc; s=email", None),
        (b"p=abc; s=web : email", None),
        (b"p=abc; s=*", None),
        (b"p=abc; s=web", "the key is not for mail"),
        (b"p=abc; h=sha1 : sha256", None),
        (b"p=abc; h=sha1", "the key does not allow sha256"),
        (b"p=abc; t=s", None),
        (b"p=abc; t=s : y", "the key is marked as a test (t=y)"),
        (b"p=", "the key was revoked (empty p=)"),
        (b"k=rsa", "the key was revoked (empty p=)"),
        (b"p=abc; p=def", "the key record is malformed"),
        (b"p=abc; k=ed25519", "the key is not for rsa-sha256"),
    ],
)
def test_a_key_says_what_it_is_for(record: bytes, why: str | None) -> None:
    """S03: a key that is revoked, under test, or for other things than mail vouches for none."""
    assert key_problem(record, "rsa-sha256") == why


def test_a_letter_that_costs_too_much_is_not_tried() -> None:
    """S13: half a million lines, or runs of spaces whose squares grow too large, are refused before any arithmetic."""
    assert costly(b"x\r\n" * 499_999) is None
    assert costly(b"x\r\n" * 500_001) == "too many lines to check"
    assert costly((b" " * 1000 + b"x") * 49) is None
    assert costly((b" " * 1000 + b"x") * 51) == "runs of spaces too long to check"
    assert costly((b" " * 60 + b"x") * 60_000) is None


def test_the_gateways_domains_are_compared_without_case() -> None:
    """Settings may write a domain in capitals."""
    shouted = TrustPolicy(accepts=(Voucher.DKIM,), domains=("WAYFORPAY.com.ua",))
    assert judge(decode(TRUE), shouted, dns).trusted_by is Voucher.DKIM


# ---------------------------------------------------------------- our server's word


@pytest.mark.parametrize(
    ("raw", "server"),
    [
        (GENUINE, None),
        (results(b"mx.example.ua; none") + GENUINE, "mx.example.ua"),
        (results(b"mx.one.example; none") + results(b"mx.two.example; none") + GENUINE, "mx.one.example"),
        (results(b"; rubbish") + GENUINE, None),
    ],
)
def test_who_wrote_the_topmost_results(raw: bytes, server: str | None) -> None:
    """S01: `doctor` shows the owner which server speaks in the mails, and believes nothing of it."""
    assert authserv_id(decode(raw)) == server


@pytest.mark.parametrize(
    ("received", "foreign"),
    [
        (b"from a by mx.example.ua; x", None),
        (b"from a BY MX.Example.UA. with ESMTP; x", None),
        (b"from a\r\n\tby mx.example.ua\r\n (Postfix); x", None),
        (b"from a (b (by evil.example) c) by store.example.ua; x", None),
        (b"by [192.0.2.7] with LMTP; x", None),
        (b"by [IPv6:2001:db8::1] with LMTP; x", None),
        (b"by localhost.localdomain with LMTP; x", None),
        (b"from a by mx.other.ua; x", "mx.other.ua"),
        (b"from a by example.ua.evil.example; x", "example.ua.evil.example"),
        (b"from a by notexample.ua; x", "notexample.ua"),
        (b"from a with SMTP; by mx.example.ua", "an unnamed host"),
        (b"from standby mx.example.ua", "an unnamed host"),
        (b"from " + b"(" * 12 + b" by mx.example.ua" + b")" * 12 + b" by evil.example; x", "evil.example"),
    ],
)
def test_only_our_own_hosts_stand_above_our_servers_word(received: bytes, foreign: str | None) -> None:
    """S01: what lies below the Received of a foreign host came in with the letter."""
    raw = b"Received: " + received + b"\r\n" + results(b"mx.example.ua; " + PASS) + SEEN
    found = verdict(raw)
    if foreign is None:
        assert found.trusted_by is Voucher.AUTHENTICATION_RESULTS
    else:
        assert found.trusted_by is None
        assert found.checks[-1].detail == f"Authentication-Results lies below the Received of {foreign}"


def test_the_parent_of_a_short_name_is_nobodys() -> None:
    """S01: a server named example.ua does not make every host under .ua one of ours."""
    short = TrustPolicy(accepts=POLICY.accepts, domains=POLICY.domains, authserv_id="Example.ua")
    above = b"Received: from a by evil.ua; x\r\n"
    told = results(b"example.ua; " + PASS) + SEEN
    assert verdict(told, short).trusted_by is Voucher.AUTHENTICATION_RESULTS
    assert verdict(above + told, short).trusted_by is None


def test_a_server_whose_dns_was_silent_is_said_to_be_so() -> None:
    """Its word is as it is, but the owner reads why."""
    told = results(b"mx.example.ua; dkim=temperror header.d=wayforpay.com.ua; dkim=fail header.d=other.example") + SEEN
    assert verdict(told).checks[-1].detail == (
        "mx.example.ua: dkim=temperror header.d=wayforpay.com.ua, dkim=fail header.d=other.example (its DNS did not answer)"
    )
    assert "DNS" not in verdict(told.replace(b"temperror", b"neutral")).checks[-1].detail
