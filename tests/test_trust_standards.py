"""The standards' own examples, and the corners of their grammar, judged as the gateway's letters are."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from reconciler.message import decode
from reconciler.model import Message, Verdict, Voucher
from reconciler.sandbox import keys, letters
from reconciler.trust import KeyAnswer, TrustPolicy, judge
from reconciler.trust.policy import aligned
from tests import rfc_letter

# RFC 8463, appendix A: one letter under an Ed25519 signature and an RSA one of 1024 bits, with their keys.
ED25519 = """\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
"""
RSA = """\
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
"""
LETTER = rfc_letter.LETTER.replace("game. Are", "game.  Are")  # as RFC 8463 prints it: "relaxed" makes one blank of two
RFC_KEYS = {
    "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "test._domainkey.football.example.com": "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
}  # fmt: skip
FOOTBALL = TrustPolicy(
    accepts=(Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS), domains=("football.example.com",), authserv_id="example.com"
)
GATEWAY = TrustPolicy(accepts=(Voucher.DKIM,), domains=("wayforpay.com.ua", "wayforpay.com"))


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def verdict(raw: bytes, records: Mapping[str, str], policy: TrustPolicy = GATEWAY) -> Verdict:
    def fetch(name: str) -> KeyAnswer:
        record = records.get(name)
        return KeyAnswer(record=None if record is None else record.encode(), detail="no such name")

    return judge(decode(raw), policy, fetch)


@pytest.mark.parametrize("signatures", [RSA, ED25519, ED25519 + RSA, RSA + ED25519])
def test_the_standard_s_signed_letter_is_believed(signatures: str) -> None:
    """S03: RFC 8463 A.3: its RSA signature of 1024 bits and its Ed25519 one hold, oversigned as they are, alone and together."""
    assert verdict(crlf(signatures + LETTER), RFC_KEYS, FOOTBALL).trusted_by is Voucher.DKIM


@pytest.mark.parametrize("signature", [RSA, ED25519])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We lost", "We won"),
        ("Is dinner", "Is lunch"),
        ("joe@", "jim@"),
        ("21:00:37", "21:00:38"),
        ("s=", "s=x"),
        ("h=from : to", "h=from : cc"),
        ("t=1528637909", "t=1528637908"),
        ("Joe.\n", "Joe.\n\nx\n"),
    ],
)
def test_the_standard_s_letter_changed_is_not(signature: str, old: str, new: str) -> None:
    """S06: one word of it, of its header or of the signature's own tags, and nothing vouches."""
    changed = (signature + LETTER).replace(old, new)
    assert changed != signature + LETTER
    assert verdict(crlf(changed), RFC_KEYS, FOOTBALL).trusted_by is None


def test_an_oversigned_field_cannot_be_added() -> None:
    """S06: From, Subject and Date are listed once more than they stand there, so a second one breaks the signature too."""
    for line in ("From: x@attacker.example\n", "Subject: x\n", "Date: Fri, 11 Jul 2003 21:00:38 -0700\n"):
        assert verdict(crlf(line + RSA + LETTER), RFC_KEYS, FOOTBALL).trusted_by is None


# ---------------------------------------------------------------- keys


