"""
Rows in, the house's values out, and back: the one place where a column becomes a field.

A word in a column that the code does not know is a ValueError, never the nearest match.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from reconciler.model import (
    Check,
    Entry,
    Event,
    Kind,
    Mail,
    MailState,
    Payer,
    Reason,
    Shape,
    State,
    Step,
    StepKind,
    StepState,
    Verdict,
    Voucher,
)
from reconciler.money import Money

AnyRow = Row[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxRow:
    """What the ledger knows of one folder of one mailbox, its first-run decision included."""

    name: str
    folder: str
    uidvalidity: int
    cutoff_at: datetime  # what arrived before is skipped
    cutoff_uid: int | None  # and so is what has a lower UID; None: only the time counts
    rules: str  # fingerprint of senders and parsers of the last complete scan; "" before the first
    scanned_at: datetime | None  # end of the last complete scan


def fold_key(key: str) -> str:
    """The form in which a key is UNIQUE: two ids that differ only in case or width are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key.strip()).casefold())


def mail_of(row: AnyRow) -> Mail:
    return Mail(
        id=row.id,
        sha256=row.sha256,
        mailbox=row.mailbox,
        state=MailState(row.state),
        reason=_reason(row),
        facts=row.facts,
        sender=row.sender,
        subject=row.subject,
        received_at=row.received_at,
        taken_at=row.taken_at,
        verdict=_verdict_of(row.verdict),
        parser=row.parser,
        parser_version=row.parser_version,
        retry_at=row.retry_at,
        has_raw=row.has_raw,
    )


def entry_of(row: AnyRow) -> Entry:
    return Entry(
        id=row.id,
        key=row.key,
        desk=row.desk,
        gateway=row.gateway,
        merchant=row.merchant,
        kind=Kind(row.kind),
        transaction_id=row.transaction_id,
        amount=Money.from_minor(row.amount_minor, row.currency),
        order_number=row.order_number,
        order_read=row.order_read,
        order_raw=row.order_raw,
        paid_at=row.paid_at,
        payer=None if row.payer is None else Payer(**row.payer),
        parser=row.parser,
        parser_version=row.parser_version,
        trusted_by=Voucher(row.trusted_by),
        mail_id=row.mail_id,
        state=State(row.state),
        reason=_reason(row),
        facts=row.facts,
        acknowledged=tuple(row.acknowledged),
        tries=row.tries,
        retry_at=row.retry_at,
        deadline_at=row.deadline_at,
        recorded_at=row.recorded_at,
        changed_at=row.changed_at,
        task=row.task,
        income_id=row.income_id,
        advanced_by=row.advanced_by,
    )


def step_of(row: AnyRow) -> Step:
    return Step(
        id=row.id,
        slot=row.slot,
        kind=StepKind(row.kind),
        desk=row.desk,
        order_number=row.order_number,
        entry_id=row.entry_id,
        state=StepState(row.state),
        before=row.before,
        result=row.result,
        looks=row.looks,
        sent_at=row.sent_at,
        look_at=row.look_at,
    )


def event_of(row: AnyRow) -> Event:
    return Event(
        id=row.id,
        at=row.at,
        name=row.name,
        facts=row.facts,
        actor=row.actor,
        mail_id=row.mail_id,
        entry_id=row.entry_id,
        order_number=row.order_number,
    )


def shape_of(row: AnyRow) -> Shape:
    return Shape(
        parser=row.parser,
        fingerprint=row.fingerprint,
        parser_version=row.parser_version,
        outline=row.outline,
        times=row.times,
        first_at=row.first_at,
        last_at=row.last_at,
        first_mail_id=row.first_mail_id,
    )


def mailbox_of(row: AnyRow) -> MailboxRow:
    return MailboxRow(
        name=row.name,
        folder=row.folder,
        uidvalidity=row.uidvalidity,
        cutoff_at=row.cutoff_at,
        cutoff_uid=row.cutoff_uid,
        rules=row.rules,
        scanned_at=row.scanned_at,
    )


def payer_json(payer: Payer | None) -> dict[str, str | None] | None:
    return None if payer is None else asdict(payer)


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "trusted_by": verdict.trusted_by,
        "checks": [
            {"voucher": check.voucher, "result": check.result, "detail": check.detail, "facts": dict(check.facts)}
            for check in verdict.checks
        ],
    }


def _verdict_of(stored: Mapping[str, Any] | None) -> Verdict | None:
    if stored is None:
        return None
    return Verdict(
        trusted_by=None if stored["trusted_by"] is None else Voucher(stored["trusted_by"]),
        checks=tuple(
            Check(
                voucher=Voucher(check["voucher"]), result=check["result"], detail=check["detail"], facts=check["facts"]
            )
            for check in stored["checks"]
        ),
    )


def _reason(row: AnyRow) -> Reason | None:
    return None if row.reason is None else Reason(row.reason)
