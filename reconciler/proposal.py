"""
A letter that nobody claims → a profile that reads it, proposed.

Comes in: a message. Goes out: a `Proposal`: TOML for the settings, what the letter reads as with it, and what could not be placed.
A label is placed in a field when the house knows it, when its name speaks of the field and its value can be one, or when no
other value in the letter can be. Two that differ are both named and none is placed. The TOML is tried on the letter by the
same code that reads the settings, so that what is said of it is true.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from reconciler.config.tables import ParserSettings
from reconciler.config.values import MailAddresses, Surroundings
from reconciler.errors import FieldAmbiguous, HeldError, Unreadable
from reconciler.extract.fieldnames import LABELS, ORDER_LABELS
from reconciler.extract.layout.labeltable import folded
from reconciler.extract.layout.page import Pair
from reconciler.extract.notices import HOUSE, sheet_of
from reconciler.extract.text import fold_words, one_line
from reconciler.extract.values.amounts import read_amount
from reconciler.extract.values.dates import read_moment
from reconciler.extract.values.orders import clean_order
from reconciler.extract.words.wordlist import WORDS
from reconciler.model import Address, Message, Notice
from reconciler.profiles import FIELDS, profile_of
from reconciler.reading import read

KYIV = ZoneInfo("Europe/Kyiv")
NEEDED = ("amount", "transaction_id", "paid_at")
_NEVER = folded([label for name in ("fee", "price", "refund_amount", "reason") for label in LABELS[name]])
_NO_PAYMENT = re.compile(
    r"коміс|комис|залиш|остат|баланс|ліміт|лимит|доступ|пдв|ндс|податок|balance|limit|available|fee\b|tax|vat\b"
)
_GENERIC = frozenset({"com", "co", "org", "net", "gov", "edu", "mail", "www", "info", "notify", "email"})
_ADDRESSES = TypeAdapter[tuple[str, ...]](MailAddresses)
_MOST_TRIES = 12
_NOT_MADE = (
    *(pattern for _, pattern in WORDS.veto),
    *(WORDS.negation, WORDS.other, WORDS.payout, WORDS.register, WORDS.tested, WORDS.receipt),
    re.compile(
        r"\b(?:до сплати|до оплати|к оплате|сплатіть|оплатіть|оплатите|нагадув|напомин|to pay|pay now|please pay|due\b|reminder)"
    ),
)
"""A phrase with one of these is proposed for no payment that was made."""
_REMARKS = {
    "success": "  # does it say so of a payment that was made, and of no other?",
    "currency": "  # the letter prints none",
    "formats.date": "  # by the day on which the letter was sent",
}

# field → what its label speaks of, where the house does not know the whole of it
STEMS = {
    "amount": re.compile(r"сум|amount|total|разом|всього|итого|sum\b|paid|зарах"),
    "transaction_id": re.compile(r"транзакц|операці|операци|документ|референс|квитанц|платеж|платіж|transaction|reference|payment|\bid\b|rrn|uid"),
    "paid_at": re.compile(r"дат|час|врем|провед|date|time|\bat\b|\bon\b"),
    "order_number": re.compile(r"замовл|заказ|order|рахун|invoice|признач|назнач|пояснен|purpose|комент|comment|деталі|детали|details|опис"),
    "merchant": re.compile(r"магазин|мерчант|merchant|отримувач|получатель|shop|store|торгов"),
    "status": re.compile(r"статус|стан\b|результат|status|result|state"),
    "payer_name": re.compile(r"платник|відправник|плательщик|отправитель|клієнт|клиент|payer|sender|customer|пі[пб]|фио"),
    "payer_email": re.compile(r"mail|пошт|почт"),
    "payer_phone": re.compile(r"телефон|phone|моб"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """toml: may be pasted into the settings. reads: the notices it gives; None: it is not whole. unplaced: one line each."""

    name: str
    toml: str
    reads: tuple[Notice, ...] | None
    unplaced: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A profile on its way: labels by field with what stands there, and further lines."""

    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    samples: dict[str, str] = field(default_factory=dict)
    unplaced: list[str] = field(default_factory=list)
    lines: dict[str, object] = field(default_factory=dict)


def propose(message: Message, *, taken: Collection[str] = ()) -> Proposal | None:
    """
    A profile for the sender of a message; None when it has no one sender, one that settings refuse, or more text than a notice.

    taken: names of parsers and gateways there are.
    """
    sender = message.sender
    if sender is None:
        return None
    try:
        _ADDRESSES.validate_python([sender.email])
        pairs = _pairs(message)
    except (ValidationError, Unreadable):
        return None
    name = _name(sender.domain, taken)
    draft = _Draft()
    for place in (*STEMS, "currency"):
        _place(draft, place, pairs)
    _order_pattern(draft)
    reads = _tried(draft, name, message) if all(place in draft.labels for place in NEEDED) else None
    toml = _warned(sender, taken) + _toml(draft, name, message, whole=reads is not None)
    return Proposal(name=name, toml=toml, reads=reads, unplaced=tuple(draft.unplaced))


