"""
The story: ten scenes of what reaches a payment mailbox and what a desk does to its clients.

Each scene delivers its letters, waits until the daemon has dealt with them, and fails the demo when the end is not the
promised one. What is told on the way is what the sandbox was asked for, not what the daemon says of itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from time import monotonic, sleep

from reconciler.model import MailState, Reason, State
from reconciler.sandbox import letters
from reconciler.sandbox.demo.pace import Pace
from reconciler.sandbox.demo.screen import Screen
from reconciler.sandbox.demo.watch import Watch, money
from reconciler.sandbox.planfix import Fault
from reconciler.sandbox.proof import PRODUCTION, Letter, Nature
from reconciler.sandbox.record import CREATE, LOOK_FOR_INCOME
from reconciler.sandbox.stage import Sent, Stage, StageFailed

QUIET_SECONDS = 0.8
"""Longer than the daemon's half-second look at what is due: after it, what was not asked for is not asked for."""

DUES = {
    "10417": "4800.00",
    "10532": "9000.00",
    "10655": "2400.00",
    "10768": "3150.00",
    "10891": "1990.00",
    "10904": "7700.00",
    "11023": "5200.00",
    "11146": "6400.00",
    "11259": "8250.00",
}
"""The orders of the story and what each costs; no two numbers are one slip apart."""


