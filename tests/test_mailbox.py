"""Reading a folder: which mails are handed on, in which order, and what is remembered of the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import LedgerUnavailable, MailboxUnreachable
from reconciler.ledger import Ledger
from reconciler.mailbox import Incoming, intake
from reconciler.model import MailRef
from reconciler.sandbox.imap import FaultKind, SandboxImap
from tests.dovecot import Dovecot
from tests.ledgers import START, HandClock
from tests.mailboxes import PASSWORD, Taker, letter, mailbox, recognition

SIGHT: dict[str, Any] = {"sender_domain": "", "subject_sha256": "", "success_words": False, "rules": "v1"}


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD}) as running:
        yield running


@pytest.fixture
def taker(sqlite_ledger: Ledger) -> Taker:
    return Taker(sqlite_ledger)


def test_every_mail_once(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """Bodies are fetched once ever, also those of a second visit; a foreign mail costs no body (C18, D05, S13)."""
    for number in range(3):
        server.deliver(letter(number), received_at=START)
    server.deliver(letter(9, sender="news@example.org"), received_at=START)
    box = mailbox(server, sqlite_ledger)
    box.read(taker)
    box.read(taker)
    assert [incoming.raw for incoming in taker.seen] == [letter(number) for number in range(3)]
    assert taker.seen[0] == Incoming(
        ref=MailRef(mailbox="payments", folder="INBOX", uidvalidity=1_700_000_001, uid=1),
        raw=letter(0),
        received_at=START,
        size=len(letter(0)),
    )
    assert server.bodies == 3
    with sqlite_ledger.look() as tx:
        assert tx.count_foreign("payments", "INBOX") == {"foreign": 1, "with_success_words": 1}


def test_a_mailbox_with_no_newer_mail(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """Nothing new means no header and no body is asked for again (D05)."""
    server.deliver(letter(1))
    box = mailbox(server, sqlite_ledger)
    box.read(taker)
    before = server.count("UID FETCH")
    box.read(taker)
    assert server.count("UID FETCH") == before


def test_seen_and_moved_mails_are_read(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A mail that a person has read, starred, or moved away and back is handed on, and counts once (D27)."""
    server.deliver(letter(1), flags=("\\Seen", "\\Flagged"))
    box = mailbox(server, sqlite_ledger)
    box.read(taker)
    server.remove(1)
    server.deliver(letter(1), flags=("\\Seen",))
    box.read(taker)
    assert taker.new == [letter(1)]
    assert taker.uids == [1, 2]


def test_a_failing_mail_does_not_stop_the_others(
    server: SandboxImap, sqlite_ledger: Ledger, hand_clock: HandClock, taker: Taker
) -> None:
    """Mail 2 of 3 fails: 1 and 3 are done, 2 stays pending, waits for its pause and is then read (D03, D24)."""
    for number in (1, 2, 3):
        server.deliver(letter(number))
    broken = True
    taker.breaks_on = lambda incoming: broken and incoming.ref.uid == 2
    box = mailbox(server, sqlite_ledger)
    box.read(taker)
    assert taker.uids == [1, 3]
    assert box.health.failing == 1
    broken = False
    box.read(taker)
    assert taker.uids == [1, 3]  # its pause is not over
    hand_clock.move(31)
    box.read(taker)
    assert taker.uids == [1, 3, 2]
    assert box.health.failing == 0


def test_the_pauses_of_a_poison_mail_grow(
    server: SandboxImap, sqlite_ledger: Ledger, hand_clock: HandClock, taker: Taker
) -> None:
    """A mail that never works is tried at 30 s, 60 s, 120 s …, not at every poll (D08)."""
    server.deliver(letter(1))
    tries: list[float] = []

    def note(incoming: Incoming) -> bool:
        tries.append((hand_clock() - START).total_seconds())
        return True

    taker.breaks_on = note
    box = mailbox(server, sqlite_ledger)
    for _ in range(22):
        box.read(taker)
        hand_clock.move(10)
    assert tries == [0, 30, 90, 210]


