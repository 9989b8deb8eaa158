"""
Is everything at rest that can come to rest by itself? The ledger's rows come in, yes or no goes out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.model import Entry, MailState, State
from reconciler.sandbox.book import Book

OPEN = frozenset({State.PARTIAL, State.OVERPAID, State.POSTED})


def is_at_rest(book: Book, glanced_until: datetime) -> bool:
    """glanced_until: open payments must have been glanced at since, so that their next glance lies after it."""
    return not any(True for _ in restless(book, glanced_until))


def restless(book: Book, glanced_until: datetime) -> Iterator[str]:
    held = {f"e{entry.id}" for entry in book.entries if entry.state is State.HELD}
    for mail in book.mails:
        if mail.state in (MailState.TAKEN, MailState.WAITING):
            yield f"m{mail.id} {mail.state}"
    for entry in book.entries:
        if _goes_on(entry, held, glanced_until):
            yield f"e{entry.id} {entry.state} {entry.reason}"


def _goes_on(entry: Entry, held: set[str], glanced_until: datetime) -> bool:
    if entry.state in (State.SETTLED, State.HELD, State.DISCARDED):
        return False
    if entry.state in OPEN:
        return entry.retry_at is not None and entry.retry_at < glanced_until
    persons = entry.facts.get("waits_for") in held or entry.facts.get("blocked")
    return not (entry.state is State.WAITING and persons)  # a person's turn, about another payment
