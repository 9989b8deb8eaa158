"""
Tables of a mail → pairs.

Comes in: a table's rows, and a reader for what a cell holds besides. Goes out: pairs, added to a `Page`: label and value side by
side, once or several times in a row; a row of labels over a row of values; a column of labels beside one of values.

A cell is a label's value to its last line, whatever stands in it, unless it holds a table of pairs. Which way a table runs is
told by the values of known labels: a sum stands to the right of "Сума", or under it. Where nothing tells, labels that
stand in rows of labels are heads, others are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from reconciler.extract.html.drawing import Block, plain
from reconciler.extract.layout.labeltable import MOST_LANGUAGES
from reconciler.extract.layout.page import Page, has_digit
from reconciler.extract.layout.splits import is_known_pair
from reconciler.extract.text import only_marks

_NUMBER = re.compile(r"(\d{1,2})[.)]?")

Reader = Callable[[Page, Sequence[Block]], None]


def read_table(page: Page, table: Block, rest: Reader) -> None:
    """`rest` reads blocks that are no cells of pairs."""
    run: list[Block] = []
    for child in _flat(table):
        if child.tag == "tr":
            run.append(child)
            continue
        read_rows(page, run, rest)
        run = []
        rest(page, [child])
    read_rows(page, run, rest)


def has_label(page: Page, block: Block) -> bool:
    """Is a block within this one a label and nothing else?"""
    if block.count < 2:  # what is within it is this line again, or nothing
        return bool(block.children) and page.labels.heads(block.sole)
    return any(page.labels.heads(child.sole) or has_label(page, child) for child in block.children if child.count)


def _flat(table: Block) -> Iterator[Block]:
    for child in table.children:
        if child.tag in {"tbody", "thead", "tfoot"}:
            yield from child.children
        else:
            yield child


def read_rows(page: Page, rows: Sequence[Block], rest: Reader) -> None:
    """Neighbouring rows, of one table or strayed out of theirs."""
    _Rows(page, [row for row in rows if row.count], rest).read()


class _Rows:
    def __init__(self, page: Page, rows: Sequence[Block], rest: Reader) -> None:
        self.page, self.rows, self.rest = page, rows, rest
        for row in self.rows:
            _in_one_line(page, row)
        columns = {width: self._used(width) for width in {len(row.children) for row in rows}}
        self.cells = [[row.children[at] for at in columns[len(row.children)]] for row in rows]
        self.filled = [[cell for cell in cells if _is_filled(cell)] for cells in self.cells]
        self.aside, under = self._votes()
        self.headed = under is True and self.aside is not True
        self.labelled = not self.headed and (self.aside is True or self._has_pair_row())
        self.heads = [at for at, row in enumerate(rows) if any(page.labels.heads(cell.sole) for cell in row.children)]

    def _used(self, width: int) -> list[int]:
        """The columns of rows of this width in which anything stands."""
        rows = [row for row in self.rows if len(row.children) == width]
        used = [at for at in range(width) if any(_is_filled(row.children[at]) for row in rows)]
        if (
            len(used) > 2
            and len(rows) > 2
            and [_number(row.children[used[0]]) for row in rows] == list(range(1, len(rows) + 1))
        ):
            del used[0]  # the rows are numbered
        return used

    def _votes(self) -> tuple[bool | None, bool | None]:
        """Do all known labels whose values have a look have them to the right, and below? None: none tells."""
        aside: list[bool] = []
        under: list[bool] = []
        for at, cells in enumerate(self.cells):
            below = self.cells[at + 1] if at + 1 < len(self.cells) else []
            for place, cell in enumerate(cells if len(cells) > 1 else ()):
                if not self.page.labels.heads(cell.sole):
                    continue  # "Повернено" may be a value itself
                right = cells[place + 1] if place + 1 < len(cells) else None
                down = below[place] if len(below) == len(cells) else None
                for votes, value in ((aside, right), (under, down)):
                    fits = self.page.labels.fits(cell.sole or "", value.text()) if value else False
                    if fits is not None and (value is None or value.count):
                        votes.append(fits)
        return (all(aside) if aside else None), (all(under) if under else None)

    def _has_pair_row(self) -> bool:
        return any(
            _is_pair_row(self.page, cells) and not (at and _is_head_row(self.page, self.rows[at - 1]))
            for at, cells in enumerate(self.filled)
        )

    def read(self) -> None:
        singles: list[Block] = []
        index = 0
        while index < len(self.rows):
            row, at = self.rows[index], index
            self.page.open_box()
            cells = self.filled[at]
            index += 1
            if len(cells) == 1 and not (len(row.children) > 1 and self.page.labels.knows(cells[0].sole)):
                singles.append(cells[0])
                continue
            self.rest(self.page, singles)
            singles = []
            taken = 0 if self.labelled else self._header(at)
            if taken:
                index += taken
            else:
                self._row(at, unsure=self._may_be_heads(at, cells))
        self.rest(self.page, singles)

    def _may_be_heads(self, at: int, cells: Sequence[Block]) -> bool:
        """Two cells of which the second may be a label, over two that may be their values."""
        if self.labelled and self.aside:
            return False
        return (
            len(cells) == 2
            and self.page.labels.knows(cells[1].sole)
            and _is_value_row(self.page, self.rows[at + 1 : at + 2])
        )

    # ------------------------------------------------------------ labels beside values

    def _row(self, at: int, *, unsure: bool) -> None:
        page, cells, used = self.page, self.filled[at], self.cells[at]
        if len(cells) == 1:
            page.add(cells[0].sole or "", "")
        elif self.labelled and self._is_paired(used):
            for label, value in zip(used[::2], used[1::2], strict=True):
                if label.count:
                    page.add(label.sole or "", value.text(), unsure=unsure)
        elif len(cells) == 2 and page.labels.knows(cells[0].sole) and not has_label(page, cells[1]):
            page.add(cells[0].sole or "", cells[1].text(), unsure=unsure)
        elif self._is_one_label(cells):
            page.add(cells[0].sole or "", " ".join(cell.text() for cell in cells[1:]))
        elif not _columns(page, cells):
            self.rest(page, self.rows[at].children)

    def _is_paired(self, cells: Sequence[Block]) -> bool:
        """Cells that are labels and values by turns, known or not."""
        page = self.page
        if len(cells) % 2 or any(page.labels.heads(cell.sole) or has_label(page, cell) for cell in cells[1::2]):
            return False
        labels = [cell for cell in cells[::2] if cell.count]
        if any(cell.sole is None or is_known_pair(cell.sole, page.labels) for cell in labels):
            return False
        return len(cells) == 2 or any(page.labels.knows(cell.sole) for cell in labels) or len(self.heads) > 1

    def _is_one_label(self, cells: Sequence[Block]) -> bool:
        """A label with several cells beside it: its value and what belongs to that."""
        page = self.page
        if len(cells) < 3 or not page.labels.knows(cells[0].sole):
            return False
        return not any(page.labels.heads(cell.sole) or has_label(page, cell) for cell in cells[1:])

    # ------------------------------------------------------------ labels over values

    def _header(self, at: int) -> int:
        """A row of labels over its values; returns how many rows stand under it, 0 when it is none."""
        page, row = self.page, self.rows[at]
        heads = [cell.sole for cell in row.children]
        known = sum(page.labels.knows(head) for head in heads)
        if not (known and self.headed) and (known < 2 or not (page.labels.heads(heads[-1]) or len(heads) > 2)):
            return 0
        if any(head is None and cell.count for head, cell in zip(heads, row.children, strict=True)):
            return 0
        values = self._under(at)
        goods = any(page.labels.is_listing(head) for head in heads)
        ragged = self._is_ragged(at + 1 + len(values))
        listed = len(values) > 1 and any(
            map(page.labels.names, heads)
        )  # payments one under another; other lists are no fields
        for value in values if not goods and (len(values) == 1 or listed) else ():
            page.open_box()
            for head, cell in zip(heads, value.children, strict=True):
                if head is not None:
                    page.add(head, cell.text(), unsure=self._may_be_captions(at) or ragged)
        return len(values)

    def _under(self, at: int) -> list[Block]:
        """The rows of values under a row of labels: one, where rows of labels and of values take turns."""
        width = len(self.rows[at].children)
        turns = self.headed and len(self.heads) > 1 and len({head % 2 for head in self.heads}) == 1
        values: list[Block] = []
        for row in self.rows[at + 1 : at + 2 if turns else len(self.rows)]:
            if len(row.children) != width or any(self.page.labels.heads(cell.sole) for cell in row.children):
                break
            values.append(row)
        return values

    def _is_ragged(self, at: int) -> bool:
        """Is the row below the values a row of values too, with another number of cells? Then one of them is not the sender's."""
        cells = self.filled[at] if at < len(self.rows) and len(self.heads) == 1 else []
        return len(cells) > 1 and not any(
            self.page.labels.knows(cell.sole) or has_label(self.page, cell) for cell in cells
        )

    def _may_be_captions(self, at: int) -> bool:
        """Does the table open with a row of numbers, so that its labels may stand under their values?"""
        first = self.rows[0].children
        if at == 0 or self.headed or len(first) != len(self.rows[at].children):
            return False
        return not any(self.page.labels.knows(cell.sole) for cell in first) and any(
            has_digit(cell.text()) for cell in first
        )


