"""What contradicts a notice elsewhere in its letter holds it; what agrees, or says nothing, changes nothing."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from parsers.wayforpay import parse
from reconciler.errors import FieldAmbiguous, HeldError, Unreadable
from reconciler.message import decode
from reconciler.model import Notice

REFERENCE = "WFP-SOC-1234567-6ac4b29136b28"
OTHER = "WFP-SOC-1234567-6ac4b29999999"


def rows(
    *, amount: str = "1 250,00 грн", reference: str = REFERENCE, order: str = "12345", status: str = "Успішно"
) -> list[tuple[str, str]]:
    return [
        ("Магазин", "shop.example.ua"),
        ("Статус", status),
        ("Сума", amount),
        ("Номер платежу", reference),
        ("Дата", "21.11.2026 14:05:33"),
        ("Номер замовлення", order),
    ]


def table(pairs: list[tuple[str, str]]) -> str:
    return "<table>" + "".join(f"<tr><td>{label}</td><td>{value}</td></tr>\n" for label, value in pairs) + "</table>"


def read(body: str, *, subject: str = "Успішний платіж", text: bool = False, amp: str = "") -> Notice:
    mail = EmailMessage()
    mail["From"] = "WayForPay <notify@wayforpay.com.ua>"
    mail["To"] = "pay@example.ua"
    mail["Subject"] = subject
    mail["Date"] = "Sat, 21 Nov 2026 14:05:40 +0200"
    if amp:
        mail.set_content("\n".join(f"{label}: {value}" for label, value in rows()))
        mail.add_alternative(amp, subtype="x-amp-html")
        mail.add_alternative(body, subtype="html")
    else:
        mail.set_content(body, subtype="plain" if text else "html")
    (notice,) = parse(decode(mail.as_bytes()))
    return notice


def page(before: str = "", after: str = "", *, style: str = "", **facts: str) -> str:
    head = f"<head><title>WayForPay</title>{style}</head>"
    return f"<html>{head}<body>{before}<h2>Успішний платіж</h2>{table(rows(**facts))}{after}</body></html>"


def held(body: str, **options: object) -> FieldAmbiguous:
    with pytest.raises(FieldAmbiguous) as found:
        read(body, **options)  # type: ignore[arg-type]
    return found.value


# ---------------------------------------------------------------- outside of the fields


@pytest.mark.parametrize(
    "before",
    [
        '<div style="font-size:40px">10,00 ₴</div>',
        "<h1>+ 10,00 грн</h1>",
        '<b style="font-size:40px">10<sup>00</sup> ₴</b>',
        "<p>Ви отримали 10,00 ₴!</p>",
        "<p>Вам надійшов платіж на суму <b>10,00 грн</b>.</p>",
        "<p>Клієнт Іваненко Іван сплатив <b>10,00 грн</b> за замовлення №12345.</p>",
        "<p>Payment of UAH 10.00 approved.</p>",
        "<p>Разом отримано: 10,00 грн</p>",
        "<p>Зараховано 10,00 грн</p>",
        "<p>Оплата отримана: 1 250,00 USD</p>",
    ],
)
def test_a_sum_told_above_the_fields_must_be_the_field_s(before: str) -> None:
    """P17: a heading, a lone line or a sentence that tells another sum than the label holds the letter, naming both."""
    error = held(page(before))
    assert error.facts["field"] == "amount"
    assert "1 250,00 грн" in error.facts["values"]
    assert len(error.facts["values"]) == 2


@pytest.mark.parametrize("subject", ["Платіж 10,00 грн", "Надходження 10,00 грн", "Payment of UAH 10.00"])
def test_a_sum_in_the_subject_must_be_the_field_s(subject: str) -> None:
    """P17: a payer's line "Сума" under a subject that tells the true sum is not read."""
    assert held(page(), subject=subject).facts["field"] == "amount"


def test_a_sum_under_a_label_that_nobody_knows_counts_where_it_tells_of_a_payment() -> None:
    """P17: "Отримано від клієнта: 10,00 грн" below the fields contradicts them."""
    body = table([*rows(), ("Отримано від клієнта", "10,00 грн")])
    assert held(body).facts["values"] == ["1 250,00 грн", "10,00 грн"]


