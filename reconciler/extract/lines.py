"""
Lines of text → pairs and statements.

Comes in: the lines of a text part, or of one leaf of HTML. Goes out: what they say, added to a `Page`: "label: value" lines,
aligned columns, several pairs on a line, and labels over their values.

A value under a lone label is one only where label and value alternate from line to line: never below a blank line, and not
among lines that carry label and value side by side. Where lines can be read in two ways the pairs are marked `unsure`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.extract.html import MARK, plain
from reconciler.extract.page import LONGEST_LABEL, Page, has_digit

_LINES_TO_LOOK = 6  # separators tried in one line
_SEPARATOR = re.compile(rf":|：|\t|\s{{2,}}|\s[—–=-]\s|\s?[|│]\s?|\.{{3,}}|…|{MARK}")
_LEADING = re.compile(rf"^(?:[\s:：=|│{MARK}\x02\x03]|\*{{1,2}}(?=\s)|[—–-](?=\s)|\.{{2,}}|…)+")
_LOOSE_VALUE = re.compile(r"\d|WFP-|[₴$€№#]\s?\d")
_UNKNOWN = re.compile(r"(?P<label>[^\W\d_][^:\n]{0,58}?)\s*:(?!//)(?P<value>.*)")
_FORWARDING = re.compile(r"(?i)forward|original|пересл|перенапр|исходн|оригінал")
_FORWARD_HEADER = re.compile(  # the headers a mail program writes over what it forwards: its "Date" is no field
    r"(?i)(?:from|від|от|date|дата|sent|надіслано|отправлено|subject|тема|to|кому|cc|копія|копия|reply-to)\s*:"
)


_GAP = re.compile(r"\s{2,}|\s*[|│]\s*|[;•·]\s+")
_NUMBERING = re.compile(r"^\s*\d{1,2}[.)]\s+(?=\D)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """
    A line taken apart.

    loose: its one pair has but a space between label and value. lead: what stands before its first label. side: its pairs
    stand side by side, so a payer may have typed all but the first.
    """

    pairs: list[tuple[str, str]]
    loose: bool = False
    lead: str = ""
    side: bool = False


def scan_lines(page: Page, lines: Sequence[str]) -> None:
    """Lines of a text part, or of one leaf of HTML."""
    _Scan(page, lines).run()


class _Scan:
    def __init__(self, page: Page, lines: Sequence[str]) -> None:
        self.page, self.lines = page, lines
        self.split = [split_line(page, line) for line in lines]
        self.sided = any(split and split.pairs[-1][1] and not split.loose for split in self.split)
        self.taken = -1  # the last line that was a lone label's value
        self.captioned = False  # in a run of values over their labels

    def run(self) -> None:
        index = 0
        while index < len(self.lines):
            line, split = self.lines[index], self.split[index]
            index += 1
            if not plain(line):
                self.captioned = False
            elif _is_forwarding(plain(line)):
                while index < len(self.lines) and _FORWARD_HEADER.match(plain(self.lines[index])):
                    index += 1
            elif split is None:
                _unknown(self.page, line)
            elif len(split.pairs) > 1 or split.lead or split.pairs[0][1]:
                self._add(line, split)
            else:
                index = self._lone(split.pairs[0][0], index)

    def _add(self, line: str, split: Split) -> None:
        page = self.page
        if split.lead:
            _unknown(page, split.lead)
        elif split.loose or not page.begun:
            page.say(line, doubtful=True)  # "Order 12345 has been refunded" begins with a label
        for count, (label, value) in enumerate(split.pairs):
            page.add(label, value, loose=split.loose, inner=split.side and (count > 0 or split.lead != ""))

    def _lone(self, label: str, index: int) -> int:
        """A line that is a label and nothing else; returns the line after its value."""
        page, at = self.page, index - 1
        below = self._below(index)
        above = plain(self.lines[at - 1]) if at and self.taken != at - 1 and self._is_value(at - 1) else ""
        self.captioned = self.captioned or has_digit(above)
        if not below:
            page.say(self.lines[at])  # "Оплачено" alone is a statement too
            page.add(label, above if self.captioned else "", unsure=self.captioned)
            return index
        page.add(label, below[0], unsure=self.captioned or self.sided or len(below) > 1)
        if self.sided:
            page.say(self.lines[at])
            return index
        self.taken = index
        return index + 1

    def _below(self, index: int) -> list[str]:
        """The lines under a label that are neither labels nor pairs, up to a blank one."""
        found: list[str] = []
        while index < len(self.lines) and plain(self.lines[index]) and self._is_value(index, first=not found):
            found.append(plain(self.lines[index]))
            index += 1
        return found

    def _is_value(self, index: int, *, first: bool = False) -> bool:
        line, split = self.lines[index], self.split[index]
        if self.page.knows(line):
            return first and not self.page.heads(line)
        if split is not None and not split.loose:
            return False
        other = _UNKNOWN.fullmatch(plain(line))
        return not (other and len(other["label"].split()) <= 4)


def _is_forwarding(line: str) -> bool:
    """The line that a mail program draws over what it forwards."""
    if line[:30].casefold().startswith("begin forwarded message"):
        return True
    return line.startswith("--") and line.endswith("--") and _FORWARDING.search(line) is not None


def split_line(page: Page, line: str) -> Split | None:
    """The known labels that begin a line or stand in elements of their own, with their values; None: no known label."""
    if page.knows(line):
        return Split(pairs=[(plain(line), "")])
    line = _NUMBERING.sub("", line)
    segments = line.split(MARK)
    heads = [index for index, segment in enumerate(segments) if page.knows(segment)]
    if len(heads) > 1 and not any(plain(segment) for segment in segments[: heads[0]]):
        ends = [*heads[1:], len(segments)]
        pairs = [
            (plain(segments[head]), plain(_LEADING.sub("", "".join(segments[head + 1 : end]))))
            for head, end in zip(heads, ends, strict=True)
        ]
        return Split(pairs=pairs)
    if side := _side_by_side(page, line):
        return side
    for separator in _first_separators(line):
        if page.knows(line[: separator.start()]):
            value = plain(_LEADING.sub("", line[separator.start() :]))
            return Split(pairs=[(plain(line[: separator.start()]), value)])
    bare = plain(line)
    spaces = [match.start() for match in re.finditer(" ", bare[:LONGEST_LABEL])]
    for space in reversed(spaces):
        if page.knows(bare[:space]) and _LOOSE_VALUE.match(bare, space + 1):
            return Split(pairs=[(bare[:space], bare[space + 1 :])], loose=True)
    return None


def _side_by_side(page: Page, line: str) -> Split | None:
    """Pairs in one line of text, with a gap, a stroke or a semicolon between them: "a: b | c: d", "a   b   c   d"."""
    cells = [plain(cell) for cell in _GAP.split(line) if plain(cell)]
    parts: list[tuple[str, str]] = []
    for count, cell in enumerate(cells):
        label, colon, value = cell.partition(":")
        if colon and page.knows(label):
            parts.append((label.strip(), value.strip()))
        elif page.heads(cell) and (count == 0 or count + 1 < len(cells)):
            parts.append((cell, ""))
        elif parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} {cell}".strip())
        else:
            parts.append(("", cell))
    lead = " ".join(value for label, value in parts if not label)
    pairs = [(label, value) for label, value in parts if label]
    if not pairs or (len(pairs) == 1 and not lead):
        return None
    return Split(pairs=pairs, lead=lead, side=True)


def _first_separators(line: str) -> Iterator[re.Match[str]]:
    for count, match in enumerate(_SEPARATOR.finditer(line[: 2 * LONGEST_LABEL])):
        if count >= 2 * _LINES_TO_LOOK:
            return
        if plain(line[: match.start()]):
            yield match


def _unknown(page: Page, line: str) -> None:
    """A line without a known label: a pair of another label, or a statement."""
    found = _UNKNOWN.fullmatch(plain(line))
    if found and len(found["label"].split()) <= 6:
        if not page.begun:
            page.say(line, doubtful=True)
        page.add(found["label"], found["value"])
    else:
        page.say(line)
