"""
`judge`: the checks in order of their strength, put together; and verdicts as the ledger keeps them (JSON).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.model import Check, Message, Verdict, Voucher
from reconciler.trust import arc, forwarder, results, signature
from reconciler.trust.policy import FetchKey, TrustPolicy


def judge(
    message: Message, policy: TrustPolicy, fetch_key: FetchKey, *, now: Callable[[], float] = signature.wall_clock
) -> Verdict:
    """
    Who vouches for this mail, of those the settings accept.

    fetch_key: asked only for keys of the gateway's own domains, or of a named forwarder's, and of the settings' sealers.
    Returns: the strongest voucher that holds, and every check that was made on the way. WITNESS is not judged here.
    """
    checks = _checks(message, policy, fetch_key, now)
    holding = {check.voucher for check in checks if check.result == "pass"}
    trusted_by: Voucher | None = next(
        (one for one in (Voucher.DKIM, Voucher.AUTHENTICATION_RESULTS) if one in holding), None
    )
    if trusted_by is None and Voucher.NONE in policy.accepts:
        checks.append(Check(voucher=Voucher.NONE, result="pass", detail="the settings accept mail nobody vouches for"))
        trusted_by = Voucher.NONE
    return Verdict(trusted_by=trusted_by, checks=tuple(checks))


def _checks(message: Message, policy: TrustPolicy, fetch_key: FetchKey, now: Callable[[], float]) -> list[Check]:
    """Of the message; of one that is forwarded in another mail's text, of that mail, where its sender may vouch for it."""
    if (outer := message.within) is not None:
        if (why := forwarder.objection(outer, policy)) is not None:
            return [forwarder.unasked(outer, why)]
        own = forwarder.policy_of(outer, policy)
        return [forwarder.told(check, outer) for check in _checks(outer, own, fetch_key, now)]
    checks: list[Check] = []
    if Voucher.DKIM in policy.accepts:
        checks += signature.check(message, policy, fetch_key, now=now)
    if Voucher.AUTHENTICATION_RESULTS in policy.accepts:
        checks.append(results.check(message, policy))
        if policy.arc_sealers and all(check.result != "pass" for check in checks):
            # results too, of the servers that forwarded the letter
            checks.append(arc.check(message, policy, fetch_key, now=now))
    return checks


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "trusted_by": None if verdict.trusted_by is None else verdict.trusted_by.value,
        "checks": [
            {"voucher": one.voucher.value, "result": one.result, "detail": one.detail, "facts": dict(one.facts)}
            for one in verdict.checks
        ],
    }


def verdict_from_json(stored: Mapping[str, Any]) -> Verdict:
    """Raises ValueError or KeyError on a voucher this house does not know: a stored verdict is never guessed."""
    trusted_by = stored["trusted_by"]
    return Verdict(
        trusted_by=None if trusted_by is None else Voucher(trusted_by),
        checks=tuple(
            Check(voucher=Voucher(one["voucher"]), result=one["result"], detail=one["detail"], facts=one["facts"])
            for one in stored["checks"]
        ),
    )
