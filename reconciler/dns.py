"""
Fetches DKIM keys from DNS. In: a name. Out: a `KeyAnswer`: the key, no key, or "ask again".

A time-out or a server's failure is temporary, never "no key": a mail whose key could not be asked for waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from reconciler.trust import KeyAnswer

MAX_TTL = 3600.0  # a key may be revoked; the service runs for months
MAX_KEYS = 256


class KeyFetcher:
    """
    `fetcher("mail._domainkey.wayforpay.com.ua")` → KeyAnswer; thread-safe, remembers keys as long as their TTL says.

    nameservers: "127.0.0.1:5353", "[::1]:53" or a bare address; empty: the system's.
    timeout: seconds for one question, retries included.
    """

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        timeout: float = 5.0,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._nameservers = [dns.nameserver.Do53Nameserver(*endpoint(one)) for one in nameservers]
        self._timeout = timeout
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, KeyAnswer]] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str) -> KeyAnswer:
        key = name.lower().rstrip(".")
        with self._lock:
            expires, answer = self._known.get(key, (0.0, None))
        if answer is not None and self._monotonic() < expires:
            return answer
        fresh, ttl = self._ask(key)
        if ttl > 0:
            with self._lock:
                if len(self._known) >= MAX_KEYS:
                    self._known.clear()
                self._known[key] = (self._monotonic() + min(ttl, MAX_TTL), fresh)
        return fresh

    def _ask(self, name: str) -> tuple[KeyAnswer, float]:
        """The answer and for how many seconds it may be remembered; only keys are remembered, never their absence."""
        try:
            resolver = self._resolver()
            found = resolver.resolve(dns.name.from_text(name), "TXT", lifetime=self._timeout, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer) as exc:
            return KeyAnswer(detail=f"{name} has no TXT record ({type(exc).__name__})"), 0
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, UnicodeError):
            return KeyAnswer(detail="not a DNS name"), 0
        except (dns.exception.DNSException, OSError) as exc:  # time-outs, SERVFAIL of all servers, no resolver at all
            return KeyAnswer(temporary=True, detail=type(exc).__name__), 0
        records = [b"".join(record.strings) for record in found]
        if len(records) != 1:  # RFC 6376 §3.6.2.2: the result of several is undefined
            return KeyAnswer(detail=f"{name} has {len(records)} TXT records, not one"), 0
        ttl = float(found.rrset.ttl) if found.rrset is not None else 0.0
        return KeyAnswer(record=records[0]), ttl

    def _resolver(self) -> dns.resolver.Resolver:
        if not self._nameservers:
            return dns.resolver.Resolver()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = list(self._nameservers)
        resolver.timeout = min(2.0, self._timeout)
        return resolver


def endpoint(text: str) -> tuple[str, int]:
    """("127.0.0.1", 5353) from "127.0.0.1:5353"; port 53 unless told. Raises ValueError."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    number = int(port) if port else 53
    if not host or not 0 < number < 65536:
        raise ValueError(f"not a name server: {text!r}")
    return host, number
