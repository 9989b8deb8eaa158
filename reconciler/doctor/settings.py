"""
The settings: what is allowed and should be known, and what this version accepts without using it yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.config import Settings, TrustWord
from reconciler.doctor.findings import Finding, Section


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    found = Section("settings")
    tables = (
        f"{len(settings.mailboxes)} mailbox(es), {len(settings.merchants)} merchant(s), {len(settings.desks)} desk(s)"
    )
    yield found.ok(f"{settings.path} is read: {tables}")
    for remark in settings.remarks:
        yield found.remark(remark)
    in_use = {merchant.gateway for merchant in settings.merchants.values()}
    for name, gateway in settings.gateways.items():
        if name in in_use and TrustWord.WITNESS in gateway.trust:
            what = f'gateways.{name}.trust: has "witness", which this version accepts and does not ask yet'
            others = [word.value for word in gateway.trust if word is not TrustWord.WITNESS]
            if others:
                yield found.remark(what, f"nothing, while {' or '.join(others)} vouches for its mail")
            else:
                yield found.problem(what, "add dkim to it, or each of its payments is held as untrusted")
