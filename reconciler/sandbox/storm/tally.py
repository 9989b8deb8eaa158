"""
What was struck, and what came of it: the counts, and everything that is wrong, one sentence each.

The counts of kills are the ledger's own, read right after each kill; what the account holds is the sandbox's own record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.ledger import Ledger
from reconciler.model import Event, StepKind, StepState
from reconciler.sandbox.book import Book
from reconciler.sandbox.proof import Proof
from reconciler.sandbox.storm.plan import Fate, Point
from reconciler.sandbox.storm.strike import Struck


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a storm must have struck to be one."""

    kills: int
    of_each_kind: int
    after_a_look: int  # creates that landed after the first look for them


@dataclass
class Tally:
    struck: list[Struck] = field(default_factory=list)
    in_vain: int = 0  # lives whose blow fell on no step

    def of(self, kind: StepKind, point: Point | None = None) -> int:
        return sum(1 for one in self.struck if one.step.kind is kind and point in (None, one.blow.point))

    def states(self) -> Mapping[StepState, int]:
        return Counter(one.step.state for one in self.struck)

    def fates(self) -> Mapping[Fate, int]:
        return Counter(one.blow.fate for one in self.struck if one.blow.point is Point.UNDER_WAY)

    def is_enough(self, wanted: Wanted) -> bool:
        return len(self.struck) >= wanted.kills and all(self.of(kind) >= wanted.of_each_kind for kind in StepKind)

    def shortfalls(self, wanted: Wanted) -> Iterator[str]:
        """What was to be struck and was not: then nothing is proven."""
        if len(self.struck) < wanted.kills:
            yield f"only {len(self.struck)} of {wanted.kills} kills"
        for kind in StepKind:
            if self.of(kind) < wanted.of_each_kind:
                yield f"only {self.of(kind)} of {wanted.of_each_kind} kills at a step of kind {kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How the ledger's history tells that unanswered creates ended."""

    at_first_look: int
    after_looks: int
    sent_again: int  # proven absent
    unanswered: (
        int  # status changes and comments whose sender lived and heard nothing; each costs its order the comment
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    tally: Tally
    proof: Proof
    found: Found
    seconds: float
    wrong: tuple[str, ...]  # empty: the storm was one, and nothing was lost, doubled or left unexplained


def found_in(ledger: Ledger) -> Found:
    """Read from the history, slot by slot."""
    with ledger.look() as tx:
        events = tx.history()
    by_entry: dict[int, list[Event]] = {}
    for event in events:
        if event.entry_id is not None:
            by_entry.setdefault(event.entry_id, []).append(event)
    first = later = again = 0
    for told in by_entry.values():
        looks = 0
        for event in told:
            if event.facts.get("kind") == StepKind.INCOME and event.name == "step.looked":
                looks += 1
            elif event.facts.get("kind") == StepKind.INCOME and event.name == "step.dropped":
                again, looks = again + 1, 0
            elif event.name == "income.found":
                first, later = (first, later + 1) if looks else (first + 1, later)
    unanswered = sum(
        event.name == "step.unanswered" and event.facts.get("kind") in (StepKind.ADVANCE, StepKind.COMMENT)
        for event in events
    )
    return Found(at_first_look=first, after_looks=later, sent_again=again, unanswered=unanswered)


def wrong_with(
    tally: Tally, wanted: Wanted, proof: Proof, found: Found, book: Book, comments: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """comments: of each order, as the account has them."""
    yield from proof.violations
    yield from tally.shortfalls(wanted)
    if proof.incomes != proof.payments:
        yield f"{proof.payments} payments, {proof.incomes} incomes"
    if proof.unreleased or proof.held:
        yield f"{proof.unreleased} orders not in production, {proof.held} payments held"
    if found.after_looks < wanted.after_a_look:
        yield f"only {found.after_looks} of {wanted.after_a_look} creates landed after they had been looked for"
    yield from (f"{entry.key} ended {entry.state}" for entry in book.entries if entry.state != "settled")
    yield from (f"order {order} was told {len(told)} times" for order, told in comments.items() if len(told) > 1)
    yield from _comments_unexplained(tally, found, book, comments)


def _comments_unexplained(
    tally: Tally, found: Found, book: Book, comments: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """A comment is sent once only: a death, or an answer that never came, may cost an order its comment, and nothing else may."""
    silent = {order for order, told in comments.items() if not told}
    done = {step.order_number for step in book.steps if step.kind is StepKind.COMMENT and step.state is StepState.DONE}
    if silent & done:
        yield f"comments that the ledger calls done are not there: orders {', '.join(sorted(silent & done))}"
    reasons = len(tally.struck) + tally.in_vain + found.unanswered
    if len(silent) > reasons:
        yield f"{len(silent)} orders have no comment, and {reasons} deaths and lost answers do not explain it"
