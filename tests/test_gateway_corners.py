"""A gateway's letter with one thing changed: what its owner's settings change, and what is read or held then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from parsers import fondy, hutko, liqpay, monobank, paypal, portmone, privatbank, stripe, yookassa
from reconciler.errors import FieldAmbiguous, FieldMissing, FieldUnreadable, HeldError, Unreadable
from reconciler.message import decode
from reconciler.model import Kind, Notice

KYIV = ZoneInfo("Europe/Kyiv")
FIXTURES = Path(__file__).parent.parent / "fixtures"


def told(gateway: Any, case: str, *changes: tuple[str, str], parser: Any = None) -> Notice:
    """The one notice of a saved letter in which some words are others."""
    raw = (FIXTURES / gateway.NAME / case / "notice.eml").read_text("utf-8")
    for old, new in changes:
        assert old in raw
        raw = raw.replace(old, new)
    (notice,) = (parser or gateway).parse(decode(raw.encode()))
    found: Notice = notice
    return found


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize("gateway", [liqpay, hutko, monobank, portmone], ids=lambda gateway: str(gateway.NAME))
def test_an_owners_order_field_takes_the_place_of_the_gateways(gateway: Any) -> None:
    """`order_fields` are read in place of the gateway's own labels; everything else stays as it was, the zone too."""
    case = "paid_by_names_of_the_api"
    plain = told(gateway, case)
    label = next(span.label for span in plain.spans if span.field == "order_number")
    mine = gateway.configured(order_fields=["Код броні"])
    assert told(gateway, case, (f"{label}:", "Код броні:"), parser=mine).order_number == "12345"
    assert told(gateway, case, (f"{label}:", "Код броні:"), parser=mine).paid_at == plain.paid_at
    with pytest.raises(HeldError):
        told(gateway, case, (f"{label}:", "Код броні:"))
    assert told(gateway, case, parser=gateway.configured()) == plain


def test_an_owners_zone_takes_the_place_of_the_gateways() -> None:
    """`timezone` moves the instant of a letter that prints none; labels stay."""
    plain = told(liqpay, "paid_by_names_of_the_api")
    moved = told(liqpay, "paid_by_names_of_the_api", parser=liqpay.configured(timezone="UTC"))
    assert plain.paid_at is not None
    assert moved.paid_at == plain.paid_at + timedelta(hours=2)
    assert moved.order_number == plain.order_number == "12345"


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("gateway", "case", "printed", "month_first"),
    [
        (fondy, "paid_uk", "21.11.2026", False),
        (hutko, "paid_uk", "21.11.2026", False),
        (liqpay, "paid_uk", "21.11.2026", False),
        (monobank, "paid_uk", "21.11.2026", False),
        (portmone, "paid_uk", "21.11.2026", False),
        (privatbank, "paid_uk", "21.11.2026", False),
        (yookassa, "order_repeats_transaction", "21.11.2026", False),
        (stripe, "paid", "Nov 21, 2026, 12:05:33 PM", True),
        (paypal, "paid", "Nov 21, 2026", True),
    ],
    ids=lambda value: str(getattr(value, "NAME", "")),
)
def test_a_date_with_slashes_is_read_in_the_gateways_order(
    gateway: Any, case: str, printed: str, month_first: bool
) -> None:
    """P05: "03/11/2026" is the third of November at home, and the eleventh of March with an American gateway."""
    time = " 12:05:33" if ":" in printed else ""
    found = told(gateway, case, (printed, f"03/11/2026{time}")).paid_at
    assert found is not None
    at_home = found.astimezone(KYIV)
    assert (at_home.month, at_home.day) == ((3, 11) if month_first else (11, 3))


# ---------------------------------------------------------------- kinds


@pytest.mark.parametrize("gateway", [fondy, hutko, liqpay, monobank, portmone], ids=lambda gateway: str(gateway.NAME))
def test_a_refund_is_told_although_its_letter_is_thin(gateway: Any) -> None:
    """P11: what a payment must show besides, a refund need not: it posts nothing, and not to hear of it would be worse."""
    found = told(gateway, "refund", ("<td>Магазин</td>", "<td>Хтось</td>"))
    assert (found.kind, found.merchant) == (Kind.REFUND, None)


