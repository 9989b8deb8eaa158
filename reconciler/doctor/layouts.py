"""
The layouts in which letters came, as the ledger knows them: which parser's letters look otherwise than they did.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from reconciler.doctor.findings import Finding, Section
from reconciler.flow.layouts import DIFFERS, MOST_SHAPES
from reconciler.ledger import Ledger
from reconciler.readout import KYIV

FOUND = Section("ledger")

RECENTLY = timedelta(days=30)


def look_at_layouts(ledger: Ledger) -> Iterator[Finding]:
    with ledger.look() as tx:
        shapes = tx.shapes()
    for parser, of_parser in groupby(shapes, key=lambda shape: shape.parser):
        met = list(of_parser)
        letters = sum(shape.times for shape in met)
        yield FOUND.ok(f"{letters} letter(s) that {parser} read came in {len(met)} layout(s)")
        if len(met) >= MOST_SHAPES:
            what = f"{parser}'s letters come in so many layouts that a change of theirs cannot be told"
            yield FOUND.remark(what, "look now and then at what is held, and at `reconciler replay`")
        for shape in met:
            differs = shape.outline.get(DIFFERS)
            if not differs or shape.first_at < ledger.clock() - RECENTLY:
                continue
            told = "; ".join(f"{name.replace('_', ' ')}: {', '.join(what)}" for name, what in differs.items())
            day = shape.first_at.astimezone(KYIV).date()
            what = f"{parser}'s letters changed on {day} ({told}); {shape.times} of them were read all the same"
            yield FOUND.remark(what, f"compare one with what was read of it: `reconciler show m{shape.first_mail_id}`")