def test_a_sentence_of_success_below_the_fields_counts() -> None:
    """P17: a payer's rows may stand first, so a plain success is looked for below them too."""
    assert held(page(after="<p>Ви отримали 10,00 грн на shop.example.ua.</p>")).facts["field"] == "amount"


@pytest.mark.parametrize(
    ("subject", "before", "after"),
    [
        ("Успішний платіж 1 250,00 грн", "<h1>1 250,00 ₴</h1><p>Ви отримали 1250.00 UAH</p>", ""),
        ("Успішний платіж на суму 1250 грн", "<h1>1 250<sup>00</sup> ₴</h1>", ""),
        ("Успішний платіж", "<p>Зараховано 1 225,00 грн</p>", ""),
        ("Успішний платіж", "<p>Отримано 1 250,00 грн</p><p>30,12 USD</p>", ""),
        ("Успішний платіж", "<p>Комісія за тарифом 2 %, мінімум 1 грн.</p>", ""),
        ("Успішний платіж", "<p>Акція: 500 грн за кожного запрошеного друга</p>", ""),
        ("Успішний платіж", "<div>Баланс магазину</div><div>68 122,00 грн</div>", ""),
        ("Успішний платіж", "<p>Приймайте оплату від 100 грн до 50 000 грн</p>", ""),
        ("Успішний платіж", "", "<p>Тариф 2,2 % + 1,00 грн за операцію</p><p>Отримайте 500 грн за друга!</p>"),
        ("Успішний платіж", "", "<p>Статутний капітал 10 000 000,00 грн</p><p>99 грн/міс</p>"),
        ("Успішний платіж", "", "<div>Троянди</div><div>100,00 грн</div><div>Доставка</div><div>80,00 грн</div>"),
    ],
)
def test_sums_that_agree_or_tell_of_something_else_change_nothing(subject: str, before: str, after: str) -> None:
    """P17: offers, tariffs, limits, balances, goods and what a fee was taken from are no contradiction."""
    notice = read(page(before, after), subject=subject)
    assert notice.amount is not None
    assert str(notice.amount.amount) == "1250.00"


@pytest.mark.parametrize(
    ("subject", "before"),
    [
        ("Оплата замовлення №30099", ""),
        ("Успішний платіж", "<p>Клієнт сплатив 1 250,00 грн за замовлення <b>№30099</b>.</p>"),
        ("Payment for order #30099", ""),
    ],
)
def test_an_order_in_the_subject_or_a_sentence_must_be_the_field_s(subject: str, before: str) -> None:
    """P17: a sentence about the payment that names another order holds the letter."""
    error = held(page(before), subject=subject)
    assert (error.facts["field"], error.facts["values"]) == ("order_number", ["12345", "30099"])


@pytest.mark.parametrize(
    "subject",
    [
        "Оплата замовлення №12345",
        f"Оплата замовлення {REFERENCE}",
        "Оплата замовлення від 20.11.2026",
        "Оплата заказа на 2 дні",
    ],
)
def test_an_order_that_agrees_or_is_none_changes_nothing(subject: str) -> None:
    """P17: the same number, a reference or a date is no other order."""
    assert read(page(), subject=subject).order_number == "12345"


# ---------------------------------------------------------------- what is not shown

FAKE = (
    "Іван</td></tr><tr><td>Магазин</td><td>shop.example.ua</td></tr><tr><td>Статус</td><td>Успішно</td></tr>"
    "<tr><td>Сума</td><td>9 999,00 грн</td></tr><tr><td>Номер платежу</td><td>{reference}</td></tr>"
    "<tr><td>Дата</td><td>21.11.2026 14:05:33</td></tr><tr><td>Номер замовлення</td><td>777</td></tr></table>"
)
HIDING = [
    "<!--", "<!--[if mso]>", "<textarea>", "<textarea hidden>", "<noscript>", "<script>", "<style>", "<template>", "<title>",
    "<select><option>", "<svg><desc>", "<iframe>", "<xmp>", "<plaintext>", "<noembed>", "<math>", "<del>", "<object>",
    "<img alt='", '<a title="', "<div style='display:none'>", "<div style='opacity:0'>", "<div style='font-size:0px'>",
    "<div style='color:#fff;background:#fff'>", "<div style='position:absolute;left:-9999px'>", "<div hidden>",
]  # fmt: skip


