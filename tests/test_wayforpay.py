"""WayForPay's letters beyond the saved cases: what they claim, what they are, and which value is which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import wayforpay
from reconciler.errors import FieldAmbiguous, FieldMissing, HeldError, Unreadable
from reconciler.model import MONEY_BACK, Address, Kind, Message, Notice, TextPart
from reconciler.money import Money
from reconciler.ports import Parser

REFERENCE = "WFP-SOC-1234567-6ac4b29136b28"
ROWS = (
    ("Магазин", "shop.example.ua (shop_example_ua)"),
    ("Статус", "Успішно"),
    ("Сума", "1 250,00 грн"),
    ("Номер платежу", REFERENCE),
    ("Дата", "21.11.2026 14:05:33"),
    ("Email", "payer@example.com"),
    ("Номер замовлення", "12345"),
)


def letter(
    *rows: tuple[str, str],
    subject: str = "WayForPay",
    head: str = "",
    foot: str = "",
    sender: str = "notify@wayforpay.com.ua",
    to: str = "pay@example.ua",
) -> Message:
    """A letter with the usual rows, some of them replaced (a value) or left out (the value "-")."""
    given_rows = dict(rows)
    merged = [(label, given_rows.pop(label, value)) for label, value in ROWS] + list(given_rows.items())
    table = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in merged if value != "-")
    html = TextPart(path="html[0]", content=f"<h2>{head}</h2><table>{table}</table><p>{foot}</p>", charset="utf-8")
    return Message(
        raw=b"",
        sha256="",
        senders=(Address(name="", email=sender),),
        recipients=(Address(name="", email=to),),
        subject=subject,
        htmls=(html,),
    )


def one(message: Message, parser: Parser = wayforpay) -> Notice:
    notices: Sequence[Notice] = parser.parse(message)
    assert len(notices) == 1
    return notices[0]


def test_a_payment_carries_its_spans() -> None:
    """Every field of a payment tells where it was read."""
    notice = one(letter())
    assert notice.kind is Kind.PAYMENT
    assert notice.merchant_names == ("shop.example.ua (shop_example_ua)",)
    assert {span.field for span in notice.spans} >= {"amount", "transaction_id", "paid_at", "order_number", "merchant"}
    assert all(span.part == "html[0]" for span in notice.spans)


@pytest.mark.parametrize(
    ("sender", "claimed"),
    [
        ("notify@wayforpay.com.ua", True),
        ("no-reply@wayforpay.com", True),
        ("a@mail.wayforpay.com", True),
        ("notify@wayforpay.com.ua.evil.example", False),
        ("notify@xwayforpay.com", False),
        ("wayforpay.com@evil.example", False),
    ],
)
def test_claims_by_the_parsed_domain(sender: str, claimed: bool) -> None:
    """A look-alike domain is nobody's."""
    assert wayforpay.claims(letter(sender=sender)) is claimed


KINDS = [
    ("Успішно / Оплачено", Kind.PAYMENT),
    ("Approved", Kind.PAYMENT),
    ("Підтверджено", Kind.PAYMENT),
    ("Успешно", Kind.PAYMENT),
    ("Неуспішно", Kind.DECLINED),
    ("Не успішно", Kind.DECLINED),
    ("Не оплачено", Kind.DECLINED),
    ("Not approved", Kind.DECLINED),
    ("Declined", Kind.DECLINED),
    ("Прострочено", Kind.DECLINED),
    ("Expired", Kind.DECLINED),
    ("Отказ банка", Kind.DECLINED),
    ("Очікує підтвердження", Kind.PENDING),
    ("InProcessing", Kind.PENDING),
    ("WaitingAuthComplete", Kind.PENDING),
    ("RefundInProcessing", Kind.PENDING),
    ("Повернено", Kind.REFUND),
    ("Refunded/Voided", Kind.REFUND),
    ("Часткове повернення", Kind.REFUND),
    ("Сторно", Kind.REFUND),
    ("Скасовано", Kind.VOID),
    ("Voided", Kind.VOID),
    ("Chargeback", Kind.CHARGEBACK),
]


@pytest.mark.parametrize(("status", "kind"), KINDS)
def test_kinds_by_status(status: str, kind: Kind) -> None:
    """P11: a veto word is seen before the success word it contains."""
    assert one(letter(("Статус", status))).kind is kind


