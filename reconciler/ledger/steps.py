"""
Steps: one effect on the desk each, planned before it is sent, and never two live ones in one slot.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from reconciler.errors import LedgerUnavailable, ReconcilerError
from reconciler.ledger import tables
from reconciler.ledger.columns import json_ready
from reconciler.ledger.history import History
from reconciler.ledger.values import step_of
from reconciler.model import Facts, Step, StepKind, StepState

_EVENTS = {
    StepState.PLANNED: "step.planned",
    StepState.SENDING: "step.sent",
    StepState.DONE: "step.done",
    StepState.UNKNOWN: "step.unanswered",
    StepState.DROPPED: "step.dropped",
}
_FINAL = frozenset({StepState.DONE, StepState.DROPPED})
_COLUMNS = frozenset({"result", "looks", "look_at", "before"})

GIVEN_UP_AT = "given_up_at"
"""In a step's result: until when its sender may have been sending."""


class Steps(History):
    def plan_step(
        self, *, slot: str, kind: StepKind, desk: str, order_number: str, entry_id: int | None, before: Facts
    ) -> Step:
        """
        A new step in state PLANNED; a PLANNED one already in the slot is renewed.

        Raises: ReconcilerError: the slot's step was sent or done already. That is a bug in the walk, not weather.
        """
        step = tables.step
        columns = {
            "kind": kind,
            "desk": desk,
            "order_number": order_number,
            "entry_id": entry_id,
            "before": json_ready(before),
            "changed_at": self.now(),
        }
        step_id = self.connection.execute(
            self.insert(step)
            .values(slot=slot, state=StepState.PLANNED, result={}, looks=0, **columns)
            .on_conflict_do_nothing(index_elements=["slot"], index_where=tables.LIVE)
            .returning(step.c.id)
        ).scalar()
        if step_id is None:
            step_id = self.connection.execute(
                update(step)
                .where(step.c.slot == slot, step.c.state == StepState.PLANNED)
                .values(columns)
                .returning(step.c.id)
            ).scalar()
        if step_id is None:
            raise ReconcilerError(f"step {slot} was sent already: it is never planned twice", slot=slot)
        self._tell(self._step(step_id), _EVENTS[StepState.PLANNED], before=columns["before"])
        return self._step(step_id)

    def move_step(self, step: Step, state: StepState, **columns: Any) -> Step:
        """
        Move a step and write the history's line for it. columns: result, looks, look_at, before; those not given are kept.

        SENDING sets sent_at. Raises: LedgerUnavailable: it has moved since it was read. ReconcilerError: it was final.
        """
        unknown = columns.keys() - _COLUMNS
        if unknown:
            raise TypeError(f"a step has no such columns to change: {', '.join(sorted(unknown))}")
        if step.state in _FINAL and state is not step.state:
            raise ReconcilerError(f"step {step.slot} is {step.state}: it does not become {state}", slot=step.slot)
        changes: dict[str, Any] = {
            name: json_ready(value) if name in ("result", "before") else value for name, value in columns.items()
        }
        now = self.now()
        if state is StepState.SENDING:
            changes["sent_at"] = now
        done = self.connection.execute(
            update(tables.step)
            .where(tables.step.c.id == step.id, tables.step.c.state == step.state, tables.step.c.looks == step.looks)
            .values({**changes, "state": state, "changed_at": now})
        )
        if done.rowcount != 1:
            raise LedgerUnavailable(f"step {step.slot} was moved by another since it was read: read it again")
        moved = self._step(step.id)
        looked = state is StepState.UNKNOWN and step.state is StepState.UNKNOWN
        self._tell(moved, "step.looked" if looked else _EVENTS[state], **columns)
        return moved

    def steps(
        self,
        *,
        desk: str | None = None,
        order_number: str | None = None,
        entry_id: int | None = None,
        kind: StepKind | None = None,
        states: Collection[StepState] | None = None,
    ) -> Sequence[Step]:
        """In the order they were planned."""
        step = tables.step.c
        query = select(tables.step).order_by(step.id)
        for column, value in (
            (step.desk, desk),
            (step.order_number, order_number),
            (step.entry_id, entry_id),
            (step.kind, kind),
        ):
            if value is not None:
                query = query.where(column == value)
        if states is not None:
            query = query.where(step.state.in_(sorted(states)))
        return [step_of(row) for row in self.connection.execute(query)]

    def adopt_sending(self, desk: str) -> int:
        """
        A new owner found them SENDING: whoever sent them is gone, so nobody knows how they ended. Returns how many.

        sent_at stays: the wait before a look counts from the request, not from the succession.
        """
        adopted = self.steps(desk=desk, states={StepState.SENDING})
        for step in adopted:
            self.move_step(step, StepState.UNKNOWN, result={**step.result, "adopted": True})
        return len(adopted)

    def wait_anew(self, desk: str, *, whatever_was_sent: bool) -> int:
        """
        The wait for unanswered steps begins now: the clock that they were sent by cannot be trusted. Returns for how many.

        whatever_was_sent: for all of them, as the clock has jumped; else for those that were sent later than it is now.
        """
        now, anew = self.now(), 0
        for step in self.steps(desk=desk, states={StepState.SENDING, StepState.UNKNOWN}):
            if not whatever_was_sent and (_last_left(step) or now) <= now:
                continue
            result = {name: value for name, value in step.result.items() if name != GIVEN_UP_AT}
            columns = {"sent_at": now, "looks": 0, "look_at": None, "result": json_ready(result)}
            self.connection.execute(update(tables.step).where(tables.step.c.id == step.id).values(columns))
            self._tell(step, "step.waits_anew", sent_at=step.sent_at)
            anew += 1
        return anew

    def _step(self, step_id: int) -> Step:
        return step_of(self.connection.execute(select(tables.step).where(tables.step.c.id == step_id)).one())

    def _tell(self, step: Step, event: str, **facts: Any) -> None:
        self.append(
            event, entry_id=step.entry_id, order_number=step.order_number, kind=step.kind, slot=step.slot, **facts
        )


def _last_left(step: Step) -> datetime | None:
    """The last moment at which its request may have left."""
    given_up = step.result.get(GIVEN_UP_AT)
    told = (step.sent_at, given_up and datetime.fromisoformat(str(given_up)))
    return max((moment for moment in told if moment), default=None)
