"""
Puts ARC sets (RFC 8617) on letters, good and bad ones. In: a letter and what its sealer says. Out: the letter under that set.

dkimpy's own `arc_sign` says only what is true; here instance, status, covered fields and results are whatever a test wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dkim
from dkim.canonicalization import CanonicalizationPolicy
from dkim.crypto import HASH_ALGORITHMS, parse_pem_private_key

from reconciler.sandbox import keys, letters

SEALER = "forward.example.ua"
SECOND = "list.example.ua"
PASS = b"dkim=pass header.d=wayforpay.com.ua"
COVERED = (*letters.SIGNED, b"dkim-signature")
AT = 1_795_176_340  # when the sandbox's letters are written, and some seconds
_CANON = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")


def seal(
    raw: bytes,
    told: bytes = PASS,
    *,
    instance: int = 1,
    status: str | None = None,
    domain: str = SEALER,
    message_domain: str | None = None,
    selector: str = keys.SELECTOR,
    key: str = keys.PRIVATE_KEY,
    headers: Sequence[bytes] = COVERED,
    message_tags: Sequence[tuple[bytes, bytes]] = (),
    seal_tags: Sequence[tuple[bytes, bytes]] = (),
    results: bytes | None = None,
) -> bytes:
    """
    The letter with one more set on top.

    told: what the sealer's mx says. results: the whole value of its ARC-Authentication-Results instead.
    status: cv=; none for the first instance, pass for the others. message_domain: d= of the message signature.
    message_tags, seal_tags: put in the place of the usual ones, or beside them.
    """
    number = b"%d" % instance
    value = results if results is not None else b"i=%s; mx.%s; %s" % (number, domain.encode(), told)
    raw = b"ARC-Authentication-Results: " + value + b"\r\n" + raw
    common = [(b"i", number), (b"a", b"rsa-sha256"), (b"d", domain.encode()), (b"s", selector.encode())]
    signer = _signer(raw)
    body = dkim.HashThrough(signer.hasher())
    body.update(_CANON.canonicalize_body(signer.body))
    message = _with(
        [*common, (b"c", b"relaxed/relaxed"), (b"t", b"%d" % AT), (b"h", b" : ".join(headers))],
        [(b"d", (message_domain or domain).encode()), (b"bh", dkim.base64.b64encode(body.digest())), *message_tags],
    )
    raw = b"ARC-Message-Signature: " + _signed(signer, message, headers, b"ARC-Message-Signature", key) + raw
    status = status or ("none" if instance == 1 else "pass")
    sealed = _with([*common, (b"cv", status.encode()), (b"t", b"%d" % AT)], seal_tags)
    order = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")
    covered = [name for one in range(1, instance + 1) for name in (order if one < instance else order[:2])]
    return b"ARC-Seal: " + _signed(_signer(raw), sealed, covered, b"ARC-Seal", key) + raw


def chain(raw: bytes, *told: bytes, domains: Sequence[str] = (SEALER, SECOND)) -> bytes:
    """The letter sealed by one after another, each saying its own."""
    for at, words in enumerate(told):
        raw = seal(raw, words, instance=at + 1, domain=domains[at % len(domains)])
    return raw


def _signer(raw: bytes) -> Any:
    signer = dkim.ARC(raw)
    signer.hasher = HASH_ALGORITHMS[b"rsa-sha256"]
    return signer


def _with(tags: Sequence[tuple[bytes, bytes]], more: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    merged = dict(tags) | dict(more)
    return [*merged.items(), (b"b", b"0" * 60)]


def _signed(signer: Any, tags: list[tuple[bytes, bytes]], headers: Sequence[bytes], name: bytes, key: str) -> bytes:
    made: bytes = signer.gen_header(tags, list(headers), _CANON, name, parse_pem_private_key(key.encode()))
    return made
