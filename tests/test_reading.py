"""Who reads a mail, and what becomes of one that cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from reconciler.discovery import find_parsers
from reconciler.errors import (
    ClaimedTwice,
    ConfigError,
    FieldMissing,
    MessageDamaged,
    MessageTooLarge,
    ParserFailed,
    Unclaimed,
)
from reconciler.model import Address, Kind, Message, Notice, TextPart
from reconciler.reading import is_sender, read, version_of


def message(
    sender: str = "notify@gate.example", *attached: Message, lossy: bool = False, too_large: bool = False
) -> Message:
    return Message(
        raw=b"",
        sha256="",
        senders=(Address(name="", email=sender),),
        attached=attached,
        lossy=lossy,
        too_large=too_large,
    )


@dataclass
class Fake:
    """A parser that remembers nothing and says what it is told."""

    NAME: str = "gate"
    domain: str = "gate.example"
    kind: Kind = Kind.PAYMENT
    error: Exception | None = None
    order_fields: tuple[str, ...] = ()

    def configured(self, *, order_fields: Collection[str] = (), timezone: str | None = None) -> Fake:
        return replace(self, order_fields=tuple(order_fields))

    def claims(self, message: Message) -> bool:
        return is_sender(message.sender, [self.domain])

    def parse(self, message: Message) -> Sequence[Notice]:
        if self.error:
            raise self.error
        return [Notice(parser=self.NAME, gateway="gate", kind=self.kind, order_raw="/".join(self.order_fields))]


class Greedy(Fake):
    """A parser that looks at any From address, which it should not."""

    def claims(self, message: Message) -> bool:
        return any(is_sender(address, [self.domain]) for address in message.senders)


def test_one_claim_is_read() -> None:
    """A mail claimed once is read by that parser, and is its own source."""
    mail = message()
    reading = read(mail, [Fake(), Fake(NAME="other", domain="other.example")])
    assert (reading.parser, reading.source) == ("gate", mail)


def test_nobody_claims() -> None:
    """A mail without a claim is unclaimed."""
    with pytest.raises(Unclaimed):
        read(message("a@example.org"), [Fake()])


def test_two_claims() -> None:
    """P10: a mail claimed twice is held and names both parsers."""
    with pytest.raises(ClaimedTwice) as caught:
        read(message(), [Fake(), Fake(NAME="other")])
    assert caught.value.facts["parsers"] == ["gate", "other"]


def test_settings_add_senders() -> None:
    """A parser also claims under the addresses and domains of the settings, exactly compared."""
    assert read(message("me@office.example"), [Fake()], senders={"gate": ["me@office.example"]}).parser == "gate"
    with pytest.raises(Unclaimed):
        read(message("you@office.example"), [Fake()], senders={"gate": ["me@office.example"]})


@pytest.mark.parametrize(
    ("email", "is_one"),
    [
        ("n@gate.example", True),
        ("n@mail.gate.example", True),
        ("n@GATE.example", True),
        ("n@notgate.example", False),
        ("n@gate.example.net", False),
        ("gate.example@example.net", False),
    ],
)
def test_domains_are_compared_whole(email: str, is_one: bool) -> None:
    """A domain or one below it, never a part of the text."""
    assert is_sender(Address(name="n@gate.example", email=email), ["gate.example"]) is is_one


def test_an_attached_notice_is_the_source() -> None:
    """P12: a forward nobody claims is read from the one claimed mail attached to it, at any depth."""
    inner = message()
    outer = message("me@example.org", message("you@example.org", inner))
    assert read(outer, [Fake()]).source is inner


def test_two_attached_notices_are_held() -> None:
    """P12: a forward that carries two claimed mails is for a person."""
    with pytest.raises(ClaimedTwice):
        read(message("me@example.org", message(), message()), [Fake()])


def test_attached_mail_is_opened_for_forwarders_alone() -> None:
    """P12: in a mailbox only its forwarders' attached mails are looked into, their whole addresses compared."""
    outer = message("Me@Example.org", message())
    assert read(outer, [Fake()], forwarders=["me@example.org"]).source is outer.attached[0]
    for forwarders in ([], ["you@example.org"], ["me@example.org.net"], ["xme@example.org"]):
        with pytest.raises(Unclaimed) as caught:
            read(outer, [Fake()], forwarders=forwarders)
        assert "forwarders" in str(caught.value)
    with pytest.raises(Unclaimed) as caught:
        read(message("me@example.org"), [Fake()], forwarders=[])
    assert "forwarders" not in str(caught.value)


