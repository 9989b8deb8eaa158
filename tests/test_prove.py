"""`make prove` on a small tree of its own: what it takes for a proof, and what it does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.prove import Proof, Prover, table
from tests.prove_protections import Protection, protections
from tests.prove_tree import Case

PRODUCT = """
def twice(number):
    if number < 0:
        raise ValueError("below zero")
    return 2 * number
"""
TESTS = '''
import pytest
from reconciler import twice

def test_below_zero_is_refused():
    """D01: it is."""
    with pytest.raises(ValueError):
        twice(-1)

@pytest.mark.parametrize("number", [1, 2])
def test_twice(number):
    """D02: it is."""
    assert twice(number) == 2 * number

def test_never_right():
    """D03: it is not."""
    assert False

def test_never_run():
    """D04: it is not."""
    pytest.skip("not here")

def test_hangs_when_wrong():
    """D05: it does."""
    twice(1) == 2 or pytest.fail("Timeout (>60.0s) from pytest-timeout.")
'''


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for name, content in {
        "reconciler/__init__.py": PRODUCT,
        "tests/__init__.py": "",
        "tests/test_twice.py": TESTS,
        "pytest.ini": "[pytest]\n",
        ".gitignore": "*.log\n",
        "left.log": "",
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def protection(old: str, new: str, *tests: str) -> Protection:
    named = tuple(f"tests/test_twice.py::{test}" for test in tests)
    return Protection(ids=("D01",), name=new, file="reconciler/__init__.py", old=old, new=new, tests=named, section="D")


NOTICED = protection("number < 0", "number is None", "test_twice", "test_below_zero_is_refused")
PARAMETER = protection("2 * number", "3 * number", "test_twice[2]")
UNPROVED = {
    "nothing notices": protection("number < 0", "number < -9", "test_twice"),
    "broken rather than noticed: collection failure": protection("def twice", "def thrice", "test_twice"),
    "broken rather than noticed: NameError": protection("2 * number", "2 * nobody", "test_twice"),
    "broken rather than noticed: Failed: Timeout": protection("2 * number", "4 * number", "test_hangs_when_wrong"),
    "failed even with it": protection("2 * number", "5 * number", "test_never_right"),
    "skipped even with it": protection("2 * number", "6 * number", "test_never_run"),
    "not run even with it": protection("2 * number", "7 * number", "test_twice[3]", "test_twice"),
    "no such test": protection("2 * number", "8 * number", "test_of_nothing"),
    "do the same": protection("2 * number", "2  *  number", "test_twice"),
    "is no Python": protection("2 * number", "2 *", "test_twice"),
    "3 times": protection("number", "0", "test_twice"),
}


def test_a_removal_is_proved_or_it_is_told_why_not(tree: Path, tmp_path: Path) -> None:
    """A failed test is a proof; a skip, a hang, a broken edit and a test that fails anyway are none, and each says so."""
    wanted = [NOTICED, PARAMETER, *UNPROVED.values()]
    proofs = {proof.protection.name: proof for proof in Prover(tree, tmp_path).prove(wanted)}
    assert len(proofs) == len(wanted)
    assert proofs[NOTICED.name].problem == ""
    assert proofs[NOTICED.name].test == "tests/test_twice.py::test_below_zero_is_refused"
    assert proofs[PARAMETER.name].test == "tests/test_twice.py::test_twice[2]"
    for why, unproved in UNPROVED.items():
        assert why in proofs[unproved.name].problem
        assert proofs[unproved.name].test == ""
    assert (tree / "reconciler/__init__.py").read_text() == PRODUCT
    assert not list(tmp_path.rglob("left.log")), "what git ignores is no part of the tree"


def test_the_table_tells_every_proof() -> None:
    """For eyes and as Markdown: one line each, with what was not proved in capitals."""
    proofs = [
        Proof(protection=NOTICED, test="tests/test_twice.py::test_twice", seconds=1.25),
        Proof(protection=PARAMETER, problem="nothing | notices"),
    ]
    lines = table(proofs, markdown=True).splitlines()
    assert lines[0] == "| id | protection | the test that fails without it | seconds |"
    assert lines[2] == "| D01 | 3 * number | NOT PROVED: nothing \\| notices | 0.0 |"
    assert lines[3] == "| D01 | number is None | tests/test_twice.py::test_twice | 1.2 |"
    assert len({len(line) for line in table(proofs, markdown=False).splitlines()}) == 1


@pytest.mark.parametrize(
    ("named", "is_it"),
    [("t.py::test_a", True), ("t.py::test_a[1]", True), ("t.py::test_a[2]", False), ("t.py::test", False)],
)
def test_a_test_is_named_with_or_without_its_parameters(named: str, is_it: bool) -> None:
    """A name without parameters means all of them."""
    assert Case(test="t.py::test_a[1]", verdict="passed", message="").is_of(named) is is_it


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('name = "x"\nfile = "f"\nold = "a"\nnew = "b"\ntests = []', "either id or ids"),
        ('id = "D01"\nids = ["D02"]\nname = "x"', "either id or ids"),
        ('id = "D01"\nname = "x"\nfile = "f"\nold = "a"\ntests = []', "new"),
        ('id = "D01"\nname = "x"\nfile = "f"\nold = "a"\nnew = "b"\nolder = "c"\ntests = []', "older"),
    ],
)
def test_a_protection_that_is_written_wrong_names_its_file(tmp_path: Path, table: str, why: str) -> None:
    """A missing or unknown key is no protection with less in it."""
    folder = tmp_path / "tests/protections"
    folder.mkdir(parents=True)
    (folder / "D.toml").write_text(f"[[protection]]\n{table}\n")
    with pytest.raises(TypeError, match=rf"D\.toml: x: .*{why}"):
        protections(tmp_path)
