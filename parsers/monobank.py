"""
Letters of monobank's acquiring (plata by mono) to a merchant → notices. RECONSTRUCTED: the bank tells merchants in its app, and
no letter is public.

Comes in: a message from monobank. Goes out: one notice. What is known is the webhook: names of fields and statuses. A payment needs
every field under a label, the webhook's name of it or the house's words; the rest is held. Shown by fixtures/monobank/paid_uk.

Odd: `reference` is the shop's own number, `invoiceId` the payment's. The API counts in minor units, so a sum without its kopecks is
held. The bank writes to its own clients of much else: with this gateway in the settings all of it is held.
"""

from __future__ import annotations

import re

from parsers._gateway import Gateway, in_words_of_ours, labels
from reconciler.extract.fieldnames import ORDER_LABELS
from reconciler.extract.notices import Tables

NAME = "monobank"
VERSION = "1"
RECONSTRUCTED = True
DOMAINS = ("monobank.ua",)
TIMEZONE = "Europe/Kyiv"

STATUSES = {"created": "pending", "failure": "declined", "reversed": "refunded"}  # the webhook's → ours

TABLES = Tables(
    name=NAME,
    gateway=NAME,
    labels=labels(
        order=(*ORDER_LABELS, "reference", "Референс"),
        reference=("invoiceId", "ID рахунку", "Номер рахунку", "ID счёта", "Invoice ID"),
    ),
    timezone=TIMEZONE,
    day_first=True,
    translate=in_words_of_ours(STATUSES),
)

DEFAULT = Gateway(NAME=NAME, domains=DOMAINS, tables=TABLES, reference=re.compile(r"[A-Za-z0-9_-]{8,40}"))
claims = DEFAULT.claims
configured = DEFAULT.configured
sheet = DEFAULT.sheet
parse = DEFAULT.parse
