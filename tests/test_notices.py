"""What a letter is told as: the rows of one changed, and what its notice says then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.errors import FieldAmbiguous, FieldMissing, HeldError
from reconciler.extract.fieldnames import LABELS, ORDER_LABELS
from reconciler.extract.notices import Tables, read_notices, sheet_of
from reconciler.model import Address, Attachment, Kind, Message, Notice, TextPart
from reconciler.money import Money

TABLES = Tables(
    name="shop",
    gateway="pay",
    labels={**LABELS, "order": ORDER_LABELS},
    test_merchants=frozenset({"test_merch", "demo_merch"}),
    sentences={"amount": re.compile(r"Надійшло на рахунок (?P<value>\S+ грн)")},
)
ROWS = {
    "Магазин": "Меблі (shop_ua)", "Статус": "Успішно", "Сума": "5,00 грн", "Номер платежу": "WFP-1", "Дата": "21.11.2026 14:05",
    "Номер замовлення": "12345",
}  # fmt: skip
DECLINED = {"Статус": "Відхилено"}


def letter(
    changed: dict[str, str] | None = None,
    *more: str,
    head: str = "Платіж",
    subject: str = "Платіж",
    files: Sequence[str] = (),
    html: bool = False,
) -> Message:
    """A letter in plain text with some rows changed or left out (""), and more lines behind them; or a table."""
    rows = {label: value for label, value in (ROWS | (changed or {})).items() if value}
    text = "\n".join([head, "", *(f"{label}: {value}" for label, value in rows.items()), *more])
    table = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in rows.items())
    content = f"<p>{head}</p><table>{table}</table>" + "".join(f"<p>{line}</p>" for line in more) if html else text
    part = TextPart(path="1", content=content, charset="utf-8")
    return Message(
        raw=b"",
        sha256="",
        senders=(Address(name="", email="notify@pay.example"),),
        subject=subject,
        htmls=(part,) if html else (),
        texts=() if html else (part,),
        attachments=tuple(Attachment(filename=name, content_type="text/plain", payload=b"") for name in files),
    )


def one(message: Message, tables: Tables = TABLES) -> Notice:
    (notice,) = read_notices(message, tables)
    return notice


def is_held(message: Message) -> bool:
    try:
        read_notices(message, TABLES)
    except HeldError:
        return True
    return False


def test_a_payment_is_told_whole() -> None:
    """Every field of a payment, under the names of its tables."""
    notice = one(letter())
    assert (notice.parser, notice.gateway, notice.kind) == ("shop", "pay", Kind.PAYMENT)
    assert (notice.amount, notice.transaction_id) == (Money.from_minor(500, "UAH"), "WFP-1")
    assert notice.paid_at == datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
    assert (notice.order_number, notice.order_raw) == ("12345", "12345")
    assert (notice.merchant, notice.merchant_names) == ("Меблі (shop_ua)", ("Меблі (shop_ua)",))


@pytest.mark.parametrize(
    ("label", "field"), [("Номер платежу", "transaction_id"), ("Сума", "amount"), ("Дата", "paid_at")]
)
@pytest.mark.parametrize("status", ["Успішно", "Повернено"])
def test_a_notice_that_counts_lacks_nothing(label: str, field: str, status: str) -> None:
    """A payment, and money back, without its reference, sum or date is held, and the field is named."""
    with pytest.raises(FieldMissing) as caught:
        one(letter({label: "", "Статус": status}))
    assert caught.value.facts["field"] == field


def test_a_date_of_unknown_order_has_two_readings() -> None:
    """P19: "05/04/2026" is held unless a sender is known to put the day first, or the month."""
    with pytest.raises(FieldAmbiguous):
        one(letter({"Дата": "05/04/2026 14:05"}))


@pytest.mark.parametrize("missing", ["Номер платежу", "Сума", "Дата"])
def test_a_notice_that_never_posts_tells_what_has_one_reading(missing: str) -> None:
    """What a declined payment lacks is left open; the rest is told."""
    notice = one(letter({**DECLINED, missing: ""}))
    assert notice.kind is Kind.DECLINED
    told = {"Номер платежу": notice.transaction_id, "Сума": notice.amount, "Дата": notice.paid_at}
    assert [label for label, value in told.items() if value is None] == [missing]
    assert (notice.order_number, notice.merchant) == ("12345", "Меблі (shop_ua)")


def test_a_declined_payment_of_which_nothing_was_read() -> None:
    """Where no value has the form of its label, no other is told either."""
    notice = one(letter({**DECLINED, "Номер платежу": "", "Сума": "", "Дата": ""}))
    assert notice == Notice(parser="shop", gateway="pay", kind=Kind.DECLINED)


def test_two_order_numbers_or_shops_leave_a_declined_payment_without() -> None:
    """Two readings of what nothing is decided by are none, and hold nothing."""
    notice = one(letter({**DECLINED}, "Заказ №: 777", "Сайт: інший"))
    assert (notice.kind, notice.order_number, notice.order_raw) == (Kind.DECLINED, None, None)
    assert notice.merchant_names == ("Меблі (shop_ua)", "інший")
    twice = one(letter({**DECLINED}, "Магазин: Інший"))
    assert (twice.kind, twice.merchant, twice.merchant_names) == (Kind.DECLINED, None, ())


@pytest.mark.parametrize("label", ["Сума повернення", "Причина"])
def test_a_payment_with_a_reason_or_a_sum_back_is_held(label: str) -> None:
    """P11: a success beside a reason of refusal, or a refunded sum, is nobody's payment."""
    assert is_held(letter({label: "5,00 грн"}))
    assert not is_held(letter({label: "5,00 грн", "Статус": "Повернено"}))


