"""
A whole daemon that dies at its N-th commit: `python -m tests.line.killer SETTINGS N before|after`.

It is `reconciler run` without the handling of signals: mailboxes, desks and scheduler as the service joins them, on a ledger
that counts commits from the moment everything is ready.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import structlog

from reconciler import log, sdnotify
from reconciler.config import load
from reconciler.service.daemon import Service, Signals
from tests.line.payer import Death, Side, app_on


def main(settings: str, number: str, side: Side) -> None:
    log.set_up()
    app, ledger = app_on(load(Path(settings)))
    with ledger.exclusive("daemon"):
        service = Service(app, sdnotify.Manager(), Signals())
        service.start()
        while not service.is_ready():
            time.sleep(0.01)
        ledger.arm(Death(at=int(number), side=side))
        structlog.get_logger(__name__).info("service.ready")
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "before" if sys.argv[3] == "before" else "after")
