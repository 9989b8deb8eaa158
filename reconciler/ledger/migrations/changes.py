"""
What an upgrade does to the rows that are there: counted, reported, and refused where it would do nothing or break a rule.

Called by the scripts in `versions/`, on the upgrade's own connection. What goes out are `Change`s, which `migrate` hands
to the log and the history; an error takes the whole upgrade back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from reconciler.errors import LedgerConflict, LedgerCorrupt

_LISTED = 20
"""Conflicts that are listed; whoever has more mends these first."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one version: what it was, how many rows it looked at, and how many it changed."""

    version: str
    what: str
    seen: int
    changed: int


def script_changes() -> list[Change]:
    """The changes of the upgrade that runs just now; for its scripts."""
    from alembic import context

    changes: list[Change] = context.config.attributes["changes"]
    return changes


def tell(version: str, what: str, *, seen: int, changed: int) -> None:
    """
    Report a change.

    Raises: LedgerCorrupt: there were rows to change and none was, so the rows are not what this program takes them for.
    """
    if seen and not changed:
        raise LedgerCorrupt(
            f"the upgrade to version {version} changed none of {seen} rows ({what}): nothing was upgraded",
            version=version,
            what=what,
            seen=seen,
        )
    script_changes().append(Change(version, what, seen, changed))


def add_column(version: str, table: str, column: sa.Column[Any]) -> None:
    """Add a column with a default, which every row that is there must have afterwards."""
    from alembic import op

    seen = _count(sa.select(sa.func.count()).select_from(sa.table(table)))
    op.add_column(table, column)
    told = sa.table(table, sa.column(column.name))
    changed = _count(sa.select(sa.func.count()).select_from(told).where(told.c[column.name].is_not(None)))
    tell(version, f"{table}.{column.name} added", seen=seen, changed=changed)


def change_rows(version: str, table: str, *, where: str, values: dict[str, str]) -> None:
    """
    Set columns of the rows a condition picks.

    Looked at are the rows of the condition, so nothing to change is no error, and rows that resist are one.
    """
    from alembic import op

    told = sa.table(table, *(sa.column(name) for name in values))
    picked = sa.text(where)
    seen = _count(sa.select(sa.func.count()).select_from(told).where(picked))
    changed = op.get_bind().execute(sa.update(told).where(picked).values(values)).rowcount
    tell(version, f"{table} where {where}: {', '.join(sorted(values))} set", seen=seen, changed=changed)


def refuse_doubles(version: str, table: str, columns: Sequence[str], *, where: str, what: str, mend: str) -> None:
    """
    Look for rows that a UNIQUE rule to come would refuse, before anything is changed.

    what: what the rule says, for people. mend: what to do about each.
    Raises: LedgerConflict: there are such rows; they are listed with their ids.
    """
    from alembic import op

    told = sa.table(table, sa.column("id"), *(sa.column(name) for name in columns))
    same = [told.c[name] for name in columns]
    doubled = sa.select(*same).where(sa.text(where)).group_by(*same).having(sa.func.count() > 1)
    rows = op.get_bind().execute(
        sa.select(told.c.id, *same).where(sa.text(where), sa.tuple_(*same).in_(doubled)).order_by(*same, told.c.id)
    )
    conflicts: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        conflicts.setdefault(tuple(row[1:]), []).append(row[0])
    if not conflicts:
        return
    lines = [
        f"  {' and '.join(f'{table[0]}{row_id}' for row_id in ids)}: "
        + ", ".join(f"{name} {value}" for name, value in zip(columns, values, strict=True))
        for values, ids in conflicts.items()
    ]
    more = [f"  and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    raise LedgerConflict(
        "\n".join(
            [
                f"the ledger cannot be upgraded to version {version}: {what}, but",
                *lines[:_LISTED],
                *more,
                f"Nothing was changed. {mend}",
            ]
        ),
        version=version,
        conflicts=list(conflicts.values()),
    )


def _count(query: sa.Select[Any]) -> int:
    from alembic import op

    found: int = op.get_bind().execute(query).scalar_one()
    return found
