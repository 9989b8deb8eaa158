"""
`resolve`, `pause` and `resume`: what a person decides.
"""

from __future__ import annotations

import difflib
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import USAGE, say
from reconciler.cli.frame import Front, with_front
from reconciler.cli.outcomes import COLUMNS, exit_of, hints_of, person, row_of
from reconciler.cli.output import cell
from reconciler.model import Reason, worst_exit

if TYPE_CHECKING:
    from reconciler.byhand.deciding import Decide


@click.command()
@click.argument("ids", metavar="[ID...]", nargs=-1)
@click.option("--where", "conditions", metavar="NAME=VALUE", multiple=True, help="Everything open that meets them all.")
@click.option("--order", metavar="N", help="This payment is for that order.")
@click.option("--trust", is_flag=True, help="I vouch for this message: its gateway wrote it.")
@click.option("--retry", is_flag=True, help="I have looked, or mended it: go on.")
@click.option("--discard", metavar="WHY", help="Close it for good, for this reason.")
@with_front
def resolve(
    front: Front,
    ids: tuple[str, ...],
    conditions: tuple[str, ...],
    order: str | None,
    trust: bool,
    retry: bool,
    discard: str | None,
) -> int:
    """Decide about held payments (e12, or a key) and messages (m7), and let them go on at once.

    The decision is recorded with who made it and when. It can be taken back with another one. What NAME can be after --where:
    reason, state, desk, order, gateway, merchant, parser, mailbox, sender; a reason is always needed.

    \b
    Examples:
      reconciler resolve e12 --order 12345
      reconciler resolve m7 --trust
      reconciler resolve --where reason=order_not_found --where desk=factory --retry
      reconciler resolve e12 e13 --discard "paid back by hand"
    """
    from reconciler.app import opened
    from reconciler.byhand import deciding
    from reconciler.byhand.going import Going

    decide = _decision(order=order, trust=trust, retry=retry, discard=discard)
    where = _conditions(conditions)
    if bool(ids) is bool(where):
        raise click.UsageError("name what is meant: either ids, or conditions with --where")
    if where and (order is not None or trust):
        raise click.UsageError("--order and --trust are decisions about one thing each, so they go with its id")
    with opened(front.settings(), create=False, actor=person()) as app, Going(app, say) as going:
        if where and not (ids := tuple(deciding.found_where(app.ledger, where))):
            say(f"nothing that is open has {', '.join(f'{name}={value}' for name, value in where.items())}")
        done = deciding.resolve(app, going, ids, decide)
        with front.printer(*COLUMNS) as printer:
            for outcome in done.outcomes:
                printer.row(row_of(outcome))
    if not front.for_machines:
        for hint in (hint for outcome in done.outcomes for hint in hints_of(outcome)):
            say(cell(hint))
    for line in done.refused:
        say(line)
    return worst_exit([exit_of(done.outcomes), USAGE if done.refused else 0])


def _decision(*, order: str | None, trust: bool, retry: bool, discard: str | None) -> Decide:
    from reconciler.flow import decisions

    given: list[Decide] = []
    if order is not None:
        given.append(partial(decisions.give_order, number=order))
    if trust:
        given.append(partial(decisions.vouch, person=person()))
    if retry:
        given.append(decisions.retry)
    if discard is not None:
        given.append(partial(decisions.discard, why=discard))
    if len(given) != 1:
        raise click.UsageError("one decision is needed: --order N, --trust, --retry or --discard WHY")
    return given[0]


def _conditions(given: tuple[str, ...]) -> dict[str, str]:
    from reconciler.byhand.deciding import CONDITIONS

    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in CONDITIONS:
            raise click.UsageError(f"--where {text}: write NAME=VALUE with one of {', '.join(CONDITIONS)}")
        if found.setdefault(name, value) != value:
            raise click.UsageError(f"--where: {name} cannot be {found[name]} and {value} at once")
    if found and "reason" not in found:
        raise click.UsageError("--where needs a reason: --where reason=order_not_found")
    if found:
        _known("reason", found["reason"], [reason.value for reason in Reason])
    return found


def _known(what: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise click.UsageError(f"there is no {what} {name!r}; {hint}")


@click.command()
@click.argument("desk", metavar="DESK")
@with_front
def pause(front: Front, desk: str) -> int:
    """Pull the brake: nothing more is sent to this desk until it is resumed, restarts included.

    Mail is read and written down all the while.

    \b
    Example:
      reconciler pause factory
    """
    return _brake(front, desk, paused=True)


@click.command()
@click.argument("desk", metavar="DESK")
@with_front
def resume(front: Front, desk: str) -> int:
    """Release the brake: payments go on to this desk.

    \b
    Example:
      reconciler resume factory
    """
    return _brake(front, desk, paused=False)


def _brake(front: Front, desk: str, *, paused: bool) -> int:
    from reconciler.app import opened

    settings = front.settings()
    _known("desk", desk, sorted(settings.desks))
    with opened(settings, create=False, actor=person()) as app:
        with app.ledger.begin() as tx:
            tx.pause(desk, paused)
        with front.printer("desk", "paused") as printer:
            printer.row({"desk": desk, "paused": paused})
    return 0