@pytest.mark.parametrize(
    "senders", [(), ("notify@gate.example", "me@example.org"), ("notify@gate.example", "notify@gate.example")]
)
@pytest.mark.parametrize("forwarders", [None, ["me@example.org", "notify@gate.example"]])
def test_a_mail_without_one_sender_is_never_looked_into(senders: tuple[str, ...], forwarders: list[str] | None) -> None:
    """P17: several From addresses are no sender: nobody claims the mail, and nothing attached to it is opened."""
    odd = replace(message(), senders=tuple(Address(name="", email=email) for email in senders))
    for mail in (odd, replace(odd, attached=(message(),)), message("me@example.org", odd)):
        with pytest.raises(Unclaimed):
            read(mail, [Fake(), Greedy()], forwarders=forwarders)
    with pytest.raises(Unclaimed):
        read(message("me@example.org", replace(odd, attached=(message(),))), [Fake()], forwarders=forwarders)


def test_a_claimed_mail_is_read_itself() -> None:
    """What is attached to a claimed mail does not count."""
    mail = message("n@gate.example", message())
    assert read(mail, [Fake()]).source is mail


def test_a_broken_parser_holds_its_mail() -> None:
    """A parser's own bug is parser_failed with the cause kept; what it holds a mail for passes with its name."""
    with pytest.raises(ParserFailed) as failed:
        read(message(), [Fake(error=KeyError("x"))])
    assert isinstance(failed.value.__cause__, KeyError)
    assert failed.value.facts == {"parser": "gate", "error": "KeyError: 'x'"}
    with pytest.raises(FieldMissing) as held:
        read(message(), [Fake(error=FieldMissing("", field="amount"))])
    assert held.value.facts == {"parser": "gate", "field": "amount"}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_lossy_payment_never_posts_by_itself(kind: Kind) -> None:
    """P02: money read out of a lossily decoded mail is held with what was read; other notices are only told."""
    moves = kind in {Kind.PAYMENT, Kind.REFUND, Kind.VOID, Kind.CHARGEBACK}
    for mail in (message(lossy=True), message("me@example.org", message(lossy=True))):
        if moves:
            with pytest.raises(MessageDamaged) as caught:
                read(mail, [Fake(kind=kind)])
            assert caught.value.facts["notices"][0]["kind"] == kind
        else:
            assert read(mail, [Fake(kind=kind)]).notices[0].kind is kind


def test_damage_is_named() -> None:
    """A person who is asked about a lossy payment is told what was odd about its decoding, also inside a forward."""
    inner = replace(message(lossy=True), defects=("base64_damaged",))
    for mail in (inner, replace(message("me@example.org", inner), defects=("date_unreadable",))):
        with pytest.raises(MessageDamaged) as caught:
            read(mail, [Fake()])
        assert "base64_damaged" in str(caught.value)
    assert "date_unreadable" in str(caught.value)


class Literal(Fake):
    """A parser that takes the first line for the order number; a letter of one line is held."""

    def parse(self, message: Message) -> Sequence[Notice]:
        first, *rest = message.texts[0].content.split("\n")
        if not rest:
            raise FieldMissing("", field="order")
        return [Notice(parser="gate", gateway="gate", kind=self.kind, order_raw=first, merchant_names=tuple(rest))]


@pytest.mark.parametrize(
    ("other", "told_alike"), [("1\nshop of ours", True), ("12\nshop", False), ("1\n", True), ("12", False)]
)
def test_a_payment_in_text_that_may_be_another_is_told_alike_by_both(other: str, told_alike: bool) -> None:
    """S06: what no signature covers decides nothing: text whose lines may be others is read each way, and must tell the same."""
    part = TextPart(path="text[0]", content="1\nshop", charset="utf-8", others=(other,))
    mail = replace(message(), texts=(part,), defects=("flowed_text",))
    if told_alike:
        assert read(mail, [Literal()]).notices[0].order_raw == "1"
    else:
        with pytest.raises(MessageDamaged, match="flowed_text"):
            read(mail, [Literal()])
    assert read(mail, [Literal()], damage_seen=True).notices[0].order_raw == "1"
    assert read(mail, [Literal(kind=Kind.DECLINED)]).notices[0].order_raw == "1"


