"""
A plan on a stage: letters are delivered, strikes struck, the daemon revived whenever it dies; then everything heals.

In: a plan and a stage. Out: what came of it, as values; nothing is printed here.
"""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

from reconciler.errors import LedgerUnavailable
from reconciler.model import State
from reconciler.sandbox import letters
from reconciler.sandbox.book import Book
from reconciler.sandbox.crucible.hands import Hands, answer_holds, pause
from reconciler.sandbox.crucible.payments import Told
from reconciler.sandbox.crucible.plan import WAVE, Plan, Strike
from reconciler.sandbox.crucible.rest import is_at_rest
from reconciler.sandbox.crucible.strikes import COMMITS, MAILBOX, PATTERNS, REQUESTS, RequestKind
from reconciler.sandbox.host import Death, Disk, HostControl, HostFailed
from reconciler.sandbox.planfix.faults import matches
from reconciler.sandbox.proof import Letter, Nature, Proof, prove
from reconciler.sandbox.stage import HOST, Stage, StageFailed
from reconciler.sandbox.switches import Lit

LOOK = 0.1
PATIENCE = 180.0  # seconds in which nothing at all happens
IN_FLIGHT = 25
"""Letters of a wave that may still be on their way when the next wave comes."""
RECHECK = timedelta(seconds=3)
QUICK: Mapping[str, Any] = {
    "requests_per_second": 500.0,
    "burst": 500,
    "timeout_seconds": 1,
    "unknown_wait": "3s",
    "unknown_deadline": "90s",
    "order_deadline": "20s",
    "recheck": f"{RECHECK.seconds}s",
    "difference_poll": "4s",
}
"""The settings that differ from real service: waits are shorter, and nothing else."""
ODD = ("walk.failed", "parser.failed", "desk.failed", "mailbox.failed")
"""Events of the daemon's log that tell of a bug."""


