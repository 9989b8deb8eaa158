"""
Lines or blocks one under another, some of them labels → which is whose value.

Comes in: a run of `Item`s. Goes out: what it says, added to a `Page`. A label stands over its value; which lines are labels is
told by the table, by how they are drawn where labels are drawn unlike values, and by their turn where all look alike.

Where a label may as well be the caption of what stands above it, or may have no value of its own, its pair is `unsure`: a
number over the first label may be that label's, and of two lines under a label the first may be a label nobody knows.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from reconciler.extract.html.drawing import MARK
from reconciler.extract.layout.manners import STACKED
from reconciler.extract.layout.page import APART, Page, has_digit
from reconciler.extract.layout.shapes import may_be_label


class Item(NamedTuple):
    """
    A line or a block of lines.

    text: what stands in it. raw: the same line with its marks. sole: the line, None when there are several.
    look: equal for items that are drawn alike.
    known: it is a known label. head: it is one even where a value may stand. term: it is marked up as a label.
    """

    text: str
    raw: str
    sole: str | None
    look: Hashable
    known: bool = False
    head: bool = False
    term: bool = False


def read_run(page: Page, items: Sequence[Item], *, boxed: bool = False) -> None:
    """Add the pairs of a run, and say what is outside of them. boxed: the items are elements, not lines."""
    if any(one.known for one in items) and (run := _Run(page, items, boxed=boxed)).labels:
        run.read()
        return
    taken = -1
    for at, one in enumerate(items):
        if one.term and at + 1 < len(items) and not items[at + 1].term:
            page.add(one.text, items[at + 1].text)
            taken = at + 1
        elif at != taken:
            page.say(one.raw)


class _Run:
    def __init__(self, page: Page, items: Sequence[Item], *, boxed: bool) -> None:
        self.page, self.items, self.boxed = page, items, boxed
        self.labels = self._find_labels()
        self.drawn = self._label_look()
        self.shifted = bool(self.labels) and (self._is_shifted() or self._is_column())

    def _find_labels(self) -> list[int]:
        looks = {one.look for one in self.items if one.head}
        found: list[int] = []
        for at, one in enumerate(self.items):
            if not one.known:
                continue
            is_value = bool(found) and found[-1] == at - 1 and not one.head
            is_word = not one.head and (self._value(at) is None or (len(looks) == 1 and one.look not in looks))
            if not is_value and not is_word:
                found.append(at)
        return found

    def _label_look(self) -> Hashable | None:
        """How labels are drawn, when all are drawn alike and no value is."""
        looks = {self.items[at].look for at in self.labels}
        values = {one.look for at in self.labels if (one := self._value(at)) is not None}
        return looks.pop() if len(looks) == 1 and values and not looks & values else None

    def _value(self, at: int) -> Item | None:
        """What stands under a label, if it is none itself."""
        below = self.items[at + 1] if at + 1 < len(self.items) else None
        return None if below is None or below.head else below

    def _is_shifted(self) -> bool:
        """May the labels be captions under their values?"""
        after = [self.page.labels.fits(self.items[at].text, one.text) for at in self.labels if (one := self._value(at))]
        before = [at > 0 and self.page.labels.fits(self.items[at].text, self.items[at - 1].text) for at in self.labels]
        if True in after and False not in after and (False in before or True not in before):
            return False
        if False in after:
            return True
        first = self.labels[0]
        above, below = self.items[first - 1] if first else None, self._value(first)
        if above is None or above.sole is None or not has_digit(above.sole):
            return False
        return below is None or below.sole is None or below.look == above.look

    def _is_column(self) -> bool:
        """Have most labels none but labels under them, as in a column whose values stand elsewhere?"""
        alone = sum(self._value(at) is None for at in self.labels)
        return alone > 2 and 2 * alone > len(self.labels)

    def read(self) -> None:
        at = 0
        while at < len(self.items):
            if self.boxed:
                self.page.open_box()
            if at in self.labels:
                at = self._label(at)
            elif self._is_unknown_label(at):
                self.page.add(self.items[at].text, self.items[at + 1].text, manner=self._manner(at))
                at += 2
            else:
                self.page.say(self.items[at].raw)
                at += 1

    def _manner(self, at: int) -> str:
        return APART if self.boxed or MARK in self.items[at].raw else STACKED

    def _label(self, at: int) -> int:
        """Add a label's pair; returns what comes behind it."""
        page, label, value = self.page, self.items[at].text, self._value(at)
        if self.drawn is not None and value is not None and value.look == self.drawn:
            value = None
        if value is None:
            page.say(self.items[at].raw)  # "Оплачено" alone is a statement too
            above = self.items[at - 1].text if self.shifted and at and not self.items[at - 1].known else ""
            page.add(label, above, unsure=self.shifted)
            return at + 1
        if not page.labels.heads(label):
            page.say(self.items[at].raw)  # and so it is over a line of text
        page.add(label, value.text, unsure=self._is_unsure(at, value), manner=self._manner(at))
        return at + 2

    def _is_unsure(self, at: int, value: Item) -> bool:
        if self.shifted:
            return True
        if self.drawn is not None or self.page.labels.fits(self.items[at].text, value.text):
            return False
        following = next((label for label in self.labels if label > at), None)
        between = (len(self.items) if following is None else following) - at - 1
        if between == 1 or value.sole is None or not may_be_label(value.text):
            return False
        if following is not None:
            return between % 2 == 0 or has_digit(value.text)
        after = self.items[at + 2]
        return self.items[at].look == value.look == after.look and after.sole is not None

    def _is_unknown_label(self, at: int) -> bool:
        """A label nobody knows over its value: drawn like the known ones, or in its turn between two of them."""
        below = self._value(at)
        if below is None or not may_be_label(self.items[at].text):
            return False
        if self.drawn is not None:
            return self.items[at].look == self.drawn != below.look
        earlier = [label for label in self.labels if label < at]
        following = next((label for label in self.labels if label > at), None)
        return bool(earlier) and following is not None and (following - at) % 2 == 0
