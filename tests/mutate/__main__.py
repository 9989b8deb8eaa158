"""
`python -m tests.mutate [--sample N] [--seed S] [--only ROOM …]`: exit code 1 when too few mutants are noticed.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from tests.mutate.equivalent import equivalents
from tests.mutate.mutants import mutants, sampled
from tests.mutate.report import rate, summary, survivor
from tests.mutate.rooms import ROOMS, TESTS, modules
from tests.mutate.session import BaselineFailed, Judge, Run, Verdict


@click.command(help="Change the logic of the reader and of trust, a little at a time: do the tests notice?")
@click.option("--sample", default=400, show_default=True, help="How many mutants.")
@click.option(
    "--seed", type=int, default=None, help="Of the sample and the properties; without it another one each time."
)
@click.option("--only", "only", multiple=True, help="A module or folder to mutate; may be repeated.")
@click.option("--tests", "tests", multiple=True, help="The tests to judge by, instead of those that are listed.")
@click.option("--least", default=0.85, show_default=True, help="The share that must be noticed.")
@click.option(
    "--hangs",
    default=5.0,
    show_default=True,
    help="Seconds of CPU, besides ten times what it needs, for a test to hang.",
)
def main(sample: int, seed: int | None, only: Sequence[str], tests: Sequence[str], least: float, hangs: float) -> None:
    root = Path.cwd()
    seed = secrets.randbelow(10_000) if seed is None else seed
    rooms = [room for room in ROOMS if (root / room).exists()]
    files = modules(root, [*rooms, *only])
    same = equivalents(root)
    everything = [
        mutant for file in modules(root, only or rooms) for mutant in mutants(file, (root / file).read_text("utf-8"))
    ]
    judged = [mutant for mutant in everything if not any(one.is_of(mutant) for one in same)]
    chosen = sampled(judged, sample, seed)
    said = (
        f"{len(chosen)} of {len(judged)} mutants, seed {seed} ({len(everything) - len(judged)} known to change nothing)"
    )
    click.echo(said, err=True)
    verdicts: list[Verdict] = []

    def told(verdict: Verdict) -> None:
        verdicts.append(verdict)
        if not verdict.noticed:
            click.echo(f"survived  {survivor(verdict)}")
        if len(verdicts) % 25 == 0 or len(verdicts) == len(chosen):
            click.echo(f"[{len(verdicts)}/{len(chosen)}] {rate(verdicts):.1%} noticed", err=True)

    with tempfile.TemporaryDirectory(prefix="reconciler-mutate-") as folder:
        try:
            run = Run(
                root=root,
                files=files,
                tests=tests or TESTS,
                mutants=chosen,
                seed=seed,
                folder=Path(folder),
                hangs=hangs,
            )
            Judge(run, told).judge()
        except BaselineFailed as exc:
            raise click.ClickException(str(exc)) from exc
    click.echo("\n".join(summary(verdicts, only or rooms)))
    click.echo(said)
    sys.exit(0 if rate(verdicts) >= least else 1)


if __name__ == "__main__":
    main()
