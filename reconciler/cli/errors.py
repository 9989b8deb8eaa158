"""
What was raised becomes an exit code and one plain message.

In: the run of a command. Out: its exit code (design: 70 > 2 > 75 > 1 > 0). Foreseen errors are told in their own words;
anything else is a bug: a short message, and the traceback in the log. 130 is Ctrl-C, 141 a reader of stdout that left
(`reconciler ledger | head`), which is said by nobody.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from reconciler.errors import (
    ConfigError,
    FatalError,
    HeldError,
    LedgerMissing,
    LedgerOutdated,
    ReconcilerError,
    TransientError,
    UnknownOutcome,
)
from reconciler.secret import redacted

USAGE = 2
BUG = 70
LATER = 75
LOOK = 1
INTERRUPTED = 130
PIPE_CLOSED = 141


def code_of(exc: Exception) -> int:
    """The exit code of an error."""
    match exc:
        case ConfigError() | LedgerMissing() | LedgerOutdated() | click.ClickException():
            return USAGE
        case TransientError() | UnknownOutcome():
            return LATER
        case HeldError():
            return LOOK
        case FatalError():
            return BUG
        case ReconcilerError():
            return USAGE
        case _:
            return BUG


def say(message: str) -> None:
    """One message for people, on stderr, without secrets."""
    click.echo(f"reconciler: {redacted(message)}", err=True)


def guarded(command: Callable[[], Any]) -> Any:
    """Run a command; what it raises becomes a message and a code, but for click's own errors, which know their usage."""
    try:
        result = command()
        sys.stdout.flush()
        return result
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except BrokenPipeError:
        _let_go_of_stdout()
        return PIPE_CLOSED
    except ReconcilerError as exc:
        if code_of(exc) == BUG:
            _log_failure(exc)
        say(str(exc))
        return code_of(exc)
    except Exception as exc:  # noqa: BLE001  the front door: nobody above could tell a bug from success
        _log_failure(exc)
        say(f"a bug: {type(exc).__name__}: {exc}; the log has its traceback")
        return BUG


def exit_code(run: Callable[[], Any]) -> int:
    """Run the whole command line, arguments included; its exit code."""
    try:
        result = run()
    except click.ClickException as exc:
        exc.show()
        return USAGE
    except click.Abort:
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _log_failure(exc: Exception) -> None:
    import structlog

    from reconciler import log

    log.set_up()
    structlog.get_logger(__name__).error("command.failed", error=type(exc).__name__, exc_info=exc)


def _let_go_of_stdout() -> None:
    """What is still buffered has no reader; without this the interpreter would complain at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:  # stdout is no file (a test's buffer), so nothing is flushed into a pipe either
        return
