"""The ledger's mailboxes and sightings, on real SQLite and real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from reconciler.ledger import Ledger, Tx
from reconciler.model import MailState, Reason, State
from tests.ledgers import START, HandClock, notice_of, ref_to, take

FOLDER = ("payments", "INBOX")


def meet(tx: Tx, *, cutoff_uid: int | None = 100) -> None:
    tx.meet_mailbox(*FOLDER, uidvalidity=7, cutoff_at=START, cutoff_uid=cutoff_uid, decided_by="UIDNEXT")


def sight(
    tx: Tx,
    uid: int,
    *,
    rules: str = "r1",
    success_words: bool = False,
    what: Literal["foreign", "before_cutoff"] = "foreign",
    uidvalidity: int = 7,
) -> None:
    tx.sight(
        ref_to(uid, uidvalidity=uidvalidity),
        what=what,
        sender_domain="news.example",
        subject_sha256="a" * 64,
        success_words=success_words,
        received_at=START,
        rules=rules,
    )


def test_the_first_run_decision_is_stored_once(any_ledger: Ledger) -> None:
    """O05: what the first run decided to skip is decided for good; a later run with other settings changes nothing."""
    with any_ledger.begin() as tx:
        assert tx.mailbox(*FOLDER) is None
        meet(tx)
    with any_ledger.begin() as tx:
        met = tx.mailbox(*FOLDER)
        later = START + timedelta(days=9)
        again = tx.meet_mailbox(*FOLDER, uidvalidity=8, cutoff_at=later, cutoff_uid=999, decided_by="since")
        assert met == again
        assert (again.cutoff_at, again.cutoff_uid, again.uidvalidity) == (START, 100, 7)
        assert (again.rules, again.scanned_at) == ("", None)
        assert [event.name for event in tx.history()].count("mailbox.met") == 1


def test_two_folders_with_one_uidvalidity_are_two(any_ledger: Ledger) -> None:
    """D02: state is kept for each folder of each mailbox, whatever number the server gave it."""
    with any_ledger.begin() as tx:
        meet(tx)
        sight(tx, 5)
        assert tx.mailbox("payments", "Archive") is None
        assert tx.sightings("payments", "Archive", 7) == frozenset()
        assert tx.sightings("other", "INBOX", 7) == frozenset()


def test_a_rebuilt_folder_forgets_its_uids_but_not_its_cutoff(any_ledger: Ledger) -> None:
    """D01: after a rebuild no UID counts as seen, and only the cut-off's time still skips."""
    with any_ledger.begin() as tx:
        meet(tx)
        sight(tx, 5)
        tx.set_uidvalidity(*FOLDER, 8)
        tx.set_uidvalidity(*FOLDER, 8)
        row = tx.mailbox(*FOLDER)
        assert row is not None
        assert (row.uidvalidity, row.cutoff_uid, row.cutoff_at) == (8, None, START)
        assert tx.sightings(*FOLDER, 8) == frozenset()
        assert tx.sightings(*FOLDER, 7) == {5}
        assert [event.name for event in tx.history()].count("mailbox.rebuilt") == 1
        with pytest.raises(LookupError, match="not met"):
            tx.set_uidvalidity("nowhere", "INBOX", 1)


def test_a_scan_is_marked_with_its_rules(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """O02: the last complete scan has a time, so its age can be told."""
    with any_ledger.begin() as tx:
        meet(tx)
        hand_clock.move(60)
        tx.scanned(*FOLDER, rules="r2")
        row = tx.mailbox(*FOLDER)
        assert row is not None
        assert (row.rules, row.scanned_at) == ("r2", hand_clock())


def test_foreign_mail_is_looked_at_again_under_new_rules(any_ledger: Ledger) -> None:
    """New senders or parsers come back to what was foreign, once; what lay before the cut-off stays skipped."""
    with any_ledger.begin() as tx:
        meet(tx)
        sight(tx, 9, rules="r1", success_words=True)
        sight(tx, 3, rules="r1")
        sight(tx, 1, rules="r1", what="before_cutoff")
        assert tx.foreign_uids(*FOLDER, 7, rules="r1") == []
        assert tx.foreign_uids(*FOLDER, 7, rules="r2") == [3, 9]
        sight(tx, 3, rules="r2")
        assert tx.foreign_uids(*FOLDER, 7, rules="r2") == [9]
        assert tx.sightings(*FOLDER, 7) == {1, 3, 9}


def test_what_is_ours_stays_ours(any_ledger: Ledger) -> None:
    """A mail that was taken is not turned into a foreign one by a later look."""
    with any_ledger.begin() as tx:
        meet(tx)
        mail = take(tx, uid=5)
        sight(tx, 5, rules="r2")
        assert tx.foreign_uids(*FOLDER, 7, rules="r3") == []
        tx.close_mail(mail.id, MailState.READ)
        assert tx.after_pending(*FOLDER, 7) == [5]


def test_foreign_mail_is_counted_as_the_folder_is_now(any_ledger: Ledger) -> None:
    """Foreign mail that looks like a payment is counted; a rebuilt folder does not count its mail twice."""
    with any_ledger.begin() as tx:
        meet(tx)
        assert tx.count_foreign(*FOLDER) == {"foreign": 0, "with_success_words": 0}
        sight(tx, 1, success_words=True)
        sight(tx, 2)
        sight(tx, 3, what="before_cutoff", success_words=True)
        assert tx.count_foreign(*FOLDER) == {"foreign": 2, "with_success_words": 1}
        tx.set_uidvalidity(*FOLDER, 8)
        sight(tx, 1, uidvalidity=8)
        assert tx.count_foreign(*FOLDER) == {"foreign": 1, "with_success_words": 0}


def test_the_mailbox_action_waits_for_the_outcome(any_ledger: Ledger) -> None:
    """D07, D10: a mail is touched only once its outcome is committed, also a repeat's, and then once."""
    with any_ledger.begin() as tx:
        mail, repeat = take(tx, b"first", uid=5), take(tx, b"repeat", uid=4)
        held, unread = take(tx, b"held", uid=6), take(tx, b"unread", uid=8)
        entry = tx.record(mail.id, notice_of())[0]
        tx.record(repeat.id, notice_of())
        for read in (mail, repeat):
            tx.close_mail(read.id, MailState.READ)
        tx.close_mail(held.id, MailState.HELD, reason=Reason.UNCLAIMED)
        tx.close_mail(unread.id, MailState.WAITING, retry_at=START)
        assert tx.after_pending(*FOLDER, 7) == [6]
        entry = tx.change(entry, State.WAITING, reason=Reason.DESK_UNREACHABLE, event="entry.postponed")
        assert tx.after_pending(*FOLDER, 7) == [6]
        tx.change(entry, State.SETTLED, event="order.advanced")
        assert tx.after_pending(*FOLDER, 7) == [4, 5, 6]
        tx.after_done(ref_to(5))
        tx.after_done(ref_to(6))
        assert tx.after_pending(*FOLDER, 7) == [4]
        take(tx, b"first", uid=5)
        assert tx.after_pending(*FOLDER, 7) == [4]
