"""
What a letter says happened → the kind of its notice.

Comes in: the letter's own words, apart from what a payer can type, and a sender's table of words. Goes out: the kind, or
`Unreadable` when the words do not say it. Veto words are looked for before success words, as "неуспішний" contains "успішний".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.errors import Unreadable
from reconciler.extract.text import fold_words
from reconciler.model import MONEY_BACK, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A sender's words, as patterns over `fold_words` text."""

    veto: Sequence[tuple[Kind, re.Pattern[str]]]  # first match wins; what never is income
    happened: re.Pattern[str]  # veto words in a form that tells what has happened, not what may
    success: re.Pattern[str]
    receipt: re.Pattern[str]  # said to a payer
    payer_thanked: re.Pattern[str]  # said to a payer and nobody else, wherever it stands
    merchant: re.Pattern[str]  # said to a merchant
    register: re.Pattern[str]
    payout: re.Pattern[str]  # our money moving on, no payment of anybody
    test: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    The letter's words by where they stand.

    status: values of its status labels. early: lines above the first pair. late: lines below. aside: values of labels nobody
    knows, which may be a payer's words.
    """

    subject: str
    status: Sequence[str]
    early: Sequence[str]
    late: Sequence[str]
    aside: Sequence[str] = ()


_MAYBE = re.compile(
    r"\b(?:якщо|у разі|в разі|у випадку|можлив|можна|може|щоб|протягом|правила|умови|політика|питан|"
    r"если|в случае|возможн|можно|может|чтобы|в течение|правила|условия|вопрос|"
    r"if|in case|may|can|could|to request|within|policy|terms|how to|questions?)"
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")


def decide(said: Said, words: Words, *, parser: str, attached_list: bool = False) -> Kind:
    """
    The kind of a letter's one notice.

    attached_list: a file that may be a register hangs on it.
    Raises: Unreadable when nothing plainly says it; an unsure letter is never a payment.
    """
    subject = fold_words(said.subject)
    status = [fold_words(value) for value in said.status]
    early, late = _sentences(said.early), _sentences(said.late)
    if words.register.search(subject) or (attached_list and any(words.register.search(line) for line in early)):
        return Kind.REGISTER
    for source in (status, [subject], early):
        if kind := _vetoed(source, words):
            return kind
    told = [subject, *early]
    if any(words.payout.search(line) for line in told):
        raise Unreadable("a letter about a payout", parser=parser, found="payout")
    if any(words.happened.search(line) for line in late):
        raise Unreadable("its last lines contradict a payment", parser=parser, found="veto below the payment")
    if not status and (_vetoed(late, words) or _vetoed([fold_words(value) for value in said.aside], words)):
        raise Unreadable("no status, and words that deny a payment", parser=parser, found="veto without a status")
    _demand_success(status, told, late, words, parser)
    return _addressed(told, late, [*status, subject, *early, *late], words, parser)


def _demand_success(status: Sequence[str], told: Sequence[str], late: Sequence[str], words: Words, parser: str) -> None:
    odd = [value for value in status if not words.success.search(value)]
    if odd:
        raise Unreadable(f"status {odd[0][:60]!r} is not a word we know", parser=parser, status=odd[0][:60])
    to_payer = any(words.receipt.search(line) for line in told)
    if not status and not to_payer and not any(words.success.search(line) for line in [*told, *late]):
        raise Unreadable("nothing says what happened", parser=parser)


def _addressed(told: Sequence[str], late: Sequence[str], everything: Sequence[str], words: Words, parser: str) -> Kind:
    to_payer = any(words.receipt.search(line) for line in told) or any(
        words.payer_thanked.search(line) for line in [*told, *late]
    )
    if to_payer and any(words.merchant.search(line) for line in told):
        raise Unreadable("speaks to the payer and to the merchant", parser=parser, found="receipt and notice")
    if to_payer:
        return Kind.RECEIPT
    return Kind.TEST if any(words.test.search(line) for line in everything) else Kind.PAYMENT


def _vetoed(lines: Sequence[str], words: Words) -> Kind | None:
    found = [kind for kind, pattern in words.veto if any(pattern.search(line) for line in lines)]
    if not found:
        return None
    if found[0] in MONEY_BACK and found[0] is not Kind.CHARGEBACK:
        # "повернення в обробці", "refund declined": no money has moved back
        return next((kind for kind in found if kind in {Kind.PENDING, Kind.DECLINED}), found[0])
    return found[0]


def _sentences(lines: Sequence[str]) -> list[str]:
    """Sentences that state something; those about what may happen are left out."""
    return [
        sentence
        for line in lines
        for sentence in _SENTENCE.split(fold_words(line))
        if sentence and not _MAYBE.search(sentence)
    ]
