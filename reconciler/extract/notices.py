"""
Tables about one sender's letters → a parser of them.

Comes in: `Tables`: a name, labels, words, and how sums and dates are written; then messages. Goes out: one notice for each payment
a letter tells of, of the kind its words say, with every fact read once or refused. What is odd about a sender a parser adds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from reconciler.errors import Unreadable
from reconciler.extract.contradictions import Contradictions
from reconciler.extract.facts import amount_of, is_addressed, merchant_names, order_of, payer_of, told, transaction_id
from reconciler.extract.fieldnames import LABELS, LISTING, ORDER_LABELS, SPOKEN
from reconciler.extract.fields import Sheet, bare, is_empty, read_paid_at, statuses, words_of
from reconciler.extract.html.drawing import plain
from reconciler.extract.layout.labeltable import folded
from reconciler.extract.layout.page import Pair
from reconciler.extract.layout.shapes import may_be_label
from reconciler.extract.text import fold_label, one_line, unmarked
from reconciler.extract.values.amounts import UNTOLD, Manner
from reconciler.extract.values.orders import clean_order
from reconciler.extract.words.kinds import QUIET, Said, decide, decide_each, is_denied
from reconciler.extract.words.wording import Words, fold, is_paid
from reconciler.extract.words.wordlist import WORDS
from reconciler.model import MONEY_BACK, Kind, Message, Notice

LIST_FILE = re.compile(r"\.(?:zip|csv|xlsx?)$", re.IGNORECASE)
"""A file that may be a list of payments."""

_APART = re.compile(r"\s*[()|,]\s*|\s[—–-]\s")  # "Меблі (shop_example_ua)" is two names of a shop
_PARTED = re.compile(r"\s*[:=|│\t]\s*|\s{2,}|\s[—–-]\s|\.{3,}")
_NAMES = re.compile(r"[\s,;|()\[\]<>\"'«»]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """
    What there is to know of a sender.

    labels: field → labels, fields as in `fieldnames`; "order" besides. spoken: labels that are values too.
    manner: how sums are written; day_first: the order in dates with slashes or dashes, None: not known.
    translate: the sender's own words of status and success → the words of `words`.
    cleaned: what is read of the value of an order's label. test_merchants: shops whose payments move no money.
    sentences: field → a whole line that tells it without a label; its group "value" is read like a label's value.
    """

    name: str
    gateway: str
    labels: Mapping[str, Collection[str]] = field(default_factory=lambda: LABELS)
    words: Words = WORDS
    listing: Collection[str] = LISTING
    spoken: Collection[str] = SPOKEN
    timezone: str = "Europe/Kyiv"
    manner: Manner = UNTOLD
    day_first: bool | None = None
    translate: Callable[[str], str] = str
    cleaned: Callable[[str], str | None] = clean_order
    test_merchants: frozenset[str] = frozenset()
    sentences: Mapping[str, re.Pattern[str]] = field(default_factory=dict)

    @property
    def either(self) -> frozenset[str]:
        return folded(self.spoken)


HOUSE = Tables(name="", gateway="", labels={**LABELS, "order": ORDER_LABELS})
"""For a letter of nobody that is known: every label there is a word for."""


def sheet_of(message: Message, tables: Tables) -> Sheet:
    """Every label and value of a letter, and what its sentences tell."""
    sheet = Sheet(
        tables.name,
        message,
        tables.labels,
        listing=tables.listing,
        spoken=tables.spoken,
        naming="reference",
        manner=tables.manner,
    )
    for name, sentence in tables.sentences.items():
        key = fold_label(next(iter(tables.labels[name])))
        for page in sheet.pages:
            for line in map(one_line, map(plain, page.lines)):
                if found := sentence.fullmatch(line):
                    label = line[: found.start("value")].strip()
                    page.pairs.append(Pair(label=label, key=key, value=found["value"], part=page.part))
    return sheet


def read_notices(message: Message, tables: Tables) -> Sequence[Notice]:
    """What a letter tells of, payment by payment. Raises: HeldError."""
    return _Letter(message, tables).notices()


class _Letter:
    def __init__(self, message: Message, tables: Tables) -> None:
        self.message, self.tables = message, tables
        self.sheet = sheet_of(message, tables)

    def notices(self) -> Sequence[Notice]:
        found, tables = self._found(), self.tables
        Contradictions(
            sheet=self.sheet,
            message=self.message,
            notices=found,
            words=tables.words,
            translate=tables.translate,
            cleaned=tables.cleaned,
        ).refuse()
        return found

    def _found(self) -> Sequence[Notice]:
        if len(records := self.sheet.records()) > 1:
            return self._several(records)
        kind = self._kind()
        if kind is Kind.REGISTER:
            return (Notice(parser=self.tables.name, gateway=self.tables.gateway, kind=kind),)
        return (self._told_of(self.sheet, kind),)

    def _told_of(self, sheet: Sheet, kind: Kind) -> Notice:
        return self._notice(sheet, kind) if kind is Kind.PAYMENT or kind in MONEY_BACK else self._leniently(sheet, kind)

    def _several(self, records: Sequence[Sheet]) -> Sequence[Notice]:
        """A notice for each payment of a letter, of the kind its own status tells."""
        told_of = [[self.tables.translate(value) for value in statuses(record)] for record in records]
        kinds = decide_each(self._said(status=()), told_of, self.tables.words, parser=self.tables.name)
        return [self._told_of(record, kind) for record, kind in zip(records, kinds, strict=True)]

    def _kind(self) -> Kind:
        sheet, name = self.sheet, self.tables.name
        said = self._said(status=statuses(sheet))
        listed = any(LIST_FILE.search(file.filename) for file in self.message.attachments)
        if listed and not sheet.of("reference"):
            return Kind.REGISTER  # a list hangs on it and it tells of no single payment
        kind = decide(said, self.tables.words, parser=name, attached_list=listed)
        if kind not in MONEY_BACK and kind is not Kind.PAYMENT and (several := _several_under_one_label(sheet)):
            raise Unreadable("several payments, and one kind", parser=name, found=several)
        if kind in QUIET and not is_denied([said.subject, *said.early], self.tables.words) and _is_told_in_part(sheet):
            raise Unreadable("denied by one part of the letter, and not by another", parser=name, found=str(kind))
        if kind in MONEY_BACK and (torn := self._torn_status()):
            raise Unreadable("money in and money back by one status", parser=name, found=torn)
        if kind is Kind.PAYMENT and sheet.of("refund_amount", "reason"):
            found = sheet.of("refund_amount", "reason")[0]
            raise Unreadable(f"a payment with {found.label!r}", parser=name, label=found.label, value=found.value)
        return kind

    def _torn_status(self) -> list[str]:
        """
        Words of a letter about money back that tell of a success too, where one label says both or a payer may have typed one.

        "Тип операції: Повернення" beside "Статус: Успішно" is a refund that succeeded.
        """
        told: dict[str, list[str]] = {}
        for pair in self.sheet.of("status", "operation"):
            told.setdefault(pair.key, []).append(fold(self.tables.translate(unmarked(pair.value))))
        if _may_be_typed(self.sheet):
            told[""] = [value for values in told.values() for value in values]
        for values in told.values():
            paid = [value for value in values if is_paid(value, self.tables.words)]
            if paid and len(paid) < len(values):
                return sorted(set(values))
        return []

    def _said(self, *, status: Sequence[str]) -> Said:
        """The letter's words by where they stand."""
        sheet, translate = self.sheet, self.tables.translate
        statements = [line for line in sheet.statements if not line.doubtful]
        inner = [pair.value for pair in sheet.of("status", "operation") if pair.inner] if status else []
        payer = sheet.keys("payer")
        return Said(
            subject=translate(self.message.subject),
            status=[translate(value) for value in status],
            inner=[translate(value) for value in inner],
            early=[translate(line.text) for line in statements if line.early],
            late=[translate(line.text) for line in statements if not line.early],
            doubtful=[translate(line.text) for line in sheet.statements if line.doubtful],
            aside=[translate(words) for words in words_of(sheet.unknown())],
            names=[name for pair in sheet.of("merchant") for name in (pair.value, *_APART.split(pair.value))],
            payers=[one_line(pair.value) for pair in sheet.pairs if pair.key in payer],
        )

    def _notice(self, sheet: Sheet, kind: Kind) -> Notice:
        """A payment, or money going back: what the ledger needs must be there."""
        tables, message = self.tables, self.message
        reference = transaction_id(sheet)
        amount = amount_of(sheet, kind, either=tables.either)
        moment = read_paid_at(sheet, zone=ZoneInfo(tables.timezone), day_first=tables.day_first, either=tables.either)
        for name, found in (("transaction_id", reference), ("amount", amount)):
            if found is None:
                raise sheet.missing(name)
        if moment is None:
            raise sheet.missing("paid_at")
        number, raw = order_of(sheet, tables.cleaned)
        merchant, names = merchant_names(sheet, message)
        payer = payer_of(sheet)
        if kind is Kind.PAYMENT and self._is_test_shop(names):
            kind = Kind.TEST
        elif kind is Kind.PAYMENT and self._speaks_of_test_shop:
            raise Unreadable("the test shop is named, and not as the shop", parser=tables.name, found="test shop")
        if kind is Kind.PAYMENT and payer and payer.email and is_addressed(message, payer.email):
            raise Unreadable(
                "a letter to the payer himself that is no plain receipt", parser=tables.name, found="payer is recipient"
            )
        return Notice(
            parser=tables.name,
            gateway=tables.gateway,
            kind=kind,
            amount=amount,
            transaction_id=reference,
            paid_at=moment.instant,
            order_number=number,
            order_raw=raw,
            merchant=merchant,
            merchant_names=names,
            payer=payer,
            spans=tuple(sheet.spans),
        )

    def _leniently(self, sheet: Sheet, kind: Kind) -> Notice:
        """A notice that never posts: what has one reading is told, the rest is None, and none of it holds the letter."""
        tables = self.tables
        moment = told(
            lambda: read_paid_at(
                sheet, zone=ZoneInfo(tables.timezone), day_first=tables.day_first, either=tables.either
            )
        )
        amount = told(lambda: amount_of(sheet, kind, either=tables.either))
        reference = told(lambda: transaction_id(sheet))
        if not (amount or reference or moment):  # nothing that has a form was read: its labels have other values
            return Notice(parser=tables.name, gateway=tables.gateway, kind=kind)
        number, raw = told(lambda: order_of(sheet, tables.cleaned)) or (None, None)
        merchant, names = told(lambda: merchant_names(sheet, self.message)) or (None, ())
        return Notice(
            parser=tables.name,
            gateway=tables.gateway,
            kind=kind,
            amount=amount,
            transaction_id=reference,
            paid_at=moment.instant if moment else None,
            order_number=number,
            order_raw=raw,
            merchant=merchant,
            merchant_names=names,
            payer=payer_of(sheet),
            spans=tuple(sheet.spans),
        )

    @cached_property
    def _speaks_of_test_shop(self) -> bool:
        """Anywhere in the letter."""
        return self._is_test_shop([self.message.subject, *self.sheet.lines])

    def _is_test_shop(self, names: Sequence[str]) -> bool:
        told, shops = " ".join(names).casefold(), self.tables.test_merchants
        return any(shop in told for shop in shops) and not shops.isdisjoint(_NAMES.split(told))


