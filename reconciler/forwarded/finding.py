"""
A mail → the one letter that is forwarded in its text.

Comes in: a `Message`. Goes out: `Forward`: the letter as a `Message` of its own, or why there is none that can be told. Its text is
what stands below the header that a mail program wrote over it: what a person added above is not in it, a signature or footer
below it is, for nothing tells where the letter ends. It has no bytes of its own, so that no signature can be taken for its.

An answer quotes under the same kind of header. It is told by its subject, by the line "… wrote:", or, where programs write one and
the same header over both and the subject says neither, not at all: then nothing is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from reconciler.extract.layout.page import LONGEST_TEXT, MOST_TAGS
from reconciler.extract.text import fold_words
from reconciler.forwarded import headers, lines
from reconciler.forwarded.headers import Doubt, Header
from reconciler.forwarded.lines import Lines
from reconciler.forwarded.words import FORWARDING, ON_BEHALF, PUBLIC_DOMAINS, REPLYING, Banner, Role
from reconciler.model import Address, Message, TextPart

# whole, in letters that every domain has: a part of an address, or one that only looks alike, is none
_ADDRESS = re.compile(
    r"(?<![\w.@%+=-])[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+(?![\w@-]|\.[\w@-])"
)
_PREFIX = re.compile(r"\s*(?P<word>[^\W\d_]{1,12})\.?\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]")
_TARGET = re.compile(r"[ \t]?<(?:https?://|mailto:)[^<>\s]{1,500}>")
"""Where a link leads, as programs write it behind the link's words in the text that they make of HTML."""

_BOLD = re.compile(r"(?<!\S)\*|\*(?!\S)")
_HASH_OF_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """letter: the one that is forwarded; None: `why` says why none can be told, "" when nothing looks like a forward."""

    letter: Message | None = None
    why: str = ""


def find(message: Message) -> Forward:
    """The one letter that is forwarded in a mail's own text."""
    sender = message.sender
    bodies = (*message.texts, *message.htmls)
    if sender is None or message.too_large or not bodies:
        return Forward()
    own = _own(sender)
    try:
        _refuse_excess(bodies)
        letter = _letter(message, own)
        others = [_letter(other, own) for other in message.otherwise()]
        return Forward(letter=_with_others(letter, others))
    except Doubt as doubt:
        return Forward(why=str(doubt))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """What the parts of one kind forward."""

    header: Header
    sender: Address
    parts: tuple[TextPart, ...]


def _letter(message: Message, own: frozenset[str]) -> Message | None:
    """None: nothing in it looks like a forward. Raises: Doubt."""
    kinds = [(message.texts, lines.of_text), (message.htmls, lines.of_html)]
    cuts = [_cut(message, parts, read, own) for parts, read in kinds if _says_something(parts)]
    found = [cut for cut in cuts if cut is not None]
    if not found:
        return None
    header, sender = found[0].header, found[0].sender
    if len(found) < len(cuts) or any(_differ(found[0], other) for other in found[1:]):
        raise Doubt("its text and its HTML do not forward the same letter")
    return Message(
        raw=b"",
        sha256=_HASH_OF_NOTHING,
        senders=(sender,),
        recipients=tuple(
            Address(name="", email=email)
            for role in (Role.TO, Role.CC)
            for email in _addresses(header.values.get(role, ""))
        ),
        subject=_subject(header),
        date=_date(header.values.get(Role.DATE, "")),
        texts=tuple(part for cut in found for part in cut.parts if part.path.startswith("forwarded.text")),
        htmls=tuple(part for cut in found for part in cut.parts if part.path.startswith("forwarded.html")),
        attachments=message.attachments,
        lossy=message.lossy,
        inner=True,
        defects=message.defects,
        within=message,
    )


def _refuse_excess(bodies: Sequence[TextPart]) -> None:
    """Raises: Doubt: a mail of so much text, or of so many elements, forwards no notice."""
    if (
        sum(len(part.content) for part in bodies) > LONGEST_TEXT
        or sum(part.content.count("<") for part in bodies) > MOST_TAGS
    ):
        raise Doubt("more text than a notice has")


