"""
A ledger as the program of version 1 left it, in the middle of everything: made by that version's own migration and raw SQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

from reconciler.ledger import migrations
from reconciler.ledger.engine import build_engine, find_place

TABLES = ("mail", "raw", "sighting", "entry", "notice", "step", "event", "mailbox", "desk", "bucket", "memory")
AT = "2026-11-01T08:00:00.000000Z"
ODD = "№ 12–345 «Дім» ’; DROP TABLE entry; --\n\t%s {} \U0001f4b8 \u202e\u0301 \ufffd"
HUGE = {"seen": [{"row": number, "text": ODD} for number in range(4000)]}


@contextmanager
def database(url: str) -> Iterator[Engine]:
    """The database as any program sees it: no ledger is opened."""
    engine = build_engine(find_place(url, None))
    try:
        yield engine
    finally:
        engine.dispose()


def make(url: str) -> None:
    """Version 1's tables, and in them what a busy year left: every state, unanswered steps, legacy and odd rows."""
    with database(url) as engine, engine.begin() as connection:
        migrations._upgrade(connection, to="0001")
        _mails(connection)
        _entries(connection)
        _rest(connection)
        if connection.dialect.name == "postgresql":  # rows with ids of their own leave its counters behind
            for table in ("mail", "sighting", "entry", "step", "event"):
                connection.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))


def content(url: str) -> Mapping[str, Sequence[tuple[Any, ...]]]:
    """Every value of version 1's columns, table by table: what no upgrade may lose or alter."""
    with database(url) as engine, engine.connect() as connection:
        return {
            table: sorted(map(tuple, connection.execute(text(f"SELECT {_COLUMNS[table]} FROM {table}"))), key=repr)
            for table in TABLES
        }


def insert(connection: Connection, table: str, **columns: Any) -> None:
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), columns)


def insert_entry(connection: Connection, number: int, state: str, **other: Any) -> None:
    insert(
        connection,
        "entry",
        **{
            "id": number,
            "key": f"wayforpay:shop:WFP-{number}",
            "key_folded": f"wayforpay:shop:wfp-{number}",
            "desk": "factory",
            "gateway": "wayforpay",
            "merchant": "shop",
            "kind": "payment",
            "transaction_id": f"WFP-{number}",
            "amount_minor": 125000,
            "currency": "UAH",
            "order_number": "12345",
            "paid_at": AT,
            "payer": json.dumps({"name": ODD, "email": None, "phone": None, "card": None}),
            "parser": "wayforpay",
            "trusted_by": "dkim",
            "mail_id": 1,
            "state": state,
            "facts": "{}",
            "acknowledged": "[]",
            "tries": 0,
            "recorded_at": AT,
            "changed_at": AT,
        }
        | other,
    )


def _mails(connection: Connection) -> None:
    for number, state, reason, parser, facts in (
        (1, "read", None, "wayforpay", {"entries": [1]}),
        (2, "held", "unclaimed", None, {"error": ODD}),
        (3, "held", "parser_failed", "", HUGE),  # a parser that once had no name
        (4, "waiting", "untrusted", "wayforpay", {"acknowledged": ["unclaimed"]}),
        (5, "taken", None, None, {}),
        (6, "skipped", None, "mybank", {"kinds": ["declined"]}),
        (7, "discarded", "unreadable", None, {}),
    ):
        insert(
            connection,
            "mail",
            id=number,
            sha256=f"{number:064x}",
            mailbox="payments",
            state=state,
            reason=reason,
            facts=json.dumps(facts),
            sender="info@wayforpay.com",
            subject=ODD,
            received_at=AT,
            taken_at=AT,
            changed_at=AT,
            parser=parser,
            verdict=None if number > 1 else json.dumps({"trusted_by": "dkim", "checks": []}),
        )
        if number != 7:  # retention dropped its body
            insert(connection, "raw", mail_id=number, content=b"x\x9c\x03\x00\x00\x00\x00\x01")
    insert(
        connection, "sighting", id=1, mailbox="payments", folder="INBOX", uidvalidity=2**32 - 1, uid=2**32 - 1,
        what="ours", mail_id=1, sender_domain="", subject_sha256="", success_words=False, received_at=AT, rules="",
        seen_at=AT,
    )  # fmt: skip


