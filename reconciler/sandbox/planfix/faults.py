"""
What may go wrong at the sandbox's Planfix, to be switched on: faults by request, manners by account.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

# what a fault can do; those with a colon take a value: "status:503", "fail:1000", "redirect:crm.example.ua"
DOINGS = frozenset(
    {
        "drop",  # the line is closed without an answer
        "cut",  # the line is closed in the middle of the answer
        "timeout",  # no answer for as long as the sandbox runs
        "html",  # 200 with a page for people
        "truncated",  # a whole HTTP answer with half of its JSON
        "text",  # the right JSON as text/plain
        "empty",  # 200 with no body
        "nothing",  # success is answered, nothing is stored
        "failures",  # 200 whose `failures` names the status; nothing is stored
        "202",  # queued: applied after `after_requests` further requests, or never
        "late",  # late, late:drop, late:N: unanswered (or answered N); the effect comes later, see Fault
        "429",  # HTTP 429 with Retry-After
        "limited",  # 403, code 22 (with timeToReset when `seconds` is given)
        "short",  # a list answer loses its last row
        "no-rows",  # a list answer loses all its rows
        "status",  # status:N, with a page for people
        "fail",  # fail:CODE under 200; fail:CODE:STATUS under another status
        "redirect",  # redirect:HOST
    }
)
NEVER_EFFECTIVE = frozenset({"nothing", "failures", "429", "limited"})


@dataclass
class Fault:
    """
    One trouble.

    on: method and path with {placeholders} as the reference writes them, e.g. "POST /task/{id}/datatags/"; "*" is all.
    when: "before" the effect (nothing happens at the account) or "after" it.
    times: how often; skip: how many matching requests go by first.
    "late" lands `seconds` later, or after `after_requests` further requests, or else when it is told to (`Account.land`).
    """

    on: str
    do: str
    when: str = "before"
    times: int = 1
    skip: int = 0
    seconds: float | None = None  # Retry-After, timeToReset; "late": until it lands
    after_requests: int | None = None  # "202": None is never
    used: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.do.partition(":")[0] not in DOINGS:
            raise ValueError(f"no fault does {self.do!r}; known: {', '.join(sorted(DOINGS))}")
        if self.when not in ("before", "after"):
            raise ValueError(f"when is before or after, not {self.when!r}")

    def matches(self, method: str, path: str) -> bool:
        return self.on == "*" or matches(self.on, method, path)

    @property
    def effective(self) -> bool:
        """Does the request still have its effect on the account?"""
        return self.when == "after" and self.do not in NEVER_EFFECTIVE


def matches(pattern: str, method: str, path: str) -> bool:
    """Does "POST /task/{id}" mean this request?"""
    wanted = re.sub(r"\\\{[^/{}]*\\\}", "[0-9]+", re.escape(pattern))
    return re.fullmatch(wanted, f"{method} {path}") is not None


class Faults:
    """The faults that are switched on, taken in the order they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Take one back; one that is not there any more is no matter."""
        with self._lock:
            self._faults = [other for other in self._faults if other is not fault]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault this request meets, used up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.used >= fault.times or not fault.matches(method, path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.used += 1
                return fault
        return None


@dataclass
class Manners:
    """How this account behaves all the time."""

    stale_reads: int = 0  # reads after a new entry that still show the old Difference
    entry_lag: int = 0  # entry lists that do not show a new entry yet
    page_cap: int = 100  # rows a page never exceeds
    short_pages: bool = False  # full pages come one row short, without an error
    latency: float = 0.0  # seconds before each answer
    per_second: float | None = None  # requests beyond this rate are refused…
    burst: int = 6
    limit_answer: str = "limited"  # …in this way: "limited" or "429"
    quota: int | None = None  # requests left today; 0: refused with code 22
    quota_resets_in: float | None = None
    numbers_as: str = "number"  # computed fields as "number", "dict", "string" or "text" (only stringValue)
    tag_list_key: str = "dataTags"
    failures_as: str = "list"  # or "object"
    empty_updates: bool = False  # 200 without a body for updates
    filter_ignores_case: bool = True  # text filters; not documented either way
    locked_statuses: set[int] = field(default_factory=set)  # payment task statuses in which entries are refused
