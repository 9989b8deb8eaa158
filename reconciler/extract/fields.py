"""
Pairs of a whole letter → its fields, each read once or refused.

Comes in: a message and a table of labels per field. Goes out: a `Sheet`: for each field the one value on which all its
pairs agree, across labels and across the text and HTML parts, with the spans it was read from. Values that differ raise
`FieldAmbiguous` naming them all; none is preferred for its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from reconciler.errors import FieldAmbiguous, FieldMissing, FieldUnreadable, HeldError, Unreadable
from reconciler.extract.layout.labeltable import label_table
from reconciler.extract.layout.page import LONGEST_TEXT, Page, Pair, Statement
from reconciler.extract.layout.reader import read_html, read_text
from reconciler.extract.layout.records import split_records
from reconciler.extract.remembering import remembered
from reconciler.extract.text import clean, fold_label, fold_words, one_line, unmarked
from reconciler.extract.values.amounts import UNTOLD, Manner, currency_of, read_amount
from reconciler.extract.values.dates import Moment, Precision, is_clock, join, read_moment
from reconciler.model import Message, Span
from reconciler.money import Money

T = TypeVar("T")

_EMPTY = re.compile(
    r"[\s\-–—_.*]*|\(?(?:н/д|n/a|none|null|немає|нет|відсутн\w+|отсутств\w+|не вказан\w+|не указан\w+|not specified|"
    r"not provided|порожньо|пусто|empty)\)?",
    re.IGNORECASE,
)


_SHORT = 200  # characters of a value; longer ones are not worth remembering
_TO_THE_SECOND = re.compile(r"\b\d{1,2}:\d{2}:\d{2}\b")


class Sheet:
    """The pairs and statements of one message, by the fields that labels stand for."""

    def __init__(
        self,
        parser: str,
        message: Message,
        labels: Mapping[str, Collection[str]],
        *,
        listing: Collection[str] = (),
        spoken: Collection[str] = (),
        naming: str = "",
        manner: Manner = UNTOLD,
    ) -> None:
        self.parser = parser
        self.manner = manner
        self.labels = table = label_table(
            tuple([(name, tuple(words)) for name, words in labels.items()]),
            listing=tuple(listing),
            spoken=tuple(spoken),
            naming=naming,
        )
        if sum(len(part.content) for part in (*message.htmls, *message.texts)) > LONGEST_TEXT:
            raise Unreadable("more text than a notice has", parser=parser)
        self.pages: list[Page] = [
            *(read_html(part.path, part.content, table) for part in message.htmls),
            *(read_text(part.path, part.content, table) for part in message.texts),
        ]
        self.lines: list[str] = [
            line for page in self.pages for line in page.lines
        ]  # all that a reader sees, pairs and all
        self.spans: dict[Span, None] = {}  # in order, none twice
        self._found: dict[Callable[[str], object], list[str]] = {}

    def records(self) -> list[Sheet]:
        """A sheet for each payment, where the letter tells of several one after another; else this one."""
        chunks = split_records(self.pages, self.labels)
        return [self.of_page(page) for page in chunks] or [self]

    def of_page(self, page: Page) -> Sheet:
        """The pairs of one page, read by the same labels; the lines stay the letter's."""
        sheet = copy(self)
        sheet.pages, sheet.spans = [page], {}
        return sheet

    @property
    def pairs(self) -> list[Pair]:
        return [pair for page in self.pages for pair in page.pairs]

    @property
    def statements(self) -> list[Statement]:
        return [statement for page in self.pages for statement in page.statements]

    def lines_that(self, tell: Callable[[str], object]) -> list[str]:
        """The letter's lines of which this is true, found once: each of its payments asks."""
        if (found := self._found.get(tell)) is None:
            found = self._found[tell] = [line for line in self.lines if tell(line)]
        return found

    def keys(self, *fields: str) -> frozenset[str]:
        """The labels of these fields, as they are compared."""
        return self.labels.of(fields)

    def of(self, *fields: str) -> list[Pair]:
        """
        The pairs of these fields that say something; loose ones only where there are no others.

        Raises: FieldAmbiguous: the layout leaves open which value is whose, or a part has the label and no value to compare.
        """
        wanted = self.keys(*fields)
        said = [p for page in self.pages for p in page.pairs if p.key in wanted and not is_empty(p.value)]
        if not said or (len(said) == len(self.pages) == 1 and _is_beyond_doubt(said[0])):
            return said  # as most are
        apart = [pair for pair in said if not pair.loose] or said
        spaced = len(apart) < len(said)
        if spaced and all(pair.inner for pair in apart):  # a payer's, where the sender's have but a space
            raise self.ambiguous(fields[0], [pair.value for pair in said])
        said = apart
        if any(pair.unsure for pair in said):
            raise self.ambiguous(fields[0], [f"{pair.label}: {pair.value}" for pair in said])
        swallowed = [pair for pair in said if pair.key in self.labels.written and self.holds_label(pair.value)]
        if swallowed:
            raise self.ambiguous(fields[0], [pair.value for pair in swallowed])
        if odd := [pair for pair in said if pair.odd]:
            told = {(pair.part, fold_words(pair.value)) for pair in said if not pair.odd}
            if any((pair.part, fold_words(pair.value)) not in told for pair in odd):
                raise self.ambiguous(fields[0], [pair.value for pair in said])
        if len(self.pages) > 1 and self._labelled(wanted) - {pair.part for pair in said}:
            raise self.ambiguous(fields[0], ["", *(pair.value for pair in said)])
        return said

    def _labelled(self, wanted: Collection[str]) -> set[str]:
        """The parts in which one of these labels stands: what they say there must be read there."""
        spoken = self.labels.spoken
        return {pair.part for pair in self.pairs if pair.key in wanted and pair.key not in spoken and not pair.loose}

    def holds_label(self, value: str) -> bool:
        """Does another label with its colon stand in a value? Then lines of the letter were run together, or a payer typed it."""
        for head in value.split(":")[:-1]:
            words = head.split()
            if any(
                fold_label(" ".join(words[-count:])) in self.labels.known for count in range(1, min(len(words), 4) + 1)
            ):
                return True
        return False

    def unknown(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.key not in self.labels.known]

    def note(self, field: str, pairs: Sequence[Pair]) -> None:
        """Remember where a field was read."""
        for pair in pairs:
            self.spans[Span(field=field, part=pair.part, label=pair.label, value=pair.value)] = None

    def agreed(
        self, field: str, readings: Sequence[tuple[Pair, T]], same: Callable[[T, T], bool] | None = None
    ) -> T | None:
        """The reading on which all pairs agree; None when there is none."""
        if not readings:
            return None
        first = readings[0][1]
        if any(not (same(first, other) if same else first == other) for _, other in readings[1:]):
            raise self.ambiguous(field, [pair.value for pair, _ in readings])
        self.note(field, [pair for pair, _ in readings])
        return first

    def ambiguous(self, field: str, values: Sequence[str]) -> FieldAmbiguous:
        distinct = list(dict.fromkeys(values))
        return FieldAmbiguous(
            f"{self.parser}: {field} has several values: {', '.join(map(repr, distinct))}",
            parser=self.parser,
            field=field,
            values=distinct,
        )

    def missing(self, field: str) -> FieldMissing:
        return FieldMissing(f"{self.parser}: no {field} in the letter", parser=self.parser, field=field)

    def plain(self, field: str, *, source: str | None = None) -> str | None:
        """A field whose value is text; a value of several lines has no one reading."""
        return self.agreed(field, [(pair, " ".join(pair.value.split())) for pair in self.of(source or field)])


