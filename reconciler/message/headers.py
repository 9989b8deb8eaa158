"""
Header values: undecoded bytes in, text out; the facts of a mail's own header.

RFC 2047 words that stand side by side are joined as bytes before they are decoded, because senders cut a letter's
bytes in two (failure mode P04). Bytes above ASCII outside such words are UTF-8 or a marked guess.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.message import charsets, engine
from reconciler.message.entity import Entity, unfold
from reconciler.model import Address

_WORD = re.compile(rb"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?\s]*)\?=")
_BARE_BREAKS = re.compile(rb"[\r\n\t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MAX_MESSAGE_ID = 998  # a line of RFC 5322; longer ones are no identity
MAX_ADDRESSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a mail's own header says."""

    senders: tuple[Address, ...]
    recipients: tuple[Address, ...]
    subject: str
    date: datetime | None
    message_id: str | None
    headers: tuple[tuple[str, str], ...]
    lossy: bool
    defects: tuple[str, ...]


def text(value: bytes) -> charsets.Text:
    """A header value as people read it."""
    line = _on_one_line(value)
    if line.isascii() and b"=?" not in line and (plain := line.decode("ascii")).isprintable():
        return charsets.Text(plain, "us-ascii")  # as nearly all are
    pieces: list[charsets.Text] = []
    run: list[bytes] = []
    label = b""
    end = 0

    def close() -> None:
        if run:
            pieces.append(charsets.decode(b"".join(run), label.decode("ascii", "replace")))
            run.clear()

    for match in _WORD.finditer(line):
        between = line[end : match.start()]
        if between.strip() or not run:
            close()
            if between:
                pieces.append(charsets.decode(between, ""))
        elif match[1].lower() != label:
            close()
        label = match[1].lower()
        run.append(_word_bytes(match[2], match[3]))
        end = match.end()
    close()
    if line[end:]:
        pieces.append(charsets.decode(line[end:], ""))
    return charsets.Text(
        _CONTROL.sub(" ", "".join(piece.content for piece in pieces)),
        next((piece.charset for piece in pieces if piece.charset != "us-ascii"), "us-ascii"),
        any(piece.lossy for piece in pieces),
        next((piece.defect for piece in pieces if piece.defect), None),
    )


def _on_one_line(value: bytes) -> bytes:
    return _BARE_BREAKS.sub(b" ", unfold(value)) if _BARE_BREAKS.search(value) else value


def _word_bytes(encoding: bytes, data: bytes) -> bytes:
    if encoding in b"qQ":
        return quopri.decodestring(data, header=True)
    bare = data.rstrip(b"=")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4))
    except binascii.Error:
        return data


def read(entity: Entity) -> Head:
    """The facts of a mail's header; From, Subject and Date that stand there twice are defects."""
    defects = list(entity.defects)
    for name in ("from", "subject", "date", "message-id"):
        if len(entity.values(name)) > 1:
            defects.append("duplicate_" + name.replace("-", "_"))
    senders, from_lossy = _addresses(entity, ("from",), defects)
    recipients, _ = _addresses(entity, ("to", "cc", "delivered-to"), [])
    headers = [(name, text(value)) for name, value in entity.fields]
    subjects = [told for name, told in headers if name.lower() == "subject"]
    subject = subjects[0] if subjects else charsets.Text("", "us-ascii")
    if subject.defect:
        defects.append(subject.defect)
    lossy = from_lossy or any(one.lossy for one in subjects)
    # a header that was cut may have lost a second From; a field that was dropped may have been the Subject
    lossy = lossy or bool({"headers_limit", "header_too_long"}.intersection(entity.defects))
    return Head(
        senders=senders,
        recipients=recipients,
        subject=subject.content.strip(),
        date=_date(entity.values("date"), defects),
        message_id=_message_id(entity),
        headers=tuple([(name, told.content) for name, told in headers]),
        lossy=lossy,
        defects=tuple(dict.fromkeys(defects)),
    )


def _address_line(value: bytes) -> tuple[bytes, bool]:
    """An address field's value for the engine, and whether something was lost in it."""
    line = _on_one_line(value).replace(b"\0", b"\xef\xbf\xbd")  # never join what it parted
    if line.isascii():
        return line, False
    plain = charsets.decode(line, "")  # raw bytes in a display name: mail-parser reads UTF-8 only
    return plain.content.encode("utf-8", "replace"), plain.lossy


def _addresses(entity: Entity, names: tuple[str, ...], defects: list[str]) -> tuple[tuple[Address, ...], bool]:
    """Addresses of every such field; an address that cannot be read is a defect, never the nearest one."""
    found: list[Address] = []
    lossy = False
    for name in names:
        for value in entity.values(name)[:MAX_ADDRESSES]:
            line, lost = _address_line(value)
            lossy = lossy or lost
            pairs = engine.addresses(line)
            if not pairs and name == "from":
                defects.append("from_unreadable")
            for shown, email in pairs:
                local, at_sign, domain = email.rpartition("@")
                found.append(Address(name=shown, email=local + at_sign + domain.lower()))
    return tuple(found[:MAX_ADDRESSES]), lossy


def _date(values: Sequence[bytes], defects: list[str]) -> datetime | None:
    if len(values) != 1:
        return None
    found, defect = engine.moment(text(values[0]).content)
    if defect:
        defects.append(defect)
    return found


def _message_id(entity: Entity) -> str | None:
    for value in entity.values("message-id")[:1]:
        plain = text(value).content.strip()
        if plain and len(plain) <= MAX_MESSAGE_ID:
            return plain
    return None
