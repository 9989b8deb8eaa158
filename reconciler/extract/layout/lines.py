"""
Lines of text → pairs and statements.

Comes in: the lines of a text part, or of one leaf of HTML. Goes out: what they say, added to a `Page`: "label: value" lines,
aligned columns, several pairs on a line, and labels over their values.

A value under a lone label is one only where label and value take turns from line to line, not among lines that carry both
side by side; below a blank line only where blank lines stand between all labels and values, which then look like values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from reconciler.extract.html.drawing import MARK, plain
from reconciler.extract.layout.labeltable import LONGEST_LABEL
from reconciler.extract.layout.manners import manner_of
from reconciler.extract.layout.page import Page
from reconciler.extract.layout.runs import Item, read_run
from reconciler.extract.layout.shapes import may_be_label
from reconciler.extract.layout.splits import BRACKETED, NUMBERING, Split, is_known_pair, separators, split_line

GAP = "  "  # between label and value, where they stand in columns
_SEVERAL = 3  # labels behind which a separator must stand to be one
_NONE: Mapping[int, int] = Counter()
_UNKNOWN = re.compile(r"(?P<label>[^\W\d_][^:\n]{0,58}?)\s*:(?!//|(?<=\d:)\d)(?P<value>.*)")  # no colon of "14:31"
_FORWARDING = re.compile(r"(?i)forward|original|пересл|перенапр|исходн|оригінал")
_FORWARD_HEADER = re.compile(  # the headers a mail program writes over what it forwards: its "Date" is no field
    r"(?i)(?:from|від|от|date|дата|sent|надіслано|отправлено|subject|тема|to|кому|cc|копія|копия|reply-to)\s*:"
)


_SENTENCE_END = re.compile(r"[.!?]$")


def scan_lines(page: Page, lines: Sequence[str], *, later: bool = False) -> None:
    """Lines of a text part, or of one leaf of HTML. later: pairs behind the first line may have been typed by a payer."""
    page.open_box()
    _Scan(page, lines, later=later).run()


def is_pair(page: Page, line: str) -> bool:
    """Does a line hold a label and its value, known or not?"""
    return is_known_pair(line, page.labels) or _unknown_pair(page, line) is not None


class _Scan:
    def __init__(self, page: Page, lines: Sequence[str], *, later: bool) -> None:
        self.page, self.lines, self.later = page, lines, later
        self.split = [split_line(line, page.labels) for line in lines]
        sided = sum(bool(split and split.pairs[-1][1] and not split.loose) for split in self.split)
        self.sided = 2 * sided >= sum(map(page.labels.knows, lines))
        self.spaced = self._is_spaced()
        gaps = [(split, line) for split, line in zip(self.split, lines, strict=True) if split and "  " in split.manner]
        self.columns = Counter([split.column for split, _ in gaps]) if gaps else _NONE
        self.ends = Counter([len(line) for _, line in gaps]) if gaps else _NONE

    def run(self) -> None:
        index = 0
        block: list[str] = []  # lines with no structure of their own
        while index < len(self.lines):
            line, split = self.lines[index], self.split[index]
            index += 1
            if not plain(line) and self.spaced:
                continue
            if plain(line) and not _is_forwarding(plain(line)) and self._is_bare(index - 1, block):
                block.append(line)
                continue
            self._end(block)
            block = []
            if _is_forwarding(plain(line)):
                while index < len(self.lines) and _FORWARD_HEADER.match(plain(self.lines[index])):
                    index += 1
            elif split is not None:
                self._add(line, split, typed=self.later and index > 1)
            elif plain(line):
                _unknown(self.page, line)
        self._end(block)

    def _is_bare(self, at: int, block: Sequence[str]) -> bool:
        """A line for a run: a label and nothing else, a line that is no pair, or one under a label that has but a space in it."""
        split = self.split[at]
        if split is None:
            pair = _unknown_pair(self.page, self.lines[at])
            return pair is None or not pair[1]
        if len(split.pairs) == 1 and not split.lead and not split.pairs[0][1]:
            return True
        return split.loose and bool(block) and self.page.labels.knows(block[-1])

    def _end(self, block: Sequence[str]) -> None:
        """Read the lines up to a blank one or a pair."""
        page = self.page
        if not any(map(page.labels.knows, block)):
            if len(block) == 2 and page.begun and self._is_captioned(block):
                page.add(plain(block[0]), plain(block[1]))
            else:
                for line in block:
                    _unknown(page, line)
        elif self.sided:
            self._lone_among_pairs(block)
        else:
            read_run(page, [self._item(line) for line in block])

    def _lone_among_pairs(self, block: Sequence[str]) -> None:
        page = self.page
        for at, line in enumerate(block):
            below = plain(block[at + 1]) if at + 1 < len(block) and not page.labels.heads(block[at + 1]) else ""
            page.say(line)
            if page.labels.knows(line):
                page.add(plain(line), below, unsure=True)

    def _item(self, line: str) -> Item:
        look = (plain(line).endswith(":"), line.startswith(MARK))
        return Item(
            text=plain(line),
            raw=line,
            sole=line,
            look=look,
            known=self.page.labels.knows(line),
            head=self.page.labels.heads(line),
        )

    def _paragraphs(self) -> list[list[int]]:
        found: list[list[int]] = [[]]
        for at, line in enumerate(self.lines):
            if plain(line):
                found[-1].append(at)
            elif found[-1]:
                found.append([])
        return [lines for lines in found if lines]

    def _is_captioned(self, block: Sequence[str]) -> bool:
        """Two lines where all known labels stand over their values in paragraphs of two."""
        if not may_be_label(plain(block[0])) or _SENTENCE_END.search(plain(block[0])):
            return False
        pairs = [lines for lines in self._paragraphs() if self.page.labels.knows(self.lines[lines[0]])]
        return len(pairs) > 1 and all(len(lines) == 2 for lines in pairs)

    def _is_spaced(self) -> bool:
        """Does a blank line stand between every label and its value, and do two values or more look like theirs?"""
        if self.sided:
            return False
        paragraphs = self._paragraphs()
        labels = [at for at, lines in enumerate(paragraphs) if self.page.labels.knows(self.lines[lines[0]])]
        if len(labels) < 2 or any(len(paragraphs[at]) > 1 for at in labels):
            return False
        below = [(at, paragraphs[at + 1]) for at in labels if at + 1 < len(paragraphs)]
        fits = [
            self.page.labels.fits(self.lines[paragraphs[at][0]], plain(self.lines[lines[0]]))
            for at, lines in below
            if not self.page.labels.heads(self.lines[lines[0]])
        ]
        return False not in fits and fits.count(True) > 1

    def _add(self, line: str, split: Split, *, typed: bool) -> None:
        page = self.page
        if split.lead:
            _unknown(page, split.lead)
        elif split.loose or not page.begun:
            said = line if len(split.pairs) == 1 else " ".join(f"{label} {value}" for label, value in split.pairs)
            page.say(said, doubtful=True)  # "Order 12345 has been refunded" begins with a label
        for count, (label, value) in enumerate(split.pairs):
            inner = split.side and (count > 0 or split.lead != "")
            unsure = typed or split.unsure
            page.add(label, value, loose=split.loose, inner=inner, unsure=unsure, manner=self._manner(line, split))

    def _manner(self, line: str, split: Split) -> str:
        """In a column of values the one beside the longest label has no gap before it."""
        in_column = self.columns[split.column] > 1 or self.ends[len(line)] > 2
        return split.manner + "  " if in_column and "  " not in split.manner else split.manner


def _is_forwarding(line: str) -> bool:
    """The line that a mail program draws over what it forwards."""
    if line[:30].casefold().startswith("begin forwarded message"):
        return True
    return line.startswith("--") and line.endswith("--") and _FORWARDING.search(line) is not None


def _unknown_pair(page: Page, line: str) -> tuple[str, str] | None:
    """A line of a label that nobody knows and its value, with a colon or what stands between the known ones and theirs."""
    bare = plain(line)
    found = (":" in bare and _UNKNOWN.fullmatch(bare)) or ("[" in bare and BRACKETED.fullmatch(bare))
    if found and len(found["label"].split()) <= 6:
        return found["label"], found["value"].strip()
    if page.separator is None:
        return None
    if page.separator == GAP:
        label, mark, value = re.sub(r"\s{2,}", GAP, NUMBERING.sub("", line).strip()).partition(GAP)
    else:
        label, mark, value = plain(NUMBERING.sub("", line)).partition(page.separator)
    if mark and may_be_label(label) and len(label.split()) <= 6 and plain(value):
        return plain(label), plain(value)
    return None


def separator_of(page: Page, lines: Sequence[str]) -> str | None:
    """What stands between most known labels and their values, other than a colon: a dash, an arrow, a sign, a gap."""
    found = [
        match[0].strip() or (GAP if GAP in match[0] else "")
        for line in lines
        for match in islice(separators(line[:LONGEST_LABEL]), 2)
        if page.labels.knows(line[: match.start()])
    ]
    if len(found) < _SEVERAL:
        return None
    mark, count = Counter(found).most_common(1)[0]
    if count < _SEVERAL or mark in {"", ":"}:
        return None
    return f" {mark} " if mark in {"-", "–", "—"} else mark


def _unknown(page: Page, line: str) -> None:
    """A line without a known label: a pair of another label, or a statement."""
    if pair := _unknown_pair(page, line):
        if not page.begun:
            page.say(line, doubtful=True)
        page.add(*pair, manner=_manner_of_unknown(line, pair[0]))
    else:
        page.say(line)


def _manner_of_unknown(line: str, label: str) -> str:
    if "[" in line and BRACKETED.fullmatch(plain(line)):
        return "[]"
    bare = NUMBERING.sub("", line)
    at = bare.find(label)
    return manner_of(bare, max(at, 0) + len(label), bulleted=bare != line)[0]
