"""A letter's labelled values → its fields: each has one reading, or the letter says which two it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from reconciler.errors import FieldAmbiguous, FieldMissing, FieldUnreadable, HeldError, Unreadable
from reconciler.extract.facts import amount_of, is_addressed, merchant_names, order_of, payer_of, told, transaction_id
from reconciler.extract.fields import Sheet, bare, is_empty, read_money, read_paid_at, statuses, words_of
from reconciler.extract.layout.labeltable import folded
from reconciler.extract.layout.page import LONGEST_TEXT
from reconciler.extract.values.amounts import Manner
from reconciler.extract.values.dates import Precision
from reconciler.extract.values.references import others_like
from reconciler.message import decode
from reconciler.model import Kind, Message

KYIV = ZoneInfo("Europe/Kyiv")
LABELS = {
    "amount": ("Сума", "До сплати"),
    "refund_amount": ("Сума повернення",),
    "currency": ("Валюта",),
    "date": ("Дата", "Дата оплати"),
    "time": ("Час", "Година"),
    "reference": ("Номер платежу", "RRN"),
    "order": ("Номер замовлення", "Призначення"),
    "any_order": ("Коментар",),
    "merchant": ("Магазин", "Сайт"),
    "payer": ("Платник",),
    "email": ("Email",),
    "phone": ("Телефон",),
    "card": ("Картка",),
    "status": ("Статус",),
    "operation": ("Операція",),
}
REFERENCE = "WFP-SOC-1234567-6ac4b29136b28"


def letter(*lines: str, html: str = "", subject: str = "Платіж") -> Message:
    mail = EmailMessage()
    mail["From"] = "notify@pay.example"
    mail["To"] = "Pay <Pay@Example.ua>, second@example.ua"
    mail["Subject"] = subject
    mail.set_content("\n".join(lines))
    if html:
        mail.add_alternative(html, subtype="html")
    return decode(mail.as_bytes())


def sheet(*lines: str, html: str = "", manner: Manner | None = None) -> Sheet:
    return Sheet("example", letter(*lines, html=html), LABELS, manner=manner or Manner())


def held(read: Callable[[], object]) -> HeldError:
    with pytest.raises(HeldError) as found:
        read()
    return found.value


# ---------------------------------------------------------------- what a value is


@pytest.mark.parametrize(
    "value",
    ["", " ", "-", "— —", "...", "***", "н/д", "(N/A)", "None", "null", "немає", "нет", "відсутній", "отсутствует",
     "не вказано", "не указана", "not specified", "Not Provided", "порожньо", "пусто", "(empty)", "-" * 200, "-" * 201],
)  # fmt: skip
def test_senders_print_nothing_in_many_ways(value: str) -> None:
    """A dash, "н/д" or "не вказано" is no value, however long the line is."""
    assert is_empty(value)


@pytest.mark.parametrize("value", ["0", "12345", "нетто", "немає номера", "- 5", "x" + "-" * 201, "N/A 7"])
def test_what_says_anything_is_a_value(value: str) -> None:
    """P16: only the words for nothing, and nothing beside them, are nothing."""
    assert not is_empty(value)


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("`A1`", "A1"),
        ("«A1».", "A1"),
        ("[A1],", "A1"),
        ("A1...", "A1"),
        (" A1; ", "A1"),
        ("A.1", "A.1"),
        ("(A1)", "A1"),
    ],
)
def test_marks_around_a_reference_go(printed: str, value: str) -> None:
    """Quotes, brackets and the end of a sentence are none of a reference; a point within it is."""
    assert bare(printed) == value


# ---------------------------------------------------------------- sums


@pytest.mark.parametrize(
    ("lines", "money"),
    [
        (["Сума: 1 250,00 грн"], "1250.00 UAH"),
        (["Сума: 1250", "Валюта: UAH"], "1250.00 UAH"),
        (["Сума: 1250 грн", "Валюта: ₴"], "1250.00 UAH"),
        (["Сума: 1250 грн", "До сплати: 1250,00"], "1250.00 UAH"),
        (["Сума: 1250 грн", "Валюта: -"], "1250.00 UAH"),
        (["Валюта: UAH"], None),
        ([], None),
    ],
)
def test_a_sum_and_its_currency(lines: list[str], money: str | None) -> None:
    """P05: beside the sum or under a label of its own, once or as often as it agrees; no label is no sum."""
    found = read_money(sheet(*lines), "amount")
    assert (None if found is None else str(found)) == money


def test_a_senders_currency_is_for_sums_that_print_none() -> None:
    """P05: the settings' currency never takes the place of a printed one."""
    hryvnia = Manner(currency="UAH")
    assert str(read_money(sheet("Сума: 1250", manner=hryvnia), "amount")) == "1250.00 UAH"
    assert str(read_money(sheet("Сума: 1250 USD", manner=hryvnia), "amount")) == "1250.00 USD"


