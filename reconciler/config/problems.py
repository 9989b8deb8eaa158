"""
What is wrong with the settings, one line each: the key, the value, what is allowed, and the nearest known word.

In: key paths, values as TOML gave them, pydantic's findings. Out: lines for `ConfigError`. A secret's value is never
in a line, and neither is the value of an unknown key, which may be a secret under a misspelt name.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

Place = tuple[str | int, ...]

SHY = frozenset({"password", "client_secret", "refresh_token", "token", "secret", "urls"})
"""Keys whose values are secrets."""

REFERENCES = ("env", "file", "credential")
LONGEST = 80


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known word a person most likely meant; None when none is near."""
    folded = {word.casefold(): word for word in known}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return folded[found[0]] if found else None


def known_words(name: str, known: Sequence[str]) -> str:
    """`; did you mean "x"?` and the whole list."""
    near = nearest(name, known)
    meant = f'did you mean "{near}"? ' if near else ""
    return f"{meant}Known: {', '.join(known) or 'none'}"


def line(place: Place, value: Any, what: str) -> str:
    """`desks.factory.mode = "lvie": what is wrong`."""
    return f"{path(place)} = {shown(place, value)}: {what}"


def path(place: Place) -> str:
    """The key path as a person writes it: `gateways.wayforpay.trust[1]`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def shown(place: Place, value: Any) -> str:
    """A value as the file has it, cut short; a secret by its reference or not at all."""
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in REFERENCES:
        kind, name = next(iter(value.items()))
        return f"{{ {kind} = {_written(name)} }}"
    names = [step for step in place if isinstance(step, str)]
    if names and names[-1] in SHY:
        return "(not shown)"
    return _written(value)


def _written(value: Any) -> str:
    text = masked(json.dumps(value, ensure_ascii=False, default=_as_written))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def masked(text: str) -> str:
    """An address without the login in it: `postgresql+psycopg://(hidden)@host/db`."""
    return re.sub(r"(password=)[^&\s\"]*", r"\1(hidden)", re.sub(r"://[^\s\"]*@", "://(hidden)@", text))


def _as_written(value: Any) -> str:
    return f"{value.total_seconds():g}s" if isinstance(value, timedelta) else str(value)


def of_validation(error: ValidationError, model: type[BaseModel], place: Place) -> Iterator[str]:
    """Pydantic's findings about one table at `place`, as lines."""
    for finding in error.errors(include_url=False):
        where = finding["loc"]
        owner, wanted = _owner(model, where)
        full = place + where
        if finding["type"] == "extra_forbidden":
            known = [name for name in owner.model_fields if name != "name"]
            yield f"{path(full)}: unknown key; {known_words(str(where[-1]), known)}"
        elif finding["type"] == "missing":
            yield f"{path(full)}: is missing; wanted: {wanted}"
        else:
            what = finding["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
            yield line(
                full, finding["input"], what if finding["type"] == "value_error" else f"{what}; wanted: {wanted}"
            )


def _owner(model: type[BaseModel], where: Place) -> tuple[type[BaseModel], str]:
    """The table that holds the key at the end of `where`, and what the last known key on the way wants."""
    wanted = "a value"
    for depth, step in enumerate(where):
        field = model.model_fields.get(step) if isinstance(step, str) else None
        if field is None:
            break
        wanted = field.description or wanted
        inner = [kind for kind in (field.annotation, *get_args(field.annotation)) if _is_table(kind)]
        if inner and depth < len(where) - 1:
            model = inner[0]
    return model, wanted


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
