"""
A process of its own on a ledger, for tests that kill one or race two: `python -m tests.ledger_child URL WORD …`.

It prints a line when it has done what the word says, and then waits to be told on (a line), or to be killed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from reconciler import log
from reconciler.ledger import Bucket, Ledger, migrations
from reconciler.ledger.book import _ownership
from reconciler.ledger.engine import build_engine, find_place
from reconciler.ledger.migrations.changes import Change
from tests.ledgers import notice_of, take

ROOT = Path(__file__).parent.parent


class Child:
    """The parent's end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def line(self) -> str:
        """The next thing it said; fails the test when it died instead."""
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said, f"the child ended with {self._process.wait(60)}"
        return said.strip()

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        self._process.kill()
        self._process.wait(60)


@contextmanager
def child(url: str, *words: str) -> Iterator[Child]:
    command = [sys.executable, "-m", "tests.ledger_child", url, *words]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Child(process)
        finally:
            process.kill()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _stop_before_commit() -> None:
    """An upgrade that has done everything, and is told on before it commits."""
    upgrade = migrations._upgrade

    def stopped(connection: Connection, to: str = "head") -> list[Change]:
        changes = upgrade(connection, to)
        _say("half upgraded")
        sys.stdin.readline()
        return changes

    migrations._upgrade = stopped


def _own_as_a_program_of_before(url: str, name: str) -> None:
    """Own a name without opening the ledger: as a program does that takes it for one of its own version."""
    place = find_place(url, None)
    engine = build_engine(place)
    with _ownership(place, engine, lambda: datetime.now(UTC)).take(name):
        _say("owned")
        sys.stdin.readline()
    engine.dispose()
    _say("let go")


def main(url: str, word: str, *arguments: str) -> None:
    log.set_up()  # to stderr: what is said on stdout is for the parent
    if word in ("create", "open"):
        _say("ready")
        sys.stdin.readline()
    if word == "half-upgrade":
        _stop_before_commit()
    if word == "own-old":
        _own_as_a_program_of_before(url, arguments[0])
        return
    ledger = Ledger.open(url, create=word == "create", clock=lambda: datetime.now(UTC), actor="child")
    match word:
        case "create":
            _say("created")
        case "open":
            _say("opened")
        case "own":
            with ledger.exclusive(arguments[0]):
                _say("owned")
                sys.stdin.readline()
            _say("let go")
        case "half":
            with ledger.begin() as tx:
                tx.record(take(tx).id, notice_of())
                _say("half done")
                sys.stdin.readline()
        case "record":
            _say("ready")
            sys.stdin.readline()
            for number in range(int(arguments[0])):
                with ledger.begin() as tx:
                    _, recorded = tx.record(take(tx, f"{number}".encode()).id, notice_of(f"WFP-{number}"))
                _say(recorded)
        case "draw":
            bucket = Bucket(ledger, "desk:factory", per_second=50, burst=2)
            _say("ready")
            sys.stdin.readline()
            for _ in range(int(arguments[0])):
                bucket.acquire()
                _say(datetime.now(UTC).isoformat())
        case _:
            raise SystemExit(f"unknown word {word!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
