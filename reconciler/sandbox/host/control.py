"""
The starter's side of the doors: each is one call, and has taken effect when the call returns.

In: a daemon started with `reconciler.sandbox.host.PROGRAM` and a stdin that listens. Out: its clock, its disk, its death.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import count
from time import monotonic, sleep
from typing import Any, Protocol

from reconciler.sandbox.host.doors import Death, Disk, words_of

PATIENCE = 30.0
LOOK = 0.01


class HostFailed(Exception):
    """A door did not open; the message says which and why."""


class Struck(Protocol):
    """The process: it is told a line, and its log is read."""

    def tell(self, words: Mapping[str, Any]) -> None: ...

    def events(self, name: str) -> Sequence[Mapping[str, Any]]: ...

    @property
    def code(self) -> int | None:
        """Its exit code; None: it runs."""
        ...


class HostControl:
    def __init__(self, process: Struck) -> None:
        self._process = process
        self._numbers = count(1)

    def clock(self, ahead: timedelta) -> None:
        """
        The clock of the whole process jumps to so far ahead of the true one; below zero: behind it.

        A daemon that runs notices within a second (`clock.jumped`) and begins anew on the new time (`service.started`).
        """
        self._switch({"clock": ahead.total_seconds()})

    def let_pass(self, length: timedelta) -> None:
        """So much time goes by at once, as if it had been waited for: what is due by then is due now."""
        self._switch({"pass": length.total_seconds()})

    def disk(self, disk: Disk) -> None:
        """What the disk under the ledger answers from the next write on."""
        self._switch({"disk": disk.value})

    def die(self, death: Death | None) -> None:
        """It kills itself there; None: it lives."""
        self._switch(words_of(death))

    def _switch(self, words: Mapping[str, Any]) -> None:
        """Raises HostFailed: it was refused, or the process is gone or deaf."""
        number = next(self._numbers)
        try:
            self._process.tell({"n": number, **words})
        except BrokenPipeError as exc:
            raise HostFailed(f"the daemon is gone and cannot be told {dict(words)}") from exc
        end = monotonic() + PATIENCE
        while True:
            gone = self._process.code
            for event in self._process.events("host.refused"):
                if event.get("n") == number:
                    raise HostFailed(f"{dict(words)} was refused: {event.get('why')}")
            if any(event.get("n") == number for event in self._process.events("host.switched")):
                return
            if gone is not None:
                raise HostFailed(f"the daemon ended with {gone} before it was told {dict(words)}")
            if monotonic() > end:
                raise HostFailed(f"the daemon does not acknowledge {dict(words)}")
            sleep(LOOK)
