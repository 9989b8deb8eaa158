"""
Portmone's letters to a merchant → notices. RECONSTRUCTED: no letter, and no address that writes it, is public.

Comes in: a message from Portmone. Goes out: one notice. What is known is the return form: names of fields, `RESULT` 0 for a success,
and the words of plugins for statuses. A payment needs every field under a label, the form's name of it or the house's words; the
rest is held. Shown by fixtures/portmone/paid_uk.

Odd: SHOPORDERNUMBER often is an order's number with "_" and a suffix of the shop's. It is not cut: what a suffix is, only the shop knows,
and an order that is not found waits for a person with its near ones beside it.
"""

from __future__ import annotations

import re

from parsers._gateway import Gateway, in_words_of_ours, labels
from reconciler.extract.fieldnames import LABELS as HOUSE
from reconciler.extract.fieldnames import ORDER_LABELS
from reconciler.extract.notices import Tables

NAME = "portmone"
VERSION = "1"
RECONSTRUCTED = True
DOMAINS = ("portmone.com", "portmone.com.ua")
TIMEZONE = "Europe/Kyiv"

STATUSES = {"payed": "paid", "0": "success", "created": "pending", "preauth": "hold"}  # the form's → ours

TABLES = Tables(
    name=NAME,
    gateway=NAME,
    labels=labels(
        order=(*ORDER_LABELS, "SHOPORDERNUMBER"),
        amount=(*HOUSE["amount"], "BILL_AMOUNT"),
        reference=(
            "SHOPBILLID",
            "Номер рахунку Portmone",
            "ID платежу",
            "Номер платежу",
            "Номер платежа",
            "Payment ID",
        ),
        status=(*HOUSE["status"], "RESULT"),
        merchant=(*HOUSE["merchant"], "PAYEE_NAME", "Компанія", "Компания", "Company"),
    ),
    timezone=TIMEZONE,
    day_first=True,
    translate=in_words_of_ours(STATUSES),
)

DEFAULT = Gateway(NAME=NAME, domains=DOMAINS, tables=TABLES, reference=re.compile(r"\d{5,20}"))
claims = DEFAULT.claims
configured = DEFAULT.configured
sheet = DEFAULT.sheet
parse = DEFAULT.parse
