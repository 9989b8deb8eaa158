"""
Settings that lead to the sandbox and nowhere else.

In: anybody's settings as nested tables, and where the sandbox's servers are. Out: the same settings with every address, every
secret and the ledger replaced; all else (names on the desk, modes, waits, merchants) stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.sandbox.toml import merged

LEDGER = "sqlite:///reconciler.db"
SECRET = "sandbox-secret"  # noqa: S105 - it opens nothing

SAMPLE: Mapping[str, Any] = {
    "mailboxes": {"payments": {}},
    "merchants": {
        "shop": {"gateway": "wayforpay", "names": ["shop_example_ua", "shop.example.ua"], "desk": "factory"},
    },
    "desks": {"factory": {"advance_from": ["Очікує оплати"], "mode": "live"}},
}


def sample() -> dict[str, Any]:
    """The sample settings; their mailbox is read from an hour ago."""
    since = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)
    return merged(SAMPLE, {"mailboxes": {"payments": {"since": since}}})


def sandboxed(
    tables: Mapping[str, Any],
    *,
    mailboxes: Mapping[str, Mapping[str, Any]],
    desks: Mapping[str, Mapping[str, Any]],
    nameserver: str,
) -> dict[str, Any]:
    """
    The same settings on the sandbox's servers.

    mailboxes, desks: for each of theirs, by name, the keys that lead to the sandbox's.
    """
    nobody = {"ca_file": None, "oauth2": None}
    changes: dict[str, Any] = {
        "ledger": {"url": LEDGER},
        "trust": {"nameservers": [nameserver]},
        "web": {"listen": ""},
        "alerts": {"urls": []},
        "mailboxes": {name: nobody | dict(mailboxes[name]) for name in tables.get("mailboxes", {})},
        "desks": {name: dict(desks[name]) for name in tables.get("desks", {})},
        "merchants": {
            name: {"secret": SECRET} for name, keys in tables.get("merchants", {}).items() if "secret" in keys
        },
        # The witness has no sandbox yet: an address on which nobody listens, never the real one.
        "gateways": {
            name: {"api_url": "http://127.0.0.1:9/api"} for name in {"wayforpay", *tables.get("gateways", {})}
        },
    }
    return merged(tables, changes)
