"""
All stored mail read again with today's parsers and settings, beside what the ledger says of each.

Comes in: the ledger. Goes out: differences. Nothing is written and nobody is asked: who vouches for a mail is as it was judged
when it came; one that was never judged is read as if somebody vouched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from reconciler import reading
from reconciler.app import App
from reconciler.byhand.comparing import Difference, Payment, Understood, differences, held_for
from reconciler.errors import HeldError, ParserFailed, ReconcilerError
from reconciler.ledger import Tx
from reconciler.ledger.columns import storable
from reconciler.ledger.entries import refuse_long
from reconciler.ledger.values import fold_key
from reconciler.model import MONEY_BACK, Entry, Event, Mail, MailState, NewEntry, Payer, Reason, Voucher
from reconciler.readout import KYIV
from reconciler.settling import payment_like

log = structlog.get_logger(__name__)

READINGS = frozenset({"mail.read", "mail.held", "mail.skipped", "mail.postponed"})
"""Events that say what a reading of the mail came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One mail read again: what differs, by which parser's version it was read and which reads it now."""

    mail: Mail
    parser: str | None
    read_with: str | None
    today: str | None
    differences: Sequence[Difference]


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of the mails that were to be read again."""

    same: int = 0
    differ: int = 0
    dropped: int = 0  # their bytes are no longer stored
    unread: int = 0  # they wait for their first reading
    dangerous: int = 0  # they ended the processes that read them


@dataclass(slots=True, kw_only=True)
class Replay:
    """Reads mails again, one by one, and counts. parser: only what it read then, or reads now."""

    app: App
    parser: str | None = None
    counts: Counts = field(default_factory=Counts)

    def mails(self, since: datetime | None = None) -> list[Mail]:
        """The stored ones, oldest first. since: taken at or after."""
        with self.app.ledger.look() as tx:
            return [mail for mail in tx.mails() if since is None or mail.taken_at >= since]

    def parsers(self) -> set[str]:
        """Names a mail can have been read by: today's parsers, and those the ledger knows."""
        return {*self._versions(), *(mail.parser for mail in self.mails() if mail.parser)}

    def again(self, mail: Mail) -> Replayed | None:
        """None: it cannot be read again (counted), or is none of the chosen parser's."""
        with self.app.ledger.look() as tx:
            raw = tx.raw(mail.id)
            was = as_recorded(tx, mail)
        chosen = self.parser in (None, mail.parser)
        if raw is None or was is None or _is_dangerous(mail):
            if chosen:
                self._count_out(mail, raw)
            return None
        would_be = self._today(mail, raw)
        if not chosen and would_be.parser != self.parser:
            return None
        found = differences(was, would_be)
        if found:
            self.counts.differ += 1
        else:
            self.counts.same += 1
        parser = would_be.parser or mail.parser
        return Replayed(
            mail=mail,
            parser=parser,
            read_with=mail.parser_version,
            today=self._versions().get(parser) if parser else None,
            differences=found,
        )

    def _versions(self) -> Mapping[str, str]:
        return {parser.NAME: reading.version_of(parser) for parser in self.app.parsers}

    def _count_out(self, mail: Mail, raw: bytes | None) -> None:
        if raw is None:
            self.counts.dropped += 1
        elif _is_dangerous(mail):
            self.counts.dangerous += 1
        else:
            self.counts.unread += 1

    def _today(self, mail: Mail, raw: bytes) -> Understood:
        """As the line would take the mail if it came now, with the verdict that stands in the ledger."""
        parser = None
        try:
            found = self.app.intake.reading_of(mail, raw)
            parser = found.parser
            money = [notice for notice in found.notices if payment_like(notice.kind)]
            if not money:
                return Understood(kinds=tuple(sorted({notice.kind.value for notice in found.notices})), parser=parser)
            if mail.verdict is not None and mail.verdict.trusted_by is None:
                return Understood(held=Reason.UNTRUSTED.value, parser=parser)
            voucher = mail.verdict.trusted_by if mail.verdict is not None else None
            entries = self.app.intake.entries_of(mail, money, voucher or Voucher.NONE)
            for entry in entries:
                refuse_long(entry)
            payments = {str(payment.facts): payment for payment in map(_as_read, entries)}
            return Understood(payments=tuple(payments.values()), parser=parser)
        except HeldError as exc:
            return Understood(held=held_for(exc.reason.value, exc.facts), parser=parser or exc.facts.get("parser"))
        except ReconcilerError:
            raise
        except Exception as exc:  # as the line does: one odd mail is told, and stops nothing else
            log.exception("parser.failed", mail=mail.id)
            failed = ParserFailed(f"{type(exc).__name__}: {exc}")
            return Understood(held=failed.reason.value, parser=parser)


