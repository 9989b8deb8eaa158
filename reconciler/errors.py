"""
Errors say what happened and what to do next.

    ReconcilerError
    ├── FatalError        the service stops     ConfigError · LedgerCorrupt · LedgerMissing · LedgerTooNew ·
    │                                           LedgerOutdated · LedgerConflict · LedgerReplaced
    ├── TransientError    it is tried again     MailboxUnreachable · DeskUnreachable · LedgerUnavailable (OwnershipLost) · OwnedElsewhere
    │                                           QuotaSpent (wrote nothing) · DeskStopped (wrote nothing; the desk stops)
    ├── UnknownOutcome    look before acting    the request was sent and not answered so that it proves anything
    └── HeldError         a person looks        FieldMissing · FieldAmbiguous · FieldUnreadable · ClaimedTwice · OrderNotFound
                                                OrderAmbiguous · OrderClosed · DeskRefused …

A HeldError carries a stable `reason` and JSON-ready facts; a TransientError may know when to try again.
"""

from __future__ import annotations

from typing import Any

from reconciler.model import Reason


class ReconcilerError(Exception):
    """The root; `facts` are JSON-ready and without secrets."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts


# ---------------------------------------------------------------- the service stops


class FatalError(ReconcilerError):
    pass


class ConfigError(FatalError):
    """Settings that cannot be run with; one line per problem: the key, the value and what to write instead."""

    def __init__(self, problems: list[str], *, path: str = "") -> None:
        self.problems = problems
        super().__init__("\n".join([f"{path}: {len(problems)} problem(s) in the settings", *problems]), path=path)


class LedgerCorrupt(FatalError):
    pass


class LedgerMissing(FatalError):
    """No ledger at the settings' url, and this command does not create one."""


class LedgerTooNew(FatalError):
    """A newer program upgraded the ledger; going back would lose what it wrote. Facts: version, known."""


class LedgerOutdated(FatalError):
    """An older program wrote it, and this command changes nothing, so it does not upgrade it. Facts: version, known."""


class LedgerReplaced(FatalError):
    """The file this program works on has another in its place, or no name any more: what is written to it would be lost."""


class LedgerConflict(FatalError):
    """Rows break a rule that an upgrade would add; nothing was changed. Facts: version, conflicts (ids, in groups)."""


# ---------------------------------------------------------------- it is tried again


class TransientError(ReconcilerError):
    """Nothing was written, or only read; `retry_after` is in seconds when the other side said so."""

    reason: Reason = Reason.DESK_UNREACHABLE

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class MailboxUnreachable(TransientError):
    pass


class DeskUnreachable(TransientError):
    """A read failed, or a write provably never left (no connection)."""


class QuotaSpent(TransientError):
    """Refused for its rate or day quota: nothing was written."""

    reason = Reason.QUOTA_SPENT


class DeskStopped(TransientError):
    """
    The desk refuses everything until a person mends the account: token, scope, subscription, a field renamed away.

    Nothing was written. Posting stops for the whole desk, reading goes on, and it is probed slowly.
    """


class LedgerUnavailable(TransientError):
    pass


class OwnershipLost(LedgerUnavailable):
    """A name owned by this process was lost on the way; facts: `lost`. It is taken anew before anything else is done."""


class OwnedElsewhere(TransientError):
    """Another process owns the mailbox or desk; facts: `name`, `holder`."""


# ---------------------------------------------------------------- look before acting


class UnknownOutcome(ReconcilerError):
    """A create or status change was sent and not answered so that it proves anything: time-out, dropped line, 5xx, unreadable body."""


# ---------------------------------------------------------------- a person looks


class HeldError(ReconcilerError):
    """Carries the stable reason under which a message or entry is held, and the facts beside it."""

    reason: Reason

    def __init__(self, message: str = "", *, reason: Reason | None = None, **facts: Any) -> None:
        if reason is not None:
            self.reason = reason
        super().__init__(message or str(self.reason), **facts)


class FieldMissing(HeldError):
    """facts: parser, field."""

    reason = Reason.FIELD_MISSING


class FieldAmbiguous(HeldError):
    """facts: parser, field, values (every reading)."""

    reason = Reason.FIELD_AMBIGUOUS


class FieldUnreadable(HeldError):
    """A value that no grammar accepts; facts: field, value."""

    reason = Reason.UNREADABLE


class Unreadable(HeldError):
    """A sender's mail whose kind cannot be told; facts: parser, and what was found."""

    reason = Reason.UNREADABLE


class Unclaimed(HeldError):
    reason = Reason.UNCLAIMED


class ClaimedTwice(HeldError):
    """facts: parsers."""

    reason = Reason.CLAIMED_TWICE


class MessageDamaged(HeldError):
    reason = Reason.MESSAGE_DAMAGED


class MessageTooLarge(HeldError):
    reason = Reason.MESSAGE_TOO_LARGE


class ParserFailed(HeldError):
    """A parser broke in a way it did not foresee; facts: parser, error."""

    reason = Reason.PARSER_FAILED


class OrderNotFound(HeldError):
    reason = Reason.ORDER_NOT_FOUND


class OrderAmbiguous(HeldError):
    reason = Reason.ORDER_AMBIGUOUS


class OrderClosed(HeldError):
    reason = Reason.ORDER_CLOSED


class DeskRefused(HeldError):
    """The desk answered a well-formed request with a refusal that provably wrote nothing; facts: code, error, step."""

    reason = Reason.DESK_REFUSED
