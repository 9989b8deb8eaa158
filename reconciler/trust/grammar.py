"""
The grammar of Authentication-Results (RFC 8601); authres behind a typed face.

In: one header's undecoded value. Out: what a server told, believed by nobody yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import authres

MAX_VALUE = 4096  # authres recurses on comments
_FOLD = re.compile(rb"\r?\n[ \t]")
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_INSTANCE = re.compile(rb"i[ \t]*=[ \t]*([1-9][0-9]?)[ \t]*;")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One method's result: ("dkim", "pass") and its properties, ("header.d", "example.com") among them."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]

    def one(self, name: str) -> str | None:
        """The value of a property in lower case; None: it is not told, or more than once."""
        values = [value for key, value in self.properties if key == name]
        return values[0].lower() if len(values) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one header says, and the authserv-id of the server in whose name it says so."""

    server: str
    results: tuple[Result, ...]

    def by(self, method: str) -> Iterator[Result]:
        return (one for one in self.results if one.method == method)


def told(value: bytes) -> Told:
    """Raises: ValueError: not the grammar of RFC 8601, not ASCII, or too long to read safely."""
    text = _line(value).decode("ascii")
    try:
        header = authres.AuthenticationResultsHeader.parse("Authentication-Results: " + text)
    except (authres.AuthResError, RecursionError, IndexError, AttributeError, TypeError) as exc:
        raise ValueError(type(exc).__name__) from exc
    return Told(
        server=str(header.authserv_id or ""),
        results=tuple(
            Result(
                method=str(one.method).lower(),
                result=str(one.result).lower(),
                properties=tuple((f"{p.type}.{p.name}".lower(), str(p.value)) for p in one.properties),
            )
            for one in header.results
        ),
    )


def sealed(value: bytes) -> tuple[int, bytes]:
    """
    An ARC-Authentication-Results (RFC 8617 §4.1.1): its instance, and what `told` reads.

    Only here is `i=1;` taken off, which stands before the authserv-id and is no grammar of RFC 8601.
    Raises: ValueError.
    """
    line = _line(value)
    match = _INSTANCE.match(line)
    if match is None:
        raise ValueError("it does not begin with its instance")
    return int(match[1]), line[match.end() :].strip(b" \t")


def _line(value: bytes) -> bytes:
    """The value unfolded. Raises: ValueError: too long, or bytes that have no place there."""
    if len(value) > MAX_VALUE:
        raise ValueError("too long")
    line = _FOLD.sub(b" ", value)
    if not line.isascii() or _CONTROL.search(line):
        raise ValueError("characters that have no place there")
    return line
