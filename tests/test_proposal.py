"""`explain` proposes a profile; pasted into the settings, it reads the letter."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from reconciler.cli.showing import show_explanation
from reconciler.discovery import find_parsers
from reconciler.message import decode
from reconciler.model import Kind
from reconciler.profiles import parsers_of
from reconciler.proposal import Proposal, propose
from reconciler.reading import read
from reconciler.readout import explain_file
from reconciler.sandbox import letters
from tests.counter import Counter, one
from tests.test_config import GOOD
from tests.test_config import read as settings_of
from tests.test_profiles import letter


def html(
    body: str, *, subject: str, sender: str = "pay@acq.example", date: str = "Fri, 20 Nov 2026 14:06:00 +0200"
) -> bytes:
    """A reconstructed letter of a sender that does not exist."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"], message["Date"] = sender, "pay@example.ua", subject, date
    message.set_content(f"<html><body>{body}</body></html>", subtype="html")
    return bytes(message)


def table(rows: dict[str, str]) -> str:
    return "<table>" + "".join(f"<tr><td>{k}</td><td>{v}</td></tr>" for k, v in rows.items()) + "</table>"


BANK = {
    "Сума зарахування": "1 250,00 грн",
    "Комісія": "12,50 грн",
    "Код документа": "MB-778812",
    "Дата операції": "20.11.2026 14:05",
    "Призначення платежу": "Сплата за замовлення 12345 від клієнта",
    "Залишок на рахунку": "98 000,15 грн",
}
ACQUIRER = {
    "Transaction UID": "a81b-77c2-4410",
    "Total charged": "1,250.00 UAH",
    "Charged on": "11/20/2026 14:05",
    "Merchant": "shop_example_ua",
    "Invoice": "12345",
    "Status": "Settled",
}
LAYOUTS = {
    "lines": letter(),
    "table": html(table(BANK), subject="Надходження коштів"),
    "list": html(
        "<dl>" + "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in BANK.items()) + "</dl>", subject="Зараховано платіж"
    ),
    "bold": html(
        "".join(f"<p><b>{k}:</b> {v}</p>" for k, v in BANK.items()), subject="Кошти надійшли на рахунок"
    ),
    "english": html(table(ACQUIRER), subject="Settled"),
    "month first": html(table({**ACQUIRER, "Charged on": "11/03/2026 14:05"}), subject="Payment received", date="Tue, 03 Nov 2026 14:06:00 +0200"),
    "no currency": html(table({**ACQUIRER, "Total charged": "1250.00"}), subject="Payment received"),
    "operation": html(
        table({"ID операції": "77812-A", "Разом": "1250,00 ₴", "Час операції": "2026-11-20 14:05", "Замовлення": "№ 12345"}),
        subject="Нова оплата",
    ),
    "own words": html(
        "<h2>Кошти зараховано на рахунок</h2>"
        + table({"Зараховано, грн": "1 250,00", "Ідентифікатор переказу": "MB-778812", "Момент зарахування": "20.11.2026 14:05:00",
                 "Пояснення платника": "за замовлення 12345", "Результат": "Проведено"}),
        subject="Зараховано кошти",
    ),
}  # fmt: skip


def proposed(raw: bytes) -> Proposal:
    found = propose(decode(raw), taken=[parser.NAME for parser in find_parsers()])
    assert found is not None
    return found


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_proposed_reads_the_letter(name: str, tmp_path: Path) -> None:
    """The snippet, pasted into settings as it stands, reads every fact of a letter of a layout nobody has seen."""
    found = proposed(LAYOUTS[name])
    settings = settings_of(tmp_path, GOOD + found.toml)
    (notice,) = read(decode(LAYOUTS[name]), parsers_of(settings)).notices
    day = 3 if name == "month first" else 20
    assert (notice.kind, str(notice.amount), notice.order_number) == (Kind.PAYMENT, "1250.00 UAH", "12345")
    assert notice.transaction_id in {"MB-778812", "a81b-77c2-4410", "77812-A"}
    assert notice.paid_at == datetime(2026, 11, day, 12, 5, tzinfo=UTC)
    assert found.reads == (notice,)
    assert found.unplaced == ()


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ({"Сума зарахування": None}, "amount"),
        ({"Документ": None}, "transaction_id"),
        ({"Проведено": None}, "paid_at"),
        ({"Призначення": "Оплата за товар"}, "order_number"),
        ({"Сума операції": "1 300,00 грн", "Сума оплати": "1 250,00 грн"}, "amount"),
        ({"Сума зарахування": "1,250 грн"}, "amount"),
    ],
)
def test_what_cannot_be_placed_is_named(rows: dict[str, str | None], field: str) -> None:
    """A field without a value that can be it, or with two, is told and never guessed."""
    found = proposed(letter(rows))
    assert [line.partition(":")[0] for line in found.unplaced] == [field]
    assert field == "order_number" or found.reads is None


