"""The lab: scenarios are read or refused in words, any settings find their names, nothing real is touched, the verdict can fail."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from reconciler.config import load as load_settings
from reconciler.desks.planfix import PlanfixDesk
from reconciler.http import Http
from reconciler.ledger import Ledger
from reconciler.sandbox.lab.account import account_for
from reconciler.sandbox.lab.letters import LabError, post_for
from reconciler.sandbox.lab.play import prepared, rehearse
from reconciler.sandbox.lab.rehearsal import Rehearsal
from reconciler.sandbox.lab.scenario import Scenario, ScenarioError, load, shipped
from reconciler.sandbox.lab.tell import ForMachines, ForPeople
from reconciler.sandbox.lab.verdict import INVARIANTS, Row
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.tables import sandboxed
from reconciler.sandbox.toml import dumps
from tests.planfix import FreeThrottle

THEIRS = """
[ledger]
url = "sqlite:///{folder}/real.db"
[mailboxes.bank]
host = "imap.real.example"
username = "owner@real.example"
password = {{ credential = "imap-password" }}
folder = "Оплати"
after = "move:Готово"
authserv_id = "mx.real.example"
[gateways.wayforpay]
senders = ["billing@pay.example"]
domains = ["pay.example"]
[merchants.atelier]
gateway = "wayforpay"
names = ["atelier.example", "atelier_example"]
desk = "workshop"
order_field = ["Код замовлення"]
secret = {{ credential = "no-such" }}
[desks.workshop]
url = "https://real.planfix.ua/rest/"
token = {{ credential = "planfix-token" }}
order_number = "Код"
order_template = "Робота"
payment_template = "Платіж"
due = "Ціна"
paid = "Сплачено"
difference = "Борг"
income = "Надходження"
income_sum = "Гроші"
income_date = "День"
income_payment_id = "Номер платежу"
difference_sign = "paid-due"
advance_from = ["Нова", "Чекає"]
production_status = "Шиється"
after_production = ["Готово", "Видано"]
mode = "live"
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Somebody's settings: other names for everything, credentials that are not here, a server that is not ours."""
    path = tmp_path / "theirs.toml"
    path.write_text(THEIRS.format(folder=tmp_path), encoding="utf-8")
    return path


# ---------------------------------------------------------------- scenarios


def scenario(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load(str(path))


def test_scenarios_that_come_with_it_can_be_read() -> None:
    """Five at least, each with a title, a story and something it expects."""
    found = shipped()
    assert {"planfix_down", "mail_twice", "killed", "disk_full", "lost_answers"} <= {item.name for item in found}
    assert all(item.story and item.steps and item.expect for item in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = 'x'\nstories = 'y'", 'stories: unknown key; did you mean "story"?'),
        ("story = 'x'", "title: a scenario has a title"),
        ("title = 'x'\n[[step]]\non = 'planfix.drop_afer'", "did you mean planfix.drop_after?"),
        ("title = 'x'\n[[step]]\non = 'imap.eof'\nwith = {time = 1}", "did you mean times?"),
        ("title = 'x'\n[[step]]\nsay = 'x'\npay = {}", "step 1: does one of"),
        ("title = 'x'\n[[step]]\nafter = 'settled 1'", "not nothing"),
        (
            "title = 'x'\n[[step]]\npay = {order = '1', amount = 12.5}",
            'step 1.pay.amount: a sum as a text, like "1250.00"',
        ),
        ("title = 'x'\n[[step]]\npay = {order = '1', amount = '1', kind = 'genuin'}", 'did you mean "genuine"?'),
        ("title = 'x'\n[[step]]\nafter = 'setled 1'\nsay = 'x'", 'did you mean "settled"?'),
        ("title = 'x'\n[[step]]\nafter = 'settled many'\nsay = 'x'", "a word and how many"),
        ("title = 'x'\n[[step]]\nafter = 'struck imap.eoff 1'\nsay = 'x'", "did you mean imap.eof?"),
        ("title = 'x'\n[[step]]\nsay = 'x'\nwith = {a = 1}", "belongs to `on`"),
        ("title = 'x'\n[[step]]\nagain = 'twice'", "'twice' is not a known word"),
        ("title = 'x'\n[[order]]\nnumber = 1\ndue = '5'", "order 1.number"),
        ("title = 'x'\n[settings.desks]\nmode = 'live'", 'did you mean "desk"?'),
        ("title = 'x'\n[expect]\nsettled = '1'", "expect.settled: a count"),
        ("title = 'x'\n[expect.letters]\nuntrustet = 1", 'did you mean "untrusted"?'),
        ("title = 'x'\norder = 1", "should be tables [[order]]"),
        ("title = ", "is not TOML"),
    ],
)
def test_a_scenario_that_cannot_be_played_is_told(tmp_path: Path, text: str, words: str) -> None:
    """What is wrong, where, and the nearest word that is right."""
    with pytest.raises(ScenarioError) as told:
        scenario(tmp_path, text)
    assert words in str(told.value)


