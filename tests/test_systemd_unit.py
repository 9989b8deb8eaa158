"""The unit and the sample settings that come with it, judged by systemd's own tools and by our loader."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler import config
from reconciler.cli import cli

SYSTEMD = Path(__file__).parents[1] / "systemd"
UNIT = SYSTEMD / "reconciler.service"
EXAMPLE = SYSTEMD / "reconciler.example.toml"
TOOL = shutil.which("systemd-analyze")


@pytest.fixture
def analyze() -> str:
    if TOOL is None:
        if os.environ.get("CI") == "true":
            pytest.fail("systemd-analyze is missing where it must not be")
        pytest.skip("systemd-analyze is not installed here")
    return TOOL


def exposure(analyze: str, unit: Path) -> float:
    shown = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", str(unit)], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", shown)
    assert found is not None, shown
    return float(found[1])


def directives(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_is_hardened(analyze: str, tmp_path: Path) -> None:
    """systemd counts an exposure of 1.5 at most; the same unit without its protections shows that it does count."""
    assert exposure(analyze, UNIT) <= 1.5
    bare = tmp_path / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\nUser=reconciler\n")
    assert exposure(analyze, bare) > 5


def test_the_unit_is_clean(analyze: str, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing to say, once the program it starts exists."""
    unit = tmp_path / "reconciler.service"
    program = shutil.which("true")
    assert program is not None
    unit.write_text(UNIT.read_text().replace("/opt/reconciler/.venv/bin/reconciler", program))
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_never_gives_up() -> None:
    """It is restarted always and without limit, watched, told when it is ready, and started when there is a network."""
    unit = directives(UNIT.read_text())
    assert unit["Type"] == ["notify"]
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert unit["Wants"] == ["network-online.target"]
    assert "network-online.target" in unit["After"][0]
    assert int(unit["WatchdogSec"][0]) > 0
    assert int(unit["TimeoutStopSec"][0]) > 5


def test_the_unit_starts_with_options_that_exist() -> None:
    """What stands before the command in ExecStart are options of our own command line."""
    words = directives(UNIT.read_text())["ExecStart"][0].split()[1:]
    options = {name for option in cli.params for name in option.opts}
    assert [word for word in words if word.startswith("-") and word not in options] == []
    assert words[-1] == "run"


def credentials(tmp_path: Path) -> dict[str, str]:
    """A $CREDENTIALS_DIRECTORY with what the unit loads."""
    for loaded in directives(UNIT.read_text())["LoadCredential"]:
        (tmp_path / loaded.partition(":")[0]).write_text("a-secret\n")
    return {"CREDENTIALS_DIRECTORY": str(tmp_path)}


def test_the_sample_settings_load(tmp_path: Path) -> None:
    """They load with the credentials the unit hands over, keep the ledger where the unit may write, and only observe."""
    settings = config.load(EXAMPLE, environ=credentials(tmp_path))
    assert settings.remarks == ()
    assert settings.desks["factory"].mode == "observe"
    state = directives(UNIT.read_text())["StateDirectory"][0]
    assert settings.ledger.url == f"sqlite:////var/lib/{state}/reconciler.db"


def test_the_sample_settings_tell_the_defaults(tmp_path: Path) -> None:
    """A key that is commented out in the sample shows its default: with or without the comment, the same takes effect."""
    told = tmp_path / "told.toml"
    lines = EXAMPLE.read_text("utf-8").splitlines()
    told.write_text(
        "\n".join(re.sub(r"^# (?=\[|\w+ = )(?!oauth2|A )", "", line) for line in lines).replace("# [", "["), "utf-8"
    )
    environ = credentials(tmp_path)
    shown = [config.effective(config.load(path, environ=environ)).splitlines()[1:] for path in (EXAMPLE, told)]
    assert shown[0] == shown[1]
    assert told.read_text("utf-8").count("\n# ") <= 5
