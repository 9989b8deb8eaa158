"""
Every trouble by one name, usable from a test, from `reconciler lab` and from the crucible.

    lit = switches.on(stage, "planfix.timeout_after", times=3)
    …
    assert lit.struck() == 3
    switches.all_off(stage)

    registry.py   names, help, parameters; on and off
    imap.py       the mailbox server and its line
    planfix.py    the account: unanswered, refused, late, stale
    dns.py        the keys that signatures need
    clock.py      the daemon's clock
    disk.py       the disk under its ledger
    process.py    the daemon itself
"""

import importlib

from reconciler.sandbox.lit import Lit
from reconciler.sandbox.switches.registry import (
    FOREVER,
    Switch,
    SwitchError,
    all_off,
    find,
    known,
    off,
    on,
)

__all__ = ["FOREVER", "Lit", "Switch", "SwitchError", "all_off", "find", "known", "off", "on"]

for _room in ("imap", "planfix", "dns", "clock", "disk", "process"):
    importlib.import_module(f"{__name__}.{_room}")  # for what it registers
