"""
A body part → its lines, each with its place, so that what stands below one of them can be cut off.

Comes in: decoded text or HTML. Goes out: `Lines`, and the part that remains below a place: of HTML with the elements that are open
there and every style sheet, so that it is drawn as it was. What a reader does not see is here too: a header that is hidden is
still one more header, and makes the mail unsure.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from urllib.parse import unquote

from reconciler.extract.html import markup
from reconciler.extract.html.markup import Attributes
from reconciler.extract.text import one_line

_QUOTE = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
_SILENT = frozenset({"head", "script", "style", "title", "template", "noscript"})
_VOID = frozenset(
    [*("br", "hr", "img", "input", "meta", "link", "wbr"), *("col", "area", "base", "embed", "source", "track")]
)
_INLINE = frozenset(
    [
        *(
            "a",
            "abbr",
            "b",
            "bdi",
            "bdo",
            "big",
            "cite",
            "code",
            "del",
            "em",
            "font",
            "i",
            "img",
            "input",
            "ins",
            "label",
        ),
        *("mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr"),
    ]
)
_CELLS = frozenset({"td", "th"})
_LONGEST_LINK = 20  # events
_COMMENT_END = re.compile("--!?>")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Behind so many characters of the so-manieth line of text, or event of HTML."""

    at: int
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it is drawn, without quotation marks; `depth`: how many of them stood before it."""

    text: str
    end: Place
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A part's lines. wraps: a mail program may have broken long ones, as in plain text."""

    lines: Sequence[Line]
    wraps: bool
    _source: _Text | _Html = field(repr=False)

    def below(self, line: Line) -> str:
        """What stands below a line, as a part of the same kind."""
        return self._source.below(line)


def of_text(content: str) -> Lines:
    rows = content.split("\n")
    lines = []
    for at, row in enumerate(rows):
        quote = _QUOTE.match(row)
        depth = quote[0].count(">") if quote else 0
        lines.append(Line(text=one_line(row[quote.end() :] if quote else row), end=Place(at), depth=depth))
    return Lines(lines=lines, wraps=True, _source=_Text(rows))


def of_html(content: str) -> Lines:
    written = markup.read(content)
    return Lines(lines=list(_drawn(written.events)), wraps=False, _source=_Html(written))


# ---------------------------------------------------------------- text


@dataclass(frozen=True, slots=True)
class _Text:
    rows: Sequence[str]

    def below(self, line: Line) -> str:
        """Without as many quotation marks as that line has: they are the forward's."""
        marks = re.compile(rf"[ \t]{{0,3}}(?:>[ \t]?){{1,{line.depth}}}") if line.depth else None
        return "\n".join(
            marks.sub("", row, count=1) if marks and marks.match(row) else row for row in self.rows[line.end.at + 1 :]
        )


# ---------------------------------------------------------------- HTML


@dataclass(slots=True)
class _Drawer:
    """Takes text in order and makes lines of it."""

    pieces: list[str] = field(default_factory=list)
    end: Place = field(default_factory=lambda: Place(0))

    def add(self, text: str, end: Place) -> None:
        self.pieces.append(text)
        if text.strip():
            self.end = end

    def line(self, at: Place, *, even_if_empty: bool = False) -> Iterator[Line]:
        text = "".join(self.pieces)
        self.pieces = []
        if bare := one_line(text):
            quote = _QUOTE.match(bare)
            depth = quote[0].count(">") if quote else 0
            yield Line(text=bare[quote.end() :] if quote else bare, end=self.end, depth=depth)
        elif even_if_empty or "\xa0" in text:
            yield Line(text="", end=at)


