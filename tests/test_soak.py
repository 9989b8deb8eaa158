"""The soak in small: a real daemon under waves of mail and lost connections; and that its judge notices what grows."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.sandbox.soak import Limits, Sample, Soak, look, verdict

MAILS, RECONNECTS = 200, 24


@pytest.mark.timeout(300)
@pytest.mark.long
def test_waves_of_mail_and_lost_connections(in_memory: Path) -> None:
    """200 mails of every kind and 24 lost connections: each payment once, each body once, and nothing grows (R06, C09, C17, C20)."""
    told: list[Sample] = []
    soak = Soak(mails=MAILS, reconnects=RECONNECTS, seed=1, tell=told.append)
    soak.play(in_memory)
    assert set(soak.delivered) == {"foreign", "payment", "repeat", "forged", "declined"}
    assert soak.delivered.total() == MAILS
    assert [sample.reconnects for sample in told] == list(range(1, RECONNECTS + 1))
    assert verdict(soak.samples, Limits()) == []


SAMPLES = [
    Sample(mails=number * 100, reconnects=number, seconds=float(number), rss=90_000, threads=7, files=14)
    for number in range(1, 41)
]


@pytest.mark.parametrize(
    ("name", "each", "told"), [("rss", 900, "rss grew"), ("threads", 1, "threads grew"), ("files", 1, "files grew")]
)
def test_a_leak_is_noticed(name: str, each: int, told: str) -> None:
    """What grows with every wave is told by its name; a single high sample and warm-up are not (R06)."""
    leaking = [replace(one, **{name: getattr(one, name) + each * at}) for at, one in enumerate(SAMPLES)]
    [problem] = verdict(leaking, Limits())
    assert problem.startswith(told)
    warming = [replace(one, **{name: getattr(one, name) - max(0, 10 - at) * each}) for at, one in enumerate(SAMPLES)]
    spike = [
        replace(one, **{name: getattr(one, name) + 50 * each}) if at == 35 else one for at, one in enumerate(SAMPLES)
    ]
    assert verdict(warming, Limits()) == []
    assert verdict(spike, Limits()) == []


def test_too_little_to_tell() -> None:
    """A verdict needs samples: with too few there is none, and a soak that would take too few does not begin."""
    with pytest.raises(ValueError, match="8 are the least"):
        verdict(SAMPLES[:7], Limits())
    with pytest.raises(ValueError, match="reconnects"):
        Soak(mails=10, reconnects=10, seed=1, tell=lambda sample: None)


def test_what_is_looked_at_is_the_process() -> None:
    """Memory, threads and open files are the process's own: one more file is one more."""
    before = look(os.getpid(), mails=0, reconnects=0, seconds=0.0)
    with Path("/dev/null").open("rb"):
        after = look(os.getpid(), mails=0, reconnects=0, seconds=0.0)
    assert after.files == before.files + 1
    assert before.rss > 10_000
    assert before.threads >= 1
