"""
What Fondy and Hutko, which speak one protocol, have in common. In: whose letters they are. Out: a `Gateway` with the callback's names
of fields, and its statuses → ours.
"""

from __future__ import annotations

import re

from parsers._gateway import Gateway, in_words_of_ours, labels
from reconciler.extract.fieldnames import LABELS as HOUSE
from reconciler.extract.fieldnames import ORDER_LABELS
from reconciler.extract.notices import Tables

LABELS = labels(
    order=(*ORDER_LABELS, "order_id"),
    reference=("payment_id", "ID платежу", "Номер платежу", "ID платежа", "Номер платежа", "Payment ID"),
    status=(*HOUSE["status"], "order_status"),
    merchant=(*HOUSE["merchant"], "merchant_id", "Merchant ID", "ID мерчанта"),
    email=(*HOUSE["email"], "sender_email"),
)
STATUSES = {"created": "pending", "reversed": "refunded"}
ID = re.compile(r"\d{5,20}")


def gateway(name: str, *, domains: tuple[str, ...], timezone: str) -> Gateway:
    tables = Tables(
        name=name,
        gateway=name,
        labels=LABELS,
        timezone=timezone,
        day_first=True,
        translate=in_words_of_ours(STATUSES),
    )
    return Gateway(NAME=name, domains=domains, tables=tables, reference=ID)