# ---------------------------------------------------------------- registers


@pytest.mark.parametrize(("name", "kind"), [("list.csv", Kind.REGISTER), ("LIST.XLSX", Kind.REGISTER), ("list.xls", Kind.REGISTER), ("receipt.pdf", None), ("csv.txt", None)])  # fmt: skip
def test_a_list_without_a_reference_is_a_register(name: str, kind: Kind | None) -> None:
    """A letter with a list on it that names no payment is a register, of which nothing is read."""
    message = letter({"Номер платежу": ""}, files=[name])
    if kind is None:
        with pytest.raises(FieldMissing):
            one(message)
    else:
        assert one(message) == Notice(parser="shop", gateway="pay", kind=kind)


def test_a_list_on_a_payment_s_letter_takes_nothing_from_it() -> None:
    """A letter that names its payment is that payment's, whatever hangs on it."""
    assert one(letter(files=["list.csv"])) == one(letter())


def test_a_register_by_its_subject() -> None:
    """ "Реєстр платежів" in the subject is one without a list, too, and nothing is read of it."""
    assert one(letter({"Статус": ""}, subject="Реєстр платежів")) == Notice(
        parser="shop", gateway="pay", kind=Kind.REGISTER
    )


# ---------------------------------------------------------------- test shops


@pytest.mark.parametrize("shop", ["test_merch", "TEST_MERCH", "Меблі (demo_merch)", "https: <test_merch>"])
def test_a_test_shop_moves_no_money(shop: str) -> None:
    """P11: a payment of a published test shop is a test; its refund stays a refund."""
    assert one(letter({"Магазин": shop})).kind is Kind.TEST
    assert one(letter({"Магазин": shop, "Статус": "Повернено"})).kind is Kind.REFUND


def test_a_test_shop_among_several_names() -> None:
    """Each name of a shop counts, however many there are."""
    assert one(letter({"Сайт": "test_merch"})).kind is Kind.TEST
    assert one(letter({"Магазин": "test_merch", "Сайт": "shop.example"})).kind is Kind.TEST


@pytest.mark.parametrize("shop", ["mytest_merch", "test_merch2", "test_merch.example"])
def test_a_name_that_has_a_test_shop_s_in_it_is_another(shop: str) -> None:
    """Names are compared whole."""
    assert one(letter({"Магазин": shop})).kind is Kind.PAYMENT


def test_a_test_shop_named_elsewhere_holds_a_payment_alone() -> None:
    """P11: under a label that nobody knows, or in the subject, it makes no test and no payment; a refund it leaves alone."""
    assert is_held(letter({"Проєкт": "test_merch"}))
    assert is_held(letter(subject="Платіж test_merch"))
    assert one(letter({"Проєкт": "test_merch", "Статус": "Повернено"})).kind is Kind.REFUND


