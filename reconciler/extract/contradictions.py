"""
A notice as it was read → the same, unless something else in its letter contradicts it.

Comes in: the notices of a letter and its sheet. Goes out: nothing, or `FieldAmbiguous` that names both readings. A notice is read
from labelled fields, and a payer can type into some of them, perhaps with markup. So its sum, its order, its reference and its
success must not be denied by what the letter says elsewhere: outside of pairs (`asides`), where it is not shown (`unshown`), in an
alternative that another program shows, or by a second reference. What agrees, or says nothing, changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from reconciler.errors import HeldError, Unreadable
from reconciler.extract.asides import Aside, Asides
from reconciler.extract.fields import Sheet
from reconciler.extract.layout.page import Page, Pair
from reconciler.extract.layout.reader import read_html
from reconciler.extract.layout.unshown import unshown
from reconciler.extract.text import fold_words, one_line
from reconciler.extract.values.amounts import CURRENCIES, Amount, find_amounts
from reconciler.extract.values.orders import fold_order
from reconciler.extract.values.references import is_reference, others_like
from reconciler.extract.words.wording import Words
from reconciler.model import MONEY_BACK, Kind, Message, Notice

_ALTERNATIVES = frozenset(["text/x-amp-html", "text/watch-html"])
"""HTML that some programs show in the place of the part that is read."""
_MOST_FEE = Decimal("0.1")  # of a sum; what is credited is less by it
_EARLIER = re.compile(  # labels of another payment, which this one goes back to
    r"початк|перш|попередн|оригінал|батьк|первонач|предыдущ|исходн|родител|поверн|возвр|original|parent|initial|first|previous|related|refund"
)


@dataclass(slots=True, kw_only=True)
class Contradictions:
    """To the notices of a letter. words, translate, cleaned: the sender's, as in `notices.Tables`."""

    sheet: Sheet
    message: Message
    notices: Sequence[Notice]
    words: Words
    translate: Callable[[str], str]
    cleaned: Callable[[str], str | None]
    sums: set[tuple[Decimal, str]] = field(init=False)
    codes: set[str] = field(init=False)
    references: set[str] = field(init=False)
    orders: set[str] = field(init=False)
    orders_raw: list[str] = field(init=False)

    def __post_init__(self) -> None:
        sheet, notices = self.sheet, self.notices
        self.sums = {(notice.amount.amount, notice.amount.currency) for notice in notices if notice.amount}
        for code in {code for _, code in self.sums}:
            whole = sum((n.amount.amount for n in notices if n.amount and n.amount.currency == code), Decimal())
            self.sums.add((whole, code))
        if any(notice.kind in MONEY_BACK for notice in notices):
            self.sums |= {found for pair in self._pairs(sheet, "amount", "refund_amount") for found in _money(pair)}
        self.codes = {code for _, code in self.sums}
        self.references = {notice.transaction_id for notice in notices if notice.transaction_id}
        self.orders = {fold_order(notice.order_number) for notice in notices if notice.order_number}
        self.orders_raw = [notice.order_raw for notice in notices if notice.order_raw]

    def refuse(self) -> None:
        """Raises: FieldAmbiguous, Unreadable. Of what moves no money nothing is asked."""
        if not any(notice.kind is Kind.PAYMENT or notice.kind in MONEY_BACK for notice in self.notices):
            return
        for page in self.sheet.pages:
            if page.drawn and page.drawn.written.swallowed:
                raise Unreadable("its markup is left open at the end, and hides the rest", parser=self.sheet.parser)
        asides = Asides(self.words, self._agrees, _signs(frozenset(self.codes)))
        self._refuse_asides(list(asides.of(self.sheet, self.message.subject)))
        self._refuse_other_references()
        for page in self.sheet.pages:
            for found in unshown(page):
                if not found.remnant:
                    self._refuse_page(found.page)
                    self._refuse_asides(list(asides.unshown(found.page)))
        for page in self._alternatives():
            self._refuse_page(page)

    def _refuse_asides(self, told: Sequence[Aside]) -> None:
        """A sum in another currency beside one that agrees is the same sum, converted."""
        agreed = any(aside.amount and self._agrees(aside.amount) for aside in told)
        for aside in told:
            if aside.order is not None and not self._is_order(aside.order):
                raise self._ambiguous("order_number", aside.order)
            if aside.amount is None or self._agrees(aside.amount) or self._is_credited(aside):
                continue
            if not (agreed and self.codes.isdisjoint(aside.amount.currencies)):
                raise self._ambiguous("amount", aside.amount.text)

    def _agrees(self, amount: Amount) -> bool:
        return any(
            (abs(reading), code) in self.sums for reading in amount.readings for code in amount.currencies or self.codes
        )

    def _is_credited(self, aside: Aside) -> bool:
        """Is it a read sum from which a fee was taken?"""
        if aside.amount is None or not aside.later:
            return False
        return any(
            code in aside.amount.currencies and whole - whole * _MOST_FEE <= abs(reading) <= whole
            for whole, code in self.sums
            for reading in aside.amount.readings
        )

    def _is_order(self, number: str) -> bool:
        """Silence about an order is no other order, and a reference is none."""
        if not self.orders or is_reference(number) or fold_order(number) in self.orders:
            return True
        return any(number in raw for raw in self.orders_raw) or any(
            ref.casefold().startswith(number.casefold()) for ref in self.references
        )

    def _refuse_other_references(self) -> None:
        message = self.message
        texts = [
            message.subject,
            *(part.content for part in (*message.htmls, *message.texts)),
            *("\n".join(page.lines) for page in self.sheet.pages),
            *(text for _, text in self._alternative_texts()),
        ]
        found = others_like(self.references, texts)
        if not found:
            return
        allowed = "\n".join(pair.value for pair in self._exempt())
        other = next((token for token in sorted(found) if token not in allowed), None)
        if other is not None:
            raise self._ambiguous("transaction_id", other)

    def _exempt(self) -> Iterator[Pair]:
        """
        Pairs that may hold another reference: an earlier payment's, what a payer typed for an order, which is not read, and a
        number of another field in the same form.
        """
        back = any(notice.kind in MONEY_BACK for notice in self.notices)
        own = any(map(is_reference, self.references))
        orders = self.sheet.keys("order", "any_order")
        other = orders if own else self.sheet.labels.known - self.sheet.keys("reference")
        for pair in self.sheet.pairs:
            if back or pair.key in other or _EARLIER.search(fold_words(pair.label)):
                yield pair

    def _refuse_page(self, page: Page) -> None:
        """What is not shown, or only by some programs, field by field."""
        sheet = self.sheet.of_page(page)
        for pair in self._pairs(sheet, "amount"):
            found = find_amounts(pair.value)
            if found and not any(map(self._agrees, found)):
                raise self._ambiguous("amount", f"{pair.label}: {pair.value}")
        for pair in self._pairs(sheet, "order"):
            if (number := self._cleaned(pair.value)) is not None and not self._is_order(number):
                raise self._ambiguous("order_number", f"{pair.label}: {pair.value}")
        keys = {span.label for notice in self.notices for span in notice.spans if span.field == "transaction_id"}
        for pair in self._pairs(sheet, "reference"):
            if pair.label in keys and one_line(pair.value) not in self.references and any(map(str.isdigit, pair.value)):
                raise self._ambiguous("transaction_id", f"{pair.label}: {pair.value}")
        if all(notice.kind is Kind.PAYMENT for notice in self.notices):
            for pair in self._pairs(sheet, "status", "operation"):
                self._refuse_status(pair)

    def _refuse_status(self, pair: Pair) -> None:
        said = fold_words(self.translate(pair.value))
        if self.words.negation.search(said) or any(veto.search(said) for _, veto in self.words.veto):
            raise self._ambiguous("kind", f"{pair.label}: {pair.value}")

    def _pairs(self, sheet: Sheet, *fields: str) -> list[Pair]:
        keys = sheet.keys(*fields)
        return [pair for pair in sheet.pairs if pair.key in keys and pair.value and not pair.unsure]

    def _cleaned(self, value: str) -> str | None:
        try:
            return self.cleaned(value)
        except HeldError:
            return None

    def _alternative_texts(self) -> Iterator[tuple[str, str]]:
        for file in self.message.attachments:
            if file.content_type in _ALTERNATIVES:
                yield file.content_type, file.payload.decode("utf-8", "replace")

    def _alternatives(self) -> Iterator[Page]:
        for part, text in self._alternative_texts():
            yield read_html(part, text, self.sheet.labels)

    def _ambiguous(self, field: str, other: str) -> HeldError:
        read = [span.value for notice in self.notices for span in notice.spans if span.field == field]
        return self.sheet.ambiguous(field, [*read, one_line(other)[:120]])


@lru_cache(maxsize=64)
def _signs(codes: frozenset[str]) -> Collection[str]:
    words = [word for word, code in CURRENCIES.items() if code in codes]
    forms = {form for word in words for form in (word, word.upper(), word.capitalize())}
    return {form for form in forms if not any(form != other and form.startswith(other) for other in forms)}


def _money(pair: Pair) -> Iterator[tuple[Decimal, str]]:
    for amount in find_amounts(pair.value):
        for code in amount.currencies:
            for reading in amount.readings:
                yield abs(reading), code
