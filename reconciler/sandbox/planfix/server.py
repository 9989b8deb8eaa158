"""
The sandbox Planfix over real HTTP: `with SandboxPlanfix() as planfix:` serves on loopback until the block ends.

Settings to use with it: url = planfix.url, token = planfix.token, everything else as in the sample settings.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as WebRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.planfix import views
from reconciler.sandbox.planfix.faults import Fault, Faults, Manners, matches
from reconciler.sandbox.planfix.gate import Gate, Hook, Out, Request
from reconciler.sandbox.planfix.views import IncomeView, OrderView
from reconciler.sandbox.planfix.world import (
    DATE,
    DRAFT,
    DUE,
    INCOME_TAG,
    NEW,
    ORDER_NUMBER,
    ORDER_TEMPLATE,
    PAYMENT_ID,
    PAYMENT_TEMPLATE,
    SUM,
    FieldDef,
    Task,
    World,
    sample_world,
)

METHODS = ["GET", "POST", "PUT", "DELETE"]
TOKEN = "sandbox-token"  # noqa: S105 - it opens nothing but this process


class SandboxPlanfix:
    """One account. Its verbs below the line are what a person would do in the browser."""

    def __init__(self, *, port: int = 0, token: str = TOKEN, world: World | None = None) -> None:
        self.token = token
        self._gate = Gate(world or sample_world(), token=token)
        self._socket = socket.create_server(("127.0.0.1", port), backlog=100)
        # inherited by its connections; asyncio would set it only on sockets made with an explicit protocol number
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/rest/"
        self._closing = threading.Event()
        self._lines: dict[tuple[str, int], asyncio.Transport] = {}
        app = Starlette(routes=[Route("/rest{path:path}", self._endpoint, methods=METHODS)])
        config = uvicorn.Config(
            app,
            http=self._protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="sandbox-planfix", daemon=True
        )

    def __enter__(self) -> SandboxPlanfix:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
        if self._thread.is_alive():
            raise RuntimeError("the sandbox Planfix does not stop")

    def reset(self, world: World | None = None) -> None:
        """A new account, without faults, at the same address."""
        self._gate = Gate(world or sample_world(), token=self.token)

    def wait(self) -> None:
        """Until it is stopped from elsewhere."""
        self._thread.join()

    # ------------------------------------------------------------ what is set and seen

    @property
    def world(self) -> World:
        return self._gate.world

    @property
    def faults(self) -> Faults:
        return self._gate.faults

    @property
    def manners(self) -> Manners:
        return self._gate.manners

    @property
    def tokens(self) -> dict[str, frozenset[str]]:
        """Scopes by token."""
        return self._gate.tokens

    @property
    def inactive_tokens(self) -> set[str]:
        return self._gate.inactive_tokens

    @property
    def on_request(self) -> Hook | None:
        """Called as (method, path, body, "before" or "after" the effect) for every request."""
        return self._gate.on_request

    @on_request.setter
    def on_request(self, hook: Hook | None) -> None:
        self._gate.on_request = hook

    @property
    def requests(self) -> list[Request]:
        with self._gate.lock:
            return list(self._gate.requests)

    def count(self, pattern: str = "*") -> int:
        """Requests so far; of one kind with a pattern such as "POST /task/{id}"."""
        return sum(1 for seen in self.requests if pattern == "*" or matches(pattern, seen.method, seen.path))

    def forget_requests(self) -> None:
        with self._gate.lock:
            self._gate.requests.clear()

    @property
    def orders(self) -> dict[str, OrderView]:
        with self._gate.lock:
            return views.orders(self.world)

    @property
    def incomes(self) -> list[IncomeView]:
        with self._gate.lock:
            return views.incomes(self.world)

    def order(self, number: str | int) -> OrderView:
        return self.orders[str(number)]

    # ------------------------------------------------------------ what people do

    def add_order(
        self,
        number: str | int | None = None,
        due: str | Decimal = "1250.00",
        status: str | int = "Очікує оплати",
        *,
        payment_tasks: int = 1,
        draft: bool = False,
        incomes: Iterable[tuple[str, str | None]] = (),
    ) -> OrderView:
        """
        An order with its payment task.

        number: digits become the task's number; anything else only the order's own number.
        draft: the payment task is a Draft; incomes: (sum, payment id) of rows that are there already.
        """
        with self._gate.lock:
            world = self.world
            digits = str(number) if number is not None and str(number).isdigit() else None
            task_id = int(digits) if digits else world.new_number()
            shown = str(number) if number is not None else str(task_id)
            order = Task(task_id, f"Замовлення {shown}", template=ORDER_TEMPLATE, status=world.status_id(status))
            order.values[ORDER_NUMBER] = shown
            world.put(order)
            for _ in range(payment_tasks):
                self._add_payment_task(order, due, DRAFT if draft else NEW)
        for amount, payment_id in incomes:
            self.add_income(shown, amount, payment_id)
        return self.order(shown)

    def _add_payment_task(self, order: Task, due: str | Decimal, status: int) -> Task:
        name = f"Оплата {order.name}"
        task = Task(self.world.new_number(), name, template=PAYMENT_TEMPLATE, parent=order.id, status=status)
        task.values[DUE] = float(Decimal(due))
        self.world.put(task)
        self.world.recompute(task)
        return task

    def add_payment_task(self, number: str | int, due: str | Decimal = "1250.00") -> str:
        with self._gate.lock:
            return str(self._add_payment_task(self._order(number), due, NEW).id)

    def add_task(
        self, number: int | None = None, *, template: int | None = 53, parent: int | None = None, kind: str = "Task"
    ) -> str:
        """Something else that shares the numbers: a delivery, a checklist item (kind="Checkmark", template=None)."""
        with self._gate.lock:
            task = Task(number or self.world.new_number(), "Інше", kind=kind, template=template, parent=parent)
            return str(self.world.put(task).id)

    def add_income(
        self, number: str | int, amount: str | Decimal, payment_id: str | None = None, *, day: date | None = None
    ) -> IncomeView:
        """A row typed by a person."""
        with self._gate.lock:
            task = self._payment_task(number)
            values: dict[int, object] = {
                SUM: float(Decimal(amount)),
                DATE: {"date": f"{day or date(2026, 11, 21):%d-%m-%Y}"},
            }
            if payment_id is not None:
                values[PAYMENT_ID] = payment_id
            entry = self.world.add_entry(INCOME_TAG, task, values)
            self.world.recompute(task)
            return views.income(self.world, entry)

    def remove_income(self, key: str) -> None:
        with self._gate.lock:
            entry = self.world.entries[int(key)]
            entry.deleted = True
            self.world.recompute(self.world.tasks[entry.task])

    def set_due(self, number: str | int, due: str | Decimal) -> None:
        with self._gate.lock:
            task = self._payment_task(number)
            task.values[DUE] = float(Decimal(due))
            self.world.recompute(task)

    def set_status(self, number: str | int, status: str | int) -> None:
        with self._gate.lock:
            self._order(number).status = self.world.status_id(status)

    def set_draft(self, number: str | int, draft: bool) -> None:
        """Leaving Draft computes the totals."""
        with self._gate.lock:
            task = self._payment_task(number)
            task.status = DRAFT if draft else NEW
            self.world.recompute(task)

    def delete(self, number: str | int) -> None:
        with self._gate.lock:
            self._order(number).deleted = True

    def delete_payment_task(self, number: str | int) -> None:
        with self._gate.lock:
            self._payment_task(number).deleted = True

    def rename_field(self, name: str, new: str) -> None:
        """A task field, or one of the income tag's."""
        with self._gate.lock:
            self._field(name).name = new

    def remove_field(self, name: str) -> None:
        with self._gate.lock:
            del self.world.fields[self._field(name).id]

    def rename_status(self, name: str, new: str) -> None:
        with self._gate.lock:
            self.world.statuses[self.world.status_id(name)].name = new

    def _field(self, name: str) -> FieldDef:
        fields = [*self.world.fields.values(), *self.world.tags[INCOME_TAG].fields]
        return next(item for item in fields if item.name == name)

    def _order(self, number: str | int) -> Task:
        found = (task for task in self.world.tasks.values() if task.template == ORDER_TEMPLATE)
        return next(task for task in found if views.number_of(task) == str(number))

    def _payment_task(self, number: str | int) -> Task:
        order = self._order(number)
        return next(
            item for item in self.world.tasks.values() if item.parent == order.id and item.template == PAYMENT_TEMPLATE
        )

    # ------------------------------------------------------------ the line

    async def _endpoint(self, request: WebRequest) -> Response:
        raw = await request.body()
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        path = request.path_params["path"] or "/"
        out = await run_in_threadpool(self._gate.serve, request.method, path, dict(request.query_params), raw, token)
        while out.how == "silence" and not self._closing.is_set() and not await request.is_disconnected():
            await asyncio.sleep(0.02)
        if out.how == "whole":
            return Response(out.content, status_code=out.status, headers=out.headers)
        line = self._lines.get((request.client.host, request.client.port)) if request.client else None
        return _Broken(out, line)

    def _protocol(self) -> type[H11Protocol]:
        """uvicorn's own protocol, with a way to find the line of a request, so that it can be broken."""
        lines = self._lines

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                lines[transport.get_extra_info("peername")] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                lines.pop(self.transport.get_extra_info("peername"), None)
                super().connection_lost(exc)

        return Protocol


class _Broken(Response):
    """No answer, or half of one, and the end of the line."""

    def __init__(self, out: Out, line: asyncio.Transport | None) -> None:
        """line: None when the other side has hung up already."""
        super().__init__()
        self._out = out
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._out.how == "cut":
            size = len(self._out.content)
            headers = [(b"content-type", b"application/json"), (b"content-length", str(size).encode())]
            await send({"type": "http.response.start", "status": self._out.status, "headers": headers})
            await send({"type": "http.response.body", "body": self._out.content[: size // 2], "more_body": True})
        if self._line is not None:
            self._line.close()
        while (await receive())["type"] != "http.disconnect":
            continue


__all__ = ["Fault", "Faults", "Manners", "SandboxPlanfix"]
