"""
Finds the parsers: modules of the package `parsers` without a leading underscore, and installed packages' entry points.

Comes in: nothing. Goes out: the parsers, sorted by NAME. Two of one NAME is a `ConfigError`, and so is an entry point that
cannot be loaded or is no parser: a sender that nobody reads must not go unnoticed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

import parsers
from reconciler.errors import ConfigError
from reconciler.ports import Parser

GROUP = "reconciler.parsers"


def find_parsers(points: Iterable[EntryPoint] | None = None) -> tuple[Parser, ...]:
    """
    Every parser that is installed.

    points: entry points instead of the installed ones of the group.
    Raises: ConfigError, with every problem at once.
    """
    problems: list[str] = []
    found: dict[str, tuple[Parser, str]] = {}
    points = entry_points(group=GROUP) if points is None else points
    for origin, candidate in (*_modules(), *_installed(points, problems)):
        name = getattr(candidate, "NAME", None)
        if not (
            isinstance(name, str)
            and name
            and callable(getattr(candidate, "claims", None))
            and callable(getattr(candidate, "parse", None))
        ):
            problems.append(f"{origin}: is no parser; it needs NAME, claims(message) and parse(message)")
        elif name in found:
            problems.append(f"{origin}: the parser {name!r} is already {found[name][1]}; remove or rename one of them")
        else:
            found[name] = (cast(Parser, candidate), origin)
    if problems:
        raise ConfigError(problems)
    return tuple(parser for _, (parser, _) in sorted(found.items()))


def _modules() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.iter_modules(parsers.__path__):
        if not module.name.startswith("_"):
            yield f"parsers.{module.name}", importlib.import_module(f"parsers.{module.name}")


def _installed(points: Iterable[EntryPoint], problems: list[str]) -> Iterator[tuple[str, Any]]:
    for point in points:
        origin = f"entry point {point.name} = {point.value}"
        try:
            yield origin, point.load()
        except Exception as exc:  # noqa: BLE001 - a foreign package may fail in any way; it becomes a settings problem
            problems.append(f"{origin}: cannot be loaded: {type(exc).__name__}: {exc}")
