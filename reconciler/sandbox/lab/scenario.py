"""
A scenario: a TOML file comes in, what happens goes out, or every problem at once.

    title = "Planfix down for a day"
    story = "…"                         # one paragraph for the person who watches
    [settings.desk]                     # overrides, of every desk: compressed time, mostly; [settings.mailbox] likewise
    unknown_wait = "3s"
    [[order]]
    number = "10417"
    due = "4800.00"
    [[step]]                            # one after another; each does one thing
    pay = { order = "10417", amount = "4800.00" }       # kind = genuine | declined | forged | foreign; printed = "10471"
    [[step]]
    after = "recorded 1"                # waited for first: a word of CONDITIONS, and how many
    on = "planfix.error_before"
    with = { times = 0 }
    [[step]]
    after = "struck planfix.error_before 3"
    off = "planfix.error_before"        # other acts: again = "same" | "other words", say = "…", person = { … }
    [expect]
    settled = 1                         # entries by state; letters = { untrusted = 1 }: held letters by reason; deaths = 1
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from reconciler.config.problems import known_words
from reconciler.model import Reason, State
from reconciler.sandbox import switches
from reconciler.sandbox.proof import Nature
from reconciler.sandbox.switches import SwitchError

SHIPPED = Path(__file__).parent / "scenarios"
TOP = ("title", "story", "settings", "order", "step", "expect")
ACTS = ("pay", "again", "on", "off", "say", "person")
KINDS = (Nature.GENUINE, Nature.DECLINED, Nature.FORGED, Nature.FOREIGN)
PERSON = ("order", "due", "status", "typed")
CONDITIONS = (*State, "requests", "letters", "struck", "dead", "ready")
"""`settled 2`: so many entries in that state (recorded: in any); `requests 5`; `letters 3`: dealt with; `struck NAME 1`."""


class ScenarioError(Exception):
    """The scenario cannot be played; `problems` says all that is wrong."""

    def __init__(self, path: str, problems: Sequence[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    word: str
    name: str = ""  # of a switch
    count: int = 1

    def __str__(self) -> str:
        return " ".join(part for part in (self.word, self.name, str(self.count)) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """act: one of ACTS; what: its value. given: parameters of a switch."""

    act: str
    what: Any
    given: Mapping[str, Any] = field(default_factory=dict)
    after: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    name: str
    title: str
    story: str = ""
    desk: Mapping[str, Any] = field(default_factory=dict)  # overrides
    mailbox: Mapping[str, Any] = field(default_factory=dict)
    orders: Mapping[str, str] = field(default_factory=dict)  # due by number
    steps: Sequence[Step] = ()
    expect: Mapping[str, Any] = field(default_factory=dict)


def shipped() -> Sequence[Scenario]:
    """Those that come with the product, by name."""
    return [load(str(path)) for path in sorted(SHIPPED.glob("*.toml"))]


def load(name: str) -> Scenario:
    """
    A scenario by its name or by the path of a file. Raises ScenarioError.
    """
    path = Path(name) if name.endswith(".toml") or "/" in name else SHIPPED / f"{name}.toml"
    if not path.is_file():
        names = [found.stem for found in sorted(SHIPPED.glob("*.toml"))]
        raise ScenarioError(name, [f"there is no such scenario; {known_words(name, names)}, or the path of a file"])
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ScenarioError(name, [f"is not TOML: {exc}"]) from exc
    reader = _Reader()
    found = reader.scenario(path.stem, data)
    if reader.problems:
        raise ScenarioError(name, reader.problems)
    return found


def condition_of(place: str, text: str) -> Condition:
    """A condition as it is typed. Raises ScenarioError."""
    reader = _Reader()
    found = reader.condition(place, text)
    if found is None or reader.problems:
        raise ScenarioError(place, reader.problems)
    return found


class _Reader:
    """Collects problems while a table becomes a scenario."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def scenario(self, name: str, data: Mapping[str, Any]) -> Scenario:
        self._known("", data, TOP)
        settings = self._table("settings", data.get("settings", {}))
        self._known("settings", settings, ("desk", "mailbox"))
        if not isinstance(data.get("title"), str):
            self.problems.append("title: a scenario has a title")
        return Scenario(
            name=name,
            title=str(data.get("title", name)),
            story=str(data.get("story", "")),
            desk=self._table("settings.desk", settings.get("desk", {})),
            mailbox=self._table("settings.mailbox", settings.get("mailbox", {})),
            orders=dict(self._orders(data.get("order", []))),
            steps=tuple(self._steps(data.get("step", []))),
            expect=self._expected(self._table("expect", data.get("expect", {}))),
        )

    def _orders(self, tables: Any) -> Iterator[tuple[str, str]]:
        for place, table in self._tables("order", tables):
            self._known(place, table, ("number", "due"))
            due = self._amount(f"{place}.due", table.get("due"))
            if not isinstance(table.get("number"), str):
                self.problems.append(f"{place}.number: an order has a number, as a text")
            elif due is not None:
                yield table["number"], due

    def _steps(self, tables: Any) -> Iterator[Step]:
        for place, table in self._tables("step", tables):
            self._known(place, table, ("after", "with", *ACTS))
            acts = [act for act in ACTS if act in table]
            if len(acts) != 1:
                self.problems.append(f"{place}: does one of {', '.join(ACTS)}, not {' and '.join(acts) or 'nothing'}")
                continue
            act, what = acts[0], table[acts[0]]
            given = self._table(f"{place}.with", table.get("with", {}))
            if self._fits(place, act, what, given):
                after = table.get("after")
                condition = None if after is None else self.condition(f"{place}.after", after)
                yield Step(act=act, what=what, given=given, after=condition)

    def _fits(self, place: str, act: str, what: Any, given: Mapping[str, Any]) -> bool:
        before = len(self.problems)
        match act:
            case "pay":
                self._payment(f"{place}.pay", self._table(f"{place}.pay", what))
            case "person":
                self._known(f"{place}.person", self._table(f"{place}.person", what), PERSON)
            case "on" | "off":
                try:
                    switch = switches.find(str(what))
                    switch.read(given)
                except SwitchError as exc:
                    self.problems.append(f"{place}.{act}: {exc}")
            case "again":
                self._one_of(f"{place}.again", what, ("same", "other words"))
        if given and act != "on":
            self.problems.append(f"{place}.with: belongs to `on`")
        return len(self.problems) == before

    def _payment(self, place: str, table: Mapping[str, Any]) -> None:
        self._known(place, table, ("order", "amount", "kind", "printed"))
        self._amount(f"{place}.amount", table.get("amount"))
        self._one_of(f"{place}.kind", table.get("kind", Nature.GENUINE.value), [kind.value for kind in KINDS])
        if not isinstance(table.get("order"), str):
            self.problems.append(f"{place}.order: whose money it is, as a text")

    def condition(self, place: str, text: Any) -> Condition | None:
        words = str(text).split()
        word = words.pop(0) if words else ""
        name = words.pop(0) if word == "struck" and words else ""
        count = words.pop(0) if words else "1"
        if not self._one_of(place, word, [str(item) for item in CONDITIONS]):
            return None
        if words or not count.isdecimal():
            self.problems.append(f"{place}: a word and how many, like 'settled 2', not {text!r}")
            return None
        if word == "struck":
            try:
                switches.find(name)
            except SwitchError as exc:
                self.problems.append(f"{place}: {exc}")
        return Condition(word=word, name=name, count=int(count))

    def _expected(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        self._known("expect", table, (*State, "letters", "deaths"))
        letters = self._table("expect.letters", table.get("letters", {}))
        self._known("expect.letters", letters, tuple(Reason))
        for key, value in [*table.items(), *letters.items()]:
            if key != "letters" and (isinstance(value, bool) or not isinstance(value, int)):
                self.problems.append(f"expect.{key}: a count, not {value!r}")
        return table

    # ------------------------------------------------------------ what every table needs

    def _known(self, place: str, table: Mapping[str, Any], names: Sequence[str]) -> None:
        for key in table:
            if key not in names:
                where = f"{place}.{key}" if place else key
                self.problems.append(f"{where}: unknown key; {known_words(key, [str(name) for name in names])}")

    def _one_of(self, place: str, word: Any, words: Sequence[str]) -> bool:
        if word not in words:
            self.problems.append(f"{place}: {word!r} is not a known word; {known_words(str(word), list(words))}")
        return word in words

    def _table(self, place: str, value: Any) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self.problems.append(f"{place}: should be a table, not {value!r}")
        return {}

    def _tables(self, place: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if not isinstance(value, list):
            self.problems.append(f"{place}: should be tables [[{place}]]")
            return
        for number, item in enumerate(value, start=1):
            yield f"{place} {number}", self._table(f"{place} {number}", item)

    def _amount(self, place: str, value: Any) -> str | None:
        try:
            if isinstance(value, str) and Decimal(value) >= 0:
                return value
        except InvalidOperation:
            pass
        self.problems.append(f'{place}: a sum as a text, like "1250.00", not {value!r}')
        return None
