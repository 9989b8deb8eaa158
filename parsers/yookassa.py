"""
YooKassa's e-mail notices → notices.

Comes in: a message from YooKassa. Goes out: one notice. This letter is documented (yookassa.ru/docs, "Email notifications of
payments", an older API still in service): its labels in Russian and English, Moscow time, a sum with a point and two digits, one
letter for each successful payment, so that its heading, "Извещение № 87", is what says that it was paid. Reconstructed are the
subject in Russian, the sender's address and the letters about anything else. Shown by fixtures/yookassa/paid_ru.

Odd: a payment without an order number prints the transaction's instead of it. The letter is signed with S/MIME: the wrapper
is opened, its signature is not checked, and proves nothing here; DKIM alone vouches for it. Nothing that is well kept checks
CMS signatures in Python (`cryptography` makes them and does not verify them), and the certificate they are made with is not
published: what would be checked, and against whom, would be our own guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from parsers._gateway import Gateway, labels
from reconciler.extract.notices import Tables
from reconciler.extract.text import fold_words
from reconciler.extract.values.amounts import Manner
from reconciler.model import Kind, Notice

NAME = "yookassa"
VERSION = "1"
DOMAINS = ("yookassa.ru", "yoomoney.ru", "money.yandex.ru")
TIMEZONE = "Europe/Moscow"

_HEADING = re.compile(r"(?:извещение|notice|notification) (?:№|#|no\.?) ?\d{1,9}")
_PAID = "успешный платёж"  # what the heading means, in a word of the engine's tables


def _translate(line: str) -> str:
    return _PAID if _HEADING.fullmatch(fold_words(line.replace("№", "#"))) else line


TABLES = Tables(
    name=NAME,
    gateway=NAME,
    labels=labels(
        order=("Номер в магазине", "Number in store", "Number used by merchant"),
        amount=("Сумма", "Amount"),
        reference=("Номер транзакции", "Transaction number"),
        date=("Время перевода", "Transfer time", "Time of transfer", "Time of payment"),
        merchant=("Получатель", "Recipient"),
        payer=("ФИО", "Full name"),
        purpose=("Содержание заказа", "Состав заказа", "Order contents"),
        account=("Идентификатор плательщика", "Payer ID", "Payer's ID"),
    ),
    timezone=TIMEZONE,
    manner=Manner(decimal=".", currency="RUB"),
    day_first=True,
    translate=_translate,
)


@dataclass(slots=True, kw_only=True)
class YooKassa(Gateway):
    def examined(self, notice: Notice) -> Notice:
        """Without the transaction's number in the place of an order's."""
        notice = Gateway.examined(self, notice)
        if notice.order_raw is not None and notice.order_raw == notice.transaction_id:
            return replace(notice, order_number=None)
        return notice


DEFAULT = YooKassa(
    NAME=NAME,
    domains=DOMAINS,
    tables=TABLES,
    reference=re.compile(r"\d{6,25}"),
    sums=re.compile(r"\d+\.\d\d(?: ?(?:RUB|руб\.?|₽))?", re.IGNORECASE),
    aside=((Kind.REGISTER, re.compile(r"РЕЕСТР (?:ПЛАТЕЖЕЙ|ВОЗВРАТОВ)\b", re.IGNORECASE)),),  # documented subjects
    demands=(),
)
claims = DEFAULT.claims
configured = DEFAULT.configured
sheet = DEFAULT.sheet
parse = DEFAULT.parse
