"""Retention, forgetting, copies and checks of the ledger."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.errors import ConfigError, LedgerUnavailable
from reconciler.ledger import Ledger
from reconciler.model import MailState, Payer, Reason, Recorded, State
from tests.ledgers import START, HandClock, notice_of, record, take


def test_raw_mail_is_dropped_when_it_is_old_and_closed(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """D26: retention drops bodies only: what is open keeps its body, and an old mail seen again is not a new one."""
    with any_ledger.begin() as tx:
        settled, open_ = record(tx, "A"), record(tx, "B")
        tx.change(settled, State.SETTLED, event="order.advanced")
        held = take(tx, b"held")
        skipped = take(tx, b"skipped")
        for mail_id in (settled.mail_id, open_.mail_id):
            tx.close_mail(mail_id, MailState.READ)
        tx.close_mail(held.id, MailState.HELD, reason=Reason.UNCLAIMED)
        tx.close_mail(skipped.id, MailState.SKIPPED)
        hand_clock.move(60)
        young = take(tx, b"young")
        tx.close_mail(young.id, MailState.SKIPPED)
        assert tx.drop_raw_before(START) == 0
        assert tx.drop_raw_before(START + timedelta(seconds=1)) == 2
        assert {mail.id for mail in tx.mails() if not mail.has_raw} == {settled.mail_id, skipped.id}
        assert tx.raw(skipped.id) is None
        assert tx.drop_raw_before(START + timedelta(seconds=1)) == 0
        assert take(tx, b"skipped").state is MailState.SKIPPED
        assert tx.raw(skipped.id) == b"skipped"
        assert tx.record(settled.mail_id, notice_of("A"))[1] is Recorded.ALREADY


@pytest.mark.parametrize("asked", ["payer one", " Payer One ", "PAYER@EXAMPLE.UA"])
def test_a_payer_is_forgotten_and_the_money_is_not(any_ledger: Ledger, asked: str) -> None:
    """One payer's name, mail and letters go; key, sum, order and history stay, and so do other payers."""
    with any_ledger.begin() as tx:
        entry = record(tx, "A", payer=Payer(name="Payer One", email="payer@example.ua"))
        other = record(tx, "B", payer=Payer(name="Payer Two"))
        record(tx, "C", payer=None)
        forgotten = tx.forget(asked)
        assert (forgotten.entries, forgotten.mails) == (1, 1)
        left = tx.entry(entry.id)
        assert left.payer is None
        assert (left.key, left.amount, left.order_number) == (entry.key, entry.amount, entry.order_number)
        assert tx.raw(entry.mail_id) is None
        assert tx.mail(entry.mail_id).subject == ""
        assert tx.entry(other.id) == other
        assert tx.raw(other.mail_id) is not None
        assert tx.forget(asked).entries == 0


def test_a_dropped_body_is_gone_from_the_file(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    """Forgotten is forgotten: the payer's name is not left in the file's free pages."""
    with sqlite_ledger.begin() as tx:
        record(tx, payer=Payer(name="Zhadan-Unmistakable"))
    with sqlite_ledger.begin() as tx:
        tx.forget("Zhadan-Unmistakable")
    sqlite_ledger.close()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"Zhadan-Unmistakable" not in left


def test_a_backup_is_whole_while_others_write(sqlite_ledger: Ledger, tmp_path: Path, hand_clock: HandClock) -> None:
    """R10: a copy taken in the middle of the work opens as a sound ledger, private, and replaces an older one."""
    stop, target = threading.Event(), tmp_path / "copy.db"
    target.write_text("an older copy")
    with sqlite_ledger.begin() as tx:
        record(tx, "first")

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with sqlite_ledger.begin() as tx:
                record(tx, f"WFP-{number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        sqlite_ledger.backup(target)
    finally:
        stop.set()
        writer.join(60)
    assert target.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("*.part"))
    copy = Ledger.open(f"sqlite:///{target}", create=False, clock=hand_clock, actor="tester")
    assert copy.integrity_check() == []
    with copy.look() as tx, sqlite_ledger.look() as original:
        assert tx.entries() == original.entries()[: len(tx.entries())]
        assert tx.recall("ledger") == original.recall("ledger")
    copy.close()


def test_a_backup_never_overwrites_the_ledger(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    """A slip of the hand does not cost the ledger, nor does a folder that is not there."""
    with pytest.raises(ConfigError, match="the ledger itself"):
        sqlite_ledger.backup(tmp_path / "ledger.db")
    with pytest.raises(LedgerUnavailable, match="cannot be written"):
        sqlite_ledger.backup(tmp_path / "nowhere" / "copy.db")
    with sqlite_ledger.look() as tx:
        assert tx.recall("ledger") is not None


def test_a_postgresql_ledger_is_backed_up_by_its_own_tools(postgres_url: str, hand_clock: HandClock) -> None:
    """What this program cannot copy it does not pretend to."""
    ledger = Ledger.open(postgres_url, create=True, clock=hand_clock, actor="tester")
    with pytest.raises(ConfigError, match="pg_dump"):
        ledger.backup(Path("copy.db"))
    assert ledger.integrity_check() == []
    ledger.close()


def test_a_row_that_points_nowhere_is_found(sqlite_ledger: Ledger) -> None:
    """The check finds what a hand with a database shell has broken."""
    with sqlite_ledger.begin() as tx:
        entry = record(tx)
    connection = sqlite_ledger.engine.raw_connection()
    connection.cursor().execute("PRAGMA foreign_keys = OFF")
    connection.cursor().execute(f"DELETE FROM entry WHERE id = {entry.id}")
    connection.close()
    assert any("entry that is not there" in problem for problem in sqlite_ledger.integrity_check())