@pytest.mark.parametrize(("status", "kind"), [case for case in KINDS if case[1] is not Kind.PAYMENT])
def test_a_veto_in_the_subject_or_headline_beats_a_success(status: str, kind: Kind) -> None:
    """P11: over "Статус: Успішно" a denial makes no payment, and no kind either that nobody would be shown: money back, or held."""
    if kind in MONEY_BACK:
        assert one(letter(head=status)).kind is kind
        assert one(letter(("Статус", status), subject=status)).kind is kind
    else:
        assert one(letter(("Статус", "-"), head=status)).kind is kind
        assert one(letter(("Статус", "-"), subject=status)).kind is kind
        with pytest.raises(Unreadable):
            wayforpay.parse(letter(head=status))
    with pytest.raises(Unreadable):
        wayforpay.parse(letter(subject=status))


@pytest.mark.parametrize(
    "message",
    [
        letter(("Статус", "Опрацьовано")),
        letter(("Статус", "-")),
        letter(("Сума повернення", "250,00 грн")),
        letter(foot="Платіж було відхилено."),
        letter(subject="Виплата коштів"),
        letter(to="payer@example.com"),
        letter(subject="Квитанція", head="Ваш магазин отримав оплату"),
        letter(("Статус", "-"), ("Повідомлення", "Платіж відхилено"), subject="Успішно"),
    ],
    ids=["odd status", "no word", "refund sum", "late veto", "payout", "to the payer", "to both", "veto aside"],
)
def test_an_unsure_letter_is_held(message: Message) -> None:
    """P11: a letter that does not plainly say what happened is unreadable, never a payment."""
    with pytest.raises(Unreadable):
        wayforpay.parse(message)


@pytest.mark.parametrize(
    "foot",
    [
        "Повернення коштів можливе протягом 14 днів.",
        "Якщо платіж скасовано, зверніться до підтримки.",
        "Квитанцію надіслано платнику.",
    ],
)
def test_small_print_is_no_veto(foot: str) -> None:
    """What may happen is not what happened."""
    assert one(letter(foot=foot)).kind is Kind.PAYMENT


@pytest.mark.parametrize(
    "words", ["Дякуємо за оплату!", "Ви оплатили замовлення", "Квитанція", "Thank you for your payment"]
)
def test_receipts(words: str) -> None:
    """A letter that speaks to the payer is a receipt."""
    assert one(letter(head=words)).kind is Kind.RECEIPT


@pytest.mark.parametrize(
    ("label", "field"), [("Сума", "amount"), ("Номер платежу", "transaction_id"), ("Дата", "paid_at")]
)
def test_required_fields(label: str, field: str) -> None:
    """P09: a payment without sum, reference or time is missing that field, never a payment with a made-up one."""
    with pytest.raises(FieldMissing) as caught:
        wayforpay.parse(letter((label, "-")))
    assert caught.value.facts == {"parser": "wayforpay", "field": field}


def test_other_kinds_tell_what_they_have() -> None:
    """A declined letter without fields is a declined notice, not an error."""
    notice = one(letter(("Статус", "Відхилено"), ("Сума", "1,250"), ("Дата", "-"), ("Номер платежу", "-")))
    assert (notice.kind, notice.amount, notice.paid_at, notice.transaction_id) == (Kind.DECLINED, None, None, None)


def test_a_payer_cannot_lend_a_reference() -> None:
    """A reference under the order's label alone may be typed there: it is neither the id nor the order number."""
    with pytest.raises(FieldMissing):
        wayforpay.parse(letter(("Номер платежу", "-"), ("Номер замовлення", REFERENCE)))
    assert one(letter(("Номер замовлення", "WFP-SOC-9-aaaaaaaaaaaaa"))).transaction_id == REFERENCE
    with pytest.raises(FieldAmbiguous):
        wayforpay.parse(letter(("Номер платежу", "DH783023"), ("Номер замовлення", REFERENCE)))


@pytest.mark.parametrize("value", ["успішна", "повернення", "—"])
def test_a_transaction_id_has_a_digit(value: str) -> None:
    """P09: a word under a label of the reference is no id of anything."""
    with pytest.raises(HeldError):
        wayforpay.parse(letter(("Номер платежу", "-"), ("Транзакція", value)))


@pytest.mark.parametrize(
    ("foot", "lines"),
    [
        ("Оплата в магазині stranger.example", ("Оплата в магазині stranger.example",)),
        ("Кабінет: https://shop.example.com", ()),
        ("shop_example_ua", ()),
    ],
)
def test_a_shop_without_a_label_of_its_own(foot: str, lines: tuple[str, ...]) -> None:
    """P09: where no label names the shop, the lines that speak of one are told."""
    notice = one(letter(("Магазин", "-"), foot=foot))
    assert (notice.merchant, notice.merchant_names) == (None, lines)