def _entries(connection: Connection) -> None:
    insert_entry(connection, 1, "settled", income_id="501", task="70", advanced_by="us", order_read="12345")
    insert_entry(connection, 2, "held", reason="order_not_found", order_number=None, facts=json.dumps(HUGE))
    insert_entry(connection, 3, "waiting", reason="unknown_outcome", retry_at=AT, deadline_at=AT, tries=7)
    insert_entry(connection, 4, "partial", income_id="502", task="70", acknowledged=json.dumps(["maybe_typed:1", ODD]))
    insert_entry(connection, 5, "posted", income_id="501", desk="other")  # another desk has rows of its own
    insert_entry(connection, 6, "recorded", retry_at=AT, payer=None, parser="", order_number=ODD)
    insert_entry(connection, 7, "discarded", amount_minor=2**53, key="legacy", key_folded="legacy", trusted_by="person")
    insert_entry(connection, 8, "overpaid", kind="refund", income_id="503", amount_minor=1)
    for number in (1, 2, 4):
        insert(connection, "notice", mail_id=1, entry_id=number, recorded="new", at=AT)


def _rest(connection: Connection) -> None:
    for number, kind, state, entry in (
        (1, "income", "done", 1),
        (2, "income", "unknown", 3),
        (3, "advance", "sending", 4),
        (4, "income", "dropped", 4),
        (5, "comment", "planned", None),
    ):
        insert(
            connection, "step", id=number, slot=f"{kind}:{number}", kind=kind, desk="factory", order_number="12345",
            entry_id=entry, state=state, before=json.dumps(HUGE), result="{}", looks=1, sent_at=AT, changed_at=AT,
        )  # fmt: skip
    for number, entry in ((1, None), (2, 3), (3, 4)):
        insert(
            connection, "event", id=number, at=AT, name="entry.held", facts=json.dumps({"odd": ODD}), actor=ODD,
            entry_id=entry,
        )  # fmt: skip
    insert(
        connection, "mailbox", name="payments", folder="INBOX", uidvalidity=7, cutoff_at=AT, cutoff_uid=12,
        decided_by="since", rules="", met_at=AT,
    )  # fmt: skip
    insert(connection, "desk", name="factory", paused=True, changed_at=AT, changed_by=ODD)
    insert(connection, "bucket", name="desk:factory", full_at=AT)
    insert(connection, "memory", name="ledger", value=json.dumps({"id": "x", "created_at": AT}), changed_at=AT)


_COLUMNS = {
    "mail": "id, sha256, mailbox, state, reason, CAST(facts AS TEXT), sender, subject, received_at, taken_at, changed_at, "
    "CAST(verdict AS TEXT), parser, retry_at",
    "raw": "mail_id, CAST(length(content) AS INTEGER)",
    "sighting": "id, mailbox, folder, uidvalidity, uid, what, mail_id, success_words, received_at, rules, seen_at, after_at",
    "entry": "id, key, key_folded, desk, gateway, merchant, kind, transaction_id, amount_minor, currency, order_number, "
    "order_read, order_raw, paid_at, CAST(payer AS TEXT), parser, trusted_by, mail_id, state, reason, "
    "CAST(facts AS TEXT), CAST(acknowledged AS TEXT), tries, retry_at, deadline_at, recorded_at, changed_at, task, "
    "income_id, advanced_by",
    "notice": "mail_id, entry_id, recorded, at",
    "step": "id, slot, kind, desk, order_number, entry_id, state, CAST(before AS TEXT), CAST(result AS TEXT), looks, "
    "sent_at, look_at, changed_at",
    "event": "id, at, name, CAST(facts AS TEXT), actor, mail_id, entry_id, order_number",
    "mailbox": "name, folder, uidvalidity, cutoff_at, cutoff_uid, decided_by, rules, scanned_at, met_at",
    "desk": "name, paused, changed_at, changed_by",
    "bucket": "name, full_at, closed_until",
    "memory": "name, CAST(value AS TEXT), changed_at",
}
