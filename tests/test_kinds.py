"""What a letter says happened: only plain words make a payment, wherever they stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parsers import wayforpay
from reconciler.errors import HeldError
from reconciler.extract.words.wording import without
from reconciler.model import Kind, Message, TextPart
from tests.test_wayforpay import ROWS, letter, one

NO_PAYMENT = {
    "declined": (
        "Спроба оплати була безуспішною", "Безуспешная попытка оплаты", "Оплата не була успішною", "Платіж не завершено",
        "Payment has not been approved", "Payment was never completed", "Оплату не прийнято банком", "Кошти не отримано",
        "Оплата не поступила", "Платеж не был подтвержден", "Payment isn't completed", "Оплата ще не зарахована",
        "Non-approved transaction", "Операцію успішно відмінено", "Ваш магазин: оплата від клієнта не отримана",
    ),
    "hold": (
        "Кошти успішно захолдовано", "Кошти успішно зарезервовано", "Преавторизація успішна", "Funds successfully reserved",
        "Деньги успешно захолдированы", "Кошти успішно заморожено",
    ),
    "pending": (
        "Платіж прийнято до обробки", "Платеж принят в обработку", "Платіж потребує підтвердження",
        "Рахунок успішно надіслано клієнту", "Invoice successfully sent", "Підписку успішно оформлено",
        "Картку успішно верифіковано", "Card successfully verified", "Платіж прийнято, результат буде пізніше",
    ),
    "receipt": (
        "Ваше замовлення успішно оплачено", "Your order has been successfully paid", "Вами успішно сплачено",
        "З вашої картки успішно списано кошти", "Шановний покупцю, оплата пройшла успішно",
        "Your card was successfully charged", "Вітаємо! Ви успішно здійснили оплату",
    ),
    "test": (
        "Тестова оплата успішна", "Тестовая оплата прошла успешно", "Успішна оплата (тест)", "Demo payment successful",
        "TEST: успішний платіж", "Оплата успішна. Режим: тестовий",
    ),
    "refund": (
        "Кошти успішно повертаються покупцю", "Рефанд успішно виконано", "Переказ коштів назад покупцю виконано",
        "Money successfully returned to the customer", "Вернули деньги покупателю успешно", "Успішно відкликано платіж",
    ),
    "register": (
        "Успішні платежі за добу", "Підсумки дня: успішні оплати", "Зведення успішних операцій за 21.11.2026",
        "Daily summary: successful payments",
    ),
    "a label begins it": (
        "Order 12345 has been refunded", "Transaction 98765 refunded", "Замовлення 12345 скасовано",
        "Транзакція WFP-SOC-1234567-6ac4b29136b28 — повернення коштів", "Транзакція: повернення",
        "Замовлення: повернення коштів", "Order 12345: refund",
    ),
    "a word of small print within": (
        "Payment cancelled", "The payment was cancelled by the merchant.", "Payment was declined within 3-D Secure check",
        "Refund may take 3 days", "Refund of the payment if any", "Повернення коштів може тривати до 3 днів",
    ),
}  # fmt: skip
EACH = [sentence for sentences in NO_PAYMENT.values() for sentence in sentences]


def is_payment(message: Message) -> bool:
    try:
        return one(message).kind is Kind.PAYMENT
    except HeldError:
        return False


@pytest.mark.parametrize("sentence", EACH)
@pytest.mark.parametrize("status", ["-", "Успішно"])
def test_what_is_no_payment_is_none(sentence: str, status: str) -> None:
    """P11: as a headline or a subject, also over a status of success, it never makes a payment."""
    assert not is_payment(letter(("Статус", status), head=sentence))
    assert not is_payment(letter(("Статус", status), subject=sentence))


@pytest.mark.parametrize("sentence", ["21.11.2026, 21:52 успішна.", "Успішно!", "Approved"])
def test_a_success_of_nothing_holds_no_payment(sentence: str) -> None:
    """P11: known words alone, with nothing that was successful beside them, make no payment and hold none either."""
    assert is_payment(letter(head=sentence))
    assert not is_payment(letter(("Статус", "-"), head=sentence))


@pytest.mark.parametrize(
    "row",
    [
        ("Тип", "Повернення"), ("transactionType", "REFUND"), ("Вид операції", "Відмова"), ("Код помилки", "1101"),
        ("reasonCode", "1104"), ("Reason code", "DECLINED"),
    ],
)  # fmt: skip
def test_a_row_that_names_another_operation_or_an_error_is_held(row: tuple[str, str]) -> None:
    """P11: whatever the status says, what is of another type or has an error's code is no payment; 1100 is "Ok"."""
    with pytest.raises(HeldError):
        one(letter(row))
    for plain in (("Тип", "Оплата"), ("transactionType", "CHARGE"), ("reasonCode", "1100")):
        assert is_payment(letter(plain))


