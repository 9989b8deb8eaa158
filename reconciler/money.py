"""
Exact amounts: a `Decimal` with its currency, never a float.

What comes in is text or minor units; what goes out is `Money`. Reading amounts out of a mail's text is
`reconciler.extract.values.amounts`; this room only keeps them exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# ISO 4217 minor units of the currencies the gateways in use settle in. A code that is not here is an error, not 2.
MINOR_DIGITS = {"UAH": 2, "USD": 2, "EUR": 2, "GBP": 2, "PLN": 2, "CZK": 2, "RON": 2, "MDL": 2, "KZT": 2, "RUB": 2}


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """
    An amount in major units with its ISO 4217 currency, e.g. Money(Decimal("1250.00"), "UAH").

    The amount is kept with exactly the currency's digits; more digits than the currency has is a ValueError,
    and so is a currency this house does not know. May be zero or negative: what a notice may carry is the
    notice's rule, what an order owes may well be below zero.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        digits = MINOR_DIGITS.get(self.currency)
        if digits is None:
            raise ValueError(f"unknown currency {self.currency!r}; known: {', '.join(sorted(MINOR_DIGITS))}")
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError(f"not an exact amount: {self.amount!r}")
        exact = self.amount.quantize(Decimal(1).scaleb(-digits))
        if exact != self.amount:
            raise ValueError(f"{self.amount} has more than {digits} digits after the point for {self.currency}")
        object.__setattr__(self, "amount", exact)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        """Money.from_minor(125000, "UAH") is 1250.00 UAH."""
        return cls(Decimal(minor).scaleb(-MINOR_DIGITS.get(currency, 0)), currency)

    @property
    def minor(self) -> int:
        """The amount in minor units: 125000 for 1250.00 UAH."""
        return int(self.amount.scaleb(MINOR_DIGITS[self.currency]))

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self} and {other} are of different currencies and are never added or compared")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
