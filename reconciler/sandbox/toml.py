"""
Settings as a file: nested tables come in, TOML goes out. What `tomllib` reads, this writes; comments are not kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any


def dumps(tables: Mapping[str, Any]) -> str:
    """
    The text of a TOML file.

    tables: what `tomllib.loads` may return: texts, numbers, truths, times, lists and tables of these.
    Raises: TypeError: anything else.
    """
    return "\n".join(_table((), tables)) + "\n"


def merged(tables: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which the changed keys are changed, at any depth; None takes a key away."""
    result = dict(tables)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            old = result.get(key)
            result[key] = merged(old if isinstance(old, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    """Its own keys first: after a [header] they would belong to another table."""
    below = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if path and (len(below) < len(table) or not table):
        yield f"\n[{'.'.join(_key(part) for part in path)}]"
    yield from (f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in below)
    for key, value in below.items():
        yield from _table((*path, key), value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, Mapping):  # in a list
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _text(text: str) -> str:
    """JSON's escapes are TOML's, but for DEL, which TOML wants escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
