"""
The Protocols between the line and its edges. `flow` knows ledger, desk and parsers only as they stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from reconciler.model import (
    Advance,
    Entry,
    Event,
    Facts,
    Income,
    Mail,
    MailRef,
    MailState,
    Message,
    NewEntry,
    NewIncome,
    Notice,
    Order,
    Peek,
    Reason,
    Recorded,
    Shape,
    State,
    Status,
    Step,
    StepKind,
    StepState,
    Verdict,
)
from reconciler.money import Money

Clock = Callable[[], datetime]
"""Now, as aware UTC."""


class Parser(Protocol):
    """
    Turns its sender's message into notices; a module in `parsers/` satisfies this as it stands.

    claims: is this mail from my sender? Never reads the body's meaning, never raises.
    parse: one notice per payment the message tells of; raises HeldError when a field is missing or has two readings.
    VERSION, which it may have besides, is a text that changes whenever the same letter could now be read otherwise: it is
    kept with all that was read. A parser that names none is of version "0" (`reading.version_of`).
    RECONSTRUCTED, likewise: true where nobody has published the letters, so that an owner's profile for one of its senders takes
    its place (`reading.is_reconstructed`).
    """

    NAME: str

    def claims(self, message: Message) -> bool: ...
    def parse(self, message: Message) -> Sequence[Notice]: ...


class Desk(Protocol):
    """
    The CRM behind one connection. Reads raise TransientError (try again) or HeldError (a person looks);
    writes raise those only when provably nothing was written, and UnknownOutcome in every other case of failure.
    """

    name: str
    currency: str

    def orders(self, numbers: Collection[str]) -> Mapping[str, Sequence[Order]]:
        """The first look: for each number the orders of exactly that number, each with its payment tasks and their totals.

        No order: an empty sequence. Order.status is None where the look did not read the order task itself.
        """
        ...

    def read(self, order: Order) -> Order:
        """One fresh look at the order and its payment task together: status, closed, draft, totals.

        Order.tasks is empty when the task has gone, is another order's, or is no payment task any more.
        Raises: OrderNotFound when the order has gone or is no order any more.
        """
        ...

    def incomes(self, payment_ids: Collection[str]) -> Mapping[str, Sequence[Income]]:
        """Every row on the whole desk whose payment id equals, ignoring case and surrounding space. Complete, or raises."""
        ...

    def incomes_of(self, task: str, *, paid: Money | None = None) -> Sequence[Income]:
        """
        Every row on one payment task. Complete, or raises.

        paid: the task's Paid, where it is known: rows that sum to it are all there, which may save a request.
        """
        ...

    def prepare(self) -> None:
        """Wait for whatever the next request must wait for. Raises TransientError instead of waiting long."""
        ...

    def post_income(self, order: Order, income: NewIncome) -> Income:
        """Create one row on order.task; the desk's answer is taken for its key only, never for proof."""
        ...

    def advance(self, order: Order, expected: Status) -> Advance:
        """Set the order to the production status, then read it back. `expected` is the status it was last read in."""
        ...

    def is_advanced(self, status: Status) -> bool:
        """In production, or beyond it."""
        ...

    def may_advance(self, status: Status) -> bool:
        """One of the statuses an order may be advanced from."""
        ...

    def peek(self, tasks: Collection[str]) -> Mapping[str, Peek]:
        """Status and totals of order or payment tasks by their own ids, a hundred a request; absent ones are left out."""
        ...

    def comment(self, order: Order, text: str) -> str:
        """Put a comment on the order; returns its id."""
        ...

    def suggest(self, number: str | None, due: Money | None) -> Sequence[Facts]:
        """Orders near this number; facts per order: number, difference, why. For people, never for acting."""
        ...


class Met(Protocol):
    """A mailbox folder the ledger knows: what lies before `cutoff_at` is not posted."""

    @property
    def cutoff_at(self) -> datetime: ...


