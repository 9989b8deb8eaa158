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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from reconciler.extract.html import markup
from reconciler.extract.html.css import Element, Styles
from reconciler.extract.html.elements import BLOCKS, STRUCK, UNSEEN
from reconciler.extract.html.markup import Attributes, Event, Written
from reconciler.extract.html.seen import Look, is_gone, look_within
from reconciler.extract.remembering import remembered
from reconciler.extract.text import UNTOLD, clean, flowing, one_line, one_space

MARK, LINK_ON, LINK_OFF = "\x1f", "\x02", "\x03"
_CUT = "\x04"  # where the letters change their look: digits on both sides of it are not one number
_GLUED = re.compile(rf"(?<=[0-9])[{MARK}{LINK_ON}{LINK_OFF}{_CUT}]*{_CUT}[{MARK}{LINK_ON}{LINK_OFF}{_CUT}]*(?=[0-9])")
_INERT = frozenset({"span", "font", "a", "button", "nobr", "abbr", "bdi", "bdo", "label"})
_LOOKS = frozenset({"font-size", "font", "font-weight", "vertical-align", "position", "float", "text-decoration"})
_SPACES = re.compile(r"  +")
_LINK = re.compile(f"{LINK_ON}[^{LINK_OFF}]*{LINK_OFF}?")

_BLOCK_DISPLAYS = frozenset({"block", "table", "table-row", "table-cell", "table-row-group", "list-item", "grid"})
_BEGINNINGS = {"sup": " ^", "link": LINK_ON, "mark": MARK, "cut": MARK + _CUT}
"""What stands where an inline element begins: raised digits, for one, are not the digits before them continued."""
_ENDINGS = {"sup": "^ ", "link": LINK_OFF, "mark": MARK, "cut": MARK + _CUT}
_DEEPEST = 120  # blocks within blocks; what is nested deeper is drawn into the block above
_SHORT = 400  # characters of a line, or of an element's attributes; more are not worth remembering
_NO_STYLES = Styles(())


class Block:
    """
    A leaf (`lines`) or a container (`children`).

    look: tag, style and class: what is drawn alike has it alike. Once it is closed, `count` is the number of lines with
    something on them in the whole block, and `sole` its text when that is one single line.
    """

    __slots__ = ("children", "count", "lines", "look", "sole", "tag")

    def __init__(self, tag: str, look: tuple[str, ...] = (), lines: Sequence[str] = ()) -> None:
        self.tag = tag
        self.look = look
        self.lines = lines
        self.children: list[Block] = []
        self.count = 0
        self.sole: str | None = None

    def all_lines(self) -> Iterator[str]:
        yield from self.lines
        for child in self.children:
            yield from child.all_lines()

    def text(self) -> str:
        """What stands in the block, without marks; one line each."""
        if self.sole is not None:
            return plain(self.sole)
        return "\n".join([text for text in map(plain, self.all_lines()) if text])

    def close(self) -> None:
        """Sum up once everything is in."""
        for child in self.children:
            self.count += child.count
            self.sole = child.sole or self.sole
        if self.count > 1:
            self.sole = None


@remembered(longest=_SHORT, most=1024)  # each reader of a line asks for it
def plain(line: str) -> str:
    """A line without its marks, trimmed."""
    return one_space(line.replace(MARK, "").replace(LINK_ON, "").replace(LINK_OFF, ""))


def in_pieces(line: str) -> str:
    """A line with blanks for its marks."""
    return line.replace(MARK, " ").replace(LINK_ON, " ").replace(LINK_OFF, " ")


def without_links(line: str) -> str:
    """A line without what is only a link or a button: an offer to act, not a statement."""
    return plain(_LINK.sub(" ", line) if LINK_ON in line else line)


@dataclass(frozen=True, slots=True)
class Drawn:
    """
    A mail's HTML as it is drawn: its lines, without marks.

    unseen: words in it that their looks alone hide from a reader. hidden: every text of `written` that no reader sees.
    """

    root: Block
    lines: Sequence[str]
    unseen: Sequence[str]
    written: Written
    hidden: Sequence[Event]


