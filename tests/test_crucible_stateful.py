"""Any letters, faults, deaths, old copies and people's acts in any order: never twice, never early, and in the end never lost."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.flow import decisions
from reconciler.model import MailState, State
from reconciler.sandbox.book import Book
from reconciler.sandbox.crucible.payments import Told
from reconciler.sandbox.planfix import Fault
from reconciler.sandbox.proof import PRODUCTION, Nature
from reconciler.sandbox.record import CREATE, LOOK_FOR_INCOME, STATUS
from tests.wholes import Death, Whole

QUICK_DISK = Path("/dev/shm")
"""Where there is one: thousands of commits are a minute of waiting for a disk, and no rule cuts the power."""
ORDERS = ("101", "202", "303")
LATER = "404"  # the number of an order that appears late, or never
SUMS = st.integers(1, 4).map(lambda hundreds: Decimal(hundreds * 100) + Decimal("0.50"))
WHICH = st.integers(0, 30)
PATTERNS = st.sampled_from((CREATE, CREATE, STATUS, LOOK_FOR_INCOME, "POST /task/list", "*"))
FAULTS = st.sampled_from(
    (
        *(("drop", "before"), ("drop", "after"), ("cut", "after"), ("truncated", "after"), ("html", "before")),
        *(("html", "after"), ("empty", "after"), ("text", "after"), ("status:503", "before"), ("status:504", "after")),
        *(("nothing", "before"), ("failures", "before"), ("202", "before"), ("late:drop", "before")),
        *(("fail:1000:400", "before"), ("fail:0:400", "before"), ("limited", "before"), ("429", "before")),
        *(("fail:2:401", "before"), ("redirect:crm.example.ua", "before")),
    )
)


class Crucible(RuleBasedStateMachine):
    """D04 T03 T04 T06 T10 T12 R10 M08: rules happen between walks; deaths and faults strike inside them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=QUICK_DISK if QUICK_DISK.is_dir() else None))
        self.whole = Whole(self.folder)
        self.backed_up = False
        self.count = 0

    @initialize(dues=st.lists(SUMS, min_size=3, max_size=3))
    def orders(self, dues: list[Decimal]) -> None:
        for number, due in zip(ORDERS, dues, strict=True):
            self.whole.planfix.add_order(number, due)

    # ------------------------------------------------------------ letters

    def tell(self, order: str, amount: Decimal, nature: Nature = Nature.GENUINE, printed: str | None = None) -> None:
        self.count += 1
        told = Told(reference=f"WFP-{self.count}", order=order, amount=amount, nature=nature, printed=printed or order)
        self.whole.deliver(told)

    @rule(order=st.sampled_from((*ORDERS, LATER)), amount=SUMS)
    def pays(self, order: str, amount: Decimal) -> None:
        self.tell(order, amount)

    @rule(order=st.sampled_from(ORDERS))
    def pays_what_is_due(self, order: str) -> None:
        left = self.whole.planfix.order(order).difference
        if left is not None and left > 0:
            self.tell(order, left)

    @rule(
        order=st.sampled_from(ORDERS),
        amount=SUMS,
        nature=st.sampled_from((Nature.DECLINED, Nature.FORGED, Nature.FOREIGN)),
    )
    def tells_of_no_payment(self, order: str, amount: Decimal, nature: Nature) -> None:
        self.tell(order, amount, nature)

    @precondition(lambda self: self.genuine())
    @rule(which=WHICH, how=st.sampled_from(("same", "other words", "other sum", "forged", "refund")))
    def is_told_again(self, which: int, how: str) -> None:
        genuine = self.genuine()
        told = genuine[which % len(genuine)]
        facts = {name: getattr(told, name) for name in Told.__dataclass_fields__}
        match how:
            case "other words":
                facts |= {"language": "en"}
            case "other sum":
                facts |= {"amount": told.amount + 1}
            case "forged":
                facts |= {"amount": told.amount + 1, "nature": Nature.FORGED}
            case "refund":
                facts |= {"nature": Nature.REFUND}
        self.whole.deliver(Told(**facts))

    def genuine(self) -> list[Told]:
        """As first told."""
        first: dict[str, Told] = {}
        for told, _ in self.whole.letters:
            if told.nature is Nature.GENUINE:
                first.setdefault(told.reference, told)
        return list(first.values())

    # ------------------------------------------------------------ time, faults, deaths

    @rule(seconds=st.sampled_from((0, 1, 3, 30, 200, 3600, 30_000, 90_000)))
    def time_passes(self, seconds: int) -> None:
        self.whole.work(seconds=seconds)

    @rule(on=PATTERNS, what=FAULTS, times=st.integers(1, 4), skip=st.integers(0, 2), after=st.integers(0, 1))
    def fault(self, on: str, what: tuple[str, str], times: int, skip: int, after: int) -> None:
        do, when = what
        if do in ("202", "failures"):
            on = STATUS
        if do == "late:drop" and on not in (CREATE, STATUS):
            on = CREATE
        if do == "202":
            self.whole.planfix.faults.add(Fault(on, do, times=times, skip=skip, after_requests=after or None))
            return
        seconds = 2.0 if do in ("limited", "429") else None
        requests = after if do == "late:drop" else None
        self.whole.planfix.faults.add(
            Fault(on, do, when=when, times=times, skip=skip, seconds=seconds, after_requests=requests)
        )

    @rule(refuses=st.booleans())
    def connection(self, refuses: bool) -> None:
        self.whole.planfix.refuses = refuses

    @rule()
    def faults_end(self) -> None:
        self.whole.planfix.faults.clear()

    @rule(at=st.sampled_from(("request", "commit")), side=st.sampled_from(("before", "after")), left=st.integers(0, 12))
    def will_die(self, at: str, side: str, left: int) -> None:
        self.whole.death = Death(at=at, side=side, left=left)

    @rule()
    def restarts(self) -> None:
        self.whole.survive(self.whole.start)

    @rule()
    def is_copied(self) -> None:
        self.whole.back_up()
        self.backed_up = True

    @precondition(lambda self: self.backed_up)
    @rule()
    def is_restored(self) -> None:
        self.whole.planfix.land()
        self.whole.restore()

    # ------------------------------------------------------------ people

    @rule(due=SUMS)
    def an_order_appears(self, due: Decimal) -> None:
        if LATER not in self.whole.planfix.orders:
            self.whole.planfix.add_order(LATER, due)

    @rule(order=st.sampled_from(ORDERS), amount=SUMS, of=st.none() | WHICH)
    def types_a_row(self, order: str, amount: Decimal, of: int | None) -> None:
        """of: with the id of a payment that was told of."""
        genuine = self.genuine()
        reference = None if of is None or not genuine else genuine[of % len(genuine)].reference
        self.whole.touched.add(order)
        self.whole.typed.add(self.whole.planfix.add_income(order, amount, reference).key)

    @rule(which=WHICH)
    def takes_a_row_away(self, which: int) -> None:
        rows = [row for row in self.whole.planfix.incomes if row.key not in self.whole.typed]
        if rows:
            row = rows[which % len(rows)]
            self.whole.touched.add(row.order)
            self.whole.removed[row.key] = row.payment_id
            self.whole.planfix.remove_income(row.key)

    @rule(order=st.sampled_from(ORDERS), due=SUMS)
    def changes_due(self, order: str, due: Decimal) -> None:
        self.whole.touched.add(order)
        self.whole.planfix.set_due(order, due)

    @rule(order=st.sampled_from(ORDERS), status=st.sampled_from(("Очікує оплати", PRODUCTION, "Скасовано", "Готово")))
    def changes_status(self, order: str, status: str) -> None:
        self.whole.touched.add(order)
        self.whole.planfix.set_status(order, status)

    @rule(order=st.sampled_from(ORDERS), draft=st.booleans())
    def drafts(self, order: str, draft: bool) -> None:
        self.whole.touched.add(order)
        self.whole.planfix.set_draft(order, draft)

    @rule(paused=st.booleans())
    def pauses(self, paused: bool) -> None:
        with self.whole.by_hand() as ledger, ledger.begin() as tx:
            tx.pause("factory", paused)

    @rule(which=WHICH, how=st.sampled_from(("retry", "retry", "discard", *ORDERS)))
    def decides(self, which: int, how: str) -> None:
        book = Book.of(self.whole.ledger)
        held = [f"m{mail.id}" for mail in book.mails if mail.state is MailState.HELD]
        found = [*(f"e{entry.id}" for entry in book.entries), *held]
        if not found:
            return
        what = found[which % len(found)]
        with self.whole.by_hand() as ledger, suppress(decisions.NotPossible):
            if how == "retry":
                decisions.retry(ledger, what)
            elif how == "discard":
                decisions.discard(ledger, what, "a person said so")
            else:
                entry = decisions.give_order(ledger, what, how)
                self.whole.moved.setdefault(entry.transaction_id, set()).add(how)
        self.whole.survive(self.whole.intake.read_due)

    # ------------------------------------------------------------ judged

    @invariant()
    def nothing_is_dangerous(self) -> None:
        assert self.whole.dangers() == []

    def teardown(self) -> None:
        try:
            self.whole.heal()
            assert list(self.whole.proof().violations) == []
            book = Book.of(self.whole.ledger)
            assert all(entry.state is not State.RECORDED for entry in book.entries)
        finally:
            self.whole.close()
            shutil.rmtree(self.folder)


DEEP = int(os.environ.get("CRUCIBLE_EXAMPLES", "0"))
"""So many examples of chance; without it a dozen that are the same each time, so that only a change of ours breaks them."""

TestCrucible = Crucible.TestCase
TestCrucible.settings = settings(
    max_examples=DEEP or 12,
    derandomize=not DEEP,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
