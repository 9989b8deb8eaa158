"""
A page → what its HTML says and does not show.

Comes in: a `Page` as it was read. Goes out: pages of what no reader sees: elements that are hidden by their kind, their style or
their looks, what is crossed out, comments, and markup that stands inside attributes. They are laid out as they would be if they
were shown, and nothing is ever read from them: they may only contradict.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.errors import Unreadable
from reconciler.extract.html import markup
from reconciler.extract.html.drawing import Drawn, draw, plain
from reconciler.extract.html.elements import CODE, RAW, STRUCK, UNSEEN
from reconciler.extract.html.markup import Event, Written
from reconciler.extract.layout.page import LONGEST_LINE, Page
from reconciler.extract.layout.reader import read_drawn
from reconciler.extract.layout.splits import split_line
from reconciler.extract.text import clean

_INLINE = STRUCK | {"svg", "desc", "math", "a", "button"}
_CONDITION = re.compile(r"<?!?\[(?:if\b[^\]]*|endif)\]>?", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_MOST = 200  # comments and attributes that say something; a notice has a few
_DEEPEST = 3  # markup within the text of an element within such a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Unshown:
    """
    What is not shown, as a page.

    remnant: it tells one thing alone, as what a designer left behind does; what hides a notice takes more than one line away.
    """

    page: Page
    remnant: bool


def unshown(page: Page) -> Iterator[Unshown]:
    """Raises Unreadable: more of it than a notice has."""
    if page.drawn is None:
        return
    written = page.drawn.written
    hidden = [text for _, _, text in page.drawn.hidden if text not in written.sheets or _is_markup(text)]
    if any(_may_be_pair(page, text) for text in hidden):
        found = _laid_out(page, _hidden_events(page.drawn))
        lone = len({pair.key for pair in found.pairs}) < 2 and not _is_styled_late(written)
        yield Unshown(page=found, remnant=lone)
    asides = [_CONDITION.sub(" ", text) for text in dict.fromkeys((*written.comments, *written.enclosed))]
    asides = [text for text in asides if any(map(str.isalnum, _TAG.sub(" ", text)))]
    if len(asides) > _MOST:
        raise Unreadable("more comments than a notice has", part=page.part, comments=len(asides))
    for text in asides:
        found = _laid_out(page, _plain_events(markup.read(text).events))
        lone = len(found.pairs) < 2 and all(statement.doubtful for statement in found.statements)
        yield Unshown(page=found, remnant=lone)


def _may_be_pair(page: Page, text: str) -> bool:
    return _is_markup(text) or any(
        split_line(line, page.labels) is not None
        for line in clean(text[:LONGEST_LINE]).split("\n")
        if not line.isspace()
    )


def _is_markup(text: str) -> bool:
    return "</" in text or "<br" in text


def _laid_out(page: Page, events: Iterable[Event]) -> Page:
    """What stands last in a text counts: what a payer typed comes before what it hides."""
    found = Page(part=page.part, labels=page.labels, boxes=itertools.count())
    last = [(tag, attributes, text[-LONGEST_LINE // 2 :]) for tag, attributes, text in events]
    read_drawn(found, draw(Written(last, [])))
    return found


def _hidden_events(drawn: Drawn) -> Iterator[Event]:
    """The elements of the letter, none of them with a style, and of its texts those that are hidden."""
    hidden = iter(drawn.hidden)
    waiting = next(hidden, None)
    before: Event = ("", None, "")
    for event in drawn.written.events:
        tag, _, text = event
        if tag:
            yield _bare(event)
        elif event is waiting:
            yield from _texts(before, text, 0)
            waiting = next(hidden, None)
        before = event


def _plain_events(events: Iterable[Event], depth: int = 0) -> Iterator[Event]:
    """Elements and texts with no style, every one shown."""
    before: Event = ("", None, "")
    for event in events:
        if event[0]:
            yield _bare(event)
        else:
            yield from _texts(before, event[2], depth)
        before = event


def _bare(event: Event) -> Event:
    name = event[0].rpartition(":")[2]
    if name in _INLINE:
        name = "span"
    elif name in UNSEEN or name in RAW or name in {"option", "input"}:
        name = "div"
    return name, None if event[1] is None else (), ""


def _texts(before: Event, text: str, depth: int) -> Iterator[Event]:
    """A text, or what it is as markup where it stands in an element of raw text."""
    if before[1] is None or before[0] not in RAW:
        yield "", None, text
    elif _is_markup(text):
        if depth > _DEEPEST:
            raise Unreadable("markup within markup within markup")
        yield from _plain_events(markup.read(text).events, depth + 1)
    elif before[0] not in CODE:
        yield "", None, text


def _is_styled_late(written: Written) -> bool:
    """Does a style sheet stand behind the letter's first words? There a payer may have typed it, and chosen what it hides."""
    before: Event = ("", None, "")
    begun = False
    for event in written.events:
        tag, attributes, text = event
        if begun and tag == "style" and attributes is not None:
            return True
        begun = begun or (not tag and before[0] not in RAW and plain(text) != "")
        before = event
    return False
