"""Gateways beside WayForPay: what is known of each, whose letters are read, and that nothing posts for a stranger."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import parsers
from parsers._gateway import Gateway
from reconciler.config import KNOWN_GATEWAYS, Settings, load
from reconciler.errors import HeldError
from reconciler.flow.rules import MailboxRules, MerchantRules, Rules
from reconciler.flow.shops import merchant_of
from reconciler.model import Kind, Notice, Reason
from reconciler.reading import Configurable

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
