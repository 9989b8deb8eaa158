"""
How a parser's letters look: a changed template is told while it still reads, and beside the hold once it does not.

Comes in: letters, and the shapes the ledger knows. Goes out: what differs. Only letters that somebody vouches for teach: a stranger's
tells nothing of the gateway's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.fingerprint import news, outline_of
from reconciler.model import Message, Shape
from reconciler.ports import LedgerTx

LEARNED_FROM = 10
"""Letters of a parser before a new shape is news; until then its usual variety is being met."""

MOST_SHAPES = 60
"""Letters that come in more shapes than this are no template, and nothing is told of them."""

DIFFERS = "differs"
"""Among a shape's outline: what was new about it when it was met; none: it was learned without a word."""

Differences = Mapping[str, Sequence[str]]


def learn(tx: LedgerTx, mail_id: int, parser: str, version: str, source: Message) -> Differences:
    """Take down the shape of a vouched letter. Returns what differs from all before, to be told once; mostly nothing."""
    outline = outline_of(source)
    known = tx.shapes(parser=parser)
    is_known = any(shape.fingerprint == outline.fingerprint for shape in known)
    if not is_known and len(known) >= MOST_SHAPES:
        return {}
    differs = {} if is_known or _is_young(known) else news(outline, [shape.outline for shape in known])
    tx.shape_seen(
        parser=parser,
        parser_version=version,
        fingerprint=outline.fingerprint,
        outline={**outline.facts(), **({DIFFERS: differs} if differs else {})},
        mail_id=mail_id,
    )
    if differs:
        tx.append("layout.changed", mail_id=mail_id, parser=parser, differs=differs)
    return differs


def unknown(tx: LedgerTx, parser: str, message: Message) -> dict[str, object]:
    """For a letter that could not be read: {"layout": …} when none of that parser's looked so, and how it differs."""
    known = tx.shapes(parser=parser)
    if message.too_large or _is_young(known) or len(known) >= MOST_SHAPES:
        return {}
    outlines = [outline_of(one) for one in _with_carried(message)]
    if any(shape.fingerprint == outline.fingerprint for shape in known for outline in outlines):
        return {}
    differs = news(outlines[-1], [shape.outline for shape in known])
    return {"layout": {"unknown": outlines[-1].fingerprint[:12], **differs}}


def _is_young(known: Sequence[Shape]) -> bool:
    return sum(shape.times for shape in known) < LEARNED_FROM


def _with_carried(message: Message) -> list[Message]:
    """A mail and those it carries, the innermost last."""
    return [message, *(inner for carried in message.attached for inner in _with_carried(carried))]
