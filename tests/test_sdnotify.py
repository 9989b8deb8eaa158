"""Words to the service manager, heard on a real socket."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sdnotify import Manager


@pytest.fixture(params=["path", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A manager's socket, and its name as $NOTIFY_SOCKET has it."""
    name = f"@reconciler-{os.getpid()}-{id(request)}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name[1:] if name.startswith("@") else name)
        listening.settimeout(5)
        yield listening, name


def test_words_arrive(ear: tuple[socket.socket, str]) -> None:
    """Each word is one datagram, on a path and in the abstract space."""
    listening, name = ear
    manager = Manager({"NOTIFY_SOCKET": name})
    assert manager.ready("2 mailboxes\nread")
    assert listening.recv(4096) == b"READY=1\nSTATUS=2 mailboxes read"
    assert manager.alive()
    assert listening.recv(4096) == b"WATCHDOG=1"
    assert manager.status("усе гаразд")
    assert listening.recv(4096).decode() == "STATUS=усе гаразд"
    assert manager.stopping()
    assert listening.recv(4096) == b"STOPPING=1"


def test_a_reload_tells_its_moment(ear: tuple[socket.socket, str]) -> None:
    """RELOADING carries the monotonic clock in microseconds, which systemd wants with it."""
    listening, name = ear
    before = time.monotonic_ns() // 1000
    assert Manager({"NOTIFY_SOCKET": name}).reloading()
    first, second = listening.recv(4096).decode().split("\n")
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_nobody_to_tell() -> None:
    """Without a manager nothing is sent and nothing is wrong."""
    manager = Manager({})
    assert not manager.ready()
    assert manager.watchdog_seconds is None


def test_a_manager_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    """A socket nobody listens on is told by False, not by an error."""
    assert not Manager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "120000000"}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_ours_alone(environ: dict[str, str], seconds: float | None) -> None:
    """A watchdog that was meant for the parent is not ours."""
    assert Manager(environ).watchdog_seconds == seconds
