"""
Letters that a generator lays out, in ways the reader was not written against: none may be read wrongly, most must be read.

The generator knows what it printed and nothing of how it is read. Each run of the test makes the same letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.charset import BASE64, QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from html import escape
from random import Random
from typing import Any

import pytest

from parsers import wayforpay
from reconciler.readout import parse_file

Rows = Sequence[tuple[str, str]]
Layout = Callable[[Rows], str]

LABELS = {
    "uk": {
        "shop": ("Магазин", "Сайт", "Мерчант"), "amount": ("Сума", "Сума платежу", "Сума оплати", "До сплати", "Оплачено"),
        "reference": ("Номер платежу", "ID платежу", "Номер транзакції", "Ідентифікатор"),
        "order": ("Номер замовлення", "№ замовлення", "Замовлення"), "date": ("Дата", "Дата платежу", "Дата та час"),
        "status": ("Статус",), "fee": ("Комісія",), "payer": ("Платник", "ПІБ", "Клієнт"), "email": ("Email", "Пошта"),
        "phone": ("Телефон",), "card": ("Картка", "Спосіб оплати"), "purpose": ("Призначення", "Опис", "Товар"),
    },
    "ru": {
        "shop": ("Магазин", "Торговец"), "amount": ("Сумма", "Сумма платежа", "Сумма оплаты", "Оплачено"),
        "reference": ("Номер платежа", "ID платежа", "Номер транзакции"), "order": ("Номер заказа", "№ заказа", "Заказ"),
        "date": ("Дата", "Дата платежа", "Дата и время"), "status": ("Статус",), "fee": ("Комиссия",),
        "payer": ("Плательщик", "ФИО", "Клиент"), "email": ("Почта",), "phone": ("Телефон",),
        "card": ("Карта", "Способ оплаты"), "purpose": ("Назначение", "Описание", "Товар"),
    },
    "en": {
        "shop": ("Shop", "Store", "Merchant"), "amount": ("Amount", "Payment amount", "Total", "Paid"),
        "reference": ("Payment number", "Payment ID", "Transaction ID", "orderReference"),
        "order": ("Order number", "Order No", "Order #"), "date": ("Date", "Payment date", "Date and time"),
        "status": ("Status",), "fee": ("Fee", "Commission"), "payer": ("Payer", "Customer"), "email": ("Email",),
        "phone": ("Phone",), "card": ("Card", "Payment method"), "purpose": ("Purpose", "Description", "Product"),
    },
}  # fmt: skip
HEADS: dict[str, dict[str, tuple[str, ...]]] = {
    "payment": {"uk": ("Успішний платіж", "Оплату підтверджено", "Отримано оплату"), "ru": ("Успешный платеж", "Оплата подтверждена"), "en": ("Successful payment", "Payment approved")},
    "declined": {"uk": ("Неуспішний платіж", "Платіж відхилено"), "ru": ("Платеж отклонен",), "en": ("Payment declined", "Payment failed")},
    "refund": {"uk": ("Повернення коштів", "Часткове повернення"), "ru": ("Возврат средств",), "en": ("Refund", "Payment refunded")},
    "pending": {"uk": ("Платіж в обробці", "Платіж очікує"), "ru": ("Платеж в обработке",), "en": ("Payment pending",)},
    "void": {"uk": ("Платіж скасовано",), "ru": ("Платеж отменен",), "en": ("Payment voided",)},
}  # fmt: skip
STATUSES: dict[str, dict[str, tuple[str, ...]]] = {
    "payment": {"uk": ("Успішно", "Оплачено", "Підтверджено"), "ru": ("Успешно", "Оплачен"), "en": ("Approved", "Successful", "Paid")},
    "declined": {"uk": ("Відхилено", "Неуспішно"), "ru": ("Отклонен",), "en": ("Declined", "Failed")},
    "refund": {"uk": ("Повернено",), "ru": ("Возврат",), "en": ("Refunded",)},
    "pending": {"uk": ("Очікує", "В обробці"), "ru": ("В обработке",), "en": ("Pending",)},
    "void": {"uk": ("Скасовано",), "ru": ("Отменен",), "en": ("Voided",)},
}  # fmt: skip
FEET = {
    "uk": ("Якщо у вас є питання: +380 44 300 00 00", "Мінімальна сума виплати — 100,00 грн", "Повернення можливе протягом 180 днів", "© 2026"),
    "ru": ("Если остались вопросы, пишите help@example.com", "Возврат возможен в течение 180 дней"),
    "en": ("Refunds can be requested within 180 days", "Questions? Call +380 44 300 00 00"),
}  # fmt: skip
TYPED = {
    "payer": ("Іваненко Іван", "Anna O'Neil", "Петренко 12"), "email": ("payer@example.com",), "phone": ("+380 50 000 00 00",),
    "card": ("Visa 41****1111",), "purpose": ("Оплата замовлення", "Меблі, 2 шт", "Order payment 555"),
}  # fmt: skip
NOVEMBER = {"uk": "листопада", "ru": "ноября", "en": "November"}


def each(form: str) -> Layout:
    return lambda rows: "".join(form.format(label, value) for label, value in rows)


def chunks(rows: Rows, size: int) -> list[Rows]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def cards(rows: Rows) -> str:
    cell = "<td><div style='color:gray'>{}</div><div>{}</div></td>"
    return f"<table>{''.join(f'<tr>{each(cell)(pair)}</tr>' for pair in chunks(rows, 2))}</table>"


def grid(rows: Rows) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"

    return "".join(
        f"<table>{line([a for a, _ in part])}{line([b for _, b in part])}</table>" for part in chunks(rows, 4)
    )


HTML: dict[str, Layout] = {
    "tables in cells": each("<table><tr><td><table><tr><td><b>{}</b></td></tr></table></td><td><table><tr><td>{}</td></tr></table></td></tr></table>"),
    "list": lambda rows: f"<ul>{each('<li><strong>{}</strong>: {}</li>')(rows)}</ul>",
    "header cells": lambda rows: f"<table>{each('<tr><th align=left>{}:</th><td><b>{}</b></td></tr>')(rows)}</table>",
    "small over strong": each("<p><small>{}</small><br><strong>{}</strong></p>"),
    "cards": cards,
    "grid": grid,
    "spans": lambda rows: f"<div>{each('<span>{}</span> <span>{}</span><br/>')(rows)}</div>",
    "flex": each("<div style='display:flex'><div>{}</div><div>{}</div></div>"),
    "spacers": lambda rows: f"<table>{each('<tr><td>&nbsp;</td><td>{}</td><td>&nbsp;</td><td>{}</td></tr><tr><td colspan=4><hr></td></tr>')(rows)}</table>",
    "preformatted": lambda rows: f"<pre>{''.join(f'{a:<26}{b}{chr(10)}' for a, b in rows)}</pre>",
    "pair in a cell": lambda rows: f"<table>{each('<tr><td>{}: <b>{}</b></td></tr>')(rows)}</table>",
    "sections": each("<section><h4>{}</h4><p>{}</p></section>"),
    "ticks": lambda rows: "".join(f"<div>✅ {a.upper()} <b>{b}</b></div>" for a, b in rows),
    "definitions": lambda rows: f"<dl>{each('<dt>{}</dt><dd>{}</dd>')(rows)}</dl>",
}  # fmt: skip
TEXT: dict[str, Layout] = {
    "dots": lambda rows: "".join(f"{a}{'.' * (30 - len(a))} {b}\n" for a, b in rows),
    "box": lambda rows: "+----+\n" + "".join(f"│ {a:<22} │ {b:<30} │\n" for a, b in rows),
    "markdown": lambda rows: "| | |\n|---|---|\n" + "".join(f"| {a} | {b} |\n" for a, b in rows),
    "equals": each("{} = {}\n"),
    "dash": each("{} — {}\n"),
    "bullets": each("• {}: {}\n"),
    "two a line": lambda rows: "".join("     ".join(f"{a}: {b}" for a, b in part) + "\n" for part in chunks(rows, 2)),
    "indented": each("{}:\n\t{}\n"),
    "quoted": each("> {}: {}\n"),
    "starred": each("*{}:* {}\n"),
    "numbered": lambda rows: "".join(f"{n}. {a}: {b}\n" for n, (a, b) in enumerate(rows, 1)),
}
CAPTIONED: dict[str, Layout] = {  # values over their labels: nothing tells that they are, so nothing may be read from them
    "captions in divs": lambda rows: "".join(f"<div>{b}</div><div>{a}</div>" for a, b in rows),
    "captions on lines": lambda rows: "<br>".join(f"{b}<br>{a}" for a, b in rows),
    "captions in rows": lambda rows: f"<table>{''.join(f'<tr><td>{b}</td></tr><tr><td>{a}</td></tr>' for a, b in rows)}</table>",
}  # fmt: skip
LAYOUTS = HTML | TEXT
ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    raw: bytes
    layout: str
    truth: dict[str, Any]


def printed_sum(random: Random, minor: int, language: str) -> str:
    whole, rest = divmod(minor, 100)
    space = random.choice((" ", "\u00a0", "\u202f", "\u2009"))
    grouped = f"{whole:,}"
    forms = [
        f"{whole}.{rest:02}",
        f"{whole},{rest:02}",
        f"{grouped.replace(',', space)},{rest:02}",
        f"{grouped}.{rest:02}",
    ]
    number = random.choice([*forms, str(whole)] if rest == 0 else forms)
    currency = random.choice(("UAH", "₴") if language == "en" else ("грн", "грн.", "₴", "UAH"))
    if currency in {"UAH", "₴"} and random.random() < 0.4:
        return f"{currency} {number}"
    return f"{number}{space}{currency}"


def printed_date(random: Random, language: str) -> tuple[str, str]:
    day, hour, minute, second = (random.randint(*bounds) for bounds in ((1, 28), (0, 23), (0, 59), (0, 59)))
    with_seconds = random.random() < 0.5
    clock = f"{hour:02}:{minute:02}" + (f":{second:02}" if with_seconds else "")
    form = random.choice(
        (f"{day:02}.11.2026 {clock}", f"{day:02}.11.2026, {clock}", f"2026-11-{day:02} {clock}", f"{day:02}/11/2026 {clock}",
         f"{day} {NOVEMBER[language]} 2026 {clock}")
    )  # fmt: skip
    return form, f"2026-11-{day:02}T{hour:02}:{minute:02}:{second if with_seconds else 0:02}+02:00"


def rows_and_truth(random: Random, kind: str, language: str) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    labels = {field: random.choice(choices) for field, choices in LABELS[language].items()}
    minor = random.choice(
        (random.randint(100, 999), random.randint(100_000, 9_999_999), random.randint(1, 50_000) * 100)
    )
    shown, instant = printed_date(random, language)
    tail = f"{random.getrandbits(52):013x}"
    reference = random.choice(
        (f"WFP-SOC-{random.randint(10**6, 10**7)}-{tail}", f"WFP-BTN-{random.randint(10**6, 10**8)}-{tail}",
         f"shop_{random.randint(10**5, 10**6)}_WFPREG-{random.randint(1, 999)}-2")
    )  # fmt: skip
    order = random.choice(
        (
            str(random.randint(100, 99_999)),
            f"{random.randint(1, 999)}-{random.randint(1, 9)}",
            f"A-{random.randint(1, 999)}",
        )
    )
    values = {
        "shop": "shop.example.ua",
        "amount": printed_sum(random, minor, language),
        "reference": reference,
        "date": shown,
        "order": random.choice(("{}", "№ {}", "#{}")).format(order),
    }
    if random.random() < 0.75:
        values["status"] = random.choice(STATUSES[kind][language])
    if random.random() < 0.6:
        values["fee"] = printed_sum(random, max(1, minor // 40), language)
    values |= {field: random.choice(typed) for field, typed in TYPED.items() if random.random() < 0.6}
    rows = [(labels[field], value) for field, value in values.items()]
    random.shuffle(rows)
    truth = {
        "kind": kind, "amount": f"{minor // 100}.{minor % 100:02}", "currency": "UAH", "order_number": order,
        "transaction_id": reference, "paid_at": instant, "merchant": "shop.example.ua",
    }  # fmt: skip
    return rows, truth


def as_mail(random: Random, body: str, subtype: str, subject: str) -> bytes:
    name = random.choice(("utf-8", "utf-8", "windows-1251", "koi8-u"))
    try:
        body.encode(name)
    except UnicodeEncodeError:
        name = "utf-8"
    charset = Charset(name)
    charset.body_encoding = random.choice((BASE64, QP))
    part = MIMEText("", subtype)
    del part["Content-Transfer-Encoding"]
    part.set_payload(body, charset)
    mail: MIMEText | MIMEMultipart = part
    if random.random() < 0.3:
        mail = MIMEMultipart("related")
        mail.attach(part)
    mail["From"] = "WayForPay <notify@wayforpay.com.ua>"
    mail["To"] = "pay@example.ua"
    mail["Subject"] = Header(subject, "utf-8").encode()
    return mail.as_bytes()


def make(random: Random, name: str, layout: Layout, *, kind: str | None = None) -> Letter:
    language = random.choice(("uk", "uk", "ru", "en"))
    kind = kind or random.choices(tuple(HEADS), (70, 10, 8, 7, 5))[0]
    rows, truth = rows_and_truth(random, kind, language)
    head, foot = random.choice(HEADS[kind][language]), random.choice(FEET[language])
    subject = random.choice((f"{head} — shop.example.ua", head, "WayForPay: shop.example.ua"))
    if name in TEXT:
        body, subtype = f"{head}\n\n{layout(rows)}\n--\n{foot}\n", "plain"
    else:
        hidden = random.choice(("", f"<div style='display:none'>{head} 1,00 грн</div>"))
        drawn = layout([(escape(label), escape(value)) for label, value in rows])
        body, subtype = (
            f"<html><head><style>.x{{}}</style></head><body>{hidden}<h1>{head}</h1>{drawn}<hr><p>{foot}</p></body></html>",
            "html",
        )
    return Letter(raw=as_mail(random, body, subtype, subject), layout=name, truth=truth)


def wrong(read: dict[str, Any], truth: dict[str, Any]) -> dict[str, Any]:
    """The facts that were told and are not so; letters that move no money are told by their kind alone."""
    moves_money = {"payment", "refund", "void"} & {read["kind"], truth["kind"]}
    facts = truth if moves_money else {"kind": truth["kind"]}
    return {name: (read.get(name), value) for name, value in facts.items() if read.get(name) != value}


def test_no_generated_letter_is_read_wrongly_and_most_are_read() -> None:
    """P01 P07 P11: over 300 letters in 25 layouts, three languages and three charsets, every fact that is told is so."""
    random = Random(20261121)
    letters = [make(random, name, layout) for _ in range(ROUNDS) for name, layout in LAYOUTS.items()]
    assert len(letters) >= 300
    read: Counter[str] = Counter()
    held: list[tuple[str, dict[str, Any]]] = []
    for letter in letters:
        (found,) = parse_file(letter.raw, "notice.eml", [wayforpay])
        if "error" in found:
            held.append((letter.layout, found))
            continue
        assert wrong(found, letter.truth) == {}, letter.layout
        read[letter.layout] += 1
    assert sum(read.values()) >= 0.9 * len(letters), held
    assert min(read[name] for name in LAYOUTS) >= ROUNDS // 2, held


@pytest.mark.parametrize("name", CAPTIONED)
def test_values_over_their_labels_are_never_shifted(name: str) -> None:
    """P07: in a layout that can be read both ways nothing is taken from the neighbour."""
    random = Random(7)
    for _ in range(30):
        letter = make(random, name, CAPTIONED[name], kind="payment")
        (found,) = parse_file(letter.raw, "notice.eml", [wayforpay])
        assert "error" in found or found["kind"] != "payment" or wrong(found, letter.truth) == {}


def test_a_generated_letter_is_made_again_alike() -> None:
    """The same seed makes the same letters, so a failure can be looked at."""
    name, layout = next(iter(LAYOUTS.items()))
    assert make(Random(1), name, layout).truth == make(Random(1), name, layout).truth