@dataclass(slots=True, eq=False)
class _Place:
    """
    Where a node stands: the element around it and how text in it is drawn; one and the same for siblings that are alike.

    known: elements that stand there, by name and attributes: how they are drawn, and the place of what they hold.
    """

    element: Element | None = None
    look: Look = Look()  # noqa: RUF009  frozen
    known: dict[tuple[str, Attributes], tuple[_Drawing, _Place]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """
    How an element is drawn.

    opens: "gone", "struck" and "break" open nothing, the others are what `_end` closes. inline: what it opens where
    blocks are nested too deep. turned: in another order than it is written. within: how text in it is drawn.
    """

    name: str
    opens: str
    inline: str = ""
    look: tuple[str, ...] = ()
    turned: bool = False
    element: Element | None = None
    within: Look = Look()  # noqa: RUF009  frozen


class _Builder:
    """Receives elements in order and grows the tree."""

    def __init__(self) -> None:
        self.root = Block("root")
        self.open = [self.root]
        self.lines: list[str] = []
        self.line: list[str] = []
        self.keep = False  # runs of spaces in this line, which is preformatted
        self.seen: list[str] = []
        self.unseen: list[str] = []

    def draw(self, text: str, look: Look) -> None:
        if look.unseen:
            if words := one_line(text):
                self.unseen.append(words)
        elif look.pre:
            self._draw_as_written(text)
        elif self.line or not text.isspace():  # no line begins with a blank
            self.line.append(flowing(text))

    def _draw_as_written(self, text: str) -> None:
        first, *rest = clean(text.replace("\t", "   ")).split("\n")
        self.keep = True
        self.line.append(first)
        for line in rest:
            self.end_line()
            self.keep = True
            self.line.append(line)

    def end_line(self) -> None:
        line = "".join(self.line)
        if _CUT in line:
            line = _GLUED.sub(" ^ ", line).replace(_CUT, "")
        if "  " in line and not self.keep:
            line = _SPACES.sub(" ", line)
        self.lines.append(line.strip(" "))
        self.line.clear()
        self.keep = False

    def flush(self) -> None:
        """Inline content since the last block becomes a leaf of its own."""
        self.end_line()
        seen = [line for line in self.lines if plain(line)]
        if seen:
            leaf = Block("", lines=self.lines)
            leaf.count = len(seen)
            leaf.sole = seen[0] if len(seen) == 1 else None
            self.open[-1].children.append(leaf)
            self.seen += map(plain, seen)
        self.lines = []

    def begin(self, tag: str, look: tuple[str, ...]) -> None:
        if self.line or self.lines:
            self.flush()
        block = Block(tag, look)
        self.open[-1].children.append(block)
        self.open.append(block)

    def end(self) -> None:
        if self.line or self.lines:
            self.flush()
        self.open.pop().close()


def read_blocks(html: str) -> Drawn:
    """Raises Unreadable: more style than a notice has. Time grows with the length alone."""
    return draw(markup.read(html))


def draw(written: Written) -> Drawn:
    """Raises Unreadable, as `read_blocks` does."""
    builder = _Builder()
    reader = _Reader(builder, Styles(written.sheets))
    reader.read(written.events)
    builder.end()
    return Drawn(builder.root, builder.seen, builder.unseen, written, reader.hidden)


class _Reader:
    """Draws what is written. How an element is drawn is told once for all that have the same attributes at the same place."""

    def __init__(self, builder: _Builder, styles: Styles) -> None:
        self.builder = builder
        self.styles = styles
        self.place: _Place | None = _Place()  # None: nothing is drawn here
        self.open: list[tuple[_Place | None, str]] = []  # the place around an element, and what it opened
        self.hidden: list[Event] = []

    def read(self, events: Iterable[Event]) -> None:
        """Each element that begins ends, the inner ones first: `markup.read` sees to it."""
        for event in events:
            tag, attributes, text = event
            if not tag:
                if self.place is None or self.place.look.unseen:
                    self.hidden.append(event)
                if self.place is not None:
                    self.builder.draw(text, self.place.look)
            elif attributes is not None:
                self._begin(tag, attributes)
            else:
                self._end()

    def _begin(self, tag: str, attributes: Attributes) -> None:
        around, opened = self.place, ""
        if around is not None:
            drawing, within = around.known.get((tag, attributes)) or self._meet(tag, attributes, around)
            opened = self._enter(drawing)
            self.place = within if opened else None
        self.open.append((around, opened))

    def _end(self) -> None:
        self.place, opened = self.open.pop()
        if opened == "block":
            self.builder.end()
        elif opened == "line":
            self.builder.end_line()
        elif opened:
            self.builder.line.append(_ENDINGS[opened])

    def _meet(self, tag: str, attributes: Attributes, place: _Place) -> tuple[_Drawing, _Place]:
        if self.styles or sum([len(value) for _, value in attributes]) > _SHORT:
            drawing = _drawn(tag, attributes, place.look, place.element, self.styles)
        else:
            drawing = _drawn_by_itself(tag, attributes, place.look)
        found = place.known[tag, attributes] = drawing, _Place(drawing.element, drawing.within)
        return found

    def _enter(self, drawing: _Drawing) -> str:
        """Begin an element; returns what `_end` is to close, "" when nothing in it is drawn."""
        builder, opened = self.builder, drawing.opens
        if opened == "gone":
            return ""
        if opened == "struck":
            builder.line.append(_CUT)  # crossed out: it is no part of what stands around it
            return ""
        if opened == "break":
            builder.end_line()
            return ""
        if opened == "block" and len(builder.open) >= _DEEPEST:
            opened = "line" if drawing.name in BLOCKS else drawing.inline
        if opened == "block":
            builder.begin(drawing.name, drawing.look)
        elif opened == "line":
            builder.end_line()
        else:
            builder.line.append(_BEGINNINGS[opened])
        if drawing.turned:
            builder.line.append(UNTOLD)
        return opened


@lru_cache(maxsize=1024)  # a sender's letters look alike
def _drawn_by_itself(tag: str, attributes: Attributes, look: Look) -> _Drawing:
    """Where no style sheet looks at the elements around it."""
    return _drawn(tag, attributes, look, None, _NO_STYLES)


def _drawn(tag: str, told: Attributes, look: Look, around: Element | None, styles: Styles) -> _Drawing:
    name, attributes = tag.rpartition(":")[2], dict(told)
    if name in UNSEEN:
        return _Drawing(name, "gone")
    element = Element(name, _marks(attributes), around)
    css = styles.of(element, attributes.get("style", ""))
    if is_gone(name, attributes, css):
        return _Drawing(name, "gone")
    if name in STRUCK or "line-through" in css.get("text-decoration", "") + css.get("text-decoration-line", ""):
        return _Drawing(name, "struck")
    if name == "br":
        return _Drawing(name, "break")
    inline = _inline(name, attributes, css)
    return _Drawing(
        name,
        "block" if name in BLOCKS or css.get("display") in _BLOCK_DISPLAYS else inline,
        inline=inline,
        look=(name, attributes.get("style", ""), one_space(attributes.get("class", ""))),
        turned=name == "bdo" or "override" in css.get("unicode-bidi", ""),
        element=element,
        within=look_within(look, name, attributes, css),
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
