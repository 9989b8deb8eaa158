"""
A letter's words outside of its pairs → the sums and the orders they tell.

Comes in: a `Sheet`, the subject and a sender's words. Goes out: what the subject, the heading, a line that is a sum and nothing
else, and the sentences about a payment tell of it. What they tell of anything else (a tariff, a limit, an offer, a balance) is
left out, and so is the small print below the fields, unless it plainly tells of a payment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from reconciler.errors import HeldError
from reconciler.extract.fields import Sheet
from reconciler.extract.layout.page import Page
from reconciler.extract.text import fold_words
from reconciler.extract.values.amounts import CURRENCIES, Amount, find_amounts, normal
from reconciler.extract.values.orders import clean_order
from reconciler.extract.words.wording import Words

_CURRENCY = "|".join(re.escape(word) for word in sorted(CURRENCIES, key=len, reverse=True))
_DIGIT = re.compile("[0-9]")
_RAISED = re.compile(r"(?<=\d)[.,]? ?\^ ?(\d\d) ?\^")  # kopecks as raised digits
_ABOUT_PAYING = re.compile(
    r"плат[іеё]?ж|плата|оплат|сплат|плачено|плачен|заплат|надійш|надход|поступ|отрима[влн]|получ(?:ен|ил)|зарахов|зачисл|"
    r"списан|перерахов|перечисл|покупк|транзакц|успішн|успешн|success|payment|paid\b|received|\bgot\b|charged|approved|"
    r"transaction|purchase|credited"
)
_OTHERWISE = re.compile(  # a tariff, a limit, an offer, what stands on an account
    r"комісі|комисси|тариф|\bfees?\b|commission|tariff|ліміт|лимит|limit|мінім|миним|minim|максим|maxim|знижк|скидк|discount|"
    r"бонус|bonus|ке[шщ]б[еэ]к|cashback|\bакці[яюї]|\bакци[яюи]|\bsale\b|місяц|\bмес\b|\bмес\.|месяц|month|подарун|подарок|"
    r"запрош|приглас|refer\b|баланс|balance|оборот|turnover|залиш|остат|%|безкоштовн|бесплатн|\bfree\b|\bякщо\b|\bесли\b|\bif\b|"
    r"можна|можете|можно|отриму?й|получ(?:ите|ай)|платіть|платите|\bget\b"
)
_BOUND = re.compile(
    r"(?:\b(?:від|от|from|до|up to|понад|свыше|over|по|ніж|чем|than|min|max)|[×x*/≈~])\s*$", re.IGNORECASE
)
_LATER = re.compile(r"зарахов|зачисл|credited|виплат|выплат|payout|чистими|чистыми|\bnet\b")
_SENTENCE = re.compile(r"(?<=[.!?;])(?<!грн\.)(?<!коп\.)(?<!руб\.)\s+")
_COMPOUND = re.compile(r"\S*\w[.@_/:-]\w\S*|\S*\d\S*")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_TOTAL = re.compile(r"разом|всього|усього|загалом|итого|всего|total|together")
_ORDER = re.compile(
    r"(?<!\w)(?:замовлен\w*|заказ\w*|order)\s*(?:(?P<sign>№|#|no[.:]?\s|n°|номер\w*|number)\s*:?\s*)?"
    rf"(?P<number>[\w./-]*\d[\w./-]*)(?![\w./-]|,\d\d?(?!\d)|\s?(?:{_CURRENCY})(?!\w))",  # all of it, and no sum
    re.IGNORECASE,
)
_LONGEST_SUM = 60  # characters
_UNSIGNED = 4  # characters of an order's number that stands without a sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A sum, or a number of an order, in the words of a letter, and the sentence it stands in."""

    sentence: str
    amount: Amount | None = None
    order: str | None = None

    @property
    def later(self) -> bool:
        """Is it what is credited, which a fee is taken from?"""
        return _LATER.search(fold_words(self.sentence)) is not None


