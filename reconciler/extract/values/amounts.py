"""
Amounts as mails print them → `Decimal` with a currency.

Comes in: the value of a label, or any text. Goes out: every amount in it with all its readings; a single one by
`read_amount`, or an error that says why there is none. Nothing is guessed.

The grammar, spaces being any Unicode space:

    amount    = [currency] [minus] number [currency] | number "грн" two-digits "коп"
    number    = whole [mark digit [digit]]
    whole     = digits without a leading zero | 1-3 digits, then groups of three behind one and the same separator
    separator = space ' . ,        mark = . , and never the separator of the same number

"1,250" and "1.250" are groups or three decimals: two readings, so ambiguous. "1250.000" and "0,250" have three
decimals: refused; "1250.0000" has two, and zeros. Words in brackets may follow, and a currency; numbers in brackets may not, but
for the sum's own kopecks. A plus may stand before a sum with its currency. A number inside a longer token (a card, a date, WFP-SOC-…) is not an amount.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from reconciler.errors import FieldAmbiguous, FieldUnreadable
from reconciler.extract.text import APOSTROPHES, DASHES, one_line, unmarked

# as printed, lower case, without a full stop → ISO 4217
CURRENCIES = {
    "грн": "UAH", "гривень": "UAH", "гривня": "UAH", "гривні": "UAH", "гривны": "UAH", "гривен": "UAH",
    "₴": "UAH", "uah": "UAH", "hrn": "UAH",
    "$": "USD", "usd": "USD", "us$": "USD", "дол": "USD", "доларів": "USD", "долларов": "USD",
    "€": "EUR", "eur": "EUR", "євро": "EUR", "евро": "EUR",
    "£": "GBP", "gbp": "GBP", "zł": "PLN", "pln": "PLN", "czk": "CZK", "ron": "RON", "mdl": "MDL", "kzt": "KZT",
    "₽": "RUB", "руб": "RUB", "рублей": "RUB", "rub": "RUB",
}  # fmt: skip

_CURRENCY = "|".join(re.escape(word) for word in sorted(CURRENCIES, key=len, reverse=True))
_WHOLE = r"(?:[0-9]{1,3}(?:(?P<sep>[ '.,])[0-9]{3})(?:(?P=sep)[0-9]{3})*(?![0-9])|[0-9]+)"
_AMOUNT = re.compile(
    rf"""
    (?<![\w.,*/'^-])(?<![0-9]\ )
    (?:(?P<before>{_CURRENCY})\.?\s?)?
    (?P<minus>-\s?)?
    (?P<whole>{_WHOLE})
    (?P<rest>[.,][0-9]+(?:[.,][0-9]+)*)?
    (?:\s?(?P<after>{_CURRENCY})(?!\w)\.?(?:\s?(?P<kopecks>[0-9][0-9])\s?коп(?:\.|ійок|ійки|ійка|еек|ейки)?(?!\w))?)?
    (?![\w*/'^:-]|[.,][0-9]|\ [0-9])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MARKS = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(DASHES, "-"))
_BEHIND = re.compile(  # "(одна тисяча двісті гривень 00 копійок)", "(UAH)"
    r" ?\((?P<words>[^()0-9]*(?:(?P<kopecks>[0-9]{2}) ?коп[^()0-9]*)?)\)$", re.IGNORECASE
)
_GAIN = re.compile(r"\+ ?(?=[0-9])")  # before a sum with its currency; before digits alone it begins a telephone
_LONGEST = 200  # characters; a value that is longer tells a story, not a sum
_GROUP = 3  # digits; as many decimals may be thousands
_DIGITS = 12  # more are an account or a card


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a sender writes sums: its marks, None where it has not told them, and the currency of sums that print none."""

    decimal: str | None = None
    thousands: str | None = None
    currency: str | None = None


UNTOLD = Manner()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One amount as printed: its readings (two when the marks can be read two ways) and the currency beside it, if any."""

    text: str
    readings: tuple[Decimal, ...]  # empty: no grammar accepts it
    currency: str | None
    currencies: tuple[str, ...] = ()  # every currency printed at it


def normal(text: str) -> str:
    """The text in which amounts are looked for: one kind of space, minus and apostrophe."""
    return one_line(text).translate(_MARKS)


def currency_of(text: str) -> str | None:
    """ "UAH", "грн." or "₴" → "UAH"; None when the text is no currency this house knows."""
    return CURRENCIES.get(one_line(text).casefold().rstrip("."))


def find_amounts(text: str) -> tuple[Amount, ...]:
    """Every amount in a text, in order; the caller picks by label, never by position or size."""
    found = (_amount(match) for match in _AMOUNT.finditer(normal(text)))
    return tuple(amount for amount in found if amount.readings)


def read_amount(
    text: str, *, field: str = "amount", allow_minus: bool = False, manner: Manner = UNTOLD
) -> tuple[Decimal, str | None]:
    """
    The one amount that a value consists of, and its currency when one is printed beside it.

    allow_minus: a letter about money going back may print its sum below zero; the size is returned.
    manner: the sender's marks; a sum that is written with others is refused.
    Raises: FieldAmbiguous: two readings, or two currencies. FieldUnreadable: anything else, zero and negative included.
    """
    whole = normal(unmarked(text))
    behind = _BEHIND.search(whole[-_LONGEST:])
    value = whole.removesuffix(behind[0]) if behind else whole
    found = _AMOUNT.fullmatch(_GAIN.sub("", value, count=1)) if len(value) <= _LONGEST else None
    if found is None or (value.startswith("+") and not (found["before"] or found["after"])):
        several = [amount.text for amount in find_amounts(value[:_LONGEST])]
        if len(several) > 1:
            raise FieldAmbiguous(f"{field}: {value!r} holds more than one amount", field=field, values=several)
        raise FieldUnreadable(f"{field}: {value[:_LONGEST]!r} is not an amount", field=field, value=value[:_LONGEST])
    amount = _with_words(_amount(found, manner), behind)
    if len(amount.readings) > 1 or len(amount.currencies) > 1:
        values = [str(reading) for reading in amount.readings] if len(amount.readings) > 1 else list(amount.currencies)
        raise FieldAmbiguous(f"{field}: {value!r} has two readings", field=field, values=values)
    if not amount.readings:
        raise FieldUnreadable(f"{field}: {value!r} is not an amount of whole minor units", field=field, value=value)
    reading = amount.readings[0]
    if reading < 0 and allow_minus:
        reading = -reading
    if reading <= 0:
        raise FieldUnreadable(f"{field}: {value!r} is not above zero", field=field, value=value)
    return reading, amount.currency


def _with_words(amount: Amount, behind: re.Match[str] | None) -> Amount:
    """With what brackets say behind it: its currency, or the sum in words, whose digits must be its own."""
    if behind is None:
        return amount
    cents = behind["kopecks"]
    readings = tuple(one for one in amount.readings if cents is None or f"{one:.2f}"[-2:] == cents)
    told = currency_of(behind["words"])
    currencies = tuple(dict.fromkeys([*amount.currencies, *([told] if told else [])]))
    return replace(amount, readings=readings, currency=amount.currency or told, currencies=currencies)


def _amount(match: re.Match[str], manner: Manner = UNTOLD) -> Amount:
    printed = [match["before"], match["after"]]
    currencies = tuple(dict.fromkeys(CURRENCIES[word.casefold()] for word in printed if word))
    readings = _readings(match["whole"], match["sep"], match["rest"] or "", manner)
    if match["kopecks"]:
        readings = (
            tuple(whole + Decimal(match["kopecks"]).scaleb(-2) for whole in readings) if not match["rest"] else ()
        )
    if match["minus"]:
        readings = tuple(-reading for reading in readings)
    currency = currencies[0] if len(currencies) == 1 else None
    return Amount(text=match[0], readings=readings, currency=currency, currencies=currencies)


def _readings(whole: str, separator: str | None, rest: str, manner: Manner) -> tuple[Decimal, ...]:
    groups = re.split(r"[ '.,]", whole)
    digits = "".join(groups)
    if len(digits) > _DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return ()
    groupable = separator is None or (manner.thousands in {None, separator} and manner.decimal != separator)
    if rest:
        decimals = rest[1:]
        if len(decimals) > _GROUP and decimals.isdigit() and not decimals[2:].strip("0"):
            decimals = decimals[:2]  # "1250.0000", as a database writes it
        if rest[0] == separator or not decimals.isdigit() or len(decimals) > 2:
            return ()
        return (Decimal(f"{digits}.{decimals}"),) if groupable and manner.decimal in {None, rest[0]} else ()
    if not groupable:
        return ()
    if separator in {".", ","} and len(groups) == 2 and manner.decimal is None and manner.thousands is None:
        return (Decimal(digits), Decimal(f"{groups[0]}.{groups[1]}"))
    return (Decimal(digits),)