@pytest.mark.parametrize("status", ["Успішно", "Відхилено"])
@pytest.mark.parametrize("hiding", HIDING)
def test_a_payer_s_markup_cannot_hide_the_true_notice(hiding: str, status: str) -> None:
    """P17: a whole notice typed into a name that then hides the genuine rows is not read, paid or declined as they may be."""
    name = ("Платник", FAKE.format(reference=OTHER) + hiding)
    with pytest.raises(HeldError):
        read("<html><body>" + table([name, *rows(status=status)]) + "</body></html>", subject="Платіж WayForPay")


@pytest.mark.parametrize(
    ("begin", "end"),
    [("<!--", "-->"), ("<textarea>", "</textarea>"), ("<script>", "</script>"), ("<img alt='", "' src=x>"), ("<s>", "</s>"),
     ("<div hidden>", "</div>")],
)  # fmt: skip
def test_two_fields_of_a_payer_s_cannot_hide_what_stands_between_them(begin: str, end: str) -> None:
    """P17: what is hidden and closed again is compared with what was read, though the same reference stays to be seen."""
    lines = [
        "Магазин: shop.example.ua", "Статус: Успішно", f"Номер платежу: {REFERENCE}", "Дата: 21.11.2026 14:05:33",
        "Номер замовлення: 12345", f"Платник: Іван<br>Сума: 9 999,00 грн{begin}", "Сума: 10,00 грн", f"Коментар: {end}<br>дякую",
    ]  # fmt: skip
    error = held("<html><body><p>" + "<br>".join(lines) + "</p></body></html>", subject="Платіж WayForPay")
    assert error.facts["values"] == ["9 999,00 грн", "Сума: 10,00 грн"]


def test_a_status_that_denies_is_not_hidden() -> None:
    """P17: a hidden "Відхилено" beside another field contradicts a payment."""
    copy = f'<div style="display:none">{table(rows(status="Відхилено"))}</div>'
    assert held(page(after=copy)).facts["field"] == "kind"


@pytest.mark.parametrize("facts", [{"amount": "1 520,00 грн"}, {"order": "777"}, {"reference": OTHER}])
@pytest.mark.parametrize(
    "copy",
    [
        '<div class="phone" style="display:none">{}</div>',
        "<!--[if mso]>{}<![endif]-->",
        '<div style="font-size:0">{}</div>',
        "<noscript>{}</noscript>",
    ],
)
def test_a_copy_for_other_programs_must_tell_the_same(copy: str, facts: dict[str, str]) -> None:
    """P17: a phone's or Outlook's copy that differs is shown to somebody, and holds the letter."""
    held(page(after=copy.format(table(rows(**facts)))))


@pytest.mark.parametrize(
    "after",
    [
        f'<div class="phone" style="display:none">{table(rows())}</div>',
        f"<!--[if mso]>{table(rows(amount='1250.00 UAH'))}<![endif]-->",
        "<!-- Сума: 1,00 грн --><!-- <tr><td>Сума</td><td>{{amount}}</td></tr> -->",
        '<div style="display:none">Успішний платіж на 1 250,00 грн</div>',
        '<p style="color:#fefefe">Сума: 9,00 грн</p>',
        "<s>1 400,00 грн</s>",
        "<script>var s = 'Номер замовлення: 99999';</script>",
        f'<!-- {"x" * 3000} --><img alt="1 < 2">',
    ],
)
def test_copies_that_agree_and_remnants_change_nothing(after: str) -> None:
    """P17: equal copies, preheaders, a designer's single line and code are no contradiction."""
    notice = read(page(after=after, style="<style>.s:before { content: 'Сума: 1,00 грн' }</style>"))
    assert (str(notice.amount), notice.order_number) == ("1250.00 UAH", "12345")


def test_a_style_sheet_among_the_fields_hides_nothing() -> None:
    """P17: behind the letter's first words a payer may have typed it, so even a single line that it hides contradicts."""
    name = ("Платник", "Іван</td></tr><tr><td>Сума</td><td>9 999,00 грн</td></tr><style>.sum{display:none}</style>")
    body = table([name, *(pair for pair in rows() if pair[0] != "Сума")])
    body = body.replace("</table>", '<tr class="sum"><td>Сума</td><td>10,00 грн</td></tr></table>')
    assert held(f"<html><body><p>Успішний платіж</p>{body}</body></html>").facts["field"] == "amount"