def _with_others(letter: Message | None, others: Sequence[Message | None]) -> Message | None:
    """The letter, its texts with what they may be besides (`message.flowed`). Raises: Doubt: it may be another letter then."""
    if letter is None and not any(others):
        return None
    told = [other for other in others if other is not None]
    if letter is None or len(told) < len(others) or any(_told(other) != _told(letter) for other in told):
        raise Doubt("what it forwards depends on how its lines were meant, which no signature covers")
    texts = [
        replace(part, others=tuple(dict.fromkeys(other.texts[at].content for other in told)))
        for at, part in enumerate(letter.texts)
    ]
    return replace(letter, texts=tuple(texts))


def _told(letter: Message) -> tuple[object, ...]:
    """What a letter's header tells, and in which parts it stands."""
    return letter.senders, letter.recipients, fold_words(letter.subject), [part.path for part in letter.texts]


def _cut(message: Message, parts: Sequence[TextPart], read: Callable[[str], Lines], own: frozenset[str]) -> _Cut | None:
    told = [read(part.content) for part in parts]
    found = headers.the_one(told, own)
    if found is None:
        if headers.answers(told):
            raise Doubt("it answers a letter, and what an answer quotes is no new notice")
        return None
    at, header = found
    _refuse_answers(message.subject, header)
    below = told[at].below(told[at].lines[header.last])
    kept = (replace(parts[at], content=below), *parts[at + 1 :])
    if message.htmls and parts is message.texts:
        kept = tuple(replace(part, content=_TARGET.sub("", part.content)) for part in kept)
    return _Cut(
        header=header,
        sender=_sender(header.values[Role.FROM]),
        parts=tuple(replace(part, path=f"forwarded.{part.path}") for part in kept),
    )


def _says_something(parts: Sequence[TextPart]) -> bool:
    return any(part.content.strip() for part in parts)


def _differ(one: _Cut, other: _Cut) -> bool:
    subjects = [fold_words(_subject(cut.header)).replace(" ", "") for cut in (one, other)]
    return one.sender.email != other.sender.email or subjects[0] != subjects[1]


def _subject(header: Header) -> str:
    return _TARGET.sub("", header.values.get(Role.SUBJECT, ""))


def _refuse_answers(subject: str, header: Header) -> None:
    """Raises Doubt: by its subject the mail answers, or it may."""
    if _prefix(subject) in REPLYING:
        raise Doubt("by its subject it answers a letter, and what an answer quotes is no new notice")
    if not says_forwarded(subject) and header.banner is not Banner.FORWARDED:
        raise Doubt("its subject does not say whether it forwards the letter in its text, or answers it")


def says_forwarded(subject: str) -> bool:
    """Does a subject begin as a mail program makes it of a letter that is forwarded: "Fwd: …"?"""
    return _prefix(subject) in FORWARDING


def _prefix(subject: str) -> str:
    match = _PREFIX.match(fold_words(subject))
    return match["word"] if match else ""


def _sender(value: str) -> Address:
    """Whose letter it is. Raises: Doubt: no address, or several."""
    *senders, written = ON_BEHALF.split(_BOLD.sub(" ", value))
    found = _addresses(written)
    # "X on behalf of Y": X sent it and says that Y wrote it, which of a stranger's X nothing shows
    strange = found and any(_domains(sender) != _domains(found[0]) for sender in senders)
    if strange or len(found) != 1 or "@" in _ADDRESS.sub("", written):
        names = "no address" if "@" not in written else "no one address"
        raise Doubt(f"the header in its text has {names} of the sender: {value[:80]!r}")
    name = written.partition("<")[0].partition("[")[0].strip(" \"'«»")
    return Address(name="" if "@" in name else name, email=found[0])


def _addresses(text: str) -> list[str]:
    """Each address once, however often it is written, with the domain in lower case."""
    found: dict[str, str] = {}
    for match in _ADDRESS.finditer(text):
        local, _, domain = match[0].rpartition("@")
        found.setdefault(match[0].casefold(), f"{local}@{domain.lower()}")
    return list(found.values())


def _domains(text: str) -> set[str]:
    return {email.rpartition("@")[2] for email in _addresses(text)}


def _own(sender: Address) -> frozenset[str]:
    """What may stand in a person's own words: his address, and his firm's; not whom he writes to, who may be anybody."""
    firm = {f"@{sender.domain}"} if sender.domain not in PUBLIC_DOMAINS else set()
    return frozenset({sender.email.lower()} | firm)


def _date(printed: str) -> datetime | None:
    """When it was sent, where the header says the offset; programs that print their own local time do not."""
    try:
        found = parsedate_to_datetime(printed)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
