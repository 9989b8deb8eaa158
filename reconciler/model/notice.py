"""
What one message says of one payment, and where each field was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.model.words import Kind
from reconciler.money import Money


class Span(NamedTuple):
    """Where a field was read: the part, the label as printed and the value as printed."""

    field: str  # "amount", "order_number", …
    part: str  # TextPart.path, "subject"
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    card: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    What one message says of one payment.

    A payment or refund has amount, transaction_id and paid_at; other kinds carry what the mail says and None elsewhere.
    """

    parser: str
    gateway: str
    kind: Kind
    amount: Money | None = None
    transaction_id: str | None = None  # the gateway's own reference, trimmed, otherwise as printed
    paid_at: datetime | None = None  # aware UTC
    order_number: str | None = None  # cleaned; None when the mail carries none
    order_raw: str | None = None  # as printed
    merchant: str | None = None  # as printed: account or site
    merchant_names: tuple[str, ...] = ()  # every line about the shop, as printed: its words must all be ours
    payer: Payer | None = None
    spans: tuple[Span, ...] = ()