def bare(value: str) -> str:
    """A reference without the marks that a sentence or a program's dump puts around it."""
    return one_line(unmarked(value)).rstrip(".").strip("`'\"«»“”„*<>()[]{},;").rstrip(".")


def _is_beyond_doubt(pair: Pair) -> bool:
    """Alone of its field, on the only page: may no other value be meant?"""
    return not (pair.unsure or pair.odd or ":" in pair.value)


@remembered(longest=_SHORT, most=256)
def is_empty(value: str) -> bool:
    """Nothing, or a sender's way of printing nothing."""
    return _EMPTY.fullmatch(clean(value).strip()) is not None


def read_money(sheet: Sheet, source: str, *, allow_minus: bool = False, either: Collection[str] = ()) -> Money | None:
    """
    The sum under the labels of `source`, with the currency beside it or under a label of its own.

    either: labels that some letters write over a sum and others over a date or a word; those count only over a sum.
    None: no such label. Raises: FieldMissing(currency), FieldAmbiguous, FieldUnreadable.
    """
    pairs = [pair for pair in sheet.of(source) if not (pair.key in either and not _holds_sum(pair.value))]
    if not pairs:
        return None
    readings = [(pair, _amount(sheet, pair, allow_minus)) for pair in pairs]
    value = sheet.agreed("amount", [(pair, amount) for pair, (amount, _) in readings])
    currencies = [(pair, currency) for pair, (_, currency) in readings if currency]
    currencies += [(pair, unit) for pair in pairs if pair.unit and (unit := currency_of(pair.unit))]
    for pair in sheet.of("currency"):
        code = currency_of(pair.value)
        if code is None:
            raise FieldUnreadable(
                f"{pair.value!r} is no currency we know", parser=sheet.parser, field="currency", value=pair.value
            )
        currencies.append((pair, code))
    currency = sheet.agreed("currency", currencies) or sheet.manner.currency
    if currency is None:
        raise sheet.missing("currency")
    if value is None:
        return None
    return Money(value, currency)


