"""
DKIM (RFC 6376), checked by us on the untouched bytes; dkimpy behind a typed face.

In: a message, the policy, a key fetcher. Out: one `Check` for each signature, with the key as fetched in its facts:
keys rotate, and the verdict of the day the mail came is the one that stands.

Ed25519 (RFC 8463) needs a library that is not installed: such a signature vouches for nothing here, nor against anything; our
server's word on it counts.

Stricter than the standard where a payment hangs on it: d= is one of the gateway's domains and aligned with From; it
covers what `coverage` asks for; its key has 1024 bits or more and is not marked as a test (t=y, RFC 6376 §3.6.1: to be
treated as unsigned).
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from reconciler.model import Check, Message, Voucher
from reconciler.trust.coverage import Header, signed
from reconciler.trust.policy import FetchKey, KeyAnswer, TrustPolicy, aligned, header_objection

MIN_KEY_BITS = 1024
MAX_TRIED = 5  # signatures of the gateway's domains that are verified; a mail carries one or two
MAX_BYTES_TRIED = 6_000_000  # of all of them together: dkimpy needs up to a second for one of 5 MB
MAX_REPORTED = 20
CLOCK_SLACK = 15 * 60  # seconds by which t= and x= may be off
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9_])?")
_SPACES = re.compile(rb"(?<![ \t])[ \t]{64,}")
_MAX_LINES = 500_000  # it splits all lines and takes empty ones off the end one by one
_MAX_SPACES_COST = 50_000_000  # dkimpy's space folding is quadratic in the length of one run of spaces
# What dkimpy lets through when a tag, a key or a header is not what it expects: each is a signature that does not hold.
_BROKEN = (
    dkim.DKIMException,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
)

_SILENT = logging.getLogger("reconciler.trust.dkimpy")  # dkimpy logs keys and header text at ERROR
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


def check(message: Message, policy: TrustPolicy, fetch_key: FetchKey, *, now: Callable[[], float]) -> list[Check]:
    """Every DKIM-Signature, top first; those of other domains are told without asking DNS."""
    header = Header.of(message)
    if not header.signatures:
        return [_check("none", "no DKIM-Signature")]
    objection = header_objection(message) or _costly(message.raw)
    if objection:
        return [_check("fail", objection)]
    checks: list[Check] = []
    most = min(MAX_TRIED, max(1, MAX_BYTES_TRIED // len(message.raw)))
    tried = 0
    for index, tags in enumerate(header.signatures[:MAX_REPORTED]):
        if policy.names(tags.get("d", "")):
            tried += 1
            if tried > most:
                checks.append(_check("fail", f"more than {most} signatures of the gateway's domains; not tried"))
                break
        checks.append(_one(message, header, index, policy, fetch_key, now))
    return checks


def _one(
    message: Message,
    header: Header,
    index: int,
    policy: TrustPolicy,
    fetch_key: FetchKey,
    now: Callable[[], float],
) -> Check:
    tags = header.signatures[index]
    domain, selector = tags.get("d", ""), tags.get("s", "")
    facts: dict[str, Any] = {"domain": domain, "selector": selector, "signed": sorted(signed(tags))}
    facts["unsigned"] = header.unsigned(tags)
    name = f"d={domain} s={selector}"
    objection = _objection(message, header, tags, policy, now)
    if objection:
        return _check("fail", f"{name}: {objection}", **facts)
    answer = fetch_key(f"{selector}._domainkey.{domain}")
    if answer.temporary:
        return _check("temperror", f"{name}: the key could not be asked for: {answer.detail}", **facts)
    facts["key"] = None if answer.record is None else answer.record.decode("ascii", "replace")
    if answer.record is None:
        return _check("fail", f"{name}: no key: {answer.detail}", **facts)
    problem = _key_problem(answer.record) or _verify(message.raw, index, answer, facts)
    if problem:
        return _check("fail", f"{name}: {problem}", **facts)
    return _check("pass", f"{name}: signature holds, From {message.senders[0].email} is aligned", **facts)


def _objection(
    message: Message, header: Header, tags: dict[str, str], policy: TrustPolicy, now: Callable[[], float]
) -> str | None:
    """Why this signature could not count even if it held; cheap, and before any DNS."""
    domain = tags.get("d", "")
    if not policy.names(domain):
        return "not one of the gateway's domains"
    if not aligned(message.senders[0].domain, domain, policy):
        return f"From {message.senders[0].email} is not aligned"
    if not _NAME.fullmatch(tags.get("s", "")):
        return "the selector is no DNS name"
    uncovered = header.objection(tags)
    if uncovered:
        return uncovered
    if tags["a"] == "ed25519-sha256":
        return "Ed25519 is not checked here, only the RSA signature that senders put beside it"
    for tag, late in (("t", False), ("x", True)):
        stamp = tags.get(tag)
        if stamp is None:
            continue
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            return f"{tag}= is no time"
        if late and int(stamp) < now() - CLOCK_SLACK:
            return f"expired (x={stamp})"
        if not late and int(stamp) > now() + CLOCK_SLACK:
            return f"signed in the future (t={stamp})"
    return None


def _verify(raw: bytes, index: int, answer: KeyAnswer, facts: dict[str, Any]) -> str | None:
    """The arithmetic; None when the signature holds."""

    def dnsfunc(name: bytes, timeout: float = 5) -> bytes | None:
        return answer.record

    try:
        letter = dkim.DKIM(raw, minkey=MIN_KEY_BITS, logger=_SILENT)
        holds = letter.verify(idx=index, dnsfunc=dnsfunc)
    except _BROKEN as exc:
        return _plain(exc)
    facts["key_bits"] = letter.keysize
    return None if holds is True else "the signature does not hold"


def _key_problem(record: bytes) -> str | None:
    try:
        tags = parse_tag_value(record)
    except (InvalidTagValueList, IndexError):
        return "the key record is malformed"
    if not tags.get(b"p"):
        return "the key was revoked (empty p=)"
    listed = {name: {one.strip() for one in tags[name].split(b":")} for name in (b"t", b"h", b"s") if name in tags}
    if b"y" in listed.get(b"t", ()):
        return "the key is marked as a test (t=y)"
    if b"sha256" not in listed.get(b"h", {b"sha256"}):
        return "the key does not allow sha256"
    if not {b"*", b"email"} & listed.get(b"s", {b"*"}):
        return "the key is not for mail"
    return None


def _costly(raw: bytes) -> str | None:
    if raw.count(b"\n") > _MAX_LINES:
        return "too many lines to check"
    cost = sum((match.end() - match.start()) ** 2 for match in _SPACES.finditer(raw))
    return "runs of spaces too long to check" if cost > _MAX_SPACES_COST else None


def _plain(exc: Exception) -> str:
    """A library's words without the bytes it quotes."""
    words = str(exc).partition("(")[0].strip()
    return words[:200] or type(exc).__name__


def _check(result: str, detail: str, **facts: Any) -> Check:
    return Check(voucher=Voucher.DKIM, result=result, detail=detail, facts=facts)


def wall_clock() -> float:
    return time.time()
