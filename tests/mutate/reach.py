"""
Which tests run which lines, and for how long. In: what was recorded while they ran. Out: the tests of a mutant.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import tempfile
import threading
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.mutate.mutants import Mutant

BUDGET = 20.0
"""Seconds of CPU of tests (as recorded, which slows them down) by which a mutant is judged, the fastest first."""
_MOST = 100_000  # lines of a file
_CALLS = 60
"""Of one function that are followed in one test: a line that only a later call runs is not noted as the test's."""


class Trace:
    """Notes which lines of some files are run; a line is one number, of its file's place and its own."""

    def __init__(self, root: Path, files: Sequence[str]) -> None:
        self._bases = {str(root / file): number * _MOST for number, file in enumerate(files)}
        self._lines: set[int] = set()
        self._calls: dict[CodeType, int] = {}

    def start(self) -> None:
        threading.settrace(self._called)
        sys.settrace(self._called)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def taken(self) -> array[int]:
        """What was run since the last time."""
        lines = array("L", self._lines)
        self._lines.clear()
        self._calls.clear()
        return lines

    def _called(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        base = self._bases.get(frame.f_code.co_filename)
        if base is None:
            return None
        calls = self._calls[frame.f_code] = self._calls.get(frame.f_code, 0) + 1
        if calls > _CALLS:
            return None
        add = self._lines.add

        def line(frame: FrameType, event: str, arg: Any) -> Any:
            add(base + frame.f_lineno)
            return line

        return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """seconds: of CPU, of every test. tests: by line, those that run it. at_import: lines that are run before any test."""

    files: Sequence[str]
    seconds: Mapping[str, float]
    tests: Mapping[int, Sequence[str]]
    at_import: frozenset[int]
    failing: Sequence[str]

    @classmethod
    def of(
        cls,
        files: Sequence[str],
        seconds: Mapping[str, float],
        ran: Mapping[str, Iterable[int]],
        failing: Sequence[str] = (),
    ) -> Reach:
        """ran: by test, and under the empty name what imports run. failing: tests that fail anyway, and judge nothing."""
        tests: dict[int, list[str]] = defaultdict(list)
        for test in seconds.keys() - set(failing):
            for line in ran[test]:
                tests[line].append(test)
        return cls(files=files, seconds=seconds, tests=dict(tests), at_import=frozenset(ran[""]), failing=failing)

    def needs_import(self, mutant: Mutant) -> bool:
        """Is what is changed run by an import?"""
        return not mutant.function or not self.at_import.isdisjoint(self._lines(mutant))

    def judges(self, mutant: Mutant) -> Sequence[str]:
        """The tests that run a mutant, the fastest first, as many as the budget allows."""
        found = {test for line in self._lines(mutant) for test in self.tests.get(line, ())}
        if not found and self.needs_import(mutant):
            base = self.files.index(mutant.file) * _MOST
            found = {test for line, tests in self.tests.items() if base < line < base + _MOST for test in tests}
        chosen: list[str] = []
        spent = 0.0
        for test in sorted(found, key=lambda test: (self.seconds[test], test)):
            spent += self.seconds[test]
            if chosen and spent > BUDGET:
                break
            chosen.append(test)
        return chosen

    def _lines(self, mutant: Mutant) -> list[int]:
        base = self.files.index(mutant.file) * _MOST
        return [base + line for line in mutant.lines]


def kept(root: Path, files: Sequence[str], tests: Sequence[str]) -> Path:
    """The file that keeps what was recorded of this very tree."""
    seen = hashlib.sha256(repr((sys.version, files, tests)).encode())
    for path in sorted(path for path in root.rglob("*") if path.suffix in {".py", ".toml", ".eml", ".json"}):
        if ".venv" not in path.parts:
            seen.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    folder = Path(tempfile.gettempdir()) / "reconciler-mutate"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{seen.hexdigest()[:24]}.pickle"


def load(path: Path) -> Reach | None:
    try:
        with path.open("rb") as file:
            reach = pickle.load(file)
    except (FileNotFoundError, EOFError, pickle.UnpicklingError):
        return None
    return reach if isinstance(reach, Reach) else None


def save(reach: Reach, path: Path) -> None:
    path.write_bytes(pickle.dumps(reach))
