"""
dkimpy behind a typed face: tags, keys and the arithmetic of DKIM signatures and of ARC chains.

In: untouched bytes and key records that somebody else fetched. Out: why something does not hold, None when it does; it
never raises and never asks DNS. What a signature would have to cover is `coverage`'s business.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

MIN_KEY_BITS = 1024
MAX_BYTES_TRIED = 6_000_000  # of all tries on one mail together: dkimpy needs up to a second for one of 5 MB
CLOCK_SLACK = 15 * 60  # seconds by which t= and x= may be off
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = re.compile(rb"(?<![ \t])[ \t]{64,}")
_MAX_LINES = 500_000  # it splits all lines and takes empty ones off the end one by one
_MAX_SPACES_COST = 50_000_000  # dkimpy's space folding is quadratic in the length of one run of spaces
# Two hundred lines of one signature, which has a dozen: dkimpy takes b= out of it in a time that is quadratic in them.
_FOLDED = re.compile(rb"(?im)^(?:dkim-signature|arc-message-signature|arc-seal)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n){200}")
_SELECTOR = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9_])?")
# What dkimpy lets through when a tag, a key or a header is not what it expects: each is a signature that does not hold.
_BROKEN = (
    dkim.DKIMException,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
)

_SILENT = logging.getLogger("reconciler.trust.dkimpy")  # dkimpy logs keys and header text at ERROR
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What came of one signature. problem None: it holds."""

    problem: str | None
    key_bits: int = 0


def tags_of(value: bytes) -> dict[str, str]:
    """Tags of a signature, d= in lower case; empty when it is malformed (a repeated tag or a control character is)."""
    if _CONTROL.search(value):
        return {}
    try:
        tags = {key.decode("ascii"): text.decode("ascii") for key, text in parse_tag_value(value).items()}
    except (InvalidTagValueList, IndexError, UnicodeDecodeError):
        return {}
    return tags | ({"d": tags["d"].lower()} if "d" in tags else {})


def key_name(tags: Mapping[str, str]) -> str | None:
    """Where the key of a signature stands in DNS; None: its selector is no DNS name."""
    selector = tags.get("s", "")
    return f"{selector}._domainkey.{tags.get('d', '')}" if _SELECTOR.fullmatch(selector) else None


def key_problem(record: bytes, algorithm: str) -> str | None:
    """Why a key record is none for this a=, before any arithmetic."""
    try:
        tags = parse_tag_value(record)
    except (InvalidTagValueList, IndexError):
        return "the key record is malformed"
    if not tags.get(b"p"):
        return "the key was revoked (empty p=)"
    listed = {name: {one.strip() for one in tags[name].split(b":")} for name in (b"t", b"h", b"s") if name in tags}
    if b"y" in listed.get(b"t", ()):
        return "the key is marked as a test (t=y)"
    if b"sha256" not in listed.get(b"h", {b"sha256"}):
        return "the key does not allow sha256"
    if not {b"*", b"email"} & listed.get(b"s", {b"*"}):
        return "the key is not for mail"
    if tags.get(b"k", b"rsa") != algorithm.partition("-")[0].encode("ascii"):
        return f"the key is not for {algorithm}"
    return None


def time_problem(tags: Mapping[str, str], now: Callable[[], float]) -> str | None:
    """Why t= and x= say that a signature does not count now."""
    for tag, late in (("t", False), ("x", True)):
        stamp = tags.get(tag)
        if stamp is None:
            continue
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            return f"{tag}= is no time"
        if late and int(stamp) < now() - CLOCK_SLACK:
            return f"expired (x={stamp})"
        if not late and int(stamp) > now() + CLOCK_SLACK:
            return f"signed in the future (t={stamp})"
    return None


def costly(raw: bytes) -> str | None:
    """Why a mail is not handed to dkimpy at all."""
    if raw.count(b"\n") > _MAX_LINES:
        return "too many lines to check"
    if _FOLDED.search(raw):
        return "a signature of too many lines to check"
    cost = sum((match.end() - match.start()) ** 2 for match in _SPACES.finditer(raw))
    return "runs of spaces too long to check" if cost > _MAX_SPACES_COST else None


def verify(raw: bytes, index: int, record: bytes) -> Held:
    """Does the DKIM-Signature at this place, counted from the top, hold with this key?"""

    def dnsfunc(name: bytes, timeout: float = 5) -> bytes:
        return record

    try:
        letter = dkim.DKIM(raw, minkey=MIN_KEY_BITS, logger=_SILENT)
        holds = letter.verify(idx=index, dnsfunc=dnsfunc)
    except _BROKEN as exc:
        return Held(problem=_plain(exc))
    return Held(problem=None if holds is True else "the signature does not hold", key_bits=letter.keysize)


def verify_chain(raw: bytes, records: Mapping[str, bytes]) -> tuple[str | None, frozenset[int]]:
    """
    Does the ARC chain hold, its highest message signature and every seal?

    records: the keys by name; a name that is missing has none.
    Returns: why it does not, and the instances whose message signature holds on the letter as it lies here.
    """

    def dnsfunc(name: bytes, timeout: float = 5) -> bytes | None:
        return records.get(name.decode("ascii").lower().rstrip("."))

    try:
        status, instances, reason = dkim.ARC(raw, minkey=MIN_KEY_BITS, logger=_SILENT).verify(dnsfunc=dnsfunc)
    except _BROKEN as exc:
        return _plain(exc), frozenset()
    holding = frozenset(one["instance"] for one in instances if one["ams-valid"] is True)
    return None if status == dkim.CV_Pass else _words(reason), holding


def _plain(exc: Exception) -> str:
    return _words(str(exc)) or type(exc).__name__


def _words(text: str) -> str:
    """A library's words without the bytes it quotes."""
    return text.partition("(")[0].strip()[:200]
