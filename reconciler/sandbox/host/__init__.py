"""
The daemon that can be struck: `python -m reconciler.sandbox.host --config FILE` is `reconciler run` with three doors.

Whoever started it opens them with JSON lines on its stdin, numbered by `n`; each is acknowledged by the event `host.switched`
with that number, or refused by `host.refused`. The process is otherwise the very daemon: same signals, same exit codes.

    {"n": 1, "clock": 7200}                       the clock of the whole process is so many seconds ahead (below 0: behind)
    {"n": 2, "pass": 180}                         so many seconds go by at once, on every clock: nothing jumps
    {"n": 3, "disk": "full" | "read-only" | "ok"} what the disk under the ledger answers from the next write on
    {"n": 4, "die": {"at": POINT, "side": "before" | "after", "skip": 2, "kind": "income", "by": "kill"}}
                                                  SIGKILL right before or right after the commit that writes POINT down;
                                                  by "fill", the disk is full from there on; by "term", a SIGTERM
    {"n": 5, "die": null}                         live

    doors.py     what is switched, and the reading of a line
    ledger.py    the ledger whose disk fills and whose process dies at a commit
    control.py   the starter's side: `HostControl`
    process.py   the process

The moment around a request is the other side's to see: strike there with `SandboxPlanfix.on_request` and a kill.
"""

from reconciler.sandbox.host.control import HostControl, HostFailed
from reconciler.sandbox.host.doors import STEP_STATES, Blow, Death, Disk, Side

PROGRAM = ("-m", "reconciler.sandbox.host")
"""What follows `python`; then `--config FILE`."""

__all__ = ["PROGRAM", "STEP_STATES", "Blow", "Death", "Disk", "HostControl", "HostFailed", "Side"]
