"""
Which way round Difference is counted, read from its formula: text as the account spells it in, a sign out.

Seen live: `{{Задача.Сума}}-{{Задача."Оплачено"}}`, with HTML entities in place of the quotes. Anything but one field
minus another is not interpreted: `difference_sign` has to be set then.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from enum import StrEnum

from reconciler.desks.planfix.texts import same_name


class Sign(StrEnum):
    """The words of the setting difference_sign."""

    DUE_PAID = "due-paid"
    PAID_DUE = "paid-due"


SUBTRACTION = re.compile(r"\(?\s*\{\{(?P<left>[^{}]+)\}\}\s*[-−]\s*\{\{(?P<right>[^{}]+)\}\}\s*\)?")
QUOTES = "\"'«»“”„"


def sign_of(formula: str, *, due: Collection[str], paid: Collection[str]) -> Sign | None:
    """due, paid: what each field may be called in a formula: its name and its id. None: not a plain subtraction of the two."""
    match = SUBTRACTION.fullmatch(html.unescape(html.unescape(formula)).strip())
    if match is None:
        return None
    left, right = match["left"], match["right"]
    if _names(left, due) and _names(right, paid):
        return Sign.DUE_PAID
    if _names(left, paid) and _names(right, due):
        return Sign.PAID_DUE
    return None


def _names(operand: str, names: Collection[str]) -> bool:
    """Is this operand ("Задача.Оплачено", with or without its owner and quotes) one of the names?"""
    bare = operand.strip()
    forms = {bare, bare.partition(".")[2]}
    return any(same_name(form.strip().strip(QUOTES), name) for form in forms if form for name in names)
