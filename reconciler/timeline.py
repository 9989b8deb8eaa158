"""
Everything known about one payment or message, in words: `reconciler show`.

Comes in: the ledger, an id or key, and how today's parsers read a stored mail. Goes out: JSON-ready facts, with the
history as sentences. Nothing is decided here, and nothing is asked of anybody but the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reconciler import reasons
from reconciler.errors import HeldError
from reconciler.ledger import Ledger, Tx
from reconciler.model import Entry, Event, Mail, Notice, Reason, Span, Step, StepKind
from reconciler.readout import KYIV
from reconciler.trust import verdict_to_json

Reread = Callable[[Mail, bytes], Sequence[Notice]]
"""How today's parsers read a stored mail. Raises HeldError."""


def of_entry(ledger: Ledger, entry: Entry, reread: Reread) -> dict[str, Any]:
    """A payment: what it is, the mails that told of it, each step on the desk, and its history."""
    with ledger.look() as tx:
        mails = tx.mails(entry_id=entry.id)
        raws = {mail.id: tx.raw(mail.id) for mail in mails}
        steps = tx.steps(entry_id=entry.id)
        events = _merged(tx, entry.id, [mail.id for mail in mails])
    return {
        "what": "payment",
        **_facts_of(entry),
        "help": _help(entry.reason, f"e{entry.id}"),
        "mails": [_mail(mail) | {"spans": _spans(mail, raws[mail.id], reread, entry.transaction_id)} for mail in mails],
        "steps": [_step(step) for step in steps],
        "timeline": [_line(event) for event in events],
    }


def of_mail(ledger: Ledger, mail: Mail, reread: Reread) -> dict[str, Any]:
    """A message: who sent it, who vouches for it, what was read in it, and its history."""
    with ledger.look() as tx:
        raw = tx.raw(mail.id)
        entries = tx.entries(mail_id=mail.id)
        events = tx.history(mail_id=mail.id)
    return {
        "what": "message",
        "facts": dict(mail.facts),
        "help": _help(mail.reason, f"m{mail.id}"),
        "payments": [f"e{entry.id}" for entry in entries],
        "mails": [_mail(mail) | {"spans": _spans(mail, raw, reread, None)}],
        "steps": [],
        "timeline": [_line(event) for event in events],
    }


def _merged(tx: Tx, entry_id: int, mail_ids: Iterable[int]) -> list[Event]:
    """The entry's own events and those of its mails, once each; not those of another payment told in the same mail."""
    found = {event.id: event for event in tx.history(entry_id=entry_id)}
    for mail_id in mail_ids:
        found |= {event.id: event for event in tx.history(mail_id=mail_id) if event.entry_id in (None, entry_id)}
    return [found[number] for number in sorted(found)]


# ---------------------------------------------------------------- values as JSON


def _facts_of(entry: Entry) -> dict[str, Any]:
    names = (
        *("desk", "gateway", "merchant", "order_read", "order_raw", "parser", "parser_version"),
        *("task", "income_id", "advanced_by"),
    )
    return {
        **{name: getattr(entry, name) for name in names},
        "kind": entry.kind.value,
        "trusted_by": entry.trusted_by.value,
        "paid_at": entry.paid_at.astimezone(KYIV).isoformat(),
        "payer": {key: value for key, value in asdict(entry.payer).items() if value} if entry.payer else None,
        "retry_at": entry.retry_at.astimezone(KYIV).isoformat() if entry.retry_at else None,
        "facts": dict(entry.facts),
    }


def _help(reason: Reason | None, what: str) -> dict[str, str] | None:
    """What happened and what to type, with the id in its place."""
    if reason is None:
        return None
    known = reasons.HELP[reason]
    return {"what": known.what, "next_step": known.next_step.replace(" ID ", f" {what} ")}


def _mail(mail: Mail) -> dict[str, Any]:
    return {
        "id": f"m{mail.id}",
        "mailbox": mail.mailbox,
        "state": mail.state.value,
        "from": mail.sender,
        "subject": mail.subject,
        "received_at": mail.received_at.astimezone(KYIV).isoformat(),
        "stored": mail.has_raw,
        "trust": verdict_to_json(mail.verdict) if mail.verdict else None,
    }


def _spans(mail: Mail, raw: bytes | None, reread: Reread, transaction_id: str | None) -> list[dict[str, Any]]:
    """Where each field stands in the mail, as today's parsers find it; empty once the mail's bytes are dropped."""
    if raw is None:
        return []
    try:
        notices = reread(mail, raw)
    except HeldError:
        return []  # why, is told by the message's own reason
    spans: list[Span] = []
    for notice in notices:
        if transaction_id is None or notice.transaction_id == transaction_id:
            spans += notice.spans
    return [span._asdict() for span in spans]


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind.value,
        "state": step.state.value,
        "order": step.order_number,
        "sent_at": step.sent_at.astimezone(KYIV).isoformat() if step.sent_at else None,
        "before": dict(step.before),
        "result": dict(step.result),
    }


# ---------------------------------------------------------------- history as sentences


def _line(event: Event) -> dict[str, Any]:
    return {
        "at": event.at.astimezone(KYIV).isoformat(timespec="seconds"),
        "actor": event.actor,
        "event": event.name,
        "says": sentence(event),
    }


