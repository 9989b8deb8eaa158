"""The command line's frame: quick help, exit codes, messages without secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from reconciler import cli as front_door
from reconciler import log
from reconciler.cli import COMMANDS, cli
from reconciler.cli.errors import code_of
from reconciler.cli.output import cell, json_line
from reconciler.errors import (
    ConfigError,
    DeskRefused,
    DeskUnreachable,
    LedgerCorrupt,
    LedgerMissing,
    LedgerUnavailable,
    OwnedElsewhere,
    ReconcilerError,
    UnknownOutcome,
)
from reconciler.model import worst_exit
from reconciler.secret import Secret

HEAVY = ("sqlalchemy", "alembic", "httpx", "lxml", "bs4", "pydantic", "rich", "structlog", "apscheduler", "dkim", "dns")


def imported(*args: str) -> tuple[int, set[str]]:
    """Run the command line in a fresh process; its exit code and the heavy packages it had imported at the end."""
    program = (
        "import sys\nfrom reconciler.cli import cli\n"
        "try:\n    cli(sys.argv[1:])\nexcept SystemExit as exc:\n    code = exc.code\n"
        f"heavy = sorted({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r}))\n"
        "print(repr((code, heavy)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *args], capture_output=True, text=True, check=True)
    code, heavy = eval(done.stderr.splitlines()[-1])
    return code, set(heavy)


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["parse", "--help"], ["fixture", "check", "--help"]])
def test_help_is_quick(args: list[str]) -> None:
    """Help imports nothing heavy: measured in modules, since a wall clock proves nothing on a busy machine."""
    assert imported(*args) == (0, set())


def test_the_measure_of_help_can_fail(tmp_path: Path) -> None:
    """The same measure sees what a real command needs."""
    mail = tmp_path / "x.eml"
    mail.write_bytes(b"From: a@example.org\r\n\r\nx")
    code, heavy = imported("parse", str(mail))
    assert code == 1
    assert {"lxml", "structlog"} <= heavy


def test_the_daemon_starts_without_the_worlds_charsets() -> None:
    """A charset is loaded when a mail is written in it: a restart is time in which nobody reads mail."""
    program = "import sys, reconciler.service.daemon\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "reconciler.message.charsets" in modules
    assert not modules & {"encodings.koi8_t", "encodings.cp850", "encodings.iso2022_jp"}


def test_importing_ends_with_garbage_collected_again() -> None:
    """What was imported is left out of collections, which go on whether the import ends well or not."""
    program = (
        "import gc\nfrom reconciler.starting import importing\n"
        "try:\n    with importing():\n        assert not gc.isenabled()\n        import no_such_module\n"
        "except ImportError:\n    print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def every_command() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())


@pytest.mark.parametrize(("name", "command"), list(every_command()))
def test_every_command_explains_itself(name: str, command: click.Command) -> None:
    """A command's help has a first line and an example that begins with the command itself."""
    text = command.help or ""
    assert text.splitlines()[0].endswith(".")
    assert "Example" in text
    assert name.split()[0] in text.partition("Example")[2].split()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError(["x"]), 2),
        (LedgerMissing("x"), 2),
        (click.UsageError("x"), 2),
        (click.FileError("x"), 2),
        (ReconcilerError("x"), 2),
        (LedgerUnavailable("x"), 75),
        (OwnedElsewhere("x"), 75),
        (DeskUnreachable("x"), 75),
        (UnknownOutcome("x"), 75),
        (DeskRefused("x"), 1),
        (LedgerCorrupt("x"), 70),
        (ValueError("x"), 70),
        (FileNotFoundError("x"), 70),
    ],
)
def test_an_error_has_its_exit_code(error: Exception, code: int) -> None:
    """O13: settings are 2, weather is 75, a person is 1, a bug is 70; nothing is 0."""
    assert code_of(error) == code


def test_the_worst_code_wins() -> None:
    """70 before 2 before 75 before 1 before 0."""
    order = [0, 1, 75, 2, 70]
    for index, code in enumerate(order):
        assert worst_exit(order[: index + 1]) == code
    assert worst_exit([]) == 0


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Result:
    """Run a command that raises."""

    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setitem(front_door.COMMANDS, "broken", "broken")
    monkeypatch.setattr(front_door.Commands, "get_command", lambda *_: broken)
    monkeypatch.setattr(log, "set_up", lambda: None)
    return CliRunner().invoke(cli, ["broken"])


def test_a_bug_is_short_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error ends with 70 and one line; a secret in it is hidden."""
    Secret("token-in-a-bug")
    with capture_logs() as events:
        result = failing(monkeypatch, ValueError("with token-in-a-bug"))
    assert result.exit_code == 70
    assert result.stderr == "reconciler: a bug: ValueError: with (hidden); the log has its traceback\n"
    assert [event["event"] for event in events] == ["command.failed"]
    assert isinstance(events[0]["exc_info"], ValueError)


def test_foreseen_errors_speak_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that cannot be used are told in their own lines, without a traceback."""
    result = failing(monkeypatch, ConfigError(["desks.factory.mode: is missing"], path="r.toml"))
    assert result.exit_code == 2
    assert result.stderr == "reconciler: r.toml: 1 problem(s) in the settings\ndesks.factory.mode: is missing\n"
    assert result.stdout == ""


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who stops a command gets no traceback."""
    result = failing(monkeypatch, KeyboardInterrupt())
    assert result.exit_code == 130
    assert "Traceback" not in result.output


def test_an_unknown_command_is_usage() -> None:
    """A misspelt command or option is 2, and names what was meant where it is near."""
    for args in (["parze"], ["--cofnig", "x", "parse", "y"], ["parse"]):
        result = CliRunner().invoke(cli, args)
        assert result.exit_code == 2
        assert result.stderr
    assert "Did you mean 'parse'" in CliRunner().invoke(cli, ["parze"]).stderr


def test_python_m_is_the_same_door() -> None:
    """`python -m reconciler` runs the command line."""
    done = subprocess.run([sys.executable, "-m", "reconciler", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("reconciler 0.")


def test_a_reader_that_leaves_is_no_trouble(tmp_path: Path) -> None:
    """`reconciler parse … | head -1` says nothing on stderr, not even at the interpreter's end."""
    mail = tmp_path / "x.eml"
    mail.write_bytes(b"From: a@example.org\r\n\r\nx")
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "parse", *[str(mail)] * 50], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), told) == (141, b"")


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ({"b": 1, "a": "Оплата"}, '{"a": "Оплата", "b": 1}'),
        ({"a": "line\nbreak"}, '{"a": "line\\nbreak"}'),
    ],
)
def test_a_json_line_is_one_line_of_utf8(row: dict[str, Any], line: str) -> None:
    """Keys sorted, letters as they are, whatever the locale."""
    assert json_line(row).decode() == line
    assert json.loads(json_line(row)) == row


def test_a_lone_surrogate_is_no_crash() -> None:
    """A half letter out of a broken name is escaped."""
    assert json.loads(json_line({"a": "x\udc81"})) == {"a": "x\udc81"}


def test_a_table_shows_no_control_characters() -> None:
    """A mail cannot colour, clear or retitle the terminal it is shown in."""
    assert "\x1b" not in cell("a\x1b[31mb\x07\nc")
