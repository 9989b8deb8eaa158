"""HTML as it is written, however broken: its elements and texts, and what is told apart from them."""

from __future__ import annotations

import random

import pytest

from reconciler.extract.html.markup import Event, read

SOUP = (
    *("<p>", "<DIV>", "<b>", "<I class=x>", "<a href=x>", "<table>", "<tr>", "<Td>", "<li>", "<form>", "<select>", "<option>", "<O:P>"),
    *("</p>", "</div>", "</B>", "</i>", "</a>", "</table>", "</tr>", "</td>", "</body>", "</html>", "</form>", "</o:p>"),
    *("<br/>", "<img>", "<html>", "<head>", "<body>", "<title>", "</title>", "<style>", "</style>", "<script>", "</script>"),
    *("x", " ", "&amp;", "<", "<!--", "-->", "<?x", "<!doctype html>", "<![CDATA[", "]]>", "<frameset>", "<svg/>"),
)  # fmt: skip


def inner(html: str) -> list[Event]:
    """What stands in the page, without its outermost elements."""
    return [event for event in read(html).events if event[0] not in {"html", "head", "body"}]


def texts(html: str) -> list[str]:
    return [text for tag, _, text in inner(html) if not tag]


def test_elements_and_texts_come_in_order() -> None:
    """A beginning with the attributes that tell something, a text, an end."""
    assert inner('<p class=a onclick=x id=b style="color:red">t<br></p>u') == [
        ("p", (("class", "a"), ("id", "b"), ("style", "color:red")), ""),
        ("", None, "t"),
        ("br", (), ""),
        ("br", None, ""),
        ("p", None, ""),
        ("", None, "u"),
    ]


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("<a href='mailto:x@y.ua'>", "mailto:x@y.ua"),
        ("<a href=' MailTo:x@y.ua'>", " MailTo:x@y.ua"),
        ("<a href='mailto:'>", "mailto:"),
        ("<a href='https://y.ua/mailto:x@y.ua'>", None),
        ("<a href='mailtox@y.ua'>", None),
        ("<a>", None),
        ("<b href='mailto:x@y.ua'>", None),
    ],
)
def test_to_whom_a_link_writes_is_kept(link: str, kept: str | None) -> None:
    """An address of mail behind a word, and no other target."""
    (_, attributes, _), *_ = inner(link)
    assert attributes == ((("href", kept),) if kept else ())


def test_a_page_without_words_is_read() -> None:
    """Nothing, a mark before the first letter, and characters that are none."""
    assert inner("") == []
    assert texts("\ufeffa\x00b\ufeff") == ["ab\ufeff"]
    assert texts("<!doctype html><p>a") == ["a"]
    assert texts("a &amp; b &lt;p>") == ["a & b <p>"]


def test_comments_are_no_text() -> None:
    """They are told apart, whatever stands in them, and part the text around them."""
    written = read("a<!-- x --><!--<b>y</b>-->b<?pi z?>c")
    assert texts("a<!-- x --><!--<b>y</b>-->b") == ["a", "b"]
    assert list(written.comments)[:2] == [" x ", "<b>y</b>"]
    assert read("a").comments == []


def test_style_sheets_are_told_apart() -> None:
    """The text of each style element, and of nothing else."""
    written = read("<style>p{}</style>a<style></style><STYLE>q{}</STYLE>b<p class=style>c<script>d</script>")
    assert written.sheets == ["p{}", "q{}"]


def test_markup_within_attributes_is_told_apart() -> None:
    """Whole values that hold a bracket, of any attribute."""
    assert read("<img alt='<b>x' title='1 < 2' src=x><p>").enclosed == ["<b>x", "1 < 2"]
    assert read("<img alt='a > b'>").enclosed == []


@pytest.mark.parametrize(
    "tail", ["<!-- x", "<p", "<p class='x", "<b x=", "<textarea>x", "<title>x", "<style>x", "<script>x"]
)
def test_what_is_open_at_the_end_swallowed_the_rest(tail: str) -> None:
    """P17: a comment, an attribute or an element of raw text."""
    assert read(f"<p>a</p>{tail}").swallowed
    assert read(tail).swallowed


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "<p>x",
        "<b>x",
        "<table><tr><td>x",
        "</p></b>",
        "</html>x",
        "x<br>",
        "<!-- x -->",
        "a < b",
        "<title>x</title>",
    ],
)
def test_a_page_that_only_ends_early_swallowed_nothing(tail: str) -> None:
    """Elements that nobody closed are usual, and nothing of how that was found out is left in the page."""
    for html in (tail, f"<p>a</p>{tail}"):
        written = read(html)
        assert not written.swallowed
        assert "last-" not in str(written.events)


@pytest.mark.parametrize("seed", range(8))
def test_what_begins_ends(seed: int) -> None:
    """However broken a letter is: its elements are closed in the order of their nesting, by names in lower case."""
    pick = random.Random(seed)
    soups = ["".join(pick.choices(SOUP, k=pick.randrange(1, 40))) for _ in range(40)]
    for html in (*soups, "<i>" * 3_000, "<table><tr><td><b>" * 400 + "</table>"):
        open_: list[str] = []
        for tag, attributes, _ in read(html).events:
            if tag and attributes is not None:
                open_.append(tag)
                assert tag == tag.lower()
            elif tag:
                assert open_.pop() == tag, html
        assert open_ == [], html


def test_letters_do_not_mix() -> None:
    """Each is read by itself, whatever the one before left open."""
    alone = read("<p>b<img alt='<b>'><!-- y --><style>q{}</style>")
    read("<p class=a>a<img alt='<i>'><!-- x --><style>p{}</style><textarea>x")
    assert read("<p>b<img alt='<b>'><!-- y --><style>q{}</style>") == alone
