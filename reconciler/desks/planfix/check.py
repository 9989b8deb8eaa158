"""
What `doctor` says about a Planfix desk: the settings go in, findings come out. Reads only.

Whether a token may write cannot be told by reading: each scope is one right of its own. That is left to whoever made the token.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.desks import Finding, Level
from reconciler.desks.planfix import decode
from reconciler.desks.planfix.catalogue import Thing
from reconciler.desks.planfix.client import Planfix
from reconciler.desks.planfix.names import Memory, Resolution, read_sign, resolve
from reconciler.desks.planfix.settings import DeskSettings
from reconciler.errors import ConfigError, DeskRefused, DeskStopped, TransientError

KINDS = {
    "order_template": "template", "payment_template": "template", "income": "data tag",
    "production_status": "status", "advance_from": "status", "after_production": "status",
}  # fmt: skip
USUAL_TYPES = {"paid": decode.SUMMARY, "difference": decode.CALCULATED}
LOW_QUOTA = 2000  # a tenth of the smallest plan's day


def check(client: Planfix, settings: DeskSettings, memory: Memory) -> list[Finding]:
    """Findings in the order a person would mend them."""
    findings: list[Finding] = []
    try:
        client.get("ping")
        findings.append(_ok(f"Planfix answers at {settings.url} and accepts the token"))
        found = resolve(client, settings, memory, verify=True)
    except DeskStopped as exc:
        problems = exc.facts.get("problems")
        if isinstance(problems, list):
            mend = "change the settings, or the desk, so that the name fits"
            return [*findings, *(_error(str(problem), mend) for problem in problems)]
        return [*findings, _error(str(exc), "mend the account or the token, then run this again")]
    except ConfigError as exc:
        return [*findings, _error("; ".join(exc.problems), "change the desk's url")]
    except DeskRefused as exc:
        return [*findings, _error(str(exc), "give the token's user (best a robot) the right to see this")]
    except TransientError as exc:
        next_step = "look at the network and at Planfix itself, then run this again"
        return [*findings, Finding(level=Level.ERROR, what=str(exc), next_step=next_step, later=True)]
    findings += _named(found)
    findings += _totals(settings, found)
    findings += [
        Finding(level=Level.WARNING, what=remark, next_step="write the new name into the settings")
        for remark in found.remarks
    ]
    if found.statuses_of is None and not found.from_memory:
        what = "which process the orders belong to cannot be told (no order seen, or built on Objects)"
        findings.append(
            Finding(level=Level.WARNING, what=what, next_step="compare the statuses' ids with the orders' own")
        )
    if client.remaining is not None and client.remaining < LOW_QUOTA:
        what = f"about {client.remaining} requests are left today"
        findings.append(Finding(level=Level.WARNING, what=what, next_step="see who else uses the account's API"))
    what = "scopes for writing (datatag_add, task_update, comment_add) cannot be seen by reading"
    return [*findings, Finding(level=Level.OK, what=what, next_step="see them in the token's own settings on the desk")]


def _named(found: Resolution) -> Iterator[Finding]:
    for setting, thing in (found.found or {}).items():
        if thing is None:
            continue
        kind = KINDS.get(setting.partition("[")[0], "field")
        type_ = f", {decode.TYPE_NAMES.get(thing.type, f'type {thing.type}')}" if thing.type is not None else ""
        yield _ok(f"{setting}: {kind} {thing.name!r} is {thing.id}{type_}")


def _totals(settings: DeskSettings, found: Resolution) -> Iterator[Finding]:
    """Paid should be the tag's summary and Difference the calculated field; anything else may be what the owner wants."""
    things = {key: thing for key, thing in (found.found or {}).items() if thing is not None}
    for setting, usual in USUAL_TYPES.items():
        thing = things.get(setting)
        if thing is not None and thing.type not in (None, usual):
            what = (
                f"{setting}: {thing.name!r} is {decode.TYPE_NAMES.get(thing.type or 0)}, not {decode.TYPE_NAMES[usual]}"
            )
            yield Finding(level=Level.WARNING, what=what, next_step="see that it follows the Income rows by itself")
    due, paid, difference = things.get("due"), things.get("paid"), things.get("difference")
    if due and paid and difference:
        yield from _sign(settings, found, due, paid, difference)


def _sign(settings: DeskSettings, found: Resolution, due: Thing, paid: Thing, difference: Thing) -> Iterator[Finding]:
    formula = read_sign(settings, due, paid, difference)
    if formula is None:
        what = f"difference: the formula {difference.formula!r} is not a plain subtraction; difference_sign decides"
        yield Finding(level=Level.WARNING, what=what, next_step="see on one order that the sign is right")
    elif formula is not found.names.sign:
        what = f"difference_sign is {settings.difference_sign!r}, and the formula {difference.formula!r} says {str(formula)!r}"
        yield _error(what, "empty difference_sign, unless the formula as shown is known to be wrong")
    else:
        yield _ok(f"difference counts {found.names.sign}: {difference.formula}")


def _ok(what: str) -> Finding:
    return Finding(level=Level.OK, what=what)


def _error(what: str, next_step: str) -> Finding:
    return Finding(level=Level.ERROR, what=what, next_step=next_step)
