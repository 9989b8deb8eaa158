"""
The whole demo: set the stage, tell the story, stop the daemon, prove that nothing was lost or doubled.

In: fast or not. Out: 0, or 1 when something failed; then the temporary folder is kept and its path told. Ctrl-C and
SIGTERM leave no process and no folder behind.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from pathlib import Path
from time import monotonic, sleep

from reconciler.errors import ReconcilerError
from reconciler.sandbox.demo.pace import FAST, NORMAL, Pace
from reconciler.sandbox.demo.scenes import DUES, Story
from reconciler.sandbox.demo.screen import OrderRow, Screen
from reconciler.sandbox.demo.watch import money
from reconciler.sandbox.leaving import ended_politely
from reconciler.sandbox.proof import PRODUCTION, Proof, prove
from reconciler.sandbox.stage import Stage, StageFailed

STATUSES = {PRODUCTION: "in production", "Очікує оплати": "awaits payment"}
"""The account's statuses in English; another one is shown as it is."""


def play(*, fast: bool) -> int:
    """The demo in this terminal; its exit code."""
    pace = FAST if fast else NORMAL
    screen = Screen()
    folder = Path(tempfile.mkdtemp(prefix="reconciler-demo-"))
    keep = False
    began = monotonic()
    try:
        with ended_politely(), Stage(folder, patience=pace.limit) as stage:
            try:
                keep = not _told(stage, screen, pace)
            except (StageFailed, ReconcilerError) as exc:
                keep = True
                screen.failed(str(exc), _last_words(stage))
            finally:
                # From here on everything ends by itself within seconds; a second Ctrl-C would only leave it half done.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        screen.closing("Stopped. Everything that was started has ended.")
        raise
    finally:
        if not keep:
            shutil.rmtree(folder)
    if keep:
        screen.note(f"Kept for you to look at: {folder} (settings, ledger, the daemon's log)")
        return 1
    screen.closing(
        f"Done in {monotonic() - began:.0f} s. Everything that was started has ended; nothing is left behind."
    )
    return 0


def _told(stage: Stage, screen: Screen, pace: Pace) -> bool:
    """The story and its proof. True: the proof holds."""
    stage.configure(desk=pace.desk)
    for number, due in DUES.items():
        stage.planfix.add_order(number, due)
    screen.opening(
        "reconciler: from a payment letter to an order in production",
        [
            "A mailbox, a Planfix account and a DNS server run here, on this machine only; nothing leaves it."
            " Beside them runs the real daemon, a process of its own that knows them by address alone.",
            pace.told,
        ],
    )
    with screen.waiting("starting the daemon"):
        stage.start_daemon()
    sleep(pace.opening)
    story = Story(stage, screen, pace)
    story.play()
    code = stage.stop_daemon()
    if code != 0:
        raise StageFailed(f"told to stop, the daemon exited {code} instead of 0")
    proof = prove([sent.letter for sent in stage.sent], stage.account(), stage.held())
    screen.orders(_rows(stage, story))
    if proof.violations:
        screen.failed("the proof fails:", proof.violations)
        return False
    screen.proof(_proof_lines(proof))
    return True


def _last_words(stage: Stage) -> list[str]:
    return stage.daemon.last_words() if stage.log.exists() else []


def _rows(stage: Stage, story: Story) -> list[OrderRow]:
    rows = []
    for number, order in stage.planfix.orders.items():
        seconds = story.seconds.get(number)
        rows.append(
            OrderRow(
                number=number,
                due=money(order.due),
                paid=money(order.paid),
                incomes=str(len(order.incomes)),
                status=STATUSES.get(order.status, order.status),
                seconds="" if seconds is None else f"{seconds:.1f}",
                note=story.notes.get(number, ""),
                released=order.status == PRODUCTION,
            )
        )
    return rows


def _proof_lines(proof: Proof) -> list[str]:
    return [
        f"Nothing lost, nothing doubled: {proof.letters} genuine letters told of {proof.payments} payments;"
        f" {proof.incomes} incomes stand on Planfix, one for each"
        + (f", and {proof.held} payments are held for a person." if proof.held else "."),
        f"Nothing believed without proof: {proof.refused} letters about no payment to us booked nothing.",
        f"Zero is zero: {proof.released} orders are exactly paid and went into production, each once and not before;"
        f" {proof.unreleased} are not, and did not.",
        "Counted in the account's own record against the letters that were delivered, not in the daemon's words.",
    ]
