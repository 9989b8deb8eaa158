"""
The ledger's tables, as the newest migration leaves them.

Every rule that must hold whatever the code does is here as a UNIQUE, a CHECK or a foreign key; the append-only triggers
on `event` are in the migrations. Amounts are minor units with their currency.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from reconciler.ledger.columns import PlainText, Utc
from reconciler.model import UNVERSIONED, Kind, MailState, Recorded, State, StepKind, StepState, Voucher

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

SIGHTINGS = ("ours", "foreign", "before_cutoff")


def _one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(word)) for word in words)})", name=column)


def _facts(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


# A hold or a wait without a reason would be a riddle for whoever has to settle it.
_REASONED = "state NOT IN ({}) OR reason IS NOT NULL"

mail = Table(
    "mail",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("mailbox", PlainText, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("reason", String(32)),
    _facts("facts"),
    Column("sender", PlainText, nullable=False),
    Column("subject", PlainText, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("taken_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    _facts("verdict", nullable=True),
    Column("parser", PlainText),
    Column("retry_at", Utc),
    Column("parser_version", PlainText),
    _one_of("state", MailState),
    CheckConstraint("length(sha256) = 64", name="sha256"),
    CheckConstraint(_REASONED.format("'held'"), name="reason"),
)

# Beside `mail`, so that reading mails does not read their bodies, and retention deletes rows instead of rewriting them.
raw = Table(
    "raw",
    metadata,
    Column("mail_id", ForeignKey(mail.c.id), primary_key=True),
    Column("content", LargeBinary, nullable=False),  # zlib
)

sighting = Table(
    "sighting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox", PlainText, nullable=False),
    Column("folder", PlainText, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("what", String(16), nullable=False),
    Column("mail_id", ForeignKey(mail.c.id), index=True),
    Column("sender_domain", PlainText, nullable=False),
    Column("subject_sha256", String(64), nullable=False),
    Column("success_words", Boolean, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("rules", PlainText, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("after_at", Utc),  # when the mailbox action was done
    UniqueConstraint("mailbox", "folder", "uidvalidity", "uid"),
    _one_of("what", SIGHTINGS),
    CheckConstraint("(what = 'ours') = (mail_id IS NOT NULL)", name="mail"),
)

entry = Table(
    "entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", PlainText, nullable=False, unique=True),
    Column("key_folded", PlainText, nullable=False, unique=True),
    Column("desk", PlainText, nullable=False),
    Column("gateway", PlainText, nullable=False),
    Column("merchant", PlainText, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("transaction_id", PlainText, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("order_number", PlainText),
    Column("order_read", PlainText),
    Column("order_raw", PlainText),
    Column("paid_at", Utc, nullable=False),
    _facts("payer", nullable=True),
    Column("parser", PlainText, nullable=False),
    Column("trusted_by", String(32), nullable=False),
    Column("mail_id", ForeignKey(mail.c.id), nullable=False, index=True),
    Column("state", String(16), nullable=False, index=True),
    Column("reason", String(32)),
    _facts("facts"),
    _facts("acknowledged"),
    Column("tries", Integer, nullable=False),
    Column("retry_at", Utc),
    Column("deadline_at", Utc),
    Column("recorded_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("task", PlainText),
    Column("income_id", PlainText),
    Column("advanced_by", String(16)),
    Column("parser_version", PlainText, nullable=False, server_default=UNVERSIONED),
    _one_of("kind", Kind),
    _one_of("state", State),
    _one_of("trusted_by", Voucher),
    _one_of("advanced_by", ("us", "other")),
    CheckConstraint("length(currency) = 3", name="currency"),
    CheckConstraint("tries >= 0", name="tries"),
    CheckConstraint(_REASONED.format("'held', 'waiting'"), name="reason"),
    Index(None, "desk", "order_number"),
    Index(None, "desk", "retry_at"),
    Index(None, "desk", "transaction_id"),
)

_POSTED = text("income_id IS NOT NULL")
# One row on the desk pays for one payment, whatever the code does.
Index(
    "uq_entry_desk_income_id",
    entry.c.desk,
    entry.c.income_id,
    unique=True,
    sqlite_where=_POSTED,
    postgresql_where=_POSTED,
)

# Which mail told of which entry, and what it was when it did: one payment told in two mails has two rows here.
notice = Table(
    "notice",
    metadata,
    Column("mail_id", ForeignKey(mail.c.id), primary_key=True),
    Column("entry_id", ForeignKey(entry.c.id), primary_key=True, index=True),
    Column("recorded", String(16), nullable=False),
    Column("at", Utc, nullable=False),
    _one_of("recorded", Recorded),
)

step = Table(
    "step",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slot", PlainText, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("desk", PlainText, nullable=False),
    Column("order_number", PlainText, nullable=False),
    Column("entry_id", ForeignKey(entry.c.id), index=True),
    Column("state", String(16), nullable=False),
    _facts("before"),
    _facts("result"),
    Column("looks", Integer, nullable=False),
    Column("sent_at", Utc),
    Column("look_at", Utc),
    Column("changed_at", Utc, nullable=False),
    _one_of("kind", StepKind),
    _one_of("state", StepState),
    CheckConstraint("looks >= 0", name="looks"),
    CheckConstraint("state NOT IN ('sending', 'unknown') OR sent_at IS NOT NULL", name="sent"),
    Index(None, "desk", "order_number"),
    Index(None, "desk", "state"),
)

LIVE = text("state <> 'dropped'")
# One live step per slot: what was dropped provably had no effect, so only that frees the slot.
Index("uq_step_slot_live", step.c.slot, unique=True, sqlite_where=LIVE, postgresql_where=LIVE)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Utc, nullable=False, index=True),
    Column("name", String(64), nullable=False),
    _facts("facts"),
    Column("actor", PlainText, nullable=False),
    Column("mail_id", ForeignKey(mail.c.id), index=True),
    Column("entry_id", ForeignKey(entry.c.id), index=True),
    Column("order_number", PlainText, index=True),
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("folder", PlainText, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("cutoff_at", Utc, nullable=False),
    Column("cutoff_uid", BigInteger),
    Column("decided_by", PlainText, nullable=False),
    Column("rules", PlainText, nullable=False),
    Column("scanned_at", Utc),
    Column("met_at", Utc, nullable=False),
)

desk = Table(
    "desk",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", PlainText, nullable=False),
)

bucket = Table(
    "bucket",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("full_at", Utc, nullable=False),  # when every token is back: the theoretical arrival time of GCRA
    Column("closed_until", Utc),  # the other side's own word
)

shape = Table(
    "shape",
    metadata,
    Column("parser", PlainText, primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("parser_version", PlainText, nullable=False),
    _facts("outline"),
    Column("times", Integer, nullable=False),
    Column("first_at", Utc, nullable=False),
    Column("last_at", Utc, nullable=False),
    Column("first_mail_id", ForeignKey(mail.c.id), nullable=False),
    CheckConstraint("times > 0", name="times"),
)

memory = Table(
    "memory",
    metadata,
    Column("name", PlainText, primary_key=True),
    _facts("value"),
    Column("changed_at", Utc, nullable=False),
)
