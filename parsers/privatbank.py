"""
PrivatBank's letters about movements on an account → notices. RECONSTRUCTED: no letter, and no address that writes it, is public.

Comes in: a message from PrivatBank. Goes out: one notice; a payment is a transfer that came in. What is known is the statement's API:
names of fields, C and D for money in and out. A payment needs every field under a label, the API's name of it or the house's words;
the rest is held. Shown by fixtures/privatbank/paid_uk.

Odd: the order number stands in the payer's own words about the transfer, so it is read only behind "замовлення", "рахунок" and the
like ("№" alone may be a contract's), and of two none is. The merchant is the account. Card payments that the bank or a gateway
settles are the same money as a gateway's notices, and money that is given back to us pays no order: neither ever posts. The bank
writes to its clients of much else: with this gateway in the settings all of it is held.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parsers._gateway import Gateway, in_words_of_ours, labels
from reconciler.errors import FieldAmbiguous, Unreadable
from reconciler.extract.fieldnames import LABELS as HOUSE
from reconciler.extract.notices import Tables
from reconciler.extract.text import fold_words, one_line
from reconciler.extract.values.orders import clean_order
from reconciler.model import Kind, Message, Notice

NAME = "privatbank"
VERSION = "1"
RECONSTRUCTED = True
DOMAINS = ("privatbank.ua",)
TIMEZONE = "Europe/Kyiv"

STATUSES = {"c": "paid", "зарахування": "paid", "зараховано": "paid", "зачисление": "paid", "зачислено": "paid"}
OUTGOING = {"d": Kind.RECEIPT, "списання": Kind.RECEIPT, "списание": Kind.RECEIPT}  # our own payments

_SETTLEMENT = "розрахунки з еквайрингу"  # as the API prints the counterparty
_NO_TRANSFER = re.compile(  # card payments that are settled, of which gateways have told; money that somebody gives back
    r"\bcmps ?:|еквайринг|эквайринг|wayforpay|вейфорпей|liqpay|fondy|portmone|plata by mono|повернен|возврат|\bрефанд",
    re.IGNORECASE,
)
_ORDER = re.compile(  # "№" alone may be a contract's
    r"(?<!\w)(?:(?:замовл|рахун|заказ|сч[её]т|order|invoice)[^\W\d]*|(?:зам|рах)(?!\w)\.?)[\s:]*(?:№|N|#)?\s*"
    r"(?P<number>[^\s,;:()]*\d[^\s,;:()]*)",
    re.IGNORECASE,
)


def order_in_purpose(purpose: str) -> str | None:
    """
    The order number in a payer's words: "Оплата за столи, рах. №12345 від 20.11.2026" → "12345".

    Raises: FieldAmbiguous: two numbers.
    """
    found = [clean_order(match["number"].rstrip(".")) for match in _ORDER.finditer(one_line(purpose))]
    numbers = list(dict.fromkeys(number for number in found if number is not None))
    if len(numbers) > 1:
        what = f"order_number: {purpose[:80]!r} holds more than a number"
        raise FieldAmbiguous(what, field="order_number", values=numbers)
    return numbers[0] if numbers else None


TABLES = Tables(
    name=NAME,
    gateway=NAME,
    labels=labels(
        order=("Призначення платежу", "Призначення", "Назначение платежа", "OSND"),
        amount=(*HOUSE["amount"], "SUM"),
        currency=(*HOUSE["currency"], "CCY"),
        reference=("REF", "Референс", "Номер документа в банку", "Reference"),
        date=(*HOUSE["date"], "DATE_TIME_DAT_OD_TIM_P"),
        status=(*HOUSE["status"], "TRANTYPE"),
        merchant=("Рахунок отримувача", "Ваш рахунок", "Счет получателя", "AUT_MY_ACC"),
        payer=("Платник", "Відправник", "Контрагент", "Плательщик", "AUT_CNTR_NAM"),
        purpose=("Коментар",),
    ),
    timezone=TIMEZONE,
    day_first=True,
    translate=in_words_of_ours(STATUSES),
    cleaned=order_in_purpose,
)


@dataclass(slots=True, kw_only=True)
class PrivatBank(Gateway):
    def parse(self, message: Message) -> Sequence[Notice]:
        sheet = self.sheet(message)
        payers = {fold_words(pair.value) for pair in sheet.of("payer")}
        if payers == {_SETTLEMENT}:
            return (self.bare(Kind.REGISTER),)
        if found := next(filter(None, map(_NO_TRANSFER.search, (message.subject, *sheet.lines))), None):
            what = "speaks of card payments, of which their gateway has told already, or of money given back"
            raise Unreadable(what, parser=NAME, found=found[0])
        return Gateway.parse(self, message)


DEFAULT = PrivatBank(
    NAME=NAME,
    domains=DOMAINS,
    tables=TABLES,
    reference=re.compile(r"[A-Z0-9]{8,32}(?:[./-][A-Z0-9]{1,8})?"),
    by_status=OUTGOING,
)
claims = DEFAULT.claims
configured = DEFAULT.configured
sheet = DEFAULT.sheet
parse = DEFAULT.parse
