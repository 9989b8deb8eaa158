"""Gateways beside WayForPay: what is known of each, whose letters are read, and that nothing posts for a stranger."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import parsers
from parsers import privatbank, stripe
from parsers._gateway import EVERYTHING, Gateway
from reconciler.config import KNOWN_GATEWAYS, Settings, load
from reconciler.discovery import find_parsers
from reconciler.errors import ConfigError, HeldError, Unreadable
from reconciler.flow.rules import GatewayRules, MailboxRules, MerchantRules, Rules
from reconciler.flow.shops import merchant_of
from reconciler.message import decode
from reconciler.model import Kind, Notice, OutcomeWord, Reason, Voucher
from reconciler.money import Money
from reconciler.profiles import parsers_of
from reconciler.reading import Configurable, read
from reconciler.readout import explain_file
from reconciler.sandbox import keys, letters
from tests.rules.stage import Stage, rules_with

SHOP = MerchantRules(name="shop", gateway="wayforpay", names=("shop_example_ua",), desk="factory")
FIXTURES = Path(__file__).parent.parent / "fixtures"
SETTINGS = """
[mailboxes.payments]
host = "imap.example.ua"
username = "pay@example.ua"
password = "secret-enough"
[desks.factory]
url = "https://example.planfix.ua/rest"
token = "secret-enough"
advance_from = ["Очікує оплати"]
mode = "observe"
[merchants.shop]
gateway = "%s"
names = ["shop_example_ua"]
desk = "factory"
"""


def _modules() -> list[Any]:
    found = [importlib.import_module(f"parsers.{module.name}") for module in pkgutil.iter_modules(parsers.__path__)]
    return [module for module in found if isinstance(getattr(module, "DEFAULT", None), Gateway)]


MODULES = _modules()
every_gateway = pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.NAME))


def settings_for(tmp_path: Path, gateway: str, more: str = "") -> Settings:
    path = tmp_path / "reconciler.toml"
    path.write_text(SETTINGS % gateway + more, "utf-8")
    return load(path, environ={})


@every_gateway
def test_what_is_known_of_a_gateway_is_what_its_parser_claims(tmp_path: Path, module: Any) -> None:
    """A merchant at a gateway is all it takes: its domains and its zone are known, and they are the parser's own."""
    gateway = settings_for(tmp_path, module.NAME).gateways[module.NAME]
    assert gateway.domains == module.DEFAULT.domains
    assert str(gateway.timezone) == module.DEFAULT.tables.timezone
    assert "none" not in gateway.trust


@every_gateway
def test_a_gateways_cases_are_many(module: Any) -> None:
    """P11: payments, or the want of one, other kinds and other languages are shown for each gateway."""
    assert len(list((FIXTURES / module.NAME).glob("*/notice.eml"))) >= 4
    assert all(hasattr(module, name) for name in ("claims", "parse", "sheet", "VERSION"))
    assert isinstance(module, Configurable)


def test_a_gateway_that_nobody_uses_is_foreign(tmp_path: Path) -> None:
    """Mail of a gateway that no merchant names is not ours to fetch, unless its section stands in the settings."""
    assert set(settings_for(tmp_path, "wayforpay").gateways) == {"wayforpay"}
    more = "[gateways.yookassa]\n"
    assert set(settings_for(tmp_path, "wayforpay", more).gateways) == {"wayforpay", "yookassa"}
    assert set(KNOWN_GATEWAYS) == {"wayforpay", *(module.NAME for module in MODULES)}


def test_a_mailboxs_merchant_speaks_for_its_own_gateway_alone() -> None:
    """A letter that names no shop counts for the mailbox's merchant only when that one is at the letter's gateway."""
    rules = Rules(merchants={"shop": SHOP})
    box = MailboxRules(name="payments", merchant="shop")
    assert merchant_of(Notice(parser="wayforpay", gateway="wayforpay", kind=Kind.PAYMENT), box, rules) is SHOP
    with pytest.raises(HeldError) as caught:
        merchant_of(Notice(parser="stripe", gateway="stripe", kind=Kind.PAYMENT), box, rules)
    assert caught.value.reason is Reason.MERCHANT_MISSING


RECONSTRUCTED = [module for module in MODULES if module.DEFAULT.demands == EVERYTHING]


def _case(gateway: str, case: str) -> bytes:
    return (FIXTURES / gateway / case / "notice.eml").read_bytes()


@pytest.mark.parametrize("module", RECONSTRUCTED, ids=lambda module: str(module.NAME))
def test_a_letter_that_nobody_published_needs_every_field_under_a_label(module: Any) -> None:
    """P09: of a reconstructed gateway's letter any line but the payer's may be taken away, and no payment is left."""
    whole = decode(_case(module.NAME, "paid_by_names_of_the_api"))
    (payment,) = module.parse(whole)
    assert payment.kind is Kind.PAYMENT
    needed = {span.label for span in payment.spans if not span.field.startswith("payer.")}
    (part,) = whole.texts
    lines = part.content.splitlines()
    gone = [line for line in lines if line.partition(":")[0] in needed]
    assert len(gone) == len(needed) >= 7
    for line in gone:
        rest = replace(part, content="\n".join(other for other in lines if other != line))
        with pytest.raises(HeldError):
            module.parse(replace(whole, texts=(rest,)))


