"""
What a person decides about an entry ("e12") or a held message ("m7"), recorded with who and when.

A decision is sticky: automation never undoes it. It is correctable: another decision replaces it, and the history keeps
both. Each verb commits the decision only; the walk or the reading that follows is the line's.
"""

from __future__ import annotations

from typing import Any

from reconciler.errors import HeldError, ReconcilerError
from reconciler.extract.values.orders import clean_order
from reconciler.model import Entry, Mail, MailState, Reason, State, Verdict, Voucher
from reconciler.ports import Ledger, LedgerTx
from reconciler.settling import MAY_FOLLOW


class NotPossible(ReconcilerError):
    """The decision makes no sense for what it is about; the message says what does."""


def find(tx: LedgerTx, what: str) -> Entry | Mail:
    """An entry by "e12" or by its key, a message by "m7"."""
    try:
        if what[:1] == "m" and what[1:].isdigit():
            return tx.mail(int(what[1:]))
        if what[:1] == "e" and what[1:].isdigit():
            return tx.entry(int(what[1:]))
    except LookupError:
        raise NotPossible(f"{what}: nothing of that id is in the ledger; `reconciler ledger` lists what is") from None
    entries = tx.entries(key=what)
    if not entries:
        raise NotPossible(f"{what}: neither an id like e12 or m7 nor a known key; `reconciler ledger` lists both")
    return entries[0]


def give_order(ledger: Ledger, what: str, number: str) -> Entry:
    """This payment is for that order. What was posted elsewhere is looked for first and never posted beside it."""
    number = _cleaned(number)
    with ledger.begin() as tx:
        entry = _entry(find(tx, what), "--order")
        if entry.state is State.SETTLED:
            raise NotPossible(
                f"{what} is settled on order {entry.order_number}; move its row on the desk, then give the order again"
                " once the entry is held"
            )
        # A row that still stands on the old order is found by the next look, which asks for it over the whole desk.
        return _requeue(tx, entry, "entry.order_given", ledger, order_number=number, task=None, income_id=None)


def retry(ledger: Ledger, what: str) -> Entry | Mail:
    """I have looked, go on: overrules the hold for exactly the facts it names, and looks at the rest again."""
    with ledger.begin() as tx:
        found = find(tx, what)
        if isinstance(found, Entry):
            if found.state is State.SETTLED:
                raise NotPossible(f"{what} is settled; there is nothing to try again")
            held = found.state is State.HELD  # only what a person was asked is answered by this
            mark = found.facts.get("fingerprint") if held else None
            marks = found.acknowledged if mark is None else (*found.acknowledged, str(mark))
            # a row that is gone from the desk was taken away by a person, who says with this to post it again
            gone = {"income_id": None, "task": None} if held and "missing_row" in found.facts else {}
            return _requeue(tx, found, "entry.retried", ledger, acknowledged=marks, **gone)
        if found.state is MailState.READ:
            raise NotPossible(f"{what} was read; decide about its payments: {found.facts.get('entries')}")
        marks = tuple(found.facts.get("acknowledged", ())) + ((found.reason.value,) if found.reason else ())
        kept = {"acknowledged": list(marks), **({"truncated": True} if found.facts.get("truncated") else {})}
        return tx.close_mail(found.id, MailState.TAKEN, facts=kept, parser=found.parser)


def vouch(ledger: Ledger, what: str, *, person: str) -> Mail:
    """I vouch for this letter: it is read as if its gateway had signed it."""
    with ledger.begin() as tx:
        found = find(tx, what)
        if isinstance(found, Entry) or found.reason is not Reason.UNTRUSTED:
            raise NotPossible(f"{what}: --trust is for messages held as untrusted")
        checks = found.verdict.checks if found.verdict else ()
        verdict = Verdict(trusted_by=Voucher.PERSON, checks=checks)
        tx.append("message.vouched", mail_id=found.id, person=person)
        return tx.close_mail(found.id, MailState.TAKEN, verdict=verdict, parser=found.parser)


def discard(ledger: Ledger, what: str, why: str) -> Entry | Mail:
    """Close it without posting, with a reason; what was posted stays posted."""
    if not why.strip():
        raise NotPossible("--discard needs the reason in words")
    with ledger.begin() as tx:
        found = find(tx, what)
        if isinstance(found, Mail):
            if found.state is MailState.READ:
                raise NotPossible(f"{what} was read; decide about its payments: {found.facts.get('entries')}")
            return tx.close_mail(found.id, MailState.DISCARDED, facts={"why": why}, parser=found.parser)
        if State.DISCARDED not in MAY_FOLLOW[found.state]:
            raise NotPossible(f"{what} is {found.state}; only what is open or held can be discarded")
        return tx.change(found, State.DISCARDED, facts={"why": why}, event="entry.discarded")


def _cleaned(number: str) -> str:
    """As a notice's number is cleaned, so that one order has one name in the ledger."""
    try:
        cleaned = clean_order(number)
    except HeldError as exc:
        raise NotPossible(f"--order {number!r}: {exc}") from exc
    if cleaned is None and not number.strip():
        raise NotPossible("--order needs the order's number")
    return cleaned or number.strip()


def _entry(found: Entry | Mail, option: str) -> Entry:
    if isinstance(found, Mail):
        raise NotPossible(f"m{found.id} is a message; {option} is for payments (ids like e12)")
    return found


def _requeue(tx: LedgerTx, entry: Entry, event: str, ledger: Ledger, **columns: Any) -> Entry:
    if State.RECORDED not in MAY_FOLLOW[entry.state]:
        raise NotPossible(f"e{entry.id} is {entry.state}; there is nothing to go on with")
    return tx.change(entry, State.RECORDED, retry_at=ledger.clock(), deadline_at=None, tries=0, event=event, **columns)
