"""
Cuts mail bytes: an entity (a mail or one MIME part) into header fields and body, a multipart body into parts.

In: untouched bytes. Out: slices of them, so that an attached mail keeps the very bytes its sender signed.

The cut is our own for these reasons. The standard library's parser takes a bare CR for a line end and RFC 6376 does
not, so the two would disagree on where the header ends and a letter could be signed as one text and read as another.
A part's header lies in the body, of which relaxed canonicalisation (RFC 6376 §3.4.4) lets spaces at line ends come and
go; what the cut makes of a part must not hang on them, so a line of spaces ends its header as an empty one does.
And the standard library's cost on hostile input is not linear (5 MB of Content-Type parameters: minutes), so limits apply here first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_HEADER = 256 * 1024  # bytes of one header that are looked at; the largest seen in practice is below 64 KiB
MAX_FIELDS = 1000
MAX_FIELD = 16 * 1024  # bytes of one field; mail-parser and RFC 2231 decoding are not linear above a few of these

_LINE_END = re.compile(rb"\r?\n")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_PART_HEADER_END = re.compile(rb"\r?\n[ \t]*(?:\r?\n|\Z)")
_BLANK_LINE = re.compile(rb"[ \t]*(?:\r?\n|\Z)")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)([ \t]*):(.*)", re.DOTALL)
_AFTER_DELIMITER = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")
_UNFOLD = re.compile(rb"\r?\n(?=[ \t])")

Field = tuple[str, bytes]
"""A header field: its name as printed and its undecoded value, still folded, without the outer white space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    fields: tuple[Field, ...]
    named: Mapping[str, Sequence[bytes]]  # the same values by the field's name in lower case, top first
    body: bytes
    defects: tuple[str, ...] = ()

    def values(self, name: str) -> Sequence[bytes]:
        """Every value of a field, top first."""
        return self.named.get(name, ())


def split(raw: bytes, *, part: bool = False) -> Entity:
    """
    Header fields and body of one entity; both line ends are accepted, mixed too.

    part: a part of a multipart body; else a mail, also one that is attached: its signature is its own.
    """
    header, body = _part_halves(raw) if part else _halves(raw)
    defects: list[str] = []
    if len(header) > MAX_HEADER:
        header = header[:MAX_HEADER]
        defects.append("headers_limit")
    found: list[Field] = []
    for line in _logical_lines(header):
        match = _FIELD.match(line)
        if match is None:
            if part or found or not line.startswith(b"From "):  # an mbox separator may stand on top of a mail
                defects.append("header_malformed")
        elif len(found) == MAX_FIELDS:
            defects.append("headers_limit")
            break
        else:
            if match[2]:  # a field to us and none to others, who sign and check it
                defects.append("header_malformed")
            value = match[3].strip(b" \t\r\n")
            if len(value) > MAX_FIELD:
                defects.append("header_too_long")
                value = b""
            found.append((match[1].decode("ascii"), value))
    named: dict[str, list[bytes]] = {}
    for name, value in found:
        named.setdefault(name.lower(), []).append(value)
    return Entity(fields=tuple(found), named=named, body=body, defects=tuple(dict.fromkeys(defects)))


def fields(raw: bytes) -> tuple[Field, ...]:
    """The header fields of a mail, undecoded, in order."""
    return split(raw).fields


def unfold(value: bytes) -> bytes:
    """A folded value on one line."""
    return _UNFOLD.sub(b"", value)


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    first = _LINE_END.match(raw)
    if first:
        return b"", raw[first.end() :]
    end = _HEADER_END.search(raw)
    return (raw, b"") if end is None else (raw[: end.start()], raw[end.end() :])


def _part_halves(raw: bytes) -> tuple[bytes, bytes]:
    end = _BLANK_LINE.match(raw) or _PART_HEADER_END.search(raw)
    return (raw, b"") if end is None else (raw[: end.start()], raw[end.end() :])


def _logical_lines(header: bytes) -> Iterator[bytes]:
    """Lines of a header, each with the continuation lines that follow it."""
    current: list[bytes] = []
    for line in _LINE_END.split(header):
        if line[:1] in (b" ", b"\t") and current:
            current.append(line)
            continue
        if current:
            yield b"\r\n".join(current)
        current = [line]
    if current and current != [b""]:
        yield b"\r\n".join(current)


def children(body: bytes, boundary: bytes, *, most: int) -> tuple[list[bytes], bool]:
    """
    The parts of a multipart body, at most `most` + 1 of them (one more tells the caller that there are too many).

    Returns: the parts' bytes, and whether the closing boundary was found.
    """
    delimiter = b"--" + boundary
    parts: list[bytes] = []
    start: int | None = None
    at = body.find(delimiter)
    while at >= 0:
        after = at + len(delimiter)
        tail = _AFTER_DELIMITER.match(body, after) if at == 0 or body[at - 1 : at] == b"\n" else None
        if tail is None:
            at = body.find(delimiter, after)
            continue
        if start is not None:
            parts.append(body[start : max(start, _before_line_end(body, at))])
        if tail[1]:
            return parts, True
        if len(parts) > most:
            return parts, False
        start = tail.end()
        at = body.find(delimiter, start)
    if start is not None:
        parts.append(body[start:])
    return parts, False


def _before_line_end(body: bytes, at: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    if body[at - 2 : at] == b"\r\n":
        return at - 2
    return at - 1 if at else 0
