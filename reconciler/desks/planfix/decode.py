"""
Planfix's answers, decoded: every shape that is odd, contradicted by another source or never verified is known here only.

Bytes or parsed JSON go in; our values come out. What an answer does not say is None; an answer that does not have the
shape it must have raises `Odd`, so that a damaged list is never taken for an empty one.

Kinds of sources: "spec" is the published OpenAPI file or help page, "live" was recorded by others on a real account,
"unverified" is neither and is decoded here so that it either reads right or reads as None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from reconciler.model import Status
from reconciler.money import MINOR_DIGITS, Money

Row = Mapping[str, Any]

SHORT_TEXT, NUMBER, DATE, SUMMARY, CALCULATED, SUBTASK_TOTAL = 0, 1, 3, 23, 24, 26
TYPE_NAMES = {
    0: "Short text",
    1: "Number",
    2: "Multi-line text",
    3: "Date",
    5: "Date and time",
    8: "List",
    9: "Directory entry",
    23: "Data tag summaries",
    24: "Calculated field",
    26: "Subtask total",
}
NUMERIC_TYPES = frozenset({NUMBER, SUMMARY, CALCULATED, SUBTASK_TOTAL})

# unverified: the help page calls the state "Draft" ("Черновик") and gives no id; 0 is the id older API answers show for it
DRAFT_NAMES = frozenset({"draft", "чернетка", "черновик"})
DRAFT_ID = "0"

NEAR_MINOR_UNIT = Decimal("0.000001")  # Planfix counts in doubles: 0.1 + 0.2 is 0.30000000000000004 there
LARGEST = Decimal(10) ** 13  # beyond this a double no longer holds kopiikas


class Odd(ValueError):
    """The answer has not the shape it must have, and so proves nothing."""


# ---------------------------------------------------------------- envelopes


def parse(body: bytes) -> Row:
    """JSON bytes → an object, numbers exact. Raises Odd: not JSON, cut off, not an object, NaN."""
    try:
        answer = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise Odd(f"not JSON: {exc}") from exc
    if not isinstance(answer, dict):
        raise Odd(f"not a JSON object but {type(answer).__name__}")
    return answer


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")


def succeeded(answer: Row) -> bool:
    return answer.get("result") == "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A fail envelope: the same code comes under different HTTP statuses, 2xx among them (spec, live)."""

    code: int  # 0: unclassified, or no code was given
    error: str
    seconds_to_reset: float | None = None


def refusal(answer: Row) -> Refusal | None:
    if answer.get("result") != "fail":
        return None
    error = str(answer.get("error") or answer.get("message") or "no reason given")[:300]
    return Refusal(code=_int(answer.get("code")) or 0, error=error, seconds_to_reset=_reset(answer.get("timeToReset")))


def _reset(value: Any) -> float | None:
    """live: above 1000 the value is milliseconds, otherwise seconds."""
    number = _decimal(value)
    if number is None or number < 0:
        return None
    return float(number / 1000 if number > 1000 else number)


# the list's key, and what else the same document's examples call it
LIST_KEYS: Mapping[str, tuple[str, ...]] = {
    "tasks": ("tasks",),
    "dataTags": ("dataTags", "dataTag"),  # spec: schema and example disagree
    "dataTagEntries": ("dataTagEntries",),
    "customfields": ("customfields", "customFields"),
    "templates": ("templates",),
    "processes": ("processes",),
    "statuses": ("statuses",),
}


def rows(answer: Row, key: str) -> list[Row]:
    """The rows of a list answer. Raises Odd when there is no list at all: absence of the key is not an empty list."""
    for name in LIST_KEYS[key]:
        found = answer.get(name)
        if isinstance(found, dict) and name != key:  # the spec's singular example holds one object
            found = [found]
        if isinstance(found, list):
            if not all(isinstance(row, dict) for row in found):
                raise Odd(f"{name} holds something that is no object")
            return found
    raise Odd(f"no list {key} in the answer")


def one(answer: Row, key: str) -> Row:
    """The object of a single answer: wrapped in its key, or flat beside `result` (spec: the entry's example is flat)."""
    found = answer.get(key)
    if isinstance(found, dict):
        return found
    if found is None and ("id" in answer or "key" in answer):
        return answer
    raise Odd(f"no {key} in the answer")


def created_key(answer: Row) -> str | None:
    """The key of the one entry a create made; None unless exactly one is told."""
    keys = answer.get("keys")
    if not isinstance(keys, list) or len(keys) != 1:
        return None
    key = _int(keys[0])
    return str(key) if key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    field: str
    error: str


def failures(answer: Row) -> tuple[Failure, ...]:
    """What a successful update could not set: a list (spec's schema) or one object (spec's example)."""
    found = answer.get("failures")
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        return ()
    return tuple(
        Failure(field=str(item.get("field", "")), error=str(item.get("error", ""))) if isinstance(item, dict)
        else Failure(field=str(item), error="")
        for item in found
    )  # fmt: skip


