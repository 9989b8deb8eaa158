"""Order numbers as payers type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import FieldAmbiguous
from reconciler.extract.values.orders import (
    NOT_ORDERS,
    WORDS,
    clean_order,
    fold_order,
    other_number,
    spellings,
)
from reconciler.extract.values.references import is_reference

CLEANED = [
    ("12345", "12345"),
    (" 12345 ", "12345"),
    ("№ 12345", "12345"),
    ("№12345.", "12345"),
    ("#12345", "12345"),
    ("замовлення 12345", "12345"),
    ("Замовлення № 12345", "12345"),
    ("замовлення№12345", "12345"),
    ("заказ 12345", "12345"),
    ("Order #12345", "12345"),
    ("order no. 12345", "12345"),
    ("«12345»", "12345"),
    ("\u202d12345\u202c", "12345"),
    ("１２３４５", "12345"),
    ("А-123", "A-123"),
    ("ЗМ-12A", "ЗМ-12А"),
    ("INV-00012", "INV-00012"),
    ("№1234/2", "1234/2"),
    ("00042", "00042"),
    ("NR7", "NR7"),
    ("NO-15", "NO-15"),
    ("ID77", "ID77"),
    ("Invoice7", "Invoice7"),
    ("ЗАМ.5", "ЗАМ.5"),
    ("зам. 5", "5"),
    ("Замовлення: 12345", "12345"),
    ("номер замовлення №12345!", "12345"),
    ("zakaz 12345", "12345"),
    ("١٢٣٤٥", "12345"),
    ("12/11", "12/11"),
    ("12-34-56", "12-34-56"),
    ("UA2026", "UA2026"),
    ("№12345 від 20.11.2026", "12345"),
    ("12345 від 20.11.2026 р.", "12345"),
    ("замовлення 12345 от 20/11/2026", "12345"),
    ("order 12345 dated 2026-11-20", "12345"),
    ("Оплата замовлення №12345", "12345"),
    ("Оплата за заказ 12345 от 20.11.2026", "12345"),
    ("за замовлення 12345", "12345"),
    ("Payment for order #12345", "12345"),
]


@pytest.mark.parametrize(("text", "number"), CLEANED)
def test_cleans(text: str, number: str) -> None:
    """P16: signs and known words around a number go; the number itself is never cut."""
    assert clean_order(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Іваненко",
        "замовлення",
        "+380 50 000 00 00",
        "0501234567",
        "380501234567",
        "050 123-45-67",
        "4111 1111 1111 1111",
        "41****1111",
        "payer@example.com",
        "21.11.2026",
        "2026-11-21",
        "1250.00",
        "Оплата за стіл 12345",
        "Оплата 12345",
        "за 2026",
        "Оплата за стіл №12345",
        "від 20.11.2026",
        "№ від 20.11.2026",
        "замовлення за 20.11.2026",
        "Оплата за замовлення",
        "12345 від Олени",
        "12345 дякую",
        "WFP-SOC-1234567-6ac4b29136b28",
        "WFP-BTN-11535539-6933469d1b6cf",
        "12345_WFPREG-1-1",
        "wfp-soc-1234567-6ac4b29136b28",
        "12345грн",
        "12345 грн",
        "12345,5uah",
        "₴12345",
        "22.11.26",
        "22/11/26",
        "22-11-26",
        "UA213223130000026007233566001",
        "UA21 3223 1300 0002 6007 2335 6600 1",
        "10.0.0.1",
        "www.shop.example/12345",
        "https://shop.example.ua/12345",
        "shop.example.ua/orders/12345",
        "+380-50-000-00-00",
        "4111-1111-1111-1111",
        "5²",
        "\u202e54321",
    ],
)
def test_what_is_no_order_number(text: str) -> None:
    """P16: a reference, a phone, a card, a date, a sum or a story is no order number, and no part of one is."""
    assert clean_order(text) is None


@pytest.mark.parametrize(
    "text",
    ["12345 12346", "12345, 12346", "12345;12346", "12 345", "12345\n12346", "12345\nСума: 1,00", "12345\nдякую"],
)
def test_two_numbers_are_ambiguous(text: str) -> None:
    """Two numbers, or a number and more lines, are refused by name."""
    with pytest.raises(FieldAmbiguous) as caught:
        clean_order(text)
    assert caught.value.facts["field"] == "order_number"


def test_look_alike_letters_are_one_letter() -> None:
    """A number typed in either alphabet is the same number; letters without a twin keep it in its own."""
    assert fold_order("АВ-12") == fold_order("AB-12") == "AB-12"
    assert fold_order("ЗA-1") == fold_order("ЗА-1")
    assert fold_order("ab") != fold_order("AB")


def test_references() -> None:
    """A gateway's reference is known by its shape as a whole."""
    assert is_reference(" WFP-SOC-1234567-6ac4b29136b28 ")
    assert is_reference("invoice_1_WFPREG-40123-1.1")
    assert not is_reference("WFP-12345")


