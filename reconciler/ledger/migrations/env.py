"""
Alembic's entry: runs the versions on the connection the program hands over, inside the program's own transaction.
"""

from __future__ import annotations

from alembic import context

from reconciler.ledger.migrations import VERSION_TABLE
from reconciler.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite changes a table by copying it
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