def pair(bits: int) -> tuple[str, str]:
    """A private key as PEM and its record."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return pem, "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


@pytest.mark.parametrize("bits", [1024, 1536, 4096])
def test_a_key_of_1024_bits_is_enough(bits: int) -> None:
    """RFC 8301: verifiers must take 1024 to 4096 bits; real senders still sign with 1024. Less is refused (test_trust)."""
    pem, record = pair(bits)
    raw = letters.sign(letters.notice(), key=pem)
    assert verdict(raw, {"sandbox._domainkey.wayforpay.com.ua": record}).trusted_by is Voucher.DKIM


def test_an_ed25519_signature_alone_is_enough() -> None:
    """RFC 8463 A.3: a sender that signs with Ed25519 alone is believed as any other, and its key is kept with the verdict."""
    found = verdict(crlf(ED25519 + LETTER), RFC_KEYS, FOOTBALL)
    assert found.trusted_by is Voucher.DKIM
    assert found.checks[0].facts["key"] == RFC_KEYS["brisbane._domainkey.football.example.com"]
    assert found.checks[0].facts["key_bits"] == 256


@pytest.mark.parametrize(
    "key",
    [
        RFC_KEYS["test._domainkey.football.example.com"],
        RFC_KEYS["test._domainkey.football.example.com"].replace("k=rsa", "k=ed25519"),
        RFC_KEYS["brisbane._domainkey.football.example.com"].replace("k=ed25519", "k=rsa"),
        RFC_KEYS["brisbane._domainkey.football.example.com"].replace("k=ed25519; ", ""),
        RFC_KEYS["brisbane._domainkey.football.example.com"].replace("11qY", "11qZ"),
        RFC_KEYS["brisbane._domainkey.football.example.com"] + "; t=y",
        "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(32)).decode(),
        "v=DKIM1; k=ed25519; p=" + base64.b64encode(b"\1" + bytes(31)).decode(),
        "v=DKIM1; k=ed25519; p=AAAA",
        "v=DKIM1; k=ed25519; p=-",
        "v=DKIM1; k=ed25519; p=",
    ],
)
def test_a_key_that_is_not_the_ed25519_signature_s_own_is_none(key: str) -> None:
    """S03: another key, one of another kind, of a small order, under test, revoked or none at all: nothing vouches."""
    found = verdict(crlf(ED25519 + LETTER), {"brisbane._domainkey.football.example.com": key}, FOOTBALL)
    assert (found.trusted_by, found.temporary) == (None, False)


@pytest.mark.parametrize("name", ["a=rsa-sha256", "a=ed25519-sha256"])
def test_a_signature_and_its_key_are_of_one_kind(name: str) -> None:
    """S03: RFC 8463 §3: a= and k= must agree; a signature whose a= was changed has no key, whatever its arithmetic says."""
    signature, old = (ED25519, "a=ed25519-sha256") if "rsa" in name else (RSA, "a=rsa-sha256")
    (check, _) = verdict(crlf(signature.replace(old, name) + LETTER), RFC_KEYS, FOOTBALL).checks
    assert check.result == "fail"
    assert "the key is not for" in check.detail


@pytest.mark.parametrize(
    ("record", "voucher"),
    [
        (keys.RECORD, Voucher.DKIM),
        ("p=" + keys.PUBLIC_KEY, Voucher.DKIM),
        (keys.RECORD + "; n=notes for people", Voucher.DKIM),
        (keys.RECORD + "; t=s", Voucher.DKIM),
        (keys.RECORD + "; s= email; h=sha1 : sha256", Voucher.DKIM),
        (keys.RECORD + "; s=*", Voucher.DKIM),
        (keys.RECORD + "; t=s:y", None),
        (keys.RECORD + "; t= y", None),
        (keys.RECORD + "; t=s : y ", None),
        ("v=DKIM2; p=" + keys.PUBLIC_KEY, None),
        ("v=DKIM1; k=ed25519; p=" + keys.PUBLIC_KEY, None),
        ("v=DKIM1; k=rsa; p= ", None),
        ("v=spf1 -all", None),
        ("", None),
    ],
)
def test_a_key_record_means_what_the_standard_says(record: str, voucher: Voucher | None) -> None:
    """S03: RFC 6376 §3.6.1: a revoked, foreign, testing or wrong key is none, in every spelling of its flags."""
    found = verdict(letters.sign(letters.notice()), {"sandbox._domainkey.wayforpay.com.ua": record})
    assert found.trusted_by is voucher
    assert not found.temporary


# ---------------------------------------------------------------- alignment


@pytest.mark.parametrize(
    ("sender", "signer", "is_aligned"),
    [
        ("wayforpay.com.ua", "wayforpay.com.ua", True),
        ("WayForPay.COM.ua", "wayforpay.com.UA", True),
        ("mail.wayforpay.com.ua", "wayforpay.com.ua", True),
        ("a.b.wayforpay.com.ua", "wayforpay.com.ua", True),
        ("wayforpay.com.ua", "mail.wayforpay.com.ua", False),
        ("wayforpay.com", "wayforpay.com.ua", False),
        ("wayforpay.com.ua", "wayforpay.com", False),
        ("notwayforpay.com.ua", "wayforpay.com.ua", False),
        ("wayforpay.com.ua.attacker.example", "wayforpay.com.ua", False),
        ("wayforpay.com.ua.", "wayforpay.com.ua", False),
        ("wayforpay.com.ua", "wayforpay.com.ua.", False),
        ("com.ua", "wayforpay.com.ua", False),
        ("", "wayforpay.com.ua", False),
        ("wayforpay.com.ua", "", False),
        ("w\u0430yforpay.com.ua", "wayforpay.com.ua", False),
        ("xn--wyforpay-6fg.com.ua", "wayforpay.com.ua", False),
    ],
)
def test_alignment(sender: str, signer: str, is_aligned: bool) -> None:
    """S03: the From domain is the signing one or lies under it, by whole labels; look-alikes never are."""
    assert aligned(sender, signer, GATEWAY) is is_aligned


# ---------------------------------------------------------------- Authentication-Results


def told(value: str) -> Message:
    """The standard's letter, signed, under this header of the receiving server's."""
    header = f"Authentication-Results: {value}\n"
    return decode(crlf(header + RSA.replace("s=test", "s=gone") + LETTER))


EXAMPLES = {
    # RFC 8601, appendix B, with its domains; none tells a passed signature of football.example.com
    "B.2 nothing was done": ("example.org 1; none", False),
    "B.3 spf": ("example.com;\n spf=pass smtp.mailfrom=football.example.com", False),
    "B.4 auth and spf": ("example.com;\n auth=pass (cram-md5) smtp.auth=sender@football.example.com;\n spf=fail smtp.mailfrom=football.example.com", False),
    "B.6 signatures named by i=": ('example.com;\n dkim=pass reason="good signature"\n  header.i=@football.example.com;\n dkim=fail reason="bad signature"\n  header.i=@newyork.example.com', False),
    "B.7 comments everywhere": ("foo.example.net (foobar) 1 (baz);\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\n policy (A dot can go here) . (like that) expired\n (this surprised me) = (as I wasn't expecting it) 1362471462", False),
    # its grammar with a passed signature of the letter's own
    "passed": ("example.com; dkim=pass header.d=football.example.com", True),
    "with a version": ("example.com 1; dkim=pass header.d=football.example.com", True),
    "with comments everywhere": ("example.com (foobar) 1 (baz);\n dkim/1 = (wait for it) pass\n header (A dot can go here) . (like that) d\n (this) = (as) football.example.com", True),
    "beside others": ('example.com;\n spf=fail smtp.mailfrom=x.example;\n dkim=fail reason="bad; dkim=pass" header.d=x.example;\n dkim=pass header.d=football.example.com header.s=test header.a=rsa-sha256', True),
    "neutral": ("example.com; dkim=neutral header.d=football.example.com", False),
    "policy": ("example.com; dkim=policy header.d=football.example.com", False),
    "permerror": ("example.com; dkim=permerror header.d=football.example.com", False),
    "temperror": ("example.com; dkim=temperror header.d=football.example.com", False),
    "of another version": ("example.com 2; dkim=pass header.d=football.example.com", False),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_server_s_results_are_read_as_the_standard_writes_them(name: str) -> None:
    """S01: RFC 8601's own examples and its grammar: only a passed DKIM signature that names the gateway in d= counts."""
    value, counts = EXAMPLES[name]
    found = judge(told(value), FOOTBALL, lambda name: KeyAnswer(detail="no such name"))
    assert (found.trusted_by is Voucher.AUTHENTICATION_RESULTS) is counts
    assert (found.trusted_by is None) is not counts
    assert not found.temporary
