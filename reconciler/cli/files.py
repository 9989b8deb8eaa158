"""
Files named on the command line, taken literally: brackets, spaces and any Unicode form are part of the name.

In: names as the shell gave them, "-" for stdin. Out: (name as shown, bytes) for each that can be read; for each that
cannot, one message, and `unread` is true. Nothing is passed over without a word.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.cli.errors import say
from reconciler.cli.output import progress


class Files:
    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.unread = False

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for name in progress(self._names, total=len(self._names), what="Reading"):
            try:
                yield shown(name), read(name)
            except OSError as exc:
                say(f"{shown(name)}: {exc.strerror or exc}")
                self.unread = True


def read(name: str) -> bytes:
    """Raises OSError."""
    if name == "-":
        return sys.stdin.buffer.read()
    return Path(name).read_bytes()


def shown(name: str) -> str:
    """A name that prints: bytes that are no UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace")
