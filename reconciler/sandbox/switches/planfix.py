"""
What can go wrong at Planfix: unanswered, refused, late, stale, or changed by people at the wrong moment.

A request is named create, status, comment, incomes (the list of income rows), orders (the list of tasks) or any; or as the
reference writes it, "GET /task/{id}". `times = 0` is until it is switched off. On a stage with several desks every one of them
is struck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from reconciler.sandbox.lit import Lit
from reconciler.sandbox.planfix.account import Account
from reconciler.sandbox.planfix.faults import Fault, matches
from reconciler.sandbox.planfix.world import CANCELLED, PAYMENT_TEMPLATE
from reconciler.sandbox.record import COMMENT, CREATE, LOOK_FOR_INCOME, STATUS
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.switches.registry import FOREVER, SwitchError, since, switch

REQUESTS: Mapping[str, str] = {
    "any": "*",
    "create": CREATE,
    "status": STATUS,
    "comment": COMMENT,
    "incomes": LOOK_FOR_INCOME,
    "orders": "POST /task/list",
}
ENDLESS = 1 << 30


def pattern(request: str) -> str:
    """Raises SwitchError: there is no such request."""
    found = REQUESTS.get(request, request if " /" in request else None)
    if found is None:
        raise SwitchError(f"there is no request {request!r}; there are {', '.join(REQUESTS)}, or 'GET /task/{{id}}'")
    return found


def _fault(stage: Stage, request: str, do: str, times: int, **more: Any) -> Lit:
    wanted = pattern(request)
    placed = [
        (account, account.faults.add(Fault(on=wanted, do=do, times=ENDLESS if times == FOREVER else times, **more)))
        for account in stage.desks.values()
    ]

    def off() -> None:
        for account, fault in placed:
            account.faults.remove(fault)

    return Lit(off, lambda: sum(fault.used for _, fault in placed))


def _manner(stage: Stage, **changes: Any) -> Callable[[], None]:
    """Change manners of every account; what puts them back as they were."""
    before = [
        (account.manners, {name: getattr(account.manners, name) for name in changes})
        for account in stage.desks.values()
    ]

    def put(values: Mapping[str, Any], manners: object) -> None:
        for name, value in values.items():
            setattr(manners, name, value)

    for manners, _ in before:
        put(changes, manners)

    def off() -> None:
        for manners, old in before:
            put(old, manners)

    return off


def _requests(stage: Stage, wanted: str = "*", *statuses: int) -> Callable[[], int]:
    """Counts requests from now on: of that kind, answered with one of these."""
    return since(
        lambda: sum(
            1
            for account in stage.desks.values()
            for seen in account.requests
            if (wanted == "*" or matches(wanted, seen.method, seen.path)) and (not statuses or seen.status in statuses)
        )
    )


# ---------------------------------------------------------------- unanswered


@switch("planfix.latency")
def latency(stage: Stage, seconds: float = 0.5) -> Lit:
    """Every answer takes so many seconds longer."""
    return Lit(_manner(stage, latency=seconds), _requests(stage))


@switch("planfix.error_before")
def error_before(stage: Stage, request: str = "any", status: int = 503, times: int = 1, skip: int = 0) -> Lit:
    """A 5xx, and nothing has happened."""
    return _fault(stage, request, f"status:{status}", times, skip=skip)


@switch("planfix.drop_before")
def drop_before(stage: Stage, request: str = "any", times: int = 1, skip: int = 0) -> Lit:
    """The line is cut, and nothing has happened."""
    return _fault(stage, request, "drop", times, skip=skip)


@switch("planfix.timeout_before")
def timeout_before(stage: Stage, request: str = "any", times: int = 1, skip: int = 0) -> Lit:
    """No answer comes, and nothing has happened."""
    return _fault(stage, request, "timeout", times, skip=skip)


@switch("planfix.error_after")
def error_after(stage: Stage, request: str = "create", status: int = 502, times: int = 1, skip: int = 0) -> Lit:
    """A 5xx, and it has happened all the same."""
    return _fault(stage, request, f"status:{status}", times, when="after", skip=skip)


@switch("planfix.drop_after")
def drop_after(stage: Stage, request: str = "create", times: int = 1, skip: int = 0) -> Lit:
    """The line is cut, and it has happened all the same."""
    return _fault(stage, request, "drop", times, when="after", skip=skip)


@switch("planfix.cut_after")
def cut_after(stage: Stage, request: str = "create", times: int = 1, skip: int = 0) -> Lit:
    """The line is cut in the middle of the answer, and it has happened."""
    return _fault(stage, request, "cut", times, when="after", skip=skip)


@switch("planfix.timeout_after")
def timeout_after(stage: Stage, request: str = "create", times: int = 1, skip: int = 0) -> Lit:
    """No answer comes, and it has happened all the same."""
    return _fault(stage, request, "timeout", times, when="after", skip=skip)


@switch("planfix.unreadable_after")
def unreadable_after(stage: Stage, request: str = "create", answer: str = "html", times: int = 1, skip: int = 0) -> Lit:
    """An answer that cannot be read (html, truncated, text or empty), and it has happened."""
    known = ("html", "truncated", "text", "empty")
    if answer not in known:
        raise SwitchError(f"planfix.unreadable_after answer is one of {', '.join(known)}, not {answer!r}")
    return _fault(stage, request, answer, times, when="after", skip=skip)


@switch("planfix.lands_late")
def lands_late(
    stage: Stage,
    request: str = "create",
    seconds: float = 2.0,
    requests: int = 0,
    answer: str = "drop",
    times: int = 1,
    skip: int = 0,
) -> Lit:
    """Unanswered (drop, timeout or a status like 503), and it happens so many seconds, or so many requests, later."""
    if answer not in ("drop", "timeout") and not answer.isdecimal():
        raise SwitchError(f"planfix.lands_late answer is drop, timeout or a status, not {answer!r}")
    when = {"after_requests": requests} if requests else {"seconds": seconds} if seconds else {}
    fault = _fault(stage, request, f"late:{answer}", times, skip=skip, **when)

    def off() -> None:
        fault.off()
        for account in stage.desks.values():
            account.land()

    return Lit(off, fault.struck)


# ---------------------------------------------------------------- answers that say something else


@switch("planfix.fail")
def fail(stage: Stage, request: str = "any", code: int = 1000, status: int = 200, times: int = 1, skip: int = 0) -> Lit:
    """An envelope that says fail, under 200 or another status; nothing has happened."""
    return _fault(stage, request, f"fail:{code}:{status}", times, skip=skip)


@switch("planfix.html")
def html(stage: Stage, request: str = "any", times: int = 1, skip: int = 0) -> Lit:
    """200 with a page for people; nothing has happened."""
    return _fault(stage, request, "html", times, skip=skip)


@switch("planfix.truncated")
def truncated(stage: Stage, request: str = "any", times: int = 1, skip: int = 0) -> Lit:
    """200 with half of its JSON; nothing has happened."""
    return _fault(stage, request, "truncated", times, skip=skip)


@switch("planfix.queued")
def queued(stage: Stage, request: str = "status", after_requests: int = 2, times: int = 1, skip: int = 0) -> Lit:
    """202, and it happens so many requests later."""
    return _fault(stage, request, "202", times, skip=skip, after_requests=after_requests)


@switch("planfix.queued_never")
def queued_never(stage: Stage, request: str = "status", times: int = 1, skip: int = 0) -> Lit:
    """202, and it never happens."""
    return _fault(stage, request, "202", times, skip=skip)


@switch("planfix.nothing_stored")
def nothing_stored(stage: Stage, request: str = "create", times: int = 1, skip: int = 0) -> Lit:
    """Success is answered, and nothing is stored."""
    return _fault(stage, request, "nothing", times, skip=skip)


# ---------------------------------------------------------------- what reads show


@switch("planfix.stale_difference")
def stale_difference(stage: Stage, reads: int = 3) -> Lit:
    """After each new income the old Difference is shown for so many reads."""
    return Lit(_manner(stage, stale_reads=reads), _requests(stage, CREATE))


@switch("planfix.entry_lag")
def entry_lag(stage: Stage, lists: int = 1) -> Lit:
    """A new income is missing from the next so many lists that it belongs to."""
    return Lit(_manner(stage, entry_lag=lists), _requests(stage, CREATE))


@switch("planfix.short_pages")
def short_pages(stage: Stage) -> Lit:
    """A full page comes one row short, without an error."""
    return Lit(_manner(stage, short_pages=True), _requests(stage, LOOK_FOR_INCOME))


@switch("planfix.rows_missing")
def rows_missing(stage: Stage, request: str = "incomes", times: int = 1, skip: int = 0) -> Lit:
    """A list comes without any of its rows."""
    return _fault(stage, request, "no-rows", times, skip=skip)


# ---------------------------------------------------------------- refusals


@switch("planfix.limited")
def limited(stage: Stage, request: str = "any", seconds: float = 0.0, times: int = 1, skip: int = 0) -> Lit:
    """403 with code 22; seconds above 0: with timeToReset."""
    return _fault(stage, request, "limited", times, skip=skip, seconds=seconds or None)


@switch("planfix.too_many")
def too_many(stage: Stage, request: str = "any", seconds: float = 1.0, times: int = 1, skip: int = 0) -> Lit:
    """429 with Retry-After."""
    return _fault(stage, request, "429", times, skip=skip, seconds=seconds)


@switch("planfix.day_quota")
def day_quota(stage: Stage, left: int = 0, resets_in: float = 1.0) -> Lit:
    """The day's requests are used up, but for so many; resets_in above 0 is told."""
    return Lit(_manner(stage, quota=left, quota_resets_in=resets_in or None), _requests(stage, "*", 403))


