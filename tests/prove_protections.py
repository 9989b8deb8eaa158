"""
What keeps each promise: tests/protections/*.toml come in, protections and how each is disabled go out.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.prove_modes import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """
    A few lines of the product that keep a promise.

    old, new: the lines, and what disables them. tests: at least one fails without them; all pass with them.
    """

    ids: tuple[str, ...]
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    section: str

    def __str__(self) -> str:
        return f"{' '.join(self.ids)}: {self.name}"

    def disabled(self, source: str) -> str:
        """The source without this protection. Raises: ValueError: `old` is not there, or more than once."""
        if (count := source.count(self.old)) != 1:
            raise ValueError(f"{self.file} has the lines of “{self.name}” {count} times")
        return source.replace(self.old, self.new)

    def problems(self, root: Path, known: set[str]) -> list[str]:
        """Why this would prove nothing; empty: it can be tried. known: the node ids of every test."""
        found = [f"no such test: {test}" for test in self.tests if test.split("[")[0] not in known]
        if not self.tests:
            found.append("no test is named")
        if not self.file.startswith(("reconciler/", "parsers/")) or not (root / self.file).is_file():
            return [*found, f"{self.file} is no file of the product"]
        source = (root / self.file).read_text("utf-8")
        try:
            without = self.disabled(source)
        except ValueError as exc:
            return [*found, str(exc)]
        if not self.file.endswith(".py"):
            return found if without != source else [*found, "old and new are alike"]
        try:
            if ast.dump(ast.parse(without)) == ast.dump(ast.parse(source)):
                found.append("old and new do the same")
        except SyntaxError as exc:
            found.append(f"without it the file is no Python: {exc}")
        return found


def protections(root: Path = ROOT) -> Sequence[Protection]:
    """All of them, by section. A key that is missing or unknown is a TypeError that names the file."""
    return [
        _read(table, path.stem)
        for path in sorted((root / "tests/protections").glob("*.toml"))
        for table in tomllib.loads(path.read_text("utf-8")).get("protection", [])
    ]


def _read(table: dict[str, object], section: str) -> Protection:
    fields = dict(table)
    one, several = fields.pop("id", None), fields.pop("ids", None)
    if (one is None) == (several is None):
        raise TypeError(f"{section}.toml: {fields.get('name')}: give either id or ids")
    ids = (str(one),) if one is not None else _texts(several)
    tests = _texts(fields.pop("tests", []))
    try:
        return Protection(ids=ids, tests=tests, section=section, **{key: str(fields[key]) for key in fields})
    except TypeError as exc:
        raise TypeError(f"{section}.toml: {fields.get('name')}: {exc}") from exc


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return tuple(map(str, value))
