"""
A letter's sheet → the single facts of a notice, each with one reading or refused.

Comes in: a `Sheet`. Goes out: the gateway's reference, the order number, the shop's names, the sum and the payer. What has two
readings raises; only who paid, by which nothing is decided, is left out instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeVar

from reconciler.errors import FieldUnreadable, HeldError
from reconciler.extract.fields import Sheet, bare, read_money
from reconciler.extract.layout.page import Pair
from reconciler.extract.text import one_line
from reconciler.extract.values.orders import clean_order
from reconciler.extract.values.references import is_reference
from reconciler.model import MONEY_BACK, Kind, Message, Payer
from reconciler.money import Money

T = TypeVar("T")

_PAN = re.compile(r"\d{2,6}[ -]?[*xXхХ•·][*xXхХ•· -]{1,24}\d{2,4}")
_NO_PART = re.compile(r"[<>\ufffd]")  # of a reference: letters that are drawn in another order, and pieces of markup
_SHOP = re.compile(  # as a word of the letter, not as a part of a site's or an account's name
    r"(?<![\w.@/-])(?:магазин|сайт|мерчант|продав[ец]|торгов|shop|store|(?:web)?site|merchant|seller)(?!\w*[._@-]\w)",
    re.IGNORECASE,
)


def transaction_id(sheet: Sheet) -> str | None:
    """
    The gateway's reference. A page's own one (WFP-…) goes before other numbers the gateway prints. One that stands under
    the label of the order number alone is none: a payer can type it there.
    """
    pairs = [pair._replace(value=bare(pair.value)) for pair in sheet.of("reference")]
    for pair in pairs:
        if len(pair.value.split()) != 1 or not _tells(pair.value) or _NO_PART.search(pair.value):
            raise FieldUnreadable(
                f"transaction_id: {pair.value[:80]!r} is not one word with a digit, and nothing else",
                parser=sheet.parser,
                field="transaction_id",
                value=pair.value[:80],
            )
    own = [pair for pair in pairs if is_reference(pair.value)]
    keys = {pair.key for pair in own}
    clash = [pair for pair in pairs if pair not in own and pair.key in keys]  # one label, a reference and another value
    under_order = [pair for pair in sheet.of("order", "any_order") if is_reference(bare(pair.value))]
    if pairs and not own and under_order:
        raise sheet.ambiguous("transaction_id", [pair.value for pair in (*pairs, *under_order)])
    chosen = [*own, *clash] if own else pairs
    return sheet.agreed("transaction_id", [(pair, pair.value) for pair in chosen])


def _tells(reference: str) -> bool:
    """Has it a digit, and more than noughts?"""
    return any(map(str.isdigit, reference)) and any(char.isalnum() and char != "0" for char in reference)


def order_of(sheet: Sheet, cleaned: Callable[[str], str | None] = clean_order) -> tuple[str | None, str | None]:
    """The order number and the value it was cleaned from. cleaned: the rule that cleans it."""
    pairs = [pair for pair in sheet.of("order") if not is_reference(bare(pair.value))]
    try:
        readings = [(pair, cleaned(pair.value)) for pair in pairs]
    except HeldError as exc:
        exc.facts.setdefault("parser", sheet.parser)
        raise
    numbered = [(pair, number) for pair, number in readings if number is not None]
    labels = {pair.key for pair, _ in numbered}
    if any(number is None and pair.key in labels for pair, number in readings):
        raise sheet.ambiguous("order_number", [pair.value for pair in pairs])
    number = sheet.agreed("order_number", numbered)
    if number is not None:
        return number, one_line(numbered[0][0].value)
    if len({one_line(pair.value) for pair in pairs}) > 1 and len({pair.key for pair in pairs}) == 1:
        raise sheet.ambiguous("order_number", [pair.value for pair in pairs])
    sheet.note("order_number", pairs[:1])
    return None, one_line(pairs[0].value) if pairs else None


def merchant_names(sheet: Sheet, message: Message) -> tuple[str | None, tuple[str, ...]]:
    """
    The shop as first printed, and every line about it: one per label, as printed.

    A letter without such a label that speaks of a shop all the same gives those lines: whose shop it is they may tell.
    """
    by_label: dict[str, list[Pair]] = {}
    for pair in sheet.of("merchant"):
        by_label.setdefault(pair.key, []).append(pair)
    printed = [
        sheet.agreed("merchant", [(pair, one_line(pair.value)) for pair in pairs]) for pairs in by_label.values()
    ]
    values = [value for value in printed if value]
    if values:
        return values[0], tuple(dict.fromkeys(values))
    spoken = map(one_line, (*filter(_speaks_of_shop, [message.subject]), *sheet.lines_that(_speaks_of_shop)))
    return None, tuple(dict.fromkeys(spoken))


def _speaks_of_shop(line: str) -> bool:
    return _SHOP.search(one_line(line)) is not None


def amount_of(sheet: Sheet, kind: Kind, *, either: Collection[str] = ()) -> Money | None:
    """either: as `read_money` takes it."""
    if kind in MONEY_BACK:
        back = read_money(sheet, "refund_amount", allow_minus=True, either=either)
        return back or read_money(sheet, "amount", allow_minus=True, either=either)
    return read_money(sheet, "amount", either=either)


def payer_of(sheet: Sheet) -> Payer | None:
    """Who paid, for people: what has no one reading is left out, as nothing is decided by it."""
    found: dict[str, str] = {}
    for field, source in (("name", "payer"), ("email", "email"), ("phone", "phone"), ("card", "card")):
        pairs = told(partial(sheet.of, source)) or []
        values = [one_line(pair.value) for pair in pairs]
        if field == "card":
            values = [match[0] for value in values if (match := _PAN.search(value))]
        if values and len(set(values)) == 1:
            found[field] = values[0]
            sheet.note(f"payer.{field}", pairs)
    return Payer(**found) if found else None


def is_addressed(message: Message, email: str) -> bool:
    return any(address.email.casefold() == email.casefold() for address in message.recipients)


def told(read: Callable[[], T]) -> T | None:
    """A field of a notice that is only counted: without one reading it is not told."""
    try:
        return read()
    except HeldError:
        return None
