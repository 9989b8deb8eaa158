"""
What a mail was taken for, against what it would be taken for today.

Comes in: two `Understood` of one mail. Goes out: what differs, a line each. Pure: where the two come from is `replaying`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """
    A payment or refund as one mail tells it.

    key: as the ledger compares it. facts: what is known of it in words, by name; what is not known is not compared.
    unsure: names of facts that another mail may have told, so that this one need not. entry: its id in the ledger.
    """

    key: str
    facts: Mapping[str, str | None]
    unsure: frozenset[str] = frozenset()
    entry: str | None = None

    def __str__(self) -> str:
        told = (self.facts.get(name) for name in ("kind", "amount", "transaction_id"))
        order = self.facts.get("order_number")
        return " ".join([*(word for word in told if word), f"for order {order}" if order else "without an order"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What a mail was taken for: held (the reason and the field it is about), or set aside by its kinds, or payments."""

    held: str | None = None
    kinds: tuple[str, ...] = ()
    payments: tuple[Payment, ...] = ()
    parser: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that would be otherwise; `field` is "reason", "kind", "payment" or a payment's fact."""

    field: str
    was: str | None
    would_be: str | None
    entry: str | None = None


def held_for(reason: str, facts: Facts) -> str:
    """A hold in words that two readings can be compared by: its reason, and the field it is about."""
    about = facts.get("field")
    return f"{reason} ({about})" if about else reason


def differences(was: Understood, would_be: Understood) -> list[Difference]:
    """Nothing: today's reading changes nothing about this mail."""
    found = []
    if was.held != would_be.held:
        found.append(Difference(field="reason", was=was.held, would_be=would_be.held))
    if not was.held and not would_be.held and was.kinds != would_be.kinds:
        found.append(Difference(field="kind", was=", ".join(was.kinds), would_be=", ".join(would_be.kinds)))
    pairs = _Pairs(list(was.payments), list(would_be.payments))
    for before, after in pairs.matched():
        found += _fields(before, after)
    found += [Difference(field="payment", was=str(gone), would_be=None, entry=gone.entry) for gone in pairs.before]
    found += [Difference(field="payment", was=None, would_be=str(new)) for new in pairs.after]
    return found


@dataclass(slots=True)
class _Pairs:
    """The payments of two readings, told to be the same by their key, and what is left in the order they stand."""

    before: list[Payment]
    after: list[Payment]
    _matched: list[tuple[Payment, Payment]] = field(default_factory=list)

    def matched(self) -> Sequence[tuple[Payment, Payment]]:
        """Takes them out of `before` and `after`, in which those stay that have no like."""
        by_key = {payment.key: payment for payment in reversed(self.after)}
        for payment in list(self.before):
            if (same := by_key.pop(payment.key, None)) is not None:
                self._take(payment, same)
        for payment, other in list(zip(self.before, self.after, strict=False)):
            self._take(payment, other)
        return self._matched

    def _take(self, before: Payment, after: Payment) -> None:
        self.before.remove(before)
        self.after.remove(after)
        self._matched.append((before, after))


def _fields(before: Payment, after: Payment) -> list[Difference]:
    found = []
    for name in dict.fromkeys((*before.facts, *after.facts)):
        if name not in before.facts:
            continue
        was, would_be = before.facts[name], after.facts.get(name)
        if was != would_be and not (name in before.unsure and would_be is None):
            found.append(Difference(field=name, was=was, would_be=would_be, entry=before.entry))
    return found
