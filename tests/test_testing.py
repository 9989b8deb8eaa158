"""The plugin that tests a package's cases fails when it should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CASES = ROOT / "fixtures" / "wayforpay"
PARSER = """
def claims(message):
    return {claims}
def parse(message):
    return [][1]
"""


def run_of(folder: Path, *args: str) -> tuple[int, str]:
    """pytest with the plugin, as a package's author calls it: its exit code and what it says."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "reconciler.testing", "-p", "no:cacheprovider", *args],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    shutil.copytree(CASES / "paid_text_uk", tmp_path / "fixtures" / "wayforpay" / "paid")
    return tmp_path


def installed(folder: Path, **parsers: bool) -> None:
    """Parsers that break on everything, and claim all mail or none, as an installed package."""
    about = folder / "odd-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    points = "".join(f"{name} = {name}\n" for name in parsers)
    (about / "entry_points.txt").write_text(f"[reconciler.parsers]\n{points}")
    for name, claims in parsers.items():
        (folder / f"{name}.py").write_text(f'NAME = "{name}"\n' + PARSER.format(claims=claims))


def test_cases_are_tests(package: Path) -> None:
    """A case that reads as expected passes; one that does not fails with the difference; half a case fails."""
    cases = package / "fixtures" / "wayforpay"
    shutil.copytree(cases / "paid", cases / "changed")
    expected = cases / "changed" / "expected.json"
    expected.write_text(expected.read_text("utf-8").replace("1250.00", "1250.01"), "utf-8")
    (cases / "half").mkdir()
    (cases / "half" / "expected.json").write_text("{}")
    code, told = run_of(package, "--reconciler-fixtures", "fixtures", "-k", "expected")
    assert code == 1
    assert '-  "amount": "1250.01"' in told
    assert '+  "amount": "1250.00"' in told
    assert "wayforpay/half needs both" in told
    assert re.search(r"\b2 failed, 1 passed", told)


def test_a_parser_that_takes_anothers_mail_fails(package: Path) -> None:
    """P10: whoever claims or breaks on a case of another, or on other gateways' letters and junk, is named."""
    installed(package, greedy=True, brittle=False)
    (package / "fixtures" / "brittle").mkdir()
    code, told = run_of(package, "--reconciler-fixtures", "fixtures", "-k", "greedy or brittle")
    assert code == 1
    assert "greedy claims it" in told
    assert "brittle breaks on it: IndexError" in told
    assert "brittle is shown a refund" in told
    assert "greedy is shown" not in told  # none of its cases are here
    assert re.search(r"\b10 failed", told)


def test_a_folder_that_is_not_there_is_said(package: Path) -> None:
    """A misspelt folder is an error, not a run without cases."""
    code, told = run_of(package, "--reconciler-fixtures", "fixtuers")
    assert code == 4
    assert "there is no folder" in told
