"""
WayForPay's letters → notices.

Comes in: a message whose From address is in one of `DOMAINS`. Goes out: one notice; a payment carries the sum with its
currency, the gateway's reference and the time, and usually the order number, which stands in the additional field that the
merchant's payment page asks the payer for.

No letter of the gateway is public, so nothing here leans on a layout: fields are found by label (`_wayforpay_labels`, all
reconstructed), in three languages, wherever they stand, and what contradicts itself is held. Shown by
fixtures/wayforpay/paid_html_uk. A page's own reference (WFP-SOC-…, WFP-BTN-…) is never the order number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from parsers._wayforpay_labels import LABELS, LISTING, ORDER_LABELS, SPOKEN
from parsers._wayforpay_register import LIST_FILE, movements
from parsers._wayforpay_words import WORDS
from reconciler.errors import FieldUnreadable, HeldError, Unreadable
from reconciler.extract.fields import Sheet, read_money, read_paid_at, statuses, words_of
from reconciler.extract.kinds import Said, decide, decide_each
from reconciler.extract.orders import clean_order, is_reference
from reconciler.extract.page import Pair, folded
from reconciler.extract.text import one_line
from reconciler.model import MONEY_BACK, Kind, Message, Notice, Payer
from reconciler.money import Money

T = TypeVar("T")

NAME = "wayforpay"
VERSION = "1"
GATEWAY = "wayforpay"
DOMAINS = ("wayforpay.com", "wayforpay.com.ua")  # notify@wayforpay.com.ua is the one sender seen in public code
TIMEZONE = "Europe/Kyiv"

EITHER = folded(SPOKEN)

TEST_MERCHANTS = frozenset({"test_merch_n1", "test_merchant"})  # the published test shop; its payments move no money

_PAN = re.compile(r"\d{2,6}[ -]?[*xXхХ•·][*xXхХ•· -]{1,24}\d{2,4}")
_SHOP = re.compile(  # as a word of the letter, not as a part of a site's or an account's name
    r"(?<![\w.@/-])(?:магазин|сайт|мерчант|продав[ец]|торгов|shop|store|(?:web)?site|merchant|seller)(?!\w*[._@-]\w)",
    re.IGNORECASE,
)
_APART = re.compile(r"\s*[()|,]\s*|\s[—–-]\s")  # "Меблі (shop_example_ua)" is two names of a shop
_NAMES = re.compile(r"[\s,;|()\[\]<>\"'«»]+")


@dataclass(slots=True, kw_only=True)  # not frozen: a Parser's NAME is an ordinary attribute
class WayForPay:
    """
    The parser with a merchant's own settings; the module's `claims` and `parse` are this one with the defaults.

    order_fields: labels of the payment page's additional field that holds the order number, instead of `ORDER_LABELS`.
    """

    NAME: str = NAME
    order_fields: tuple[str, ...] = ()
    timezone: str = TIMEZONE

    def configured(self, *, order_fields: Collection[str] = (), timezone: str | None = None) -> WayForPay:
        """The same parser with these settings."""
        return WayForPay(order_fields=tuple(order_fields), timezone=timezone or self.timezone)

    def claims(self, message: Message) -> bool:
        """The one From address is at the gateway: the parsed address's domain, never a display name or a part of it."""
        sender = message.sender
        return sender is not None and any(
            sender.domain == domain or sender.domain.endswith(f".{domain}") for domain in DOMAINS
        )

    def parse(self, message: Message) -> Sequence[Notice]:
        sheet = self.sheet(message)
        if len(records := sheet.records()) > 1:
            return self._several(message, sheet, records)
        kind = self._kind(message, sheet)
        if kind is Kind.REGISTER:
            return (Notice(parser=NAME, gateway=GATEWAY, kind=kind),)
        if kind is Kind.PAYMENT or kind in MONEY_BACK:
            return (self._notice(sheet, kind, message),)
        return (_leniently(self, sheet, kind, message),)

    def sheet(self, message: Message) -> Sheet:
        """Every label and value of the letter: what `explain` shows."""
        labels = LABELS | {"order": self.order_fields or ORDER_LABELS, "any_order": ORDER_LABELS}
        return Sheet(NAME, message, labels, listing=LISTING, spoken=SPOKEN, naming="reference")

    def _several(self, message: Message, sheet: Sheet, records: Sequence[Sheet]) -> Sequence[Notice]:
        """A notice for each payment of a letter, of the kind its own status tells."""
        kinds = decide_each(
            _said(message, sheet, status=()), [statuses(record) for record in records], WORDS, parser=NAME
        )
        return [
            self._notice(record, kind, message)
            if kind is Kind.PAYMENT or kind in MONEY_BACK
            else _leniently(self, record, kind, message)
            for record, kind in zip(records, kinds, strict=True)
        ]

    def _kind(self, message: Message, sheet: Sheet) -> Kind:
        said = _said(message, sheet, status=statuses(sheet))
        listed = any(LIST_FILE.search(file.filename) for file in message.attachments)
        if listed and not sheet.of("reference"):
            return Kind.REGISTER  # a list hangs on it and it tells of no single payment
        kind = decide(said, WORDS, parser=NAME, attached_list=listed)
        if kind not in MONEY_BACK and kind is not Kind.PAYMENT and (several := _several_under_one_label(sheet)):
            raise Unreadable("several payments, and one kind", parser=NAME, found=several)
        if kind is Kind.PAYMENT and sheet.of("refund_amount", "reason"):
            found = sheet.of("refund_amount", "reason")[0]
            raise Unreadable(f"a payment with {found.label!r}", parser=NAME, label=found.label, value=found.value)
        return kind

    def _notice(self, sheet: Sheet, kind: Kind, message: Message) -> Notice:
        """A payment, or money going back: what the ledger needs must be there."""
        reference = transaction_id(sheet)
        amount = _amount(sheet, kind)
        moment = read_paid_at(sheet, zone=ZoneInfo(self.timezone), day_first=True, either=EITHER)
        for field, found in (("transaction_id", reference), ("amount", amount), ("paid_at", moment)):
            if found is None:
                raise sheet.missing(field)
        number, raw = order(sheet)
        merchant, names = merchant_names(sheet, message)
        payer = _payer(sheet)
        if kind is Kind.PAYMENT and _is_test_shop(names):
            kind = Kind.TEST
        elif kind is Kind.PAYMENT and _is_test_shop([message.subject, *sheet.lines]):
            raise Unreadable("the test shop is named, and not as the shop", parser=NAME, found="test shop")
        if kind is Kind.PAYMENT and payer and payer.email and _is_addressed(message, payer.email):
            raise Unreadable(
                "a letter to the payer himself that is no plain receipt", parser=NAME, found="payer is recipient"
            )
        return Notice(
            parser=NAME,
            gateway=GATEWAY,
            kind=kind,
            amount=amount,
            transaction_id=reference,
            paid_at=moment.instant if moment else None,
            order_number=number,
            order_raw=raw,
            merchant=merchant,
            merchant_names=names,
            payer=payer,
            spans=tuple(sheet.spans),
        )


