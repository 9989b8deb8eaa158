"""`replay`: stored mail read again with today's parsers; letters and fixtures here are reconstructed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest

from parsers import wayforpay
from reconciler import app as joined
from reconciler import profiles
from reconciler.app import opened
from reconciler.byhand.comparing import Difference, Payment, Understood, differences
from reconciler.byhand.replaying import Replay
from reconciler.config import Settings, load
from reconciler.errors import FieldMissing
from reconciler.model import MailState, Message, Notice, Reason
from reconciler.money import Money
from reconciler.ports import Parser
from tests import ledger_v1
from tests.counter import Counter, one, rows

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").rglob("notice.eml"))
Change = Callable[[Notice], Notice]


@dataclass
class Altered:
    """The WayForPay parser of another day: each notice comes out changed."""

    change: Change
    NAME: str = "wayforpay"
    VERSION: str = "2"
    read: list[str] = field(default_factory=list)

    def claims(self, message: Message) -> bool:
        return wayforpay.claims(message)

    def parse(self, message: Message) -> Sequence[Notice]:
        self.read.append(message.subject)
        return [self.change(notice) for notice in wayforpay.parse(message)]


@pytest.fixture
def parser_becomes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], Altered]:
    real = profiles.parsers_of

    def become(change: Change) -> Altered:
        altered = Altered(change)

        def parsers_of(settings: Settings) -> tuple[Parser, ...]:
            return tuple(altered if parser.NAME == altered.NAME else parser for parser in real(settings))

        monkeypatch.setattr(joined, "parsers_of", parsers_of)
        return altered

    return become


def broken(notice: Notice) -> Notice:
    raise FieldMissing(parser="wayforpay", field="amount")


def busy(counter: Counter) -> None:
    """A payment, the same told again, the same told otherwise, and letters that were held or set aside."""
    mails = [
        counter.letter(),
        counter.letter("again.eml", language="ru", order=None),
        counter.letter("otherwise.eml", amount="9.00"),
        counter.letter("late.eml", order=None, reference="WFP-2"),
        counter.letter("filled.eml", order="777", reference="WFP-2", text=True),
        counter.letter("forged.eml", signed=False, reference="WFP-3"),
        counter.letter("declined.eml", status="declined", reference="WFP-4"),
        counter.letter("foreign_shop.eml", shop="other.example", reference="WFP-5"),
        counter.letter("stranger.eml", sender="x@example.org", reference="WFP-6"),
    ]
    counter.run("reprocess", "--new-ledger", *map(str, mails))


def test_the_same_parsers_change_nothing(counter: Counter) -> None:
    """First, repeated, contradicting, filling, held and skipped mails: all the same, exit 0; nothing written, nobody asked."""
    busy(counter)
    counter.run("resolve", "m9", "--discard", "not ours")
    before = counter.everything()
    counter.planfix.forget_requests()
    done = counter.run("replay")
    assert (done.exit_code, rows(done)) == (
        0,
        [{"what": "summary", "same": 9, "differ": 0, "dropped": 0, "unread": 0, "dangerous": 0}],
    ), done.stdout
    assert "9 mails read again: 9 as before, 0 otherwise" in done.stderr
    assert counter.everything() == before
    assert counter.planfix.count() == 0


def test_what_a_parser_would_read_otherwise(counter: Counter, parser_becomes: Callable[[Change], Altered]) -> None:
    """P07: each fact that changes is a row, was and would be, with both versions of the parser; exit 1."""
    counter.run("reprocess", "--new-ledger", str(counter.letter()))
    parser_becomes(lambda n: replace(n, amount=Money(Decimal("12.50"), "UAH"), order_number=None))
    done = counter.run("replay")
    found = [row for row in rows(done) if row["what"] == "difference"]
    assert done.exit_code == 1
    assert [(row["field"], row["was"], row["would_be"]) for row in found] == [
        ("amount", "1250.00 UAH", "12.50 UAH"),
        ("order_number", "12345", None),
    ]
    assert {(row["id"], row["payment"], row["parser"], row["read_with"], row["today"]) for row in found} == {
        ("m1", "e1", "wayforpay", "1", "2")
    }


def test_another_reference_is_the_same_payment_read_otherwise(
    counter: Counter, parser_becomes: Callable[[Change], Altered]
) -> None:
    """A changed transaction id is told as that, not as a payment lost and another one found."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(reference="WFP-1")))
    parser_becomes(lambda n: replace(n, transaction_id="1"))
    (row, _) = rows(counter.run("replay"))
    assert (row["field"], row["was"], row["would_be"]) == ("transaction_id", "WFP-1", "1")


