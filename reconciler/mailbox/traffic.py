"""
How much is read from a mailbox in a day: providers close a mailbox for a day when it is too much.

In: bytes and bodies as they come. Out: the day's sum in the ledger, and one warning a day at half of what a large provider allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from reconciler.mailbox.needs import MailboxTx

_log = structlog.get_logger()

DAY_LIMIT = 2_500_000_000
"""Bytes a day that Gmail lets one account read over IMAP; others tell no number."""


@dataclass(slots=True)
class Meter:
    """Counts from when the mailbox was made; what `put_down` has not seen yet is lost with the process."""

    received: int = 0
    bodies: int = 0
    _put_down: tuple[int, int] = (0, 0)

    def put_down(self, tx: MailboxTx, mailbox: str) -> None:
        """Add what has come since the last time to the day's sum."""
        now = (self.received, self.bodies)
        received, bodies = now[0] - self._put_down[0], now[1] - self._put_down[1]
        if received == 0:
            return
        total = tx.count_traffic(mailbox, received=received, bodies=bodies)
        self._put_down = now
        if total - received < DAY_LIMIT // 2 <= total:
            _log.warning("mailbox.traffic_high", mailbox=mailbox, bytes_today=total, usual_limit=DAY_LIMIT)
