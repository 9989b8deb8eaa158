"""The fixtures of the line: a mailbox server of each kind, and a line on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from reconciler.sandbox import keys
from reconciler.sandbox.imap import SandboxImap
from reconciler.sandbox.planfix import SandboxPlanfix
from reconciler.sandbox.resolver import SandboxResolver
from tests import certificates
from tests.certificates import Certificate
from tests.line.line import Box, DovecotBox, EmbeddedBox, Line

KINDS = ("embedded-plain", "embedded-starttls", "embedded-tls", "dovecot-plain", "dovecot-starttls", "dovecot-tls")
TLS: dict[str, Literal["tls", "starttls"] | None] = {"plain": None, "tls": "tls", "starttls": "starttls"}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def resolver() -> Iterator[SandboxResolver]:
    with SandboxResolver(keys.zone("wayforpay.com.ua")) as resolver:
        yield resolver


@pytest.fixture
def planfix(planfix_server: SandboxPlanfix) -> SandboxPlanfix:
    """A new account; the server behind it is shared."""
    planfix_server.reset()
    return planfix_server


@pytest.fixture
def imap(certificate: Certificate) -> Iterator[SandboxImap]:
    """The embedded server without TLS, for tests that play with it."""
    with SandboxImap({"pay": "secret-pay"}) as imap:
        yield imap


@pytest.fixture
def line(
    tmp_path: Path, imap: SandboxImap, certificate: Certificate, planfix: SandboxPlanfix, resolver: SandboxResolver
) -> Line:
    """A line on the embedded mailbox, without TLS."""
    box = EmbeddedBox(imap=imap, certificate=certificate)
    return Line(folder=tmp_path, box=box, planfix=planfix, resolver=resolver)


@pytest.fixture
def postgres_line(line: Line, postgres_url: str) -> Line:
    """The same on a ledger in PostgreSQL."""
    line.url = postgres_url
    return line


@pytest.fixture(params=["sqlite", "postgresql"])
def line_on(request: pytest.FixtureRequest) -> Line:
    """A line on the embedded mailbox, once for each database."""
    found: Line = request.getfixturevalue("line" if request.param == "sqlite" else "postgres_line")
    return found


@pytest.fixture(params=KINDS)
def any_box(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[Box]:
    """A mailbox of every kind: embedded and Dovecot, in the clear on loopback, STARTTLS, TLS."""
    server, _, security = str(request.param).partition("-")
    if server == "dovecot":
        yield DovecotBox(dovecot=request.getfixturevalue("dovecot"), security=security)
        return
    certfile, keyfile = certificate.cert, certificate.key
    with SandboxImap({"pay": "secret-pay"}, tls=TLS[security], certfile=certfile, keyfile=keyfile) as imap:
        yield EmbeddedBox(imap=imap, certificate=certificate)


@pytest.fixture
def any_line(tmp_path: Path, any_box: Box, planfix: SandboxPlanfix, resolver: SandboxResolver) -> Line:
    """A line on a mailbox of each kind."""
    return Line(folder=tmp_path, box=any_box, planfix=planfix, resolver=resolver)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: processes are killed at every boundary; most of a minute in all")