@pytest.mark.parametrize(
    ("lines", "error", "facts"),
    [
        (["Сума: 1250"], FieldMissing, {"field": "currency"}),
        (["Сума: 1250 грн", "Валюта: USD"], FieldAmbiguous, {"field": "currency", "values": ["1250 грн", "USD"]}),
        (["Сума: 1250 грн", "Валюта: бали"], FieldUnreadable, {"field": "currency", "value": "бали"}),
        (["Сума: 1250 грн", "До сплати: 1251 грн"], FieldAmbiguous, {"values": ["1250 грн", "1251 грн"]}),
        (["Сума: 1250 грн", "До сплати: 1250 USD"], FieldAmbiguous, {"field": "currency"}),
        (["Сума: 1,250 грн"], FieldAmbiguous, {"parser": "example", "label": "Сума", "values": ["1250", "1.250"]}),
        (["Сума: 0 грн"], FieldUnreadable, {"parser": "example", "label": "Сума"}),
        (["Сума: -5 грн"], FieldUnreadable, {"label": "Сума"}),
    ],
)
def test_a_sum_that_is_none_says_why(lines: list[str], error: type[HeldError], facts: dict[str, object]) -> None:
    """P05: which label, which values, by which sender's reading: a person decides by these."""
    found = held(lambda: read_money(sheet(*lines), "amount"))
    assert type(found) is error
    assert found.facts["parser"] == "example"
    assert {name: found.facts[name] for name in facts} == facts


@pytest.mark.parametrize(
    ("value", "is_sum"),
    [("1250 грн", True), ("21.11.2026", False), ("21/11/26", False), ("14:05", False), ("2026 р.", False), ("Успішно", False),
     ("1-2 грн", None), ("12.50 грн", True)],
)  # fmt: skip
def test_a_label_for_sums_and_dates_is_read_by_its_value(value: str, is_sum: bool | None) -> None:
    """P05: where a sender writes one label over a sum here and a date or a word there, only a sum is one."""
    either = folded(("Сума",))
    read = sheet(f"Сума: {value}")
    if is_sum is None:
        held(lambda: read_money(read, "amount", either=either))
    else:
        assert (read_money(read, "amount", either=either) is not None) is is_sum


@pytest.mark.parametrize(
    ("kind", "lines", "money"),
    [
        (Kind.REFUND, ["Сума: 100 грн", "Сума повернення: 30 грн"], "30.00 UAH"),
        (Kind.REFUND, ["Сума: -100 грн"], "100.00 UAH"),
        (Kind.REFUND, ["Сума повернення: -30 грн"], "30.00 UAH"),
        (Kind.PAYMENT, ["Сума: 100 грн", "Сума повернення: 30 грн"], "100.00 UAH"),
        (Kind.PAYMENT, ["Сума повернення: 30 грн"], None),
    ],
)
def test_money_back_has_a_label_of_its_own(kind: Kind, lines: list[str], money: str | None) -> None:
    """P05: what was given back goes before what was paid; a payment never takes it."""
    found = amount_of(sheet(*lines), kind)
    assert (None if found is None else str(found)) == money


# ---------------------------------------------------------------- when


