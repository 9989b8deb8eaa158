"""What a reader of a mail sees: text that is hidden by any means lends no field, and text that is drawn is read."""

from __future__ import annotations

import pytest

from reconciler.errors import Unreadable
from reconciler.extract.html import read_blocks
from reconciler.extract.labels import read_html
from reconciler.extract.page import MOST_TAGS, folded

KNOWN = folded(("Сума", "Дата"))

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
