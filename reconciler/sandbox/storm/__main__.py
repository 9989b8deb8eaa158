"""
`python -m reconciler.sandbox.storm [--payments N] [--kills N] [--seed N]`: exit 0 when nothing was lost or doubled, else 1.

When something is wrong, the folder with ledger, log and settings is kept and named.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from reconciler import log
from reconciler.sandbox.host import HostFailed
from reconciler.sandbox.stage import StageFailed
from reconciler.sandbox.storm import Storm, StormFailed
from reconciler.sandbox.storm.screen import Screen
from reconciler.sandbox.storm.tally import Wanted


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox.storm", description=__doc__)
    parser.add_argument("--payments", type=int, default=500)
    parser.add_argument("--kills", type=int, default=210)
    parser.add_argument("--seed", type=int, default=None, help="a storm of the same payments and blows")
    given = parser.parse_args()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    log.set_up(level="WARNING")
    console = Console(highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="reconciler-storm-"))
    console.print(f"{given.payments} payments, {given.kills} kills, seed {seed}")
    screen = Screen(console)
    wanted = Wanted(kills=given.kills, of_each_kind=given.kills // 10, after_a_look=max(1, given.kills // 50))
    storm = Storm(payments=given.payments, wanted=wanted, seed=seed, tell=screen.progress)
    try:
        result = storm.play(folder)
    except (StormFailed, StageFailed, HostFailed) as exc:
        console.print(f"the storm came to no end: {exc}", markup=False)
        console.print(f"seed {seed}, kept in {folder}", markup=False)
        return 1
    screen.result(result)
    if result.wrong:
        console.print(f"seed {seed}, kept in {folder}", markup=False)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
