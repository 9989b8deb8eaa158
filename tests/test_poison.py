"""
Mails that break what reads them: the parser, the MIME layer, the ledger, the whole process. Those behind them do not wait.

The mailbox, the line and the ledger are real; what breaks is put in. How long "not waiting" is, is counted: in mails handed over and
bodies fetched, not in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from reconciler import message as decoding
from reconciler.flow.intake import Intake
from reconciler.flow.poison import PROCESSES
from reconciler.ledger import Ledger, Tx
from reconciler.mailbox import ImapMailbox, Incoming
from reconciler.model import Entry, MailState, Reason
from reconciler.sandbox.imap import SandboxImap
from tests.mailboxes import PASSWORD, mailbox, recognition
from tests.rules.stage import PARSERS, Stage, signed

POISON = b"From: notify@bank.example\r\nSubject: poison\r\n\r\npoison\r\n"


class Death(BaseException):
    """The process is gone: nothing of ours may catch it."""


@pytest.fixture
def server() -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD}) as running:
        yield running


@pytest.fixture
def stage(in_memory: Path) -> Stage:
    return Stage.make(in_memory)


def bomb(blow: Callable[[], Any]) -> SimpleNamespace:
    """A parser that claims the poisoned mail and does this."""
    return SimpleNamespace(
        NAME="bomb",
        VERSION="1",
        claims=lambda message: message.subject == "poison",
        parse=lambda message: blow(),
    )


def raising(error: BaseException) -> Callable[[], Any]:
    def blow() -> None:
        raise error

    return blow


def with_bomb(stage: Stage, blow: Callable[[], Any]) -> Intake:
    """A process of its own on the same ledger, with that parser among its own."""
    before = stage.intake
    return Intake(ledger=stage.ledger, parsers=[*PARSERS, bomb(blow)], rules=before.rules, fetch_key=before.fetch_key)


def box_on(server: SandboxImap, stage: Stage) -> ImapMailbox:
    ours = replace(recognition(), is_ours=lambda message: bool(message.senders))
    return mailbox(server, stage.ledger, recognition=ours)


def read(server: SandboxImap, stage: Stage, intake: Intake) -> list[int]:
    """One visit; the mails it handed over."""
    handed = []

    def handle(mail: Incoming) -> None:
        handed.append(mail.ref.uid)
        intake.take(mail.raw, mailbox="payments", received_at=mail.received_at, ref=mail.ref, truncated=mail.truncated)

    box_on(server, stage).read(handle)
    return handed


def assert_good_ones_are_recorded(stage: Stage, *references: str) -> None:
    assert sorted(entry.transaction_id for entry in stage.entries()) == sorted(references)


# ---------------------------------------------------------------- what breaks one reading


@pytest.mark.parametrize(
    "error",
    [RuntimeError("bug"), RecursionError(), MemoryError(), UnicodeError("odd"), KeyError("x"), AssertionError()],
    ids=lambda error: type(error).__name__,
)
def test_a_mail_that_breaks_its_parser(server: SandboxImap, stage: Stage, error: Exception) -> None:
    """It is held with its bytes and the reason; the mails around it are recorded in the same pass, and no body is fetched twice (D08, D24, C17)."""
    for raw in (signed(reference="WFP-1"), POISON, signed(reference="WFP-2")):
        server.deliver(raw)
    intake = with_bomb(stage, raising(error))
    assert read(server, stage, intake) == [1, 2, 3]
    assert_good_ones_are_recorded(stage, "WFP-1", "WFP-2")
    assert_held(stage, POISON)
    assert read(server, stage, intake) == []
    assert server.bodies == 3


def assert_held(stage: Stage, raw: bytes) -> None:
    with stage.ledger.look() as tx:
        [held] = tx.mails(state=MailState.HELD)
        assert held.reason is Reason.PARSER_FAILED
        assert tx.raw(held.id) == raw


def test_a_mail_that_breaks_the_mime_layer(server: SandboxImap, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stored all the same and held at once, for a person; the next one is recorded, and its body is fetched once ever (D24, C17)."""
    whole = decoding.decode

    def decode(raw: bytes, **limits: Any) -> Any:
        if raw == POISON:
            raise RecursionError("a nest nobody foresaw")
        return whole(raw, **limits)

    monkeypatch.setattr(decoding, "decode", decode)
    for raw in (POISON, signed(reference="WFP-1")):
        server.deliver(raw)
    assert read(server, stage, stage.intake) == [1, 2]
    assert_good_ones_are_recorded(stage, "WFP-1")
    assert_held(stage, POISON)
    assert read(server, stage, stage.intake) == []
    assert server.bodies == 2


