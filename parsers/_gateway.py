"""
What the parsers of gateways share beyond the engine: their tables, and what a payment of theirs must show.

Comes in: a gateway's `Gateway`; then messages. Goes out: what `read_notices` reads, once more examined: an id of the gateway's
form, a sum of its form, and a currency that the letter tells. Where nobody has published a gateway's letter, a payment besides
`demands` every field under a label of its own, with a word of status and a time of day, or the letter is held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.errors import FieldAmbiguous, FieldMissing, FieldUnreadable
from reconciler.extract.fieldnames import LABELS
from reconciler.extract.fields import Sheet, statuses
from reconciler.extract.notices import Tables, read_notices, sheet_of
from reconciler.extract.text import fold_words
from reconciler.extract.words.wording import Words
from reconciler.extract.words.wordlist import WORDS
from reconciler.model import MONEY_BACK, Kind, Message, Notice
from reconciler.reading import is_sender

WITH_CENTS = re.compile(r".*\d[.,]\d\d(?!\d).*")
"""A sum with its minor units, so that "125050" of a gateway that counts in them is never read as a thousandfold sum."""

EVERYTHING = ("status", "merchant", "order_number", "paid_at")

_CLOCK = re.compile(r"\d:\d\d")
_DOLLAR = re.compile(r"(?<![A-Z])\$(?!.*\b[A-Z]{3}\b)")  # "$86.00": whose dollars?
_CODE = re.compile(r"\b[A-Z]{3}\b")


def labels(order: Collection[str], **own: Collection[str]) -> dict[str, Collection[str]]:
    """The house's reconstructed labels with a gateway's own ones in place of theirs."""
    return {**LABELS, **own, "order": order, "any_order": order}


def in_words_of_ours(table: Mapping[str, str]) -> Callable[[str], str]:
    """A gateway's own statuses → words that the engine's tables know; whole values alone, in any case."""
    return lambda line: table.get(fold_words(line), line)


def words(**veto: str) -> Words:
    """The house's reconstructed words with more that deny a payment: words(refund="reversed")."""
    more = {Kind(name): pattern for name, pattern in veto.items()}
    return replace(
        WORDS,
        veto=tuple(
            (kind, re.compile(f"{pattern.pattern}|{more[kind]}") if kind in more else pattern)
            for kind, pattern in WORDS.veto
        ),
    )


@dataclass(slots=True, kw_only=True)  # not frozen: a Parser's NAME is an ordinary attribute
class Gateway:
    """
    A gateway's parser.

    domains: whose addresses it claims. reference: what its ids look like. sums: what its sums look like.
    aside: letters told by their subject, from its first word on, that never are a payment, and that need nothing read.
    by_status: whole values of a status that are told apart by the gateway's own table → what they are, never a payment.
    demands: what a payment must have under a label besides what the ledger needs; all of it, where a letter was never published.
    """

    NAME: str
    domains: tuple[str, ...]
    tables: Tables
    reference: re.Pattern[str]
    sums: re.Pattern[str] = WITH_CENTS
    aside: tuple[tuple[Kind, re.Pattern[str]], ...] = ()
    by_status: Mapping[str, Kind] = field(default_factory=dict)
    demands: tuple[str, ...] = EVERYTHING

    def configured(self, *, order_fields: Collection[str] = (), timezone: str | None = None) -> Gateway:
        """The same parser with these settings."""
        fields: Mapping[str, Collection[str]] = {"order": tuple(order_fields)} if order_fields else {}
        tables = replace(
            self.tables, labels={**self.tables.labels, **fields}, timezone=timezone or self.tables.timezone
        )
        return replace(self, tables=tables)

    def claims(self, message: Message) -> bool:
        """The one From address is at the gateway: the parsed address's domain, never a display name or a part of it."""
        return is_sender(message.sender, self.domains)

    def sheet(self, message: Message) -> Sheet:
        """Every label and value of the letter: what `explain` shows."""
        return sheet_of(message, self.tables)

    def parse(self, message: Message) -> Sequence[Notice]:
        for kind, subject in self.aside:
            if subject.match(message.subject.strip()):
                return (self.bare(kind),)
        if self.by_status:
            kinds = {self.by_status.get(fold_words(value)) for value in statuses(self.sheet(message))}
            if len(kinds) == 1 and (told := kinds.pop()):
                return (self.bare(told),)
        return tuple(self.examined(notice) for notice in read_notices(message, self.tables))

    def bare(self, kind: Kind) -> Notice:
        """A notice of a letter from which nothing is read."""
        return Notice(parser=self.NAME, gateway=self.tables.gateway, kind=kind)

    def examined(self, notice: Notice) -> Notice:
        """A payment, or money going back, as it must be to be one. Raises: FieldMissing, FieldUnreadable, FieldAmbiguous."""
        if notice.kind is not Kind.PAYMENT and notice.kind not in MONEY_BACK:
            return notice
        if not self.reference.fullmatch(notice.transaction_id or ""):
            raise self._unreadable("transaction_id", notice.transaction_id or "")
        sums = _printed(notice, "amount")
        for value in sums:
            if not self.sums.fullmatch(value):
                raise self._unreadable("amount", value)
        if any(map(_DOLLAR.search, sums)) and not any(map(_CODE.search, _printed(notice, "currency"))):
            what = f"{self.NAME}: the sum does not say which country's dollars it is in"
            raise FieldAmbiguous(what, parser=self.NAME, field="currency", values=sums)
        if notice.kind is Kind.PAYMENT:
            self._demand(notice)
        return notice

    def _demand(self, notice: Notice) -> None:
        told = {
            "status": bool(_printed(notice, "kind")),
            "merchant": notice.merchant is not None,
            "order_number": notice.order_raw is not None,
            "paid_at": any(map(_CLOCK.search, _printed(notice, "paid_at"))),
        }
        for name in self.demands:
            if not told[name]:
                what = f"{self.NAME}: no {name} under a label, and a letter whose form is not known needs it"
                raise FieldMissing(what, parser=self.NAME, field=name)

    def _unreadable(self, field: str, value: str) -> FieldUnreadable:
        what = f"{self.NAME}: {value[:80]!r} does not look like its {field}"
        return FieldUnreadable(what, parser=self.NAME, field=field, value=value[:80])


def _printed(notice: Notice, field: str) -> list[str]:
    """A field's values as they stand in the letter."""
    return [span.value.strip() for span in notice.spans if span.field == field]
