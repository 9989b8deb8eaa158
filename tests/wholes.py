"""
The whole line in one process and on one clock: the real intake, flow, ledger and Planfix desk over the sandbox's own gate.

Letters and people's acts go in; the sandbox's account and the ledger are what is left. Nothing waits and nothing is random, so
that a script of rules replays exactly. A crash is a `Crash` at a request or a commit; `survive` starts the next process.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from reconciler.desks.planfix import PlanfixDesk
from reconciler.discovery import find_parsers
from reconciler.flow.intake import Intake
from reconciler.flow.record import WalkSettings
from reconciler.flow.rules import GatewayRules, MailboxRules, MerchantRules, Rules
from reconciler.flow.worker import DeskWorker
from reconciler.http import Answer, Http, NotSent
from reconciler.ledger import Ledger, Tx
from reconciler.sandbox.book import Book
from reconciler.sandbox.crucible.payments import Told
from reconciler.sandbox.crucible.play import letter_of
from reconciler.sandbox.keys import RECORD
from reconciler.sandbox.planfix.account import Account as Planfix
from reconciler.sandbox.planfix.gate import Out
from reconciler.sandbox.planfix.views import order as view_of
from reconciler.sandbox.planfix.world import ORDER_TEMPLATE, PRODUCTION
from reconciler.sandbox.proof import Account, Advanced, Letter, Proof, prove
from reconciler.settling import Mode, Policy
from reconciler.trust import KeyAnswer
from tests.planfix import FreeThrottle, Settings
from tests.worlds import Crash, FakeClock, empty_ledger

URL = "https://desk.example.ua/rest/"
RULES = Rules(
    mailboxes={"payments": MailboxRules(name="payments")},
    gateways={"wayforpay": GatewayRules(name="wayforpay", domains=("wayforpay.com.ua",))},
    merchants={
        "shop": MerchantRules(
            name="shop", gateway="wayforpay", names=("shop_example_ua", "shop.example.ua"), desk="factory"
        )
    },
)
RECHECK = timedelta(hours=6)


class NearPlanfix(Planfix):
    """The sandbox's account without a server: `carry` is what reaches it."""

    refuses = False  # no connection comes about

    def carry(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if self.refuses:
            raise NotSent("nobody listens")
        parts = urlsplit(url)
        token = headers.get("authorization", "").removeprefix("Bearer ")
        path = parts.path.removeprefix("/rest")
        out: Out = self._gate.serve(method, path, dict(parse_qsl(parts.query)), body, token)
        if out.how != "whole":
            raise ConnectionResetError("the line was cut")
        return Answer(status=out.status, headers={k.lower(): v for k, v in out.headers.items()}, body=out.content)


@dataclass
class Death:
    """After so many requests or commits from now on the process dies, before the next one's effect or after it."""

    at: str
    side: str
    left: int

    def strikes(self, at: str, side: str) -> bool:
        if (at, side) != (self.at, self.side):
            return False
        self.left -= 1
        return self.left < 0


class MortalLedger(Ledger):
    dies: Callable[[str, str], None] = staticmethod(lambda at, side: None)

    @contextmanager
    def begin(self, *, actor: str | None = None) -> Iterator[Tx]:
        with super().begin(actor=actor) as tx:
            yield tx
            self.dies("commit", "before")
        self.dies("commit", "after")


@dataclass
class Whole:
    """typed, removed, touched, moved: what people did, as of `proof.Account`."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    planfix: NearPlanfix = field(default_factory=NearPlanfix)
    advances: list[Advanced] = field(default_factory=list)
    letters: list[tuple[Told, bytes]] = field(default_factory=list)
    typed: set[str] = field(default_factory=set)
    removed: dict[str, str | None] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    moved: dict[str, set[str]] = field(default_factory=dict)
    death: Death | None = None

    def __post_init__(self) -> None:
        self.began = self.clock.now
        (self.folder / "ledger.db").write_bytes(empty_ledger())
        self.planfix.on_request = self._on_request
        self.ledger = self._open()
        self.start()

    def _open(self) -> MortalLedger:
        url = f"sqlite:///{self.folder / 'ledger.db'}"
        ledger = MortalLedger.open(url, create=False, clock=self.clock, actor="test")
        assert isinstance(ledger, MortalLedger)
        ledger.dies = self._die
        return ledger

    def close(self) -> None:
        self.ledger.close()
        self.http.close()

    # ------------------------------------------------------------ one process after another

    def start(self) -> None:
        """A new process on the ledger."""
        self.http = Http(carry=self.planfix.carry)
        desk = PlanfixDesk.on(Settings(url=URL), self.http, FreeThrottle(), self.ledger)
        policy = Policy(mode=Mode.LIVE, currency="UAH", is_advanced=desk.is_advanced, may_advance=desk.may_advance)
        walks = WalkSettings(policy=policy, recheck=RECHECK)
        self.worker = DeskWorker(ledger=self.ledger, desk=desk, settings=walks)
        answer = KeyAnswer(record=RECORD.encode("ascii"))
        self.intake = Intake(ledger=self.ledger, parsers=find_parsers(), rules=RULES, fetch_key=lambda name: answer)
        self.worker.start()
        self.intake.read_due()

    def survive(self, act: Callable[[], object]) -> None:
        """Do it, and start the next process whenever one dies; it reads the mailbox, and takes up what the ledger knows."""
        for _ in range(5):
            try:
                act()
            except Crash:
                self.http.close()
                act = self._start_anew
            else:
                return
        raise AssertionError("the process does not stop dying")

    def _start_anew(self) -> None:
        self.start()
        self.read_mailbox()

    def read_mailbox(self) -> None:
        """Every letter that was delivered lies there; what the ledger knows is read no second time."""
        for _, raw in self.letters:
            self._take(raw)

    def _die(self, at: str, side: str) -> None:
        if self.death is not None and self.death.strikes(at, side):
            self.death = None
            raise Crash

    def _on_request(self, method: str, path: str, body: Mapping[str, object], when: str) -> None:
        if when == "before":
            self._note_advance(path, body)
        self._die("request", when)

    def _note_advance(self, path: str, body: Mapping[str, object]) -> None:
        if body.get("status") != {"id": PRODUCTION}:
            return
        task = self.planfix.world.tasks[int(path.rpartition("/")[2])]
        assert task.template == ORDER_TEMPLATE
        order = view_of(self.planfix.world, task)
        paid = sum((row.amount for row in order.incomes if row.amount is not None), Decimal(0))
        self.advances.append(Advanced(order=order.number, due=order.due, paid=paid, at=0.0))

    # ------------------------------------------------------------ what happens

    def deliver(self, told: Told) -> None:
        raw = letter_of(told, self.began)
        self.letters.append((told, raw))
        self.survive(lambda: self._take(raw))

    def _take(self, raw: bytes) -> None:
        self.intake.take(raw, mailbox="payments", received_at=self.clock())

    def work(self, **length: float) -> None:
        """Time passes, and whatever becomes due meanwhile is done at its moment."""
        end = self.clock.now + timedelta(**length)
        self.survive(lambda: self._work(end))
        self.clock.now = max(self.clock.now, end)

    def _work(self, end: object) -> None:
        for _ in range(3000):
            self.worker.run_due()
            due = self.worker.next_at()
            if due is None or due > end:  # type: ignore[operator]
                return
            self.clock.now = max(self.clock.now, due)
        raise AssertionError("the line does not come to rest")

    @contextmanager
    def by_hand(self) -> Iterator[MortalLedger]:
        """A person's command is a process of its own, which does not die of the daemon's death."""
        death, self.death = self.death, None
        try:
            yield self.ledger
        finally:
            self.death = death

    def back_up(self) -> None:
        self.ledger.backup(self.folder / "copy.db")

    def restore(self) -> None:
        """The copy in the ledger's place; its mailbox reads again what the copy does not know."""
        self.close()
        shutil.copy(self.folder / "copy.db", self.folder / "ledger.db")
        self.ledger = self._open()
        self.survive(self._start_anew)

    def heal(self) -> None:
        """Everything works, nobody interferes, and two days pass."""
        self.death = None
        self.planfix.faults.clear()
        self.planfix.refuses = False
        self.planfix.land()
        with self.ledger.begin() as tx:
            tx.pause("factory", False)
        self.start()
        self.work(hours=49)

    # ------------------------------------------------------------ what is judged

    def account(self) -> Account:
        return Account(
            orders=self.planfix.orders,
            incomes=self.planfix.incomes,
            advances=tuple(self.advances),
            typed=frozenset(self.typed),
            removed=dict(self.removed),
            touched=frozenset(self.touched),
            moved={reference: tuple(orders) for reference, orders in self.moved.items()},
        )

    def told(self) -> list[Letter]:
        return [
            Letter(reference=told.reference, order=told.order, amount=told.amount, nature=told.nature)
            for told, _ in self.letters
        ]

    def proof(self) -> Proof:
        """At rest."""
        book = Book.of(self.ledger)
        references = {hashlib.sha256(raw).hexdigest(): told.reference for told, raw in self.letters}
        return prove(self.told(), self.account(), book.visible(references), book)

    def dangers(self) -> list[str]:
        """What may not be even while everything is on its way: money twice, money of nobody, an order too early."""
        seen = replace(prove(self.told(), self.account(), ()))
        bad = ("doubled:", "no such payment:", "advanced too early:", "wrong sum:", "wrong order:")
        return [words for words in seen.violations if words.startswith(bad)]
