"""What any reader understands at once: labels in two languages, ticks, marks and words around a value. And what looks like it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from parsers import wayforpay
from reconciler.extract.fieldnames import LABELS
from reconciler.extract.labels import read_html, read_text
from reconciler.extract.page import Page, folded
from reconciler.model import Address, Kind, Message, Notice, TextPart
from reconciler.money import Money

REFERENCE = "WFP-SOC-1234567-6ac4b29136b28"
Rows = Sequence[tuple[str, str]]
ROWS: Rows = (
    ("Статус", "Успішно"), ("Сума", "1 250,00 грн"), ("Номер платежу", REFERENCE), ("Дата", "21.11.2026 14:05:33"),
    ("Номер замовлення", "12345"),
)  # fmt: skip
ENGLISH = {
    "Статус": "Status",
    "Сума": "Amount",
    "Номер платежу": "Payment ID",
    "Дата": "Date",
    "Номер замовлення": "Order number",
}
TABLE = ("<table>{}</table>", "<tr><td>{}</td><td>{}</td></tr>")
TEXT = ("{}", "{}: {}\n")


def letter(rows: Rows, form: tuple[str, str] = TABLE, head: str = "Успішний платіж") -> Message:
    whole, row = form
    content = whole.format("".join(row.format(label, value) for label, value in rows))
    html = "<" in row
    part = TextPart(path="1", content=f"<p>{head}</p>{content}" if html else f"{head}\n\n{content}", charset="utf-8")
    return Message(
        raw=b"",
        sha256="",
        senders=(Address(name="", email="notify@wayforpay.com.ua"),),
        subject="Платіж",
        htmls=(part,) if html else (),
        texts=() if html else (part,),
    )


def read(rows: Rows, form: tuple[str, str] = TABLE, head: str = "Успішний платіж") -> Notice:
    (notice,) = wayforpay.parse(letter(rows, form, head))
    return notice


def but(label: str, value: str) -> Rows:
    """The rows with another value under one label."""
    return [(name, value if name == label else told) for name, told in ROWS]


def assert_whole(notice: Notice) -> None:
    assert notice.kind is Kind.PAYMENT
    assert notice.amount == Money.from_minor(125000, "UAH")
    assert notice.transaction_id == REFERENCE
    assert notice.paid_at == datetime(2026, 11, 21, 12, 5, 33, tzinfo=UTC)
    assert notice.order_number == "12345"


# ---------------------------------------------------------------- labels in two languages


JOINTS = ("{} / {}", "{}/{}", "{} ({})", "{} | {}", "{} - {}", "{} – {}", "{}, {}", "{} · {}", "{}\u00a0/\u00a0{}")
IN_CELLS = ("{}<br>{}", "{}<br><small>{}</small>", "{}<div>{}</div>", "{} <i>{}</i>", "<p>{}</p><p>{}</p>")


def bilingual(joint: str) -> Rows:
    return [(joint.format(label, ENGLISH[label]), value) for label, value in ROWS]


@pytest.mark.parametrize("joint", [*JOINTS, *IN_CELLS])
def test_a_label_in_two_languages_is_that_label(joint: str) -> None:
    """P02: "Сума / Amount" is the sum, however the two are parted, and one below the other too."""
    assert_whole(read(bilingual(joint)))
    assert_whole(read([(joint.format(ENGLISH[label], label), value) for label, value in ROWS]))


@pytest.mark.parametrize("joint", JOINTS)
@pytest.mark.parametrize("parted", ["{}: {}\n", "{}   {}\n"])
def test_a_label_in_two_languages_begins_a_line_of_text(joint: str, parted: str) -> None:
    """P02: "Сума | Amount: 1 250,00" is one pair."""
    assert_whole(read(bilingual(joint), ("{}", parted)))


def page_of(content: str) -> Page:
    fields = {name: folded(labels) for name, labels in LABELS.items()}
    read = read_html if content.startswith("<") else read_text
    return read("1", content, frozenset[str]().union(*fields.values()), fields=fields)


def test_a_label_with_its_translation_has_one_currency() -> None:
    """A currency behind either of them counts, and two of them are none."""
    page = page_of("Сума, грн / Amount, UAH: 5\nДата: 1\nСума / Amount, UAH: 6\n")
    assert [(pair.label, pair.unit) for pair in page.pairs if pair.key == "cyma"] == [("Сума / Amount, UAH", "UAH")]


@pytest.mark.parametrize(
    "label", ["Сума / Дата", "Сума / Знижка", "Сума комісії / Amount", "Сума - Платник", "Сума (Дата)", "Сума / Сума"]
)
def test_labels_of_two_fields_are_no_label(label: str) -> None:
    """P02: what is not all labels of one field is none, as a longer label is another."""
    page = page_of(f"<table><tr><td>{label}</td><td>1,00</td></tr></table>")
    assert not [pair for pair in page.pairs if pair.key in page.known and pair.value == "1,00"]


@pytest.mark.parametrize(
    "typed", ["Сума / Amount: 1,00", "Сума / Amount<br>1,00", "5<br>Сума<br>Amount", "Сума | Amount"]
)
@pytest.mark.parametrize("label", ["Платник", "Номер замовлення"])
def test_a_payer_types_no_label_in_two_languages(label: str, typed: str) -> None:
    """A payer's value in a cell of its own is no sum, in two languages as in one."""
    rows = [*but(label, typed), *([(label, typed)] if label == "Платник" else [])]
    page = page_of(TABLE[0].format("".join(TABLE[1].format(*row) for row in rows)))
    assert {pair.value for pair in page.pairs if pair.key == "cyma"} <= {"1 250,00 грн", ""}


def test_two_labels_of_one_field_beside_two_values_stay_two() -> None:
    """A cell of two labels beside one of two values is no label with its translation."""
    page = page_of("<table><tr><td>Сума<br>Разом</td><td>5 грн<br>6 грн</td></tr></table>")
    assert [(pair.label, pair.value) for pair in page.pairs] == [("Сума", "5 грн"), ("Разом", "6 грн")]
