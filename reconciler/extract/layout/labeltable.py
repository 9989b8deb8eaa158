"""
A sender's labels → what a line, a label or a value is to them.

Comes in: labels per field, folded (`text.fold_label`). Goes out: whether a line is a label, which one, and whether a value looks like
one of its. Nothing here depends on a letter, so an answer is remembered for the next one: a sender's letters have the same labels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from reconciler.extract.html.drawing import in_pieces, plain
from reconciler.extract.layout.shapes import SHAPES
from reconciler.extract.text import fold_label, label_words, one_line, only_marks
from reconciler.extract.values.amounts import CURRENCIES

LONGEST_LABEL = 80  # characters
MOST_LANGUAGES = 3

_GAPS = re.compile(r"[\x1f|│;•·]")
_UNIT = re.compile(  # a label with a currency behind it
    r"(?P<label>.+?)(?:, ?| ?\()(?P<unit>" + "|".join(map(re.escape, CURRENCIES)) + r")\.?\)?[ :]*", re.IGNORECASE
)
_JOINTS = (  # what stands between one label in two languages, the plainer first: "Дата/час / Date/time"
    re.compile(r"\s+[/|│·•–—-]\s+|\s*\x1f\s*"),
    re.compile(r"\s*[/|│·•]\s*|,\s"),
    re.compile(r"\s*[()]\s*"),
)
_TOLD = re.compile(
    r":\s*\x1f.*[^:\s]\s*$"
)  # a colon and markup before the last of two labels, and no colon behind it: a value
_JOINT = re.compile(r"[/|│·•,(\x1f]|\s[–—-]\s")
_TYPED = ("payer", "email", "phone", "purpose", "order", "any_order")  # fields in which a payer's own words may stand
_REMEMBERED = 4096  # short lines, of all tables together


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelTable:
    """
    Labels as they are compared.

    known: all of them. fields: those that name one and the same. listing: labels that only a list of goods has for its columns:
    "кількість", "ціна". spoken: labels that are values too: "Оплачено: 5 грн", "Статус: Оплачено". naming: labels whose values
    tell one payment from another. written: labels whose values no payer types. shapes: what values of some labels look like.
    """

    known: frozenset[str]
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    listing: frozenset[str] = frozenset()
    spoken: frozenset[str] = frozenset()
    naming: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    shapes: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    together: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)  # what `of` was asked for

    def of(self, fields: tuple[str, ...]) -> frozenset[str]:
        """The labels of any of these fields."""
        if (found := self.together.get(fields)) is None:
            labels = [self.fields.get(name, frozenset()) for name in fields]
            found = self.together[fields] = frozenset[str]().union(*labels)
        return found

    # ------------------------------------------------------------ labels

    def key_of(self, line: str) -> tuple[str, str | None]:
        """A label as it is compared, and the currency it is printed with: "Сума, грн" and "Amount (UAH)" are known as sums."""
        return self._short_key_of(line) if len(line) <= LONGEST_LABEL else self._key_of(line)

    def knows(self, line: str | None) -> bool:
        """Is this line a known label and nothing else?"""
        return line is not None and len(line) <= LONGEST_LABEL and self._knows(line)

    def heads(self, line: str | None) -> bool:
        """Is this line, standing where a value may stand, a label all the same?"""
        return line is not None and len(line) <= LONGEST_LABEL and self._heads(line)

    def joins(self, line: str) -> bool:
        """Is this one label in two languages: "Сума / Amount"?"""
        return _JOINT.search(line) is not None and self.knows(line) and self._joined(line) is not None

    def names(self, line: str | None) -> bool:
        """Is this a label whose values tell one payment from another?"""
        return line is not None and self.key_of(line)[0] in self.naming

    def is_listing(self, line: str | None) -> bool:
        return line is not None and self.key_of(line)[0] in self.listing

    def may_hold_label(self, line: str) -> bool:
        """
        Does a line, or what stands behind a gap in it, begin with the first word of a known label?

        Most lines do not, and need no slower look.
        """
        bare = plain(line)
        if bare != line and len(bare.split()) != len(in_pieces(line).split()):
            return True  # a mark parts a word, and what stands before it may be a label
        return any(map(self._may_begin_with_label, _GAPS.split(line.replace("  ", "|"))))

    # ------------------------------------------------------------ values

    def fits(self, label: str, value: str) -> bool | None:
        """Does a value look like one of this label's? None: its values look like anything."""
        key = self.key_of(label)[0]
        shape = None if key in self.spoken else self.shapes.get(key)
        return None if shape is None or only_marks(value) else shape(value)

    # ------------------------------------------------------------ what is remembered

    @cached_property
    def openings(self) -> frozenset[str] | None:
        """The first words of the labels; None: one of them has no word."""
        words = [label_words(label) for label in self.known]
        return frozenset(first for first, *_ in words) if all(words) else None

    @lru_cache(maxsize=_REMEMBERED)  # noqa: B019  tables are as few as senders
    def _knows(self, line: str) -> bool:
        return self._may_begin_with_label(plain(line)) and self.key_of(line)[0] in self.known

    @lru_cache(maxsize=_REMEMBERED)  # noqa: B019
    def _heads(self, line: str) -> bool:
        return self._knows(line) and self.key_of(line)[0] not in self.spoken

    @lru_cache(maxsize=_REMEMBERED)  # noqa: B019
    def _short_key_of(self, line: str) -> tuple[str, str | None]:
        return self._key_of(line)

    def _key_of(self, line: str) -> tuple[str, str | None]:
        found = self._one_key_of(plain(line))
        if found[0] not in self.known and self.fields and _JOINT.search(line):
            found = self._joined(line) or found
        return found

    def _one_key_of(self, label: str) -> tuple[str, str | None]:
        whole = fold_label(label)
        if ("," in label or "(" in label) and (found := _UNIT.fullmatch(one_line(label))):
            for key in (whole, fold_label(found["label"])):
                if key in self.known:
                    return key, found["unit"]
        return whole, None

    def _joined(self, line: str) -> tuple[str, str | None] | None:
        """A label that is nothing but labels of one field, as its first is compared: no payer's label, and none of two fields."""
        if _TOLD.search(line):
            return None
        for joint in _JOINTS:
            found = [self._one_key_of(plain(part)) for part in joint.split(line.strip(": ")) if plain(part)]
            keys, units = {key for key, _ in found}, {unit for _, unit in found if unit}
            if 1 < len(keys) <= MOST_LANGUAGES and len(units) < 2 and any(map(keys.issubset, self.fields.values())):
                return found[0][0], next(iter(units), None)
        return None

    def _may_begin_with_label(self, text: str) -> bool:
        openings = self.openings
        left = 2 if text.lstrip()[:1].isdigit() else 1  # it may be a numbered line
        for word in text.split():
            words = label_words(word)
            if openings is None or not openings.isdisjoint(words):
                return True
            left -= bool(words)
            if not left:
                break
        return False


@lru_cache(maxsize=64)  # they are the same for every letter of a sender
def label_table(
    labels: tuple[tuple[str, tuple[str, ...]], ...], *, listing: tuple[str, ...], spoken: tuple[str, ...], naming: str
) -> LabelTable:
    """Of labels as they are printed, per field."""
    fields = {name: folded(words) for name, words in labels}
    known = frozenset[str]().union(*fields.values())
    return LabelTable(
        known=known,
        fields=fields,
        listing=folded(listing),
        spoken=folded(spoken),
        naming=fields.get(naming, frozenset()),
        written=known.difference(*(fields.get(name, frozenset()) for name in _TYPED)),
        shapes={label: SHAPES[name] for name, words in fields.items() if name in SHAPES for label in words},
    )


def folded(labels: Collection[str]) -> frozenset[str]:
    """Labels as a table writes them → as they are compared."""
    return _folded(tuple(labels))


@lru_cache(maxsize=512)  # a table's labels are the same for every letter
def _folded(labels: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fold_label(one_line(label)) for label in labels)
