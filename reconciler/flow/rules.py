"""What the settings say about reading, as the line is told it: mailboxes, gateways, merchants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model import Voucher
from reconciler.trust import TrustPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxRules:
    name: str
    folder: str = "INBOX"
    authserv_id: str | None = None
    merchant: str | None = None  # the settings' name, for letters that name none
    since: datetime | None = None
    max_bytes: int = 5_000_000
    forwarders: tuple[str, ...] = ()  # addresses whose attached and forwarded mails are looked into


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRules:
    name: str
    domains: tuple[str, ...]
    senders: tuple[str, ...] = ()
    trust: tuple[Voucher, ...] = (Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS, Voucher.WITNESS)
    timezone: str = "Europe/Kyiv"  # of wall times that letters print without a zone
    by_profiles: bool = (
        False  # its letters are told by the settings' profiles alone: further mail of its domains is foreign
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantRules:
    name: str
    gateway: str
    names: tuple[str, ...]
    desk: str
    order_field: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say about reading; each mapping is keyed by the settings' name."""

    mailboxes: Mapping[str, MailboxRules] = field(default_factory=dict)
    gateways: Mapping[str, GatewayRules] = field(default_factory=dict)
    merchants: Mapping[str, MerchantRules] = field(default_factory=dict)
    arc_sealers: tuple[str, ...] = ()  # whose ARC seals are believed
    forwarders: tuple[str, ...] = ()  # addresses whose own mail vouches for what they forward in its text

    def policy(self, gateway: str, box: MailboxRules) -> TrustPolicy | None:
        """What vouches for this gateway's letters in this mailbox; None: the settings have no such gateway."""
        rules = self.gateways.get(gateway)
        if rules is None:
            return None
        return TrustPolicy(
            accepts=rules.trust,
            domains=rules.domains,
            authserv_id=box.authserv_id,
            arc_sealers=self.arc_sealers,
            forwarders=self.forwarders,
        )

    @property
    def senders(self) -> Mapping[str, Collection[str]]:
        """Domains and addresses by gateway: mail from them is ours to read. What a profile reads, it tells itself."""
        return {
            name: (*rules.domains, *rules.senders) for name, rules in self.gateways.items() if not rules.by_profiles
        }

    @property
    def order_fields(self) -> Mapping[str, Sequence[str]]:
        """The labels of the payment pages' additional field, by gateway."""
        found: dict[str, list[str]] = {}
        for merchant in self.merchants.values():
            found.setdefault(merchant.gateway, []).extend(merchant.order_field)
        return found

    @property
    def timezones(self) -> Mapping[str, str]:
        """The zone of wall times that letters print without one, by gateway."""
        return {name: rules.timezone for name, rules in self.gateways.items() if not rules.by_profiles}