@pytest.mark.parametrize(
    "sentence",
    [
        "Платіж на ручній перевірці", "Виявлено можливу подвійну оплату", "Заявку на оплату частинами схвалено",
        "Переказ на картку виконано", "Списано абонентську плату", "Баланс магазину поповнено", "Диспут вирішено",
    ],
)  # fmt: skip
def test_a_headline_of_another_operation_is_held(sentence: str) -> None:
    """P11: other operations of a shop with a status of success are no payments of its customers."""
    with pytest.raises(HeldError):
        one(letter(head=sentence, subject=sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "Повідомляємо про успішний платіж.", "Успішний платіж через Google Pay", "Ваш клієнт оплатив замовлення",
        "Ви отримали цей лист, бо увімкнули сповіщення про успішні платежі.", "You have a new successful payment.",
        "On May 6, 2026 2:05 PM the payment was successful",
    ],
)  # fmt: skip
def test_sentences_around_a_payment(sentence: str) -> None:
    """P11: what a shop is told beside a payment holds none, above the fields and below."""
    assert is_payment(letter(head=sentence))
    assert is_payment(letter(foot=sentence))


def test_words_in_letters_of_two_alphabets_are_read() -> None:
    """P11: a veto in which letters of the other alphabet stand is a veto."""
    assert one(letter(("Статус", "Вiдxилено"))).kind is Kind.DECLINED
    assert not is_payment(letter(head="Платіж вiдхиленo"))


def test_a_denial_that_one_part_does_not_know_denies_nothing() -> None:
    """P11: a status that stands in the text alone, or beside one that could not be read, drops no payment."""
    declined = letter(("Статус", "Відхилено"), head="WayForPay")
    assert one(declined).kind is Kind.DECLINED
    text = TextPart(path="text[0]", content="Сума: 1 250,00 грн\nСтатус: Відхилено", charset="utf-8")
    silent = letter(("Статус", "-"))
    for message in (replace(silent, texts=(text,)), letter(("Статус платежу", "—"), ("Статус", "Відхилено"))):
        with pytest.raises(HeldError):
            one(message)


def test_a_denial_beside_a_status_that_nobody_knows_is_held() -> None:
    """P11: a status whose value is no word of status was not read rightly; what denies beside it may be a payer's."""
    with pytest.raises(HeldError):
        one(letter(("Статус", "shop.example.ua"), ("Статус платежу", "Відхилено")))


def test_a_denial_in_text_behind_a_payers_words_drops_no_payment() -> None:
    """P11: "Побажання: так" and a line "Статус: Відхилено" may be one comment; where no headline denies, it is held."""
    rows = "Сума: 5 грн\nДата: 21.11.2026 14:05\nНомер замовлення: 7\n{}\nСтатус: Відхилено"
    for line, held in (("Побажання: так", True), ("Платник: Іван", True), ("Картка: 41****1111", False)):
        part = TextPart(path="text[0]", content=rows.format(line), charset="utf-8")
        message = replace(letter(), htmls=(), texts=(part,))
        if held:
            with pytest.raises(HeldError):
                one(message)
        else:
            assert one(message).kind is Kind.DECLINED
        assert one(replace(message, subject="Платіж відхилено")).kind is Kind.DECLINED


