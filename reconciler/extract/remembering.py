"""
A pure function of a text → the same one, which answers what it was asked before from memory.

A sender's letters have most of their lines in common, and each reader of a line asks the same of it. What is longer than a line
of theirs is worked out anew, so that nobody's letter can fill the memory.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

Pure = TypeVar("Pure", bound=Callable[..., Any])


def remembered(*, longest: int, most: int) -> Callable[[Pure], Pure]:
    """Decorates a function of a text, or of a text and a table. longest: characters of a text; most: answers that are kept."""

    def decorate(function: Pure) -> Pure:
        known = lru_cache(maxsize=most)(function)

        @wraps(function)
        def ask(text: str) -> Any:
            return known(text) if len(text) <= longest else function(text)

        @wraps(function)
        def ask_by(text: str, table: Any) -> Any:  # by itself: a call with "*more" costs a third more
            return known(text, table) if len(text) <= longest else function(text, table)

        return cast(Pure, ask if len(inspect.signature(function).parameters) == 1 else ask_by)

    return decorate
