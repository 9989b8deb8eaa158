"""What a reader of a mail sees: text that is hidden by any means lends no field, and text that is drawn is read."""

from __future__ import annotations

import pytest

from reconciler.errors import Unreadable
from reconciler.extract.html.drawing import read_blocks
from reconciler.extract.layout.labeltable import LabelTable, folded
from reconciler.extract.layout.page import MOST_TAGS
from reconciler.extract.layout.reader import read_html

KNOWN = LabelTable(known=folded(("Сума", "Дата")))

UNSEEN = {
    "white on the page": '<p style="color:#ffffff">{}</p>',
    "nearly white": '<p style="color:#fefefe">{}</p>',
    "a white font": '<font color="white">{}</font>',
    "as the ground": '<div style="background:#f5f5f5"><p style="color:rgb(245, 245, 245)">{}</p></div>',
    "as the table": '<table bgcolor="#EEE"><tr><td style="color:#eeeeee">{}</td></tr></table>',
    "transparent": '<p style="color:transparent">{}</p>',
    "an ink without body": '<p style="color:rgba(0,0,0,0)">{}</p>',
    "faint": '<p style="opacity:0.01">{}</p>',
    "off the screen": '<p style="position:absolute;left:-9999px">{}</p>',
    "pushed away": '<p style="margin-left:-100em">{}</p>',
    "indented away": '<p style="text-indent:-9999px">{}</p>',
    "one pixel high": '<p style="font-size:1px">{}</p>',
    "small within small": '<div style="font-size:10%"><p style="font-size:50%">{}</p></div>',
    "no width": '<p style="width:0;overflow:hidden">{}</p>',
    "one line of a pixel": '<p style="max-height:1px;overflow:hidden">{}</p>',
    "clipped": '<p style="position:absolute;clip:rect(0 0 0 0)">{}</p>',
    "clipped to nothing": '<p style="clip-path:inset(50%)">{}</p>',
    "scaled away": '<p style="transform:scale(0)">{}</p>',
    "a class": "<style>.x, .y {{ display: none }}</style><p class=y>{}</p>",
    "an id": "<style>#x {{ color: #fff }}</style><p id=x>{}</p>",
    "below a class": "<style>.x td {{ display:none!important }}</style><table class=x><tr><td style=display:table-cell>{}</td></tr></table>",
    "a class on every screen": "<style>@media screen {{ .x {{ visibility:hidden }} }}</style><p class=x>{}</p>",
    "the heavier rule": "<style>p.x {{ font-size:0 }} p {{ font-size:14px }}</style><p class=x>{}</p>",
    "within a comment in the style": "<style>/* .x {{ */ .x {{ display:none }}</style><p class=x>{}</p>",
}
SEEN = {
    "pale small print": '<p style="color:#bbb">{}</p>',
    "white on dark": '<div style="background-color:#123456"><p style="color:#fff">{}</p></div>',
    "white on a dark class": "<style>.h {{ background:#123 }}</style><div class=h><p style=color:white>{}</p></div>",
    "white on a dark cell": '<table><tr><td bgcolor=navy><font color="#fff">{}</font></td></tr></table>',
    "white on a picture": '<div style="background:url(x.png)"><p style="color:#fff">{}</p></div>',
    "white on a gradient": '<div style="background-image:linear-gradient(#000,#111)"><p style="color:#fff">{}</p></div>',
    "a colour with a name nobody lists": '<p style="color:rebeccapurple">{}</p>',
    "set back": '<div style="font-size:0;color:#fff"><p style="font-size:13px;color:#000">{}</p></div>',
    "a rule for small screens": "<style>@media (max-width:600px) {{ .x {{ display:none }} }}</style><p class=x>{}</p>",
    "a rule for print": "<style>@media print {{ .x {{ display:none }} }} .z{{color:red}}</style><p class=x>{}</p>",
    "a rule for the pointer": "<style>.x:hover {{ display:none }}</style><p class=x>{}</p>",
    "another's class": "<style>.y .x {{ display:none }}</style><p class=x>{}</p>",
    "the later rule": "<style>.x {{ display:none }} .x {{ display:block }}</style><p class=x>{}</p>",
    "a short move": '<p style="margin-left:-8px;position:relative;left:-4px">{}</p>',
    "a font without a size": '<p style="font:700 14px Arial">{}</p>',
    "preformatted": '<p style="white-space:pre-wrap">{}</p>',
}


@pytest.mark.parametrize("how", UNSEEN)
def test_what_is_hidden_lends_no_field(how: str) -> None:
    """A sum that nobody sees is none, and beside the one that is seen it contradicts nothing."""
    page = read_html("html[0]", UNSEEN[how].format("Сума: 9 999,00 грн") + "<p>Сума: 5 грн</p>", KNOWN)
    assert [pair.value for pair in page.pairs] == ["5 грн"]


@pytest.mark.parametrize("how", SEEN)
def test_what_is_drawn_is_read(how: str) -> None:
    """Looks that only resemble hiding hide nothing."""
    page = read_html("html[0]", SEEN[how].format("Сума: 9 999,00 грн"), KNOWN)
    assert [pair.value for pair in page.pairs] == ["9 999,00 грн"]


