"""
A real PostgreSQL for tests: one server a session, a fresh database a test, nothing left behind.

Found on PATH or where Debian puts it; as root it runs as nobody, because PostgreSQL refuses root. Where there is none the
tests that need it are skipped, except in CI (CI=true), where that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

_OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c unix_socket_directories={folder}"


def _find() -> Path | None:
    """The folder of the newest server's programs."""
    on_path = shutil.which("pg_ctl")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Server:
    """A cluster in a folder of its own, reached through a socket in it."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # A short name: a socket's path ends at about 100 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")

    def start(self) -> None:
        data = self.folder / "data"
        self._run("initdb", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync", "-D", data)
        options = _OPTIONS.format(folder=self.folder)
        self._run("pg_ctl", "-D", data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str | Path) -> None:
        as_other = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
        command = [*as_other, str(self._programs / program), *map(str, arguments)]
        # To a file: pg_ctl's server would keep a pipe open for its whole life.
        with (self.folder.parent / f"{self.folder.name}.out").open("w+b") as output:
            Path(output.name).unlink()
            done = subprocess.run(command, cwd="/", stdout=output, stderr=output, timeout=60, check=False)
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read().decode()}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A running PostgreSQL, shared by the session's tests."""
    programs = _find()
    if programs is None:
        reason = "PostgreSQL's initdb and pg_ctl are neither on PATH nor in /usr/lib/postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = Server(programs)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The url of an empty database of the test's own."""
    name = f"test_{uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")