@pytest.mark.parametrize(
    ("lines", "instant", "precision"),
    [
        (["Дата: 21.11.2026 14:05"], "2026-11-21T12:05:00+00:00", Precision.MINUTE),
        (["Дата: 21.11.2026", "Час: 14:05:33"], "2026-11-21T12:05:33+00:00", Precision.SECOND),
        (["Дата: 21.11.2026", "Дата оплати: 21.11.2026 14:05:33"], "2026-11-21T12:05:33+00:00", Precision.SECOND),
        (["Дата оплати: 21.11.2026 14:05:33", "Дата: 21.11.2026 14:05"], "2026-11-21T12:05:33+00:00", Precision.SECOND),
        (["Дата: 21.11.2026"], "2026-11-20T22:00:00+00:00", Precision.DAY),
        (["Дата: 21.11.2026", "Ми працюємо до 18:00 щодня"], "2026-11-20T22:00:00+00:00", Precision.DAY),
        (["Дата: 21.11.2026", "Час: 14:05", "Час оплати: -"], "2026-11-21T12:05:00+00:00", Precision.MINUTE),
        (["Дата: сьогодні", "Дата оплати: 21.11.2026 14:05"], "2026-11-21T12:05:00+00:00", Precision.MINUTE),
    ],
)
def test_a_moment_under_its_labels(lines: list[str], instant: str, precision: Precision) -> None:
    """P19: the finest of those that agree; a day and its time of day under labels of their own are one moment."""
    read = sheet(*lines)
    found = read_paid_at(read, zone=KYIV)
    assert found is not None
    assert (found.instant.isoformat(), found.precision) == (instant, precision)
    assert "paid_at" in {span.field for span in read.spans}


def test_a_day_under_a_label_for_sums_too() -> None:
    """P19: where a sender writes one label over a sum here and a date there, a date is when it was paid."""
    found = read_paid_at(sheet("Сума: 21.11.2026 14:05"), zone=KYIV, either=folded(("Сума",)))
    assert found is not None
    assert found.instant.hour == 12
    assert read_paid_at(sheet("Сума: 21.11.2026 14:05"), zone=KYIV) is None
    assert read_paid_at(sheet("Сума: 1250 грн"), zone=KYIV, either=folded(("Сума",))) is None


def test_two_clocks_agree_as_moments_do() -> None:
    """P19: "14:05" and "14:05:33" are one time of day, "14:05" and "15:05" are two."""
    found = read_paid_at(sheet("Дата: 21.11.2026", "Час: 14:05", "Година: 14:05:33"), zone=KYIV)
    assert found is not None
    assert found.instant.minute == 5
    two = sheet("Дата: 21.11.2026", "Час: 14:05", "Година: 15:05")
    assert held(lambda: read_paid_at(two, zone=KYIV)).facts["values"] == ["14:05", "15:05"]


@pytest.mark.parametrize("lines", [["Час: 14:05"], ["Дата: сьогодні"], ["Сума: 5 грн"]])
def test_without_a_day_there_is_no_moment(lines: list[str]) -> None:
    """P19: a time of day alone is when nobody knows."""
    assert read_paid_at(sheet(*lines), zone=KYIV) is None


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (["Дата: 21.11.2026", "Дата оплати: 22.11.2026"], ["21.11.2026", "22.11.2026"]),
        (["Дата: 21.11.2026 14:05", "Дата оплати: 21.11.2026 14:06:00"], ["21.11.2026 14:05", "21.11.2026 14:06:00"]),
        (["Дата: 21.11.2026", "Оформлено: 14:05"], ["21.11.2026", "14:05"]),
        (["Дата: 21.11.2026", "Оброблено о 14:05:33, дякуємо"], ["21.11.2026", "Оброблено о 14:05:33, дякуємо"]),
    ],
)
def test_two_moments_are_ambiguous(lines: list[str], values: list[str]) -> None:
    """P19: two days, two times, or a day beside a time that nobody's label explains: all of them are named."""
    found = held(lambda: read_paid_at(sheet(*lines), zone=KYIV))
    assert found.facts["field"] == "paid_at"
    assert set(values) <= set(found.facts["values"])