@switch("planfix.token_revoked")
def token_revoked(stage: Stage) -> Lit:
    """401: the token is not active any more."""
    struck = _requests(stage, "*", 401)

    def off() -> None:
        for account in stage.desks.values():
            account.inactive_tokens.discard(account.token)

    for account in stage.desks.values():
        account.inactive_tokens.add(account.token)
    return Lit(off, struck)


@switch("planfix.scope_missing")
def scope_missing(stage: Stage, scope: str = "datatag_add") -> Lit:
    """The token has lost a scope."""
    before = [(account, account.tokens[account.token]) for account in stage.desks.values()]
    if not all(scope in scopes for _, scopes in before):
        raise SwitchError(f"there is no scope {scope!r}; there are {', '.join(sorted(before[0][1]))}")
    struck = _requests(stage, "*", 405)

    def off() -> None:
        for account, scopes in before:
            account.tokens[account.token] = scopes

    for account, scopes in before:
        account.tokens[account.token] = scopes - {scope}
    return Lit(off, struck)


# ---------------------------------------------------------------- people


@switch("planfix.field_renamed")
def field_renamed(stage: Stage, field: str = "Різниця", to: str = "Залишок") -> Lit:
    """Somebody renames a field."""

    def rename(old: str, new: str) -> None:
        for account in stage.desks.values():
            account.rename_field(old, new)

    try:
        rename(field, to)
    except StopIteration:
        raise SwitchError(f"there is no field {field!r} on the desk") from None
    return Lit(lambda: rename(to, field), _requests(stage))


