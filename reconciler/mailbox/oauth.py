"""
Access tokens for XOAUTH2: from the refresh token of the settings, or the newer one that the provider gave instead.

In: `OAuth2Settings` and a `Post` (form fields to a URL → status and body). Out: an access token that lives a while yet. A
rotated refresh token is committed to the ledger before the access token that came with it is used: the old one may be dead
already.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from reconciler.errors import MailboxUnreachable
from reconciler.mailbox.needs import MailboxLedger
from reconciler.mailbox.values import OAuth2Settings, reveal

Post = Callable[[str, Mapping[str, str]], tuple[int, bytes]]
"""POST these form fields; returns status and body. Raises TransientError when no answer came."""

_DEFAULT_LIFE = timedelta(hours=1)  # expires_in is only recommended (RFC 6749 §5.1)
_LONGEST_MARGIN = timedelta(minutes=5)


class Tokens:
    """The tokens of one mailbox; used by one thread at a time."""

    def __init__(self, mailbox: str, settings: OAuth2Settings, ledger: MailboxLedger, post: Post) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._ledger = ledger
        self._post = post
        self._token: str | None = None
        self._renew_at: datetime | None = None

    def access_token(self) -> str:
        """One that is not about to expire. Raises MailboxUnreachable when the provider gives none."""
        if self._token is None or self.expires_soon():
            self._token = self._fetch()
        return self._token

    def expires_soon(self) -> bool:
        """The token in use should be replaced now."""
        return self._renew_at is not None and self._ledger.clock() >= self._renew_at

    def forget(self) -> None:
        """The server refused the access token: the next one is fetched anew."""
        self._token = self._renew_at = None

    def _fetch(self) -> str:
        configured = reveal(self._settings.refresh_token)
        lineage = hashlib.sha256(configured.encode()).hexdigest()
        for refresh_token in self._candidates(configured, lineage):
            status, body = self._post(
                self._settings.token_url,
                {
                    "grant_type": "refresh_token",
                    "refresh_token": refresh_token,
                    "client_id": self._settings.client_id,
                    "client_secret": reveal(self._settings.client_secret),
                },
            )
            answer = self._read(status, body)
            if "access_token" in answer:
                return self._accept(answer, refresh_token, lineage)
            if answer.get("error") != "invalid_grant":
                break
        # The provider's own words may quote what was sent; its error code may not.
        raise MailboxUnreachable(
            f"{self._settings.token_url}: no access token: HTTP {status}, error {answer.get('error')!r}",
            mailbox=self._mailbox,
            step="OAUTH2",
        )

    def _candidates(self, configured: str, lineage: str) -> list[str]:
        """The remembered token first; it counts only as long as the settings hold the one it came from."""
        with self._ledger.look() as tx:
            remembered = tx.recall(self._memory) or {}
        rotated = remembered.get("refresh_token")
        if isinstance(rotated, str) and remembered.get("from") == lineage:
            return [rotated, configured]
        return [configured]

    def _read(self, status: int, body: bytes) -> Mapping[str, Any]:
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise MailboxUnreachable(
                f"{self._settings.token_url}: HTTP {status} without a JSON object", mailbox=self._mailbox, step="OAUTH2"
            )
        if not (200 <= status < 300 and isinstance(answer.get("access_token"), str)):
            answer.pop("access_token", None)
        return answer

    def _accept(self, answer: Mapping[str, Any], used: str, lineage: str) -> str:
        rotated = answer.get("refresh_token")
        if isinstance(rotated, str) and rotated and rotated != used:
            with self._ledger.begin() as tx:
                tx.remember(self._memory, {"refresh_token": rotated, "from": lineage})
        life = _life(answer.get("expires_in"))
        self._renew_at = self._ledger.clock() + life - min(_LONGEST_MARGIN, life / 4)
        return str(answer["access_token"])

    @property
    def _memory(self) -> str:
        return f"oauth:{self._mailbox}"


def _life(expires_in: object) -> timedelta:
    """Seconds, as a number or, with some providers, as a string of digits."""
    text = str(expires_in)
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and int(text) > 0 else _DEFAULT_LIFE
