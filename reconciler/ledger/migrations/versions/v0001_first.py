"""
Version 1: every table, with its rules.

Written out instead of taken from `tables.py`, which goes on to say what later versions add.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.String(27)  # ISO 8601 in UTC with microseconds: "2026-11-22T09:30:00.000000Z"


def upgrade() -> None:
    _mails()
    _sightings()
    _entries()
    _notices()
    _steps()
    _events()
    _append_only()
    _the_rest()


def downgrade() -> None:
    raise NotImplementedError("a ledger never goes back: restore the backup taken before the upgrade")


def _mails() -> None:
    """Mails, and their bytes beside them."""
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32)),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("verdict", sa.JSON()),
        sa.Column("parser", sa.Text()),
        sa.Column("retry_at", TIME),
        sa.CheckConstraint(
            "state IN ('taken', 'read', 'skipped', 'waiting', 'held', 'discarded')", name=op.f("ck_mail_state")
        ),
        sa.CheckConstraint("state NOT IN ('held') OR reason IS NOT NULL", name=op.f("ck_mail_reason")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_mail_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("sha256", name=op.f("uq_mail_sha256")),
    )
    op.create_index(op.f("ix_mail_state"), "mail", ["state"])
    op.create_table(
        "raw",
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_raw_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_raw")),
    )


def _sightings() -> None:
    """Folders as first met, and every UID seen in them."""
    op.create_table(
        "mailbox",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("cutoff_at", TIME, nullable=False),
        sa.Column("cutoff_uid", sa.BigInteger()),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("scanned_at", TIME),
        sa.Column("met_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", "folder", name=op.f("pk_mailbox")),
    )
    op.create_table(
        "sighting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("mail_id", sa.Integer()),
        sa.Column("sender_domain", sa.Text(), nullable=False),
        sa.Column("subject_sha256", sa.String(length=64), nullable=False),
        sa.Column("success_words", sa.Boolean(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("after_at", TIME),
        sa.CheckConstraint("(what = 'ours') = (mail_id IS NOT NULL)", name=op.f("ck_sighting_mail")),
        sa.CheckConstraint("what IN ('ours', 'foreign', 'before_cutoff')", name=op.f("ck_sighting_what")),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_sighting_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
        sa.UniqueConstraint(
            "mailbox", "folder", "uidvalidity", "uid", name=op.f("uq_sighting_mailbox_folder_uidvalidity_uid")
        ),
    )
    op.create_index(op.f("ix_sighting_mail_id"), "sighting", ["mail_id"])


def _entries() -> None:
    """Payments: UNIQUE keys from the first version on, so that no later one meets duplicates."""
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("key_folded", sa.Text(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("merchant", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("order_number", sa.Text()),
        sa.Column("order_read", sa.Text()),
        sa.Column("order_raw", sa.Text()),
        sa.Column("paid_at", TIME, nullable=False),
        sa.Column("payer", sa.JSON()),
        sa.Column("parser", sa.Text(), nullable=False),
        sa.Column("trusted_by", sa.String(length=32), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32)),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("acknowledged", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("retry_at", TIME),
        sa.Column("deadline_at", TIME),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("task", sa.Text()),
        sa.Column("income_id", sa.Text()),
        sa.Column("advanced_by", sa.String(length=16)),
        sa.CheckConstraint("advanced_by IN ('us', 'other')", name=op.f("ck_entry_advanced_by")),
        sa.CheckConstraint(
            "kind IN ('payment', 'refund', 'void', 'chargeback', 'declined', 'pending', 'receipt', 'register', 'test')",
            name=op.f("ck_entry_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('recorded', 'posted', 'settled', 'partial', 'overpaid', 'waiting', 'held', 'discarded')",
            name=op.f("ck_entry_state"),
        ),
        sa.CheckConstraint("state NOT IN ('held', 'waiting') OR reason IS NOT NULL", name=op.f("ck_entry_reason")),
        sa.CheckConstraint(
            "trusted_by IN ('dkim', 'authentication-results', 'witness', 'none', 'person')",
            name=op.f("ck_entry_trusted_by"),
        ),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_entry_currency")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_entry_tries")),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_entry_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_entry_key")),
        sa.UniqueConstraint("key_folded", name=op.f("uq_entry_key_folded")),
    )
    _entry_indexes()


def _entry_indexes() -> None:
    op.create_index(op.f("ix_entry_desk_order_number"), "entry", ["desk", "order_number"])
    op.create_index(op.f("ix_entry_desk_retry_at"), "entry", ["desk", "retry_at"])
    op.create_index(op.f("ix_entry_desk_transaction_id"), "entry", ["desk", "transaction_id"])
    op.create_index(op.f("ix_entry_desk_income_id"), "entry", ["desk", "income_id"])
    op.create_index(op.f("ix_entry_mail_id"), "entry", ["mail_id"])
    op.create_index(op.f("ix_entry_state"), "entry", ["state"])


def _notices() -> None:
    """Which mail told of which entry."""
    op.create_table(
        "notice",
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.String(length=16), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("recorded IN ('new', 'already', 'conflict')", name=op.f("ck_notice_recorded")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_notice_entry_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_notice_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", "entry_id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_entry_id"), "notice", ["entry_id"])


def _steps() -> None:
    """Effects on the desk: one live step per slot."""
    op.create_table(
        "step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Integer()),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("sent_at", TIME),
        sa.Column("look_at", TIME),
        sa.Column("changed_at", TIME, nullable=False),
        sa.CheckConstraint("kind IN ('income', 'advance', 'comment')", name=op.f("ck_step_kind")),
        sa.CheckConstraint("state IN ('planned', 'sending', 'done', 'unknown', 'dropped')", name=op.f("ck_step_state")),
        sa.CheckConstraint("state NOT IN ('sending', 'unknown') OR sent_at IS NOT NULL", name=op.f("ck_step_sent")),
        sa.CheckConstraint("looks >= 0", name=op.f("ck_step_looks")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_step_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step")),
    )
    op.create_index(op.f("ix_step_desk_order_number"), "step", ["desk", "order_number"])
    op.create_index(op.f("ix_step_desk_state"), "step", ["desk", "state"])
    op.create_index(op.f("ix_step_entry_id"), "step", ["entry_id"])
    op.create_index(
        "uq_step_slot_live",
        "step",
        ["slot"],
        unique=True,
        sqlite_where=sa.text("state <> 'dropped'"),
        postgresql_where=sa.text("state <> 'dropped'"),
    )


def _events() -> None:
    """The history."""
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.Integer()),
        sa.Column("entry_id", sa.Integer()),
        sa.Column("order_number", sa.Text()),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_event_entry_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name=op.f("fk_event_mail_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_at"), "event", ["at"])
    op.create_index(op.f("ix_event_entry_id"), "event", ["entry_id"])
    op.create_index(op.f("ix_event_mail_id"), "event", ["mail_id"])
    op.create_index(op.f("ix_event_order_number"), "event", ["order_number"])


def _append_only() -> None:
    """The history is refused every change by the database itself."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER event_no_{verb.lower()} BEFORE {verb} ON event "
                "BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the history is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_append_only()"
    )


def _the_rest() -> None:
    """The brake, the throttle and what must be remembered."""
    op.create_table(
        "desk",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_desk")),
    )
    op.create_table(
        "bucket",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_at", TIME, nullable=False),
        sa.Column("closed_until", TIME),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bucket")),
    )
    op.create_table(
        "memory",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_memory")),
    )
