"""[parsers.NAME]: a sender whose letters are read without a line of code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from reconciler import config
from reconciler.config import Settings
from reconciler.discovery import find_parsers
from reconciler.errors import ConfigError, FieldAmbiguous, HeldError
from reconciler.message import decode
from reconciler.model import Kind, Notice
from reconciler.profiles import Profile, parsers_of
from reconciler.reading import read
from reconciler.sandbox import keys, letters
from reconciler.sandbox.resolver import SandboxResolver
from tests.counter import Counter, one, rows
from tests.test_config import GOOD, problems
from tests.test_config import read as settings_of

MYBANK = """
[gateways.mybank]
domains = ["mybank.ua"]

[parsers.mybank]
senders = ["info@mybank.ua"]
labels.amount = ["Сума зарахування"]
labels.transaction_id = ["Документ"]
labels.paid_at = ["Проведено"]
labels.order_number = ["Призначення"]
labels.merchant = ["Отримувач"]
labels.payer_name = ["Відправник"]
order_patterns = ["за замовлення {order}"]
success = ["Зарахування коштів"]
veto = ["сторнован"]
"""
ROWS = {
    "Сума зарахування": "1 250,00 грн",
    "Документ": "MB-778812",
    "Проведено": "20.11.2026 14:05",
    "Призначення": "Оплата за замовлення №12345 від 19 листопада",
    "Отримувач": "shop_example_ua",
    "Відправник": "Тестовий Платник",
    "Залишок": "98 000,15 грн",
}


def letter(
    rows: dict[str, str | None] | None = None,
    *,
    sender: str = "info@mybank.ua",
    subject: str = "Зарахування коштів",
    head: str = "",
) -> bytes:
    """A reconstructed letter of a bank that does not exist; rows replace or, being None, remove those of `ROWS`."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"My Bank <{sender}>"
    message["To"] = "pay@example.ua"
    message["Subject"] = subject
    message["Date"] = "Fri, 20 Nov 2026 14:05:40 +0200"
    message["Message-ID"] = "<1@mybank.ua>"
    told: dict[str, Any] = {**ROWS, **(rows or {})}
    message.set_content(head + "".join(f"{label}: {value}\n" for label, value in told.items() if value is not None))
    return bytes(message)


@pytest.fixture
def mybank(tmp_path: Path) -> Settings:
    return settings_of(tmp_path, GOOD + MYBANK)


def notice(raw: bytes, settings: Settings) -> Notice:
    (found,) = read(decode(raw), parsers_of(settings)).notices
    return found


# ---------------------------------------------------------------- reading


def test_a_letter_is_read_by_its_table(mybank: Settings) -> None:
    """Every field comes from the label that the settings name, and says so."""
    found = notice(letter(), mybank)
    assert (found.parser, found.gateway, found.kind) == ("mybank", "mybank", Kind.PAYMENT)
    assert (str(found.amount), found.transaction_id, found.order_number) == ("1250.00 UAH", "MB-778812", "12345")
    assert found.paid_at == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
    assert (found.merchant, found.payer and found.payer.name) == ("shop_example_ua", "Тестовий Платник")
    assert {span.label for span in found.spans} >= {"Сума зарахування", "Документ", "Проведено"}


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Зарахування коштів сторновано", Kind.DECLINED),
        ("Неуспішне зарахування коштів", Kind.DECLINED),
        ("Не зарахування коштів", Kind.DECLINED),
        ("Зарахування коштів очікує підтвердження", Kind.PENDING),
        ("Повернення коштів", Kind.REFUND),
    ],
)
def test_what_denies_a_payment_goes_before_what_tells_of_one(mybank: Settings, subject: str, kind: Kind) -> None:
    """P11: a veto word, the profile's or the house's, makes a letter with a success phrase no payment."""
    assert notice(letter(subject=subject), mybank).kind is kind


@pytest.mark.parametrize("subject", ["Залишок на рахунку", "Зарахування коштів скоро"])
def test_what_does_not_plainly_tell_of_a_payment_is_held(mybank: Settings, subject: str) -> None:
    """P11: words that neither the profile nor the house knows hold a letter."""
    with pytest.raises(HeldError):
        notice(letter(subject=subject), mybank)


@pytest.mark.parametrize("gone", ["Сума зарахування", "Документ", "Проведено"])
def test_a_fact_under_another_label_is_not_taken(mybank: Settings, gone: str) -> None:
    """P09: without the label that is named, the letter is held; the house's own labels stand in for none of its facts."""
    other = {"Сума зарахування": "Сума", "Документ": "Номер платежу", "Проведено": "Дата"}[gone]
    with pytest.raises(HeldError) as caught:
        notice(letter({gone: None, other: ROWS[gone]}), mybank)
    assert caught.value.reason == "field_missing"


