"""Small letters, line by line: what is a pair, how sure it is, and what is said outside of pairs."""

from __future__ import annotations

import pytest

from reconciler.extract.layout.labeltable import LabelTable, folded
from reconciler.extract.layout.page import Page
from reconciler.extract.layout.reader import read_html, read_text
from reconciler.extract.layout.shapes import SHAPES
from reconciler.extract.text import fold_label

LABELS = LabelTable(
    known=folded(("Сума", "Дата", "Номер замовлення", "Коментар", "Status", "Paid")),
    spoken=folded(("Paid",)),
    shapes={fold_label("Сума"): SHAPES["amount"], fold_label("Дата"): SHAPES["date"]},
    fields={"amount": folded(("Сума", "Amount"))},
)
DOUBTS = ("loose", "inner", "unsure", "odd")


def read(content: str) -> Page:
    reader = read_html if "<" in content else read_text
    return reader("p", content, LABELS)


def told(page: Page) -> list[str]:
    """The pairs with what is doubted of them and how they are set, then the statements: + before the first pair, - behind it."""
    pairs = [
        f"{pair.label} = {pair.value}"
        + "".join(f" /{doubt}" for doubt in DOUBTS if getattr(pair, doubt))
        + ("" if pair.manner == "apart" else f" [{pair.manner}]")
        for pair in page.pairs
    ]
    said = [f"{'+' if line.early else '-'}{'?' if line.doubtful else ''} {line.text}" for line in page.statements]
    return pairs + said


