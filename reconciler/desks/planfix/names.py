"""
The settings' names, as ids of the desk: settings, catalogue and memory go in, `Names` come out.

Ids found once are remembered in the ledger. While the settings stay as they were, the service starts from memory, so
neither a desk that is down nor a field that was renamed there stops it; a look at the desk (`verify`) reports the new name.
What is missing, ambiguous or of a type that cannot work is told with every other such problem at once (DeskStopped:
nothing is posted, reading goes on), and what was remembered is good for nothing until a look finds everything right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from reconciler.desks.planfix import decode
from reconciler.desks.planfix.catalogue import Catalogue, Thing
from reconciler.desks.planfix.choosing import Chooser
from reconciler.desks.planfix.client import Planfix
from reconciler.desks.planfix.formula import Sign, sign_of
from reconciler.desks.planfix.settings import DeskSettings, NameOrId
from reconciler.errors import DeskRefused, DeskStopped, DeskUnreachable, QuotaSpent
from reconciler.model import Status
from reconciler.ports import Ledger

TASK = "task"  # order_number: the task's own number
SETTINGS = (
    "url", "order_number", "order_template", "payment_template", "due", "paid", "difference",
    "income", "income_sum", "income_date", "income_payment_id", "difference_sign",
    "production_status", "advance_from", "after_production",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Ids of everything the desk's verbs touch."""

    order_template: int
    payment_template: int
    order_field: int | None  # None: an order's number is its task's number
    order_field_type: int | None
    due: int
    paid: int
    difference: int
    sign: Sign
    income: int
    income_sum: int
    income_date: int
    income_payment_id: int
    production: Status
    advance_from: tuple[Status, ...]
    after_production: tuple[Status, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    names: Names
    remarks: tuple[str, ...] = ()  # what people should know: renamed, re-created, could not be verified
    from_memory: bool = False
    found: Mapping[str, Thing | None] | None = None  # by setting, for `doctor`; None from memory
    statuses_of: str | None = None  # the process the statuses were found in


class NamesDoNotFit(DeskStopped):
    """The desk was looked at and is not as the settings say; every problem stands in the message."""


class Memory(Protocol):
    """Where resolved ids outlive the process."""

    def recall(self, name: str) -> Mapping[str, Any] | None: ...
    def remember(self, name: str, value: Mapping[str, Any]) -> None: ...


class LedgerMemory:
    """The ledger as `Memory`, a transaction a verb."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def recall(self, name: str) -> Mapping[str, Any] | None:
        with self._ledger.look() as tx:
            return tx.recall(name)

    def remember(self, name: str, value: Mapping[str, Any]) -> None:
        with self._ledger.begin() as tx:
            tx.remember(name, value)


def resolve(client: Planfix, settings: DeskSettings, memory: Memory, *, verify: bool) -> Resolution:
    """
    verify: look at the desk even when everything is remembered.
    Raises: DeskStopped with every problem; DeskUnreachable or QuotaSpent when the desk is needed and does not answer.
    """
    asked = _asked(settings)
    slot = f"desk:{settings.name}:names"
    kept = memory.recall(slot) or {}
    known = _restore(kept, asked)
    if known is not None and not verify:
        return Resolution(names=known, from_memory=True)
    try:
        found = _look(client, settings, _ids(kept, settings))
    except NamesDoNotFit:
        if known is not None:
            memory.remember(slot, {name: value for name, value in kept.items() if name != "names"})
        raise
    except DeskRefused as exc:
        raise DeskStopped(f"the desk does not show what it has: {exc}", **exc.facts) from exc
    except (DeskUnreachable, QuotaSpent) as exc:
        if known is None:
            raise
        return Resolution(
            names=known, remarks=(f"names were not verified, remembered ids are used: {exc}",), from_memory=True
        )
    memory.remember(slot, {"asked": asked, "names": _plain(found.names), "ids": _found_ids(found, settings)})
    return found


# ---------------------------------------------------------------- looking


def _look(client: Planfix, settings: DeskSettings, remembered: Mapping[str, int]) -> Resolution:
    desk = Catalogue(client)
    chooser = Chooser(prefix=f"desks.{settings.name}", remembered=remembered)
    order = chooser.pick("order_template", settings.order_template, desk.templates, "task template")
    payment = chooser.pick("payment_template", settings.payment_template, desk.templates, "task template")
    fields = desk.task_fields
    number = None
    if settings.order_number != TASK:
        number = chooser.pick(
            "order_number", settings.order_number, fields, "task field", {decode.SHORT_TEXT, decode.NUMBER}
        )
    due = chooser.pick("due", settings.due, fields, "task field", decode.NUMERIC_TYPES)
    paid = chooser.pick("paid", settings.paid, fields, "task field", decode.NUMERIC_TYPES)
    difference = chooser.pick("difference", settings.difference, fields, "task field", decode.NUMERIC_TYPES)
    tag, amount, day, payment_id = _income(chooser, settings, desk)
    statuses_of: str | None = None
    production: Status | None = None
    advance_from: tuple[Status, ...] = ()
    after: tuple[Status, ...] = ()
    if order:
        production, advance_from, after, statuses_of = _statuses(chooser, settings, desk, order)
    sign = _sign(chooser, settings, due, paid, difference)
    if order and payment and order.id == payment.id:
        chooser.problem("payment_template", settings.payment_template, "is the order template too: they must differ")
    if chooser.problems or not (
        order
        and payment
        and due
        and paid
        and difference
        and tag
        and amount
        and day
        and payment_id
        and production
        and sign
    ):
        raise NamesDoNotFit(
            f"{len(chooser.problems)} name(s) in the settings do not fit Planfix:\n" + "\n".join(chooser.problems),
            problems=list(chooser.problems),
        )
    names = Names(
        order_template=order.id,
        payment_template=payment.id,
        order_field=number.id if number else None,
        order_field_type=number.type if number else None,
        due=due.id,
        paid=paid.id,
        difference=difference.id,
        sign=sign,
        income=tag.id,
        income_sum=amount.id,
        income_date=day.id,
        income_payment_id=payment_id.id,
        production=production,
        advance_from=advance_from,
        after_production=after,
    )
    return Resolution(names=names, remarks=tuple(chooser.remarks), found=dict(chooser.found), statuses_of=statuses_of)


def _statuses(
    chooser: Chooser, settings: DeskSettings, desk: Catalogue, order: Thing
) -> tuple[Status | None, tuple[Status, ...], tuple[Status, ...], str | None]:
    known = desk.statuses(order.id)
    kind = f"status of process {known.of!r}" if known.of else "status"

    def pick(setting: str, asked: NameOrId) -> Status | None:
        thing = chooser.pick(setting, asked, known.things, kind)
        return Status(id=str(thing.id), name=thing.name) if thing else None

    def several(setting: str, asked: tuple[NameOrId, ...]) -> tuple[Status, ...]:
        found = [pick(f"{setting}[{place}]", name) for place, name in enumerate(asked)]
        return tuple(status for status in found if status is not None)

    production = pick("production_status", settings.production_status)
    advance_from = several("advance_from", tuple(settings.advance_from))
    after = several("after_production", tuple(settings.after_production))
    if not settings.advance_from:
        chooser.problem("advance_from", "", "names no status: write the statuses an order may be advanced from")
    beyond = {status.id for status in (production, *after) if status}
    for status in advance_from:
        if status.id in beyond:
            chooser.problem("advance_from", status.name, "is the production status, or one after it, too")
    return production, advance_from, after, known.of


def _sign(
    chooser: Chooser, settings: DeskSettings, due: Thing | None, paid: Thing | None, difference: Thing | None
) -> Sign | None:
    if settings.difference_sign:
        try:
            return Sign(settings.difference_sign)
        except ValueError:
            chooser.problem("difference_sign", settings.difference_sign, 'is neither "due-paid" nor "paid-due"')
            return None
    if not (due and paid and difference):
        return None
    sign = read_sign(settings, due, paid, difference)
    if sign is None:
        shown = f"formula {difference.formula!r}" if difference.formula else "a formula that Planfix does not tell"
        chooser.problem(
            "difference_sign",
            "",
            f'cannot be read from {difference.name!r}, which has {shown}: write "due-paid" or "paid-due"',
        )
    return sign


def read_sign(settings: DeskSettings, due: Thing, paid: Thing, difference: Thing) -> Sign | None:
    """
    The sign as the formula of Difference has it; None: it does not say.

    Whether a formula follows a rename is unverified, so a field is known in it by its name as set and as it is now.
    """
    if not difference.formula:
        return None
    return sign_of(
        difference.formula,
        due=(due.name, str(due.id), str(settings.due)),
        paid=(paid.name, str(paid.id), str(settings.paid)),
    )


def _income(
    chooser: Chooser, settings: DeskSettings, desk: Catalogue
) -> tuple[Thing | None, Thing | None, Thing | None, Thing | None]:
    """The data tag and its fields for sum, date and payment id."""
    tag = chooser.pick("income", settings.income, desk.tags, "data tag")
    if tag is None:
        return None, None, None, None
    fields = desk.tag_fields(tag.id)
    return (
        tag,
        chooser.pick("income_sum", settings.income_sum, fields, "data tag field", {decode.NUMBER}),
        chooser.pick("income_date", settings.income_date, fields, "data tag field", {decode.DATE}),
        chooser.pick("income_payment_id", settings.income_payment_id, fields, "data tag field", {decode.SHORT_TEXT}),
    )


# ---------------------------------------------------------------- memory


def _asked(settings: DeskSettings) -> dict[str, Any]:
    """What the settings ask for, as JSON keeps it."""
    asked: dict[str, Any] = {}
    for key in SETTINGS:
        value = getattr(settings, key)
        asked[key] = _scalar(value) if isinstance(value, str | int) else [_scalar(item) for item in value]
    return asked


def _scalar(value: NameOrId) -> NameOrId:
    """An enumeration's member as the plain word JSON gives back."""
    return str(value) if isinstance(value, str) else value


def _each(settings: DeskSettings) -> dict[str, NameOrId]:
    """Every single thing asked for, by the name problems call it."""
    flat: dict[str, NameOrId] = {}
    for key, value in _asked(settings).items():
        if isinstance(value, list):
            flat.update({f"{key}[{place}]": item for place, item in enumerate(value)})
        else:
            flat[key] = value
    return flat


def _ids(kept: Mapping[str, Any], settings: DeskSettings) -> dict[str, int]:
    """Remembered ids of those settings that still ask for the same name on the same account."""
    ids = kept.get("ids")
    if not isinstance(ids, Mapping) or kept.get("asked", {}).get("url") != settings.url:
        return {}
    asked = _each(settings)
    return {
        key: memo["id"]
        for key, memo in ids.items()
        if isinstance(memo, Mapping) and memo.get("asked") == asked.get(key) and isinstance(memo.get("id"), int)
    }


def _found_ids(found: Resolution, settings: DeskSettings) -> dict[str, dict[str, Any]]:
    asked = _each(settings)
    return {
        key: {"asked": asked[key], "id": thing.id} for key, thing in (found.found or {}).items() if thing is not None
    }


def _plain(names: Names) -> dict[str, Any]:
    plain = asdict(names)
    plain["sign"] = str(names.sign)
    for key in ("advance_from", "after_production"):
        plain[key] = list(plain[key])
    return plain


def _restore(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> Names | None:
    """What was remembered for exactly these settings; None also for what an older version remembered otherwise."""
    if kept.get("asked") != dict(asked):
        return None
    try:
        plain = dict(kept["names"])
        plain["sign"] = Sign(plain["sign"])
        plain["production"] = Status(**plain["production"])
        for key in ("advance_from", "after_production"):
            plain[key] = tuple(Status(**status) for status in plain[key])
        return Names(**plain)
    except (KeyError, TypeError, ValueError):
        return None
