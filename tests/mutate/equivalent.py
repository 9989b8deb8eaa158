"""
Mutants that do the same as the module. In: tests/equivalent_mutants.toml. Out: which mutants those are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.mutate.mutants import Mutant

FILE = Path("tests/equivalent_mutants.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """One mutant, and why nothing can notice it. before, after: as the report shows them."""

    file: str
    function: str
    before: str
    after: str
    why: str

    def is_of(self, mutant: Mutant) -> bool:
        mine = (self.file, self.function, self.before, self.after)
        return mine == (mutant.file, mutant.function, mutant.before, mutant.after)


def equivalents(root: Path) -> Collection[Equivalent]:
    path = root / FILE
    if not path.exists():
        return ()
    return [Equivalent(**table) for table in tomllib.loads(path.read_text("utf-8"))["equivalent"]]
