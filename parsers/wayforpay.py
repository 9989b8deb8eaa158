"""
WayForPay's letters → notices.

Comes in: a message whose From address is in one of `DOMAINS`. Goes out: one notice for each payment it tells of; a payment
carries the sum with its currency, the gateway's reference and the time, and usually the order number, which stands in the
additional field that the merchant's payment page asks the payer for.

No letter of the gateway is public, so nothing here leans on a layout: fields are found by label
(`reconciler.extract.fieldnames`, all reconstructed), in three languages, wherever they stand, and what contradicts itself is
held. Shown by fixtures/wayforpay/paid_html_uk. A page's own reference (WFP-SOC-…, WFP-BTN-…) is never the order number.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from parsers._wayforpay_register import movements
from reconciler.extract.fieldnames import LABELS, ORDER_LABELS
from reconciler.extract.fields import Sheet
from reconciler.extract.notices import Tables, read_notices, sheet_of
from reconciler.model import Message, Notice
from reconciler.reading import is_sender

NAME = "wayforpay"
VERSION = "1"
GATEWAY = "wayforpay"
DOMAINS = ("wayforpay.com", "wayforpay.com.ua")  # notify@wayforpay.com.ua is the one sender seen in public code
TIMEZONE = "Europe/Kyiv"

TEST_MERCHANTS = frozenset({"test_merch_n1", "test_merchant"})  # the published test shop; its payments move no money


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
        return is_sender(message.sender, DOMAINS)

    def parse(self, message: Message) -> Sequence[Notice]:
        return read_notices(message, _tables(self.order_fields, self.timezone))

    def sheet(self, message: Message) -> Sheet:
        """Every label and value of the letter: what `explain` shows."""
        return sheet_of(message, _tables(self.order_fields, self.timezone))


@lru_cache(maxsize=64)  # a merchant's settings are the same for every letter
def _tables(order_fields: tuple[str, ...], timezone: str) -> Tables:
    return Tables(
        name=NAME,
        gateway=GATEWAY,
        labels=LABELS | {"order": order_fields or ORDER_LABELS, "any_order": ORDER_LABELS},
        timezone=timezone,
        day_first=True,
        test_merchants=TEST_MERCHANTS,
    )


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