def sentence(event: Event) -> str:
    """One event in words; one without a sentence of its own is told by its name and facts."""
    told = _SENTENCES.get(event.name)
    if told is None:
        return _plain(event)
    return told(event.facts).strip()


def _plain(event: Event) -> str:
    facts = ", ".join(f"{name}: {value}" for name, value in event.facts.items() if value not in (None, {}, []))
    words = event.name.replace(".", " was ").replace("_", " ")
    return f"{words} ({facts})" if facts else words


_KINDS = {StepKind.INCOME: "the income", StepKind.ADVANCE: "the status change", StepKind.COMMENT: "the comment"}


def _what(facts: Mapping[str, Any]) -> str:
    return _KINDS[StepKind(facts["kind"])]


def _because(facts: Mapping[str, Any]) -> str:
    reason = facts.get("reason")
    return f": {reasons.HELP[Reason(reason)].what}" if reason else ""


def _doubt(facts: Mapping[str, Any]) -> str:
    inner = facts.get("facts") or {}
    error = inner.get("error") if isinstance(inner, Mapping) else None
    return f" ({error})" if error else ""


def _owes(facts: Mapping[str, Any]) -> str:
    inner = facts.get("facts") or {}
    return f": due {inner.get('due')}, paid {inner.get('paid')}, difference {inner.get('difference')}"


def _forwarded(facts: Mapping[str, Any]) -> str:
    sender = (facts.get("facts") or {}).get("forwarded_by")
    return f" in the text of a mail of {sender}" if sender else ""


def _differs(facts: Mapping[str, Any]) -> str:
    told = [f"{name.replace('_', ' ')}: {', '.join(what)}" for name, what in (facts.get("differs") or {}).items()]
    return f" ({'; '.join(told)})" if told else ""


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "mail.taken": lambda facts: f"a mail of {facts['bytes']} bytes came into {facts['mailbox']}",
    "mail.read": lambda facts: (
        f"it was read by {facts.get('parser')}{_forwarded(facts)}"
        + (f", vouched for by {facts['trusted_by']}" if facts.get("trusted_by") else "")
    ),
    "mail.held": lambda facts: f"the message was held{_because(facts)}{_doubt(facts)}",
    "mail.postponed": lambda facts: f"the message waits{_because(facts)}",
    "mail.skipped": lambda facts: "the message tells of nothing that is to be posted",
    "mail.requeued": lambda facts: "the message was sent back to be read again",
    "mail.discarded": lambda facts: f"the message was discarded: {(facts.get('facts') or {}).get('why')}",
    "shape.learned": lambda facts: "no letter of its sender's that anybody vouched for had looked so before",
    "layout.changed": lambda facts: f"its layout was new{_differs(facts)}; it was read all the same",
    "message.vouched": lambda facts: f"{facts['person']} vouched for the message",
    "campaign.met": lambda facts: "nobody vouched for it, and none like it had come for a week",
    "campaign.seen": lambda facts: f"nobody vouched for it, and it was number {facts['count']} of its like",
    "entry.recorded": lambda facts: (
        f"a {facts['kind']} of {facts['amount']} {facts['currency']} for order {facts['order'] or 'without a number'}"
        " was written into the ledger"
    ),
    "entry.contradicted": lambda facts: (
        f"another mail told it otherwise: {facts['amount']} {facts['currency']} for order {facts['order']}"
    ),
    "entry.filled": lambda facts: f"another mail told what was missing: {', '.join(facts['fields'])}",
    "entry.waiting": lambda facts: f"it waits until {facts.get('retry_at')}{_because(facts)}{_doubt(facts)}",
    "entry.held": lambda facts: f"it was held for a person{_because(facts)}{_doubt(facts)}",
    "entry.partial": lambda facts: f"the order still owes{_owes(facts)}",
    "entry.overpaid": lambda facts: f"the order was overpaid{_owes(facts)}",
    "entry.settled": lambda facts: f"settled; the order was advanced by {facts.get('advanced_by')}",
    "entry.left": lambda facts: "the income stands, and the order is left as it is",
    "entry.observed": lambda facts: f"only looked at; would: {(facts.get('facts') or {}).get('would')}",
    "entry.order_given": lambda facts: f"order {facts.get('order')} was given instead of {facts.get('order_before')}",
    "entry.retried": lambda facts: "a person had looked and let it go on",
    "entry.discarded": lambda facts: f"a person discarded it: {(facts.get('facts') or {}).get('why')}",
    "income.posted": lambda facts: f"the income was written: row {facts.get('income_id')} on task {facts.get('task')}",
    "income.adopted": lambda facts: f"its income stood there already: row {facts.get('income_id')}",
    "income.found": lambda facts: f"the unanswered income was found: row {facts.get('income_id')}",
    "order.advanced": lambda facts: "the order was moved to production",
    "order.found_advanced": lambda facts: "the order was found in production already",
    "step.planned": lambda facts: f"{_what(facts)} was about to be sent",
    "step.sent": lambda facts: f"{_what(facts)} was sent",
    "step.done": lambda facts: f"{_what(facts)} is done",
    "step.unanswered": lambda facts: f"{_what(facts)} was sent and not answered: it is looked for before anything else",
    "step.looked": lambda facts: f"{_what(facts)} was looked for, and not found yet",
    "step.dropped": lambda facts: f"{_what(facts)} provably had no effect",
}  # fmt: skip
