"""
From a mail's bytes to entries in the ledger: read, judge who vouches for it, find the merchant, record.

Comes in: a message as a mailbox or a command took it. Goes out: one `Outcome` per payment it told of, or one for the
message. Everything that is wrong before a trusted payment exists is a held message; it occupies no key and lends no fact.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from reconciler import message as decoding
from reconciler import reading, trust
from reconciler.errors import FieldMissing, HeldError, ParserFailed, ReconcilerError
from reconciler.flow import campaigns, layouts, outcome
from reconciler.flow.poison import PROCESSES, Readers, glance
from reconciler.flow.rules import MailboxRules, Rules
from reconciler.flow.shops import merchant_of
from reconciler.model import (
    MONEY_BACK,
    UNVERSIONED,
    Entry,
    Kind,
    Mail,
    MailRef,
    MailState,
    Message,
    NewEntry,
    Notice,
    Outcome,
    Reason,
    Recorded,
    State,
    Verdict,
    Voucher,
)
from reconciler.ports import Ledger, LedgerTx, Parser
from reconciler.settling import MAY_FOLLOW, payment_like

log = structlog.get_logger(__name__)

KEY_ANSWER_PAUSE = timedelta(minutes=2)
KEY_ANSWER_DEADLINE = timedelta(hours=24)
"""A signature whose key DNS does not give is tried again this often, and for this long."""

HANDED_IN = "handed_in"
"""Among what a person overruled, and kept for later readings: he handed the message in himself, whoever sent it."""

OLDER_THAN_CUTOFF = timedelta(days=1)
"""How much older than the mailbox's cut-off a payment may be (design, rule 9)."""


