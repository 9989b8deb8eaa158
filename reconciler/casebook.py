"""
The verbs behind `fixture add` and `fixture check`.

Comes in: mails, or a folder of cases <sender>/<case>/{notice.eml, expected.json}. Goes out: new cases, redacted; or for
each case whether today's parsers read it as expected, with a diff, and whether they leave alone what is another's.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.errors import HeldError, ReconcilerError
from reconciler.extract.facts import told
from reconciler.extract.notices import Tables, sheet_of
from reconciler.extract.values.amounts import read_amount
from reconciler.extract.values.dates import read_moment
from reconciler.message import decode
from reconciler.model import Kind, Message
from reconciler.ports import Parser
from reconciler.reading import claim
from reconciler.readout import KYIV, parse_file
from reconciler.redaction import is_number, redact

CUTS = 12
MAIL, EXPECTED, NOBODY = "notice.eml", "expected.json", "_nobody"
_NUMBERS = frozenset({"amount", "currency", "date", "time", "fee", "credited", "refund_amount", "price"})
_MONEY_FIELDS = _NUMBERS | {"status", "operation", "reason"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One case: `diff` is empty when it reads as expected."""

    case: str  # "wayforpay/paid_html_uk"
    diff: str

    @property
    def ok(self) -> bool:
        return not self.diff


def add_case(raw: bytes, name: str, root: Path, parsers: Collection[Parser]) -> Path:
    """
    Make a case from a genuine mail; returns its folder.

    name: what is odd about the mail; becomes the folder's name.
    Raises: RedactionFailed; ReconcilerError when the case exists or the redacted mail is read in another way.
    """
    message = decode(raw)
    sender, parser, source = NOBODY, None, message
    try:
        parser, source = claim(message, parsers)
        sender = parser.NAME
    except HeldError:
        pass  # nobody's mail is a case too
    slug = re.sub(r"\W+", "_", name.casefold()).strip("_")
    folder = root / sender / slug
    if not slug or folder.exists():
        raise ReconcilerError(
            f"the case {sender}/{slug} exists already; give the mail another name", case=f"{sender}/{slug}"
        )
    domains = [source.sender.domain] if parser is not None and source.sender else []
    redacted = redact(raw, personal(message, source, parser), keep_domains=domains)
    before, after = (parse_file(data, MAIL, parsers) for data in (raw, redacted))
    if [_shape(item) for item in before] != [_shape(item) for item in after]:
        raise ReconcilerError(
            f"{name}: redacted, the mail is read in another way; make this case by hand", case=f"{sender}/{slug}"
        )
    folder.mkdir(parents=True)
    (folder / MAIL).write_bytes(redacted)
    (folder / EXPECTED).write_text(dump(after), encoding="utf-8")
    return folder


def check(root: Path, parsers: Collection[Parser]) -> Iterator[CaseResult]:
    """Every case below a folder, in order. Raises: ReconcilerError when there is none, or one lacks a file."""
    folders = sorted({path.parent for path in (*root.rglob(MAIL), *root.rglob(EXPECTED))})
    if not folders:
        raise ReconcilerError(f"no cases below {root}", path=str(root))
    for folder in folders:
        yield check_case(folder, parsers)


def check_case(folder: Path, parsers: Collection[Parser]) -> CaseResult:
    """One case. Raises: ReconcilerError when it lacks a file, or what is expected is no JSON."""
    case = f"{folder.parent.name}/{folder.name}"
    mail, expected = folder / MAIL, folder / EXPECTED
    if not (mail.is_file() and expected.is_file()):
        raise ReconcilerError(f"{case} needs both {MAIL} and {EXPECTED}", case=case)
    found = dump(parse_file(mail.read_bytes(), MAIL, parsers))
    try:
        wanted = dump(as_list(json.loads(expected.read_text(encoding="utf-8"))))
    except ValueError as exc:
        raise ReconcilerError(f"{case}: {EXPECTED} is no JSON: {exc}", case=case) from exc
    diff = difflib.unified_diff(wanted.splitlines(), found.splitlines(), EXPECTED, "read", lineterm="", n=1)
    return CaseResult(case=case, diff="\n".join(diff))


