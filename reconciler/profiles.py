"""
[parsers.NAME] of the settings → parsers without code.

Comes in: a profile's table: senders, labels, words, how sums and dates are written. Goes out: a `Profile`, which satisfies
`Parser` and is read by the same engine as every other; `parsers_of` joins them with the installed parsers, and refuses what
two of them would claim.

No text of an owner is a regular expression: phrases are compared as they stand, and an order number's place is `{order}` between
fixed words. So none can cost more than the letter is long.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.config import ParserSettings, Settings
from reconciler.discovery import find_parsers
from reconciler.errors import ConfigError, FieldAmbiguous
from reconciler.extract.fieldnames import LABELS, ORDER_LABELS
from reconciler.extract.fields import Sheet
from reconciler.extract.layout.labeltable import folded
from reconciler.extract.notices import Tables, read_notices, sheet_of
from reconciler.extract.text import fold_words, one_line
from reconciler.extract.values.amounts import Manner
from reconciler.extract.values.orders import clean_order
from reconciler.extract.words.wordlist import WORDS
from reconciler.model import Address, Message, Notice
from reconciler.ports import Parser
from reconciler.reading import is_reconstructed, is_sender

FIELDS = {
    "transaction_id": "reference",
    "order_number": "order",
    "paid_at": "date",
    "payer_name": "payer",
    "payer_email": "email",
    "payer_phone": "phone",
    "payer_card": "card",
}
"""Keys of `labels` that the engine has other names for."""

PAID, UNPAID = "успішний платіж", "відхилено"
"""What a sender's own phrases are read as: the engine's words for a payment that was made, and for one that was not."""

_NUMBER = r"[^\W_][\w./-]{0,39}"
_AND = r"(?P<more>\s*(?:[,;&+]|(?:та|і|и|й|and)\s)\s*(?:№|#)?\s*\w{0,10}\d)?"


@dataclass(slots=True, kw_only=True)  # not frozen: a Parser's NAME is an ordinary attribute
class Profile:
    """One [parsers.NAME]. VERSION changes with anything in it."""

    NAME: str
    VERSION: str
    gateway: str
    senders: tuple[str, ...]  # addresses and domains
    subject: tuple[str, ...]
    tables: Tables

    def claims(self, message: Message) -> bool:
        """The one From address is one of the senders, and the subject has one of the words where words are told."""
        if not is_sender(message.sender, self.senders):
            return False
        told = fold_words(message.subject)
        return not self.subject or any(fold_words(word) in told for word in self.subject)

    def parse(self, message: Message) -> Sequence[Notice]:
        return read_notices(message, self.tables)

    def sheet(self, message: Message) -> Sheet:
        """Every label and value of the letter: what `explain` shows."""
        return sheet_of(message, self.tables)


def profile_of(table: ParserSettings) -> Profile:
    """A profile's table as a parser."""
    formats = table.formats
    return Profile(
        NAME=table.name,
        VERSION=hashlib.sha256(repr(table).encode()).hexdigest()[:12],
        gateway=table.gateway,
        senders=(*table.senders, *table.domains),
        subject=table.subject,
        tables=Tables(
            name=table.name,
            gateway=table.gateway,
            labels=_labels(table),
            timezone=str(table.timezone),
            manner=Manner(
                decimal=formats.decimal or None, thousands=formats.thousands or None, currency=table.currency
            ),
            day_first=formats.date.day_first,
            translate=_translator(table),
            cleaned=_cleaner(table.order_patterns),
        ),
    )


def parsers_of(settings: Settings | None, installed: Collection[Parser] | None = None) -> tuple[Parser, ...]:
    """
    The installed parsers and the settings' profiles, by name; a reconstructed parser gives way to a profile of its sender.

    installed: parsers instead of those that are found.
    Raises: ConfigError: every problem with them at once.
    """
    coded = find_parsers() if installed is None else tuple(installed)
    if settings is None or not settings.parsers:
        return coded
    profiles = [profile_of(table) for table in settings.parsers.values()]
    coded = tuple(parser for parser in coded if not _gives_way(settings, parser, profiles))
    problems = [*_claimed_by_code(settings, profiles, coded), *_claimed_twice(profiles), *_contradictions(settings)]
    if problems:
        raise ConfigError(problems, path=str(settings.path))
    return tuple(sorted((*coded, *profiles), key=lambda parser: parser.NAME))


def gateway_of(parser: Parser) -> str:
    """The gateway whose letters a parser reads: a profile says which, a parser in code is named for it."""
    return parser.gateway if isinstance(parser, Profile) else parser.NAME


# ---------------------------------------------------------------- what is wrong between them


def _claimed_by_code(settings: Settings, profiles: Iterable[Profile], coded: Collection[Parser]) -> Iterator[str]:
    names = {parser.NAME for parser in coded}
    for profile in profiles:
        if profile.NAME in names:
            yield f"parsers.{profile.NAME}: a parser of this name is installed; give the profile another name"
            continue
        for sender in profile.senders:
            for parser in coded:
                if _reads(settings, parser, sender):
                    yield f'parsers.{profile.NAME}: "{sender}" is read by the installed parser {parser.NAME} already'


