"""
Stripe's letters to a merchant → notices.

Comes in: a message from Stripe. Goes out: one notice. What public parsers tell: the sender, notifications@stripe.com (support@
before 2022), a subject that begins "Payment of" with the sum, and payouts that are "on the way" from the same address.
Reconstructed is the rest, the whole body included, so a payment is held unless its id, sum, time and order stand under labels and
the subject tells the same sum. Shown by fixtures/stripe/paid.

Odd: "$" is said of several countries' dollars, so the letter must print the code too. An id is a PaymentIntent's (pi_…): a charge
(ch_…) is another id of the same payment. Platforms that write from addresses of their own are added to `[gateways.stripe]`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from parsers._gateway import Gateway, labels, words
from reconciler.errors import Unreadable
from reconciler.extract.notices import Tables
from reconciler.extract.text import one_line
from reconciler.extract.values.amounts import Manner, read_amount
from reconciler.model import Kind, Message, Notice
from reconciler.reading import is_sender

NAME = "stripe"
VERSION = "1"
RECONSTRUCTED = True
DOMAINS = ("stripe.com",)
TIMEZONE = "UTC"
SENDERS = ("notifications@stripe.com", "support@stripe.com")  # of Stripe's own, those that write to merchants

SUBJECT = re.compile(
    r"Payment of (?P<sum>\S{1,20}(?: [A-Z]{3})?) from (?P<payer>\S+@\S+)(?: for (?P<shop>.{1,100}))?", re.I
)
MANNER = Manner(decimal=".", thousands=",")


def _translate(line: str) -> str:
    if SUBJECT.fullmatch(one_line(line)):
        return "payment received"
    return "success" if one_line(line).casefold() == "succeeded" else line


TABLES = Tables(
    name=NAME,
    gateway=NAME,
    labels=labels(
        order=("Order", "Order number", "Order ID", "order_id"),
        amount=("Amount", "Amount paid"),
        reference=("Payment ID",),
        date=("Date", "Payment date", "Date and time"),
        merchant=("Account", "Business", "Merchant"),
        payer=("Customer", "Customer name"),
        charge=("Charge ID", "Receipt number", "Invoice number"),
    ),
    words=words(chargeback=r"\bdisput"),
    timezone=TIMEZONE,
    manner=MANNER,
    day_first=False,
    translate=_translate,
)


@dataclass(slots=True, kw_only=True)
class Stripe(Gateway):
    def parse(self, message: Message) -> Sequence[Notice]:
        return tuple(self._by_subject(notice, message) for notice in Gateway.parse(self, message))

    def _by_subject(self, notice: Notice, message: Message) -> Notice:
        """A payment is one that the subject tells too, of the same sum; the shop it names must be ours as well."""
        if notice.kind is not Kind.PAYMENT or notice.amount is None:
            return notice
        told = SUBJECT.fullmatch(one_line(message.subject))
        if told is None:
            raise Unreadable("a payment, and the subject does not say so", parser=NAME, found=message.subject[:80])
        if is_sender(message.sender, DOMAINS) and not is_sender(message.sender, SENDERS):
            raise Unreadable("a payment, from another address of Stripe's", parser=NAME)
        amount, currency = read_amount(told["sum"], manner=MANNER)
        if amount != notice.amount.amount or currency not in {None, notice.amount.currency}:
            values = [told["sum"], str(notice.amount.amount)]
            raise Unreadable("the subject tells another sum than the letter", parser=NAME, values=values)
        # The subject of a shop called "My Shop" is a line about a shop, too: of it only the name counts.
        lines = [line for line in notice.merchant_names if line != told[0]]
        names = tuple(dict.fromkeys(name for name in (*lines, told["shop"]) if name))
        return replace(notice, merchant=notice.merchant or told["shop"], merchant_names=names)


DEFAULT = Stripe(
    NAME=NAME,
    domains=DOMAINS,
    tables=TABLES,
    reference=re.compile(r"pi_[A-Za-z0-9]{8,60}"),
    aside=(
        (Kind.REGISTER, re.compile(r"Your (?:[A-Z]{3} )?payout of .* is on (?:its|the) way", re.IGNORECASE)),
        (Kind.RECEIPT, re.compile(r"Your (?:.{1,60} )?receipt\b", re.IGNORECASE)),
    ),
    demands=("order_number", "paid_at"),
)
claims = DEFAULT.claims
configured = DEFAULT.configured
sheet = DEFAULT.sheet
parse = DEFAULT.parse