A_PAIR_ON_A_LINE_IS_READ_AS_IT_IS_SET = {
    "colon": (
        "Сума: 5 грн\nКанал: web\nДякуємо",
        ["Сума = 5 грн [:]", "Канал = web [:]", "+? Сума: 5 грн", "- Дякуємо"],
    ),
    "the unknown first": (
        "Канал: web\nСума: 5 грн",
        ["Канал = web [:]", "Сума = 5 грн [:]", "+? Канал: web", "+? Сума: 5 грн"],
    ),
    "numbered": (
        "1. Сума: 5 грн\n2. Дата: 21.11.2026\n10) Status: ok\n11) Канал: web",
        ["Сума = 5 грн [•:]", "Дата = 21.11.2026 [•:]", "Status = ok [•:]", "+? 1. Сума: 5 грн", "- 11) Канал: web"],
    ),
    "a number of three digits is no numbering": ("100. Сума: 5 грн", ["+ 100. Сума: 5 грн"]),
    "brackets": (
        "[Сума] 5 грн\n[Канал] web\n[Дата]: 21.11.2026",
        ["Сума = 5 грн [[]]", "Канал = web [[]]", "Дата = 21.11.2026 [[]]", "+? [Сума] 5 грн"],
    ),
    "brackets nobody knows alone": ("[Канал] web", ["Канал = web [[]]", "+? [Канал] web"]),
    "printed nothing": (
        "Сума: —\nДата: ......\nStatus | -\nКоментар =",
        ["Сума = —", "Дата = —", "Status = —", "Коментар = —", "+? Сума: —"],
    ),
    "dashes": (
        "Сума - 5 грн\nДата - 21.11.2026\nStatus - ok\nКанал - web\nКанал-web",
        [
            "Сума = 5 грн [-]",
            "Дата = 21.11.2026 [-]",
            "Status = ok [-]",
            "Канал = web [-]",
            "+? Сума - 5 грн",
            "- Канал-web",
        ],
    ),
    "long dashes": (
        "Сума — 5 грн\nДата — 21.11.2026\nStatus — ok\nКанал — web",
        ["Сума = 5 грн [-]", "Дата = 21.11.2026 [-]", "Status = ok [-]", "Канал = web [-]", "+? Сума — 5 грн"],
    ),
    "two dashes tell no separator": (
        "Сума - 5 грн\nДата - 21.11.2026\nКанал - web",
        ["Сума = 5 грн [-]", "Дата = 21.11.2026 [-]", "+? Сума - 5 грн", "- Канал - web"],
    ),
    "arrows": (
        "Сума -> 5 грн\nДата -> 21.11.2026\nStatus -> ok\nКанал -> web\n7. Ще канал -> так",
        [
            "Сума = 5 грн [->]",
            "Дата = 21.11.2026 [->]",
            "Status = ok [->]",
            "Канал = web [->]",
            "Ще канал = так [•->]",
            "+? Сума -> 5 грн",
        ],
    ),
    "gaps": (
        "Сума    5 грн\nДата    21.11.2026\nStatus    ok\nКанал    web\n3. Ще канал     так",
        [
            "Сума = 5 грн [  ]",
            "Дата = 21.11.2026 [  ]",
            "Status = ok [  ]",
            "Канал = web [  ]",
            "Ще канал = так [•  ]",
            "+? Сума 5 грн",
        ],
    ),
    "a column of values": (
        "Номер замовлення  12345\nСума              5 грн\nДата              21.11.2026",
        ["Номер замовлення = 12345 [  ]", "Сума = 5 грн [  ]", "Дата = 21.11.2026 [  ]", "+? Номер замовлення 12345"],
    ),
    "the longest label leaves no gap": (
        "Номер замовлення: 12345\nСума:             5 грн\nДата:             21.11.2026",
        [
            "Номер замовлення = 12345 [:  ]",
            "Сума = 5 грн [:  ]",
            "Дата = 21.11.2026 [:  ]",
            "+? Номер замовлення: 12345",
        ],
    ),
    "colons in a row": (
        "Сума:::: 5 грн; \nДата: 21.11.2026 |",
        ["Сума = 5 грн [:::]", "Дата = 21.11.2026 [:]", "+? Сума:::: 5 грн;"],
    ),
    "dots": (
        "Сума ..... 5 грн\nДата … 21.11.2026",
        ["Сума = 5 грн [...]", "Дата = 21.11.2026 […]", "+? Сума ..... 5 грн"],
    ),
    "two languages": ("Сума / Amount: 5 грн", ["Сума / Amount = 5 грн [:]", "+? Сума / Amount: 5 грн"]),
    "behind eleven signs": (
        "= " * 11 + "Сума: 5 грн",
        ["= = = = = = = = = = = Сума = 5 грн [•:]", "+? = = = = = = = = = = = Сума: 5 грн"],
    ),
    "behind twelve signs nobody looks": (
        "= " * 12 + "Сума: 5 грн",
        ["= = = = = = = = = = = = Сума = 5 грн /loose", "+? = = = = = = = = = = = = Сума: 5 грн"],
    ),
    "a link is no pair": (
        "https://a.example/x\nhttps: //a",
        ["https = //a [:]", "+ https://a.example/x", "+? https: //a"],
    ),
    "a clock's colon": (
        "Feb 26, 2025 14:31\nСума: 5 грн",
        ["Сума = 5 грн [:]", "+ Feb 26, 2025 14:31", "+? Сума: 5 грн"],
    ),
    "six words are a label": (
        "Один два три чотири п'ять шість: так",
        ["Один два три чотири п'ять шість = так [:]", "+? Один два три чотири п'ять шість: так"],
    ),
    "seven words are a sentence": (
        "Один два три чотири п'ять шість сім: так",
        ["+ Один два три чотири п'ять шість сім: так"],
    ),
    "six words before a dash": (
        "Сума - 5 грн\nДата - 21.11.2026\nStatus - ok\nодин два три чотири п'ять шість - так\nодин два три чотири п'ять шість сім - так",
        [
            "Сума = 5 грн [-]",
            "Дата = 21.11.2026 [-]",
            "Status = ok [-]",
            "один два три чотири п'ять шість = так [-]",
            "+? Сума - 5 грн",
            "- один два три чотири п'ять шість сім - так",
        ],
    ),
    "a number is no label": (
        "Сума - 5 грн\nДата - 21.11.2026\nStatus - ok\n12345 - так\nКанал - ",
        [
            "Сума = 5 грн [-]",
            "Дата = 21.11.2026 [-]",
            "Status = ok [-]",
            "+? Сума - 5 грн",
            "- 12345 - так",
            "- Канал -",
        ],
    ),
    "one gap makes no column": (
        "Номер замовлення: 12345\nСума:             5 грн",
        ["Номер замовлення = 12345 [:]", "Сума = 5 грн [:  ]", "+? Номер замовлення: 12345"],
    ),
    "values that end in one column": (
        "Номер замовлення: 12345\nСума:            50 грн\nДата:           1.02.26\nStatus:            paid",
        [
            "Номер замовлення = 12345 [:  ]",
            "Сума = 50 грн [:  ]",
            "Дата = 1.02.26 [:  ]",
            "Status = paid [:  ]",
            "+? Номер замовлення: 12345",
        ],
    ),
    "two ends make no column": (
        "Номер замовлення: 12345\nСума:            50 грн\nДата:           1.02.26",
        [
            "Номер замовлення = 12345 /odd [:]",
            "Сума = 50 грн [:  ]",
            "Дата = 1.02.26 [:  ]",
            "+? Номер замовлення: 12345",
        ],
    ),
    "a link among colons": (
        "Сума: 5 грн\nДата: 21.11.2026\nStatus: ok\nhttps://a.example/x",
        ["Сума = 5 грн [:]", "Дата = 21.11.2026 [:]", "Status = ok [:]", "+? Сума: 5 грн", "- https://a.example/x"],
    ),
}