# ---------------------------------------------------------------- several payments, and one kind


REPEATED = ("Товар: стіл", "Товар: шафа", "Канал: web", "Канал: app")


@pytest.mark.parametrize(
    "more",
    [
        ("Номер платежу: WFP-2",), ("Сума: 6,00 грн",), ("Статус: Declined",), ("Канал: web", "Канал: app", "Мова: а", "Мова: б"),
        ("Колір", "білий", "Вага", "мала", "Стан речі", "нова", "Колір", "чорний", "Вага", "велика", "Стан речі", "стара"),
        ("Колір   білий", "Вага   мала", "Стан речі   нова", "Колір   чорний", "Вага   велика", "Стан речі   стара"),
    ],
    ids=["two references", "two sums", "two statuses", "two unknown labels", "three lines over others", "three lines before others"],
)  # fmt: skip
def test_values_of_several_payments_make_no_quiet_kind(more: tuple[str, ...]) -> None:
    """P11: a declined letter that may tell of a second payment, which succeeded, is held."""
    assert is_held(letter(DECLINED, *more))


@pytest.mark.parametrize(
    "more",
    [
        ("Номер платежу: WFP-1",), ("Сума: 5,00 грн",), ("Статус: Відхилено",), ("Сума: —",), ("Канал: web", "Канал: app"),
        ("Канал: web", "Канал: web", "Мова: а", "Мова: а"), ("Канал: web", "Канал: app", "Мова: а", "Мова: —"),
        ("Колір", "білий", "Вага", "мала", "Колір", "чорний", "Вага", "велика"),
        ("Колір", "білий", "Вага", "мала", "Стан речі", "нова", "Колір", "білий", "Вага", "мала", "Стан речі", "нова"),
    ],
    ids=[
        "the same reference", "the same sum", "the same status", "an empty sum", "one unknown label", "the same values", "an empty value",
        "two lines over others", "the same lines",
    ],
)  # fmt: skip
def test_the_same_values_twice_are_one_payment(more: tuple[str, ...]) -> None:
    """What is repeated with the same value, or once alone, tells of nothing more."""
    assert one(letter(DECLINED, *more)).kind is Kind.DECLINED


@pytest.mark.parametrize("status", ["Повернено", "Chargeback"])
def test_money_back_may_have_two_values_under_one_label(status: str) -> None:
    """A quiet kind alone is doubted so: what somebody is shown, somebody compares."""
    assert one(letter({"Статус": status}, *REPEATED)).kind in {Kind.REFUND, Kind.CHARGEBACK}


# ---------------------------------------------------------------- who says that it was denied


@pytest.mark.parametrize(("before", "held"), [("Платник: Іван", True), ("Призначення: так", True), ("Побажання: так", True), ("Платник: —", False), ("Телефон: +380501112233", False)])  # fmt: skip
@pytest.mark.parametrize("label", ["Статус", "Тип операції"])
def test_a_status_behind_a_payer_s_words_makes_no_quiet_kind(before: str, held: bool, label: str) -> None:
    """P11: in plain text a payer may have typed the line behind his own; behind the sender's own values he cannot."""
    assert is_held(letter({"Статус": ""}, before, f"{label}: Відхилено")) is held


def test_a_status_in_a_cell_is_the_sender_s() -> None:
    """In a table the status behind a payer's name is in a cell of its own, which nobody types."""
    rows = {"Статус": "", "Платник": "Іван", "Статус платежу": "Відхилено"}
    assert one(letter(rows, html=True)).kind is Kind.DECLINED


# ---------------------------------------------------------------- sentences


def test_a_sentence_tells_a_field_without_a_label() -> None:
    """A whole line of a sender's is read like a label's value; its words before the value are its label."""
    message = letter({"Сума": ""}, "Надійшло  на рахунок 7,00 грн")
    (pair,) = [pair for pair in sheet_of(message, TABLES).pairs if pair.value == "7,00 грн"]
    assert (pair.label, pair.part, pair.box, pair.unit) == ("Надійшло на рахунок", "1", None, None)
    assert one(message).amount == Money.from_minor(700, "UAH")
    for line in ("Сьогодні Надійшло на рахунок 7,00 грн", "Надійшло на рахунок 7,00 грн і ще"):
        assert is_held(letter({"Сума": ""}, line))


