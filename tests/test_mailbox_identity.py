"""Whose mail a mailbox is: a new name, a new server, another user behind the name. What was seen stays seen, what is new is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from reconciler.errors import OwnedElsewhere
from reconciler.ledger import Ledger
from reconciler.mailbox import ImapMailbox
from reconciler.sandbox.imap import SandboxImap
from tests.ledgers import START, HandClock, take
from tests.mailboxes import PASSWORD, Taker, letter, mailbox, recognition, settings


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD, "other": PASSWORD}) as running:
        yield running


@pytest.fixture
def taker(sqlite_ledger: Ledger) -> Taker:
    return Taker(sqlite_ledger)


def named(server: SandboxImap, ledger: Ledger, name: str, *all_names: str) -> ImapMailbox:
    """The mailbox as settings with these tables make it; without `since`, so that only the ledger knows what is old."""
    given = settings(server, name=name, since=None)
    return ImapMailbox(given, ledger, recognition(), named=frozenset((name, *all_names)))


def test_a_new_name_in_the_settings(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A mailbox renamed in the settings is the one it was: nothing is read again, and nothing that came meanwhile is skipped (O09)."""
    server.deliver(letter(1))
    box = named(server, sqlite_ledger, "payments")
    box.read(taker)  # letter 1 lies before the first meeting
    server.deliver(letter(2))
    box.read(taker)
    server.deliver(letter(3))
    renamed = named(server, sqlite_ledger, "pay-box")
    renamed.read(taker)
    renamed.read(taker)
    assert taker.new == [letter(2), letter(3)]
    assert server.bodies == 2
    with sqlite_ledger.look() as tx:
        assert tx.mailbox("payments", "INBOX") is None
        row = tx.mailbox("pay-box", "INBOX")
        assert row is not None
        assert row.cutoff_uid == 2
        assert tx.sightings("pay-box", "INBOX", row.uidvalidity) == {1, 2, 3}
        assert {mail.mailbox for mail in tx.mails()} == {"pay-box"}


def test_a_second_name_is_no_new_name(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """While the settings have both names, the second one takes nothing from the first (O09)."""
    named(server, sqlite_ledger, "payments", "second").read(taker)
    server.deliver(letter(1))
    named(server, sqlite_ledger, "second", "payments").read(taker)
    named(server, sqlite_ledger, "payments", "second").read(taker)
    assert taker.new == [letter(1)]
    with sqlite_ledger.look() as tx:
        assert tx.mailbox("payments", "INBOX") is not None
        assert tx.mailbox("second", "INBOX") is not None


def test_a_name_that_is_being_read_is_not_taken_away(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """While a program on the old settings reads the mailbox, one on the new settings leaves it its name and waits (R03, O09)."""
    named(server, sqlite_ledger, "payments").read(taker)
    renamed = named(server, sqlite_ledger, "pay-box")
    with sqlite_ledger.exclusive("mailbox:payments"):
        with pytest.raises(OwnedElsewhere, match="mailbox:payments is owned by"):
            renamed.read(taker)
        with sqlite_ledger.look() as tx:
            assert tx.mailbox("payments", "INBOX") is not None
    assert server.count("LOGIN") == 1
    server.deliver(letter(1))
    renamed.read(taker)
    assert taker.new == [letter(1)]


def test_a_rotated_token_goes_with_the_name(any_ledger: Ledger) -> None:
    """Accounts, folders, mails and the newest refresh token go over to the new name; a folder it knows stays its own (O09)."""
    with any_ledger.begin() as tx:
        for name, folder in (("old", "INBOX"), ("old", "Archive"), ("new", "Archive")):
            tx.meet_mailbox(name, folder, uidvalidity=7, cutoff_at=START, cutoff_uid=3, decided_by="UIDNEXT")
            tx.set_account(name, folder, "pay at imap")
        take(tx, uid=5, mailbox="old")
        tx.remember("oauth:old", {"refresh_token": "newest"})
        tx.rename_mailbox("old", "new")
        assert tx.mailbox("old", "INBOX") is None
        assert tx.mailbox("old", "Archive") is not None
        assert tx.sightings("new", "INBOX", 7) == {5}
        assert [mail.mailbox for mail in tx.mails()] == ["new"]
        assert tx.recall("oauth:new") == {"refresh_token": "newest"}
        assert tx.mailboxes_of("pay at imap", "INBOX") == ["new"]
        assert (tx.account("new", "INBOX"), tx.account("old", "INBOX")) == ("pay at imap", None)


@pytest.mark.parametrize("by", ["user", "host"])
def test_another_account_behind_the_name(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, by: str) -> None:
    """Another server or user with the same UIDVALIDITY and the same numbers: all its mail is read, none of it is taken for seen (D01, O09)."""
    server.deliver(letter(1))
    server.deliver(letter(2))
    mailbox(server, sqlite_ledger).read(taker)
    with SandboxImap({"pay": PASSWORD}) as elsewhere:
        for number in (3, 1, 4):  # one mail moved along, two came there
            server.deliver(letter(number), user="other")
            elsewhere.deliver(letter(number))
        if by == "user":
            replaced = mailbox(server, sqlite_ledger, username="other")
        else:
            replaced = mailbox(elsewhere, sqlite_ledger, host="localhost")
        replaced.read(taker)
        replaced.read(taker)
    assert taker.new == [letter(1), letter(2), letter(3), letter(4)]
    assert taker.uids == [1, 2, 1, 2, 3]


def test_a_ledger_that_never_noted_the_account(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A mailbox met before accounts were noted is not taken for another one: nothing is read again."""
    server.deliver(letter(1))
    mailbox(server, sqlite_ledger).read(taker)
    with sqlite_ledger.begin() as tx:
        tx.connection.exec_driver_sql("DELETE FROM memory WHERE name LIKE 'account:%'")
    mailbox(server, sqlite_ledger).read(taker)
    assert taker.uids == [1]
    with sqlite_ledger.look() as tx:
        assert tx.account("payments", "INBOX") == "pay at 127.0.0.1"


def test_the_cut_off_of_a_replaced_mailbox(
    server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, hand_clock: HandClock
) -> None:
    """Behind a new account the numbers of the first meeting mean nothing, and its moment still counts (O16)."""
    for number in range(5):
        server.deliver(letter(number))
    mailbox(server, sqlite_ledger, since=None).read(taker)
    server.deliver(letter(8), user="other", received_at=START - timedelta(days=1))
    server.deliver(letter(9), user="other", received_at=START + timedelta(days=1))
    mailbox(server, sqlite_ledger, since=None, username="other").read(taker)
    assert taker.new == [letter(9)]


def test_the_newer_token_of_two_names_counts(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """A token that was given under the new name already, to a rehearsal of the new settings, is not replaced by the older one (C12, O09)."""
    for name, token in (("new", "of an earlier life"), ("old", "rotated"), ("new", "newest")):
        hand_clock.move(60)
        with any_ledger.begin() as tx:
            tx.remember(f"oauth:{name}", {"refresh_token": token})
    with any_ledger.begin() as tx:
        tx.rename_mailbox("old", "new")
        assert tx.recall("oauth:new") == {"refresh_token": "newest"}
