"""
`python -m reconciler.sandbox.soak [--mails N] [--reconnects N] [--seed N]`: exit 0 when nothing grew, was lost or doubled, else 1.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from reconciler import log
from reconciler.sandbox.soak import Limits, Sample, Soak, SoakFailed, verdict
from reconciler.sandbox.stage import StageFailed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox.soak", description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--reconnects", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1, help="a soak of the same mails")
    given = parser.parse_args()
    log.set_up(level="WARNING")
    console, limits = Console(highlight=False), Limits()
    folder = Path(tempfile.mkdtemp(prefix="reconciler-soak-"))
    console.print(f"{given.mails} mails, {given.reconnects} reconnects, seed {given.seed}")

    def tell(sample: Sample) -> None:
        console.print(
            f"{sample.mails:>6} mails  {sample.reconnects:>4} reconnects  {sample.seconds:6.0f} s  "
            f"{sample.rss / 1024:6.1f} MiB  {sample.threads} threads  {sample.files} files"
        )

    try:
        soak = Soak(mails=given.mails, reconnects=given.reconnects, seed=given.seed, tell=tell)
        soak.play(folder)
    except (SoakFailed, StageFailed, TimeoutError) as exc:
        console.print(f"the soak failed: {exc}\nkept in {folder}", markup=False)
        return 1
    problems = verdict(soak.samples, limits)
    console.print(_table(soak))
    console.print(
        f"limits after warm-up: {limits.rss / 1024:g} MiB and {limits.rss_per_mail:g} KiB a mail, "
        f"{limits.threads} threads, {limits.files} files"
    )
    for problem in problems:
        console.print(problem, markup=False)
    if problems:
        console.print(f"kept in {folder}", markup=False)
        return 1
    console.print("nothing grew, and every payment was paid once")
    shutil.rmtree(folder)
    return 0


def _table(soak: Soak) -> Table:
    table = Table(title="what the daemon held on to", caption=str(dict(soak.delivered)))
    for column in ("mails", "reconnects", "seconds", "RSS MiB", "threads", "files"):
        table.add_column(column, justify="right")
    for one in soak.samples[:: max(1, len(soak.samples) // 10)] + soak.samples[-1:]:
        table.add_row(
            str(one.mails),
            str(one.reconnects),
            f"{one.seconds:.0f}",
            f"{one.rss / 1024:.1f}",
            str(one.threads),
            str(one.files),
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
