"""
What one part of a letter says: its pairs, and its statements.

Comes in: labels with values and lines, as the readers of lines and blocks find them. Goes out: a `Page` of them in order, as
printed, with the part they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from reconciler.errors import Unreadable
from reconciler.extract.amounts import CURRENCIES
from reconciler.extract.html import Drawn, in_pieces, plain, without_links
from reconciler.extract.text import fold_label, label_words, one_line, only_marks

LONGEST_LABEL = 80  # characters
LONGEST_TEXT = 300_000  # characters of a part as sent, and of all parts of a letter together
MOST_TAGS = 20_000
MOST_LINES = 5_000  # of a part; a letter of more is no notice, and is held before it costs anything
LONGEST_LINE = 2_000  # characters; patterns are matched against lines


_QUOTING = re.compile(r"(?i)\b(?:пише|пишет|написал[аи]?|написа(?:в|ла)|wrote|writes)\s*:")
_GAPS = re.compile(r"[\x1f|│;•·]")
_BEHIND = "; ·•|│"  # what a list puts behind a value
_UNIT = re.compile(  # a label with a currency behind it
    r"(?P<label>.+?)(?:, ?| ?\()(?P<unit>" + "|".join(map(re.escape, CURRENCIES)) + r")\.?\)?[ :]*", re.IGNORECASE
)

_JOINTS = (  # what stands between one label in two languages, the plainer first: "Дата/час / Date/time"
    re.compile(r"\s+[/|│·•–—-]\s+|\s*\x1f\s*"),
    re.compile(r"\s*[/|│·•]\s*|,\s"),
    re.compile(r"\s*[()]\s*"),
)
_JOINT = re.compile(r"[/|│·•,(\x1f]|\s[–—-]\s")
MOST_LANGUAGES = 3


def refuse_excess(part: str, content: str) -> None:
    """Before anything is parsed. Raises Unreadable: a part that is longer than any notice."""
    if len(content) > LONGEST_TEXT or content.count("<") > MOST_TAGS:
        raise Unreadable("more text than a notice has", part=part, characters=len(content))


def has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """
    A label and its value as printed.

    loose: nothing but a space stands between them. inner: the pair stands behind another value on one line of text.
    unsure: the layout can be read in two ways, and this is one of them. unit: what the label says of its sums: "Сума, грн".
    box: equal for pairs between which only line ends stand, which a payer can type; None in plain text.
    manner: how label and value are set (`manners`). odd: unlike the others of the part, and as a payer may type it.
    direct: nothing was said between it and the pair before.
    """

    label: str
    key: str  # the label as it is compared
    value: str
    part: str
    unit: str | None = None
    box: int | None = None
    loose: bool = False
    inner: bool = False
    unsure: bool = False
    manner: str = "apart"
    odd: bool = False
    direct: bool = False


class Statement(NamedTuple):
    """
    A line outside of pairs.

    early: it stands before the first known pair of its part. doubtful: it was read as a pair, and a payer may have typed it.
    """

    text: str
    part: str
    early: bool
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """
    A line taken apart.

    loose: its one pair has but a space between label and value. lead: what stands before its first label. side: its pairs
    stand side by side, so a payer may have typed all but the first. unsure: one of them may be another's value.
    manner, column: as `manners.manner_of` tells them.
    """

    pairs: list[tuple[str, str]]
    loose: bool = False
    lead: str = ""
    side: bool = False
    unsure: bool = False
    manner: str = "apart"
    column: int = 0


@dataclass(slots=True)
class Page:
    """What one part says."""

    part: str
    known: Collection[str]
    listing: Collection[str] = ()  # labels that only a list of goods has for its columns: "кількість", "ціна"
    spoken: Collection[str] = ()  # labels that are values too: "Оплачено: 5 грн", "Статус: Оплачено"
    shapes: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)  # what values of some labels look like
    fields: Mapping[str, Collection[str]] = field(default_factory=dict)  # the labels that name one and the same
    naming: Collection[str] = ()  # labels whose values tell one payment from another
    written: Collection[str] = ()  # labels whose values no payer types
    boxes: Iterator[int] | None = None  # None: plain text
    box: int | None = None
    pairs: list[Pair] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # every line that is seen
    separator: str | None = None  # what stands between labels and values on a line, when it is no colon
    begun: bool = False
    spoke: bool = True  # since the last pair
    quotes: bool = False  # another letter is quoted in it
    drawn: Drawn | None = None  # the HTML it was read from
    keys: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # lines as `key_of` reads them
    splits: dict[str, Split | None] = field(default_factory=dict)  # lines as they were taken apart
    labels: dict[str, bool] = field(default_factory=dict)  # is a line a known label?
    headings: dict[str, bool] = field(default_factory=dict)  # is it one wherever it stands?
    openings: frozenset[str] | None = field(init=False)  # the first words of the known labels; None: one has no word

    def __post_init__(self) -> None:
        self.openings = _openings(frozenset(self.known))

    def add(
        self,
        label: str,
        value: str,
        *,
        loose: bool = False,
        inner: bool = False,
        unsure: bool = False,
        manner: str = "apart",
    ) -> None:
        key, unit = self.key_of(label)
        label, value = plain(label).rstrip(": "), value.strip().rstrip(_BEHIND)
        if unsure and key in self.spoken and not has_digit(value):
            value, unsure = "", False  # "Оплачено" over a line of text is a word and no label
        self.pairs.append(
            Pair(
                label=label,
                key=key,
                value=value,
                part=self.part,
                unit=unit,
                box=self.box,
                loose=loose,
                inner=inner,
                unsure=unsure and value != "",
                manner=manner,
                direct=not self.spoke,
            )
        )
        self.spoke = False
        self.begun = self.begun or (key in self.known and not loose)

    def open_box(self) -> None:
        """What is added from here on stands apart from what was added before."""
        self.box = next(self.boxes) if self.boxes else None

    def see(self, lines: Iterable[str]) -> None:
        """Take down what is seen. Raises Unreadable: more or longer lines than a notice has."""
        self.lines.extend(line for line in lines if line)
        if len(self.lines) > MOST_LINES or max(map(len, self.lines), default=0) > LONGEST_LINE:
            raise Unreadable("more text than a notice has", part=self.part, lines=len(self.lines))

    def say(self, line: str, *, doubtful: bool = False) -> None:
        self.spoke = True
        self.quotes = self.quotes or (":" in line and _QUOTING.search(line) is not None)
        if text := without_links(line):
            self.statements.append(Statement(text=text, part=self.part, early=not self.begun, doubtful=doubtful))

    def key_of(self, line: str) -> tuple[str, str | None]:
        """A label as it is compared, and the currency it is printed with: "Сума, грн" and "Amount (UAH)" are known as sums."""
        if (found := self.keys.get(line)) is None:
            found = self._key_of(plain(line))
            if found[0] not in self.known and self.fields and _JOINT.search(line):
                found = self._joined(line) or found
            self.keys[line] = found
        return found

    def joins(self, line: str) -> bool:
        """Is this one label in two languages: "Сума / Amount"?"""
        return _JOINT.search(line) is not None and self.knows(line) and self._joined(line) is not None

    def _joined(self, line: str) -> tuple[str, str | None] | None:
        """A label that is nothing but labels of one field, as its first is compared: no payer's label, and none of two fields."""
        for joint in _JOINTS:
            found = [self._key_of(plain(part)) for part in joint.split(line.strip(": ")) if plain(part)]
            keys, units = {key for key, _ in found}, {unit for _, unit in found if unit}
            if 1 < len(keys) <= MOST_LANGUAGES and len(units) < 2 and any(map(keys.issubset, self.fields.values())):
                return found[0][0], next(iter(units), None)
        return None

    def _key_of(self, label: str) -> tuple[str, str | None]:
        whole = fold_label(label)
        if ("," in label or "(" in label) and (found := _UNIT.fullmatch(one_line(label))):
            for key in (whole, fold_label(found["label"])):
                if key in self.known:
                    return key, found["unit"]
        return whole, None

    def knows(self, line: str | None) -> bool:
        """Is this line a known label and nothing else?"""
        if line is None:
            return False
        if (found := self.labels.get(line)) is None:
            found = len(line) <= LONGEST_LABEL and self._may_begin_with_label(plain(line))
            found = self.labels[line] = found and self.key_of(line)[0] in self.known
        return found

    def may_hold_label(self, line: str) -> bool:
        """
        Does a line, or what stands behind a gap in it, begin with the first word of a known label?

        Most lines do not, and need no slower look.
        """
        bare = plain(line)
        if bare != line and len(bare.split()) != len(in_pieces(line).split()):
            return True  # a mark parts a word, and what stands before it may be a label
        return any(map(self._may_begin_with_label, _GAPS.split(line.replace("  ", "|"))))

    def _may_begin_with_label(self, text: str) -> bool:
        left = 2 if text.lstrip()[:1].isdigit() else 1  # it may be a numbered line
        for word in text.split():
            words = label_words(word)
            if self.openings is None or not self.openings.isdisjoint(words):
                return True
            left -= bool(words)
            if not left:
                break
        return False

    def heads(self, line: str | None) -> bool:
        """Is this line, standing where a value may stand, a label all the same?"""
        if line is None:
            return False
        if (found := self.headings.get(line)) is None:
            found = self.headings[line] = self.knows(line) and self.key_of(line)[0] not in self.spoken
        return found

    def fits(self, label: str, value: str) -> bool | None:
        """Does a value look like one of this label's? None: its values look like anything."""
        key = self.key_of(label)[0]
        shape = None if key in self.spoken else self.shapes.get(key)
        return None if shape is None or only_marks(value) else shape(value)

    def names(self, line: str | None) -> bool:
        """Is this a label whose values tell one payment from another?"""
        return line is not None and self.key_of(line)[0] in self.naming

    def is_listing(self, line: str | None) -> bool:
        return line is not None and self.key_of(line)[0] in self.listing


@lru_cache(maxsize=64)
def _openings(known: frozenset[str]) -> frozenset[str] | None:
    words = [label_words(label) for label in known]
    return frozenset(first for first, *_ in words) if all(words) else None


def folded(labels: Collection[str]) -> frozenset[str]:
    """Labels as a table writes them → as they are compared."""
    return _folded(tuple(labels))


@lru_cache(maxsize=512)  # a table's labels are the same for every letter
def _folded(labels: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fold_label(one_line(label)) for label in labels)
