"""
Saved mails: files, folders of *.eml and mbox archives go in, each mail's bytes come out, one at a time.

Names are literal: brackets, spaces and any Unicode form are part of them. Whatever cannot be read is told, never passed
over. An mbox is known by its first line, "From …" without a colon, which no mail begins with.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

STDIN = "-"

Tell = Callable[[str], None]

_START = b"From "
# "From someone@example.org Thu Nov 20 12:05:33 2026": a line of a mail's own text that happens to begin so has no time.
_SEPARATOR = re.compile(rb"From \S+ .*\d\d:\d\d.*\d{4}")
_QUOTED = re.compile(rb"(?m)^>(>*From )")


def shown(name: str) -> str:
    """A name that prints: bytes that are no UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def found_files(names: Sequence[str], tell: Tell) -> list[str]:
    """The files that are meant: a folder stands for every *.eml below it, in the order of their names."""
    files: list[str] = []
    for name in names:
        if name == STDIN or not Path(name).is_dir():
            files.append(name)
            continue
        inside = sorted(_below(name, tell))
        if not inside:
            tell(f"{shown(name)}: no *.eml in this folder")
        files += inside
    return files


def _below(folder: str, tell: Tell) -> Iterator[str]:
    def unreadable(exc: OSError) -> None:
        tell(f"{shown(str(exc.filename))}: {exc.strerror or exc}")

    for place, _, files in os.walk(folder, onerror=unreadable):
        yield from (os.path.join(place, file) for file in files if file.lower().endswith(".eml"))


def read_file(name: str) -> bytes:
    """One whole file, or stdin. Raises OSError."""
    return sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()


def mails(name: str) -> Iterator[tuple[str, bytes]]:
    """
    (name as shown, bytes) of each mail in a file; those of an mbox are numbered: "archive.mbox#2".

    Raises: OSError.
    """
    if name == STDIN:
        yield from _mails(shown(name), sys.stdin.buffer)
        return
    with open(name, "rb") as file:
        yield from _mails(shown(name), file)


def _mails(name: str, file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    first = file.readline()
    if not first.startswith(_START):
        yield name, first + file.read()
        return
    number, lines, after_gap = 1, list[bytes](), False
    for line in file:
        if after_gap and _SEPARATOR.match(line):
            yield f"{name}#{number}", _unquoted(lines)
            number, lines, after_gap = number + 1, [], False
            continue
        lines.append(line)
        after_gap = not line.strip()
    yield f"{name}#{number}", _unquoted(lines)


def _unquoted(lines: list[bytes]) -> bytes:
    """As it was before it was put into the archive: without the archive's gap at its end and its ">" before "From "."""
    if lines and not lines[-1].strip():
        lines = lines[:-1]
    return _QUOTED.sub(rb"\1", b"".join(lines))
