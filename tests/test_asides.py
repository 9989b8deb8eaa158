"""What a letter's words tell beside its fields, at the bounds: just enough to contradict them, and just too little."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from parsers.wayforpay import parse
from reconciler.errors import FieldAmbiguous
from reconciler.message import decode
from reconciler.model import MONEY_BACK, Notice
from tests.test_contradictions import OTHER, REFERENCE, held, page, read, rows, table


def read_all(body: str, subject: str = "Успішний платіж") -> list[Notice]:
    mail = EmailMessage()
    mail["From"] = "WayForPay <notify@wayforpay.com.ua>"
    mail["To"] = "pay@example.ua"
    mail["Subject"] = subject
    mail["Date"] = "Sat, 21 Nov 2026 14:05:40 +0200"
    mail.set_content(body, subtype="html")
    return list(parse(decode(mail.as_bytes())))


@pytest.mark.parametrize(
    ("subject", "other"),
    [
        ("Оплата заказа 7770", "7770"),
        ("Оплата заказа 777", None),
        ("Оплата заказа №7", "7"),
        ("Оплата заказа 2345", None),
        ("Оплата замовлення WFP-SOC-1234567", None),
        ("Оплата замовлення wfp-soc-1234567", None),
        ("Оплата замовлення №WFP-SOC-7654321", "WFP-SOC-7654321"),
        ("Оплата замовлення №12345, замовлення №777", "777"),
        ("Оплата замовлення 21.11.2026, заказ №777", "777"),
        ("Оплата замовлення на 7770 грн", "7770 грн"),
        ("Оплата замовлення 1250 грн", None),
        ("Оплата замовлення 1250.00 UAH", None),
        ("Оплата замовлення 1250,00 грн", None),
        ("Оплата замовлення 7770,7771", "7770"),
    ],
)
def test_which_numbers_in_a_subject_are_orders(subject: str, other: str | None) -> None:
    """P17: four characters without a sign, one with it; a piece of the number, or of the reference, is no other."""
    if other is None:
        assert read(page(), subject=subject).order_number == "12345"
    else:
        assert held(page(), subject=subject).facts["values"][-1] == other


def test_a_sum_s_first_digits_are_no_order() -> None:
    """P17: "замовлення 12500 грн" tells a sum, and no order 1250."""
    assert read(page().replace("1 250,00", "12500"), subject="Оплата замовлення 12500 грн").order_number == "12345"


@pytest.mark.parametrize(
    ("before", "contradicts"),
    [
        ("<p>Зараховано 1 250,00 грн</p>", False),
        ("<p>Зараховано 1 125,00 грн</p>", False),
        ("<p>Зараховано 1 124,99 грн</p>", True),
        ("<p>Зараховано 1 250,01 грн</p>", True),
        ("<p>Отримано 1 225,00 грн</p>", True),
        ("<p>Зараховано 1 225,00 USD</p>", True),
        ("<h1>1,250 ₴</h1>", False),
        ("<h1>1,251 ₴</h1>", True),
        ("<p>10,00 грн" + "!" * 51 + "</p>", True),
        ("<p>10,00 грн" + "!" * 52 + "</p>", False),
        ("<p>Кошик 10,00 грн</p>", False),
        ("<p>Ви отримали 10</p>", False),
        ("<p>Оплата від 10,00 грн</p>", False),
        ("<p>Оплата 10,00 грн. Знижка</p>", False),
        ("<p>Оплата 10,00 ₴! Знижка</p>", True),
        ("<p>Оплата 10,00 грн, знижка</p>", False),
    ],
)
def test_which_sums_above_the_fields_contradict_them(before: str, contradicts: bool) -> None:
    """P17: a fee takes a tenth at most of what is credited; a lone sum fills a short line; an offer is none."""
    if contradicts:
        assert held(page(before)).facts["field"] == "amount"
    else:
        assert str(read(page(before)).amount) == "1250.00 UAH"


@pytest.mark.parametrize(
    ("after", "contradicts"),
    [
        ("<p>Ви отримали 10,00 грн на shop.example.ua.</p>", True),
        ("<p>Ви отримали 10,00 UAH на shop.example.ua.</p>", True),
        ("<p>Ви отримали 10,00 ₴</p>", True),
        ("<p>Ви отримали 10,00 USD на shop.example.ua.</p>", False),
        ("<p>Ви не отримали 10,00 грн</p>", False),
        ("<p>Ви отримали 10,00 грн наклейками</p>", False),
        ("<p>Платіж 10,00 грн</p>", False),
        ("<p>Дякуємо. Ви отримали 10,00 грн.</p>", True),
    ],
)
def test_which_sums_below_the_fields_contradict_them(after: str, contradicts: bool) -> None:
    """P17: small print must tell of a success in words that are all known, in the currency that was paid."""
    if contradicts:
        assert held(page(after=after)).facts["field"] == "amount"
    else:
        assert str(read(page(after=after)).amount) == "1250.00 UAH"


@pytest.mark.parametrize(
    ("paid", "told"),
    [
        ("50.00 USD", "10.00 USD"),
        ("50,00 EUR", "10,00 €"),
        ("50.00 GBP", "£10.00"),
    ],
)
def test_small_print_in_any_currency_that_was_paid(paid: str, told: str) -> None:
    """P17: its words and signs, in capitals or not."""
    assert held(page(after=f"<p>Ви отримали {told}.</p>", amount=paid)).facts["values"][0] == paid


@pytest.mark.parametrize(
    ("label", "contradicts"),
    [("Отримано від клієнта", True), ("Платіж, грн", False), ("Бонуси", False)],
)
def test_which_unknown_labels_tell_of_the_payment(label: str, contradicts: bool) -> None:
    """P17: words for a payment and nothing else; "10,00 грн" under another label is another sum."""
    body = table([*rows(), (label, "10,00 грн")])
    if contradicts:
        held(body)
    else:
        assert str(read(body).amount) == "1250.00 UAH"


def test_what_is_hidden_with_fields_and_tells_of_no_payment() -> None:
    """P17: a price in a copy for telephones is no second sum."""
    copy = f'<div style="display:none"><p>Підписка 99,00 грн</p>{table(rows())}</div>'
    assert str(read(page(after=copy)).amount) == "1250.00 UAH"


@pytest.mark.parametrize(("hidden", "contradicts"), [("1234567891", True), ("1234567890", False), ("дякуємо", False)])
def test_a_hidden_copy_has_the_same_reference(hidden: str, contradicts: bool) -> None:
    """P17: one of digits alone is compared under its own label."""
    copy = f'<div style="display:none">{table(rows(reference=hidden))}</div>'
    body = page(after=copy, reference="1234567890")
    if contradicts:
        assert held(body).facts["field"] == "transaction_id"
    else:
        assert read(body).transaction_id == "1234567890"


def test_a_reference_that_a_payer_typed_for_an_order() -> None:
    """P17: it is no order and no second payment, where the gateway's own stands beside it."""
    notice = read(page(order=OTHER))
    assert (notice.transaction_id, notice.order_number) == (REFERENCE, None)


