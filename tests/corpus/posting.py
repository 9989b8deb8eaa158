"""
A mail's bytes: bodies, a subject and a way to send them come in; the raw message goes out, CRLF and all.

Written by hand because real senders break rules that a library would keep.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random

from tests.corpus import enclosures

CHARSETS = {
    "utf-8": 50,
    "windows-1251": 12,
    "koi8-u": 5,
    "koi8-r": 3,
    "utf-16": 4,
    "utf-8 unlabelled": 7,
    "utf-8 labelled us-ascii": 4,
    "windows-1251 unlabelled": 3,
    "windows-1251 labelled utf-8": 2,
    "utf-8 labelled windows-1251": 2,
    "utf-8 labelled unknown-8bit": 2,
    "utf-8 named oddly": 6,
    "windows-1251 meta utf-8": 3,
    "utf-8 meta windows-1251": 3,
}
"""How a letter's parts are encoded and what their label says of it → weight."""
MISLED = frozenset(name for name in CHARSETS if re.search("labelled|meta", name)) - {"utf-8 unlabelled"}
"""A mail program may show rubbish here: the reader may hold."""
SENDERS = ("WayForPay <notify@wayforpay.com.ua>", "notify@wayforpay.com.ua", '"WayForPay" <no-reply@wayforpay.com>')
SHAPES = {
    "html": 46,
    "text": 14,
    "alternative": 26,
    "alternative, stub text": 6,
    "mixed": 4,
    "related": 4,
    "mixed, text attached": 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A text part: its MIME type and content, newlines as \\n."""

    kind: str  # "html" or "plain"
    content: str
    flowed: bool = False


def encoding(name: str) -> tuple[str, str]:
    """(Python's codec, the label as the header has it; "" for none)."""
    codec, _, claim = name.partition(" ")
    if claim == "unlabelled":
        return codec, ""
    if claim == "named oddly":
        return "utf-8", '"UTF8"'
    return codec, claim.removeprefix("labelled ") if claim.startswith("labelled") else codec


def fits(parts: Sequence[Part], charset: str) -> bool:
    """Whether every text part can be written in it; HTML can always fall back to entities."""
    codec, _ = encoding(charset)
    try:
        for part in parts:
            if part.kind == "plain":
                part.content.encode(codec)
    except UnicodeEncodeError:
        return False
    return not (codec == "koi8-r" and any(set("іїєґ") & set(part.content.lower()) for part in parts))


def post(rng: Random, parts: Sequence[Part], subject: str, charset: str, shape: str, at: datetime) -> bytes:
    """The whole mail."""
    head = [
        f"From: {rng.choice(SENDERS)}",
        "To: pay@example.ua",
        f"Subject: {_subject(rng, subject)}",
        f"Date: {format_datetime(at + timedelta(seconds=rng.randrange(2, 90)))}",
        f"Message-ID: <{rng.randrange(16**12):012x}@wayforpay.com.ua>",
        "MIME-Version: 1.0",
    ]
    entity = _entities(rng, parts, charset, shape)
    return "\r\n".join(head).encode("utf-8") + b"\r\n" + entity


def _entities(rng: Random, parts: Sequence[Part], charset: str, shape: str) -> bytes:
    bodies = [_leaf(rng, part, charset) for part in parts]
    inner = bodies[0] if len(bodies) == 1 else _multipart(rng, "alternative", bodies)
    if shape not in enclosures.ENCLOSED:
        return inner
    kind, enclosed = enclosures.ENCLOSED[shape]
    return _multipart(rng, kind, [inner, enclosed])


def _multipart(rng: Random, kind: str, bodies: Sequence[bytes]) -> bytes:
    boundary = f"=_{rng.randrange(16**10):010x}"
    joined = b"".join(f"--{boundary}\r\n".encode() + body + b"\r\n" for body in bodies)
    return (
        f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
        + joined
        + f"--{boundary}--\r\n".encode()
    )


def _leaf(rng: Random, part: Part, charset: str) -> bytes:
    codec, label = encoding(charset)
    errors = "xmlcharrefreplace" if part.kind == "html" else "strict"
    raw = _described(rng, part, charset).replace("\n", "\r\n").encode(codec, errors)
    if codec == "utf-16" or (codec == "utf-8" and max(map(len, raw.split(b"\r\n"))) > 900):
        transfer = "base64"
    elif part.flowed:
        transfer = "8bit"
    else:
        transfer = rng.choice(("base64", "quoted-printable", "quoted-printable", "8bit"))
        if transfer == "8bit" and max(map(len, raw.split(b"\r\n"))) > 900:
            transfer = "quoted-printable"
    described = (
        f"text/{part.kind}" + (f"; charset={label}" if label else "") + ("; format=flowed" if part.flowed else "")
    )
    head = f"Content-Type: {described}\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n"
    return head.encode() + _transferred(rng, raw, transfer)


def _described(rng: Random, part: Part, charset: str) -> str:
    """HTML now and then names its charset itself, and may be wrong."""
    codec, _, claim = charset.partition(" ")
    if part.kind != "html" or (rng.random() > 0.25 and not claim.startswith("meta")):
        return part.content
    named = claim.removeprefix("meta ") if claim.startswith("meta") else codec
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={named}">'
    return part.content.replace("<head>", f"<head>{meta}", 1)


def _transferred(rng: Random, raw: bytes, transfer: str) -> bytes:
    if transfer == "base64":
        coded, width = base64.b64encode(raw), rng.choice((76, 76, 60, 61, 73, 998))
        return b"\r\n".join(coded[start : start + width] for start in range(0, len(coded), width)) + b"\r\n"
    if transfer == "quoted-printable":
        coded = binascii.b2a_qp(raw.replace(b"\r\n", b"\n"), istext=True)
        return coded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"
    return raw + b"\r\n"


def _subject(rng: Random, subject: str) -> str:
    """Encoded words of a few characters each, in base64 or quoted-printable; now and then raw UTF-8."""
    if rng.random() < 0.06:
        return subject
    words = []
    quoted = rng.random() < 0.4
    for start in range(0, len(subject), 14):
        raw = subject[start : start + 14].encode()
        if quoted:
            words.append("=?UTF-8?Q?" + "".join(f"={byte:02X}" for byte in raw) + "?=")
        else:
            words.append(f"=?utf-8?B?{base64.b64encode(raw).decode()}?=")
    return "\r\n ".join(words)


def flow(text: str, width: int = 72) -> str:
    """RFC 3676: long lines softly broken, lines that would be mistaken are stuffed."""
    out = []
    for line in text.split("\n"):
        rest = line.rstrip(" ")
        while len(rest) > width and " " in rest[20:width]:
            cut = rest.rindex(" ", 20, width)
            out.append(rest[: cut + 1])
            rest = rest[cut + 1 :]
        out.append(rest)
    return "\n".join(f" {line}" if line.startswith((" ", ">", "From ")) else line for line in out)
