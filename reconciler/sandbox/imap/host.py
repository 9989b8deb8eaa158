"""
What one connection may ask of the server it belongs to; `SandboxImap` satisfies it as it stands.
"""

from __future__ import annotations

import ssl
from typing import Literal, Protocol

from reconciler.sandbox.imap.faults import Faults
from reconciler.sandbox.imap.store import Account


class Host(Protocol):
    faults: Faults
    capabilities: set[str]
    starttls_capability: set[str]
    tls: Literal["tls", "starttls"] | None
    accounts: dict[str, Account]

    def tls_context(self) -> ssl.SSLContext: ...
    def note(self, session: int, command: str) -> None: ...
    def count_body(self, size: int) -> None: ...
