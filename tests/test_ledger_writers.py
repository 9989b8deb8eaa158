"""Many writers on one ledger: each mailbox's state is its own, and a write that fails takes nobody else's with it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from reconciler.ledger import Ledger
from reconciler.model import MailState
from tests.ledgers import START, HandClock, ref_to, take

BOXES = ("payments", "shop", "sales", "old")
MAILS = 12


class Broken(Exception):
    """The work on one mail fails in the middle of its transaction."""


def read(ledger: Ledger, box: str, met: threading.Barrier) -> None:
    """A mailbox's thread: meets its folder, then takes one mail a transaction; every third breaks before its commit."""
    with ledger.begin() as tx:
        tx.meet_mailbox(box, "INBOX", uidvalidity=7, cutoff_at=START, cutoff_uid=None, decided_by="since")
    met.wait(30)
    for uid in range(1, MAILS + 1):
        try:
            with ledger.begin() as tx:
                mail = take(tx, f"{box} {uid}".encode(), uid=uid, mailbox=box)
                tx.close_mail(mail.id, MailState.READ)
                if uid % 3 == 0:
                    raise Broken
        except Broken:
            continue
    with ledger.begin() as tx:
        tx.scanned(box, "INBOX", rules=f"rules of {box}")


def test_concurrent_writers_keep_each_mailbox_s_own_state(any_ledger: Ledger) -> None:
    """D22: four mailboxes written at once: what each committed is there, what each rolled back is not, and nothing of another's moved."""
    met = threading.Barrier(len(BOXES))
    failed: list[BaseException] = []

    def run(box: str) -> None:
        try:
            read(any_ledger, box, met)
        except BaseException as exc:  # noqa: BLE001  shown by the assertion below, in the test's own thread
            failed.append(exc)

    threads = [threading.Thread(target=run, args=(box,)) for box in BOXES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    done = frozenset(uid for uid in range(1, MAILS + 1) if uid % 3)
    with any_ledger.look() as tx:
        for box in BOXES:
            row = tx.mailbox(box, "INBOX")
            assert row is not None
            assert (row.rules, row.uidvalidity) == (f"rules of {box}", 7)
            assert tx.sightings(box, "INBOX", 7) == done
        assert len(tx.mails(state=MailState.READ)) == len(BOXES) * len(done)


def test_a_later_write_of_one_mailbox_rolls_no_other_back(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """D22: a mailbox rebuilt, scanned and re-read long after another's last write leaves that one as it was, to the byte."""
    with any_ledger.begin() as tx:
        for box in BOXES[:2]:
            tx.meet_mailbox(box, "INBOX", uidvalidity=7, cutoff_at=START, cutoff_uid=9, decided_by="UIDNEXT")
            take(tx, box.encode(), uid=10, mailbox=box)
    before = _state(any_ledger, "shop")
    hand_clock.move(timedelta(days=3).total_seconds())
    with any_ledger.begin() as tx:
        tx.set_uidvalidity("payments", "INBOX", 8)
        tx.scanned("payments", "INBOX", rules="new")
        tx.take(
            mailbox="payments",
            ref=ref_to(1, uidvalidity=8),
            raw=b"payments",
            sha256="0" * 64,
            sender="",
            subject="",
            received_at=START,
        )
    assert _state(any_ledger, "shop") == before
    with any_ledger.look() as tx:
        assert [tx.sightings("payments", "INBOX", validity) for validity in (7, 8)] == [{10}, {1}]


def _state(ledger: Ledger, box: str) -> Any:
    with ledger.look() as tx:
        return tx.mailbox(box, "INBOX"), tx.sightings(box, "INBOX", 7)
