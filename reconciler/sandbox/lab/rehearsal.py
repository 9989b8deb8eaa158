"""
One rehearsal: somebody's settings on a stage, a scenario or a keyboard, and at the end a verdict.

In: settings as tables, what happens. Out: what is told on the way, and whether every invariant held. The daemon is the real one;
when it dies it is started again, as a service manager would. At the end everything heals, the daemon's clock is moved on to
whatever is due next, so that nobody waits for hours, and the sandbox's own record is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from reconciler.errors import LedgerMissing, LedgerUnavailable
from reconciler.model import Entry, MailState, State
from reconciler.sandbox import switches
from reconciler.sandbox.book import IN_THE_AIR, Book
from reconciler.sandbox.lab.letters import Post, payment
from reconciler.sandbox.lab.scenario import Condition, Scenario, Step
from reconciler.sandbox.lab.tell import Teller
from reconciler.sandbox.lab.verdict import Row, judge
from reconciler.sandbox.planfix.world import AWAITING
from reconciler.sandbox.proof import Letter
from reconciler.sandbox.stage import HOST, Sent, Stage
from reconciler.sandbox.switches import Lit

UNDER_WAY = frozenset({State.RECORDED, State.POSTED})
LEFT_AT = {"observe": State.RECORDED, "post": State.POSTED}
NOT_READ = frozenset({MailState.TAKEN, MailState.WAITING})
SOON = timedelta(seconds=3)  # what is due by then is waited for
TIME_STAYS = ("clock.jump", "clock.back", "clock.dst")
"""Where the clock stands is no trouble that heals: setting it back would be one more."""
PATIENT_TRIES = 3
"""After so many tries the clock goes straight to the moment at which waiting ends."""


class Rehearsal:
    def __init__(self, stage: Stage, post: Post, teller: Teller) -> None:
        self.stage = stage
        self.post = post
        self.teller = teller
        self.deaths = 0
        self._down = False  # it ended for good, or never came up: it is started again when everything heals
        self._starting = False
        self._lits: dict[str, Lit] = {}
        self._numbers = count(1)
        self._last: tuple[Letter, str, datetime] | None = None
        self._variants = count(1)
        self._steps_seen: set[int] = set()

    # ------------------------------------------------------------ a scenario

    def play(self, scenario: Scenario) -> None:
        """Raises StageFailed, SwitchError, HostFailed: something did not come about."""
        for number, due in scenario.orders.items():
            self.order(number, due)
        with self.stage.meanwhile(self.watch):
            for step in scenario.steps:
                self._play(step)

    def _play(self, step: Step) -> None:
        if not self.stage.is_started and _needs_daemon(step):
            self.start()
        if step.after is not None:
            condition = step.after
            self.stage.wait_for(f"'{condition}'", lambda: self.holds(condition) or self._never(), dead=True)
        match step.act:
            case "pay":
                self.pay(**step.what)
            case "again":
                self.again(other_words=step.what == "other words")
            case "on":
                self.on(step.what, step.given)
            case "off":
                self.off(step.what)
            case "say":
                self.teller.happened("said", step.what, effect=False)
            case "person":
                self.person(**step.what)

    def holds(self, condition: Condition) -> bool:
        """Is it so by now?"""
        match condition.word:
            case "dead":
                return self.deaths >= condition.count
            case "ready":
                return self._is_running and bool(self.stage.daemon.events("service.ready"))
            case "requests":
                return sum(planfix.count() for planfix in self.stage.desks.values()) >= condition.count
            case "struck":
                lit = self._lits.get(condition.name)
                return lit is not None and lit.struck() >= condition.count
            case "letters":
                return self._letters_read() >= condition.count
        entries = self.entries()
        if condition.word != State.RECORDED:
            entries = [entry for entry in entries if entry.state == condition.word]
        return len(entries) >= condition.count

    def _never(self) -> bool:
        """On a desk that is not live much of a scenario does not come about: then it goes on once nothing more will happen."""
        live = all(table["mode"] == "live" for table in self.stage.settings["desks"].values())
        return not live and self._is_running and self._at_rest()

    # ------------------------------------------------------------ what is done

    def order(self, number: str, due: str) -> None:
        """An order that awaits its payment appears on the desk."""
        self.stage.desks[self.post.desk].add_order(number, due, AWAITING)
        self.teller.happened("order", f"order {number} awaits {due}", {"order": number, "due": due})

    def pay(self, order: str, amount: str, kind: str = "genuine", printed: str = "") -> Sent:
        """A letter about a new payment; printed: the order number in it, where it is not the true one."""
        reference = f"WFP-LAB-{next(self._numbers)}"
        at = datetime.now(UTC).replace(microsecond=0) + self.stage.machine.ahead - timedelta(seconds=3)
        self._last = payment(reference, order, amount, kind), printed or order, at
        return self._deliver(f"a {kind} letter: {amount} for order {printed or order}")

    def again(self, *, other_words: bool = False) -> Sent | None:
        """The last letter once more: byte for byte, or another one about the same payment."""
        if self._last is None:
            return None
        if other_words:
            return self._deliver("another letter about the same payment", variant=next(self._variants))
        return self._deliver("the same letter once more")

    def _deliver(self, words: str, *, variant: int = 0) -> Sent:
        if self._last is None:
            raise RuntimeError("there is no letter")
        letter, printed, at = self._last
        raw = self.post.write(letter, printed, at, variant=variant)
        facts = {"reference": letter.reference, "order": printed, "amount": str(letter.amount), "kind": letter.nature}
        self.teller.happened("letter", words, facts)
        return self.stage.deliver(letter, raw, mailbox=self.post.mailbox, desk=self.post.desk)

    def on(self, name: str, given: Mapping[str, Any]) -> None:
        self._lits[name] = switches.on(self.stage, name, **given)
        told = " ".join([name, *(f"{key}={value}" for key, value in given.items())])
        self.teller.happened(
            "on", f"on: {told} ({switches.find(name).help})", {"switch": name, "parameters": dict(given)}
        )

    def off(self, name: str) -> None:
        lit = self._lits.get(name)
        switches.off(self.stage, name)
        struck = lit.struck() if lit is not None else 0
        self.teller.happened("off", f"off: {name} (it struck {struck} times)", {"switch": name, "struck": struck})
        if self._down:
            self._revive()

    def person(self, order: str, due: str = "", status: str = "", typed: str = "") -> None:
        """Somebody changes an order in the browser."""
        planfix = self.stage.desks[self.post.desk]
        self.stage.touched.add(order)
        if due:
            planfix.set_due(order, due)
        if status:
            planfix.set_status(order, status)
        if typed:
            self.stage.typed.add(planfix.add_income(order, Decimal(typed)).key)
        changes = {"due": due, "status": status, "typed": typed}
        told = ", ".join(f"{key} {value}" for key, value in changes.items() if value)
        self.teller.happened("person", f"somebody changes order {order}: {told}", {"order": order, **changes})

    # ------------------------------------------------------------ the daemon and who restarts it

    @property
    def _is_running(self) -> bool:
        return self.stage.is_started and self.stage.daemon.code is None

    def start(self) -> None:
        """Start it; wait until it has read its mailboxes, unless a trouble may keep it from that."""
        self.teller.happened("start", "the daemon is started", effect=False)
        self._down = False
        self.stage.start_daemon(HOST, ready=False)
        if not self.stage.lit:
            self.stage.wait_ready()

    def start_unless_running(self) -> None:
        if not self._is_running:
            self.start()

    def watch(self) -> None:
        """Look after the daemon, as a service manager does: it is started again, unless it stopped or never came up."""
        if self._starting or self._down or not self.stage.is_started or self.stage.daemon.code is None:
            return
        daemon, code = self.stage.daemon, self.stage.daemon.code
        self.deaths += 1
        how = "was killed" if daemon.was_killed else f"ended with exit code {code}"
        self.teller.happened("died", f"the daemon {how}", {"code": code})
        if code == 0 or not daemon.events("service.ready"):
            self._down = True
            self.teller.happened("down", "it is not started again before something changes", effect=False)
            return
        self._revive()

    def _revive(self) -> None:
        self._starting = True
        try:
            self.teller.happened("start", "the daemon is started again", effect=False)
            self.stage.start_daemon(HOST, ready=False)
            self._down = False
        finally:
            self._starting = False

    # ------------------------------------------------------------ looks

    def entries(self) -> list[Entry]:
        """What the ledger holds; nothing before it is there, or while it cannot be read."""
        with suppress(LedgerMissing, LedgerUnavailable), self.stage.ledger.look() as tx:
            return list(tx.entries())
        return []

    def _letters_read(self) -> int:
        with suppress(LedgerMissing, LedgerUnavailable), self.stage.ledger.look() as tx:
            read = {mail.sha256 for mail in tx.mails() if mail.state not in NOT_READ}
            return sum(1 for sent in self.stage.sent if sent.sha256 in read)
        return 0

    # ------------------------------------------------------------ the end

    def finish(self) -> list[Row]:
        """Heal everything, let the daemon deal with what is left, stop it, and judge. Raises StageFailed."""
        self.teller.happened("healed", "everything heals; what is due is waited for")
        for name in TIME_STAYS:
            self.stage.lit.pop(name, None)
        switches.all_off(self.stage)
        with self.stage.meanwhile(self.watch):
            self.start_unless_running()
            self.stage.wait_ready()
            self.stage.wait_for("nothing to be due", self._at_rest, dead=True)
        self.stage.stop_daemon()
        return judge(self.stage)

    def _at_rest(self) -> bool:
        """Nothing is under way and nothing is due; what waits is brought nearer by moving the clock on."""
        if self._letters_read() < len(self.stage.sent) or any(x.in_flight for x in self.stage.desks.values()):
            return False
        book = Book.of(self.stage.ledger)
        if any(entry.state in UNDER_WAY and not self._stays(entry) for entry in book.entries):
            return False
        waiting = [entry for entry in book.entries if entry.state is State.WAITING]
        next_try = min((when for entry in waiting if (when := _comes_back(entry)) is not None), default=None)
        if next_try is None:
            return not any(step.state in IN_THE_AIR for step in book.steps)
        self._hasten(next_try)
        return False

    def _stays(self, entry: Entry) -> bool:
        """A desk that is not live leaves its payments there."""
        return LEFT_AT.get(self.stage.settings["desks"][entry.desk]["mode"]) is entry.state

    def _hasten(self, moment: datetime) -> None:
        machine = self.stage.machine
        early = moment - (datetime.now(UTC) + machine.ahead)
        if early > SOON and self._is_running:
            machine.let_pass(early)
            self.teller.happened(
                "hastened", f"the daemon's clock goes on by {early.total_seconds():.0f} s", effect=False
            )


def _comes_back(entry: Entry) -> datetime | None:
    if entry.tries >= PATIENT_TRIES and entry.deadline_at is not None:
        return entry.deadline_at
    return entry.retry_at


def _needs_daemon(step: Step) -> bool:
    """Troubles of the servers may begin before it starts; nothing else can."""
    if step.after is not None or step.act not in ("on", "say"):
        return True
    return step.act == "on" and step.what.partition(".")[0] in ("clock", "disk", "process")


def unmet(scenario: Scenario, rehearsal: Rehearsal) -> list[str]:
    """What the scenario expected and did not come."""
    entries = rehearsal.entries()
    with rehearsal.stage.ledger.look() as tx:
        held = [mail.reason for mail in tx.mails(state=MailState.HELD)]
    missing: list[str] = []

    def compare(what: str, wanted: int, found: int) -> None:
        if wanted != found:
            missing.append(f"{what}: {wanted} expected, {found} found")

    for word, wanted in scenario.expect.items():
        if word == "letters":
            for reason, number in wanted.items():
                compare(f"letters held as {reason}", number, sum(1 for found in held if found == reason))
        elif word == "deaths":
            compare("deaths of the daemon", wanted, rehearsal.deaths)
        else:
            compare(f"payments {word}", wanted, sum(1 for entry in entries if entry.state == word))
    return missing
