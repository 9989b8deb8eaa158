"""Amounts: the stated grammar, and nothing beside it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import FieldAmbiguous, FieldUnreadable, HeldError
from reconciler.extract.values.amounts import Manner, currency_of, find_amounts, read_amount

READ = [
    ("1250", "1250", None),
    ("1250.00", "1250.00", None),
    ("1250,00", "1250.00", None),
    ("1 250,00 грн", "1250.00", "UAH"),
    ("1 250.00 грн.", "1250.00", "UAH"),
    ("1\u00a0250,00\u00a0грн", "1250.00", "UAH"),
    ("1\u2009250,00₴", "1250.00", "UAH"),
    ("1\u202f250,00 ₴", "1250.00", "UAH"),
    ("1\u200b250,00 грн", "1250.00", "UAH"),
    ("1'250.00", "1250.00", None),
    ("1’250,5", "1250.5", None),
    ("1,250.00 UAH", "1250.00", "UAH"),
    ("1.250,00 €", "1250.00", "EUR"),
    ("1,250,000", "1250000", None),
    ("$1 250", "1250", "USD"),
    ("USD 12.50", "12.50", "USD"),
    ("UAH1250", "1250", "UAH"),
    ("1250грн", "1250", "UAH"),
    ("0,50 грн", "0.50", "UAH"),
    ("1 250 грн 50 коп.", "1250.50", "UAH"),
    ("UAH 5 грн", "5", "UAH"),
    ("1 250,00 грн (одна тисяча двісті п'ятдесят гривень)", "1250.00", "UAH"),
]


@pytest.mark.parametrize(("text", "value", "currency"), READ)
def test_reads(text: str, value: str, currency: str | None) -> None:
    """P05: every printed form has its one reading."""
    assert read_amount(text) == (Decimal(value), currency)


@pytest.mark.parametrize(
    "text", ["1,250", "1.250", "1,250 грн", "€1.250", "5 грн USD 6", "$5 грн", "1 250,00 грн (31 USD)"]
)
def test_two_readings_are_ambiguous(text: str) -> None:
    """P05: an amount with two readings is neither of them."""
    with pytest.raises(FieldAmbiguous):
        read_amount(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "грн",
        "0",
        "0,00 грн",
        "-5",
        "−1 250,00",
        "1250,000",
        "0,250",
        "12 50,00",
        "1 25",
        "00012",
        "1.2.3",
        "1 250.000,00",
        "41****1111",
        "WFP-SOC-1234567",
        "21.11.2026",
        "14:05",
        "№5",
        "1250 шт",
        "1e5",
        "12345678901234",
        "1250^00",
        "١٢٥",
    ],
)
def test_the_rest_is_refused(text: str) -> None:
    """P06: what no grammar accepts, zero and negative sums are errors, never a number."""
    with pytest.raises(FieldUnreadable):
        read_amount(text)


def test_money_back_may_be_printed_below_zero() -> None:
    """A refund's sum is its size, also when it is printed with a minus; zero stays refused."""
    assert read_amount("−250,00 грн", allow_minus=True) == (Decimal("250.00"), "UAH")
    with pytest.raises(FieldUnreadable):
        read_amount("-0,00 грн", allow_minus=True)


def test_finds_all_amounts_of_a_text() -> None:
    """All amounts are returned in order, none out of the middle of a longer token."""
    text = "Сума 1 250,00 грн, комісія 25,00 грн, картка 41****1111, WFP-SOC-12-6ac4b29136b28, 21.11.2026"
    assert [amount.text.rstrip(",") for amount in find_amounts(text)] == ["1 250,00 грн", "25,00 грн"]


@pytest.mark.parametrize(
    ("text", "code"), [("грн.", "UAH"), ("UAH", "UAH"), ("₴", "UAH"), ("євро", "EUR"), ("XXX", None)]
)
def test_currency_words(text: str, code: str | None) -> None:
    """A currency is a word of the table; an unknown one is none, not the nearest."""
    assert currency_of(text) == code


SEPARATORS = st.sampled_from(["", " ", "\u00a0", "\u202f", "\u2009", "'", "’"])


