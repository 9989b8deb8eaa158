"""
What a process holds on to: memory, threads, open files. In: a pid (Linux, /proc). Out: samples, and whether they grew too much.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """After so many mails and reconnects. rss: KiB of resident memory."""

    mails: int
    reconnects: int
    seconds: float
    rss: int
    threads: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How much more the last quarter may hold than the second one; the first is warm-up.

    rss_per_mail: a mail that lies in the mailbox is a number in the set of known ones; that is honest growth.
    threads: the scheduler's pool grows to what a busy moment needs, ten at most.
    files: a journal of the ledger, a connection being made; they come and go.
    """

    rss: int = 8 * 1024
    rss_per_mail: float = 0.5
    threads: int = 4
    files: int = 4


def look(pid: int, *, mails: int, reconnects: int, seconds: float) -> Sample:
    """Raises FileNotFoundError when the process is gone, or there is no /proc."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return Sample(
        mails=mails,
        reconnects=reconnects,
        seconds=seconds,
        rss=_number(status, "VmRSS"),
        threads=_number(status, "Threads"),
        files=len(os.listdir(f"/proc/{pid}/fd")),
    )


def _number(status: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    if found is None:
        raise ValueError(f"/proc tells no {name}")
    return int(found[1])


def verdict(samples: Sequence[Sample], limits: Limits) -> list[str]:
    """What grew too much, in words; empty: nothing did. Raises ValueError: too few samples to tell."""
    quarter = len(samples) // 4
    if quarter < 2:
        raise ValueError(f"{len(samples)} samples tell nothing; 8 are the least")
    before, after = samples[quarter : 2 * quarter], samples[-quarter:]
    mails = after[-1].mails - before[0].mails
    allowed = {
        "rss": limits.rss + limits.rss_per_mail * mails,
        "threads": limits.threads,
        "files": limits.files,
    }
    problems = []
    for name, most in allowed.items():
        # Medians: a sample may meet a moment between two states, a leak is there in all of them.
        was, now = (median(getattr(sample, name) for sample in part) for part in (before, after))
        if now - was > most:
            problems.append(f"{name} grew from {was:g} to {now:g}, by more than {most:g}")
    return problems
