"""
What the value of a field looks like, told loosely: only to see which of two neighbours of a label is its value.

Comes in: a field's name and a text. Goes out: whether the text may be its value; None where a field's values look like
anything. Nothing is read here: amounts and dates have grammars of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from reconciler.extract.values.amounts import CURRENCIES, normal

_LONGEST = 60
_DATE = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}:\d{2}|\d{1,2} [^\W\d]{3,12}\.?,? \d{4}|[^\W\d]{3,12}\.? \d{1,2}, \d{4}"
)
_WORD = re.compile(r"[^\W\d_]+|[$€₴£]")
_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_NO_SUM = re.compile(r"[*@:#№/]|.\+|\+ ?\d{5}|\d\.\d+\.\d")
_BRACKETED = re.compile(r"\([^()]*\)")
_MONEY_WORDS = frozenset({*CURRENCIES, "коп", "копійок", "копеек", "us"})


def _is_sum(text: str) -> bool:
    value = normal(text).casefold()
    if not _DIGIT.search(value) or len(value) > _LONGEST or _NO_SUM.search(value):
        return False
    bare = _BRACKETED.sub("", value)
    return all(word in _MONEY_WORDS for word in _WORD.findall(bare))


def _is_date(text: str) -> bool:
    value = normal(text)
    return len(value) <= _LONGEST and _DATE.search(value) is not None


def _is_email(text: str) -> bool:
    return "@" in text


SHAPES: dict[str, Callable[[str], bool]] = {
    "amount": _is_sum,
    "refund_amount": _is_sum,
    "fee": _is_sum,
    "credited": _is_sum,
    "price": _is_sum,
    "date": _is_date,
    "time": _is_date,
    "email": _is_email,
}


def may_be_label(text: str) -> bool:
    """May a line be a label that nobody knows? Words, with two digits at most: "Канал", "3DS"."""
    return len(text) <= _LONGEST and _LETTERS.search(text) is not None and sum(map(str.isdigit, text)) <= 2