def test_all_problems_of_a_scenario_at_once(tmp_path: Path) -> None:
    """Nobody mends a file one line at a time; a name that is not there tells the nearest."""
    with pytest.raises(ScenarioError) as told:
        scenario(tmp_path, "x = 1\n[[step]]\non = 'imap.oef'\n[[step]]\nagain = 'no'")
    assert len(told.value.problems) == 4
    with pytest.raises(ScenarioError, match='did you mean "killed"'):
        load("kiled")


# ---------------------------------------------------------------- any settings


def test_an_account_has_the_settings_own_names(theirs: Path, sqlite_ledger: Ledger) -> None:
    """The desk finds every name of theirs in the account that was built for them, whatever the sample calls it."""
    tables, worlds, words = prepared(theirs, Scenario(name="x", title="x", desk={"unknown_wait": "40s"}), "")
    assert words[0] == "Changed for this, of every desk: unknown_wait = '40s'"
    with SandboxPlanfix(world=worlds["workshop"]) as planfix, Http() as http:
        whole = sandboxed(
            tables,
            mailboxes={"bank": {"host": "127.0.0.1", "password": "x"}},
            desks={"workshop": {"url": planfix.url, "token": planfix.token}},
            nameserver="127.0.0.1:53",
        )
        file = theirs.with_name("whole.toml")
        file.write_text(dumps(whole), encoding="utf-8")
        planfix.add_order("К-17", "50.00", "Чекає", incomes=[("20.00", "WFP-1")])
        assert planfix.order("К-17").difference == -30
        desk = PlanfixDesk.on(load_settings(file).desks["workshop"], http, FreeThrottle(), sqlite_ledger)
        (order,) = desk.orders(["К-17"])["К-17"]
        assert order.task is not None
        assert order.task.totals is not None
        assert {row.payment_id for row in desk.incomes(["WFP-1"])["WFP-1"]} == {"WFP-1"}


def test_what_is_given_by_id_is_given_the_sandboxs_id() -> None:
    """An id of theirs means nothing here: the table is told ours, and it is said."""
    world, changed = account_for(
        {"due": 9001, "advance_from": [77, "Чекає"], "production_status": "88", "mode": "live"}
    )
    assert changed == {"due": "301", "advance_from": ["185", "Чекає"], "production_status": "187"}
    assert world.statuses[301].name == "Чекає"


def test_letters_are_as_the_settings_want_them(theirs: Path) -> None:
    """Shop, sender, label, and the receiving server's word are theirs; a forged letter has no such word."""
    post = post_for(tomllib.loads(theirs.read_text("utf-8")))
    assert (post.mailbox, post.desk, post.shop) == ("bank", "workshop", "atelier.example (atelier_example)")
    assert (post.sender, post.order_label, post.authserv_id) == (
        "billing@pay.example",
        "Код замовлення",
        "mx.real.example",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"merchants": {"a": {"gateway": "liqpay", "names": ["a"], "desk": "d"}}}, "no merchant of the settings"),
        ({"desks": {"d": {"currency": "EUR"}}}, "the desk d is in EUR"),
    ],
)
def test_settings_that_cannot_be_rehearsed(change: Mapping[str, Any], words: str) -> None:
    """Another gateway's letters or another currency are refused in words, never rehearsed wrongly."""
    merchants = {"a": {"gateway": "wayforpay", "names": ["a"], "desk": "d"}}
    tables = {"mailboxes": {"m": {}}, "merchants": merchants, "desks": {"d": {}}, **change}
    with pytest.raises(LabError, match=words):
        post_for(tables)


def test_a_cut_off_of_today_is_moved(tmp_path: Path) -> None:
    """A mailbox that begins only now would skip the letters; that it was changed is said."""
    path = tmp_path / "s.toml"
    soon = datetime.now(UTC).replace(microsecond=0)
    path.write_text(
        dumps(
            {
                "mailboxes": {"m": {"since": soon}},
                "merchants": {"a": {}},
                "desks": {"d": {"advance_from": ["x"], "mode": "observe"}},
            }
        ),
        encoding="utf-8",
    )
    tables, _, words = prepared(path, Scenario(name="x", title="x"), "")
    assert tables["mailboxes"]["m"]["since"] < soon
    assert any(line.startswith("Changed: mailboxes.m.since") for line in words)
    assert any("mode is 'observe'" in line for line in words)
    path.write_text("")
    with pytest.raises(LabError, match=r"no \[mailboxes.NAME\]"):
        prepared(path, Scenario(name="x", title="x"), "")


