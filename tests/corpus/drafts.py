"""
A letter in the making, and how its rows are found and changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from tests.corpus.data import DATA, Voice
from tests.corpus.facts import Demand, Facts
from tests.corpus.printing import Style
from tests.corpus.rows import Row


@dataclass(slots=True, kw_only=True)
class Draft:
    """A letter in the making; `changes` change it."""

    kind: str
    voice: Voice
    style: Style
    facts: list[Facts]
    records: list[list[Row]]
    seconds: bool
    status: tuple[str, bool] | None
    plain_head: bool
    head: str
    subject: str
    intros: list[str]
    demand: Demand = Demand.READ
    doubt: str = "none"
    alternative: list[list[Row]] | None = None  # what the text part says where it disagrees
    quoted: list[Row] | None = None  # an older notice below


Change = Callable[[Random, Draft], bool]
"""Changes the draft; False where it does not apply: then the draft is put back as it was."""


def find(draft: Draft, field: str) -> int | None:
    rows = draft.records[0]
    return next((place for place, row in enumerate(rows) if row.field == field), None)


def plainly_labelled(draft: Draft, field: str) -> bool:
    """Under a label that everyone knows: a doubt is only fair where both of its sides can be seen."""
    place = find(draft, field)
    return place is not None and draft.records[0][place].label in DATA["labels"][draft.voice.language][field]["common"]


def swap(draft: Draft, field: str, value: str) -> bool:
    place = find(draft, field)
    if place is None:
        return False
    draft.records[0][place] = replace(draft.records[0][place], value=value)
    return True


def add(rng: Random, draft: Draft, row: Row) -> None:
    draft.records[0].insert(rng.randrange(len(draft.records[0]) + 1), row)


def other_order(rng: Random, draft: Draft) -> str:
    return str(int("".join(filter(str.isdigit, draft.facts[0].order or "1234"))) + rng.randrange(1, 90))
