"""The demo: the whole of it runs, ends and leaves nothing behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox.demo.play import play
from reconciler.sandbox.demo.scenes import DUES, Story
from reconciler.sandbox.demo.screen import PLAIN, OrderRow, Screen

# ---------------------------------------------------------------- the screen


def test_the_screen_prints_in_a_locale_that_knows_no_sign_of_it() -> None:
    """An ASCII stream gets other marks, plain spaces and at worst question marks, never an error."""
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as out:
        screen = Screen(out)
        assert screen.marks is PLAIN
        screen.opening("title", ["one", "two"])
        screen.scene(1, "a scene", "Очікує оплати " * 20)
        screen.step(0.5, "1\u00a0250.00 UAH", effect=True)
        screen.command("reconciler resolve e1 --order 2")
        screen.result("done")
        row = OrderRow(number="1", due="1", paid="1", incomes="1", status="Готово", seconds="", note="", released=False)
        screen.orders([row])
        screen.proof(["well"])
        screen.failed("not well", ["because"])
        screen.closing("the end")
        out.flush()
        text = raw.getvalue().decode("ascii")
    assert "0.50 s * 1 250.00 UAH" in text
    assert max(len(line) for line in text.splitlines()) <= 88


# ---------------------------------------------------------------- the whole


def environment(folder: Path) -> dict[str, str]:
    """As on a machine without a terminal, in the C locale, with its temporary files where they can be counted."""
    return {**os.environ, "LC_ALL": "C", "TMPDIR": str(folder), "TERM": "dumb"}


def processes_in(folder: Path) -> list[str]:
    """Command lines of running processes that name the folder: a daemon of the demo names its settings in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with _perhaps_gone():
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                if str(folder) in line:
                    found.append(line)
    return found


@contextmanager
def _perhaps_gone() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, ProcessLookupError):
        return


def left_behind(folder: Path) -> list[object]:
    return [*processes_in(folder), *folder.iterdir()]


def test_the_fast_demo_tells_its_story_and_proves_it(tmp_path: Path) -> None:
    """
    The whole demo as a process: exit 0, every order in the table, the proof, no process and no folder left.

    In it the line is cut after a create and the daemon is killed in one (T03): one income and one advance each.
    """
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "demo", "--fast"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        check=False,
    )
    told = done.stdout.decode("utf-8")
    assert (done.returncode, done.stderr.decode("utf-8")) == (0, ""), told
    story, table = told.split("Every order at the end")
    rows = {line.split()[0]: line for line in table.splitlines() if line.split()[:1] and line.split()[0].isdigit()}
    assert set(rows) == set(DUES)
    advanced = {number for number, line in rows.items() if "in production" in line}
    assert advanced == {"10417", "10532", "10768", "11146", "11259"}
    assert all("awaits payment" in line for number, line in rows.items() if number not in advanced)
    for promised in (
        "0 requests to Planfix",
        "shown as overpaid",
        "reconciler resolve e",
        "read as declined",
        "held as untrusted",
        "held as wrong_merchant",
        "Planfix is down and does not say",
        "killed (SIGKILL)",
    ):
        assert promised in story
    assert story.count("found instead of sent again: one income, one advance") == 2
    assert (
        "Nothing lost, nothing doubled: 9 genuine letters told of 7 payments; 7 incomes stand on Planfix"
        in " ".join(table.split())
    )
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_demo_that_is_stopped_takes_everything_with_it(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Ctrl-C ends the demo with 130, SIGTERM with 143; the daemon, the servers and the folder are gone with it."""
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", "demo", "--fast"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if b"A customer pays in full" in line:
                break
        assert len(processes_in(tmp_path)) == 1
        demo.send_signal(number)
        assert demo.wait(30) == code
    assert left_behind(tmp_path) == []


def test_a_proof_that_fails_fails_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An income that no letter told of: exit 1, what failed is told, and the folder is kept and named."""

    def cheat(story: Story) -> None:
        story.stage.planfix.add_income("10417", DUES["10417"], "WFP-of-nobody")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Story, "play", cheat)
    assert play(fast=True) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "no such payment: income 155 of 4800.00 on order 10417: no letter told of it" in told
    assert "not advanced, though exactly paid: order 10417" in told
    (kept,) = tmp_path.iterdir()
    assert str(kept) in told
    assert {"reconciler.toml", "reconciler.db", "daemon.log"} <= {path.name for path in kept.iterdir()}
    assert processes_in(tmp_path) == []