# ---------------------------------------------------------------- whole rehearsals


class Lab:
    """`reconciler lab` as a process, its temporary files where they can be counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def start(self, *args: str, config: Path | None = None, **more: Any) -> subprocess.Popen[str]:
        head = ["--config", str(config)] if config else []
        tail = [] if config else ["--sample"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", *head, "lab", *args, *tail],
            env={**environ, "TMPDIR": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **more,
        )

    def run(self, *args: str, config: Path | None = None, typed: str = "") -> tuple[int, list[dict[str, Any]]]:
        with self.start(*args, config=config, stdin=subprocess.PIPE) as lab:
            out, err = lab.communicate(typed, timeout=150)
        assert err == "", err
        return lab.returncode, [json.loads(line) for line in out.splitlines()]

    def processes(self) -> list[Path]:
        """Those that still work in its folder."""
        return [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(self.folder) in _line_of(path)]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    found = Lab(tmp_path / "tmp")
    yield found
    end = monotonic() + 20.0
    while (left := found.processes()) and monotonic() < end:
        sleep(0.02)  # one that was told to end is ending
    assert left == []


def _line_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def verdicts(lines: list[dict[str, Any]]) -> dict[str, bool]:
    return {line["invariant"]: line["holds"] for line in lines if line["what"] == "verdict"}


@pytest.mark.long
@pytest.mark.parametrize("name", [item.name for item in shipped()])
def test_a_scenario_ends_well(lab: Lab, name: str) -> None:
    """
    Each that comes with it: every trouble strikes, every invariant holds, it went as expected, nothing is left behind (D01, R05, T03).
    """
    code, lines = lab.run(name)
    found = verdicts(lines)
    assert (code, [words for words, holds in found.items() if not holds]) == (0, [])
    assert {*INVARIANTS, "it went as the scenario expects"} == set(found)
    assert all(line["struck"] > 0 for line in lines if line["what"] == "off")
    assert list(lab.folder.iterdir()) == []


def test_somebodys_own_settings_are_rehearsed_and_nothing_of_his_is_touched(
    lab: Lab, theirs: Path, tmp_path: Path
) -> None:
    """
    With other names for everything, a moved mailbox folder and a witness secret that is not here: an order is paid in two parts
    over a cut line and goes to his own production status. His file is as it was, and his ledger was not made.
    """
    before = theirs.read_bytes()
    mine = tmp_path / "mine.toml"
    mine.write_text(
        """
        title = "Mine"
        [settings.desk]
        requests_per_second = 500.0
        burst = 500
        timeout_seconds = 1
        unknown_wait = "3s"
        [[order]]
        number = "К-17"
        due = "90.00"
        [[step]]
        on = "planfix.drop_after"
        [[step]]
        pay = { order = "К-17", amount = "40.00" }
        [[step]]
        pay = { order = "К-17", amount = "50.00", kind = "forged" }
        [[step]]
        after = "partial 1"
        pay = { order = "К-17", amount = "50.00" }
        [[step]]
        after = "settled 2"
        say = "done"
        [expect]
        settled = 2
        letters = { untrusted = 1 }
        """,
        encoding="utf-8",
    )
    code, lines = lab.run(str(mine), config=theirs)
    assert (code, all(verdicts(lines).values())) == (0, True), lines
    assert "unknown_wait" in " ".join(lines[0]["says"])
    assert theirs.read_bytes() == before
    assert not (tmp_path / "real.db").exists()


@pytest.mark.parametrize(("mode", "incomes"), [("observe", "0 incomes"), ("post", "1 incomes")])
def test_a_desk_that_is_not_live_is_rehearsed_as_it_is(lab: Lab, mode: str, incomes: str) -> None:
    """observe books nothing, post moves nothing, and that is no fault."""
    code, lines = lab.run("mail_twice", "--mode", mode)
    assert (code, all(verdicts(lines).values())) == (0, True), lines
    told = [line["seen"] for line in lines if line["what"] == "verdict"]
    assert incomes in told
    assert "0 orders in production, 2 not" in told


def test_by_hand(lab: Lab) -> None:
    """Lines from a pipe: orders, letters, troubles, waits, the state; what is no command is told; the end is a verdict."""
    typed = """
        help
        order 12345 1250.00
        on planfix.drop_after times=1
        switches idle
        pay 12345 1250.00 genuine
        wait struck planfix.drop_after 1
        again
        status
        off planfix.drop_after
        heal
        due 99 5
        typed 12345 1.00
        on planfix.drop_afer
        on imap.eof now
        pay
        pay 12345 lots
        wait tomorrow
        dance
        "open
        kill # nothing
        quit
    """
    code, lines = lab.run("--keyboard", typed=typed)
    told: dict[str, list[Any]] = {}
    for line in lines:
        told.setdefault(line["what"], []).append(line.get("says"))
    refused = told["refused"]
    assert len(refused) == 9
    for words in (
        "no order 99",
        "did you mean planfix.drop_after?",
        "on NAME",
        "pay ORDER AMOUNT",
        "not a known word",
        "'dance'",
    ):
        assert any(words in line for line in refused), (words, refused)
    assert len(told["letter"]) == 2
    assert any(line.startswith("order 12345: ") for line in told["status"])
    assert any("imap.idle_silent" in line for line in told["switches"])
    assert (code, all(verdicts(lines).values())) == (0, True), lines


def test_ctrl_c_heals_and_judges(lab: Lab) -> None:
    """SIGINT in the middle: everything heals, the verdict is given, exit 0, and nothing is left behind."""
    with lab.start("--keyboard", stdin=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write("on planfix.error_before times=0\norder 1 5.00\npay 1 5.00\nwait recorded 1\nhelp\n")
        running.stdin.flush()
        seen = []
        for line in running.stdout:
            seen.append(json.loads(line))
            if seen[-1]["what"] == "help":
                break
        running.send_signal(signal.SIGINT)
        seen += [json.loads(line) for line in running.stdout]
        code = running.wait(60)
    assert (code, all(verdicts(seen).values()), len(verdicts(seen))) == (0, True, len(INVARIANTS)), seen
    assert "interrupted" in [line["what"] for line in seen]
    assert list(lab.folder.iterdir()) == []


def test_a_rehearsal_that_is_told_to_end_takes_everything_with_it(lab: Lab) -> None:
    """SIGTERM: 143, no verdict, no process, no folder."""
    with lab.start("--keyboard", stdin=subprocess.PIPE) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if json.loads(line)["what"] == "start":
                break
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 143
    assert list(lab.folder.iterdir()) == []


def test_the_readmes_own_scenario_is_one(tmp_path: Path) -> None:
    """What the README shows can be played as it stands."""
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    block = text.split("## Rehearse an outage")[1].split("```toml\n")[1].split("```")[0]
    found = scenario(tmp_path, block)
    out = io.StringIO()
    assert rehearse(None, found, ForMachines(out), keyboard=False) == 0, out.getvalue()


def test_a_verdict_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An income that no letter told of, and an expectation that was not met: exit 1, both are told, the folder is kept."""
    played = Rehearsal.play

    def cheat(self: Rehearsal, found: Scenario) -> None:
        played(self, found)
        self.stage.planfix.add_income("7", "5.00", "WFP-of-nobody")

    monkeypatch.setattr(Rehearsal, "play", cheat)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    out = io.StringIO()
    found = scenario(tmp_path, "title = 'x'\n[[order]]\nnumber = '7'\ndue = '9.00'\n[expect]\nsettled = 1")
    assert rehearse(None, found, ForMachines(out), keyboard=False) == 1
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    wrong = " ".join(words for line in lines if line["what"] == "verdict" for words in line["wrong"])
    assert "no such payment" in wrong
    assert "payments settled: 1 expected, 0 found" in wrong
    (kept,) = tmp_path.glob("reconciler-lab-*")
    assert str(kept) in lines[-1]["says"]


def test_settings_that_are_wrong_are_told_as_always(lab: Lab, theirs: Path) -> None:
    """A mode that there is not: exit 2 and the usual line, before anything begins."""
    theirs.write_text(theirs.read_text("utf-8").replace('mode = "live"', 'mode = "lively"'), encoding="utf-8")
    with lab.start("killed", config=theirs, stdin=subprocess.DEVNULL) as running:
        _, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert 'desks.workshop.mode = "lively"' in err


def test_what_people_see() -> None:
    """On a terminal the same is told in lines, and the verdict in marks and sentences."""
    out = io.StringIO()
    teller = ForPeople(out)
    teller.opening("Title", ["one"])
    teller.happened("on", "on: imap.eof")
    teller.verdict([Row(holds="well", seen="3 incomes"), Row(holds="not well", seen="", wrong=["doubled: x"])])
    teller.failed("no", ["why"])
    teller.closing("end")
    text = out.getvalue()
    for words in ("Title", "on: imap.eof", "well (3 incomes)", "not well", "doubled: x", "why", "end"):
        assert words in text
