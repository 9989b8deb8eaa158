"""
Who vouches for a saved mail, for `explain`.

In: the mail's bytes, the parsers, the settings where there are any. Out: a verdict, JSON-ready; None when no parser
claims the mail, so that there is no gateway to speak for. Asks DNS; decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from reconciler.config import KNOWN_GATEWAYS, Settings
from reconciler.dns import KeyFetcher
from reconciler.errors import HeldError
from reconciler.message import decode
from reconciler.model import Voucher
from reconciler.ports import Parser
from reconciler.profiles import gateway_of
from reconciler.reading import claim
from reconciler.trust import TrustPolicy, judge, verdict_to_json


def judged(
    raw: bytes, parsers: Collection[Parser], settings: Settings | None, mailbox: str | None = None
) -> dict[str, Any] | None:
    """
    The verdict on the message that a parser claims.

    mailbox: whose pinned server counts; None: the only one that is pinned.
    """
    try:
        parser, source = claim(decode(raw), parsers)
    except HeldError:
        return None  # `explain_file` tells why
    nameservers = settings.trust.nameservers if settings else ()
    policy = policy_of(gateway_of(parser), settings, mailbox)
    return verdict_to_json(judge(source, policy, KeyFetcher(nameservers)))


def policy_of(gateway: str, settings: Settings | None, mailbox: str | None) -> TrustPolicy:
    """As the settings have it; without settings, all that can be checked and what is known of the gateway."""
    if settings is None or gateway not in settings.gateways:
        domains = KNOWN_GATEWAYS.get(gateway, {}).get("domains", ())
        accepts: tuple[Voucher, ...] = (Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS)
    else:
        domains, accepts = settings.gateways[gateway].domains, settings.gateways[gateway].vouchers
    return TrustPolicy(
        accepts=accepts,
        domains=tuple(domains),
        authserv_id=_pinned(settings, mailbox),
        arc_sealers=settings.trust.arc_sealers if settings else (),
        forwarders=settings.trust.forwarders if settings else (),
    )


def _pinned(settings: Settings | None, mailbox: str | None) -> str | None:
    if settings is None:
        return None
    if mailbox is not None:
        return settings.mailboxes[mailbox].authserv_id
    pinned = {box.authserv_id for box in settings.mailboxes.values() if box.authserv_id}
    return pinned.pop() if len(pinned) == 1 else None