def _several_under_one_label(sheet: Sheet) -> list[str]:
    """Different references under one label: such a letter tells of more than one payment."""
    told: dict[str, set[str]] = {}
    for pair in sheet.pairs:
        if pair.key in sheet.naming and pair.value:
            told.setdefault(pair.key, set()).add(one_line(pair.value))
    return next((sorted(values) for values in told.values() if len(values) > 1), [])


def _said(message: Message, sheet: Sheet, *, status: Sequence[str]) -> Said:
    """The letter's words by where they stand."""
    statements = [line for line in sheet.statements if not line.doubtful]
    return Said(
        subject=message.subject,
        status=status,
        inner=[pair.value for pair in sheet.of("status", "operation") if pair.inner] if status else (),
        early=[line.text for line in statements if line.early],
        late=[line.text for line in statements if not line.early],
        doubtful=[line.text for line in sheet.statements if line.doubtful],
        aside=words_of(sheet.unknown()),
        names=[name for pair in sheet.of("merchant") for name in (pair.value, *_APART.split(pair.value))],
    )


# ---------------------------------------------------------------- fields


def transaction_id(sheet: Sheet) -> str | None:
    """
    The gateway's reference. A page's own one (WFP-…) goes before other numbers the gateway prints. One that stands under
    the label of the order number alone is none: a payer can type it there.
    """
    pairs = sheet.of("reference")
    for pair in pairs:
        if len(pair.value.split()) != 1 or not any(char.isdigit() for char in pair.value):
            raise FieldUnreadable(
                f"transaction_id: {pair.value[:80]!r} is not one word with a digit",
                parser=NAME,
                field="transaction_id",
                value=pair.value[:80],
            )
    own = [pair for pair in pairs if is_reference(pair.value)]
    keys = {pair.key for pair in own}
    clash = [pair for pair in pairs if pair not in own and pair.key in keys]  # one label, a reference and another value
    under_order = [pair for pair in sheet.of("order", "any_order") if is_reference(pair.value)]
    if pairs and not own and under_order:
        raise sheet.ambiguous("transaction_id", [pair.value for pair in (*pairs, *under_order)])
    chosen = [*own, *clash] if own else pairs
    return sheet.agreed("transaction_id", [(pair, pair.value.strip()) for pair in chosen])


