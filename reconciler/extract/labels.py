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
from dataclasses import dataclass, field

from reconciler.extract.html import MARK, Block, plain, read_blocks, without_links
from reconciler.extract.text import clean, fold_label, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """
    A label and its value as printed.

    loose: nothing but a space stands between them. inner: the pair stands behind another value on one line of text.
    """

    label: str
    value: str
    part: str
    loose: bool = False
    inner: bool = False

    @property
    def key(self) -> str:
        return fold_label(self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """
    A line outside of pairs.

    early: it stands before the first known pair of its part. doubtful: it was read as a pair, and a payer may have typed it.
    """

    text: str
    part: str
    early: bool
    doubtful: bool = False


@dataclass(slots=True)
class Page:
    """What one part says."""

    part: str
    known: Collection[str]
    listing: Collection[str] = ()  # labels that only a list of goods has for its columns: "кількість", "ціна"
    spoken: Collection[str] = ()  # labels that are values too: "Оплачено: 5 грн", "Статус: Оплачено"
    pairs: list[Pair] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # every line that is seen
    begun: bool = False

    def add(self, label: str, value: str, *, loose: bool = False) -> None:
        pair = Pair(label=plain(label).rstrip(": "), value=value.strip(), part=self.part, loose=loose)
        self.pairs.append(pair)
        self.begun = self.begun or (pair.key in self.known and not loose)

    def say(self, line: str, *, doubtful: bool = False) -> None:
        if text := without_links(line):
            self.statements.append(Statement(text=text, part=self.part, early=not self.begun, doubtful=doubtful))

    def knows(self, line: str | None) -> bool:
        """Is this line a known label and nothing else?"""
        return line is not None and len(line) <= _LONGEST_LABEL and fold_label(plain(line)) in self.known

    def heads(self, line: str | None) -> bool:
        """Is this line, standing where a value may stand, a label all the same?"""
        return self.knows(line) and fold_label(plain(line or "")) not in self.spoken


_LONGEST_LABEL = 80
_LINES_TO_LOOK = 6  # separators tried in one line
_SEPARATOR = re.compile(rf":|：|\t|\s{{2,}}|\s[—–=-]\s|\s?\|\s?|\.{{3,}}|…|{MARK}")
_LEADING = re.compile(rf"^(?:[\s:：=|{MARK}\x02\x03]|\*{{1,2}}(?=\s)|[—–-](?=\s)|\.{{2,}}|…)+")
_LOOSE_VALUE = re.compile(r"\d|WFP-|[₴$€№#]\s?\d")
_UNKNOWN = re.compile(r"(?P<label>[^\W\d_][^:\n]{0,58}?)\s*:(?!//)(?P<value>.*)")
_FORWARDED = re.compile(
    r"(?i)^-{2,}.*(?:forward|original|пересл|перенапр|исходн|оригінал).*-{2,}$|^begin forwarded message"
)
_FORWARD_HEADER = re.compile(  # the headers a mail program writes over what it forwards: its "Date" is no field
    r"(?i)(?:from|від|от|date|дата|sent|надіслано|отправлено|subject|тема|to|кому|cc|копія|копия|reply-to)\s*:"
)
_ONLY_MARKS = re.compile(r"[\s:|—–-]*")


def read_text(part: str, content: str, known: Collection[str], spoken: Collection[str] = ()) -> Page:
    """A text/plain part; the ">" of quoted lines is dropped, their words count like the others."""
    page = Page(part=part, known=known, spoken=spoken)
    lines = [re.sub(r"^[\s>]*>\s?", "", line) for line in _keep_tabs(content).split("\n")]
    page.lines.extend(line.strip() for line in lines if line.strip())
    scan_lines(page, [line.strip().strip("|").strip(" ") for line in lines])
    return page


def read_html(
    part: str, content: str, known: Collection[str], listing: Collection[str] = (), spoken: Collection[str] = ()
) -> Page:
    """A text/html part."""
    page = Page(part=part, known=known, listing=listing, spoken=spoken)
    root = read_blocks(content)
    page.lines.extend(line for line in map(plain, root.all_lines()) if line)
    _walk(page, root)
    return page


def _keep_tabs(content: str) -> str:
    return clean(content.replace("\t", "   "))


# ---------------------------------------------------------------- lines


def scan_lines(page: Page, lines: Sequence[str]) -> None:
    """Lines of a text part, or of one leaf of HTML."""
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if not plain(line):
            continue
        if _FORWARDED.search(plain(line)):
            while index < len(lines) and _FORWARD_HEADER.match(plain(lines[index])):
                index += 1
            continue
        found = split_line(page, line)
        if found is None:
            _unknown(page, line)
            continue
        loose, pairs = found
        if pairs[-1][1] and (loose or not page.begun):
            page.say(line, doubtful=True)  # "Order 12345 has been refunded" begins with a label
        for label, value in pairs[:-1]:
            page.add(label, value)
        label, value = pairs[-1]
        if not value and not loose:
            following = _value_line(page, lines, index)
            if following is None:
                page.say(line)  # "Оплачено" alone is a statement too
            else:
                value, index = plain(lines[following]), following + 1
        page.add(label, value, loose=loose)


def split_line(page: Page, line: str) -> tuple[bool, list[tuple[str, str]]] | None:
    """The known labels that begin a line or stand in elements of their own, with their values; None: no known label."""
    if page.knows(line):
        return False, [(plain(line), "")]
    segments = line.split(MARK)
    heads = [index for index, segment in enumerate(segments) if page.knows(segment)]
    if len(heads) > 1 and not any(plain(segment) for segment in segments[: heads[0]]):
        ends = [*heads[1:], len(segments)]
        return False, [
            (plain(segments[head]), plain(_LEADING.sub("", "".join(segments[head + 1 : end]))))
            for head, end in zip(heads, ends, strict=True)
        ]
    for separator in _first_separators(line):
        if page.knows(line[: separator.start()]):
            return False, [(plain(line[: separator.start()]), plain(_LEADING.sub("", line[separator.start() :])))]
    bare = plain(line)
    spaces = [match.start() for match in re.finditer(" ", bare[:_LONGEST_LABEL])]
    for space in reversed(spaces):
        if page.knows(bare[:space]) and _LOOSE_VALUE.match(bare, space + 1):
            return True, [(bare[:space], bare[space + 1 :])]
    return None


def _first_separators(line: str) -> Iterator[re.Match[str]]:
    for count, match in enumerate(_SEPARATOR.finditer(line[: 2 * _LONGEST_LABEL])):
        if count >= 2 * _LINES_TO_LOOK:
            return
        if plain(line[: match.start()]):
            yield match


def _value_line(page: Page, lines: Sequence[str], index: int) -> int | None:
    """Where the value of a lone label stands: the next line, at most one blank line below, unless that is a label itself."""
    for at in range(index, min(index + 2, len(lines))):
        line = lines[at]
        if not plain(line):
            continue
        if page.knows(line):
            return None if page.heads(line) else at
        found = split_line(page, line)
        if found is not None and not found[0]:
            return None
        other = _UNKNOWN.fullmatch(plain(line))
        return None if other and len(other["label"].split()) <= 4 else at
    return None


def _unknown(page: Page, line: str) -> None:
    """A line without a known label: a pair of another label, or a statement."""
    found = _UNKNOWN.fullmatch(plain(line))
    if found and len(found["label"].split()) <= 6:
        if not page.begun:
            page.say(line, doubtful=True)
        page.add(found["label"], found["value"])
    else:
        page.say(line)


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
    """Neighbours: a block that is a known label and nothing else has the next block for its value."""
    index = 0
    while index < len(blocks):
        block = blocks[index]
        index += 1
        if not page.knows(block.sole):
            _walk(page, block)
            continue
        label = block.sole or ""
        value = blocks[index] if index < len(blocks) else None
        if value is None or page.heads(value.sole):
            page.say(label)
            page.add(label, "")
        elif value.count and _is_layout(page, block, value):
            page.say(label)
        else:
            if not page.heads(label):
                page.say(label)  # a heading "Оплачено" over a line of text is a statement too
            page.add(label, value.text())
            index += 1


def _is_layout(page: Page, label: Block, value: Block) -> bool:
    """Is the "label" a heading over a block of pairs? A cell beside a label is its value unless blocks in it are labels."""
    if _has_label(page, value):
        return True
    if label.tag in {"td", "th", "dt"}:
        return False
    first = next(iter(value.all_lines()), "")
    found = split_line(page, first)
    return found is not None and not found[0] and bool(found[1][-1][1])


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
    labelled = any(_is_pair_row(page, _filled(row)) for row in rows)
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
            _row(page, row, cells, labelled=labelled)
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


def _labels(page: Page, cells: Sequence[Block]) -> list[bool]:
    """Which cells are labels; a word that may be a value is one where values stand, at every second place."""
    return [page.heads(cell.sole) if index % 2 else page.knows(cell.sole) for index, cell in enumerate(cells)]


def _row(page: Page, row: Block, cells: Sequence[Block], *, labelled: bool) -> None:
    if len(cells) == 1:
        page.add(cells[0].sole or "", "")
    elif len(cells) == 2 and page.knows(cells[0].sole) and not _has_label(page, cells[1]):
        page.add(cells[0].sole or "", cells[1].text())
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
    if len(cells) != 2 or cells[0].count < 2 or cells[0].count != cells[1].count:
        return False
    labels, values = cells[0].text().split("\n"), cells[1].text().split("\n")
    if not all(page.knows(label) for label in labels):
        return False
    for label, value in zip(labels, values, strict=True):
        page.add(label, value)
    return True


def _header(page: Page, rows: Sequence[Block], at: int) -> int:
    """A header row over its values; returns how many rows stand under it, 0 when it is no header row."""
    heads = [cell.sole for cell in rows[at].children]
    known = sum(page.knows(head) for head in heads) if page.heads(heads[-1]) or len(heads) > 2 else 0
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
            page.add(head or "", cell.text())
    return len(values)


def folded(labels: Collection[str]) -> frozenset[str]:
    """Labels as a table writes them → as they are compared."""
    return frozenset(fold_label(one_line(label)) for label in labels)
