"""
`python -m reconciler.sandbox.host --config FILE`: the daemon, listening to its starter as well as to its signals.

Its exit code is `reconciler run`'s. When the starter is gone (the pipe to its stdin ends), it stops as at a SIGTERM, so that
no daemon is left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import stat
import threading
from functools import partial
from typing import Any

import structlog

from reconciler import log
from reconciler.cli.errors import guarded
from reconciler.cli.frame import Front
from reconciler.sandbox.host.doors import Doors, Refused
from reconciler.sandbox.host.ledger import open_struck
from reconciler.service import daemon

STDIN = 0
CHUNK = 65_536


def listen(doors: Doors) -> None:
    """Until the end of stdin. Read without a buffer: its lock would be in the way when the interpreter ends."""
    pending = b""
    while chunk := os.read(STDIN, CHUNK):
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            obey(doors, line)
    if stat.S_ISFIFO(os.fstat(STDIN).st_mode):
        os.kill(os.getpid(), signal.SIGTERM)


def obey(doors: Doors, line: bytes) -> None:
    events = structlog.get_logger(__name__)
    number: Any = None
    try:
        words = json.loads(line)
        if not isinstance(words, dict):
            raise Refused("a line is one JSON object")
        number = words.get("n")
        done = doors.switch(words)
    except (ValueError, Refused) as exc:
        events.error("host.refused", n=number, why=str(exc))
    else:
        events.info("host.switched", n=number, **done)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox.host", description=__doc__)
    parser.add_argument("--config", metavar="FILE", required=True, help="the settings, as of `reconciler run`")
    config: str = parser.parse_args().config
    log.set_up(json=True)  # the starter reads it
    doors = Doors()

    def run() -> int:
        settings = Front(config=config, json=True).settings()
        threading.Thread(target=listen, args=(doors,), name="starter", daemon=True).start()
        return daemon.run(settings, start_clock=doors.steady_clock, open_ledger=partial(open_struck, doors))

    code: int = guarded(run)
    return code
