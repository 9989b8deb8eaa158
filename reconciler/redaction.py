"""
A genuine mail's bytes → the same mail about nobody.

Comes in: raw bytes and the values that name a person, a shop or a payment. Goes out: raw bytes of the same make (parts,
charsets, transfer encodings, line ends) in which each value is another one of its shape, the same everywhere it stands.
Sums, dates, labels and the gateway's own words stay: they are what a case is about. The headers that servers added, which
tell whose mailbox it was, are dropped, and with them the signature that the change broke; attached files are emptied, and
named by their kind alone.

What cannot be redacted for certain is refused, never let through.
"""

from __future__ import annotations

import hashlib
import html
import quopri
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from email import message_from_bytes
from email.charset import QP, Charset
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.message import Message as Mime
from email.policy import compat32
from email.utils import collapse_rfc2231_value

from bs4 import BeautifulSoup

from reconciler.errors import ReconcilerError
from reconciler.extract.text import one_line

_KEPT = frozenset({"from", "to", "subject", "date", "message-id", "mime-version"})
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = r"(?<![\w-])(?:\+?38\s?)?\(?0\d{2}\)?[\s-]?\d{3}[\s-]?\d{2}[\s-]?\d{2}(?![\w-])|(?<!\w)\+\d{1,3}(?:[\s()-]{0,2}\d){8,12}(?!\w)"
_PAN = r"\b\d{2,6}[*xX•]{2,12}\d{2,4}\b"
_CARD = r"(?<![\w-])\d{4}(?P<gap>[\s-]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?![\w-])"
_ACCOUNT = r"(?<!\w)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?(?!\w)"
_NUMBERS = re.compile("|".join((_ACCOUNT, _CARD, _PHONE, _PAN)))
"""What is somebody's wherever it stands: bank accounts, cards, phones."""
_BLANK = r"(?:\s|&nbsp;|&#160;|&#[xX][aA]0;|=\n)+"

_ALPHABETS = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "абвгдежзиклмнопрстуфхцчшюяєії",
    "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЮЯЄІЇ",
)
_INLINE = ("a", "abbr", "b", "em", "font", "i", "mark", "nobr", "small", "span", "strong", "u", "wbr")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_REFERENCE = re.compile(r"(WFP-[A-Z]+-)(\d+)(-)([0-9a-f]+)(.*)", re.DOTALL)


class RedactionFailed(ReconcilerError):
    """The mail cannot be redacted by itself; the message says what stands in the way."""


def alike(value: str) -> str:
    """Another value of the same shape, always the same one: digits for digits, letters for letters of their alphabet."""
    if found := _REFERENCE.fullmatch(value):
        return found[1] + _swap(found[2]) + found[3] + _swap(found[4], "0123456789abcdef") + _swap(found[5])
    if _EMAIL.fullmatch(value):
        return f"{_swap(value.partition('@')[0])}@example.com"
    if found := re.fullmatch(r"(\+?38\s?\(?0|\(?0(?=(?:\D{0,2}\d){9}$)|[A-Z]{2}(?=\d{2}[\sA-Z0-9]{8,40}$))(.*)", value):
        return found[1] + _swap(found[2])
    return _swap(value)


def redact(raw: bytes, values: Collection[str], *, keep_domains: Collection[str]) -> bytes:
    """
    The mail with every one of `values`, and every e-mail, phone and card in it, as another of its shape.

    keep_domains: the gateway's own domains, whose addresses stay.
    Raises: RedactionFailed: a part cannot be decoded as it is labelled, or a value still stands in the result.
    """
    mail = message_from_bytes(raw, policy=compat32)
    replace = _replacer(values, keep_domains)
    for part in _messages(mail):
        _headers(part, replace)
    for part in mail.walk():
        _body(part, replace)
        _name(part)
    ending = "\r\n" if b"\r\n" in raw else "\n"
    result = mail.as_bytes(policy=compat32.clone(linesep=ending))
    left = _left(mail, values, keep_domains)
    if left:
        raise RedactionFailed(f"{left[0]!r} still stands in the redacted mail; redact it by hand", left=len(left))
    return result


def is_number(value: str) -> bool:
    """A phone or card as a whole, spaces included: replaced as one value, not word by word."""
    return re.fullmatch(r"[\d\s()+*-]+", value) is not None


def _swap(value: str, alphabet: str | None = None) -> str:
    seed = hashlib.sha256(value.casefold().encode()).digest()
    result = []
    for index, char in enumerate(value):
        letters = alphabet if alphabet and char in alphabet else next((a for a in _ALPHABETS if char in a), "")
        if not letters:
            result.append(char)
            continue
        step = 1 + seed[index % len(seed)] % (len(letters) - 1)
        swapped = letters[(letters.index(char) + step) % len(letters)]
        result.append("1" if swapped == "0" and index == 0 else swapped)
    return "".join(result)


