"""
SIGTERM at any moment: the daemon ends by itself with 0 in the time it promises, and leaves what a successor finishes once.

The promise is five seconds; no clock but that one is looked at.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import StepState
from reconciler.sandbox.host import Blow, Death
from reconciler.sandbox.imap import SandboxImap
from reconciler.sandbox.planfix.faults import Fault
from tests import certificates
from tests.line.daemon import PATIENCE, Daemon
from tests.line.line import Line, letter
from tests.line.orders import assert_paid_once
from tests.line.test_line_life import assert_stops

ONE = {"WFP-1": "1250.00"}
QUICK = {"timeout_seconds": 0.5, "unknown_wait": "1s"}
PATIENT = {"timeout_seconds": 30.0, "unknown_wait": "60s", "unknown_deadline": "2h"}
POST = "POST /task/{id}/datatags/"


@pytest.fixture
def order(line: Line) -> Line:
    line.configure(desk=QUICK)
    line.planfix.add_order(12345, "1250.00")
    return line


def succeed(line: Line) -> None:
    """The next daemon finishes what is left, which may be nothing."""
    line.configure(desk=QUICK)
    with line.daemon() as daemon:
        daemon.wait_for("service.started")
        if line.planfix.order(12345).history == ():
            daemon.wait_for("order.advanced")
        assert_stops(daemon)
    assert_paid_once(line, ONE)


# ---------------------------------------------------------------- in the middle of a payment


@pytest.mark.parametrize(
    ("point", "kind"),
    [
        ("mail.taken", None),
        ("entry.recorded", None),
        ("step.planned", "income"),
        ("step.sending", "income"),
        ("step.done", "income"),
        ("step.planned", "advance"),
        ("step.sending", "advance"),
    ],
)
def test_sigterm_at_a_commit(order: Line, point: str, kind: str | None) -> None:
    """Told to stop while it commits a step of a payment, whichever: it ends in time with 0, and the payment ends as one income (C14)."""
    with order.struck() as (daemon, control):
        control.die(Death(at=point, side="before", kind=kind, by=Blow.TERM))
        order.deliver(letter("WFP-1"))
        assert daemon.ended() == 0
        assert daemon.events("service.stopped", in_time=True)
    with order.ledger() as ledger, ledger.look() as tx:
        assert not tx.steps(states={StepState.SENDING}), "what was sent was left without a word"
    succeed(order)


def test_sigterm_with_no_room_while_planfix_is_silent(order: Line) -> None:
    """
    Told to stop in a long request, on a disk without room for its outcome: it ends in time with 0, and its successor treats
    the step as unknown (C14, R05).
    """
    order.configure(desk=PATIENT)
    order.planfix.faults.add(Fault(on=POST, do="timeout", when="after"))
    asked = threading.Event()
    with order.struck() as (daemon, control):
        control.die(Death(at="step.sending", side="after", by=Blow.FILL))

        def listen(_method: str, path: str, _body: Mapping[str, Any], phase: str) -> None:
            if path.endswith("/datatags/") and phase == "after":
                asked.set()

        order.planfix.on_request = listen
        order.deliver(letter("WFP-1"))
        assert asked.wait(PATIENCE)
        assert_stops(daemon)
        assert daemon.events("desk.left_in_the_middle")
    succeed(order)


# ---------------------------------------------------------------- in the middle of reading


STRANGERS = 10_000


def test_sigterm_while_ten_thousand_headers_are_read(order: Line, imap: SandboxImap) -> None:
    """Told to stop in the middle of a long catch-up it ends in time with 0, and the one good letter is paid once (C14)."""
    order.deliver(letter("WFP-1"))
    for number in range(STRANGERS):
        imap.deliver(b"From: friend@example.org\r\nSubject: hello %d\r\n\r\nhello\r\n" % number)
    with order.daemon() as daemon:
        imap.wait_for("UID FETCH")
        assert_stops(daemon)
        assert not daemon.events("service.ready"), "it had read everything: nothing was interrupted"
    succeed(order)


# ---------------------------------------------------------------- no name is answered for


BLACK_HOLE = f"127.77.{os.getpid() >> 8 & 255}.{max(os.getpid() & 255, 1)}"
"""Every test process has one of its own."""
HOST = "mail.line.example"


class Names:
    """The machine's one name server, for processes started through `argv`: silent, until it answers for HOST."""

    def __init__(self, folder: Path, *, patience: int) -> None:
        """patience: seconds that the resolver of such a process waits for an answer, twice."""
        self._resolv = folder / "resolv.conf"
        self._resolv.write_text(f"nameserver {BLACK_HOLE}\noptions timeout:{patience} attempts:2\n")
        self._answers = False
        self.asked = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((BLACK_HOLE, 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def argv(self, *arguments: str) -> list[str]:
        """A Python process in which names are asked of this server."""
        mount = f'mount --bind "{self._resolv}" "$(readlink -f /etc/resolv.conf)" && exec "$@"'
        program = f"import os; os.execvp('unshare', {['unshare', '-m', 'sh', '-c', mount, 'sh', sys.executable, *arguments]!r})"
        return ["-c", program]

    def heal(self) -> None:
        self._answers = True

    def close(self) -> None:
        self._socket.sendto(b"", (BLACK_HOLE, 53))
        self._thread.join(PATIENCE)
        self._socket.close()

    def _serve(self) -> None:
        import dns.flags
        import dns.message
        import dns.rdatatype
        import dns.rrset

        while packet := self._socket.recvfrom(4096):
            if not packet[0]:
                return
            self.asked.set()
            if not self._answers:
                continue
            query = dns.message.from_wire(packet[0])
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            [question] = query.question
            if question.rdtype == dns.rdatatype.A:
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", "127.0.0.1"))
            self._socket.sendto(reply.to_wire(), packet[1])


@pytest.fixture(params=[1])
def names(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Names]:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root may give a process a name server of its own")
    with contextlib.closing(Names(tmp_path, patience=request.param)) as names:
        yield names


@pytest.fixture
def far(order: Line, tmp_path: Path) -> Iterator[Line]:
    """A line whose mailbox is known by a name that only a name server can tell."""
    certificate = certificates.make(tmp_path, "far", host=HOST)
    with SandboxImap({"pay": "secret-pay"}, tls="tls", certfile=certificate.cert, keyfile=certificate.key) as imap:
        order.configure(mailbox={"host": HOST, "port": imap.port, "security": "tls", "ca_file": str(certificate.cert)})
        imap.deliver(letter("WFP-1"))
        yield order


def test_dns_is_dead_at_the_start(far: Line, names: Names) -> None:
    """Started where no name is answered for, it stays up and tries again; when names are answered, it is ready and pays (R01)."""
    with Daemon(names.argv("-m", "reconciler", "--config", str(far.settings), "run")) as daemon:
        daemon.wait_for("mailbox.lost")
        names.heal()
        daemon.ready()
        daemon.wait_for("order.advanced")
        assert_stops(daemon)
    assert_paid_once(far, ONE)


@pytest.mark.parametrize("names", [10], indirect=True)
def test_sigterm_while_dns_is_dead(far: Line, names: Names) -> None:
    """Told to stop while it waits for a name server that never answers, it ends in time with 0 (C14, R01)."""
    with Daemon(names.argv("-m", "reconciler", "--config", str(far.settings), "run")) as daemon:
        daemon.wait_for("service.started")
        assert names.asked.wait(PATIENCE)
        assert_stops(daemon)