def trespass(parser: Parser, raw: bytes) -> str | None:
    """What a parser does wrong with mail that is another sender's; None: it declines it, and made to read it, it holds."""
    message = decode(raw)
    if parser.claims(message):
        return f"{parser.NAME} claims it"
    try:
        notices = parser.parse(message)
    except HeldError:
        return None
    except Exception as exc:  # noqa: BLE001 - whatever a parser breaks with is what is to be told
        return f"{parser.NAME} breaks on it: {type(exc).__name__}: {exc}"
    bare = [notice for notice in notices if notice.kind is Kind.PAYMENT and notice.amount is None]
    return f"{parser.NAME} reads a payment without a sum" if bare else None


def misread_when_cut(raw: bytes, parsers: Collection[Parser]) -> str | None:
    """A payment's mail that is cut short must be read alike or held; None: it is."""
    whole = parse_file(raw, MAIL, parsers)
    if not any(item.get("kind") == Kind.PAYMENT for item in whole):
        return None
    sums = [item.get("amount") for item in whole]
    for cut in range(0, len(raw), max(1, len(raw) // CUTS)):
        for item in parse_file(raw[:cut], MAIL, parsers):
            if (told := item.get("amount")) not in {None, *sums}:
                return f"its first {cut} bytes are read as {told}, the whole as {', '.join(map(str, sums))}"
    return None


def dump(results: list[dict[str, Any]]) -> str:
    """As expected.json is written: one object, or a list when a mail tells of several payments."""
    value: Any = results[0] if len(results) == 1 else results
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def as_list(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [value]


def personal(message: Message, source: Message, parser: Parser | None) -> set[str]:
    """
    Every value in a mail that may name a person, a shop or a payment.

    With a parser's labels: all values but those of sums, dates and status; a label nobody knows may hold anything. Where no
    parser tells its labels, the house's count, and what is written as a sum with its currency or as a date stays.
    Raises: Unreadable: more text than a notice has, in which nobody can tell what is personal.
    """
    values = {text for address in (*message.recipients, *source.recipients) for text in (address.email, address.name)}
    if source is not message:
        values |= {text for address in message.senders for text in (address.email, address.name)}
    make = getattr(parser, "sheet", None)
    sheet = make(source) if callable(make) else sheet_of(source, Tables(name=NOBODY, gateway=NOBODY))
    of = {field: told(partial(sheet.of, field)) or [] for field in _MONEY_FIELDS}
    numbers = [pair for field in _NUMBERS for pair in of[field]]
    if not callable(make):
        numbers += [pair for pair in sheet.pairs if _is_of_the_case(pair.value)]
    impersonal = {id(pair) for pair in (*numbers, *(pair for pairs in of.values() for pair in pairs))}
    spoken = {word for pair in numbers for word in re.findall(r"[^\W\d_]+", pair.value)}  # "грн", "листопада"
    for pair in sheet.pairs:
        if id(pair) in impersonal:
            continue
        if is_number(pair.value):
            values.add(pair.value)
            continue
        words = re.findall(r"[\w.@+*/-]*[\w*][\w.@+*/-]*", pair.value)
        values |= {word for word in words if len(word) > 2 and not (word in spoken or _is_said_by_gateway(word))}
    return {value for value in values if value}


def _is_of_the_case(value: str) -> bool:
    """A sum with its currency, or a date."""
    amount = told(lambda: read_amount(value))
    return (amount is not None and amount[1] is not None) or told(lambda: read_moment(value, zone=KYIV)) is not None


def _is_said_by_gateway(word: str) -> bool:
    """Words a parser needs to see to clean an order number or to find a card."""
    return (
        re.fullmatch(
            r"(?i)замовлення|заказ|order|номер|visa|mastercard|картка|карта|card|оплата|google|apple|pay|privat24", word
        )
        is not None
    )


def _shape(result: dict[str, Any]) -> dict[str, Any]:
    """A result apart from what redaction changes."""
    kept = {key: result.get(key) for key in ("error", "kind", "amount", "currency", "paid_at", "field", "gateway")}
    return kept | {key: result.get(key) is not None for key in ("order_number", "transaction_id", "merchant", "payer")}
