"""
From a settings file to `Settings`, or to one ConfigError with every problem in it.

In: a path, the environment. Out: frozen settings with their secrets resolved. Each table is judged by itself, so that
one wrong value does not hide another.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from reconciler.config import checks
from reconciler.config.gateways import with_known
from reconciler.config.problems import known_words, line, of_validation
from reconciler.config.tables import (
    AlertSettings,
    DeskSettings,
    GatewaySettings,
    LedgerSettings,
    MailboxSettings,
    MerchantSettings,
    NamedTable,
    ParserSettings,
    Settings,
    Table,
    TrustSettings,
    WebSettings,
)
from reconciler.config.values import Surroundings
from reconciler.errors import ConfigError
from reconciler.secret import remember

T = TypeVar("T", bound=Table)
N = TypeVar("N", bound=NamedTable)

SECTIONS = ("ledger", "mailboxes", "gateways", "merchants", "trust", "parsers", "desks", "web", "alerts")

SYSTEM_FILE = Path("/etc/reconciler/reconciler.toml")


def find_config(explicit: str | None, *, environ: Mapping[str, str] | None = None) -> Path:
    """
    The settings file: `--config`, else $RECONCILER_CONFIG, else ./reconciler.toml, else the system's.

    A file that was named and is not there is an error, never a reason to read another one.
    Raises: ConfigError: naming the places that were looked at.
    """
    named = explicit or (os.environ if environ is None else environ).get("RECONCILER_CONFIG")
    if named:
        if Path(named).is_file():
            return Path(named)
        how = "--config" if explicit else "$RECONCILER_CONFIG"
        raise ConfigError([f"{how}: there is no file {named}"], path=named)
    places = [Path("reconciler.toml"), SYSTEM_FILE]
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(["--config", "$RECONCILER_CONFIG", *(str(place) for place in places)])
    raise ConfigError([f"no settings file; looked at: {looked}"], path=str(places[0]))


def load(path: Path, *, environ: Mapping[str, str] | None = None) -> Settings:
    """
    Read, check and freeze a settings file.

    environ: where `{ env = … }` and $CREDENTIALS_DIRECTORY are looked up; the process's own by default.
    Raises: ConfigError: every problem at once.
    """
    path = path.absolute()
    data = _parsed(path)
    judge = _Judge(Surroundings(base=path.parent, environ=os.environ if environ is None else environ))
    for unknown in sorted(set(data) - set(SECTIONS)):
        judge.problems.append(f"{unknown}: unknown section; {known_words(unknown, SECTIONS)}")
    named = {section: judge.tables(data, section) for section in ("mailboxes", "merchants", "desks", "parsers")}
    gateways = with_known(judge.tables(data, "gateways"), named["merchants"].values())
    settings = Settings(
        path=path,
        ledger=judge.single(data, "ledger", LedgerSettings),
        mailboxes=judge.named("mailboxes", named["mailboxes"], MailboxSettings),
        gateways=judge.named("gateways", gateways, GatewaySettings),
        merchants=judge.named("merchants", named["merchants"], MerchantSettings),
        trust=judge.single(data, "trust", TrustSettings),
        parsers=judge.named("parsers", named["parsers"], ParserSettings),
        desks=judge.named("desks", named["desks"], DeskSettings),
        web=judge.single(data, "web", WebSettings),
        alerts=judge.single(data, "alerts", AlertSettings),
    )
    judge.problems += checks.across(named["mailboxes"], gateways, named["merchants"], named["desks"], named["parsers"])
    if judge.problems:
        raise ConfigError(judge.problems, path=str(path))
    if password := checks.ledger_password(settings):
        remember(password)
    return replace(settings, remarks=tuple(checks.remarks(settings, data)))


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as exc:
        raise ConfigError([f"cannot be read: {exc.strerror}"], path=str(path)) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError([f"is not a text in UTF-8 (byte {exc.start})"], path=str(path)) from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError([f"is not TOML: {exc}"], path=str(path)) from exc


class _Judge:
    """Collects problems while tables become settings."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.problems: list[str] = []

    def tables(self, data: Mapping[str, Any], section: str) -> dict[str, dict[str, Any]]:
        """The named tables of a section: {"factory": {…}} of [desks.factory]."""
        found: dict[str, dict[str, Any]] = {}
        given = data.get(section, {})
        if not isinstance(given, dict):
            self.problems.append(line((section,), given, f"should be tables [{section}.NAME]"))
            return found
        for name, table in given.items():
            if not isinstance(table, dict):
                # The key may well hold a secret, so its value is not shown.
                self.problems.append(f"{section}.{name}: stands in no named table; write it under [{section}.NAME]")
            elif not re.fullmatch(r"[\w-]+", name):
                self.problems.append(f'{section}."{name}": a name is made of letters, digits, "-" and "_"')
            else:
                found[name] = table
        return found

    def named(self, section: str, tables: Mapping[str, dict[str, Any]], model: type[N]) -> Mapping[str, N]:
        judged: dict[str, N] = {}
        for name, table in tables.items():
            if "name" in table:
                self.problems.append(f'{section}.{name}.name: unknown key; the table\'s name is "{name}" already')
            settings = self._validated(model, {**table, "name": name}, (section, name))
            if settings is not None:
                judged[name] = settings
        return MappingProxyType(judged)

    def single(self, data: Mapping[str, Any], section: str, model: type[T]) -> T:
        given = data.get(section, {})
        if not isinstance(given, dict):
            self.problems.append(line((section,), given, f"should be a table [{section}]"))
            given = {}
        # With a problem noted, the defaults only stand in until it is raised.
        return self._validated(model, given, (section,)) or model()

    def _validated(self, model: type[T], table: dict[str, Any], place: tuple[str, ...]) -> T | None:
        try:
            return model.model_validate(table, context=self.around)
        except ValidationError as exc:
            self.problems += of_validation(exc, model, place)
            return None
