"""The way in: who is trusted with a password, what a fault costs, and what the logs keep to themselves."""

from __future__ import annotations

import base64
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ConfigError, MailboxUnreachable
from reconciler.ledger import Ledger
from reconciler.mailbox import After, ImapMailbox, Limits, LoginRefused, MailboxSettings
from reconciler.sandbox.imap import FaultKind, SandboxImap
from tests import certificates
from tests.dovecot import Dovecot
from tests.mailboxes import PASSWORD, Taker, letter, mailbox

IMPATIENT = Limits(connect=5.0, read=0.2, goodbye=0.2)
ODD = (FaultKind.GARBAGE, FaultKind.ODD_ANSWER)
CUTS = [FaultKind.EOF, FaultKind.RESET, FaultKind.BYE, FaultKind.HANG, FaultKind.HALF_LINE, FaultKind.CUT_LINE]


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD}) as running:
        yield running


@pytest.fixture
def taker(sqlite_ledger: Ledger) -> Taker:
    return Taker(sqlite_ledger)


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("kind", [*CUTS, FaultKind.NO, FaultKind.BAD])
def test_a_fault_at_each_step_costs_one_visit(
    server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, kind: FaultKind
) -> None:
    """Whatever breaks at whichever step is MailboxUnreachable at most; the next visit reads everything (C02, C08, C22)."""
    for number, command in enumerate(("CONNECT", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"), start=1):
        server.deliver(letter(number))
        server.faults.put(command, kind)
        error = visit(mailbox(server, sqlite_ledger, limits=IMPATIENT), taker)
        assert error is None or error.facts["mailbox"] == "payments"
        server.faults.clear()
        mailbox(server, sqlite_ledger).read(taker)
        assert len(taker.new) == number
    assert server.most_connections <= 2  # the server may notice the end of a dropped one a moment later


def visit(box: ImapMailbox, taker: Taker) -> MailboxUnreachable | None:
    """One visit; no other error may come of it."""
    try:
        box.read(taker)
    except MailboxUnreachable as exc:
        return exc
    return None


@pytest.mark.parametrize(
    "line",
    [
        "* 1 FETCH (UID",
        "* 1 FETCH (UID 1 BODY[] {5}",
        "* SEARCH one two",
        "* 99999999999999999999 EXISTS",
        "* OK [UIDVALIDITY x] odd",
        "+ what",
        "\x00\xff\r\n\r\n",
        "A OK not your tag",
        "* BAD [ALERT] Command Error. 10",
        "* LIST (",
        "* 1 FETCH " + "(" * 3000,
    ],
)
def test_odd_answers(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, line: str) -> None:
    """Nonsense from the server, at any step, ends the visit at worst, and no other error escapes (C16, C22)."""
    steps = [(command, kind) for command in ("LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH") for kind in ODD]
    for number, (command, kind) in enumerate(steps):
        server.deliver(letter(number))
        server.faults.put(command, kind, line)
        visit(mailbox(server, sqlite_ledger, limits=IMPATIENT), taker)
        server.faults.clear()
    mailbox(server, sqlite_ledger).read(taker)
    assert sorted(taker.new) == [letter(number) for number in range(len(steps))]


@pytest.mark.parametrize("command", ["UID FETCH", "UID MOVE", "UID STORE"])
def test_uid_commands_never_meet_another_folder(server: SandboxImap, sqlite_ledger: Ledger, command: str) -> None:
    """After a time-out in folder X every UID command goes out with X selected on that very connection (C03, C04)."""
    taker = Taker(sqlite_ledger)
    inbox, reports = letter(1), letter(2)
    server.deliver(inbox, "INBOX")
    server.deliver(reports, "Reports")
    after = {"UID MOVE": "move:Done", "UID STORE": "flag"}.get(command, "keep")
    server.call(lambda: server.accounts["pay"].create("Done"))
    server.faults.put(command, FaultKind.HANG)
    box = mailbox(server, sqlite_ledger, folder="Reports", after=after, limits=IMPATIENT)
    with pytest.raises(MailboxUnreachable):
        box.read(taker)
    box.read(taker)
    assert taker.new == [reports]
    assert [mail.raw for mail in server.mails("INBOX")] == [inbox]
    assert server.mails("INBOX")[0].flags == set()
    for session in {number for number, _ in server.commands}:
        names = [name for number, name in server.commands if number == session]
        first = next((index for index, name in enumerate(names) if name.startswith("UID ")), len(names))
        opened = [index for index, name in enumerate(names) if name in ("SELECT", "EXAMINE")]
        assert all(index < first for index in opened)
        assert len(opened) == 1


def test_one_folder_a_connection(server: SandboxImap, sqlite_ledger: Ledger) -> None:
    """Once another folder is opened on a connection the one before refuses every command: its UIDs would mean other mails (C03, C04)."""
    server.deliver(letter(1), "INBOX")
    server.deliver(letter(2), "Reports")
    box = mailbox(server, sqlite_ledger)
    inbox = box.connect_and_select()
    reports = box.look_into("Reports")
    assert reports.body(1) == letter(2)
    sent = len(server.commands)
    for command in (inbox.uids, inbox.noop, lambda: inbox.body(1), lambda: inbox.flag([1], "\\Deleted")):
        with pytest.raises(RuntimeError, match="another folder than INBOX is open"):
            command()
    assert len(server.commands) == sent
    assert reports.body(1) == letter(2)
    box.close()


def test_a_folder_rebuilt_while_open(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """When UIDVALIDITY changes under an open folder no further UID command goes out on that connection (C04)."""
    for number in (1, 2, 3):
        server.deliver(letter(number))
    box = mailbox(server, sqlite_ledger)

    def rebuild(incoming: Any) -> None:
        taker(incoming)
        if len(taker.seen) == 1:
            server.remove(1)
            server.rebuild()

    with pytest.raises(MailboxUnreachable, match="rebuilt"):
        box.read(rebuild)
    # The answer that told of the rebuild was of the last number asked under the old one; nothing came after it.
    assert server.count("UID FETCH") == 3
    box.read(taker)
    assert sorted(taker.new) == [letter(1), letter(2), letter(3)]


def test_nobody_listens(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A closed port and a host without address are MailboxUnreachable."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(MailboxUnreachable, match="connect"):
        mailbox(server, sqlite_ledger, port=port).read(taker)


# ---------------------------------------------------------------- credentials


@pytest.mark.parametrize("password", ["", "with space", 'quo"te\\', "пароль-€", "{5}"])
def test_any_password_gets_in(sqlite_ledger: Ledger, password: str) -> None:
    """Spaces, quotes, braces and Ukrainian letters in a password are sent as they are."""
    with SandboxImap({"pay": password}) as server:
        server.deliver(letter(1))
        taker = Taker(sqlite_ledger)
        mailbox(server, sqlite_ledger, password=lambda: password).read(taker)
        assert taker.uids == [1]


def test_a_password_with_a_line_end_is_refused(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A control character would be a command of its own on the wire, so such a password is a settings error."""
    with pytest.raises(ConfigError, match="control character"):
        mailbox(server, sqlite_ledger, password="secret\r\nx DELETE INBOX").read(taker)
    assert "LOGIN" not in [name for _, name in server.commands]


def test_refused_login(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A refused login says so, once, without the password, even when the server quotes it (S08)."""
    server.faults.refuse_login = f"[AUTHENTICATIONFAILED] {PASSWORD} is wrong"
    box = mailbox(server, sqlite_ledger)
    with pytest.raises(LoginRefused, match="AUTHENTICATIONFAILED") as caught:
        box.read(taker)
    assert server.count("LOGIN") == 1
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("password", [PASSWORD, "пароль-€"])
@pytest.mark.parametrize("refused", [False, True])
def test_no_secret_is_logged(
    sqlite_ledger: Ledger,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    password: str,
    refused: bool,
) -> None:
    """At the most talkative level no log holds the password or its base64; nor do the settings' words (S08)."""
    caplog.set_level(1)
    with SandboxImap({"pay": password}) as server:
        server.deliver(letter(1))
        box = mailbox(server, sqlite_ledger, password=password)
        if refused:
            server.faults.refuse_login = "no"
        try:
            box.read(Taker(sqlite_ledger))
        except LoginRefused:
            logging.getLogger("test").exception("refused")
    written = caplog.text + "".join(capsys.readouterr()) + repr(box.settings)
    assert "imapclient.imaplib" in written  # the library did talk
    for secret in (password, base64.b64encode(password.encode()).decode(), "\\u043f"):
        assert secret not in written
    assert base64.b64encode(f"\0pay\0{password}".encode()).decode() not in written


# ---------------------------------------------------------------- TLS


def tls_server(folder: Path, mode: Any, **odd: Any) -> SandboxImap:
    made = certificates.make(folder, **odd)
    return SandboxImap({"pay": PASSWORD}, tls=mode, certfile=made.cert, keyfile=made.key)


@pytest.mark.parametrize("mode", ["tls", "starttls"])
def test_a_certificate_we_trust(tmp_path: Path, sqlite_ledger: Ledger, taker: Taker, mode: Any) -> None:
    """With the extra trust anchor the mailbox is read over TLS and STARTTLS."""
    with tls_server(tmp_path, mode) as server:
        server.deliver(letter(1))
        mailbox(server, sqlite_ledger, security=mode, host="localhost", ca_file=str(tmp_path / "server.pem")).read(
            taker
        )
    assert taker.uids == [1]


@pytest.mark.parametrize("mode", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("odd", "trusted"),
    [({}, False), ({"host": "imap.example.org"}, True), ({"days": -1}, True)],
    ids=["self-signed", "wrong host", "expired"],
)
def test_a_certificate_we_do_not_trust(
    tmp_path: Path, sqlite_ledger: Ledger, taker: Taker, mode: Any, odd: dict[str, Any], trusted: bool
) -> None:
    """A self-signed, foreign or expired certificate ends the connection before any credential (S07)."""
    with tls_server(tmp_path, mode, **odd) as server:
        ca_file = str(tmp_path / "server.pem") if trusted else ""
        with pytest.raises(MailboxUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
            mailbox(server, sqlite_ledger, security=mode, host="localhost", ca_file=ca_file).read(taker)
        assert {"LOGIN", "AUTHENTICATE"}.isdisjoint(name for _, name in server.commands)


def test_dovecot_with_a_stranger_certificate(
    dovecot: Dovecot, server: SandboxImap, sqlite_ledger: Ledger, taker: Taker
) -> None:
    """Dovecot's self-signed certificate is refused where no ca_file names it (S07)."""
    for security, port in (("tls", dovecot.tls_port), ("starttls", dovecot.port)):
        box = mailbox(
            server, sqlite_ledger, host="localhost", port=port, security=security,
            username=dovecot.user, password=dovecot.password,
        )  # fmt: skip
        with pytest.raises(MailboxUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
            box.read(taker)


def test_stripped_starttls(tmp_path: Path, sqlite_ledger: Ledger, taker: Taker) -> None:
    """A server that does not offer STARTTLS, or refuses it, gets no credentials (C21)."""
    with tls_server(tmp_path, "starttls") as server:
        box = mailbox(
            server, sqlite_ledger, security="starttls", host="localhost", ca_file=str(tmp_path / "server.pem")
        )
        server.starttls_capability = set()
        with pytest.raises(MailboxUnreachable, match="does not offer STARTTLS"):
            box.read(taker)
        server.starttls_capability = {"STARTTLS"}
        server.faults.put("STARTTLS", FaultKind.NO, "not today")
        with pytest.raises(MailboxUnreachable, match="STARTTLS"):
            box.read(taker)
        assert {"LOGIN", "AUTHENTICATE"}.isdisjoint(name for _, name in server.commands)


@pytest.mark.parametrize("host", ["imap.example.ua", "10.0.0.7", "192.168.1.5", "localhost.example.ua"])
def test_plain_is_for_the_loopback(host: str) -> None:
    """A password is never configured to cross a network in the clear (C21)."""
    with pytest.raises(ConfigError, match="security"):
        MailboxSettings(name="payments", host=host, security="plain", username="pay", password="x")


def test_a_ca_file_that_is_none(server: SandboxImap, sqlite_ledger: Ledger, taker: Taker, tmp_path: Path) -> None:
    """A ca_file that cannot be read is a settings error, not a reason to connect without it (S07)."""
    with pytest.raises(ConfigError, match="ca_file"):
        mailbox(server, sqlite_ledger, security="tls", ca_file=str(tmp_path / "none.pem")).read(taker)


@pytest.mark.parametrize("text", ["", "delete", "move", "move:", "keep:x", "flag:x", "Keep"])
def test_after_is_one_of_three(text: str) -> None:
    """An `after` that is not known is an error, never the nearest one."""
    with pytest.raises(ValueError, match="none of"):
        After.parse(text)