@switch("planfix.order_edited")
def order_edited(stage: Stage, edit: str = "due", request: str = "create", times: int = 1, skip: int = 0) -> Lit:
    """Between the look and the act somebody changes the order: its due (by 1.00), its status, or types a row of 1.00."""
    if edit not in EDITS:
        raise SwitchError(f"planfix.order_edited edit is one of {', '.join(EDITS)}, not {edit!r}")
    wanted, left, passed, struck = pattern(request), ENDLESS if times == FOREVER else times, 0, 0

    def listener(account: Account) -> Callable[[str, str, Mapping[str, Any], str], None]:
        def hear(method: str, path: str, _body: Mapping[str, Any], when: str) -> None:
            nonlocal passed, struck
            if when != "before" or struck >= left or not (wanted == "*" or matches(wanted, method, path)):
                return
            number = _order_of(account, path)
            if number is None:
                return
            passed += 1
            if passed > skip:
                struck += 1
                stage.touched.add(number)
                EDITS[edit](stage, account, number)

        return hear

    placed = [(stage.records[name], listener(account)) for name, account in stage.desks.items()]
    for record, hear in placed:
        record.listeners.append(hear)

    def off() -> None:
        for record, hear in placed:
            record.listeners.remove(hear)

    return Lit(off, lambda: struck)


def _order_of(account: Account, path: str) -> str | None:
    """The order that a request to a task is about."""
    word = path.split("/")[2:3]
    task = account.world.tasks.get(int(word[0])) if word and word[0].isdigit() else None
    number = task.parent if task is not None and task.template == PAYMENT_TEMPLATE else task.id if task else None
    return next((view.number for view in account.orders.values() if view.id == str(number)), None)


def _raise_due(stage: Stage, account: Account, number: str) -> None:
    view = account.order(number)
    account.set_due(number, (view.due or Decimal(0)) + 1)


def _cancel(stage: Stage, account: Account, number: str) -> None:
    account.set_status(number, CANCELLED)


def _type(stage: Stage, account: Account, number: str) -> None:
    stage.typed.add(account.add_income(number, "1.00").key)


EDITS: Mapping[str, Callable[[Stage, Account, str], None]] = {"due": _raise_due, "status": _cancel, "typed": _type}
