"""
Every trouble of the sandbox by one name: "planfix.timeout_after", "imap.black_hole", "clock.jump".

In: a stage, a name, parameters as a test, a scenario or a keyboard gives them. Out: the trouble, until it is over or switched
off; how often it struck. A switch is a function in a room of this package; its name, one line of help and parameters are the
function's own.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec

from reconciler.sandbox.lit import Lit
from reconciler.sandbox.stage import Stage

P = ParamSpec("P")

FOREVER = 0
"""`times = 0`: until it is switched off."""


class SwitchError(Exception):
    """No such switch, or not so; the message says what there is instead."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: type
    default: Any


@dataclass(frozen=True, slots=True)
class Switch:
    """acts: the function behind it. once: it has happened when it returns, and there is nothing to switch off."""

    name: str
    help: str
    acts: Callable[..., Lit]
    parameters: Mapping[str, Parameter]
    once: bool = field(default=False)

    @property
    def usage(self) -> str:
        """planfix.drop_after request=create times=1"""
        return " ".join([self.name, *(f"{item.name}={item.default}" for item in self.parameters.values())])

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """
        Parameters as the function takes them.

        given: texts, as a keyboard gives them, or values of the kind the default has.
        Raises: SwitchError.
        """
        read = {}
        for name, value in given.items():
            if name not in self.parameters:
                raise SwitchError(f"{self.name}: {_unknown('parameter', name, self.parameters)}")
            read[name] = _converted(f"{self.name} {name}", value, self.parameters[name].kind)
        return read


_SWITCHES: dict[str, Switch] = {}
_KINDS: Mapping[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


def switch(
    name: str, *, once: bool = False
) -> Callable[[Callable[Concatenate[Stage, P], Lit]], Callable[Concatenate[Stage, P], Lit]]:
    """Register a function as the switch of that name; the first line of its docstring is the help."""

    def register(function: Callable[Concatenate[Stage, P], Lit]) -> Callable[Concatenate[Stage, P], Lit]:
        _, *parameters = inspect.signature(function).parameters.values()
        if name in _SWITCHES:
            raise ValueError(f"there are two switches {name}")
        _SWITCHES[name] = Switch(
            name,
            (inspect.getdoc(function) or "").partition("\n")[0],
            function,
            {item.name: Parameter(item.name, _KINDS[item.annotation], item.default) for item in parameters},
            once,
        )
        return function

    return register


def known() -> Mapping[str, Switch]:
    """All of them, by name."""
    return dict(sorted(_SWITCHES.items()))


def find(name: str) -> Switch:
    """Raises SwitchError, naming the nearest."""
    found = _SWITCHES.get(name)
    if found is None:
        raise SwitchError(_unknown("switch", name, _SWITCHES))
    return found


def on(stage: Stage, name: str, **parameters: Any) -> Lit:
    """
    Begin a trouble; one of that name that is on already is switched off first.

    Raises: SwitchError; what acting itself raises (NotSwitchable, HostFailed).
    """
    found = find(name)
    given = found.read(parameters)
    off(stage, name)
    lit = found.acts(stage, **given)
    if not found.once:
        stage.lit[name] = lit
    return lit


def off(stage: Stage, name: str) -> None:
    """End a trouble; one that is not on is left so. Raises SwitchError."""
    lit = stage.lit.pop(find(name).name, None)
    if lit is not None:
        lit.off()


def all_off(stage: Stage) -> None:
    """Heal everything, the latest trouble first."""
    while stage.lit:
        _, lit = stage.lit.popitem()
        lit.off()


def _converted(what: str, value: Any, kind: type) -> Any:
    if kind is bool:
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        value = words.get(value.lower(), value) if isinstance(value, str) else value
        if not isinstance(value, bool):
            raise SwitchError(f"{what} is yes or no, not {value!r}")
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float) or (kind is not str and value == ""):
        raise SwitchError(f"{what} is {_SPELLED[kind]}, not {value!r}")
    try:
        return kind(value)
    except ValueError:
        raise SwitchError(f"{what} is {_SPELLED[kind]}, not {value!r}") from None


_SPELLED = {str: "a text", int: "a whole number", float: "a number"}


def _unknown(what: str, name: str, known_names: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known_names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known_names)) or 'none'}"
    return f"there is no {what} {name!r}; {hint}"


# ---------------------------------------------------------------- what the rooms share


def nothing() -> None:
    """To switch off what is over."""


def since(counter: Callable[[], int]) -> Callable[[], int]:
    """How much a count has grown from now on."""
    before = counter()
    return lambda: counter() - before


def many(times: int) -> int | None:
    """A number of times; None: for ever."""
    return None if times == FOREVER else times
