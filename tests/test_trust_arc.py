"""A chain of ARC seals vouches for a letter only where every sealer is named, one saw the gateway's signature pass, and nothing changed since."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.message import decode
from reconciler.model import Check, Verdict, Voucher
from reconciler.sandbox import keys, letters
from reconciler.trust import KeyAnswer, TrustPolicy, judge
from reconciler.trust.chain import MAX_SETS
from tests.arcs import AT, COVERED, PASS, SEALER, SECOND, chain, seal
from tests.attacks.case import WEAK_KEY, ZONE, changed, from_

STRANGER = "attacker.example"
RECORDS = {
    **ZONE,
    **keys.zone(SEALER, SECOND, STRANGER, "sub." + SEALER),
    **{
        f"{name.partition('.')[0]}._domainkey.{SEALER}": record
        for name, record in ZONE.items()
        if "sandbox" not in name
    },
}
POLICY = TrustPolicy(
    accepts=(Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS),
    domains=("wayforpay.com.ua", "wayforpay.com"),
    arc_sealers=(SEALER, SECOND),
)
GENUINE = letters.notice(text=True)
BROKEN = letters.sign(GENUINE).replace(b"To: pay@example.ua", b"To: Pay <pay@example.ua>", 1)
"""The gateway's letter, its signature broken by a server that set To anew."""

NARROW = (b"from", b"subject", b"date")
FAILED = b"dkim=fail header.d=wayforpay.com.ua"
GOOGLE = b"dkim=pass header.i=@wayforpay.com.ua header.s=s header.b=AbCd; spf=pass (google.com: domain of x@y.ua) smtp.mailfrom=x@y.ua; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=wayforpay.com.ua"
MICROSOFT = b"spf=pass (sender ip is 192.0.2.1) smtp.mailfrom=w.ua; dmarc=pass (p=none pct=100) action=none header.from=wayforpay.com.ua; dkim=pass (signature was verified) header.d=wayforpay.com.ua; arc=none (0)"
FORWARDED = seal(BROKEN)
TWICE = chain(BROKEN, PASS, FAILED)


def dns(name: str) -> KeyAnswer:
    record = RECORDS.get(name)
    return KeyAnswer(record=None if record is None else record.encode(), detail="NXDOMAIN")


def verdict(raw: bytes, policy: TrustPolicy = POLICY, fetch: Callable[[str], KeyAnswer] = dns) -> Verdict:
    return judge(decode(raw), policy, fetch)


def told(raw: bytes, policy: TrustPolicy = POLICY, fetch: Callable[[str], KeyAnswer] = dns) -> Check:
    """The check of the chain."""
    (check,) = [check for check in verdict(raw, policy, fetch).checks if check.detail.startswith("ARC: ")]
    return check


def _without_seal(raw: bytes) -> bytes:
    return raw[raw.index(b"ARC-Message-Signature") :]


def sets_of(raw: bytes) -> bytes:
    """The ARC sets that stand on top of a letter."""
    return raw.partition(b"DKIM-Signature")[0]


