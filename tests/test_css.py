"""Style sheets as a screen takes them: what holds for an element decides what of a letter is seen."""

from __future__ import annotations

import pytest

from reconciler.errors import Unreadable
from reconciler.extract.html import css
from reconciler.extract.html.css import Element, Styles

BODY = Element("body", frozenset())
ROW = Element("tr", frozenset({".row", ".paid"}), BODY)
CELL = Element("td", frozenset({".sum", "#total"}), ROW)

HIDDEN, SEEN = {"display": "none"}, {"display": "block"}


def of(sheet: str, element: Element = CELL, inline: str = "") -> dict[str, str]:
    return Styles([sheet]).of(element, inline)


@pytest.mark.parametrize(
    ("selector", "fits"),
    [
        ("td", True),
        ("TD", True),
        ("*", True),
        (".sum", True),
        ("td.sum", True),
        ("#total", True),
        ("td#total.sum", True),
        ("tr td", True),
        ("body td", True),
        ("body tr.row.paid > td", True),
        (".row .sum", True),
        ("p, td", True),
        ("p,\n .sum", True),
        ("td::first-line", True),
        ("td[align=right]", True),
        ("td:nth-child(2)", True),
        ("th", False),
        ("t", False),
        (".su", False),
        ("th.sum", False),
        ("td.sum.other", False),
        ("td.row", False),
        ("td tr", False),
        ("p td", False),
        ("body p td", False),
        ("tr.row.other td", False),
        ("tr tr td", False),
        ("td td", False),
        (".sum .row", False),
        ("td:hover", False),
        ("td:hover, p", False),
        ("tr:active td", False),
        ("td && p", False),
        ("td!", False),
        ("", False),
    ],
)
def test_a_selector_is_matched_by_the_element_and_those_around_it(selector: str, fits: bool) -> None:
    """P07: names, classes and ids of the element, then of those around it in their order; what holds for a moment never."""
    assert of(f"{selector} {{ display: none }}") == (HIDDEN if fits else {})


def test_an_element_around_counts_for_one_word_of_a_selector() -> None:
    """Two words need two elements, though any may stand between them."""
    inner = Element("div", frozenset({".a"}), Element("span", frozenset(), Element("div", frozenset({".b"}))))
    assert of("div div { display: none }", inner) == HIDDEN
    assert of(".b .a { display: none }", inner) == HIDDEN
    assert of(".a .b { display: none }", inner) == {}
    assert of("div div div { display: none }", inner) == {}


@pytest.mark.parametrize(
    ("sheet", "inline", "display"),
    [
        ("td { display: none } td { display: block }", "", "block"),
        ("td { display: none; display: block }", "", "block"),
        (".sum { display: none } td { display: block }", "", "none"),
        ("#total { display: none } td.sum { display: block }", "", "none"),
        ("#total { display: none } tr.row.paid td.sum { display: block }", "", "none"),
        ("tr.row td.sum { display: none } td.sum { display: block }", "", "none"),
        ("td.sum { display: none } td.sum { display: block }", "", "block"),
        ("td { display: none } * { display: block }", "", "none"),
        ("tr td { display: none } td { display: block }", "", "none"),
        ("tr .sum { display: none } .row .sum { display: block }", "", "block"),
        ("body tr td { display: none } .sum { display: block }", "", "block"),
        ("td { display: none !important } #total { display: block }", "", "none"),
        ("td { display: none !important } td { display: block !important }", "", "block"),
        ("#total { display: none }", "display: block", "block"),
        ("td { display: none !important }", "display: block", "none"),
        ("td { display: none !important }", "DISPLAY: Block !IMPORTANT", "block"),
        ("td { display: none ! important }", "display: block", "none"),
    ],
)
def test_the_stronger_rule_holds(sheet: str, inline: str, display: str) -> None:
    """P07: ids before classes before names, the later of two that are alike, the style attribute, and what is important."""
    assert of(sheet, inline=inline)["display"] == display