@pytest.mark.parametrize("case", A_PAIR_ON_A_LINE_IS_READ_AS_IT_IS_SET)
def test_a_pair_on_a_line_is_read_as_it_is_set(case: str) -> None:
    """P07: whatever stands between a label and its value, both are read, and how they are set is told; the first pair's line may deny."""
    letter, wanted = A_PAIR_ON_A_LINE_IS_READ_AS_IT_IS_SET[case]
    assert told(read(letter)) == wanted


A_SPACE_ALONE_IS_A_WEAK_SIGN = {
    "numbers": (
        "Сума 5 грн\nНомер замовлення №12345",
        ["Сума = 5 грн /loose", "Номер замовлення = №12345 /loose", "+? Сума 5 грн", "+? Номер замовлення №12345"],
    ),
    "a reference": ("Номер замовлення WFP-1", ["Номер замовлення = WFP-1 /loose", "+? Номер замовлення WFP-1"]),
    "a sign of money": ("Сума $5", ["Сума = $5 /loose", "+? Сума $5"]),
    "words": ("Сума п'ять\nКоментар так", ["+ Сума п'ять", "+ Коментар так"]),
    "an event": (
        "Номер замовлення 12345 повернено\nСума: 5 грн",
        [
            "Номер замовлення = 12345 повернено /loose",
            "Сума = 5 грн [:]",
            "+? Номер замовлення 12345 повернено",
            "+? Сума: 5 грн",
        ],
    ),
    "under a label": ("Коментар\nСума 5 грн\nдалі", ["Коментар = Сума 5 грн /unsure [stacked]", "- далі"]),
    "under no label": ("далі\nСума 5 грн", ["Сума = 5 грн /loose", "+ далі", "+? Сума 5 грн"]),
    "two lines below a label": (
        "Коментар\nдалі\nСума 5 грн",
        ["Коментар = далі [stacked]", "Сума = 5 грн /loose", "-? Сума 5 грн"],
    ),
    "the longer label": (
        "Номер замовлення 1 Сума 5",
        ["Номер замовлення = 1 Сума 5 /loose", "+? Номер замовлення 1 Сума 5"],
    ),
    "words before a number": ("Сума більша за 5", ["+ Сума більша за 5"]),
}


@pytest.mark.parametrize("case", A_SPACE_ALONE_IS_A_WEAK_SIGN)
def test_a_space_alone_is_a_weak_sign(case: str) -> None:
    """A label with but a space behind it is one where a number or a reference follows, and doubted as one."""
    letter, wanted = A_SPACE_ALONE_IS_A_WEAK_SIGN[case]
    assert told(read(letter)) == wanted


