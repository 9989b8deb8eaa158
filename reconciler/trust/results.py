"""
Authentication-Results (RFC 8601) of our own receiving server.

In: a message and the pinned authserv-id. Out: one `Check`.

Only the topmost Authentication-Results header is read, and only if its authserv-id is the pinned one: whoever else
writes such a header writes it below, because a server adds its own on top of what it received. Position is checked once
more against the trace: each server also puts its Received on top, so a header that lies below the Received of a
foreign host came in from outside. Every Received above must therefore be "by" the pinned server: its very name, a
host of the same domain, or an address or "localhost" (hand-over inside one machine). What no position can show
is a pinned server that neither adds its own header nor removes a forged one (RFC 8601 §5 obliges it to): `doctor` asks
the owner to look, and `dkim` does not have that weakness.

The server's "pass" is of a signature that still stands in the mail, so what that one covers is asked here as it is in our
own check; that it may hold no more (the server saw the mail first) is not. A mail that came attached to another was
received by no server of ours: such a header in it was typed by whoever attached it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from reconciler.message import fields
from reconciler.model import Check, Message, Voucher
from reconciler.trust import grammar
from reconciler.trust.coverage import Header
from reconciler.trust.policy import TrustPolicy, aligned, header_objection

_FOLD = re.compile(rb"\r?\n[ \t]")
_COMMENT = re.compile(r"\([^()]*\)")
_LEAST_OF_B = 8  # characters (RFC 6008)
_BY = re.compile(r"(?:^|\s)by\s+(\S+)", re.IGNORECASE)


def check(message: Message, policy: TrustPolicy) -> Check:
    """What the pinned server says of this mail's DKIM."""
    if not policy.authserv_id:
        return _check("none", "no authserv_id is set")
    if message.inner:
        return _check(
            "none", "the mail came attached to another one, so the server that received that one did not check it"
        )
    pinned = policy.authserv_id.lower()
    top = _topmost(message)
    if top is None:
        return _check("none", "no Authentication-Results")
    value, received_above = top
    objection = header_objection(message)
    if objection:
        return _check("fail", objection)
    try:
        told = grammar.told(value)
    except ValueError as exc:
        return _check("fail", f"the topmost Authentication-Results is malformed: {exc}")
    header = Header.of(message)
    authserv_id, found = told.server, [(one.result, _signer(one, header)) for one in told.by("dkim")]
    facts: dict[str, Any] = {"authserv_id": authserv_id, "dkim": [list(one) for one in found]}
    if authserv_id.lower() != pinned:
        return _check(
            "none", f"the topmost Authentication-Results is {authserv_id}'s, not {policy.authserv_id}'s", **facts
        )
    foreign = next((by for by in map(_by, received_above) if not _is_ours(by, pinned)), None)
    if foreign is not None:
        return _check(
            "fail", f"Authentication-Results lies below the Received of {foreign or 'an unnamed host'}", **facts
        )
    sender = message.senders[0]
    uncovered = ""
    for result, domain in found:
        if result == "pass" and domain and aligned(sender.domain, domain, policy):
            passed = f"{authserv_id}: dkim=pass header.d={domain}"
            reason = header.uncovered(domain.__eq__, f"d={domain}")
            if reason is None:
                return _check("pass", f"{passed}, From {sender.email} is aligned", **facts)
            uncovered = f"{passed}, but {reason}"
    if uncovered:
        return _check("fail", uncovered, **facts)
    words = ", ".join(f"dkim={result} header.d={domain or '?'}" for result, domain in found) or "no dkim result"
    if any(result == "temperror" for result, _ in found):
        # the server's word will not change: it is not worth reading again, unlike a key we could not fetch ourselves
        words += " (its DNS did not answer)"
    return _check("fail", f"{authserv_id}: {words}", **facts)


def _signer(told: grammar.Result, header: Header) -> str | None:
    """
    Whose signature a result is about: header.d, or of the one signature in the mail that begins as header.b does (RFC 6008).

    Google tells header.i and header.b alone, and an identity (i=) may lie under the signer's domain, which it does not name.
    """
    domain, begin, identity = told.one("header.d"), told.one("header.b"), told.one("header.i")
    if domain or begin is None or len(begin) < _LEAST_OF_B:
        return domain
    named = [tags for tags in header.signatures if "".join(tags.get("b", "").split()).lower().startswith(begin)]
    signer = named[0].get("d", "").lower() if len(named) == 1 else ""
    if identity and not f".{identity.rpartition('@')[2]}".endswith(f".{signer}"):
        return None
    return signer or None


def authserv_id(message: Message) -> str | None:
    """Who wrote the topmost Authentication-Results; None: there is none, or it is malformed. Believes nothing."""
    top = _topmost(message)
    if top is None:
        return None
    try:
        return grammar.told(top[0]).server or None
    except ValueError:
        return None


def _topmost(message: Message) -> tuple[bytes, list[bytes]] | None:
    """The first Authentication-Results as it stands, and every Received above it."""
    above: list[bytes] = []
    for name, value in fields(message.raw):
        if name.lower() == "authentication-results":
            return value, above
        if name.lower() == "received":
            above.append(value)
    return None


def _by(received: bytes) -> str:
    """The host a Received header names behind "by"; comments are taken out first, innermost first."""
    text = _FOLD.sub(b" ", received).decode("latin-1").partition(";")[0]
    for _ in range(10):
        text, changed = _COMMENT.subn(" ", text)
        if not changed:
            break
    match = _BY.search(text)
    return match[1].lower().rstrip(".") if match else ""


def _is_ours(by: str, pinned: str) -> bool:
    if by in (pinned, "localhost", "localhost.localdomain"):
        return True
    parent = pinned.partition(".")[2]
    if "." in parent and by.endswith("." + parent):  # mx.example.ua hands over to store.example.ua; never "anything.ua"
        return True
    try:
        ipaddress.ip_address(by.strip("[]").removeprefix("ipv6:"))
    except ValueError:
        return False
    return True


def _check(result: str, detail: str, **facts: Any) -> Check:
    return Check(voucher=Voucher.AUTHENTICATION_RESULTS, result=result, detail=detail, facts=facts)
