"""The list of known failure modes is whole, and says of each no more than the tests do."""

from __future__ import annotations

from functools import cache

import pytest

from tests.prove_modes import COUNTS, ROOMS, STATES, ids, is_built, modes, named_in, promises


@cache
def _promised() -> frozenset[str]:
    return frozenset(name for docstring in promises().values() for name in named_in(docstring))


def test_every_known_failure_mode_is_listed() -> None:
    """All 141 are there, by section and without a gap, and no other."""
    assert sum(COUNTS.values()) == 141
    assert list(modes()) == ids()


@pytest.mark.parametrize("name", ids())
def test_a_failure_mode_stands_as_it_is_listed(name: str) -> None:
    """A covered one is promised by a test, one that is not applicable says why, and one not built waits for a room."""
    mode = modes()[name]
    assert mode.severity in ("A", "B", "C")
    assert mode.state in STATES
    assert bool(mode.why) == (mode.state == "not applicable"), "`why` is for what is not applicable, and needed there"
    assert bool(mode.room) == (mode.state == "not built"), "`room` is for what is not built, and needed there"
    assert not (mode.later and mode.state != "covered"), "`later` is for what is covered but for a part"
    if mode.state == "covered":
        assert name in _promised(), f"no test function has {name} in its docstring"
    if mode.state == "not built":
        assert mode.room in ROOMS, f"{mode.room!r} is none of the planned rooms: {', '.join(ROOMS)}"
        assert not is_built(mode.room), f"{mode.room} is there by now: prove {name}, or say why not"


def test_only_what_is_listed_is_promised() -> None:
    """A docstring that names an id unknown to the list is a slip of the pen."""
    unknown = {
        test: sorted(names - set(ids())) for test, docstring in promises().items() if (names := named_in(docstring))
    }
    assert not {test: names for test, names in unknown.items() if names}
