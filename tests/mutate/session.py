"""
The pytest session that judges mutants. In: mutants, and the tests it collects. Out: a `Verdict` of each.

Everything is imported once, here. Each mutant is put in its place in a process forked off, which runs the mutant's tests until
one fails. Before, once for a tree, two processes run half of the tests each, and note what each takes and which lines it runs.
"""

from __future__ import annotations

import gc
import resource
import signal
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutate.children import in_children
from tests.mutate.mutants import Mutant
from tests.mutate.reach import Reach, Trace, kept, load, save
from tests.mutate.swap import Functions, afresh

MEMORY = 6 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """noticed: the test that failed, or that the process died; empty: none of so many `tests` did."""

    mutant: Mutant
    tests: int
    noticed: str


class BaselineFailed(Exception):
    """The tests do not pass without any mutant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    files: all whose lines are noted. mutants: of some of them. folder: for what the tests write.
    hangs: seconds of CPU, besides ten times what it needs, after which a test hangs.
    """

    root: Path
    files: Sequence[str]
    tests: Sequence[str]
    mutants: Sequence[Mutant]
    seed: int
    folder: Path
    hangs: float

    def options(self, folder: str) -> list[str]:
        """pytest's, for a session in which nothing depends on chance, other sessions or the terminal."""
        fixed = ["-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "timeout=0"]
        fixed += ["-q", "-s", "--tb=no", "--assert=plain", "--no-header", "--no-summary"]
        return [
            *fixed,
            f"--rootdir={self.root}",
            f"--hypothesis-seed={self.seed}",
            f"--basetemp={self.folder / folder}",
        ]


class Watch:
    """Notes how each test ended, and what it ran."""

    def __init__(self, limits: Mapping[str, float] | None = None, trace: Trace | None = None) -> None:
        self.failed: list[str] = []
        self.seconds: dict[str, float] = {}
        self.ran: dict[str, array[int]] = {}
        self._limits, self._trace, self._began = limits, trace, 0.0

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(f"{report.nodeid} (its import)")

    def pytest_collection_finish(self) -> None:
        if self._trace:
            self.ran[""] = self._trace.taken()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self._trace:
            self._trace.start()  # again: a test that traces by itself ends this
            self._began = time.process_time()
        if self._limits is not None:
            signal.setitimer(signal.ITIMER_PROF, self._limits[nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        if self._trace:
            self.seconds[nodeid] = time.process_time() - self._began
            self.ran[nodeid] = self._trace.taken()


class Judge:
    """A plugin that takes the place of pytest's own loop over the tests."""

    def __init__(self, run: Run, told: Callable[[Verdict], None]) -> None:
        self._run, self._told = run, told
        self._items: dict[str, pytest.Item] = {}
        self._killers: dict[str, dict[str, None]] = defaultdict(dict)  # by file, the latest last
        self._failed: BaselineFailed | None = None

    def judge(self) -> None:
        """Tells of every mutant. Raises: BaselineFailed, KeyboardInterrupt."""
        # Hypothesis tells that there is a failure, not the smallest one, and remembers none.
        every = list(HealthCheck)  # of how long it takes, too
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutate", database=None, phases=phases, deadline=None, suppress_health_check=every)
        settings.load_profile("mutate")
        code = pytest.main([*self._run.options("own"), *self._run.tests], plugins=[self])
        if self._failed is not None:
            raise self._failed
        if code == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if code != pytest.ExitCode.OK:
            raise BaselineFailed(f"pytest ended with {code!r}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            self._failed = BaselineFailed("the tests cannot be collected")
            return True
        self._items = {item.nodeid: item for item in session.items}
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # once, not by each child
        functions = Functions()
        gc.freeze()
        try:
            reach = self._reach()
        except BaselineFailed as exc:
            self._failed = exc
            return True
        if reach.failing:
            click.echo(f"Without any mutant these fail, so they judge nothing: {', '.join(reach.failing)}")
        for (mutant, tests), failed in in_children(self._tasks(reach, functions)):
            noticed = "it died or hung" if failed is None else failed
            if failed:
                self._killers[mutant.file].pop(failed, None)
                self._killers[mutant.file][failed] = None
            self._told(Verdict(mutant=mutant, tests=tests, noticed=noticed))
        return True

    def _tasks(self, reach: Reach, functions: Functions) -> Iterator[tuple[tuple[Mutant, int], Callable[[], str]]]:
        for mutant in self._run.mutants:
            tests = reach.judges(mutant)
            if not tests:
                self._told(Verdict(mutant=mutant, tests=0, noticed=""))
                continue
            among = set(tests)
            first = [test for test in reversed(self._killers[mutant.file]) if test in among][:20]
            ordered = list(dict.fromkeys((*first, *tests)))
            yield (mutant, len(tests)), partial(self._judged, mutant, ordered, reach, functions)

    # ------------------------------------------------------------ in a child

    def _judged(self, mutant: Mutant, tests: Sequence[str], reach: Reach, functions: Functions) -> str:
        """The test that fails with the mutant; empty: none."""
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        watch = Watch({test: self._run.hangs + 10 * needed for test, needed in reach.seconds.items()})
        if not reach.needs_import(mutant) and functions.swap(self._run.root, mutant):
            self._run_here(tests, watch)
        else:
            self._run_afresh(mutant, tests, watch, "-x")
        return watch.failed[0] if watch.failed else ""

    def _run_here(self, tests: Iterable[str], watch: Watch) -> None:
        items = [self._items[test] for test in tests]
        items[0].config.pluginmanager.register(watch)
        for item, after in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if watch.failed:
                return

    def _run_afresh(self, mutant: Mutant | None, tests: Iterable[str], watch: Watch, *more: str) -> None:
        afresh(self._run.root, mutant)
        code = pytest.main([*self._run.options(f"afresh-{time.monotonic_ns()}"), *more, *tests], plugins=[watch])
        if code != pytest.ExitCode.OK and not watch.failed:
            watch.failed.append(f"pytest itself ({code!r})")

    # ------------------------------------------------------------ recording

    def _reach(self) -> Reach:
        path = kept(self._run.root, self._run.files, self._run.tests)
        if found := load(path):
            return found
        click.echo("Recording which test runs which lines, once for this tree (some minutes) ...", err=True)
        tests = list(self._items)
        halves = [(half, partial(self._recorded, tests[half::2])) for half in range(2)]
        seconds: dict[str, float] = {}
        ran: dict[str, Sequence[int]] = {}
        failed: list[str] = []
        for _, ended in in_children(halves):
            if ended is None:
                raise BaselineFailed("the tests die without any mutant")
            failed += ended[0]
            seconds |= ended[1]
            ran |= ended[2]
        if not ran:
            raise BaselineFailed(f"without any mutant fails: {', '.join(failed)}")
        reach = Reach.of(self._run.files, seconds, ran, failed)
        save(reach, path)
        return reach

    def _recorded(self, tests: Sequence[str]) -> tuple[list[str], dict[str, float], dict[str, array[int]]]:
        """What failed; seconds of CPU and lines run by each."""
        trace = Trace(self._run.root, self._run.files)
        watch = Watch(trace=trace)
        trace.start()
        self._run_afresh(None, tests, watch)
        trace.stop()
        return watch.failed, watch.seconds, watch.ran
