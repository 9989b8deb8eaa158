"""
What one part of a letter says: its pairs, and its statements.

Comes in: labels with values and lines, as the readers of lines and blocks find them. Goes out: a `Page` of them in order, as
printed, with the part they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.errors import Unreadable
from reconciler.extract.html.drawing import Drawn, plain, without_links
from reconciler.extract.layout.labeltable import LabelTable

LONGEST_TEXT = 300_000  # characters of a part as sent, and of all parts of a letter together
MOST_TAGS = 20_000
MOST_LINES = 5_000  # of a part; a letter of more is no notice, and is held before it costs anything
LONGEST_LINE = 2_000  # characters; patterns are matched against lines


_QUOTING = re.compile(r"(?i)\b(?:пише|пишет|написал[аи]?|написа(?:в|ла)|wrote|writes)\s*:")
_BEHIND = "; ·•|│"  # what a list puts behind a value


APART = "apart"
"""The manner of a pair of which the label or the value stands in an element of its own, as nobody types them."""


def refuse_excess(part: str, content: str) -> None:
    """Before anything is parsed. Raises Unreadable: a part that is longer than any notice."""
    if len(content) > LONGEST_TEXT or content.count("<") > MOST_TAGS:
        raise Unreadable("more text than a notice has", part=part, characters=len(content))


def has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


class Pair(NamedTuple):
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
    manner: str = APART
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


@dataclass(slots=True)
class Page:
    """What one part says."""

    part: str
    labels: LabelTable
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

    def add(
        self,
        label: str,
        value: str,
        *,
        loose: bool = False,
        inner: bool = False,
        unsure: bool = False,
        manner: str = APART,
    ) -> None:
        key, unit = self.labels.key_of(label)
        label, value = plain(label).rstrip(": "), value.strip().rstrip(_BEHIND)
        if unsure and key in self.labels.spoken and not has_digit(value):
            value = ""  # "Оплачено" over a line of text is a word and no label
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
        self.begun = self.begun or (key in self.labels.known and not loose)

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
