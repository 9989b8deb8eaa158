"""
What a letter says happened → the kind of its notice.

Comes in: the letter's own words, apart from what a payer can type, and a sender's table of words. Goes out: the kind, or
`Unreadable` when the words do not say it. Veto words are looked for before success words, as "неуспішний" contains "успішний".

What says that a payment was made is closed: a status must consist of the table's phrases and of nothing else, and a sentence
counts only when it has a payment and a success in it and no word that the table does not list. So a letter about money that is
reserved, sent back or not received is never a payment for want of one more veto word: its words are not known, and it is held.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reconciler.errors import Unreadable
from reconciler.extract.words.wording import (
    WORD,
    Words,
    fold,
    has_word,
    is_known,
    is_of_payment,
    is_only_a_name,
    is_paid,
    is_status,
    stands_in,
    vetoes,
    without,
    without_names,
)
from reconciler.model import MONEY_BACK, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    The letter's words by where they stand.

    status: values of its status labels. inner: those of them that stand behind another value on one line, where a payer may
    have typed them. early: lines above the first pair. late: lines below. doubtful: lines that are read as a pair and may be a
    statement. aside: values of labels nobody knows, which may be a payer's words. names: the shop as printed, whose words
    tell of no event. payers: names of payers as printed.
    """

    subject: str
    status: Sequence[str]
    early: Sequence[str]
    late: Sequence[str]
    inner: Sequence[str] = ()
    doubtful: Sequence[str] = ()
    aside: Sequence[str] = ()
    names: Sequence[str] = ()
    payers: Sequence[str] = ()


_MAYBE = re.compile(
    r"\b(?:якщо|у разі|в разі|у випадку|можлив\w*|можна|може|можуть|щоб|протягом|правила|умови|політика|питання|"
    r"если|в случае|возможн\w*|можно|может|могут|чтобы|в течение|правила|условия|вопрос\w*|"
    r"if|in case|may|can|could|to request|within|policy|terms|how to|questions?)\b"
)
_LONGEST_ROW = 60  # characters of a label and a value that stand one under another
_CONDITION = re.compile(r"\W*(?:якщо|у разі|в разі|у випадку|если|в случае|if|in case)\b")
_YES = re.compile(r"^(?:[^\W\d]+ ){1,4}(?:так|да|yes|true|1|on|[✓✔✅])$")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_SUM = re.compile(r"\d ?(?:грн|uah|usd|eur|[₴$€])|(?:uah|usd|eur|[₴$€]) ?\d")
_MOST_NAMES = 50  # of a shop or a payer, who has a few; words that stay in a line can only hold a letter
_MONEY = re.compile(r"[^\W\d_]+|[₴$€£]")
_OF_A_REFUND = re.compile(  # words of its headline that no payment's has
    r"частков\w{1,3}|повне|повного|частичн\w{1,3}|полн\w{2,3}|partial(?:ly)?|full|processed|issued|клієнтові|покупцеві|покупцю"
)
QUIET = frozenset({Kind.DECLINED, Kind.PENDING})  # kinds that nobody is shown


def decide(said: Said, words: Words, *, parser: str, attached_list: bool = False) -> Kind:
    """
    The kind of a letter's one notice.

    attached_list: a file that may be a register hangs on it.
    Raises: Unreadable when nothing plainly says it; an unsure letter is never a payment.
    """
    return _Case(said, words, parser).decide(attached_list=attached_list)


def is_denied(lines: Sequence[str], words: Words) -> bool:
    """Does one of these lines tell of something that is no payment?"""
    folded = [fold(line) for line in lines]
    return any(stands_in(pattern, folded) for _, pattern in words.veto)


