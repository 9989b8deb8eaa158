"""
Text marked format=flowed (RFC 3676) → every way in which its lines may have been meant.

Comes in: decoded text with newlines. Goes out: the text as its line ends say, and besides it what it would be if they said
otherwise. Spaces at line ends are not covered by a signature and get lost or added on the way, so a reader must come to the same
either way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 1_000_000
"""Characters of a text that is read in every way; no parser reads as much."""
_NARROWEST = 60  # characters; writers of flowed text break lines at 66 to 78, in front of the word that is too much
_EARLIEST = 20  # no break is made before
_WORD = re.compile(r"[^ \t]+")
Line = tuple[int, str]
_SIGNATURE = "-- "  # stands alone, and its space is no break


def readings(content: str, *, delsp: bool, kept: bool) -> tuple[str, tuple[str, ...]]:
    """
    The text with each line that ends in a space going on in the next one of the same quote depth; and what else it may be: its
    lines as they stand, and all lines joined that may have been broken, without repeats.

    kept: no space at a line's end can have been lost on the way. Else a line that had no room for the next word may have gone on.
    What else a text of more than `LONGEST` characters may be is not asked.
    """
    lines = _lines(content)
    ends = [bare.endswith(" ") and bare != _SIGNATURE for _, bare in lines]
    told = _joined(lines, ends, delsp=delsp)
    if len(content) > LONGEST:
        return told, ()
    others = ["\n".join(["> " + bare if depth else bare for depth, bare in lines])]
    if not kept:
        others.append(_joined(lines, _may_go_on(lines, ends), delsp=delsp))
    return told, tuple(text for text in dict.fromkeys(others) if text != told)


def _lines(content: str) -> Sequence[Line]:
    """Each line's quote depth, and the line without its quotes and without the space that is put before such lines."""
    bares = [(line, line.lstrip(">")) for line in content.split("\n")]
    return [(len(line) - len(bare), bare.removeprefix(" ")) for line, bare in bares]


def _may_go_on(lines: Sequence[Line], ends: Sequence[bool]) -> Sequence[bool]:
    """Which lines go on, or did when they were written: there was no room in them then for the word below."""
    stripped = [bare.rstrip(" ") for _, bare in lines]
    width = max([_NARROWEST, *(len(line) for line in stripped if " " in line[_EARLIEST:])])
    below = [_WORD.match(bare) for _, bare in lines[1:]] + [None]
    return [
        end or (word is not None and bare != "" and len(bare) + 1 + len(word[0]) > width)
        for (_, bare), end, word in zip(lines, ends, below, strict=True)
    ]


def _joined(lines: Sequence[Line], goes_on: Sequence[bool], *, delsp: bool) -> str:
    out: list[str] = []
    open_depth: int | None = None  # quote depth of a paragraph that goes on
    for (depth, bare), soft in zip(lines, goes_on, strict=True):
        if soft and bare.endswith(" ") == delsp:
            bare = bare[:-1] if delsp else bare + " "  # the one that was lost
        if open_depth != depth or bare == _SIGNATURE:
            out.append("\n> " if depth else "\n")
        out.append(bare)
        open_depth = depth if soft else None
    return "".join(out)[1:]
