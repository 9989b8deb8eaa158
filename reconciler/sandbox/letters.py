"""
Letters as a payment gateway might send them, for the demo and for tests. In: the facts of a payment. Out: mail bytes.

The layouts are reconstructed from WayForPay's public words about its notices and receipts; no real letter was at hand.
They show what such a letter must carry, in the variety that senders show, and are evidence of nothing.
"""

from __future__ import annotations

import html as markup
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import dkim

from reconciler.sandbox.keys import PRIVATE_KEY, SELECTOR

Language = Literal["uk", "ru", "en"]
Status = Literal["paid", "declined", "refund"]

KYIV = ZoneInfo("Europe/Kyiv")
REFERENCE = "WFP-SOC-1234567-6ac4b29136b28"
PAID_AT = datetime(2026, 11, 20, 12, 5, 33, tzinfo=UTC)
SENDER = "notify@wayforpay.com.ua"
TO = "pay@example.ua"
SHOP = "shop.example.ua (shop_example_ua)"
SIGNED = (
    *(b"from", b"to", b"subject", b"date", b"message-id"),
    *(b"mime-version", b"content-type", b"content-transfer-encoding"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's labels, in the order the letter prints them, and its words for each status."""

    shop: str
    status: str
    amount: str
    fee: str
    reference: str
    date: str
    payer: str
    phone: str
    card: str
    order: str
    money: str  # how an amount ends: "грн"
    statuses: dict[Status, str]
    subjects: dict[Status, str]


WORDS: dict[Language, Words] = {
    "uk": Words(
        shop="Магазин",
        status="Статус",
        amount="Сума",
        fee="Комісія",
        reference="Номер платежу",
        date="Дата",
        payer="Платник",
        phone="Телефон",
        card="Спосіб оплати",
        order="Номер замовлення",
        money="грн",
        statuses={"paid": "Успішно", "declined": "Неуспішно, відхилено банком", "refund": "Повернення коштів"},
        subjects={"paid": "Успішний платіж", "declined": "Неуспішний платіж", "refund": "Повернення коштів"},
    ),
    "ru": Words(
        shop="Магазин",
        status="Статус",
        amount="Сумма",
        fee="Комиссия",
        reference="Номер платежа",
        date="Дата",
        payer="Плательщик",
        phone="Телефон",
        card="Способ оплаты",
        order="Номер заказа",
        money="грн",
        statuses={"paid": "Успешно", "declined": "Неуспешно, отклонено банком", "refund": "Возврат средств"},
        subjects={"paid": "Успешный платёж", "declined": "Неуспешный платёж", "refund": "Возврат средств"},
    ),
    "en": Words(
        shop="Shop",
        status="Status",
        amount="Amount",
        fee="Fee",
        reference="Payment number",
        date="Date",
        payer="Payer",
        phone="Phone",
        card="Payment method",
        order="Order number",
        money="UAH",
        statuses={"paid": "Approved", "declined": "Declined", "refund": "Refunded"},
        subjects={"paid": "Successful payment", "declined": "Declined payment", "refund": "Refund"},
    ),
}


def notice(
    *,
    amount: str = "1250.00",
    order: str | None = "12345",
    reference: str = REFERENCE,
    paid_at: datetime = PAID_AT,
    shop: str = SHOP,
    language: Language = "uk",
    status: Status = "paid",
    sender: str = SENDER,
    to: str = TO,
    payer: str = "Тестовий Платник",
    html: bool = True,
    text: bool = False,
    charset: str = "utf-8",
    order_label: str | None = None,
) -> bytes:
    """
    One notice, unsigned, with CRLF line ends.

    amount: major units, "1250.00"; printed as "1 250,00" with a no-break space.
    order: the payment page's additional field; None: the letter has no such line. order_label: the page's own name for it.
    paid_at: aware; printed in Kyiv's time, and the mail's Date two seconds later.
    html, text: which bodies it has; both: multipart/alternative.
    """
    words = WORDS[language] if order_label is None else replace(WORDS[language], order=order_label)
    rows = _rows(words, amount, order, reference, paid_at, shop, status, payer)
    message = EmailMessage(policy=SMTP)
    message["From"] = f"WayForPay <{sender}>"
    message["To"] = to
    message["Subject"] = f"{words.subjects[status]} {_printed(amount)} {words.money} - {shop.partition(' ')[0]}"
    message["Date"] = format_datetime((paid_at + timedelta(seconds=2)).astimezone(KYIV))
    message["Message-ID"] = f"<{reference}.{status}.{int(paid_at.timestamp())}@wayforpay.com.ua>"
    plain = "".join(f"{label}: {value}\n" for label, value in rows)
    cte = "base64" if charset == "utf-8" else "quoted-printable"
    if text or not html:
        message.set_content(plain, charset=charset, cte=cte)
        if html:
            message.add_alternative(_table(rows, words.subjects[status]), subtype="html", charset=charset, cte=cte)
            message.set_boundary("=_sandbox_letter_alternative")
    else:
        message.set_content(_table(rows, words.subjects[status]), subtype="html", charset=charset, cte=cte)
    return message.as_bytes()


def sign(
    raw: bytes,
    *,
    domain: str = "wayforpay.com.ua",
    selector: str = SELECTOR,
    key: str = PRIVATE_KEY,
    headers: Sequence[bytes] = SIGNED,
) -> bytes:
    """The letter with a DKIM-Signature on top, signed when the letter says it was written."""
    signature: bytes = _Signer(raw).sign(
        selector.encode("ascii"),
        domain.encode("ascii"),
        key.encode("ascii"),
        include_headers=list(headers),
        canonicalize=(b"relaxed", b"relaxed"),
    )
    return signature + raw


class _Signer(dkim.DKIM):  # type: ignore[misc]
    """dkimpy signs at the machine's time; a story that plays on another day would have letters from its future."""

    def gen_header(self, fields: list[tuple[bytes, bytes]], *more: Any, **options: Any) -> bytes:
        dates = [value.decode("latin-1") for name, value in self.headers if name.lower() == b"date"]
        at = [(b"t", b"%d" % parsedate_to_datetime(dates[0]).timestamp())] if dates else []
        timed = [field for name, value in fields for field in (at if name == b"t" else [(name, value)])]
        header: bytes = super().gen_header(timed, *more, **options)
        return header


def forward(
    raw: bytes,
    *,
    sender: str = "owner@example.ua",
    to: str = TO,
    subject: str = "Fwd: Успішний платіж",
    at: datetime = PAID_AT,
    note: str = "див. вкладений лист",
) -> bytes:
    """The letter attached to a person's mail as message/rfc822, byte for byte, so that its signature still holds."""
    boundary = b"=_sandbox_letter_forward"
    newline = b"\r\n"
    head = [
        b"From: <" + sender.encode("ascii") + b">",
        b"To: " + to.encode("ascii"),
        b"Subject: " + Header(subject, "utf-8").encode(linesep="\r\n").encode("ascii"),
        b"Date: " + format_datetime(at.astimezone(KYIV)).encode("ascii"),
        b"Message-ID: <forward." + str(int(at.timestamp())).encode("ascii") + b"@example.ua>",
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/mixed; boundary="' + boundary + b'"',
        b"",
        b"--" + boundary,
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: base64",
        b"",
        b64encode(note.encode("utf-8")),
        b"--" + boundary,
        b"Content-Type: message/rfc822",
        b"Content-Disposition: attachment",
        b"",
        raw,
        b"--" + boundary + b"--",
        b"",
    ]
    return newline.join(head)


def _rows(
    words: Words,
    amount: str,
    order: str | None,
    reference: str,
    paid_at: datetime,
    shop: str,
    status: Status,
    payer: str,
) -> list[tuple[str, str]]:
    rows = [
        (words.shop, shop),
        (words.status, words.statuses[status]),
        (words.amount, f"{_printed(amount)} {words.money}"),
        (words.reference, reference),
        (words.date, paid_at.astimezone(KYIV).strftime("%d.%m.%Y %H:%M:%S")),
        (words.payer, payer),
        ("Email", "payer@example.com"),
        (words.phone, "+380 00 000 00 00"),
        (words.card, "Visa 41****1111"),
    ]
    return rows if order is None else [*rows, (words.order, order)]


def _printed(amount: str) -> str:
    """1250.00 → 1 250,00, the space a no-break one; what has no digits to group is printed as it is."""
    whole, _, cents = amount.partition(".")
    if not whole.lstrip("-").isdecimal():
        return amount
    return f"{int(whole):,}".replace(",", "\u00a0") + (f",{cents}" if cents else "")


def _table(rows: Sequence[tuple[str, str]], title: str) -> str:
    lines = "\n".join(
        f"<tr><td>{markup.escape(label)}</td><td><b>{markup.escape(value)}</b></td></tr>" for label, value in rows
    )
    return (
        f"<!doctype html>\n<html><head><title>{markup.escape(title)}</title></head><body>\n"
        f"<h2>{markup.escape(title)}</h2>\n<table>\n{lines}\n</table>\n</body></html>\n"
    )
