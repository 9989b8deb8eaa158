"""A desk that only remembers, a clock that only moves when told, and a ledger with trusted payments in it."""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from reconciler.errors import DeskUnreachable, OrderNotFound
from reconciler.flow.record import WalkSettings
from reconciler.flow.worker import DeskWorker
from reconciler.ledger import Ledger
from reconciler.model import (
    Advance,
    Entry,
    Facts,
    Income,
    Kind,
    NewEntry,
    NewIncome,
    Order,
    Payer,
    PaymentTask,
    Peek,
    Status,
    Totals,
    Voucher,
)
from reconciler.money import Money
from reconciler.settling import Mode, Policy

AWAITING = Status(id="185", name="Очікує оплати")
PRODUCTION = Status(id="187", name="У виробництві")
DONE = Status(id="190", name="Готово")
NEW = Status(id="1", name="Нове")


def uah(amount: str) -> Money:
    return Money(Decimal(amount), "UAH")


class Crash(BaseException):
    """The process dies here: nothing in it may catch this, as nothing catches SIGKILL."""


@dataclass
class FakeClock:
    now: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        # Every reading is a new moment, as on a real machine.
        self.now += timedelta(microseconds=1)
        return self.now

    def pass_(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class FakeOrder:
    number: str
    due: Money
    status: Status = AWAITING
    rows: list[Income] = field(default_factory=list)
    draft: bool = False
    tasks: int = 1
    closed: bool = False
    stale_reads: int = 0  # reads for which Difference is still that of `stale_paid`
    stale_paid: Money = field(default_factory=lambda: uah("0.00"))
    advances: int = 0
    advanced_owing: list[Money] = field(default_factory=list)  # what was owed at each advance

    number_of_task: str = ""  # another one: the task was replaced

    @property
    def task(self) -> str:
        return self.number_of_task or f"t{self.number}"

    @property
    def paid(self) -> Money:
        return Money.from_minor(sum(row.amount.minor for row in self.rows if row.amount), "UAH")


class FakeDesk:
    """Satisfies ports.Desk. `hook(verb, phase)` is called before and after each effect, and may raise."""

    name = "factory"
    currency = "UAH"

    def __init__(self) -> None:
        self.by_number: dict[str, FakeOrder] = {}
        self.calls: list[str] = []
        self.last_key = 154
        self.hook: Callable[[str, str], None] = lambda verb, phase: None
        self.queue_advance = False
        self.comments: list[str] = []
        self.unreachable: set[str] = set()  # order numbers the desk does not answer for
        self.broken: set[str] = set()  # order numbers whose look meets a bug of ours
        self.hide_rows = 0  # lists of rows that still lag
        self.hide_ids = 0  # looks by payment id that still lag
        self.lie_about_paid: Money | None = None  # what Paid says instead of the sum

    def add(self, number: str, due: str, **more: object) -> FakeOrder:
        self.by_number[number] = FakeOrder(number=number, due=uah(due), **more)  # type: ignore[arg-type]
        return self.by_number[number]

    def _totals(self, order: FakeOrder) -> Totals:
        paid = order.paid if self.lie_about_paid is None else self.lie_about_paid
        difference = order.due - paid
        if order.stale_reads > 0:
            order.stale_reads -= 1
            difference = order.due - order.stale_paid
        return Totals(due=order.due, paid=paid, difference=difference)

    def _order(self, order: FakeOrder, *, status: bool) -> Order:
        totals = self._totals(order)
        tasks = [PaymentTask(id=f"{order.task}{'+' * n}", draft=order.draft, totals=totals) for n in range(order.tasks)]
        return Order(
            number=order.number,
            id=order.number,
            tasks=tuple(tasks),
            status=order.status if status else None,
            closed=order.closed,
        )

    def orders(self, numbers: Collection[str]) -> Mapping[str, Sequence[Order]]:
        self._call("orders")
        if self.unreachable & set(numbers):
            raise DeskUnreachable("504")
        if self.broken & set(numbers):
            raise ZeroDivisionError("a bug")
        return {n: [self._order(self.by_number[n], status=False)] if n in self.by_number else [] for n in numbers}

    def read(self, order: Order) -> Order:
        self._call("read")
        if order.number not in self.by_number:
            raise OrderNotFound(order=order.number)
        return self._order(self.by_number[order.number], status=True)

    def incomes(self, payment_ids: Collection[str]) -> Mapping[str, Sequence[Income]]:
        self._call("incomes")
        if self.hide_ids > 0:
            self.hide_ids -= 1
            return {i: [] for i in payment_ids}
        rows = [row for order in self.by_number.values() for row in order.rows]
        return {
            i: [r for r in rows if (r.payment_id or "").strip().casefold() == i.strip().casefold()] for i in payment_ids
        }

    def prepare(self) -> None:
        """There is nothing to wait for."""

    def incomes_of(self, task: str, *, paid: Money | None = None) -> Sequence[Income]:
        self._call("incomes_of")
        if self.hide_rows > 0:
            self.hide_rows -= 1
            return []
        return [row for order in self.by_number.values() for row in order.rows if row.task == task]

    def post_income(self, order: Order, income: NewIncome) -> Income:
        self._call("post_income")
        self.hook("post_income", "before")
        there = self.by_number[order.number]
        row = self.type_row(there, income.amount, payment_id=income.payment_id)
        self.hook("post_income", "after")
        return row

    def type_row(self, order: FakeOrder, amount: Money, *, payment_id: str | None, day: str = "2026-11-21") -> Income:
        """A row appears, ours or a person's."""
        self.last_key += 1  # a key is never given twice, as on a real desk
        key = str(self.last_key)
        row = Income(id=key, task=order.task, amount=amount, paid_on=day, payment_id=payment_id)
        order.rows.append(row)
        return row

    def advance(self, order: Order, expected: Status) -> Advance:
        self._call("advance")
        self.hook("advance", "before")
        there = self.by_number[order.number]
        if self.queue_advance:
            return Advance.QUEUED
        there.status = PRODUCTION
        there.advances += 1
        there.advanced_owing.append(there.due - there.paid)
        self.hook("advance", "after")
        return Advance.DONE

    def is_advanced(self, status: Status) -> bool:
        return status in (PRODUCTION, DONE)

    def may_advance(self, status: Status) -> bool:
        return status == AWAITING

    def peek(self, tasks: Collection[str]) -> Mapping[str, Peek]:
        self._call("peek")
        seen: dict[str, Peek] = {}
        for order in self.by_number.values():
            seen[order.task] = Peek(status=None, totals=self._totals(order))
            seen[order.number] = Peek(status=order.status, totals=Totals(due=None, paid=None, difference=None))
        return {task: seen[task] for task in tasks if task in seen}

    def comment(self, order: Order, text: str) -> str:
        self._call("comment")
        self.comments.append(text)
        return "c1"

    def suggest(self, number: str | None, due: object) -> Sequence[Facts]:
        self._call("suggest")
        return [{"number": "12354", "why": "one digit differs"}]

    def _call(self, verb: str) -> None:
        self.calls.append(verb)


@dataclass
class World:
    """One desk, its ledger and its worker; `restart` is a new process on the same ledger."""

    ledger: Ledger
    clock: FakeClock
    desk: FakeDesk
    settings: WalkSettings
    worker: DeskWorker

    @classmethod
    def make(cls, folder: Path, *, mode: Mode = Mode.LIVE, **settings: object) -> World:
        clock = FakeClock()
        (folder / "ledger.db").write_bytes(empty_ledger())
        ledger = Ledger.open(f"sqlite:///{folder / 'ledger.db'}", create=True, clock=clock, actor="test")
        desk = FakeDesk()
        policy = Policy(mode=mode, currency="UAH", is_advanced=desk.is_advanced, may_advance=desk.may_advance)
        walks = WalkSettings(policy=policy, **settings)  # type: ignore[arg-type]
        return cls(ledger, clock, desk, walks, DeskWorker(ledger=ledger, desk=desk, settings=walks))

    def restart(self, **settings: object) -> None:
        if settings:
            self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]
        self.worker = DeskWorker(ledger=self.ledger, desk=self.desk, settings=self.settings)
        self.worker.start()

    def in_mode(self, mode: Mode) -> None:
        self.restart(policy=replace(self.settings.policy, mode=mode))

    def pay(
        self,
        transaction_id: str,
        amount: str,
        *,
        order: str | None = "12345",
        kind: Kind = Kind.PAYMENT,
        key: str | None = None,
        currency: str = "UAH",
        paid_at: datetime | None = None,
        payer: Payer | None = None,
    ) -> Entry:
        """A trusted notice is recorded, as intake does it."""
        raw = f"{transaction_id} {amount} {order} {kind} {key}".encode()
        with self.ledger.begin() as tx:
            mail, _ = tx.take(
                mailbox="payments",
                ref=None,
                raw=raw,
                sha256=hashlib.sha256(raw).hexdigest(),
                sender="notify@wayforpay.com.ua",
                subject="",
                received_at=self.clock(),
            )
            new = NewEntry(
                key=key or f"wayforpay:shop:{transaction_id}",
                desk="factory",
                gateway="wayforpay",
                merchant="shop",
                kind=kind,
                transaction_id=transaction_id,
                amount=Money(Decimal(amount), currency),
                order_number=order,
                order_raw=order,
                paid_at=paid_at or self.clock(),
                payer=payer,
                parser="wayforpay",
                trusted_by=Voucher.DKIM,
            )
            entry, _ = tx.record(mail.id, new)
        return entry

    def entry(self, entry: Entry) -> Entry:
        with self.ledger.look() as tx:
            return tx.entry(entry.id)

    def run(self, *, until: Callable[[], bool] | None = None, hours: float = 0) -> None:
        """Walk what is due; with `hours`, also all that becomes due by itself within them, jumping the clock from one to the next."""
        end = self.clock.now + timedelta(hours=hours)
        for _ in range(2000):
            self.worker.run_due()
            if until is not None and until():
                return
            due = self.worker.next_at()
            if due is None or due > end:
                return
            self.clock.now = max(self.clock.now, due)
        raise AssertionError("the world does not come to rest")


@functools.cache
def empty_ledger() -> bytes:
    """Made once a process: migrating a new file for each world would take longer than the worlds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        Ledger.open(f"sqlite:///{path}", create=True, clock=FakeClock(), actor="test").close()
        return path.read_bytes()
