"""
Sums, moments and order numbers as letters print them: values and a random source come in, text goes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from tests.corpus.data import DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One letter's way to print sums and moments."""

    thousands: str
    decimal: str
    sign: str
    before: bool
    moment: str

    def bare(self, amount: Decimal) -> str:
        """The sum without its currency."""
        whole, cents = f"{amount:.2f}".split(".")
        grouped = f"{int(whole):,}".replace(",", self.thousands)
        return f"{grouped}{self.decimal}{cents}" if self.decimal else grouped

    def money(self, amount: Decimal) -> str:
        return f"{self.sign}{self.bare(amount)}" if self.before else f"{self.bare(amount)} {self.sign}"

    @property
    def seconds(self) -> bool:
        return "{SS}" in self.moment


def draw_style(rng: Random, language: str, currency: str, amounts: list[Decimal]) -> Style:
    """A style in which every one of `amounts` can be printed with one reading."""
    styles: list[dict[str, Any]] = DATA["amounts"]["styles"]
    if any(amount % 1 for amount in amounts):
        styles = [style for style in styles if style["decimal"]]
    style = rng.choices(styles, [style["weight"] for style in styles])[0]
    before = rng.random() < (0.5 if currency != "UAH" else 0.12)
    return Style(
        thousands=style["thousands"],
        decimal=style["decimal"],
        sign=rng.choice(DATA["amounts"]["before" if before else "after"][currency]),
        before=before,
        moment=rng.choice([*DATA["dates"]["any"], *DATA["dates"]["any"], *DATA["dates"][language]]),
    )


def print_moment(pattern: str, moment: datetime, language: str) -> str:
    """pattern: one of the data file's [dates]."""
    offset = moment.strftime("%z")
    month = DATA["dates"]["months"][language][moment.month - 1]
    return pattern.format(
        d=moment.day,
        dd=f"{moment.day:02}",
        mm=f"{moment.month:02}",
        yyyy=moment.year,
        yy=f"{moment.year % 100:02}",
        month=month,
        mon=month[:3],
        HH=f"{moment.hour:02}",
        MM=f"{moment.minute:02}",
        SS=f"{moment.second:02}",
        h12=(moment.hour - 1) % 12 + 1,
        ampm="AM" if moment.hour < 12 else "PM",
        offset=f"{offset[:3]}:{offset[3:]}",
    )


def type_order(rng: Random, language: str, number: str | None) -> str:
    """The order's number as a payer types it; without one, what stands in an empty field."""
    if number is None:
        return str(rng.choice(DATA["orders"]["empty"]))
    typed = DATA["orders"]["typed"]
    return str(rng.choice([*typed["any"], *typed["any"], *typed[language]])).format(n=number)
