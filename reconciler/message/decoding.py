"""
`decode` and `headers_only`: the whole mail put together from its head and its parts.
"""

from __future__ import annotations

import hashlib

from reconciler.message import headers
from reconciler.message.entity import split
from reconciler.message.parts import Budget, Found, Walk
from reconciler.model import Message


def decode(raw: bytes, *, max_bytes: int = 5_000_000) -> Message:
    """
    Decode a mail.

    raw: its bytes as they came; kept on the message untouched, because signatures are checked on them.
    max_bytes: of a larger mail only the header is read (`too_large`).
    Returns: a message for any bytes; never raises.
    """
    raw = bytes(raw)
    if len(raw) > max_bytes:
        return _message(raw, depth=0, budget=Budget(), prefix="", body=False, too_large=True)
    return _message(raw, depth=0, budget=Budget(), prefix="")


def headers_only(raw_header: bytes) -> Message:
    """What a header fetch can tell: sender, subject, date, Message-ID. `raw` and `sha256` are of the header alone."""
    return _message(bytes(raw_header), depth=0, budget=Budget(), prefix="", body=False)


def _message(
    raw: bytes, *, depth: int, budget: Budget, prefix: str, body: bool = True, too_large: bool = False
) -> Message:
    entity = split(raw)
    head = headers.read(entity)
    found = Found()
    if body:
        Walk(found=found, budget=budget, prefix=prefix, open_attached=_open_attached).visit(entity, depth=depth)
    return Message(
        raw=raw,
        sha256=hashlib.sha256(raw).hexdigest(),
        senders=head.senders,
        recipients=head.recipients,
        subject=head.subject,
        date=head.date,
        message_id=head.message_id,
        headers=head.headers,
        texts=tuple(found.texts),
        htmls=tuple(found.htmls),
        attached=tuple(found.attached),
        attachments=tuple(found.attachments),
        lossy=head.lossy or found.lossy or any(one.lossy for one in found.attached),
        too_large=too_large,
        inner=depth > 0,
        defects=tuple(dict.fromkeys((*head.defects, *found.defects))),
    )


def _open_attached(raw: bytes, depth: int, budget: Budget, prefix: str) -> Message:
    return _message(raw, depth=depth, budget=budget, prefix=prefix)
