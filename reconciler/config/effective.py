"""
The settings as they took effect, for `reconciler doctor`.

In: `Settings`. Out: TOML, every key with its value or default; a secret by the place it was read from, a plain one as
"(hidden)". Where no secret is plain, loading the text gives equal settings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from reconciler.config.problems import masked
from reconciler.config.tables import Settings
from reconciler.config.values import UNITS
from reconciler.secret import HIDDEN, Secret


def effective(settings: Settings) -> str:
    lines: list[str] = [f"# {settings.path}"]
    for section in ("ledger", "mailboxes", "gateways", "merchants", "trust", "parsers", "desks", "web", "alerts"):
        part = getattr(settings, section)
        for title, table in [(section, part)] if isinstance(part, BaseModel) else _titled(section, part):
            lines += ["", f"[{title}]", *_rows(table)]
    return "\n".join(lines) + "\n"


def _titled(section: str, tables: Any) -> Iterator[tuple[str, BaseModel]]:
    for name, table in tables.items():
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", name)
        yield f"{section}.{name if bare else _text(name)}", table


def _rows(table: BaseModel, prefix: str = "") -> Iterator[str]:
    for key in type(table).model_fields:
        value = getattr(table, key)
        if key == "name":
            continue
        if isinstance(value, BaseModel):
            yield from _rows(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key} = {_written(value)}"


def _written(value: Any) -> str:
    match value:
        case Secret():
            kind, _, name = value.source.partition(" ")
            return _text(HIDDEN) if kind == "plain" else f"{{ {kind} = {_text(name)} }}"
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case timedelta():
            return _text(_duration(value))
        case datetime():
            return value.isoformat()
        case tuple():
            return "[" + ", ".join(_written(item) for item in value) + "]"
        case StrEnum() | ZoneInfo() | Path():
            return _text(str(value))
        case str():
            return _text(masked(value))
    raise TypeError(f"no TOML for {type(value).__name__}")


def _duration(length: timedelta) -> str:
    seconds = length.total_seconds()
    for unit, size in sorted(UNITS.items(), key=lambda item: -item[1]):
        if seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:.6f}".rstrip("0") + "s"


def _text(value: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
