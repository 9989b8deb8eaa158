"""
A real Dovecot for tests: one server a test session, a mailbox of its own for each test.

In: the `dovecot` fixture. Out: host, ports, CA file, user, password, and ways to put mail there without IMAP. Where
Dovecot is not installed the tests are skipped with that reason; under CI=true they fail instead.
"""

from __future__ import annotations

import getpass
import grp
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import certificates

PASSWORD = "correct-horse"

_NOBODY = 65534
_START_SECONDS = 20.0

_CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap
listen = 127.0.0.1
first_valid_uid = 0
{owners}
mail_location = maildir:~/Maildir
mail_fsync = never
auth_mechanisms = plain login
disable_plaintext_auth = no
auth_failure_delay = 0
mail_max_userip_connections = 100
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dovecot:
    """One user's mailbox on the running server."""

    host: str
    port: int  # plain, and STARTTLS
    tls_port: int
    ca_file: Path
    user: str
    password: str = field(repr=False)
    maildir: Path
    owner: int | None  # uid the files must belong to; None: our own
    _counter: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    def deliver(self, raw: bytes, folder: str = "INBOX") -> None:
        """Drop a mail into the Maildir as a mail server does: written aside, then renamed into `new`."""
        home = self.maildir if folder == "INBOX" else self.maildir / f".{folder}"
        for part in ("tmp", "new", "cur"):
            self._folder(home / part)
        name = f"{time.time_ns()}.{next(self._counter)}.tests"
        aside = home / "tmp" / name
        aside.write_bytes(raw)
        if self.owner is not None:
            os.chown(aside, self.owner, self.owner)
        aside.rename(home / "new" / name)

    def wipe(self) -> None:
        """
        A new, empty mailbox under another UIDVALIDITY.

        Left to itself Dovecot takes the time in seconds, which a quick test would see twice.
        """
        shutil.rmtree(self.maildir, ignore_errors=True)
        self._folder(self.maildir)
        uids = self.maildir / "dovecot-uidlist"
        uids.write_text(f"3 V{int(time.time()) + 1000 + next(self._counter)} N1\n")
        if self.owner is not None:
            os.chown(uids, self.owner, self.owner)

    def _folder(self, path: Path) -> None:
        missing = [each for each in (path, *path.parents) if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
        if self.owner is not None:
            for each in missing:
                os.chown(each, self.owner, self.owner)


class Server:
    """The process. It lets in every name with the one password, and gives each a mailbox of its own."""

    def __init__(self, binary: str, base: Path) -> None:
        self.base = base
        self.owner = _NOBODY if os.geteuid() == 0 else None
        self.port, self.tls_port = _free_ports()
        for name in ("run", "state", "mail", "tls"):
            (base / name).mkdir()
        if self.owner is not None:
            base.chmod(0o755)
            os.chown(base / "mail", self.owner, self.owner)
        self.certificate = certificates.make(base / "tls")
        config = base / "dovecot.conf"
        config.write_text(
            _CONFIG.format(
                base=base,
                owners=_owners(),
                password=PASSWORD,
                uid=self.owner if self.owner is not None else os.getuid(),
                gid=self.owner if self.owner is not None else os.getgid(),
                cert=self.certificate.cert,
                key=self.certificate.key,
                port=self.port,
                tls_port=self.tls_port,
            )
        )
        self._process = subprocess.Popen(
            [binary, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
                    if line.recv(4) == b"* OK":
                        return
            except OSError:
                pass  # not yet
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self.base / "dovecot.log"
                raise RuntimeError(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")
            time.sleep(0.01)

    def mailbox(self) -> Dovecot:
        user = f"pay-{uuid.uuid4().hex[:12]}"
        home = self.base / "mail" / user
        return Dovecot(
            host="localhost",
            port=self.port,
            tls_port=self.tls_port,
            ca_file=self.certificate.cert,
            user=user,
            password=PASSWORD,
            maildir=home / "Maildir",
            owner=self.owner,
        )

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _owners() -> str:
    if os.geteuid() == 0:
        names = ("dovecot", "dovecot", "dovenull")
    else:
        own = getpass.getuser()
        names = (own, grp.getgrgid(os.getgid()).gr_name, own)
    keys = ("default_internal_user", "default_internal_group", "default_login_user")
    return "\n".join(f"{key} = {name}" for key, name in zip(keys, names, strict=True))


def _free_ports() -> tuple[int, int]:
    """Dovecot takes no port 0, so two free ones are looked up right before it starts."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[Server]:
    binary = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Dovecot is not installed (package dovecot-imapd), and CI must not skip it")
        pytest.skip("Dovecot is not installed (package dovecot-imapd)")
    # Not tmp_path: a socket's path may have about 100 characters, and `nobody` must be able to walk there.
    with tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as folder:
        server = Server(binary, Path(folder))
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.stop()


@pytest.fixture
def dovecot(dovecot_server: Server) -> Dovecot:
    """A fresh, empty mailbox with a user of its own."""
    return dovecot_server.mailbox()
