"""
The whole of a rehearsal: settings and a scenario or a keyboard come in, the exit code goes out.

Nothing of the user's is touched: his settings file is read, and everything that happens happens to a copy of it on loopback,
in a temporary folder. The folder is kept, and its path told, when something failed.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.config import load
from reconciler.errors import ConfigError, ReconcilerError
from reconciler.sandbox.host import HostFailed
from reconciler.sandbox.lab.account import account_for
from reconciler.sandbox.lab.keyboard import Keyboard
from reconciler.sandbox.lab.letters import LabError, Post, post_for
from reconciler.sandbox.lab.rehearsal import Rehearsal, unmet
from reconciler.sandbox.lab.scenario import Scenario
from reconciler.sandbox.lab.tell import Teller
from reconciler.sandbox.lab.verdict import Row
from reconciler.sandbox.leaving import ended_politely
from reconciler.sandbox.machine import NotSwitchable
from reconciler.sandbox.planfix.world import World
from reconciler.sandbox.stage import Stage, StageFailed
from reconciler.sandbox.switches import SwitchError
from reconciler.sandbox.tables import sample
from reconciler.sandbox.toml import merged

PATIENCE = 120.0
BY_HAND = Scenario(name="keyboard", title="By hand", story="`help` says what can be done; `quit` ends with a verdict.")
NAMELESS = "the sample settings"


def rehearse(
    settings: Path | None, scenario: Scenario | None, teller: Teller, *, keyboard: bool, mode: str = ""
) -> int:
    """
    settings: the user's file; None: the sample ones. mode: instead of each desk's own. Returns 0, or 1 when an invariant or an
    expectation does not hold.

    Raises: ConfigError, LabError: these settings cannot be rehearsed.
    """
    told = scenario or BY_HAND
    tables, worlds, changed = prepared(settings, told, mode)
    post = post_for(tables)
    folder = Path(tempfile.mkdtemp(prefix="reconciler-lab-"))
    keep = True
    try:
        with ended_politely(), Stage(folder, settings=tables, worlds=worlds, patience=PATIENCE) as stage:
            load(stage.config)  # all that is wrong with his settings, before anything begins
            source = NAMELESS if settings is None else str(settings)
            teller.opening(told.title, [told.story, f"Settings: {source}, on servers of this machine only.", *changed])
            keep = not _played(stage, post, scenario, teller, keyboard=keyboard)
    except (KeyboardInterrupt, SystemExit, ConfigError):
        keep = False  # nothing was judged
        raise
    finally:
        if not keep:
            shutil.rmtree(folder)
    if keep:
        teller.closing(f"Kept for you to look at: {folder} (settings, ledger, the daemon's log)")
        return 1
    return 0


def prepared(
    settings: Path | None, scenario: Scenario, mode: str
) -> tuple[dict[str, Any], Mapping[str, World], list[str]]:
    """The tables to play with, an account for each desk, and in words what is not as in the file."""
    tables = sample() if settings is None else _parsed(settings)
    for section in ("mailboxes", "merchants", "desks"):
        if not isinstance(tables.get(section), dict) or not tables[section]:
            raise LabError(f"{settings}: there is no [{section}.NAME] in it")
    words = []
    desk = dict(scenario.desk) | ({"mode": mode} if mode else {})
    for kind, section, keys in (("desk", "desks", desk), ("mailbox", "mailboxes", dict(scenario.mailbox))):
        if keys:
            words.append(f"Changed for this, of every {kind}: " + ", ".join(f"{k} = {v!r}" for k, v in keys.items()))
            tables = merged(tables, {section: dict.fromkeys(tables[section], keys)})
    earliest = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)
    for name, box in tables["mailboxes"].items():
        since = box.get("since")
        if since is None or (isinstance(since, datetime) and since > earliest):
            tables = merged(tables, {"mailboxes": {name: {"since": earliest}}})
            words.append(f"Changed: mailboxes.{name}.since = {earliest.isoformat()}, so that every letter is read")
    worlds = {}
    for name, table in tables["desks"].items():
        worlds[name], keys = account_for(table)
        tables = merged(tables, {"desks": {name: keys}})
        words += [f"Given by id, and so by the sandbox's: desks.{name}.{key} = {keys[key]!r}" for key in keys]
    words += [
        f"desks.{name}.mode is {table['mode']!r}: what it leaves undone is no fault here."
        for name, table in tables["desks"].items()
        if table.get("mode") in ("observe", "post")
    ]
    return tables, worlds, words


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as exc:
        raise ConfigError([f"cannot be read: {exc.strerror}"], path=str(path)) from exc
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError([f"is not TOML: {exc}"], path=str(path)) from exc


def _played(stage: Stage, post: Post, scenario: Scenario | None, teller: Teller, *, keyboard: bool) -> bool:
    """Ctrl-C ends what is played, not the verdict; a second one ends that too."""
    rehearsal = Rehearsal(stage, post, teller)
    try:
        try:
            if scenario is not None:
                rehearsal.play(scenario)
            if keyboard or scenario is None:
                rehearsal.start_unless_running()
                Keyboard(rehearsal).play()
        except KeyboardInterrupt:
            teller.happened("interrupted", "stopped by hand; everything heals now", effect=False)
            scenario = None  # what it expected was not played to its end
        rows = rehearsal.finish()
        live = all(table["mode"] == "live" for table in stage.settings["desks"].values())
        if scenario is not None and scenario.expect and live:
            rows.append(Row(holds="it went as the scenario expects", seen="", wrong=unmet(scenario, rehearsal)))
    except (StageFailed, SwitchError, HostFailed, NotSwitchable, ReconcilerError) as exc:
        teller.failed(str(exc), stage.daemon.last_words() if stage.is_started else [])
        return False
    teller.verdict(rows)
    return not any(row.wrong for row in rows)
