"""
`judge`: the checks in order of their strength, put together; and verdicts as the ledger keeps them (JSON).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.model import Check, Message, Verdict, Voucher
from reconciler.trust import arc, results, signature
from reconciler.trust.policy import FetchKey, TrustPolicy


def judge(
    message: Message, policy: TrustPolicy, fetch_key: FetchKey, *, now: Callable[[], float] = signature.wall_clock
) -> Verdict:
    """
    Who vouches for this mail, of those the settings accept.

    fetch_key: asked only for keys of the gateway's own domains and of the settings' sealers.
    Returns: the strongest voucher that holds, and every check that was made on the way. WITNESS is not judged here.
    """
    checks: list[Check] = []
    trusted_by: Voucher | None = None
    if Voucher.DKIM in policy.accepts:
        found = signature.check(message, policy, fetch_key, now=now)
        checks.extend(found)
        if any(check.result == "pass" for check in found):
            trusted_by = Voucher.DKIM
    if Voucher.AUTHENTICATION_RESULTS in policy.accepts:
        told = results.check(message, policy)
        checks.append(told)
        if trusted_by is None and told.result == "pass":
            trusted_by = Voucher.AUTHENTICATION_RESULTS
        if trusted_by is None and policy.arc_sealers:  # results too, of the servers that forwarded the letter
            sealed = arc.check(message, policy, fetch_key, now=now)
            checks.append(sealed)
            if sealed.result == "pass":
                trusted_by = Voucher.AUTHENTICATION_RESULTS
    if trusted_by is None and Voucher.NONE in policy.accepts:
        checks.append(Check(voucher=Voucher.NONE, result="pass", detail="the settings accept mail nobody vouches for"))
        trusted_by = Voucher.NONE
    return Verdict(trusted_by=trusted_by, checks=tuple(checks))


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
