"""What the README says to type or to write is true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import cast

from reconciler.cli import COMMANDS
from reconciler.message import decode
from reconciler.model import Kind
from reconciler.ports import Parser
from reconciler.profiles import parsers_of
from reconciler.reading import read
from tests.test_config import GOOD
from tests.test_config import read as settings_of

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()

SECTION = README.split("## Add a parser")[1].split("\n## ")[0]
FILES = dict(re.findall(r"\n`([\w./]+)`[^\n]*:\n\n```\w*\n(.*?)```", SECTION, re.DOTALL))
COMMANDS_OF_A_PACKAGE = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)[0].splitlines()


def test_the_example_parser_reads_a_letter_as_it_stands() -> None:
    """The module under "Add a parser" is a whole parser."""
    module = types.ModuleType("examplebank")
    exec(FILES["reconciler_examplebank.py"], module.__dict__)
    found = read(decode(FILES["letter.eml"].encode()), [cast(Parser, module)])
    notice = found.notices[0]
    assert (notice.kind, str(notice.amount), notice.order_number, notice.transaction_id) == (
        Kind.PAYMENT,
        "1250.00 UAH",
        "12345",
        "EB-778812",
    )


def test_the_example_profile_is_settings(tmp_path: Path) -> None:
    """The table under "Without code" loads as it stands, beside a shop's other settings."""
    (profile,) = re.findall(r"```toml\n(\[gateways.*?)```", SECTION, re.DOTALL)
    assert "mybank" in [parser.NAME for parser in parsers_of(settings_of(tmp_path, GOOD + profile))]


def test_the_template_of_a_package_works_when_followed(tmp_path: Path) -> None:
    """Its files, built and installed without a network, read the letter, make a case of it, and pass their own tests."""
    assert set(FILES) == {"pyproject.toml", "reconciler_examplebank.py", "letter.eml"}
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    quiet = ["--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--target", "site"]
    python = {"pip": [sys.executable, "-m", "pip"], "reconciler": [sys.executable, "-m", "reconciler"]}
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "RECONCILER"))},
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(ROOT)]),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    said: dict[str, str] = {}
    for command in COMMANDS_OF_A_PACKAGE:
        first, *rest = command.split()
        further = quiet if first == "pip" else []
        words = [*python.get(first, [sys.executable]), *rest, *further]
        done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        said[command] = done.stdout
    assert json.loads(said["reconciler parse letter.eml"])["transaction_id"] == "EB-778812"
    case = tmp_path / "fixtures" / "examplebank" / "paid"
    assert "Іваненко" not in (case / "notice.eml").read_text("utf-8") + (case / "expected.json").read_text("utf-8")
    assert re.search(r"\d\d passed", said["python -m pytest"])


def test_every_command_is_in_the_readme_and_nothing_else() -> None:
    """The table of commands is the command line's own."""
    table = README.split("## Commands")[1].split("Exit codes")[0]
    told = set(
        re.findall(r"`([a-z]+)[ `]", "\n".join(line.split("|")[1] for line in table.splitlines() if line[:1] == "|"))
    )
    assert told - {"command"} == set(COMMANDS)
