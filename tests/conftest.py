"""Fixtures that several test modules share, by the module they live in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.ledger import Ledger

pytest_plugins = [
    "tests.ledgers",
    "tests.postgres",
    "tests.dovecot",
    "tests.planfix",
    "tests.counter",
]


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
