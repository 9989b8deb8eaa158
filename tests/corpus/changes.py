"""
Now and then a letter is changed into a harder one: a draft comes in and goes out as `doubts` or `oddities` left it.
"""

from __future__ import annotations

from dataclasses import fields, replace
from random import Random

from tests.corpus.doubts import DOUBTS
from tests.corpus.drafts import Draft
from tests.corpus.oddities import ODDITIES

CHANGES = DOUBTS | ODDITIES


def maybe(rng: Random, draft: Draft) -> None:
    """Now and then one of the changes."""
    if draft.kind != "payment" or rng.random() > 0.25:
        return
    name = rng.choices(list(CHANGES), [weight for _, weight in CHANGES.values()])[0]
    change, _ = CHANGES[name]
    before = replace(draft, facts=[*draft.facts], records=[[*rows] for rows in draft.records], intros=[*draft.intros])
    if change(rng, draft):
        draft.doubt = name
    else:
        for field in fields(draft):
            setattr(draft, field.name, getattr(before, field.name))
