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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from reconciler.extract.html import MARK, plain
from reconciler.extract.labeltable import LONGEST_LABEL
from reconciler.extract.manners import manner_of
from reconciler.extract.page import Page, Split
from reconciler.extract.runs import Item, read_run
from reconciler.extract.shapes import may_be_label

GAP = "  "  # between label and value, where they stand in columns
_LINES_TO_LOOK = 6  # separators tried in one line
_SEVERAL = 3  # labels behind which a separator must stand to be one
_NONE: Mapping[int, int] = Counter()
_SEPARATOR = re.compile(rf":|：|\t|\s{{2,}}|\s[—–-]\s|\s?(?:=>?|->|[→⇒»])\s?|\s?[|│]\s?|\.{{3,}}|…|{MARK}")
_PARTING = re.compile(rf"[:：\t=>→⇒»|│…—–{MARK}-]")  # what a separator has in it, but for gaps and dots
_LEADING = re.compile(rf"^(?:->|[\s:：=>→⇒»|│{MARK}\x02\x03]|\*{{1,2}}(?=\s)|[—–-](?=\s)|\.{{2,}}|…)+")
_LOOSE_VALUE = re.compile(r"\d|WFP-|[₴$€№#]\s?\d")
_UNKNOWN = re.compile(r"(?P<label>[^\W\d_][^:\n]{0,58}?)\s*:(?!//|(?<=\d:)\d)(?P<value>.*)")  # no colon of "14:31"
_BRACKETED = re.compile(rf"[^\w\[]*\[[\s{MARK}]*(?P<label>[^\[\]]{{2,58}})\][\s:=>{MARK}]+(?P<value>.*)")
_FORWARDING = re.compile(r"(?i)forward|original|пересл|перенапр|исходн|оригінал")
_FORWARD_HEADER = re.compile(  # the headers a mail program writes over what it forwards: its "Date" is no field
    r"(?i)(?:from|від|от|date|дата|sent|надіслано|отправлено|subject|тема|to|кому|cc|копія|копия|reply-to)\s*:"
)


_GAP = re.compile(r"\s{2,}|\s*[|│]\s*|[;•·]\s+")
_NOTHING = re.compile(r"(?:\s*[:=|│→]+>?\s*[—–-]+|\s*(?:\.{3,}|…|[=|│→]|\s[—–-])\s*[—–-]*)$")
_SENTENCE_END = re.compile(r"[.!?]$")
_NUMBERING = re.compile(r"^\s*\d{1,2}[.)]\s+(?=\D)")


def scan_lines(page: Page, lines: Sequence[str], *, later: bool = False) -> None:
    """Lines of a text part, or of one leaf of HTML. later: pairs behind the first line may have been typed by a payer."""
    page.open_box()
    _Scan(page, lines, later=later).run()


def is_pair(page: Page, line: str) -> bool:
    """Does a line hold a label and its value, known or not?"""
    return is_known_pair(page, line) or _unknown_pair(page, line) is not None


def is_known_pair(page: Page, line: str) -> bool:
    found = split_line(page, line)
    return found is not None and not found.loose and bool(found.pairs[-1][1])


class _Scan:
    def __init__(self, page: Page, lines: Sequence[str], *, later: bool) -> None:
        self.page, self.lines, self.later = page, lines, later
        self.split = [split_line(page, line) for line in lines]
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


def split_line(page: Page, line: str) -> Split | None:
    """The known labels that begin a line or stand in elements of their own, with their values; None: no known label."""
    if line not in page.splits:
        page.splits[line] = _split_line(page, line)
    return page.splits[line]


def _split_line(page: Page, line: str) -> Split | None:
    if not page.labels.may_hold_label(line):
        return None
    if page.labels.knows(line):
        return _alone(line)
    bare = _NUMBERING.sub("", line)
    numbered, line = bare != line, bare
    if (found := _BRACKETED.fullmatch(line)) and page.labels.knows(found["label"]):
        return Split(pairs=[(found["label"], plain(found["value"]))], manner="[]")
    if pairs := _in_elements(page, line):
        return Split(pairs=pairs)
    joined = [match for match in _first_separators(line) if page.labels.joins(line[: match.start()])]
    if not joined and (side := _side_by_side(page, line)):
        return side
    for separator in joined or _first_separators(line):
        if page.labels.knows(line[: separator.start()]):
            value = plain(_LEADING.sub("", line[separator.start() :]))
            manner, column = manner_of(line, separator.start(), bulleted=numbered)
            return Split(pairs=[(plain(line[: separator.start()]), value)], manner=manner, column=column)
    bare = plain(line)
    spaces = [match.start() for match in re.finditer(" ", bare[:LONGEST_LABEL])]
    for space in reversed(spaces):
        if _LOOSE_VALUE.match(bare, space + 1) and page.labels.knows(bare[:space]):
            return Split(pairs=[(bare[:space], bare[space + 1 :])], loose=True)
    return None


