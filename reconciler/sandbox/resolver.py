"""
A DNS server on loopback that serves TXT records, and fails on demand. In: a zone. Out: answers over UDP.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

_STRING = 255  # bytes of one character-string of a TXT record (RFC 1035 §3.3)


class Weather(StrEnum):
    """How the server behaves."""

    FAIR = "fair"
    SILENT = "silent"  # no answer at all: the asker times out
    SERVFAIL = "servfail"


class SandboxResolver:
    """
    `with SandboxResolver({"sandbox._domainkey.wayforpay.com.ua": "v=DKIM1; …"}) as resolver: resolver.address`

    records and `weather` may be changed while it runs; `asked` lists the names that were asked for.
    """

    def __init__(self, records: Mapping[str, str] | None = None, *, port: int = 0, ttl: int = 300) -> None:
        self.records = dict(records or {})
        self.weather = Weather.FAIR
        self.ttl = ttl
        self.asked: list[str] = []
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox-resolver", daemon=True
        )

    @property
    def address(self) -> str:
        """ "127.0.0.1:5353", as the setting `nameservers` takes it."""
        host, port = self._server.socket.getsockname()[:2]
        return f"{host}:{port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def answer(self, packet: bytes) -> bytes | None:
        """The answer to one question; None: silence."""
        try:
            query = dns.message.from_wire(packet)
        except dns.exception.DNSException:
            return None
        if not query.question:
            return None
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if self.weather is Weather.SILENT:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        record = {key.lower().rstrip("."): value for key, value in self.records.items()}.get(name)
        if self.weather is Weather.SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif record is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT:
            response.answer.append(
                dns.rrset.from_text(question.name, self.ttl, dns.rdataclass.IN, dns.rdatatype.TXT, _quoted(record))
            )
        return response.to_wire()


class _Server(socketserver.UDPServer):
    allow_reuse_address = False
    max_packet_size = 4096

    def __init__(self, address: tuple[str, int], owner: SandboxResolver) -> None:
        self.owner = owner
        super().__init__(address, _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        packet, sock = self.request
        reply = self.server.owner.answer(packet)
        if reply is not None:
            with contextlib.suppress(OSError):  # the asker has gone: there is nobody to tell
                sock.sendto(reply, self.client_address)


def _quoted(record: str) -> str:
    """One record as character-strings: a 2048-bit key is longer than one of them holds."""
    chunks = [record[start : start + _STRING] for start in range(0, len(record), _STRING)] or [""]
    return " ".join('"' + chunk.replace("\\", "\\\\").replace('"', '\\"') + '"' for chunk in chunks)
