"""A letter's HTML as it is drawn: its lines, what of it stands where, and how its blocks are nested."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.extract.html import drawing
from reconciler.extract.html.drawing import LINK_OFF, LINK_ON, MARK, Block, in_pieces, plain, read_blocks, without_links


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("", []),
        ("a<br>b", ["a", "b"]),
        ("a<br/><br>\n<br> b", ["a", "b"]),
        ("<p>a</p>b", ["a", "b"]),
        ("a<p>b</p>c", ["a", "b", "c"]),
        ("<div>a<p>b</p>c<br>d</div>", ["a", "b", "c", "d"]),
        ("<p>a<p>b", ["a", "b"]),
        ("<p>a</i>b</p></p>c", ["ab", "c"]),
        ("<b>a<p>b</b>c</p>d", ["a", "bc", "d"]),
        ("<DIV>a</DIV>b", ["a", "b"]),
        ("1<o:p>2</o:p>3", ["1", "2", "3"]),
        ("<table><tr><td>a<td>b</table>", ["a", "b"]),
        ("1<span style=display:block>2</span>3", ["1", "2", "3"]),
        ("1<span style=display:table-cell>2</span>3", ["1", "2", "3"]),
        ("1<span style=display:inline-block>2</span>3", ["123"]),
        ("<p>x \n <b> y</b>\t</p>", ["x y"]),
        ("<p>&nbsp;x&nbsp;&nbsp;y&nbsp;</p>", ["x y"]),
        ("<p>Су&shy;ма&zwnj;</p>", ["Сума"]),
        ("x<input value=1>y<script>z</script><style>z</style><!-- z -->", ["xy"]),
        ("<head><title>z</title></head>a", ["a"]),
        ("a<span hidden>z</span>b", ["ab"]),
        ("<p aria-hidden=TRUE>z</p><p aria-hidden=false>a</p>", ["a"]),
        ("<p style=mso-hide:all>z</p><p style=mso-hide:none>a</p>", ["a"]),
        ("<p hidden>z<b style=display:block>z</b></p>a", ["a"]),
        ("<svg>z<p>z</p></svg>a", ["a"]),
        ("<del>9</del> a <s>9</s> b <strike>9</strike>", ["a b"]),
        ("a<span style='text-decoration:line-through'>9</span>", ["a"]),
        ("a<span style='text-decoration-line:line-through'>9</span>", ["a"]),
        ("a<span style='text-decoration:underline'>9</span>", ["a9"]),
        ("<b>x<b>y</b>z</b>", ["xyz"]),
        ("</b>x</b></p>", ["x"]),
    ],
)
def test_lines_stand_as_they_are_drawn(written: str, lines: list[str]) -> None:
    """Blocks and breaks end a line, other elements do not, and what nobody draws is in none."""
    assert list(read_blocks(written).lines) == lines


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("1<span>2</span>3", "123"),
        ("1<a>2</a>", "12"),
        ('1<span style="color:red">2</span>', "12"),
        ("1<font color=red>2</font>", "12"),
        ("1<b>2</b>", "1 ^ 2"),
        ("1<b>2</b>3", "1 ^ 2 ^ 3"),
        ("1<b></b>2", "1 ^ 2"),
        ("1<b><i>2", "1 ^ 2"),
        ("<b>1</b><b>2</b>", "1 ^ 2"),
        ("1<a><b>2</b></a>", "1 ^ 2"),
        ("1<s>9</s>2", "1 ^ 2"),
        ("1<font size=1>2</font>", "1 ^ 2"),
        ('1<span style="font-size:8px">2</span>', "1 ^ 2"),
        ('1<span style="vertical-align:super">2</span>', "1 ^ 2"),
        ("10<sup>00</sup> x", "10 ^00^ x"),
        ("10<sub>00</sub>", "10 ^00^"),
        ("1 <b>2</b>", "1 2"),
        ("x<b>2</b>", "x2"),
        ("1<b>x</b>2", "1x2"),
        ("1,<b>5</b>", "1,5"),
    ],
)
def test_digits_of_another_look_are_no_number_together(written: str, line: str) -> None:
    """Digits go on through what changes nothing of how they are drawn; another size, weight or place parts them."""
    assert list(read_blocks(written).lines) == [line]


@pytest.mark.parametrize(
    ("written", "raw"),
    [
        ("<pre>a  b\tc\n d\n\ne </pre>", ["a  b   c", "d", "", "e"]),
        ("<pre>a  b\nc  d</pre>e  f", ["a  b", "c  d", "e f"]),
        ("<p style='white-space:pre'>a  b</p>", ["a  b"]),
        ("<p style='white-space:pre-wrap'>a  b</p>", ["a  b"]),
        ("<p style='white-space:break-spaces'>a  b</p>", ["a  b"]),
        ("<p style='white-space:nowrap'>a  b</p>", ["a b"]),
        ("<pre><b>a  b</b></pre>", ["¦a  b¦"]),
        ("<p>x <span> y</span></p>", ["x ¦ y¦"]),
        ("a <s>9</s> b", ["a b"]),
        ("a <!-- z --> b", ["a b"]),
        ("<pre>a <s>9</s> b</pre>a <s>9</s> b", ["a  b", "a b"]),
        ("a <s>9</s> b<pre>a  b</pre>", ["a b", "a  b"]),
        ("a <a href=x>go</a> b", ["a [go] b"]),
        ("a<button>go</button>b", ["a[go]b"]),
        ("<bdo>12</bdo>", ["¦\ufffd12¦"]),
        ("<p style='unicode-bidi:bidi-override'>12</p>", ["\ufffd12"]),
        ("<p style='unicode-bidi:embed'>12</p>", ["12"]),
        ("&#2;1&#3;2&#4;3&#31;4", ["1234"]),
    ],
)
def test_a_line_keeps_where_its_elements_begin_and_end(written: str, raw: list[str]) -> None:
    """Marks that no sender can type stand there, and gaps only where they are drawn."""
    lines = read_blocks(written).root.all_lines()
    assert [line.replace(MARK, "¦").replace(LINK_ON, "[").replace(LINK_OFF, "]") for line in lines] == raw


def test_marks_are_taken_out_of_a_line() -> None:
    """As blanks, as nothing, or with the links that they surround."""
    line = f" 1{MARK}2 {LINK_ON}a{MARK}b{LINK_OFF}c"
    assert in_pieces(line) == " 1 2  a b c"
    assert plain(line) == "12 abc"
    assert without_links(line) == "12 c"
    assert without_links(f"1{MARK}2") == "12"
    assert without_links(f"x {LINK_ON}open") == "x"


def test_what_its_looks_hide_is_told_apart() -> None:
    """Hidden by colour, words are kept in order and cleaned; hidden from everyone, the text alone is."""
    drawn = read_blocks('<p style="color:#fff">a&shy;b\n c</p> d <i style="font-size:0"> </i><u hidden>e</u><b>f</b>')
    assert (list(drawn.lines), list(drawn.unseen)) == (["d f"], ["ab c"])
    assert [text for _, _, text in drawn.hidden] == ["a\u00adb\n c", " ", "e"]


def nested(block: Block) -> object:
    """Names of containers, and the texts of leaves."""
    return [block.tag, *map(nested, block.children)] if block.children or not block.lines else block.tag + block.text()


def test_blocks_are_nested_as_they_are_written() -> None:
    """A cell's block holds what is in the cell; what stands between blocks is a leaf of its own."""
    drawn = read_blocks("<table><tr><td>a<td><p>b<br>c</p>d</table>e")
    assert (drawn.root.count, drawn.root.sole) == (5, None)
    assert read_blocks("<p>&nbsp;<br></p><p>a</p>").root.sole == "a"
    assert nested(read_blocks("<p>&nbsp;<br> </p>").root) == ["root", ["html", ["body", ["p"]]]]
    assert nested(drawn.root) == [
        "root",
        ["html", ["body", ["table", ["tr", ["td", "a"], ["td", ["p", "b\nc"], "d"]]], "e"]],
    ]


