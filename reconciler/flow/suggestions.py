"""
Orders a person may have meant by a payment, out of what the ledger knows of others. Pure; for people, never acted on.

Comes in: an entry and the other entries of its desk. Goes out: facts for each candidate: the order's number, why, and which payments
say so, so that whoever picks one sees how far it reaches. Names of payers are not in them: who paid is told by the payments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reconciler.model import Entry, State

MOST = 5
"""Candidates of each kind; the newest payments are the likeliest."""

RIGHT = frozenset({State.POSTED, State.PARTIAL, State.SETTLED, State.OVERPAID})
"""A correction that came this far was one: its order exists, and the money was posted to it."""

LONGEST_COMPARED = 40  # characters


def suggested(entry: Entry, others: Sequence[Entry]) -> list[dict[str, Any]]:
    """What people decided of payments like this one, orders that owe its sum, what its payer paid before; newest last."""
    others = [other for other in others if other.id != entry.id]
    kinds = (_by_corrections, _by_what_is_owed, _by_payer)
    return [one for kind in kinds for one in [*kind(entry, others)][-MOST:]]


def distance(typed: str | None, number: str) -> int | None:
    """How many signs have to be put in, taken out or changed to make one of the other; None: nothing was typed."""
    if not typed:
        return None
    typed, number = typed[:LONGEST_COMPARED], number[:LONGEST_COMPARED]
    before = list(range(len(number) + 1))
    for i, sign in enumerate(typed, 1):
        now = [i]
        for j, other in enumerate(number, 1):
            now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (sign != other)))
        before = now
    return before[-1]


def _by_what_is_owed(entry: Entry, others: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """Orders that were paid in part, by what they owed when last looked at."""
    owing: dict[str, list[Entry]] = defaultdict(list)
    for other in others:
        same = (
            other.facts.get("difference") == str(entry.amount.amount) and other.amount.currency == entry.amount.currency
        )
        if other.order_number and other.state is State.PARTIAL and same:
            owing[other.order_number].append(other)
    for number, said in owing.items():
        yield {"number": number, "why": "paid in part; the same sum is still due", **_scope(said)}


def _by_payer(entry: Entry, others: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """An e-mail address or a phone is a person's; a name is many people's."""
    for other in others:
        same = [
            name
            for name in ("email", "phone")
            if _contact(entry, name) and _contact(entry, name) == _contact(other, name)
        ]
        if other.order_number and same:
            yield {
                "number": other.order_number,
                "why": "same payer",
                "by": same,
                "payment": other.key,
                **_scope([other]),
            }


def _contact(entry: Entry, name: str) -> str | None:
    return getattr(entry.payer, name) if entry.payer else None


def _by_corrections(entry: Entry, others: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    typed = _typed(entry)
    if not typed:
        return
    found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for other in others:
        before, number = _typed(other), other.order_number
        if other.merchant != entry.merchant or other.state not in RIGHT or not before or not number:
            continue
        if number == other.order_read:
            continue  # as the letter had it: no person corrected it
        if before == typed:
            found[number, "a person took the same words for this order"].append(other)
        elif (rest := _like(before, number, typed)) is not None:
            found[rest, "a person took what is left of such words for the number"].append(other)
    for (number, why), said in found.items():
        if number != entry.order_number:
            yield {"number": number, "why": why, **_scope(said)}


def _typed(entry: Entry) -> str | None:
    text = " ".join((entry.order_raw or entry.order_read or "").split()).casefold()
    return text or None


def _like(before: str, number: str, typed: str) -> str | None:
    """What is left of `typed` once the same words as before are taken off its ends; a number, or nothing."""
    start = before.find(number.casefold())
    if start < 0:
        return None
    head, tail = before[:start], before[start + len(number) :]
    if not (head or tail) or not typed.startswith(head) or not typed.endswith(tail):
        return None
    rest = typed[len(head) : len(typed) - len(tail)].strip()
    return rest if rest.isascii() and rest.isdigit() else None


def _scope(said: Sequence[Entry]) -> dict[str, Any]:
    """The payments a suggestion comes from, and when the last of them was paid."""
    return {"from": [f"e{other.id}" for other in said], "paid_at": max(other.paid_at for other in said)}
