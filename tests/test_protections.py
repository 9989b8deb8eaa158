"""The protections that `make prove` disables one by one are there to be disabled."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from tests.prove_modes import ROOT, ids, modes, named_in, promises
from tests.prove_protections import Protection, protections


@cache
def _promises() -> dict[str, str]:
    return dict(promises())


@pytest.mark.parametrize("protection", protections(), ids=str)
def test_a_protection_can_be_disabled(protection: Protection) -> None:
    """Its lines stand once in the product, the file without them still compiles and differs, and its tests exist."""
    assert protection.problems(ROOT, set(_promises())) == []


@pytest.mark.parametrize("protection", protections(), ids=str)
def test_a_protection_is_of_what_its_tests_promise(protection: Protection) -> None:
    """Every id it names is known, covered, of its file's section or beside one that is, and named by one of its tests."""
    told = {name for test in protection.tests for name in named_in(_promises().get(test.split("[")[0], ""))}
    assert set(protection.ids) <= set(ids())
    assert protection.section in {name[0] for name in protection.ids}
    assert [name for name in protection.ids if modes()[name].state != "covered"] == []
    assert sorted(set(protection.ids) - told) == [], "none of its tests has the id in its docstring"


def test_no_two_protections_have_one_name() -> None:
    """The table of proofs names each once."""
    assert [name for name, count in Counter(map(str, protections())).items() if count > 1] == []
