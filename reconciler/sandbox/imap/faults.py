"""
What can go wrong at the embedded server, switched on from outside while it runs.

In: faults put in front of named commands, and plain switches. Out: what the sessions ask for at each step.
Names are the commands as sent, "UID FETCH", "LOGIN", "IDLE", "DONE"; "CONNECT" is the moment a client has
connected, before the greeting; "*" is any command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from reconciler.sandbox.imap.store import StoredMail


class FaultKind(StrEnum):
    EOF = "eof"  # the line is closed
    RESET = "reset"  # the line is torn down with RST
    HANG = "hang"  # nothing is ever answered again
    NO = "no"  # refused
    BAD = "bad"  # not understood
    BYE = "bye"  # "* BYE …", then closed
    GARBAGE = "garbage"  # `text` is sent as it stands before the proper answer
    ODD_ANSWER = "odd_answer"  # `text` is sent as it stands instead of the proper answer
    HALF_LINE = "half_line"  # half of the answer, then nothing more
    CUT_LINE = "cut_line"  # half of the answer, then closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One fault. `after`: the command is carried out first and only its answer suffers (EOF, RESET, HANG).

    times: how often it strikes; None is for ever. skip: how many such commands pass unharmed first.
    """

    kind: FaultKind
    text: str = ""
    after: bool = False
    times: int | None = 1
    skip: int = 0


@dataclass(slots=True, eq=False)
class Armed:
    """A fault in its place. left: None is for ever; struck: how often it did."""

    fault: Fault
    left: int | None
    skip: int
    struck: int = 0


@dataclass(slots=True)
class Faults:
    """The switches of one server; all off."""

    idle_pushes: bool = True  # False: IDLE is accepted and stays silent
    announce: Literal["both", "exists", "recent", "flags"] = "both"  # how new mail is told
    refuse_login: str = ""  # the text of the refusal, e.g. "[AUTHENTICATIONFAILED] no"
    quota_full: bool = False  # COPY, MOVE, APPEND and STORE are refused with [OVERQUOTA]
    uidvalidity_told: bool = True  # False: SELECT and STATUS leave it out
    uidnext_told: bool = True
    seconds_per_chunk: float = 0.0  # a slow line: this long before every 16 bytes
    mangle: Callable[[bytes], bytes] | None = None  # what goes out, changed on its way
    dislikes: Callable[[str, bytes], bool] | None = None  # (command, its arguments) this server answers with BAD
    forbidden: set[str] = field(default_factory=set)  # folders that may be listed and not opened: NO
    token_valid: Callable[[str, str], bool] | None = None  # (user, access token); None: any token of a known user
    unreadable: Callable[[StoredMail], bool] | None = None  # a mail whose body cannot be fetched: NO
    _armed: dict[str, list[Armed]] = field(default_factory=dict)

    def put(
        self,
        command: str,
        kind: FaultKind,
        text: str = "",
        *,
        after: bool = False,
        times: int | None = 1,
        skip: int = 0,
    ) -> Armed:
        """Arm a fault for a command; several queue up."""
        fault = Fault(kind=kind, text=text, after=after, times=times, skip=skip)
        armed = Armed(fault, times, skip)
        self._armed.setdefault(command.upper(), []).append(armed)
        return armed

    def disarm(self, armed: Armed) -> None:
        """Take one fault back; one that is not there any more is no matter."""
        for name, waiting in self._armed.items():
            self._armed[name] = [other for other in waiting if other is not armed]

    def clear(self) -> None:
        """Disarm everything that was `put`."""
        self._armed.clear()

    def take(self, command: str) -> Fault | None:
        """The fault that strikes this command now, if any."""
        for name in (command.upper(), "*"):
            for armed in self._armed.get(name, []):
                if armed.skip > 0:
                    armed.skip -= 1
                    return None
                if armed.left == 0:
                    continue
                if armed.left is not None:
                    armed.left -= 1
                armed.struck += 1
                return armed.fault
        return None
