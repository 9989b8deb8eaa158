"""
Mailboxes for tests: settings for a test server, letters to put there, and a handler that takes them into a real ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from reconciler.ledger import Ledger
from reconciler.mailbox import After, ImapMailbox, Incoming, Limits, MailboxSettings, Recognition
from reconciler.message import headers_only
from reconciler.model import MailState, Message
from reconciler.sandbox.imap import SandboxImap

PASSWORD = 'correct "horse" \\battery'
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
QUICK = Limits(connect=5.0, read=10.0, goodbye=0.5)


def letter(number: int, *, sender: str = "notify@wayforpay.com", subject: str = "Payment", body: str = "") -> bytes:
    """A small mail; `number` makes its bytes unlike the others'."""
    return (
        f"From: {sender}\r\nSubject: {subject} {number}\r\nDate: Sun, 22 Nov 2026 10:00:00 +0200\r\n"
        f"\r\nletter {number}\r\n{body}"
    ).encode()


def from_gateway(message: Message) -> bool:
    return any(sender.domain == "wayforpay.com" for sender in message.senders)


def recognition(rules: str = "v1", is_ours: Callable[[Message], bool] = from_gateway) -> Recognition:
    return Recognition(
        decode=headers_only, is_ours=is_ours, has_success_words=lambda text: "Payment" in text, rules=rules
    )


def settings(server: SandboxImap, **changes: Any) -> MailboxSettings:
    after = changes.pop("after", "keep")
    given: dict[str, Any] = {
        "name": "payments",
        "host": "127.0.0.1",
        "port": server.port,
        "security": "plain",
        "username": "pay",
        "password": PASSWORD,
        "since": LONG_AGO,
        "after": After.parse(after),
    }
    return MailboxSettings(**{**given, **changes})


def mailbox(server: SandboxImap, ledger: Ledger, **changes: Any) -> ImapMailbox:
    limits = changes.pop("limits", QUICK)
    recognises = changes.pop("recognition", None) or recognition()
    post = changes.pop("post", None)
    return ImapMailbox(settings(server, **changes), ledger, recognises, limits=limits, post=post)


class Taker:
    """Takes each mail into the ledger and closes it, as the line does; breaks on what it is told to."""

    def __init__(self, ledger: Ledger, *, breaks_on: Callable[[Incoming], bool] = lambda incoming: False) -> None:
        self.ledger = ledger
        self.breaks_on = breaks_on
        self.seen: list[Incoming] = []
        self.new: list[bytes] = []
        self._changed = threading.Condition()

    def __call__(self, incoming: Incoming) -> None:
        if self.breaks_on(incoming):
            raise RuntimeError("the handler is broken")
        with self.ledger.begin() as tx:
            mail, new = tx.take(
                mailbox=incoming.ref.mailbox,
                ref=incoming.ref,
                raw=incoming.raw,
                sha256=sha256(incoming.raw).hexdigest(),
                sender="",
                subject="",
                received_at=incoming.received_at,
            )
            if new:
                tx.close_mail(mail.id, MailState.READ)
        with self._changed:
            self.seen.append(incoming)
            if new:
                self.new.append(incoming.raw)
            self._changed.notify_all()

    def wait_for(self, mails: int, timeout: float = 20.0) -> None:
        """Block until so many different mails were taken in all."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.new) >= mails, timeout):
                raise TimeoutError(f"{len(self.new)} mails were taken, not {mails}")

    @property
    def uids(self) -> list[int]:
        return [incoming.ref.uid for incoming in self.seen]