def test_a_broken_recognition_hides_nothing(
    server: SandboxImap, sqlite_ledger: Ledger, hand_clock: HandClock, taker: Taker
) -> None:
    """A header that recognition stumbles over is tried again later, and the mail behind it is read now (D24)."""
    server.deliver(letter(1, subject="odd"))
    server.deliver(letter(2))
    stumbles = True

    def is_ours(message: Any) -> bool:
        if stumbles and "odd" in message.subject:
            raise KeyError("odd")
        return True

    box = mailbox(server, sqlite_ledger, recognition=recognition(is_ours=is_ours))
    box.read(taker)
    assert taker.uids == [2]
    stumbles = False
    hand_clock.move(31)
    box.read(taker)
    assert taker.uids == [2, 1]


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"From\r\n\r\n", b"From: \xff\xfe <>\r\n\r\n\x00", b"Message-ID:\r\n" * 700]
)
def test_odd_mails_in_front(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, raw: bytes) -> None:
    """Empty, broken and endless headers, with or without Message-ID, stand in nobody's way (D16, D24)."""
    server.deliver(raw)
    server.deliver(letter(1))
    mailbox(server, sqlite_ledger).read(taker)
    assert taker.new == [letter(1)]


def test_the_ledger_away_ends_the_pass(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """When nothing can be committed the pass stops at once, and everything is still there for the next one (D07)."""
    for number in (1, 2, 3):
        server.deliver(letter(number))

    def away(incoming: Incoming) -> None:
        raise LedgerUnavailable("the disk is full")

    box = mailbox(server, sqlite_ledger)
    with pytest.raises(LedgerUnavailable):
        box.read(away)
    assert server.bodies == 1
    box.read(taker)
    assert taker.uids == [1, 2, 3]


@pytest.mark.parametrize(("mails", "batch"), [(1000, 300), (500, 50)])
def test_a_large_backlog_with_an_unreadable_mail(
    server: SandboxImap, in_memory: Path, monkeypatch: pytest.MonkeyPatch, mails: int, batch: int
) -> None:
    """More mails than a batch, one of which the server cannot read: all the others are handled, oldest first (D18, D19, D20)."""
    monkeypatch.setattr(intake, "BATCH", batch)
    ledger = Ledger.open("sqlite:///ledger.db", create=True, clock=HandClock(), actor="tester", base=in_memory)
    taker = Taker(ledger)
    for number in range(mails):
        server.deliver(letter(number))
    server.faults.unreadable = lambda mail: mail.uid == 250
    # Somebody stars mails while we page: the UIDs were taken once, so nothing shifts.

    def star(incoming: Incoming) -> bool:
        server.set_flags(incoming.ref.uid, {"\\Flagged"})
        return False

    taker.breaks_on = star
    mailbox(server, ledger).read(taker)
    assert taker.uids == [uid for uid in range(1, mails + 1) if uid != 250]


def test_a_refused_batch_is_read_one_by_one(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """When the server refuses the headings of all mails at once, they are asked for one at a time (D18)."""
    for number in (1, 2, 3):
        server.deliver(letter(number))
    server.faults.put("UID FETCH", FaultKind.NO, "[SERVERBUG] one of them is broken")
    mailbox(server, sqlite_ledger).read(taker)
    assert taker.uids == [1, 2, 3]


def test_a_mail_that_goes_while_we_read(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A mail expunged between heading and body is passed over."""
    server.deliver(letter(1))
    server.deliver(letter(2))

    def expunge(incoming: Incoming) -> bool:
        server.remove(2)
        return False

    taker.breaks_on = expunge
    mailbox(server, sqlite_ledger).read(taker)
    assert taker.uids == [1]


def test_mail_that_comes_during_the_pass(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """What arrives while the pass runs is read in the same visit."""
    server.deliver(letter(1))
    server.deliver(letter(2))
    taker.breaks_on = lambda incoming: incoming.ref.uid == 1 and server.deliver(letter(3)) == 0
    mailbox(server, sqlite_ledger).read(taker)
    assert taker.uids == [1, 2, 3]


def test_a_mail_that_is_too_large(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """Over max_bytes only the header is fetched, and the mail is handed on as truncated, with its whole size."""
    raw = letter(1, body="x" * 5000)
    server.deliver(raw)
    mailbox(server, sqlite_ledger, max_bytes=1000).read(taker)
    (incoming,) = taker.seen
    assert incoming.truncated
    assert incoming.raw == raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert incoming.size == len(raw)
    assert server.bodies == 0


# ---------------------------------------------------------------- first meeting, rules, UIDVALIDITY


def test_first_meeting_without_since(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """What lies there at the first meeting is noted as before the cut-off, without bodies; on three visits alike (O16)."""
    server.deliver(letter(1))
    box = mailbox(server, sqlite_ledger, since=None)
    box.read(taker)
    server.deliver(letter(2))
    box.read(taker)
    mailbox(server, sqlite_ledger, since=None).read(taker)
    assert taker.uids == [2]
    assert server.bodies == 1
    with sqlite_ledger.look() as tx:
        row = tx.mailbox("payments", "INBOX")
        assert row is not None
        assert row.cutoff_uid == 2
        assert tx.sightings("payments", "INBOX", row.uidvalidity) == {1, 2}


def test_since_is_compared_with_the_arrival(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """D21 O05 O16: `since` is held against INTERNALDATE to the second, not against the Date header or the day."""
    server.deliver(letter(1), received_at=START - timedelta(seconds=1))
    server.deliver(letter(2), received_at=START)
    mailbox(server, sqlite_ledger, since=START).read(taker)
    assert taker.uids == [2]


def test_a_date_that_no_clock_shows(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A mail put there with an INTERNALDATE that UTC cannot hold is read, as new, and stands in nobody's way (D24)."""
    server.deliver(letter(1), received_at=START)
    server.deliver(letter(2), received_at=START)
    told = START.strftime("%d-%b-%Y %H:%M:%S +0000").encode()
    server.faults.mangle = lambda data: data.replace(told, b"31-Dec-9999 23:59:59 -1200", 1)
    box = mailbox(server, sqlite_ledger, since=START)
    box.read(taker)
    assert taker.new == [letter(1), letter(2)]


@pytest.mark.parametrize("told", ["0", "", "-1", "x", "4294967296"])
def test_numbers_that_cannot_be_true(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, told: str) -> None:
    """Zero, empty and impossible UIDVALIDITY and UIDNEXT, on a server that rejects odd ranges: each mail once, no odd range asked (R09)."""

    def untrue(data: bytes) -> bytes:
        return re.sub(rb"(UIDVALIDITY|UIDNEXT) \d+", rb"\1 " + told.encode(), data)

    def is_odd(command: str, arguments: bytes) -> bool:
        return command.startswith("UID ") and re.search(rb"\*|\b0\b", arguments.split(b" ")[0]) is not None

    server.faults.mangle = untrue
    server.faults.dislikes = is_odd
    server.deliver(letter(1))
    box = mailbox(server, sqlite_ledger)
    box.read(taker)
    server.deliver(letter(2))
    box.read(taker)
    box.read(taker)
    assert taker.new == [letter(1), letter(2)]


@pytest.mark.parametrize("status", [None, FaultKind.NO, FaultKind.BAD])
def test_uidnext_not_told(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, status: FaultKind | None) -> None:
    """Without UIDNEXT the cut-off is behind the last mail there is, and no odd range is ever asked for (R09)."""
    server.faults.uidnext_told = False
    server.deliver(letter(1))
    box = mailbox(server, sqlite_ledger, since=None)
    if status is FaultKind.NO:
        server.faults.put("STATUS", status)
    if status is FaultKind.BAD:
        server.faults.put("STATUS", status)
        with pytest.raises(MailboxUnreachable):
            box.read(taker)
    box.read(taker)
    server.deliver(letter(2))
    box.read(taker)
    assert taker.uids == [2]


def test_new_rules_look_at_foreign_mail_again(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A sender added later gets its old mails read; what is still foreign is noted under the new rules, once."""
    server.deliver(letter(1, sender="info@mybank.ua"))
    server.deliver(letter(2, sender="news@example.org"))
    box = mailbox(server, sqlite_ledger)
    box.read(taker)
    assert taker.uids == []
    box.intake.recognition = recognition(
        "v2", lambda message: any(each.domain == "mybank.ua" for each in message.senders)
    )
    box.read(taker)
    fetches = server.count("UID FETCH")
    box.read(taker)
    assert taker.uids == [1]
    assert server.count("UID FETCH") == fetches


def test_a_rebuilt_folder_is_read_anew(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """Another UIDVALIDITY with overlapping numbers: everything is read again, nothing is skipped or doubled (D01)."""
    for number in (1, 2, 3):
        server.deliver(letter(number), received_at=START)
    box = mailbox(server, sqlite_ledger)
    box.read(taker)
    server.remove(1)
    server.rebuild()
    server.deliver(letter(4), received_at=START)
    box.read(taker)
    assert taker.new == [letter(1), letter(2), letter(3), letter(4)]
    assert taker.uids == [1, 2, 3, 1, 2, 3]


def test_a_rebuilt_folder_keeps_its_cut_off(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """After a rebuild the numbers of the first meeting mean nothing, and its moment counts."""
    server.deliver(letter(1), received_at=START - timedelta(days=3))
    box = mailbox(server, sqlite_ledger, since=None)
    box.read(taker)
    server.rebuild()
    server.deliver(letter(2), received_at=START + timedelta(seconds=1))
    box.read(taker)
    assert taker.new == [letter(2)]


def test_two_folders_with_equal_uidvalidity(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """Two folders that share a UIDVALIDITY share nothing else, also when one of them changes it (D02)."""
    server.deliver(letter(1), "INBOX")
    server.deliver(letter(2), "Оплати")
    server.rebuild("Оплати", uidvalidity=server.folder("INBOX").uidvalidity)
    boxes = [mailbox(server, sqlite_ledger, folder=folder) for folder in ("INBOX", "Оплати")]
    for box in boxes:
        box.read(taker)
    assert taker.new == [letter(1), letter(2)]
    server.rebuild("Оплати", uidvalidity=77)
    server.deliver(letter(3), "Оплати")
    server.deliver(letter(4), "INBOX")
    for box in boxes:
        box.read(taker)
    assert sorted(taker.new) == [letter(1), letter(2), letter(3), letter(4)]


@pytest.mark.parametrize("status", [FaultKind.NO, None])
def test_no_uidvalidity_at_all(
    server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, status: FaultKind | None
) -> None:
    """A server that tells no UIDVALIDITY is read whole on each connection, and the bytes tell what is new (R08, R09)."""
    server.faults.uidvalidity_told = False
    if status is not None:
        server.faults.put("STATUS", status, times=None)
    server.deliver(letter(1))
    box = mailbox(server, sqlite_ledger)
    box.read(taker)
    server.remove(1)
    server.rebuild()
    server.deliver(letter(2))
    server.deliver(letter(1))
    box.read(taker)
    assert taker.new == [letter(1), letter(2)]
    assert {incoming.ref.uidvalidity for incoming in taker.seen} == {0}


def test_without_capabilities(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A server with nothing beyond IMAP4rev1 is read all the same (C19)."""
    server.capabilities = {"IMAP4REV1"}
    for number in range(250):
        server.deliver(letter(number))
    mailbox(server, sqlite_ledger).read(taker)
    assert len(taker.new) == 250


def test_search_is_asked_without_charset(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A refused SEARCH is an error, never data: nothing is read out of its text (C15)."""
    server.deliver(letter(1))
    server.faults.put("UID SEARCH", FaultKind.NO, "[BADCHARSET (US-ASCII)] 8 messages 1 2 3")
    box = mailbox(server, sqlite_ledger)
    with pytest.raises(MailboxUnreachable, match="BADCHARSET"):
        box.read(taker)
    assert taker.seen == []
    box.read(taker)
    assert taker.uids == [1]


def test_pending_yields_what_read_hands_over(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """`pending` is the same visit for those who want to iterate, and leaves no connection behind."""
    server.deliver(letter(1))
    box = mailbox(server, sqlite_ledger)
    for incoming in box.pending():
        taker(incoming)
    assert taker.uids == [1]
    assert list(box.pending()) == []
    assert server.most_connections == 1


# ---------------------------------------------------------------- a real server


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_dovecot(dovecot: Dovecot, server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, security: Any) -> None:
    """Dovecot is read over TLS, STARTTLS and plain: same bytes, each once, also after it made the mailbox anew (D01)."""
    given = {
        "host": dovecot.host,
        "port": dovecot.tls_port if security == "tls" else dovecot.port,
        "security": security,
        "ca_file": str(dovecot.ca_file),
        "username": dovecot.user,
        "password": dovecot.password,
    }
    for number in range(3):
        dovecot.deliver(letter(number))
    dovecot.deliver(letter(9, sender="news@example.org"))
    box = mailbox(server, sqlite_ledger, **given)
    box.read(taker)
    box.read(taker)
    assert sorted(incoming.raw for incoming in taker.seen) == [letter(number) for number in range(3)]
    assert server.connections_made == 0
    dovecot.wipe()
    for number in (4, 1):
        dovecot.deliver(letter(number))
    box.read(taker)
    assert sorted(taker.new) == [letter(number) for number in (0, 1, 2, 4)]


def test_dovecot_mailbox_moves(dovecot: Dovecot, server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """On Dovecot a finished mail is moved to a folder that was not there before."""
    dovecot.deliver(letter(1))
    box = mailbox(
        server,
        sqlite_ledger,
        host=dovecot.host,
        port=dovecot.tls_port,
        security="tls",
        ca_file=str(dovecot.ca_file),
        username=dovecot.user,
        password=dovecot.password,
        after="move:Опрацьовано",
    )
    box.read(taker)
    assert taker.uids == [1]
    assert [path.read_bytes() for path in dovecot.maildir.glob(".&*/[cn][ue][rw]/*")] == [letter(1)]
    assert list(dovecot.maildir.glob("cur/*")) + list(dovecot.maildir.glob("new/*")) == []
