"""
Letters that lie about who wrote them: what fixtures/_attacks is made of, by `python -m tests.attacks`.

Every one tells of a payment of 1250.00 for an order of its own. `alone` is what becomes of it where the settings' `trust` is the
default; `signed` what becomes of the same bytes under a signature of the gateway's domain that holds. An attack whose only
fault is its proof "posts" then; what else is wrong with the others says `why`. People and payments are made up, the layout is
reconstructed, and the keys are the sandbox's and worth nothing.
"""

from __future__ import annotations

from zlib import crc32

from reconciler.sandbox import letters
from tests.attacks.arc import ARC
from tests.attacks.case import Attack
from tests.attacks.forwards import FORWARDS
from tests.attacks.results import RESULTS
from tests.attacks.senders import SENDERS
from tests.attacks.signatures import SIGNATURES
from tests.attacks.structures import STRUCTURES

ATTACKS: tuple[Attack, ...] = (*SENDERS, *SIGNATURES, *RESULTS, *STRUCTURES, *FORWARDS, *ARC)


def order_of(name: str) -> str:
    """The order an attack names."""
    return str(20_000 + crc32(name.encode()) % 70_000)


def reference_of(name: str) -> str:
    return f"WFP-SOC-1234567-{crc32(name.encode()):08x}0a1b2"


def bytes_of(attack: Attack) -> bytes:
    """The mail as it lies in the mailbox."""
    facts = {"order": order_of(attack.name), "reference": reference_of(attack.name), **attack.facts}
    return attack.make(letters.notice(**facts))
