"""
HTML as it is written → its elements and texts, in order.

Comes in: decoded HTML, however broken. Goes out: what lxml makes of it, as events, and the text of its style sheets. Only the
attributes that say how an element is drawn are kept, and to whom a link writes. What is no part of the page is told apart: its
comments, attributes that hold markup, and whether something is left open that swallows the rest.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lxml import etree

Attributes = tuple[tuple[str, str], ...]
Event = tuple[str, Attributes | None, str]
"""An element's name in lower case and attributes, its end (None), or a text, which has no name. What begins ends, inner ones first."""

_TELLING = frozenset(  # the attributes that say how an element is drawn
    ["style", "class", "id", "hidden", "aria-hidden", "color", "text", "bgcolor", "background", "size"]
)
_LAST = f"last-{secrets.token_hex(8)}"
"""An element behind the last character, by a name that no sender can know: where it is not met, it was swallowed."""


class Written(NamedTuple):
    """enclosed: attributes that hold markup. swallowed: a comment, an attribute or an element of raw text is open at the end."""

    events: list[Event]
    sheets: list[str]
    comments: Sequence[str] = ()
    enclosed: Sequence[str] = ()
    swallowed: bool = False


def read(html: str) -> Written:
    """Time and memory grow with the length alone."""
    target, parser = _spare()
    parser.feed(html.removeprefix("\ufeff").replace("\x00", "") + f"<{_LAST}>")
    parser.close()
    written = target.begin()
    _SPARE.append((target, parser))
    return written


class _Target:
    """What lxml tells. It makes no tree: that one leaves out, without a word, what is nested deeper than lxml likes."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.sheets: list[str] = []
        self.comments: list[str] = []
        self.enclosed: list[str] = []
        self._text: list[str] = []
        self.data = self._text.append  # a text comes in pieces

    def begin(self) -> Written:
        """Ready for another letter; returns what was told of the last one."""
        swallowed = not self._take_last()
        written = Written(self.events, self.sheets, self.comments, self.enclosed, swallowed)
        self.events, self.sheets, self.comments, self.enclosed = [], [], [], []
        return written

    def _take_last(self) -> bool:
        """Take `_LAST` away again, which is the last element that begins. False: it is not there."""
        at = len(self.events)
        while at and self.events[at - 1][1] is None:
            at -= 1
        if at == 0 or self.events[at - 1][0] != _LAST:
            return False
        self.events[at - 1 :] = [event for event in self.events[at:] if event[0] != _LAST]
        return True

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "wbr":  # empty by HTML 5, which lxml does not know; what may break a line parts no word
            return
        if self._text:
            self._end_text()
        told = tuple([pair for pair in attributes.items() if pair[0] in _TELLING]) if attributes else ()
        if tag == "a" and (link := attributes.get("href", "")).strip()[:7].lower() == "mailto:":
            told += (("href", link),)
        self.events.append((tag, told, ""))
        for value in attributes.values() if attributes else ():
            if "<" in value:
                self.enclosed.append(value)

    def end(self, tag: str) -> None:
        if tag == "wbr":
            return
        if self._text:
            self._end_text()
        self.events.append((tag, None, ""))

    def comment(self, text: str) -> None:
        self._end_text()
        self.comments.append(text)

    def close(self) -> None:
        self._end_text()

    def _end_text(self) -> None:
        if not self._text:
            return
        text = "".join(self._text)
        self._text.clear()
        if self.events and self.events[-1][0] == "style" and self.events[-1][1] is not None:
            self.sheets.append(text)
        self.events.append(("", None, text))


def _spare() -> tuple[_Target, etree.HTMLParser]:
    try:
        return _SPARE.pop()
    except IndexError:
        target = _Target()
        return target, etree.HTMLParser(target=target, recover=True)


_SPARE: list[tuple[_Target, etree.HTMLParser]] = []
"""
Parsers between two letters, as many as there were threads reading: to make one costs as much as to read a short letter. One
that breaks does not come back.
"""