GOOD = {
    "forwarded once": FORWARDED,
    "by a server that says so as Google's do": seal(BROKEN, GOOGLE),
    "by a server that says so as Microsoft's do": seal(BROKEN, MICROSOFT, results=b"i=1; mx.microsoft.com 1; " + MICROSOFT),
    "forwarded twice, the first saw it pass": TWICE,
    "forwarded twice, changed by the second, which saw it pass": seal(
        seal(letters.sign(GENUINE)).replace(b"To: pay@", b"To: <pay@", 1).replace(b"example.ua\r\nSubject", b"example.ua>\r\nSubject", 1),
        instance=2,
        domain=SECOND,
    ),
    "three times by the same": chain(BROKEN, PASS, FAILED, FAILED, domains=(SEALER,)),
    "with Received between": b"Received: from a by b; x\r\n" + seal(b"Received: from c by d; x\r\n" + FORWARDED, FAILED, instance=2),
    "LF only": FORWARDED.replace(b"\r\n", b"\n"),
    "its d= in capitals": seal(BROKEN, domain="Forward.Example.UA"),
    "of the domain below": seal(from_(b"<notify@mail.wayforpay.com.ua>")(BROKEN)),
    "the results folded": seal(BROKEN, results=b"i=1;\r\n\tmx.forward.example.ua;\r\n\t" + PASS),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_chain_of_named_sealers_vouches(name: str) -> None:
    """A letter whose signature a forwarding server broke is vouched for by that server's seal, and the check says how."""
    assert verdict(GOOD[name], replace(POLICY, arc_sealers=())).trusted_by is None
    found = verdict(GOOD[name])
    assert found.trusted_by is Voucher.AUTHENTICATION_RESULTS
    assert found.checks[-1].detail.startswith("ARC: the chain holds; i=")
    assert "dkim=pass header." in found.checks[-1].detail
    assert set(found.checks[-1].facts["keys"].values()) == {keys.RECORD}


def _second(raw: bytes, told: bytes = FAILED, **how: object) -> bytes:
    return seal(raw, told, instance=2, domain=SECOND, **how)  # type: ignore[arg-type]


OTHER = letters.sign(letters.notice(text=True, amount="9999.00"), selector="gone")
NARROWLY = letters.sign(GENUINE, headers=(b"from",))
REFUSED = {
    # -- the letter was changed after the seal
    "another sum": (sets_of(FORWARDED) + OTHER, "Most recent ARC-Message-Signature did not validate"),
    "another subject": (changed(FORWARDED, b"Subject: ", b"Subject: x"), "did not validate"),
    "another date": (changed(FORWARDED, b" Nov 2026 14", b" Oct 2026 14"), "did not validate"),
    "text behind the body": (FORWARDED + b"x\r\n", "did not validate"),
    "another From": (from_(b"<notify@wayforpay.com>")(FORWARDED), "no set of it tells"),
    "another From of the same domain": (from_(b"<info@wayforpay.com.ua>")(FORWARDED), "did not validate"),
    "a second From": (b"From: x@attacker.example\r\n" + FORWARDED, "2 From headers"),
    "a second Subject": (b"Subject: x\r\n" + FORWARDED, "2 Subject headers"),
    "a Content-Type on top": (b"Content-Type: text/plain\r\n" + FORWARDED, "Content-Type stands there 2 times"),
    "a DKIM-Signature on top": (letters.sign(GENUINE).removesuffix(GENUINE) + FORWARDED, "leaves a DKIM-Signature unsigned"),
    "its DKIM-Signature taken away": (sets_of(FORWARDED) + GENUINE, "no DKIM-Signature of the gateway's"),
    "changed by a named sealer that saw it fail": (_second(changed(FORWARDED, b"Subject: ", b"Subject: x")), "the letter was changed after that"),
    # -- the results were changed, or say too little
    "results rewritten": (changed(seal(BROKEN, FAILED), b"dkim=fail", b"dkim=pass"), "ARC-Seal[1] did not validate"),
    "results rewritten below": (changed(TWICE, b"mx.forward", b"mx.backward"), "did not validate"),
    "the server's name rewritten": (changed(FORWARDED, b"mx.forward", b"mx.backward"), "did not validate"),
    "dkim=fail": (seal(BROKEN, FAILED), "no set of it tells"),
    "dkim=pass of another domain": (seal(BROKEN, b"dkim=pass header.d=attacker.example"), "no set of it tells"),
    "dkim=pass of the domain above": (seal(BROKEN, b"dkim=pass header.d=com.ua"), "no set of it tells"),
    "dkim=pass of the gateway's other domain": (seal(BROKEN, b"dkim=pass header.d=wayforpay.com"), "no set of it tells"),
    "dkim=pass of two domains": (seal(BROKEN, PASS + b" header.d=attacker.example"), "no set of it tells"),
    "dkim=pass named by i= alone": (seal(BROKEN, b"dkim=pass header.i=@wayforpay.com.ua"), "no set of it tells"),
    "spf and dmarc": (seal(BROKEN, b"spf=pass smtp.mailfrom=wayforpay.com.ua; dmarc=pass header.from=wayforpay.com.ua"), "no set of it tells"),
    "dmarc of another From": (seal(BROKEN, GOOGLE.replace(b"header.from=", b"header.from=x")), "no set of it tells"),
    "dmarc beside another's dkim": (seal(BROKEN, GOOGLE.replace(b"i=@wayforpay", b"i=@notwayforpay")), "no set of it tells"),
    "dmarc=fail": (seal(BROKEN, GOOGLE.replace(b"dmarc=pass", b"dmarc=fail")), "no set of it tells"),
    "pass in a comment": (seal(BROKEN, b"dkim=fail (" + PASS + b") header.d=wayforpay.com.ua"), "no set of it tells"),
    "pass in a quoted reason": (seal(BROKEN, b'dkim=fail reason="x; ' + PASS + b'" header.d=wayforpay.com.ua'), "no set of it tells"),
    "no grammar": (seal(BROKEN, results=b"i=1; mx.forward.example.ua " + PASS), "no set of it tells"),
    "an instance twice in the results": (seal(BROKEN, results=b"i=1; i=1; mx.forward.example.ua; " + PASS), "no set of it tells"),
    "results without an instance": (seal(BROKEN, results=b"mx.forward.example.ua; " + PASS), "does not begin with its instance"),
    "results of another instance": (seal(BROKEN, results=b"i=2; mx.forward.example.ua; " + PASS), "no chain"),
    "results of i=01": (seal(BROKEN, results=b"i=01; mx.forward.example.ua; " + PASS), "does not begin"),
    "results behind a bare CR": (seal(BROKEN, results=b"i=1; mx.forward.example.ua; none\r; " + PASS), "no place there"),
    "8-bit results": (seal(BROKEN, results=b"i=1; mx.forward.example.ua; \xff" + PASS), "no place there"),
    # -- the passed signature said too little
    "a narrow signature": (seal(NARROWLY), "date, subject not signed"),
    "a narrow signature beside a wide false one": (seal(OTHER.partition(b"From:")[0] + NARROWLY, headers=(*COVERED, b"dkim-signature")), "date, subject not signed"),
    "no signature of the gateway's": (seal(letters.sign(GENUINE, domain=STRANGER)), "no DKIM-Signature of the gateway's"),
    "a signature that cannot be read": (seal(b"DKIM-Signature: rubbish\r\n" + BROKEN, headers=(*COVERED, b"dkim-signature")), "not accepted"),
    # -- the message signature says too little
    "DKIM-Signature not sealed": (seal(BROKEN, headers=letters.SIGNED), "leaves a DKIM-Signature unsigned"),
    "one of two not sealed": (seal(letters.sign(BROKEN, selector="gone")), "leaves a DKIM-Signature unsigned"),
    "Subject not sealed": (seal(BROKEN, headers=(b"from", b"date", b"dkim-signature", b"content-type", b"mime-version")), "subject not signed"),
    "From not sealed": (seal(BROKEN, headers=COVERED[1:]), "from not signed"),
    "l=": (seal(BROKEN, message_tags=[(b"l", b"0")]), "l= leaves"),
    "rsa-sha1": (seal(BROKEN, message_tags=[(b"a", b"rsa-sha1")]), "is not accepted"),
    "the highest one narrow": (_second(FORWARDED, headers=(b"from", b"dkim-signature")), "i=2: date, subject not signed"),
    "expired": (seal(BROKEN, message_tags=[(b"x", b"1700000000")]), "expired"),
    "from the future": (seal(BROKEN, message_tags=[(b"t", b"4102444800")]), "future"),
    "a seal from the future": (seal(BROKEN, seal_tags=[(b"t", b"4102444800")]), "future"),
    "no body hash": (seal(BROKEN, message_tags=[(b"bh", b"")]), "did not validate"),
    # -- whose seal it is
    "a stranger's": (seal(BROKEN, domain=STRANGER), "sealed by attacker.example"),
    "a stranger above": (seal(FORWARDED, FAILED, instance=2, domain=STRANGER), "sealed by attacker.example"),
    "a stranger below": (_second(seal(BROKEN, domain=STRANGER)), "sealed by attacker.example"),
    "a stranger's message signature": (seal(BROKEN, message_domain=STRANGER), "sealed by attacker.example"),
    "a domain below a named one": (seal(BROKEN, domain="sub." + SEALER), "sealed by sub.forward.example.ua"),
    "a named one with a dot": (seal(BROKEN, domain=SEALER + "."), "none of arc_sealers"),
    "d= renamed": (changed(seal(BROKEN, domain=STRANGER), b"ARC-Seal: i=1; a=rsa-sha256; d=attacker.example", b"ARC-Seal: i=1; a=rsa-sha256; d=forward.example.ua"), "sealed by attacker.example"),
    # -- its keys
    "no key": (seal(BROKEN, selector="nowhere"), "no key nowhere._domainkey.forward.example.ua"),
    "a weak key": (seal(BROKEN, selector="weak", key=WEAK_KEY), "did not validate"),
    "a revoked key": (seal(BROKEN, selector="revoked"), "revoked"),
    "a key under test": (seal(BROKEN, selector="testing"), "t=y"),
    "a key for sha1": (seal(BROKEN, selector="sha1"), "sha256"),
    "a rubbish key": (seal(BROKEN, selector="rubbish"), "did not validate"),
    "a selector that is no name": (changed(FORWARDED, b"s=sandbox", b"s=a/../b"), "no DNS name"),
    # -- cv=
    "cv=fail": (_second(FORWARDED, status="fail"), "i=2: cv=fail"),
    "cv=fail below": (seal(_second(FORWARDED, status="fail"), instance=3), "i=2: cv=fail"),
    "cv=none above": (_second(FORWARDED, status="none"), "i=2: cv=none"),
    "cv=pass at the first": (seal(BROKEN, status="pass"), "i=1: cv=pass"),
    "cv=fail rewritten": (changed(_second(FORWARDED, status="fail"), b"cv=fail", b"cv=pass"), "ARC-Seal[2] did not validate"),
    # -- its shape
    "only i=2": (seal(BROKEN, instance=2), "no chain"),
    "i=1 and i=3": (seal(FORWARDED, FAILED, instance=3), "no chain"),
    "i=1 twice": (seal(FORWARDED, FAILED), "no chain"),
    "the second set without its seal": (_without_seal(_second(FORWARDED)), "no chain"),
    "the seal alone": (FORWARDED.partition(b"ARC-Message-Signature")[0] + BROKEN, "no chain"),
    "results alone": (b"ARC-Authentication-Results: i=1; mx.forward.example.ua; " + PASS + b"\r\n" + BROKEN, "no chain"),
    "two results of one instance": (b"ARC-Authentication-Results: i=1; mx.forward.example.ua; " + PASS + b"\r\n" + seal(BROKEN, FAILED), "no chain"),
    "out of order": (sets_of(FORWARDED) + sets_of(TWICE).removesuffix(sets_of(FORWARDED)) + BROKEN, "no chain"),
    "the first taken away": (sets_of(TWICE).partition(b"ARC-Seal: i=1")[0] + BROKEN, "no chain"),
    "a set of another letter's on top": (sets_of(_second(chain(OTHER, PASS))).partition(b"ARC-Seal: i=1")[0] + FORWARDED, "did not validate"),
    "a first set of another letter's, over one without a signature": (_second(sets_of(chain(OTHER, PASS)) + GENUINE), "no DKIM-Signature"),
    "a first set of another letter's": (_second(sets_of(chain(OTHER, PASS)) + BROKEN), "the letter was changed after that"),
    "a tag twice": (changed(FORWARDED, b"ARC-Seal: i=1;", b"ARC-Seal: i=1; d=forward.example.ua;"), "malformed"),
    "an instance that is not first": (changed(FORWARDED, b"ARC-Seal: i=1; a=rsa-sha256;", b"ARC-Seal: a=rsa-sha256; i=1;"), "does not begin"),
    "an instance in another tag": (seal(BROKEN, message_tags=[(b"z", b"x i=2")]), "malformed"),
    "an instance in capitals beside": (seal(BROKEN, message_tags=[(b"I", b"2")]), "malformed"),
    "no tags": (b"ARC-Seal: i=1; rubbish\r\n" + _without_seal(FORWARDED), "malformed"),
    "i=0": (changed(FORWARDED, b"ARC-Seal: i=1;", b"ARC-Seal: i=0;"), "does not begin"),
    "i=99": (changed(FORWARDED, b"ARC-Seal: i=1;", b"ARC-Seal: i=99;"), "no chain"),
    "h= in the seal": (seal(BROKEN, seal_tags=[(b"h", b"from")]), "h= tag not permitted"),
    "an endless message signature": (seal(BROKEN, message_tags=[(b"z", b"x" * 5000)]), "too long"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_chain_that_proves_less_vouches_for_nothing(name: str) -> None:
    """S01, S03, S06: changed, spliced, broken and borrowed chains, weak keys and words that say less are refused, each with its reason."""
    raw, reason = REFUSED[name]
    found = verdict(raw)
    assert (found.trusted_by, found.temporary) == (None, False)
    assert reason in told(raw).detail


def test_what_no_sealer_is_named_for_is_not_looked_at() -> None:
    """Without `arc_sealers`, or where the results of servers are not accepted, no chain counts, is told of, or is asked for."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return dns(name)

    for policy in (replace(POLICY, arc_sealers=()), replace(POLICY, accepts=(Voucher.DKIM,))):
        found = verdict(FORWARDED, policy, fetch)
        assert found.trusted_by is None
        assert not [check for check in found.checks if "ARC" in check.detail]
    assert {name.rpartition("_domainkey.")[2] for name in asked} == {"wayforpay.com.ua"}


def test_a_letter_that_others_vouch_for_needs_no_chain() -> None:
    """The gateway's own signature counts first, and the sealers' keys are not asked for then."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return dns(name)

    found = verdict(seal(letters.sign(GENUINE)), POLICY, fetch)
    assert found.trusted_by is Voucher.DKIM
    assert asked == ["sandbox._domainkey.wayforpay.com.ua"]


def test_a_letter_without_a_chain_says_so() -> None:
    """What was looked for and not found stands among the checks; it is neither for nor against the letter."""
    assert (told(BROKEN).result, told(BROKEN).detail) == ("none", "ARC: no ARC-Seal")
    assert told(seal(BROKEN, domain=STRANGER)).result == "none"


def test_dns_that_does_not_answer_for_a_sealer_is_temporary() -> None:
    """S04: a seal's key that could not be asked for is no missing key: the letter waits, and is asked about once."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return KeyAnswer(temporary=True, detail="LifetimeTimeout") if SECOND in name or SEALER in name else dns(name)

    found = verdict(TWICE, POLICY, fetch)
    assert (found.trusted_by, found.temporary) == (None, True)
    assert found.checks[-1].result == "temperror"
    assert len([name for name in asked if SEALER in name or SECOND in name]) == 1


def test_the_settings_name_a_sealer_in_any_case() -> None:
    """A domain is a domain in capitals too."""
    assert verdict(FORWARDED, replace(POLICY, arc_sealers=("Forward.Example.UA",))).trusted_by is not None


def test_an_attached_letter_keeps_its_chain() -> None:
    """P12: a sealed letter that a person attached is judged by its own seals, and lends the outer mail none."""
    message = decode(letters.forward(FORWARDED))
    assert judge(message.attached[0], POLICY, dns).trusted_by is Voucher.AUTHENTICATION_RESULTS
    assert judge(message, POLICY, dns).trusted_by is None


def test_the_longest_chain_that_is_looked_at() -> None:
    """S13: ten sets are verified; one more, or fifty, and neither DNS is asked nor anything computed."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return dns(name)

    longest = chain(BROKEN, PASS, *[FAILED] * (MAX_SETS - 1))
    assert verdict(longest).trusted_by is Voucher.AUTHENTICATION_RESULTS
    longer = seal(longest, FAILED, instance=MAX_SETS + 1)
    lines = b"".join(
        b"ARC-Seal: i=%d; a=rsa-sha256; d=forward.example.ua; s=s%d; cv=pass; b=AAAA\r\n"
        b"ARC-Message-Signature: i=%d; a=rsa-sha256; d=forward.example.ua; s=m%d; h=from; bh=AAAA; b=AAAA\r\n"
        b"ARC-Authentication-Results: i=%d; mx.forward.example.ua; dkim=pass header.d=wayforpay.com.ua\r\n" % ((n,) * 5)
        for n in range(50, 0, -1)
    )
    only_arc = replace(POLICY, accepts=(Voucher.AUTHENTICATION_RESULTS,))
    for raw in (longer, lines + BROKEN, lines * 6 + BROKEN):
        assert "more than 10 sets" in told(raw, only_arc, fetch).detail
    assert asked == []


def test_a_hostile_chain_asks_for_few_keys() -> None:
    """S13: under a name the settings trust anybody may write; his sets cost two questions each, twenty at most, and none when they cannot count."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return KeyAnswer(record=keys.RECORD.encode())

    raw = BROKEN
    for instance in range(1, MAX_SETS + 1):
        raw = seal(
            raw,
            instance=instance,
            seal_tags=[(b"s", b"a%d" % instance)],
            message_tags=[(b"s", b"b%d" % instance)],
            key=WEAK_KEY,
        )
    only_arc = replace(POLICY, accepts=(Voucher.AUTHENTICATION_RESULTS,))
    assert verdict(raw, only_arc, fetch).trusted_by is None
    assert len(asked) == len(set(asked)) == 2 * MAX_SETS
    asked.clear()
    verdict(raw.replace(b"dkim=pass", b"dkim=fail"), only_arc, fetch)
    assert asked == []


@pytest.mark.parametrize("lines", [b"x" * 1_400_000, b"x\r\n" * 450_000, b"a b " * 350_000, b" " * 1_400_000])
def test_a_large_sealed_letter_is_judged_quickly(lines: bytes) -> None:
    """P14, S13: four false sets on a megabyte are refused within 2 CPU seconds."""
    head = BROKEN.partition(b"\r\n\r\n")[0]
    sealed = sets_of(chain(BROKEN, PASS, FAILED, FAILED, FAILED))
    raw = sealed + head + b"\r\n\r\n" + lines
    only_arc = replace(POLICY, accepts=(Voucher.AUTHENTICATION_RESULTS,))
    started = time.process_time()
    assert verdict(raw, only_arc).trusted_by is None
    assert time.process_time() - started < 2


def test_many_sets_on_megabytes_are_not_tried() -> None:
    """S13: each set is computed over the whole body, so a large letter may have fewer of them."""
    asked: list[str] = []

    def fetch(name: str) -> KeyAnswer:
        asked.append(name)
        return dns(name)

    only_arc = replace(POLICY, accepts=(Voucher.AUTHENTICATION_RESULTS,))
    assert "2 sets in a mail of this size" in told(TWICE + b"x" * 4_000_000, only_arc, fetch).detail
    assert asked == []


def test_a_seal_is_as_old_as_its_letter() -> None:
    """The time is the caller's: a letter sealed a minute ago is not from the future, one sealed in an hour is."""
    assert judge(decode(FORWARDED), POLICY, dns, now=lambda: AT - 60.0).trusted_by is not None
    assert judge(decode(FORWARDED), POLICY, dns, now=lambda: AT - 3600.0).trusted_by is None