@pytest.mark.parametrize(
    ("sheet", "hidden"),
    [
        ("/* td { } */ td { display: none }", True),
        ("td { /* no */ display: none } /* p", True),
        ("/* td { display: none } */", False),
        ("/* td { display: none }", False),
        ("/*/ td { display: none } */", False),
        ("p {} /* a */ td { display: none } /* b */", True),
        ("<!-- td { display: none } -->", True),
        ("@import url(x); td { display: none }", True),
        ("@charset 'x';td { display: none }", True),
        ("@media screen { td { display: none } }", True),
        ("@media only screen { td { display: none } }", True),
        ("@media all{ td { display: none } }", True),
        ("@media print { td { display: none } }", False),
        ("@media print { td { display: none } p { } } td { color: red }", False),
        ("@media print { p { } } td { display: none }", True),
        ("@media print { p { } td { display: none } }", False),
        ("@media print { p { } td { display: none } p { } } p { }", False),
        ("@media print { @page { } p { } } td { display: none }", True),
        ("@media screen and (max-width: 600px) { td { display: none } }", False),
        ("@font-face { src: x } td { display: none }", True),
        ("@media print { td { display: none }", False),
        ("td { display: none", True),
        ("td { display: none } p", True),
        ("} td { display: none }", True),
        ("/**/ td { display: none }", True),
        ("p {}/* a */td { display: none }", True),
        ("td/* a\n */{ display: none }", True),
        ("<!--td { display: none }-->", True),
        ("p { }-->td { display: none }", True),
        ("{ } td { display: none }", True),
    ],
)
def test_a_sheet_is_read_as_a_screen_reads_it(sheet: str, hidden: bool) -> None:
    """P07: comments and other media say nothing, an unclosed rule holds to the end."""
    assert (of(sheet).get("display") == "none") is hidden


@pytest.mark.parametrize(("one", "other"), [(".a", ".b"), (".b", ".a")])
def test_the_later_of_two_classes_holds(one: str, other: str) -> None:
    """However an element lists its classes, the sheet's order decides."""
    element = Element("td", frozenset({".a", ".b"}))
    assert of(f"{one} {{ display: none }} {other} {{ display: block }}", element) == SEEN


def test_only_what_decides_sight_is_kept() -> None:
    """Other properties, and declarations without a value, are nobody's business."""
    assert of("", inline="border: 0; color : RED ;; Margin-Left:-99px; x; font-family: y") == {
        "color": "red",
        "margin-left": "-99px",
    }
    assert of("", inline="background: url(https://x.ua/x.png)") == {"background": "url(https://x.ua/x.png)"}
    assert of("td { }") == {}
    assert not Styles(["p { } /* x */", "@media print { p { color: red } }", "p { border: 0 }"])
    assert Styles(["p { color: red }"])


def test_every_sheet_of_a_letter_counts() -> None:
    """The second one comes after the first."""
    styles = Styles(["td { display: none; color: red }", "td { display: block }"])
    assert styles.of(CELL, "") == {"display": "block", "color": "red"}


@pytest.mark.parametrize(
    ("sheet", "work"),
    [
        (
            "td { color: red } .sum { color: red } p { color: red } th { color: red }",
            4,
        ),  # two rules, with a declaration each
        ("td { color: red; color: red; color: red }", 4),
        ("body td { color: red }", 4),  # the cell, its row, the body
        ("q td { color: blue } * { color: red }", 5),  # the same in vain, and then a rule that fits
    ],
)
def test_endless_style_is_held(sheet: str, work: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """S13: so many elements are looked at, and so many declarations taken, for a letter, and no more."""
    monkeypatch.setattr(css, "_MOST_WORK", 3 * work)
    styles = Styles([sheet])
    for _ in range(3):
        assert styles.of(CELL, "") == {"color": "red"}
    with pytest.raises(Unreadable):
        styles.of(CELL, "")


def test_what_no_rule_may_fit_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """S13: rules are looked up by what their last part asks for."""
    monkeypatch.setattr(css, "_MOST_WORK", 0)
    assert Styles(["td { color: red }"]).of(BODY, "") == {}
