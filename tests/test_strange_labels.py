"""Labels nobody knows, several payments in a letter, and kinds that nobody is shown: read right, or held, never shifted."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from parsers import wayforpay
from reconciler.errors import FieldAmbiguous, HeldError, Unreadable
from reconciler.extract.fields import Sheet
from reconciler.model import Address, Kind, Message, Notice, TextPart
from reconciler.money import Money

REFERENCE = "WFP-SOC-1234567-6ac4b29136b28"
Rows = Sequence[tuple[str, str]]
ROWS: Rows = (
    ("Канал продажу", "Web"), ("Статус", "Успішно"), ("Сума", "1 250,00 грн"), ("3DS", "Так"), ("Номер платежу", REFERENCE),
    ("Код авторизації", "482913"), ("Дата", "21.11.2026 14:05"), ("Номер замовлення", "12345"), ("Тариф", "2 %"),
    ("Email", "payer@example.com"),
)  # fmt: skip


def each(form: str, rows: Rows = ROWS) -> str:
    return "".join(form.format(label, value) for label, value in rows)


def columns(rows: Rows = ROWS) -> str:
    return (
        f"<table><tr><td>{'<br>'.join(a for a, _ in rows)}</td><td>{'<br>'.join(b for _, b in rows)}</td></tr></table>"
    )


def banded(width: int) -> str:
    parts = [ROWS[at : at + width] for at in range(0, len(ROWS), width)]
    return (
        "<table>"
        + "".join(each("<td>{0}</td>", p) + "</tr><tr>" + each("<td>{1}</td>", p) + "</tr><tr>" for p in parts)
        + "</table>"
    )


HTML = {
    "two columns": f"<table>{each('<tr><td>{}</td><td>{}</td></tr>')}</table>",
    "numbered rows": "<table>" + "".join(f"<tr><td>{n}.</td><td>{a}</td><td>{b}</td></tr>" for n, (a, b) in enumerate(ROWS, 1)) + "</table>",
    "two pairs in a row": "<table>"
    + "".join(f"<tr>{each('<td>{}</td><td>{}</td>', ROWS[at : at + 2])}</tr>" for at in range(0, len(ROWS), 2))
    + "</table>",
    "bands of five": banded(5).replace("<table>", "<table><tr>"),
    "columns beside each other": columns(),
    "a list of definitions": f"<dl>{each('<dt>{}</dt><dd>{}</dd>')}</dl>",
    "blocks that look alike": each("<div>{}</div><div>{}</div>"),
    "blocks that look unlike": each("<div class=k>{}</div><div class=v>{}</div>"),
    "paragraphs with colons": each("<p>{}:</p><p>{}</p>"),
    "a colon outside": each("<div>{}</div>:&nbsp;<div>{}</div>"),
    "rows over rows": f"<table>{each('<tr><td>{}</td></tr><tr><td>{}</td></tr>')}</table>",
    "bold labels in one line": f"<p>{each('<b>{}:</b> {} ')}</p>",
    "elements by turns in one line": f"<p>{each('<span>{}</span><span>{}</span>')}</p>",
    "semicolons": f"<p>{each('{}: {}; ')}</p>",
    "a nested table under a label": "<table><tr><td>Успіх</td><td>x</td></tr><tr><td>Деталі</td><td>"
    f"<table>{each('<tr><td>{}</td><td>{}</td></tr>')}</table></td></tr></table>",
    "a legend that is a label": f"<fieldset><legend>Операція</legend>{each('<label>{}</label> <output>{}</output><br>')}</fieldset>",
}  # fmt: skip
TEXT = {
    "value on the next line": each("{}:\n{}\n"),
    "paragraphs of two": each("{}\n{}\n\n"),
    "a blank line between": each("{}\n\n{}\n\n"),
    "an arrow": each("{} -> {}\n"),
    "an equals sign": each("{}={}\n"),
    "a dash": each("{} - {}\n"),
    "brackets": each("[{}] {}\n"),
    "bars in one line": " | ".join(f"{a}: {b}" for a, b in ROWS),
    "right-aligned": "".join(f"{a:>24}: {b}\n" for a, b in ROWS),
}


def letter(html: str = "", text: str = "", head: str = "Успішний платіж", subject: str = "WayForPay") -> Message:
    htmls = (TextPart(path="html[0]", content=f"<h2>{head}</h2>{html}", charset="utf-8"),) if html else ()
    texts = (TextPart(path="text[0]", content=f"{head}\n\n{text}", charset="utf-8"),) if text else ()
    sender = Address(name="", email="notify@wayforpay.com.ua")
    return Message(raw=b"", sha256="", senders=(sender,), subject=subject, htmls=htmls, texts=texts)


def facts(notice: Notice) -> tuple[object, ...]:
    return notice.kind, notice.amount, notice.transaction_id, notice.order_number


RIGHT = (Kind.PAYMENT, Money.from_minor(125000, "UAH"), REFERENCE, "12345")


@pytest.mark.parametrize("layout", HTML)
def test_unknown_labels_shift_nothing_in_html(layout: str) -> None:
    """P07: among labels that nobody knows, also one with a digit, every known label keeps its own value."""
    (notice,) = wayforpay.parse(letter(html=HTML[layout]))
    assert facts(notice) == RIGHT


@pytest.mark.parametrize("layout", TEXT)
def test_unknown_labels_shift_nothing_in_text(layout: str) -> None:
    """P07: the same in plain text."""
    (notice,) = wayforpay.parse(letter(text=TEXT[layout]))
    assert facts(notice) == RIGHT


@pytest.mark.parametrize("layout", [*HTML, *TEXT])
def test_every_field_has_its_span(layout: str) -> None:
    """Every fact of a payment carries the label and the value it was read from, as printed."""
    message = letter(html=HTML[layout]) if layout in HTML else letter(text=TEXT[layout])
    (notice,) = wayforpay.parse(message)
    spans = {span.field: span.value for span in notice.spans}
    assert spans["amount"] == "1 250,00 грн"
    assert spans["transaction_id"] == REFERENCE
    assert (spans["paid_at"], spans["order_number"], spans["kind"]) == ("21.11.2026 14:05", "12345", "Успішно")


@pytest.mark.parametrize("form", ["<div>{}</div><div>{}</div>", "<p>{}:</p><p>{}</p>"])
def test_an_empty_value_among_unknown_labels_is_doubted(form: str) -> None:
    """P07: an order number that is missing altogether is not the label that follows."""
    rows = [("3DS", "Так") if label == "Тариф" else (label, value) for label, value in ROWS if label != "3DS"]
    html = each(form, rows).replace(
        form.partition("{}")[2].partition("{}")[0].join(("Номер замовлення", "12345")), "Номер замовлення"
    )
    with pytest.raises(FieldAmbiguous) as caught:
        wayforpay.parse(letter(html=html))
    assert "3DS" in str(caught.value)


def test_a_label_may_carry_the_currency() -> None:
    """ "Сума, грн" and "Сума (UAH)" are sums in hryvnias; a currency that contradicts the label's is two readings."""
    for label in ("Сума, грн", "Сума (UAH)", "СУМА, ГРН:"):
        rows = [(label, "1 250,00") if a == "Сума" else (a, b) for a, b in ROWS]
        assert (
            facts(wayforpay.parse(letter(html=f"<table>{each('<tr><td>{}</td><td>{}</td></tr>', rows)}</table>"))[0])
            == RIGHT
        )
    rows = [("Сума, грн", "$1 250,00") if a == "Сума" else (a, b) for a, b in ROWS]
    with pytest.raises(FieldAmbiguous):
        wayforpay.parse(letter(text=each("{}: {}\n", rows)))


