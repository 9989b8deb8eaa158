"""
mail-parser behind a typed face: addresses, dates, MIME parameters and transfer decoding.

In: one header value or one part's bytes, already within the limits of `entity`. Out: plain values.

Only small, single-purpose mails are handed over, never the sender's whole structure: mail-parser flattens an attached
message into the outer one, and a stranger who forwards a gateway's letter would speak with its text.
"""

from __future__ import annotations

import base64
import binascii
import logging
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Mime
from functools import lru_cache
from typing import Any

import mailparser
from mailparser.utils import convert_mail_date

from reconciler.message.entity import Field

# It logs the names of strangers' headers and parts; no mail content belongs in the service's log.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)

DESCRIBING = ("content-type", "content-disposition", "content-transfer-encoding")
"""The fields that say how a body is to be read; a signature that leaves one out leaves the reading open."""
MAX_DESCRIPTION = 2 * 1024  # bytes of one Content-* field: RFC 2231 decoding is quadratic in the number of parameters
# Zones a Date may name; any other alphabetic zone ("EET") would be read as UTC and shift the time by hours.
_KNOWN_ZONES = frozenset({"UT", "UTC", "GMT", "Z", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"})
_COMMENT = re.compile(r"\([^()]*\)")
_ALPHA_ZONE = re.compile(r"\d\s*([A-Za-z]+)\s*$")
_NO_ZONE = re.compile(r"\d{1,2}:\d{2}(:\d{2})?\s*$")
# Spaces at line ends of quoted-printable were added on the way (RFC 2045 §6.7, rule 3). No writer leaves them behind a
# soft line break, and not every reader takes them away there.
_PADDING = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")
_PADDED_BREAK = re.compile(rb"=[ \t]++(?:\r?\n|\Z)")
_SHORT = 1000  # bytes of an address field; longer ones are not worth remembering
_LINE_ENDS = b"\r\n"
_TRANSFER_DEFECTS = {
    "InvalidBase64CharactersDefect": "base64_damaged",
    "InvalidBase64LengthDefect": "base64_damaged",
    "InvalidBase64PaddingDefect": "base64_padding",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a part's own header says of it."""

    content_type: str = "text/plain"
    charset: str = ""
    boundary: str = ""
    filename: str = ""
    disposition: str = ""
    encoding: str = ""
    flowed: bool = False
    delsp: bool = False


def _read(name: str, value: bytes) -> Any:
    """What mail-parser makes of a mail that has this one header field, whose value is on one line."""
    mime: Mime[str, str] = Mime()
    mime[name] = _raw(value)
    mime.set_payload("")
    return mailparser.MailParser(mime)


def _raw(value: bytes) -> str:
    """As the standard library's e-mail package hands it over."""
    return value.decode("ascii", "surrogateescape").lstrip(" \t")


def addresses(line: bytes) -> Sequence[tuple[str, str]]:
    """(display name, address) of an address field: its value, UTF-8 or ASCII, on one line."""
    return _remembered(line) if len(line) <= _SHORT else _addresses(line)


def _addresses(line: bytes) -> Sequence[tuple[str, str]]:
    return tuple((shown, email) for shown, email in _read("From", line).from_ if email)


_remembered = lru_cache(maxsize=512)(_addresses)  # a mailbox's letters have few senders, and fewer recipients


def moment(value: str) -> tuple[datetime | None, str | None]:
    """A date field's value as aware UTC, or None and the defect that says why."""
    bare = _COMMENT.sub(" ", value)
    zone = _ALPHA_ZONE.search(bare)
    if zone and zone[1].upper() not in _KNOWN_ZONES:
        return None, "date_zone_unknown"
    line = value.encode("utf-8", "replace").replace(b"\r", b" ").replace(b"\n", b" ")
    try:
        found: datetime = convert_mail_date(_raw(line))[0]
    except ValueError:
        return None, "date_without_zone" if _NO_ZONE.search(bare) else "date_unreadable"
    return found.astimezone(UTC), None


def describe(fields: Sequence[Field], *, default: str = "text/plain") -> tuple[Description, tuple[str, ...]]:
    """Read the Content-* fields; a parameter that cannot be read is left out and named in the defects."""
    defects: list[str] = []
    wanted: dict[str, bytes] = {}
    for name, value in fields:
        key = name.lower()
        if key in DESCRIBING:
            if len(value) > MAX_DESCRIPTION:
                defects.append("header_too_long")
                value = b""
            if key in wanted:
                defects.append("duplicate_" + key.replace("-", "_"))
            wanted.setdefault(key, value)
    header = b"".join(b"%s: %s\r\n" % (name.encode("ascii"), value) for name, value in wanted.items())
    description, unread = _described(header, default if not wanted.get("content-type") else "")
    return description, tuple(dict.fromkeys((*defects, *unread)))


@lru_cache(maxsize=256)  # letters differ in little but their boundaries
def _described(header: bytes, content_type: str) -> tuple[Description, tuple[str, ...]]:
    """content_type: instead of the header's own."""
    # what mail-parser starts from; it goes on to read the charset at once, and fails on one with a NUL in it
    mime: Mime[str, str] = message_from_bytes(header + b"\r\n")
    defects: list[str] = []

    def parameter(read: Any) -> str:
        try:
            return str(read() or "")
        except (ValueError, LookupError, TypeError, AttributeError):  # RFC 2231 values with a NUL, mixed forms …
            defects.append("parameter_unreadable")
            return ""

    filename = parameter(mime.get_filename)
    if filename.startswith("=?") or "=?" in filename:
        filename = parameter(lambda: _subject(filename))
    description = Description(
        content_type=content_type or mime.get_content_type(),
        charset=parameter(mime.get_content_charset),
        boundary=parameter(mime.get_boundary),
        filename=_clean(filename),
        disposition=parameter(mime.get_content_disposition),
        encoding=str(mime.get("Content-Transfer-Encoding", "")).strip().lower(),
        flowed=parameter(lambda: mime.get_param("format")).lower() == "flowed",
        delsp=parameter(lambda: mime.get_param("delsp")).lower() == "yes",
    )
    return description, tuple(defects)


def _subject(value: str) -> Any:
    return mailparser.parse_from_bytes(b"Subject: " + value.encode("utf-8", "replace") + b"\r\n\r\n").subject


def payload(body: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    """Undo a part's Content-Transfer-Encoding."""
    if encoding in ("", "7bit", "8bit", "binary"):
        return body, ()
    if encoding == "quoted-printable":
        defects = ("soft_break_padded",) if _PADDED_BREAK.search(body) else ()
        return quopri.decodestring(_PADDING.sub(b"", body)), defects
    if encoding == "base64":
        sound = _sound_base64(body)
        return _repaired(body, encoding) if sound is None else (sound, ())
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        data, found = _repaired(body, encoding)
        return data, ("uuencoded", *found)
    return body, ("encoding_unknown",)


def _sound_base64(body: bytes) -> bytes | None:
    """None: damaged in some way."""
    bare = body.translate(None, delete=_LINE_ENDS)
    if len(bare) % 4:  # binascii forgives some of these
        return None
    try:
        return base64.b64decode(bare, validate=True)
    except binascii.Error:
        return None


def _repaired(body: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    """What the standard library's e-mail package makes of a body that is damaged, or in an encoding of old."""
    mime: Mime[str, str] = Mime()  # not parsed: there is nothing to find in a leaf's body, and the lines are many
    mime["Content-Transfer-Encoding"] = encoding
    mime.set_payload(body.decode("ascii", "surrogateescape"))
    try:
        data = mime.get_payload(decode=True)
    except (ValueError, binascii.Error):
        return body, ("encoding_damaged",)
    defects = [_TRANSFER_DEFECTS[kind] for d in mime.defects if (kind := type(d).__name__) in _TRANSFER_DEFECTS]
    return data if isinstance(data, bytes) else body, tuple(dict.fromkeys(defects))


def _clean(filename: str) -> str:
    """A name to show: no path, no control characters, no lone surrogates."""
    safe = filename.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in safe if c.isprintable()).replace("\\", "/").rpartition("/")[2][:255]
