"""Letters that read otherwise than they are signed: fields twice, other MIME fields, parts put beside the signed ones."""

from __future__ import annotations

import re
from base64 import b64encode

from reconciler.sandbox import letters
from tests.attacks.case import Attack, changed, on_top

SEVERAL = "with several senders it has none"
OTHERWISE = "it cannot be read exactly as its header says"
TWICE = "From, Subject and Date must stand there once: which of two was signed and which is shown cannot be told"


def _cut_short(raw: bytes) -> bytes:
    return letters.sign(raw)[:-60]


def _second_part(raw: bytes) -> bytes:
    """The signed letter as one part of a mail, another one beside it."""
    header, _, body = letters.sign(raw).partition(b"\r\n\r\n")
    kind = re.search(rb"\r\nContent-Type: [^\r]*(\r\n[ \t][^\r]*)*", header)
    encoding = re.search(rb"\r\nContent-Transfer-Encoding: [^\r]*", header)
    if kind is None or encoding is None:
        raise ValueError("the letter does not say what it is")
    outer = header.replace(kind[0], b'\r\nContent-Type: multipart/mixed; boundary="=_both"').replace(encoding[0], b"")
    other = b64encode("Сума: 9 999,00 грн".encode())
    parts = (
        kind[0].strip() + encoding[0] + b"\r\n\r\n" + body,
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + other + b"\r\n",
    )
    return outer + b"\r\n\r\n" + b"".join(b"--=_both\r\n" + part for part in parts) + b"--=_both--\r\n"


STRUCTURES: tuple[Attack, ...] = (
    Attack(name="two_subjects", odd="a second Subject on top of a signed letter", make=lambda raw: b"Subject: 9 999,00\r\n" + letters.sign(raw), signed="untrusted", why=TWICE),
    Attack(name="two_dates", odd="a second Date on top of a signed letter", make=lambda raw: b"Date: Fri, 20 Nov 2026 14:05:35 +0200\r\n" + letters.sign(raw), signed="untrusted", why=TWICE),
    Attack(name="from_with_a_space", odd='"From :" on top of a signed letter', make=lambda raw: b"From : x@attacker.example\r\n" + letters.sign(raw), alone="foreign", signed="foreign", why=SEVERAL),
    Attack(name="endless_header", odd="a header field of 20 000 bytes", make=lambda raw: b"X: " + b"a" * 20_000 + b"\r\n" + letters.sign(raw), alone="held", signed="held", why=OTHERWISE),
    Attack(name="content_type_on_top", odd="a second Content-Type on top of a signed letter", make=lambda raw: b"Content-Type: text/plain\r\n" + letters.sign(raw), alone="held", signed="held", why=OTHERWISE),
    Attack(name="content_type_swapped", odd="another Content-Type where none was signed", alone="held", signed="held", why=OTHERWISE, make=lambda raw: changed(letters.sign(raw, headers=(b"from", b"subject", b"date")), b"multipart/alternative", b"text/plain"), facts={"text": True}),
    Attack(name="encoding_on_top", odd="a second transfer encoding on top of a signed letter", make=lambda raw: b"Content-Transfer-Encoding: 8bit\r\n" + letters.sign(raw), alone="held", signed="held", why=OTHERWISE),
    Attack(name="disposition_on_top", odd="a Content-Disposition that makes the body an attachment", make=lambda raw: b"Content-Disposition: attachment\r\n" + letters.sign(raw, headers=(b"from", b"subject", b"date")), alone="held", signed="held", why=OTHERWISE),
    Attack(name="second_part", odd="a part with another sum beside the signed one", make=_second_part, alone="held", signed="held", why="its body tells two sums"),
    Attack(name="appended_line", odd="a line behind the signed body", make=lambda raw: letters.sign(raw) + b"x\r\n", facts={"html": False, "charset": "koi8-u"}),
    Attack(name="cut_short", odd="the end of a signed letter cut off", make=_cut_short, facts={"text": True}, alone="held", signed="held", why="what is cut off cannot be known"),
    Attack(name="line_ends_in_the_subject", odd="an encoded line end in the subject, with a From behind it", make=lambda raw: changed(raw, b"Subject: ", b"Subject: =?utf-8?q?x=0D=0AFrom:_x=40attacker.example?= "), alone="held", signed="held", why="its subject says more than that a payment went through"),
    Attack(name="mbox_line_within", odd="an mbox line in the middle of the header", make=lambda raw: changed(letters.sign(raw), b"To: ", b"From notify@wayforpay.com.ua Fri Nov 20 12:05:35 2026\r\nTo: "), signed="untrusted", why="a header that was not read whole may say something else than what was signed"),
    Attack(name="empty_signature_of_arc", odd="an ARC set that seals nothing", make=on_top(b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=attacker.example; s=sandbox; b=AAAA", b"ARC-Message-Signature: i=1; a=rsa-sha256; d=attacker.example; s=sandbox; h=from; bh=AAAA; b=AAAA", b"ARC-Authentication-Results: i=1; mx.attacker.example; dkim=pass header.d=wayforpay.com.ua")),
)  # fmt: skip