def test_too_large() -> None:
    """P13: a claimed mail of which only the headers were read is held, a foreign one stays foreign."""
    with pytest.raises(MessageTooLarge):
        read(message(too_large=True), [Fake()])
    with pytest.raises(Unclaimed):
        read(message("a@example.org", too_large=True), [Fake()])


def test_order_fields_reach_the_parser() -> None:
    """The labels of the settings' order field are handed to a parser that takes them."""
    assert read(message(), [Fake()], order_fields={"gate": ["Рахунок"]}).notices[0].order_raw == "Рахунок"


def test_discovery_finds_the_modules() -> None:
    """The parsers of the package are found without a list, once each."""
    names = [parser.NAME for parser in find_parsers()]
    assert "wayforpay" in names
    assert names == sorted(set(names))


def test_discovery_names_every_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parsers of one name, what cannot be loaded and what is no parser are settings problems, told at once."""
    twin = ModuleType("twin_parser")
    twin.__dict__.update(NAME="wayforpay", claims=lambda message: False, parse=lambda message: [])
    monkeypatch.setitem(sys.modules, "twin_parser", twin)
    points = [
        EntryPoint(n, v, "reconciler.parsers")
        for n, v in (("a", "twin_parser"), ("b", "no_such_module_x"), ("c", "json"))
    ]
    with pytest.raises(ConfigError) as caught:
        find_parsers(points)
    problems = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 3
    assert all(word in problems for word in ("wayforpay", "no_such_module_x", "json"))


def test_discovery_takes_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package's parser stands beside ours."""
    bank = ModuleType("bank_parser")
    bank.__dict__.update(NAME="abank", claims=lambda message: False, parse=lambda message: [])
    monkeypatch.setitem(sys.modules, "bank_parser", bank)
    assert "abank" in [parser.NAME for parser in find_parsers([EntryPoint("x", "bank_parser", "reconciler.parsers")])]


def test_who_claims_twice_is_told_apart() -> None:
    """Two parsers of one mail, and one parser of two letters in it, are different mistakes of different people."""
    with pytest.raises(ClaimedTwice, match="claimed by more than one parser"):
        read(message(), [Fake(), Fake(NAME="other")])
    with pytest.raises(ClaimedTwice, match="carries more than one claimed message"):
        read(message("me@example.org", message(), message()), [Fake()])


class Two(Fake):
    """A parser that finds a declined payment and one that was made."""

    def parse(self, message: Message) -> Sequence[Notice]:
        kinds = (Kind.DECLINED, Kind.PAYMENT)
        return [Notice(parser="gate", gateway="gate", kind=kind) for kind in kinds]


def test_one_payment_among_other_notices_is_enough_to_hold_a_damaged_letter() -> None:
    """P02: a lossy letter of several notices is held as soon as one of them moves money."""
    with pytest.raises(MessageDamaged) as held:
        read(message(lossy=True), [Two()])
    assert [notice["kind"] for notice in held.value.facts["notices"]] == ["declined", "payment"]


class Plain:
    """A parser without settings."""

    NAME = "gate"
    VERSION: object = "7"

    def claims(self, message: Message) -> bool:
        return True

    def parse(self, message: Message) -> Sequence[Notice]:
        return [Notice(parser="gate", gateway="gate", kind=Kind.PAYMENT)]


def test_a_parser_that_takes_no_settings_is_read_without_them() -> None:
    """A module of somebody's own needs no `configured`, whatever the settings say of its name."""
    reading = read(message(), [Plain()], order_fields={"gate": ["Рахунок"]}, timezones={"gate": "UTC"})
    assert reading.notices[0].kind is Kind.PAYMENT


@pytest.mark.parametrize(("version", "told"), [("7", "7"), ("", "0"), (7, "0"), (None, "0")])
def test_a_version_is_a_word_or_none(version: object, told: str) -> None:
    """What a parser calls its version is kept with every entry: a text, or "0"."""
    parser = Plain()
    parser.VERSION = version
    assert version_of(parser) == told
    assert version_of(Fake()) == "0"
