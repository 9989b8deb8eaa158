"""Logs: their form, and that no secret gets into them."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from reconciler import log
from reconciler.secret import Secret, redacted

TOKEN = "to/ken+Ключ=42"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log.QUIET}
    events = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)
    logging.captureWarnings(False)
    structlog.configure(**events)
    structlog.contextvars.clear_contextvars()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_event_is_one_json_line() -> None:
    """Facts are keys, Ukrainian stays readable, times are UTC, and what JSON does not know is written as text."""
    out = io.StringIO()
    log.set_up(stream=out)
    structlog.get_logger("reconciler.flow").info("income.posted", order="№12", amount=Decimal("1250.00"))
    assert "№12" in out.getvalue()
    (event,) = lines(out)
    assert (event["event"], event["order"], event["amount"]) == ("income.posted", "№12", "1250.00")
    assert (event["level"], event["logger"]) == ("info", "reconciler.flow")
    assert datetime.fromisoformat(event["timestamp"]).utcoffset() == timedelta(0)


def test_what_is_bound_once_is_in_every_event() -> None:
    """Context variables (mail, key, order) stand in our events and in libraries' alike."""
    out = io.StringIO()
    log.set_up(stream=out)
    with structlog.contextvars.bound_contextvars(mail=7):
        structlog.get_logger().info("notice.read")
        logging.getLogger("somebody").warning("said %d", 1)
    assert [(event["event"], event["mail"]) for event in lines(out)] == [("notice.read", 7), ("said 1", 7)]


def test_a_terminal_gets_text() -> None:
    """People get coloured text; the same terminal under systemd gets JSON."""
    out = Terminal()
    log.set_up(stream=out, environ={})
    structlog.get_logger().info("notice.read")
    assert "\x1b[" in out.getvalue()
    out = Terminal()
    log.set_up(stream=out, environ={"SYSTEMD_EXEC_PID": str(os.getpid())})
    structlog.get_logger().info("notice.read")
    assert lines(out)[0]["event"] == "notice.read"


@pytest.mark.parametrize("name", ["httpx", "httpcore", "imapclient", "apscheduler"])
def test_chatty_libraries_are_quiet(name: str) -> None:
    """S08: what they log of each request or protocol line (addresses, logins) is dropped, whatever our own level is."""
    out = io.StringIO()
    log.set_up(stream=out, level="DEBUG")
    child = logging.getLogger(f"{name}.part")
    child.debug("> LOGIN pay secret")
    child.info("HTTP Request: GET https://…")
    child.warning("worth knowing")
    assert [event["event"] for event in lines(out)] == ["worth knowing"]


def test_warnings_of_libraries_are_events() -> None:
    """Python's warnings go where everything goes."""
    out = io.StringIO()
    log.set_up(stream=out)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    assert "old ways" in lines(out)[0]["event"]


def fail_with(secret: str) -> None:
    local = f"a local that holds {secret}"
    raise ValueError(f"refused: {secret}, {len(local)}")


def _event(logger: Any) -> None:
    logger.info(
        "login.refused", token=TOKEN, deep={"headers": [("Authorization", f"Bearer {TOKEN}")]}, raw=TOKEN.encode()
    )


def _name(logger: Any) -> None:
    logger.info(f"refused {TOKEN}", **{TOKEN: 1})


def _object(logger: Any) -> None:
    logger.info("login.refused", secret=Secret(TOKEN), error=ValueError(TOKEN))


def _library(_logger: Any) -> None:
    logging.getLogger("library").warning("> LOGIN pay %s", TOKEN, extra={"line": TOKEN})


def _url(logger: Any) -> None:
    logger.info("login.refused", url=f"https://example.ua/?t={quote(TOKEN, safe='')}")


def _sasl(logger: Any) -> None:
    for prefix in (b"\0pay\0", b"\0paya\0", b"\0payab\0", b"user=pay\x01auth=Bearer "):
        logger.info("login.refused", line=base64.b64encode(prefix + TOKEN.encode() + b"\x01\x01").decode())


def _traceback(logger: Any) -> None:
    try:
        fail_with(TOKEN)
    except ValueError:
        logger.exception("command.failed")
        logging.getLogger("library").exception("failed")


@pytest.mark.parametrize("say", [_event, _name, _object, _library, _url, _sasl, _traceback])
@pytest.mark.parametrize("machine", [True, False])
def test_no_secret_gets_out(say: Callable[[Any], None], machine: bool) -> None:
    """S08: in no key, value, depth, message, traceback, URL or SASL line, neither as it is nor in base64."""
    Secret(TOKEN)
    out = io.StringIO() if machine else Terminal()
    log.set_up(stream=out, json=machine, level="DEBUG")
    say(structlog.get_logger())
    shown = out.getvalue()
    assert "(hidden)" in shown
    assert TOKEN not in shown
    assert quote(TOKEN, safe="") not in shown
    for shift in range(3):
        core = base64.b64encode(bytes(shift) + TOKEN.encode()).decode()[4:-4]
        assert core not in shown


def test_a_traceback_has_no_locals() -> None:
    """S08: frames are told without the values in them, which may be a mail or a token nobody registered."""
    out = io.StringIO()
    log.set_up(stream=out)
    try:
        fail_with("nobody-knows-this-one")
    except ValueError:
        structlog.get_logger().exception("command.failed")
    (event,) = lines(out)
    assert event["exception"][0]["exc_type"] == "ValueError"
    assert "a local that holds" not in out.getvalue()


def test_a_short_secret_leaves_texts_readable() -> None:
    """A secret of two letters is not cut out of every word."""
    Secret("ab")
    assert redacted("about a table") == "about a table"


def test_the_longest_secret_goes_first() -> None:
    """A secret that begins with another one leaves no tail."""
    Secret("prefix-secret")
    Secret("prefix-secret-and-more")
    assert redacted("x prefix-secret-and-more y") == "x (hidden) y"