# ---------------------------------------------------------------- references and orders


@pytest.mark.parametrize(
    ("lines", "reference"),
    [
        (["Номер платежу: A1"], "A1"),
        (["Номер платежу: «A1»."], "A1"),
        (["Номер платежу: A1", "RRN: A1"], "A1"),
        ([f"Номер платежу: {REFERENCE}", "RRN: 123456789012"], REFERENCE),
        (["RRN: 123456789012", f"Номер платежу: {REFERENCE}"], REFERENCE),
        ([f"Номер замовлення: {REFERENCE}"], None),
        ([], None),
    ],
)
def test_a_reference_has_one_reading(lines: list[str], reference: str | None) -> None:
    """P16: the gateway's own goes before other numbers; under the order's label alone it is none."""
    assert transaction_id(sheet(*lines)) == reference


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["Номер платежу: A1", "RRN: A2"], FieldAmbiguous),
        (["Номер платежу: A1", f"Номер замовлення: {REFERENCE}"], FieldAmbiguous),
        (["Номер платежу: A1", f"Коментар: {REFERENCE}"], FieldAmbiguous),
        ([f"Номер платежу: {REFERENCE}", f"RRN: {REFERENCE[:-1]}9"], FieldAmbiguous),
        (["Номер платежу: дякую"], FieldUnreadable),
        (["Номер платежу: 12 34"], FieldUnreadable),
        (["Номер платежу: A1", "RRN: дякую"], FieldUnreadable),
    ],
)
def test_a_reference_of_two_readings_is_none(lines: list[str], error: type[HeldError]) -> None:
    """P16: two numbers, two words, or a word without a digit are no reference."""
    found = held(lambda: transaction_id(sheet(*lines)))
    assert type(found) is error
    assert (found.facts["parser"], found.facts["field"]) == ("example", "transaction_id")


def test_a_label_with_a_reference_and_another_value_is_ambiguous() -> None:
    """P16: one label twice, once over the gateway's own reference and once over another number."""
    rows = f"<tr><td>Номер платежу</td><td>{REFERENCE}</td></tr><tr><td>Номер платежу</td><td>777</td></tr>"
    found = held(lambda: transaction_id(sheet("", html=f"<table>{rows}</table>")))
    assert found.facts["values"] == [REFERENCE, "777"]


def test_what_is_no_reference_is_shown_in_part() -> None:
    """Eighty characters of a value that is none are enough for a person."""
    found = held(lambda: transaction_id(sheet("Номер платежу: " + "дякую " * 30)))
    assert found.facts["value"] == ("дякую " * 30)[:80]


@pytest.mark.parametrize(
    ("lines", "order"),
    [
        (["Номер замовлення: № 12345"], ("12345", "№ 12345")),
        (["Номер замовлення: 12345", "Призначення: замовлення 12345"], ("12345", "12345")),
        (["Номер замовлення: 12345", "Призначення: подарунок"], ("12345", "12345")),
        (["Призначення: подарунок", "Номер замовлення: № 12345"], ("12345", "№ 12345")),
        (["Номер замовлення: 12345", f"Призначення: {REFERENCE}"], ("12345", "12345")),
        (["Номер замовлення: подарунок"], (None, "подарунок")),
        (["Номер замовлення: подарунок", "Призначення: сюрприз"], (None, "подарунок")),
        ([f"Номер замовлення: {REFERENCE}"], (None, None)),
        (["Номер замовлення: -"], (None, None)),
    ],
)
def test_an_order_s_number_and_the_value_it_was_cleaned_from(
    lines: list[str], order: tuple[str | None, str | None]
) -> None:
    """P16: a value that holds no number says nothing against one that does; a reference is none."""
    assert order_of(sheet(*lines)) == order


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (["Номер замовлення: 12345", "Призначення: 777"], ["12345", "777"]),
        (["Номер замовлення: 12345", "Номер замовлення: подарунок"], ["12345", "подарунок"]),
        (["Номер замовлення: подарунок", "Номер замовлення: сюрприз"], ["подарунок", "сюрприз"]),
        (["Номер замовлення: 12345, 777"], ["12345", "777"]),
    ],
)
def test_two_orders_are_ambiguous(rows: list[str], values: list[str]) -> None:
    """P16: two numbers, or one label over two values, are neither of them."""
    table = "".join(f"<tr><td>{row.split(': ')[0]}</td><td>{row.split(': ')[1]}</td></tr>" for row in rows)
    found = held(lambda: order_of(sheet("", html=f"<table>{table}</table>")))
    assert (found.facts["parser"], found.facts["field"]) == ("example", "order_number")
    assert found.facts["values"] == values


