"""
A letter of several payments → the pairs of each.

Comes in: the pages of a letter. Goes out: a page for each payment, or nothing where there is one, or where it is not told by
structure which field is whose.

A payer can type lines, but no elements. So payments are told apart in HTML alone, and only where each of them is laid out
exactly as the first one: the same labels in the same order, in boxes of its own. A text part must then say the same, and
no older letter may be quoted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from reconciler.extract.layout.labeltable import LabelTable
from reconciler.extract.layout.page import Page, Pair
from reconciler.extract.text import fold_words, only_marks


def split_records(pages: Sequence[Page], labels: LabelTable) -> list[Page]:
    """A page for each payment of a letter that tells of several; else none."""
    telling = [page for page in pages if _names(page.pairs, labels)]
    boxed = [page for page in telling if page.boxes is not None]
    if len(boxed) != 1 or boxed[0].quotes or len(_names(boxed[0].pairs, labels)) < 2:
        return []
    page = boxed[0]
    chunks = _chunks(page.pairs, labels)
    if len(chunks) != len(_names(page.pairs, labels)) or not _are_alike(chunks, labels):
        return []
    if any(_said(other.pairs, labels) != _said(page.pairs, labels) for other in telling):
        return []
    return [replace(page, pairs=chunk, statements=[]) for chunk in chunks]


def _names(pairs: Sequence[Pair], labels: LabelTable) -> set[str]:
    return {pair.value for pair in pairs if pair.key in labels.naming and pair.value}


def _chunks(pairs: Sequence[Pair], labels: LabelTable) -> list[list[Pair]]:
    """From each pair with the first known label on to the next."""
    first = next((pair.key for pair in pairs if pair.key in labels.known), None)
    chunks: list[list[Pair]] = []
    for pair in pairs:
        if pair.key == first:
            chunks.append([])
        if chunks:
            chunks[-1].append(pair)
    return chunks


def _are_alike(chunks: Sequence[Sequence[Pair]], labels: LabelTable) -> bool:
    shapes = {_shape(chunk, labels) for chunk in chunks}
    boxes = [{pair.box for pair in chunk} for chunk in chunks]
    if len(shapes) != 1 or len(set().union(*boxes)) != sum(map(len, boxes)):
        return False
    return all(len(_names(chunk, labels)) == 1 and not any(pair.unsure for pair in chunk) for chunk in chunks)


def _shape(chunk: Sequence[Pair], labels: LabelTable) -> tuple[tuple[str, int], ...]:
    """The known labels in order, each with the place of its box among the chunk's."""
    places: dict[int | None, int] = {}
    return tuple((pair.key, places.setdefault(pair.box, len(places))) for pair in chunk if pair.key in labels.known)


def _said(pairs: Sequence[Pair], labels: LabelTable) -> Counter[tuple[str, str]]:
    return Counter((p.key, fold_words(p.value)) for p in pairs if p.key in labels.known and not only_marks(p.value))