@pytest.mark.parametrize(
    ("label", "contradicts"), [("Деталі", True), ("Попередній платіж", False), ("Повернення до", False)]
)
def test_another_reference_under_a_label_that_nobody_knows(label: str, contradicts: bool) -> None:
    """P17: it holds a payment, unless the label says that it is an earlier one's."""
    body = f"<h2>Успішний платіж</h2>{table([*rows(), (label, OTHER)])}"
    if contradicts:
        assert held(body).facts["values"] == [REFERENCE, OTHER]
    else:
        assert read(body).transaction_id == REFERENCE


def test_a_refund_names_the_payment_under_any_label() -> None:
    """P17: what is given back has a reference of its own."""
    body = "<h2>Повернення коштів</h2>" + table([*rows(status="Повернено"), ("Деталі", OTHER)])
    assert read(body, subject="Повернення коштів").kind in MONEY_BACK


def test_several_payments_and_their_sum() -> None:
    """P17: the heading over two payments tells their total, or one of them; not a third sum."""
    two = table(rows(amount="100,00 грн", reference=REFERENCE)) + table(
        rows(amount="200,00 грн", reference=OTHER, order="777")
    )
    for told in ("", "<p>Разом отримано: 300,00 грн</p>", "<p>Отримано 200,00 грн</p>"):
        found = read_all(f"<html><body>{told}{two}</body></html>")
        assert [str(notice.amount) for notice in found] == ["100.00 UAH", "200.00 UAH"]
    with pytest.raises(FieldAmbiguous):
        read_all(f"<html><body><p>Разом отримано: 301,00 грн</p>{two}</body></html>")


@pytest.mark.parametrize(("told", "contradicts"), [("300,00", False), ("1 250,00", False), ("400,00", True)])
def test_a_part_that_is_given_back(told: str, contradicts: bool) -> None:
    """P17: a refund's heading may tell what was paid and what was given back, and no third sum."""
    pairs = [*rows(status="Повернено"), ("Сума повернення", "300,00 грн")]
    body = f"<h2>Повернення коштів</h2><p>Оплата {told} грн</p>{table(pairs)}"
    if contradicts:
        assert held(body, subject="Повернення коштів").facts["field"] == "amount"
    else:
        assert read(body, subject="Повернення коштів").kind in MONEY_BACK


@pytest.mark.parametrize("value", ["777; 778", "подарунок", "1 250,00 грн"])
def test_a_hidden_order_that_is_no_number(value: str) -> None:
    """P17: what no number can be read from says nothing against one."""
    copy = f'<div style="display:none">{table(rows(order=value))}</div>'
    assert read(page(after=copy)).order_number == "12345"


def test_a_hidden_sum_in_two_currencies_agrees_by_one() -> None:
    """P17: "1 250,00 грн (30,12 USD)" in a copy is the same sum, converted."""
    copy = f'<div style="display:none">{table(rows(amount="1 250,00 грн (30,12 USD)"))}</div>'
    assert str(read(page(after=copy)).amount) == "1250.00 UAH"


def test_what_contradicts_is_shown_in_part() -> None:
    """A person reads the first 120 characters of it."""
    value = "10,00 грн (" + "дякуємо " * 20 + ")"
    copy = f'<div style="display:none">{table(rows(amount=value))}</div>'
    assert held(page(after=copy)).facts["values"] == ["1 250,00 грн", f"Сума: {value}"[:120]]
