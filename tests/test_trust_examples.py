"""The letters that RFC 6376 and RFC 8617 print, as black boxes: what their own words say of them is what we say."""

from __future__ import annotations

import base64
import hashlib

import dkim
import pytest

from reconciler.message import decode, fields
from reconciler.model import Verdict, Voucher
from reconciler.sandbox import keys, letters
from reconciler.trust import KeyAnswer, TrustPolicy, chain, grammar, judge, sealers
from reconciler.trust.coverage import Header
from tests import rfc_letter

# RFC 6376, appendix A.2, and the key of its appendix C.
DKIM_LETTER = f"""\
DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
        4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
        KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
        4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
{rfc_letter.LETTER}"""
BRISBANE = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"

# RFC 8617, appendix B, without its Authentication-Results and three of its Received: three sets over a letter that is signed
# with rsa-sha1. Its keys, of 512 bits, are printed nowhere.
ARC_LETTER = """\
Return-Path: <jqd@d1.example>
Received: from example.org (example.org [208.69.40.157])
    by gmail.example with ESMTP id d200mr22663000ykb.93.1421363207
    for <fmartin@example.com>; Thu, 14 Jan 2015 15:02:40 -0800 (PST)
ARC-Seal: i=3; a=rsa-sha256; cv=pass; d=clochette.example.org; s=
        clochette; t=12345; b=CU87XzXlNlk5X/yW4l73UvPUcP9ivwYWxyBWcVrRs7
        +HPx3K05nJhny2fvymbReAmOA9GTH/y+k9kEc59hAKVg==
ARC-Message-Signature: i=3; a=rsa-sha256; c=relaxed/relaxed; d=
        clochette.example.org; h=message-id:date:from:to:subject; s=
        clochette; t=12345; bh=KWSe46TZKCcDbH4klJPo+tjk5LWJnVRlP5pvjXFZY
        LQ=; b=o71vwyLsK+Wm4cOSlirXoRwzEvi0vqIjd/2/GkYFYlSd/GGfKzkAgPqxf
        K7ccBMP7Zjb/mpeggswHjEMS8x5NQ==
ARC-Authentication-Results: i=3; clochette.example.org; spf=fail
    smtp.from=jqd@d1.example; dkim=fail (512-bit key)
    header.i=@d1.example; dmarc=fail; arc=pass (as.2.gmail.example=pass,
    ams.2.gmail.example=pass, as.1.lists.example.org=pass,
    ams.1.lists.example.org=fail (message has been altered))
ARC-Seal: i=2; a=rsa-sha256; cv=pass; d=gmail.example; s=20120806; t=
        12345; b=Zpukh/kJL4Q7Kv391FKwTepgS56dgHIcdhhJZjsalhqkFIQQAJ4T9BE
        8jjLXWpRNuh81yqnT1/jHn086RwezGw==
ARC-Message-Signature: i=2; a=rsa-sha256; c=relaxed/relaxed; d=
        gmail.example; h=message-id:date:from:to:subject; s=20120806; t=
        12345; bh=KWSe46TZKCcDbH4klJPo+tjk5LWJnVRlP5pvjXFZYLQ=; b=CVoG44
        cVZvoSs2mMig2wwqPaJ4OZS5XGMCegWqQs1wvRZJS894tJM0xO1RJLgCPsBOxdA5
        9WSqI9s9DfyKDfWg==
ARC-Authentication-Results: i=2; gmail.example; spf=fail
    smtp.from=jqd@d1.example; dkim=fail (512-bit key)
    header.i=@example.org; dmarc=fail; arc=pass
    (as.1.lists.example.org=pass, ams.1.lists.example.org=pass)
ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example.org; s=dk-lists;
         t=12345; b=TlCCKzgk3TrAa+G77gYYO8Fxk4q/Ml0biqduZJeOYh6+0zhwQ8u/
        lHxLi21pxu347isLSuNtvIagIvAQna9a5A==
ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=
        lists.example.org; h=message-id:date:from:to:subject; s=
        dk-lists; t=12345; bh=KWSe46TZKCcDbH4klJPo+tjk5LWJnVRlP5pvjXFZYL
        Q=; b=DsoD3n3hiwlrN1ma8IZQFgZx8EDO7Wah3hUjIEsYKuShRKYB4LwGUiKD5Y
        yHgcIwGHhSc/4+ewYqHMWDnuFxiQ==
ARC-Authentication-Results: i=1; lists.example.org; spf=pass
    smtp.mfrom=jqd@d1.example; dkim=pass (512-bit key)
    header.i=@d1.example; dmarc=pass
DKIM-Signature: v=1; a=rsa-sha1; c=relaxed/relaxed; d=d1.example; h=
        message-id:date:from:to:subject; s=origin2015; bh=bIxxaeIQvmOBdT
        AitYfSNFgzPP4=; b=qKjd5fYibKXWWIcMKCgRYuo1vJ2fD+IAQPjX+uamXIGY2Q
        0HjQ+Lq3/yHzG3JHJp6780/nKQPOWt2UDJQrJkEA==
Message-ID: <54B84785.1060301@d1.example>
Date: Thu, 14 Jan 2015 15:00:01 -0800
From: John Q Doe <jqd@d1.example>
To: arc@dmarc.example
Subject: [List 2] Example 1

Hey gang,
This is a test message.
--J.
"""
BOTH = (Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS)


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def dkim_verdict(text: str, domain: str = "example.com") -> Verdict:
    def fetch(name: str) -> KeyAnswer:
        return KeyAnswer(record=BRISBANE.encode() if name == "brisbane._domainkey.example.com" else None)

    return judge(decode(crlf(text)), TrustPolicy(accepts=BOTH, domains=(domain,)), fetch)


