"""
A flood of strangers' mail in front of a good notice: what it costs is counted, in commands, bodies, CPU and disk.

The program is the real one, in a process of its own that the kernel ends when it uses more CPU than it may.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.mailbox.intake import BATCH
from reconciler.sandbox import letters
from tests.counter import Counter

STRANGERS = 10_000
CPU_SECONDS = 45
"""For a pass; the kernel ends the process after that. About 12 are usual, a thousandth of a second for each stranger."""
DISK_PER_STRANGER = 400
"""Bytes of ledger that a stranger's mail may cost; its body is never stored."""
ROOT = Path(__file__).parents[1]


def poll(counter: Counter) -> subprocess.CompletedProcess[str]:
    """`reconciler poll`, within its CPU time."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))

    return subprocess.run(
        [sys.executable, "-m", "reconciler", "--config", str(counter.config), "poll"],
        capture_output=True, text=True, cwd=ROOT, preexec_fn=limit, timeout=250, check=False,
    )  # fmt: skip


@pytest.mark.timeout(300)
def test_ten_thousand_strangers_before_a_good_notice(counter: Counter) -> None:
    """10 000 strangers' mails cost their headings and 400 bytes of ledger each; the notice behind them is posted in the same pass (S13, C17, C18, O06)."""
    before = ledger_bytes(counter)
    stranger = letters.notice(sender="spam@stranger.example", payer="x" * 2000)

    def flood() -> None:
        folder = counter.imap.folder()
        for number in range(STRANGERS):
            folder.add(stranger + b"%d\r\n" % number, letters.PAID_AT)

    counter.imap.call(flood)
    counter.imap.deliver(counter.letter().read_bytes())
    done = poll(counter)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["settled"]
    assert counter.imap.bodies == 1
    assert counter.imap.count("UID FETCH") == -(-(STRANGERS + 1) // BATCH) + 1
    assert counter.imap.connections_made == 1
    assert {name for _, name in counter.imap.commands} == {
        "CONNECT", "CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT",
    }  # fmt: skip
    assert (ledger_bytes(counter) - before) / STRANGERS < DISK_PER_STRANGER
    assert [mail.flags for mail in counter.imap.mails()] == [set()] * (STRANGERS + 1)
    # The next pass, and every one after it, costs nothing but the look.
    again = poll(counter)
    assert (again.returncode, again.stdout) == (0, "")
    assert counter.imap.bodies == 1
    assert counter.imap.count("UID FETCH") == -(-(STRANGERS + 1) // BATCH) + 1


def ledger_bytes(counter: Counter) -> int:
    return sum(path.stat().st_size for path in counter.folder.glob("reconciler.db*") if path.is_file())