def test_a_payment_the_ledger_cannot_take(server: SandboxImap, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment that breaks the ledger's own rules is held as a message, nothing of it is written, and the next one is recorded (D14, D24)."""
    record = Tx.record

    def refuse(tx: Tx, mail_id: int, new: Any) -> tuple[Entry, Any]:
        done = record(tx, mail_id, new)
        if new.transaction_id == "WFP-9":
            tx.connection.exec_driver_sql("UPDATE entry SET state = 'no such state'")  # a CHECK refuses it
        return done

    monkeypatch.setattr(Tx, "record", refuse)
    bad = signed(reference="WFP-9")
    for raw in (bad, signed(reference="WFP-1")):
        server.deliver(raw)
    assert read(server, stage, stage.intake) == [1, 2]
    assert_good_ones_are_recorded(stage, "WFP-1")
    assert_held(stage, bad)


def test_a_message_the_ledger_cannot_store(server: SandboxImap, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that cannot even be stored stay pending with growing pauses; twenty such mails cost those behind them one look each (D08)."""
    begin = Ledger.begin

    class Broken(Exception):
        pass

    @contextmanager
    def begun(ledger: Ledger, **given: Any) -> Iterator[Tx]:
        with begin(ledger, **given) as tx:
            take = tx.take

            def refuse(**facts: Any) -> Any:
                if facts["raw"].startswith(POISON):
                    raise Broken
                return take(**facts)

            tx.take = refuse  # type: ignore[method-assign]
            yield tx

    monkeypatch.setattr(Ledger, "begin", begun)
    for number in range(20):
        server.deliver(POISON + b"%d" % number)
    server.deliver(signed(reference="WFP-1"))
    box = box_on(server, stage)
    handed = []

    def handle(mail: Incoming) -> None:
        handed.append(mail.ref.uid)
        stage.intake.take(mail.raw, mailbox="payments", received_at=mail.received_at, ref=mail.ref)

    with capture_logs():  # twenty tracebacks
        box.read(handle)
    assert handed == list(range(1, 22))
    assert_good_ones_are_recorded(stage, "WFP-1")
    assert box.health.failing == 20
    server.deliver(signed(reference="WFP-2"))
    box.read(handle)
    assert handed == [*range(1, 22), 22]  # their pauses are not over
    assert server.bodies == 22


# ---------------------------------------------------------------- what kills the process


def test_a_mail_that_kills_its_process(stage: Stage) -> None:
    """After three processes have ended over a mail the fourth leaves it to a person, reads those behind it, and lives (R02, D08)."""
    with pytest.raises(Death):
        with_bomb(stage, raising(Death())).take(POISON, mailbox="payments", received_at=stage.clock())
    good = with_bomb(stage, raising(Death()))
    good.take(signed(reference="WFP-1"), mailbox="payments", received_at=stage.clock())
    for _ in range(PROCESSES - 1):
        with pytest.raises(Death):
            with_bomb(stage, raising(Death())).read_due()
    fourth = with_bomb(stage, raising(Death()))
    [outcome] = fourth.read_due()
    assert (outcome.state, outcome.reason) == (MailState.HELD, Reason.PARSER_FAILED)
    assert fourth.read_due() == []
    assert_good_ones_are_recorded(stage, "WFP-1")


def test_a_process_that_was_stopped_over_a_mail_is_no_proof(stage: Stage) -> None:
    """A mail whose process was killed by chance is read by the next one as if nothing had been, and looking often is no sin (R02)."""
    raw = signed(reference="WFP-1")
    with stage.ledger.begin() as tx:
        tx.take(
            mailbox="payments", ref=None, raw=raw, sha256="0" * 64, sender="", subject="", received_at=stage.clock()
        )
    blown: list[int] = []

    def blow_twice() -> list[object]:
        blown.append(1)
        if len(blown) <= 2:
            raise Death
        return []

    patient = with_bomb(stage, blow_twice)
    [outcome] = patient.read_due()
    assert outcome.key is not None
    with stage.ledger.look() as tx:
        assert "read_by" not in tx.mail(1).facts
    with pytest.raises(Death):
        patient.take(POISON, mailbox="payments", received_at=stage.clock())
    with pytest.raises(Death):
        patient.read_due()
    [read_at_last] = patient.read_due()  # one process, however often it tries
    assert read_at_last.state == MailState.SKIPPED
