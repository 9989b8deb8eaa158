"""What happened, told by words alone: where they stand decides as much as what they are."""

from __future__ import annotations

import pytest

from reconciler.errors import Unreadable
from reconciler.extract.words.kinds import Said, decide, decide_each, is_denied
from reconciler.extract.words.wordlist import WORDS

PLACES = {"S": "status", "I": "inner", "H": "early", "F": "late", "D": "doubtful", "A": "aside", "N": "names"}


def said(letter: str) -> Said:
    """ "T:…|S:…|H:…": a subject, a status and a headline, each as often as it stands there."""
    told: dict[str, list[str]] = {place: [] for place in PLACES.values()}
    subject = ""
    for part in letter.split("|"):
        place, _, words = part.partition(":")
        if place == "T":
            subject = words
        elif place:
            told[PLACES[place]].append(words)
    return Said(
        subject=subject,
        status=told["status"],
        early=told["early"],
        late=told["late"],
        inner=told["inner"],
        doubtful=told["doubtful"],
        aside=told["aside"],
        names=told["names"],
    )


def kind(letter: str) -> str:
    """The kind, or why it is held."""
    try:
        if letter.startswith("+"):  # a file hangs on it
            return str(decide(said(letter[1:]), WORDS, parser="x", attached_list=True))
        return str(decide(said(letter), WORDS, parser="x"))
    except Unreadable as exc:
        return f"held: {exc}"


def kinds(letter: str, *statuses: str) -> str:
    try:
        each = [status.split("+") if status else [] for status in statuses]
        return ", ".join(map(str, decide_each(said(letter), each, WORDS, parser="x")))
    except Unreadable as exc:
        return f"held: {exc}"


