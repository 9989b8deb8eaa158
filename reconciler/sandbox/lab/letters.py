"""
Letters for somebody's own settings.

In: the settings as tables, a payment and what the letter about it truly is. Out: mail bytes that these settings must believe (or
must not), and the letter as the proof knows it. The layouts are reconstructed, like those of `sandbox.letters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from reconciler.sandbox import letters
from reconciler.sandbox.proof import Letter, Nature

GATEWAY = "wayforpay"
FOREIGN_SHOP = "decor.example.com (decor_example_com)"
LANGUAGES: tuple[letters.Language, ...] = ("uk", "en", "ru")


class LabError(Exception):
    """These settings cannot be rehearsed here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """How a letter to one merchant of the settings must look to be believed, and where it goes."""

    mailbox: str
    desk: str
    shop: str
    sender: str
    order_label: str | None
    authserv_id: str

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def write(self, letter: Letter, printed: str, at: datetime, *, variant: int = 0) -> bytes:
        """
        printed: the order number in it. variant: 0 is the usual one; others say the same in other words.
        """
        declined = letter.nature is Nature.DECLINED
        raw = letters.notice(
            amount=str(letter.amount),
            order=printed,
            reference=letter.reference,
            paid_at=at,
            status="declined" if declined else "paid",
            shop=FOREIGN_SHOP if letter.nature is Nature.FOREIGN else self.shop,
            sender=self.sender,
            language=LANGUAGES[variant % len(LANGUAGES)],
            html=variant % 2 == 0,
            order_label=self.order_label,
        )
        genuine = letter.nature is not Nature.FORGED
        if genuine:
            raw = letters.sign(raw, domain=self.domain)
        if not self.authserv_id:
            return raw
        verdict = f"dkim=pass header.d={self.domain}" if genuine else "dkim=none"
        return f"Authentication-Results: {self.authserv_id}; {verdict}\r\n".encode() + raw


def post_for(settings: Mapping[str, Any]) -> Post:
    """
    To the first merchant of the gateway whose letters we can write. Raises LabError when there is none.
    """
    merchants = settings.get("merchants", {}).values()
    merchant = next((table for table in merchants if table.get("gateway") == GATEWAY), None)
    if merchant is None:
        raise LabError(f"the sandbox writes {GATEWAY} letters, and no merchant of the settings is paid through it")
    desk = settings["desks"][merchant["desk"]]
    if desk.get("currency", "UAH") != "UAH":
        raise LabError(f"the sandbox's letters are in UAH, and the desk {merchant['desk']} is in {desk['currency']}")
    mailbox, box = next(iter(settings["mailboxes"].items()))
    gateway = settings.get("gateways", {}).get(GATEWAY, {})
    domains = gateway.get("domains", ["wayforpay.com.ua"])
    usual = letters.SENDER if letters.SENDER.rpartition("@")[2] in domains else f"notify@{domains[0]}"
    return Post(
        mailbox=mailbox,
        desk=merchant["desk"],
        shop=_shop(merchant["names"]),
        sender=next(iter(gateway.get("senders", [])), usual),
        order_label=next(iter(merchant.get("order_field", [])), None),
        authserv_id=box.get("authserv_id", ""),
    )


def _shop(names: list[str]) -> str:
    """A site and an account where both are among the names, as letters print them: site (account)."""
    sites = [name for name in names if "." in name]
    accounts = [name for name in names if "." not in name]
    if sites and accounts:
        return f"{sites[0]} ({accounts[0]})"
    return names[0]


def payment(reference: str, order: str, amount: str, kind: str) -> Letter:
    return Letter(reference=reference, order=order, amount=Decimal(amount), nature=Nature(kind))
