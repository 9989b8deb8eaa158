"""
Every fault by its name: what it does, at which kind of request, letter or commit it strikes, and how often.

A strike at a request is keyed to the n-th request of its kind, one at the ledger to a count of commits, one at the mailbox or
the process to the n-th letter: never to a clock. `REQUESTS` are armed in the very moment their request comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.sandbox.host import Death
from reconciler.sandbox.imap.faults import FaultKind
from reconciler.sandbox.planfix import Fault
from reconciler.sandbox.record import CREATE, LOOK_FOR_INCOME, STATUS

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
    """do, when, after_requests, seconds: as of `Fault`; kills: the daemon dies in that moment as well."""

    kinds: tuple[RequestKind, ...]
    weight: int
    do: str | None = None
    when: str = "before"
    after_requests: int | None = None
    seconds: float | None = None
    kills: bool = False

    def fault(self, kind: RequestKind) -> Fault | None:
        if self.do is None:
            return None
        more = {"after_requests": self.after_requests, "seconds": self.seconds}
        return Fault(PATTERNS[kind], self.do, when=self.when, **more)  # type: ignore[arg-type]


WRITES: tuple[RequestKind, ...] = ("create", "status")
READS: tuple[RequestKind, ...] = ("look", "tasks")
EVERY: tuple[RequestKind, ...] = (*WRITES, *READS)

REQUESTS: Mapping[str, AtRequest] = {
    "planfix.drop_before": AtRequest(kinds=EVERY, weight=10, do="drop"),
    "planfix.drop_after": AtRequest(kinds=WRITES, weight=10, do="drop", when="after"),
    "planfix.timeout_before": AtRequest(kinds=EVERY, weight=2, do="timeout"),
    "planfix.timeout_after": AtRequest(kinds=WRITES, weight=4, do="timeout", when="after"),
    "planfix.cut_after": AtRequest(kinds=EVERY, weight=6, do="cut", when="after"),
    "planfix.truncated_after": AtRequest(kinds=EVERY, weight=6, do="truncated", when="after"),
    "planfix.502_before": AtRequest(kinds=EVERY, weight=8, do="status:502"),
    "planfix.504_after": AtRequest(kinds=WRITES, weight=8, do="status:504", when="after"),
    "planfix.html_before": AtRequest(kinds=EVERY, weight=4, do="html"),
    "planfix.html_after": AtRequest(kinds=WRITES, weight=6, do="html", when="after"),
    "planfix.text_after": AtRequest(kinds=EVERY, weight=3, do="text", when="after"),
    "planfix.empty_after": AtRequest(kinds=WRITES, weight=4, do="empty", when="after"),
    "planfix.lands_late": AtRequest(kinds=WRITES, weight=5, do="late:drop", seconds=1),
    "planfix.nothing_stored": AtRequest(kinds=WRITES, weight=3, do="nothing"),
    "planfix.status_not_set": AtRequest(kinds=("status",), weight=3, do="failures"),
    "planfix.queued": AtRequest(kinds=("status",), weight=6, do="202", after_requests=4),
    "planfix.queued_never": AtRequest(kinds=("status",), weight=4, do="202"),
    "planfix.code_0": AtRequest(kinds=EVERY, weight=4, do="fail:0:400"),
    "planfix.refused": AtRequest(kinds=("create", "status"), weight=2, do="fail:1000:400"),
    "planfix.429": AtRequest(kinds=EVERY, weight=2, do="429", seconds=1),
    "planfix.limited": AtRequest(kinds=EVERY, weight=2, do="limited", seconds=2),
    "planfix.short_page": AtRequest(kinds=("tasks",), weight=4, do="short"),
    "process.killed_before_request": AtRequest(kinds=WRITES, weight=2, do="drop", kills=True),
    "process.killed_in_request": AtRequest(kinds=WRITES, weight=4, do="drop", when="after", kills=True),
    "process.killed_at_read": AtRequest(kinds=READS, weight=1, do="drop", kills=True),
}


@dataclass(frozen=True, slots=True)
class AtMailbox:
    """The next time this command comes."""

    weight: int
    command: str
    kind: FaultKind
    after: bool = False


MAILBOX: Mapping[str, AtMailbox] = {
    "imap.reset_at_fetch": AtMailbox(4, "UID FETCH", FaultKind.RESET),
    "imap.cut_at_fetch": AtMailbox(3, "UID FETCH", FaultKind.CUT_LINE),
    "imap.bye_at_idle": AtMailbox(3, "IDLE", FaultKind.BYE),
    "imap.eof_at_done": AtMailbox(3, "DONE", FaultKind.EOF),
    "imap.no_at_fetch": AtMailbox(2, "UID FETCH", FaultKind.NO),
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
