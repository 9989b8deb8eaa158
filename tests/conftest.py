"""Fixtures that several test modules share, by the module they live in."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from reconciler.ledger import Ledger

pytest_plugins = [
    "tests.ledgers",
    "tests.postgres",
    "tests.dovecot",
    "tests.planfix",
    "tests.counter",
]

MEMORY = Path("/dev/shm")
ROOM = 1 << 30
"""Bytes; far more than the tests have on it at once."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for each core: a test of the whole line mostly waits, for a time-out to pass or for a process to begin."""
    return 2 * (os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes ten seconds and more, so it is begun before the others")
    _wait_for_no_disk()
    _tell_failures_plainly()
    _hear_ctrl_c()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long comes first, or one worker would still be at it when the others have nothing left to do."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def _wait_for_no_disk() -> None:
    """
    Ledgers of tests lie in memory, where there is room: their hundred thousand commits would wait for the disk as long as all
    tests take. A killed process leaves the same file there, and what a power cut leaves of one is made by hand where it matters.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _tell_failures_plainly() -> None:
    """Tracebacks with colours and locals, which structlog prints where nobody has set it up, take half a second each."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])


def _hear_ctrl_c() -> None:
    """What a shell starts in the background is deaf to Ctrl-C, and so are its children: a test that sends it would wait for ever."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _ledgers_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever ledger a test opens in this process is closed with it: from 3.13 on Python tells of a forgotten connection."""
    opened: list[Ledger] = []
    made = Ledger.__init__

    def init(self: Ledger, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        opened.append(self)

    monkeypatch.setattr(Ledger, "__init__", init)
    yield
    for ledger in opened:
        ledger.close()
