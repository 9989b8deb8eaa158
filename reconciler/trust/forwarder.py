"""
A letter that is forwarded in the text of somebody's mail: text that anybody can type, and that no signature of the gateway's covers.

Comes in: such a letter and the gateway's policy. Goes out: whom to ask about the mail around it, or nobody. Where the settings
name its sender (`[trust] forwarders`), his own proven mail vouches for what he forwards: the same checks, of his domain instead
of the gateway's, and exactly that one, for whose parent it is cannot be told without a list of public suffixes. It proves that
he forwarded the letter, and nothing of who wrote it.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.model import Check, Message, Voucher
from reconciler.trust.policy import TrustPolicy


def policy_of(outer: Message, policy: TrustPolicy) -> TrustPolicy | None:
    """By what the mail around a forwarded letter is judged; None: the settings do not name who wrote it."""
    sender = outer.sender
    if sender is None or sender.email.lower() not in {address.lower() for address in policy.forwarders}:
        return None
    return replace(policy, domains=(sender.domain,), whose="the forwarder's", arc_sealers=())


def unnamed(outer: Message) -> Check:
    """What is to be said where nobody is asked."""
    detail = (
        f"the letter stands in the text of a mail of {_sender(outer)}, where anybody can type it: no signature of the gateway's "
        "covers it, and [trust] forwarders does not name that address"
    )
    return Check(voucher=Voucher.DKIM, result="none", detail=detail)


def told(check: Check, outer: Message) -> Check:
    """A check of the mail around, as one of the letter in it."""
    detail = f"{_sender(outer)}, named in [trust] forwarders, forwarded the letter in the text of a mail; that mail: {check.detail}"
    return replace(check, detail=detail, facts={**check.facts, "forwarder": _sender(outer)})


def _sender(outer: Message) -> str:
    return outer.sender.email if outer.sender is not None else "nobody"