# ---------------------------------------------------------------- placing


def _pairs(message: Message) -> list[Pair]:
    """Every pair that says something, read with the house's labels."""
    return [pair for pair in sheet_of(message, HOUSE).pairs if one_line(pair.value) and pair.key and not pair.unsure]


def _place(draft: _Draft, place: str, pairs: Sequence[Pair]) -> None:
    """Find the labels of a field among those that are no other field's."""
    used = folded([label for labels in draft.labels.values() for label in labels])
    known = _known(place)
    others = folded([label for name in (*STEMS, "currency") if name != place for label in _known(name)])
    free = [(pair, _value(place, pair.value)) for pair in pairs if not (pair.key in used | _NEVER or _is_aside(pair))]
    able = [(pair, value) for pair, value in free if value is not None]
    stem = STEMS.get(place)
    ranks = (
        [(pair, value) for pair, value in able if pair.key in folded(known)],
        [(pair, v) for pair, v in able if stem and stem.search(fold_words(pair.label)) and pair.key not in others],
        [(pair, value) for pair, value in able if pair.key not in others] if place in NEEDED else [],
    )
    found = next((rank for rank in ranks if rank), [])
    if len({value for _, value in found}) > 1:
        told = "; ".join(f"{pair.label}: {one_line(pair.value)}" for pair, _ in found)
        draft.unplaced.append(f"{place}: several values can be it: {told}")
    elif found:
        labels = list(dict.fromkeys(pair.label for pair, _ in found))
        draft.labels[place] = tuple({folded([label]): label for label in labels}.values())
        draft.samples[place] = one_line(found[0][0].value)
    elif place in (*NEEDED, "order_number"):
        draft.unplaced.append(f"{place}: no label with a value that can be it")


def _is_aside(pair: Pair) -> bool:
    return _NO_PAYMENT.search(fold_words(pair.label)) is not None


def _known(place: str) -> Collection[str]:
    if place == "order_number":
        return (*ORDER_LABELS, *LABELS["purpose"])
    return (*LABELS[FIELDS.get(place, place)], *(LABELS["operation"] if place == "status" else ()))


def _value(place: str, text: str) -> object | None:
    """What a value is as a field's; None: it cannot be one."""
    line = one_line(text)
    tests: Mapping[str, Callable[[str], object | None]] = {
        "amount": partial(_reading, lambda value: read_amount(value)[0]),
        "paid_at": partial(_reading, lambda value: read_moment(value, zone=KYIV).instant),
        "transaction_id": lambda value: value if _is_id(value) else None,
        "order_number": lambda value: value if any(char.isdigit() for char in value) and not _is_sum(value) else None,
        "payer_email": lambda value: value if re.fullmatch(r"\S+@\S+\.\S+", value) else None,
        "payer_phone": lambda value: value if re.fullmatch(r"[+\d][\d\s()-]{8,20}", value) else None,
        "currency": lambda value: value if re.fullmatch(r"[A-Z]{3}|[^\W\d]{3,8}\.?|[₴$€£]", value) else None,
    }
    return tests.get(place, str)(line)


def _reading(how: Callable[[str], object], value: str) -> object | None:
    try:
        return how(value)
    except FieldAmbiguous:
        return value  # it is one, and the formats have to say which
    except HeldError:
        return None


def _is_sum(value: str) -> bool:
    return re.search(r"\d[.,]\d\d\b", value) is not None and _value("amount", value) is not None


def _is_id(value: str) -> bool:
    whole = re.fullmatch(r"\S*\d\S*", value) is not None and "@" not in value and "*" not in value
    return whole and not _is_sum(value) and _value("paid_at", value) is None


def _order_pattern(draft: _Draft) -> None:
    """Words around a number that the house's own rule does not take: "Оплата за замовлення 12345 від Петренка"."""
    value = draft.samples.get("order_number")
    if value is None:
        return
    try:
        if clean_order(value) is not None:
            return
    except FieldAmbiguous:
        pass  # a number among others, which the words before it may tell
    found = re.search(
        r"(?i)(?<!\w)((?:замовлення|замовл|заказу?|order|рахун\w+|invoice|договор\w*))\b\s*(?:№|#)?\s*\w*\d", value
    )
    if found:
        draft.lines["order_patterns"] = [f"{found[1]} {{order}}"]
    else:
        draft.unplaced.append(f"order_number: no number that can be told in {value!r}; write order_patterns")


# ---------------------------------------------------------------- trying


def _tried(draft: _Draft, name: str, message: Message) -> tuple[Notice, ...] | None:
    """What the letter reads as, with whatever further lines make it read; None: what is in the way is told as unplaced."""
    phrases = iter(list(_phrases(draft, message)))
    for _ in range(_MOST_TRIES):
        try:
            return read(message, [profile_of(_table(draft, name, message))]).notices
        except HeldError as exc:
            about = exc.facts.get("field")
            if about == "currency" and "currency" not in draft.lines:
                draft.lines["currency"] = "UAH"
            elif about == "paid_at" and isinstance(exc, FieldAmbiguous) and _near(draft, message, exc):
                continue
            elif about is None and isinstance(exc, Unreadable) and (phrase := _next(phrases, draft, exc)) is not None:
                draft.lines["success"] = [*_listed(draft, "success"), phrase]
            else:
                draft.unplaced.append(f"{about or 'kind'}: {exc}")
                break
    for key in ("success", "currency"):
        draft.lines.pop(key, None)  # they did not help
    return None


