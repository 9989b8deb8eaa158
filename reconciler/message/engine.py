"""
mail-parser behind a typed face: addresses, dates, MIME parameters and transfer decoding.

In: one header value or one part's bytes, already within the limits of `entity`. Out: plain values.

Only small, single-purpose mails are handed over, never the sender's whole structure: mail-parser flattens an attached
message into the outer one, and a stranger who forwards a gateway's letter would speak with its text.
"""

from __future__ import annotations

import binascii
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Mime
from typing import Any

import mailparser

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


def _parse(raw: bytes) -> Any:
    return mailparser.parse_from_bytes(raw)


ADDRESS_FIELDS = ("from", "to", "cc", "delivered-to")


class Head:
    """
    What mail-parser reads in a mail's own header: the first address field of each name, and the date.

    addresses: name → value, UTF-8 or ASCII, on one line. date: the value, "" for none.
    """

    def __init__(self, addresses: Mapping[str, bytes], date: str) -> None:
        self._date = date
        lines = [b"%s: %s\r\n" % (name.encode("ascii"), value) for name, value in addresses.items()]
        line = date.encode("utf-8", "replace").replace(b"\r", b" ").replace(b"\n", b" ")
        self._mail = _parse(b"".join(lines) + (b"Date: " + line + b"\r\n" if date else b"") + b"\r\n")

    def addresses(self, name: str) -> list[tuple[str, str]]:
        """(display name, address) of a field of `ADDRESS_FIELDS`."""
        return [(shown, email) for shown, email in getattr(self._mail, name.replace("-", "_")) if email]

    def date(self) -> tuple[datetime | None, str | None]:
        """The date as aware UTC, or None and the defect that says why."""
        bare = _COMMENT.sub(" ", self._date)
        zone = _ALPHA_ZONE.search(bare)
        if zone and zone[1].upper() not in _KNOWN_ZONES:
            return None, "date_zone_unknown"
        found = self._mail.date
        if isinstance(found, datetime):
            return found.astimezone(UTC), None
        return None, "date_without_zone" if _NO_ZONE.search(bare) else "date_unreadable"


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
    # what mail-parser starts from; it goes on to read the charset at once, and fails on one with a NUL in it
    mime: Mime[str, str] = message_from_bytes(header + b"\r\n")
    content_type = mime.get_content_type() if wanted.get("content-type") else default

    def parameter(read: Any) -> str:
        try:
            return str(read() or "")
        except (ValueError, LookupError, TypeError, AttributeError):  # RFC 2231 values with a NUL, mixed forms …
            defects.append("parameter_unreadable")
            return ""

    filename = parameter(mime.get_filename)
    if filename.startswith("=?") or "=?" in filename:
        filename = parameter(lambda: _parse(b"Subject: " + filename.encode("utf-8", "replace") + b"\r\n\r\n").subject)
    description = Description(
        content_type=content_type,
        charset=parameter(mime.get_content_charset),
        boundary=parameter(mime.get_boundary),
        filename=_clean(filename),
        disposition=parameter(mime.get_content_disposition),
        encoding=str(mime.get("Content-Transfer-Encoding", "")).strip().lower(),
        flowed=parameter(lambda: mime.get_param("format")).lower() == "flowed",
        delsp=parameter(lambda: mime.get_param("delsp")).lower() == "yes",
    )
    return description, tuple(dict.fromkeys(defects))


def payload(body: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    """Undo a part's Content-Transfer-Encoding."""
    if encoding in ("", "7bit", "8bit", "binary"):
        return body, ()
    if encoding not in ("base64", "quoted-printable", "x-uuencode", "uuencode", "uue", "x-uue"):
        return body, ("encoding_unknown",)
    defects: list[str] = []
    if encoding == "quoted-printable":
        if _PADDED_BREAK.search(body):
            defects.append("soft_break_padded")
        body = _PADDING.sub(b"", body)
    elif encoding != "base64":
        defects.append("uuencoded")
    mime: Mime[str, str] = Mime()  # not parsed: there is nothing to find in a leaf's body, and the lines are many
    mime["Content-Transfer-Encoding"] = encoding
    mime.set_payload(body.decode("ascii", "surrogateescape"))
    try:
        data = mime.get_payload(decode=True)
    except (ValueError, binascii.Error):
        return body, (*defects, "encoding_damaged")
    defects += [_TRANSFER_DEFECTS[kind] for d in mime.defects if (kind := type(d).__name__) in _TRANSFER_DEFECTS]
    return data if isinstance(data, bytes) else body, tuple(dict.fromkeys(defects))


def _clean(filename: str) -> str:
    """A name to show: no path, no control characters, no lone surrogates."""
    safe = filename.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in safe if c.isprintable()).replace("\\", "/").rpartition("/")[2][:255]