def _amount(sheet: Sheet, pair: Pair, allow_minus: bool) -> tuple[Decimal, str | None]:
    try:
        return read_amount(pair.value, allow_minus=allow_minus, manner=sheet.manner)
    except HeldError as exc:
        exc.facts.setdefault("parser", sheet.parser)
        exc.facts["label"] = pair.label
        raise


def _holds_sum(value: str) -> bool:
    return any(char.isdigit() for char in value) and re.search(r"\d[./-]\d{1,2}[./-]\d|\d:\d\d|\d{4} р", value) is None


def read_paid_at(
    sheet: Sheet, *, zone: ZoneInfo, day_first: bool | None = None, either: Collection[str] = ()
) -> Moment | None:
    """
    When it was paid, by the labels of `date` and `time`.

    A date and a time of day under labels of their own are joined. A date alone, with no time anywhere, is that day's 00:00;
    with one under a label that nobody knows it has two readings.
    None: no such label, or only a time of day.
    """
    pairs = [*sheet.of("date", "time"), *(p for p in sheet.of("amount") if p.key in either and not _holds_sum(p.value))]
    pairs = [pair for pair in pairs if any(char.isdigit() for char in pair.value)]
    clocks = [pair for pair in pairs if is_clock(pair.value)]
    moments = [(pair, read_moment(pair.value, zone=zone, day_first=day_first)) for pair in pairs if pair not in clocks]
    finest = max((moment for _, moment in moments), key=lambda moment: moment.precision, default=None)
    if finest is None:
        return None
    if any(not finest.agrees(moment) for _, moment in moments):
        raise sheet.ambiguous("paid_at", [pair.value for pair, _ in moments])
    sheet.note("paid_at", [pair for pair, _ in moments])
    if finest.precision is Precision.DAY and not clocks:
        beside = [pair.value for pair in sheet.unknown() if _tells_time(pair.value)]
        if elsewhere := [*beside, *sheet.lines_that(_tells_time)]:
            raise sheet.ambiguous("paid_at", [*(pair.value for pair, _ in moments), *elsewhere])
    if finest.precision is not Precision.DAY or not clocks:
        return finest
    joined = [(pair, join(finest, pair.value)) for pair in clocks]
    return sheet.agreed("paid_at", joined, Moment.agrees)


def _tells_time(text: str) -> bool:
    return is_clock(text) or _TO_THE_SECOND.search(text) is not None


def statuses(sheet: Sheet) -> list[str]:
    """What the labels of status and operation say."""
    spoken = sheet.of("status", "operation")
    sheet.note("kind", spoken)
    return [unmarked(pair.value) for pair in spoken]


def words_of(pairs: Sequence[Pair]) -> list[str]:
    """Pairs as the words they say."""
    return [fold_words(f"{pair.label} {pair.value}") for pair in pairs]