def test_labels_that_nobody_knows_tell_of_several_payments_too() -> None:
    """P11: the same lines over other values, again and again, are several payments; one denial is not all of theirs."""
    rows = (("Підсумок справи", "Проведено", "Відхилено"), ("Розмір", "5 грн", "7 грн"), ("Коли саме", "вчора", "нині"))
    lines = "".join(f"<p>{label}</p><p>{row[at]}</p>" for at in (0, 1) for label, *row in rows)
    message = letter(head="Платіж відхилено")
    with pytest.raises(HeldError):
        one(replace(message, htmls=(replace(message.htmls[0], content=f"<h2>Платіж відхилено</h2>{lines}"),)))
    once = "".join(f"<p>{label}</p><p>{row[1]}</p>" for label, *row in rows)
    declined = one(replace(message, htmls=(replace(message.htmls[0], content=f"<h2>Платіж відхилено</h2>{once}"),)))
    assert (declined.kind, declined.merchant, declined.amount) == (Kind.DECLINED, None, None)


@pytest.mark.parametrize("label", ["Сума", "Статус"])
def test_several_payments_are_not_dropped_as_one(label: str) -> None:
    """P11: a letter with two values under a label of which a payment has one is held, whatever its headline denies."""
    rows = "".join(f"<p>{label}: {value}</p>" for value in ("Відхилено 1", "Успішно 2"))
    message = letter(("Статус", "Відхилено"), head="Платіж відхилено")
    part = replace(message.htmls[0], content=message.htmls[0].content + rows)
    with pytest.raises(HeldError):
        one(replace(message, htmls=(part,)))


@pytest.mark.parametrize("kind", ["declined", "hold", "receipt", "refund", "test", "register"])
def test_last_lines_deny_a_payment(kind: str) -> None:
    """P11: below the fields, too, what was not paid is held."""
    for sentence in NO_PAYMENT[kind]:
        if not sentence.startswith(("Переказ", "Вітаємо", "Платіж не завершено")):
            assert not is_payment(letter(foot=sentence)), sentence


@pytest.mark.parametrize(
    "status",
    [
        "Безуспішно", "Не було успішно", "Not been approved", "Прийнято до обробки", "Потребує підтвердження",
        "Захолдовано успішно", "Успішно зарезервовано", "Успішно: тестова оплата", "Не завершено", "Відмінено успішно",
        "Не отримано кошти", "Успішна верифікація", "Approved (test)", "Auth Complete", "Approved: false", "Paid: no",
        "Не повернено", "Завершено",
    ],
)  # fmt: skip
def test_a_status_is_plain(status: str) -> None:
    """P11: a status is a phrase of success from end to end, or no success."""
    assert not is_payment(letter(("Статус", status)))


@pytest.mark.parametrize(
    "status",
    ["Успішно / Оплачено", "Оплачено, підтверджено", "Успішний платіж", "Approved.", "Оплачен", "Успешно завершена"],
)
def test_statuses_of_success(status: str) -> None:
    """P11: words of success may stand together."""
    assert is_payment(letter(("Статус", status)))


