"""
Secrets: held so that they are used but never shown.

In: the text of a password, token or key, and where it came from. Out: a `Secret` whose repr and str hide it, and
`redacted()`, which takes every secret this process has ever held, in the forms wires and libraries give it, out of a text.
"""

from __future__ import annotations

import base64
import re
import threading
from urllib.parse import quote, quote_plus

HIDDEN = "(hidden)"

SHORTEST = 4
"""Shorter secrets are not taken out of texts: every other word would go with them. The settings remark on such."""

_lock = threading.Lock()
_forms: set[str] = set()
_pattern: re.Pattern[str] | None = None


class Secret:
    """A text that only `reveal()` shows. `source` says where it came from, for people: 'env NAME', 'plain'."""

    __slots__ = ("_value", "source")

    def __init__(self, value: str, *, source: str = "plain") -> None:
        self._value = value
        self.source = source
        remember(value)

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


def remember(value: str) -> None:
    """Have `redacted` take this text out from now on: it was a secret once, so it stays one for the process's life."""
    global _pattern
    if len(value) < SHORTEST:
        return
    with _lock:
        _forms.update(_guises(value))
        # Longest first: a secret that begins with another one goes as a whole.
        _pattern = re.compile("|".join(re.escape(form) for form in sorted(_forms, key=len, reverse=True)))


def redacted(text: str) -> str:
    """The text with every known secret replaced; the same text when it holds none."""
    pattern = _pattern
    return pattern.sub(HIDDEN, text) if pattern else text


def _guises(value: str) -> set[str]:
    """
    The forms a secret takes on its way: as it is, escaped by repr, quoted in a URL, and in base64.

    A login puts the secret in the middle of a longer text before encoding it (SASL PLAIN, XOAUTH2), so its base64 has
    three alignments; of each the characters that depend on nothing but the secret are kept.
    """
    raw = value.encode()
    forms = {value, repr(value)[1:-1], quote(value, safe=""), quote_plus(value)}
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + raw)
        first = -(-shift * 8 // 6)
        core = encoded[first : (shift + len(raw)) * 8 // 6].decode()
        if len(core) >= SHORTEST:
            forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms
