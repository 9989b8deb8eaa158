"""Gateways beside WayForPay: what is known of each, whose letters are read, and that nothing posts for a stranger."""

from __future__ import annotations

import pytest

from reconciler.errors import HeldError
from reconciler.flow.rules import MailboxRules, MerchantRules, Rules
from reconciler.flow.shops import merchant_of
from reconciler.model import Kind, Notice, Reason

SHOP = MerchantRules(name="shop", gateway="wayforpay", names=("shop_example_ua",), desk="factory")


def test_a_mailboxs_merchant_speaks_for_its_own_gateway_alone() -> None:
    """A letter that names no shop counts for the mailbox's merchant only when that one is at the letter's gateway."""
    rules = Rules(merchants={"shop": SHOP})
    box = MailboxRules(name="payments", merchant="shop")
    assert merchant_of(Notice(parser="wayforpay", gateway="wayforpay", kind=Kind.PAYMENT), box, rules) is SHOP
    with pytest.raises(HeldError) as caught:
        merchant_of(Notice(parser="stripe", gateway="stripe", kind=Kind.PAYMENT), box, rules)
    assert caught.value.reason is Reason.MERCHANT_MISSING