@pytest.mark.parametrize(
    "sentence",
    [
        "Успішний платіж 1 250,00 грн — shop.example.ua", "Отримано новий платіж", "Ви отримали новий платіж",
        "Оплату замовлення № 12345 отримано", "Платіж WFP-SOC-1234567-6ac4b29136b28 підтверджено", "Оплата пройшла успішно",
        "Замовлення № 12345 оплачено", "Надійшла оплата 1 250,00 грн", "Поступила оплата", "Получен платёж",
        "Уведомление об успешной оплате", "Payment received", "You have received a new payment",
        "Payment of 1,250.00 UAH was successful", "Successful payment for order No. 12345", "Транзакція успішна",
        "№ замовлення 12345: оплата успішна", "Order No: 12345 payment approved", "Успішне регулярне списання", "Вітаємо! Ви отримали оплату 1 250,00 грн",
    ],
)  # fmt: skip
def test_plain_words_need_no_status(sentence: str) -> None:
    """P11: a headline or a subject that plainly tells of a payment is enough."""
    assert is_payment(letter(("Статус", "-"), subject=sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "Your shop got a successful payment", "Успешная оплата в вашем магазине", "Вам надійшли гроші", "Вам поступили деньги",
        "Your shop has received 1,250.00 UAH.", "Your shop has received ₴1,250.00", "Ваш магазин отримав 1 250,00 грн",
        "Новий платіж", "Нова оплата на сайті shop.example.ua", "New payment", "Новый платеж 1 250,00 грн",
    ],
)  # fmt: skip
def test_what_a_shop_is_told(sentence: str) -> None:
    """A letter to the shop without a status that tells of money come, or of a new payment and nothing else, is a payment."""
    assert is_payment(letter(("Статус", "-"), head=sentence))


@pytest.mark.parametrize(
    "sentence",
    ["Новий платіж в обробці", "Новий платіж створено", "Новий рахунок", "New payment method", "Нова спроба оплати"],
)
def test_new_is_not_yet_paid(sentence: str) -> None:
    """P11: a new payment is one only where no other word stands beside it, and no status says otherwise."""
    assert not is_payment(letter(("Статус", "-"), head=sentence))
    assert not is_payment(letter(("Статус", "Створено"), head="Новий платіж"))


HARMLESS = [
    "Цей лист створено автоматично, відповідати на нього не треба", "This message was generated automatically",
    "Письмо сформировано автоматически", "Код авторизації: 123456", "Auth code 123456", "Чек ПРРО 4667562721",
]  # fmt: skip


@pytest.mark.parametrize("line", HARMLESS)
def test_words_of_the_trade_deny_nothing(line: str) -> None:
    """An authorisation code, a fiscal receipt's number or "this letter was created" say nothing about the payment."""
    head = "Успішний платіж"
    assert is_payment(letter(("Статус", "-"), head=head, foot=line))
    assert is_payment(letter(("Статус", "-"), head=f"{head}</h2><p>{line}</p><h2>"))


@pytest.mark.parametrize("line", ["Дякуємо за вашу покупку!", "Тестовий платіж"])
def test_a_kind_nobody_is_shown_is_told_by_the_head(line: str) -> None:
    """P11: a word of a receipt or a test below the fields of a payment makes it neither: it is held."""
    with pytest.raises(HeldError):
        one(letter(foot=line, head="Успішний платіж"))


def test_a_shop_s_name_tells_of_no_event() -> None:
    """The shop's printed name in a sentence is a name: "Тест-драйв" makes no test, "Refund" no refund."""
    assert is_payment(letter(("Магазин", "Тест-драйв"), head="Успішна оплата на сайті Тест-драйв"))
    assert len(ROWS) == 7


def test_a_register_with_the_status_of_a_payment_is_held() -> None:
    """P11: one letter is not both."""
    with pytest.raises(HeldError):
        wayforpay.parse(letter(subject="Реєстр платежів"))


@pytest.mark.parametrize(
    "sentence",
    [
        "Refunds and chargebacks are processed under the rules of Visa and Mastercard.", "For refund requests, contact us.",
        "Chargeback protection is included in your tariff.", "Захист від чарджбеків включено у ваш тариф.",
        "Повернення за правилами продавця.", "Возвраты оформляет продавец.", "The recipient bears the risk of chargebacks.",
    ],
)  # fmt: skip
def test_small_print_over_a_success_is_no_refund(sentence: str) -> None:
    """P11: above the fields, too, a sentence about refunds in general makes no payment one: over a success it is held."""
    for head in (sentence, f"{sentence}</h2><h2>Успішний платіж"):
        with pytest.raises(HeldError):
            one(letter(("Статус", "Успішно"), head=head))


