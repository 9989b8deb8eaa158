"""
The wire grammar of IMAP4rev1, as far as commands need it.

In: the bytes of one whole command, its literals in place. Out: nested tokens; and the way back for the few
kinds of strings that answers carry. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime

Token = bytes | list["Token"]

LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n?\Z")
_LITERAL_HERE = re.compile(rb"\{(\d+)\+?\}\r\n")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class BadSyntax(ValueError):
    """The client's command cannot be read; answered with BAD."""


def tokens(command: bytes) -> list[Token]:
    """Read a command (without its closing CRLF) into atoms and strings (bytes) and lists."""
    found, end = _sequence(command, 0, closing=False)
    if end != len(command):
        raise BadSyntax("unbalanced parenthesis")
    return found


def _sequence(text: bytes, at: int, *, closing: bool) -> tuple[list[Token], int]:
    items: list[Token] = []
    while at < len(text):
        mark = text[at : at + 1]
        if mark == b" ":
            at += 1
        elif mark == b")":
            if closing:
                return items, at + 1
            return items, at
        elif mark == b"(":
            inner, at = _sequence(text, at + 1, closing=True)
            items.append(inner)
        else:
            token, at = _single(text, at)
            items.append(token)
    if closing:
        raise BadSyntax("a list does not end")
    return items, at


def _single(text: bytes, at: int) -> tuple[bytes, int]:
    if text[at : at + 1] == b'"':
        return _quoted(text, at + 1)
    literal = _LITERAL_HERE.match(text, at)
    if literal:
        start, size = literal.end(), int(literal.group(1))
        return text[start : start + size], start + size
    return _atom(text, at)


def _quoted(text: bytes, at: int) -> tuple[bytes, int]:
    value = bytearray()
    while at < len(text):
        mark = text[at]
        if mark == 0x22:
            return bytes(value), at + 1
        if mark == 0x5C:
            at += 1
        value += text[at : at + 1]
        at += 1
    raise BadSyntax("a quoted string does not end")


def _atom(text: bytes, at: int) -> tuple[bytes, int]:
    """An atom; square brackets keep what is between them, as in BODY[HEADER.FIELDS (FROM)]<0.10>."""
    start, depth = at, 0
    while at < len(text):
        mark = text[at : at + 1]
        if mark == b"[":
            depth += 1
        elif mark == b"]":
            depth -= 1
        elif depth <= 0 and mark in b" ()":
            break
        at += 1
    if at == start:
        raise BadSyntax(f"unexpected {text[at : at + 1]!r}")
    return text[start:at], at


def atom(token: Token) -> str:
    """A token that must be one word."""
    if isinstance(token, list):
        raise BadSyntax("a list where a word was expected")
    return token.decode("utf-8", "surrogateescape")


def numbers(sequence_set: str, known: Collection[int]) -> list[int]:
    """
    The members of `known` that a sequence set names, ascending.

    "*" is the largest known number, and "7:*" has no direction: with 3 as the largest it names 3. That is the
    RFC's rule, and a trap for clients.
    """
    largest = max(known, default=0)
    chosen: set[int] = set()
    for part in sequence_set.split(","):
        ends = part.split(":")
        if not 1 <= len(ends) <= 2 or not all(end == "*" or end.isdigit() for end in ends):
            raise BadSyntax(f"no sequence set: {sequence_set!r}")
        values = [largest if end == "*" else int(end) for end in ends]
        if any(value == 0 for value, end in zip(values, ends, strict=True) if end != "*"):
            raise BadSyntax("0 is no message number")
        low, high = min(values), max(values)
        chosen.update(number for number in known if low <= number <= high)
    return sorted(chosen)


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def internal_date(at: datetime) -> str:
    """Month names by hand: strftime would follow the machine's language."""
    utc = at.astimezone(UTC)
    return f'"{utc.day:2d}-{_MONTHS[utc.month - 1]}-{utc:%Y %H:%M:%S} +0000"'


def read_date(text: str) -> date:
    """ "22-Nov-2026" """
    match = re.fullmatch(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})", text)
    if match is None or match.group(2).title() not in _MONTHS:
        raise BadSyntax(f"no date: {text!r}")
    return date(int(match.group(3)), _MONTHS.index(match.group(2).title()) + 1, int(match.group(1)))


def read_date_time(text: str) -> datetime:
    """ "22-Nov-2026 14:05:33 +0200" """
    day, _, rest = text.strip().partition(" ")
    on = read_date(day)
    try:
        return datetime.strptime(f"{on.isoformat()} {rest}", "%Y-%m-%d %H:%M:%S %z")
    except ValueError as exc:
        raise BadSyntax(f"no date-time: {text!r}") from exc