def _alone(line: str) -> Split:
    """A label alone, or with what a sender prints for nothing: "Order #: —", "Order #......", "Order # | -"."""
    found = _NOTHING.search(plain(line))
    return Split(pairs=[(plain(line)[: found.start()], "—")] if found else [(plain(line), "")])


def _in_elements(page: Page, line: str) -> list[tuple[str, str]]:
    """
    Pairs in one line of HTML whose labels stand in elements of their own: "<b>a:</b> b <b>c:</b> d".

    Where every known label ends with a colon other segments that do are labels too; where labels and values take turns from
    the first to the last segment, so do those nobody knows.
    """
    segments = [segment for segment in line.split(MARK) if plain(segment)]
    known: list[int] = []
    for at, segment in enumerate(segments):
        is_word = known[-1:] == [at - 1] and not page.labels.heads(segment) and not plain(segment).endswith(":")
        if page.labels.knows(segment) and not is_word:
            known.append(at)
    if len(known) < 2:
        return []
    ends = [at for at, segment in enumerate(segments) if plain(segment).endswith(":") and may_be_label(plain(segment))]
    if set(known) <= set(ends):
        heads = ends
    elif len(segments) % 2 == 0 and all(at % 2 == 0 for at in known):
        heads = list(range(0, len(segments), 2))
    else:
        heads = known
    if heads[0] != 0:
        return []
    return [
        (plain(segments[head]), plain(_LEADING.sub("", "".join(segments[head + 1 : end]))))
        for head, end in zip(heads, [*heads[1:], len(segments)], strict=True)
    ]


def _side_by_side(page: Page, line: str) -> Split | None:
    """Pairs in one line of text, with a gap, a stroke or a semicolon between them: "a: b | c: d", "a   b   c   d"."""
    cells = [plain(cell) for cell in _GAP.split(line) if plain(cell)]
    parts: list[tuple[str, str]] = []
    unsure = False
    for count, cell in enumerate(cells):
        label, colon, value = cell.partition(":")
        if value.startswith("//"):
            colon = ""
        value = plain(_LEADING.sub("", value))
        if colon and page.labels.knows(label):
            unsure = unsure or (count > 0 and page.labels.heads(cells[count - 1]))
            parts.append((label.strip(), value.strip()))
        elif page.labels.heads(cell) and (count == 0 or count + 1 < len(cells)):
            parts.append((cell, ""))
        elif colon and may_be_label(label) and not re.search(r"\d\d", label):
            parts.append((label.strip(), value.strip()))
        elif parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} {cell}".strip())
        else:
            parts.append(("", cell))
    lead = " ".join(value for label, value in parts if not label)
    pairs = [(label, value) for label, value in parts if label]
    if not any(page.labels.knows(label) for label, _ in pairs) or (len(pairs) == 1 and not lead):
        return None
    return Split(pairs=pairs, lead=lead, side=True, unsure=unsure, manner="side")


def _separators(line: str) -> Iterable[re.Match[str]]:
    if _PARTING.search(line) is None and "  " not in line and "..." not in line:
        return ()  # as in most lines, which need no slower look
    return _SEPARATOR.finditer(line)


def _first_separators(line: str) -> Iterator[re.Match[str]]:
    for match in islice(_separators(line[: 2 * LONGEST_LABEL]), 2 * _LINES_TO_LOOK):
        if plain(line[: match.start()]):
            yield match


def _unknown_pair(page: Page, line: str) -> tuple[str, str] | None:
    """A line of a label that nobody knows and its value, with a colon or what stands between the known ones and theirs."""
    bare = plain(line)
    found = (":" in bare and _UNKNOWN.fullmatch(bare)) or ("[" in bare and _BRACKETED.fullmatch(bare))
    if found and len(found["label"].split()) <= 6:
        return found["label"], found["value"].strip()
    if page.separator is None:
        return None
    if page.separator == GAP:
        label, mark, value = re.sub(r"\s{2,}", GAP, _NUMBERING.sub("", line).strip()).partition(GAP)
    else:
        label, mark, value = plain(_NUMBERING.sub("", line)).partition(page.separator)
    if mark and may_be_label(label) and len(label.split()) <= 6 and plain(value):
        return plain(label), plain(value)
    return None


def separator_of(page: Page, lines: Sequence[str]) -> str | None:
    """What stands between most known labels and their values, other than a colon: a dash, an arrow, a sign, a gap."""
    found = [
        match[0].strip() or (GAP if GAP in match[0] else "")
        for line in lines
        for match in islice(_separators(line[:LONGEST_LABEL]), 2)
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
    if "[" in line and _BRACKETED.fullmatch(plain(line)):
        return "[]"
    bare = _NUMBERING.sub("", line)
    at = bare.find(label)
    return manner_of(bare, max(at, 0) + len(label), bulleted=bare != line)[0]
