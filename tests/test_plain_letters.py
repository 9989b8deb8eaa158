"""What any reader understands at once: labels in two languages, ticks, marks and words around a value. And what looks like it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from parsers import wayforpay
from reconciler.errors import HeldError
from reconciler.extract.fieldnames import LABELS
from reconciler.extract.layout.labeltable import LabelTable, folded
from reconciler.extract.layout.page import Page
from reconciler.extract.layout.reader import read_html, read_text
from reconciler.extract.values.amounts import read_amount
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


def is_payment(rows: Rows, head: str) -> bool:
    try:
        return read(rows, head=head).kind is Kind.PAYMENT
    except HeldError:
        return False


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
    return read("1", content, LabelTable(known=frozenset[str]().union(*fields.values()), fields=fields))


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
    assert not [pair for pair in page.pairs if pair.key in page.labels.known and pair.value == "1,00"]


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


# ---------------------------------------------------------------- statuses


PAID = (
    "Платіж отримано", "Оплата пройшла успішно", "Платіж пройшов успішно", "Payment received", "Оплата получена", "Платёж успешен",
    "Зараховано", "Оплата прошла", "Ok", "OK (1100)", "Approved (Ok, 1100)", "Успішно (Approved)", "Успішно | Approved", "Успішно - Approved",
    "✅ Успішна оплата", "🟢 Approved", "Оплачено ✓", "✔️ Оплачено", "`Успішно`", "**Approved**",
)  # fmt: skip
NOT_PAID = (
    "Оплата не пройшла", "Платіж не отримано", "Payment not received", "Unsuccessful", "Не зараховано", "Not ok", "Ok?", "Оплата пройшла?",
    "Якщо оплата пройшла", "Оплата пройде", "OK (1101)", "Approved (1134)", "❌ Оплачено", "⏳ Успішно", "~~Успішно~~", "Отримано", "Received",
    "Запит отримано", "Замовлення отримано", "Request received", "1100", "✅", "Переказ зараховано", "Approved*", "Пройшла", "",
)  # fmt: skip


@pytest.mark.parametrize("status", PAID)
def test_a_phrase_of_success_is_a_status(status: str) -> None:
    """P11: what anybody reads as a payment made, with a tick, marks or its code, is one."""
    assert_whole(read(but("Статус", status), head="Платіж"))


@pytest.mark.parametrize("status", NOT_PAID)
def test_what_is_no_phrase_of_success_is_no_status(status: str) -> None:
    """P11: a denial, a question, a condition, another code, a cross, or a word that is said of other things too."""
    assert not is_payment(but("Статус", status), "Платіж")


@pytest.mark.parametrize("head", [*PAID[:6], "Оплата прошла", "✅ Оплата пройшла успішно"])
def test_a_phrase_of_success_is_a_headline(head: str) -> None:
    """P11: the same words over the fields, where no status stands."""
    assert_whole(read(ROWS[1:], head=head))


@pytest.mark.parametrize(
    "head",
    ["Оплата не прошла", "Оплата пройшла?", "Чи пройшла оплата", "Якщо оплата пройшла", "Оплата пройшла до банку"],
)
def test_what_only_looks_like_it_is_no_headline(head: str) -> None:
    """P11: a denial, a question, a condition and a word that nobody knows make no payment."""
    assert not is_payment(ROWS[1:], head)


# ---------------------------------------------------------------- sums, and marks around values


@pytest.mark.parametrize(
    "printed",
    [
        "1250.00 (UAH)", "1 250,00 грн (одна тисяча двісті п'ятдесят гривень)", "1250.0000 UAH", "+1 250,00 грн", "+ 1250 ₴",
        "1 250,00 грн (одна тисяча двісті п'ятдесят гривень 00 копійок)", "1 250,00 UAH (грн)", "**1 250,00 грн**", "1250,000000 UAH",
    ],
)  # fmt: skip
def test_a_sum_as_others_print_it(printed: str) -> None:
    """P03: a currency or the sum in words behind it, the zeros of a database, a plus."""
    assert read_amount(printed) == (Decimal("1250.00"), "UAH")


@pytest.mark.parametrize(
    "printed",
    [
        "1250.00 UAH (USD)", "1250.000 UAH", "1250.0050 UAH", "+380671234567", "+1250", "(1 250,00 грн)", "+-5 грн", "1250.00 (5)",
        "1 250,00 грн (одна тисяча двісті п'ятдесят гривень 50 копійок)", "`1250 грн", "1250 грн (1251 грн)", "1 250 (грн) 00", "«5» «6» грн",
    ],
)  # fmt: skip
def test_a_sum_that_is_not_told_is_refused(printed: str) -> None:
    """P03: two currencies, words of another sum, decimals that are no zeros, a telephone, a sum in brackets."""
    with pytest.raises(HeldError):
        read_amount(printed)


@pytest.mark.parametrize("marks", ["`{}`", "**{}**", "*{}*", "_{}_", "__{}__", '"{}"', "«{}»", "“{}”", "'{}'", "[{}]"])
@pytest.mark.parametrize("form", [TABLE, TEXT])
def test_marks_around_a_value_are_not_of_it(marks: str, form: tuple[str, str]) -> None:
    """P04: the reference without its backticks is the payment's key, and the order's number is without them too."""
    assert_whole(read([(label, marks.format(value)) for label, value in ROWS], form))


@pytest.mark.parametrize(
    "printed",
    [
        "14:05:33 21.11.2026",
        "14:05:33, 21.11.2026",
        "Sat Nov 21 14:05:33 EET 2026",
        "20261121140533",
        "`21.11.2026 14:05:33`",
    ],
)
def test_a_moment_in_another_order(printed: str) -> None:
    """P05: the time first, as Java prints it, or digits alone."""
    assert_whole(read(but("Дата", printed)))


def test_a_moment_with_its_units() -> None:
    """P05: hours and minutes by their words."""
    assert read(but("Дата", "21.11.2026, 14 год 05 хв")).paid_at == datetime(2026, 11, 21, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "printed",
    [
        "14:05 21.11.26",
        "Sat Nov 21 14:05:33 CET 2026",
        "20261321140533",
        "2026112114053",
        "1763726733",
        "25:05 21.11.2026",
    ],
)
def test_a_moment_that_is_not_told_is_held(printed: str) -> None:
    """P05: a short year, a zone of other letters, a month that is none, seconds of a computer."""
    with pytest.raises(HeldError):
        read(but("Дата", printed))