PAIRS_SIDE_BY_SIDE = {
    "three": (
        "Побажання: так | Сума: 5 грн | Дата: 21.11.2026",
        [
            "Побажання = так [side]",
            "Сума = 5 грн /inner [side]",
            "Дата = 21.11.2026 /inner [side]",
            "+? Побажання так Сума 5 грн Дата 21.11.2026",
        ],
    ),
    "behind words": ("привіт | Сума: 5 грн", ["Сума = 5 грн /inner [side]", "+ привіт"]),
    "behind an empty label": (
        "Сума | Дата: 21.11.2026",
        ["Сума =  [side]", "Дата = 21.11.2026 /inner /unsure [side]", "+? Сума Дата 21.11.2026"],
    ),
    "around a label": (
        "Сума: 5 грн | Коментар | Дата: 21.11.2026",
        [
            "Сума = 5 грн /unsure [side]",
            "Коментар =  /inner [side]",
            "Дата = 21.11.2026 /inner /unsure [side]",
            "+? Сума 5 грн Коментар Дата 21.11.2026",
        ],
    ),
    "words between": (
        "Сума: 5 грн | так | Дата: 21.11.2026",
        ["Сума = 5 грн так [side]", "Дата = 21.11.2026 /inner [side]", "+? Сума 5 грн так Дата 21.11.2026"],
    ),
    "a label at the end": ("Сума: 5 грн | Коментар", ["Сума = 5 грн | Коментар [:]", "+? Сума: 5 грн | Коментар"]),
    "a clock": (
        "Сума: 5 грн | 14:05: так | Дата: 21.11.2026",
        [
            "Сума = 5 грн 14:05: так [side]",
            "Дата = 21.11.2026 /inner [side]",
            "+? Сума 5 грн 14:05: так Дата 21.11.2026",
        ],
    ),
    "a number with a colon": (
        "Сума: 5 грн | 12 34: x | Дата: 21.11.2026",
        ["Сума = 5 грн 12 34: x [side]", "Дата = 21.11.2026 /inner [side]", "+? Сума 5 грн 12 34: x Дата 21.11.2026"],
    ),
    "an address": (
        "Коментар: https://a.example/x   Сума: 5 грн",
        [
            "Коментар = https://a.example/x [side]",
            "Сума = 5 грн /inner [side]",
            "+? Коментар https://a.example/x Сума 5 грн",
        ],
    ),
    "an address behind": (
        "Сума: 5 грн   https://a.example/x   Дата: 21.11.2026",
        [
            "Сума = 5 грн https://a.example/x [side]",
            "Дата = 21.11.2026 /inner [side]",
            "+? Сума 5 грн https://a.example/x Дата 21.11.2026",
        ],
    ),
    "the unknown behind": (
        "Сума: 5 грн | Канал: web",
        ["Сума = 5 грн [side]", "Канал = web /inner [side]", "+? Сума 5 грн Канал web"],
    ),
    "by turns": (
        "Дата    21.11.2026    Сума    5 грн",
        ["Дата = 21.11.2026 [side]", "Сума = 5 грн /inner [side]", "+? Дата 21.11.2026 Сума 5 грн"],
    ),
    "semicolons": (
        "Сума: 5 грн; Дата: 21.11.2026; Канал: web",
        [
            "Сума = 5 грн [side]",
            "Дата = 21.11.2026 /inner [side]",
            "Канал = web /inner [side]",
            "+? Сума 5 грн Дата 21.11.2026 Канал web",
        ],
    ),
    "nobody knows": ("Канал: web | Мова: так", ["Канал = web | Мова: так [:]", "+? Канал: web | Мова: так"]),
    "words behind a label": (
        "Коментар | так | Сума: 5 грн",
        ["Коментар = так [side]", "Сума = 5 грн /inner [side]", "+? Коментар так Сума 5 грн"],
    ),
}


@pytest.mark.parametrize("case", PAIRS_SIDE_BY_SIDE)
def test_pairs_side_by_side(case: str) -> None:
    """All but the first of a line may be a payer's; a label that may be another's value is unsure."""
    letter, wanted = PAIRS_SIDE_BY_SIDE[case]
    assert told(read(letter)) == wanted