class LedgerTx(Protocol):
    """
    The verbs of one ledger transaction: all of it is committed at the end of the `with`, or none.

    Every verb that changes something appends its event; `actor` is bound when the ledger is opened.
    """

    # -- mails
    def take(
        self,
        *,
        mailbox: str,
        ref: MailRef | None,
        raw: bytes,
        sha256: str,
        sender: str,
        subject: str,
        received_at: datetime,
    ) -> tuple[Mail, bool]:
        """Store a message once (by sha256) and its sighting (by ref); True when the bytes are new."""
        ...

    def mail(self, mail_id: int) -> Mail: ...
    def raw(self, mail_id: int) -> bytes | None: ...
    def mails(self, *, state: MailState | None = None, reason: Reason | None = None) -> Sequence[Mail]: ...
    def due_mails(self) -> Sequence[Mail]:
        """TAKEN ones, and WAITING ones whose retry_at has come; oldest first."""
        ...

    def mailbox(self, name: str, folder: str) -> Met | None: ...
    def close_mail(
        self,
        mail_id: int,
        state: MailState,
        *,
        reason: Reason | None = None,
        facts: Facts | None = None,
        verdict: Verdict | None = None,
        parser: str | None = None,
        parser_version: str | None = None,
        retry_at: datetime | None = None,
    ) -> Mail:
        """verdict None keeps the stored one (a key rotated away must not change a verdict), and so do parser and version."""
        ...

    def record(self, mail_id: int, entry: NewEntry) -> tuple[Entry, Recorded]:
        """
        Insert under the UNIQUE case-folded key, due at once; or find what is there.

        ALREADY: same key, same amount and order as first read; facts that were missing are filled.
        CONFLICT: same key in other case, or another amount, currency, kind or order. The entry itself is not changed.
        """
        ...

    # -- entries
    def entry(self, entry_id: int) -> Entry: ...
    def entries(
        self,
        *,
        desk: str | None = None,
        order_number: str | None = None,
        states: Collection[State] | None = None,
        reason: Reason | None = None,
        mail_id: int | None = None,
        key: str | None = None,
        since: datetime | None = None,
        transaction_id: str | None = None,
        income_id: str | None = None,
    ) -> Sequence[Entry]:
        """Oldest first; `order_number` is the current one."""
        ...

    def due_entries(self, desk: str) -> Sequence[Entry]:
        """Entries whose retry_at has come, oldest payment first."""
        ...

    def next_due(self, desk: str) -> datetime | None: ...

    def change(self, entry: Entry, state: State, *, reason: Reason | None = None, event: str, **columns: Any) -> Entry:
        """
        Move an entry. columns: facts, retry_at, deadline_at, tries, task, income_id, advanced_by, order_number,
        acknowledged; facts, reason and retry_at are cleared unless given, the others kept.
        Raises LedgerUnavailable when the entry has changed since it was read (its changed_at differs).
        """
        ...

    def postpone(self, entry_ids: Collection[int], retry_at: datetime) -> None:
        """Nothing has changed: look again then. No event, no new changed_at."""
        ...

    def requeue(self, desk: str) -> int:
        """Open entries that wait for nothing (left so by mode `observe`) become due; returns how many."""
        ...

    def clamp(self, desk: str, latest: datetime) -> int:
        """What waits beyond `latest` (a clock that was ahead put it there) is due now; returns how many were brought forward."""
        ...

    # -- steps
    def plan_step(
        self, *, slot: str, kind: StepKind, desk: str, order_number: str, entry_id: int | None, before: Facts
    ) -> Step:
        """A new step in state PLANNED; a PLANNED one already in the slot is renewed. Any other live one is an error."""
        ...

    def move_step(self, step: Step, state: StepState, **columns: Any) -> Step:
        """columns: result, looks, look_at, before; sent_at is set by SENDING."""
        ...

    def steps(
        self,
        *,
        desk: str | None = None,
        order_number: str | None = None,
        entry_id: int | None = None,
        kind: StepKind | None = None,
        states: Collection[StepState] | None = None,
    ) -> Sequence[Step]: ...

    def adopt_sending(self, desk: str) -> int:
        """Every SENDING step of a desk becomes UNKNOWN, as of when it was sent; for a new owner. Returns how many."""
        ...

    # -- shapes
    def shape_seen(
        self, *, parser: str, parser_version: str, fingerprint: str, outline: Facts, mail_id: int
    ) -> tuple[Shape, bool]:
        """A vouched letter of this parser's came in this shape; True when it is the first of it."""
        ...

    def shapes(self, *, parser: str | None = None) -> Sequence[Shape]: ...

    def wait_anew(self, desk: str, *, whatever_was_sent: bool) -> int:
        """Unanswered steps are waited for from now on: those sent later than it is now, or all. Returns how many."""
        ...

    # -- history, desks, memory
    def append(
        self,
        name: str,
        *,
        mail_id: int | None = None,
        entry_id: int | None = None,
        order_number: str | None = None,
        **facts: Any,
    ) -> None: ...
    def history(
        self, *, mail_id: int | None = None, entry_id: int | None = None, order_number: str | None = None
    ) -> Sequence[Event]: ...
    def paused(self, desk: str) -> bool: ...
    def pause(self, desk: str, paused: bool) -> None: ...
    def recall(self, name: str) -> Mapping[str, Any] | None:
        """A remembered JSON object: resolved desk names, a rotated refresh token."""
        ...

    def remember(self, name: str, value: Mapping[str, Any]) -> None: ...


class Ledger(Protocol):
    clock: Clock

    def begin(self) -> AbstractContextManager[LedgerTx]: ...
    def look(self) -> AbstractContextManager[LedgerTx]:
        """A transaction that only reads, and waits for no writer."""
        ...

    def exclusive(self, name: str) -> AbstractContextManager[None]:
        """Own a named thing ("desk:factory", "mailbox:payments") until the block ends; raises OwnedElsewhere at once."""
        ...

    def holder(self, name: str) -> str | None:
        """Who owns it now, for people: "pid 812 on host-a since 14:05"; None: nobody."""
        ...


class Throttle(Protocol):
    """The token bucket of one desk, shared by every process on the ledger."""

    def acquire(self) -> None:
        """Waits for a token. Raises QuotaSpent when the wait would be longer than a walk may take."""
        ...

    def penalise(self, seconds: float) -> None:
        """The other side refused for its rate: nobody asks again before that."""
        ...