def _gives_way(settings: Settings, parser: Parser, profiles: Collection[Profile]) -> bool:
    """An owner who has seen the letters knows them better than who has not."""
    return is_reconstructed(parser) and any(
        _reads(settings, parser, sender) for profile in profiles for sender in profile.senders
    )


def _reads(settings: Settings, parser: Parser, sender: str) -> bool:
    """Does the parser claim a sender's mail, by itself or by its gateway's settings?"""
    message = _from(sender)
    gateway = settings.gateways.get(parser.NAME)
    further = (*gateway.domains, *gateway.senders) if gateway else ()
    return parser.claims(message) or is_sender(message.sender, further)


def _claimed_twice(profiles: Sequence[Profile]) -> Iterator[str]:
    """Two profiles of one sender must be told apart by their subjects."""
    for index, profile in enumerate(profiles):
        for other in profiles[index + 1 :]:
            shared = [s for s in profile.senders if is_sender(_from(s).sender, other.senders)]
            shared += [s for s in other.senders if is_sender(_from(s).sender, profile.senders) and s not in shared]
            if shared and not _are_apart(profile.subject, other.subject):
                yield (
                    f'parsers.{other.NAME}: "{shared[0]}" is a sender of [parsers.{profile.NAME}] too; '
                    "tell them apart by `subject`"
                )


def _are_apart(words: Sequence[str], others: Sequence[str]) -> bool:
    """Has no subject that has one of these words one of the others for that alone?"""
    pairs = [(fold_words(word), fold_words(other)) for word in words for other in others]
    return bool(pairs) and not any(word in other or other in word for word, other in pairs)


def _contradictions(settings: Settings) -> Iterator[str]:
    """Phrases by which a profile would overlook that a payment was not made."""
    for name, table in settings.parsers.items():
        for key in ("success", "ignore"):
            for index, phrase in enumerate(getattr(table, key)):
                told = fold_words(phrase)
                if WORDS.negation.search(told) or any(pattern.search(told) for _, pattern in WORDS.veto):
                    yield (
                        f'parsers.{name}.{key}[{index}] = "{phrase}": holds a word that says a payment was not made; '
                        "a letter with it is never a payment"
                    )


def _from(sender: str) -> Message:
    address = Address(name="", email=sender if "@" in sender else f"x@{sender}")
    return Message(raw=b"", sha256="", senders=(address,))


# ---------------------------------------------------------------- tables


def _labels(table: ParserSettings) -> dict[str, tuple[str, ...]]:
    """
    Field → labels as the engine names fields. What a profile leaves out has the house's labels, but for the fields by which
    money is booked; a label of the profile's is no other field's.
    """
    own = {FIELDS.get(key, key): getattr(table.labels, key) for key in type(table.labels).model_fields}
    taken = folded([label for labels in own.values() for label in labels])
    found = {
        name: tuple(label for label in labels if not folded([label]) & taken)
        for name, labels in LABELS.items()
        if not own.get(name)
    }
    return {
        **found,
        **{name: labels for name, labels in own.items() if labels or name not in found},
        "any_order": own["order"] or ORDER_LABELS,
    }


def _translator(table: ParserSettings) -> Callable[[str], str]:
    """The sender's phrases in the engine's words; what says that a payment was not made goes first."""
    steps = [
        (_phrases(table.veto, end=r"\w*"), f" {UNPAID} "),
        (_phrases(table.ignore), " "),
        (_phrases(table.success), f" {PAID} "),
    ]
    told = [(pattern, words) for pattern, words in steps if pattern is not None]

    def translate(text: str) -> str:
        folded_text = fold_words(text)
        for pattern, words in told:
            folded_text = pattern.sub(words, folded_text)
        return folded_text if folded_text != fold_words(text) else text

    return translate


def _phrases(phrases: Collection[str], end: str = r"(?!\w)") -> re.Pattern[str] | None:
    words = sorted({fold_words(phrase) for phrase in phrases}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))}){end}") if words else None


def _cleaner(patterns: Collection[str]) -> Callable[[str], str | None]:
    """What an order's label says → its number: the token at `{order}` where one of the texts is found, else as everywhere."""
    known = [_pattern(text) for text in patterns]

    def cleaned(value: str) -> str | None:
        line = one_line(value)
        hits = [hit for pattern in known for hit in pattern.finditer(line)]
        numbers = {number for hit in hits if (number := clean_order(hit["order"])) is not None}
        if len(numbers) > 1 or any(hit["more"] for hit in hits):
            raise FieldAmbiguous(
                f"order_number: {value[:80]!r} holds more than a number",
                field="order_number",
                values=sorted(numbers) if len(numbers) > 1 else [value[:80]],
            )
        return numbers.pop() if numbers else clean_order(value)

    return cleaned


def _pattern(text: str) -> re.Pattern[str]:
    before, after = (" ".join(part.split()) for part in text.split("{order}"))
    left = rf"(?<!\w){_fixed(before)}[\s:]*(?:№|#)?\s*" if before else r"(?<![\w./-])"
    right = rf"\s*{_fixed(after)}(?!\w)" if after else r"(?![\w/-])"
    return re.compile(rf"{left}(?P<order>{_NUMBER}){right}{_AND}", re.IGNORECASE)


def _fixed(words: str) -> str:
    return r"\s+".join(re.escape(word) for word in words.split())
