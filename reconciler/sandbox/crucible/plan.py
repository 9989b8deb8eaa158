"""
`plan(seed, n)`: everything that happens in one crucible, before any of it does. Pure: the same seed is the same plan.

Payments of many orders are shuffled into one stream of scenes; faults, deaths and people's acts are keyed to counts: the n-th
scene, the n-th request of a kind, the next commit of a kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from reconciler.sandbox.crucible.payments import Act, Order, Script, Told, scripts
from reconciler.sandbox.crucible.strikes import COMMITS, MAILBOX, PATTERNS, PROCESS, REQUESTS, RequestKind

WAVE = 60
"""Letters that are delivered at once."""
NEIGHBOURS = 30
"""Orders whose letters mix."""
PER_PAYMENT: Mapping[RequestKind, float] = {"create": 1.0, "status": 0.6, "look": 1.1, "tasks": 2.5}
"""About how many requests of a kind a payment costs; strikes are laid out over so many."""
STRUCK: Mapping[RequestKind, float] = {"create": 0.16, "status": 0.16, "look": 0.03, "tasks": 0.02}
"""The share of requests of a kind that a strike meets."""
LETTERS_PER_MAILBOX_STRIKE, LETTERS_PER_DEATH, LETTERS_PER_PROCESS_STRIKE = 25, 45, 60
LASTS = 15
"""Scenes that a pause, a full disk or a suspension lasts; and that a restored ledger is behind."""


@dataclass(frozen=True, slots=True)
class Strike:
    """Something done to the daemon, its mailbox or its ledger before the n-th scene; ends: that what began is over."""

    name: str
    ends: bool = False


Scene = Told | Act | Strike


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """requests: what strikes the n-th request of a kind, counted from 1."""

    seed: int
    payments: int
    orders: tuple[Order, ...]
    scenes: tuple[Scene, ...]
    requests: Mapping[tuple[RequestKind, int], str]

    @property
    def names(self) -> Mapping[str, int]:
        """How often each strike is planned."""
        found: dict[str, int] = {}
        begun = [scene.name for scene in self.scenes if isinstance(scene, Strike) and not scene.ends]
        for name in [*self.requests.values(), *begun]:
            found[name] = found.get(name, 0) + 1
        return found


def plan(seed: int, payments: int) -> Plan:
    chance = Random(seed)  # noqa: S311 - chance that can be repeated is what is wanted
    written = list(scripts(chance, payments))
    scenes = list(_mixed(chance, written))
    return Plan(
        seed=seed,
        payments=payments,
        orders=tuple(script.order for script in written),
        scenes=tuple(_struck(chance, scenes)),
        requests=_requests(chance, payments),
    )


def _mixed(chance: Random, written: Sequence[Script]) -> Iterable[Told | Act]:
    """Scenes of one order keep their order; those of neighbouring orders mix."""
    running: list[list[Told | Act]] = []
    waiting = list(reversed(written))
    while running or waiting:
        while waiting and len(running) < NEIGHBOURS:
            running.append(list(waiting.pop().scenes))
        script = chance.choice(running)
        yield script.pop(0)
        if not script:
            running.remove(script)


def _struck(chance: Random, scenes: Sequence[Told | Act]) -> Iterable[Scene]:
    strikes: dict[int, list[Strike]] = {}
    for share, names in (
        (LETTERS_PER_MAILBOX_STRIKE, {name: item.weight for name, item in MAILBOX.items()}),
        (LETTERS_PER_DEATH, {name: item.weight for name, item in COMMITS.items()}),
    ):
        deck = _deck(chance, names)
        for at in _places(chance, len(scenes), share):
            strikes.setdefault(at, []).append(Strike(next(deck)))
    deck = _deck(chance, PROCESS)
    free = 0  # what lasts does not overlap
    for at in _places(chance, len(scenes) - LASTS, LETTERS_PER_PROCESS_STRIKE):
        if at < free:
            continue
        name = next(deck)
        strikes.setdefault(at, []).append(Strike(name))
        if name != "process.stopped":
            strikes.setdefault(at + LASTS, []).append(Strike(name, ends=True))
            free = at + LASTS + 1
    for number, scene in enumerate(scenes):
        yield from strikes.get(number, ())
        yield scene


def _requests(chance: Random, payments: int) -> Mapping[tuple[RequestKind, int], str]:
    found: dict[tuple[RequestKind, int], str] = {}
    for kind in PATTERNS:
        deck = _deck(chance, {name: item.weight for name, item in REQUESTS.items() if kind in item.kinds})
        for number in range(1, int(payments * PER_PAYMENT[kind]) + 1):
            if chance.random() < STRUCK[kind]:
                found[kind, number] = next(deck)
    return found


def _places(chance: Random, length: int, every: int) -> list[int]:
    """About one place in so many, at random."""
    return sorted(chance.sample(range(max(length, 1)), max(length, 0) // every))


def _deck(chance: Random, weights: Mapping[str, int]) -> Iterator[str]:
    """Each name as often as its weight says, in random order, again and again: in a long plan none is left out."""
    while True:
        cards = [name for name, weight in weights.items() for _ in range(weight)]
        chance.shuffle(cards)
        yield from cards
