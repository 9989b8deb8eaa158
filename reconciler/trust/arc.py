"""
ARC (RFC 8617): a letter that was forwarded by itself, its From kept and the gateway's signature broken on the way, may be
vouched for by the servers it went through.

In: a message, the policy with its `arc_sealers`, a key fetcher. Out: one `Check`.

What counts: the whole chain holds (dkimpy, on the untouched bytes); every seal and every message signature is of a domain
that the settings name, exactly; one of the sets says dkim=pass of the gateway's domain, aligned with From; and the
message signature of that very set, and the highest one, hold on the letter as it lies here and cover what `coverage` asks of
DKIM. So what is read is what the server saw pass, and whatever a later one changed is refused. The gateway's own
signature must still stand there, broken or not, under that set's signature: a server says "pass" of one that covers nothing too.

A sealer is believed whatever it seals. One that seals for anybody's account (a large provider) lets each of its customers
rewrite a letter between the check and the seal: the settings say so at each start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.message import fields
from reconciler.model import Check, Message, Voucher
from reconciler.trust import chain, dkimpy
from reconciler.trust.chain import ArcSet
from reconciler.trust.coverage import Header, signed
from reconciler.trust.grammar import Told
from reconciler.trust.policy import FetchKey, TrustPolicy, aligned, header_objection


def check(message: Message, policy: TrustPolicy, fetch_key: FetchKey, *, now: Callable[[], float]) -> Check:
    """What the chain of the settings' sealers says of this mail's DKIM; a chain of others is told without asking DNS."""
    found = chain.of(fields(message.raw))
    if not found:
        return _check("none", "no ARC-Seal")
    objection = header_objection(message) or dkimpy.costly(message.raw)
    if objection:
        return _check("fail", objection)
    try:
        sets = chain.sets(found)
    except ValueError as exc:
        return _check("fail", str(exc))
    sealers = {domain for one in sets for domain in one.sealers}
    facts: dict[str, Any] = {"sealers": sorted(sealers)}
    foreign = sorted(domain for domain in sealers if not policy.seals(domain))
    if foreign:
        result = "none" if len(foreign) == len(sealers) else "fail"
        return _check(result, f"sealed by {', '.join(foreign)}: none of arc_sealers", **facts)
    header = Header.of(message)
    objection = _objection(message, sets, header, now)
    if objection:
        return _check("fail", objection, **facts)
    speaking, objection = _speaking(message, sets, header, policy)
    if not speaking:
        return _check("fail", objection, **facts)
    records: dict[str, bytes] = {}
    for name in sorted({_key_of(tags) for one in sets for tags in _both(one)}):
        answer = fetch_key(name)
        if answer.temporary:
            return _check("temperror", f"the key {name} could not be asked for: {answer.detail}", **facts)
        if answer.record is None:
            return _check("fail", f"no key {name}: {answer.detail}", **facts)
        problem = dkimpy.key_problem(answer.record, "rsa-sha256")
        if problem:
            return _check("fail", f"{name}: {problem}", **facts)
        records[name] = answer.record
    facts["keys"] = {name: record.decode("ascii", "replace") for name, record in records.items()}
    return _held(message, speaking, records, facts)


def sealers(message: Message) -> frozenset[str]:
    """The domains that any ARC-Seal of this mail names. Believes nothing."""
    found = (dkimpy.tags_of(value).get("d", "") for value in chain.of(fields(message.raw)).get(chain.SEAL, ()))
    return frozenset(found) - {""}


def _objection(message: Message, sets: Sequence[ArcSet], header: Header, now: Callable[[], float]) -> str | None:
    """Why this chain could not count even if it held; cheap, and before any DNS."""
    if len(sets) > max(1, dkimpy.MAX_BYTES_TRIED // len(message.raw)):
        return f"{len(sets)} sets in a mail of this size are not tried"
    for one in sets:
        status = one.seal.get("cv", "")
        if status != ("none" if one.instance == 1 else "pass"):
            return f"i={one.instance}: cv={status}"
        for tags in _both(one):
            if dkimpy.key_name(tags) is None:
                return f"i={one.instance}: the selector is no DNS name"
            problem = dkimpy.time_problem(tags, now)
            if problem:
                return f"i={one.instance}: {problem}"
    uncovered = header.objection(sets[-1].message)
    return f"i={sets[-1].instance}: {uncovered}" if uncovered else None


def _speaking(
    message: Message, sets: Sequence[ArcSet], header: Header, policy: TrustPolicy
) -> tuple[dict[int, str], str]:
    """The instances whose server's word on the letter could count, highest first, with it; and what is wrong when none's could."""
    speaking: dict[int, str] = {}
    objections: list[str] = []
    for one in reversed(sets):
        passed = None if one.told is None else _passed(one.told, message.senders[0].domain, policy)
        if passed is None:
            continue
        objection = _uncovered(one, header, policy)
        if objection is None:
            speaking[one.instance] = passed
        else:
            objections.append(f"{passed}, but {objection}")
    return speaking, next(iter(objections), "no set of it tells a passed DKIM signature of the gateway's domains")


def _passed(told: Told, sender: str, policy: TrustPolicy) -> str | None:
    """
    The words with which a server says that the gateway's DKIM passed.

    dmarc=pass alone may rest on SPF, which knows nothing of the letter. Beside a dkim=pass that names its domain by i=
    alone, as Google's servers write it, it says that the two are the gateway's.
    """
    for one in told.by("dkim"):
        domain = one.one("header.d")
        if one.result == "pass" and domain and aligned(sender, domain, policy):
            return f"{told.server}: dkim=pass header.d={domain}"
    if not any(one.result == "pass" and one.one("header.from") == sender.lower() for one in told.by("dmarc")):
        return None
    for one in told.by("dkim"):
        identity = (one.one("header.i") or "").rpartition("@")[2]
        for domain in policy.domains if one.result == "pass" else ():
            under = identity == domain.lower() or identity.endswith("." + domain.lower())
            if under and aligned(sender, domain, policy):
                return f"{told.server}: dmarc=pass header.from={sender}, dkim=pass header.i=@{identity}"
    return None


def _uncovered(one: ArcSet, header: Header, policy: TrustPolicy) -> str | None:
    """Why a passed signature is not enough: this set's own does not keep it in place, or it said too little of the letter."""
    objection = header.objection(one.message)
    if objection:
        return f"its {chain.MESSAGE}: {objection}"
    if signed(one.message)["dkim-signature"] < max(1, header.present["dkim-signature"]):
        return f"its {chain.MESSAGE} leaves a DKIM-Signature unsigned"
    return header.uncovered(policy.names, "the gateway's")


def _held(message: Message, speaking: Mapping[int, str], records: Mapping[str, bytes], facts: dict[str, Any]) -> Check:
    problem, holding = dkimpy.verify_chain(message.raw, records)
    if problem:
        return _check("fail", problem, **facts)
    sender = message.senders[0].email
    for instance, passed in speaking.items():
        if instance in holding:
            facts["instance"] = instance
            return _check("pass", f"the chain holds; i={instance} {passed}, From {sender} is aligned", **facts)
    told = "; ".join(f"i={instance} {passed}" for instance, passed in speaking.items())
    return _check("fail", f"{told}, and the letter was changed after that", **facts)


def _both(one: ArcSet) -> tuple[dict[str, str], dict[str, str]]:
    return one.seal, one.message


def _key_of(tags: Mapping[str, str]) -> str:
    return (dkimpy.key_name(tags) or "").lower()


def _check(result: str, detail: str, **facts: Any) -> Check:
    return Check(voucher=Voucher.AUTHENTICATION_RESULTS, result=result, detail=f"ARC: {detail}", facts=facts)