@given(st.integers(1, 10**11 - 1), SEPARATORS, st.sampled_from([".", ","]), st.sampled_from(["грн", "UAH", "₴", ""]))
def test_reads_back_what_it_prints(minor: int, separator: str, mark: str, currency: str) -> None:
    """P05: any sum printed with a separator and a mark is read back exactly."""
    whole = f"{minor // 100:,}".replace(",", separator)
    value, read = read_amount(f"{whole}{mark}{minor % 100:02d} {currency}")
    assert value == Decimal(minor).scaleb(-2)
    assert read == (currency_of(currency) if currency else None)


@given(st.text(max_size=60))
def test_any_text_is_an_amount_above_zero_or_held(text: str) -> None:
    """P15: no text breaks the reader, and what it reads is above zero with two decimals at most."""
    try:
        value, _ = read_amount(text)
    except HeldError:
        return
    assert value > 0
    assert value == value.quantize(Decimal("0.01"))


COMMA, POINT = Manner(decimal=",", thousands=" "), Manner(decimal=".", thousands=",")
SWISS = Manner(decimal=".", thousands="'")


@pytest.mark.parametrize(
    ("text", "manner", "value"),
    [
        ("1 250,00", COMMA, "1250.00"),
        ("1250", COMMA, "1250"),
        ("1250,5", COMMA, "1250.5"),
        ("1.250", COMMA, None),
        ("1.250,00", COMMA, None),
        ("1250.00", COMMA, None),
        ("1'250,00", COMMA, None),
        ("1 250 000", COMMA, "1250000"),
        ("1,250", POINT, "1250"),
        ("1,250.00", POINT, "1250.00"),
        ("1250.00", POINT, "1250.00"),
        ("1250,00", POINT, None),
        ("1 250.00", POINT, None),
        ("1.250", POINT, None),
        ("1'250.00", SWISS, "1250.00"),
        ("1,250", SWISS, None),
        ("1,250", Manner(decimal="."), "1250"),
        ("1.250", Manner(decimal="."), None),
        ("1.250", Manner(thousands="."), "1250"),
        ("1,250", Manner(thousands="."), None),
    ],
)
def test_a_senders_marks_settle_what_they_mean(text: str, manner: Manner, value: str | None) -> None:
    """P05: whose marks are told has one reading for each sum; a sum that is written with others is refused."""
    if value is None:
        with pytest.raises(FieldUnreadable):
            read_amount(text, manner=manner)
    else:
        assert read_amount(text, manner=manner) == (Decimal(value), None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("123456789012", "123456789012"),
        ("1234567890123", None),
        ("0", None),
        ("05", None),
        ("0.01", "0.01"),
        ("1 гривня", "1"),
        ("100 гривні", "100"),
        ("5 US$", "5"),
        ("1250 грн 05 коп", "1250.05"),
        ("1 250,00 грн 50 коп", None),
        ("1250 грн 5 коп", None),
        ("1,2.3", None),
        ("1.2,3", None),
        ("9 (" + "а" * 195 + ")", "9"),
    ],
)
def test_where_a_sum_ends(text: str, value: str | None) -> None:
    """P06: twelve digits are a sum and thirteen an account; kopecks are two digits, beside a sum that has none."""
    if value is None:
        with pytest.raises(HeldError):
            read_amount(text)
    else:
        assert read_amount(text)[0] == Decimal(value)


def test_what_is_ambiguous_is_named() -> None:
    """The person who decides sees both readings, both currencies, or every sum that stands there."""

    def values(text: str) -> list[str]:
        with pytest.raises(FieldAmbiguous) as held:
            read_amount(text)
        found: list[str] = held.value.facts["values"]
        return found

    assert values("1,250 грн") == ["1250", "1.250"]
    assert values("$5 грн") == ["USD", "UAH"]
    assert values("5 грн або 6 USD") == ["5 грн", "6 USD"]


def test_a_long_value_tells_a_story() -> None:
    """P06: of a text longer than any sum nothing is read, even where one stands in it."""
    with pytest.raises(FieldUnreadable) as held:
        read_amount("x" * 199 + " 5 грн 6 грн")
    assert len(held.value.facts["value"]) == 200


@pytest.mark.parametrize(("text", "value"), [("-0,50 грн", "0.50"), ("0,50 грн", "0.50"), ("-250", "250")])
def test_a_refunds_sum_is_its_size(text: str, value: str) -> None:
    """A sum below one is turned like any other, and one that is printed without a minus stays."""
    assert read_amount(text, allow_minus=True)[0] == Decimal(value)
