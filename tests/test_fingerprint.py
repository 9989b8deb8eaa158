"""What a letter looks like, whatever stands in it; letters here are reconstructed."""

from __future__ import annotations

from decimal import Decimal
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.fingerprint import DEEPEST, LONGEST_LABEL, MOST_LABELS, MOST_WAYS, Outline, news, outline_of
from reconciler.message import decode
from reconciler.model import Message
from reconciler.sandbox import letters

USUAL = outline_of(decode(letters.notice()))


def page(markup: str) -> Message:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content(markup, subtype="html")
    return decode(message.as_bytes())


def lines(text: str) -> Message:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content(text)
    return decode(message.as_bytes())


@given(
    amount=st.integers(1, 10**9).map(lambda kopecks: str(Decimal(kopecks).scaleb(-2))),
    order=st.text(st.characters(categories=["Lu", "Ll", "Nd", "Zs", "Po"]), min_size=1, max_size=30).filter(str.strip),
    payer=st.text(st.characters(categories=["Lu", "Ll", "Zs"]), min_size=1, max_size=40).filter(str.strip),
    reference=st.from_regex(r"WFP-[A-Z0-9]{4,20}", fullmatch=True),
)
def test_values_do_not_count(amount: str, order: str, payer: str, reference: str) -> None:
    """P07: whatever sum, order, name or reference a letter has, it is the same template; none of them is in the outline."""
    outline = outline_of(decode(letters.notice(amount=amount, order=order, payer=payer, reference=reference)))
    assert outline.fingerprint == USUAL.fingerprint
    assert outline == USUAL


def test_the_labels_and_the_skeleton() -> None:
    """Two cells, a term, a line with a colon, in any nesting; a label's marks, case and hidden hyphens do not count."""
    outline = outline_of(
        page(
            "<style>a:b</style><!-- x: y --><h2>Дякуємо: замовлення оплачено</h2>"
            "<table><tr><td><table><tr><th>Су\u00adма:</th><td>12: 30</td></tr></table></td></tr>"
            "<tr><td>1</td><td>Товар</td><td>10</td></tr><tr><td>Дата&nbsp;оплати<td>завтра</table>"
            "<dl><dt>Order ID<dd>Note: 5</dl><p>Статус: ok<br>https://a.example<p>Іван 5: так"
        )
    )
    assert outline.labels == ("order id", "дата оплати", "дякуємо", "статус", "сума")
    assert outline.skeleton == (
        "dl", "dl>dd", "dl>dt", "h2", "p", "table", "table>tr", "table>tr>td", "table>tr>td>table",
        "table>tr>td>table>tr", "table>tr>td>table>tr>td", "table>tr>td>table>tr>th",
    )  # fmt: skip


def test_the_number_of_rows_does_not_count() -> None:
    """An order of three goods looks like an order of one."""
    rows = [f"<tr><td>{n}</td><td>Річ {n}</td><td>{n * 10}</td></tr>" for n in range(1, 4)]
    one, three = (
        outline_of(page(f"<table><tr><td>Сума</td><td>5</td></tr>{''.join(some)}</table>")) for some in (rows[:1], rows)
    )
    assert one == three


def test_a_letter_of_text() -> None:
    """Without HTML its lines count; with HTML they do not."""
    assert outline_of(lines("Сума: 5\nСтатус: ok\nпросто рядок\n")) == Outline(
        labels=("статус", "сума"), skeleton=("text",)
    )
    assert outline_of(decode(letters.notice(text=True))) == USUAL


@pytest.mark.parametrize(
    ("labels", "skeleton", "found"),
    [
        (["a", "b"], ["p"], {}),
        (["a", "b", "c", "d"], ["p"], {}),
        (["b", "c"], ["p"], {"labels_gone": ["a"]}),
        (["a", "b", "e"], ["p"], {"labels_new": ["e"]}),
        (["a"], ["p", "table"], {"labels_gone": ["b"], "skeleton_new": ["table"]}),
    ],
)
def test_what_is_news(labels: list[str], skeleton: list[str], found: dict[str, list[str]]) -> None:
    """What every letter had and is gone, and what none had; a new choice among the usual lines is no news."""
    known = [{"labels": ["a", "b", "c"], "skeleton": ["p"]}, {"labels": ["a", "b", "d"], "skeleton": ["p"]}]
    assert news(Outline(labels=tuple(labels), skeleton=tuple(skeleton)), known) == found
    assert news(Outline(labels=(), skeleton=()), []) == {}


@given(
    st.lists(
        st.sampled_from(
            ["<td>", "</td>", "<tr>", "</tr>", "<p", "<dt>", "</dl>", "<!--", "-->", "<style>", ">", "a: b", "\n"]
        ),
        max_size=60,
    ).map("".join)
)
def test_any_markup_has_an_outline(markup: str) -> None:
    """Tags that never end, close nothing or lie across each other: an outline, and always the same."""
    assert outline_of(page(markup)) == outline_of(page(markup))


def test_an_outline_stays_small() -> None:
    """However deep, wide and long a letter is, what is kept of it is bounded."""
    deep = "<div>" * 5000 + "".join(
        f"<p>Напис{'аб'[n % 2] * (n // 26 % 30)}{chr(1072 + n % 26)}: 1</p>" for n in range(900)
    )
    outline = outline_of(page(deep + "<table><tr><td>" * 500 + f"<p>{'я' * 5000}: 1"))
    assert len(outline.labels) == MOST_LABELS
    assert len(outline.skeleton) <= MOST_WAYS
    assert max(map(len, outline.labels)) <= LONGEST_LABEL
    assert max(way.count(">") for way in outline.skeleton) < DEEPEST
