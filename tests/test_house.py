"""The house stays as it is drawn: imports run one way, no circle, rooms and functions fit on a screen."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted([*(ROOT / "reconciler").rglob("*.py"), *(ROOT / "parsers").rglob("*.py")])

MODULE_LINES = 400
FUNCTION_LINES = 60

CORE = {
    "model",
    "money",
    "errors",
    "ports",
    "settling",
    "extract",
    "forwarded",
    "reading",
    "message",
    "trust",
    "secret",
}
"""Rooms that never touch an edge, so that everything that decides can be tested without one."""
EDGES = {"ledger", "mailbox", "desks", "http", "dns", "config", "app", "service", "cli", "sandbox", "sdnotify"}
ABOVE = {"app": {"cli", "service", "byhand", "doctor", "sandbox"}}
"""Nothing imports these but the front doors."""
LIBRARIES = {
    "httpx": {"http"},
    "sqlalchemy": {"ledger"},
    "alembic": {"ledger"},
    "imapclient": {"mailbox", "sandbox"},  # the sandbox takes its UTF-7 from there
    "apscheduler": {"service"},
    "mailparser": {"message"},
    "dkim": {"trust", "sandbox"},
    "authres": {"trust"},
}
"""A library that may have to be replaced one day is known in one room."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """reconciler.ledger.tx → ledger; parsers.wayforpay → parsers."""
    parts = module.split(".")
    return parts[1] if parts[0] == "reconciler" and len(parts) > 1 else parts[0]


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def imports_of(path: Path) -> Sequence[tuple[str, bool]]:
    return tuple(_imports_of(path))


def _imports_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Every imported module, and whether it is imported when the module is (not inside a function or TYPE_CHECKING)."""
    tree = tree_of(path)
    late = set()
    for node in ast.walk(tree):
        checking = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if checking or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            late |= set(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in NAMES else node.module), node not in late


NAMES = {name_of(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_room_fits_on_few_screens(path: Path) -> None:
    """No module is over 400 lines, and no function over 60."""
    assert path.read_text().count("\n") <= MODULE_LINES
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    """Every module opens with a docstring."""
    assert ast.get_docstring(tree_of(path))


def test_what_decides_knows_no_edge() -> None:
    """The core imports no ledger, mailbox, desk, network, settings or front door."""
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in MODULES
        if room_of(name_of(path)) in CORE
        for module, _ in imports_of(path)
        if module.startswith("reconciler.") and room_of(module) in EDGES
    ]
    assert not wrong


def test_the_line_knows_its_edges_as_protocols() -> None:
    """flow imports no ledger, mailbox, desk or settings: it is handed them."""
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in MODULES
        if room_of(name_of(path)) == "flow"
        for module, _ in imports_of(path)
        if module.startswith("reconciler.") and room_of(module) in EDGES
    ]
    assert not wrong


def test_only_the_front_doors_import_what_joins_the_parts() -> None:
    """app is imported by commands, the service and the demo alone."""
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in MODULES
        for module, _ in imports_of(path)
        for joined, doors in ABOVE.items()
        if room_of(module) == joined
        and module.startswith("reconciler.")
        and room_of(name_of(path)) not in doors | {joined}
    ]
    assert not wrong


def test_a_library_is_known_in_one_room() -> None:
    """httpx in http, SQLAlchemy in the ledger, imapclient in the mailbox: each behind one door."""
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in MODULES
        for module, _ in imports_of(path)
        for library, rooms in LIBRARIES.items()
        if module.split(".")[0] == library and room_of(name_of(path)) not in rooms
    ]
    assert not wrong


def test_no_module_imports_itself_by_a_detour() -> None:
    """There is no import circle among modules as they are loaded."""
    graph = {
        name_of(path): {module for module, at_load in imports_of(path) if at_load and module in NAMES}
        for path in MODULES
    }
    seen: dict[str, bool] = {}  # True while it is being walked

    def walk(module: str, way: tuple[str, ...]) -> None:
        if seen.get(module):
            circle = " → ".join((*way[way.index(module) :], module))
            raise AssertionError(f"circle: {circle}")
        if module in seen:
            return
        seen[module] = True
        for imported in sorted(graph[module] - {module}):
            walk(imported, (*way, module))
        seen[module] = False

    for module in sorted(graph):
        walk(module, ())