def order(sheet: Sheet) -> tuple[str | None, str | None]:
    """The order number and the value it was cleaned from."""
    pairs = [pair for pair in sheet.of("order") if not is_reference(pair.value)]
    try:
        readings = [(pair, clean_order(pair.value)) for pair in pairs]
    except HeldError as exc:
        exc.facts.setdefault("parser", NAME)
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
    spoken = (one_line(line) for line in (message.subject, *sheet.lines))
    return None, tuple(dict.fromkeys(line for line in spoken if _SHOP.search(line)))


def _amount(sheet: Sheet, kind: Kind) -> Money | None:
    if kind in MONEY_BACK:
        back = read_money(sheet, "refund_amount", allow_minus=True, either=EITHER)
        return back or read_money(sheet, "amount", allow_minus=True, either=EITHER)
    return read_money(sheet, "amount", either=EITHER)


def _payer(sheet: Sheet) -> Payer | None:
    """Who paid, for people: what has no one reading is left out, as nothing is decided by it."""
    found: dict[str, str] = {}
    for field, source in (("name", "payer"), ("email", "email"), ("phone", "phone"), ("card", "card")):
        pairs = _told(partial(sheet.of, source)) or []
        values = [one_line(pair.value) for pair in pairs]
        if field == "card":
            values = [match[0] for value in values if (match := _PAN.search(value))]
        if values and len(set(values)) == 1:
            found[field] = values[0]
            sheet.note(f"payer.{field}", pairs)
    return Payer(**found) if found else None


def _is_test_shop(names: Sequence[str]) -> bool:
    return not TEST_MERCHANTS.isdisjoint(_NAMES.split(" ".join(names).casefold()))


def _is_addressed(message: Message, email: str) -> bool:
    return any(address.email.casefold() == email.casefold() for address in message.recipients)


def _leniently(parser: WayForPay, sheet: Sheet, kind: Kind, message: Message) -> Notice:
    """A notice that never posts: what has one reading is told, the rest is None, and none of it holds the letter."""
    moment = _told(lambda: read_paid_at(sheet, zone=ZoneInfo(parser.timezone), day_first=True, either=EITHER))
    number, raw = _told(lambda: order(sheet)) or (None, None)
    merchant, names = _told(lambda: merchant_names(sheet, message)) or (None, ())
    return Notice(
        parser=NAME,
        gateway=GATEWAY,
        kind=kind,
        amount=_told(lambda: _amount(sheet, kind)),
        transaction_id=_told(lambda: transaction_id(sheet)),
        paid_at=moment.instant if moment else None,
        order_number=number,
        order_raw=raw,
        merchant=merchant,
        merchant_names=names,
        payer=_payer(sheet),
        spans=tuple(sheet.spans),
    )


def _told(read: Callable[[], T]) -> T | None:
    """A field of a notice that is only counted: without one reading it is not told."""
    try:
        return read()
    except HeldError:
        return None


__all__ = [
    "DEFAULT",
    "DOMAINS",
    "LABELS",
    "NAME",
    "ORDER_LABELS",
    "WayForPay",
    "claims",
    "configured",
    "movements",
    "parse",
    "sheet",
]

DEFAULT = WayForPay()
claims = DEFAULT.claims
parse = DEFAULT.parse
configured = DEFAULT.configured
sheet = DEFAULT.sheet
