"""
Work done in forked processes, so many at a time. In: tasks by key. Out: what each returned, or None when it died or hung.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

K = TypeVar("K")
Task = Callable[[], Any]

WORKERS = 2
PATIENCE = 3600.0
"""Seconds after which a process that has not ended is killed: it waits for something that never comes."""


@dataclass(slots=True, kw_only=True)
class _Child(Generic[K]):
    key: K
    process: int
    began: float = field(default_factory=time.monotonic)
    told: bytearray = field(default_factory=bytearray)


def in_children(tasks: Iterable[tuple[K, Task]], *, workers: int = WORKERS) -> Iterator[tuple[K, Any]]:
    """Each key with what its task returned, as they end."""
    waiting = iter(tasks)
    running: dict[int, _Child[K]] = {}
    try:
        while True:
            while len(running) < workers and (begun := next(waiting, None)) is not None:
                pipe, child = _fork(*begun)
                running[pipe] = child
            if not running:
                return
            for pipe in _ended(running):
                child = running.pop(pipe)
                os.close(pipe)
                _, status = os.waitpid(child.process, 0)
                yield child.key, pickle.loads(child.told) if status == 0 else None
    finally:
        for child in running.values():
            _kill(child)
            os.waitpid(child.process, 0)


def _fork(key: K, task: Task) -> tuple[int, _Child[K]]:
    pipe, end = os.pipe()
    process = os.fork()
    if process:
        os.close(end)
        return pipe, _Child(key=key, process=process)
    status = 1
    try:
        os.close(pipe)
        _silence()
        with os.fdopen(end, "wb") as told:
            told.write(pickle.dumps(task()))
        status = 0
    finally:
        os._exit(status)


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)


def _ended(running: dict[int, _Child[K]]) -> list[int]:
    """Reads what is told; the pipes of those that have nothing more to tell."""
    ready, _, _ = select.select(list(running), [], [], 1.0)
    ended = []
    for pipe in ready:
        if some := os.read(pipe, 1 << 20):
            running[pipe].told += some
        else:
            ended.append(pipe)
    for child in running.values():
        if time.monotonic() - child.began > PATIENCE:
            _kill(child)
    return ended


def _kill(child: _Child[K]) -> None:
    with suppress(ProcessLookupError):
        os.kill(child.process, signal.SIGKILL)
