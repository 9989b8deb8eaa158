"""
What happens at the sandbox's Planfix, as it happens: requests go in, the record of status changes comes out.

It listens where the account itself listens, so it sees what was asked for and not what anybody says was asked for. Others may
listen too, and may strike at a request: end a process, change the account, switch a fault.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic
from typing import Any

from reconciler.sandbox.planfix import OrderView, SandboxPlanfix
from reconciler.sandbox.planfix.faults import matches
from reconciler.sandbox.planfix.gate import Hook
from reconciler.sandbox.planfix.views import order as view_of
from reconciler.sandbox.planfix.world import ORDER_TEMPLATE, PRODUCTION
from reconciler.sandbox.proof import Advanced

CREATE = "POST /task/{id}/datatags/"
LOOK_FOR_INCOME = "POST /datatag/{id}/entry/list"
STATUS = "POST /task/{id}"
COMMENT = "POST /task/{id}/comments/"


@dataclass
class _Strike:
    pattern: str
    when: str
    left: int
    skip: int
    act: Callable[[], None]


class Record:
    """
    `planfix.on_request = record`. Called by the server's threads, as are those who listen.
    """

    def __init__(self, planfix: SandboxPlanfix) -> None:
        self.advances: list[Advanced] = []
        self.listeners: list[Hook] = []
        self._planfix = planfix
        self._strikes: list[_Strike] = []
        self._lock = threading.Lock()

    def __call__(self, method: str, path: str, body: Mapping[str, Any], when: str) -> None:
        if when == "before":
            order = self.moved(method, path, body)
            if order is not None:
                paid = sum((row.amount for row in order.incomes if row.amount is not None), Decimal(0))
                self.advances.append(Advanced(order=order.number, due=order.due, paid=paid, at=monotonic()))
        for listener in tuple(self.listeners):
            listener(method, path, body, when)
        for strike in self._struck(method, path, when):
            strike.act()

    def strike(
        self, pattern: str, act: Callable[[], None], *, when: str = "before", times: int = 1, skip: int = 0
    ) -> Callable[[], None]:
        """
        Do something in the moment a request comes ("before" its effect) or has had its effect ("after").

        pattern: as of a Fault, e.g. CREATE; "*" is any. skip: how many go by first. Returns what calls it off.
        """
        planned = _Strike(pattern, when, times, skip, act)
        with self._lock:
            self._strikes.append(planned)

        def call_off() -> None:
            planned.left = 0

        return call_off

    def _struck(self, method: str, path: str, when: str) -> list[_Strike]:
        found = []
        with self._lock:
            for strike in self._strikes:
                if strike.when != when or not (strike.pattern == "*" or matches(strike.pattern, method, path)):
                    continue
                if strike.skip > 0:
                    strike.skip -= 1
                elif strike.left > 0:
                    strike.left -= 1
                    found.append(strike)
            self._strikes = [strike for strike in self._strikes if strike.left > 0]
        return found

    def advanced_at(self, order: str) -> float | None:
        return next((seen.at for seen in tuple(self.advances) if seen.order == order), None)

    def moved(self, method: str, path: str, body: Mapping[str, Any]) -> OrderView | None:
        """The order that this request moves to production."""
        status = body.get("status")
        if not isinstance(status, dict) or not matches(STATUS, method, path):
            return None
        with self._planfix.at_rest() as world:
            task = world.tasks.get(int(path.rpartition("/")[2]))
            if task is None or task.template != ORDER_TEMPLATE or status.get("id") != PRODUCTION:
                return None
            return view_of(world, task)
