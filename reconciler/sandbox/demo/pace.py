"""
How fast the demo goes: which settings are shorter than in real service, and how long a person is given to read.

No rule is ever skipped; only waiting is made shorter, through the settings file like anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """desk: keys of [desks.factory] that differ from the defaults."""

    desk: Mapping[str, Any]
    told: str
    breath: float  # seconds between a scene's opening and its letter
    opening: float  # seconds to read the first screen
    limit: float  # seconds after which a wait has failed


NORMAL = Pace(
    desk={"order_deadline": "3s"},
    told=(
        "Settings as in real service, Planfix's limit of one request a second included; shortened is only"
        " order_deadline (3 s, not 24 h), so that a wrong order number is put before a person at once."
    ),
    breath=1.2,
    opening=4.0,
    limit=60.0,
)

FAST = Pace(
    desk={
        "requests_per_second": 500.0,
        "burst": 500,
        "timeout_seconds": 1,
        "unknown_wait": "2s",
        "order_deadline": "1s",
    },
    told=(
        "Shortened for --fast: requests_per_second 500 (not 1), timeout_seconds 1 (not 30),"
        " unknown_wait 2 s (not 180 s), order_deadline 1 s (not 24 h). No rule is skipped."
    ),
    breath=0.0,
    opening=0.0,
    limit=30.0,
)
