"""
How a label and its value are set, and which pairs are set unlike the others of their part.

Comes in: lines with their marks, and the pairs read from them. Goes out: a word for the manner of each pair, and those pairs
told apart that a payer may have typed: a program sets all its pairs alike, and what it prints of a payer stands in its values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from reconciler.extract.html.drawing import LINK_OFF, LINK_ON, MARK
from reconciler.extract.layout.labeltable import LabelTable
from reconciler.extract.layout.page import APART, Pair

STACKED = "stacked"
"""A line over another."""

_BETWEEN = re.compile(rf"[\s:：=>→⇒»|│…—–.{MARK}{LINK_ON}{LINK_OFF}-]*")
_BULLET = re.compile(r"[^\w№#]+")
_DASH = re.compile(r"[—–-]")


def manner_of(line: str, at: int, *, bulleted: bool = False) -> tuple[str, int]:
    """How the value that begins behind `at`, where its label ends, is set beside it, and the column it begins in."""
    found = _BETWEEN.match(line, at)
    between, column = (found[0], found.end()) if found else ("", at)
    sign = _DASH.sub("-", re.sub(rf"[\s{MARK}{LINK_ON}{LINK_OFF}]", "", between))[:3]
    bullet = "•" if bulleted or _BULLET.match(line) else ""
    return bullet + sign + ("  " if "  " in between else "") + (MARK if MARK in between else ""), column


def is_typable(manner: str) -> bool:
    """May a payer have typed a pair that is set so? What is marked up, nobody types."""
    return manner != APART and MARK not in manner


def odd_ones(pairs: Sequence[Pair], labels: LabelTable) -> list[Pair]:
    """
    The same pairs, with those marked as odd that are set unlike most others, where a payer's words may stand.

    What stands right behind a value that no payer types is the sender's own.
    """
    manners = [pair.manner for pair in pairs if pair.value and not pair.loose]
    if len(set(manners)) < 2:
        return list(pairs)
    counts = Counter(manners)
    usual, count = counts.most_common(1)[0]
    unlike = {manner for manner, number in counts.items() if number < count and is_typable(manner)} - {usual}
    found: list[Pair] = []
    for pair in pairs:
        own = pair.direct and found and found[-1].key in labels.written and found[-1].value and not found[-1].odd
        if pair.manner in unlike and pair.key in labels.known and pair.value and not pair.loose and not own:
            pair = pair._replace(odd=True)
        found.append(pair)
    return found