@pytest.mark.parametrize(
    ("reference", "text", "others"),
    [
        (REFERENCE, f"{REFERENCE} {REFERENCE.upper()} {REFERENCE[:-3]}", []),
        (
            REFERENCE,
            "WFP-BTN-99-0123456789ab і WFP-7-01234567, WFP-7-0123456",
            ["WFP-BTN-99-0123456789ab", "WFP-7-01234567"],
        ),
        (REFERENCE, "wfp-soc-1-01234567", ["wfp-soc-1-01234567"]),
        ("pay_12ab", "pay_34cd pay_3cd pay_34cde xpay_34cd pay_xxcd pay_12ab", ["pay_34cd", "pay_xxcd"]),
        ("P-123", "P-124 P-1245 P-12 AP-124 P-124-1", ["P-124"]),
        ("TX12.5", "TX13.6 TX1306 TX13.66", ["TX13.6"]),
        ("P123", "P124", []),
        ("123456", "123457", []),
        ("", "x", []),
    ],
)
def test_others_of_the_same_making(reference: str, text: str, others: list[str]) -> None:
    """P17: the same letters in front and the same lengths behind; digits alone have nothing to be known by."""
    assert others_like([reference], ["", text]) == set(others)


# ---------------------------------------------------------------- who


@pytest.mark.parametrize(
    ("printed", "card"),
    [
        ("41****1111", "41****1111"),
        ("Visa 411111** **** 1111, Kyiv", "411111** **** 1111"),
        ("411111xx1111", "411111xx1111"),
        ("4111-••••-1111", "4111-••••-1111"),
        ("Visa", None),
        ("4111111111111111", None),
    ],
)
def test_of_a_card_only_the_masked_number_is_told(printed: str, card: str | None) -> None:
    """A bank's name around it goes; a number without a mask is never kept."""
    found = payer_of(sheet(f"Картка: {printed}"))
    assert (found.card if found else None) == card


def test_who_paid_is_for_people_alone() -> None:
    """What has two readings is left out, and the rest is told."""
    read = sheet("Платник: Іван", "Email: a@example.com", "Телефон: +380501112233", html="<p>Email: b@example.com</p>")
    found = payer_of(read)
    assert found is not None
    assert (found.name, found.email, found.phone, found.card) == ("Іван", None, "+380501112233", None)
    alone = payer_of(sheet("Платник: Іван", "Email: a@example.com", "Телефон: +380501112233"))
    assert alone is not None
    assert (alone.name, alone.email, alone.phone, alone.card) == ("Іван", "a@example.com", "+380501112233", None)
    assert payer_of(sheet("Сума: 5 грн")) is None


def test_the_shop_and_every_line_about_it() -> None:
    """F06: one value per label, none twice; without a label, the lines that speak of a shop."""
    message = letter("Магазин: Квіти", "Сайт: shop.example.ua")
    assert merchant_names(Sheet("x", message, LABELS), message) == ("Квіти", ("Квіти", "shop.example.ua"))
    message = letter("Магазин: Квіти", "Сайт: Квіти")
    assert merchant_names(Sheet("x", message, LABELS), message) == ("Квіти", ("Квіти",))
    message = letter("Ваш магазин Квіти отримав платіж", "Дякуємо", "shop.example.ua", subject="Платіж на сайт Троянди")
    found = merchant_names(Sheet("x", message, LABELS), message)
    assert found == (None, ("Платіж на сайт Троянди", "Ваш магазин Квіти отримав платіж"))


