"""
A decoded message → the notices in it, read by exactly one parser.

Comes in: a `Message` and the parsers. Goes out: a `Reading`, or a `HeldError` with the reason under which the message is
held. Nothing here knows a sender; a parser that breaks in a way it did not foresee holds its mail and stops nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from reconciler import forwarded
from reconciler.errors import ClaimedTwice, HeldError, MessageDamaged, MessageTooLarge, ParserFailed, Unclaimed
from reconciler.model import MONEY_BACK, UNVERSIONED, Address, Kind, Message, Notice
from reconciler.ports import Parser

_NOTHING: Mapping[str, Collection[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The notices of a message; `source` is the message they stand in, of which trust is judged."""

    parser: str
    notices: tuple[Notice, ...]
    source: Message


@runtime_checkable
class Configurable(Protocol):
    """A parser that takes settings: `configured` returns it with them."""

    def configured(self, *, order_fields: Collection[str] = (), timezone: str | None = None) -> Parser: ...


def read(
    message: Message,
    parsers: Collection[Parser],
    *,
    senders: Mapping[str, Collection[str]] = _NOTHING,
    order_fields: Mapping[str, Collection[str]] = _NOTHING,
    timezones: Mapping[str, str] = MappingProxyType({}),
    forwarders: Collection[str] | None = None,
    damage_seen: bool = False,
) -> Reading:
    """
    Have a message read by the one parser that claims it.

    senders: per parser NAME further domains and addresses from the settings under which it claims too.
    order_fields: per parser NAME the labels of the field that holds the order number. timezones: per parser NAME.
    forwarders: as `claim` takes them.
    damage_seen: a person has compared a message that was decoded with loss, and it may post.
    A mail that nobody claims and that carries exactly one claimed message/rfc822 is read there, and else one in whose
    text exactly one claimed letter is forwarded.
    Raises: MessageTooLarge, Unclaimed, ClaimedTwice, ParserFailed, MessageDamaged (a payment read from a lossy message,
    or from text whose lines are not sure), and what the parser holds it for.
    """
    parser, source = claim(message, parsers, senders=senders, forwarders=forwarders)
    parser = _configured(parser, order_fields.get(parser.NAME, ()), timezones.get(parser.NAME))
    notices = _parsed(parser, source)
    doubted = message.lossy or source.lossy
    if not damage_seen and (
        (doubted and any(map(_moves_money, notices))) or not _is_read_alike(parser, source, notices)
    ):
        odd = ", ".join(dict.fromkeys((*message.defects, *source.defects))) or "unnamed"
        raise MessageDamaged(
            f"it could not be decoded exactly as it was written ({odd}), so what was read needs a look",
            parser=parser.NAME,
            notices=[_read_facts(notice) for notice in notices],
            **forwarded_by(source),
        )
    return Reading(parser=parser.NAME, notices=notices, source=source)


def claim(
    message: Message,
    parsers: Collection[Parser],
    *,
    senders: Mapping[str, Collection[str]] = _NOTHING,
    forwarders: Collection[str] | None = None,
) -> tuple[Parser, Message]:
    """
    The one parser that claims a message, and the message it claims: the mail itself, one it carries, or one in its text.

    forwarders: the addresses from which a carried or forwarded message is looked into; None: a person handed the mail in, and
    it is looked into whoever sent it. A mail with no From address, or several, has no sender: nobody claims it or what it
    carries. An attached letter is preferred: it may still have its signature.
    Raises: MessageTooLarge, Unclaimed, ClaimedTwice.
    """
    opened = message.sender is not None and (forwarders is None or is_sender(message.sender, forwarders))
    claims = [(parser, message) for parser in _claimants(message, parsers, senders)]
    if not claims and opened:
        claims = [(p, inner) for inner in _carried(message) for p in _claimants(inner, parsers, senders)]
    within = forwarded.find(message) if not claims and opened else forwarded.Forward()
    if within.letter is not None:
        claims = [(p, within.letter) for p in _claimants(within.letter, parsers, senders)]
    if not claims:
        raise _unclaimed(message, within, opened=opened)
    if len(claims) > 1:
        names = [parser.NAME for parser, _ in claims]
        what = "carries more than one claimed message" if len(set(names)) == 1 else "is claimed by more than one parser"
        raise ClaimedTwice(f"the mail {what}", parsers=names)
    parser, source = claims[0]
    if message.too_large or source.too_large:
        raise MessageTooLarge("the mail is larger than max_bytes, so only its headers were read", parser=parser.NAME)
    return parser, source


