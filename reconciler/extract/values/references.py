"""
References of payments: what one looks like, and which others like it a letter has.

Comes in: a text, or a reference and texts. Goes out: whether it is one that WayForPay makes (WFP-…), which never is an order's
number; and tokens that are another one: in WayForPay's form, or with the same letters in front and the same lengths behind.
A reference of digits alone has nothing of its own to be known by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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


def others_like(reference: str, texts: Iterable[str]) -> Iterator[str]:
    """Tokens like a reference, or in WayForPay's form, and unlike it; a piece of it that markup cuts is no other."""
    own = _OWN.search(reference)
    core = (own[0] if own else reference).casefold()
    forms = [(beginning, _OWN) for beginning in _OWN_BEGINNINGS]
    if own is None and (front := _FRONT.match(reference)):
        forms.append((front[0], _shape(reference, front.end())))
    for text in texts:
        for beginning, pattern in forms:
            at = text.find(beginning)
            while at >= 0:
                found = pattern.match(text, at)
                if found and not core.startswith(found[0].casefold()):
                    yield found[0]
                at = text.find(beginning, at + len(beginning))


def _shape(reference: str, begun: int) -> re.Pattern[str]:
    parts = [
        re.escape(part) if not part.isalnum() else rf"\d{{{len(part)}}}" if part.isdigit() else rf"\w{{{len(part)}}}"
        for part in _PART.findall(reference[begun:])
    ]
    return re.compile(rf"(?<![\w-]){re.escape(reference[:begun])}{''.join(parts)}(?![\w-])")