def test_other_numbers_beside_the_reference() -> None:
    """Among the gateway's own numbers the page's reference is the id; two plain ones contradict each other."""
    assert one(letter(("ID транзакції", "2093842034"))).transaction_id == REFERENCE
    assert one(letter(("Номер платежу", "DH783023"))).transaction_id == "DH783023"
    with pytest.raises(FieldAmbiguous):
        wayforpay.parse(letter(("Номер платежу", "DH783023"), ("ID транзакції", "2093842034")))


def test_two_shops_under_one_label_are_ambiguous() -> None:
    """P09: the merchant decides the desk, so it has one reading; its site and account are names of one shop."""
    notice = one(letter(("Магазин", "shop_example_ua"), ("Сайт", "https://shop.example.ua/")))
    assert notice.merchant == "shop_example_ua"
    assert notice.merchant_names == ("shop_example_ua", "https://shop.example.ua/")
    with pytest.raises(FieldAmbiguous):
        wayforpay.parse(letter(("МАГАЗИН:", "other_shop")))


def test_order_field_of_the_settings() -> None:
    """The merchant's own label is read instead of the usual ones."""
    parser = wayforpay.configured(order_fields=["Рахунок-фактура"])
    assert one(letter(("Рахунок-фактура", "№ 777")), parser).order_number == "777"
    assert one(letter(), parser).order_number is None


@pytest.mark.parametrize("label", ["Сума", "Номер платежу", "Номер замовлення"])
def test_what_a_part_labels_is_read_there_or_not_at_all(label: str) -> None:
    """P09: a value that could be read in the text alone, under a label that stands in the HTML too, was not compared: held."""
    text = TextPart(path="text[0]", content="\n".join(f"{name}: {value}" for name, value in ROWS), charset="utf-8")
    assert one(replace(letter(), texts=(text,))).kind is Kind.PAYMENT
    with pytest.raises(FieldAmbiguous):
        one(replace(letter((label, "")), texts=(text,)))


def test_lines_that_were_run_together_are_held() -> None:
    """P09: a value of the gateway's own with another label in it is several lines of the letter; which, nobody knows."""
    with pytest.raises(FieldAmbiguous):
        one(letter(("Магазин", "shop.example.ua Статус: Відхилено Сума: 10,00 грн")))


def test_a_row_of_values_too_many_is_held() -> None:
    """P07: under one row of labels, values with other cells left over below them may be a payer's, and the rest the sender's."""
    heads = "".join(f"<th>{label}</th>" for label, _ in ROWS)
    cells = "".join(f"<td>{value}</td>" for _, value in ROWS)
    table = f"<table><tr>{heads}</tr><tr>{cells}</tr></table>"
    html = letter().htmls[0]
    assert one(replace(letter(), htmls=(replace(html, content=table),))).kind is Kind.PAYMENT
    rest = "<tr><td>10,00 грн</td><td>WFP-SOC-1-6ac4b29136b29</td></tr></table>"
    with pytest.raises(HeldError):
        one(replace(letter(), htmls=(replace(html, content=table.replace("</table>", rest)),)))


@pytest.mark.parametrize("form", ["`{}`", "{}.", "«{}»", "[{}],", "*{}*"])
def test_marks_around_a_reference_are_none_of_it(form: str) -> None:
    """T04: a reference that ends a sentence, or stands in a dump's quotes, is the same payment's."""
    assert one(letter(("Номер платежу", form.format(REFERENCE)))).transaction_id == REFERENCE


@pytest.mark.parametrize(
    "inner", ["Платник: Іван | Тип операції: Повернення", "Картка: 41****1111   Операція: Відмова"]
)
def test_a_status_behind_another_value_contradicts(inner: str) -> None:
    """P11: in text a payer may have typed it, so it takes no money back and makes no payment either."""
    text = "\n".join(f"{label}: {value}" for label, value in ROWS) + f"\n{inner}"
    message = replace(letter(), htmls=(), texts=(TextPart(path="text[0]", content=text, charset="utf-8"),))
    with pytest.raises(HeldError):
        wayforpay.parse(message)


def test_a_subject_with_a_success_and_money_back_is_held() -> None:
    """P11: a subject may hold a payer's words; alone it makes no refund."""
    with pytest.raises(Unreadable):
        wayforpay.parse(letter(("Статус", "-"), subject="Успішний платіж: повернення боргу"))


def test_refund_sum_has_a_label_of_its_own() -> None:
    """A partial refund is the refunded sum, not the payment's, also when printed below zero."""
    notice = one(letter(("Статус", "Повернено"), ("Сума повернення", "−250,00 грн")))
    assert notice.amount == Money.from_minor(25000, "UAH")


