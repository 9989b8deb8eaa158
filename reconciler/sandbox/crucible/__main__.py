"""
`python -m reconciler.sandbox.crucible --payments N [--seed S]`: one crucible; 0, or 1 when something that must never happen did.

On failure its folder is kept (settings, ledger, the daemon's log, the plan), and the seed that repeats the plan is told.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from pprint import pformat
from random import SystemRandom
from time import monotonic

from reconciler.errors import ReconcilerError
from reconciler.sandbox.book import Book, open_reasons
from reconciler.sandbox.crucible import tell
from reconciler.sandbox.crucible.plan import Plan, plan
from reconciler.sandbox.crucible.play import QUICK, Play
from reconciler.sandbox.host import HostFailed
from reconciler.sandbox.stage import Stage, StageFailed

MOST_TOLD = 40
QUICK_DISK = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of our own there
"""Where there is one: a killed process leaves the same file there as on a slow disk, and power cuts are not played here."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox.crucible", description=__doc__)
    parser.add_argument("--payments", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="a plan that was played before")
    asked = parser.parse_args()
    if asked.payments < 1:
        parser.error("--payments: at least one")
    seed = SystemRandom().randrange(1_000_000) if asked.seed is None else asked.seed
    planned = plan(seed, asked.payments)
    folder = Path(
        tempfile.mkdtemp(prefix=f"reconciler-crucible-{seed}-", dir=QUICK_DISK if QUICK_DISK.is_dir() else None)
    )
    folder.joinpath("plan.txt").write_text(pformat(planned, width=160), "utf-8")
    show(tell.opening(planned))
    try:
        wrong = crucible(planned, folder)
    except (StageFailed, HostFailed, ReconcilerError) as exc:
        wrong = [f"it came to no end: {exc}"]
    if not wrong:
        shutil.rmtree(folder)
        print("Nothing lost, nothing doubled, nothing too early, nothing stuck.")
        return 0
    print(f"\n{len(wrong)} violations:")
    show(f"  {words}" for words in wrong[:MOST_TOLD])
    print(f"Kept: {folder}\nThe same plan again: --payments {planned.payments} --seed {planned.seed}")
    return 1


def crucible(planned: Plan, folder: Path) -> list[str]:
    """Play it and print what came of it. Returns what must never happen and did."""
    progress = tell.Progress(planned)
    began = monotonic()
    with Stage(folder) as stage:
        stage.configure(desk=QUICK)
        play = progress.play = Play(planned, stage, progress)
        play.run()
        before = play.proof()
        print("\nHealed and at rest; held or waiting, by reason:", open_reasons(Book.of(stage.ledger)))
        answered = play.answer_holds()
        after = play.proof()
        play.stop()
        print("People looked:", answered, "; left:", open_reasons(Book.of(stage.ledger)))
        show(tell.strikes(planned, play.struck))
        show(tell.verdict(after, monotonic() - began, stage.planfix.count(), play.lives))
        return [
            *(f"before people looked: {words}" for words in before.violations),
            *(f"after people looked: {words}" for words in after.violations),
            *play.unexpected,
            *play.bugs(),
            *tell.never_struck(planned, play.struck),
        ]


def show(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


if __name__ == "__main__":
    sys.exit(main())