def test_a_letter_is_addressed_in_any_case() -> None:
    """Any of its recipients, whatever the letters' case; nobody else."""
    assert is_addressed(letter("x"), "pay@example.UA")
    assert is_addressed(letter("x"), "second@example.ua")
    assert not is_addressed(letter("x"), "example.ua")


def test_what_is_only_counted_may_have_no_reading() -> None:
    """A field of a notice that nothing is decided by is told, or not told."""
    assert told(lambda: 5) == 5
    assert told(lambda: read_money(sheet("Сума: 0 грн"), "amount")) is None


# ---------------------------------------------------------------- a sheet


def test_a_value_in_one_part_and_none_in_the_other() -> None:
    """P11: the text says an order and the HTML prints its label over nothing: two readings."""
    html = "<table><tr><td>Номер замовлення</td><td></td></tr><tr><td>Статус</td><td>Успішно</td></tr></table>"
    read = sheet("Номер замовлення: 12345", "Статус: Успішно", html=html)
    assert held(lambda: read.of("order")).facts["values"] == ["", "12345"]
    assert [pair.value for pair in read.of("status")] == ["Успішно", "Успішно"]


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("Статус: Успішно Сума: 5 грн", True),
        ("Статус: Успішно, Номер платежу: A1", True),
        ("Статус: Успішно о 14:05", False),
        ("Платник: Іван Сума: 5 грн", False),
    ],
)
def test_a_value_that_swallowed_another_label(line: str, refused: bool) -> None:
    """P17: lines that were run together leave open what is whose; what a payer typed is his own."""
    read = sheet(line)
    field = "status" if line.startswith("Статус") else "payer"
    if refused:
        assert held(lambda: read.of(field)).facts["field"] == field
    else:
        assert len(read.of(field)) == 1


def test_a_letter_of_more_text_than_any_notice_is_not_read() -> None:
    """S13: all its parts together; one character less is read."""
    html = "<p>" + "x" * 50 + "</p>"
    text = "x" * 99 + "\n"
    message = letter("Сума: 5 грн", html=html)
    size = sum(len(part.content) for part in (*message.htmls, *message.texts))
    room = LONGEST_TEXT - size

    def longer(by: int) -> Message:
        part = message.texts[0]
        padded = replace(part, content=part.content + text * (by // 100) + "x" * (by % 100))
        return replace(message, texts=(padded,))

    assert Sheet("example", longer(room), LABELS).of("amount")
    with pytest.raises(Unreadable):
        Sheet("example", longer(room + 1), LABELS)


def test_who_paid_stands_in_the_trail() -> None:
    """Each fact of a payer's with the label and the value it was read from."""
    read = sheet("Платник: Іван", "Картка: Visa 41****1111")
    payer_of(read)
    assert [(span.field, span.label, span.value) for span in read.spans] == [
        ("payer.name", "Платник", "Іван"),
        ("payer.card", "Картка", "Visa 41****1111"),
    ]


def test_what_status_and_operation_say() -> None:
    """Both are what the kind is told by, and stand in the notice's trail."""
    read = sheet("Статус: Успішно", "Операція: Продаж", "Сума: 5 грн")
    assert statuses(read) == ["Успішно", "Продаж"]
    assert [span.field for span in read.spans] == ["kind", "kind"]
    assert words_of(read.of("status")) == ["статус успішно"]
    assert [pair.label for pair in sheet("Статус: Успішно", "Щось: 5").unknown()] == ["Щось"]


def test_text_has_one_reading() -> None:
    """Spaces make no other value; another word does, and both are named once."""
    assert sheet("Магазин: Квіти  та   трави", "Сайт: Квіти та трави").plain("merchant") == "Квіти та трави"
    assert sheet("Магазин: Квіти").plain("shop", source="merchant") == "Квіти"
    found = held(lambda: sheet("Магазин: Квіти", "Сайт: Трави").plain("merchant"))
    assert found.facts["values"] == ["Квіти", "Трави"]
    assert "example: merchant has several values: 'Квіти', 'Трави'" in str(found)