class Asides:
    """
    Reads them. agrees: is a sum one of those that were read? Those that are need no closer look.

    signs: how the currencies of those may be printed; small print without one of them is not looked at.
    """

    def __init__(self, words: Words, agrees: Callable[[Amount], bool], signs: Collection[str]) -> None:
        self.words, self.agrees, self.signs = words, agrees, signs

    def of(self, sheet: Sheet, subject: str) -> Iterator[Aside]:
        """What a letter tells outside of its known pairs, where it is shown."""
        yield from self._sums(subject)
        yield from _orders(subject)
        late: list[str] = []
        before = ""
        for page in sheet.pages:
            for statement in page.statements:
                if not statement.early:
                    late.append(statement.text)
                elif _DIGIT.search(statement.text):
                    yield from self._early(statement.text, before)
                before = statement.text
        yield from self._late(late)
        for page in sheet.pages:
            for pair in page.pairs:
                if (
                    pair.key not in page.labels.known
                    and _is_sum(pair.value)
                    and _speaks_of_paying(pair.label, self.words)
                ):
                    yield from self._sums(f"{pair.label} {pair.value}")

    def unshown(self, page: Page) -> Iterator[Aside]:
        """What sentences tell that are not shown."""
        for statement in page.statements:
            if _DIGIT.search(statement.text) and _ABOUT_PAYING.search(fold_words(statement.text)):
                yield from self._sums(statement.text)

    def _early(self, line: str, before: str) -> Iterator[Aside]:
        """
        A line above the fields: a sum alone, or words about a payment. A sum under words about something else is another one.
        """
        about = _ABOUT_PAYING.search(fold_words(line)) is not None
        if about or (_is_sum(line) and not _OTHERWISE.search(fold_words(before))):
            yield from self._sums(line)
        if about:
            yield from _orders(line)

    def _late(self, lines: Collection[str]) -> Iterator[Aside]:
        """Below the fields a sentence must tell of a payment that was made, and of nothing else."""
        text = "\n".join(lines)
        if not _DIGIT.search(text) or not any(sign in text for sign in self.signs):
            return
        for line in filter(_DIGIT.search, lines):
            for sentence in _SENTENCE.split(line):
                if _DIGIT.search(sentence) and _is_success(sentence, self.words):
                    yield from self._sums(sentence)

    def _sums(self, line: str) -> Iterator[Aside]:
        """Sums with their currency."""
        for sentence in _SENTENCE.split(_levelled(line)):
            at = 0
            for amount in find_amounts(sentence) if _DIGIT.search(sentence) else ():
                at = sentence.find(amount.text, at)
                before, at = sentence[:at], at + len(amount.text)
                if not amount.currencies:
                    continue
                if self.agrees(amount) or not (_BOUND.search(before) or _OTHERWISE.search(fold_words(sentence))):
                    yield Aside(sentence=sentence, amount=amount)


def _orders(line: str) -> Iterator[Aside]:
    for found in _ORDER.finditer(line):
        if not found["sign"] and len(found["number"]) < _UNSIGNED:
            continue
        try:
            number = clean_order(found["number"])
        except HeldError:
            continue
        if number is not None:
            yield Aside(sentence=line, order=number)


def _is_sum(line: str) -> bool:
    """With its currency, and nothing else."""
    if len(line) > _LONGEST_SUM or not _DIGIT.search(line):
        return False
    bare = _levelled(line).strip(" +.!:*=")
    return [amount.text for amount in find_amounts(bare)] == [bare]


def _levelled(line: str) -> str:
    return normal(_RAISED.sub(r",\1 ", line) if "^" in line else line)


def _is_success(sentence: str, words: Words) -> bool:
    """As `kinds` tells a success: a payment that was made, and no word that is not known."""
    return any(words.success.fullmatch(word) for word in _known(sentence, words))


def _speaks_of_paying(label: str, words: Words) -> bool:
    """Is this label, which nobody knows, made of words for a payment alone, none of them a currency?"""
    said = _known(label, words)
    telling = any(words.noun.fullmatch(word) or words.success.fullmatch(word) for word in said)
    return telling and not any(words.money.fullmatch(word) for word in said)


def _known(text: str, words: Words) -> list[str]:
    """The words of a text, but for names and numbers; none where one of them is not known, or denies."""
    folded = _COMPOUND.sub(" ", fold_words(text))
    patterns = (words.noun, words.success, words.done, words.plain, words.money, _TOTAL)
    rest = _WORD.findall(words.merchant.sub(" ", folded))
    known = all(any(pattern.fullmatch(word) for pattern in patterns) for word in rest)
    return _WORD.findall(folded) if known and not words.negation.search(folded) else []
