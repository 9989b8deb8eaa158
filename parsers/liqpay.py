"""
LiqPay's letters to a merchant → notices. RECONSTRUCTED: no letter, and no address that writes it, is public.

Comes in: a message from LiqPay. Goes out: one notice. What is known is the API: names of fields, statuses, sums in major units. A payment
needs every field under a label, the API's name of it or the house's words; the rest is held. Shown by fixtures/liqpay/paid_uk.

Odd: "sandbox" is a success that moves no money. payment_id is the payment; transaction_id and liqpay_order_id are other numbers.
"""

from __future__ import annotations

import re

from parsers._gateway import Gateway, in_words_of_ours, labels
from reconciler.extract.fieldnames import ORDER_LABELS
from reconciler.extract.notices import Tables
from reconciler.model import Kind

NAME = "liqpay"
VERSION = "1"
RECONSTRUCTED = True
DOMAINS = ("liqpay.ua", "liqpay.com")
TIMEZONE = "Europe/Kyiv"

STATUSES = {  # the API's → ours
    "failure": "declined",
    "error": "declined",
    "reversed": "refunded",
    "wait_accept": "pending",
    "wait_secure": "pending",
    "wait_reserve": "pending",
    "hold_wait": "hold",
}

TABLES = Tables(
    name=NAME,
    gateway=NAME,
    labels=labels(
        order=(*ORDER_LABELS, "order_id"),
        reference=("payment_id", "ID платежу", "Номер платежу", "ID платежа", "Номер платежа", "Payment ID"),
        other=("transaction_id", "liqpay_order_id", "ID транзакції", "ID транзакции", "Transaction ID"),
    ),
    timezone=TIMEZONE,
    day_first=True,
    translate=in_words_of_ours(STATUSES),
)

DEFAULT = Gateway(
    NAME=NAME,
    domains=DOMAINS,
    tables=TABLES,
    reference=re.compile(r"\d{5,20}"),
    by_status={"sandbox": Kind.TEST},
)
claims = DEFAULT.claims
configured = DEFAULT.configured
sheet = DEFAULT.sheet
parse = DEFAULT.parse
