"""Names as people type them: two texts go in, out comes whether they name the same thing."""

from __future__ import annotations

import unicodedata


def tidy(name: str) -> str:
    """Composed, trimmed, any run of spaces as one."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def folded(name: str) -> str:
    return tidy(name).casefold()


def same_name(one: str, other: str) -> bool:
    return folded(one) == folded(other)
