"""
Where in a module a change would be one of logic. In: a syntax tree. Out: its sites, in order.

Passed over: docstrings, annotations, decorators, `__all__`; what is for people (errors, logs, f-strings, prose); tables' strings,
and outside of functions all that is in a table, and every string, for those are patterns.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_TABLE = 4
"""So many entries in one display are a table."""
_PROSE = re.compile(r"\w\w[,;:]? \w")
_TOLD = frozenset({"_check", "debug", "info", "warning", "error", "exception"})
"""Calls whose words are for people."""
_SETS = frozenset({"strip", "lstrip", "rstrip", "encode", "decode"})
"""Methods whose argument a further character hardly changes: a set of characters, the loose name of a character set."""
_NO_LOGIC = frozenset({"strict", "repr", "kw_only", "slots", "frozen"})
"""Arguments that say how a mistake in the code is found, not what the code does."""
_SKIPPED: dict[type[ast.AST], frozenset[str]] = {
    ast.FunctionDef: frozenset({"decorator_list", "returns", "type_params"}),
    ast.ClassDef: frozenset({"decorator_list", "bases", "keywords", "type_params"}),
    ast.arguments: frozenset({"posonlyargs", "args", "vararg", "kwonlyargs", "kwarg"}),
    ast.AnnAssign: frozenset({"target", "annotation"}),
    ast.Raise: frozenset({"exc", "cause"}),
    ast.ExceptHandler: frozenset({"type"}),
    ast.match_case: frozenset({"pattern"}),
}
_PASSED_OVER = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.JoinedStr, ast.Assert)
_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr, ast.Raise, ast.Delete)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Where a node is held: in a field of another, or in a list that is one."""

    parent: ast.AST
    field: str
    index: int | None = None

    @property
    def node(self) -> ast.AST:
        held = getattr(self.parent, self.field)
        found: ast.AST = held if self.index is None else held[self.index]
        return found

    def put(self, new: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, new)
        else:
            getattr(self.parent, self.field)[self.index] = new


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A node that may be changed. around: what shows it to people. lines: whoever runs one of them can tell; empty: the whole file."""

    held: Held
    around: Held
    function: str  # empty: it runs when the module is imported
    lines: tuple[int, ...]
    is_condition: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What those around a node say of it."""

    names: tuple[str, ...] = ()
    function: str = ""
    lines: tuple[int, ...] = ()
    around: Held | None = None
    in_table: bool = False


def sites(tree: ast.Module) -> Iterator[Site]:
    """Every place of logic in a module, outermost first."""
    yield from _Walk(tree).within(tree, _Place())


class _Walk:
    def __init__(self, tree: ast.Module) -> None:
        self._errors = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("errors")
            for alias in node.names
        }
        self._tree = tree

    def within(self, node: ast.AST, place: _Place) -> Iterator[Site]:
        place = self._entered(node, place)
        for field, value in ast.iter_fields(node):
            if field in _SKIPPED.get(type(node), ()):
                continue
            inside = place
            if isinstance(node, ast.FunctionDef) and field == "body" and not place.function:
                inside = replace(place, function=".".join(place.names))
            for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.AST):
                    yield from self._at(Held(parent=node, field=field, index=index), inside)

    def _at(self, held: Held, place: _Place) -> Iterator[Site]:
        node = held.node
        if self._is_passed_over(node):
            return
        whole = isinstance(node, _SIMPLE)
        if whole or (place.around is None and isinstance(node, ast.expr | ast.arguments)):
            place = replace(place, around=held)
            if place.function:
                place = replace(place, lines=_lines(node))
        if isinstance(node, ast.Continue | ast.Break):
            place = replace(place, around=held, lines=_lines(node))
        if place.around is not None and not (isinstance(node, ast.Constant) and not _is_logic(node, held, place)):
            yield Site(
                held=held,
                around=place.around,
                function=place.function,
                lines=place.lines,
                is_condition=_is_condition(held),
            )
        if isinstance(node, ast.stmt) and not whole:
            place = replace(place, around=None)
        yield from self.within(node, place)

    def _entered(self, node: ast.AST, place: _Place) -> _Place:
        match node:
            case ast.FunctionDef():
                names = (*place.names, node.name)
                return replace(place, names=names, around=None, lines=place.lines or _lines(node))
            case ast.ClassDef():
                return replace(place, names=(*place.names, node.name), around=None)
            case ast.Assign(targets=[ast.Name(id=name)]) if not place.function:
                return replace(place, lines=self._users(name))
            case ast.List() | ast.Tuple() | ast.Set() if len(node.elts) >= _TABLE:
                return replace(place, in_table=True)
            case ast.Dict() if len(node.keys) >= _TABLE:
                return replace(place, in_table=True)
        return place

    def _users(self, name: str) -> tuple[int, ...]:
        """The lines of the functions that name something of the module's."""
        return tuple(
            node.lineno
            for function in ast.walk(self._tree)
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and node.id == name
        )

    def _is_passed_over(self, node: ast.AST) -> bool:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return True
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                return True
            case ast.keyword(arg=name):
                return name in _NO_LOGIC
            case ast.Call(func=ast.Name(id=name)):
                return name in self._errors or name in _TOLD
            case ast.Call(func=ast.Attribute(attr=name)):
                return name in _TOLD
        return isinstance(node, _PASSED_OVER)


def _lines(node: ast.AST) -> tuple[int, ...]:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return tuple(range(first, (last or first) + 1))


def _is_condition(held: Held) -> bool:
    test = held.field == "test" and isinstance(held.parent, ast.If | ast.While | ast.IfExp)
    return (test or (held.field == "ifs")) and not isinstance(held.node, ast.Constant)


def _is_logic(node: ast.Constant, held: Held, place: _Place) -> bool:
    if isinstance(node.value, str | bytes):
        text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        call = getattr(held.parent.func, "attr", "") if isinstance(held.parent, ast.Call) else ""
        return bool(place.function) and not place.in_table and call not in _SETS and not _PROSE.search(text)
    if node.value is None and isinstance(held.parent, ast.Compare):
        return False
    return node.value is not ... and (bool(place.function) or not place.in_table)
