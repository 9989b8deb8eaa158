"""
A person's decisions, and the line going on from them: `reconciler resolve`.

Comes in: ids, or conditions that find them, and one decision. Goes out: how each payment or message stands after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.app import App
from reconciler.byhand.going import Going
from reconciler.flow import outcome
from reconciler.flow.decisions import NotPossible
from reconciler.ledger import Ledger
from reconciler.model import Entry, Mail, MailState, Outcome, State

Decide = Callable[[Ledger, str], Entry | Mail]
"""One of `flow.decisions`, with everything but the ledger and the id given."""

CONDITIONS = ("reason", "state", "desk", "order", "gateway", "merchant", "parser", "mailbox", "sender")
"""What `--where` can name. A payment has no mailbox or sender, a message no desk, order, gateway or merchant."""

_OPEN_ENTRIES = frozenset(State) - {State.SETTLED, State.DISCARDED, State.PARTIAL}
_OPEN_MAILS = frozenset({MailState.HELD, MailState.WAITING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    outcomes: list[Outcome]
    refused: list[str]  # why a decision was not possible, one line each


def resolve(app: App, going: Going, ids: Sequence[str], decide: Decide) -> Resolved:
    """Decide about each, then let all of them go on. One that cannot be decided so does not keep the others."""
    refused: list[str] = []
    decided: list[Entry | Mail] = []
    for what in dict.fromkeys(ids):
        try:
            decided.append(decide(app.ledger, what))
        except NotPossible as exc:
            refused.append(str(exc))
    follows = [follow for found in decided for follow in _follows(app, found)]
    return Resolved(outcomes=going.go_on(follows), refused=refused)


def _follows(app: App, found: Entry | Mail) -> Sequence[Outcome]:
    if isinstance(found, Entry):
        return [outcome.of_entry(found)]
    return app.intake.read(found) if found.state is MailState.TAKEN else [outcome.of_mail(found)]


def found_where(ledger: Ledger, conditions: Mapping[str, str]) -> list[str]:
    """The ids of everything open that meets all conditions, oldest first."""
    with ledger.look() as tx:
        found: list[Entry | Mail] = [
            *(mail for mail in tx.mails() if mail.state in _OPEN_MAILS),
            *tx.entries(states=_OPEN_ENTRIES),
        ]
    return [
        f"m{one.id}" if isinstance(one, Mail) else f"e{one.id}"
        for one in found
        if all(_value(one, name) == value for name, value in conditions.items())
    ]


def _value(found: Entry | Mail, name: str) -> str | None:
    value = getattr(found, "order_number" if name == "order" else name, None)
    return None if value is None else str(value)