def test_the_signed_letter_of_rfc_6376_holds_with_its_printed_key() -> None:
    """
    S03: RFC 6376 A.2 verifies with the key of appendix C: simple canonicalisation, a folded h= with spaces, From under d=.

    Its body has one space behind "game."; RFC 8463 prints the same letter with two, which relaxed canonicalisation alone lets pass.
    """
    (check, _) = dkim_verdict(DKIM_LETTER).checks
    assert (check.result, check.facts["key_bits"]) == ("pass", 1024)
    assert dkim_verdict(DKIM_LETTER).trusted_by is Voucher.DKIM


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("game. Are", "game.  Are"),
        ("SUBMISSION;\n      Fri", "SUBMISSION;\n     Fri"),
        ("Subject: Is", "Subject:  Is"),
        ("Subject: Is", "SUBJECT: Is"),
        ("football.example.com  [", "football.example.com [["),
        ("Joe.\n", "Joe. \n"),
        ("q=dns/txt", "q=dns/xxx"),
    ],
)
def test_simple_canonicalisation_forgives_nothing(old: str, new: str) -> None:
    """S06: RFC 6376 A.2 with one space more, another case or another fold is another letter."""
    assert old in DKIM_LETTER
    assert dkim_verdict(DKIM_LETTER.replace(old, new, 1)).trusted_by is None


def test_the_letter_of_rfc_6376_speaks_for_its_own_domain_alone() -> None:
    """S03: d=example.com speaks for whoever lies under it; settings that name football.example.com alone did not ask for it."""
    assert dkim_verdict(DKIM_LETTER, "football.example.com").trusted_by is None
    elsewhere = DKIM_LETTER.replace("football.example.com>\nTo", "football.example.net>\nTo")
    assert dkim_verdict(elsewhere).trusted_by is None


