"""
What stands before the account: tokens, limits, faults, the queue and the record. A request goes in, what is sent back comes out.

Order of things for one request: hook "before" → queued changes that are due → token → limits → fault → effect →
hook "after" → answer. The hooks run without the lock, so that they may change the account or end a process there.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, NamedTuple

from reconciler.sandbox.planfix.api import SCOPES, Reply, perform
from reconciler.sandbox.planfix.faults import Fault, Faults, Manners
from reconciler.sandbox.planfix.world import World

PAGE_FOR_PEOPLE = b"<!DOCTYPE html><html><body><h1>Planfix</h1><p>Technical works are under way.</p></body></html>"
READS = ("/list",)  # POSTs that only read end so

Hook = Callable[[str, str, Mapping[str, Any], str], None]


class Request(NamedTuple):
    method: str
    path: str  # below /rest, without its query
    body: Mapping[str, Any]  # JSON of a POST, query of a GET
    status: int  # as answered; 0: no answer was sent


@dataclass
class Out:
    """What goes back over the line. how: "whole", "drop" (nothing), "cut" (half of it), "silence" (until the end)."""

    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    how: str = "whole"


@dataclass(eq=False)
class _Queued:
    method: str
    path: str
    body: Mapping[str, Any]
    after: int | None  # requests to go; None: no number of requests brings it
    late: bool = False  # it will land, though its sender was not told so


class Gate:
    def __init__(self, world: World, *, token: str) -> None:
        self.world = world
        self.lock = threading.RLock()
        self.faults = Faults()
        self.manners = Manners()
        self.tokens: dict[str, frozenset[str]] = {token: SCOPES}
        self.inactive_tokens: set[str] = set()
        self.requests: list[Request] = []
        self.on_request: Hook | None = None
        self._queue: list[_Queued] = []
        self._timers: list[threading.Timer] = []
        self._bucket = 0.0
        self._filled_at = monotonic()

    def serve(self, method: str, path: str, query: Mapping[str, str], raw: bytes, token: str) -> Out:
        body, broken = _body(method, query, raw)
        if self.manners.latency:
            sleep(self.manners.latency)
        if self.on_request is not None:
            self.on_request(method, path, body, "before")
        with self.lock:
            self._apply_queue()
            out = self._refusal(token) or (_json(400, _fail(30, "Invalid JSON")) if broken else None)
            if out is None:
                out = self._answer(method, path, body, self.tokens[token])
            self.requests.append(Request(method, path, body, 0 if out.how in ("drop", "silence") else out.status))
        if self.on_request is not None:
            self.on_request(method, path, body, "after")
        return out

    # ------------------------------------------------------------ refusals

    def _refusal(self, token: str) -> Out | None:
        if token not in self.tokens:
            return _json(401, _fail(1, "Access denied, unknown token"))
        if token in self.inactive_tokens:
            return _json(401, _fail(2, "Access denied, token is inactive"))
        if self.manners.quota is not None:
            if self.manners.quota <= 0:
                return _limited(self.manners.quota_resets_in)
            self.manners.quota -= 1
        if self.manners.per_second is not None and not self._within_rate(self.manners.per_second):
            return _too_many(1.0) if self.manners.limit_answer == "429" else _limited(1.0)
        return None

    def _within_rate(self, rate: float) -> bool:
        now = monotonic()
        self._bucket = max(0.0, self._bucket - (now - self._filled_at) * rate)
        self._filled_at = now
        if self._bucket + 1 > self.manners.burst:
            return False
        self._bucket += 1
        return True

    # ------------------------------------------------------------ effects

    def _answer(self, method: str, path: str, body: Mapping[str, Any], scopes: frozenset[str]) -> Out:
        fault = self.faults.take(method, path)
        if fault is not None and fault.do.startswith("late"):
            return self._delayed(fault, method, path, body)
        real = fault is None or fault.effective or method == "GET" or path.endswith(READS)
        if fault is not None and fault.do == "202":
            self._queue.append(_Queued(method, path, body, fault.after_requests))
            return _json(202, {"result": "success"})
        # a fault that lets nothing happen still answers as if: from a stand-in for what the path names
        world = self.world if real else self.world.stand_in([int(word) for word in path.split("/") if word.isdigit()])
        reply = perform(world, self.manners, method, path, body, scopes)
        if fault is None:
            return self._with_quota(_out(reply))
        return self._troubled(fault, reply)

    def _apply_queue(self) -> None:
        waiting = []
        for item in self._queue:
            if item.after is None:
                waiting.append(item)
            elif item.after > 0:
                item.after -= 1
                waiting.append(item)
            else:
                self._carry_out(item)
        self._queue = waiting

    def _delayed(self, fault: Fault, method: str, path: str, body: Mapping[str, Any]) -> Out:
        item = _Queued(method, path, body, fault.after_requests, late=True)
        self._queue.append(item)
        if fault.seconds is not None:
            timer = threading.Timer(fault.seconds, self.land, [item])
            timer.daemon = True
            timer.start()
            self._timers.append(timer)
        answer = fault.do.partition(":")[2]
        if answer.isdecimal():
            return _html(int(answer))
        return Out(0, how="drop" if answer == "drop" else "silence")

    @property
    def in_flight(self) -> int:
        """Changes that were not answered and will land."""
        with self.lock:
            return sum(1 for item in self._queue if item.late)

    def land(self, only: _Queued | None = None) -> None:
        """Everything that is in flight has its effect now; only: this, if it still flies."""
        with self.lock:
            landing = [item for item in self._queue if item.late and only in (None, item)]
            self._queue = [item for item in self._queue if item not in landing]
            for item in landing:
                self._carry_out(item)

    def _carry_out(self, item: _Queued) -> None:
        perform(self.world, self.manners, item.method, item.path, item.body, SCOPES)

    def close(self) -> None:
        """What is still in flight never lands."""
        for timer in self._timers:
            timer.cancel()

    def _with_quota(self, out: Out) -> Out:
        if self.manners.quota is not None:
            out.headers["X-RateLimit-Remaining"] = str(self.manners.quota)
        return out

    def _troubled(self, fault: Fault, reply: Reply) -> Out:
        doing, _, value = fault.do.partition(":")
        match doing:
            case "drop" | "timeout":
                return Out(0, how="drop" if doing == "drop" else "silence")
            case "cut":
                whole = _out(reply)
                whole.how = "cut"
                return whole
            case "truncated":
                whole = _out(reply)
                whole.content = whole.content[: len(whole.content) // 2]
                return whole
            case "text":
                return Out(reply.status, _out(reply).content, {"Content-Type": "text/plain; charset=utf-8"})
            case "html":
                return _html(200)
            case "empty":
                return Out(200)
            case "status":
                return _html(int(value))
            case "redirect":
                return Out(302, headers={"Location": f"https://{value}/rest/"})
            case "fail":
                code, _, status = value.partition(":")
                return _json(int(status or 200), _fail(int(code), "Told to fail"))
            case "429":
                return _too_many(fault.seconds)
            case "limited":
                return _limited(fault.seconds)
            case "failures":
                item = {"field": "status", "error": "Field change failed"}
                return _json(
                    200, {"result": "success", "failures": [item] if self.manners.failures_as == "list" else item}
                )
            case "short" | "no-rows":
                return _out(Reply(reply.status, _without_rows(reply.body, all_of_them=doing == "no-rows")))
        return _out(reply)  # "nothing"


def _body(method: str, query: Mapping[str, str], raw: bytes) -> tuple[Mapping[str, Any], bool]:
    if method == "GET" or not raw:
        return dict(query), False
    try:
        found = json.loads(raw)
    except ValueError:
        return {}, True
    return (found, False) if isinstance(found, dict) else ({}, True)


def _without_rows(body: Any, *, all_of_them: bool) -> Any:
    return {
        key: ([] if all_of_them else value[:-1]) if isinstance(value, list) else value for key, value in body.items()
    }


def _fail(code: int, error: str) -> dict[str, Any]:
    return {"result": "fail", "code": code, "error": error}


def _json(status: int, body: Any) -> Out:
    return Out(
        status, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": "application/json; charset=utf-8"}
    )


def _out(reply: Reply) -> Out:
    return Out(reply.status) if reply.body is None else _json(reply.status, reply.body)


def _html(status: int) -> Out:
    return Out(status, PAGE_FOR_PEOPLE, {"Content-Type": "text/html; charset=utf-8"})


def _limited(seconds: float | None) -> Out:
    body = _fail(22, "Request limit exceeded")
    if seconds is not None:
        # milliseconds; clients read a value up to 1000 as seconds, and then a second would be a quarter of an hour
        body["timeToReset"] = max(1001, int(seconds * 1000))
    return _json(403, body)


def _too_many(seconds: float | None) -> Out:
    out = _json(429, {"result": "fail", "error": "Too many requests"})
    if seconds is not None:
        out.headers["Retry-After"] = str(max(1, round(seconds)))
    return out