@pytest.mark.parametrize(
    ("formats", "printed", "amount"),
    [
        ("", "1,250 грн", None),
        ('formats.decimal = "."', "1,250 грн", "1250.00"),
        ('formats.decimal = ","', "1,250 грн", None),
        ('formats.decimal = ","', "1.250 грн", "1250.00"),
        ('formats.decimal = ","', "1.250,50 грн", "1250.50"),
        ('formats.decimal = ","', "1,250.50 грн", None),
        ('formats.decimal = ","', "12.50 грн", None),
        ('formats.thousands = ","', "1,250 грн", "1250.00"),
        ('formats.thousands = "."', "1,250 грн", None),
        ('formats.thousands = " "', "1 250,00 грн", "1250.00"),
        ('formats.thousands = "\'"', "1 250,00 грн", None),
    ],
)
def test_sums_are_read_in_the_senders_manner_alone(
    tmp_path: Path, formats: str, printed: str, amount: str | None
) -> None:
    """P05: marks that are told settle two readings; a sum that is written with others is held, never re-read."""
    settings = settings_of(tmp_path, GOOD + MYBANK + formats)
    if amount is None:
        with pytest.raises(HeldError):
            notice(letter({"Сума зарахування": printed}), settings)
    else:
        assert str(notice(letter({"Сума зарахування": printed}), settings).amount) == f"{amount} UAH"


@pytest.mark.parametrize(("order", "month"), [("DD/MM/YYYY", 4), ("MM/DD/YYYY", 3), ("YYYY-MM-DD", None), ("", None)])
def test_the_order_of_a_date_is_told_not_guessed(tmp_path: Path, order: str, month: int | None) -> None:
    """P19: 03/04 is the day that `formats.date` says, and held where it says nothing about it."""
    settings = settings_of(tmp_path, GOOD + MYBANK + f'formats.date = "{order}"')
    raw = letter({"Проведено": "03/04/2026 14:05"})
    if month is None:
        with pytest.raises(FieldAmbiguous):
            notice(raw, settings)
    else:
        assert getattr(notice(raw, settings).paid_at, "month", None) == month


def test_a_currency_that_is_not_printed_is_the_profiles(tmp_path: Path) -> None:
    """P05: `currency` counts for sums that print none, and never against one that is printed."""
    bare = {"Сума зарахування": "1250.00", "Залишок": None}
    with pytest.raises(HeldError):
        notice(letter(bare), settings_of(tmp_path, GOOD + MYBANK))
    settings = settings_of(tmp_path, GOOD + MYBANK + 'currency = "EUR"')
    assert str(notice(letter(bare), settings).amount) == "1250.00 EUR"
    assert str(notice(letter(), settings).amount) == "1250.00 UAH"


def test_wall_times_are_the_profiles(tmp_path: Path) -> None:
    """P19: a time without a zone is read in the profile's."""
    settings = settings_of(tmp_path, GOOD + MYBANK + 'timezone = "UTC"')
    assert notice(letter(), settings).paid_at == datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("purpose", "number"),
    [
        ("Оплата  ЗА замовлення # 12345", "12345"),
        ("12345", "12345"),
        ("Оплата за товар, без номера", None),
        ("Перезамовлення за замовлення 0501234567", None),
        ("за замовлення А-12.", "A-12"),
    ],
)
def test_an_order_number_stands_where_its_pattern_says(mybank: Settings, purpose: str, number: str | None) -> None:
    """P16: the token at {order} is cleaned as every order number; phones are none."""
    assert notice(letter({"Призначення": purpose}), mybank).order_number == number


@pytest.mark.parametrize(
    "purpose", ["за замовлення 12345, 12346", "за замовлення 1 та 2", "за замовлення 12345 і за замовлення 12346"]
)
def test_two_order_numbers_are_held(mybank: Settings, purpose: str) -> None:
    """P16: the first of several numbers is not taken."""
    with pytest.raises(FieldAmbiguous):
        notice(letter({"Призначення": purpose}), mybank)


def test_an_owners_text_is_no_pattern(tmp_path: Path) -> None:
    """P14: what an owner writes is compared as it stands; a regular expression's signs mean nothing, and cost nothing."""
    text = MYBANK.replace("за замовлення {order}", "(a+)+ {order}").replace("сторнован", "(у|у)+.*")
    settings = settings_of(tmp_path, GOOD + text)
    assert notice(letter({"Призначення": "aaaa 12345"}), settings).order_number is None
    assert notice(letter({"Призначення": "оплата (a+)+ 12345 вчора"}), settings).order_number == "12345"
    (profile,) = (parser for parser in parsers_of(settings) if isinstance(parser, Profile))
    for hostile in ("a" * 1_000_000, "(a+)+ " * 100_000, "(a+)+ :№ " * 100_000, "у" * 1_000_000):
        assert profile.tables.cleaned(hostile) is None
        assert profile.tables.translate(hostile) == hostile


