"""
How a walk ended, as commands print it and exit by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.words import Facts, OutcomeWord, Reason
from reconciler.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a walk ended for one entry or one message: the object commands print (design, section 5)."""

    id: str  # "e12" for an entry, "m7" for a message
    mail: int | None
    key: str | None
    state: str
    outcome: OutcomeWord
    reason: Reason | None = None
    order: str | None = None
    amount: Money | None = None
    transaction_id: str | None = None
    facts: Facts = field(default_factory=dict)


EXIT_CODES: Mapping[OutcomeWord, int] = {
    OutcomeWord.SETTLED: 0,
    OutcomeWord.PARTIAL: 0,
    OutcomeWord.ALREADY: 0,
    OutcomeWord.DISCARDED: 0,
    OutcomeWord.SKIPPED: 0,
    OutcomeWord.HELD: 1,
    OutcomeWord.OVERPAID: 1,
    OutcomeWord.WAITING: 75,
}


def worst_exit(codes: Sequence[int]) -> int:
    """The worst wins: 70 > 2 > 75 > 1 > 0."""
    return max(codes, key=[0, 1, 75, 2, 70].index, default=0)
