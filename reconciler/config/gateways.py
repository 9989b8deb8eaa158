"""
What is known of each gateway without its section in the settings.

Comes in: nothing. Goes out: the defaults of `[gateways.NAME]`; keys of a section win one by one. WayForPay is always there; of the
others only those that a merchant or a section names, so that mail of a gateway which nobody uses stays foreign mail: neither
fetched nor stored.

domains: where a parser of this house claims mail from, and whose signatures count (compared exactly, so that subdomains that
sign stand here by themselves). timezone: of wall times that the gateway's letters print without a zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KNOWN_GATEWAYS: Mapping[str, Mapping[str, Any]] = {
    "wayforpay": {
        "domains": ["wayforpay.com", "wayforpay.com.ua"],
        "api_url": "https://api.wayforpay.com/api",
    },
    "fondy": {"domains": ["fondy.eu", "fondy.ua"], "timezone": "Europe/Kyiv"},
    "hutko": {"domains": ["hutko.org"], "timezone": "Europe/Kyiv"},
    "liqpay": {"domains": ["liqpay.ua", "liqpay.com"], "timezone": "Europe/Kyiv"},
    "monobank": {"domains": ["monobank.ua"], "timezone": "Europe/Kyiv"},
    "paypal": {"domains": ["paypal.com", "intl.paypal.com", "paypal.es"], "timezone": "Europe/Kyiv"},
    "portmone": {"domains": ["portmone.com", "portmone.com.ua"], "timezone": "Europe/Kyiv"},
    "privatbank": {"domains": ["privatbank.ua"], "timezone": "Europe/Kyiv"},
    "stripe": {"domains": ["stripe.com"], "timezone": "UTC"},
    "yookassa": {"domains": ["yookassa.ru", "yoomoney.ru", "money.yandex.ru"], "timezone": "Europe/Moscow"},
}

ALWAYS = frozenset({"wayforpay"})


def with_known(
    gateways: Mapping[str, dict[str, Any]], merchants: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The tables of [gateways.*] with what is known of those in use. merchants: the tables of [merchants.*], unchecked."""
    named = [merchant.get("gateway") for merchant in merchants]
    used = [name for name in KNOWN_GATEWAYS if name in ALWAYS or name in gateways or name in named]
    return {**gateways, **{name: {**KNOWN_GATEWAYS[name], **gateways.get(name, {})} for name in used}}
