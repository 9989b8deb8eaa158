"""How the daemon lives and ends: signals, owners, a killed predecessor, servers that are not there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import MailState, StepKind, StepState
from reconciler.sandbox.imap import FaultKind, SandboxImap
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.planfix.faults import Fault
from reconciler.service.ticks import MAIL_SECONDS
from tests.line.daemon import PATIENCE, Daemon
from tests.line.line import Line, letter
from tests.line.orders import PRODUCTION, assert_paid_once
from tests.line.payer import Death, Payer

PROMISED = 5.0
"""Seconds from SIGTERM to the end."""
ROOM = 3.0
"""What a loaded machine may add to that; never needed on one that is not."""

PATIENT = {"timeout_seconds": 30.0, "unknown_wait": "60s", "unknown_deadline": "2h"}
QUICK = {"timeout_seconds": 1.0, "unknown_wait": "1.2s", "unknown_deadline": "60s"}
REFERENCE = {"WFP-1": "1250.00"}


@pytest.fixture
def order(line: Line) -> Line:
    line.planfix.add_order(12345, "1250.00")
    return line


def assert_stops(daemon: Daemon) -> None:
    code, seconds = daemon.stopped()
    assert code == 0
    assert seconds < PROMISED + ROOM


# ---------------------------------------------------------------- SIGTERM


def test_sigterm_at_rest(line: Line, imap: SandboxImap) -> None:
    """A daemon resting in IDLE ends with 0 at once, and says goodbye to the mailbox (C14)."""
    with line.running() as daemon:
        imap.wait_for("IDLE")
        assert_stops(daemon)
        assert daemon.events("service.stopped", in_time=True)
    assert imap.count("LOGOUT") == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_sigterm_while_planfix_is_silent(order: Line, when: str) -> None:
    """Told to stop while a post is not answered, it ends in time and leaves the step unknown; its successor posts or finds it once (T04)."""
    order.configure(desk=PATIENT)
    asked = threading.Event()
    order.planfix.faults.add(Fault(on="POST /task/{id}/datatags/", do="timeout", when=when))

    def listen(_method: str, path: str, _body: Mapping[str, Any], phase: str) -> None:
        if path.endswith("/datatags/") and phase == "after":
            asked.set()

    order.planfix.on_request = listen
    with order.running() as daemon:
        order.deliver(letter("WFP-1"))
        assert asked.wait(PATIENCE)
        assert_stops(daemon)
    with order.ledger() as ledger, ledger.look() as tx:
        [step] = tx.steps()
    assert (step.kind, step.state) == (StepKind.INCOME, StepState.UNKNOWN)
    order.configure(desk=QUICK)
    with order.daemon() as successor:
        successor.wait_for("order.advanced")
    assert_paid_once(order, REFERENCE)


@pytest.mark.parametrize("command", ["CONNECT", "LOGIN", "IDLE", "UID FETCH"])
def test_sigterm_while_the_mailbox_is_a_black_hole(line: Line, imap: SandboxImap, command: str) -> None:
    """Told to stop while the mail server answers nothing any more, at whatever step, it ends in time with 0 (C05, C14)."""
    imap.faults.put(command, FaultKind.HANG)
    with line.daemon() as daemon:
        line.deliver(letter())
        imap.wait_for(command)
        assert_stops(daemon)


# ---------------------------------------------------------------- SIGHUP


def test_sighup_takes_a_good_file(order: Line) -> None:
    """A changed file is taken whole, without the process ending: what was only observed is then posted."""
    order.configure(desk={"mode": "observe"})
    with order.running() as daemon:
        order.deliver(letter("WFP-1"))
        daemon.wait_for("entry.observed")
        assert order.planfix.order(12345).incomes == ()
        order.configure(desk={"mode": "live"})
        daemon.reload()
        daemon.wait_for("service.ready", times=2)
        daemon.wait_for("order.advanced")
        assert_stops(daemon)
    assert_paid_once(order, REFERENCE)


CLASH = """
[parsers.own]
gateway = "wayforpay"
senders = ["notify@wayforpay.com.ua"]
labels = { amount = ["Сума"], transaction_id = ["Номер платежу"], paid_at = ["Дата"] }
"""


@pytest.mark.parametrize(
    ("more", "key"), [('[desks.second]\nmode = "lvie"\n', "desks.second.mode"), (CLASH, "parsers.own")]
)
def test_sighup_refuses_a_bad_file(order: Line, more: str, key: str) -> None:
    """A file with a mistake, or with two parsers of one sender, is refused whole, and the daemon goes on as before (O14)."""
    with order.running() as daemon:
        order.settings.write_text(order.settings.read_text() + more)
        daemon.reload()
        refused = daemon.wait_for("settings.refused")
        assert any(key in problem for problem in refused["problems"])
        order.deliver(letter("WFP-1"))
        daemon.wait_for("order.advanced")
        assert len(daemon.events("service.started")) == 1


def test_sighup_while_planfix_is_silent(order: Line) -> None:
    """A reload that meets an unanswered request waits for its end and goes on with the new file; the process stays."""
    order.configure(desk={"timeout_seconds": 6.0, "unknown_wait": "6.2s"})
    asked = threading.Event()
    with order.running() as daemon:
        order.planfix.faults.add(Fault(on="POST /task/list", do="timeout"))
        order.planfix.on_request = lambda *_: asked.set()
        order.deliver(letter("WFP-1"))
        assert asked.wait(PATIENCE)
        order.configure(desk={"timeout_seconds": 1.0})
        daemon.reload()
        daemon.wait_for("service.ready", times=2)
        daemon.wait_for("order.advanced")
        assert_stops(daemon)


def test_sigterm_while_a_reload_waits(order: Line) -> None:
    """SIGTERM in the middle of such a wait ends the daemon in time all the same."""
    order.configure(desk=PATIENT)
    asked = threading.Event()
    with order.running() as daemon:
        order.planfix.faults.add(Fault(on="POST /task/list", do="timeout"))
        order.planfix.on_request = lambda *_: asked.set()
        order.deliver(letter("WFP-1"))
        assert asked.wait(PATIENCE)
        daemon.reload()
        daemon.wait_for("settings.reloaded")
        assert_stops(daemon)


def test_a_reload_is_no_stop_to_the_service_manager(line: Line, tmp_path: Path) -> None:
    """systemd hears of a reload and of its end, and of stopping only when the daemon stops: else it would kill what it thinks is ending."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        line.configure()
        with line.daemon(environ={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as daemon:
            daemon.ready().reload()
            daemon.wait_for("service.ready", times=2)
            assert_stops(daemon)
        manager.setblocking(False)
        told = list(_words(manager))
    assert [word for word in told if word in ("READY", "RELOADING", "STOPPING")] == [
        "READY",
        "RELOADING",
        "READY",
        "STOPPING",
    ]


def _words(manager: socket.socket) -> Iterator[str]:
    """The names of everything that was told, in order."""
    with suppress(BlockingIOError):
        while True:
            for told in manager.recv(4096).decode().splitlines():
                yield told.partition("=")[0]


# ---------------------------------------------------------------- owners


def test_a_second_daemon_leaves_at_once(order: Line) -> None:
    """A second daemon on the same ledger ends with 75 and names who holds it; the first one is not disturbed (R03)."""
    with order.running() as first:
        with order.daemon() as second:
            assert second.ended() == 75
            assert any(f"pid {first.pid}" in line for line in second.said), second.said
        order.deliver(letter("WFP-1"))
        first.wait_for("order.advanced")


def test_a_killed_daemon_is_succeeded_at_once(order: Line) -> None:
    """After SIGKILL nothing has to be cleaned up or waited for: the next daemon starts and pays what comes (R07)."""
    with order.running() as first:
        first.kill()
    with order.running() as second:
        assert not second.events("desk.owned_elsewhere")
        order.deliver(letter("WFP-1"))
        second.wait_for("order.advanced")
    assert_paid_once(order, REFERENCE)


def test_a_letter_left_in_the_middle_is_read_at_the_start(order: Line) -> None:
    """A letter that was stored and not read when its process was killed is read by the successor as it starts, not a while later (D04)."""
    order.configure()
    Payer(order.settings, [letter("WFP-1")], Death(at=1, side="after")).was_killed()
    with order.ledger() as ledger, ledger.look() as tx:
        assert tx.mail(1).state is MailState.TAKEN
    with order.daemon() as successor:
        started = datetime.fromisoformat(successor.wait_for("service.started")["timestamp"])
        read = datetime.fromisoformat(successor.wait_for("notice.read")["timestamp"])
        assert read - started < timedelta(seconds=MAIL_SECONDS / 2)
        successor.wait_for("order.advanced")
    assert_paid_once(order, REFERENCE)


# ---------------------------------------------------------------- servers that are not there


def test_a_mail_server_that_is_down_at_the_start(order: Line, imap: SandboxImap) -> None:
    """A mail server that refuses connections is tried again until it is there; then the daemon is ready and pays (R01)."""
    order.configure()
    imap.stop()
    order.deliver(letter("WFP-1"))
    with order.daemon() as daemon:
        daemon.wait_for("mailbox.lost", times=2)
        assert not daemon.events("service.ready")
        imap.start()
        daemon.ready()
        daemon.wait_for("order.advanced")


def test_a_mail_server_without_an_address(line: Line) -> None:
    """A host name that DNS does not know is no reason to end: it is tried again, and SIGTERM ends it in time (R01)."""
    line.configure(mailbox={"host": "mail.invalid", "security": "tls"})
    with line.daemon() as daemon:
        daemon.wait_for("mailbox.lost", times=2)
        assert_stops(daemon)


@pytest.fixture
def mortal_planfix() -> Iterator[SandboxPlanfix]:
    """An account of this test's own, whose server may be stopped."""
    planfix = SandboxPlanfix()
    planfix.start()
    yield planfix
    planfix.stop()


def test_planfix_is_down_when_the_letter_comes(line: Line, mortal_planfix: SandboxPlanfix) -> None:
    """While Planfix refuses connections the payment waits in the ledger; once it is back, it is posted once (D10)."""
    line.planfix = mortal_planfix
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        port, world = int(mortal_planfix.url.split(":")[2].split("/")[0]), mortal_planfix.world
        mortal_planfix.stop()
        line.deliver(letter("WFP-1"))
        daemon.wait_for("desk.trouble")
        with SandboxPlanfix(port=port, world=world) as line.planfix:
            daemon.wait_for("order.advanced")
            daemon.wait_for("desk.recovered")
            assert_paid_once(line, REFERENCE)


def test_planfix_is_down_at_the_start(line: Line, mortal_planfix: SandboxPlanfix) -> None:
    """A desk that cannot be reached at the first start holds nobody up: mail is read, and paid once the desk is there."""
    line.planfix = mortal_planfix
    line.configure(desk=QUICK)
    port, world = int(mortal_planfix.url.split(":")[2].split("/")[0]), mortal_planfix.world
    mortal_planfix.add_order(12345, "1250.00")
    mortal_planfix.stop()
    line.deliver(letter("WFP-1"))
    with line.daemon() as daemon:
        daemon.ready()
        daemon.wait_for("entry.recorded")
        with SandboxPlanfix(port=port, world=world) as line.planfix:
            daemon.wait_for("order.advanced")
            assert line.planfix.order(12345).status == PRODUCTION


def test_a_reload_onto_a_ledger_that_cannot_be_opened_is_refused(line: Line) -> None:
    """A reload is whole or not at all: the old settings go on, and the log says why (O14)."""
    line.configure()
    line.planfix.add_order(12345, "1250.00")
    with line.running() as daemon:
        (line.folder / "a_file").write_text("")
        elsewhere = '[ledger]\nurl = "sqlite:///a_file/reconciler.db"\n'
        line.settings.write_text(elsewhere + line.settings.read_text())
        daemon.reload()
        daemon.wait_for("settings.refused")
        line.deliver(letter("WFP-1"))
        daemon.wait_for("order.advanced")
