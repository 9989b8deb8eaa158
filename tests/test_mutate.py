"""`make mutate` on a small tree of its own: what counts as noticed, and what does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutate.equivalent import Equivalent, equivalents
from tests.mutate.mutants import mutants, sampled
from tests.mutate.reach import Reach

ROOT = Path(__file__).parents[1]
MODULE = '''
LIMIT = 7
WORDS = ("a", "b", "c", "d")


def small(number, *, least=1):
    """Between least and the limit."""
    return least <= number <= LIMIT


def countdown(number):
    while number > 0:
        number -= 1
    return number


def nobody_calls(number):
    return -number


AT_IMPORT = small(-3)
'''
TESTS = """
import toy

def test_small():
    assert toy.small(1)
    assert not toy.small(8)
    assert not toy.small(0)

def test_countdown():
    assert toy.countdown(3) == 0
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A run over every mutant of a toy."""
    root = tmp_path_factory.mktemp("tree")
    (root / "checks").mkdir()
    (root / "toy.py").write_text(MODULE)
    (root / "checks" / "test_toy.py").write_text(TESTS)
    (root / "tests").mkdir()
    table = {"file": "toy.py", "function": "countdown", "before": "number > 0", "after": "number >= 0", "why": "not so"}
    lines = "\n".join(f'{key} = "{value}"' for key, value in table.items())
    (root / "tests" / "equivalent_mutants.toml").write_text(f"[[equivalent]]\n{lines}\n")
    asked = [sys.executable, "-m", "tests.mutate", "--only", "toy.py", "--tests", "checks/test_toy.py", "--seed", "1"]
    asked += ["--hangs", "0.5"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(root)}
    return subprocess.run(asked, cwd=root, env=environ, capture_output=True, text=True, check=False)


def test_what_no_test_notices_is_told(said: subprocess.CompletedProcess[str]) -> None:
    """Boundaries that no test stands on survive, and what no test runs; an endless loop and all the rest are noticed."""
    survived = [line.split("   (")[0] for line in said.stdout.splitlines() if line.startswith("survived")]
    assert sorted(survived) == [
        "survived  toy.py:18  return -number  →  return None",
        "survived  toy.py:18  return -number  →  return number",
        "survived  toy.py:21  AT_IMPORT = small(-3)  →  AT_IMPORT = small(-4)",
        "survived  toy.py:21  AT_IMPORT = small(-3)  →  AT_IMPORT = small(3)",
        "survived  toy.py:8  return least <= number <= LIMIT  →  return least <= number < LIMIT",
    ]
    assert "10 of    15" in said.stdout


def test_too_many_survivors_are_a_failure(said: subprocess.CompletedProcess[str]) -> None:
    """The exit code tells; the seed that repeats the run and what was left out are said."""
    assert "15 of 15 mutants, seed 1 (1 known to change nothing)" in said.stdout
    assert said.returncode == 1


def changes(source: str) -> list[str]:
    return [f"{mutant.before} → {mutant.after}" for mutant in mutants("toy.py", source)]


@pytest.mark.parametrize(
    "source",
    [
        '"""What comes in."""',
        "def f(text: str | None) -> int:\n    pass",
        'WORDS = {"a": 1, "b": 2, "c": 3, "d": 4}',
        'PATTERN = re.compile("a|b")',
        "from house.errors import Broken\n\ndef f(text):\n    error = Broken(f'{text[:80]} is no sum', value=text[:80])",
        "def f(text):\n    log.info('told', size=1)",
        "if TYPE_CHECKING:\n    LIMIT = 3",
    ],
)
def test_what_is_no_logic_is_left_alone(source: str) -> None:
    """Docstrings, annotations, tables, patterns and what is said to people have no mutants of their own."""
    assert [change for change in changes(source) if not change.endswith("→ pass")] == []


def test_a_sample_is_spread_over_everything() -> None:
    """Each stretch of the whole gives one, the same for the same seed; a sample of all is all."""
    everything = mutants("toy.py", MODULE)
    some = sampled(everything, 5, seed=3)
    assert [everything.index(mutant) // 3 for mutant in some] == [0, 1, 2, 3, 4]
    assert some == sampled(everything, 5, seed=3)
    assert sampled(everything, 99, seed=3) == everything


def test_a_mutant_is_judged_by_the_tests_that_run_its_line() -> None:
    """The fastest first, and only those; what an import runs needs an import."""
    every = {(mutant.line, mutant.function): mutant for mutant in mutants("toy.py", MODULE)}
    reach = Reach.of(
        ["toy.py"], {"slow": 2.0, "fast": 1.0, "other": 0.5}, {"": [6, 8], "slow": [8, 12], "fast": [12], "other": [8]}
    )
    assert reach.judges(every[12, "countdown"]) == ["fast", "slow"]
    assert reach.judges(every[8, "small"]) == ["other", "slow"]
    assert reach.judges(every[18, "nobody_calls"]) == []
    assert reach.needs_import(every[8, "small"])
    assert not reach.needs_import(every[12, "countdown"])


@pytest.mark.parametrize("same", equivalents(ROOT), ids=lambda same: f"{same.file}:{same.function}:{same.after}")
def test_what_is_said_to_change_nothing_still_stands_there(same: Equivalent) -> None:
    """An entry whose code has changed must be thought about again."""
    assert any(map(same.is_of, mutants(same.file, (ROOT / same.file).read_text("utf-8"))))
    assert same.why