def test_the_chain_of_rfc_8617_is_read_as_it_is_printed() -> None:
    """RFC 8617 B: three sets, whose they are, which passed, and what each server told, nested comments and all."""
    message = decode(crlf(ARC_LETTER))
    sets = chain.sets(chain.of(fields(message.raw)))
    owners = ["lists.example.org", "gmail.example", "clochette.example.org"]
    assert [one.instance for one in sets] == [1, 2, 3]
    assert [one.sealers for one in sets] == [(name, name) for name in owners]
    assert [one.seal["cv"] for one in sets] == ["none", "pass", "pass"]
    assert [one.told.server for one in sets if one.told] == owners
    assert [[r.result for r in one.told.results] for one in sets if one.told] == [
        ["pass", "pass", "pass"],
        ["fail", "fail", "fail", "pass"],
        ["fail", "fail", "fail", "pass"],
    ]
    assert sealers(message) == frozenset(owners)
    assert Header.of(message).objection(sets[-1].message) is None


def test_the_body_of_rfc_8617_is_the_one_its_sets_sign() -> None:
    """RFC 8617 B: the keys are printed nowhere, so what can be checked is bh=: the body's hash is that of all three and of the sender's."""
    message = decode(crlf(ARC_LETTER))
    body = message.raw.partition(b"\r\n\r\n")[2]
    sets = chain.sets(chain.of(fields(message.raw)))
    whole = {"".join(one.message["bh"].split()) for one in sets}
    assert whole == {base64.b64encode(hashlib.sha256(body).digest()).decode()}
    (tags,) = Header.of(message).signatures
    assert "".join(tags["bh"].split()) == base64.b64encode(hashlib.sha1(body).digest()).decode()


def test_the_chain_of_rfc_8617_vouches_for_nothing_here() -> None:
    """S03: its sender signed with rsa-sha1 under a key of 512 bits, which RFC 8301 forbids: no key is asked for, and the reason is told."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return KeyAnswer(record=BRISBANE.encode())

    owners = ("lists.example.org", "gmail.example", "clochette.example.org")
    policy = TrustPolicy(accepts=BOTH[1:], domains=("d1.example",), arc_sealers=owners)
    found = judge(decode(crlf(ARC_LETTER)), policy, fetch)
    assert (found.trusted_by, asked) == (None, [])
    assert found.checks[-1].detail.startswith("ARC: ")


def test_what_dkimpy_seals_is_believed() -> None:
    """A set as dkimpy's own signer writes it, its results taken from the header on top, is read and verified as any other."""
    broken = letters.sign(letters.notice(), selector="gone")
    seen = b"Authentication-Results: mx.forward.example.ua; dkim=pass header.d=wayforpay.com.ua\r\n" + broken
    covered = [*letters.SIGNED, b"dkim-signature"]
    signer = dkim.ARC(seen)
    signer.should_not_sign -= {b"dkim-signature"}
    made = signer.sign(
        b"sandbox", b"forward.example.ua", keys.PRIVATE_KEY.encode(), b"mx.forward.example.ua", include_headers=covered
    )
    policy = TrustPolicy(accepts=BOTH, domains=("wayforpay.com.ua",), arc_sealers=("forward.example.ua",))
    records = keys.zone("forward.example.ua")

    def fetch(name: str) -> KeyAnswer:
        record = records.get(name)
        return KeyAnswer(record=None if record is None else record.encode())

    found = judge(decode(b"".join(made) + seen), policy, fetch)
    assert found.trusted_by is Voucher.AUTHENTICATION_RESULTS
    assert "i=1 mx.forward.example.ua: dkim=pass" in found.checks[-1].detail


@pytest.mark.parametrize(
    "value", [b"i=1;", b"i=1", b"i=1; ", b"", b"mx.example.ua; i=1; none", b"i=1;;;", b"i=1; none"]
)
def test_results_that_are_none_are_an_error(value: bytes) -> None:
    """RFC 8617 §4.1.1: without an instance, or with nothing behind it, there is nothing to believe."""
    with pytest.raises(ValueError):
        grammar.told(grammar.sealed(value)[1])