class Story:
    """`play` runs it; afterwards `seconds` and `notes` say by order how it went."""

    def __init__(self, stage: Stage, screen: Screen, pace: Pace) -> None:
        self.stage = stage
        self.screen = screen
        self.pace = pace
        self.watch = Watch(stage.planfix, stage.record)
        stage.record.listeners.append(self.watch)
        self.seconds: dict[str, float] = {}
        self.notes: dict[str, str] = {}
        self._scene = count(1)
        self._payment = count(1)
        self._began = 0.0
        self._reads_told = False

    def play(self) -> None:
        self.told_again(self.paid_in_full())
        self.two_payments()
        self.paid_too_much()
        self.mistyped()
        self.declined()
        self.forged()
        self.somebody_elses()
        self.breaks_down()
        self.killed()

    # ------------------------------------------------------------ money arrives

    def paid_in_full(self) -> Sent:
        self._open(
            "A customer pays in full",
            f"Order 10417 waits for {_due('10417')}. The gateway's letter says it is paid. Nobody at the factory"
            " touches anything; here is every question Planfix is asked.",
            reads=True,
        )
        sent = self._pay("10417", DUES["10417"])
        self._until_in_production(sent)
        self.notes["10417"] = "paid in full"
        return sent

    def told_again(self, first: Sent) -> None:
        self._open(
            "The same payment is told again",
            "Gateways repeat themselves. The same letter comes once more, byte for byte, and then in a new one that"
            " tells of the same payment in other words.",
        )
        before = self.stage.planfix.count()
        self._deliver(first.letter, first.raw, "the same letter, byte for byte")
        again = self._in_other_words(first.letter)
        self._until_closed(again, MailState.READ, "read")
        sleep(QUIET_SECONDS)
        asked = self.stage.planfix.count() - before
        if asked:
            raise StageFailed(f"a repeated notice cost {asked} requests to Planfix instead of none")
        self._result("recognised both times; 0 requests to Planfix, one income")

    def two_payments(self) -> None:
        self._open(
            "Two payments that add up",
            f"Order 10532 costs {_due('10532')}. The customer pays 4\u00a0000.00 now and the rest later: production"
            " starts with the second payment, not before.",
        )
        first = self._pay("10532", "4000.00")
        self._until(first, State.PARTIAL, "to be booked as a part")
        self._result(f"booked; {_money('5000.00')} still due, so the order waits")
        self._breathe()
        self._until_in_production(self._pay("10532", "5000.00"))
        self.notes["10532"] = "paid in parts"

    def paid_too_much(self) -> None:
        self._open(
            "A customer pays too much",
            f"Order 10655 costs {_due('10655')}, and 2\u00a0500.00 arrive. Money that came is booked; whether the order"
            " starts is for a person to say.",
        )
        self._until(self._pay("10655", "2500.00"), State.OVERPAID, "to be booked as too much")
        self._untouched("10655")
        self._result("booked and shown as overpaid by 100.00; the order was not advanced")
        self.notes["10655"] = "100.00 too much"

    def mistyped(self) -> None:
        self._open(
            "A mistyped order number",
            "The customer wrote 10786 and meant 10768. Nothing is guessed: the payment is put before a person together"
            " with the orders it may be for.",
        )
        sent = self._pay("10768", DUES["10768"], printed="10786")
        self._until(sent, State.HELD, "to be held")
        entry = self.stage.entry(sent.letter.reference)
        if entry is None or entry.reason is not Reason.ORDER_NOT_FOUND:
            raise StageFailed(f"a wrong order number was held as {entry and entry.reason}, not as order_not_found")
        self._result(f"held: no order 10786; {_suggested(entry.facts.get('suggestions'), '10768')}")
        self._breathe()
        self.screen.command(f"reconciler resolve e{entry.id} --order 10768")
        self._began = monotonic()
        with self.screen.waiting("a person's decision is carried out"), self.stage.meanwhile(self._tell):
            outcomes = self.stage.command("resolve", f"e{entry.id}", "--order", "10768")
        self._tell()
        said = ", ".join(f"{item['id']}: {item['outcome']}, order {item['order']}" for item in outcomes)
        self._until_in_production(sent, f"it answers {said}", since=self._began)
        self.notes["10768"] = "number mistyped"

    # ------------------------------------------------------------ what is no payment of ours

    def declined(self) -> None:
        self._open(
            "A declined payment",
            "The bank refused the card. The letter looks much like the others and its word for it contains the word for success"
            " (неуспішно, успішно).",
        )
        sent = self._pay("10891", DUES["10891"], nature=Nature.DECLINED)
        self._until_closed(sent, MailState.SKIPPED, "read as no payment")
        self._untouched("10891")
        self._result("read as declined; nothing was booked, the order was not touched")
        self.notes["10891"] = "card declined"

    def forged(self) -> None:
        self._open(
            "A forged letter",
            "A look-alike of the gateway's letter, sender and all, says that order 10904 is paid. It lacks what cannot be copied:"
            " the gateway's signature.",
        )
        sent = self._pay("10904", DUES["10904"], nature=Nature.FORGED)
        self._until_closed(sent, MailState.HELD, "held", Reason.UNTRUSTED)
        self._untouched("10904")
        self._result("held as untrusted; nothing was booked, the order was not touched")
        self.notes["10904"] = "forged letter"

    def somebody_elses(self) -> None:
        self._open(
            "Somebody else's shop",
            "This letter is truly the gateway's, signed and valid, and names our order 11023. But the money went to"
            " another shop: anybody can open one.",
        )
        sent = self._pay("11023", DUES["11023"], nature=Nature.FOREIGN)
        self._until_closed(sent, MailState.HELD, "held", Reason.WRONG_MERCHANT)
        self._untouched("11023")
        self._result("held as wrong_merchant; nothing was booked, the order was not touched")
        self.notes["11023"] = "another's shop"

    # ------------------------------------------------------------ when things break

    def breaks_down(self) -> None:
        self._open(
            "Planfix books the income and breaks down",
            "The line is cut after Planfix did the work and before it said so; then it is down for a moment. Sending again would"
            " book the money twice, giving up would lose it. The daemon looks first.",
            reads=True,
        )
        cut = self.stage.planfix.faults.add(Fault(CREATE, "drop", when="after"))
        down = self.stage.planfix.faults.add(
            Fault(LOOK_FOR_INCOME, "status:503", skip=1)  # the look before the create passes
        )
        sent = self._pay("11146", DUES["11146"])
        self._until(sent, State.WAITING, "to be known as unanswered", State.SETTLED)
        self._step("the line is cut: no answer comes, so the outcome is unknown")
        self._until_in_production(sent)
        if not (cut.used and down.used):
            raise StageFailed("Planfix was to break down and did not")
        self._one_income(sent)
        self.notes["11146"] = "Planfix down"

    def killed(self) -> None:
        self._open(
            "The daemon is killed in mid-stroke",
            "The worst moment: the request is out, the answer is not in, and the machine goes dark. A new daemon finds in"
            " its ledger what was under way.",
            reads=True,
        )
        self.stage.record.strike(CREATE, self._kill)
        sent = self._pay("11259", DUES["11259"])
        with self.screen.waiting("waiting for the moment to strike"), self.stage.meanwhile(self._tell):
            self.stage.wait_for("the daemon to be killed", lambda: self.stage.daemon.was_killed, dead=True)
            self.stage.wait_for("Planfix to book the income", lambda: self._incomes(sent) > 0, dead=True)
        self._breathe()
        with self.screen.waiting("the daemon starts again"), self.stage.meanwhile(self._tell):
            self._step("the daemon is started again")
            self.stage.start_daemon()
        self._until_in_production(sent)
        self._one_income(sent)
        self.notes["11259"] = "daemon killed"

    def _kill(self) -> None:
        """In this moment, while the create is under way; Planfix carries it out all the same."""
        self.stage.daemon.kill()
        self.watch.tell("the create reaches Planfix; in this moment the daemon is killed (SIGKILL)")

    # ------------------------------------------------------------ verbs of the scenes

    def _open(self, title: str, text: str, *, reads: bool = False) -> None:
        self.watch.drain()
        self._reads_told = reads
        self.screen.scene(next(self._scene), title, text)
        self._breathe()

    def _breathe(self) -> None:
        sleep(self.pace.breath)

    def _pay(self, order: str, amount: str, *, nature: Nature = Nature.GENUINE, printed: str | None = None) -> Sent:
        """Deliver one letter about one new payment; printed: the order number in it, when it is not the true one."""
        reference = f"WFP-SOC-{2_000_000 + next(self._payment)}-6ac4b29136b28"
        raw = letters.notice(
            amount=amount,
            order=printed or order,
            reference=reference,
            paid_at=datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=3),
            status="declined" if nature is Nature.DECLINED else "paid",
            shop="decor.example.com (decor_example_com)" if nature is Nature.FOREIGN else letters.SHOP,
        )
        if nature is not Nature.FORGED:
            raw = letters.sign(raw)
        letter = Letter(reference=reference, order=order, amount=Decimal(amount), nature=nature)
        return self._deliver(letter, raw, f"a letter: {_money(amount)} for order {printed or order}")

    def _in_other_words(self, letter: Letter) -> Sent:
        """The same payment in another layout and language; its facts are the same."""
        entry = self.stage.entry(letter.reference)
        if entry is None:
            raise StageFailed(f"payment {letter.reference} is not in the ledger")
        raw = letters.notice(
            amount=str(letter.amount),
            order=letter.order,
            reference=letter.reference,
            paid_at=entry.paid_at,
            language="en",
            html=False,
        )
        return self._deliver(
            letter, letters.sign(raw), "another letter about the same payment, in English, as plain text"
        )

    def _deliver(self, letter: Letter, raw: bytes, words: str) -> Sent:
        sent = self.stage.deliver(letter, raw)
        self._began = sent.at
        self.screen.step(0.0, words, effect=True)
        return sent

    def _until(self, sent: Sent, state: State, what: str, *or_else: State) -> None:
        wanted = (state, *or_else)
        reference = sent.letter.reference
        self._wait(f"payment {reference} {what}", lambda: any(self.stage.is_in(reference, one) for one in wanted))

    def _until_closed(self, sent: Sent, state: MailState, what: str, reason: Reason | None = None) -> None:
        self._wait(f"the letter to be {what}", lambda: self.stage.is_closed(sent, state))
        mail = self.stage.mail(sent)
        if mail is None or mail.reason is not reason:
            raise StageFailed(f"the letter was {what}, but for the reason {mail and mail.reason}, not {reason}")

    def _until_in_production(self, sent: Sent, before: str = "", *, since: float | None = None) -> None:
        order, began = sent.letter.order, sent.at if since is None else since
        self._wait(f"order {order} to be in production", lambda: self.stage.planfix.order(order).status == PRODUCTION)
        self._until(sent, State.SETTLED, "to be settled in the ledger")
        moved = self.stage.record.advanced_at(order)
        if moved is None:
            raise StageFailed(f"order {order} is in production and nobody asked for it")
        self.seconds[order] = moved - sent.at
        words = f"in production {moved - began:.1f} s after " + ("the decision" if since else "the letter")
        self._result(f"{before}; {words}" if before else words)

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        with self.screen.waiting(f"waiting for {what}"), self.stage.meanwhile(self._tell):
            self.stage.wait_for(what, condition)

    def _untouched(self, order: str) -> None:
        history = self.stage.planfix.order(order).history
        if history:
            raise StageFailed(f"order {order} must not be advanced, but its status was set: {history}")

    def _one_income(self, sent: Sent) -> None:
        found = self._incomes(sent)
        if found != 1:
            raise StageFailed(f"payment {sent.letter.reference} stands on Planfix {found} times instead of once")
        self._result("found instead of sent again: one income, one advance")

    def _incomes(self, sent: Sent) -> int:
        return sum(1 for row in self.stage.planfix.incomes if row.payment_id == sent.letter.reference)

    # ------------------------------------------------------------ words

    def _tell(self) -> None:
        for told in self.watch.drain():
            if told.effect or self._reads_told:
                self.screen.step(max(told.at - self._began, 0.0), told.words, effect=told.effect)

    def _step(self, words: str) -> None:
        self._tell()
        self.screen.step(monotonic() - self._began, words, effect=True)

    def _result(self, words: str) -> None:
        self._tell()
        self.screen.result(words)


def _money(amount: str) -> str:
    return f"{money(Decimal(amount))} UAH"


def _due(order: str) -> str:
    return _money(DUES[order])


def _suggested(suggestions: object, order: str) -> str:
    """What the daemon suggests of the order that was meant. Raises StageFailed when it does not suggest it."""
    for item in suggestions if isinstance(suggestions, list) else []:
        if item.get("number") == order:
            return f"suggested is {order}: {item.get('why')}"
    raise StageFailed(f"order {order} was not suggested, only {suggestions!r}")
