"""What a letter's HTML says and does not show, laid out as it would be if it were shown."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.errors import Unreadable
from reconciler.extract.layout.labeltable import LabelTable, folded
from reconciler.extract.layout.reader import read_html, read_text
from reconciler.extract.layout.unshown import unshown

KNOWN = LabelTable(known=folded(("Сума", "Дата", "Статус")))
ROWS = "<table><tr><td>Сума</td><td>9 грн</td></tr><tr><td>Дата</td><td>21.11</td></tr></table>"
LINE = "Сума: 9 грн"
TWO = "Сума: 9 грн<br>Дата: 21.11"
BOTH = ["Сума: 9 грн", "Дата: 21.11"]

Told = Sequence[tuple[Sequence[str], bool]]


def told(html: str) -> Told:
    """The pairs of each page that is not shown, and whether it is a remnant."""
    pages = unshown(read_html("html[0]", html, KNOWN))
    return [([f"{pair.label}: {pair.value}" for pair in one.page.pairs], one.remnant) for one in pages]


@pytest.mark.parametrize(
    "hiding",
    [
        "<div hidden>{}</div>",
        "<div style='display:none'>{}</div>",
        "<div style='color:#fff'>{}</div>",
        "<div style='display:none;color:#fff;font-size:0'><p style='opacity:0'>{}</p></div>",
        "<o:p hidden>{}</o:p>",
        "<s>{}</s>",
        "<del>{}</del>",
        "<template>{}</template>",
        "<noscript>{}</noscript>",
        "<svg><desc>{}</desc></svg>",
        "<math>{}</math>",
        "<object>{}</object>",
        "<textarea>{}</textarea>",
        "<xmp>{}</xmp>",
        "<iframe>{}</iframe>",
        "<script>{}</script>",
        "<title>{}</title>",
        "<!-- {} -->",
        "<!--[if mso]>{}<![endif]-->",
        "<!--[if (gte mso 9)|(IE)]><b>{}</b><![endif]-->",
        '<img alt="{}">',
        '<a title="{}">x</a>',
        "<div hidden><s><a href=x>{}</a></s></div>",
        "<select><option>{}</option></select>",
    ],
)
@pytest.mark.parametrize("fields", [ROWS, TWO])
def test_fields_that_are_hidden_are_found(hiding: str, fields: str) -> None:
    """P17: however a letter hides several fields, each is seen with its value, and they are more than a remnant."""
    if "option" in hiding and fields is ROWS:
        hiding = "<select>{}</select>"  # an option holds no table
    assert told(hiding.format(fields)) == [(BOTH, False)]
    assert told(f"<p>Успішно</p>{hiding.format(fields)}<p>Статус: Оплачено</p>") == [(BOTH, False)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", []),
        ("<p>Сума: 9 грн</p>", []),
        ("<p hidden>слово</p>", []),
        ("<p hidden>\n \n</p>", []),
        ("<p hidden>Сума: 9 грн</p>", [(["Сума: 9 грн"], True)]),
        ("<p hidden>\n\n Сума: 9 грн \n</p>", [(["Сума: 9 грн"], True)]),
        ("<p hidden>Сума: 9 грн</p><p hidden>Сума: 8 грн</p>", [(["Сума: 9 грн", "Сума: 8 грн"], True)]),
        ("<p hidden>Сума: 9 грн</p>Статус: так<p hidden>Дата: 21.11</p>", [(BOTH, False)]),
        ("<p>Сума: <s>8</s> 9 грн</p>", []),
        ("<!-- Сума: 9 грн -->", [(["Сума: 9 грн"], True)]),
        ("<!-- Сума: 9 грн<br>Сума: 8 грн -->", [(["Сума: 9 грн", "Сума: 8 грн"], False)]),
        ("<!-- Сума: 9 грн<br>Кінець -->", [(["Сума: 9 грн"], False)]),
        ("<!-- Кінець -->", [([], False)]),
        ("<!-- Сума: 9 грн --><!-- Сума: 9 грн --><img alt='<i>Сума: 9 грн'>", [(["Сума: 9 грн"], True)] * 2),
        ("<!-- --><!-- *** --><!-- <b></b> --><!--[if mso]><![endif]-->", []),
        ("<!--[if !mso]><!--><p>Статус: так</p><!--<![endif]-->", []),
        ("<img alt='<b>' title='1 > 0'>", []),
        ("<style>.s:before { content: 'Сума: 9 грн' }</style>", []),
        ("<script>Сума: 9 грн</script>", [([], True)]),
        ("<textarea>Сума: 9 грн</textarea>", [(["Сума: 9 грн"], True)]),
    ],
)
def test_a_single_line_is_a_remnant(html: str, expected: Told) -> None:
    """P17: one thing alone is what a designer left behind; other words beside it, or another field, make it more."""
    assert told(html) == expected


@pytest.mark.parametrize(
    ("before", "late"),
    [
        ("<style>.x{}</style><p>a</p>", False),
        ("<title>a</title><style>.x{}</style><p>a</p>", False),
        ("<p> </p><style>.x{}</style><p>a</p>", False),
        ("<style>.x{}</style><style>.y{}</style>a", False),
        ("<p>a</p><style>.x{}</style>", True),
        ("a<p><style></style>", True),
        ("<style>.x{}</style>a<style>.y{}</style>", True),
    ],
)
def test_a_style_sheet_behind_words_is_nobody_s_remnant(before: str, late: bool) -> None:
    """P17: a payer may have typed it, and chosen the single line that it hides."""
    assert told(f"{before}<p hidden>Сума: 9 грн</p>") == [(["Сума: 9 грн"], not late)]


def test_what_is_shown_has_no_place_among_the_hidden() -> None:
    """P17: only texts that nobody sees are laid out, each in the element it stands in."""
    html = "<table><tr><td>Сума</td><td hidden>9 грн</td></tr><tr hidden><td>Дата</td><td>21.11</td></tr></table>"
    assert told(html)[0][0] == ["Дата: 21.11"]
    (found,) = unshown(read_html("html[0]", f"<p>видно</p><div hidden><p>ні</p>{ROWS}</div><p>видно</p>", KNOWN))
    assert [said.text for said in found.page.statements] == ["ні"]


def test_text_hides_nothing() -> None:
    """A part without markup shows all it says."""
    assert list(unshown(read_text("text", f"<!-- {TWO} -->", KNOWN))) == []


def test_markup_within_markup_is_followed_so_far() -> None:
    """P17: text that other programs read as markup is looked into, some times over, and no more."""

    def within(times: int) -> str:
        inner = TWO
        for name in ("textarea", "xmp", "iframe", "noembed", "noframes")[:times]:
            inner = f"<{name}>{inner}</{name}>"
        return inner

    for times in range(1, 5):
        assert told(within(times)) == [(BOTH, False)]
    with pytest.raises(Unreadable):
        told(within(5))


def test_comments_are_counted() -> None:
    """P14: as many as a letter has, and not more; those that say nothing are none."""
    many = "".join(f"<!-- {number} -->" for number in range(200))
    assert len(told(many + "<!-- *** -->" * 50)) == 200
    with pytest.raises(Unreadable):
        told(many + "<!-- x -->")


def test_the_end_of_a_long_text_counts() -> None:
    """P14: so much of it is read as a line may be long, from its end, where a letter's own fields stand."""
    assert told(f"<!-- {'x' * 5_000} <br>{TWO} -->") == [(BOTH, False)]
    for more, found in ((1_000 - len(LINE) - 1, [LINE]), (1_000, [])):
        assert told(f"<!-- <pre>{'y' * 500}\n{LINE}\n{'x' * more}</pre> -->") == [(found, False)]
        assert told(f"<pre hidden>{LINE}\n{'x' * more}</pre>")[0][0] == found
    assert told(f"<pre hidden>{'x' * 1_980}\n{LINE}</pre>")[0][0] == [LINE]
    assert told(f"<pre hidden>{'x' * 2_000}\n{LINE}</pre>") == []


def test_it_is_read_by_the_same_labels() -> None:
    """P17: what the page knows and how it looks at values holds for what it hides."""
    labels = LabelTable(known=folded(("Разом", "Коли")))
    page = read_html("html[0]", "<div hidden><p>Разом: 9 грн</p><p>Коли: 21.11</p></div>", labels)
    (found,) = unshown(page)
    like = found.page
    assert [pair.value for pair in like.pairs] == ["9 грн", "21.11"]
    assert (like.part, like.labels) == (page.part, labels)