def decide_each(letter: Said, statuses: Sequence[Sequence[str]], words: Words, *, parser: str) -> list[Kind]:
    """
    The kinds of several payments that one letter tells of, each by its own status.

    letter: what stands outside of them, which must deny nothing and speak to no payer.
    Raises: Unreadable.
    """
    case = _Case(letter, words, parser)
    lines = [*case.told, *case.late, *case.doubtful]
    for pattern in (
        *dict(words.veto).values(),
        words.receipt,
        words.payer_thanked,
        words.payer,
        words.tested,
        words.payout,
    ):
        if stands_in(pattern, lines):
            raise case.unreadable("several payments, and words that no payment is told by", found=pattern.pattern[:30])
    return [
        _Case(Said(subject="", status=status, early=(), late=()), words, parser).decide_by_status()
        for status in statuses
    ]


def _names(printed: Sequence[str]) -> list[str]:
    """As they stand in folded lines, the longest first; of very many the first ones."""
    return sorted({fold(name) for name in printed[:_MOST_NAMES]} - {""}, key=len, reverse=True)


class _Case:
    """One letter's words, folded, and the questions asked of them in turn."""

    def __init__(self, said: Said, words: Words, parser: str) -> None:
        self.words, self.parser = words, parser
        self._names = _names(said.names)
        self._harmless = words.harmless
        self.subject = self._sentences([said.subject])
        self.status = [self._plain(value) for value in said.status]
        self.inner = [self._plain(value) for value in said.inner]
        self.early = self._sentences(said.early)
        self.late = [line for line in self._sentences(said.late) if not _MAYBE.search(line)]
        self.doubtful = self._sentences(said.doubtful)
        self.aside = [self._plain(value) for value in said.aside]
        self.stacked = [
            self._plain(f"{line} {below}")
            for lines in (said.early, said.late)
            for line, below in pairwise(lines)
            if len(line) + len(below) < _LONGEST_ROW
        ]
        self.told = [*self.subject, *self.early]
        self.heads = [said.subject, *said.early]
        told = "\n".join(self.told)
        self._payers = _names([name for name in said.payers if fold(name) in told and is_only_a_name(name, words)])

    def decide(self, *, attached_list: bool) -> Kind:
        words = self.words
        paid = [value for value in self.status if is_paid(value, words)]
        if paid:
            self._leave_out_what_tells_nothing()
        if stands_in(words.register, self.subject) or (attached_list and stands_in(words.register, self.early)):
            if paid:
                raise self.unreadable("a register with a payment's status", found="register")
            return Kind.REGISTER
        if kind := self._vetoed_by_status(paid) or self._vetoed_by_lines(bool(paid)):
            if kind in QUIET and (paid or any(map(self._may_succeed, self.told))):
                raise self.unreadable("tells of a payment, and denies it", found=str(kind))
            if kind in QUIET and any(map(self._is_torn, self.status)):
                raise self.unreadable("a status of success and of denial", found=str(kind))
            if kind in QUIET and any(
                not self._vetoed([value]) and not is_status(value, words) for value in self.status
            ):
                raise self.unreadable("denied, and a status that is not a word we know", found=str(kind))
            if kind in QUIET and not self._vetoed(self.status) and not self._vetoed(self._headlines()):
                raise self.unreadable("denied by a word that is no headline and no status", found=str(kind))
            if kind in QUIET and not self._vetoed(self.told) and any(map(_SUM.search, map(fold, self.heads))):
                raise self.unreadable(
                    "a sum in the subject or at the head, and no word there denies it", found=str(kind)
                )
            return kind
        self._refuse_denials()
        self._demand_success()
        return self._addressed()

    def _leave_out_what_tells_nothing(self) -> None:
        """Beside a status of success: what begins with a condition, above the fields, and the payer's name."""
        self.subject = [self._nameless(line, self._payers) for line in self.subject]
        early = [line for line in self.early if not _CONDITION.match(line)]
        self.early = [self._nameless(line, self._payers) for line in early]
        self.told = [*self.subject, *self.early]

    def _may_succeed(self, line: str) -> bool:
        """Does a line speak of success, and of nothing that denies it?"""
        return self.words.stem.search(line) is not None and not self._vetoed([line]) and not self._denies(line)

    def _is_torn(self, status: str) -> bool:
        """Does a status tell of a success beside the words that deny one: "Успішно Відхилено"?"""
        for _, veto in self.words.veto:
            status = veto.sub(" ", status)
        return has_word(self.words.status, status)

    def _headlines(self) -> list[str]:
        """The subject, the first line, and what speaks of a payment above the fields."""
        return [*self.subject, *self.early[:1], *(line for line in self.early if has_word(self.words.noun, line))]

    def decide_by_status(self) -> Kind:
        paid = [value for value in self.status if is_paid(value, self.words)]
        kind = self._vetoed_by_status(paid)
        if kind and paid:
            raise self.unreadable("two words of status", found="status")
        if kind:
            return kind
        if not self.status or len(paid) != len(self.status):
            raise self.unreadable("one of several payments without a status that we know", found="status")
        return Kind.PAYMENT

    def _vetoed_by_status(self, paid: Sequence[str]) -> Kind | None:
        kind = self._vetoed(self.status)
        if kind and self._vetoed(self.inner) and (paid or not self._vetoed(self.told)):
            raise self.unreadable(
                "denied behind another value on its line, where a payer may have typed it", found="status"
            )
        return kind

    def _vetoed_by_lines(self, paid: bool) -> Kind | None:
        """By the subject, in which a payer's words may stand, and by what the letter opens with."""
        if self._vetoed(self.told) is Kind.VOID and stands_in(self.words.service, self.told):
            raise self.unreadable("tells of something else that was cancelled", found="service")
        kind = self._vetoed(self.subject)
        success = paid or stands_in(self.words.stem, self.subject) or any(map(self._is_success, self.early))
        if kind in MONEY_BACK and success:
            if self._vetoed(self.early) != kind:
                raise self.unreadable("money back by the subject alone, and a success", found="veto in the subject")
        elif kind:
            return kind
        kind = self._vetoed(self.early)
        if kind and not self._vetoed([line for line in self.early if not _MAYBE.search(line)]):
            raise self.unreadable("speaks of what may happen", found="veto")
        if kind in MONEY_BACK and not any(map(self._is_headline, self.told)):
            raise self.unreadable("a sentence about money back that is no headline", found="veto")
        return kind

    def _is_headline(self, sentence: str) -> bool:
        """Does it tell of money back in the words of a payment, and in no others?"""
        words = self.words
        back = [pattern for kind, pattern in words.veto if kind in MONEY_BACK]
        told = [
            word for word in WORD.findall(sentence) if not is_known(word, words) and not _OF_A_REFUND.fullmatch(word)
        ]
        return self._vetoed([sentence]) is not None and all(any(veto.search(word) for veto in back) for word in told)

    def _refuse_denials(self) -> None:
        words = self.words
        if stands_in(words.payout, self.told):
            raise self.unreadable("a letter about a payout", found="payout")
        if self._vetoed(self.doubtful):
            raise self.unreadable("a line that is a pair or a statement denies a payment", found="veto in a pair")
        if stands_in(words.happened, self.late) or any(
            map(self._contradicts, [*self.doubtful, *self.late, *self.aside])
        ):
            raise self.unreadable("its last lines contradict a payment", found="veto below the payment")
        if not self.status and (self._vetoed(self.late) or self._vetoed(self.aside)):
            raise self.unreadable("no status, and words that deny a payment", found="veto without a status")
        for line in (*self.aside, *self.stacked):
            if _YES.search(line) and self._vetoed([line]) and not _MAYBE.search(line):
                raise self.unreadable("says yes to something that is no payment", found=line[:60])
            if words.code.search(line) or (words.typed.search(line) and self._vetoed([line])):
                raise self.unreadable("another kind of operation by its type, or by an error's code", found=line[:60])
        for line in self.told:
            if words.other.search(line):
                raise self.unreadable("tells of something that is no payment", found=line[:60])
            if self._contradicts(line):
                raise self.unreadable("denies something about a payment", found=line[:60])

    def _demand_success(self) -> None:
        words = self.words
        odd = [value for value in self.status if not is_status(value, words)]
        if odd:
            raise self.unreadable(f"status {odd[0][:60]!r} is not a word we know", status=odd[0][:60])
        if stands_in(words.receipt, self.told):
            return
        unsure = [line for line in self.told if words.stem.search(line) and not self._is_plain(line)]
        if unsure:
            raise self.unreadable(f"{unsure[0][:60]!r} is no success that we know", found=unsure[0][:60])
        paid = any(is_paid(value, words) for value in self.status)
        if paid or any(self._is_success(line) for line in (*self.told, *self.late)):
            return
        if self.status or not any(self._is_success(line, self.words.new) for line in self.told):
            raise self.unreadable("nothing says what happened")

    def _addressed(self) -> Kind:
        words = self.words
        to_payer = stands_in(words.receipt, self.told)
        if not to_payer and stands_in(words.payer_thanked, self.late):
            raise self.unreadable("thanks a payer, and is no plain receipt", found="thanks")
        if to_payer and stands_in(words.merchant, self.told):
            raise self.unreadable("speaks to the payer and to the merchant", found="receipt and notice")
        if to_payer:
            return Kind.RECEIPT
        if stands_in(words.payer, self.told):
            raise self.unreadable("speaks to the payer, and is no plain receipt", found="payer")
        if stands_in(words.test, [*self.status, *self.told]):
            return Kind.TEST
        if stands_in(words.tested, [*self.status, *self.told, *self.late, *self.doubtful, *self.aside]):
            raise self.unreadable("speaks of a test, and does not say that it is one", found="test")
        return Kind.PAYMENT

    def _vetoed(self, lines: Sequence[str]) -> Kind | None:
        found = [] if not lines else vetoes(lines, self.words)
        if not found:
            return None
        if found[0] in MONEY_BACK and found[0] is not Kind.CHARGEBACK:
            # "повернення в обробці", "refund declined": no money has moved back
            if kind := next((kind for kind in found if kind in QUIET), None):
                if found[0] is Kind.VOID:
                    raise self.unreadable("cancelled, and waiting", found=str(kind))
                return kind
            pattern = dict(self.words.veto)[found[0]]
            if any(self._denies(line) for line in lines if pattern.search(line)):
                raise self.unreadable("denies that money went back", found="negation")
        return found[0]

    def _is_success(self, sentence: str, success: re.Pattern[str] | None = None) -> bool:
        """A payment, a success, and no word that is not known."""
        words, success = self.words, success or self.words.success
        paid = has_word(words.noun, sentence) or any(words.money.fullmatch(word) for word in _MONEY.findall(sentence))
        return paid and has_word(success, sentence) and self._is_plain(sentence)

    def _is_plain(self, sentence: str) -> bool:
        """Nothing but words that are known, and none that denies: "21:52 успішна." tells nothing, and nothing else either."""
        words = self.words
        if "?" in sentence or self._denies(sentence):
            return False
        return all(is_known(word, words) for word in WORD.findall(words.merchant.sub(" ", sentence)))

    def _denies(self, sentence: str) -> bool:
        return self.words.negation.search(sentence) is not None

    def _contradicts(self, sentence: str) -> bool:
        """Of a payment or a success it says that it was not, was another thing, or was the reader's own."""
        words = self.words
        if not any(is_of_payment(word, words) for word in sentence.split()):
            return False
        return self._denies(sentence) or any(p.search(sentence) is not None for p in (words.other, words.payer))

    def _sentences(self, lines: Sequence[str]) -> list[str]:
        """Sentences without the names of shops and sites."""
        return [
            sentence
            for line in lines
            for sentence in _SENTENCE.split(without_names(self._nameless(self._plain(line), self._names)))
            if sentence.strip()
        ]

    def _plain(self, line: str) -> str:
        """Folded, without phrases that tell of nothing."""
        return self._harmless.sub(" ", fold(line))

    def _nameless(self, line: str, names: Sequence[str]) -> str:
        for name in names:
            line = without(name, line) if name in line else line
        return line

    def unreadable(self, message: str, **facts: Any) -> Unreadable:
        return Unreadable(message, parser=self.parser, **facts)
