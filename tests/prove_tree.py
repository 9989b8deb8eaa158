"""
A copy of the tree in which a protection can be disabled and tests be run: files and test names come in, verdicts go out.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

TEST_SECONDS = 60
"""A test that takes longer hangs; no protection is proved by waiting."""

# What a careless edit raises, rather than a protection that is missing.
_BROKEN = ("ImportError", "ModuleNotFoundError", "NameError", "UnboundLocalError", "SyntaxError", "IndentationError")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How one test, or one set of its parameters, ended: passed, failed, skipped, or error (anything that proves nothing)."""

    test: str
    verdict: str
    message: str

    def is_of(self, named: str) -> bool:
        """Is this the test of that node id, given with or without parameters?"""
        return self.test == named or self.test.split("[")[0] == named


def files_of(root: Path) -> Sequence[str]:
    """What belongs to the tree: every file git knows, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    return [name for name in listed.stdout.decode().split("\0") if name and (root / name).is_file()]


class Tree:
    """A copy; its package comes first on every path, so that the installed one is never what is tested."""

    def __init__(self, root: Path, files: Sequence[str], folder: Path) -> None:
        self.root = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._touched = 0
        for name in files:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target)
        self._environment = {**os.environ, "PYTHONPATH": str(folder)}

    def write(self, file: str, source: str) -> None:
        path = self.root / file
        path.write_text(source, "utf-8")
        # Two edits within one second, of one length, look alike to Python's bytecode cache: each gets its own time.
        self._touched += 1
        at = path.stat().st_mtime + 10 * self._touched
        os.utime(path, (at, at))

    def imports_itself(self, package: str = "reconciler") -> bool:
        """Is it really this copy that runs here?"""
        asked = [sys.executable, "-c", f"import {package}; print({package}.__file__)"]
        found = subprocess.run(asked, cwd=self.root, env=self._environment, capture_output=True, check=True)
        return Path(found.stdout.decode().strip()).is_relative_to(self.root)

    def run(self, tests: Sequence[str], *, to_the_end: bool) -> Sequence[Case]:
        """Run these tests, to the first failure or to the end. A run that says nothing is one case of error."""
        report, output = self.root / "report.xml", self.root / "output.txt"
        report.unlink(missing_ok=True)
        options = ["-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--tb=line"]
        options += ["-o", "addopts=", "-o", f"timeout={TEST_SECONDS}", "-o", "junit_family=xunit1"]
        command = [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", *tests]
        with output.open("wb") as said:
            self._process = subprocess.Popen(
                command if to_the_end else [*command, "-x"],
                cwd=self.root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
            try:
                self._process.wait(TEST_SECONDS * (len(tests) + 1))
            except subprocess.TimeoutExpired:
                return [Case(test=tests[0], verdict="error", message="time-out of the whole run")]
            finally:
                self.kill()
        if not report.exists():
            last = output.read_text("utf-8", "replace").strip().rsplit("\n", 1)[-1]
            return [Case(test=tests[0], verdict="error", message=f"no test was run: {last}")]
        return [_case(node) for node in ElementTree.parse(report).iter("testcase")]

    def kill(self) -> None:
        """End what runs here, with all it started."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _case(node: ElementTree.Element) -> Case:
    file, name = node.get("file") or "", node.get("name") or ""
    inside = (node.get("classname") or "")[len(file) - 2 :].split(".") if file else []
    verdict, message = "passed", ""
    for word, ending in (("skipped", "skipped"), ("failure", "failed"), ("error", "error")):
        told = node.find(word)
        if told is not None:
            verdict, message = ending, (told.get("message") or "").strip()
    first = message.split("\n", 1)[0]
    if verdict == "failed" and (first.startswith("Failed: Timeout") or first.split(":")[0] in _BROKEN):
        verdict = "error"
    return Case(test="::".join(filter(None, (file, *inside, name))), verdict=verdict, message=first)