@pytest.mark.parametrize(
    ("cell", "count", "sole", "text"),
    [
        ("", 0, None, ""),
        ("&nbsp;<br> ", 0, None, ""),
        ("a", 1, "a", "a"),
        ("<p></p><p>a</p><p> </p>", 1, "a", "a"),
        ("<p>a<p>b", 2, None, "a\nb"),
        ("a<br><br>b<br>", 2, None, "a\nb"),
        ("<p>a<br>b</p><p>c", 3, None, "a\nb\nc"),
        ("<p>a<p><b>b</b><p>c", 3, None, "a\nb\nc"),
    ],
)
def test_a_block_is_summed_up(cell: str, count: int, sole: str | None, text: str) -> None:
    """How many lines say something in it, and which one where it is the only one."""
    (block,) = [one for one in every(read_blocks(f"<div class='  x  y '>{cell}</div>").root) if one.tag == "div"]
    assert (block.count, block.sole, block.text()) == (count, sole, text)
    assert block.look == ("div", "", "x y")


def test_blocks_are_alike_by_name_style_and_class() -> None:
    """What a template draws alike has all three alike."""
    looks = {block.look for block in every(read_blocks("<p>a<p style='color:red'>b<p class=x id=y>c<p id=z>d").root)}
    assert looks - {()} == {("html", "", ""), ("body", "", ""), ("p", "", ""), ("p", "color:red", ""), ("p", "", "x")}


