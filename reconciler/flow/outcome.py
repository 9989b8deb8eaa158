"""How an entry or a message stands, as the `Outcome` that commands print."""

from __future__ import annotations

from reconciler.model import Entry, Facts, Mail, MailState, Outcome, OutcomeWord, State
from reconciler.settling import OUTCOME_OF

_MAIL_OUTCOME = {
    MailState.TAKEN: OutcomeWord.WAITING,
    MailState.READ: OutcomeWord.ALREADY,
    MailState.SKIPPED: OutcomeWord.SKIPPED,
    MailState.WAITING: OutcomeWord.WAITING,
    MailState.HELD: OutcomeWord.HELD,
    MailState.DISCARDED: OutcomeWord.DISCARDED,
}
_DONE = frozenset({State.SETTLED, State.PARTIAL, State.OVERPAID, State.POSTED})  # a repeat has nothing left to do


def of_entry(entry: Entry, word: OutcomeWord | None = None, *, facts: Facts | None = None) -> Outcome:
    """`skipped` where the last walk only observed: what it would have done stands in the facts."""
    observed = OutcomeWord.SKIPPED if "would" in entry.facts else OUTCOME_OF[entry.state]
    return Outcome(
        id=f"e{entry.id}",
        mail=entry.mail_id,
        key=entry.key,
        state=entry.state.value,
        outcome=word or observed,
        reason=entry.reason,
        order=entry.order_number,
        amount=entry.amount,
        transaction_id=entry.transaction_id,
        facts=entry.facts if facts is None else facts,
    )


def of_repeat(entry: Entry) -> Outcome:
    """A notice seen again: `already` where nothing is left to do, else how its payment stands."""
    return of_entry(entry, OutcomeWord.ALREADY if entry.state in _DONE else None)


def of_mail(mail: Mail, word: OutcomeWord | None = None) -> Outcome:
    return Outcome(
        id=f"m{mail.id}",
        mail=mail.id,
        key=None,
        state=mail.state.value,
        outcome=word or _MAIL_OUTCOME[mail.state],
        reason=mail.reason,
        facts=mail.facts,
    )