def _phrases(draft: _Draft, message: Message) -> Iterator[str]:
    """Where a letter tells of a payment that was made: its status and its subject."""
    subject = max(re.split(r"[^\w\s'’ʼ-]+|\S*\d\S*", one_line(message.subject)), key=len, default="")
    return iter([draft.samples.get("status", ""), subject])


def _next(phrases: Iterator[str], draft: _Draft, error: Unreadable) -> str | None:
    """The words for a success to try next: after the usual places those that stand in the reader's way."""
    known = _listed(draft, "success")
    found = (one_line(phrase) for phrase in chain(phrases, [str(error.facts.get("found", ""))]))
    return next((phrase for phrase in found if phrase not in known and _may_be_success(phrase)), None)


def _may_be_success(phrase: str) -> bool:
    """Does it deny nothing, and say more than a sign?"""
    told = fold_words(phrase)
    return len(told) > 3 and not any(pattern.search(told) for pattern in _NOT_MADE)


def _near(draft: _Draft, message: Message, error: FieldAmbiguous) -> bool:
    """Of two days the one on which the letter was sent settles the order; is there one?"""
    printed = re.match(r"\D*\d{1,2}([/-])\d{1,2}\1\d{4}", draft.samples["paid_at"])
    if message.date is None or "formats.date" in draft.lines or printed is None:
        return False
    days = [datetime.fromisoformat(str(value)).date() for value in error.facts.get("values", ())]
    sent = message.date.astimezone(KYIV).date()
    hits = [index for index, day in enumerate(days) if abs((day - sent).days) <= 1]
    if len(hits) != 1:
        return False
    mark = printed[1]
    draft.lines["formats.date"] = (f"DD{mark}MM{mark}YYYY", f"MM{mark}DD{mark}YYYY")[hits[0]]
    return True


def _table(draft: _Draft, name: str, message: Message) -> ParserSettings:
    table = tomllib.loads(_toml(draft, name, message, whole=True))["parsers"][name]
    return ParserSettings.model_validate({**table, "name": name}, context=Surroundings(base=Path(), environ={}))


# ---------------------------------------------------------------- writing


def _toml(draft: _Draft, name: str, message: Message, *, whole: bool) -> str:
    """The tables; a line of the letter stands beside each label as a comment."""
    sender = message.sender
    if sender is None:
        raise ValueError("a profile is of one sender")
    signed = [
        found[1].lower() for value in message.header("DKIM-Signature") if (found := re.search(r"\bd=([\w.-]+)", value))
    ]
    vouching = [domain for domain in signed if sender.domain == domain or sender.domain.endswith(f".{domain}")]
    lines = [f"[gateways.{name}]", f"domains = {_written([*vouching, sender.domain][:1])}", "", f"[parsers.{name}]"]
    lines.append(f"senders = {_written([sender.email])}")
    for place, labels in draft.labels.items():
        lines.append(f"labels.{place} = {_written(labels)}  # {_shown(draft.samples[place])}")
    lines += [f"# labels.{place} = []  # to be placed by hand" for place in NEEDED if place not in draft.labels]
    lines += [f"{key} = {_written(value)}{_REMARKS.get(key, '')}" for key, value in draft.lines.items()]
    if not vouching:
        lines += [f"# no signature of {sender.domain} stands in the letter: nobody vouches for it"]
    if "merchant" not in draft.labels:
        lines += ["# the letter names no shop: [mailboxes.NAME] merchant says whose such letters are"]
    if not whole:
        lines += ["# as it stands it does not read the letter; see what could not be placed"]
    return "\n".join(lines) + "\n"


def _warned(sender: Address, taken: Collection[str]) -> str:
    """Of a sender that looks like one that is read already, and is another."""
    for known in taken:
        words = [word for part in sender.domain.split(".") for word in (part, *part.split("-"))]
        if known in f"{sender.name} {sender.email}".casefold() or difflib.get_close_matches(
            known, words, n=1, cutoff=0.8
        ):
            return f"# BEWARE: {sender.domain} calls itself like {known}, and is not: is this letter a forgery?\n"
    return ""


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text[:60])


def _listed(draft: _Draft, key: str) -> list[object]:
    value = draft.lines.get(key, [])
    return list(value) if isinstance(value, list) else []


def _name(domain: str, taken: Collection[str]) -> str:
    parts = [part for part in domain.split(".")[:-1] if part not in _GENERIC] or [domain.split(".")[0]]
    name = re.sub(r"[^A-Za-z0-9_-]", "_", parts[-1]) or "sender"  # TOML's bare keys are ASCII
    while name in taken:
        name += "_2"
    return name