# fmt: off
LETTERS = [
    ("S:Успішно", "payment"),
    ("S:Успішно / Оплачено", "payment"),
    ("S:Approved.", "payment"),
    ("S:Відхилено", "declined"),
    ("S:Очікує підтвердження", "pending"),
    ("S:Скасовано", "void"),
    ("S:Повернено", "refund"),
    ("S:Chargeback", "chargeback"),
    ("S:Завершено", "held: nothing says what happened"),
    ("S:shop.example.ua", "held: status 'shop.example.ua' is not a word we know"),
    ("S:Успішно|S:Відхилено", "held: tells of a payment, and denies it"),
    ("S:Відхилено|S:shop", "held: denied, and a status that is not a word we know"),
    ("S:Успішно|S:Повернено|I:Повернено", "held: denied behind another value on its line, where a payer may have typed it"),
    ("S:Успішно|S:Повернено", "refund"),
    ("S:Скасовано|S:Очікує", "held: cancelled, and waiting"),
    ("S:Повернення в обробці", "pending"),
    ("S:Повернення відхилено", "declined"),
    ("S:Повернення не виконано", "declined"),
    ("S:Chargeback відхилено", "chargeback"),
    ("T:Реєстр платежів", "register"),
    ("+H:Реєстр платежів", "register"),
    ("H:Реєстр платежів", "held: tells of something that is no payment"),
    ("+H:Деталі", "held: nothing says what happened"),
    ("T:Реєстр платежів|S:Успішно", "held: a register with a payment's status"),
    ("T:Успішний платіж", "payment"),
    ("H:Успішний платіж", "payment"),
    ("H:Отримано 5 грн", "payment"),
    ("H:5 грн", "held: nothing says what happened"),
    ("H:Деталі", "held: nothing says what happened"),
    ("H:Новий платіж", "payment"),
    ("H:Новий платіж|S:Створено", "pending"),
    ("H:Новий платіж створено", "pending"),
    ("F:Успішний платіж", "payment"),
    ("T:Платіж відхилено", "declined"),
    ("H:Платіж відхилено", "declined"),
    ("H:Платіж відхилено|H:Отримано 5 грн", "held: tells of a payment, and denies it"),
    ("H:Деталі|H:Сума відхилена", "held: denied by a word that is no headline and no status"),
    ("H:Деталі|H:Помилка", "held: denied by a word that is no headline and no status"),
    ("H:Деталі|H:Платіж відхилено", "declined"),
    ("T:Отримано 5 грн|H:Деталі|S:Відхилено", "held: tells of a payment, and denies it"),
    ("T:Надходження 5 грн|S:Відхилено", "held: a sum in the subject or at the head, and no word there denies it"),
    ("T:Підписку скасовано", "held: tells of something else that was cancelled"),
    ("H:Підписку скасовано|S:Успішно", "held: tells of something else that was cancelled"),
    ("T:Кошти повернено", "refund"),
    ("T:Кошти повернено|S:Успішно", "held: money back by the subject alone, and a success"),
    ("T:Кошти повернено|H:Кошти повернено|S:Успішно", "refund"),
    ("T:Кошти повернено|H:Успішний платіж", "held: money back by the subject alone, and a success"),
    ("T:Кошти повернено за успішний платіж", "held: money back by the subject alone, and a success"),
    ("H:Повернення коштів може тривати 3 дні", "held: speaks of what may happen"),
    ("H:Кошти повернено. Це може тривати 3 дні", "refund"),
    ("S:Успішно|H:Повернення коштів може тривати 3 дні", "held: speaks of what may happen"),
    ("S:Успішно|T:Виплата коштів", "held: a letter about a payout"),
    ("S:Успішно|D:Відхилено", "held: a line that is a pair or a statement denies a payment"),
    ("S:Успішно|D:Успішно не підтверджено", "held: a line that is a pair or a statement denies a payment"),
    ("S:Успішно|F:Платіж скасовано", "held: its last lines contradict a payment"),
    ("S:Успішно|F:Якщо платіж скасовано, пишіть", "payment"),
    ("S:Успішно|F:Платіж не отримано", "held: its last lines contradict a payment"),
    ("S:Успішно|A:Платіж не отримано", "held: its last lines contradict a payment"),
    ("H:Успішний платіж|F:Помилка", "held: no status, and words that deny a payment"),
    ("H:Успішний платіж|A:Помилка", "held: no status, and words that deny a payment"),
    ("S:Успішно|F:Помилка", "payment"),
    ("S:Успішно|A:Помилка", "payment"),
    ("S:Успішно|A:Код помилки: 7", "held: another kind of operation by its type, or by an error's code"),
    ("S:Успішно|A:Тип: Повернення", "held: another kind of operation by its type, or by an error's code"),
    ("S:Успішно|A:Тип: Оплата", "payment"),
    ("S:Успішно|H:Диспут", "held: tells of something that is no payment"),
    ("S:Успішно|H:Платіж не отримано", "held: denies something about a payment"),
    ("S:Успішно|H:Не турбуйтесь", "payment"),
    ("H:Ви сплатили замовлення", "receipt"),
    ("S:Успішно|H:Дякуємо за покупку", "receipt"),
    ("S:Успішно|H:Дякуємо за покупку|H:Ви отримали оплату", "held: speaks to the payer and to the merchant"),
    ("S:Успішно|F:Дякуємо за оплату", "held: thanks a payer, and is no plain receipt"),
    ("S:Успішно|H:Шановний покупцю", "held: speaks to the payer, and is no plain receipt"),
    ("S:Успішно|H:Тестовий платіж", "test"),
    ("S:Успішно тестовий", "held: status 'успішно тестовий' is not a word we know"),
    ("S:Успішно|H:Тест", "held: speaks of a test, and does not say that it is one"),
    ("S:Успішно|F:Тест", "held: speaks of a test, and does not say that it is one"),
    ("S:Успішно|D:Тест", "held: speaks of a test, and does not say that it is one"),
    ("S:Успішно|A:Тест", "held: speaks of a test, and does not say that it is one"),
    ("S:Успішно|H:Тест|N:Тест", "payment"),
    ("S:Успішно|H:Тест-драйв|N:Тест", "payment"),
    ("S:Успішно|H:Тест-драйв|N:Тест|N:Тест-драйв", "payment"),
    ("S:Успішно|H:Тестування|N:Тест", "held: speaks of a test, and does not say that it is one"),
    ("S:Успішно|H:Успішно чогось", "held: 'успішно чогось' is no success that we know"),
    ("S:Успішно|H:Успішно 12345 shop.example.ua", "payment"),
    ("H:Order No 5: payment approved", "payment"),
    ("H:No payment approved", "held: denies something about a payment"),
    ("H:Payment not approved", "declined"),
    ("S:Вiдxилено", "declined"),
    ("S:№ 1", "held: status '# 1' is not a word we know"),
    ("H:Успішний платіж. Деталі нижче.", "payment"),
    ("H:Успішний платіж|F:Новий платіж", "payment"),
    ("T:Платіж|H:Успішно", "held: nothing says what happened"),
    ("T:Платіж успішний|H:", "payment"),
    (
        "S:Очікує|H:Надходження 5 грн|F:Повернення коштів",
        "held: a sum in the subject or at the head, and no word there denies it",
    ),
    ("H:Скасовано", "void"),
    ("T:Скасовано|H:Не турбуйтесь", "void"),
    ("T:Повернення коштів|H:Платіж не отримано", "refund"),
    ("H:Платіж успішний?", "held: 'платіж успішний?' is no success that we know"),
    ("H:Успішний платіжник", "held: 'успішний платіжник' is no success that we know"),
    ("S:Оплаченонько", "held: status 'оплаченонько' is not a word we know"),
    ("S:Повернення не отримано", "held: denies that money went back"),
    ("S:Повернення|S:Повернення не отримано", "held: denies that money went back"),
    ("H:Успішний платіж у Тест драйв|N:Тест|N:Тест драйв", "payment"),
    ("H:Успішний платіж|N:|N:Тест", "payment"),
    ("S:Успішно|F:Visaкартка", "payment"),
    ("S:Платіж", "held: nothing says what happened"),
    ("S:Платіж отримано", "payment"),
    ("S:Отримано", "held: nothing says what happened"),
    ("S: .Успішно!.", "payment"),
    ("S:!.", "held: status '!.' is not a word we know"),
    ("H:Отримано 5 грнх", "held: 'отримано   грнх' is no success that we know"),
]
SEVERAL = [
    ("H:Операції", ["Успішно", "Відхилено"], "payment, declined"),
    ("H:Операції", ["Успішно+Оплачено", "Повернено"], "payment, refund"),
    ("H:Операції", ["Успішно+Відхилено"], "held: two words of status"),
    ("H:Операції", [""], "held: one of several payments without a status that we know"),
    ("H:Операції", ["Успішно+shop"], "held: one of several payments without a status that we know"),
    ("H:Операції", ["Успішно", "shop"], "held: one of several payments without a status that we know"),
    ("H:Повернення коштів", ["Успішно"], "held: several payments, and words that no payment is told by"),
    ("F:Повернення коштів", ["Успішно"], "held: several payments, and words that no payment is told by"),
    ("D:Повернення коштів", ["Успішно"], "held: several payments, and words that no payment is told by"),
    ("T:Повернення коштів", ["Успішно"], "held: several payments, and words that no payment is told by"),
    ("H:Дякуємо за покупку", ["Успішно"], "held: several payments, and words that no payment is told by"),
    ("H:Шановний покупцю", ["Успішно"], "held: several payments, and words that no payment is told by"),
    ("H:Тест", ["Успішно"], "held: several payments, and words that no payment is told by"),
    ("H:Виплата", ["Успішно"], "held: several payments, and words that no payment is told by"),
    ("F:Ви сплатили", ["Успішно"], "held: several payments, and words that no payment is told by"),
]
# fmt: on


@pytest.mark.parametrize(("letter", "expected"), LETTERS)
def test_what_a_letter_tells(letter: str, expected: str) -> None:
    """P11: a status, a headline, a last line, a payer's words and a shop's name each count for what they may say."""
    assert kind(letter) == expected


@pytest.mark.parametrize(("letter", "statuses", "expected"), SEVERAL)
def test_what_a_letter_of_several_tells(letter: str, statuses: list[str], expected: str) -> None:
    """P11: each payment by its own status, and none where the letter itself denies or speaks to a payer."""
    assert kinds(letter, *statuses) == expected


def test_a_denial_stands_in_one_line() -> None:
    """Words of veto are looked for line by line: what two lines say between them denies nothing."""
    assert is_denied(["Успішно", "Відхилено"], WORDS)
    assert is_denied(["Платіж", "не оплачено"], WORDS)
    assert not is_denied(["Успішно", "Деталі"], WORDS)
    assert not is_denied(["не", "оплачено"], WORDS)
    assert not is_denied([], WORDS)
