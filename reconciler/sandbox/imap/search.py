"""
SEARCH: the criteria of one command → whether a mail matches. Pure.

In: tokens, and the mails with their sequence numbers. Out: a predicate. SINCE, BEFORE and ON compare days of
INTERNALDATE and disregard its time, as RFC 3501 has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC

from reconciler.sandbox.imap.grammar import BadSyntax, Token, atom, numbers, read_date
from reconciler.sandbox.imap.store import StoredMail

Test = Callable[[StoredMail], bool]

_FLAG_KEYS = {
    "ANSWERED": "\\Answered",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
    "FLAGGED": "\\Flagged",
    "SEEN": "\\Seen",
}


class BadCharset(ValueError):
    """The client named a charset that is not known here."""


class Criteria:
    """Reads the tokens once; `view` is the session's list of UIDs, index + 1 being the sequence number."""

    def __init__(self, given: Sequence[Token], view: Sequence[int]) -> None:
        self._left = list(given)
        self._view = view
        if self._left and atom(self._left[0]).upper() == "CHARSET":
            self._left.pop(0)
            charset = self._word()
            if charset.upper() not in ("US-ASCII", "UTF-8"):
                raise BadCharset(charset)
        self._tests: list[Test] = []
        while self._left:
            self._tests.append(self._next())

    def matches(self, mail: StoredMail) -> bool:
        return all(test(mail) for test in self._tests)

    def _word(self) -> str:
        if not self._left:
            raise BadSyntax("a search key lacks its value")
        return atom(self._left.pop(0))

    def _next(self) -> Test:
        if not self._left:
            raise BadSyntax("a search key is missing")
        token = self._left.pop(0)
        if isinstance(token, list):
            return Criteria(token, self._view).matches
        key = atom(token).upper()
        return self._flags(key) or self._dates_and_sizes(key) or self._texts(key) or self._rest(key)

    def _flags(self, key: str) -> Test | None:
        if key in _FLAG_KEYS:
            flag = _FLAG_KEYS[key]
            return lambda mail: flag in mail.flags
        if key.startswith("UN") and key[2:] in _FLAG_KEYS:
            flag = _FLAG_KEYS[key[2:]]
            return lambda mail: flag not in mail.flags
        if key in ("KEYWORD", "UNKEYWORD"):
            word = self._word()
            return lambda mail: (word in mail.flags) == (key == "KEYWORD")
        return None

    def _dates_and_sizes(self, key: str) -> Test | None:
        if key in ("SINCE", "BEFORE", "ON"):
            day = read_date(self._word())
            if key == "SINCE":
                return lambda mail: mail.received_at.astimezone(UTC).date() >= day
            if key == "BEFORE":
                return lambda mail: mail.received_at.astimezone(UTC).date() < day
            return lambda mail: mail.received_at.astimezone(UTC).date() == day
        if key in ("LARGER", "SMALLER"):
            text = self._word()
            if not text.isdigit():
                raise BadSyntax(f"no size: {text!r}")
            size = int(text)
            if key == "LARGER":
                return lambda mail: len(mail.raw) > size
            return lambda mail: len(mail.raw) < size
        return None

    def _texts(self, key: str) -> Test | None:
        """Substrings of the raw bytes, case ignored: encoded words are not decoded here."""
        if key in ("FROM", "TO", "CC", "SUBJECT", "HEADER"):
            name = self._word() if key == "HEADER" else key
            value = self._word().encode("utf-8", "surrogateescape").lower()
            prefix = name.lower().encode() + b":"
            return lambda mail: any(
                line.startswith(prefix) and value in line for line in mail.header.lower().splitlines()
            )
        if key in ("TEXT", "BODY"):
            value = self._word().encode("utf-8", "surrogateescape").lower()
            if key == "TEXT":
                return lambda mail: value in mail.raw.lower()
            return lambda mail: value in mail.raw[len(mail.header) :].lower()
        return None

    def _rest(self, key: str) -> Test:
        if key in ("ALL", "OLD"):
            return lambda mail: True
        if key == "NOT":
            denied = self._next()
            return lambda mail: not denied(mail)
        if key == "OR":
            one, other = self._next(), self._next()
            return lambda mail: one(mail) or other(mail)
        if key == "UID":
            uids = frozenset(numbers(self._word(), self._view))
            return lambda mail: mail.uid in uids
        if key[:1].isdigit() or key.startswith("*"):
            wanted = numbers(key, range(1, len(self._view) + 1))
            chosen = frozenset(self._view[number - 1] for number in wanted)
            return lambda mail: mail.uid in chosen
        raise BadSyntax(f"unknown search key {key}")
