"""
FETCH: the items of one command, and one mail → the bytes of the answer. Pure.

Known: UID, FLAGS, INTERNALDATE, RFC822, RFC822.SIZE, RFC822.HEADER, and BODY[…]/BODY.PEEK[…] with the sections
"", HEADER, TEXT, HEADER.FIELDS (…), HEADER.FIELDS.NOT (…), each also partial, "<0.100>". Header bytes are never
rewritten: a signature over them has to hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.sandbox.imap.grammar import BadSyntax, Token, atom, internal_date
from reconciler.sandbox.imap.store import StoredMail

_SECTION = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<start>\d+)\.(?P<size>\d+)>)?", re.IGNORECASE
)
_FIELDS = re.compile(r"HEADER\.FIELDS(?P<but>\.NOT)? \((?P<names>[^)]*)\)", re.IGNORECASE)
_SIMPLE = ("UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE")
_FAST = ("FLAGS", "INTERNALDATE", "RFC822.SIZE")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked for. `section` None: a plain item."""

    name: str
    section: str | None = None
    start: int | None = None
    size: int = 0
    marks_seen: bool = False

    @property
    def is_body(self) -> bool:
        """More than a header: what the counting of body bytes is about."""
        return self.section is not None and not self.section.upper().startswith("HEADER")


def items(asked: Token, *, by_uid: bool) -> list[Item]:
    """The items of one FETCH; UID FETCH always answers with the UID."""
    words = [atom(token) for token in asked] if isinstance(asked, list) else [atom(asked)]
    if [word.upper() for word in words] == ["FAST"]:
        words = list(_FAST)
    found = [_item(word) for word in words]
    if by_uid and all(item.name != "UID" for item in found):
        found.insert(0, Item("UID"))
    return found


def _item(word: str) -> Item:
    upper = word.upper()
    if upper in _SIMPLE:
        return Item(upper)
    if upper == "RFC822":
        return Item("RFC822", section="", marks_seen=True)
    if upper == "RFC822.HEADER":
        return Item("RFC822.HEADER", section="HEADER")
    match = _SECTION.fullmatch(word)
    if match is None:
        raise BadSyntax(f"unknown fetch item {word}")
    section = match["section"]
    if section.upper() not in ("", "HEADER", "TEXT") and not _FIELDS.fullmatch(section):
        raise BadSyntax(f"unknown section {section}")
    start = match["start"]
    name = f"BODY[{section}]" + (f"<{start}>" if start is not None else "")
    return Item(name, section, int(start) if start is not None else None, int(match["size"] or 0), not match["peek"])


def answer(number: int, mail: StoredMail, asked: Sequence[Item]) -> bytes:
    """One whole "* n FETCH (…)" line with its literals."""
    parts: list[bytes] = []
    for item in asked:
        if item.section is None:
            parts.append(f"{item.name} {_plain(item.name, mail)}".encode())
        else:
            content = _content(item.section, mail)
            if item.start is not None:
                content = content[item.start : item.start + item.size]
            parts.append(item.name.encode() + b" {%d}\r\n" % len(content) + content)
    return b"* %d FETCH (" % number + b" ".join(parts) + b")\r\n"


def _plain(name: str, mail: StoredMail) -> str:
    if name == "UID":
        return str(mail.uid)
    if name == "FLAGS":
        return "(" + " ".join(sorted(mail.flags)) + ")"
    if name == "INTERNALDATE":
        return internal_date(mail.received_at)
    return str(len(mail.raw))


def _content(section: str, mail: StoredMail) -> bytes:
    upper = section.upper()
    if upper == "":
        return mail.raw
    if upper == "HEADER":
        return mail.header
    if upper == "TEXT":
        return mail.raw[len(mail.header) :]
    fields = _FIELDS.fullmatch(section)
    if fields is None:
        raise BadSyntax(f"unknown section {section}")
    names = {name.strip('"').lower().encode() for name in fields["names"].split()}
    return _fields(mail.header, names, keep=not fields["but"])


def _fields(header: bytes, names: set[bytes], *, keep: bool) -> bytes:
    """The header lines of these names with their folded continuations, and the empty line after them."""
    chosen: list[bytes] = []
    taking = False
    for line in header.splitlines(keepends=True):
        if not line.strip():
            continue
        if line[:1] not in b" \t":
            taking = (line.partition(b":")[0].strip().lower() in names) == keep
        if taking:
            chosen.append(line)
    return b"".join(chosen) + b"\r\n"
