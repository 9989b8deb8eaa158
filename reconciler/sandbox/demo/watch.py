"""
What happens at the sandbox's Planfix, as it happens: requests go in, plain words and the record of status changes come out.

It listens where the account itself listens, so it sees what was asked for and not what anybody says was asked for.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic
from typing import Any

from reconciler.sandbox.demo.proof import PRODUCTION, Advanced
from reconciler.sandbox.planfix import OrderView, SandboxPlanfix
from reconciler.sandbox.planfix.world import SUM

PARENT_FILTER = 73  # "tasks below this one": how a payment task is found
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One request in words. effect: it changed the account; the others only read."""

    at: float
    words: str
    effect: bool


class Watch:
    """`planfix.on_request = watch`. Called by the server's threads; `told` is drained by the demo's own."""

    def __init__(self, planfix: SandboxPlanfix) -> None:
        self.told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self.advances: list[Advanced] = []
        self.at_create: Callable[[], None] | None = None  # called once, when the next create arrives
        self._planfix = planfix

    def __call__(self, method: str, path: str, body: Mapping[str, Any], when: str) -> None:
        if when == "after":
            self.told.put(self._in_words(method, path, body))
            return
        if _is_create(method, path) and self.at_create is not None:
            act, self.at_create = self.at_create, None
            act()
        order = self._moved(method, path, body)
        if order is not None:
            paid = sum((row.amount for row in order.incomes if row.amount is not None), Decimal(0))
            self.advances.append(Advanced(order=order.number, due=order.due, paid=paid, at=monotonic()))

    def advanced_at(self, order: str) -> float | None:
        return next((seen.at for seen in self.advances if seen.order == order), None)

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
        order = self._moved(method, path, body)
        if order is not None:
            return Told(at=monotonic(), words=f"order {order.number} is moved to production", effect=True)
        if _is_create(method, path):
            return Told(at=monotonic(), words=self._create(path, body), effect=True)
        down = self._planfix.requests[-1].status >= SERVER_ERROR
        words = _read(method, path, body) + (" Planfix is down and does not say." if down else "")
        return Told(at=monotonic(), words=words, effect=False)

    def _create(self, path: str, body: Mapping[str, Any]) -> str:
        task = path.split("/")[2]
        order = next((view for view in self._planfix.orders.values() if task in view.tasks), None)
        amount = next(item["value"] for item in body["items"][0]["customFieldData"] if item["field"]["id"] == SUM)
        return f"income of {money(Decimal(str(amount)))} is booked on order {order.number if order else '?'}"

    def _moved(self, method: str, path: str, body: Mapping[str, Any]) -> OrderView | None:
        """The order that this request moves to production."""
        status = body.get("status")
        if method != "POST" or not isinstance(status, dict):
            return None
        found = next((view for view in self._planfix.orders.values() if path == f"/task/{view.id}"), None)
        wanted = self._planfix.world.statuses.get(status.get("id", 0))
        return found if wanted is not None and wanted.name == PRODUCTION else None


def _is_create(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/datatags/")


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