class Intake:
    """The reading half of the line. `recorded` is told the desk of every new or refilled entry."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        parsers: Sequence[Parser],
        rules: Rules,
        fetch_key: trust.FetchKey,
        recorded: Callable[[str], None] = lambda desk: None,
    ) -> None:
        self.ledger = ledger
        self.parsers = parsers
        self.rules = rules
        self.fetch_key = fetch_key
        self.recorded = recorded
        self._readers = Readers()
        self._versions = {parser.NAME: reading.version_of(parser) for parser in parsers}

    # ------------------------------------------------------------ taking

    def take(
        self,
        raw: bytes,
        *,
        mailbox: str,
        received_at: datetime,
        ref: MailRef | None = None,
        truncated: bool = False,
        by_hand: bool = False,
    ) -> tuple[Outcome, ...]:
        """
        Store a message and read it. The same bytes again, from any folder or by hand, are read no second time.
        by_hand: a person handed it in, so a mail that it carries or forwards is looked into whoever sent it.
        """
        limit = self.rules.mailboxes[mailbox].max_bytes if mailbox in self.rules.mailboxes else 5_000_000
        seen = glance(raw, max_bytes=limit, by_hand=by_hand)
        with self.ledger.begin() as tx:
            mail, new = tx.take(
                mailbox=mailbox,
                ref=ref,
                raw=raw,
                sha256=hashlib.sha256(raw).hexdigest(),
                sender=seen.sender,
                subject=seen.subject,
                received_at=received_at,
            )
            if truncated and new:
                tx.close_mail(mail.id, MailState.TAKEN, facts={"truncated": True})
                mail = tx.mail(mail.id)
            elif seen.carries and (new or mail.state is MailState.TAKEN):
                overruled = [*mail.facts.get("acknowledged", ()), HANDED_IN]
                mail = tx.close_mail(mail.id, MailState.TAKEN, facts={"acknowledged": overruled})
        if new or mail.state is MailState.TAKEN:
            return self.read(mail)
        return self.standing(mail)

    def read_due(self) -> list[Outcome]:
        """Messages that wait for a key, were left in the middle by a crash, or were sent back by a person."""
        with self.ledger.look() as tx:
            due = tx.due_mails()
        return [done for mail in due for done in self._read_again(mail)]

    def _read_again(self, mail: Mail) -> tuple[Outcome, ...]:
        """A mail that ends the process which reads it is read by a few processes, and then by a person."""
        if self._readers.begin(self.ledger, mail):
            return self.read(mail)
        error = ParserFailed(f"{PROCESSES} processes ended while they read it", processes=PROCESSES)
        return (self._hold(mail, error),)

    def standing(self, mail: Mail) -> tuple[Outcome, ...]:
        """How a message that was read before stands now."""
        with self.ledger.look() as tx:
            entries = tx.entries(mail_id=mail.id)
        return tuple(outcome.of_repeat(entry) for entry in entries) or (outcome.of_mail(mail),)

    # ------------------------------------------------------------ reading

    def read(self, mail: Mail) -> tuple[Outcome, ...]:
        """Read a stored message with today's parsers; what is wrong with it is a held message."""
        with self.ledger.look() as tx:
            raw = tx.raw(mail.id)
        with structlog.contextvars.bound_contextvars(mail=mail.id, mailbox=mail.mailbox):
            try:
                if raw is None:
                    raise HeldError("its bytes are no longer stored", reason=Reason.UNREADABLE)
                return self._read(mail, raw)
            except HeldError as exc:
                if isinstance(exc, ParserFailed):
                    log.exception("parser.failed", mail=mail.id, parser=exc.facts.get("parser"))
                return (self._hold(mail, exc),)
            except ReconcilerError:
                raise
            except Exception as exc:
                log.exception("parser.failed", mail=mail.id)
                return (self._hold(mail, ParserFailed(f"{type(exc).__name__}: {exc}")),)

    def reading_of(self, mail: Mail, raw: bytes) -> reading.Reading:
        """How today's parsers read a stored message. Raises HeldError."""
        if mail.facts.get("truncated"):
            raise HeldError("larger than max_bytes", reason=Reason.MESSAGE_TOO_LARGE, truncated=True)
        box = self.rules.mailboxes.get(mail.mailbox, MailboxRules(name=mail.mailbox))
        overruled = mail.facts.get("acknowledged", ())
        return reading.read(
            decoding.decode(raw, max_bytes=box.max_bytes),
            self.parsers,
            senders=self.rules.senders,
            order_fields=self.rules.order_fields,
            timezones=self.rules.timezones,
            forwarders=None if HANDED_IN in overruled else box.forwarders,
            damage_seen=Reason.MESSAGE_DAMAGED in overruled,
        )

    def _tell_layout(self, mail: Mail, raw: bytes, error: HeldError) -> None:
        """Beside why a letter could not be read: that none of its sender's looked so before."""
        parser = error.facts.get("parser")
        if parser is not None and "forwarded_by" not in error.facts:  # a mail program has drawn that one anew
            box = self.rules.mailboxes.get(mail.mailbox, MailboxRules(name=mail.mailbox))
            message = decoding.decode(raw, max_bytes=box.max_bytes)
            with self.ledger.look() as tx:
                error.facts.update(layouts.unknown(tx, parser, message))

    def _read(self, mail: Mail, raw: bytes) -> tuple[Outcome, ...]:
        box = self.rules.mailboxes.get(mail.mailbox, MailboxRules(name=mail.mailbox))
        try:
            found = self.reading_of(mail, raw)
        except HeldError as exc:
            self._tell_layout(mail, raw, exc)
            raise
        kinds = sorted({notice.kind.value for notice in found.notices})
        log.info("notice.read", parser=found.parser, kinds=kinds)
        money = [notice for notice in found.notices if payment_like(notice.kind)]
        if not money:
            return (self._close(mail, MailState.SKIPPED, facts={"kinds": kinds}, parser=found.parser),)
        verdict = self._verdict(mail, found.source, money[0].gateway, box)
        if verdict.trusted_by is None:
            return (self._untrusted(mail, found, verdict),)
        try:
            entries = self.entries_of(mail, money, verdict.trusted_by)
        except HeldError as exc:
            return (self._hold(mail, exc, verdict=verdict, parser=found.parser),)
        return self._record(mail, entries, verdict, found)

    # ------------------------------------------------------------ trust

    def _verdict(self, mail: Mail, source: Message, gateway: str, box: MailboxRules) -> Verdict:
        """A verdict that once vouched stays: a key that was rotated away since does not take it back."""
        if mail.verdict is not None and mail.verdict.trusted_by is not None:
            return mail.verdict
        policy = self.rules.policy(gateway, box)
        if policy is None:
            return Verdict(trusted_by=None)
        return trust.judge(source, policy, self.fetch_key, now=lambda: self.ledger.clock().timestamp())

    def _untrusted(self, mail: Mail, found: reading.Reading, verdict: Verdict) -> Outcome:
        facts: dict[str, object] = {
            "checks": [f"{check.voucher}: {check.result}: {check.detail}" for check in verdict.checks]
        }
        now = self.ledger.clock()
        if verdict.temporary and now < mail.taken_at + KEY_ANSWER_DEADLINE:
            retry_at = now + KEY_ANSWER_PAUSE
            return self._close(
                mail,
                MailState.WAITING,
                reason=Reason.UNTRUSTED,
                facts=facts,
                verdict=verdict,
                parser=found.parser,
                retry_at=retry_at,
            )
        facts |= campaigns.count(self.ledger, mail, parser=found.parser, verdict=verdict)
        return self._close(
            mail, MailState.HELD, reason=Reason.UNTRUSTED, facts=facts, verdict=verdict, parser=found.parser
        )

    # ------------------------------------------------------------ facts

    def entries_of(self, mail: Mail, money: Sequence[Notice], voucher: Voucher) -> list[NewEntry]:
        """What trusted notices of a message come into the ledger as; nothing is written here. Raises HeldError."""
        box = self.rules.mailboxes.get(mail.mailbox, MailboxRules(name=mail.mailbox))
        return [self._new_entry(mail, notice, box, voucher) for notice in money]

    def _new_entry(self, mail: Mail, notice: Notice, box: MailboxRules, voucher: Voucher) -> NewEntry:
        for name in ("transaction_id", "amount", "paid_at"):
            if getattr(notice, name) is None:
                raise FieldMissing(parser=notice.parser, field=name)
        amount, transaction_id, paid_at = notice.amount, notice.transaction_id, notice.paid_at
        if amount is None or transaction_id is None or paid_at is None:
            raise RuntimeError("a payment without its facts was let through")
        merchant = merchant_of(notice, box, self.rules)
        self._refuse_too_old(mail, notice, paid_at, box)
        # the key is one however wide a letter prints it; the row on the desk shows it as printed
        key = f"{notice.gateway}:{merchant.name}:{unicodedata.normalize('NFKC', transaction_id).strip()}"
        if notice.kind in MONEY_BACK:
            # one payment can be given back in parts: a refund's own date is part of its key
            key = f"{key}:{notice.kind.value}:{paid_at:%Y%m%dT%H%M%SZ}"
        return NewEntry(
            key=key,
            desk=merchant.desk,
            gateway=notice.gateway,
            merchant=merchant.name,
            kind=notice.kind,
            transaction_id=transaction_id,
            amount=amount,
            order_number=notice.order_number,
            order_raw=notice.order_raw,
            paid_at=paid_at,
            payer=notice.payer,
            parser=notice.parser,
            parser_version=self._versions.get(notice.parser, UNVERSIONED),
            trusted_by=voucher,
        )

    def _refuse_too_old(self, mail: Mail, notice: Notice, paid_at: datetime, box: MailboxRules) -> None:
        with self.ledger.look() as tx:
            met = tx.mailbox(box.name, box.folder)
        cutoff = met.cutoff_at if met is not None else box.since
        if cutoff is None or paid_at >= cutoff - OLDER_THAN_CUTOFF:
            return
        if Reason.TOO_OLD in mail.facts.get("acknowledged", ()):
            return
        raise HeldError(
            "paid before this mailbox was taken into service",
            reason=Reason.TOO_OLD,
            paid_at=paid_at.isoformat(),
            cutoff=cutoff.isoformat(),
            transaction_id=notice.transaction_id,
        )

    # ------------------------------------------------------------ recording

    def _record(
        self, mail: Mail, entries: Sequence[NewEntry], verdict: Verdict, found: reading.Reading
    ) -> tuple[Outcome, ...]:
        """All notices of a message in one commit: the row before the act."""
        done: list[Outcome] = []
        version = self._versions.get(found.parser, UNVERSIONED)
        with self.ledger.begin() as tx:
            current = tx.mail(mail.id)
            if _was_decided(mail, current):
                return (outcome.of_mail(current),)
            kept: list[int] = []
            for new in entries:
                if new.kind in MONEY_BACK and new.order_number is None:
                    new = _with_order_of_payment(tx, new)
                entry, how = tx.record(mail.id, new)
                if how is Recorded.CONFLICT:
                    entry = _hold_conflict(tx, entry, new, mail)
                kept.append(entry.id)
                done.append(outcome.of_repeat(entry) if how is Recorded.ALREADY else outcome.of_entry(entry))
            tx.close_mail(
                mail.id,
                MailState.READ,
                facts={"entries": kept, **reading.forwarded_by(found.source)},
                verdict=verdict,
                parser=found.parser,
                parser_version=version,
            )
            # what a mail program has drawn anew to forward it tells nothing of how the gateway draws
            changed = {} if found.source.within else layouts.learn(tx, mail.id, found.parser, version, found.source)
        if changed:
            log.warning("layout.changed", parser=found.parser, **changed)
        for ended, new in zip(done, entries, strict=True):
            log.info("entry.recorded", key=ended.key, order=ended.order, amount=str(ended.amount), state=ended.state)
            self.recorded(new.desk)
        return tuple(done)

    def _hold(
        self, mail: Mail, error: HeldError, *, verdict: Verdict | None = None, parser: str | None = None
    ) -> Outcome:
        facts = {"error": str(error), **error.facts}
        parser = parser or error.facts.get("parser")
        return self._close(mail, MailState.HELD, reason=error.reason, facts=facts, verdict=verdict, parser=parser)

    def _close(
        self,
        mail: Mail,
        state: MailState,
        *,
        reason: Reason | None = None,
        facts: Mapping[str, object] | None = None,
        verdict: Verdict | None = None,
        parser: str | None = None,
        retry_at: datetime | None = None,
    ) -> Outcome:
        kept = {"acknowledged": mail.facts["acknowledged"]} if "acknowledged" in mail.facts else {}
        with self.ledger.begin() as tx:
            current = tx.mail(mail.id)
            if _was_decided(mail, current):
                return outcome.of_mail(current)
            closed = tx.close_mail(
                mail.id,
                state,
                reason=reason,
                facts={**kept, **(facts or {})},
                verdict=verdict,
                parser=parser,
                parser_version=None if parser is None else self._versions.get(parser),
                retry_at=retry_at,
            )
        level = log.warning if state in (MailState.HELD, MailState.WAITING) else log.info
        level(f"message.{state.value}", mail=mail.id, reason=reason.value if reason else None)
        return outcome.of_mail(closed)