LABELS_IN_ELEMENTS_OF_THEIR_OWN = {
    "colons": (
        "<p><b>Сума:</b> 5 грн <b>Канал:</b> web <b>Дата:</b> 21.11.2026</p>",
        ["Сума = 5 грн", "Канал = web", "Дата = 21.11.2026", "+? Сума: 5 грн Канал: web Дата: 21.11.2026"],
    ),
    "by turns": (
        "<p><b>Сума</b> <i>5 грн</i> <b>Канал</b> <i>web</i> <b>Дата</b> <i>21.11.2026</i></p>",
        ["Сума = 5 грн", "Канал = web", "Дата = 21.11.2026", "+? Сума 5 грн Канал web Дата 21.11.2026"],
    ),
    "one colon": (
        "<p><b>Сума:</b> <i>5 грн</i> <b>Канал:</b> <i>web</i> <b>Дата</b> <i>21.11.2026</i></p>",
        ["Сума = 5 грн", "Канал = web", "Дата = 21.11.2026", "+? Сума: 5 грн Канал: web Дата 21.11.2026"],
    ),
    "words first": (
        "<p>Привіт <b>Сума:</b> 5 грн <b>Дата:</b> 21.11.2026</p>",
        ["Сума = 5 грн /inner [side]", "Дата = 21.11.2026 /inner [side]", "+ Привіт"],
    ),
    "a status that is a label": (
        "<p><b>Status</b> <i>Paid</i> <b>Сума</b> <i>5 грн</i></p>",
        ["Status = Paid", "Сума = 5 грн", "+? Status Paid Сума 5 грн"],
    ),
    "a status with a colon": (
        "<p><b>Status:</b> <b>Paid:</b> <i>5 грн</i></p>",
        ["Status = ", "Paid = 5 грн", "+? Status: Paid: 5 грн"],
    ),
    "a status later": (
        "<p><b>Сума</b> <i>5 грн</i> <b>Status</b> <i>Paid</i></p>",
        ["Сума = 5 грн", "Status = Paid", "+? Сума 5 грн Status Paid"],
    ),
    "one alone": ("<p><b>Сума</b> <i>5 грн</i></p>", ["Сума = 5 грн [•\u001f]", "+? Сума 5 грн"]),
    "values in two elements": (
        "<p><b>Сума</b> <i>5</i> <i>грн</i> <b>Дата</b> <i>21.11.2026</i> <i>14:05</i></p>",
        ["Сума = 5 грн", "Дата = 21.11.2026 14:05", "+? Сума 5 грн Дата 21.11.2026 14:05"],
    ),
    "two numbers for a value": (
        "<p><b>Номер замовлення:</b> <i>12345</i> <i>2</i> <b>Сума:</b> <i>5 грн</i></p>",
        ["Номер замовлення = 12345 2", "Сума = 5 грн", "+? Номер замовлення: 12345 2 Сума: 5 грн"],
    ),
    "a word more at the end": (
        "<p><b>Сума</b> <i>5 грн</i> <b>Дата</b> <i>21.11.2026</i> <i>разом</i></p>",
        ["Сума = 5 грн", "Дата = 21.11.2026 разом", "+? Сума 5 грн Дата 21.11.2026 разом"],
    ),
    "a word more between": (
        "<p><b>Сума</b> <i>5</i> <i>грн</i> <b>Дата</b> <i>21.11.2026</i></p>",
        ["Сума = 5 грн", "Дата = 21.11.2026", "+? Сума 5 грн Дата 21.11.2026"],
    ),
    "a value cut within a word": (
        "<p><b>Номер замовлення</b> <i>A</i><u>B-7</u> <b>Сума</b> <i>5 грн</i></p>",
        ["Номер замовлення = AB-7", "Сума = 5 грн", "+? Номер замовлення AB-7 Сума 5 грн"],
    ),
    "a number with a colon": (
        "<p><b>Сума:</b> 5 грн <b>12:</b> web <b>Дата:</b> 21.11.2026</p>",
        ["Сума = 5 грн 12: web", "Дата = 21.11.2026", "+? Сума: 5 грн 12: web Дата: 21.11.2026"],
    ),
}


@pytest.mark.parametrize("case", LABELS_IN_ELEMENTS_OF_THEIR_OWN)
def test_labels_in_elements_of_their_own(case: str) -> None:
    """In one line of elements the known labels show which of the others are labels."""
    letter, wanted = LABELS_IN_ELEMENTS_OF_THEIR_OWN[case]
    assert told(read(letter)) == wanted


