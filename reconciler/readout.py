"""
What `reconciler parse` and `reconciler explain` print.

Comes in: a saved mail's bytes, its name and the parsers. Goes out: JSON-ready dictionaries, keys as the README lists them.
No settings, network or ledger; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any
from zoneinfo import ZoneInfo

from reconciler import forwarded
from reconciler.errors import HeldError, Unreadable
from reconciler.extract.layout.page import Pair
from reconciler.extract.notices import HOUSE, sheet_of
from reconciler.extract.values.orders import other_number
from reconciler.message import decode
from reconciler.model import Message, Notice
from reconciler.ports import Parser
from reconciler.reading import claim, is_reconstructed, read

KYIV = ZoneInfo("Europe/Kyiv")  # the zone in which results are printed, with its offset


def parse_file(raw: bytes, file: str, parsers: Collection[Parser]) -> list[dict[str, Any]]:
    """The notices in a mail, or one error object: {"error": reason, "file": …, …facts}."""
    try:
        return [notice_json(notice, file) for notice in read(decode(raw), parsers).notices]
    except HeldError as exc:
        return [error_json(exc, file)]


def notice_json(notice: Notice, file: str) -> dict[str, Any]:
    """One notice; keys sorted, the amount a string, the time in Kyiv's offset."""
    told = [(field.name, getattr(notice.payer, field.name)) for field in fields(notice.payer)] if notice.payer else []
    payer = {name: value for name, value in told if value is not None}
    return {
        "amount": str(notice.amount.amount) if notice.amount else None,
        "currency": notice.amount.currency if notice.amount else None,
        "file": file,
        "gateway": notice.gateway,
        "kind": str(notice.kind),
        "merchant": notice.merchant,
        "order_number": notice.order_number,
        "order_raw": notice.order_raw,
        "paid_at": notice.paid_at.astimezone(KYIV).isoformat() if notice.paid_at else None,
        "payer": payer or None,
        "transaction_id": notice.transaction_id,
    }


def error_json(error: HeldError, file: str) -> dict[str, Any]:
    """A message that was held while it was read."""
    return {"error": str(error.reason), "file": file} | dict(sorted(error.facts.items()))


def explain_file(
    raw: bytes, file: str, parsers: Collection[Parser], *, verdict: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """
    How a mail was read, for whoever writes a parser or a profile.

    verdict: who vouches for the mail, as the caller found it; None: not asked.
    """
    from reconciler.proposal import propose  # knows the settings, which `parse` starts quicker without

    message = decode(raw)
    claimed: dict[str, Any]
    source, parser, within = message, None, forwarded.Forward()
    try:
        parser, source = claim(message, parsers)
        where = "the mail itself" if source is message else "a message attached to it"
        where = where if source.within is None else "a letter forwarded in its text"
        claimed = {"parser": parser.NAME, "why": f"From is {_sender(source)}; claimed is {where}"}
    except HeldError as exc:
        claimed = {"parser": None, "why": str(exc)} | error_json(exc, file)
        within = forwarded.find(message)
        source = within.letter or message
    notices: list[dict[str, Any]] = []
    spans: list[dict[str, Any]] = []
    try:
        reading = read(message, parsers)
        notices = [notice_json(notice, file) for notice in reading.notices]
        spans = [span._asdict() for notice in reading.notices for span in notice.spans]
    except HeldError as exc:
        notices = [error_json(exc, file)]
    proposed = None
    if parser is None:
        wanted = not within.why  # whose letters a profile would be for cannot be told
    else:
        wanted = is_reconstructed(parser) and any("error" in notice for notice in notices)
    if wanted:
        proposed = propose(source, taken=[known.NAME for known in parsers if known is not parser])
    return {
        "file": file,
        "subject": message.subject,
        "from": [address.email for address in message.senders],
        "parts": [part for inner in _all(message) for part in _parts(inner)],
        "pairs": [_pair(pair) for pair in _pairs(source, parser)],
        "claimed": claimed,
        "notices": notices,
        "orders": [
            _order(notice["order_raw"], notice["order_number"]) for notice in notices if notice.get("order_raw")
        ],
        "spans": spans,
        "trust": dict(verdict) if verdict is not None else None,
        "proposal": None
        if proposed is None
        else {
            "toml": proposed.toml,
            "reads": None if proposed.reads is None else [notice_json(notice, file) for notice in proposed.reads],
            "not_placed": list(proposed.unplaced),
        },
        "defects": list(message.defects),
        "lossy": message.lossy,
    }


def _sender(message: Message) -> str:
    return message.sender.email if message.sender else "nobody"


def _all(message: Message) -> list[Message]:
    return [message, *(inner for attached in message.attached for inner in _all(attached))]


def _parts(message: Message) -> list[dict[str, Any]]:
    bodies = [
        {"part": part.path, "charset": part.charset, "characters": len(part.content), "lossy": part.lossy}
        for part in (*message.texts, *message.htmls)
    ]
    files = [
        {"attachment": file.filename, "type": file.content_type, "bytes": len(file.payload)}
        for file in message.attachments
    ]
    return [*bodies, *files]


def _pairs(message: Message, parser: Parser | None) -> list[Pair]:
    """With the parser's own labels where it tells them, else with the house's; none of what is too much to read."""
    try:
        return _read_pairs(message, parser)
    except Unreadable:  # no notice has so much text; for a claimed mail the same error stands under "notices"
        return []


def _read_pairs(message: Message, parser: Parser | None) -> list[Pair]:
    sheet = getattr(parser, "sheet", None)
    if callable(sheet):
        return list(sheet(message).pairs)
    return list(sheet_of(message, HOUSE).pairs)


def _order(raw: str, number: str | None) -> dict[str, Any]:
    """How the typed order number was cleaned: what it was taken for where none was read."""
    return {"raw": raw, "number": number} | (
        {} if number else {"taken_for": other_number(raw) or "words and no number"}
    )


def _pair(pair: Pair) -> dict[str, Any]:
    return {"label": pair.label, "part": pair.part, "value": pair.value} | ({"loose": True} if pair.loose else {})
