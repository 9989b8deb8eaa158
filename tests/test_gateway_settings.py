"""What [gateways.NAME] says reaches the reading of a mail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.counter import Counter


@pytest.mark.parametrize(
    ("timezone", "paid_at"),
    [
        ("Europe/Kyiv", datetime(2026, 11, 20, 12, 5, 33, tzinfo=UTC)),
        ("UTC", datetime(2026, 11, 20, 14, 5, 33, tzinfo=UTC)),
    ],
)
def test_a_wall_time_is_the_gateways(counter: Counter, timezone: str, paid_at: datetime) -> None:
    """A letter that prints no zone is read in the one the settings name."""
    counter.config.write_text(counter.config.read_text() + f'[gateways.wayforpay]\ntimezone = "{timezone}"\n')
    counter.run("reprocess", "--new-ledger", str(counter.letter()))
    (entry,) = counter.entries()
    assert entry.paid_at == paid_at
