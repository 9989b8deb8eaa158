"""
An embedded IMAP4rev1 server with switches for what goes wrong at real ones.

In: `with SandboxImap({"pay": "secret"}) as server: server.deliver(raw)`. Out: `server.port`, a mailbox that any
client can read, and in `server.commands` what it was asked. Alone: `python -m reconciler.sandbox.imap --port 1143`.

Not for real mail: nothing is kept on disk, and passwords lie in memory as they are.
"""

from reconciler.sandbox.imap.faults import Fault, FaultKind, Faults
from reconciler.sandbox.imap.server import CAPABILITIES, SandboxImap

__all__ = ["CAPABILITIES", "Fault", "FaultKind", "Faults", "SandboxImap"]
