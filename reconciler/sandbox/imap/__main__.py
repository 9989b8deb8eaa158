"""
The embedded server by itself, for a look with any mail client: `python -m reconciler.sandbox.imap --port 1143`.

In: a port, a user, a password, mails to start with. Out: a server until Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from reconciler.sandbox.imap.server import SandboxImap


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox.imap", description=__doc__)
    parser.add_argument("--port", type=int, default=1143)
    parser.add_argument("--user", default="pay")
    parser.add_argument("--password", default="secret")
    parser.add_argument("mails", nargs="*", type=Path, help="saved mails to lie in INBOX")
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with SandboxImap({given.user: given.password}, port=given.port) as server:
        for path in given.mails:
            server.deliver(path.read_bytes())
        print(f"imap://{given.user}@{server.host}:{server.port}", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
