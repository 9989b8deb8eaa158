"""
What happens at the sandbox's Planfix, as it happens: requests go in, plain words come out.

It listens where the account itself listens, so it sees what was asked for and not what anybody says was asked for.
"""

from __future__ import annotations

import queue
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic
from typing import Any

from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.planfix.faults import matches
from reconciler.sandbox.planfix.world import SUM
from reconciler.sandbox.record import CREATE, Record

PARENT_FILTER = 73  # "tasks below this one": how a payment task is found
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One request in words. effect: it changed the account; the others only read."""

    at: float
    words: str
    effect: bool


class Watch:
    """Listens to the stage's record, called by the server's threads; `told` is drained by the demo's own."""

    def __init__(self, planfix: SandboxPlanfix, record: Record) -> None:
        self.told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._planfix = planfix
        self._record = record

    def __call__(self, method: str, path: str, body: Mapping[str, Any], when: str) -> None:
        if when == "after":
            self.told.put(self._in_words(method, path, body))

    def tell(self, words: str) -> None:
        """Something that happened beside the requests, in its place among them."""
        self.told.put(Told(at=monotonic(), words=words, effect=True))

    def drain(self) -> list[Told]:
        found: list[Told] = []
        while not self.told.empty():
            found.append(self.told.get())
        return found

    # ------------------------------------------------------------ words

    def _in_words(self, method: str, path: str, body: Mapping[str, Any]) -> Told:
        order = self._record.moved(method, path, body)
        if order is not None:
            return Told(at=monotonic(), words=f"order {order.number} is moved to production", effect=True)
        if matches(CREATE, method, path):
            return Told(at=monotonic(), words=self._create(path, body), effect=True)
        down = self._planfix.requests[-1].status >= SERVER_ERROR
        words = _read(method, path, body) + (" Planfix is down and does not say." if down else "")
        return Told(at=monotonic(), words=words, effect=False)

    def _create(self, path: str, body: Mapping[str, Any]) -> str:
        task = path.split("/")[2]
        order = next((view for view in self._planfix.orders.values() if task in view.tasks), None)
        amount = next(item["value"] for item in body["items"][0]["customFieldData"] if item["field"]["id"] == SUM)
        return f"income of {money(Decimal(str(amount)))} is booked on order {order.number if order else '?'}"


def _read(method: str, path: str, body: Mapping[str, Any]) -> str:
    if path.endswith("/entry/list"):
        if body.get("offset"):
            return "makes sure that the list ends there"
        return "asks: is this payment booked already?"
    if path == "/task/list":
        kinds = {item.get("type") for item in body.get("filters", [])}
        return "looks the order up" if PARENT_FILTER in kinds else "reads the order and its money together"
    if method == "GET" and path.startswith("/task/"):
        return "reads back: is it in production?"
    return "reads the account's fields and statuses"


def money(amount: Decimal | None) -> str:
    """1 250.00, as people read it; a no-break space, so that no line ends inside a sum."""
    return "-" if amount is None else f"{amount:,.2f}".replace(",", "\u00a0")
