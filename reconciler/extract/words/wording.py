"""
A sender's words → what a line of a letter says by them.

Comes in: lines, and patterns of words. Goes out: a line in the form the patterns read, and whether a word, a veto or a success is in
it. What the letter as a whole says, `kinds` decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.extract.remembering import remembered
from reconciler.extract.text import fold_words
from reconciler.model import Kind

_NAME = re.compile(  # a site, an account, a reference
    r"(?<![\w.@/-])(?:(?:https?://)?[a-z0-9][a-z0-9-]*(?:[._@][a-z0-9-]+)+/?|[a-z0-9-]*[0-9][a-z0-9-]*)(?![\w@])"
)
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_PERSON = re.compile(
    r"(?:[^\W\d_a-zа-яіїєґ][^\W\d_]+(?:['’ʼ-][^\W\d_]+)* ){1,3}[^\W\d_a-zа-яіїєґ][^\W\d_]*(?:['’ʼ-][^\W\d_]+)*"
)
_MIXED = re.compile(r"[^\W\d_]*(?:[a-z][а-яіїєґ]|[а-яіїєґ][a-z])[^\W\d_]*")
_BETWEEN_WORDS = re.compile(  # of a status; no cross, no hourglass, no "?"
    r"[\s/|,.()·•✅✔✓☑🟢🎉👍💚💰💳]+(?:[–—-]\s+)?"
)
_LATIN = re.compile(r"[a-z]")
_CYRILLIC = str.maketrans("aeopcyxijskmthb", "аеорсухіјѕкмтнв")
_NAMED = re.compile(r"[a-z0-9]")  # every name has one of these
_BETWEEN = "\0"  # lines; in none of them, and in no pattern
_LONGEST_WORD = 60  # characters; longer ones are not worth remembering
_LONGEST_LINE = 200
_LONGEST_HEAD = 500  # characters of lines that are looked through for words of veto and are worth remembering
_NUMBERED = re.compile(r"\bno[.:]? ?(?=[a-z-]{0,8}[0-9])")  # "order No 5" denies nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Words:
    """A sender's words, as patterns over `fold_words` text."""

    veto: Sequence[tuple[Kind, re.Pattern[str]]]  # first match wins; what never is income
    happened: re.Pattern[str]  # veto words in a form that tells what has happened, not what may
    status: re.Pattern[str]  # one word of a status that says success
    done: re.Pattern[str]  # one word that may stand beside it: "completed"
    noun: re.Pattern[str]  # one word: a payment
    success: re.Pattern[str]  # one word: that it was made
    money: re.Pattern[str]  # one word or sign: a currency, which stands for a payment beside a sum
    plain: re.Pattern[str]  # any other single word that a sentence of success may hold
    stem: re.Pattern[str]  # a trace of success, anywhere in a word
    negation: re.Pattern[str]
    other: re.Pattern[str]  # events that are no payment
    service: re.Pattern[str]  # what can be cancelled and is no payment
    receipt: re.Pattern[str]  # said to a payer
    payer_thanked: re.Pattern[str]  # said to a payer and nobody else, wherever it stands
    payer: re.Pattern[str]  # speaks to a payer, of whatever
    merchant: re.Pattern[str]  # said to a merchant
    register: re.Pattern[str]
    payout: re.Pattern[str]  # our money moving on, no payment of anybody
    test: re.Pattern[str]  # a test, plainly
    tested: re.Pattern[str]  # a word about tests
    typed: re.Pattern[str]  # begins a pair that tells what kind of operation it is
    code: re.Pattern[str]  # a pair with the code of an error
    harmless: re.Pattern[str]  # phrases with such words in them that tell of nothing: "this letter was created …"
    new: re.Pattern[str]  # one word: "new", which beside a payment, and with no status at all, tells that it came


@remembered(longest=_LONGEST_LINE, most=1024)
def fold(text: str) -> str:
    """As the patterns read it; "№" stays a sign, and is no "no"; words in letters of two alphabets are in one."""
    folded = fold_words(text.replace("№", "#"))
    return _MIXED.sub(_in_cyrillic, folded) if _LATIN.search(folded) else folded


def _in_cyrillic(word: re.Match[str]) -> str:
    found = word[0].translate(_CYRILLIC)
    return found if _LATIN.search(found) is None else word[0]


def without_names(line: str) -> str:
    return _NAME.sub(" ", _NUMBERED.sub(" ", line)) if _NAMED.search(line) else line


def without(name: str, line: str) -> str:
    """A line without a name that stands in it as words of its own. No pattern is made of it: those are kept, however long."""
    pieces: list[str] = []
    begun, at = 0, line.find(name)
    while at >= 0:
        end = at + len(name)
        if _is_of_word(line[at - 1 : at]) or _is_of_word(line[end : end + 1]):
            at = line.find(name, at + 1)
            continue
        pieces.append(line[begun:at])
        begun, at = end, line.find(name, end)
    return " ".join([*pieces, line[begun:]])


def _is_of_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def stands_in(pattern: re.Pattern[str], lines: Sequence[str]) -> bool:
    """All lines are looked through at once, and one by one only where something may have been found across two of them."""
    return pattern.search(_BETWEEN.join(lines)) is not None and any(pattern.search(line) for line in lines)


@remembered(longest=_LONGEST_WORD, most=8192)
def is_of_payment(word: str, words: Words) -> bool:
    """Has it a trace of success in it, or a word for a payment?"""
    return words.stem.search(word) is not None or has_word(words.noun, word)


def is_known(word: str, words: Words) -> bool:
    return any(p.fullmatch(word) for p in (words.noun, words.success, words.done, words.plain, words.money))


@remembered(longest=_LONGEST_WORD, most=1024)
def is_only_a_name(text: str, words: Words) -> bool:
    """Is this a person's name, in two words or more, and has none of them anything to say in a letter?"""
    if _PERSON.fullmatch(text) is None:
        return False
    folded = fold(text)
    telling = (
        *(pattern for _, pattern in words.veto), words.happened, words.stem, words.negation, words.other, words.service,
        words.receipt, words.payer, words.merchant, words.register, words.payout, words.tested, words.typed,
    )  # fmt: skip
    return not any(pattern.search(folded) for pattern in telling) and not any(
        is_known(word, words) for word in WORD.findall(folded)
    )


def vetoes(lines: Sequence[str], words: Words) -> Sequence[Kind]:
    """The kinds whose words of veto stand in these lines."""
    return _vetoes(_BETWEEN.join(lines), words)


@remembered(longest=_LONGEST_HEAD, most=1024)
def _vetoes(joined: str, words: Words) -> Sequence[Kind]:
    lines = joined.split(_BETWEEN)
    return tuple(kind for kind, pattern in words.veto if stands_in(pattern, lines))


def has_word(pattern: re.Pattern[str], sentence: str) -> bool:
    return any(pattern.fullmatch(word) for word in WORD.findall(sentence))


def is_status(value: str, words: Words) -> bool:
    """Words of success and of payment, joined by blanks, strokes, commas, brackets and ticks, and nothing else."""
    known = (words.status, words.done, words.noun, words.success)
    parts = [part for part in _BETWEEN_WORDS.split(value.strip(" .!")) if part]
    return bool(parts) and all(any(pattern.fullmatch(part) for pattern in known) for part in parts)


def is_paid(value: str, words: Words) -> bool:
    received = has_word(words.success, value) and has_word(words.noun, value)  # "payment received"
    return (received or has_word(words.status, value)) and is_status(value, words)
