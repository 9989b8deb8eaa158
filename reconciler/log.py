"""
Logs: events to stderr, one a line, never a secret.

In: structlog events `noun.past_verb` with facts as keys, and what libraries log through the standard library. Out: on
stderr JSON for machines (no terminal, or started by systemd), coloured text for people. Times are UTC. Every secret
this process knows is taken out of every event (`reconciler.secret`), also out of tracebacks and library messages.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from reconciler.secret import redacted

QUIET = ("httpx", "httpcore", "imapclient", "apscheduler", "alembic", "uvicorn")
"""Libraries that log addresses, protocol lines or every tick; their warnings are kept."""


def set_up(
    *,
    level: str = "INFO",
    stream: TextIO | None = None,
    json: bool | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """
    Send all events of this process to `stream` (stderr by default). May be called again: the last call counts.

    json: None decides by what stderr is; a terminal that systemd did not hand us gets colours.
    """
    out = sys.stderr if stream is None else stream
    machine = _for_machines(out, os.environ if environ is None else environ) if json is None else json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(machine, out)],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _for_machines(out: TextIO, environ: Mapping[str, str]) -> bool:
    # Most marks systemd leaves are inherited by shells and their terminals; this one names the process it started.
    return not out.isatty() or environ.get("SYSTEMD_EXEC_PID") == str(os.getpid())


def _ending(machine: bool, out: TextIO) -> list[Processor]:
    if machine:
        return [
            # Frames without their locals: those hold tokens and mail.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            take_secrets_out,
            structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False, default=str),
        ]
    return [
        structlog.processors.ExceptionRenderer(),
        take_secrets_out,
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback),
    ]


def take_secrets_out(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last processor but the renderer: no known secret leaves in any key or value, however deep."""
    return {redacted(str(key)): _cleaned(value) for key, value in event.items()}


def _cleaned(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {redacted(str(key)): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(item) for item in value]
    if isinstance(value, bytes | bytearray):
        return redacted(bytes(value).decode("utf-8", "backslashreplace"))
    return redacted(str(value))