def _drawn(events: Sequence[markup.Event]) -> Iterator[Line]:
    drawer = _Drawer()
    silent = pre = 0
    for at, (tag, attributes, text) in enumerate(events):
        name = tag.lower().rpartition(":")[2]
        if not tag:
            if silent:
                continue
            if not pre:
                drawer.add(re.sub(r"\s+", " ", text), Place(at, len(text)))
                continue
            offset = 0
            for count, row in enumerate(text.split("\n")):
                if count:
                    yield from drawer.line(Place(at, offset), even_if_empty=True)
                    offset += 1
                offset += len(row)
                drawer.add(row, Place(at, offset))
            continue
        begins = attributes is not None
        if name in _SILENT:
            silent = max(0, silent + (1 if begins else -1))
        elif name == "pre":
            pre = max(0, pre + (1 if begins else -1))
        elif name == "a" and (target := _addressed(attributes)) and target.casefold() not in _linked(events, at):
            drawer.add(f"<{target}> ", Place(at))  # the link leads to another address than it shows
        if name == "br":
            if begins:
                yield from drawer.line(Place(at), even_if_empty=True)
        elif name in _CELLS:
            drawer.add(" ", Place(at))  # a label and its value in neighbouring cells are one line
        elif name not in _INLINE:
            yield from drawer.line(Place(at))
    yield from drawer.line(Place(len(events)))


def _addressed(attributes: Attributes | None) -> str:
    """To whom a link writes."""
    target = dict(attributes or ()).get("href", "").strip()
    return unquote(target[len("mailto:") :].partition("?")[0]) if target.lower().startswith("mailto:") else ""


def _linked(events: Sequence[markup.Event], at: int) -> str:
    """What the link that begins here shows; of a long one its beginning."""
    inside = takewhile(lambda event: event[0] != "a", islice(events, at + 1, at + 1 + _LONGEST_LINK))
    return "".join(text for _, _, text in inside).casefold()


@dataclass(frozen=True, slots=True)
class _Html:
    written: markup.Written

    def below(self, line: Line) -> str:
        cut, events = line.end, self.written.events
        sheets, around = _before(events[: cut.at + 1])
        out = [f"<style>{sheet}</style>" for sheet in sheets]
        # the forward's own quotation is no quotation of the letter's
        out += [_opened("div" if tag == "blockquote" else tag, attributes) for tag, attributes in around]
        rest = list(events[cut.at + 1 :])
        if not events[cut.at][0]:
            rest.insert(0, ("", None, events[cut.at][2][cut.offset :]))
        out += _written(rest, [tag for tag, _ in around])
        # what is no part of the page may contradict it, wherever it stands
        out += [
            f"<!-- {_COMMENT_END.sub('-- ', text)} -->" for text in (*self.written.comments, *self.written.enclosed)
        ]
        return "".join(out) + ("<!--" if self.written.swallowed else "")


def _before(events: Sequence[markup.Event]) -> tuple[list[str], list[tuple[str, Attributes]]]:
    """The style sheets, and the elements that are still open."""
    sheets: list[str] = []
    around: list[tuple[str, Attributes]] = []
    names: Counter[str] = Counter()
    for tag, attributes, text in events:
        if not tag:
            if around and around[-1][0] == "style":
                sheets.append(text)
        elif attributes is not None:
            around.append((tag, attributes))
            names[tag] += 1
        elif names[tag]:
            closed = ""
            while closed != tag:
                closed, _ = around.pop()
                names[closed] -= 1
    return sheets, [one for one in around if one[0] not in _VOID]


def _written(events: Sequence[markup.Event], around: Sequence[str]) -> Iterator[str]:
    """As HTML again; around: the elements that were open at the cut, of which a quotation was made a block."""
    open_tags, names = list(around), Counter(around)
    depth = len(around)  # of those that are still open
    for tag, attributes, text in events:
        if not tag:
            yield text if open_tags and open_tags[-1] in ("style", "script") else html.escape(text, quote=False)
        elif attributes is not None:
            yield _opened(tag, attributes)
            if tag not in _VOID:
                open_tags.append(tag)
                names[tag] += 1
        elif names[tag]:
            closed = ""
            while closed != tag:
                is_around = len(open_tags) <= depth
                closed = open_tags.pop()
                depth = min(depth, len(open_tags))
                names[closed] -= 1
                yield "</div>" if is_around and closed == "blockquote" else f"</{closed}>"


def _opened(tag: str, attributes: Attributes) -> str:
    told = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes)
    return f"<{tag}{told}>"