def test_six_letters_were_never_published() -> None:
    """What is documented of a gateway, wholly or in part, is told apart from what is not."""
    assert {module.NAME for module in RECONSTRUCTED} == {
        "fondy",
        "hutko",
        "liqpay",
        "monobank",
        "portmone",
        "privatbank",
    }
    assert all("RECONSTRUCTED" in (module.__doc__ or "") for module in RECONSTRUCTED)


YOOKASSA = GatewayRules(name="yookassa", domains=("yookassa.ru",), timezone="Europe/Moscow")
RU_SHOP = MerchantRules(name="ru", gateway="yookassa", names=('ООО "Пример"',), desk="factory")


def _signed(gateway: str, case: str, domain: str) -> bytes:
    raw = _case(gateway, case).replace(b"\n", b"\r\n")
    return letters.sign(raw, domain=domain)


@pytest.mark.parametrize("case", ["paid_ru", "signed_smime"])
def test_a_gateways_payment_is_an_entry_of_its_merchant(tmp_path: Path, case: str) -> None:
    """Another gateway's signed letter, in its S/MIME wrapper too, becomes an entry under its own gateway's key."""
    stage = Stage.make(tmp_path, rules=rules_with(gateway=YOOKASSA, merchants=(RU_SHOP,)))
    stage.dns.records |= keys.zone("yookassa.ru")
    stage.take(_signed("yookassa", case, "yookassa.ru"))
    (entry,) = stage.entries()
    assert (entry.key, entry.trusted_by) == ("yookassa:ru:2000000251877", Voucher.DKIM)
    assert entry.amount == Money(Decimal("1250.00"), "RUB")
    assert entry.paid_at == datetime(2026, 11, 21, 11, 5, 33, tzinfo=UTC)


def test_nothing_posts_through_a_gateway_without_a_merchant(tmp_path: Path) -> None:
    """A gateway's signed letter is held while no merchant of ours is at that gateway, whatever the shop is called."""
    stranger = replace(RU_SHOP, gateway="wayforpay")
    stage = Stage.make(tmp_path, rules=rules_with(gateway=YOOKASSA, merchants=(stranger,)))
    stage.dns.records |= keys.zone("yookassa.ru")
    (held,) = stage.take(_signed("yookassa", "paid_ru", "yookassa.ru"))
    assert (held.outcome, held.reason, stage.entries()) == (OutcomeWord.HELD, Reason.WRONG_MERCHANT, [])


def test_a_platforms_own_address_claims_by_the_settings() -> None:
    """A sender that [gateways.stripe] adds is read like Stripe's own, which of Stripe's own the receipts' address is not."""
    raw = _case("stripe", "paid")
    platform = decode(raw.replace(b"notifications@stripe.com", b"notifications@platform.example"))
    assert not stripe.claims(platform)
    found = read(platform, [stripe], senders={"stripe": ["notifications@platform.example"]})
    assert [notice.kind for notice in found.notices] == [Kind.PAYMENT]
    with pytest.raises(Unreadable):
        stripe.parse(decode(raw.replace(b"notifications@stripe.com", b"receipts@stripe.com")))


@pytest.mark.parametrize(
    ("purpose", "number"),
    [
        ("Оплата за столи, рах. №12345 від 20.11.2026, без ПДВ", "12345"),
        ("Замовлення: № 12345", "12345"),
        ("оплата по счёту 12345", "12345"),
        ("Оплата за столи 2 шт, 12345", None),
        ("Рахманов, 5 стільців", None),
        ("за договором № 55, 12345", None),
        ("замовлення 12345, заказ №12345", "12345"),
    ],
)
def test_an_order_number_in_a_payers_words(purpose: str, number: str | None) -> None:
    """P16: a bank transfer's order number is read behind the words for one alone, and never out of other numbers."""
    assert privatbank.order_in_purpose(purpose) == number


def test_the_readme_names_every_gateway() -> None:
    """The README's table says of each gateway what is known of its letter."""
    section = (FIXTURES.parent / "README.md").read_text("utf-8").partition("## Gateways\n")[2].partition("\n## ")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(KNOWN_GATEWAYS)


def test_a_profile_takes_the_place_of_a_reconstructed_parser(tmp_path: Path) -> None:
    """An owner whose gateway's letters differ pastes the profile that `explain` proposes; before it, they are held."""
    raw = _case("liqpay", "status_unlabelled")
    found = explain_file(raw, "notice.eml", find_parsers())
    assert (found["claimed"]["parser"], found["notices"][0]["error"]) == ("liqpay", "field_missing")
    proposal = found["proposal"]["toml"]
    assert "[parsers.liqpay]" in proposal
    settings = settings_for(tmp_path, "liqpay", proposal)
    reading = read(decode(raw), parsers_of(settings))
    assert [(notice.gateway, notice.kind) for notice in reading.notices] == [("liqpay", Kind.PAYMENT)]


def test_the_documented_letter_gives_way_to_nobody(tmp_path: Path) -> None:
    """P10: a profile for a sender whose letter is documented stops the start, as two parsers of one sender do."""
    profile = """
[parsers.mine]
gateway = "yookassa"
senders = ["notify@yookassa.ru"]
labels.amount = ["Сумма"]
labels.transaction_id = ["Номер транзакции"]
labels.paid_at = ["Время перевода"]
success = ["Извещение"]
"""
    with pytest.raises(ConfigError, match="installed parser yookassa"):
        parsers_of(settings_for(tmp_path, "yookassa", profile))
