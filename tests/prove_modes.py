"""
What is claimed of the known failure modes: tests/failure_modes.toml and the docstrings of the tests come in, values go out.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

COUNTS = {"C": 22, "D": 29, "P": 19, "M": 14, "T": 16, "R": 11, "S": 14, "O": 16}
"""How many failure modes are known, by the letter of their section."""

STATES = ("covered", "not applicable", "not built")

ROOMS = {
    "alerts": ("reconciler/alerts*",),
    "audit": ("reconciler/audit*",),
    "cadence": ("reconciler/cadence*",),  # alarm when no mail comes
    "ci": (".github/workflows", ".gitlab-ci.yml"),
    "dashboard": ("reconciler/web*",),
    "exports": ("reconciler/export*", "reconciler/report*"),
    "metrics": ("reconciler/metrics*",),
    "probe": ("reconciler/probe*", "reconciler/doctor/probe*"),
    "quota": ("reconciler/mailbox/quota*", "reconciler/quota*"),  # bytes fetched a day
    "soak": ("reconciler/sandbox/soak*",),
    "witness": ("reconciler/gateways*",),
}
"""Rooms that are planned, and where they will stand: once one does, nothing may be "not built" for want of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One known way to fail, and what this project has against it."""

    id: str
    severity: str
    state: str
    why: str = ""
    room: str = ""
    later: str = ""


def ids() -> list[str]:
    return [f"{letter}{number:02}" for letter, count in COUNTS.items() for number in range(1, count + 1)]


def modes(root: Path = ROOT) -> Mapping[str, Mode]:
    """By id. A key the file should not have is a TypeError."""
    tables = tomllib.loads((root / "tests/failure_modes.toml").read_text("utf-8"))
    return {name: Mode(id=name, **table) for name, table in tables.items()}


def is_built(room: str, root: Path = ROOT) -> bool:
    return any(any(root.glob(pattern)) for pattern in ROOMS[room])


def promises(root: Path = ROOT) -> Mapping[str, str]:
    """The docstring of every test function that pytest collects, by its node id without parameters."""
    return {
        "::".join((str(path.relative_to(root)), *names)): ast.get_docstring(node) or ""
        for path in sorted((root / "tests").rglob("test_*.py"))
        for names, node in _tests_in(ast.parse(path.read_text("utf-8")).body, ())
    }


def _tests_in(
    body: list[ast.stmt], inside: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield (*inside, node.name), node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests_in(node.body, (*inside, node.name))


def named_in(docstring: str) -> set[str]:
    """The ids a docstring names."""
    return set(re.findall(r"\b[CDPMTRSO]\d{2}\b", docstring))
