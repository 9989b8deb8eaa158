"""
Whole lists out of pages: a function that asks for one page goes in, every row comes out.

Planfix gives at most 100 rows a page and no total. A page may come short without an error (seen live under load), so a
short page is not the end: the next one is asked for from where the rows received so far end, until one comes empty.
A first page without rows is complete: it was the whole question that found nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.desks.planfix import decode
from reconciler.desks.planfix.decode import Odd, Row

PAGE = 100
MOST_PAGES = 1000

Ask = Callable[[Mapping[str, int]], Row]


def every_row(ask: Ask, key: str) -> list[Row]:
    """ask: takes {"offset", "pageSize"}, gives the parsed answer; key: its list. Raises Odd when the list never ends."""
    found: list[Row] = []
    for _ in range(MOST_PAGES):
        page = decode.rows(ask({"offset": len(found), "pageSize": PAGE}), key)
        if not page:
            return found
        found += page
    raise Odd(f"{key} does not end after {MOST_PAGES} pages")
