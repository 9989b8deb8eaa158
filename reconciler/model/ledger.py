"""
What the ledger keeps: mails, entries, the steps on the desk, and the history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.mail import Verdict, Voucher
from reconciler.model.notice import Payer
from reconciler.model.words import Facts, Kind, MailState, Reason, State
from reconciler.money import Money

UNVERSIONED = "0"
"""The version of a parser that names none, and of every parser before versions were kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message's row in the ledger."""

    id: int
    sha256: str
    mailbox: str
    state: MailState
    reason: Reason | None
    facts: Facts  # beside the reason; also "acknowledged": reasons a person overruled
    sender: str  # From address, or ""
    subject: str
    received_at: datetime  # INTERNALDATE, or the moment of `reprocess`
    taken_at: datetime
    verdict: Verdict | None
    parser: str | None
    parser_version: str | None  # of the parser that read it last
    retry_at: datetime | None
    has_raw: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A trusted notice on its way into the ledger, under its key."""

    key: str
    desk: str
    gateway: str
    merchant: str  # the settings' name
    kind: Kind
    transaction_id: str
    amount: Money
    order_number: str | None
    order_raw: str | None
    paid_at: datetime
    payer: Payer | None
    parser: str
    parser_version: str = UNVERSIONED
    trusted_by: Voucher


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One payment in the ledger, and its state."""

    id: int
    key: str
    desk: str
    gateway: str
    merchant: str
    kind: Kind
    transaction_id: str
    amount: Money
    order_number: str | None  # a person's correction, else as read
    order_read: str | None  # as first read, cleaned: what a conflict is judged by
    order_raw: str | None
    paid_at: datetime
    payer: Payer | None
    parser: str
    parser_version: str  # of the parser that read it first; UNVERSIONED before versions were kept
    trusted_by: Voucher
    mail_id: int
    state: State
    reason: Reason | None
    facts: Facts  # beside the reason
    acknowledged: tuple[str, ...]  # fingerprints of holds a person has overruled (`Hold.fingerprint`)
    tries: int
    retry_at: datetime | None  # when it is walked again by itself; None: not by itself
    deadline_at: datetime | None  # when waiting turns into held
    recorded_at: datetime
    changed_at: datetime
    task: str | None  # the payment task its income was posted on
    income_id: str | None  # the desk's key of its income
    advanced_by: str | None  # "us", "other"


class Recorded(StrEnum):
    """What became of a notice at the ledger's UNIQUE key."""

    NEW = "new"
    ALREADY = "already"  # same key, same facts (missing ones may have been filled)
    CONFLICT = "conflict"  # same key, other facts; the entry is now held


class StepKind(StrEnum):
    INCOME = "income"
    ADVANCE = "advance"
    COMMENT = "comment"


class StepState(StrEnum):
    PLANNED = "planned"  # never sent
    SENDING = "sending"  # committed right before the request; found after a crash it means unknown
    DONE = "done"
    UNKNOWN = "unknown"  # sent, and not answered so that it proves anything
    DROPPED = "dropped"  # provably without effect: refused, or absent on two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One effect on the desk. UNIQUE: one open or done step per `slot`."""

    id: int
    slot: str  # "income:<entry id>:<attempt>" or "advance:<desk>:<order>:<release>"
    kind: StepKind
    desk: str
    order_number: str
    entry_id: int | None  # the entry whose walk planned it
    state: StepState
    before: Facts  # snapshot taken before sending: task, income keys, totals, status
    result: Facts
    looks: int  # complete looks after unknown_wait that found nothing
    sent_at: datetime | None
    look_at: datetime | None  # when the unknown outcome is looked at next


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A layout in which letters of one parser came."""

    parser: str
    fingerprint: str
    parser_version: str  # of the parser that met it last
    outline: Facts  # what the fingerprint stands for: labels and tags, never a letter's values
    times: int
    first_at: datetime
    last_at: datetime
    first_mail_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the append-only history."""

    id: int
    at: datetime
    name: str  # "notice.read", "income.posted", …
    facts: Facts
    actor: str  # "daemon", or who ran the command
    mail_id: int | None = None
    entry_id: int | None = None
    order_number: str | None = None
