"""What Fondy and Hutko, which speak one protocol, name their callback's fields, and its statuses → ours."""

from __future__ import annotations

import re

from parsers._gateway import labels
from reconciler.extract.fieldnames import LABELS as HOUSE
from reconciler.extract.fieldnames import ORDER_LABELS

LABELS = labels(
    order=(*ORDER_LABELS, "order_id"),
    reference=("payment_id", "ID платежу", "Номер платежу", "ID платежа", "Номер платежа", "Payment ID"),
    status=(*HOUSE["status"], "order_status"),
    merchant=(*HOUSE["merchant"], "merchant_id", "Merchant ID", "ID мерчанта"),
    email=(*HOUSE["email"], "sender_email"),
)
STATUSES = {"created": "pending", "reversed": "refunded"}
ID = re.compile(r"\d{5,20}")
