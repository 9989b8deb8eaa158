"""
One attack, and the tools they are made with: a genuine letter's bytes go in, an attack's come out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dkim

from reconciler.sandbox import keys, letters
from tests.arcs import SEALER, SECOND

OURS = b"mx.example.ua"
"""The receiving server whose Authentication-Results the settings pin."""

FORWARDER = "owner@example.ua"
"""Whose forwards the mailbox's settings have read."""

SEALERS = (SEALER, SECOND)
"""Whose ARC seals the settings believe."""

FROM = b"From: WayForPay <notify@wayforpay.com.ua>"
SEEN = b"Authentication-Results: mx.example.ua; dkim=none; spf=fail smtp.mailfrom=attacker.example\r\n"
RECEIVED = (
    b"Received: from relay.attacker.example (x [192.0.2.66]) by mx.example.ua; Fri, 20 Nov 2026 12:05:40 +0000\r\n"
)
PASS = b"dkim=pass header.d=wayforpay.com.ua"

# A 768-bit pair made for these attacks alone: a signature anybody can forge.
WEAK_KEY = """\
-----BEGIN RSA PRIVATE KEY-----
MIIByQIBAAJhAKtf23jVW6uVD+zjW89SYymb/m2BfGeaYuhyDGWiPnExVLlT+cfH
jsDZXG8cL9X/uM7W09FPuHFOwTeKHM15Xwbmd1cnZBs/pfCBLnd4ewqPWN7UzkfX
jSSDe3t8ZTdGmwIDAQABAmAiV4I2k6LcHnHjiagjQqJGe1EgBpu0czaw1/HuB/Y1
XqpYvSBHzZCoyqYASgi3/JdrIwULoK1hqi0K7OEpXwnIdHqscWhD8Rd6so+NmyCk
pxhuYoV/FS2RV1mkV4BNJMECMQDc1FRx7xzC9FS314U6ESWad8SuUOtIYAdSMq+k
a8WqokGf1m9qfnlhL3UbX1IIyWECMQDGqyV6cFuy4lp3Rzk+r+qGuSOBXPWDS+7u
47BkPSS46o4asuV9fQJnerf2Kr8TpXsCMHeBCHnn1n7CTp52qYh1Aw6Gxg83hzxR
i2S2PUsTb5MZ372qA/1zmCg50HwRp4lNwQIwVnMG/f6CiJbi0uCVUmfuX+2UO6id
1SJnuGAv046fui+m4otSPYb2Ut0dy+rR9tSdAjBJ0lwA62zVzW92h4O80sqSRC11
7KW9sy5O+S0VAJz1GwaiVN8nVROyHq7dy36odS8=
-----END RSA PRIVATE KEY-----
"""
WEAK_RECORD = "v=DKIM1; p=MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAKtf23jVW6uVD+zjW89SYymb/m2BfGeaYuhyDGWiPnExVLlT+cfHjsDZXG8cL9X/uM7W09FPuHFOwTeKHM15Xwbmd1cnZBs/pfCBLnd4ewqPWN7UzkfXjSSDe3t8ZTdGmwIDAQAB"  # fmt: skip

ZONE: Mapping[str, str] = keys.zone(
    *("wayforpay.com.ua", "wayforpay.com", "attacker.example", "pay.wayforpay.com.ua", "com.ua", "example.ua"),
    *SEALERS,
) | {
    "weak._domainkey.wayforpay.com.ua": WEAK_RECORD,
    "revoked._domainkey.wayforpay.com.ua": "v=DKIM1; p=",
    "testing._domainkey.wayforpay.com.ua": keys.RECORD + "; t=y",
    "sha1._domainkey.wayforpay.com.ua": keys.RECORD + "; h=sha1",
    "web._domainkey.wayforpay.com.ua": keys.RECORD + "; s=web",
    "torn._domainkey.wayforpay.com.ua": "v=DKIM1; ;; p",
    "rubbish._domainkey.wayforpay.com.ua": "v=DKIM1; p=AAAA",
}
"""The world's DNS: the gateway's keys, good and bad, and attackers' keys under their own names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """
    name: its folder. odd: what is. make: from the gateway's unsigned letter to what the attacker sends.

    alone: "untrusted", "held" for another reason, or "foreign" (left in the mailbox unread). signed: one of these, or "posts".
    why: what a signature does not mend; needed where it does not post.
    """

    name: str
    odd: str
    make: Callable[[bytes], bytes]
    alone: str = "untrusted"
    signed: str = "posts"
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)  # of the letter, as `letters.notice` takes them


def on_top(*lines: bytes) -> Callable[[bytes], bytes]:
    """These header lines put on top."""
    return lambda raw: b"".join(line + b"\r\n" for line in lines) + raw


def from_(value: bytes) -> Callable[[bytes], bytes]:
    """Another From."""
    return lambda raw: changed(raw, FROM, b"From: " + value)


def changed(raw: bytes, old: bytes, new: bytes) -> bytes:
    """Raises: ValueError: there is nothing to change."""
    if old not in raw:
        raise ValueError(f"{old!r} is not in the letter")
    return raw.replace(old, new, 1)


def with_subject(raw: bytes, subject: bytes) -> bytes:
    """Another Subject in its place."""
    return re.sub(rb"\r\nSubject: [^\r]*(\r\n[ \t][^\r]*)*", b"\r\nSubject: " + subject, raw, count=1)


def signature_of(raw: bytes, **how: Any) -> bytes:
    """The DKIM-Signature alone that `letters.sign` puts on a letter."""
    return letters.sign(raw, **how).removesuffix(raw)


def tagged(raw: bytes, **tags: str) -> bytes:
    """A letter signed with further tags that the signature covers, t= and x= among them."""
    signer = dkim.DKIM(raw)
    original = signer.gen_header

    def gen_header(fields: list[tuple[bytes, bytes]], *args: object) -> bytes:
        more = [(key.encode(), value.encode()) for key, value in tags.items()]
        kept = [(name, text) for name, text in fields if name.decode() not in tags and name != b"t"]
        made: bytes = original([*kept[:-1], *more, kept[-1]], *args)
        return made

    signer.gen_header = gen_header
    made: bytes = signer.sign(
        b"sandbox",
        b"wayforpay.com.ua",
        keys.PRIVATE_KEY.encode(),
        include_headers=list(letters.SIGNED),
        canonicalize=(b"relaxed", b"relaxed"),
    )
    return made + raw
