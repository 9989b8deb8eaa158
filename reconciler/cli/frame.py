"""
What every command stands in: the options before its name, and logs.

In: `--config`, `--json`. Out: a `Front`, which gives the settings and the printer when a command asks for them.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

from reconciler.cli.output import Printer

if TYPE_CHECKING:
    from reconciler.config import Settings
    from reconciler.ports import Parser

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    config: str | None
    json: bool

    def settings(self, *, quietly: bool = False) -> Settings:
        """
        The settings; what they remark on is logged, unless the command tells it itself.

        Raises: ConfigError.
        """
        from reconciler.config import find_config, load

        path = find_config(self.config)
        return load(path) if quietly else self._loaded(path)

    def settings_if_any(self) -> Settings | None:
        """
        The settings where there are usable ones, for a command that can do without; why not, is logged.

        Raises: ConfigError when a file was named, which is then the one that is wanted.
        """
        import structlog

        from reconciler.config import find_config
        from reconciler.errors import ConfigError

        named = self.config or os.environ.get("RECONCILER_CONFIG")
        try:
            path = find_config(self.config)
        except ConfigError:
            if named:
                raise
            return None
        try:
            return self._loaded(path)
        except ConfigError as exc:
            if named:
                raise
            structlog.get_logger(__name__).warning("settings.not_used", path=str(path), problems=exc.problems)
            return None

    def parsers(self) -> tuple[Parser, ...]:
        """
        The installed parsers, and the profiles of the settings where there are any.

        Raises: ConfigError.
        """
        from reconciler.discovery import find_parsers

        settings = self.settings_if_any()
        if settings is None:
            return find_parsers()
        from reconciler.profiles import parsers_of

        return parsers_of(settings)

    def _loaded(self, path: Path) -> Settings:
        import structlog

        from reconciler.config import load

        settings = load(path)
        for remark in settings.remarks:
            structlog.get_logger(__name__).warning("settings.remarked", remark=remark)
        return settings

    @property
    def for_machines(self) -> bool:
        return self.json or not sys.stdout.isatty()

    def printer(self, *columns: str) -> Printer:
        """columns: what the table for people shows, in order; JSON has everything."""
        return Printer(columns, json=self.for_machines)


def with_front(command: Callable[Concatenate[Front, P], int]) -> Callable[P, Any]:
    """Hand a command its Front, with logs set up; the command returns its exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        from reconciler import log

        log.set_up()
        front = click.get_current_context().find_object(Front)
        if front is None:
            raise RuntimeError("a command runs under the group `reconciler` only")
        return command(front, *args, **kwargs)

    return run