@given(
    st.text(max_size=40).filter(lambda text: "<" not in text and "&" not in text),
    st.sampled_from(["Номер замовлення", "Призначення", "Побажання"]),
)
def test_no_payer_text_changes_the_money(typed: str, label: str) -> None:
    """Whatever a payer types, the sum, the reference and the kind stay, or the letter is held."""
    try:
        notice = one(letter((label, typed)))
    except HeldError:
        return
    assert (notice.kind, notice.amount, notice.transaction_id) == (
        Kind.PAYMENT,
        Money.from_minor(125000, "UAH"),
        REFERENCE,
    )


@pytest.mark.parametrize("value", ["card", "Card", "Картка", "Карта"])
@pytest.mark.parametrize("label", ["Платіжна система", "Спосіб оплати"])
@pytest.mark.parametrize("heads", ["th", "td"])
def test_a_card_is_a_way_to_pay_too(value: str, label: str, heads: str) -> None:
    """The payment system "card" is a value, wherever it stands under its label, and takes no row for labels."""
    rows = [("Номер платежу", REFERENCE), (label, value), ("Дата", "21.11.2026 14:05:33"), ("Сума", "1 250,00 грн")]
    rows += [("Магазин", "shop.example.ua"), ("Статус", "Успішно"), ("Номер замовлення", "12345")]
    for count in (1, 2, 3, 7):
        table = ""
        for at in range(0, 7, count):
            part = rows[at : at + count]
            if count == 1:
                table += "".join(f"<tr><{heads}>{head}</{heads}><td>{told}</td></tr>" for head, told in part)
                continue
            fill = [("", "")] * (count - len(part))
            table += "<tr>" + "".join(f"<{heads}>{head}</{heads}>" for head, _ in part + fill) + "</tr>"
            table += "<tr>" + "".join(f"<td>{told}</td>" for _, told in part + fill) + "</tr>"
        html = TextPart(path="html[0]", content=f"<table>{table}</table>", charset="utf-8")
        notice = one(replace(letter(), htmls=(html,)))
        assert (notice.transaction_id, notice.order_number) == (REFERENCE, "12345")
        assert str(notice.amount) == "1250.00 UAH"


@pytest.mark.parametrize("value", ["<b>store.</b>example.com", "<b>Shop</b>.example.ua"])
def test_a_value_that_begins_with_a_label_is_read_whole(value: str) -> None:
    """A shop called "store" behind a colon is no second language of its label, whatever markup parts its name."""
    html = letter(("Магазин", "-")).htmls[0]
    message = replace(letter(), htmls=(replace(html, content=f"<p>Магазин: {value}</p>{html.content}"),))
    plain = value.replace("<b>", "").replace("</b>", "")
    assert one(message).merchant == plain


@pytest.mark.parametrize(
    "value",
    [
        f'<bdo dir="rtl">{REFERENCE[::-1]}</bdo>',
        f"\u202e{REFERENCE[::-1]}\u202c",
        f"td&gt;{REFERENCE}",
    ],
)
def test_a_reference_that_is_drawn_otherwise_than_written_is_held(value: str) -> None:
    """A reference is the payment's key: letters in another direction and pieces of markup are none of it."""
    with pytest.raises(HeldError):
        one(letter(("Номер платежу", value)))


@pytest.mark.parametrize(
    "rows", ["<p><i>Магазин:</i> {}</p>", "<div><div>Магазин</div><div>{}</div></div>", "<p><b>Магазин</b> {}</p>"]
)
@pytest.mark.parametrize("shop", ["shop<wbr>.exam<wbr>ple.ua", "store.example.<wbr>net", "site<wbr/>-sum<wbr>.example"])
def test_a_place_where_a_line_may_break_parts_nothing(rows: str, shop: str) -> None:
    """<wbr> is drawn as nothing at all: what it leaves of a word is no label and no value."""
    html = letter(("Магазин", "-")).htmls[0]
    message = replace(letter(), htmls=(replace(html, content=rows.format(shop) + html.content),))
    assert one(message).merchant == shop.replace("<wbr>", "").replace("<wbr/>", "")


@pytest.mark.parametrize("value", ["0", "00000", "0-0"])
def test_a_reference_of_noughts_is_none(value: str) -> None:
    """A nought where the reference should stand is the key of no payment: the next one would be taken for the same."""
    with pytest.raises(HeldError):
        one(letter(("Номер платежу", value)))
