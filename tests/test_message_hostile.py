"""No bytes stop the line: decoding never raises, and stays linear on what is written to break it."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.message import decode, fields, headers_only
from reconciler.sandbox import letters

HEAD = b"From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
SIZE = 4_800_000
LIMIT = 2.0  # CPU seconds; what is here takes less than half of one, quadratic code takes minutes
TOKENS = [
    *(
        b"From: ",
        b"Subject: ",
        b"Date: ",
        b"Content-Type: ",
        b"Content-Disposition: attachment; ",
        b"Message-ID: ",
        b" ",
    ),
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"multipart/mixed; boundary=b",
        b"--b",
        b"--b--",
        b"message/rfc822",
        b"text/html",
    ),
    *(
        b"=?utf-8?q?",
        b"?=",
        b"=?utf-7?b?",
        b"\0",
        b"\xff\xd0",
        b'charset*="\0"',
        b"charset*=a'b'%00",
        b"text/plain; charset*=%00''a",
        b"charset=utf-16",
    ),
    *(
        b";",
        b'"',
        b"(",
        b"<a@b>",
        b"filename*0*=",
        b"filename*1=x",
        b"Content-Transfer-Encoding: base64",
        b"uuencode",
        b"\\1",
    ),
]


def nested(depth: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "quotes in From": lambda: b"From: " + b'"' * SIZE,
    "comments in From": lambda: b"From: " + b"(" * SIZE,
    "comments in From, short": lambda: b"From: " + b"(" * 16_000 + b"\r\n\r\n",
    "addresses": lambda: b"To: " + b"a@example.com, " * (SIZE // 15) + b"\r\n\r\n",
    "many To": lambda: (b"To: " + b"a@b.example, " * 200 + b"\r\n") * 1800 + b"\r\n",
    "Received": lambda: b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n" * 80_000 + b"\r\n",
    "encoded words": lambda: b"Subject: " + b"=?utf-8?q?=D0?= " * (SIZE // 16) + b"\r\n\r\n",
    "encoded subjects": lambda: (b"Subject: " + b"=?utf-8?q?=D0?= " * 900 + b"\r\n") * 300 + b"\r\n",
    "header names": lambda: b"".join(b"X%d: a\r\n" % i for i in range(400_000)) + b"\r\n",
    "folded lines": lambda: b"A: b\r\n " * (SIZE // 8),
    "no line end": lambda: b"a" * SIZE,
    "parameters": lambda: HEAD + b"Content-Type: text/plain; " + b'a*0="; ' * (SIZE // 7) + b"\r\n\r\nx",
    "parameters in each part": lambda: (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + (b"--b\r\nContent-Type: text/plain;" + b"a=b; " * 800 + b"\r\n\r\nx\r\n") * 250
    ),
    "parts": lambda: (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 120_000
    ),
    "delimiter spaces": lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b" + b" " * SIZE,
    "delimiter dashes": lambda: HEAD + b'Content-Type: multipart/mixed; boundary="-"\r\n\r\n' + b"-" * SIZE,
    "nesting": lambda: nested(400) + b"\r\nx\r\n" * (SIZE // 5),
    "attached in attached": lambda: (
        (HEAD + b"Content-Type: message/rfc822\r\n\r\n") * 30 + b"\r\n" + b"line\r\n" * (SIZE // 6)
    ),
    "base64": lambda: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"x" * 3_500_000),
    "base64 of nothing": lambda: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"*=" * (SIZE // 2),
    "quoted-printable": lambda: HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=D0=B0" * (SIZE // 6),
    "uuencode": lambda: HEAD + b"Content-Transfer-Encoding: uuencode\r\n\r\n" + b"begin 666 x\n" * (SIZE // 12),
    "flowed": lambda: HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> a \r\n" * (SIZE // 6),
    "unlabelled bytes": lambda: HEAD + b"\r\n" + b"\xe0\xe1 " * (SIZE // 3),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_costs_little(name: str) -> None:
    """P14: 5 MB written to break a mail parser are decoded in a few CPU seconds."""
    raw = HOSTILE[name]()
    started = time.process_time()
    message = decode(raw)
    assert time.process_time() - started < LIMIT
    assert message.raw == raw


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        ("parts", "parts_limit"),
        ("nesting", "nesting_limit"),
        ("attached in attached", "nesting_limit"),
        ("header names", "headers_limit"),
        ("addresses", "header_too_long"),
    ],
)
def test_what_a_limit_cut_is_told(name: str, defect: str) -> None:
    """D24: a mail beyond a limit is read as far as the limit, and is lossy."""
    message = decode(HOSTILE[name]())
    told = set(message.defects)
    inner = message
    while inner.attached:
        inner = inner.attached[0]
        told.update(inner.defects)
    assert defect in told
    assert message.lossy


@given(st.binary(max_size=2000))
@settings(deadline=None)
def test_any_bytes_decode(raw: bytes) -> None:
    """D24: decode never raises, whatever the bytes."""
    message = decode(raw)
    assert message.raw == raw
    assert headers_only(raw).texts == ()


@given(st.lists(st.sampled_from(TOKENS), max_size=60).map(b"".join))
@settings(deadline=None)
def test_any_grammar_decodes(raw: bytes) -> None:
    """D24, P15: pieces of MIME in any order decode, and what comes out can be stored as UTF-8 without NUL."""
    message = decode(raw)
    for text in (message.subject, *(value for _, value in message.headers), *(part.content for part in message.texts)):
        assert "\0" not in text
        text.encode("utf-8")


@given(st.integers(min_value=0, max_value=2**32), st.sampled_from(["uk", "ru", "en"]), st.booleans())
@settings(deadline=None)
def test_mutated_letters_decode(seed: int, language: letters.Language, forwarded: bool) -> None:
    """D24: a letter with bytes changed, cut, doubled or swapped decodes."""
    rng = random.Random(seed)
    raw = letters.notice(language=language, text=True)
    letter = bytearray(letters.forward(raw) if forwarded else raw)
    for _ in range(rng.randint(1, 20)):
        at = rng.randrange(len(letter))
        match rng.randrange(4):
            case 0:
                letter[at] = rng.randrange(256)
            case 1:
                del letter[at : at + rng.randint(1, 200)]
            case 2:
                letter[at:at] = letter[at : at + rng.randint(1, 200)]
            case _:
                letter[at:at] = rng.choice(TOKENS)
        if not letter:
            break
    assert decode(bytes(letter)).raw == bytes(letter)


def test_a_bare_cr_is_no_line_end() -> None:
    """S03: the header is split as RFC 6376 splits it, so nothing unsigned can hide behind a lone CR."""
    raw = b"From: a@example.com\rFrom: b@example.com\r\nSubject: x\ry\r\n\r\nbody"
    assert [name for name, _ in fields(raw)] == ["From", "Subject"]
    assert decode(raw).subject == "x y"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"\n\nbody",
        b" folded first\r\nFrom: a@example.com\r\n\r\n",
        b"From mbox\nFrom: a@example.com\n\nbody",
    ],
)
def test_odd_beginnings(raw: bytes) -> None:
    """P18: an empty mail, one without a header and an mbox line are mails without a sender or with one."""
    message = decode(raw)
    assert (message.sender is not None) is (b"From: a" in raw)


def test_an_unclosed_multipart_is_a_loss() -> None:
    """P13: a mail cut on the way is read, and never posts by itself."""
    message = decode(letters.notice(text=True)[:-60])
    assert message.htmls
    assert message.lossy
    assert "multipart_unclosed" in message.defects


def test_a_second_content_type_is_a_loss() -> None:
    """S06: an unsigned Content-Type put on top of a signed letter cannot make it read otherwise and post."""
    message = decode(b"Content-Type: text/plain\r\n" + letters.notice())
    assert "duplicate_content_type" in message.defects
    assert message.lossy
