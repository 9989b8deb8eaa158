"""
Lines of a body → the headers that mail programs put over a letter in them.

Comes in: `Lines`. Goes out: every `Header` with its place, and the one that a mail forwards, or why that cannot be told. A header
is a run of lines "From: …", "Subject: …" in any order, one of each, with or without a line over it that says what it is.

What looks like a header is found generously and taken sparingly: a second one anywhere makes the mail unsure. A stranger's letter
can hold a header that its writer typed; it then stands below the one that the forwarder's program wrote. So what stands above the
header that is taken must be a person's few words: no other header, not even one in a language that is not known here, whose
sender's address would stand there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.extract.text import fold_words
from reconciler.forwarded.lines import Line, Lines
from reconciler.forwarded.words import ATTRIBUTED, ATTRIBUTION, BANNERS, FOREIGN_LABELS, LABELS, Banner, Role

LONGEST_LINE = 2_000  # characters
MOST_LINES = 5_000
LONGEST_HEADER = 80  # lines; what goes on beyond is looked at as another one

_LABELLED = re.compile(r"\*?(?P<label>[^\W\d_][^:：*@<>]{0,24}?)\s?\*?\s?[:：]\*?\s?(?P<value>.*)")
_PAIR = re.compile(r"(?=[^:]{0,39}[^\W\d_])[^:@<]{1,40}:(?!//|\d)")
_RULED = re.compile(r"[-–—_=*\s>]+")
_TITLED = re.compile(r"[-–—_=]{2,}[^-–—_=]{3,80}[-–—_=]{2,}")
_ADDRESS = re.compile(r"[^\s<>\[\](),;:\"']+@[^\s<>\[\](),;:\"']+")
_WRAPPED = 60  # characters; programs that break lines break them at 66 to 78, in front of the word that is too much
_MOST_WRAPPED = {Role.TO: 20, Role.CC: 20}
_MOST_OF = {Role.OTHER: 8}
_MOST_LABELLED = 2
_BLANKS_UNDER_BANNER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header among a part's lines, from its banner (`first`) to its last line."""

    first: int
    last: int
    banner: Banner
    values: Mapping[Role, str]
    doubt: str = ""  # why it has no one reading


class Doubt(Exception):
    """Why it cannot be told what a mail forwards; "" when nothing in it looks like a forward."""


def is_too_much(lines: Sequence[Line]) -> bool:
    return len(lines) > MOST_LINES or any(len(line.text) > LONGEST_LINE for line in lines)


def the_one(parts: Sequence[Lines], own: Collection[str]) -> tuple[int, Header] | None:
    """
    The one header in the parts of one kind, and in which part it stands; None: there is none.

    own: addresses, and "@domain"s, that may stand above it: the forwarder's.
    Raises: Doubt.
    """
    if any(is_too_much(part.lines) for part in parts):
        raise Doubt("more text than a notice has")
    found = [(at, header) for at, part in enumerate(parts) for header in headers_of(part)]
    if not found:
        return None
    at, header = found[0]
    above = [line.text for part in parts[:at] for line in part.lines] + [
        line.text for line in parts[at].lines[: header.first]
    ]
    if any(ATTRIBUTION.search(line) or ATTRIBUTED.match(line) for line in above):
        raise Doubt("it answers a letter, and what an answer quotes is no new notice")
    if len(found) > 1:
        raise Doubt("more than one letter is forwarded in its text, beside or within each other")
    if header.doubt:
        raise Doubt(header.doubt)
    _refuse_odd(above, own)
    return at, header


def answers(parts: Sequence[Lines]) -> bool:
    """Does a line in them say who wrote what it quotes?"""
    return any(ATTRIBUTION.search(line.text) for part in parts for line in part.lines)


def headers_of(part: Lines) -> Iterator[Header]:
    """Every header in a part, top first; also a banner that stands over none."""
    lines = part.lines
    at = told = 0  # up to `told` the lines belong to headers that were found
    while at < len(lines):
        if (banner := _banner(lines[at].text)) is not Banner.NONE and not _heads(lines, at):
            doubt = "its text says that a letter is forwarded, and has no header of one"
            yield Header(first=at, last=at, banner=banner, values={}, doubt=doubt)
        header = _read(part, at, told) if _label(lines[at].text) else None
        if header is not None:
            yield header
            told = header.last + 1
        at = max(at + 1, told)


def _banner(text: str) -> Banner:
    if len(text) > 120 or not text:
        return Banner.NONE
    bare = _RULED.sub(" ", text).strip(" :")
    ruled = text.startswith(("--", "__", "==", "—", "**")) or text.endswith(":")
    return BANNERS.get(fold_words(bare), Banner.NONE) if ruled else Banner.NONE


def _heads(lines: Sequence[Line], at: int) -> bool:
    """Does a header begin under this banner?"""
    below = next((line.text for line in lines[at + 1 : at + 2 + _BLANKS_UNDER_BANNER] if not _is_rule(line.text)), "")
    return _label(below) is not None


def _is_rule(text: str) -> bool:
    return _RULED.sub("", text) == ""


def _label(text: str) -> tuple[Role, str] | None:
    """A header's line, taken apart."""
    match = _LABELLED.fullmatch(text)
    role = LABELS.get(fold_words(match["label"])) if match else None
    return None if match is None or role is None else (role, match["value"].strip().strip("*").strip())


