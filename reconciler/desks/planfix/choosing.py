"""
One name of the settings against the things of one kind the desk has: exactly one is right, or a problem is written down.

Nothing is ever taken for being similar: near names are only shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from reconciler.desks.planfix.catalogue import Thing
from reconciler.desks.planfix.decode import TYPE_NAMES
from reconciler.desks.planfix.settings import NameOrId
from reconciler.desks.planfix.texts import folded, tidy


class Chooser:
    """Collects what was found, what is wrong and what people should know, over all settings of a desk."""

    def __init__(self, *, prefix: str, remembered: Mapping[str, int]) -> None:
        self._prefix = prefix
        self._remembered = remembered
        self.found: dict[str, Thing] = {}
        self.problems: list[str] = []
        self.remarks: list[str] = []

    def problem(self, setting: str, asked: NameOrId, what: str) -> None:
        shown = f" {asked!r}" if asked != "" else ""
        self.problems.append(f"{self._prefix}.{setting}:{shown} {what}")

    def pick(
        self, setting: str, asked: NameOrId, things: Sequence[Thing], kind: str, types: Collection[int] | None = None
    ) -> Thing | None:
        """
        The one thing asked for, by id or name; None after a problem was written down.

        A name is matched as typed first, then without regard to case. Of several fields of one name the only one whose
        type fits is right. A remembered id outlives a new name on the desk, and is never silently given up for another.
        """
        candidates = _matching(asked, things)
        if len(candidates) > 1 and types is not None:
            candidates = [thing for thing in candidates if thing.type in types] or candidates
        before = next((thing for thing in things if thing.id == self._remembered.get(setting)), None)
        thing = candidates[0] if len(candidates) == 1 else None
        if before is not None and before not in candidates:
            if thing is not None:
                self.problem(
                    setting,
                    asked,
                    f"was {kind} {before.id}, now called {before.name!r}, and {kind} {thing.id} has taken its name: write the id",
                )
                return None
            if not candidates:
                thing = before
                self.remarks.append(
                    f"{self._prefix}.{setting}: {kind} {before.id} was renamed on the desk from {asked!r} to {before.name!r}"
                )
        elif before is not None:
            thing = before  # one of several of that name: it is the one we have been using
        elif thing is not None and setting in self._remembered:
            self.remarks.append(f"{self._prefix}.{setting}: {asked!r} has a new id on the desk: {thing.id}")
        if thing is None:
            self.problem(setting, asked, _missing(asked, candidates, things, kind))
            return None
        if types is not None and thing.type is not None and thing.type not in types:
            wanted = " or ".join(TYPE_NAMES[number] for number in sorted(types))
            is_now = TYPE_NAMES.get(thing.type, f"type {thing.type}")
            self.problem(setting, asked, f"({kind} {thing.id}) is of type {is_now}; it has to be {wanted}")
            return None
        self.found[setting] = thing
        return thing


def _matching(asked: NameOrId, things: Sequence[Thing]) -> list[Thing]:
    text = str(asked).strip()
    if text.isascii() and text.isdigit():
        by_id = [thing for thing in things if thing.id == int(text)]
        if by_id:
            return by_id
    exact = [thing for thing in things if tidy(thing.name) == tidy(text)]
    return exact or [thing for thing in things if folded(thing.name) == folded(text)]


def _missing(asked: NameOrId, candidates: Sequence[Thing], things: Sequence[Thing], kind: str) -> str:
    if candidates:
        ids = ", ".join(str(thing.id) for thing in candidates)
        return f"names {len(candidates)} things of the desk (ids {ids}): write the id of the right {kind}"
    names = {folded(thing.name): thing for thing in things}
    near = [names[name] for name in get_close_matches(folded(str(asked)), list(names), n=3, cutoff=0.4)]
    if not near:
        return f"is no {kind} the desk shows to this token"
    shown = ", ".join(f"{thing.name!r} ({thing.id})" for thing in near)
    return f"is no {kind} of the desk; nearest: {shown}"
