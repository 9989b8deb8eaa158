"""
The values that travel the line: mail → Message → Notice → Entry → Order and steps → Outcome.

All are frozen; fixed sets are enumerations whose words are the ones users, settings and the ledger see.
Times are aware UTC; amounts are `Money`; what a mail or a desk does not say is None, never 0 or "".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.money import Money

Facts = Mapping[str, Any]
"""JSON-ready facts beside a reason: strings, numbers, booleans, None, and lists and mappings of them."""


class Kind(StrEnum):
    """What a notice is about; a recurring charge is a payment."""

    PAYMENT = "payment"
    REFUND = "refund"
    VOID = "void"
    CHARGEBACK = "chargeback"
    DECLINED = "declined"
    PENDING = "pending"
    RECEIPT = "receipt"
    REGISTER = "register"
    TEST = "test"


MONEY_BACK = frozenset({Kind.REFUND, Kind.VOID, Kind.CHARGEBACK})
"""Kinds that make an entry of their own, which holds its order for a person."""


class State(StrEnum):
    """Where an entry stands; which may follow which is `settling.MAY_FOLLOW`."""

    RECORDED = "recorded"
    POSTED = "posted"
    SETTLED = "settled"
    PARTIAL = "partial"
    OVERPAID = "overpaid"
    WAITING = "waiting"
    HELD = "held"
    DISCARDED = "discarded"


class MailState(StrEnum):
    """Where a message stands in the ledger."""

    TAKEN = "taken"  # stored, not yet read; a crash in between leaves it here and it is read again
    READ = "read"  # its notices were recorded as entries
    SKIPPED = "skipped"  # nothing to do: no payment in it, or older than the mailbox's cut-off
    WAITING = "waiting"  # read again later by itself, e.g. DNS did not answer for its signature's key
    HELD = "held"  # a person looks
    DISCARDED = "discarded"  # a person decided


class OutcomeWord(StrEnum):
    """How a walk ended, the word commands print."""

    SETTLED = "settled"
    PARTIAL = "partial"
    OVERPAID = "overpaid"
    HELD = "held"
    WAITING = "waiting"
    ALREADY = "already"
    SKIPPED = "skipped"
    DISCARDED = "discarded"


class Reason(StrEnum):
    """Why a message or an entry is held or waits: a closed set, each with its help in `reasons.HELP`."""

    # messages
    UNCLAIMED = "unclaimed"
    CLAIMED_TWICE = "claimed_twice"
    UNREADABLE = "unreadable"
    FIELD_MISSING = "field_missing"
    FIELD_AMBIGUOUS = "field_ambiguous"
    MESSAGE_DAMAGED = "message_damaged"
    MESSAGE_TOO_LARGE = "message_too_large"
    UNTRUSTED = "untrusted"
    WRONG_MERCHANT = "wrong_merchant"
    MERCHANT_MISSING = "merchant_missing"
    TOO_OLD = "too_old"
    PARSER_FAILED = "parser_failed"
    # entries
    CONFLICT = "conflict"
    WITNESS_DENIES = "witness_denies"
    CURRENCY_MISMATCH = "currency_mismatch"
    ORDER_NOT_FOUND = "order_not_found"
    ORDER_AMBIGUOUS = "order_ambiguous"
    ORDER_CLOSED = "order_closed"
    STATUS_NOT_LISTED = "status_not_listed"
    NO_PAYMENT_TASK = "no_payment_task"
    PAYMENT_TASK_AMBIGUOUS = "payment_task_ambiguous"
    PAYMENT_TASK_DRAFT = "payment_task_draft"
    OVERPAID = "overpaid"
    REFUND = "refund"
    MAYBE_TYPED = "maybe_typed"
    DOUBLED = "doubled"
    DIFFERENCE_STALE = "difference_stale"
    DESK_REFUSED = "desk_refused"
    UNKNOWN_OUTCOME = "unknown_outcome"
    DESK_UNREACHABLE = "desk_unreachable"
    WITNESS_UNREACHABLE = "witness_unreachable"
    QUOTA_SPENT = "quota_spent"


MESSAGE_REASONS = frozenset(list(Reason)[: list(Reason).index(Reason.CONFLICT)])


# ---------------------------------------------------------------- mail


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRef:
    """Where a mail lies: the identity IMAP gives it, good for as long as UIDVALIDITY stands."""

    mailbox: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    name: str
    email: str  # as printed, lower-cased domain

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """One text or HTML body part, decoded. `path` names it for spans: "text[0]", "html[1]", "attached[0].html[0]"."""

    path: str
    content: str = field(repr=False)
    charset: str  # the one that decoded it
    lossy: bool = False  # characters were lost, or the charset was guessed


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    filename: str
    content_type: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    A decoded mail.

    `texts` and `htmls` are the mail's own body parts in order; parts of a forwarded message/rfc822 are only in
    `attached`, as messages of their own. `headers` are (name, decoded value) in the order of the raw mail, so that
    a repeated header is seen as such.
    """

    raw: bytes = field(repr=False)
    sha256: str
    senders: tuple[Address, ...]  # every address of every From header
    recipients: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None  # None: absent, unreadable, or two of them
    message_id: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    texts: tuple[TextPart, ...] = ()
    htmls: tuple[TextPart, ...] = ()
    attached: tuple[Message, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    lossy: bool = False  # a header or body part was decoded with loss, or by a guess
    too_large: bool = False  # only the headers were read
    defects: tuple[str, ...] = ()  # short words: "charset_wrong", "duplicate_from", "parts_limit", …

    @property
    def sender(self) -> Address | None:
        """The one From address; None when there is none or more than one."""
        return self.senders[0] if len(self.senders) == 1 else None

    def header(self, name: str) -> tuple[str, ...]:
        """Every value of a header, top first."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())


# ---------------------------------------------------------------- trust


class Voucher(StrEnum):
    """Who vouches for a notice; the words of the setting `trust`."""

    DKIM = "dkim"
    AUTHENTICATION_RESULTS = "authentication-results"
    WITNESS = "witness"
    NONE = "none"
    PERSON = "person"  # a person's `resolve --trust`; never a setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked about a mail's origin, as `explain` and the timeline show it."""

    voucher: Voucher
    result: str  # "pass", "fail", "temperror", "none"
    detail: str  # one sentence: what was found, e.g. "d=wayforpay.com.ua s=mail: body hash differs"
    facts: Facts = field(default_factory=dict)  # domain, selector, signed headers, key as fetched, …


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Who vouches for a mail. `trusted_by` None: nobody that the settings accept."""

    trusted_by: Voucher | None
    checks: tuple[Check, ...] = ()

    @property
    def temporary(self) -> bool:
        """Nobody vouches yet, but a check could not be finished (DNS) and is worth repeating."""
        return self.trusted_by is None and any(check.result == "temperror" for check in self.checks)


# ---------------------------------------------------------------- notices


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a field was read: the part, the label as printed and the value as printed."""

    field: str  # "amount", "order_number", …
    part: str  # TextPart.path, "subject"
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    card: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    What one message says of one payment.

    A payment or refund has amount, transaction_id and paid_at; other kinds carry what the mail says and None elsewhere.
    """

    parser: str
    gateway: str
    kind: Kind
    amount: Money | None = None
    transaction_id: str | None = None  # the gateway's own reference, trimmed, otherwise as printed
    paid_at: datetime | None = None  # aware UTC
    order_number: str | None = None  # cleaned; None when the mail carries none
    order_raw: str | None = None  # as printed
    merchant: str | None = None  # as printed: account or site
    merchant_names: tuple[str, ...] = ()  # every name of the shop the letter prints, e.g. both site and account
    payer: Payer | None = None
    spans: tuple[Span, ...] = ()


# ---------------------------------------------------------------- ledger


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


# ---------------------------------------------------------------- desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """
    What the payment task says of its money; None: the desk gave no number that counts.

    difference has the sign of due − paid whatever the desk's formula is.
    """

    due: Money | None
    paid: Money | None
    difference: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTask:
    id: str
    draft: bool
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """A task of either kind as a shared read shows it: enough to tell whether anything has changed."""

    status: Status | None
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    An order as one look at the desk saw it.

    status None: this look did not read the order itself, only its payment task (it costs a request).
    """

    number: str  # as the notice and the people call it
    id: str  # the desk's own number of the order task
    tasks: tuple[PaymentTask, ...]  # payment tasks that are not deleted; exactly one is right
    status: Status | None = None
    closed: bool = False  # deleted on the desk

    @property
    def task(self) -> PaymentTask | None:
        return self.tasks[0] if len(self.tasks) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """One Income row on the desk."""

    id: str  # the desk's key of the row
    task: str
    amount: Money | None  # None: the row's sum is no number that counts
    paid_on: str | None  # ISO date as the desk shows it
    payment_id: str | None  # None: the field is empty


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncome:
    amount: Money
    paid_at: datetime
    payment_id: str  # the transaction id as printed
    note: str  # where the row came from, for people


class Advance(StrEnum):
    """How a status change was answered."""

    DONE = "done"  # read back: the order is in production
    QUEUED = "queued"  # accepted, to be applied later: its outcome is unknown until seen


# ---------------------------------------------------------------- outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a walk ended for one entry or one message: the object commands print (design, section 5)."""

    id: str  # "e12" for an entry, "m7" for a message
    mail: int | None
    key: str | None
    state: str
    outcome: OutcomeWord
    reason: Reason | None = None
    order: str | None = None
    amount: Money | None = None
    transaction_id: str | None = None
    facts: Facts = field(default_factory=dict)


EXIT_CODES: Mapping[OutcomeWord, int] = {
    OutcomeWord.SETTLED: 0,
    OutcomeWord.PARTIAL: 0,
    OutcomeWord.ALREADY: 0,
    OutcomeWord.DISCARDED: 0,
    OutcomeWord.SKIPPED: 0,
    OutcomeWord.HELD: 1,
    OutcomeWord.OVERPAID: 1,
    OutcomeWord.WAITING: 75,
}


def worst_exit(codes: Sequence[int]) -> int:
    """The worst wins: 70 > 2 > 75 > 1 > 0."""
    return max(codes, key=[0, 1, 75, 2, 70].index, default=0)