# ---------------------------------------------------------------- claiming


@pytest.mark.parametrize("sender", ["news@mybank.ua", "info@mybank.ua.example", "info@sub.mybank.ua"])
def test_only_the_named_senders_are_claimed(mybank: Settings, sender: str) -> None:
    """P10: a bank's other mail, and mail from like-named places, is nobody's."""
    with pytest.raises(HeldError) as caught:
        read(decode(letter(sender=sender)), parsers_of(mybank))
    assert caught.value.reason == "unclaimed"


def test_subject_words_tell_a_senders_letters_apart(tmp_path: Path) -> None:
    """Of one address, only letters whose subject has one of the words are claimed."""
    settings = settings_of(tmp_path, GOOD + MYBANK + 'subject = ["Зарахування"]')
    (profile,) = (parser for parser in parsers_of(settings) if isinstance(parser, Profile))
    assert profile.claims(decode(letter()))
    assert not profile.claims(decode(letter(subject="Новий тариф")))


def test_a_changed_profile_is_another_version(tmp_path: Path) -> None:
    """What was read can be told from what is read after a change."""
    versions = {
        parser.VERSION
        for text in (MYBANK, MYBANK, MYBANK + 'currency = "UAH"')
        for parser in parsers_of(settings_of(tmp_path, GOOD + text))
        if isinstance(parser, Profile)
    }
    assert len(versions) == 2


# ---------------------------------------------------------------- settings


WRONG = [
    (MYBANK.replace("labels.amount", "labels.amont"), "parsers.mybank.labels.amont", 'did you mean "amount"'),
    (MYBANK.replace('labels.amount = ["Сума зарахування"]', ""), "parsers.mybank.labels.amount", "is missing"),
    (MYBANK.replace('"Документ"', '"Проведено"'), "parsers.mybank.labels", "stands under transaction_id and under"),
    (MYBANK.replace("[gateways.mybank]", "[gateways.mybnk]"), "parsers.mybank.gateway", 'did you mean "mybnk"'),
    (MYBANK + 'formats.decimal = ";"', "parsers.mybank.formats.decimal", "is not a known word"),
    (MYBANK + 'formats.decimal = ","\nformats.thousands = ","', "parsers.mybank.formats.thousands", "decimal mark too"),
    (MYBANK + 'formats.date = "DD.MM.YY"', "parsers.mybank.formats.date", 'did you mean "DD.MM.YYYY"'),
    (MYBANK.replace('["info@mybank.ua"]', "[]"), "parsers.mybank.senders", "it needs an address"),
    (MYBANK.replace("{order}", "{nomer}"), "parsers.mybank.order_patterns[0]", "{order}"),
    (MYBANK.replace('"за замовлення {order}"', '"{order}"'), "parsers.mybank.order_patterns[0]", "{order}"),
    (MYBANK + 'sucess = ["x"]', "parsers.mybank.sucess", 'did you mean "success"'),
    (MYBANK + 'currency = "ГРН"', "parsers.mybank.currency", "UAH"),
]


@pytest.mark.parametrize(("text", "key", "what"), WRONG, ids=[f"{n}-{key}" for n, (_, key, _) in enumerate(WRONG)])
def test_a_problem_names_its_key_and_the_nearest_word(tmp_path: Path, text: str, key: str, what: str) -> None:
    """Each wrong line of a profile is told by its key path and what to write instead."""
    (line,) = (line for line in problems(tmp_path, GOOD + text) if line.startswith((f"{key} = ", f"{key}: ")))
    assert what in line


CLASHES = [
    (MYBANK.replace("info@mybank.ua", "notify@wayforpay.com.ua"), "installed parser wayforpay"),
    (MYBANK.replace("senders =", "domains = ['wayforpay.com.ua']\nsenders ="), "installed parser wayforpay"),
    (MYBANK.replace("parsers.mybank]", "parsers.wayforpay]"), "a parser of this name is installed"),
    (
        '[gateways.wayforpay]\nsenders = ["pay@relay.ua"]\n' + MYBANK.replace("info@mybank.ua", "pay@relay.ua"),
        "installed parser wayforpay",
    ),
    (MYBANK + MYBANK.split("\n\n")[1].replace("mybank]", 'other]\ngateway = "mybank"'), "[parsers.mybank] too"),
    (
        MYBANK
        + 'subject = ["Зарахування"]\n'
        + MYBANK.split("\n\n")[1].replace(
            "mybank]", 'other]\ngateway = "mybank"\nsubject = ["Нове зарахування коштів"]'
        ),
        "[parsers.mybank] too",
    ),
    (MYBANK.replace('success = ["', 'success = ["Не '), "a payment was not made"),
    (MYBANK + 'ignore = ["повернення"]', "a payment was not made"),
]