def _is_dangerous(mail: Mail) -> bool:
    """It ended every process that read it, and would end this one."""
    return mail.reason is Reason.PARSER_FAILED and "processes" in mail.facts


# ---------------------------------------------------------------- what stands in the ledger


def as_recorded(tx: Tx, mail: Mail) -> Understood | None:
    """What the last reading of a mail came to; None: it waits for its first, or for another one."""
    events = tx.history(mail_id=mail.id)
    last = next((event for event in reversed(events) if event.name in READINGS), None)
    if last is None or mail.state is MailState.TAKEN:
        return None
    facts = last.facts.get("facts") or {}
    if last.name == "mail.skipped":
        return Understood(kinds=tuple(facts.get("kinds", ())), parser=mail.parser)
    if last.name != "mail.read":
        return Understood(held=held_for(last.facts["reason"], facts), parser=mail.parser)
    payments = [payment for entry in tx.entries(mail_id=mail.id) for payment in _as_told(tx, entry, mail, events)]
    return Understood(payments=tuple(payments), parser=mail.parser)


def _as_told(tx: Tx, entry: Entry, mail: Mail, events: Sequence[Event]) -> list[Payment]:
    """What one mail said of a payment: first, again, or otherwise than it stands."""
    own = [event for event in events if event.entry_id == entry.id]
    told = {
        (event.facts.get("key", entry.key), event.facts["amount"], event.facts.get("order")): event
        for event in own
        if event.name in ("entry.recorded", "entry.contradicted")
    }
    if not told:
        return [_repeated(entry, own)]
    payments = []
    for (key, _, _), event in told.items():
        first = event.name == "entry.recorded"
        facts = {
            "kind": event.facts.get("kind"),
            "amount": f"{event.facts['amount']} {event.facts['currency']}",
            "order_number": event.facts.get("order"),
            "paid_at": _moment(datetime.fromisoformat(event.facts["paid_at"])),
        }
        if first:
            facts |= {"transaction_id": entry.transaction_id, "merchant": entry.merchant}
            if not _filled_by_another(tx, entry, mail, "payer"):
                facts |= _payer(entry.payer)
        # a refund that names no order was given its payment's
        unsure = frozenset({"order_number"}) if entry.kind in MONEY_BACK else frozenset()
        payments.append(Payment(key=fold_key(key), facts=facts, unsure=unsure, entry=f"e{entry.id}"))
    return payments


def _repeated(entry: Entry, own: Sequence[Event]) -> Payment:
    """It told nothing that was not known, or filled what was missing; a fact it did not tell was no other fact."""
    filled = {name for event in own if event.name == "entry.filled" for name in event.facts["fields"]}
    facts = {
        "kind": entry.kind.value,
        "amount": str(entry.amount),
        "order_number": entry.order_read,
        "merchant": entry.merchant,
    }
    unsure = frozenset({"order_number"} - filled)
    return Payment(key=fold_key(entry.key), facts=facts, unsure=unsure, entry=f"e{entry.id}")


def _filled_by_another(tx: Tx, entry: Entry, mail: Mail, name: str) -> bool:
    return any(
        event.name == "entry.filled" and event.mail_id != mail.id and name in event.facts["fields"]
        for event in tx.history(entry_id=entry.id)
    )


def _as_read(entry: NewEntry) -> Payment:
    facts: dict[str, str | None] = {
        "kind": entry.kind.value,
        "amount": str(entry.amount),
        "order_number": entry.order_number,
        "paid_at": _moment(entry.paid_at),
        "transaction_id": entry.transaction_id,
        "merchant": entry.merchant,
        **_payer(entry.payer),
    }
    kept = {name: value and storable(value) for name, value in facts.items()}  # as the ledger would have kept it
    return Payment(key=fold_key(storable(entry.key)), facts=kept)


def _payer(payer: Payer | None) -> dict[str, str | None]:
    told = payer or Payer()
    return {f"payer_{name}": getattr(told, name) for name in Payer.__dataclass_fields__}


def _moment(at: datetime) -> str:
    return at.astimezone(KYIV).isoformat()