def _parsed(parser: Parser, source: Message) -> tuple[Notice, ...]:
    try:
        return tuple(parser.parse(source))
    except HeldError as exc:
        exc.facts.setdefault("parser", parser.NAME)
        exc.facts.update(forwarded_by(source))
        raise
    except Exception as exc:
        raise ParserFailed(
            f"{parser.NAME} failed: {type(exc).__name__}",
            parser=parser.NAME,
            error=f"{type(exc).__name__}: {exc}"[:300],
            **forwarded_by(source),
        ) from exc


def _is_read_alike(parser: Parser, source: Message, notices: Sequence[Notice]) -> bool:
    """Whatever the lines of flowed text may be, does the mail tell the same, as far as it tells of money?"""
    for other in source.otherwise():
        try:
            again = _parsed(parser, other)
        except HeldError:
            again = ()
        if any(map(_moves_money, (*notices, *again))) and _facts(again) != _facts(notices):
            return False
    return True


def _facts(notices: Sequence[Notice]) -> list[Notice]:
    """What decides: not who paid, nor in what words a letter speaks of a shop that it does not name."""
    return [
        replace(
            notice,
            spans=(),
            payer=None,
            merchant_names=notice.merchant_names if notice.merchant else notice.merchant_names and ("a shop",),
        )
        for notice in notices
    ]


def version_of(parser: Parser) -> str:
    """What the parser calls its version; "0" when it names none."""
    version = getattr(parser, "VERSION", UNVERSIONED)
    return version if isinstance(version, str) and version else UNVERSIONED


def is_reconstructed(parser: Parser) -> bool:
    """Does the parser go by letters that nobody has published? A profile for one of its senders then takes its place."""
    return getattr(parser, "RECONSTRUCTED", False) is True


def is_sender(address: Address | None, senders: Collection[str]) -> bool:
    """Is this address one of these, or at one of these domains or below it? Compared as parsed, never as text."""
    if address is None or not senders:
        return False
    emails, ends = _wanted(tuple(senders))
    return f".{address.domain}".endswith(ends) or address.email.lower() in emails


@lru_cache(maxsize=1024)  # they stand in the code and in the settings
def _wanted(senders: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Addresses, and domains with a dot before them, as they are compared."""
    wanted = [sender.strip().lower().rstrip(".") for sender in senders]
    emails = frozenset(sender for sender in wanted if "@" in sender.lstrip("@"))
    domains = [sender.lstrip("@") for sender in wanted if sender not in emails]
    return emails, tuple(f".{domain}" for domain in domains if domain)


def _unclaimed(message: Message, within: forwarded.Forward, *, opened: bool) -> Unclaimed:
    sender = message.sender
    if sender is None:
        return Unclaimed(f"{len(message.senders)} From addresses, not one, so nobody claims it", sender="")
    why = "no parser claims this sender"
    if message.attached and not opened:
        why += ", and it is none of the mailbox's forwarders, whose attached mails are looked into"
    told: dict[str, Any] = {"sender": sender.email}
    if within.letter is not None and within.letter.sender is not None:
        told["forwards"] = within.letter.sender.email
        why += f", nor {told['forwards']}, whose letter it forwards"
    elif within.why:
        told["forwards"] = within.why
        why += f"; of its text nothing was read: {within.why}"
    return Unclaimed(why, **told)


def forwarded_by(source: Message) -> dict[str, Any]:
    """A fact beside what was read in a letter: in whose mail's text it stood; none where it came by itself."""
    outer = source.within.sender if source.within is not None else None
    return {} if outer is None else {"forwarded_by": outer.email}


def _claimants(message: Message, parsers: Collection[Parser], senders: Mapping[str, Collection[str]]) -> list[Parser]:
    if message.sender is None:
        return []
    return [
        parser
        for parser in parsers
        if parser.claims(message) or is_sender(message.sender, senders.get(parser.NAME, ()))
    ]


def _carried(message: Message) -> Sequence[Message]:
    """Every message within, however deep, but for what one without a sender carries."""
    found: list[Message] = []
    waiting = list(message.attached)
    while waiting:
        inner = waiting.pop(0)
        found.append(inner)
        if inner.sender is not None:
            waiting.extend(inner.attached)
    return found


def _configured(parser: Parser, order_fields: Collection[str], timezone: str | None) -> Parser:
    if (order_fields or timezone) and isinstance(parser, Configurable):
        return parser.configured(order_fields=order_fields, timezone=timezone)
    return parser


def _moves_money(notice: Notice) -> bool:
    return notice.kind is Kind.PAYMENT or notice.kind in MONEY_BACK


def _read_facts(notice: Notice) -> dict[str, Any]:
    return {
        "kind": str(notice.kind),
        "amount": str(notice.amount.amount) if notice.amount else None,
        "currency": notice.amount.currency if notice.amount else None,
        "transaction_id": notice.transaction_id,
        "order_number": notice.order_number,
        "paid_at": notice.paid_at.isoformat() if notice.paid_at else None,
    }
