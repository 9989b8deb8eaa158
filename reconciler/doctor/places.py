"""
What lies outside and is no mailbox: DNS, and the desks.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler import desks
from reconciler.app import App
from reconciler.config import Mode, TrustWord
from reconciler.dns import KeyFetcher
from reconciler.doctor.findings import Finding, Section

MODES = {
    Mode.OBSERVE: "mode is observe: payments are read and planned, and nothing is written on the desk",
    Mode.POST: "mode is post: incomes are written, and no order is advanced",
}


def look_at_dns(app: App) -> Iterator[Finding]:
    """Do the resolvers that signatures' keys are fetched from answer at all? That a name has no record is an answer."""
    settings, found = app.settings, Section("dns")
    in_use = {merchant.gateway for merchant in settings.merchants.values()}
    domains = [
        domain
        for name, gateway in settings.gateways.items()
        if name in in_use and TrustWord.DKIM in gateway.trust
        for domain in gateway.domains
    ]
    if not domains:
        return
    asked = settings.trust.nameservers or ("",)
    for server in asked:
        where = server or "the system's resolver"
        answer = KeyFetcher([server] if server else ())(f"_domainkey.{domains[0]}")
        if answer.temporary:
            what = f"{where} does not answer: {answer.detail}"
            yield found.problem(what, "look at [trust] nameservers; until it answers, mail waits unread", later=True)
        else:
            yield found.ok(f"{where} answers")


def look_at_desk(app: App, name: str, mode: Mode) -> Iterator[Finding]:
    """What the desk itself says, and whether anything keeps payments from it."""
    found = Section(f"desk {name}")
    for one in app.desks[name].check():
        if one.level is desks.Level.OK:
            yield found.ok(one.what)
        elif one.level is desks.Level.WARNING:
            yield found.remark(one.what, one.next_step)
        else:
            yield found.problem(one.what, one.next_step, later=one.later)
    with app.ledger.look() as tx:
        paused = tx.paused(name)
    if paused:
        yield found.remark("it is paused: nothing is sent to it", f"`reconciler resume {name}` when it may go on")
    if mode in MODES:
        yield found.remark(MODES[mode], "set mode when you are content with what it shows")
