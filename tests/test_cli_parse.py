"""`parse`, `explain` and `fixture` from the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reconciler.cli import cli
from reconciler.cli.showing import show_explanation
from reconciler.discovery import find_parsers
from reconciler.readout import explain_file

FIXTURES = Path(__file__).parents[1] / "fixtures"
PAYMENT = FIXTURES / "wayforpay" / "aligned_text_koi8u" / "notice.eml"
NOBODYS = FIXTURES / "_nobody" / "another_bank" / "notice.eml"
KEYS = [
    "amount", "currency", "file", "gateway", "kind", "merchant",
    "order_number", "order_raw", "paid_at", "payer", "transaction_id",
]  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file is near."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RECONCILER_CONFIG", raising=False)
    monkeypatch.setattr("reconciler.log.set_up", lambda: None)


def run(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(args), input=stdin)


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_payment_is_printed() -> None:
    """One JSON object a notice with sorted keys, the file as it was named, exit 0."""
    result = run("parse", str(PAYMENT))
    assert result.exit_code == 0
    (row,) = rows(result)
    assert list(row) == KEYS
    assert (row["file"], row["kind"], row["amount"], row["currency"]) == (str(PAYMENT), "payment", "1250.00", "UAH")


def test_a_mail_nobody_claims_is_an_error_row() -> None:
    """It prints `unclaimed` and exits 1; the files beside it are printed all the same."""
    result = run("parse", str(NOBODYS), str(PAYMENT))
    assert result.exit_code == 1
    first, second = rows(result)
    assert (first["error"], first["file"]) == ("unclaimed", str(NOBODYS))
    assert second["kind"] == "payment"


def test_a_missing_file_is_named() -> None:
    """O15: a file that is not there ends with 2 and its name, and the others are still read."""
    result = run("parse", "gone.eml", str(NOBODYS), str(PAYMENT), ".")
    assert result.exit_code == 2
    assert "gone.eml: No such file" in result.stderr
    assert ".: Is a directory" in result.stderr
    assert len(rows(result)) == 2


@pytest.mark.parametrize(
    "name",
    [
        "[WayForPay] оплата.eml",
        "a b.eml",
        "*.eml",
        unicodedata.normalize("NFD", "їжак й.eml"),
        "-x.eml",
        "50%.eml",
    ],
)
def test_a_name_is_taken_literally(tmp_path: Path, name: str) -> None:
    """O15: brackets, spaces, stars, decomposed letters and a leading dash are parts of a name, printed as given."""
    shutil.copy(PAYMENT, tmp_path / name)
    result = run("parse", "--", name)
    assert result.exit_code == 0
    assert rows(result)[0]["file"] == name


def test_stdin_is_a_dash() -> None:
    """`-` reads the mail from stdin, and that is its name."""
    result = run("parse", "-", stdin=PAYMENT.read_bytes())
    assert result.exit_code == 0
    assert rows(result)[0]["file"] == "-"


def test_an_empty_mail_is_read_too() -> None:
    """Nothing on stdin is a mail that nobody claims, not a crash."""
    result = run("parse", "-", stdin=b"")
    assert result.exit_code == 1
    assert rows(result)[0]["error"] == "unclaimed"


def test_parse_in_a_real_process(tmp_path: Path) -> None:
    """Run as a person does, under a locale without Ukrainian and a name that is no UTF-8: JSON in UTF-8 on stdout alone."""
    name = bytes(tmp_path / "mail-") + b"\xff.eml"
    Path(shutil.copy(PAYMENT, tmp_path / "x")).rename(Path(name.decode("utf-8", "surrogateescape")))
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "parse", name, str(NOBODYS), "gone.eml"],
        capture_output=True,
        env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PATH": ""},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 2
    first, second = (json.loads(line) for line in done.stdout.decode("utf-8").splitlines())
    assert first["amount"] == "1250.00"
    assert first["file"].endswith("mail-\N{REPLACEMENT CHARACTER}.eml")
    assert second["error"] == "unclaimed"
    assert done.stderr == b"reconciler: gone.eml: No such file or directory\n"


def test_explain_tells_how_a_mail_was_read() -> None:
    """Parts, pairs, the claim, the spans and the notice itself; trust is not judged offline."""
    result = run("explain", "--offline", str(PAYMENT))
    assert result.exit_code == 0
    (found,) = rows(result)
    assert found["claimed"]["parser"] == "wayforpay"
    assert found["trust"] is None
    assert {"amount", "transaction_id", "paid_at"} <= {span["field"] for span in found["spans"]}
    assert found["notices"][0]["amount"] == "1250.00"
    assert run("explain", "--offline", str(NOBODYS)).exit_code == 1
    assert run("explain", "gone.eml").exit_code == 2


def test_explain_judges_trust() -> None:
    """An unsigned mail is vouched for by nobody, and each check says why; no DNS is needed to tell."""
    (found,) = rows(run("explain", str(PAYMENT)))
    assert found["trust"]["trusted_by"] is None
    assert {check["voucher"] for check in found["trust"]["checks"]} >= {"dkim", "authentication-results"}


def test_explain_uses_the_settings(tmp_path: Path) -> None:
    """Settings that were named are used and must be right; a mailbox that is not in them is told."""
    (tmp_path / "mine.toml").write_text("[ledgr]\n")
    assert run("--config", "mine.toml", "explain", str(PAYMENT)).exit_code == 2
    assert run("explain", "--mailbox", "payments", str(PAYMENT)).exit_code == 2


def test_explain_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal's form has every section."""
    show_explanation(explain_file(PAYMENT.read_bytes(), "x.eml", find_parsers()))
    shown = capsys.readouterr().out
    for title in ("x.eml", "Parts", "Labels and values", "Claimed", "Where each field", "Read", "Trust", "1250.00"):
        assert title in shown


def junk(folder: Path) -> str:
    (folder / "Odd one.eml").write_bytes(b"From: a@example.org\r\nSubject: x\r\n\r\nHello\r\n")
    return "Odd one.eml"


def test_a_case_is_made_and_checked(tmp_path: Path) -> None:
    """`fixture add` makes a case that `fixture check` finds in order; a second one of the same name is refused."""
    made = run("fixture", "add", "--into", "cases", junk(tmp_path))
    assert made.exit_code == 0
    assert rows(made) == [{"case": "cases/_nobody/odd_one", "file": "Odd one.eml"}]
    checked = run("fixture", "check", "cases")
    assert checked.exit_code == 0
    assert rows(checked) == [{"case": "_nobody/odd_one", "diff": None, "ok": True}]
    again = run("fixture", "add", "--into", "cases", "Odd one.eml", "gone.eml")
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert "gone.eml: No such file" in again.stderr


def test_a_case_that_reads_otherwise_is_shown(tmp_path: Path) -> None:
    """A difference is printed and exits 1; a folder without cases exits 2."""
    run("fixture", "add", "--name", "odd", "--into", "cases", junk(tmp_path))
    expected = tmp_path / "cases" / "_nobody" / "odd" / "expected.json"
    wanted = json.loads(expected.read_text("utf-8"))
    expected.write_text(json.dumps(wanted | {"error": "unreadable"}), "utf-8")
    checked = run("fixture", "check", "cases")
    assert checked.exit_code == 1
    assert '-  "error": "unreadable"' in rows(checked)[0]["diff"]
    (tmp_path / "empty").mkdir()
    assert run("fixture", "check", "empty").exit_code == 2


def test_a_name_is_for_one_case() -> None:
    """`--name` with two files is a mistake, told before anything is written."""
    assert run("fixture", "add", "--name", "x", str(PAYMENT), str(NOBODYS)).exit_code == 2
