"""
A letter that is forwarded in the text of somebody's mail: text that anybody can type, and that no signature of the gateway's covers.

Comes in: the mail around such a letter, and the gateway's policy. Goes out: by which policy that mail is judged in the letter's
place, or why it is not. Where the settings name its sender (`[trust] forwarders`), his own proven mail vouches for what he
forwards: the same checks, of his domain instead of the gateway's, and exactly that one, for whose parent it is cannot be told
without a list of public suffixes. It proves that he forwarded the letter, and nothing of who wrote it; so a program's mail,
behind which nobody looked, and one whose subject does not say that it forwards vouch for nothing.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.forwarded import says_forwarded
from reconciler.model import Check, Message, Voucher
from reconciler.trust.policy import TrustPolicy

BY_ITSELF = (
    "auto-submitted",
    "x-autoreply",
    "x-ms-exchange-generated-message-source",
    "x-ms-exchange-inbox-rules-loop",
)
"""Fields by which programs say that they answer or forward by themselves (RFC 3834; Exchange's rules)."""


def objection(outer: Message, policy: TrustPolicy) -> str | None:
    """Why the mail around a forwarded letter is not asked about; None: it is."""
    sender = outer.sender
    if sender is None or sender.email.lower() not in {address.lower() for address in policy.forwarders}:
        return "[trust] forwarders does not name that address"
    if not says_forwarded(outer.subject):
        return "the subject of that mail does not begin with Fwd: or FW:, as of one that somebody forwards"
    told = [name for name in BY_ITSELF for value in outer.header(name) if value.strip().lower() != "no"]
    return f"a program sent that mail by itself ({told[0]}), and nobody looked at the letter" if told else None


def policy_of(outer: Message, policy: TrustPolicy) -> TrustPolicy:
    """By what the mail around a forwarded letter is judged."""
    domains = (outer.sender.domain,) if outer.sender is not None else ()
    return replace(policy, domains=domains, whose="the forwarder's", arc_sealers=())


def unasked(outer: Message, why: str) -> Check:
    """What is to be said where nobody is asked."""
    detail = (
        f"the letter stands in the text of a mail of {_sender(outer)}, where anybody can type it: no signature of the gateway's "
        f"covers it, and {why}"
    )
    return Check(voucher=Voucher.DKIM, result="none", detail=detail)


def told(check: Check, outer: Message) -> Check:
    """A check of the mail around, as one of the letter in it."""
    detail = f"{_sender(outer)}, named in [trust] forwarders, forwarded the letter in the text of a mail; that mail: {check.detail}"
    return replace(check, detail=detail, facts={**check.facts, "forwarder": _sender(outer)})


def _sender(outer: Message) -> str:
    return outer.sender.email if outer.sender is not None else "nobody"