@pytest.mark.parametrize(
    "headline",
    [
        "Повернення коштів", "Виконано повернення", "Кошти повернено", "Повернення коштів за замовлення № 12345",
        "Возврат средств", "Refund notification", "Chargeback", "Refund completed", "Часткове повернення",
        "Повернення коштів на картку клієнта", "Refund of 1 250,00 UAH to the customer", "Кошти повернено покупцю", "Refund issued",
    ],
)  # fmt: skip
def test_a_headline_of_a_refund_over_a_success_is_a_refund(headline: str) -> None:
    """P11: the operation that succeeded is the one that the headline names."""
    assert one(letter(("Статус", "Успішно"), head=headline)).kind in {Kind.REFUND, Kind.CHARGEBACK}


@pytest.mark.parametrize(
    "told", [("Повернення", "Успішно"), ("Успішно", "Refunded"), ("Chargeback", "Approved"), ("Paid", "Voided")]
)
def test_one_status_tells_one_thing(told: tuple[str, str]) -> None:
    """P11: statuses of the parts, or a payer's line "Статус", that tell of money in and of money back are held."""
    plain, html = told
    text = TextPart(path="text[0]", content=f"Сума: 1 250,00 грн\nСтатус: {plain}", charset="utf-8")
    with pytest.raises(HeldError):
        one(replace(letter(("Статус", html)), texts=(text,)))
    for comment in ("Побажання: так", "Платник: Іван"):
        lines = f"Сума: 1 250,00 грн\nСтатус: Успішно\n{comment}\nСтатус платежу: Повернення"
        with pytest.raises(HeldError):
            one(replace(letter(), htmls=(), texts=(replace(text, content=lines),)))
    assert one(letter(("Статус", "Успішно"), ("Тип операції", "Повернення"))).kind is Kind.REFUND


@pytest.mark.parametrize(
    "sentence",
    [
        "У разі відмови банку кошти не списуються.", "Якщо платіж відхилено, спробуйте іншу картку.",
        "В разі скасування замовлення кошти повернуться протягом 3 днів.", "If the payment was declined, try another card.",
        "Если платёж отклонён, деньги не спишутся.", "In case of a refund the fee is kept.",
    ],
)  # fmt: skip
def test_what_would_be_denies_nothing(sentence: str) -> None:
    """P11: a sentence that begins with a condition tells of no event: it drops no letter, and holds none that has a status."""
    assert is_payment(letter(("Статус", "Успішно"), head=sentence))
    with pytest.raises(HeldError):
        one(letter(("Статус", "-"), head=sentence))
    assert one(letter(("Статус", "Відхилено"), head=sentence)).kind is Kind.DECLINED
    assert not is_payment(letter(("Статус", "Успішно"), head=f"Платіж відхилено. {sentence}"))


@pytest.mark.parametrize("name", ["Іваненко Іван", "Ґалаґан Соломія Євгенівна", "Anna-Maria O'Neil", "Ёлкина Анна"])
@pytest.mark.parametrize(
    "told", ["Успішна оплата від {}", "Successful payment from {}", "Отримано 1 250,00 грн від {}"]
)
def test_a_payer_s_name_tells_of_no_event(told: str, name: str) -> None:
    """A payment that has a status is not held for the name of its payer, as its field prints it, in the subject or the headline."""
    row = ("Платник", name)
    assert is_payment(letter(row, subject=told.format(name)))
    assert is_payment(letter(row, head=told.format(name)))
    assert not is_payment(letter(row, ("Статус", "-"), subject=told.format(name)))


@pytest.mark.parametrize(
    "name",
    ["Не Отримано", "Тест Тестович", "Відхилено Банком", "Повернення Коштів", "Not Paid", "Скасовано", "Реєстр", "Ще Іван не"],
)  # fmt: skip
def test_a_payer_s_name_hides_no_word(name: str) -> None:
    """P11: what a payer typed for his name takes no word of an event out of the subject."""
    for told in ("Успішна оплата: {}", "{}: успішна оплата"):
        assert not is_payment(letter(("Платник", name), subject=told.format(name)))


