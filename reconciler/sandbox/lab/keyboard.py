"""
A rehearsal by hand: lines come in, troubles are switched and letters sent, the state is shown.

Lines come from a terminal or from a pipe; while none comes the daemon is looked after. The end of the input is `quit`.
"""

from __future__ import annotations

import queue
import shlex
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TextIO

from reconciler.errors import ReconcilerError
from reconciler.sandbox import switches
from reconciler.sandbox.host import HostFailed
from reconciler.sandbox.lab.rehearsal import Rehearsal
from reconciler.sandbox.lab.scenario import KINDS, ScenarioError, condition_of
from reconciler.sandbox.machine import NotSwitchable
from reconciler.sandbox.stage import StageFailed
from reconciler.sandbox.switches import SwitchError

LOOK_SECONDS = 0.1
PROMPT = "lab> "
HELP = (
    "order NUMBER DUE              an order that awaits its payment",
    "pay ORDER AMOUNT [KIND] [PRINTED]   a letter: " + ", ".join(KINDS) + "; PRINTED: another order number in it",
    "again [other]                 the last letter once more, byte for byte or in other words",
    "on NAME [KEY=VALUE…]          switch a trouble on; `switches [WORD]` lists them",
    "off NAME | heal               switch one off, or all of them",
    "due ORDER SUM | typed ORDER SUM | set ORDER STATUS   what people do in the browser",
    "wait CONDITION                e.g. wait settled 2, wait struck planfix.drop_after 1, wait dead 1",
    "status                        orders, payments, what is on",
    "quit                          heal, wait until nothing is due, and judge; also Ctrl-D",
)


class Usage(Exception):
    """The line is no command; the message says how it goes."""


class Keyboard:
    def __init__(self, rehearsal: Rehearsal, lines: TextIO | None = None) -> None:
        self._rehearsal = rehearsal
        self._source = sys.stdin if lines is None else lines
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._verbs: Mapping[str, Callable[[Sequence[str]], None]] = {
            "help": lambda words: self._say("help", HELP),
            "switches": self._switches,
            "order": self._order,
            "pay": self._pay,
            "again": self._again,
            "on": self._on,
            "off": self._off,
            "heal": lambda words: self._heal(),
            "due": lambda words: self._person("due", words),
            "typed": lambda words: self._person("typed", words),
            "set": lambda words: self._person("status", words),
            "wait": self._wait,
            "status": lambda words: self._status(),
        }

    def play(self) -> None:
        """Until `quit` or the end of the input."""
        threading.Thread(target=self._read, name="keyboard", daemon=True).start()
        self._prompt()
        while True:
            self._rehearsal.watch()
            try:
                line = self._lines.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            if line is None or line.strip() in ("quit", "exit"):
                return
            self.obey(line)
            self._prompt()

    def _read(self) -> None:
        for line in self._source:
            self._lines.put(line)
        self._lines.put(None)

    def _prompt(self) -> None:
        if self._source.isatty():
            sys.stdout.write(PROMPT)
            sys.stdout.flush()

    def obey(self, line: str) -> None:
        """One line; what is wrong with it is told."""
        try:
            verb, *words = shlex.split(line, comments=True) or [""]
            if not verb:
                return
            if verb not in self._verbs:
                raise Usage(f"there is no {verb!r}; `help` says what there is")
            self._verbs[verb](words)
        except (Usage, SwitchError, ScenarioError, NotSwitchable, HostFailed, StageFailed, ReconcilerError) as exc:
            self._rehearsal.teller.happened("refused", str(exc), effect=False)
        except ValueError as exc:  # an unclosed quote; a number that is none
            self._rehearsal.teller.happened("refused", f"{line.strip()!r}: {exc}", effect=False)

    # ------------------------------------------------------------ verbs

    def _switches(self, words: Sequence[str]) -> None:
        found = [item for name, item in switches.known().items() if all(word in name for word in words)]
        self._say("switches", [f"{item.usage}: {item.help}" for item in found])

    def _order(self, words: Sequence[str]) -> None:
        number, due = _exactly(words, "order NUMBER DUE")
        try:
            self._rehearsal.order(number, _sum(due))
        except ValueError as exc:  # the desk has it already
            raise Usage(str(exc)) from None

    def _pay(self, words: Sequence[str]) -> None:
        if not 2 <= len(words) <= 4:
            raise Usage("pay ORDER AMOUNT [KIND] [PRINTED]")
        order, amount, kind, printed = (*words, *("", "")[: 4 - len(words)])
        if kind and kind not in list(KINDS):
            raise Usage(f"KIND is one of {', '.join(KINDS)}, not {kind!r}")
        self._rehearsal.pay(order, _sum(amount), kind or KINDS[0].value, printed)

    def _again(self, words: Sequence[str]) -> None:
        if self._rehearsal.again(other_words=list(words) == ["other"]) is None:
            raise Usage("there was no letter yet: pay ORDER AMOUNT")

    def _on(self, words: Sequence[str]) -> None:
        if not words or any("=" not in word for word in words[1:]):
            raise Usage("on NAME [KEY=VALUE…]")
        self._rehearsal.on(words[0], dict(word.split("=", 1) for word in words[1:]))

    def _off(self, words: Sequence[str]) -> None:
        (name,) = _exactly(words, "off NAME")
        self._rehearsal.off(name)

    def _heal(self) -> None:
        for name in list(self._rehearsal.stage.lit):
            self._rehearsal.off(name)

    def _person(self, what: str, words: Sequence[str]) -> None:
        order, value = _exactly(words, f"{what} ORDER VALUE")
        if what != "status":
            _sum(value)
        try:
            self._rehearsal.person(order, **{what: value})
        except (StopIteration, KeyError):
            raise Usage(f"there is no order {order}, or no status {value!r}") from None

    def _wait(self, words: Sequence[str]) -> None:
        condition = condition_of("wait", " ".join(words))
        stage = self._rehearsal.stage
        with stage.meanwhile(self._rehearsal.watch):
            stage.wait_for(f"'{condition}'", lambda: self._rehearsal.holds(condition), dead=True)

    def _status(self) -> None:
        stage = self._rehearsal.stage
        states = Counter(str(entry.state) for entry in self._rehearsal.entries())
        lines = [
            f"order {view.number}: {view.status}, due {view.due}, paid {view.paid}"
            for planfix in stage.desks.values()
            for view in planfix.orders.values()
        ]
        told = ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "none"
        lines.append(f"payments: {told}")
        lines.append(f"on: {', '.join(stage.lit) or 'nothing'}")
        lines.append("the daemon runs" if stage.daemon.code is None else f"the daemon ended with {stage.daemon.code}")
        self._say("status", lines)

    def _say(self, what: str, lines: Sequence[str]) -> None:
        for line in lines:
            self._rehearsal.teller.happened(what, line, effect=False)


def _sum(text: str) -> str:
    try:
        if Decimal(text) >= 0:
            return text
    except InvalidOperation:
        pass
    raise Usage(f"{text!r} is no sum; write it like 1250.00")


def _exactly(words: Sequence[str], usage: str) -> Sequence[str]:
    if len(words) != len(usage.split()) - 1:
        raise Usage(usage)
    return words