def _several_under_one_label(sheet: Sheet) -> list[str]:
    """
    Different values under one label, where a letter of one payment has one value: such a letter tells of several.

    Labels that nobody knows may be of the same kind, when two of them are so.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for pair in sheet.pairs:
        if not is_empty(pair.value) and not pair.loose:
            found.setdefault((pair.part, pair.key), set()).add(bare(pair.value))
    several = {key: sorted(values) for (_, key), values in found.items() if len(values) > 1}
    telling = [values for key, values in several.items() if key in sheet.keys("reference", "amount", "status")]
    return next(iter(telling or (several.values() if len(several) > 1 else ())), []) or _repeated(sheet)


def _repeated(sheet: Sheet) -> list[str]:
    """Lines that may be labels, three or more, each of which stands over or before different values."""
    for page in sheet.pages:
        values: dict[str, set[str]] = {}
        for line, below in zip(page.lines, [*page.lines[1:], ""], strict=True):
            head, *rest = _PARTED.split(line, maxsplit=1)
            if may_be_label(head):
                values.setdefault(fold_label(head), set()).add(rest[0] if rest else below)
        if len(repeated := [head for head, told in values.items() if len(told) > 1]) > 2:
            return repeated
    return []


def _is_told_in_part(sheet: Sheet) -> bool:
    """Has a part with known labels no status, although another one has, or one that could not be read?"""
    parts = {pair.part for pair in sheet.pairs if pair.key in sheet.labels.known and not is_empty(pair.value)}
    status = [pair for pair in sheet.pairs if pair.key in sheet.keys("status", "operation")]
    told = {pair.part for pair in status if not is_empty(pair.value)}
    return bool(told) and (told != parts or any(is_empty(pair.value) for pair in status) or _may_be_typed(sheet))


def _may_be_typed(sheet: Sheet) -> bool:
    """Does a status stand in plain text right behind what a payer may have written, line ends and all?"""
    own = sheet.labels.known - sheet.keys("payer", "purpose")
    return any(
        pair.key in sheet.keys("status", "operation")
        and (before.key not in own or sheet.holds_label(before.value))
        and not is_empty(before.value)
        for page in sheet.pages
        for before, pair in pairwise(page.pairs)
        if page.boxes is None
    )
