"""
One line → the known labels in it, with their values.

Comes in: a line of text, or of a leaf of HTML with its marks, and a sender's labels. Goes out: a `Split`, or None where no known
label begins it. What stands above and below a line changes nothing, so what was found is remembered for the next letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from reconciler.extract.html.drawing import MARK, plain
from reconciler.extract.layout.labeltable import LONGEST_LABEL, LabelTable
from reconciler.extract.layout.manners import manner_of
from reconciler.extract.layout.page import APART
from reconciler.extract.layout.shapes import may_be_label
from reconciler.extract.remembering import remembered

_SHORT = 200  # characters of a line
_LINES_TO_LOOK = 6  # separators tried in one line
_SEPARATOR = re.compile(rf":|：|\t|\s{{2,}}|\s[—–-]\s|\s?(?:=>?|->|[→⇒»])\s?|\s?[|│]\s?|\.{{3,}}|…|{MARK}")
_PARTING = re.compile(rf"[:：\t=>→⇒»|│…—–{MARK}-]")  # what a separator has in it, but for gaps and dots
_LEADING = re.compile(rf"^(?:->|[\s:：=>→⇒»|│{MARK}\x02\x03]|\*{{1,2}}(?=\s)|[—–-](?=\s)|\.{{2,}}|…)+")
_LOOSE_VALUE = re.compile(r"\d|WFP-|[₴$€№#]\s?\d")
BRACKETED = re.compile(rf"[^\w\[]*\[[\s{MARK}]*(?P<label>[^\[\]]{{2,58}})\][\s:=>{MARK}]+(?P<value>.*)")
NUMBERING = re.compile(r"^\s*\d{1,2}[.)]\s+(?=\D)")
_GAP = re.compile(r"\s{2,}|\s*[|│]\s*|[;•·]\s+")
_NOTHING = re.compile(r"(?:\s*[:=|│→]+>?\s*[—–-]+|\s*(?:\.{3,}|…|[=|│→]|\s[—–-])\s*[—–-]*)$")


class Split(NamedTuple):
    """
    A line taken apart.

    loose: its one pair has but a space between label and value. lead: what stands before its first label. side: its pairs
    stand side by side, so a payer may have typed all but the first. unsure: one of them may be another's value.
    manner, column: as `manners.manner_of` tells them.
    """

    pairs: tuple[tuple[str, str], ...]
    loose: bool = False
    lead: str = ""
    side: bool = False
    unsure: bool = False
    manner: str = APART
    column: int = 0


@remembered(longest=_SHORT, most=4096)
def split_line(line: str, labels: LabelTable) -> Split | None:
    """The known labels that begin a line or stand in elements of their own, with their values; None: no known label."""
    if not labels.may_hold_label(line):
        return None
    if labels.knows(line):
        return _alone(line)
    bare = NUMBERING.sub("", line)
    numbered, line = bare != line, bare
    if (found := BRACKETED.fullmatch(line)) and labels.knows(found["label"]):
        return Split(pairs=((found["label"], plain(found["value"])),), manner="[]")
    if pairs := _in_elements(labels, line):
        return Split(pairs=tuple(pairs))
    joined = [match for match in _first_separators(line) if labels.joins(line[: match.start()])]
    if not joined and (side := _side_by_side(labels, line)):
        return side
    for separator in joined or _first_separators(line):
        if labels.knows(line[: separator.start()]):
            value = plain(_LEADING.sub("", line[separator.start() :]))
            manner, column = manner_of(line, separator.start(), bulleted=numbered)
            return Split(pairs=((plain(line[: separator.start()]), value),), manner=manner, column=column)
    bare = plain(line)
    spaces = [match.start() for match in re.finditer(" ", bare[:LONGEST_LABEL])]
    for space in reversed(spaces):
        if _LOOSE_VALUE.match(bare, space + 1) and labels.knows(bare[:space]):
            return Split(pairs=((bare[:space], bare[space + 1 :]),), loose=True)
    return None


def is_known_pair(line: str, labels: LabelTable) -> bool:
    found = split_line(line, labels)
    return found is not None and not found.loose and bool(found.pairs[-1][1])


def _alone(line: str) -> Split:
    """A label alone, or with what a sender prints for nothing: "Order #: —", "Order #......", "Order # | -"."""
    found = _NOTHING.search(plain(line))
    return Split(pairs=((plain(line)[: found.start()], "—") if found else (plain(line), ""),))


def _in_elements(labels: LabelTable, line: str) -> list[tuple[str, str]]:
    """
    Pairs in one line of HTML whose labels stand in elements of their own: "<b>a:</b> b <b>c:</b> d".

    Where every known label ends with a colon other segments that do are labels too; where labels and values take turns from
    the first to the last segment, so do those nobody knows.
    """
    pieces = line.split(MARK)
    places = [at for at, piece in enumerate(pieces) if plain(piece)]
    segments = [pieces[at] for at in places]
    known: list[int] = []
    for at, segment in enumerate(segments):
        behind = plain(segments[at - 1]) if known[-1:] == [at - 1] else ""  # the label that it may be the value of
        is_value = behind.endswith(":") or not labels.heads(segment)
        is_word = behind != "" and is_value and not plain(segment).endswith(":")
        if labels.knows(segment) and not is_word:
            known.append(at)
    if len(known) < 2:
        return []
    colons = [
        at for at, segment in enumerate(segments) if plain(segment).endswith(":") and may_be_label(plain(segment))
    ]
    if set(known) <= set(colons):
        heads = colons
    elif len(segments) % 2 == 0 and all(at % 2 == 0 for at in known):
        heads = list(range(0, len(segments), 2))
    else:
        heads = known
    if heads[0] != 0:
        return []
    ends = [*(places[head] for head in heads[1:]), len(pieces)]
    return [
        (
            plain(segments[head]),
            plain(_LEADING.sub("", "".join(pieces[places[head] + 1 : end]))),
        )  # with the blanks between
        for head, end in zip(heads, ends, strict=True)
    ]


def _side_by_side(labels: LabelTable, line: str) -> Split | None:
    """Pairs in one line of text, with a gap, a stroke or a semicolon between them: "a: b | c: d", "a   b   c   d"."""
    cells = [plain(cell) for cell in _GAP.split(line) if plain(cell)]
    parts: list[tuple[str, str]] = []
    unsure = False
    for count, cell in enumerate(cells):
        label, colon, value = cell.partition(":")
        if value.startswith("//"):
            colon = ""
        value = plain(_LEADING.sub("", value))
        if colon and labels.knows(label):
            unsure = unsure or (count > 0 and labels.heads(cells[count - 1]))
            parts.append((label.strip(), value.strip()))
        elif labels.heads(cell) and (count == 0 or count + 1 < len(cells)):
            parts.append((cell, ""))
        elif colon and may_be_label(label) and not re.search(r"\d\d", label):
            parts.append((label.strip(), value.strip()))
        elif parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} {cell}".strip())
        else:
            parts.append(("", cell))
    lead = " ".join(value for label, value in parts if not label)
    pairs = [(label, value) for label, value in parts if label]
    if not any(labels.knows(label) for label, _ in pairs) or (len(pairs) == 1 and not lead):
        return None
    return Split(pairs=tuple(pairs), lead=lead, side=True, unsure=unsure, manner="side")


def separators(line: str) -> Iterable[re.Match[str]]:
    if _PARTING.search(line) is None and "  " not in line and "..." not in line:
        return ()  # as in most lines, which need no slower look
    return _SEPARATOR.finditer(line)


def _first_separators(line: str) -> Iterator[re.Match[str]]:
    for match in islice(separators(line[: 2 * LONGEST_LABEL]), 2 * _LINES_TO_LOOK):
        if plain(line[: match.start()]):
            yield match
