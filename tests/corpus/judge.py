"""
The verdict: a letter and what the reader printed of it come in; right, partial, held or wrong goes out, with the reasons.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from parsers import wayforpay
from reconciler.discovery import find_parsers
from reconciler.readout import parse_file
from tests.corpus.facts import Demand, Truth
from tests.corpus.maker import Letter

MONEY = frozenset({"payment", "refund", "void", "chargeback"})
"""Kinds that act on an order."""
LOOKS = str.maketrans("аеорсхіумтквн", "aeopcxiymtkbh")


class Word(StrEnum):
    RIGHT = "right"
    PARTIAL = "partial"  # nothing false, but an order number that the letter gives is missing
    HELD = "held"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    word: Word
    why: str
    known: bool  # every label that is needed is in the reader's tables, and the kind is told in plain words
    demand: Demand


PARSERS = find_parsers()


def judge(letter: Letter) -> Verdict:
    """Have the letter read as `reconciler parse` reads it, and compare."""
    word, why = compare(letter.truths, letter.demand, parse_file(letter.raw, letter.name, PARSERS))
    return Verdict(word=word, why=why, known=is_known(letter), demand=letter.demand)


def compare(truths: Sequence[Truth], demand: Demand, rows: Sequence[Mapping[str, Any]]) -> tuple[Word, str]:
    """rows: what was printed."""
    errors = [row for row in rows if "error" in row]
    if errors:
        why = " ".join(f"{key}={value}" for key, value in errors[0].items() if key != "file")
        return (Word.WRONG if errors[0]["error"] == "parser_failed" else Word.HELD), why
    if demand is Demand.HOLD:
        money = [row["kind"] for row in rows if row["kind"] in MONEY]
        return (Word.WRONG, f"{money[0]} read where nobody can be sure") if money else (Word.HELD, "read as no payment")
    if truths[0].kind == "register":
        kinds = {row["kind"] for row in rows}
        return (Word.RIGHT, "") if kinds == {"register"} else (Word.WRONG, f"kinds {sorted(kinds)}, not register")
    if len(rows) != len(truths):
        return Word.WRONG, f"{len(rows)} notices of {len(truths)}"
    left = list(truths)
    partial = False
    for row in rows:
        match = next((truth for truth in left if row["transaction_id"] in truth.references), left[0])
        left.remove(match)
        false = list(_false(match, row))
        if false:
            return Word.WRONG, "; ".join(false)
        partial = partial or (row["kind"] in MONEY and row["order_number"] is None and match.has_order)
    return (Word.PARTIAL, "no order number") if partial else (Word.RIGHT, "")


def _false(truth: Truth, row: Mapping[str, Any]) -> list[str]:
    found = []
    if row["kind"] != truth.kind:
        found.append(f"kind {row['kind']}, not {truth.kind}")
    for key, allowed in (
        ("amount", truth.amounts),
        ("currency", truth.currencies),
        ("transaction_id", truth.references),
        ("order_number", truth.orders),
    ):
        value = row[key]
        folded = {_fold(each) for each in allowed} if key == "order_number" else allowed
        if value is not None and (_fold(value) if key == "order_number" else value) not in folded:
            found.append(f"{key} {value!r}, not {sorted(allowed)}")
    if row["paid_at"] is not None and not _same_moment(truth.paid_at, datetime.fromisoformat(row["paid_at"])):
        found.append(f"paid_at {row['paid_at']}, not {truth.paid_at}")
    if row["merchant"] is not None and _fold(row["merchant"]) not in _fold(truth.shop):
        found.append(f"merchant {row['merchant']!r}, not {truth.shop!r}")
    return found


def _same_moment(truth: datetime, read: datetime) -> bool:
    """To the second, or to the minute where a letter prints it both ways."""
    read = read.astimezone(UTC)
    return read.replace(second=0) == truth.replace(second=0) and read.second in (0, truth.second)


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(LOOKS).split())


def _tables() -> Mapping[str, frozenset[str]]:
    """Field → the labels the reader's tables have; they are asked, not read."""
    tables = {field: frozenset(map(_fold, labels)) for field, labels in wayforpay.LABELS.items()}
    return tables | {"order": frozenset(map(_fold, wayforpay.ORDER_LABELS))}


TABLES = _tables()


def in_tables(field: str, label: str) -> bool:
    return _fold(label) in TABLES[field]


def is_known(letter: Letter) -> bool:
    """Whether the reader has every word it needs for this letter."""
    told = letter.plain_head
    if letter.status is not None and in_tables("status", letter.status[0]):
        told = letter.status[1]
    return told and all(in_tables(field, label) for field, label in letter.needed)
