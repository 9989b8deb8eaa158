"""What is done to mails once their outcome is committed, on servers that can and cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.errors import MailboxUnreachable
from reconciler.ledger import Ledger
from reconciler.mailbox import Incoming
from reconciler.sandbox.imap import FaultKind, SandboxImap
from tests.ledgers import HandClock
from tests.mailboxes import PASSWORD, Taker, letter, mailbox


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD}) as running:
        yield running


@pytest.fixture
def taker(sqlite_ledger: Ledger) -> Taker:
    return Taker(sqlite_ledger)


def bodies(server: SandboxImap, folder: str) -> list[bytes]:
    return [mail.raw for mail in server.mails(folder)]


def test_keep_changes_nothing(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """By default the folder is opened read-only: no flag, not even \\Seen or \\Recent, is touched."""
    server.deliver(letter(1))
    mailbox(server, sqlite_ledger).read(taker)
    assert server.mails()[0].flags == set()
    assert server.folder().recent == {1}
    assert server.count("SELECT") == 0


def test_flag_once(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A finished mail is flagged once; a foreign one and one whose handling failed are not."""
    server.deliver(letter(1))
    server.deliver(letter(2, sender="news@example.org"))
    server.deliver(letter(3))
    taker.breaks_on = lambda incoming: incoming.ref.uid == 3
    box = mailbox(server, sqlite_ledger, after="flag")
    box.read(taker)
    assert [mail.flags for mail in server.mails()] == [{"\\Flagged"}, set(), set()]
    server.set_flags(1, set())  # a person takes the star away
    box.read(taker)
    assert server.mails()[0].flags == set()


def test_not_before_the_commit(server: SandboxImap, sqlite_ledger: Ledger) -> None:
    """A mail that the ledger holds as not yet read is left where it is (D07)."""
    server.deliver(letter(1))

    def take_only(incoming: Incoming) -> None:
        with sqlite_ledger.begin() as tx:
            tx.take(
                mailbox="payments", ref=incoming.ref, raw=incoming.raw, sha256="0" * 64, sender="", subject="",
                received_at=incoming.received_at,
            )  # fmt: skip

    mailbox(server, sqlite_ledger, after="move:Done").read(take_only)
    assert bodies(server, "INBOX") == [letter(1)]


@pytest.mark.parametrize("without", [set(), {"MOVE"}])
def test_250_mails_are_moved_once(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, without: set[str]) -> None:
    """With MOVE, or with COPY and UID EXPUNGE, each mail arrives once; what others marked as deleted stays (C19, D06)."""
    server.capabilities -= without
    server.deliver(letter(999, sender="news@example.org"), flags=("\\Deleted",))
    for number in range(250):
        server.deliver(letter(number))
    box = mailbox(server, sqlite_ledger, after="move:Опрацьовано")
    box.read(taker)
    assert bodies(server, "Опрацьовано") == [letter(number) for number in range(250)]
    assert bodies(server, "INBOX") == [letter(999, sender="news@example.org")]
    box.read(taker)
    assert len(bodies(server, "Опрацьовано")) == 250


def test_neither_move_nor_uidplus(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """Where a mail cannot be taken away alone it stays, and is not copied again and again (C19)."""
    server.capabilities -= {"MOVE", "UIDPLUS"}
    server.deliver(letter(1))
    box = mailbox(server, sqlite_ledger, after="move:Done")
    box.read(taker)
    box.read(taker)
    assert {"UID COPY", "UID STORE", "EXPUNGE", "UID EXPUNGE"}.isdisjoint(name for _, name in server.commands)
    assert bodies(server, "INBOX") == [letter(1)]


@pytest.mark.parametrize("after", ["flag", "move:Done"])
def test_over_quota(
    server: SandboxImap, sqlite_ledger: Ledger, hand_clock: HandClock, taker: Taker, after: str
) -> None:
    """A full mailbox does not stop reading, no mail is handled twice, and the action is made up for later (D25)."""
    server.call(lambda: server.accounts["pay"].create("Done"))
    server.deliver(letter(1))
    server.faults.quota_full = True
    box = mailbox(server, sqlite_ledger, after=after)
    box.read(taker)
    server.deliver(letter(2))
    box.read(taker)
    assert taker.uids == [1, 2]
    assert server.bodies == 2
    assert server.count("UID STORE") + server.count("UID MOVE") == 1  # the second visit came before its pause was over
    server.faults.quota_full = False
    hand_clock.move(31)
    box.read(taker)
    assert taker.uids == [1, 2]
    if after == "flag":
        assert [mail.flags for mail in server.mails()] == [{"\\Flagged"}, {"\\Flagged"}]
    else:
        assert [bodies(server, "INBOX"), bodies(server, "Done")] == [[], [letter(1), letter(2)]]


def test_a_move_whose_answer_was_lost(
    server: SandboxImap, sqlite_ledger: Ledger, hand_clock: HandClock, taker: Taker
) -> None:
    """A MOVE that was carried out and not answered is asked for again, without effect (D06)."""
    server.call(lambda: server.accounts["pay"].create("Done"))
    server.deliver(letter(1))
    server.faults.put("UID MOVE", FaultKind.EOF, after=True)
    box = mailbox(server, sqlite_ledger, after="move:Done")
    with pytest.raises(MailboxUnreachable):
        box.read(taker)
    hand_clock.move(31)
    box.read(taker)
    assert taker.uids == [1]
    assert bodies(server, "Done") == [letter(1)]
