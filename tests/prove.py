"""
Does anything notice when a protection is missing? `python -m tests.prove [ID…] [--markdown]`, or `make prove`.

Every protection of tests/protections/ is disabled, alone, in a copy of the tree, and its tests are run there: one must
fail. What goes out is a table, and exit code 1 when a removal goes unnoticed or a proof could not be made.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import click

from tests.prove_modes import ROOT, promises
from tests.prove_protections import Protection, protections
from tests.prove_tree import Case, Tree, files_of

WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What happened without a protection. problem: why it is no proof; empty: `test` noticed."""

    protection: Protection
    test: str = ""
    problem: str = ""
    seconds: float = 0.0


def judge(protection: Protection, whole: Iterable[Case], without: Sequence[Case]) -> Proof:
    """Its tests with it (`whole`) and without it (`without`): is the one that failed really about the protection?"""
    ran = [case for case in whole if any(case.is_of(test) for test in protection.tests)]
    for test in protection.tests:
        if not any(case.is_of(test) for case in ran):
            return Proof(protection=protection, problem=f"{test} is not run even with it")
    bad = next((case for case in ran if case.verdict != "passed"), None)
    if bad:
        return Proof(protection=protection, problem=f"{bad.test}: {bad.verdict} even with it: {bad.message}")
    failed = next((case for case in without if case.verdict == "failed"), None)
    if failed:
        return Proof(protection=protection, test=failed.test)
    broken = next((case for case in without if case.verdict == "error"), None)
    if broken:
        return Proof(protection=protection, problem=f"{broken.test}: broken rather than noticed: {broken.message}")
    return Proof(protection=protection, problem="nothing notices that it is missing")


class Prover:
    """Copies of one tree, each used by one thread at a time."""

    def __init__(self, root: Path, folder: Path, *, workers: int = WORKERS) -> None:
        files = files_of(root)
        self._trees = [Tree(root, files, folder / f"copy{number}") for number in range(workers)]
        self._free: SimpleQueue[Tree] = SimpleQueue()
        for tree in self._trees:
            if not tree.imports_itself():
                raise RuntimeError("another installed `reconciler` comes before the copy: nothing would be proved")
            self._free.put(tree)
        self._known = set(promises(root))

    def prove(self, wanted: Sequence[Protection]) -> Iterable[Proof]:
        """One proof after the other, as they are done."""
        with ThreadPoolExecutor(len(self._trees)) as pool:
            try:
                whole = [case for cases in pool.map(self._whole, self._shares(wanted)) for case in cases]
                doing = [pool.submit(self._without, protection, whole) for protection in wanted]
                for done in as_completed(doing):
                    yield done.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for tree in self._trees:
                    tree.kill()
                raise

    def _shares(self, wanted: Sequence[Protection]) -> list[list[str]]:
        """Every test that is needed, once, shared among the copies; a module's tests stay together."""
        # Without parameters: pytest refuses the whole run for one that is not there.
        named = {test.split("[")[0] for protection in wanted for test in protection.tests}
        tests = sorted(named & self._known)
        modules = sorted({test.split("::")[0] for test in tests})
        shares: list[list[str]] = [[] for _ in self._trees]
        for number, module in enumerate(modules):
            shares[number % len(shares)] += [test for test in tests if test.startswith(f"{module}::")]
        return [share for share in shares if share]

    def _whole(self, tests: list[str]) -> Sequence[Case]:
        with self._tree() as tree:
            return tree.run(tests, to_the_end=True)

    def _without(self, protection: Protection, whole: Sequence[Case]) -> Proof:
        with self._tree() as tree:
            if problems := protection.problems(tree.root, self._known):
                return Proof(protection=protection, problem="; ".join(problems))
            source, began = (tree.root / protection.file).read_text("utf-8"), time.monotonic()
            tree.write(protection.file, protection.disabled(source))
            try:
                cases = tree.run(protection.tests, to_the_end=False)
            finally:
                tree.write(protection.file, source)
            proof = judge(protection, whole, cases)
            return Proof(
                protection=protection, test=proof.test, problem=proof.problem, seconds=time.monotonic() - began
            )

    @contextmanager
    def _tree(self) -> Iterator[Tree]:
        tree = self._free.get()
        try:
            yield tree
        finally:
            self._free.put(tree)


def table(proofs: Iterable[Proof], *, markdown: bool) -> str:
    """A row for each: id, protection, the test that failed without it, seconds."""
    rows = [("id", "protection", "the test that fails without it", "seconds")]
    for proof in sorted(proofs, key=lambda proof: (proof.protection.ids, proof.protection.name)):
        noticed = f"NOT PROVED: {proof.problem}" if proof.problem else proof.test
        rows.append((" ".join(proof.protection.ids), proof.protection.name, noticed, f"{proof.seconds:.1f}"))
    if markdown:
        rows.insert(1, ("---", "---", "---", "---:"))
        return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3].rjust(7)))
        for row in rows
    )


@click.command(help="Disable each protection in turn and see that a test fails. IDs: of failure modes, or letters.")
@click.argument("wanted", metavar="[ID]...", nargs=-1)
@click.option("--markdown", is_flag=True, help="The table as Markdown; progress goes to stderr.")
def main(wanted: tuple[str, ...], markdown: bool) -> None:
    chosen = [
        protection
        for protection in protections()
        if not wanted or any(name.startswith(wanted) for name in protection.ids)
    ]
    if not chosen:
        raise click.UsageError("no protection of these ids")
    proofs = []
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        click.echo(f"{len(chosen)} protections; their tests run whole first ...", err=True)
        for proof in Prover(ROOT, Path(folder)).prove(chosen):
            proofs.append(proof)
            how = f"NOT PROVED: {proof.problem}" if proof.problem else f"noticed by {proof.test}"
            click.echo(f"[{len(proofs)}/{len(chosen)}] {proof.seconds:5.1f} s  {proof.protection}: {how}", err=True)
    click.echo(table(proofs, markdown=markdown))
    unproved = sum(bool(proof.problem) for proof in proofs)
    click.echo(f"{len(proofs) - unproved} of {len(proofs)} protections proved", err=True)
    sys.exit(1 if unproved else 0)


if __name__ == "__main__":
    main()