def test_a_balance_or_a_fee_is_never_the_amount() -> None:
    """Sums beside the payment are left out, even when there is no other."""
    found = proposed(letter({"Сума зарахування": None, "Комісія банку": "12,50 грн"}))
    assert "labels.amount = " not in found.toml.replace("# labels.amount", "")


@pytest.mark.parametrize(
    "subject",
    ["Неуспішне зарахування", "Сторно зарахування", "Рахунок до сплати", "Payment reminder", "Реєстр зарахувань"],
)
def test_no_words_of_success_are_made_of_a_denial(subject: str) -> None:
    """P11: what denies a payment is proposed as no payment's words."""
    found = proposed(letter(subject=subject))
    assert "success" not in found.toml
    assert all(notice.kind is not Kind.PAYMENT for notice in found.reads or ())


def test_a_signed_letter_names_the_domain_that_signs() -> None:
    """The gateway's domain is the one whose signature stands in the letter."""
    signed = letters.sign(letter(sender="info@mail.mybank.ua"), domain="mybank.ua")
    assert proposed(signed).toml.startswith('[gateways.mybank]\ndomains = ["mybank.ua"]\n')
    assert "nobody vouches" in proposed(letter()).toml


def test_a_name_that_is_taken_is_not_proposed() -> None:
    """A profile is not named as a parser that is installed."""
    assert proposed(letter(sender="info@wayforpay.example")).name == "wayforpay_2"


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("pay@w\u0430yforpay.com.ua", "w_yforpay"),  # the second letter is Cyrillic
        ("pay@\uff57ayforpay.com.ua", "_ayforpay"),  # a full-width w
        ("pay@мій-банк.укр", "___-____"),
        ("pay@-acq.example", None),  # settings take no such domain
        ("pay@acq\u00ad.example", None),  # a soft hyphen
        ("pay@_.example", None),
    ],
)
def test_a_sender_in_other_letters_is_explained_too(sender: str, name: str | None) -> None:
    """P14: a forged or foreign domain is named in letters that settings can be written in, or gets no proposal."""
    raw = LAYOUTS["english"].replace(b"pay@acq.example", sender.encode())
    found = propose(decode(raw), taken=["wayforpay"])
    assert (found and found.name) == name
    assert found is None or found.reads


def test_explain_shows_the_proposal(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    """For a machine it is a key; for people the lines are whole, to be copied; a letter that is read has none."""
    file = counter.folder / "new.eml"
    file.write_bytes(letter())
    found = one(counter.run("explain", "--offline", str(file)))
    assert found["proposal"]["reads"][0]["order_number"] == "12345"
    show_explanation(found)
    shown = capsys.readouterr().out
    assert all(line in shown.splitlines() for line in found["proposal"]["toml"].splitlines())
    assert one(counter.run("explain", "--offline", str(counter.letter())))["proposal"] is None


def test_the_labels_of_a_letter_that_nobody_claims_are_shown() -> None:
    """Whoever writes a profile sees every label and value, before any parser knows them."""
    shown = explain_file(LAYOUTS["table"], "new.eml", find_parsers())["pairs"]
    assert {pair["label"]: pair["value"] for pair in shown} == BANK


def test_junk_gets_no_proposal_that_reads() -> None:
    """Nobody's mail is explained without a fall; what is proposed reads none of it, or warns of a forged sender."""
    parsers = find_parsers()
    forged = set()
    for case in (Path(__file__).parents[1] / "fixtures" / "_nobody").iterdir():
        found = explain_file((case / "notice.eml").read_bytes(), case.name, parsers)
        assert json.dumps(found)
        proposal = found["proposal"]
        if proposal is not None and "BEWARE" in proposal["toml"]:
            forged.add(case.name)
        else:
            assert proposal is None or proposal["reads"] is None
    assert forged == {"lookalike_domain", "lookalike_prefix", "display_name_trick"}
