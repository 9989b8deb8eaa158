"""What the ledger keeps of how a parser's letters look, and of which parser read what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger import Ledger
from reconciler.model import UNVERSIONED, MailState, Message, Notice, Recorded
from reconciler.reading import version_of
from tests.ledgers import START, HandClock, notice_of, record, take
from tests.rules.stage import Stage, signed

LABELS = {"labels": ["Сума", "Дата"], "skeleton": "table>tr>td*2"}


def test_the_first_letter_of_a_shape_is_told(any_ledger: Ledger, hand_clock: HandClock) -> None:
    """A shape is new once; later letters are counted, with the parser's version that met it last."""
    with any_ledger.begin() as tx:
        first, later = take(tx, b"first"), take(tx, b"later")
        told: dict[str, Any] = {"parser": "wayforpay", "fingerprint": "ab" * 32, "outline": LABELS}
        shape, new = tx.shape_seen(parser_version="1", mail_id=first.id, **told)
        assert new
        assert (shape.times, shape.outline, shape.first_at, shape.first_mail_id) == (1, LABELS, START, first.id)
        hand_clock.move(60)
        again, new = tx.shape_seen(parser_version="2", mail_id=later.id, **told | {"outline": {}})
        assert not new
        assert (again.times, again.outline, again.first_mail_id) == (2, LABELS, first.id)
        assert (again.parser_version, again.first_at < again.last_at) == ("2", True)
        assert [event.name for event in tx.history(mail_id=first.id)] == ["mail.taken", "shape.learned"]


def test_shapes_are_of_their_parser(any_ledger: Ledger) -> None:
    """Two parsers may meet one shape; each knows its own, in the order they came."""
    with any_ledger.begin() as tx:
        mail_id = take(tx).id
        for parser, fingerprint in (("b", "2"), ("a", "1"), ("b", "1")):
            tx.shape_seen(parser=parser, parser_version="1", fingerprint=fingerprint, outline={}, mail_id=mail_id)
        assert [(shape.parser, shape.fingerprint) for shape in tx.shapes(parser="a")] == [("a", "1")]
        assert sorted(shape.fingerprint for shape in tx.shapes(parser="b")) == ["1", "2"]
        assert len(tx.shapes()) == 3


def test_a_payment_keeps_the_version_that_read_it_first(any_ledger: Ledger) -> None:
    """A newer parser that tells of the same payment again changes nothing of who read it."""
    with any_ledger.begin() as tx:
        entry = record(tx, parser_version="1")
        found, recorded = tx.record(take(tx, b"again").id, notice_of(parser_version="2"))
        assert (recorded, found.parser_version) == (Recorded.ALREADY, entry.parser_version) == (Recorded.ALREADY, "1")


def test_a_message_keeps_the_version_that_read_it_last(any_ledger: Ledger) -> None:
    """Parser and version go together: none is kept of what nobody read, and a parser's own is never another's."""
    with any_ledger.begin() as tx:
        mail = take(tx)
        assert tx.close_mail(mail.id, MailState.SKIPPED).parser_version is None
        assert tx.close_mail(mail.id, MailState.READ, parser="a", parser_version="3").parser_version == "3"
        assert tx.close_mail(mail.id, MailState.READ).parser_version == "3"
        assert tx.close_mail(mail.id, MailState.READ, parser="a").parser_version == "3"
        assert tx.close_mail(mail.id, MailState.READ, parser="b").parser_version == UNVERSIONED
        assert tx.close_mail(mail.id, MailState.READ, parser="b", parser_version="4").parser_version == "4"


class Bare:
    """A parser of before versions were kept, or of somebody who names none."""

    NAME = "bare"

    def claims(self, message: Message) -> bool:
        raise NotImplementedError

    def parse(self, message: Message) -> list[Notice]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("says", "version"), [({}, "0"), ({"VERSION": "7"}, "7"), ({"VERSION": ""}, "0"), ({"VERSION": 7}, "0")]
)
def test_a_parser_without_a_version_is_of_version_0(says: dict[str, object], version: str) -> None:
    """Only a text is a version; whoever names none has version 0, as all had before versions were kept."""
    assert version_of(type("Parser", (Bare,), says)()) == version


def test_what_the_line_reads_says_by_which_version(tmp_path: Path) -> None:
    """A payment and its letter carry the version of the parser that read them; so does a letter it could not read."""
    stage = Stage.make(tmp_path)
    entry = stage.told()
    (held,) = stage.take(signed(reference=""))
    with stage.ledger.look() as tx:
        assert tx.entry(entry.id).parser_version == "1"
        assert tx.mail(entry.mail_id).parser_version == "1"
        assert held.mail is not None
        assert (tx.mail(held.mail).parser, tx.mail(held.mail).parser_version) == ("wayforpay", "1")