@pytest.mark.parametrize(("text", "what"), CLASHES)
def test_what_two_parsers_would_claim_is_refused(tmp_path: Path, text: str, what: str) -> None:
    """P10: a sender has one parser, and a phrase of success hides no denial; else the service does not start."""
    with pytest.raises(ConfigError) as caught:
        parsers_of(settings_of(tmp_path, GOOD + text))
    assert any(what in problem and problem.startswith("parsers.") for problem in caught.value.problems)


def test_profiles_of_one_sender_are_told_apart_by_subject(tmp_path: Path) -> None:
    """Two tables for two kinds of letter from one address are allowed when their subjects cannot be the same."""
    other = MYBANK.split("\n\n")[1].replace("mybank]", 'other]\ngateway = "mybank"\nsubject = ["Списання"]')
    settings = settings_of(tmp_path, GOOD + MYBANK + 'subject = ["Зарахування"]\n' + other)
    assert {parser.NAME for parser in parsers_of(settings)} - {p.NAME for p in find_parsers()} == {"mybank", "other"}


def test_a_profile_is_used_and_not_remarked_on(tmp_path: Path) -> None:
    """Nothing says at a start that profiles are not used."""
    assert not [line for line in settings_of(tmp_path, GOOD + MYBANK).remarks if line.startswith("parsers")]


# ---------------------------------------------------------------- the whole line


@pytest.fixture(scope="module")
def mybank_dns() -> Iterator[SandboxResolver]:
    with SandboxResolver(keys.zone("mybank.ua")) as resolver:
        yield resolver


@pytest.fixture
def bank_counter(counter: Counter, mybank_dns: SandboxResolver) -> Counter:
    counter.resolver = mybank_dns
    text = counter.configure().read_text("utf-8").replace('gateway = "wayforpay"', 'gateway = "mybank"')
    counter.config.write_text(text + MYBANK, "utf-8")
    return counter


def test_a_banks_letter_brings_its_order_into_production(bank_counter: Counter) -> None:
    """A signed letter in the mailbox, read by a profile, ends with an order in production; the bank's other mail is left alone."""
    bank_counter.imap.deliver(letters.sign(letter(), domain="mybank.ua"))
    bank_counter.imap.deliver(letter(sender="news@mybank.ua", subject="Вітаємо зі святом"))
    done = bank_counter.run("poll")
    assert done.exit_code == 0, done.output
    row = one(done)
    assert (row["outcome"], row["key"], row["order"]) == ("settled", "mybank:shop:MB-778812", "12345")
    assert bank_counter.planfix.order(12345).status == "У виробництві"
    (entry,) = bank_counter.entries()
    assert (entry.gateway, entry.parser) == ("mybank", "mybank")


def test_a_forged_letter_of_a_bank_is_held(bank_counter: Counter) -> None:
    """Trust is judged by the profile's gateway: a letter that another domain signed is nobody's word."""
    file = bank_counter.folder / "forged.eml"
    file.write_bytes(letters.sign(letter(), domain="wayforpay.com.ua"))
    (row,) = rows(bank_counter.run("reprocess", "--new-ledger", str(file)))
    assert (row["outcome"], row["reason"]) == ("held", "untrusted")
    assert bank_counter.writes() == []


def test_a_clash_refuses_the_start(bank_counter: Counter) -> None:
    """A sender with two parsers is a problem of the settings: exit 2, and nothing is opened."""
    text = bank_counter.config.read_text("utf-8").replace("info@mybank.ua", "notify@wayforpay.com.ua")
    bank_counter.config.write_text(text, "utf-8")
    done = bank_counter.run("poll")
    assert done.exit_code == 2
    assert not (bank_counter.folder / "reconciler.db").exists()


def test_saved_mail_is_read_by_profiles_too(bank_counter: Counter) -> None:
    """`parse`, `explain` and `fixture` know the settings' profiles where settings are found."""
    file = bank_counter.folder / "letter.eml"
    file.write_bytes(letter())
    assert one(bank_counter.run("parse", str(file)))["gateway"] == "mybank"
    assert one(bank_counter.run("explain", "--offline", str(file)))["claimed"]["parser"] == "mybank"
    cases = bank_counter.folder / "cases"
    assert bank_counter.run("fixture", "add", "--into", str(cases), str(file)).exit_code == 0
    assert "Тестовий" not in decode((cases / "mybank" / "letter" / "notice.eml").read_bytes()).texts[0].content
    assert one(bank_counter.run("fixture", "check", str(cases)))["ok"]
    assert config.load(bank_counter.config).parsers["mybank"].gateway == "mybank"
