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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, Tag

from reconciler.extract.css import Element, Styles
from reconciler.extract.seen import Look, is_gone, look_within
from reconciler.extract.text import UNTOLD, clean, one_line

MARK, LINK_ON, LINK_OFF = "\x1f", "\x02", "\x03"
_CUT = "\x04"  # where the letters change their look: digits on both sides of it are not one number
_GLUED = re.compile(rf"(?<=[0-9])[{MARK}{LINK_ON}{LINK_OFF}{_CUT}]*{_CUT}[{MARK}{LINK_ON}{LINK_OFF}{_CUT}]*(?=[0-9])")
_STRUCK = frozenset({"del", "s", "strike"})
_INERT = frozenset({"span", "font", "a", "button", "wbr", "nobr", "abbr", "bdi", "bdo", "label"})
_LOOKS = frozenset({"font-size", "font", "font-weight", "vertical-align", "position", "float", "text-decoration"})
_ANY_MARK = re.compile(f"[{MARK}{LINK_ON}{LINK_OFF}]")
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


def plain(line: str) -> str:
    """A line without its marks, trimmed."""
    return re.sub(r"\s+", " ", _ANY_MARK.sub("", line)).strip()


def without_links(line: str) -> str:
    """A line without what is only a link or a button: an offer to act, not a statement."""
    return plain(_LINK.sub(" ", line))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mail's HTML as it is drawn; `unseen` are words in it that their looks alone hide from a reader."""

    root: Block
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands: the element around it and how text in it is drawn."""

    element: Element | None = None
    look: Look = Look()  # noqa: RUF009  frozen


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
        line = _GLUED.sub(" ^ ", "".join(self.line)).replace(_CUT, "")
        self.lines.append((line if self.keep else re.sub(r" +", " ", line)).strip())
        self.line, self.keep = [], False

    def flush(self) -> None:
        """Inline content since the last block becomes a leaf of its own."""
        self.end_line()
        if any(plain(line) for line in self.lines):
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
    builder = _Builder()
    soup = BeautifulSoup(html.replace("\x00", ""), "lxml")
    styles = Styles(style.get_text() for style in soup.find_all("style"))
    work: list[tuple[Any, _Place] | str] = [(node, _Place()) for node in reversed(soup.contents)]
    while work:
        item = work.pop()
        if isinstance(item, str):
            _leave(builder, item)
            continue
        node, place = item
        if isinstance(node, Tag):
            work.extend(_enter(builder, node, place, styles))
        elif type(node) in (NavigableString, CData):
            _text(builder, str(node), place.look)
    builder.flush()
    builder.root.close()
    return Drawn(builder.root, tuple(builder.unseen))


def _enter(builder: _Builder, tag: Tag, place: _Place, styles: Styles) -> list[tuple[Any, _Place] | str]:
    """Begin an element; what is to be done next, last first."""
    name = tag.name.lower().rpartition(":")[2]
    if name in _UNSEEN:
        return []
    attributes = {key.lower(): str(value) for key, value in tag.attrs.items()}
    element = Element(name, _marks(tag), place.element)
    css = styles.of(element, attributes.get("style", ""))
    if is_gone(name, attributes, css):
        return []
    if name in _STRUCK or "line-through" in css.get("text-decoration", "") + css.get("text-decoration-line", ""):
        builder.text(_CUT)  # crossed out: it is no part of what stands around it
        return []
    if name == "br":
        builder.end_line()
        return []
    todo = _begin(builder, tag, name, css)
    if name == "bdo" or "override" in css.get("unicode-bidi", ""):
        builder.text(UNTOLD)  # drawn in another order than it is written
    within = _Place(element, look_within(place.look, name, attributes, css))
    return [todo, *((node, within) for node in reversed(tag.contents))]


def _begin(builder: _Builder, tag: Tag, name: str, css: Mapping[str, str]) -> str:
    """Open what the element opens; returns what `_leave` is to close."""
    if (name in _BLOCKS or css.get("display") in _BLOCK_DISPLAYS) and len(builder.open) < _DEEPEST:
        builder.begin(name, (name, str(tag.get("style") or ""), str(tag.get("class") or "")))
        return "block"
    if name in _BLOCKS:
        builder.end_line()
        return "line"
    if name in {"sup", "sub"}:
        builder.text(" ^")  # raised digits are not the digits before them continued
        return "sup"
    if name in {"a", "button"}:
        builder.text(LINK_ON)
        return "link"
    changed = name not in _INERT or tag.has_attr("size") or not _LOOKS.isdisjoint(css)
    builder.text(MARK + _CUT if changed else MARK)
    return "cut" if changed else "mark"


def _marks(tag: Tag) -> frozenset[str]:
    classes = tag.get_attribute_list("class")
    marks = {f".{str(name).lower()}" for name in classes if name}
    return frozenset(marks | ({f"#{str(tag['id']).lower()}"} if tag.get("id") else set()))


def _leave(builder: _Builder, what: str) -> None:
    if what == "block":
        builder.end()
    elif what == "line":
        builder.end_line()
    else:
        builder.text({"link": LINK_OFF, "mark": MARK, "cut": MARK + _CUT, "sup": "^ "}[what])


def _text(builder: _Builder, text: str, look: Look) -> None:
    if look.unseen:
        if words := one_line(text):
            builder.unseen.append(words)
        return
    if not look.pre:
        builder.text(re.sub(r"\s+", " ", clean(text)))
        return
    first, *rest = clean(text.replace("\t", "   ")).split("\n")
    builder.keep = True
    builder.text(first)
    for line in rest:
        builder.end_line()
        builder.keep = True
        builder.text(line)