# ---------------------------------------------------------------- tasks


def number_of(row: Row, key: str = "id") -> int | None:
    """An id at `key`: a number, digits, or an object that has one as `id`."""
    value = row.get(key)
    if isinstance(value, dict):
        value = value.get("id")
    return _int(value)


def status(row: Row) -> Status | None:
    found = row.get("status")
    if isinstance(found, dict):
        number = _int(found.get("id"))
        return None if number is None else Status(id=str(number), name=str(found.get("name") or ""))
    number = _int(found)
    return None if number is None else Status(id=str(number), name="")


def is_draft(found: Status | None) -> bool:
    """A Draft is not computed, so its totals say nothing. How one is recognised is unverified (DRAFT_NAMES, DRAFT_ID)."""
    return found is not None and (found.id == DRAFT_ID or found.name.strip().casefold() in DRAFT_NAMES)


def is_deleted(row: Row) -> bool:
    value = row.get("isDeleted")
    return value is True or (isinstance(value, int) and value != 0) or str(value).lower() == "true"


# ---------------------------------------------------------------- custom fields


def element(row: Row, field: int) -> Row | None:
    """The element of customFieldData for a field id, never by position; None when there is none."""
    data = row.get("customFieldData")
    if not isinstance(data, list):
        return None
    found = [item for item in data if isinstance(item, dict) and number_of(item, "field") == field]
    if len(found) > 1 and any(item.get("value") != found[0].get("value") for item in found):
        raise Odd(f"field {field} has two values")
    return found[0] if found else None


def number(found: Row | None) -> Decimal | None:
    """
    The number of a field of type 1, 23, 24 or 26; None: no value, or none that can be trusted.

    Number and summary were seen as JSON numbers (live); the spec's examples show {"id": 1.2}; a calculated field's
    value was never seen raw (unverified). `stringValue` follows display settings and is the last resort.
    """
    if found is None:
        return None
    value = found.get("value")
    if value is None or value == "":
        return None
    read = _decimal(value)
    return read if read is not None else _decimal(found.get("stringValue"))


def money(found: Row | None, currency: str) -> Money | None:
    """A field's number as money; None unless it lies within 1e-6 of a value in minor units."""
    read = number(found)
    if read is None:
        return None
    exact = read.quantize(Decimal(1).scaleb(-MINOR_DIGITS[currency]))
    return Money(exact + 0, currency) if abs(read - exact) <= NEAR_MINOR_UNIT else None  # + 0: there is no -0.00


def text(found: Row | None) -> str | None:
    """A short text, trimmed; None for no value. A number field's value is given as its digits."""
    value = None if found is None else found.get("value")
    if isinstance(value, dict):
        value = value.get("value", value.get("id"))
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    return str(value).strip() or None


DAY = re.compile(r"(\d{2})-(\d{2})-(\d{4})")


def day(found: Row | None) -> str | None:
    """A date field as ISO date: {"date": "21-11-2025", …} (spec, live) or the bare string. It has no zone."""
    value = None if found is None else found.get("value")
    if isinstance(value, dict):
        value = value.get("date")
    match = DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
    except ValueError:
        return None


def fields_list(*fields: str | int) -> str:
    return ",".join(str(field) for field in fields)


# ---------------------------------------------------------------- numbers


def _int(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return None


PLAIN = re.compile(r"-?\d{1,15}(\.\d{1,17})?")
AMBIGUOUS = re.compile(r"-?\d{1,3}[.,]\d{3}")  # "1,250": one and a quarter, or twelve hundred and fifty


def _decimal(value: Any, depth: int = 0) -> Decimal | None:
    read: Decimal | None = None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        read = Decimal(value)
    elif isinstance(value, str):
        bare = "".join(value.split()).replace("\u2212", "-")  # split() knows NBSP and its narrow kin
        if AMBIGUOUS.fullmatch(bare) is None and PLAIN.fullmatch(bare.replace(",", ".")) is not None:
            read = Decimal(bare.replace(",", "."))
    elif isinstance(value, dict) and depth < 2:
        for key in ("id", "value"):
            if (inner := _decimal(value.get(key), depth + 1)) is not None:
                return inner
    return read if read is not None and read.is_finite() and abs(read) < LARGEST else None


# ---------------------------------------------------------------- what we write


def storable(words: str) -> str:
    """Text as Planfix takes it: trimmed, without code points above U+FFFF (live: its JSON reader may reject them)."""
    return "".join(char for char in words if ord(char) <= 0xFFFF).strip()


def json_number(amount: Decimal) -> int | float:
    """An exact amount as a JSON number that prints as exactly that amount."""
    if amount == amount.to_integral_value():
        return int(amount)
    printed = float(amount)
    if Decimal(repr(printed)) != amount:
        raise ValueError(f"{amount} has no exact JSON number")
    return printed