def test_a_payer_s_name_in_the_subject_holds_no_payment() -> None:
    """Words that nobody knows are no trace of another event where they are what the letter prints for the payer's name."""
    for told in ("Успішна оплата: {}", "{}: успішна оплата"):
        assert is_payment(letter(("Платник", "Іваненко Іван"), subject=told.format("Іваненко Іван")))
        assert not is_payment(letter(("Платник", "Іваненко Іван"), subject=told.format("Іваненко Петро")))


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("відмова", " "),
        ("магазин відмова, відмова", "магазин  ,  "),
        ("відмова відмовався", "  відмовався"),
        ("невідмова відмова_2 відмова2", "невідмова відмова_2 відмова2"),
        ("", ""),
    ],
)
def test_a_name_is_taken_out_as_words_of_its_own(line: str, rest: str) -> None:
    """What only begins or ends like a shop's name still counts."""
    assert without("відмова", line) == rest


@pytest.mark.parametrize(
    "row",
    [
        ("Скасовано", "так"), ("Повернення", "Так"), ("Chargeback", "1"), ("Is refund", "true"), ("Hold", "yes"),
        ("Холдування", "так"), ("Відмова", "да"), ("isTest", "1"), ("Sandbox", "yes"), ("transactionType", "P2P_CREDIT"),
        ("transactionType", "AUTH"), ("Transaction_type", "VERIFY"),
    ],
)  # fmt: skip
def test_a_row_that_says_yes_to_another_operation_is_held(row: tuple[str, str]) -> None:
    """P11: a row of another operation, a hold or a test whose value is "yes" contradicts a status of success."""
    with pytest.raises(HeldError):
        one(letter(row))
    label, _ = row
    if label not in {"isTest", "Sandbox"}:
        assert is_payment(letter((label, "ні" if "ype" not in label else "PURCHASE")))


@pytest.mark.parametrize(
    "status",
    ["Успішно <small>Відхилено</small>", "<ins>Відхилено</ins> Успішно", "Approved / Declined", "Оплачено, в обробці"],
)
def test_a_status_that_denies_itself_is_held(status: str) -> None:
    """P11: words of success and of denial in one status drop no letter; a success that is denied by its own words does."""
    with pytest.raises(HeldError):
        one(letter(("Статус", status)))
    for plain in ("Не успішно", "Not approved", "Не оплачено, відхилено", "Платіж неуспішний"):
        assert one(letter(("Статус", plain))).kind is Kind.DECLINED


def test_a_denial_behind_values_that_ran_together_drops_no_payment() -> None:
    """P11: where one line holds all fields, "Статус: Відхилено" behind a gap in it may be a payer's words."""
    line = "Email: a@example.com, Призначення: Стіл, Сума: 5 грн, Статус: Успішно, Платник: Іван  Статус: Відхилено"
    part = TextPart(path="text[0]", content=line, charset="utf-8")
    with pytest.raises(HeldError):
        one(replace(letter(), htmls=(), texts=(part,)))


@pytest.mark.parametrize("row", [("Код причини", "1101"), ("Hold", "Так"), ("transactionType", "P2P")])
def test_a_row_of_tables_in_tables_denies_like_any(row: tuple[str, str]) -> None:
    """P11: label and value that nobody knows, each in a table of its own, still name another operation."""
    cells = "".join(f"<td><table><tr><td>{text}</td></tr></table></td>" for text in row)
    nested = f"<table><tr><td><table><tr>{cells}</tr></table></td></tr></table>"
    for message in (letter(head=f"Успішний платіж</h2>{nested}<h2>"), letter(foot=f"</p>{nested}<p>")):
        with pytest.raises(HeldError):
            one(message)