A_LABEL_OVER_ITS_VALUE = {
    "by turns": (
        "Сума:\n5 грн\nДата:\n21.11.2026\nКанал:\nweb",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "Канал = web [stacked]"],
    ),
    "without colons": (
        "Сума\n5 грн\nДата\n21.11.2026\nКанал\nweb",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "- Канал", "- web"],
    ),
    "paragraphs": (
        "Сума\n5 грн\n\nДата\n21.11.2026\n\nКанал\nweb",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "Канал = web"],
    ),
    "one known paragraph": ("Сума\n5 грн\n\nКанал\nweb", ["Сума = 5 грн [stacked]", "- Канал", "- web"]),
    "a paragraph that is a sentence": (
        "Сума\n5 грн\n\nДата\n21.11.2026\n\nДякуємо за оплату.\nweb",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "- Дякуємо за оплату.", "- web"],
    ),
    "a paragraph that is a number": (
        "Сума\n5 грн\n\nДата\n21.11.2026\n\n12345\nweb",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "- 12345", "- web"],
    ),
    "a paragraph of three": (
        "Сума\n5 грн\n\nДата\n21.11.2026\n\nКанал\nweb\nще",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "- Канал", "- web", "- ще"],
    ),
    "a known paragraph of three": (
        "Сума\n5 грн\n\nДата\n21.11.2026\nще\n\nКанал\nweb",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "- ще", "- Канал", "- web"],
    ),
    "before the first": (
        "Канал\nweb\n\nСума\n5 грн\n\nДата\n21.11.2026",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "+ Канал", "+ web"],
    ),
    "among pairs": (
        "Дата: 21.11.2026\nСума\n5 грн\nКоментар\nтак",
        [
            "Дата = 21.11.2026 /odd [:]",
            "Сума = 5 грн /unsure",
            "Коментар = так /unsure",
            "+? Дата: 21.11.2026",
            "- Сума",
            "- 5 грн",
            "- Коментар",
            "- так",
        ],
    ),
    "before pairs": (
        "Сума\n5 грн\nДата: 21.11.2026\nStatus: ok",
        ["Сума = 5 грн /unsure", "Дата = 21.11.2026 [:]", "Status = ok [:]", "+ Сума", "- 5 грн"],
    ),
    "a label under a label among pairs": (
        "Дата: 21.11.2026\nStatus: ok\nСума\nКоментар\nтак",
        [
            "Дата = 21.11.2026 [:]",
            "Status = ok [:]",
            "Сума = ",
            "Коментар = так /unsure",
            "+? Дата: 21.11.2026",
            "- Сума",
            "- Коментар",
            "- так",
        ],
    ),
    "one pair among more labels": (
        "Дата: 21.11.2026\nСума\n5 грн\nКоментар\nтак\nНомер замовлення\n12345",
        [
            "Дата = 21.11.2026 /odd [:]",
            "Сума = 5 грн [stacked]",
            "Коментар = так [stacked]",
            "Номер замовлення = 12345 [stacked]",
            "+? Дата: 21.11.2026",
        ],
    ),
    "a word of status over words": ("Paid\nщось\n\nСума: 5 грн", ["Paid = ", "Сума = 5 грн [:]", "+ Paid", "- щось"]),
    "a word of status over a number": (
        "Paid\n12345\n\nСума: 5 грн",
        ["Paid = 12345 /unsure", "Сума = 5 грн [:]", "+ Paid", "- 12345"],
    ),
}


@pytest.mark.parametrize("case", A_LABEL_OVER_ITS_VALUE)
def test_a_label_over_its_value(case: str) -> None:
    """P07: a line under a lone label is its value where label and value take turns, and doubted among lines that hold both."""
    letter, wanted = A_LABEL_OVER_ITS_VALUE[case]
    assert told(read(letter)) == wanted


BLANK_LINES_BETWEEN_LABELS_AND_VALUES = {
    "all": (
        "Сума\n\n5 грн\n\nДата\n\n21.11.2026\n\nКоментар\n\nтак",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "Коментар = так [stacked]"],
    ),
    "the last without": (
        "Сума\n\n5 грн\n\nДата\n\n21.11.2026\n\nКоментар",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "Коментар = ", "- Коментар"],
    ),
    "one looks wrong": (
        "Сума\n\nп'ять\n\nДата\n\n21.11.2026",
        ["Сума = ", "Дата = ", "+ Сума", "- п'ять", "- Дата", "- 21.11.2026"],
    ),
    "one alone looks right": (
        "Сума\n\n5 грн\n\nКоментар\n\nтак",
        ["Сума = ", "Коментар = ", "+ Сума", "- 5 грн", "- Коментар", "- так"],
    ),
    "one label": ("Сума\n\n5 грн\n\nтак", ["Сума = ", "+ Сума", "- 5 грн", "- так"]),
    "a label with a line under it": (
        "Сума\n\n5 грн\n\nДата\n21.11.2026\n\nКоментар\n\nтак",
        ["Сума = ", "Дата = 21.11.2026 [stacked]", "Коментар = ", "+ Сума", "- 5 грн", "- Коментар", "- так"],
    ),
    "two blank lines": (
        "Сума\n\n\n5 грн\n\n\nДата\n\n\n21.11.2026",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]"],
    ),
    "a label under a label": (
        "Коментар\n\nСума\n\n5 грн\n\nДата\n\n21.11.2026",
        ["Коментар = ", "Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "+ Коментар"],
    ),
    "among pairs": (
        "Status: ok\nКоментар: x\n\nСума\n\n5 грн\n\nДата\n\n21.11.2026",
        [
            "Status = ok [:]",
            "Коментар = x [:]",
            "Сума = ",
            "Дата = ",
            "+? Status: ok",
            "- Сума",
            "- 5 грн",
            "- Дата",
            "- 21.11.2026",
        ],
    ),
    "a value of two lines": (
        "Сума\n\n5 грн\nще\n\nДата\n\n21.11.2026",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]", "- ще"],
    ),
    "a blank line at the end": (
        "Сума\n\n5 грн\n\nДата\n\n21.11.2026\n\n\n",
        ["Сума = 5 грн [stacked]", "Дата = 21.11.2026 [stacked]"],
    ),
    "one label right over a line": (
        "Сума\n\n5 грн\n\nДата\n\n21.11.2026\n\nКоментар\nтак",
        ["Сума = ", "Дата = ", "Коментар = так [stacked]", "+ Сума", "- 5 грн", "- Дата", "- 21.11.2026"],
    ),
}