# ---------------------------------------------------------------- cells


def _is_filled(cell: Block) -> bool:
    """Holds the cell more than a separator?"""
    return bool(cell.count) and not (cell.sole is not None and only_marks(plain(cell.sole)))


def _in_one_line(page: Page, row: Block) -> None:
    """A label with its translation below it, as one line; beside values of several lines they may be two labels, and stay."""
    lines = {
        at: " / ".join(map(plain, cell.all_lines())).strip(" /")
        for at, cell in enumerate(row.children)
        if 1 < cell.count <= MOST_LANGUAGES
    }
    if (
        not lines
        or len(row.children) < 2
        or not all(page.labels.joins(line) and page.labels.heads(line) for line in lines.values())
    ):
        return
    if all(cell.count < 2 or at in lines for at, cell in enumerate(row.children)):
        for at, line in lines.items():
            cell = row.children[at]
            cell.children, cell.lines, cell.sole, cell.count = [], [line], line, 1


def _number(cell: Block) -> int | None:
    """The number of a row, by itself in its first cell."""
    found = _NUMBER.fullmatch(plain(cell.sole or ""))
    return int(found[1]) if found else None


def _is_pair_row(page: Page, cells: Sequence[Block]) -> bool:
    """A label and its value, or such pairs side by side; a row of headings is none."""
    if len(cells) < 2:
        return False
    known = [
        page.labels.heads(cell.sole) if index % 2 else page.labels.knows(cell.sole) for index, cell in enumerate(cells)
    ]
    if not known[0] or known[1] or has_label(page, cells[1]):
        return False
    if len(cells) > 2 and all(cell.tag == "th" for cell in cells):
        return False
    return not any(known[2:]) or known == [index % 2 == 0 for index in range(len(cells))]


