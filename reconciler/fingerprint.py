"""
What a letter looks like, whatever stands in it: its labels and how its elements lie in each other.

Comes in: a message. Goes out: an `Outline` with its fingerprint, and what one outline has that others had not. Pure, and cheap beside
a reading: one pass over the markup, no tree. The same template gives the same outline for every sum, name and number of goods:

    labels     texts that stand where labels do: the first of two cells, a term, what a line has before its colon
    skeleton   the ways of block elements down to each other, each once: "table>tr>td"

A label has no digit and few words, so that it is nobody's name, address or card; a value's own words are not looked at.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.model import Facts, Message

KEPT = frozenset(
    [
        "table",
        "tr",
        "td",
        "th",
        "dl",
        "dt",
        "dd",
        "ul",
        "ol",
        "li",
        "div",
        "p",
        "section",
        "article",
        "blockquote",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
)
"""Elements a template is built of; the others are looks, or added by whoever reads the markup ("tbody")."""
ENDED_BY = {
    "tr": frozenset({"td", "th", "tr"}),
    **dict.fromkeys(("td", "th"), frozenset({"td", "th"})),
    **dict.fromkeys(("dt", "dd"), frozenset({"dt", "dd"})),
    "li": frozenset({"li"}),
    "p": frozenset({"p"}),
}
"""Elements whose end tag may be left out before the one that begins."""
SILENT = frozenset({"style", "script", "title", "head"})

LONGEST_PART = 300_000  # characters; no notice is longer
DEEPEST = 40
MOST_WAYS = 200
MOST_LABELS = 100
LONGEST_LABEL = 40  # characters
MOST_WORDS = 5

_TAG = re.compile(r"<(?:(?P<comment>!--)|(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,15}))")
_LABEL = re.compile(r"[^\W\d_][^\d@:<>{}]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    labels: tuple[str, ...]
    skeleton: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        told = json.dumps([self.labels, self.skeleton], ensure_ascii=False)
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    def facts(self) -> dict[str, list[str]]:
        return {"labels": list(self.labels), "skeleton": list(self.skeleton)}


def outline_of(message: Message) -> Outline:
    """Of the HTML parts, which are what a reader sees; of the text parts where there is no HTML."""
    scan = _Scan()
    for part in message.htmls:
        scan.read(part.content[:LONGEST_PART])
    if not message.htmls:
        scan.ways.add("text")
        for part in message.texts:
            scan.lines(part.content[:LONGEST_PART])
    return Outline(labels=tuple(sorted(scan.labels)), skeleton=tuple(sorted(scan.ways)))


def news(outline: Outline, known: Sequence[Facts]) -> dict[str, list[str]]:
    """
    What differs from every known outline: labels that all of them had, labels and ways that none had.

    Nothing: it is put together from what is known, as when a letter leaves out a line that others left out before.
    """
    if not known:
        return {}
    always = set.intersection(*(set(facts.get("labels", ())) for facts in known))
    labels = {label for facts in known for label in facts.get("labels", ())}
    ways = {way for facts in known for way in facts.get("skeleton", ())}
    found = {
        "labels_gone": sorted(always - set(outline.labels)),
        "labels_new": sorted(set(outline.labels) - labels),
        "skeleton_new": sorted(set(outline.skeleton) - ways),
    }
    return {name: what for name, what in found.items() if what}


@dataclass(slots=True)
class _Scan:
    """One pass over a part; linear in its length."""

    labels: set[str] = field(default_factory=set)
    ways: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=lambda: [[]])  # the innermost cell's, or the letter's own, last
    rows: list[list[str]] = field(default_factory=list)

    def read(self, content: str) -> None:
        at = 0
        while (tag := _TAG.search(content, at)) is not None:
            self.texts[-1].append(content[at : tag.start()])
            name = (tag["name"] or "").lower()
            if tag["comment"]:
                end = content.find("-->", tag.end())
            elif name in SILENT and not tag["end"]:
                closing = re.compile(f"</{name}", re.IGNORECASE).search(content, tag.end())
                end = -1 if closing is None else content.find(">", closing.end())
            else:
                end = content.find(">", tag.end())
                self._element(name, ends=bool(tag["end"]))
            if end < 0:  # it never ends, so nothing more is markup
                break
            at = content.index(">", end) + 1
        else:
            self.texts[-1].append(content[at:])
        while self.open:
            self._close(self.open[-1])
        self.lines("".join(self.texts[-1]))
        self.texts = [[]]

    def lines(self, text: str) -> None:
        """What each line has before its colon."""
        for line in html.unescape(text).splitlines():
            label, colon, behind = line.partition(":")
            if colon and not behind.startswith("//"):
                self._label(label)

    def _element(self, name: str, *, ends: bool) -> None:
        if name not in KEPT:
            if name in ("br", "hr"):
                self.texts[-1].append("\n")
            return
        self.texts[-1].append("\n")
        if ends:
            if name in self.open:
                self._close(name)
            return
        while self.open and self.open[-1] in ENDED_BY.get(name, ()):
            self._close(self.open[-1])
        if len(self.open) >= DEEPEST:
            return
        self.open.append(name)
        if len(self.ways) < MOST_WAYS:
            self.ways.add(">".join(self.open))
        if name == "tr":
            self.rows.append([])
        elif name in ("td", "th", "dt", "dd"):
            self.texts.append([])

    def _close(self, name: str) -> None:
        """The innermost element of that name, and what is still open in it."""
        closed = ""
        while closed != name:
            closed = self.open.pop()
            if closed == "tr":
                self._row(self.rows.pop())
            elif closed in ("td", "th", "dt", "dd"):
                text = "".join(self.texts.pop())
                if closed == "dt":
                    self._label(html.unescape(text))
                elif closed != "dd" and self.rows:
                    self.rows[-1].append(text)

    def _row(self, cells: Iterable[str]) -> None:
        said = [cell for cell in cells if cell.strip()]
        if len(said) == 1:
            self.lines(said[0])
        elif len(said) == 2:
            self._label(html.unescape(said[0]))

    def _label(self, text: str) -> None:
        if len(text) > 10 * LONGEST_LABEL:
            return
        drawn = "".join(mark for mark in text if unicodedata.category(mark) != "Cf")  # soft hyphens and their like
        text = " ".join(unicodedata.normalize("NFKC", drawn).split()).strip(" :*•").casefold()
        fits = _LABEL.fullmatch(text) is not None and len(text) <= LONGEST_LABEL and len(text.split()) <= MOST_WORDS
        if fits and len(self.labels) < MOST_LABELS:
            self.labels.add(text)
