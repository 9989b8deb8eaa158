"""
A stage for the rules: the real ledger, the real intake with signed letters, the real worker; only the desk may be a fake.

`Stage.make` has the desk that only remembers and the clock that only moves when told. `Stage.on_planfix` has the Planfix
desk against the sandbox account over real HTTP, with the same clock. Letters are the sandbox's, reconstructed.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.desks.planfix import PlanfixDesk
from reconciler.discovery import find_parsers
from reconciler.errors import UnknownOutcome
from reconciler.flow.intake import Intake
from reconciler.flow.record import WalkSettings
from reconciler.flow.rules import GatewayRules, MailboxRules, MerchantRules, Rules
from reconciler.flow.worker import DeskWorker
from reconciler.ledger import Ledger
from reconciler.model import Entry, Event, Mail, MailRef, Outcome, Reason, State, Step, Voucher
from reconciler.sandbox import keys, letters
from reconciler.settling import Mode, Policy
from reconciler.trust import KeyAnswer
from tests.planfix import Rig
from tests.worlds import AWAITING, FakeClock, FakeDesk, FakeOrder, World

PARSERS = find_parsers()
SHOP = MerchantRules(name="shop", gateway="wayforpay", names=("shop_example_ua", "shop.example.ua"), desk="factory")
GATEWAY = GatewayRules(name="wayforpay", domains=("wayforpay.com", "wayforpay.com.ua"))
REFERENCE = letters.REFERENCE
OTHER = "WFP-SOC-1234567-7bd5c3a247c39"
THIRD = "WFP-SOC-1234567-8ce6d4b358d4a"
PAID_AT = letters.PAID_AT


class Dns:
    """The world's DNS as trust asks it: the sandbox's key, or no answer at all."""

    def __init__(self) -> None:
        self.answers = True
        self.records = keys.zone("wayforpay.com", "wayforpay.com.ua", "attacker.example")

    def __call__(self, name: str) -> KeyAnswer:
        if not self.answers:
            return KeyAnswer(temporary=True, detail="no answer in time")
        record = self.records.get(name)
        return KeyAnswer(record=None if record is None else record.encode(), detail="no such name")


def rules_with(
    *,
    mailbox: MailboxRules | None = None,
    gateway: GatewayRules = GATEWAY,
    merchants: Sequence[MerchantRules] = (SHOP,),
) -> Rules:
    box = mailbox or MailboxRules(name="payments")
    return Rules(
        mailboxes={box.name: box},
        gateways={gateway.name: gateway},
        merchants={merchant.name: merchant for merchant in merchants},
    )


def trusting(*vouchers: Voucher) -> Rules:
    return rules_with(gateway=replace(GATEWAY, trust=vouchers))


def signed(**facts: Any) -> bytes:
    """A letter as its gateway signs it; the facts are `letters.notice`'s."""
    return letters.sign(letters.notice(**facts))


def signed_lines(*lines: str, subject: str = "", **facts: Any) -> bytes:
    """A signed plain-text letter with exactly these lines; its subject, unless given in ASCII, tells 1250.00 UAH."""
    head, gap, _ = letters.notice(html=False, **facts).partition(b"\r\n\r\n")
    if subject:
        head = re.sub(rb"(?m)^Subject:.*(?:\n[ \t].*)*", b"Subject: " + subject.encode("ascii") + b"\r", head)
    return letters.sign(head + gap + b64encode("\n".join(lines).encode()) + b"\r\n")


LINES = (
    "Магазин: shop_example_ua",
    "Статус: Успішно",
    "Сума: 1 250,00 грн",
    "Дата: 20.11.2026 14:05:33",
)
"""What every letter of `signed_lines` has beside its reference and its order."""


class Lost:
    """A hook for the fake desk: the n-th answer to a verb is lost, before or after the effect."""

    def __init__(self, verb: str, phase: str, *, times: int = 1, also: Callable[[], object] = lambda: None) -> None:
        self.verb, self.phase, self.times, self.also = verb, phase, times, also

    def __call__(self, verb: str, phase: str) -> None:
        if (verb, phase) == (self.verb, self.phase) and self.times > 0:
            self.times -= 1
            self.also()
            raise UnknownOutcome("no answer in time")


