"""
Every fault by its name: what it does, at which kind of request, letter or commit it strikes, and how often.

A strike at a request is keyed to the n-th request of its kind, one at the ledger to a count of commits, one at the mailbox or
the process to the n-th letter: never to a clock. `REQUESTS` are armed in the very moment their request comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.sandbox import switches
from reconciler.sandbox.host import Death
from reconciler.sandbox.planfix import Fault
from reconciler.sandbox.record import CREATE, LOOK_FOR_INCOME, STATUS
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.switches import Lit

RequestKind = Literal["create", "status", "look", "tasks"]

PATTERNS: Mapping[RequestKind, str] = {
    "create": CREATE,
    "status": STATUS,
    "look": LOOK_FOR_INCOME,
    "tasks": "POST /task/list",
}
"""The requests a payment is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRequest:
    """
    switch, parameters: as of `switches`, for the request that is just coming. raw: a fault that no switch has, for one answer.
    kills: the daemon dies in that moment as well.
    """

    kinds: tuple[RequestKind, ...]
    weight: int
    switch: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    raw: str = ""
    kills: bool = False

    def light(self, stage: Stage, kind: RequestKind) -> Lit:
        if self.raw:
            fault = stage.planfix.faults.add(Fault(PATTERNS[kind], self.raw))
            return Lit(lambda: stage.planfix.faults.remove(fault), lambda: fault.used)
        return _lit(stage, self.switch, {"request": PATTERNS[kind], **self.parameters})


def _lit(stage: Stage, name: str, parameters: Mapping[str, Any]) -> Lit:
    """Beside others of its name, so not by `switches.on`, which ends them."""
    found = switches.find(name)
    return found.acts(stage, **found.read(parameters))


WRITES: tuple[RequestKind, ...] = ("create", "status")
READS: tuple[RequestKind, ...] = ("look", "tasks")
EVERY: tuple[RequestKind, ...] = (*WRITES, *READS)


def _at(kinds: tuple[RequestKind, ...], weight: int, switch: str, **parameters: Any) -> AtRequest:
    return AtRequest(kinds=kinds, weight=weight, switch=f"planfix.{switch}", parameters=parameters)


def _kills(kinds: tuple[RequestKind, ...], weight: int, switch: str) -> AtRequest:
    return AtRequest(kinds=kinds, weight=weight, switch=f"planfix.{switch}", kills=True)


REQUESTS: Mapping[str, AtRequest] = {
    "planfix.drop_before": _at(EVERY, 10, "drop_before"),
    "planfix.drop_after": _at(WRITES, 10, "drop_after"),
    "planfix.timeout_before": _at(EVERY, 2, "timeout_before"),
    "planfix.timeout_after": _at(WRITES, 4, "timeout_after"),
    "planfix.cut_after": _at(EVERY, 6, "cut_after"),
    "planfix.truncated_after": _at(EVERY, 6, "unreadable_after", answer="truncated"),
    "planfix.502_before": _at(EVERY, 8, "error_before", status=502),
    "planfix.504_after": _at(WRITES, 8, "error_after", status=504),
    "planfix.html_before": _at(EVERY, 4, "html"),
    "planfix.html_after": _at(WRITES, 6, "unreadable_after", answer="html"),
    "planfix.text_after": _at(EVERY, 3, "unreadable_after", answer="text"),
    "planfix.empty_after": _at(WRITES, 4, "unreadable_after", answer="empty"),
    "planfix.lands_late": _at(WRITES, 5, "lands_late", seconds=1.0),
    "planfix.nothing_stored": _at(WRITES, 3, "nothing_stored"),
    "planfix.status_not_set": AtRequest(kinds=("status",), weight=3, raw="failures"),
    "planfix.queued": _at(("status",), 6, "queued", after_requests=4),
    "planfix.queued_never": _at(("status",), 4, "queued_never"),
    "planfix.code_0": _at(EVERY, 4, "fail", code=0, status=400),
    "planfix.refused": _at(("create", "status"), 2, "fail", code=1000, status=400),
    "planfix.429": _at(EVERY, 2, "too_many", seconds=1.0),
    "planfix.limited": _at(EVERY, 2, "limited", seconds=2.0),
    "planfix.short_page": AtRequest(kinds=("tasks",), weight=4, raw="short"),
    "process.killed_before_request": _kills(WRITES, 2, "drop_before"),
    "process.killed_in_request": _kills(WRITES, 4, "drop_after"),
    "process.killed_at_read": _kills(READS, 1, "drop_before"),
}


@dataclass(frozen=True, slots=True)
class AtMailbox:
    """The next time this command comes."""

    weight: int
    switch: str
    command: str

    def light(self, stage: Stage) -> Lit:
        return _lit(stage, self.switch, {"command": self.command})


MAILBOX: Mapping[str, AtMailbox] = {
    "imap.reset_at_fetch": AtMailbox(4, "imap.reset", "UID FETCH"),
    "imap.cut_at_fetch": AtMailbox(3, "imap.cut_line", "UID FETCH"),
    "imap.bye_at_idle": AtMailbox(3, "imap.bye", "IDLE"),
    "imap.eof_at_done": AtMailbox(3, "imap.eof", "DONE"),
    "imap.no_at_fetch": AtMailbox(2, "imap.no", "UID FETCH"),
}


@dataclass(frozen=True, slots=True)
class AtCommit:
    """The daemon dies at one of the next commits of that kind."""

    weight: int
    death: Death


COMMITS: Mapping[str, AtCommit] = {
    "process.died_taking_a_mail": AtCommit(2, Death(at="mail.taken", side="after")),
    "process.died_before_recording": AtCommit(2, Death(at="entry.recorded", side="before")),
    "process.died_after_recording": AtCommit(2, Death(at="entry.recorded", side="after")),
    "process.died_planning": AtCommit(2, Death(at="step.planned", side="after")),
    "process.died_sending": AtCommit(3, Death(at="step.sending", side="after")),
    "process.died_sending_a_status": AtCommit(2, Death(at="step.sending", side="after", kind="advance")),
    "process.died_before_the_answer": AtCommit(3, Death(at="income.posted", side="before")),
    "process.died_after_the_answer": AtCommit(2, Death(at="income.posted", side="after")),
    "process.died_before_settling": AtCommit(3, Death(at="entry.settled", side="before")),
}

PROCESS: Mapping[str, int] = {
    "process.stopped": 4,  # SIGTERM, and started again
    "process.suspended": 3,  # SIGSTOP, until a few letters later
    "disk.full": 3,  # until a few letters later
    "desk.paused": 3,  # by a person, until a few letters later
    "ledger.restored": 1,  # a copy taken a few letters earlier
}
"""At the n-th letter, by weight."""

NAMES = frozenset({*REQUESTS, *MAILBOX, *COMMITS, *PROCESS})
