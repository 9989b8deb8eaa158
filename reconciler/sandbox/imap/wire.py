"""
One client's line: whole commands in, buffered answers out, and the faults of the line itself.

In: the stream of an accepted connection. Out: commands as bytes with their literals in place; `flush` sends what
was answered, slowly or by half when the server's faults say so.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct

from reconciler.sandbox.imap.faults import Fault, FaultKind, Faults
from reconciler.sandbox.imap.grammar import LITERAL
from reconciler.sandbox.imap.host import Host

LONGEST_LINE = 1 << 20
LARGEST_LITERAL = 64 << 20
_CHUNK = 16


class Hangup(Exception):
    """This connection ends now."""


class Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, faults: Faults) -> None:
        self._reader = reader
        self._writer = writer
        self._faults = faults
        self._out = bytearray()
        self.encrypted = writer.get_extra_info("ssl_object") is not None

    # -- in
    async def line(self) -> bytes:
        """One line without its end. Raises Hangup at the end of the stream."""
        try:
            line = await self._reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as exc:
            raise Hangup from exc
        return line.rstrip(b"\r\n")

    async def command(self) -> bytes:
        """One command; each literal stands as "{n}\\r\\n" and its bytes, asked for where the client waits."""
        whole = bytearray()
        while True:
            line = await self.line()
            whole += line
            literal = LITERAL.search(line)
            if literal is None:
                return bytes(whole)
            size = int(literal[1])
            if size > LARGEST_LITERAL:
                raise Hangup
            if not literal[2]:
                self.send(b"+ go on\r\n")
                await self.flush()
            try:
                whole += b"\r\n" + await self._reader.readexactly(size)
            except (asyncio.IncompleteReadError, OSError) as exc:
                raise Hangup from exc

    # -- out
    def send(self, data: bytes) -> None:
        self._out += data

    def drop_answer(self) -> None:
        self._out.clear()

    async def flush(self) -> None:
        data = bytes(self._out)
        self._out.clear()
        await self._write(data)

    async def _write(self, data: bytes) -> None:
        if self._faults.mangle is not None:
            data = self._faults.mangle(data)
        try:
            pause = self._faults.seconds_per_chunk
            if not pause:
                self._writer.write(data)
                await self._writer.drain()
                return
            for at in range(0, len(data), _CHUNK):
                await asyncio.sleep(pause)
                self._writer.write(data[at : at + _CHUNK])
                await self._writer.drain()
        except OSError as exc:
            raise Hangup from exc

    # -- faults
    async def suffer(self, fault: Fault) -> None:
        """Carry out a fault that ends the connection or silences it; returns only for the others."""
        if fault.kind is FaultKind.HANG:
            await self.silence()
        if fault.kind is FaultKind.RESET:
            self.reset()
            raise Hangup
        if fault.kind is FaultKind.BYE:
            self.drop_answer()
            self.send(f"* BYE {fault.text or 'going down'}\r\n".encode())
            await self.flush()
            raise Hangup
        if fault.kind is FaultKind.EOF:
            raise Hangup
        if fault.kind in (FaultKind.HALF_LINE, FaultKind.CUT_LINE):
            half = bytes(self._out[: max(1, len(self._out) // 2)])
            self.drop_answer()
            await self._write(half)
            if fault.kind is FaultKind.HALF_LINE:
                await self.silence()
            raise Hangup

    async def silence(self) -> None:
        """Take bytes and never answer, until the client gives up."""
        while await self._read_some():
            pass
        raise Hangup

    async def _read_some(self) -> bytes:
        try:
            return await self._reader.read(4096)
        except OSError:
            return b""

    def reset(self) -> None:
        """End with RST instead of FIN."""
        raw = self._writer.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    # -- line
    async def start_tls(self, context: ssl.SSLContext) -> None:
        try:
            await self._writer.start_tls(context)
        except OSError as exc:  # ssl.SSLError is one: the client did not like our certificate
            raise Hangup from exc
        self.encrypted = True

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return  # the client was faster


async def read_greeting_faults(wire: Wire, server: Host) -> None:
    """What is armed for "CONNECT" strikes before the first byte."""
    fault = server.faults.take("CONNECT")
    if fault is None:
        return
    if fault.kind in (FaultKind.GARBAGE, FaultKind.ODD_ANSWER, FaultKind.NO, FaultKind.BAD):
        text = (
            fault.text
            if fault.kind in (FaultKind.GARBAGE, FaultKind.ODD_ANSWER)
            else f"* {fault.kind.upper()} {fault.text}"
        )
        wire.send(text.encode() + b"\r\n")
        await wire.flush()
        return
    wire.send(b"* OK ready\r\n")  # what a half line is half of
    await wire.suffer(fault)