def test_a_payer_s_second_line_in_a_paragraph_is_doubted() -> None:
    """A line break typed into a paragraph that holds one pair, like its neighbours, makes no second field."""
    rows = [(a, f"{b}<br>Номер замовлення: 777" if a == "Email" else b) for a, b in ROWS if a != "Номер замовлення"]
    with pytest.raises(FieldAmbiguous):
        wayforpay.parse(letter(html=each("<p>{}: {}</p>", rows)))


def test_a_time_elsewhere_makes_a_bare_date_ambiguous() -> None:
    """P19: a date alone beside a time under a label that nobody knows is not that day's midnight."""
    rows = [("Дата", "21.11.2026") if a == "Дата" else (a, b) for a, b in ROWS]
    with pytest.raises(FieldAmbiguous) as caught:
        wayforpay.parse(letter(text=each("{}: {}\n", [*rows, ("Година", "14:05:33")])))
    assert caught.value.facts["field"] == "paid_at"


# ---------------------------------------------------------------- several payments

TWO = (
    [("Статус", "Успішно"), ("Сума", "100,00 грн"), ("Номер платежу", "WFP-SOC-1-6ac4b29136b28"), ("Дата", "21.11.2026 14:05"), ("Номер замовлення", "1")],
    [("Статус", "Відхилено"), ("Сума", "200,00 грн"), ("Номер платежу", "WFP-SOC-2-6ac4b29136b29"), ("Дата", "21.11.2026 14:06"), ("Номер замовлення", "2")],
)  # fmt: skip
SEVERAL = {
    "tables": "".join(f"<h3>Платіж</h3><table>{each('<tr><td>{}</td><td>{}</td></tr>', rows)}</table>" for rows in TWO),
    "definitions": "".join(f"<dl>{each('<dt>{}</dt><dd>{}</dd>', rows)}</dl>" for rows in TWO),
    "blocks": "".join(each("<div><div>{}</div><div>{}</div></div>", rows) for rows in TWO),
    "rows of a list": f"<table><tr>{each('<th>{0}</th>', TWO[0])}</tr>{''.join('<tr>' + each('<td>{1}</td>', rows) + '</tr>' for rows in TWO)}</table>",
    "a leaf each": "".join(f"<div>{each('{}: {}<br>', rows)}</div>" for rows in TWO),
}


