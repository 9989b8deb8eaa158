"""
A module's source → its mutants, in the order of its lines. Nothing is run here.

A mutant is a place in a syntax tree and what to put there; `mutated` does it, for good, to that tree: whoever wants it whole again
parses again. Line numbers stay those of the source.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.mutate.sites import Site, sites

_COMPARED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COMPUTED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_CALLED = {
    "any": "all", "all": "any", "min": "max", "max": "min",
    "startswith": "endswith", "endswith": "startswith", "fullmatch": "match", "match": "search",
    "find": "rfind", "rfind": "find", "index": "rindex", "partition": "rpartition", "rpartition": "partition",
}  # fmt: skip
_CLEANED = frozenset({"strip", "lstrip", "rstrip", "lower", "casefold", "upper"})
_SIZE = 50
"""A number from here on is a limit, which nobody counts: it is made ten times as large, so that a limit that is gone is noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change. before, after: the expression or statement around it; place: which of the module's changes it is."""

    file: str
    line: int
    function: str  # its qualified name; empty: it runs when the module is imported
    before: str
    after: str
    place: int
    lines: tuple[int, ...]  # whoever runs one of them can tell; empty: the whole file


def mutants(file: str, source: str) -> list[Mutant]:
    """Every mutant of a module."""
    found = []
    for place, (site, new) in enumerate(_changes(ast.parse(source))):
        old, before = site.held.node, _shown(site)
        line: int = getattr(old, "lineno", 0) or getattr(site.around.node, "lineno", 0)
        site.held.put(new)
        after = _shown(site)
        site.held.put(old)
        found.append(
            Mutant(
                file=file,
                line=line,
                function=site.function,
                before=before,
                after=after,
                place=place,
                lines=site.lines,
            )
        )
    return found


def mutated(source: str, place: int) -> ast.Module:
    """The module with one change made."""
    tree = ast.parse(source)
    for number, (site, new) in enumerate(_changes(tree)):
        if number == place:
            site.held.put(new)
            return ast.fix_missing_locations(tree)
    raise IndexError(f"the module has no change {place}")


def sampled(everything: Sequence[Mutant], count: int, seed: int) -> Sequence[Mutant]:
    """So many of them, spread evenly over all: a module's share is by its size."""
    if count >= len(everything):
        return everything
    random, whole = Random(seed), len(everything)
    return [everything[random.randrange(whole * at // count, whole * (at + 1) // count)] for at in range(count)]


def _shown(site: Site) -> str:
    return " ".join(ast.unparse(site.around.node).split())


def _changes(tree: ast.Module) -> Iterator[tuple[Site, ast.AST]]:
    for site in sites(tree):
        for new in _instead(site):
            yield site, ast.copy_location(new, site.held.node)


def _instead(site: Site) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    node = site.held.node
    if site.is_condition:
        if not isinstance(site.held.parent, ast.While):  # for ever
            yield ast.Constant(True)
        yield ast.Constant(False)
    match node:
        case ast.Compare():
            for index, one in enumerate(node.ops):
                other = copy.copy(node)
                other.ops = [*node.ops[:index], _COMPARED[type(one)](), *node.ops[index + 1 :]]
                yield other
        case ast.BoolOp():
            yield ast.BoolOp(op=ast.Or() if isinstance(node.op, ast.And) else ast.And(), values=node.values)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.BinOp() if type(node.op) in _COMPUTED:
            yield ast.BinOp(left=node.left, op=_COMPUTED[type(node.op)](), right=node.right)
        case ast.AugAssign() if type(node.op) in _COMPUTED:
            yield ast.AugAssign(target=node.target, op=_COMPUTED[type(node.op)](), value=node.value)
            yield ast.Pass()
        case ast.Constant():
            yield from _constants(node.value)
        case ast.Call():
            yield from _calls(node)
        case ast.Slice():
            if node.lower:
                yield ast.Slice(lower=None, upper=node.upper, step=node.step)
            if node.upper:
                yield ast.Slice(lower=node.lower, upper=None, step=node.step)
        case ast.Return() if node.value is not None and not isinstance(node.value, ast.Constant):
            yield ast.Return(value=ast.Constant(None))
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case ast.Raise() | ast.Assign() | ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) if site.function:
            yield ast.Pass()


def _constants(value: object) -> Iterator[ast.AST]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case None:
            yield ast.Constant(True)
        case int() | float():
            yield ast.Constant(value * 10 if value >= _SIZE else value + 1)
        case str() | bytes():
            longer = "_" if isinstance(value, str) else b"_"
            yield ast.Constant(value + longer)  # type: ignore[operator]


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    """Another function of the same family; a cleaning method left out."""
    match node.func:
        case ast.Name(id=name) if name in _CALLED:
            yield ast.Call(func=ast.Name(_CALLED[name], ast.Load()), args=node.args, keywords=node.keywords)
        case ast.Attribute(attr=name, value=value) if name in _CALLED:
            other = ast.Attribute(value=value, attr=_CALLED[name], ctx=ast.Load())
            yield ast.Call(func=other, args=node.args, keywords=node.keywords)
        case ast.Attribute(attr=name, value=value) if name in _CLEANED:
            yield value