def test_a_reconstructed_letter_must_name_the_shop() -> None:
    """P09: a payment of such a gateway is held when nothing says whose it is."""
    with pytest.raises(FieldMissing) as held:
        told(hutko, "paid_uk", ("<td>Магазин</td>", "<td>Хтось</td>"), ("Магазин: ", "Хтось: "))
    assert held.value.facts["field"] == "merchant"


# ---------------------------------------------------------------- Stripe


def test_stripes_status_may_stand_in_its_apis_word() -> None:
    """ "succeeded" is a success, and a word of the API's that is none is not."""
    line = "Order number: 12345\n"
    row = "<tr><td>Order number</td><td>12345</td></tr>\n"

    def with_status(word: str) -> tuple[tuple[str, str], ...]:
        return (line, f"{line}Status: {word}\n"), (row, f"{row}<tr><td>Status</td><td>{word}</td></tr>\n")

    assert told(stripe, "paid", *with_status("Succeeded")).kind is Kind.PAYMENT
    with pytest.raises(HeldError):
        told(stripe, "paid", *with_status("requires_action"))


SUBJECT = "=?utf-8?q?Payment_of_=E2=82=AC86=2E00_from_payer=40example=2Ecom_for_Example?="


@pytest.mark.parametrize(
    ("subject", "shop"),
    [
        ("Payment of 86.00 from payer@example.com for Example", "Example"),  # names no currency, so contradicts none
        ("Payment of 86.00 EUR from payer@example.com", None),
        ("Payment of 86.00 EUR from payer@example.com for My Shop Ltd", "My Shop Ltd"),
    ],
)
def test_stripes_subject_tells_the_sum_and_the_shop(subject: str, shop: str | None) -> None:
    """The sum of the letter is the subject's; whose it is stands there or nowhere."""
    found = told(stripe, "paid", (SUBJECT, subject))
    assert (str(found.amount), found.merchant) == ("86.00 EUR", shop)
    assert found.merchant_names == ((shop,) if shop else ())


@pytest.mark.parametrize(
    "subject",
    ["Payment of 86.00 USD from payer@example.com", "Payment of 87.00 EUR from payer@example.com", "You were paid"],
)
def test_a_subject_that_tells_another_sum_holds_stripes_letter(subject: str) -> None:
    """Another currency, another sum, or none: a person looks."""
    with pytest.raises((Unreadable, FieldAmbiguous)):
        told(stripe, "paid", (SUBJECT, subject))


# ---------------------------------------------------------------- YooKassa


def test_the_transactions_number_is_no_orders_number() -> None:
    """Where the shop sent no order number the letter repeats the transaction's, which is not looked for as an order."""
    repeated = told(yookassa, "order_repeats_transaction", ("2000000251877", "251877"))
    assert (repeated.order_number, repeated.order_raw, repeated.transaction_id) == (None, "251877", "251877")
    own = ("Номер в магазине: 2000000251877", "Номер в магазине: 251878")
    assert told(yookassa, "order_repeats_transaction", own).order_number == "251878"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("Номер транзакции: 2000000251877", "Номер транзакции: АБ-251877", "transaction_id"),
        ("Сумма: 1250.00", "Сумма: 1 250.00", "amount"),
        ("Сумма: 1250.00", "Сумма: 1250", "amount"),
    ],
)
def test_yookassas_letter_is_read_in_its_documented_form_alone(old: str, new: str, field: str) -> None:
    """P09: an id is a number, a sum has a point and two digits; what looks otherwise is held."""
    with pytest.raises(FieldUnreadable) as held:
        told(yookassa, "order_repeats_transaction", (old, new))
    assert held.value.facts["field"] == field


# ---------------------------------------------------------------- PayPal


def test_paypals_payment_is_one_under_a_subject_that_is_known() -> None:
    """S02: a letter of a payment under any other subject is held, in whatever case the known one is written."""
    (subject,) = (
        line for line in (FIXTURES / "paypal/paid/notice.eml").read_text().splitlines() if line.startswith("Subject:")
    )
    assert told(paypal, "paid", (subject, "Subject: NOTIFICATION of payment received")).kind is Kind.PAYMENT
    with pytest.raises(Unreadable):
        told(paypal, "paid", (subject, "Subject: Notification of payment received by you"))


def test_paid_at_is_an_instant() -> None:
    """What a letter prints in its zone is told in UTC."""
    assert told(stripe, "paid").paid_at == datetime(2026, 11, 21, 12, 5, 33, tzinfo=UTC)