@pytest.mark.parametrize("layout", SEVERAL)
def test_several_payments_are_several_notices(layout: str) -> None:
    """A letter of two payments gives two notices, each of the kind its own status tells."""
    first, second = wayforpay.parse(letter(html=SEVERAL[layout], head="Операції"))
    assert facts(first) == (Kind.PAYMENT, Money.from_minor(10000, "UAH"), "WFP-SOC-1-6ac4b29136b28", "1")
    assert facts(second) == (Kind.DECLINED, Money.from_minor(20000, "UAH"), "WFP-SOC-2-6ac4b29136b29", "2")


HELD_TOGETHER = {
    "lines of one leaf": letter(html="<div>" + "".join(each("{}: {}<br>", rows) for rows in TWO) + "</div>"),
    "plain text": letter(text="".join(each("{}: {}\n", rows) for rows in TWO)),
    "an older letter quoted": letter(html=SEVERAL["tables"].replace("<h3>", "<p>WayForPay пише:</p><h3>")),
    "in a quotation": letter(html=f"<blockquote>{SEVERAL['tables']}</blockquote>"),
    "a text part that says less": letter(html=SEVERAL["tables"], text=each("{}: {}\n", TWO[0])),
    "one laid out otherwise": letter(
        html=SEVERAL["tables"] + f"<table>{each('<tr><td>{}</td><td>{}</td></tr>', list(reversed(TWO[0])))}</table>"
    ),
    "no status": letter(html=SEVERAL["tables"].replace("Успішно", "")),
    "a headline of refunds": letter(html=SEVERAL["tables"], head="Повернення коштів"),
}


@pytest.mark.parametrize("case", HELD_TOGETHER)
def test_what_may_be_a_payer_s_payment_is_none(case: str) -> None:
    """P07: a second payment that a payer, or an older letter, may have put there is held, and takes the first along."""
    with pytest.raises(HeldError):
        wayforpay.parse(HELD_TOGETHER[case])


def test_a_letter_of_several_is_never_quietly_declined() -> None:
    """P11: two references under one label and a declined status: somebody looks."""
    with pytest.raises(Unreadable):
        wayforpay.parse(
            letter(text="".join(each("{}: {}\n", rows) for rows in TWO).replace("Успішно", "ОК"), head="Операції")
        )


# ---------------------------------------------------------------- kinds


def test_parts_that_tell_different_kinds_are_held() -> None:
    """P11: a text part that denies what the HTML part tells makes no quiet kind."""
    with pytest.raises(HeldError):
        wayforpay.parse(letter(html=HTML["two columns"], text="Платіж відхилено", head=""))


def test_a_typed_status_declines_nothing() -> None:
    """P11: a line "Статус: Відхилено" under a headline that tells of a sum come is not believed either way."""
    text = each("{}: {}\n", [row for row in ROWS if row[0] != "Статус"]) + "Статус: Відхилено\n"
    with pytest.raises(Unreadable):
        wayforpay.parse(letter(text=text, head="Надходження 1 250,00 грн", subject="Надходження"))


def test_a_word_among_values_is_no_headline() -> None:
    """P11: where values stand before their labels, a "Declined" among them makes no quiet kind."""
    with pytest.raises(HeldError):
        wayforpay.parse(
            letter(
                html="<h3>Платіж 1</h3>"
                + each("<p><i>{1}</i></p><p>{0}</p>", [("Результат справи", "Declined"), *ROWS[4:]]),
                head="",
            )
        )


def test_the_test_shop_named_elsewhere_is_held() -> None:
    """P11: the published test shop under a label that nobody knows makes no payment."""
    rows = [("Проєкт", "test_merch_n1"), *ROWS]
    with pytest.raises(Unreadable):
        wayforpay.parse(letter(text=each("{}: {}\n", rows)))


def test_a_sheet_of_one_payment_is_one_record() -> None:
    """A letter of one payment is not taken apart."""
    sheet = wayforpay.sheet(letter(html=HTML["two columns"]))
    assert isinstance(sheet, Sheet)
    assert sheet.records() == [sheet]