@pytest.mark.parametrize("case", BLANK_LINES_BETWEEN_LABELS_AND_VALUES)
def test_blank_lines_between_labels_and_values(case: str) -> None:
    """A value stands below a blank line only where all do and two at least look like values of their labels."""
    letter, wanted = BLANK_LINES_BETWEEN_LABELS_AND_VALUES[case]
    assert told(read(letter)) == wanted


WHAT_A_MAIL_PROGRAM_WRITES_OVER_A_FORWARD = {
    "english": (
        "Begin forwarded message:\nFrom: a\nДата: 1 січня\nTo: b\n\nДата: 21.11.2026",
        ["Дата = 21.11.2026 [:]", "+? Дата: 21.11.2026"],
    ),
    "dashes": (
        "---- Original ----\nДата: 1 січня\n\nДата: 21.11.2026",
        ["Дата = 21.11.2026 [:]", "+? Дата: 21.11.2026"],
    ),
    "one header": ("---- Пересланий лист ----\nВід: a\nСума: 5 грн", ["Сума = 5 грн [:]", "+? Сума: 5 грн"]),
    "a header in a value": (
        "---- Original ----\nFrom: a\nКоментар: дата: так\nСума: 5 грн",
        ["Коментар = дата: так [:]", "Сума = 5 грн [:]", "+? Коментар: дата: так"],
    ),
    "another heading": (
        "---- Додатково ----\nДата: 21.11.2026",
        ["Дата = 21.11.2026 [:]", "+ ---- Додатково ----", "+? Дата: 21.11.2026"],
    ),
    "half a line": (
        "Original ----\nДата: 21.11.2026",
        ["Дата = 21.11.2026 [:]", "+ Original ----", "+? Дата: 21.11.2026"],
    ),
    "the other half": (
        "---- Original\nДата: 21.11.2026",
        ["Дата = 21.11.2026 [:]", "+ ---- Original", "+? Дата: 21.11.2026"],
    ),
    "at the end": ("Сума: 5 грн\n---- Original ----\nДата: 1 січня", ["Сума = 5 грн [:]", "+? Сума: 5 грн"]),
    "a sentence about it": (
        "Ми не пишемо, що begin forwarded message\nДата: 21.11.2026",
        ["Дата = 21.11.2026 [:]", "+ Ми не пишемо, що begin forwarded message", "+? Дата: 21.11.2026"],
    ),
}


@pytest.mark.parametrize("case", WHAT_A_MAIL_PROGRAM_WRITES_OVER_A_FORWARD)
def test_what_a_mail_program_writes_over_a_forward(case: str) -> None:
    """The headers under the line of a forward are no fields; the letter's own first line behind them is one."""
    letter, wanted = WHAT_A_MAIL_PROGRAM_WRITES_OVER_A_FORWARD[case]
    assert told(read(letter)) == wanted


def test_an_empty_line_says_nothing() -> None:
    """A pair behind a blank line is still right behind the pair before it; behind a line of words it is not."""
    assert [pair.direct for pair in read("Сума: 5 грн\n\nДата: 21.11.2026\nДякуємо\nStatus: ok").pairs] == [
        False,
        True,
        False,
    ]