def every(block: Block) -> Iterator[Block]:
    yield block
    for child in block.children:
        yield from every(child)


def depth(block: Block) -> int:
    return 1 + max(map(depth, block.children), default=0)


@pytest.mark.parametrize("element", ["<div>", "<span style='display:block'>", "<b style='display:block'>"])
def test_nesting_has_an_end(element: str) -> None:
    """As many blocks within each other as are worth it, and what is nested deeper is drawn all the same."""
    most = 120 - 3  # root, html and body stand around them
    for times in (most - 1, most, most + 1, most + 9):
        root = read_blocks(f"{element * times}ab").root
        assert depth(root) == min(times + 3, 120) + 1
        assert [line for line in map(plain, root.all_lines()) if line] == ["ab"]


def test_blocks_nested_too_deep_still_end_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of two blocks are not one word, however deep they stand; what is no block by its name stays in the line."""
    monkeypatch.setattr(drawing, "_DEEPEST", 8)
    drawn = read_blocks("<div>" * 8 + "a<div>b</div>c<i style=display:block>d</i>")
    assert list(drawn.lines) == ["a", "b", "cd"]


def test_only_short_attributes_are_remembered() -> None:
    """How an element with endless attributes is drawn is told each time, and takes no memory."""
    for length, kept in ((400, 1), (401, 0)):
        drawing._drawn_by_itself.cache_clear()
        read_blocks("<p>")
        base = drawing._drawn_by_itself.cache_info().currsize
        drawn = read_blocks(f"<p class={'x' * length}>a").root.children[0].children[0].children[0]
        assert drawn.look == ("p", "", "x" * length)
        assert drawing._drawn_by_itself.cache_info().currsize == base + kept


def test_the_same_element_is_drawn_by_where_it_stands() -> None:
    """Alike by its attributes, another element around it makes another look."""
    style = "<style>.x b { display: none }</style>"
    assert list(read_blocks(f"{style}<p><b>a</b></p><p class=x><b>z</b></p><p><b>c</b></p>").lines) == ["a", "c"]
    white = '<b style="color:#fff">{}</b>'
    drawn = read_blocks(f"<p>{white.format('z')}</p><p style='background:#000'>{white.format('a')}</p>")
    assert (list(drawn.lines), list(drawn.unseen)) == (["a"], ["z"])
    assert list(read_blocks("<style>#x{display:none}</style><p id=X>z</p><p id='' class=x>a").lines) == ["a"]