def _is_head_row(page: Page, row: Block) -> bool:
    return len(row.children) > 1 and all(page.labels.heads(cell.sole) for cell in row.children)


def _is_value_row(page: Page, rows: Sequence[Block]) -> bool:
    """May the two cells above be the heads of these?"""
    cells = [cell for cell in rows[0].children if _is_filled(cell)] if rows else []
    return len(cells) == 2 and not any(page.labels.knows(cell.sole) for cell in cells) and has_digit(cells[1].text())


def _columns(page: Page, cells: Sequence[Block]) -> bool:
    """One cell with a label on each line beside one with a value on each line."""
    if len(cells) != 2 or cells[0].count < 2:
        return False
    labels, values = _places(cells[0]), _places(cells[1])
    if len(labels) != len(values) or "" in labels or "" in values:
        return False
    if any(page.labels.heads(value) for value in values) or any(is_known_pair(line, page.labels) for line in labels):
        return False
    fits = [page.labels.fits(label, value) for label, value in zip(labels, values, strict=True)]
    alone = all(map(page.labels.heads, labels)) and not any(map(page.labels.knows, values))
    if False in fits or not (alone or fits.count(True) > 1):
        return False  # a card beside a card, or labels nobody knows and nothing that tells whose the values are
    for label, value in zip(labels, values, strict=True):
        page.add(label, value)
    return True


def _places(block: Block) -> list[str]:
    """The lines of a block by position: an empty one stands for something, but for the last."""
    found = [place for child in block.children for place in _places(child)] or [plain(line) for line in block.lines]
    while found and not found[-1] and not block.children:
        found.pop()
    return found or [""]
