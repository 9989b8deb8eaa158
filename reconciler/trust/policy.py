"""
What a gateway's settings accept, and what every check asks of a mail's own header first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.message import fields
from reconciler.model import Message, Voucher

# From, Subject and Date once each: a signature or a server's word covers one of two, and a reader may show the other.
_SINGLE = ("from", "subject", "date")
# A header that was not read whole may say something else than what was signed.
_UNREAD = frozenset({"headers_limit", "header_too_long", "header_malformed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """
    accepts: any of these suffices. domains: the gateway's. authserv_id: our receiving server's name, exactly.
    arc_sealers: whose ARC seals are believed.
    forwarders: addresses whose own mail vouches for what they forward in its text. whose: whose domains they are, in words.
    """

    accepts: tuple[Voucher, ...]
    domains: tuple[str, ...]
    authserv_id: str | None = None
    arc_sealers: tuple[str, ...] = ()
    forwarders: tuple[str, ...] = ()
    whose: str = "the gateway's"

    def names(self, domain: str) -> bool:
        """Exactly one of the gateway's domains; exact, so that no list of public suffixes is needed."""
        return domain.lower() in {own.lower() for own in self.domains}

    def seals(self, domain: str) -> bool:
        """Exactly one of the sealers that the settings name."""
        return domain.lower() in {own.lower() for own in self.arc_sealers}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAnswer:
    """What DNS said of a key. record None: there is no key, or, when `temporary`, nobody knows yet."""

    record: bytes | None = None
    temporary: bool = False
    detail: str = ""


FetchKey = Callable[[str], KeyAnswer]
"""From a name, e.g. "mail._domainkey.wayforpay.com.ua", to its key."""


def header_objection(message: Message) -> str | None:
    """Why nothing can vouch for this mail's header; None when it is sound."""
    for name in _SINGLE:
        count = sum(1 for key, _ in fields(message.raw) if key.lower() == name)
        if count != 1:
            return f"{count} {name.capitalize()} headers, not one"
    unread = sorted(_UNREAD.intersection(message.defects))
    if unread:
        return f"the header was not read whole: {', '.join(unread)}"
    if message.sender is None:
        return f"{len(message.senders)} From addresses, not one"
    return None


def aligned(sender_domain: str, signing_domain: str, policy: TrustPolicy) -> bool:
    """
    The From domain equals the signing one or lies under it; or the signing one lies under the From domain,
    and that is one of the gateway's itself (else d=pay.example.ua would speak for anybody at example.ua).
    """
    sender, signer = sender_domain.lower(), signing_domain.lower()
    if not sender or not policy.names(signer):
        return False
    if sender == signer or sender.endswith("." + signer):
        return True
    return policy.names(sender) and signer.endswith("." + sender)
