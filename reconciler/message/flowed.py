"""
Text marked format=flowed (RFC 3676) → every way in which its lines may have been meant.

Comes in: decoded text with newlines. Goes out: the text as its line ends say, and besides it what it would be if they said
otherwise. Spaces at line ends are not covered by a signature and get lost or added on the way, so a reader must come to the same
either way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

_NARROWEST = 60  # characters; writers of flowed text break lines at 66 to 78, in front of the word that is too much
_EARLIEST = 20  # no break is made before
_WORD = re.compile(r"[^ \t]+")
_SIGNATURE = "-- "  # stands alone, and its space is no break


def unflow(content: str, *, delsp: bool) -> str:
    """Lines that end in a space go on in the next one of the same quote depth."""
    return _joined(content, _is_open, delsp=delsp)


def others(content: str, *, delsp: bool, kept: bool) -> tuple[str, ...]:
    """
    What else the text may be: its lines as they stand, and all lines joined that may have been broken; without repeats.

    kept: no space at a line's end can have been lost on the way. Else a line that had no room for the next word may have gone on.
    """
    told = unflow(content, delsp=delsp)
    readings = [_joined(content, _never, delsp=False)]
    if not kept:
        width = _width(line.rstrip(" ") for _, line in _lines(content))
        readings.append(_joined(content, partial(_may_be_open, width), delsp=delsp))
    return tuple(text for text in dict.fromkeys(readings) if text != told)


def _is_open(line: str, _below: str) -> bool:
    return line.endswith(" ") and line != _SIGNATURE


def _never(_line: str, _below: str) -> bool:
    return False


def _may_be_open(width: int, line: str, below: str) -> bool:
    """Does a line go on, or did it when it was written? There was no room in it then for the word below."""
    if _is_open(line, below):
        return True
    word = _WORD.match(below)
    return word is not None and line != "" and len(line) + 1 + len(word[0]) > width


def _width(lines: Iterable[str]) -> int:
    """No line was broken at less: the longest one that has a place for a break, and none was made."""
    return max([_NARROWEST, *(len(line) for line in lines if " " in line[_EARLIEST:])])


def _joined(content: str, goes_on: Callable[[str, str], bool], *, delsp: bool) -> str:
    out: list[str] = []
    open_depth: int | None = None  # quote depth of a paragraph that goes on
    lines = list(_lines(content))
    for (depth, bare), (_, below) in zip(lines, [*lines[1:], (0, "")], strict=True):
        soft = goes_on(bare, below)
        if soft and bare.endswith(" ") and delsp:
            bare = bare[:-1]
        elif soft and not bare.endswith(" ") and not delsp:
            bare += " "  # the one that was lost
        if open_depth == depth and bare != _SIGNATURE:
            out.append(bare)
        else:
            out.append(("\n" if out else "") + ("> " if depth else "") + bare)
        open_depth = depth if soft else None
    return "".join(out)


def _lines(content: str) -> Iterator[tuple[int, str]]:
    """Each line's quote depth, and the line without its quotes and without the space that is put before such lines."""
    for line in content.split("\n"):
        bare = line.lstrip(">")
        yield len(line) - len(bare), bare.removeprefix(" ")