def _read(part: Lines, start: int, told: int) -> Header | None:
    """The header whose first line stands at `start`; None: these lines are no header."""
    lines = part.lines
    values: dict[Role, list[str]] = {}
    doubt, at, last, latest = "", start, start, Role.OTHER
    while at < min(len(lines), start + LONGEST_HEADER):
        label = _label(lines[at].text)
        if label is None:
            goes_on = _continued(part, at, latest, values)
            if goes_on is None:
                break
            values[latest] += [line.text for line in lines[at:goes_on] if line.text]
            at = goes_on
        else:
            role, value = label
            if role is Role.FROM and role in values:
                doubt, last = "the header in its text names two senders", at
                break
            if len(values.get(role, ())) >= _MOST_OF.get(role, 1):
                break  # "Дата: …" of the letter's own, right below
            values.setdefault(role, []).append(value)
            latest = role
            at += 1
        last = at - 1
    first, banner = _over(lines, start, told)
    said = {role: " ".join(filter(None, pieces)) for role, pieces in values.items()}
    sure = Role.SUBJECT in said or banner is not Banner.NONE or "@" in said.get(Role.FROM, "")
    if not doubt and (Role.FROM not in said or len(said) < 2 or not sure):
        return None
    if not doubt and _goes_on_below(part, last, values):
        doubt = "where the header in its text ends cannot be told"
    return Header(first=first, last=last, banner=banner, values=said, doubt=doubt)


def _over(lines: Sequence[Line], start: int, told: int) -> tuple[int, Banner]:
    """Where the banner over a header stands, or the rule, and what it says."""
    first, at = start, start - 1
    while at >= told and start - at <= _BLANKS_UNDER_BANNER + 2:
        text = lines[at].text
        if (banner := _banner(text)) is not Banner.NONE:
            return at, banner
        if not _is_rule(text):
            break
        first = at if text else first
        at -= 1
    return first, Banner.NONE


def _continued(part: Lines, at: int, latest: Role, values: Mapping[Role, list[str]]) -> int | None:
    """Where the header goes on behind lines without a label: broken ones, or one blank line; None: it has ended."""
    lines = part.lines
    if latest not in values:
        return None
    if not lines[at].text:
        return at + 1 if _is_new(lines[at + 1 : at + 2], values) else None
    end = at
    while end < len(lines) and end - at < _MOST_WRAPPED.get(latest, 3) and _is_broken(lines[end].text):
        end += 1
        if _is_new(lines[end : end + 1], values):
            return end
    # the last value of the header: broken, or, where all of them do, on a line of its own
    alone = not any(filter(None, values[latest])) and all(not pieces[0] for pieces in values.values())
    if alone and _is_broken(lines[at].text):
        return at + 1
    return at + 1 if part.wraps and _is_end_of(lines, at, latest) else None


def _is_new(lines: Sequence[Line], values: Mapping[Role, list[str]]) -> bool:
    """Is this a header's line of a kind that was not there yet?"""
    label = _label(lines[0].text) if lines else None
    return label is not None and (label[0] is Role.OTHER or label[0] not in values)


def _is_broken(text: str) -> bool:
    """May this line be the rest of the one before?"""
    return bool(text) and _PAIR.match(text) is None and _label(text) is None


def _is_end_of(lines: Sequence[Line], at: int, latest: Role) -> bool:
    """A last line of plain text that was broken, with a blank one below it."""
    text, before = lines[at].text, lines[at - 1].text
    if not _is_broken(text) or (at + 1 < len(lines) and lines[at + 1].text):
        return False
    if latest in (Role.TO, Role.CC, Role.FROM):
        return _ADDRESS.search(text) is not None
    return latest is Role.SUBJECT and len(before) >= _WRAPPED


def _goes_on_below(part: Lines, last: int, values: Mapping[Role, list[str]]) -> bool:
    """In plain text: does a line of the header seem to stand behind the end of it, before the next blank line?"""
    if not part.wraps:
        return False
    for line in part.lines[last + 1 : last + 6]:
        if not line.text:
            return False
        label = _label(line.text)
        if label is not None and label[0] is not Role.OTHER and label[0] not in values:
            return True
    return False


def _refuse_odd(above: Sequence[str], own: Collection[str]) -> None:
    """Raises Doubt: what stands above the header is more than a person's words."""
    labelled = 0  # lines in a row that begin with a label, of whatever language
    for text in above:
        label = _label(text)
        labelled = labelled + 1 if _PAIR.match(text) else 0
        foreign = (match := _LABELLED.fullmatch(text)) is not None and fold_words(match["label"]) in FOREIGN_LABELS
        named = label is not None and label[0] in (Role.FROM, Role.SUBJECT, Role.TO)
        if named or foreign or labelled > _MOST_LABELLED or _TITLED.fullmatch(text):
            raise Doubt(f"above the letter in its text stands {text[:60]!r}, which may be the header of another one")
        for address in _ADDRESS.findall(text):
            name = address.strip("*.-_").lower().removeprefix("mailto:")
            if name not in own and f"@{name.rpartition('@')[2]}" not in own:
                raise Doubt(f"above the letter in its text stands {name[:80]}, so whose letter it is cannot be told")
