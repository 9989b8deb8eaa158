"""
References of payments: what one looks like, and which others like it a letter has.

Comes in: a text, or references and texts. Goes out: whether it is one that WayForPay makes (WFP-…), which never is an order's
number; and tokens that are another one: in WayForPay's form, or with the same letters in front and the same lengths behind.
A reference of digits alone has nothing of its own to be known by.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from reconciler.extract.text import clean

REFERENCE = re.compile(r"WFP-[A-Z]{2,5}-\d+-[0-9a-f]{8,}\S*|\S+_WFPREG-\S+|WFP-\d+-[0-9a-f]{8,}\S*", re.IGNORECASE)
"""A gateway's own reference, as its pages make them: never a CRM order number, whatever its label says."""
_OWN = re.compile(r"WFP-(?:[A-Z]{2,5}-)?\d+-[0-9a-f]{8,}", re.IGNORECASE)
_OWN_BEGINNINGS = ("WFP-", "wfp-")
_FRONT = re.compile(r"[^\W\d_]{2,}[_-]?|[^\W\d_][_-]")
_PART = re.compile(r"[^\W_]+|[\W_]")


def is_reference(text: str) -> bool:
    """Is this the gateway's own reference and nothing else?"""
    return REFERENCE.fullmatch(clean(text).strip()) is not None


def others_like(references: Collection[str], texts: Iterable[str]) -> set[str]:
    """Tokens like one of these references, or in WayForPay's form, and unlike each; a piece of one that markup cuts is no other."""
    own = {reference: _OWN.search(reference) for reference in references}
    cores = [(found[0] if found else reference).casefold() for reference, found in own.items()]
    makings = {making for reference, found in own.items() for making in _makings(reference, own=found is not None)}
    tokens = {token for text in texts for making in makings for token in _made_so(text, *making)}
    return {token for token in tokens if not any(core.startswith(token.casefold()) for core in cores)}


def _makings(reference: str, *, own: bool) -> Iterator[tuple[str, re.Pattern[str]]]:
    """How other references begin, and the whole of them."""
    yield from ((beginning, _OWN) for beginning in _OWN_BEGINNINGS)
    if not own and (front := _FRONT.match(reference)):
        yield front[0], _shape(reference, front.end())


def _made_so(text: str, beginning: str, pattern: re.Pattern[str]) -> Iterator[str]:
    at = text.find(beginning)
    while at >= 0:
        if found := pattern.match(text, at):
            yield found[0]
        at = text.find(beginning, at + len(beginning))


def _shape(reference: str, begun: int) -> re.Pattern[str]:
    parts = [
        re.escape(part) if not part.isalnum() else rf"\d{{{len(part)}}}" if part.isdigit() else rf"\w{{{len(part)}}}"
        for part in _PART.findall(reference[begun:])
    ]
    return re.compile(rf"(?<![\w-]){re.escape(reference[:begun])}{''.join(parts)}(?![\w-])")
