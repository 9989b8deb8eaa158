"""
Entries: a trusted notice comes in under its UNIQUE key; what is known of that payment, and when it is due, goes out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from reconciler.errors import FieldUnreadable, LedgerUnavailable
from reconciler.ledger import tables
from reconciler.ledger.columns import json_ready, storable
from reconciler.ledger.history import History
from reconciler.ledger.values import entry_of, fold_key, payer_json
from reconciler.model import Entry, NewEntry, Payer, Reason, Recorded, State

# Keys and order numbers are indexed, and PostgreSQL's index rows end at 2 700 bytes; nobody's reference is that long.
MAX_KEY = 300

_GOES_ON = frozenset({State.RECORDED, State.WAITING, State.POSTED, State.PARTIAL, State.OVERPAID})
"""States that are walked again by themselves."""

_COLUMNS = frozenset(
    {"facts", "retry_at", "deadline_at", "tries", "task", "income_id", "advanced_by", "order_number", "acknowledged"}
)


class Entries(History):
    def record(self, mail_id: int, entry: NewEntry) -> tuple[Entry, Recorded]:
        """
        Insert under the UNIQUE case-folded key, due at once; or find what is there.

        ALREADY fills what was missing; an entry that only waited, or was held, for its order number is then due at once.
        CONFLICT changes nothing but the history. Raises: FieldUnreadable: a key or order number too long to be one.
        """
        refuse_long(entry)
        new_id = self.connection.execute(
            self.insert(tables.entry)
            .values(self._columns_of(mail_id, entry))
            .on_conflict_do_nothing()
            .returning(tables.entry.c.id)
        ).scalar()
        if new_id is None:
            found, recorded = self._meet(mail_id, entry)
        else:
            found, recorded = self.entry(new_id), Recorded.NEW
            self.append("entry.recorded", **self._about(found), mail_id=mail_id, **_told(entry))
        self.connection.execute(
            self.insert(tables.notice)
            .values(mail_id=mail_id, entry_id=found.id, recorded=recorded, at=self.now())
            .on_conflict_do_nothing(index_elements=["mail_id", "entry_id"])
        )
        return found, recorded

    def _columns_of(self, mail_id: int, entry: NewEntry) -> dict[str, Any]:
        now = self.now()
        columns = {
            name: getattr(entry, name)
            for name in (
                "key",
                "desk",
                "gateway",
                "merchant",
                "kind",
                "transaction_id",
                "paid_at",
                "parser",
                "parser_version",
            )
        }
        return columns | {
            "key_folded": fold_key(storable(entry.key)),
            "amount_minor": entry.amount.minor,
            "currency": entry.amount.currency,
            "order_number": entry.order_number,
            "order_read": entry.order_number,
            "order_raw": entry.order_raw,
            "payer": payer_json(entry.payer),
            "trusted_by": entry.trusted_by,
            "mail_id": mail_id,
            "state": State.RECORDED,
            "facts": {},
            "acknowledged": [],
            "tries": 0,
            "retry_at": now,
            "recorded_at": now,
            "changed_at": now,
        }

    def _meet(self, mail_id: int, entry: NewEntry) -> tuple[Entry, Recorded]:
        """The key is taken: the same payment told again, or another one under its name?"""
        folded = fold_key(storable(entry.key))
        # FOR UPDATE: two mails that fill the same gap with different orders must meet one after the other.
        row = self.connection.execute(
            select(tables.entry).where(tables.entry.c.key_folded == folded).with_for_update()
        ).one()
        found = entry_of(row)
        if _differs(found, entry):
            self.append("entry.contradicted", **self._about(found), mail_id=mail_id, key=entry.key, **_told(entry))
            return found, Recorded.CONFLICT
        fills = _fills(found, entry)
        if fills:
            told = sorted(fills)
            if "order_number" in fills:
                fills |= self._goes_on(found)
            self._update(found, fills)
            self.append("entry.filled", **self._about(found), mail_id=mail_id, fields=told)
            found = self.entry(found.id)
        return found, Recorded.ALREADY

    def _goes_on(self, found: Entry) -> dict[str, Any]:
        """What only lacked its order number wants nothing more of a person; any other hold is theirs."""
        if found.state is State.WAITING:
            return {"retry_at": self.now()}
        if found.state is State.HELD and found.reason is Reason.ORDER_NOT_FOUND:
            return {"state": State.RECORDED, "reason": None, "facts": {}, "retry_at": self.now()}
        return {}

    def entry(self, entry_id: int) -> Entry:
        """Raises: LookupError: the ledger has no such entry."""
        row = self.connection.execute(select(tables.entry).where(tables.entry.c.id == entry_id)).one_or_none()
        if row is None:
            raise LookupError(f"the ledger has no entry e{entry_id}")
        return entry_of(row)

    def entries(
        self,
        *,
        desk: str | None = None,
        order_number: str | None = None,
        states: Collection[State] | None = None,
        reason: Reason | None = None,
        mail_id: int | None = None,
        key: str | None = None,
        since: datetime | None = None,
        transaction_id: str | None = None,
        income_id: str | None = None,
    ) -> Sequence[Entry]:
        """Oldest first. mail_id: those the mail told of, also as a repeat. key: in any case. since: recorded at or after."""
        entry, notice = tables.entry.c, tables.notice.c
        query = select(tables.entry).order_by(entry.id)
        for column, value in (
            (entry.desk, desk),
            (entry.order_number, order_number),
            (entry.reason, reason),
            (entry.transaction_id, transaction_id),
            (entry.income_id, income_id),
        ):
            if value is not None:
                query = query.where(column == value)
        if states is not None:
            query = query.where(entry.state.in_(sorted(states)))
        if mail_id is not None:
            query = query.where(entry.id.in_(select(notice.entry_id).where(notice.mail_id == mail_id)))
        if key is not None:
            query = query.where(entry.key_folded == fold_key(storable(key)))
        if since is not None:
            query = query.where(entry.recorded_at >= since)
        return [entry_of(row) for row in self.connection.execute(query)]

    def due_entries(self, desk: str) -> Sequence[Entry]:
        """Entries whose retry_at has come, oldest payment first."""
        entry = tables.entry.c
        rows = self.connection.execute(
            select(tables.entry)
            .where(entry.desk == desk, entry.retry_at <= self.now())
            .order_by(entry.paid_at, entry.id)
        )
        return [entry_of(row) for row in rows]

    def next_due(self, desk: str) -> datetime | None:
        """When the next entry is walked by itself; None: nothing waits."""
        entry = tables.entry.c
        when: datetime | None = self.connection.execute(
            select(func.min(entry.retry_at)).where(entry.desk == desk)
        ).scalar()
        return when

    def postpone(self, entry_ids: Collection[int], retry_at: datetime) -> None:
        """Nothing has changed: look again then. No event and no new changed_at, so whoever holds the entry may go on."""
        self.connection.execute(
            update(tables.entry).where(tables.entry.c.id.in_(sorted(entry_ids))).values(retry_at=retry_at)
        )

    def requeue(self, desk: str) -> int:
        """Open entries that wait for nothing (left so by mode `observe`) become due; returns how many."""
        entry = tables.entry.c
        woken = self.connection.execute(
            update(tables.entry)
            .where(entry.desk == desk, entry.state.in_(sorted(_GOES_ON)), entry.retry_at.is_(None))
            .values(retry_at=self.now())
        ).rowcount
        if woken:
            self.append("desk.requeued", desk=desk, count=woken)
        return woken

    def clamp(self, desk: str, latest: datetime) -> int:
        """What waits beyond `latest` is due now: a clock that was ahead put it there. Returns how many were brought forward."""
        entry = tables.entry.c
        return self.connection.execute(
            update(tables.entry).where(entry.desk == desk, entry.retry_at > latest).values(retry_at=self.now())
        ).rowcount

    def change(self, entry: Entry, state: State, *, reason: Reason | None = None, event: str, **columns: Any) -> Entry:
        """
        Move an entry and write the history's line for it.

        columns: facts, retry_at, deadline_at, tries, task, income_id, advanced_by, order_number, acknowledged; facts,
        reason and retry_at are cleared unless given, the others kept.
        Raises: LedgerUnavailable: it has changed since it was read; read it again.
        """
        unknown = columns.keys() - _COLUMNS
        if unknown:
            raise TypeError(f"an entry has no such columns to change: {', '.join(sorted(unknown))}")
        changes = {"facts": {}, "retry_at": None, **columns, "state": state, "reason": reason}
        if changes["facts"] is None:
            changes["facts"] = {}
        if "acknowledged" in changes:
            changes["acknowledged"] = list(changes["acknowledged"])
        for name in ("facts", "acknowledged"):
            if name in changes:
                changes[name] = json_ready(changes[name])
        self._update(entry, changes)
        changed = self.entry(entry.id)
        told = {name: changes[name] for name in columns}
        if "order_number" in told:
            # A fact under another name: `order_number` is the order whose history the line belongs to, the new one.
            told |= {"order": told.pop("order_number"), "order_before": entry.order_number}
        self.append(event, **self._about(changed), mail_id=changed.mail_id, state=state, reason=reason, **told)
        return changed

    def _update(self, entry: Entry, changes: Mapping[str, Any]) -> None:
        """Guarded by changed_at, which moves at every change even when the clock does not."""
        changed_at = max(self.now(), entry.changed_at + timedelta(microseconds=1))
        done = self.connection.execute(
            update(tables.entry)
            .where(tables.entry.c.id == entry.id, tables.entry.c.changed_at == entry.changed_at)
            .values({**changes, "changed_at": changed_at})
        )
        if done.rowcount != 1:
            raise LedgerUnavailable(
                f"entry e{entry.id} was changed by another since it was read: read it again",
                entry=entry.id,
                read_at=entry.changed_at.isoformat(),
            )

    @staticmethod
    def _about(entry: Entry) -> dict[str, Any]:
        return {"entry_id": entry.id, "order_number": entry.order_number}


def refuse_long(entry: NewEntry) -> None:
    """Raises: FieldUnreadable: a key or order number too long to be one."""
    for name, value in (("transaction_id", entry.key), ("order_number", entry.order_number or "")):
        if len(value) > MAX_KEY:
            raise FieldUnreadable(f"{name} is longer than any real one", field=name, value=value[:80] + "…")


def _differs(found: Entry, told: NewEntry) -> bool:
    """Judged by the facts as first read: a person's correction makes no conflict, and a missing fact is no other fact."""
    return (
        found.key != storable(told.key)
        or found.kind is not told.kind
        or found.amount != told.amount
        or (
            found.order_read is not None
            and told.order_number is not None
            and found.order_read != storable(told.order_number)
        )
    )


def _fills(found: Entry, told: NewEntry) -> dict[str, Any]:
    """The columns this notice knows and the entry does not."""
    fills: dict[str, Any] = {}
    if found.order_read is None and told.order_number is not None:
        fills["order_read"] = told.order_number
        if found.order_number is None:
            fills["order_number"] = told.order_number
    if found.order_raw is None and told.order_raw is not None:
        fills["order_raw"] = told.order_raw
    if told.payer is not None:
        known = found.payer or Payer()
        missing = {name: value for name, value in asdict(told.payer).items() if value and getattr(known, name) is None}
        if missing:
            fills["payer"] = payer_json(replace(known, **missing))
    return fills


def _told(entry: NewEntry) -> dict[str, Any]:
    """What the notice said, for the history; never who paid, which must be erasable."""
    return {
        "amount": str(entry.amount.amount),
        "currency": entry.amount.currency,
        "kind": entry.kind,
        "order": entry.order_number,
        "paid_at": entry.paid_at,
        "parser": entry.parser,
        "trusted_by": entry.trusted_by,
    }
