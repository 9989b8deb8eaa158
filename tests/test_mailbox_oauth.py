"""Access tokens: fetched in time, replaced when refused, and never at the price of the refresh token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from reconciler.errors import ConfigError, MailboxUnreachable
from reconciler.ledger import Ledger
from reconciler.mailbox import ImapMailbox, LoginRefused, OAuth2Settings, Tokens, Watcher
from reconciler.sandbox.imap import SandboxImap
from tests.ledgers import HandClock
from tests.mailboxes import PASSWORD, Taker, letter, mailbox, recognition, settings


class Provider:
    """A token endpoint that gives a new refresh token each time and honours only the newest."""

    def __init__(self, clock: HandClock, *, life: Any = 3600) -> None:
        self.valid_refresh = "refresh-0"
        self.life = life
        self.asked: list[Mapping[str, str]] = []
        self._clock = clock
        self._good_until: dict[str, float] = {}

    def post(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        self.asked.append(form)
        if form["refresh_token"] != self.valid_refresh:
            return 400, b'{"error": "invalid_grant", "error_description": "refresh-0 was used"}'
        number = len(self.asked)
        self.valid_refresh = f"refresh-{number}"
        access = f"access-{number}"
        self._good_until[access] = self._clock().timestamp() + 3600
        answer = {"access_token": access, "refresh_token": self.valid_refresh, "expires_in": self.life}
        return 200, json.dumps(answer).encode()

    def accepts(self, user: str, token: str) -> bool:
        return user == "pay" and self._good_until.get(token, 0) > self._clock().timestamp()

    def revoke(self) -> None:
        self._good_until.clear()


OAUTH = OAuth2Settings(
    token_url="https://login.example.org/token", client_id="id", client_secret="s", refresh_token="refresh-0"
)


@pytest.fixture
def provider(hand_clock: HandClock) -> Provider:
    return Provider(hand_clock)


@pytest.fixture
def server(provider: Provider) -> Iterator[SandboxImap]:
    with SandboxImap({"pay": PASSWORD}) as running:
        running.faults.token_valid = provider.accepts
        running.deliver(letter(1))
        yield running


def box(server: SandboxImap, ledger: Ledger, provider: Provider) -> ImapMailbox:
    return mailbox(server, ledger, password=None, oauth2=OAUTH, post=provider.post)


def test_one_token_for_its_whole_life(
    server: SandboxImap, sqlite_ledger: Ledger, provider: Provider, hand_clock: HandClock
) -> None:
    """A token is used until it is about to expire, and replaced before it does (C12)."""
    taker = Taker(sqlite_ledger)
    ours = box(server, sqlite_ledger, provider)
    ours.read(taker)
    hand_clock.move(3000)
    ours.read(taker)
    assert len(provider.asked) == 1
    assert not ours.login_expires_soon()
    hand_clock.move(400)
    assert ours.login_expires_soon()
    server.deliver(letter(2))
    ours.read(taker)
    assert len(provider.asked) == 2
    assert taker.uids == [1, 2]
    assert server.count("LOGIN") == 0


def test_a_new_name_needs_no_new_token(server: SandboxImap, sqlite_ledger: Ledger, provider: Provider) -> None:
    """The settings' own token was rotated away long ago: a mailbox that is renamed still gets in, with the newest one (C12, O09)."""
    taker = Taker(sqlite_ledger)
    box(server, sqlite_ledger, provider).read(taker)
    server.deliver(letter(2))
    mailbox(server, sqlite_ledger, name="pay-box", password=None, oauth2=OAUTH, post=provider.post).read(taker)
    assert taker.new == [letter(1), letter(2)]
    assert [form["refresh_token"] for form in provider.asked] == ["refresh-0", "refresh-1"]


def test_a_token_that_ends_while_we_rest(server: SandboxImap, sqlite_ledger: Ledger, hand_clock: HandClock) -> None:
    """With tokens that live a minute the connection is renewed before each one ends, and no mail is missed or read twice (C12)."""
    provider = Provider(hand_clock, life=60)
    server.faults.token_valid = provider.accepts
    taker = Taker(sqlite_ledger)
    ours = mailbox(server, sqlite_ledger, password=None, oauth2=OAUTH, post=provider.post, poll_seconds=0.05)
    watcher = Watcher(ours, taker)
    watcher.start()
    taker.wait_for(1)
    for minute in range(1, 6):
        server.deliver(letter(100 + minute))
        taker.wait_for(minute + 1)
        logins = server.count("AUTHENTICATE")
        hand_clock.move(50)  # its last quarter
        server.wait_for("AUTHENTICATE", times=logins + 1)
    assert watcher.stop()
    assert len(taker.new) == 6
    assert len(taker.seen) == 6
    assert len({form["refresh_token"] for form in provider.asked}) == len(provider.asked) == 6
    assert server.most_connections <= 2