class Play:
    def __init__(self, plan: Plan, stage: Stage, tell: Callable[[str], None]) -> None:
        self.plan = plan
        self.stage = stage
        self.hands = Hands(stage.planfix, {order.number: order for order in plan.orders})
        self.struck: Counter[str] = Counter()
        self.lives = 0
        self.unexpected: list[str] = []  # ends of the daemon that nobody brought about
        self.delivered: list[Told] = []
        self._hashes: set[str] = set()
        self._tell = tell
        self._began = datetime.now(UTC).replace(microsecond=0)
        self._requests: Counter[RequestKind] = Counter()
        self._armed: list[tuple[str, Lit]] = []
        self._killed_by: str | None = None
        self._death: str | None = None
        self._lasting: str | None = None
        self._striking = True
        self._lock = threading.Lock()
        stage.record.listeners.append(self._on_request)

    # ------------------------------------------------------------ the whole

    def run(self) -> None:
        """Everything up to the moment in which all is healed and at rest."""
        for order in self.plan.orders:
            if not order.appears:
                self.hands.put(order)
        self._revive()
        for number, scene in enumerate(self.plan.scenes, 1):
            if isinstance(scene, Strike):
                self._strike(scene)
            elif isinstance(scene, Told):
                self._deliver(scene)
            else:
                self.hands.do(scene)
            if number % WAVE == 0:
                self._settle_wave()
            self._revive()
        self._end_lasting()
        self._until("the last wave to pass", lambda: self._is_passing(0))  # under strikes still
        self.heal()

    def heal(self) -> None:
        """Everything works again, and whatever can come to rest by itself does."""
        self._end_lasting()
        with self._lock:
            self._striking = False
        self._count_armed()
        self.stage.planfix.land()
        self._revive()
        if self._death is not None:
            self._control(lambda control: control.die(None))
            self._death = None
        self.rest()

    def rest(self) -> None:
        since = datetime.now(UTC)

        def at_rest() -> bool:
            book = Book.of(self.stage.ledger)
            return len(book.mails) >= len(self._hashes) and is_at_rest(book, since + RECHECK)

        self._until("everything to come to rest", at_rest)

    def answer_holds(self) -> Mapping[str, int]:
        """People look at what is held; afterwards all is at rest again."""
        done = answer_holds(self.stage.ledger, self.delivered)
        self.rest()
        return done

    def stop(self) -> None:
        code = self.stage.stop_daemon()
        if code != 0:
            self.unexpected.append(f"told to stop, the daemon exited {code} instead of 0")

    def proof(self) -> Proof:
        book = Book.of(self.stage.ledger)
        references: dict[str, str] = {}
        for sent in self.stage.sent:
            references.setdefault(sent.sha256, sent.letter.reference)
        told = [sent.letter for sent in self.stage.sent]
        return prove(told, self.hands.account(self.stage.account()), book.visible(references), book)

    def bugs(self) -> list[str]:
        """Events of all lives that tell of a bug of the daemon's."""
        with self.stage.log.open("rb") as log:
            lines = [line.decode("utf-8", "replace") for line in log]
        return [
            line.strip()[:800]
            for line in lines
            if any(f'"event": "{name}"' in line for name in ODD)
            or ('"event": "tick.failed"' in line and '"level": "error"' in line)
        ]

    # ------------------------------------------------------------ letters

    def _deliver(self, told: Told) -> None:
        if told.recorded:
            self._end_lasting()
            self._until(f"{told.reference} to be recorded", lambda: self.stage.entry(told.reference) is not None)
        self.delivered.append(told)
        letter = Letter(reference=told.reference, order=told.order, amount=told.amount, nature=told.nature)
        self._hashes.add(self.stage.deliver(letter, letter_of(told, self._began)).sha256)

    def _settle_wave(self) -> None:
        """Until all but a few letters of the wave are read and walked; not while something lasts that keeps them."""
        if self._lasting is not None:
            return
        if len(self._hashes) > IN_FLIGHT:
            self._until("a wave to pass", lambda: self._is_passing(IN_FLIGHT))

    def _is_passing(self, in_flight: int) -> bool:
        """Asked again and again, so it counts without reading what thousands of letters have become: a mail's id is its count."""
        with self.stage.ledger.look() as tx:
            try:
                tx.mail(len(self._hashes) - in_flight)
            except LookupError:
                return False
            return len(tx.entries(states=[State.RECORDED])) <= in_flight

    # ------------------------------------------------------------ strikes

    def _on_request(self, method: str, path: str, body: Mapping[str, Any], when: str) -> None:
        """Called by the server's threads: arm what the plan has for the n-th request of its kind."""
        kind = next((k for k, pattern in PATTERNS.items() if matches(pattern, method, path)), None)
        if when != "before" or kind is None:
            return
        with self._lock:
            if not self._striking:
                return
            self._requests[kind] += 1
            name = self.plan.requests.get((kind, self._requests[kind]))
            if name is None:
                return
            strike = REQUESTS[name]
            self._armed.append((name, strike.light(self.stage, kind)))
            if strike.kills:
                self._killed_by = name
                self.stage.daemon.kill()

    def _strike(self, strike: Strike) -> None:
        if strike.ends:
            if self._lasting == strike.name:
                self._end_lasting()
            return
        self._revive()
        if strike.name in MAILBOX:
            self._armed.append((strike.name, MAILBOX[strike.name].light(self.stage)))
        elif strike.name in COMMITS:
            if self._lasting is None and self._death is None:
                self._arm_death(strike.name, COMMITS[strike.name].death)
        else:
            self._end_lasting()
            self._begin(strike.name)

    def _arm_death(self, name: str, death: Death) -> None:
        if self._control(lambda control: control.die(death)):
            self._death = name

    def _begin(self, name: str) -> None:
        match name:
            case "process.stopped":
                self.stage.daemon.terminate()
                self._ended(0)
                self.struck[name] += 1
                return
            case "process.suspended":
                self.stage.daemon.suspend()
            case "disk.full":
                if not self._control(lambda control: control.disk(Disk.FULL)):
                    return
            case "desk.paused":
                self._with_ledger(lambda: pause(self.stage.ledger, list(self.stage.desks), True))
            case "ledger.restored":
                self._with_ledger(lambda: self.stage.ledger.backup(self.stage.folder / "copy.db"))
            case _:
                raise ValueError(f"no strike is called {name!r}")
        self._lasting = name
        self.struck[name] += 1

    def _end_lasting(self) -> None:
        name, self._lasting = self._lasting, None
        match name:
            case "process.suspended":
                if self.stage.daemon.code is None:
                    self.stage.daemon.resume()
            case "disk.full":
                self._control(lambda control: control.disk(Disk.OK))
            case "desk.paused":
                self._with_ledger(lambda: pause(self.stage.ledger, list(self.stage.desks), False))
            case "ledger.restored":
                self._restore()

    def _restore(self) -> None:
        """Yesterday's copy in the place of the ledger; what is in flight to the account lands first."""
        if self.stage.daemon.code is None:
            self.stage.daemon.kill()
        self._note_end(-9)
        self.stage.planfix.land()
        self.stage.close_ledger()
        ledger = self.stage.folder / "reconciler.db"
        for beside in ("-wal", "-shm", "-journal"):
            ledger.with_name(ledger.name + beside).unlink(missing_ok=True)
        shutil.copy(self.stage.folder / "copy.db", ledger)
        self._revive()

    # ------------------------------------------------------------ lives

    def _revive(self) -> None:
        """Start the daemon where it does not run. What struck it is written down."""
        if self.lives:
            code = self.stage.daemon.code
            if code is None:
                return
            self._note_end(code)
        with self._lock:
            self._killed_by = None
        while True:
            self.lives += 1
            self.stage.start_daemon(HOST, ready=False)
            try:
                self.stage.wait_ready()
            except StageFailed:
                code = self.stage.daemon.code
                if code is None:
                    raise
                self._note_end(code)  # it was struck while it started
                continue
            return

    def _ended(self, expected: int) -> None:
        code = self.stage.daemon.ended(8.0)
        if code not in (expected, -9):
            self.unexpected.append(f"told to stop, the daemon exited {code} instead of {expected}")
        self._killed_by = self._killed_by or "told to stop"

    def _note_end(self, code: int) -> None:
        with self._lock:
            killed_by, self._killed_by = self._killed_by, None
        if self._lasting in ("disk.full", "process.suspended"):
            self._lasting = None  # a new process has neither
        if killed_by is not None:
            pass  # counted where its fault was armed
        elif self._death is not None and code == -9:
            self.struck[self._death] += 1
        elif self._lasting is None and code != -9:
            self.unexpected.append(f"the daemon ended by itself with {code}")
        self._death = None

    def _control(self, act: Callable[[HostControl], None]) -> bool:
        """False: the daemon died before it heard."""
        try:
            act(HostControl(self.stage.daemon))
        except HostFailed:
            if self.stage.daemon.code is None:
                raise
            return False
        return True

    def _count_armed(self) -> None:
        with self._lock:
            for name, lit in self._armed:
                lit.off()
                self.struck[name] += min(lit.struck(), 1)
            self._armed.clear()

    # ------------------------------------------------------------ waits

    def _with_ledger(self, act: Callable[[], None]) -> None:
        while True:
            try:
                act()
            except LedgerUnavailable:
                sleep(LOOK)
            else:
                return

    def _until(self, what: str, condition: Callable[[], bool]) -> None:
        """Raises StageFailed when nothing at all happens for a while."""
        seen, since = (-1, -1), monotonic()
        while True:
            self._revive()
            try:
                asked = monotonic()
                if condition():
                    return
                took = monotonic() - asked
                mark = self._mark()
            except LedgerUnavailable:
                took, mark = 0.0, seen
            if mark != seen:
                seen, since = mark, monotonic()
            self._tell(what)
            if monotonic() - since > PATIENCE:
                raise StageFailed(f"for {PATIENCE:g} s nothing has happened; waited for {what}")
            sleep(max(LOOK, 10 * took))  # looking must not take the daemon's time

    def _mark(self) -> tuple[int, int]:
        """What moves as long as anything happens."""
        with self.stage.ledger.look() as tx:
            return tx.newest_event(), self.lives


def letter_of(told: Told, now: datetime) -> bytes:
    """Its bytes: the same for the same scene, so that a letter told again may be told byte for byte."""
    statuses: Mapping[Nature, letters.Status] = {Nature.DECLINED: "declined", Nature.REFUND: "refund"}
    raw = letters.notice(
        amount=str(told.amount),
        order=told.printed,
        reference=told.reference,
        paid_at=now - timedelta(minutes=5),
        language=told.language,  # type: ignore[arg-type]
        status=statuses.get(told.nature, "paid"),
        shop="another.example.ua (another_shop)" if told.nature is Nature.FOREIGN else letters.SHOP,
    )
    return raw if told.nature is Nature.FORGED else letters.sign(raw)
