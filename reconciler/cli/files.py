"""
Files named on the command line. Goes out: (name as shown, bytes) for each mail that can be read; for each that cannot, one
message, and `unread` is true. Nothing is passed over without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.cli.errors import say
from reconciler.cli.output import progress
from reconciler.mailfiles import found_files, mails, read_file, shown


class Files:
    """One mail a file, as it was named."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.unread = False

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for name in progress(self._names, total=len(self._names), what="Reading"):
            try:
                yield shown(name), read_file(name)
            except OSError as exc:
                self._unreadable(f"{shown(name)}: {exc.strerror or exc}")

    def _unreadable(self, message: str) -> None:
        say(message)
        self.unread = True


class SavedMails(Files):
    """Also folders, which are walked for *.eml, and mbox archives."""

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        names = found_files(self._names, self._unreadable)
        for name in progress(names, total=len(names), what="Reading"):
            try:
                yield from mails(name)
            except OSError as exc:
                self._unreadable(f"{shown(name)}: {exc.strerror or exc}")
