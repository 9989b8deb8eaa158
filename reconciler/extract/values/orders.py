"""
An order number as a payer typed it → the number the desk is asked for.

Comes in: the value of the payment page's additional field. Goes out: the cleaned number, None when the value holds none,
or `FieldAmbiguous` when it holds more than one. The rule, which the owner can see (`explain` names what refused a value):

1. words and signs around it go (`WORDS`): №, #, "замовлення", "заказ", "order", "номер", "рахунок" …, quotes, full stops, spaces;
2. digits of any script become 0-9; letters drawn alike in both alphabets become those of one: Latin where every letter has a
   Latin look-alike, else Cyrillic;
3. what remains must be one token of letters, digits, "-", "/", "_" and "." with a digit in it; it is never cut or joined;
4. what is another kind of number (`NOT_ORDERS`) is no order number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from reconciler.errors import FieldAmbiguous
from reconciler.extract.text import DASHES, clean, unmarked
from reconciler.extract.values.amounts import CURRENCIES
from reconciler.extract.values.references import REFERENCE, is_reference

WORDS = (
    "№", "#", "no", "n°", "nr", "номер", "ном", "number", "num", "nomer",
    "замовлення", "замовленню", "замовленням", "замовленя", "замовл", "зам", "zamovlennya", "zamovlennia",
    "заказ", "заказа", "заказу", "зак", "zakaz", "order", "ordernumber", "ордер",
    "рахунок", "рахунку", "рахунка", "счет", "счёт", "счета", "счету", "счёту", "invoice", "id",
)  # fmt: skip
"""What payers write around the number; gone as whole words only: "NR7" and "ЗАМ.5" are numbers with letters in them."""

PAYING = (
    "оплата", "оплату", "оплати", "сплата", "сплату", "плата", "платіж", "платеж", "платёж", "payment", "paid",
    "за", "по", "for", "of",
)  # fmt: skip
"""Gone too where one of `WORDS` or a sign says that the number is an order's: "Оплата за замовлення №12345", never "за 2026"."""

_CURRENCY = "|".join(re.escape(word) for word in sorted(CURRENCIES, key=len, reverse=True))
_DAY_MONTH = r"(?:0?[1-9]|[12]\d|3[01])(?P<mark>[./-])(?:0?[1-9]|1[0-2])(?P=mark)"

# what else a payer types there → how it is known, once spaces and brackets are gone; the first that fits gives its name
NOT_ORDERS: dict[str, re.Pattern[str]] = {
    "reference": REFERENCE,
    "e-mail": re.compile(r"\S*@\S*"),
    "link": re.compile(r"(?:\w+://|www\.)\S*|(?:[a-z0-9-]+\.)+[a-z]{2,}/\S*", re.IGNORECASE),
    "phone": re.compile(r"(?:\+?3-?8)?-?0(?:-?\d){9}|\+(?:-?\d){9,15}|8?-?0(?:-?\d){9}"),
    "card": re.compile(r"\d(?:-?\d){12,18}|\d{2,6}[*xх•]{2,}\d{2,6}", re.IGNORECASE),
    "bank account": re.compile(r"[a-z]{2}\d{2}[a-z0-9]{15,30}", re.IGNORECASE),
    "date": re.compile(rf"\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{4}}|\d{{4}}-\d{{2}}-\d{{2}}|{_DAY_MONTH}\d{{2}}"),
    "address of a computer": re.compile(r"\d{1,3}(?:\.\d{1,3}){3}"),
    "sum": re.compile(rf"\d+\.\d{{1,2}}|\d+(?:[.,]\d{{1,2}})?(?:{_CURRENCY})\.?", re.IGNORECASE),
}


def _any_of(words: Sequence[str], *, signs: str = "") -> re.Pattern[str]:
    alone = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if word not in "№#")
    return re.compile(rf"(?<![\w./-])(?:{alone})\.?(?![\w./-]){signs}", re.IGNORECASE)


_WORDS = _any_of(WORDS, signs="|[№#]")
_PAYING = _any_of(PAYING)
_DATED = re.compile(  # the day of an order behind its number
    r"(?<=\w)\s+(?:від|от|of|dated|from)\s+"
    r"(?:\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2})(?:\s?[рг]\.?)?\s*$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_](?:[\w./-]*[^\W_])?")
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
    number = _plain(number)
    letters = [letter for letter in number if letter.isalpha()]
    if all(letter.isascii() or letter in _TO_LATIN for letter in letters):
        return "".join(_TO_LATIN.get(letter, letter) for letter in number)
    if all(not letter.isascii() or letter in _TO_CYRILLIC for letter in letters):
        return "".join(_TO_CYRILLIC.get(letter, letter) for letter in number)
    return number


def _plain(text: str) -> str:
    """With digits and dashes of one kind."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text).translate(_WIDE).translate(_DASHES)
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def spellings(number: str) -> tuple[str, ...]:
    """
    The folded number, and how a person may have typed the same in the other alphabet.

    For a desk that compares letter by letter: "A-12" may stand there as "А-12" in Cyrillic.
    """
    folded = fold_order(number)
    other = "".join(_TO_CYRILLIC.get(letter, letter) for letter in folded)
    return (folded,) if other == folded else (folded, other)


def other_number(text: str) -> str | None:
    """The name in `NOT_ORDERS` of what a value is instead of an order number; None: it may be one."""
    flat = re.sub(r"[\s()]", "", _plain(clean(text)))
    return next((name for name, pattern in NOT_ORDERS.items() if pattern.fullmatch(flat)), None)


def clean_order(text: str) -> str | None:
    """
    The order number in a payer's words.

    "№ 12345", "замовлення 12345 від 20.11.2026", "Оплата за #12345" → "12345". None: empty, a reference, a phone, a card, or words around it that the
    rule does not know; never a part of a longer token.
    Raises: FieldAmbiguous: two numbers, or a number and further lines.
    """
    value = unmarked(clean(text))
    if not value or len(value) > _MOST or is_reference(value):
        return None
    lines = [line for line in value.split("\n") if line.strip()]
    flat = _plain(" ".join(lines).replace("№", "#"))
    if len(lines) == 1 and other_number(flat):
        return None
    bare = _WORDS.sub(" ", _DATED.sub("", flat))
    bare = _PAYING.sub(" ", bare) if _WORDS.search(flat) else bare
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
    if _TOKEN.fullmatch(token) is None or len(token) > _LONGEST or other_number(token) or REFERENCE.search(token):
        return None
    if any(char.isdigit() and not char.isascii() for char in token):
        return None  # "5²" is not the number 52, nor 5
    return fold_order(token)
