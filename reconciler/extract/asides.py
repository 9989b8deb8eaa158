"""
A letter's words outside of its pairs → the sums and the orders they tell.

Comes in: a `Sheet`, the subject and a sender's words. Goes out: what the subject, the heading, a line that is a sum and nothing
else, and the sentences about a payment tell of it. What they tell of anything else (a tariff, a limit, an offer, a balance) is
left out, and so is the small print below the fields, unless it plainly tells of a payment.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from reconciler.errors import HeldError
from reconciler.extract.amounts import CURRENCIES, Amount, find_amounts, normal
from reconciler.extract.fields import Sheet
from reconciler.extract.kinds import Words
from reconciler.extract.orders import clean_order
from reconciler.extract.page import has_digit
from reconciler.extract.text import fold_words

_CURRENCY = "|".join(re.escape(word) for word in sorted(CURRENCIES, key=len, reverse=True))
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
    rf"(?P<number>[\w./-]*\d[\w./-]*)(?!\s?(?:{_CURRENCY})(?!\w))",
    re.IGNORECASE,
)
_UNSIGNED = 4  # characters of an order's number that stands without a sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A sum, or a number of an order, in the words of a letter. later: what is credited, which a fee is taken from."""

    line: str
    amount: Amount | None = None
    order: str | None = None
    later: bool = False


def asides(sheet: Sheet, subject: str, words: Words, *, signs: Collection[str]) -> Iterator[Aside]:
    """signs: how the currencies of the notices may be printed; small print without one of them is not looked at."""
    if has_digit(subject):
        yield from _sums(subject)
        yield from _orders(subject)
    late: list[str] = []
    for statement in sheet.statements:
        if not statement.early:
            late.append(statement.text)
        elif has_digit(statement.text):
            yield from _early(statement.text)
    yield from _late(late, words, signs)
    for pair in sheet.unknown():
        if len(pair.value) < 60 and has_digit(pair.value) and _speaks_of_paying(pair.label, words):
            yield from _sums(f"{pair.label} {pair.value}", alone=pair.value)


def unshown_asides(lines: Iterable[str]) -> Iterator[Aside]:
    """What sentences tell that are not shown."""
    for line in lines:
        if has_digit(line) and _ABOUT_PAYING.search(fold_words(line)):
            yield from _sums(line)


def _early(line: str) -> Iterator[Aside]:
    """A line above the fields: a sum alone, or words about a payment."""
    about = _ABOUT_PAYING.search(fold_words(line)) is not None
    bare = _levelled(line).strip(" +.!:*=")
    if about or [amount.text for amount in find_amounts(bare)] == [bare]:
        yield from _sums(line)
    if about:
        yield from _orders(line)


def _late(lines: Collection[str], words: Words, signs: Collection[str]) -> Iterator[Aside]:
    """Below the fields a sentence must tell of a payment that was made, and of nothing else."""
    text = "\n".join(lines)
    if not any(sign in text for sign in signs):
        return
    for line in lines:
        if has_digit(line):
            for sentence in _SENTENCE.split(line):
                if has_digit(sentence) and _is_success(sentence, words):
                    yield from _sums(sentence)


def _sums(line: str, *, alone: str = "") -> Iterator[Aside]:
    """Sums with their currency. alone: the value that must be a sum and nothing else."""
    for sentence in _SENTENCE.split(_levelled(line)):
        folded = fold_words(sentence)
        if not has_digit(folded) or _OTHERWISE.search(folded):
            continue
        at = 0
        for amount in find_amounts(sentence):
            at = sentence.find(amount.text, at)
            before, at = sentence[:at], at + len(amount.text)
            bound = _BOUND.search(before) is not None or (alone and amount.text != normal(alone))
            if amount.currencies and not bound:
                yield Aside(line=line, amount=amount, later=_LATER.search(folded) is not None)


def _orders(line: str) -> Iterator[Aside]:
    for found in _ORDER.finditer(line):
        if not found["sign"] and len(found["number"]) < _UNSIGNED:
            continue
        try:
            number = clean_order(found["number"])
        except HeldError:
            continue
        if number is not None:
            yield Aside(line=line, order=number)


def _levelled(line: str) -> str:
    return normal(_RAISED.sub(r",\1 ", line))


def _is_success(sentence: str, words: Words) -> bool:
    """As `kinds` tells a success: a payment that was made, and no word that is not known."""
    said = _known(sentence, words)
    return said is not None and any(words.success.fullmatch(word) for word in said)


def _speaks_of_paying(label: str, words: Words) -> bool:
    """Is this label, which nobody knows, made of words for a payment alone, none of them a currency?"""
    said = _known(label, words)
    if said is None or any(words.money.fullmatch(word) for word in said):
        return False
    return any(words.noun.fullmatch(word) or words.success.fullmatch(word) for word in said)


def _known(text: str, words: Words) -> list[str] | None:
    """The words of a text; None: not all of them are known, or one denies."""
    folded = _COMPOUND.sub(" ", fold_words(text))
    if words.negation.search(folded):
        return None
    said = _WORD.findall(folded)
    patterns = (words.noun, words.success, words.done, words.plain, words.money, _TOTAL)
    return said if all(any(pattern.fullmatch(word) for pattern in patterns) for word in said) else None
