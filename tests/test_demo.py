"""The demo: its proof catches what must never happen, and the whole of it runs, ends and leaves nothing behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.sandbox.demo.play import play
from reconciler.sandbox.demo.scenes import DUES, Story
from reconciler.sandbox.demo.screen import PLAIN, OrderRow, Screen
from reconciler.sandbox.planfix import IncomeView, OrderView
from reconciler.sandbox.proof import PRODUCTION, Account, Advanced, Letter, Nature, Proof, prove

PAID = Letter(reference="WFP-1", order="101", amount=Decimal("50.00"))
ROW = IncomeView(key="1", order="101", task="901", amount=Decimal("50.00"), date="2026-11-22", payment_id="WFP-1")
ORDER = OrderView(
    number="101",
    id="101",
    tasks=("901",),
    status=PRODUCTION,
    due=Decimal("50.00"),
    paid=Decimal("50.00"),
    difference=Decimal("0.00"),
    incomes=(ROW,),
    comments=(),
    history=(PRODUCTION,),
    deleted=False,
)
ADVANCED = Advanced(order="101", due=Decimal("50.00"), paid=Decimal("50.00"), at=1.0)


def account(order: OrderView = ORDER, *more: IncomeView, advances: tuple[Advanced, ...] = (ADVANCED,)) -> Account:
    """One order, its rows and how it was advanced."""
    return Account(orders={order.number: order}, incomes=(*order.incomes, *more), advances=advances)


def waiting(*rows: IncomeView) -> OrderView:
    return replace(ORDER, status="Очікує оплати", history=(), incomes=rows)


def violations(found: Account, *letters: Letter, held: tuple[str, ...] = ()) -> tuple[str, ...]:
    return prove(letters or (PAID,), found, held).violations


# ---------------------------------------------------------------- the proof


def test_a_paid_order_in_production_is_proof() -> None:
    """Letters told twice, one income, one advance: nothing to complain of, and the counts say so."""
    assert prove([PAID, PAID], account(), ()) == Proof(
        violations=(), letters=2, payments=1, incomes=1, held=0, refused=0, released=1, unreleased=0
    )


def test_a_doubled_income_is_caught() -> None:
    """Two rows of one payment are told, whichever order they stand on."""
    twice = replace(ROW, key="2")
    order = replace(ORDER, incomes=(ROW, twice))
    assert any(
        words.startswith("doubled: payment WFP-1 stands on Planfix 2 times") for words in violations(account(order))
    )


def test_a_lost_payment_is_caught() -> None:
    """A payment that is neither an income nor visibly held is lost."""
    assert violations(account(waiting(), advances=())) == ("lost: payment WFP-1 of 50.00 for order 101 is nowhere",)


def test_a_held_payment_is_not_lost() -> None:
    """What a person can see waiting is not lost."""
    found = prove([PAID], account(waiting(), advances=()), ["WFP-1"])
    assert (found.violations, found.held, found.incomes) == ((), 1, 0)


def test_an_income_without_a_notice_is_caught() -> None:
    """A row whose payment no letter told of is told, with its key and sum."""
    stranger = replace(ROW, key="7", payment_id="WFP-9", order="102")
    assert violations(account(ORDER, stranger)) == (
        "no such payment: income 7 of 50.00 on order 102: no letter told of it",
    )


def test_a_row_that_a_person_typed_is_not_ours() -> None:
    """Rows known to be typed by people need no letter."""
    typed = replace(ROW, key="7", payment_id=None, order="102")
    assert violations(replace(account(ORDER, typed), typed=["7"])) == ()


@pytest.mark.parametrize("nature", [Nature.DECLINED, Nature.FORGED, Nature.FOREIGN])
def test_an_income_of_a_letter_that_proves_nothing_is_caught(nature: Nature) -> None:
    """A declined, forged or foreign letter is no reason for an income, held or not."""
    found = violations(account(), replace(PAID, nature=nature), held=("WFP-1",))
    assert found == (f"no such payment: income 1 of 50.00 on order 101: its letter was {nature}",)


def test_a_forged_letter_out_of_sight_is_caught() -> None:
    """A letter that claims a payment and is not believed must stay where a person sees it; a declined one need not."""
    empty = account(waiting(), advances=())
    assert violations(empty, replace(PAID, nature=Nature.FORGED)) == (
        "out of sight: the forged letter about WFP-1 is held nowhere",
    )
    assert violations(empty, replace(PAID, nature=Nature.DECLINED)) == ()


def test_a_wrong_sum_and_a_wrong_order_are_caught() -> None:
    """An income is its payment's sum on its payment's order."""
    row = replace(ROW, amount=Decimal("49.00"), order="102")
    found = violations(account(waiting(), row, advances=()))
    assert [words.partition(":")[0] for words in found] == ["wrong sum", "wrong order"]


def test_an_order_advanced_too_early_is_caught() -> None:
    """Money that came after the advance does not excuse it."""
    early = replace(ADVANCED, paid=Decimal("20.00"))
    assert violations(account(advances=(early,))) == (
        "advanced too early: order 101 had 20.00 of 50.00 at that moment",
    )


def test_an_order_advanced_without_its_money_is_caught() -> None:
    """An order in production that is not exactly paid is told, too little or too much."""
    for due in ("60.00", "40.00"):
        order = replace(ORDER, due=Decimal(due))
        assert violations(account(order)) == (f"advanced, though not exactly paid: order 101 owes {due}, has 50.00",)


def test_an_order_not_advanced_is_caught() -> None:
    """An order that is exactly paid and still waits is told."""
    assert violations(account(waiting(ROW), advances=())) == ("not advanced, though exactly paid: order 101 has 50.00",)


def test_an_order_advanced_twice_is_caught() -> None:
    """One release is one status change."""
    order = replace(ORDER, history=(PRODUCTION, PRODUCTION))
    assert violations(account(order)) == ("advanced 2 times: order 101",)


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
