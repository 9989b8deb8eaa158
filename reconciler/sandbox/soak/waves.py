"""
The soak itself. In: how many mails and reconnects, a seed. Out: samples on the way, and a proof that every payment was paid once.

Each wave is some mails of all kinds, waited for until the daemon has judged every one of them, and then the loss of its connection,
by FIN and RST in turn. So the daemon reconnects after every wave, and never has a quiet moment to hide a leak in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic

from reconciler.model import MailState, State
from reconciler.sandbox import letters
from reconciler.sandbox.soak.vitals import Sample, look
from reconciler.sandbox.stage import Stage

SAMPLES = 40
"""At most, and a sample after every wave when there are fewer waves."""
FEWEST = 16
FIRST_ORDER = 10_001
PATIENCE = 120.0
DESK = {"requests_per_second": 1000.0, "burst": 1000, "timeout_seconds": 10, "unknown_wait": "11s"}
MAILBOX = {"poll_seconds": 5, "connects_per_hour": 100_000}  # what a soak is: hours of bad lines within minutes

KINDS = {"foreign": 10, "payment": 4, "repeat": 2, "forged": 2, "declined": 2}
"""How often each kind comes, of twenty."""


class SoakFailed(Exception):
    """Something was lost, doubled or held up; the message says what."""


class Soak:
    """tell: hears each sample as it is taken."""

    def __init__(self, *, mails: int, reconnects: int, seed: int, tell: Callable[[Sample], None]) -> None:
        if mails < reconnects or reconnects < FEWEST:
            raise ValueError(f"at least {FEWEST} reconnects, and a mail for each")
        self.mails = mails
        self.reconnects = reconnects
        self.samples: list[Sample] = []
        self.delivered: Counter[str] = Counter()
        self._dice = Random(seed)  # noqa: S311 - a rehearsal's dice
        self._tell = tell

    def play(self, folder: Path) -> None:
        """Raises SoakFailed, StageFailed."""
        with Stage(folder, patience=PATIENCE) as stage:
            stage.configure(desk=DESK, mailbox=MAILBOX)
            stage.start_daemon()
            began, every = monotonic(), self.reconnects / min(SAMPLES, self.reconnects)
            for wave in range(self.reconnects):
                self._wave(stage, self.mails * (wave + 1) // self.reconnects)
                if (wave + 1) % every < 1:
                    self._sample(stage, wave + 1, monotonic() - began)
                self._lose_connection(stage, wave)
            self._prove(stage)
            code = stage.stop_daemon()
            if code != 0:
                raise SoakFailed(f"the daemon ended with exit code {code}")

    # ------------------------------------------------------------ a wave

    def _wave(self, stage: Stage, upto: int) -> None:
        """Deliver until there are so many, and wait for the daemon to be done with them."""
        for kind in self._kinds(upto - self.delivered.total()):
            self.delivered[kind] += 1
            stage.imap.deliver(self._letter(stage, kind))
        stage.wait_for(f"mail {upto} to be judged", lambda: self._is_done(stage, upto))

    def _kinds(self, mails: int) -> Iterator[str]:
        names, weights = list(KINDS), list(KINDS.values())
        for kind in self._dice.choices(names, weights, k=mails):
            yield kind if kind != "repeat" or self.delivered["payment"] else "payment"

    def _letter(self, stage: Stage, kind: str) -> bytes:
        number = self.delivered.total()
        now = datetime.now(UTC).replace(microsecond=0)
        if kind == "foreign":
            return letters.notice(sender=f"news{number}@example.org", reference=f"N{number}", paid_at=now)
        if kind == "declined":
            return letters.sign(letters.notice(status="declined", reference=f"WFP-D{number}", paid_at=now))
        if kind == "forged":
            return letters.notice(reference=f"WFP-F{number}", paid_at=now)
        if kind == "payment":
            order = FIRST_ORDER + self.delivered["payment"] - 1
            stage.planfix.add_order(order, "10.00")
            return letters.sign(letters.notice(reference=f"WFP-{order}", order=str(order), amount="10.00", paid_at=now))
        order = FIRST_ORDER + self._dice.randrange(self.delivered["payment"])
        payer = f"Платник {number}"  # so that it is another mail about the same payment
        told = letters.notice(reference=f"WFP-{order}", order=str(order), amount="10.00", paid_at=now, payer=payer)
        return letters.sign(told)

    def _is_done(self, stage: Stage, mails: int) -> bool:
        """No payment goes on by itself, no message is under way, every mail has its row: the cheapest question first."""
        with stage.ledger.look() as tx:
            if tx.entries(states=[State.RECORDED, State.POSTED, State.WAITING]):
                return False
            if tx.due_mails() or tx.mails(state=MailState.WAITING):
                return False
            row = tx.mailbox("payments", "INBOX")
            return row is not None and len(tx.sightings("payments", "INBOX", row.uidvalidity)) >= mails

    def _lose_connection(self, stage: Stage, wave: int) -> None:
        """And wait until it rests in IDLE again over the next one: what comes then has to be pushed."""
        stage.imap.commands.clear()  # it remembers all of them
        stage.imap.drop_connections(reset=wave % 2 == 0)
        stage.imap.wait_for("IDLING", timeout=PATIENCE)

    def _sample(self, stage: Stage, reconnects: int, seconds: float) -> None:
        pid, mails = stage.daemon.pid, self.delivered.total()
        self.samples.append(look(pid, mails=mails, reconnects=reconnects, seconds=seconds))
        self._tell(self.samples[-1])

    # ------------------------------------------------------------ the proof

    def _prove(self, stage: Stage) -> None:
        """Raises SoakFailed: a payment is missing or doubled, a message stuck, or bodies were fetched twice."""
        shown = stage.planfix.orders
        orders = [shown[str(FIRST_ORDER + number)] for number in range(self.delivered["payment"])]
        wrong = [order.number for order in orders if (len(order.incomes), len(order.history)) != (1, 1)]
        if wrong:
            raise SoakFailed(
                f"orders that were not paid and advanced exactly once: {wrong[:5]} and {len(wrong)} in all"
            )
        with stage.ledger.look() as tx:
            settled, held = len(tx.entries(states=[State.SETTLED])), len(tx.mails(state=MailState.HELD))
        if (settled, held) != (self.delivered["payment"], self.delivered["forged"]):
            raise SoakFailed(f"{settled} payments settled and {held} forged letters held, of {dict(self.delivered)}")
        ours = self.mails - self.delivered["foreign"]
        if stage.imap.bodies != ours:
            raise SoakFailed(f"{stage.imap.bodies} bodies were fetched for {ours} mails of ours")