def _replacer(values: Collection[str], keep_domains: Collection[str]) -> Callable[[str], str]:
    wanted = sorted({one_line(value) for value in values if len(one_line(value)) > 1}, key=len, reverse=True)
    known = re.compile("|".join(rf"(?<!\w){_spelled(value)}(?!\w)" for value in wanted)) if wanted else None

    def replace(text: str) -> str:
        if known is not None:
            text = known.sub(lambda match: alike(_plain(match[0])), text)
        text = _EMAIL.sub(lambda match: match[0] if _is_kept(match[0], keep_domains) else alike(match[0]), text)
        return text

    def replace_all(text: str) -> str:
        done: list[str] = []
        last = 0
        for match in _NUMBERS.finditer(text):
            done += [replace(text[last : match.start()]), alike(match[0])]
            last = match.end()
        return "".join([*done, replace(text[last:])])

    return replace_all


def _spelled(value: str) -> str:
    """A value as a pattern that also finds it with entities and odd spaces."""
    words = (
        "".join(
            re.escape(char) if char == html.escape(char) else f"(?:{re.escape(char)}|{html.escape(char)})"
            for char in word
        )
        for word in value.split(" ")
    )
    return _BLANK.join(words)


def _plain(text: str) -> str:
    return one_line(html.unescape(text))


def _is_kept(address: str, domains: Collection[str]) -> bool:
    domain = address.rpartition("@")[2].lower()
    return domain.startswith("example.") or any(domain == kept or domain.endswith(f".{kept}") for kept in domains)


def _messages(mail: Mime) -> Iterator[Mime]:
    """The mail and every message/rfc822 in it: what has headers that speak of people."""
    yield mail
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822" and isinstance(part.get_payload(), list):
            yield from (inner for inner in part.get_payload() if isinstance(inner, Mime))


def _headers(part: Mime, replace: Callable[[str], str]) -> None:
    kept: list[tuple[str, str]] = []
    for name, value in part.raw_items():
        low = name.lower()
        if low.startswith("content-"):
            kept.append((name, str(value)))
        elif low in _KEPT:
            kept.append((name, _header(low, str(value), replace)))
    for name in {name for name, _ in kept} | set(part.keys()):
        del part[name]
    for name, value in kept:
        part[name] = value


def _header(name: str, value: str, replace: Callable[[str], str]) -> str:
    if name in {"date", "mime-version"}:
        return value
    text = _decoded(name, value)
    changed = replace(text)
    if changed == text:
        return value
    return changed if changed.isascii() else Header(changed, "utf-8", header_name=name).encode()


def _decoded(name: str, value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, UnicodeError, ValueError, HeaderParseError) as exc:
        raise RedactionFailed(f"the header {name} cannot be decoded: {exc}") from exc


def _name(part: Mime) -> None:
    """A file's name may be a person's; its ending tells what it is."""
    for header, key in (("Content-Type", "name"), ("Content-Disposition", "filename")):
        named = part.get_param(key, header=header)
        if named is not None:
            ending = _ENDING.search(_decoded(header, collapse_rfc2231_value(named)))
            part.set_param(key, f"file{ending[0].lower() if ending else ''}", header=header, replace=True)


def _body(part: Mime, replace: Callable[[str], str]) -> None:
    if part.is_multipart():
        return
    if part.get_content_maintype() != "text":
        part.set_payload("")
        return
    payload = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    encoding = str(part.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    try:
        text = payload.decode(charset) if isinstance(payload, bytes) else ""
        changed = replace(text)
        encoded = changed.encode(charset)
    except (LookupError, UnicodeError) as exc:
        raise RedactionFailed(f"a part labelled {charset!r} cannot be decoded as that: {exc}") from exc
    if changed == text:
        return
    if encoding in {"base64", "quoted-printable"}:
        how = Charset("utf-8")
        how.body_encoding = QP if encoding == "quoted-printable" else how.body_encoding
        part.set_payload(how.body_encode(encoded) if encoding == "base64" else _quoted(encoded))
    else:
        part.set_payload(encoded.decode("ascii", "surrogateescape"))


def _quoted(encoded: bytes) -> str:
    return quopri.encodestring(encoded).decode("ascii")


def _drawn(text: str) -> str:
    """HTML as it is drawn: "Іва<b>ненко</b>" is one word, cells and paragraphs are not."""
    soup = BeautifulSoup(text, "lxml")
    for inline in soup.find_all(_INLINE):
        inline.unwrap()
    soup.smooth()
    return soup.get_text(" ")


def _left(mail: Mime, values: Iterable[str], keep_domains: Collection[str]) -> list[str]:
    """Values that a reader of the result would still find."""
    texts = [_decoded(name, str(value)) for part in _messages(mail) for name, value in part.items()]
    for part in mail.walk():
        payload = part.get_payload(decode=True) if not part.is_multipart() else None
        if isinstance(payload, bytes):
            text = payload.decode(part.get_content_charset() or "utf-8", "replace")
            texts += [text, _drawn(text)] if part.get_content_type() == "text/html" else [text]
    shown = _plain(re.sub(r"<[^>]*>", " ", " \n ".join(texts)))
    found = [
        value
        for value in values
        if len(one_line(value)) > 2 and re.search(rf"(?<!\w){re.escape(one_line(value))}(?!\w)", shown)
    ]
    found += [address for address in _EMAIL.findall(shown) if not _is_kept(address, keep_domains)]
    return found