def _was_decided(read: Mail, current: Mail) -> bool:
    """While the message was being read a person decided about it, or another reading of it was first."""
    return current.state is not read.state


def _with_order_of_payment(tx: LedgerTx, refund: NewEntry) -> NewEntry:
    """A refund that names no order is its payment's: it must keep that order from being advanced."""
    payment_key = f"{refund.gateway}:{refund.merchant}:{refund.transaction_id}"
    payments = [entry for entry in tx.entries(key=payment_key) if entry.kind is Kind.PAYMENT]
    if not payments:
        return refund
    fields = {name: getattr(refund, name) for name in NewEntry.__dataclass_fields__}
    return NewEntry(**{**fields, "order_number": payments[0].order_number})


def _hold_conflict(tx: LedgerTx, entry: Entry, new: NewEntry, mail: Mail) -> Entry:
    """The same payment told with other facts is neither a repeat nor a new payment: a person looks, once per telling."""
    told = {
        "transaction_id": new.transaction_id,
        "amount": str(new.amount),
        "order": new.order_number,
        "kind": new.kind.value,
    }
    mark = f"conflict:{new.transaction_id}:{new.amount}:{new.order_number}:{new.kind}"
    if mark in entry.acknowledged or State.HELD not in MAY_FOLLOW[entry.state]:
        return entry
    facts = {"told": told, "mail": mail.id, "fingerprint": mark}
    return tx.change(entry, State.HELD, reason=Reason.CONFLICT, facts=facts, event="entry.held")
