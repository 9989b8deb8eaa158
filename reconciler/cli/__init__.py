"""
The command line: `reconciler [--config FILE] [--json] COMMAND`.

In: arguments. Out: results on stdout, logs on stderr, and an exit code (`cli.errors`). A command's module is imported
only when the command is asked for, and a module's heavy imports stand inside its functions, so that help is quick.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence
from typing import Any

import click

from reconciler.cli import errors
from reconciler.cli.frame import Front

COMMANDS = {
    "demo": "reconciler.cli.demo",
    "lab": "reconciler.cli.lab",
    "run": "reconciler.cli.working",
    "poll": "reconciler.cli.working",
    "reprocess": "reconciler.cli.working",
    "ledger": "reconciler.cli.looking",
    "show": "reconciler.cli.looking",
    "resolve": "reconciler.cli.deciding",
    "pause": "reconciler.cli.deciding",
    "resume": "reconciler.cli.deciding",
    "doctor": "reconciler.cli.checking",
    "replay": "reconciler.cli.replaying",
    "backup": "reconciler.cli.keeping",
    "parse": "reconciler.cli.reading",
    "explain": "reconciler.cli.reading",
    "fixture": "reconciler.cli.fixtures",
}
"""Which module holds which command, in the order of the help; the command is the module's attribute of that name."""


class Commands(click.Group):
    """A group that imports a command when it is asked for, and turns what is raised into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        found: click.Command = getattr(importlib.import_module(module), cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if near and args[0] not in COMMANDS:
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        return errors.guarded(lambda: super(Commands, self).invoke(ctx))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        def run() -> Any:
            return super(Commands, self).main(args, prog_name or "reconciler", complete_var, False, **extra)

        code = errors.exit_code(run)
        if standalone_mode:
            raise SystemExit(code)
        return code


def _version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"reconciler {version('reconciler')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    metavar="FILE",
    help="Settings. Default: $RECONCILER_CONFIG, ./reconciler.toml, /etc/reconciler/reconciler.toml.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, also on a terminal.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Print the version."
)
@click.pass_context
def cli(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """From a payment mail to an order in production: exactly once, with proof.

    Results go to stdout (a table on a terminal, else one JSON object a line), logs to stderr.

    \b
    Exit codes, the worst wins:
      0   settled, partial, already, skipped, discarded
      1   held or overpaid: a person looks
      75  waiting, something unreachable, another process owns it
      2   usage or settings, file or ledger missing
      70  a bug, or a corrupt ledger

    \b
    Example:
      reconciler parse notice.eml
    """
    ctx.obj = Front(config=config, json=as_json)
