"""
Label/value pairs and plain statements out of HTML and text.

Comes in: a part's content and the labels that are known (folded, see `text.fold_label`). Goes out: a `Page`: the pairs as
printed with the part they stand in, and what the letter says outside of pairs, in order.

Where a value ends is told by structure, never by what is in it: a cell that is a known label's value is that value to its
last line, so a payer who types "12345<br>Сума: 1,00" has typed an odd order number and no sum. In plain text, where lines
are all the structure there is, such a line is a second "Сума", which the caller finds contradicting the first.

Layouts: table rows of label and value, two pairs in a row, a header row over value rows, one cell or column of labels
beside one of values, dl/dt/dd, neighbouring div/span/p, "label: value" lines, aligned columns, a label line over its value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from reconciler.extract.html import Block, plain, read_blocks
from reconciler.extract.lines import scan_lines, split_line
from reconciler.extract.page import Page, has_digit, refuse_excess
from reconciler.extract.text import clean, fold_label

_ONLY_MARKS = re.compile(r"[\s:|—–-]*")


def read_text(part: str, content: str, known: Collection[str], spoken: Collection[str] = ()) -> Page:
    """A text/plain part; the ">" of quoted lines is dropped, their words count like the others."""
    refuse_excess(part, content)
    page = Page(part=part, known=known, spoken=spoken)
    lines = [re.sub(r"^[\s>]*>\s?", "", line).strip().strip("|│").strip() for line in _keep_tabs(content).split("\n")]
    page.see(lines)
    scan_lines(page, lines)
    return page


def read_html(
    part: str, content: str, known: Collection[str], listing: Collection[str] = (), spoken: Collection[str] = ()
) -> Page:
    """A text/html part."""
    refuse_excess(part, content)
    page = Page(part=part, known=known, listing=listing, spoken=spoken)
    drawn = read_blocks(content)
    page.see(map(plain, drawn.root.all_lines()))
    _walk(page, drawn.root)
    for words in drawn.unseen:
        page.say(words, doubtful=True)  # nothing is read from it, but it may deny
    return page


def _keep_tabs(content: str) -> str:
    return clean(content.replace("\t", "   "))


# ---------------------------------------------------------------- blocks


def _walk(page: Page, block: Block) -> None:
    if block.lines:
        scan_lines(page, block.lines)
    elif block.tag == "table":
        _table(page, block)
    elif block.tag == "tr":
        _rows(page, [block])
    else:
        _sequence(page, block.children)


def _sequence(page: Page, blocks: Sequence[Block]) -> None:
    """
    Neighbours: a block that is a known label and nothing else has the next block for its value.

    Where labels and values look alike they must alternate, or which is which is not told: a number over the first label may
    be that label's, and of two values in a row the first may be a label that nobody knows.
    """
    index, taken, captioned = 0, -1, False
    while index < len(blocks):
        at, block = index, blocks[index]
        index += 1
        if not page.knows(block.sole):
            captioned = captioned and not block.count
            _walk(page, block)
            continue
        label = block.sole or ""
        value = blocks[index] if index < len(blocks) else None
        above = blocks[at - 1] if at and taken != at - 1 else None
        captioned = captioned or (above is not None and _is_caption(page, above, value))
        if value is None or page.heads(value.sole):
            page.say(label)
            page.add(label, above.text() if captioned and above else "", unsure=captioned)
        elif value.count and _is_layout(page, block, value):
            page.say(label)
        else:
            if not page.heads(label):
                page.say(label)  # a heading "Оплачено" over a line of text is a statement too
            after = blocks[index + 1] if index + 1 < len(blocks) else None
            page.add(label, value.text(), unsure=captioned or _is_doubled(page, block, value, after))
            taken, index = index, index + 1


def _is_caption(page: Page, above: Block, below: Block | None) -> bool:
    """May a label be the caption of what stands above it: a number, and drawn like what stands below?"""
    if above.sole is None or page.knows(above.sole) or not has_digit(plain(above.sole)):
        return False
    return below is None or page.heads(below.sole) or below.sole is None or below.look == above.look


def _is_doubled(page: Page, label: Block, value: Block, after: Block | None) -> bool:
    """Two values under a label, all three drawn alike: the first may be another label."""
    if after is None or after.sole is None or value.sole is None or page.knows(after.sole):
        return False
    return label.look == value.look == after.look


def _is_layout(page: Page, label: Block, value: Block) -> bool:
    """Is the "label" a heading over a block of pairs? A cell beside a label is its value unless blocks in it are labels."""
    if _has_label(page, value):
        return True
    if label.tag in {"td", "th", "dt"}:
        return False
    first = next(iter(value.all_lines()), "")
    found = split_line(page, first)
    return found is not None and not found.loose and bool(found.pairs[-1][1])


def _has_label(page: Page, block: Block) -> bool:
    return any(page.heads(child.sole) or _has_label(page, child) for child in block.children if child.count)


# ---------------------------------------------------------------- tables


def _table(page: Page, table: Block) -> None:
    run: list[Block] = []
    for child in _flat(table):
        if child.tag == "tr":
            run.append(child)
            continue
        _rows(page, run)
        run = []
        _walk(page, child)
    _rows(page, run)


def _flat(table: Block) -> Iterator[Block]:
    for child in table.children:
        if child.tag in {"tbody", "thead", "tfoot"}:
            yield from child.children
        else:
            yield child


def _rows(page: Page, rows: Sequence[Block]) -> None:
    labelled = any(
        _is_pair_row(page, _filled(row)) and not (at and _is_head_row(page, rows[at - 1]))
        for at, row in enumerate(rows)
    )
    singles: list[Block] = []
    index = 0
    while index < len(rows):
        row = rows[index]
        cells = _filled(row)
        index += 1
        if len(cells) == 1 and not (len(row.children) > 1 and page.knows(cells[0].sole)):
            singles.append(cells[0])
            continue
        _sequence(page, singles)
        singles = []
        taken = 0 if labelled else _header(page, rows, index - 1)
        if taken:
            index += taken
        else:
            unsure = len(cells) == 2 and page.knows(cells[1].sole) and _is_value_row(page, rows[index : index + 1])
            _row(page, row, cells, labelled=labelled, unsure=unsure)
    _sequence(page, singles)


def _filled(row: Block) -> list[Block]:
    """The cells of a row that hold more than a separator."""
    return [
        cell
        for cell in row.children
        if cell.count and not (cell.sole is not None and _ONLY_MARKS.fullmatch(plain(cell.sole)))
    ]


def _is_pair_row(page: Page, cells: Sequence[Block]) -> bool:
    """A label and its value, or such pairs side by side; a row of headings is none."""
    known = _labels(page, cells)
    if len(cells) < 2 or not known[0] or known[1] or _has_label(page, cells[1]):
        return False
    if len(cells) > 2 and all(cell.tag == "th" for cell in cells):
        return False
    return not any(known[2:]) or known == [index % 2 == 0 for index in range(len(cells))]


def _is_head_row(page: Page, row: Block) -> bool:
    return len(row.children) > 1 and all(page.heads(cell.sole) for cell in row.children)


def _labels(page: Page, cells: Sequence[Block]) -> list[bool]:
    """Which cells are labels; a word that may be a value is one where values stand, at every second place."""
    return [page.heads(cell.sole) if index % 2 else page.knows(cell.sole) for index, cell in enumerate(cells)]


def _is_value_row(page: Page, rows: Sequence[Block]) -> bool:
    """May the two cells above be the heads of these?"""
    cells = _filled(rows[0]) if rows else []
    return len(cells) == 2 and not any(page.knows(cell.sole) for cell in cells) and has_digit(cells[1].text())


def _row(page: Page, row: Block, cells: Sequence[Block], *, labelled: bool, unsure: bool) -> None:
    if len(cells) == 1:
        page.add(cells[0].sole or "", "")
    elif len(cells) == 2 and page.knows(cells[0].sole) and not _has_label(page, cells[1]):
        page.add(cells[0].sole or "", cells[1].text(), unsure=unsure)
    elif len(cells) >= 4 and len(cells) % 2 == 0 and _labels(page, cells) == [n % 2 == 0 for n in range(len(cells))]:
        for label, value in zip(cells[::2], cells[1::2], strict=True):
            page.add(label.sole or "", value.text())
    elif (
        len(cells) > 2
        and page.knows(cells[0].sole)
        and not any(page.heads(c.sole) or _has_label(page, c) for c in cells[1:])
    ):
        page.add(cells[0].sole or "", " ".join(cell.text() for cell in cells[1:]))
    elif labelled and len(cells) == 2 and cells[0].sole is not None and split_line(page, cells[0].sole) is None:
        page.add(cells[0].sole, cells[1].text())
    elif not _columns(page, cells):
        _sequence(page, row.children)


def _columns(page: Page, cells: Sequence[Block]) -> bool:
    """One cell with a label on each line beside one with a value on each line."""
    if len(cells) != 2 or cells[0].count < 2:
        return False
    labels, values = _places(cells[0]), _places(cells[1])
    if len(labels) != len(values) or "" in labels or "" in values or not all(page.knows(label) for label in labels):
        return False
    if any(page.knows(value) for value in values):
        return False  # a card beside a card, and the value of the first is a word that may be a label
    for label, value in zip(labels, values, strict=True):
        page.add(label, value)
    return True


def _places(block: Block) -> list[str]:
    """The lines of a block by position: an empty one stands for something, but for the last."""
    found = [place for child in block.children for place in _places(child)] or [plain(line) for line in block.lines]
    while found and not found[-1] and not block.children:
        found.pop()
    return found or [""]


def _header(page: Page, rows: Sequence[Block], at: int) -> int:
    """A header row over its values; returns how many rows stand under it, 0 when it is no header row."""
    heads = [cell.sole for cell in rows[at].children]
    known = sum(page.knows(head) for head in heads) if heads and (page.heads(heads[-1]) or len(heads) > 2) else 0
    if known < 2 or any(head is None for head in heads):
        return 0
    values: list[Block] = []
    for row in rows[at + 1 :]:
        if len(row.children) != len(heads) or any(page.heads(cell.sole) for cell in row.children):
            break
        values.append(row)
    goods = any(fold_label(head or "") in page.listing for head in heads)
    if len(values) == 1 and not goods:  # several rows are a list: of goods, of payments; no field of this one
        for head, cell in zip(heads, values[0].children, strict=True):
            page.add(head or "", cell.text(), unsure=_is_caption_row(page, rows, at))
    return len(values)


def _is_caption_row(page: Page, rows: Sequence[Block], at: int) -> bool:
    """Does the table open with a row of numbers, so that its labels may stand under their values?"""
    first = rows[0].children
    if at == 0 or len(first) != len(rows[at].children) or any(page.knows(cell.sole) for cell in first):
        return False
    return any(has_digit(cell.text()) for cell in first)