def test_what_would_no_longer_be_read(counter: Counter, parser_becomes: Callable[[Change], Altered]) -> None:
    """A payment that would be held today: the reason with its field, and the payment that would be missing."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(reference="WFP-1")))
    parser_becomes(broken)
    found = rows(counter.run("replay"))[:-1]
    assert [(row["field"], row["was"], row["would_be"]) for row in found] == [
        ("reason", None, "field_missing (amount)"),
        ("payment", "payment 1250.00 UAH WFP-1 for order 12345", None),
    ]


def test_what_would_be_read_now(counter: Counter, parser_becomes: Callable[[Change], Altered]) -> None:
    """P07: after a parser was mended, the mail that was held under the old one is told as the payment it would be."""
    altered = parser_becomes(broken)
    altered.VERSION = "0.9"
    counter.run("reprocess", "--new-ledger", str(counter.letter(reference="WFP-1")))
    altered.change, altered.VERSION = (lambda notice: notice), "1"
    found = rows(counter.run("replay"))[:-1]
    assert [(row["field"], row["was"], row["would_be"]) for row in found] == [
        ("reason", "field_missing (amount)", None),
        ("payment", None, "payment 1250.00 UAH WFP-1 for order 12345"),
    ]
    assert {(row["read_with"], row["today"]) for row in found} == {("0.9", "1")}


def test_dropped_and_unread_mail_is_counted(counter: Counter) -> None:
    """Mail whose bytes retention has dropped, and mail that waits for its reading, is counted and nothing else."""
    counter.run(
        "reprocess", "--new-ledger", str(counter.letter()), str(counter.letter("b.eml", signed=False, reference="2"))
    )
    ledger = counter.ledger()
    with ledger.begin() as tx:
        assert tx.drop_raw_before(ledger.clock()) == 1
        tx.close_mail(2, MailState.TAKEN)
    ledger.close()
    done = counter.run("replay")
    assert (done.exit_code, one(done)) == (
        0,
        {"what": "summary", "same": 0, "differ": 0, "dropped": 1, "unread": 1, "dangerous": 0},
    )


def test_a_mail_that_kills_its_readers_is_left_alone(
    counter: Counter, parser_becomes: Callable[[Change], Altered]
) -> None:
    """What was held because processes ended over it is counted, and not read by this one."""
    counter.run("reprocess", "--new-ledger", str(counter.letter(signed=False)))
    ledger = counter.ledger()
    with ledger.begin() as tx:
        tx.close_mail(1, MailState.HELD, reason=Reason.PARSER_FAILED, facts={"processes": 3})
    ledger.close()
    altered = parser_becomes(lambda notice: notice)
    assert one(counter.run("replay"))["dangerous"] == 1
    assert altered.read == []


def test_one_parsers_mail(counter: Counter, parser_becomes: Callable[[Change], Altered]) -> None:
    """--parser keeps what it read then or reads now, --since what came since; a name nobody has ends with 2."""
    busy(counter)
    parser_becomes(broken)
    assert rows(counter.run("replay", "--parser", "wayforpay"))[-1]["differ"] == 8
    assert one(counter.run("replay", "--parser", "stripe"))["differ"] == 0
    assert one(counter.run("replay", "--since", "2099-01-01"))["differ"] == 0
    wrong = counter.run("replay", "--parser", "waiforpay")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "there are: " in wrong.stderr


def test_an_old_ledger_is_not_upgraded(counter: Counter) -> None:
    """A ledger of an older version is refused as it stands, and none is made where there is none."""
    assert counter.run("replay").exit_code == 2
    assert not (counter.folder / "reconciler.db").exists()
    ledger_v1.make(f"sqlite:///{counter.folder / 'reconciler.db'}")
    before = counter.everything()
    done = counter.run("replay")
    assert (done.exit_code, counter.everything()) == (2, before)


def test_every_fixture_is_read_as_it_was(counter: Counter) -> None:
    """Whatever a mail is, reading it a second time with the same parsers is no difference."""
    with counter.config.open("a") as config:
        config.write("[gateways.wayforpay]\ntrust = ['none']\n")
    with opened(load(counter.config), create=True, actor="test") as app:
        for path in FIXTURES:
            app.intake.take(path.read_bytes(), mailbox="payments", received_at=app.ledger.clock(), by_hand=True)
        replayed = Replay(app=app)
        found = [again for mail in replayed.mails() if (again := replayed.again(mail)) and again.differences]
        assert found == []
        assert replayed.counts.same > 100
        with app.ledger.look() as tx:
            assert len(tx.entries()) > 30


def test_payments_of_one_letter_are_matched_by_their_keys() -> None:
    """Two payments in another order are the same two; a third one is told as new."""
    first, second, third = (
        Payment(key=key, facts={"kind": "payment", "amount": f"{key}.00 UAH"}, entry=None) for key in "123"
    )
    was, would_be = Understood(payments=(first, second)), Understood(payments=(third, second, first))
    assert differences(was, would_be) == [
        Difference(field="payment", was=None, would_be="payment 3.00 UAH without an order")
    ]
    assert differences(would_be, would_be) == []