# ---------------------------------------------------------------- where words stand


@pytest.mark.parametrize(("address", "held"), [("payer@example.com", True), ("PAYER@example.com", True), ("shop@example.com", False)])  # fmt: skip
def test_a_letter_to_the_payer_is_no_merchant_s(address: str, held: bool) -> None:
    """P11: a payment's letter that goes to the payer's own address is held; money back is told all the same."""
    for status, is_so in (("Успішно", held), ("Повернено", False)):
        message = letter({"Email": "payer@example.com", "Статус": status})
        message = replace(message, recipients=(Address(name="", email=address),))
        assert is_held(message) is is_so


@pytest.mark.parametrize(
    ("head", "more", "held"),
    [
        ("Платіж відхилено", (), True), ("Платіж", ("Платіж було відхилено",), True), ("Платіж", ("Побажання: оплату не прийнято",), True),
        ("Платіж shop_ua не підтримується", (), True), ("Платіж", ("Дякуємо",), False),
    ],
)  # fmt: skip
def test_a_denial_above_below_and_among_the_fields(head: str, more: tuple[str, ...], held: bool) -> None:
    """P11: wherever a payment is denied, in spite of its status, the letter is held."""
    assert is_held(letter(None, *more, head=head)) is held


def test_the_shop_s_own_name_says_nothing() -> None:
    """A shop that is called like a refund has payments: its name, whole or in brackets, is no word of the letter."""
    shop = {"Магазин": "Возврат (Refund Shop)"}
    for head in ("Платіж у Возврат (Refund Shop)", "Платіж у Refund Shop", "Платіж у Возврат"):
        assert one(letter(shop, head=head)).kind is Kind.PAYMENT
        assert one(letter(head=head)).kind is Kind.REFUND


def test_a_status_behind_another_value_on_its_line_denies_nothing() -> None:
    """P11: a payer who types a second status behind his own words on one line has the letter held."""
    assert is_held(letter({}, "Побажання: так | Статус: Повернено"))
    assert is_held(letter({}, "Побажання: так | Тип операції: Повернено"))
    assert one(letter({}, "Статус оплати: Повернено")).kind is Kind.REFUND


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Платіж", False), ("Статус: Відхилено", False), ("Сума: 5,00 грн", True), ("Сума: —", False), ("Канал: web", False),
        ("Статус: —\nСума: 5,00 грн", True), ("Статус: —", True),
    ],
)  # fmt: skip
def test_a_part_without_the_status_of_the_other(text: str, held: bool) -> None:
    """P11: a text part that tells the payment's fields and not that it was declined leaves open what is true."""
    message = replace(letter(DECLINED, html=True), texts=(TextPart(path="2", content=text, charset="utf-8"),))
    assert is_held(message) is held


def test_several_payments_are_several_notices() -> None:
    """Each payment of a letter has its own kind; a headline that denies holds them all, and nothing of it is lost quietly."""
    rows = [{**ROWS}, {**ROWS, "Номер платежу": "WFP-2", "Статус": "Відхилено", "Номер замовлення": "7"}]
    table = "".join(
        "<table>" + "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in row.items()) + "</table>"
        for row in rows
    )
    whole = letter(html=True)

    def told(head: str) -> Message:
        return replace(whole, htmls=(TextPart(path="1", content=f"<p>{head}</p>{table}", charset="utf-8"),))

    found = read_notices(told("Операції"), TABLES)
    assert [(one.transaction_id, one.kind, one.order_number) for one in found] == [
        ("WFP-1", Kind.PAYMENT, "12345"),
        ("WFP-2", Kind.DECLINED, "7"),
    ]
    assert is_held(told("Повернення коштів"))


def test_what_contradicts_the_notice_is_seen_last() -> None:
    """P11: another sum that the letter shows outside of its fields holds the payment."""
    assert is_held(letter(subject="Платіж на суму 9,00 грн"))
    assert not is_held(letter(subject="Платіж на суму 5,00 грн"))
