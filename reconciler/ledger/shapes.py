"""
The layouts in which a parser's letters came: a fingerprint and what it stands for come in, whether it is new goes out.

What a fingerprint is made of is not known here; an outline holds labels and tags, never a letter's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from reconciler.ledger import tables
from reconciler.ledger.columns import json_ready
from reconciler.ledger.history import History
from reconciler.ledger.values import shape_of
from reconciler.model import Facts, Shape


class Shapes(History):
    def shape_seen(
        self, *, parser: str, parser_version: str, fingerprint: str, outline: Facts, mail_id: int
    ) -> tuple[Shape, bool]:
        """
        A letter of this parser's came in this shape; True when it is the first of it.

        parser_version is the one that met the shape last; the outline is kept as it was first told. Only letters that
        somebody vouches for should be told of: a stranger teaches nothing.
        """
        shape, now = tables.shape.c, self.now()
        here = (shape.parser == parser, shape.fingerprint == fingerprint)
        first: Any = self.connection.execute(
            self.insert(tables.shape)
            .values(
                parser=parser,
                fingerprint=fingerprint,
                parser_version=parser_version,
                outline=json_ready(outline),
                times=1,
                first_at=now,
                last_at=now,
                first_mail_id=mail_id,
            )
            .on_conflict_do_nothing(index_elements=["parser", "fingerprint"])
            .returning(shape.times)
        ).scalar()
        if first is None:
            again = {"times": shape.times + 1, "last_at": now, "parser_version": parser_version}
            self.connection.execute(update(tables.shape).where(*here).values(again))
        else:
            self.append("shape.learned", mail_id=mail_id, parser=parser, fingerprint=fingerprint)
        return shape_of(self.connection.execute(select(tables.shape).where(*here)).one()), first is not None

    def shapes(self, *, parser: str | None = None) -> Sequence[Shape]:
        """Of one parser or of all, by parser, in the order they were met."""
        query = select(tables.shape).order_by(
            tables.shape.c.parser, tables.shape.c.first_at, tables.shape.c.first_mail_id
        )
        if parser is not None:
            query = query.where(tables.shape.c.parser == parser)
        return [shape_of(row) for row in self.connection.execute(query)]