def test_rotation_survives_a_restart(server: SandboxImap, sqlite_ledger: Ledger, provider: Provider) -> None:
    """Each new refresh token is kept, so that a new process with the old settings is still let in (C13)."""
    for _ in range(3):
        box(server, sqlite_ledger, provider).read(Taker(sqlite_ledger))
    assert [form["refresh_token"] for form in provider.asked] == ["refresh-0", "refresh-1", "refresh-2"]


def test_rotation_is_kept_before_the_token_is_used(
    server: SandboxImap, sqlite_ledger: Ledger, provider: Provider
) -> None:
    """When the new access token first meets the server the new refresh token is already committed (C13)."""
    kept: list[Any] = []

    def note(user: str, token: str) -> bool:
        with sqlite_ledger.look() as tx:
            kept.append((tx.recall("oauth:payments") or {}).get("refresh_token"))
        return provider.accepts(user, token)

    server.faults.token_valid = note
    box(server, sqlite_ledger, provider).read(Taker(sqlite_ledger))
    assert kept == ["refresh-1"]


def test_new_settings_win(server: SandboxImap, sqlite_ledger: Ledger, provider: Provider) -> None:
    """A refresh token that a person has put into the settings is used, not the one remembered from the old."""
    box(server, sqlite_ledger, provider).read(Taker(sqlite_ledger))
    provider.valid_refresh = "from-a-person"
    changed = OAuth2Settings(token_url=OAUTH.token_url, client_id="id", refresh_token="from-a-person")
    ours = mailbox(server, sqlite_ledger, password=None, oauth2=changed, post=provider.post)
    ours.read(Taker(sqlite_ledger))
    assert provider.asked[-1]["refresh_token"] == "from-a-person"


def test_a_refused_token_is_replaced_once(server: SandboxImap, sqlite_ledger: Ledger, provider: Provider) -> None:
    """A token revoked before its time costs one more fetch; a server that refuses every token is not hammered (C12)."""
    ours = box(server, sqlite_ledger, provider)
    ours.read(Taker(sqlite_ledger))
    provider.revoke()
    ours.read(Taker(sqlite_ledger))
    assert len(provider.asked) == 2
    server.faults.token_valid = lambda user, token: False
    before = server.count("AUTHENTICATE")
    with pytest.raises(LoginRefused):
        ours.read(Taker(sqlite_ledger))
    assert server.count("AUTHENTICATE") == before + 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>maintenance</html>"),
        (200, b"[]"),
        (200, b'{"access_token": 7}'),
        (500, b'{"access_token": "x"}'),
        (400, b'{"error": "invalid_grant"}'),
        (401, b'{"error": "invalid_client"}'),
        (200, b""),
    ],
)
def test_no_token_is_an_error(server: SandboxImap, sqlite_ledger: Ledger, status: int, body: bytes) -> None:
    """Anything but a success that carries a token is MailboxUnreachable, and no secret is in its words (S08)."""
    tokens = Tokens("payments", OAUTH, sqlite_ledger, lambda url, form: (status, body))
    with pytest.raises(MailboxUnreachable) as caught:
        tokens.access_token()
    assert "refresh-0" not in str(caught.value)


@pytest.mark.parametrize(("life", "seconds"), [("600", 450), (60, 45), (None, 3300), (-5, 3300), ("soon", 3300)])
def test_life_of_a_token(sqlite_ledger: Ledger, hand_clock: HandClock, life: Any, seconds: int) -> None:
    """expires_in may be a number, digits, absent or nonsense; the token is renewed well before its end (C12)."""
    tokens = Tokens("payments", OAUTH, sqlite_ledger, Provider(hand_clock, life=life).post)
    tokens.access_token()
    hand_clock.move(seconds - 1)
    assert not tokens.expires_soon()
    hand_clock.move(1)
    assert tokens.expires_soon()


def test_oauth2_needs_a_way_out(server: SandboxImap, sqlite_ledger: Ledger) -> None:
    """Without a way to reach the token URL the settings cannot be run with."""
    with pytest.raises(ConfigError, match="oauth2"):
        ImapMailbox(settings(server, password=None, oauth2=OAUTH), sqlite_ledger, recognition())
