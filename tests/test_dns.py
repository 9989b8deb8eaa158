"""Keys are fetched from real UDP answers; only "no such name" means that there is no key."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from reconciler.dns import KeyFetcher, endpoint
from reconciler.sandbox import keys
from reconciler.sandbox.resolver import SandboxResolver, Weather

NAME = "sandbox._domainkey.wayforpay.com.ua"


@pytest.fixture
def resolver() -> Iterator[SandboxResolver]:
    with SandboxResolver(keys.zone()) as running:
        yield running


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_key_longer_than_one_string_is_whole(resolver: SandboxResolver) -> None:
    """A 2048-bit key comes in two character-strings and is joined."""
    answer = KeyFetcher([resolver.address])(NAME)
    assert answer.record == keys.RECORD.encode()
    assert not answer.temporary


def test_no_name_is_no_key(resolver: SandboxResolver) -> None:
    """NXDOMAIN is an answer: there is no key, and nothing to wait for."""
    answer = KeyFetcher([resolver.address])("other._domainkey.wayforpay.com.ua")
    assert answer.record is None
    assert not answer.temporary
    assert "NXDOMAIN" in answer.detail


@pytest.mark.parametrize("weather", [Weather.SERVFAIL, Weather.SILENT])
def test_a_failing_server_is_temporary(resolver: SandboxResolver, weather: Weather) -> None:
    """S04: a time-out or SERVFAIL is neither a key nor its absence, and is asked again the next time."""
    resolver.weather = weather
    fetch = KeyFetcher([resolver.address], timeout=0.3)
    answer = fetch(NAME)
    assert answer.record is None
    assert answer.temporary
    resolver.weather = Weather.FAIR
    assert fetch(NAME).record == keys.RECORD.encode()


def test_a_second_server_answers_for_a_failing_one(resolver: SandboxResolver) -> None:
    """A failing name server does not matter while another one answers."""
    with SandboxResolver() as broken:
        broken.weather = Weather.SERVFAIL
        assert KeyFetcher([broken.address, resolver.address])(NAME).record == keys.RECORD.encode()


def test_a_key_is_remembered_for_its_ttl(resolver: SandboxResolver) -> None:
    """One question per TTL; a key withdrawn from DNS is gone when the TTL is over."""
    clock = Clock()
    fetch = KeyFetcher([resolver.address], monotonic=clock)
    assert fetch(NAME) == fetch(NAME.upper() + ".")
    assert resolver.asked == [NAME]
    resolver.records.clear()
    clock.now += resolver.ttl + 1
    assert fetch(NAME).record is None
    assert resolver.asked == [NAME, NAME]


def test_absence_is_not_remembered(resolver: SandboxResolver) -> None:
    """A key that is published a moment later is found at once."""
    fetch = KeyFetcher([resolver.address])
    name = "new._domainkey.wayforpay.com.ua"
    assert fetch(name).record is None
    resolver.records[name] = keys.RECORD
    assert fetch(name).record == keys.RECORD.encode()


@pytest.mark.parametrize("name", ["a" * 64 + ".example.com", "a.." + "b", ".".join(["a" * 60] * 6)])
def test_what_is_no_name_has_no_key(name: str) -> None:
    """A selector that makes no DNS name is refused without a question."""
    answer = KeyFetcher(["127.0.0.1:1"])(name)
    assert answer.record is None
    assert not answer.temporary


def test_several_threads_share_a_fetcher(resolver: SandboxResolver) -> None:
    """Two mailboxes ask at once and both get the key."""
    fetch = KeyFetcher([resolver.address])
    found: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: found.append(fetch(NAME).record)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [keys.RECORD.encode()] * 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("127.0.0.1", ("127.0.0.1", 53)),
        ("[::1]:5353", ("::1", 5353)),
        ("::1", ("::1", 53)),
        ("[::1]", ("::1", 53)),
    ],
)
def test_endpoints(text: str, expected: tuple[str, int]) -> None:
    """Name servers are written as people write them."""
    assert endpoint(text) == expected


@pytest.mark.parametrize("text", ["", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:dns", ":53"])
def test_endpoints_that_are_none(text: str) -> None:
    """A mistyped name server is an error, never the system's resolver."""
    with pytest.raises(ValueError):
        endpoint(text)


def test_rubbish_does_not_stop_the_resolver(resolver: SandboxResolver) -> None:
    """The sandbox's server outlives packets that are no questions."""
    assert resolver.answer(b"rubbish") is None
    assert KeyFetcher([resolver.address])(NAME).record is not None