@dataclass
class Stage:
    """One desk's line from the mail's bytes to the status change."""

    ledger: Ledger
    clock: FakeClock
    worker: DeskWorker
    intake: Intake
    dns: Dns = field(default_factory=Dns)
    fake: FakeDesk | None = None

    @classmethod
    def make(cls, folder: Path, *, rules: Rules | None = None, mode: Mode = Mode.LIVE, **settings: Any) -> Stage:
        """With the fake desk; `settings` are WalkSettings'."""
        overpaid = settings.pop("overpaid_advances", False)
        world = World.make(folder, mode=mode, **settings)
        if overpaid:
            world.restart(policy=replace(world.settings.policy, overpaid_advances=True))
        return cls._on(world.ledger, world.clock, world.worker, rules, fake=world.desk)

    @classmethod
    def on_planfix(cls, folder: Path, rig: Rig, *, rules: Rules | None = None, **changes: Any) -> Stage:
        """With the Planfix desk on the rig's account; `changes` are the desk's settings, or WalkSettings'."""
        walks = {name: changes.pop(name) for name in list(changes) if name in WalkSettings.__dataclass_fields__}
        world = World.make(folder)
        desk: PlanfixDesk = rig.desk(**changes)
        policy = Policy(mode=Mode.LIVE, currency="UAH", is_advanced=desk.is_advanced, may_advance=desk.may_advance)
        worker = DeskWorker(ledger=world.ledger, desk=desk, settings=WalkSettings(policy=policy, **walks))
        return cls._on(world.ledger, world.clock, worker, rules)

    @classmethod
    def _on(
        cls, ledger: Ledger, clock: FakeClock, worker: DeskWorker, rules: Rules | None, *, fake: FakeDesk | None = None
    ) -> Stage:
        dns = Dns()
        intake = Intake(ledger=ledger, parsers=PARSERS, rules=rules or rules_with(), fetch_key=dns)
        return cls(ledger, clock, worker, intake, dns, fake)

    # ------------------------------------------------------------ what happens

    @property
    def desk(self) -> FakeDesk:
        assert self.fake is not None
        return self.fake

    def order(self, number: str = "12345", due: str = "1250.00", **more: Any) -> FakeOrder:
        return self.desk.add(number, due, **{"status": AWAITING, **more})

    def take(
        self, raw: bytes, *, mailbox: str = "payments", ref: MailRef | None = None, received_at: datetime | None = None
    ) -> tuple[Outcome, ...]:
        """A mail arrives; nothing is walked yet."""
        return self.intake.take(raw, mailbox=mailbox, ref=ref, received_at=received_at or self.clock())

    def told(self, **facts: Any) -> Entry:
        """A signed letter arrives and makes, or repeats, one payment; nothing is walked yet."""
        (outcome,) = self.take(signed(**facts))
        assert outcome.key is not None, outcome
        return self.entry(outcome.id)

    def paid(self, **facts: Any) -> Entry:
        """A signed letter arrives, and what is due now is walked."""
        entry = self.told(**facts)
        self.run()
        return self.again(entry)

    def run(self, *, until: Callable[[], bool] | None = None, **length: float) -> None:
        """Walk what is due, and with a length (hours=, seconds= …) also what becomes due by itself within it."""
        end = self.clock.now + timedelta(**length)
        for _ in range(500):
            self.worker.run_due()
            due = self.worker.next_at()
            if (until is not None and until()) or due is None or due > end:
                break
            self.clock.now = max(self.clock.now, due)
        else:
            raise AssertionError("the stage does not come to rest")
        self.clock.now = max(self.clock.now, end)

    def restart(self, **settings: Any) -> None:
        """A new process on the same ledger, with these walk settings changed."""
        policy = {name: settings.pop(name) for name in ("mode", "overpaid_advances") if name in settings}
        walks = replace(self.worker.settings, **settings)
        walks = replace(walks, policy=replace(walks.policy, **policy))
        self.worker = DeskWorker(ledger=self.ledger, desk=self.worker.desk, settings=walks)
        self.worker.start()

    def with_rules(self, rules: Rules) -> None:
        """The settings about reading were changed."""
        self.intake = Intake(ledger=self.ledger, parsers=PARSERS, rules=rules, fetch_key=self.dns)

    def pause(self, paused: bool) -> None:
        with self.ledger.begin() as tx:
            tx.pause("factory", paused)

    # ------------------------------------------------------------ what is seen

    def entry(self, what: str) -> Entry:
        """By the id that outcomes print, "e1"."""
        with self.ledger.look() as tx:
            return tx.entry(int(what.removeprefix("e")))

    def again(self, entry: Entry) -> Entry:
        return self.entry(f"e{entry.id}")

    def entries(self) -> Sequence[Entry]:
        with self.ledger.look() as tx:
            return tx.entries()

    def mail(self, outcome: Outcome) -> Mail:
        assert outcome.mail is not None
        with self.ledger.look() as tx:
            return tx.mail(outcome.mail)

    def steps(self, entry: Entry) -> Sequence[Step]:
        with self.ledger.look() as tx:
            return tx.steps(entry_id=entry.id)

    def history(self, entry: Entry) -> Sequence[Event]:
        with self.ledger.look() as tx:
            return tx.history(entry_id=entry.id)

    def calls(self, verb: str) -> int:
        return self.desk.calls.count(verb)


def stands(entry: Entry) -> tuple[State, Reason | None]:
    return entry.state, entry.reason