@given(st.text(max_size=60))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """P15: any text is cleaned, refused or none; a cleaned number stays as it is and holds a digit and no space."""
    try:
        number = clean_order(text)
    except FieldAmbiguous:
        return
    if number is not None:
        assert any(char.isdigit() for char in number)
        assert not any(char.isspace() for char in number)
        assert fold_order(number) == number


NUMBERS = st.from_regex(r"(?:[A-Z]{1,3}-?)?[0-9]{1,6}(?:[/-][0-9]{1,2})?", fullmatch=True).filter(
    lambda text: other_number(text) is None
)


@given(NUMBERS, st.lists(st.sampled_from(WORDS), max_size=3), st.sampled_from(["", ".", "!", " ", ";", "\u00a0"]))
def test_words_around_a_number_never_change_it(number: str, words: list[str], end: str) -> None:
    """P16: any of the known words and signs before a number leave exactly that number."""
    assert clean_order(" ".join([*words, number]) + end) == number


@given(
    st.from_regex(
        r"0[0-9]{9}|380[0-9]{9}|[0-9]{16}|UA[0-9]{27}|[0-3][0-9]\.[01][0-9]\.20[0-9]{2}|[0-9]{1,6}(?:грн|UAH|₴)",
        fullmatch=True,
    )
)
def test_other_numbers_are_none(text: str) -> None:
    """P16: a phone, a card, a bank account, a date and a sum never become an order number, and are named."""
    assert clean_order(text) is None
    assert other_number(text) in NOT_ORDERS


@pytest.mark.parametrize(
    ("number", "folded", "spelt"),
    [
        ("12345", "12345", ("12345",)),
        ("A-12", "A-12", ("A-12", "А-12")),
        ("А-12", "A-12", ("A-12", "А-12")),
        ("АB-12", "AB-12", ("AB-12", "АВ-12")),
        ("Ж-12", "Ж-12", ("Ж-12",)),
        ("ЖA-12", "ЖА-12", ("ЖА-12",)),
        ("ЖF-12", "ЖF-12", ("ЖF-12",)),
        ("F-12", "F-12", ("F-12",)),
        ("a-12", "a-12", ("a-12", "а-12")),
        ("１２–３", "12-3", ("12-3",)),
        ("Ј-7", "J-7", ("J-7",)),
        ("S-7", "S-7", ("S-7",)),
    ],
)
def test_letters_drawn_alike_are_one_letter(number: str, folded: str, spelt: tuple[str, ...]) -> None:
    """Both sides of a comparison are folded; a desk that compares letter by letter is asked for each spelling."""
    assert fold_order(number) == folded
    assert spellings(number) == spelt


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("１２３４５", "12345"),
        ("Ａ－１２", "A-12"),
        ("１２３～４", None),
        ("x" * 493 + " №12345", None),
        ("A" * 39 + "1", "A" * 39 + "1"),
        ("A" * 40 + "1", None),
        ("12345\n \n", "12345"),
        ("замовлення\n12345", None),
        ("№\n12345", None),
        ("(12345)", "12345"),
        ("«12345»", "12345"),
        ("№ 12345.", "12345"),
        ("n° 12345", "12345"),
        ("NR7", "NR7"),
        ("ЗАМ.5", "ЗАМ.5"),
        ("зам. 5", "5"),
        ("12345 шт", None),
        ("5²", None),
        ("12345 12345", None),
    ],
)
def test_a_number_among_what_payers_write(text: str, number: str | None) -> None:
    """P16: full-width digits, brackets and quotes go; two words, a long text and other digits than ours are no number."""
    try:
        assert clean_order(text) == number
    except FieldAmbiguous:
        assert number is None
