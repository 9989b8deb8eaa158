"""
Outcomes as rows, and as an exit code. In: how payments and messages ended. Out: the object every such command prints.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterable
from typing import Any

from reconciler.model import EXIT_CODES, Outcome, worst_exit

COLUMNS = ("id", "file", "order", "amount", "currency", "transaction_id", "outcome", "reason", "would")
"""What the table for people shows."""


def row_of(outcome: Outcome) -> dict[str, Any]:
    """The object of one payment (`key`) or one message (`key` null)."""
    return {
        "id": outcome.id,
        "key": outcome.key,
        "mail": outcome.mail,
        "state": outcome.state,
        "reason": outcome.reason.value if outcome.reason else None,
        "order": outcome.order,
        "amount": str(outcome.amount.amount) if outcome.amount else None,
        "currency": outcome.amount.currency if outcome.amount else None,
        "transaction_id": outcome.transaction_id,
        "outcome": outcome.outcome.value,
    }


def rehearsed_row_of(outcome: Outcome) -> dict[str, Any]:
    """The same of a dry run, and in words what would have been done."""
    return row_of(outcome) | {"would": outcome.facts.get("would")}


def hints_of(outcome: Outcome) -> list[str]:
    """For people: the orders that may have been meant by a held payment, where each comes from, and what to type."""
    hints = []
    for one in outcome.facts.get("suggestions", ()) if outcome.key is not None else ():
        told = [str(one["why"])]
        told += [f"still owes {one['difference']}"] if one.get("difference") else []
        told += [f"from {', '.join(one['from'])}, paid {str(one['paid_at'])[:10]}"] if one.get("from") else []
        told += [f"{one['distance']} sign(s) away"] if one.get("distance") else []
        hints.append(f"{outcome.id}: `reconciler resolve {outcome.id} --order {one['number']}`? {'; '.join(told)}")
    return hints


def exit_of(outcomes: Iterable[Outcome]) -> int:
    return worst_exit([EXIT_CODES[done.outcome] for done in outcomes])


def person() -> str:
    """Who types, for the history: login@host."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in many containers
        login = f"uid {os.getuid()}"
    return f"{login}@{socket.gethostname()}"
