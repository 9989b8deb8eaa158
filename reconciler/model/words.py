"""
The fixed sets: kinds, states, reasons. Their words are the ones users, settings and the ledger see.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

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
    WALK_FAILED = "walk_failed"  # a bug met at this entry, beyond the design's set: held, so that it stops no other


MESSAGE_REASONS = frozenset(list(Reason)[: list(Reason).index(Reason.CONFLICT)])
