"""
imapclient behind types: one connection, from the greeting to the selected folder.

In: where to, TLS, credentials. Out: `Connection.select` gives the `OpenFolder`; every error of the library is a
MailboxUnreachable, or CommandRefused where the server understood and said NO. A connection never reconnects: what
follows trouble is a new one. Not thread-safe, but for `cut`.
"""

from __future__ import annotations

import base64
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient

from reconciler.errors import ConfigError, MailboxUnreachable
from reconciler.mailbox.line import Bell, Limits, Line, wait_readable
from reconciler.mailbox.values import MailboxSettings

# What imapclient and imaplib raise when a server is gone, slow or odd: not one family.
LIBRARY_ERRORS = (
    imaplib.IMAP4.error,
    OSError,
    ValueError,
    AttributeError,
    LookupError,
    TypeError,
    AssertionError,
    RecursionError,
)
_REFUSED = re.compile(r"\w+ failed: ")  # how imapclient words a tagged NO


class CommandRefused(MailboxUnreachable):
    """A tagged NO: the connection is in step, this one command is not carried out."""


class LoginRefused(MailboxUnreachable):
    """The server does not accept these credentials, or not now."""


class _Imap(imaplib.IMAP4):
    """imaplib over a line that somebody else dials."""

    def __init__(self, host: str, port: int, line: Line, context: ssl.SSLContext | None) -> None:
        self._line = line
        self._context = context
        super().__init__(host, port)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._line.dial(self.host, self.port, self._context)

    def read(self, size: int) -> bytes:
        return self._counted(super().read(size))

    def readline(self) -> bytes:
        return self._counted(super().readline())

    def _counted(self, data: bytes) -> bytes:
        self._line.meter.received += len(data)
        return data


class _Client(IMAPClient):  # type: ignore[misc]  # untyped library
    """imapclient with its own way to connect, and an IDLE that neither loses lines nor sleeps through the bell."""

    def __init__(self, settings: MailboxSettings, bell: Bell, line: Line, context: ssl.SSLContext | None) -> None:
        self._bell = bell
        self._line = line
        self._tls_from_start = context if settings.security == "tls" else None
        super().__init__(settings.host, settings.port, ssl=settings.security == "tls", ssl_context=context)
        self.normalise_times = False  # INTERNALDATE with its own zone, not naive local time

    def _create_IMAP4(self) -> _Imap:  # noqa: N802 - the library's name
        return _Imap(self.host, self.port, self._line, self._tls_from_start)

    def _set_read_timeout(self) -> None:
        self.socket().settimeout(self._line.read_seconds)

    def _poll_socket(self, sock: socket.socket, timeout: float | None = None) -> list[tuple[int, int]]:
        """
        The library polls the bare socket, while lines that came together with "+ idling" already lie in a buffer and
        would wait there for the whole slice. `idle_check` has made the socket non-blocking.
        """
        if self._is_buffered(sock) or wait_readable(sock, self._bell, timeout):
            return [(sock.fileno(), 1)]
        return []

    def _process_select_response(self, resp: dict[str, list[Any]]) -> Any:
        """A number that a server tells as "" or "x" is not told; the library would give the whole folder up for it."""
        for word in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ", "RECENT"):
            told = resp.get(word)
            if told and not (isinstance(told[0], bytes) and told[0].isdigit()):
                del resp[word]
        return super()._process_select_response(resp)

    def _is_buffered(self, sock: socket.socket) -> bool:
        own_buffer = getattr(self._imap, "_readbuf", None)
        if own_buffer is not None:  # Python 3.14 and later: imaplib buffers by itself
            return bool(own_buffer) or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)
        try:
            return bool(self._imap.file.peek(1))
        except OSError:  # nothing there yet: EAGAIN, or SSLWantRead in the middle of a record
            return False


def tls_context(settings: MailboxSettings) -> ssl.SSLContext | None:
    """Verifies certificate and host name, always. Raises ConfigError: ca_file cannot be read."""
    if settings.security == "plain":
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as exc:
        raise ConfigError([f"mailboxes.{settings.name}.ca_file: {settings.ca_file!r} cannot be used: {exc}"]) from exc


