"""
The mailbox edge's own values: what it needs to be told, and what it hands on.

In from the settings: `MailboxSettings`. Out to the line: `Incoming`; to people: `MailboxHealth`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from reconciler.errors import ConfigError
from reconciler.model import MailRef, Message

Security = Literal["tls", "starttls", "plain"]
Secret = str | Callable[[], str]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def reveal(secret: Secret) -> str:
    return secret if isinstance(secret, str) else secret()


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2Settings:
    token_url: str
    client_id: str
    client_secret: Secret = field(default="", repr=False)
    refresh_token: Secret = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What is done to a mail in the mailbox once its outcome is committed; see `parse`."""

    action: Literal["keep", "flag", "move"]
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> After:
        """ "keep", "flag" or "move:FOLDER". Raises ValueError for anything else."""
        word, colon, folder = text.partition(":")
        if word == "move" and folder:
            return cls(action="move", folder=folder)
        if word == "keep" and not colon:
            return cls(action="keep")
        if word == "flag" and not colon:
            return cls(action="flag")
        raise ValueError(f"{text!r} is none of keep, flag, move:FOLDER")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """
    One [mailboxes.NAME] of the settings, as far as this edge needs it.

    Refuses by itself what would send a password in the clear: "plain" to anything but the loopback.
    Raises: ConfigError.
    """

    name: str
    host: str
    port: int = 993
    security: Security = "tls"
    ca_file: str = ""
    username: str
    password: Secret | None = field(default=None, repr=False)
    oauth2: OAuth2Settings | None = None
    folder: str = "INBOX"
    since: datetime | None = None
    poll_seconds: float = 60.0
    after: After = field(default_factory=lambda: After(action="keep"))
    max_bytes: int = 5_000_000
    connects_per_hour: int = 120

    def __post_init__(self) -> None:
        problems = []
        if self.security == "plain" and not is_loopback(self.host):
            problems.append(
                f"mailboxes.{self.name}.security: plain sends the password in the clear, so it is for the loopback only, "
                f"not for {self.host!r}: write tls or starttls"
            )
        if (self.password is None) == (self.oauth2 is None):
            problems.append(f"mailboxes.{self.name}: exactly one of password and oauth2 is needed")
        if _CONTROL.search(self.username):
            problems.append(f"mailboxes.{self.name}.username: there is a control character in it")
        if problems:
            raise ConfigError(problems)

    @property
    def account(self) -> str:
        """Whose mail this is, whatever the settings call it: "pay@example.ua at imap.example.ua"."""
        return f"{self.username} at {self.host.lower()}"

    def reveal_password(self) -> str:
        """Raises: ConfigError: a password with control characters, which would be a command of its own on the wire."""
        password = reveal(self.password) if self.password is not None else ""
        if _CONTROL.search(password):
            raise ConfigError([f"mailboxes.{self.name}.password: there is a control character (a line end?) in it"])
        return password


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """
    How mail of ours is told from foreign mail by its header alone.

    decode: header bytes → Message. rules: a fingerprint of all senders and parsers; when it changes, foreign mail is
    looked at again.
    """

    decode: Callable[[bytes], Message]
    is_ours: Callable[[Message], bool]
    has_success_words: Callable[[str], bool]
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One mail of ours on its way into the line. `truncated`: over max_bytes, so `raw` is its header alone."""

    ref: MailRef
    raw: bytes = field(repr=False)
    received_at: datetime  # INTERNALDATE, aware UTC
    size: int  # of the whole mail
    truncated: bool = False


class MailboxState(StrEnum):
    STARTING = "starting"
    CONNECTING = "connecting"
    SCANNING = "scanning"
    WATCHING = "watching"  # resting in IDLE
    POLLING = "polling"  # resting without IDLE
    WAITING = "waiting"  # unreachable; tried again at next_try_at
    ELSEWHERE = "elsewhere"  # another process reads this mailbox
    STOPPED = "stopped"


CONNECTED = frozenset({MailboxState.SCANNING, MailboxState.WATCHING, MailboxState.POLLING})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxHealth:
    """Health is the age of the last complete scan, never "the thread is up"."""

    state: MailboxState
    since: datetime  # in this state
    last_scan_at: datetime | None = None
    last_error: str | None = None
    next_try_at: datetime | None = None
    failing: int = 0  # mails whose handling failed and will be tried again
