"""
Ledgers for tests, on every database the product knows, and the mails and notices that go into them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from reconciler.ledger import Ledger, Tx
from reconciler.model import Entry, Kind, Mail, MailRef, NewEntry, Payer, Recorded, Voucher
from reconciler.money import Money

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DATABASES = ("sqlite", "postgresql")
MEMORY = Path("/dev/shm")


class HandClock:
    """A clock that moves only when told, so that a test says what time it is."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=DATABASES)
def any_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The url of a ledger yet to be made, once for each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def any_ledger(any_ledger_url: str, hand_clock: HandClock) -> Iterator[Ledger]:
    """An empty ledger, once for each database."""
    ledger = Ledger.open(any_ledger_url, create=True, clock=hand_clock, actor="tester")
    yield ledger
    ledger.close()


@pytest.fixture
def sqlite_ledger(tmp_path: Path, hand_clock: HandClock) -> Iterator[Ledger]:
    """An empty ledger in a file: for what does not depend on the database, or only on SQLite."""
    ledger = Ledger.open("sqlite:///ledger.db", create=True, clock=hand_clock, actor="tester", base=tmp_path)
    yield ledger
    ledger.close()


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder whose commits wait for no disk: for tests of thousands of them that are not about the disk."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def take(tx: Tx, raw: bytes = b"a notice", *, uid: int | None = None, mailbox: str = "payments", **other: Any) -> Mail:
    """Take a mail whose bytes are `raw`, seen at `uid` when one is given."""
    ref = None if uid is None else ref_to(uid, mailbox=mailbox)
    facts: dict[str, Any] = {"sender": "info@wayforpay.com", "subject": "Успішний платіж", "received_at": START} | other
    return tx.take(mailbox=mailbox, ref=ref, raw=raw, sha256=sha256(raw).hexdigest(), **facts)[0]


def ref_to(uid: int, *, mailbox: str = "payments", folder: str = "INBOX", uidvalidity: int = 7) -> MailRef:
    return MailRef(mailbox=mailbox, folder=folder, uidvalidity=uidvalidity, uid=uid)


def notice_of(transaction_id: str = "WFP-1", *, amount: str = "1250.00", **other: Any) -> NewEntry:
    """A trusted payment, keyed as the line keys it."""
    facts: dict[str, Any] = {
        "key": f"wayforpay:shop:{transaction_id}",
        "desk": "factory",
        "gateway": "wayforpay",
        "merchant": "shop",
        "kind": Kind.PAYMENT,
        "transaction_id": transaction_id,
        "amount": Money(Decimal(amount), "UAH"),
        "order_number": "1042",
        "order_raw": "№ 1042",
        "paid_at": START - timedelta(minutes=5),
        "payer": Payer(name="Payer One"),
        "parser": "wayforpay",
        "parser_version": "1",
        "trusted_by": Voucher.DKIM,
    }
    return NewEntry(**(facts | other))


def record(tx: Tx, transaction_id: str = "WFP-1", *, raw: bytes | None = None, **other: Any) -> Entry:
    """Take a mail of its own and record its payment, which must be new."""
    mail = take(tx, raw or f"notice of {transaction_id!a}".encode())
    entry, recorded = tx.record(mail.id, notice_of(transaction_id, **other))
    assert recorded is Recorded.NEW
    return entry