def test_hidden_words_may_deny() -> None:
    """P11: nothing is read from words that are only hidden by their looks, but a denial among them is seen by the reader of words."""
    page = read_html("html[0]", '<p style="color:#fff">Платіж відхилено</p><p>Сума: 5 грн</p>', KNOWN)
    assert [said.text for said in page.statements if said.doubtful and "Сума" not in said.text] == ["Платіж відхилено"]


@pytest.mark.parametrize(
    "value", ["\u202e00,052 1\u202c грн", '<bdo dir="rtl">00,052 1</bdo> грн', '<span style="unicode-bidi:bidi-override;direction:rtl">00,052</span>']
)  # fmt: skip
def test_reversed_text_is_no_value_of_any_grammar(value: str) -> None:
    """P15: digits that are drawn in another order than they are written carry a mark that no amount has."""
    page = read_html("html[0]", f"<p>Сума: {value}</p>", KNOWN)
    assert "\ufffd" in page.pairs[0].value


def test_more_style_than_a_notice_has_is_refused() -> None:
    """P14: rules that fit every element many times over are not worked through."""
    sheet = "".join(f".x{{opacity:.{number}}}" for number in range(1, 1_000))
    with pytest.raises(Unreadable):
        read_blocks(f"<style>{sheet}</style>" + "".join(f"<p class=x id=n{at}>x" for at in range(MOST_TAGS // 10)))


STYLES = [  # one that hides, and one that just does not
    ("visibility:hidden", "visibility:visible"),
    ("visibility:collapse", "visibility:inherit"),
    ("display:none", "display:inline"),
    ("mso-hide:all", "mso-hide:screen"),
    ("opacity:.09", "opacity:.1"),
    ("opacity:0", "opacity:1"),
    ("opacity:9%", "opacity:10%"),
    ("font-size:1.9px", "font-size:2px"),
    ("font-size:1.5pt", "font-size:1.51pt"),
    ("font-size:.12em", "font-size:.125em"),
    ("font-size:.12rem", "font-size:.125rem"),
    ("font-size:12%", "font-size:12.5%"),
    ("font-size:.24ex", "font-size:.25ex"),
    ("font-size:.19vw", "font-size:.2vw"),
    ("font-size:.24vh", "font-size:.25vh"),
    ("font-size:.05cm", "font-size:.06cm"),
    ("font-size:.5mm", "font-size:.6mm"),
    ("font-size:.02in", "font-size:.03in"),
    ("font-size:0", "font-size:1"),
    ("font:0/0 a", "font:700 14px/1 a"),
    ("font:1px a", "font:bold a"),
    ("font-size:1px;font:14px a", "font-size:14px;font:1px a"),
    ("left:-401px", "left:-400px"),
    ("right:-401px", "right:401px"),
    ("top:-26em", "top:-25em"),
    ("bottom:-401px", "bottom:9999px"),
    ("margin-left:-401px", "margin-left:-8px"),
    ("margin-top:-302pt", "margin-top:-300pt"),
    ("margin:0 0 0 -9999px", "margin:0 -400px"),
    ("text-indent:-9999px", "text-indent:9999px"),
    ("left:5px;top:-9999px", "left:5px;top:-9px"),
    ("transform:scale(0)", "transform:scale(.9)"),
    ("transform:scaleX(0.0)", "transform:scaleX(0.01)"),
    ("transform:scale(0, 1)", "transform:scale(1, 1)"),
    ("transform:translateX(-401px)", "transform:translateX(-400px)"),
    ("transform:translate(0, 401px)", "transform:translate(0, 400px)"),
    ("clip:rect(0 0 0 0)", "clip:auto"),
    ("clip:rect(1px, 1px, 1px, 1px)", "clip:rect(0, 2px, 2px, 0)"),
    ("clip-path:inset(50%)", "clip-path:inset(49%)"),
    ("clip-path:inset( 100%)", "clip-path:inset(5px)"),
    ("clip-path:circle(0)", "clip-path:circle(9px)"),
    ("height:0", "height:1px"),
    ("max-height:0px", "max-height:0.5px"),
    ("height:1px;overflow:hidden", "height:2px;overflow:hidden"),
    ("max-height:1px;overflow:hidden", "max-height:0%"),
    ("width:0;overflow:hidden", "width:0"),
    ("max-width:1px;overflow:clip", "max-width:1px;overflow:auto"),
    ("max-width:1px;overflow:hidden", "max-width:2px;overflow:hidden"),
    ("width:20px;height:0", "width:20px;height:20px;overflow:hidden"),
    ("color:#fff", "color:#000"),
    ("color:#eee", "color:#e9e9e9"),
    ("color:#eeeeee", "color:#e8e8e8"),
    ("color:#ffff", "color:#000f"),
    ("color:#0000", "color:#00f2"),
    ("color:#00000019", "color:#0000001a"),
    ("color:#ffffffff", "color:#00000080"),
    ("color:rgb(255,255,255)", "color:rgb(0,255,255)"),
    ("color:rgb(255 250 255)", "color:rgb(255 0 255)"),
    ("color:rgb(100%, 100%, 100%)", "color:rgb(0%, 100%, 100%)"),
    ("color:rgb(999,999,999)", "color:rgb(0,0,999)"),
    ("color:rgba(0,0,0,.09)", "color:rgba(0,0,0,.1)"),
    ("color:rgb(0 0 0 / 9%)", "color:rgb(0 0 0 / 10%)"),
    ("color:transparent", "color:inherit"),
    ("color:white", "color:silver"),
    ("color:WHITE", "color:whitish"),
    ("color:ivory", "color:orange"),
    ("color:#ff0;background:yellow", "color:#ff0;background:blue"),
    ("color:#fff;background:transparent", "color:#fff;background:#000"),
    ("color:#fff;background:none", "color:#fff;background:black"),
    ("color:#fff;background-color:#00000019", "color:#fff;background-color:#0000001a"),
    ("color:#fff;background:rgba(0,0,0,.09)", "color:#fff;background:rgba(0,0,0,.1)"),
    ("color:#000;background:#000", "color:#000;background:rgba(0,0,0,.5)"),
    ("color:#010101;background:#000 repeat", "color:#777;background:#000 repeat"),
    ("color:#111;background:#000", "color:#222;background:#000"),
    ("color:#fff;background-color:#fff;background:#000", "color:#fff;background-color:#000;background:#fff"),
    ("color:#fff;background-image:none", "color:#fff;background-image:url(x.png)"),
    ("color:#fff;background:#fff", "color:#fff;background:#fff url(x.png)"),
    ("color:#fff;background:initial", "color:#fff;background:linear-gradient(#fff,#fff)"),
    ("color:#fff;background-image:x", "color:#fff;background-image:radial-gradient(#fff,#fff)"),
]


def draws(html: str) -> bool:
    drawn = read_blocks(html)
    shown, hidden = list(drawn.lines) == ["x"], [text for _, _, text in drawn.hidden] == ["x"]
    assert shown is not hidden
    return shown


@pytest.mark.parametrize(("hiding", "showing"), STYLES)
def test_where_hiding_begins(hiding: str, showing: str) -> None:
    """Each means of hiding hides from a certain size, place or shade on, and short of that the words are read."""
    assert (draws(f'<p style="{hiding}">x</p>'), draws(f'<p style="{showing}">x</p>')) == (False, True)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<div style="visibility:hidden"><p style="visibility:visible">x</p></div>', True),
        ('<div style="visibility:hidden"><p style="color:red">x</p></div>', False),
        ('<div style="opacity:0"><p style="opacity:1">x</p></div>', False),
        ('<div style="left:-999px"><p style="left:0">x</p></div>', False),
        ('<div style="display:none"><p style="display:block">x</p></div>', False),
        ('<div style="color:transparent"><p>x</p></div>', False),
        ('<div style="color:transparent"><p style="color:inherit">x</p></div>', False),
        ('<div style="color:transparent"><p style="color:#000">x</p></div>', True),
        ('<div style="color:#fff"><p style="color:currentcolor">x</p></div>', False),
        ('<div style="color:#fff"><p style="background:#fff">x</p></div>', False),
        ('<div style="color:#fff"><a>x</a></div>', True),
        ('<div style="color:#fff"><a style="color:#fff">x</a></div>', False),
        ('<div style="background:#00f"><p style="color:#00f">x</p></div>', False),
        ('<div style="background:#000"><p style="background:inherit;color:#000">x</p></div>', False),
        ('<div style="font-size:4px"><p style="font-size:49%">x</p></div>', False),
        ('<div style="font-size:4px"><p style="font-size:.5em">x</p></div>', True),
        ('<div style="font-size:1px"><p style="font-size:1rem">x</p></div>', True),
        ('<div style="font-size:1px"><p style="font-weight:700">x</p></div>', False),
        ('<font color="#FFFFFF">x</font>', False),
        ('<font color="black">x</font>', True),
        ('<p color="white">x</p>', True),
        ('<body text="white">x</body>', False),
        ('<p text="white">x</p>', True),
        ('<font color="white" style="color:black">x</font>', True),
        ('<p bgcolor="black">x</p>', False),
        ('<p bgcolor="black" style="background:#fff">x</p>', True),
        ('<p bgcolor=" #FFF " style="color:#fff">x</p>', False),
        ('<div style="background:#000"><p bgcolor=" transparent " style="color:#000">x</p></div>', False),
        ('<td background="x.png" style="color:#fff">x</td>', True),
        ("<p hidden>x</p>", False),
        ('<p aria-hidden="True">x</p>', False),
        ('<p aria-hidden="false">x</p>', True),
        ("<pre style='opacity:0'>x</pre>", False),
    ],
)
def test_what_an_element_sets_back(html: str, shown: bool) -> None:
    """An element within may have a size, a colour and a visibility of its own; what is off the screen stays there."""
    assert draws(html) is shown
