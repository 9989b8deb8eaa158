"""
Label/value pairs and plain statements out of HTML and text.

Comes in: a part's content and the labels that are known. Goes out: a `Page`: the pairs as
printed with the part they stand in, and what the letter says outside of pairs, in order.

Where a value ends is told by structure, never by what is in it: a cell that is a known label's value is that value to its
last line, so a payer who types "12345<br>Сума: 1,00" has typed an odd order number and no sum. In plain text, where lines
are all the structure there is, such a line is a second "Сума", which the caller finds contradicting the first.

Layouts: tables (`tables`), dl/dt/dd and neighbouring div/span/p (`runs`), "label: value" lines, aligned columns, a label line
over its value (`lines`).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from reconciler.extract.html.drawing import Block, Drawn, plain, read_blocks
from reconciler.extract.layout.labeltable import LabelTable
from reconciler.extract.layout.lines import is_pair, scan_lines, separator_of
from reconciler.extract.layout.manners import odd_ones
from reconciler.extract.layout.page import Page, refuse_excess
from reconciler.extract.layout.runs import Item, read_run
from reconciler.extract.layout.splits import is_known_pair
from reconciler.extract.layout.tables import has_label, read_rows, read_table
from reconciler.extract.text import clean, only_marks

_RULE = re.compile(r"[-—–=_~*+|─━═│┃║┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬ ]{3,}")  # a line that is drawn


def read_text(part: str, content: str, labels: LabelTable) -> Page:
    """A text/plain part; the ">" of quoted lines is dropped, their words count like the others."""
    refuse_excess(part, content)
    page = Page(part=part, labels=labels)
    lines = [re.sub(r"^[\s>]*>\s?", "", line).strip().strip("|│").strip() for line in _keep_tabs(content).split("\n")]
    lines = ["" if _RULE.fullmatch(line) else line for line in lines]
    page.see(lines)
    page.separator = separator_of(page, lines)
    scan_lines(page, lines)
    page.pairs = odd_ones(page.pairs, labels)
    return page


def read_html(part: str, content: str, labels: LabelTable) -> Page:
    """A text/html part."""
    refuse_excess(part, content)
    page = Page(part=part, labels=labels, boxes=itertools.count())
    page.drawn = drawn = read_blocks(content)
    read_drawn(page, drawn)
    page.pairs = odd_ones(page.pairs, labels)
    for words in drawn.unseen:
        page.say(words, doubtful=True)  # nothing is read from it, but it may deny
    return page


def read_drawn(page: Page, drawn: Drawn) -> None:
    """What is drawn, onto an empty page."""
    page.see(drawn.lines)
    page.separator = separator_of(page, page.lines)
    _walk(page, drawn.root)


def _keep_tabs(content: str) -> str:
    return clean(content.replace("\t", "   "))


def _walk(page: Page, block: Block, *, later: bool = False) -> None:
    page.quotes = page.quotes or block.tag == "blockquote"
    if block.lines:
        scan_lines(page, block.lines, later=later)
    elif block.tag == "table":
        read_table(page, block, _sequence)
    elif block.tag == "tr":
        read_rows(page, [block], _sequence)
    else:
        _sequence(page, block.children, later=later)


def _sequence(page: Page, blocks: Sequence[Block], *, later: bool = False) -> None:
    """Neighbours: runs of single lines, some of them labels with their values, and what is read by itself between them."""
    if not blocks:
        return
    typical = _typical(page, blocks)
    parted, rows = _is_parted(page, blocks), _rows(page, blocks)
    run: list[Block] = []
    valued = False  # the last of the run is a value
    for block in blocks:
        last = run[-1] if run else None
        label = (
            last if last and (page.labels.heads(last.sole) or (page.labels.knows(last.sole) and not valued)) else None
        )
        if (not block.count and label is None) or (
            _is_mark(block) and (parted or label is None or ":" in block.text())
        ):
            continue
        is_next = (
            label is not None and label.look in typical and block.look in typical and is_pair(page, block.sole or "")
        )
        is_row = label is not None and label.look != block.look and block.look in rows
        if label is not None and not (
            page.labels.heads(block.sole) or is_next or is_row or _is_layout(page, label, block)
        ):
            run.append(block)  # its value, whatever stands in it
            valued = True
        elif (
            block.sole is not None
            and not _is_half_empty(block)
            and (page.labels.knows(block.sole) or not is_pair(page, block.sole))
        ):
            run.append(block)
            valued = False
        else:
            _run(page, run)
            run, valued = [], False
            _walk(page, block, later=later or block.look in typical)
    _run(page, run)


def _is_mark(block: Block) -> bool:
    return block.sole is not None and only_marks(plain(block.sole))


def _is_parted(page: Page, blocks: Sequence[Block]) -> bool:
    """Do marks stand behind most labels, as separators do? Behind a few, "—" is how a sender prints nothing."""
    if len(blocks) < 2:
        return False
    known = [at for at, block in enumerate(blocks) if page.labels.knows(block.sole)]
    return 2 * sum(at + 1 < len(blocks) and _is_mark(blocks[at + 1]) for at in known) > len(known)


def _run(page: Page, blocks: Sequence[Block]) -> None:
    if not blocks:
        return
    read_run(
        page,
        [
            Item(
                text=block.text(),
                raw=block.sole or "",
                sole=block.sole,
                look=block.look,
                known=page.labels.knows(block.sole),
                head=page.labels.heads(block.sole),
                term=block.tag == "dt",
            )
            for block in blocks
        ],
        boxed=True,
    )


def _typical(page: Page, blocks: Sequence[Block]) -> set[tuple[str, ...]]:
    """How blocks look of which most hold one pair each: a second line in one of them may be a payer's."""
    if len(blocks) < 3:
        return set()
    single = Counter(
        block.look for block in blocks if block.sole is not None and is_known_pair(block.sole, page.labels)
    )
    return {look for look, count in single.items() if count > 2}


def _rows(page: Page, blocks: Sequence[Block]) -> set[tuple[str, ...]]:
    """How blocks look of which several hold a label and its value: where the first holds one nobody knows, it is a row too."""
    if len(blocks) < 3:
        return set()
    found = Counter(block.look for block in blocks if block.count > 1 and has_label(page, block))
    return {look for look, count in found.items() if count > 2}


def _is_half_empty(block: Block) -> bool:
    """A label and its empty value in one block."""
    while len(block.children) == 1:
        block = block.children[0]
    return len(block.children) > 1


def _is_layout(page: Page, label: Block, value: Block) -> bool:
    """Is the "label" a heading over a block of pairs? A cell beside a label is its value unless blocks in it are labels."""
    if not value.count:
        return False
    if has_label(page, value):
        return True
    if label.tag in {"td", "th", "dt"}:
        return False
    if label.tag in {"legend", "caption", "summary"}:
        return value.count > 1
    return is_known_pair(next(iter(value.all_lines()), ""), page.labels)
