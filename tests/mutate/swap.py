"""
A mutant in the place of its module, in this process. In: a mutant. Out: nothing; the process is spoilt and has to end.

A function that no import runs gets the mutant's code under its old identity (`Functions.swap`), and everything already imported
sees it. What runs at import needs everything imported again (`afresh`).
"""

from __future__ import annotations

import ast
import functools
import gc
import importlib.abc
import importlib.util
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from tests.mutate.mutants import Mutant, mutated


def code_of(root: Path, mutant: Mutant) -> CodeType:
    """The mutant, compiled as its module."""
    path = root / mutant.file
    return _compiled(mutated(path.read_text("utf-8"), mutant.place), path)


def _compiled(tree: ast.Module, path: Path) -> CodeType:
    with warnings.catch_warnings(action="ignore"):
        return compile(tree, str(path), "exec")


class Functions:
    """Every function there is in this process, by file, qualified name and first line."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                self._found[_key(thing.__code__)].append(thing)
            elif isinstance(thing, functools._lru_cache_wrapper):
                thing.cache_clear()

    def swap(self, root: Path, mutant: Mutant) -> bool:
        """Give the mutated function its code; False: that is not possible here."""
        swapped = False
        for code in _within(code_of(root, mutant)):
            inside = code.co_qualname == mutant.function or code.co_qualname.startswith(f"{mutant.function}.<locals>")
            for function in self._found.get(_key(code), ()) if inside else ():
                if function.__code__.co_freevars != code.co_freevars:
                    return False
                function.__code__ = code
                swapped = True
        return swapped


def afresh(root: Path, mutant: Mutant | None) -> None:
    """Forget every module of the tree; the mutant takes the place of its own when it is imported again."""
    for name, module in list(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or "/")
        if file.is_relative_to(root) and ".venv" not in file.relative_to(root).parts:
            del sys.modules[name]
    if mutant is not None:
        sys.meta_path.insert(0, _Mutated(root, mutant))


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module of all, and runs other code as it."""

    def __init__(self, root: Path, mutant: Mutant) -> None:
        self._path, self._code = root / mutant.file, code_of(root, mutant)
        *packages, last = Path(mutant.file).with_suffix("").parts
        self._is_package = last == "__init__"
        self._name = ".".join(packages if self._is_package else (*packages, last))

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        inside = [str(self._path.parent)] if self._is_package else None
        return importlib.util.spec_from_file_location(name, self._path, loader=self, submodule_search_locations=inside)

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _within(inner)
