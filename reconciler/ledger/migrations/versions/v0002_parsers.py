"""
Version 2: which version of its parser read a mail and a payment, the shapes of each parser's letters, and one row on the
desk pays for one payment, as a rule of the database.

Columns are added with a default and no table is rebuilt: a program of version 1 that still looks at the ledger goes on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reconciler.ledger.migrations.changes import add_column, change_rows, refuse_doubles

revision = "0002"
down_revision = "0001"

TIME = sa.String(27)
UNVERSIONED = "0"  # what was read before versions were kept


def upgrade() -> None:
    refuse_doubles(
        revision,
        "entry",
        ("desk", "income_id"),
        where="income_id IS NOT NULL",
        what="one income row on the desk pays for one payment",
        mend="With the program of before, `reconciler show` each of them, and give the one whose row it is not its order"
        " again (`reconciler resolve ID --order N`): it is then looked for on the desk. Then upgrade.",
    )
    add_column(revision, "entry", sa.Column("parser_version", sa.Text(), server_default=UNVERSIONED, nullable=False))
    op.add_column("mail", sa.Column("parser_version", sa.Text()))
    change_rows(revision, "mail", where="parser IS NOT NULL", values={"parser_version": UNVERSIONED})
    _one_row_one_payment()
    _shapes()


def downgrade() -> None:
    raise NotImplementedError("a ledger never goes back: restore the copy made before the upgrade")


def _one_row_one_payment() -> None:
    op.drop_index("ix_entry_desk_income_id", "entry")
    op.create_index(
        "uq_entry_desk_income_id",
        "entry",
        ["desk", "income_id"],
        unique=True,
        sqlite_where=sa.text("income_id IS NOT NULL"),
        postgresql_where=sa.text("income_id IS NOT NULL"),
    )


def _shapes() -> None:
    """The layouts a parser's letters were seen in, so that a new one can be told."""
    op.create_table(
        "shape",
        sa.Column("parser", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("outline", sa.JSON(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("first_mail_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("times > 0", name=op.f("ck_shape_times")),
        sa.ForeignKeyConstraint(["first_mail_id"], ["mail.id"], name=op.f("fk_shape_first_mail_id")),
        sa.PrimaryKeyConstraint("parser", "fingerprint", name=op.f("pk_shape")),
    )
