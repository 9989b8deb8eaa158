"""
Can a body be read in one way only, although the fields that say how are not signed?

In: a mail. Out: what leaves a second reading open, None when there is none. Many signers (Google's among them) do not
sign Content-Type and Content-Transfer-Encoding, so whoever resends their letter may put others in their place. What a payer
typed is in the signed body, and must not become structure by that. So the signed bytes themselves have to say what they are:

    multipart   the very first line is the delimiter, the very last one closes it: there is nothing outside the parts
    HTML        begins with "<", which no plain letter does; a plain one does not, nor with a delimiter
    base64      nothing but base64, which no text is
    as it is    no line ends as a quoted one does that goes on
    quoted      every "=" is an encoding, and letters beyond ASCII are encoded from the beginning on
"""

from __future__ import annotations

import binascii
import re
from binascii import a2b_base64, a2b_qp

from reconciler.message import fields
from reconciler.message.entity import split
from reconciler.model import Message

_PARAMETER = rb"\s*;\s*[A-Za-z-]+=(?:\"[^\"\\\r\n]*\"|[^\s;\"()*]+)"
_CONTENT_TYPE = re.compile(rb"([A-Za-z]+)/([A-Za-z0-9.+-]+)((?:" + _PARAMETER + rb")*)\s*;?\s*")
_ONE_PARAMETER = re.compile(rb"([A-Za-z-]+)=(?:\"([^\"]*)\"|([^\s;\"]+))")
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=?-]{8,70}")
_CHARSETS = frozenset({b"utf-8", b"us-ascii", b"windows-1251", b"koi8-u", b"koi8-r", b"iso-8859-1", b"iso-8859-5"})
_AS_IT_STANDS = frozenset({b"", b"7bit", b"8bit", b"binary"})
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+=*\s*")
_NOT_QUOTED = re.compile(rb"=(?![0-9A-F]{2}|\r?\n)|[\x80-\xff]")
_SOFT_BREAK = re.compile(rb"=[ \t]*\r?\n")
_QUOTED_LETTER = re.compile(rb"=[89A-F][0-9A-F]")
_LINE_END = re.compile(rb"\r?\n")
_LETTERS_FROM_THE_START = 300  # bytes within which a text in Cyrillic has encoded its first letter
_LETTERS_ON_LINES = 3


def second_reading(message: Message) -> str | None:
    """What another Content-Type or Content-Transfer-Encoding could make of the signed body; None: nothing."""
    given: dict[str, list[bytes]] = {}
    for name, value in fields(message.raw):
        given.setdefault(name.lower(), []).append(value)
    kinds, encodings = given.get("content-type", []), given.get("content-transfer-encoding", [])
    if len(kinds) > 1 or len(encodings) > 1 or "content-disposition" in given:
        return "how the body is read stands there twice, or in a field of its own"
    encoding = encodings[0].strip().lower() if encodings else b""
    body = split(message.raw).body
    match = _CONTENT_TYPE.fullmatch(kinds[0].strip()) if kinds else None
    if kinds and match is None:
        return "its Content-Type is not plain enough to be sure of"
    kind = b"text" if match is None else match[1].lower()
    told = [] if match is None else [(m[1].lower(), m[2] or m[3]) for m in _ONE_PARAMETER.finditer(match[3])]
    parameters = dict(told)
    if len(parameters) != len(told):
        return "its Content-Type repeats a parameter"
    if kind == b"multipart" and match is not None and match[2].lower() == b"digest":
        return "its parts are letters, unless they say otherwise"
    if kind == b"multipart":
        return _parts(body, parameters.get(b"boundary", b""), encoding)
    if kind != b"text" or parameters.get(b"charset", b"utf-8").lower() not in _CHARSETS:
        return "its body is no text in a charset of letters"
    objection = _encoded(body, encoding)
    if objection is not None:
        return objection
    objection = _text(_decoded(body, encoding), html=match is not None and match[2].lower() == b"html")
    if objection is None and encoding in _AS_IT_STANDS and _SOFT_BREAK.search(body):
        return "a line of its body could go on in the next one"
    return objection


def _parts(body: bytes, boundary: bytes, encoding: bytes) -> str | None:
    delimiter = b"--" + boundary
    lines = _LINE_END.split(body.strip(b"\r\n"))  # as the parts are cut
    if encoding not in _AS_IT_STANDS or not _BOUNDARY.fullmatch(boundary):
        return "its parts are not delimited plainly"
    if lines[0].rstrip(b" \t") != delimiter or lines[-1].rstrip(b" \t") != delimiter + b"--":
        return "its body has text outside the parts"
    return None


def _encoded(body: bytes, encoding: bytes) -> str | None:
    if encoding in _AS_IT_STANDS:
        return None
    if encoding == b"base64":
        return None if _BASE64.fullmatch(body) else "its body is not base64 throughout"
    if encoding != b"quoted-printable":
        return "its transfer encoding is none that we know"
    if _NOT_QUOTED.search(body):
        return "its body is not quoted-printable throughout"
    lines = sum(1 for line in body.splitlines() if _QUOTED_LETTER.search(line))
    if lines < _LETTERS_ON_LINES or not _QUOTED_LETTER.search(body[:_LETTERS_FROM_THE_START]):
        return "nothing in its body shows that it was written as quoted-printable"
    return None


def _decoded(body: bytes, encoding: bytes) -> bytes:
    if encoding == b"base64":
        try:
            return a2b_base64(body)
        except binascii.Error:
            return b"--"  # no text begins so: refused
    return a2b_qp(body) if encoding == b"quoted-printable" else body


def _text(text: bytes, *, html: bool) -> str | None:
    begins = text.lstrip(b" \t\r\n\xef\xbb\xbf")
    if html != begins.startswith(b"<"):
        return "its body begins like another kind of text than its Content-Type says"
    return "its body begins with a delimiter" if begins.startswith(b"--") else None
