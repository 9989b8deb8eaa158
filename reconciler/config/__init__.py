"""
Settings: read once into a frozen value.

In: `reconciler.toml`. Out: `Settings`, or a ConfigError that names every problem at once. Attribute names are the file's
keys: `settings.desks["factory"].advance_from`. Secrets are `Secret` values; only `reveal()` shows them.
"""

from reconciler.config.checks import secrets, witnessed
from reconciler.config.effective import effective
from reconciler.config.gateways import KNOWN_GATEWAYS
from reconciler.config.loader import find_config, load
from reconciler.config.tables import (
    AlertSettings,
    DeskKind,
    DeskSettings,
    DifferenceSign,
    FormatSettings,
    GatewaySettings,
    LabelSettings,
    LedgerSettings,
    MailboxSettings,
    MerchantSettings,
    Mode,
    OAuth2Settings,
    Overpaid,
    ParserSettings,
    Refunds,
    Security,
    Settings,
    TrustSettings,
    TrustWord,
    WebSettings,
)
from reconciler.secret import Secret

__all__ = [
    "KNOWN_GATEWAYS",
    "AlertSettings",
    "DeskKind",
    "DeskSettings",
    "DifferenceSign",
    "FormatSettings",
    "GatewaySettings",
    "LabelSettings",
    "LedgerSettings",
    "MailboxSettings",
    "MerchantSettings",
    "Mode",
    "OAuth2Settings",
    "Overpaid",
    "ParserSettings",
    "Refunds",
    "Secret",
    "Security",
    "Settings",
    "TrustSettings",
    "TrustWord",
    "WebSettings",
    "effective",
    "find_config",
    "load",
    "secrets",
    "witnessed",
]
