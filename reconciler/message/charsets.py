"""
Bytes and a charset label in, text out, with an honest word on what that cost.

The label is followed strictly. Where it is wrong or unknown: UTF-8 if the bytes are exactly that, and only then a guess
between windows-1251 and koi8-u, which is marked lossy: a guessed letter is read by a person, never posted by itself.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

# theirs → Python's. Labels seen in mail trackers (failure mode P03) and their neighbours.
_ALIASES = {
    "cp-1251": "windows-1251",
    "win-1251": "windows-1251",
    "win1251": "windows-1251",
    "windows1251": "windows-1251",
    "x-cp1251": "windows-1251",
    "windows-1251u": "windows-1251",
    "cp-1252": "windows-1252",
    "cp-850": "cp850",
    "cp-866": "cp866",
    "ibm-866": "cp866",
    "koi8u": "koi8-u",
    "koi8-ru": "koi8-u",
    "koi8r": "koi8-r",
    "koi8": "koi8-u",
    "x-koi8-u": "koi8-u",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "x-mac-cyrillic": "mac-cyrillic",
    "utf-8mb4": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "ansi_x3.4-1968": "us-ascii",
}
# Said of bytes nobody knows the charset of; as good as no label at all.
_NO_LABEL = frozenset(
    {"", "unknown-8bit", "unknown", "x-unknown", "8bit", "binary", "default", "none", "ascii", "us-ascii"}
)
# Only these codecs ever meet a stranger's bytes: others (punycode, idna, unicode_escape, zlib …) are slow or no charset.
TEXT_CODECS = frozenset(
    {
        "ascii",
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "cp437",
        "cp850",
        "cp852",
        "cp855",
        "cp866",
        "cp874",
        "cp932",
        "cp949",
        "cp950",
        "cp1125",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "koi8-r",
        "koi8-u",
        "koi8-t",
        "kz1048",
        "ptcp154",
        "mac-cyrillic",
        "mac-roman",
        "iso8859-1",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "iso8859-10",
        "iso8859-11",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "iso8859-16",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "shift_jis",
        "euc_jp",
        "euc_kr",
        "iso2022_jp",
    }
)
"""By the names that `codecs` gives them. Looking them up here would import them all, at every start of the program."""
_MANY_BYTE_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_ABOVE_ASCII = re.compile(r"[^\x00-\x7f]+")
_GUESS_WINDOW = 16 * 1024  # chardet sees no more than this; more text does not make it surer
_SUSPECT = 4  # so many UTF-8 sequences, and nothing else above ASCII, do not happen in windows-1251 text


class Text(NamedTuple):
    content: str
    charset: str  # the one that decoded it
    lossy: bool = False
    defect: str | None = None


def decode(data: bytes, label: str) -> Text:
    """Text of `data`, which its sender labelled `label` ("" when not at all). Never raises."""
    return _checked(_decode(data, label))


def _decode(data: bytes, label: str) -> Text:
    if data.isascii() and not label.lower().startswith(("utf-16", "utf-32", "iso-2022")):
        return Text(data.decode("ascii"), "us-ascii")
    codec = _codec(label)
    if codec is None:
        return _unlabelled(data, defect=None if _plain(label) in _NO_LABEL else "charset_unknown")
    try:
        content = data.decode(codec)
    except UnicodeError:
        return _unlabelled(data, defect="charset_wrong")
    if codec != "utf-8" and _looks_utf8(data):
        return Text(data.decode("utf-8"), "utf-8", lossy=True, defect="charset_wrong")
    return Text(content, codec)


def _unlabelled(data: bytes, *, defect: str | None) -> Text:
    try:
        return Text(data.decode("utf-8-sig"), "utf-8", defect=defect)
    except UnicodeDecodeError:
        torn = data.decode("utf-8", "replace")
        if _is_torn_utf8(torn):
            return Text(torn, "utf-8", lossy=True, defect=defect or "characters_lost")
        codec = _guess(data)
        return Text(data.decode(codec, "replace"), codec, lossy=True, defect=defect or "charset_missing")


def _is_torn_utf8(replaced: str) -> bool:
    """UTF-8 that was cut or lost a byte, rather than another charset: far more of it reads than does not."""
    lost = replaced.count("\ufffd")
    return sum(map(len, _ABOVE_ASCII.findall(replaced))) - lost > 4 * lost


def _guess(data: bytes) -> str:
    """windows-1251 or koi8-u: what Ukrainian senders that forget the label write in."""
    from chardet import detect  # half of this module's import time, needed for one mail in thousands

    sample = data[:_GUESS_WINDOW]
    found = str(detect(sample).get("encoding") or "").lower()
    return "koi8-u" if found.startswith("koi8") else "cp1251"


def _codec(label: str) -> str | None:
    plain = _plain(label)
    if plain in _NO_LABEL:
        return None
    try:
        name = codecs.lookup(_ALIASES.get(plain, plain)).name
    except (LookupError, ValueError):
        return None
    return name if name in TEXT_CODECS else None


def _plain(label: str) -> str:
    return label.strip(" \t\"';").lower().replace(" ", "-")[:40]


def _looks_utf8(data: bytes) -> bool:
    """Nothing but well-formed UTF-8 above ASCII, and enough of it to be no accident."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(_MANY_BYTE_UTF8.findall(data)) >= _SUSPECT


def _checked(text: Text) -> Text:
    """NUL (PostgreSQL and lxml refuse it) becomes U+FFFD, and any U+FFFD means that something was lost on the way."""
    if "\0" not in text.content and "\ufffd" not in text.content:
        return text
    content = text.content.replace("\0", "\ufffd")
    return Text(content, text.charset, lossy=True, defect=text.defect or "characters_lost")
