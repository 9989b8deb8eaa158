"""
How the house's values lie in a column, the same on SQLite and PostgreSQL.

What comes in are aware datetimes, any text and JSON-ready facts; what goes out of the database are the same again.
Times are ISO 8601 text in UTC with a fixed width, so that they sort, and a person with a database shell can read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from reconciler.money import Money

# PostgreSQL has no NUL in text, and neither database takes half a surrogate pair; a stranger's subject may hold both.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with what no database stores replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


class PlainText(TypeDecorator[str]):
    """Text as it came, but for the characters no database stores."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Utc(TypeDecorator[datetime]):
    """An aware datetime as "2026-11-22T09:30:00.000000Z". A naive one is an error: nobody knows when it was."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def utc_text(value: datetime) -> str:
    """Fixed width, so that text order is time order."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone: the ledger keeps aware times only")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_json(value: Any) -> str:
    """JSON for a column. Times, dates and amounts become text; whatever else JSON cannot say is a TypeError."""
    return storable(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain))


def json_ready(value: Any) -> Any:
    """The value as it will come back out of a JSON column."""
    return json.loads(to_json(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Money):
        return {"amount": str(value.amount), "currency": value.currency}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{value!r} cannot be kept as a fact: it is no string, number, boolean, list or mapping")
