"""
DKIM (RFC 6376), checked by us on the untouched bytes.

In: a message, the policy, a key fetcher. Out: one `Check` for each signature, with the key as fetched in its facts:
keys rotate, and the verdict of the day the mail came is the one that stands.

Stricter than the standard where a payment hangs on it: d= is one of the gateway's domains and aligned with From; it
covers what `coverage` asks for; its key has 1024 bits or more (RSA; Ed25519, RFC 8463, has one size) and is not marked as a
test (t=y, RFC 6376 §3.6.1: to be treated as unsigned).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from reconciler.model import Check, Message, Voucher
from reconciler.trust import dkimpy
from reconciler.trust.coverage import Header, signed
from reconciler.trust.policy import FetchKey, TrustPolicy, aligned, header_objection

MAX_TRIED = 5  # signatures of the gateway's domains that are verified; a mail carries one or two
MAX_REPORTED = 20


def check(message: Message, policy: TrustPolicy, fetch_key: FetchKey, *, now: Callable[[], float]) -> list[Check]:
    """Every DKIM-Signature, top first; those of other domains are told without asking DNS."""
    header = Header.of(message)
    if not header.signatures:
        return [_check("none", "no DKIM-Signature")]
    objection = header_objection(message) or dkimpy.costly(message.raw)
    if objection:
        return [_check("fail", objection)]
    checks: list[Check] = []
    most = min(MAX_TRIED, max(1, dkimpy.MAX_BYTES_TRIED // len(message.raw)))
    tried = 0
    for index, tags in enumerate(header.signatures[:MAX_REPORTED]):
        if policy.names(tags.get("d", "")):
            tried += 1
            if tried > most:
                checks.append(_check("fail", f"more than {most} signatures of {policy.whose} domains; not tried"))
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
    problem = dkimpy.key_problem(answer.record, tags["a"])
    if problem is None:
        held = dkimpy.verify(message.raw, index, answer.record)
        problem = held.problem
        facts |= {"key_bits": held.key_bits} if held.key_bits else {}
    if problem:
        return _check("fail", f"{name}: {problem}", **facts)
    return _check("pass", f"{name}: signature holds, From {message.senders[0].email} is aligned", **facts)


def _objection(
    message: Message, header: Header, tags: dict[str, str], policy: TrustPolicy, now: Callable[[], float]
) -> str | None:
    """Why this signature could not count even if it held; cheap, and before any DNS."""
    domain = tags.get("d", "")
    if not policy.names(domain):
        return f"not one of {policy.whose} domains"
    if not aligned(message.senders[0].domain, domain, policy):
        return f"From {message.senders[0].email} is not aligned"
    if dkimpy.key_name(tags) is None:
        return "the selector is no DNS name"
    return header.objection(tags) or dkimpy.time_problem(tags, now)


def _check(result: str, detail: str, **facts: Any) -> Check:
    return Check(voucher=Voucher.DKIM, result=result, detail=detail, facts=facts)


def wall_clock() -> float:
    return time.time()