class Connection:
    """One connection to one mailbox's server: made by `open`, entered by a login, ended by `close`."""

    def __init__(self, settings: MailboxSettings, client: _Client, line: Line, limits: Limits) -> None:
        self.settings = settings
        self.client = client
        self._line = line
        self._limits = limits
        self._secrets: tuple[str, ...] = ()
        self.opened: object = None  # the one folder whose UIDs may be used now

    @classmethod
    def open(cls, settings: MailboxSettings, *, bell: Bell, line: Line, limits: Limits) -> Connection:
        """Connect and encrypt; credentials are not sent yet."""
        context = tls_context(settings)
        with _errors(settings, "connect"):
            client = _Client(settings, bell, line, context)
        connection = cls(settings, client, line, limits)
        try:
            if settings.security == "starttls":
                connection._encrypt(context)
        except BaseException:
            connection.close(polite=False)
            raise
        return connection

    def _encrypt(self, context: ssl.SSLContext | None) -> None:
        with self.errors("STARTTLS"):
            if not self.client.has_capability("STARTTLS"):
                raise MailboxUnreachable(
                    f"{self.settings.host} does not offer STARTTLS, and credentials are not sent in the clear",
                    **_facts(self.settings, "STARTTLS"),
                )
            self.client.starttls(context)

    # ------------------------------------------------------------ login
    def login(self, password: str) -> None:
        """LOGIN, or AUTHENTICATE PLAIN for what LOGIN cannot say in ASCII. Raises LoginRefused."""
        user = self.settings.username
        identity = f"\0{user}\0{password}"
        if (user + password).isascii():
            self._enter(lambda: self.client.login(user, password), password, identity)
        else:
            self._enter(lambda: self.client.sasl_login("PLAIN", lambda _: identity.encode()), password, identity)

    def login_with_token(self, token: str) -> None:
        """AUTHENTICATE XOAUTH2. Raises LoginRefused."""
        first = f"user={self.settings.username}\x01auth=Bearer {token}\x01\x01"

        def answer(challenge: bytes) -> bytes:
            # A second challenge tells why the token is refused, and wants an empty line before the NO.
            return b"" if challenge else first.encode()

        self._enter(lambda: self.client.sasl_login("XOAUTH2", answer), token, first)

    def _enter(self, say: Callable[[], object], *secrets: str) -> None:
        refusal: MailboxUnreachable
        self._secrets = tuple(
            form for secret in secrets if secret for form in (secret, base64.b64encode(secret.encode()).decode())
        )
        try:
            say()
            self.client.capabilities()  # asked once, now: in front of IDLE it would swallow news
        except imaplib.IMAP4.abort as exc:
            refusal = MailboxUnreachable(self._told("LOGIN", exc), **_facts(self.settings, "LOGIN"))
        except imaplib.IMAP4.error as exc:
            refusal = LoginRefused(self._told("LOGIN", exc), **_facts(self.settings, "LOGIN"))
        except LIBRARY_ERRORS as exc:
            refusal = MailboxUnreachable(self._told("LOGIN", exc), **_facts(self.settings, "LOGIN"))
        else:
            return
        # Outside the handlers, so that ours carries no traceback of the library's error, which may quote what was sent.
        raise refusal

    def _told(self, step: str, exc: Exception) -> str:
        text = _words(exc)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return f"{self.settings.host}: {step}: {text}"

    def folders(self) -> list[str]:
        """The names of all folders that can be opened."""
        with self.errors("LIST"):
            return [str(name) for flags, _, name in self.client.list_folders() if b"\\Noselect" not in flags]

    # ------------------------------------------------------------ what protects it
    @property
    def encryption(self) -> str | None:
        """The protocol agreed upon, "TLSv1.3"; None: in the clear."""
        line = self.client.socket()
        return line.version() if isinstance(line, ssl.SSLSocket) else None

    @property
    def certificate_ends(self) -> datetime | None:
        line = self.client.socket()
        if not isinstance(line, ssl.SSLSocket):
            return None
        ends = (line.getpeercert() or {}).get("notAfter")
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None

    # ------------------------------------------------------------ end
    @contextmanager
    def errors(self, step: str) -> Iterator[None]:
        with _errors(self.settings, step):
            yield

    def cut(self) -> None:
        """From any thread: whoever is blocked on this connection fails now."""
        self._line.cut()

    def close(self, *, polite: bool = True) -> None:
        """Leave; `polite` says LOGOUT and waits a moment for the answer. Never raises for the server's sake."""
        with suppress(*LIBRARY_ERRORS):
            if polite:
                self.client.socket().settimeout(self._limits.goodbye)
                self.client.logout()
        with suppress(*LIBRARY_ERRORS):
            self.client.shutdown()
        self._line.close()


@contextmanager
def _errors(settings: MailboxSettings, step: str) -> Iterator[None]:
    """The library's errors into ours. Only library calls stand inside, so nothing of ours is taken for weather."""
    try:
        yield
    except MailboxUnreachable:
        raise
    except LIBRARY_ERRORS as exc:
        refused = type(exc) is imaplib.IMAP4.error and _REFUSED.match(str(exc))
        kind = CommandRefused if refused else MailboxUnreachable
        raise kind(f"{settings.host}: {step}: {_words(exc)}", **_facts(settings, step)) from exc


def _words(exc: Exception) -> str:
    return str(exc) or type(exc).__name__


def _facts(settings: MailboxSettings, step: str) -> dict[str, Any]:
    return {"mailbox": settings.name, "host": settings.host, "step": step}
