"""
Whole lists out of pages: a function that asks for one page goes in, every row comes out.

Planfix gives at most 100 rows a page and no total. A page may come short without an error (seen live under load), so a
short page is not the end: the next one is asked for from where the rows received so far end, until one comes empty.
A first page without rows is complete: it was the whole question that found nothing. Who knows by other means that nothing
is missing (rows that sum to the task's Paid) says so, and saves the last request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.desks.planfix import decode
from reconciler.desks.planfix.decode import Odd, Row

PAGE = 100
MOST_PAGES = 1000

Ask = Callable[[Mapping[str, int]], Row]


def never(found: Sequence[Row]) -> bool:
    """Nothing but an empty page proves the end."""
    return False


def every_row(ask: Ask, key: str, is_whole: Callable[[Sequence[Row]], bool] = never) -> list[Row]:
    """ask: takes {"offset", "pageSize"}, gives the parsed answer; key: its list. Raises Odd when the list never ends."""
    found: list[Row] = []
    for _ in range(MOST_PAGES):
        page = decode.rows(ask({"offset": len(found), "pageSize": PAGE}), key)
        if not page:
            return found
        found += page
        if len(page) < PAGE and is_whole(found):
            return found
    raise Odd(f"{key} does not end after {MOST_PAGES} pages")