def test_a_sentence_hidden_with_fields_may_not_tell_another_sum() -> None:
    """P17: alone it is a preheader, which is no part of the letter; with fields it is a notice that was hidden."""
    preheader = '<div style="display:none">Успішний платіж на 10,00 грн</div>'
    assert str(read(page(preheader)).amount) == "1250.00 UAH"
    held(page(after=f'<div style="display:none"><p>Успішний платіж на 10,00 грн</p>{table(rows())}</div>'))


@pytest.mark.parametrize("tail", ["<!-- x", "<img alt='x", "<textarea>x", "<title>x", "<script>x", "<plaintext>"])
def test_markup_that_swallows_the_end_holds(tail: str) -> None:
    """P17: a comment, an attribute or an element of raw text that is open at the end may have taken fields away."""
    with pytest.raises(Unreadable):
        read(page(after=tail))


def test_the_alternative_that_gmail_shows_must_tell_the_same() -> None:
    """P17: an AMP part is shown in the place of the HTML."""
    amp = f"<!doctype html><html ⚡4email><body>{table(rows())}</body></html>"
    assert read(page(), amp=amp).order_number == "12345"
    with pytest.raises(FieldAmbiguous):
        read(page(), amp=amp.replace("1 250,00", "9 999,00"))


# ---------------------------------------------------------------- a second reference


@pytest.mark.parametrize(
    ("subject", "before", "after"),
    [
        (f"Успішний платіж {OTHER}", "", ""),
        ("Успішний платіж", f"<h1>Успішний платіж {OTHER}</h1>", ""),
        ("Успішний платіж", "", f'<a href="https://m.wayforpay.com/payment/{OTHER}">Деталі</a>'),
        ("Успішний платіж", "", f"<!-- {OTHER} -->"),
        ("Успішний платіж", "", f"<p>{OTHER.replace('SOC', 'BTN')}</p>"),
    ],
)
def test_another_reference_of_the_gateway_s_holds(subject: str, before: str, after: str) -> None:
    """P17: the reference of another payment, anywhere in a letter of one, shown or not, holds it."""
    for reference in (REFERENCE, "invoice-778_WFPREG-12-1", "5501123"):
        error = held(page(before, after, reference=reference), subject=subject)
        assert error.facts["field"] == "transaction_id"
        assert error.facts["values"][0] == reference


@pytest.mark.parametrize(
    "after",
    [
        f'<a href="https://m.wayforpay.com/payment/{REFERENCE}">Деталі</a>',
        f"<p>{REFERENCE[:20]}<wbr>{REFERENCE[20:]}</p><p>{REFERENCE.upper()}</p>",
        f"<p>Номер попереднього платежу: {OTHER}</p>",
    ],
)
def test_the_same_reference_and_an_earlier_payment_s_change_nothing(after: str) -> None:
    """P17: links with it, a piece of it, and the payment that this one goes back to are no second one."""
    assert read(page(after=after)).transaction_id == REFERENCE


def test_a_refund_may_name_the_payment_it_gives_back() -> None:
    """P17: two references under labels of their own are what a refund is told with."""
    pairs = [*rows(status="Повернено"), ("Платіж, який повернено", OTHER)]
    notice = read("<h2>Повернення коштів</h2>" + table(pairs), subject="Повернення коштів")
    assert notice.transaction_id == REFERENCE


@pytest.mark.parametrize(
    "typed", ["Дата: 01.01.2026 10:00", "Сума: 1,00 грн", f"Номер платежу: {OTHER}", "Статус: Повернено"]
)
@pytest.mark.parametrize("gap", ["; ", " | ", " · "])
def test_a_pair_behind_a_value_is_not_preferred_to_lines_without_a_separator(typed: str, gap: str) -> None:
    """P17: where columns ran together, so that a space alone stands behind labels, what a payer typed with a colon is no field."""
    pairs = rows()
    lines = [f"{label}    {value}" for label, value in [*pairs[2:], pairs[1]]]
    lines[-2] += gap + typed
    with pytest.raises(HeldError):
        read("<div>" + "<br>".join(lines) + "</div>")
