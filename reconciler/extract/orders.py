"""
An order number as a payer typed it → the number the desk is asked for.

Comes in: the value of the payment page's additional field. Goes out: the cleaned number, None when the value holds none,
or `FieldAmbiguous` when it holds more than one. The rule, which the owner can see:

1. words and signs around it go: №, #, "замовлення", "заказ", "order", "номер", "рахунок" …, quotes, full stops, spaces;
2. letters drawn alike in both alphabets become those of one: Latin where every letter has a Latin look-alike, else Cyrillic;
3. what remains must be one token of letters, digits, "-", "/", "_" and "." with a digit in it; it is never cut or joined;
4. the gateway's own reference (WFP-…), a phone, a card, an e-mail, a date, a time and a sum are no order numbers.
"""

from __future__ import annotations

import re
import unicodedata

from reconciler.errors import FieldAmbiguous
from reconciler.extract.text import DASHES, clean

REFERENCE = re.compile(r"WFP-[A-Z]{2,5}-\d+-[0-9a-f]{8,}\S*|\S+_WFPREG-\S+|WFP-\d+-[0-9a-f]{8,}\S*", re.IGNORECASE)
"""A gateway's own reference, as its pages make them: never a CRM order number, whatever its label says."""

_WORDS = re.compile(  # as whole words: "NR7" and "ЗАМ.5" are numbers with letters in them and stay whole
    r"(?<![\w./-])(?:no|n°|nr|номер|number|num|замовлення|замовленню|замовленням|замовл|зам|заказа|заказу|заказ|зак|order|ordernumber|"
    r"рахунок|рахунку|рахунка|счета|счёт|счет|сч[её]ту|invoice|id)\.?(?![\w./-])|[№#]",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_](?:[\w./-]*[^\W_])?")
_PHONE = re.compile(r"(?:\+?38)?0\d{9}|\+\d{9,15}|8?0\d{9}")
_CARD = re.compile(r"\d{13,19}|\d{2,6}[*xх•]{2,}\d{2,6}", re.IGNORECASE)
_NO_NUMBER = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}-\d{2}-\d{2}|\d+\.\d{1,2}",  # a date, a sum
)
_DASHES = str.maketrans(dict.fromkeys(DASHES, "-"))
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width forms; NFKC would make "5²" the number 52
_LONGEST = 40
_MOST = 500  # characters of a value; what is longer tells a story

_TO_LATIN = dict(zip("АВЕІЈКМНОРСТУХаеіјорсухѕЅ", "ABEIJKMHOPCTYXaeijopcyxsS", strict=True))
_TO_CYRILLIC = {
    latin: cyrillic for cyrillic, latin in reversed(_TO_LATIN.items()) if cyrillic not in "ЈјЅѕ"
}  # the Serbian and Macedonian letters are nobody's order numbers here


def fold_order(number: str) -> str:
    """
    An order number in the form in which look-alike letters are the same letter: "А-12" and "A-12" are one number.

    Both sides of a comparison are folded; case is kept.
    """
    number = unicodedata.normalize("NFC", number).translate(_WIDE).translate(_DASHES)
    letters = [letter for letter in number if letter.isalpha()]
    if all(letter.isascii() or letter in _TO_LATIN for letter in letters):
        return "".join(_TO_LATIN.get(letter, letter) for letter in number)
    if all(not letter.isascii() or letter in _TO_CYRILLIC for letter in letters):
        return "".join(_TO_CYRILLIC.get(letter, letter) for letter in number)
    return number


def spellings(number: str) -> tuple[str, ...]:
    """
    The folded number, and how a person may have typed the same in the other alphabet.

    For a desk that compares letter by letter: "A-12" may stand there as "А-12" in Cyrillic.
    """
    folded = fold_order(number)
    other = "".join(_TO_CYRILLIC.get(letter, letter) for letter in folded)
    return (folded,) if other == folded else (folded, other)


def is_reference(text: str) -> bool:
    """Is this the gateway's own reference and nothing else?"""
    return REFERENCE.fullmatch(clean(text).strip()) is not None


def clean_order(text: str) -> str | None:
    """
    The order number in a payer's words.

    "№ 12345", "замовлення 12345", "#12345 " → "12345". None: empty, a reference, a phone, a card, or words around it that the
    rule does not know; never a part of a longer token.
    Raises: FieldAmbiguous: two numbers, or a number and further lines.
    """
    value = clean(text).strip()
    if not value or len(value) > _MOST or is_reference(value):
        return None
    lines = [line for line in value.split("\n") if line.strip()]
    flat = unicodedata.normalize("NFC", " ".join(lines).replace("№", "#")).translate(_WIDE).translate(_DASHES)
    if len(lines) == 1 and _is_other(re.sub(r"[\s()]", "", flat)):
        return None
    bare = _WORDS.sub(" ", flat)
    tokens = [token for token in bare.split() if _TOKEN.search(token)]
    numbered = [token for token in tokens if any(char.isdigit() for char in token)]
    parts = [
        part for token in numbered for part in re.split(r"[,;:=+&]", token) if any(char.isdigit() for char in part)
    ]
    if len(parts) > 1 or (numbered and len(lines) > 1):
        raise FieldAmbiguous(
            f"order_number: {value[:80]!r} holds more than a number", field="order_number", values=parts or tokens
        )
    if len(tokens) != 1 or not numbered:
        return None
    token = numbered[0].strip("\"'«»“”„()[]<>.,;:!?*")
    if _TOKEN.fullmatch(token) is None or len(token) > _LONGEST or _is_other(token) or REFERENCE.search(token):
        return None
    return fold_order(token)


def _is_other(token: str) -> bool:
    """A phone, a card, an e-mail, a date or a sum."""
    if "@" in token:
        return True
    digits = token.replace("-", "")
    return bool(_PHONE.fullmatch(digits) or _CARD.fullmatch(digits) or _NO_NUMBER.fullmatch(token))
