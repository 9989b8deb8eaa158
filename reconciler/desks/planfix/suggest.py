"""
Orders a person may have meant: a number that matched nothing and a sum go in, near orders come out, with what is near.

For people only. The cost is bounded: two requests for near numbers and one for each of at most five orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from reconciler.desks.planfix import decode, rows
from reconciler.desks.planfix.catalogue import shapes
from reconciler.desks.planfix.client import Planfix
from reconciler.desks.planfix.decode import Row
from reconciler.desks.planfix.names import Names
from reconciler.desks.planfix.paging import PAGE
from reconciler.model import Facts
from reconciler.money import Money

MOST_ORDERS = 5
MOST_PAGES = 2
LONGEST = 9  # digits of a task's number


def suggest(client: Planfix, names: Names, number: str | None, due: Money | None, currency: str) -> list[Facts]:
    """Per order: number, difference ("250.00" or None), why. Those that still owe exactly this sum come first."""
    if not number:
        return []
    with shapes("task/list"):
        near = (
            _near_by_field(client, names, number)
            if names.order_field is not None
            else _near_by_task(client, names, number)
        )
        found = [_facts(client, names, task, shown, why, due, currency) for task, shown, why in near]
    return sorted(found, key=lambda facts: not facts["same_sum"])


Near = tuple[int, str, str]  # task, the order's number as people call it, why


def _near_by_task(client: Planfix, names: Names, number: str) -> list[Near]:
    why = {int(text): reason for text, reason in reversed(list(near_numbers(number)))}
    candidates = list(dict.fromkeys(int(text) for text, _ in near_numbers(number)))
    hits: set[int] = set()
    for page in range(MOST_PAGES):
        batch = candidates[page * PAGE : (page + 1) * PAGE]
        if not batch or len(hits) >= MOST_ORDERS:
            break
        hits.update(
            _live(_tasks(client, names, names.order_template, {"type": 57, "operator": "equal", "value": batch}), names)
        )
    return [(task, str(task), why[task]) for task in candidates if task in hits][:MOST_ORDERS]


def _near_by_field(client: Planfix, names: Names, number: str) -> list[Near]:
    """A text field can only be searched for a part: the number without its first sign, then without its last."""
    if names.order_field is None or names.order_field_type != decode.SHORT_TEXT or len(number) < 3:
        return []
    found: dict[int, Near] = {}
    for part in (number[1:], number[:-1]):
        only = {"type": 101, "operator": "have", "field": names.order_field, "value": part}
        for row in _tasks(client, names, names.order_template, only):
            task, shown = decode.number_of(row), decode.text(decode.element(row, names.order_field))
            if task is not None and shown and not decode.is_deleted(row) and abs(len(shown) - len(number)) <= 1:
                found.setdefault(task, (task, shown, "one sign differs"))
    return list(islice(found.values(), MOST_ORDERS))


def near_numbers(number: str) -> Iterator[tuple[str, str]]:
    """Numbers one slip away, likeliest slips first: swapped neighbours, a digit typed twice or lost, a wrong digit."""
    if not (number.isascii() and number.isdigit()) or len(number) > LONGEST:
        return
    size = len(number)
    near = [
        (number[:i] + number[i + 1] + number[i] + number[i + 2 :], "two digits are swapped") for i in range(size - 1)
    ]
    near += [(number[:i] + number[i + 1 :], "one digit too many") for i in range(size)]
    near += [(number[:i] + digit + number[i + 1 :], "one digit differs") for i in range(size) for digit in "0123456789"]
    near += [
        (number[:i] + digit + number[i:], "one digit is missing") for i in range(size, -1, -1) for digit in "0123456789"
    ]
    for text, why in near:
        if text and text != number and text[0] != "0" and len(text) <= LONGEST:
            yield text, why


def _facts(
    client: Planfix, names: Names, task: int, shown: str, why: str, due: Money | None, currency: str
) -> dict[str, object]:
    owed = _difference(client, names, task, currency)
    same = due is not None and owed is not None and owed.currency == due.currency and owed.minor == due.minor
    return {
        "number": shown,
        "difference": str(owed.amount) if owed is not None else None,
        "same_sum": same,
        "why": f"{why}; the same sum is still due" if same else why,
    }


def _difference(client: Planfix, names: Names, order: int, currency: str) -> Money | None:
    only = {"type": 73, "operator": "equal", "value": order}
    found = rows.payment_tasks(
        _tasks(client, names, names.payment_template, only), names, order=order, currency=currency
    )
    return found[0].totals.difference if len(found) == 1 else None


def _live(found: list[Row], names: Names) -> list[int]:
    numbers = [decode.number_of(row) for row in found if rows.is_live(row, names.order_template)]
    return [number for number in numbers if number is not None]


def _tasks(client: Planfix, names: Names, template: int, only: Row) -> list[Row]:
    template_filter = {"type": 51, "operator": "equal", "value": template}
    body = {"offset": 0, "pageSize": PAGE, "fields": rows.task_fields(names), "filters": [only, template_filter]}
    return decode.rows(client.ask("task/list", body), "tasks")
