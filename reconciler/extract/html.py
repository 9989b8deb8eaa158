"""
HTML of a mail → the blocks a reader sees, as a small tree.

Comes in: decoded HTML, however broken. Goes out: nested `Block`s; a leaf holds the lines that are drawn one under another,
a container holds blocks. What no reader sees is not there: head, script, comments, and elements hidden by style or
attribute. What is hidden by its looks alone (its colour, its size, its place) is told apart: `Drawn.unseen`.

Inside a line, `MARK` stands where an inline element begins or ends, and links are wrapped in `LINK_ON`, `LINK_OFF`: marks
that no sender can type, as `clean` removes control characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from reconciler.extract import markup
from reconciler.extract.css import Element, Styles
from reconciler.extract.markup import Attributes, Event
from reconciler.extract.seen import Look, is_gone, look_within
from reconciler.extract.text import UNTOLD, clean, even, one_line, one_space

MARK, LINK_ON, LINK_OFF = "\x1f", "\x02", "\x03"
_CUT = "\x04"  # where the letters change their look: digits on both sides of it are not one number
_GLUED = re.compile(rf"(?<=[0-9])[{MARK}{LINK_ON}{LINK_OFF}{_CUT}]*{_CUT}[{MARK}{LINK_ON}{LINK_OFF}{_CUT}]*(?=[0-9])")
_STRUCK = frozenset({"del", "s", "strike"})
_INERT = frozenset({"span", "font", "a", "button", "wbr", "nobr", "abbr", "bdi", "bdo", "label"})
_LOOKS = frozenset({"font-size", "font", "font-weight", "vertical-align", "position", "float", "text-decoration"})
_SPACES = re.compile(r"  +")
_LINK = re.compile(f"{LINK_ON}[^{LINK_OFF}]*{LINK_OFF}?")

_UNSEEN = frozenset(
    [
        "head",
        "script",
        "style",
        "title",
        "meta",
        "link",
        "template",
        "noscript",
        "object",
        "svg",
        "math",
        "iframe",
        "select",
        "rt",
        "rp",
    ]
)
_BLOCKS = frozenset(
    [
        "html",
        "body",
        "address",
        "article",
        "aside",
        "blockquote",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_BLOCK_DISPLAYS = frozenset({"block", "table", "table-row", "table-cell", "table-row-group", "list-item", "grid"})
_BEGINNINGS = {"sup": " ^", "link": LINK_ON, "mark": MARK, "cut": MARK + _CUT}
"""What stands where an inline element begins: raised digits, for one, are not the digits before them continued."""
_ENDINGS = {"sup": "^ ", "link": LINK_OFF, "mark": MARK, "cut": MARK + _CUT}
_DEEPEST = 120  # blocks within blocks; what is nested deeper is drawn into the block above


@dataclass(slots=True)
class Block:
    """A leaf (`lines`) or a container (`children`); `sole` is its text when that is one single line."""

    tag: str
    children: list[Block] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    count: int = 0  # lines with something on them, in the whole block
    sole: str | None = None
    look: tuple[str, ...] = ()  # tag, style and class: what is drawn alike has it alike

    def all_lines(self) -> Iterator[str]:
        yield from self.lines
        for child in self.children:
            yield from child.all_lines()

    def text(self) -> str:
        """What stands in the block, without marks; one line each."""
        return "\n".join(line for line in (plain(line) for line in self.all_lines()) if line)

    def close(self) -> None:
        """Sum up once everything is in."""
        if self.lines:
            seen = [line for line in self.lines if plain(line)]
        else:
            seen = [child.sole for child in self.children if child.sole is not None]
        self.count = len(seen) if self.lines else sum(child.count for child in self.children)
        self.sole = seen[0] if self.count == 1 and seen else None


@lru_cache(maxsize=1024)  # each reader of a line asks for it
def plain(line: str) -> str:
    """A line without its marks, trimmed."""
    return one_space(line.replace(MARK, "").replace(LINK_ON, "").replace(LINK_OFF, ""))


def without_links(line: str) -> str:
    """A line without what is only a link or a button: an offer to act, not a statement."""
    return plain(_LINK.sub(" ", line) if LINK_ON in line else line)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mail's HTML as it is drawn; `unseen` are words in it that their looks alone hide from a reader."""

    root: Block
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a node stands: the element around it and how text in it is drawn; one and the same for siblings that are alike."""

    element: Element | None = None
    look: Look = Look()  # noqa: RUF009  frozen


@dataclass(frozen=True, slots=True)
class _Drawing:
    """
    How an element is drawn.

    opens: "gone", "struck" and "break" open nothing, the others are what `_leave` closes. inline: what it opens where
    blocks are nested too deep. turned: in another order than it is written. within: the place of what it holds.
    """

    name: str
    opens: str
    inline: str = ""
    look: tuple[str, ...] = ()
    turned: bool = False
    within: _Place = _Place()


class _Builder:
    """Receives elements in order and grows the tree."""

    def __init__(self) -> None:
        self.root = Block("root")
        self.open = [self.root]
        self.lines: list[str] = []
        self.line: list[str] = []
        self.keep = False  # runs of spaces in this line, which is preformatted
        self.unseen: list[str] = []

    def text(self, text: str) -> None:
        self.line.append(text)

    def end_line(self) -> None:
        line = "".join(self.line)
        if _CUT in line:
            line = _GLUED.sub(" ^ ", line).replace(_CUT, "")
        self.lines.append((line if self.keep else _SPACES.sub(" ", line)).strip())
        self.line, self.keep = [], False

    def flush(self) -> None:
        """Inline content since the last block becomes a leaf of its own."""
        if not self.line and not self.lines:
            return
        self.end_line()
        if any(map(plain, self.lines)):
            leaf = Block("", lines=self.lines)
            leaf.close()
            self.open[-1].children.append(leaf)
        self.lines = []

    def begin(self, tag: str, look: tuple[str, ...]) -> None:
        self.flush()
        block = Block(tag, look=look)
        self.open[-1].children.append(block)
        self.open.append(block)

    def end(self) -> None:
        self.flush()
        self.open.pop().close()


def read_blocks(html: str) -> Drawn:
    """Raises Unreadable: more style than a notice has. Time grows with the length alone."""
    written = markup.read(html)
    builder = _Builder()
    _Reader(builder, Styles(written.sheets)).read(written.events)
    builder.flush()
    builder.root.close()
    return Drawn(builder.root, tuple(builder.unseen))


class _Reader:
    """Draws what is written. How an element is drawn is told once for all that have the same attributes at the same place."""

    def __init__(self, builder: _Builder, styles: Styles) -> None:
        self.builder = builder
        self.styles = styles
        self.place: _Place | None = _Place()  # None: nothing is drawn here
        self.open: list[tuple[str, _Place | None, str]] = []  # name, the place around it, and what it opened
        self.names: Counter[str] = Counter()
        self.drawings: dict[tuple[_Place, str, Attributes], _Drawing] = {}

    def read(self, events: Iterable[Event]) -> None:
        for tag, attributes, text in events:
            if not tag:
                if self.place is not None:
                    _text(self.builder, text, self.place.look)
            elif attributes is not None:
                self._begin(tag, attributes)
            elif self.names[tag]:
                while self._end() != tag:
                    pass
        while self.open:
            self._end()

    def _begin(self, tag: str, attributes: Attributes) -> None:
        around, opened = self.place, ""
        if around is not None:
            drawing = self._drawing(tag, attributes, around)
            opened = self._enter(drawing)
            self.place = drawing.within if opened else None
        self.open.append((tag, around, opened))
        self.names[tag] += 1

    def _end(self) -> str:
        tag, self.place, opened = self.open.pop()
        self.names[tag] -= 1
        if opened:
            _leave(self.builder, opened)
        return tag

    def _drawing(self, tag: str, attributes: Attributes, place: _Place) -> _Drawing:
        key = (place, tag, attributes)
        if (found := self.drawings.get(key)) is None:
            name = tag.lower().rpartition(":")[2]
            found = self.drawings[key] = _drawn(name, dict(attributes), place, self.styles)
        return found

    def _enter(self, drawing: _Drawing) -> str:
        """Begin an element; returns what `_leave` is to close, "" when nothing in it is drawn."""
        builder, opened = self.builder, drawing.opens
        if opened == "gone":
            return ""
        if opened == "struck":
            builder.text(_CUT)  # crossed out: it is no part of what stands around it
            return ""
        if opened == "break":
            builder.end_line()
            return ""
        if opened == "block" and len(builder.open) < _DEEPEST:
            builder.begin(drawing.name, drawing.look)
        elif opened == "block":
            opened = "line" if drawing.name in _BLOCKS else drawing.inline
        if opened == "line":
            builder.end_line()
        elif opened != "block":
            builder.text(_BEGINNINGS[opened])
        if drawing.turned:
            builder.text(UNTOLD)
        return opened


def _drawn(name: str, attributes: Mapping[str, str], place: _Place, styles: Styles) -> _Drawing:
    if name in _UNSEEN:
        return _Drawing(name, "gone")
    element = Element(name, _marks(attributes), place.element)
    css = styles.of(element, attributes.get("style", ""))
    if is_gone(name, attributes, css):
        return _Drawing(name, "gone")
    if name in _STRUCK or "line-through" in css.get("text-decoration", "") + css.get("text-decoration-line", ""):
        return _Drawing(name, "struck")
    if name == "br":
        return _Drawing(name, "break")
    inline = _inline(name, attributes, css)
    return _Drawing(
        name,
        "block" if name in _BLOCKS or css.get("display") in _BLOCK_DISPLAYS else inline,
        inline=inline,
        look=(name, attributes.get("style", ""), one_space(attributes.get("class", ""))),
        turned=name == "bdo" or "override" in css.get("unicode-bidi", ""),
        within=_Place(element, look_within(place.look, name, attributes, css)),
    )


def _inline(name: str, attributes: Mapping[str, str], css: Mapping[str, str]) -> str:
    """What an element opens that is no block."""
    if name in {"sup", "sub"}:
        return "sup"
    if name in {"a", "button"}:
        return "link"
    return "cut" if name not in _INERT or "size" in attributes or not _LOOKS.isdisjoint(css) else "mark"


def _marks(attributes: Mapping[str, str]) -> frozenset[str]:
    marks = {f".{name.lower()}" for name in attributes.get("class", "").split()}
    return frozenset(marks | ({f"#{attributes['id'].lower()}"} if attributes.get("id") else set()))


def _leave(builder: _Builder, what: str) -> None:
    if what == "block":
        builder.end()
    elif what == "line":
        builder.end_line()
    else:
        builder.text(_ENDINGS[what])


def _text(builder: _Builder, text: str, look: Look) -> None:
    if look.unseen:
        if words := one_line(text):
            builder.unseen.append(words)
        return
    if not look.pre:
        builder.text(even(clean(text)))
        return
    first, *rest = clean(text.replace("\t", "   ")).split("\n")
    builder.keep = True
    builder.text(first)
    for line in rest:
        builder.end_line()
        builder.keep = True
        builder.text(line)
