"""
Did it go well? The invariants as a table, from the sandbox's own record and the ledger at rest.

In: a stage on which everything has healed and nothing is due. Out: one row for each invariant: what must hold, how often it was
looked at, and every violation in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.extract.values.orders import clean_order
from reconciler.sandbox.book import Book
from reconciler.sandbox.planfix import world as sample
from reconciler.sandbox.planfix.world import World
from reconciler.sandbox.proof import PRODUCTION, Account, Proof, prove
from reconciler.sandbox.stage import Stage

AWAITING = "Очікує оплати"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One invariant. wrong: its violations; none: it held."""

    holds: str
    seen: str
    wrong: Sequence[str] = ()


INVARIANTS: Mapping[str, tuple[str, ...]] = {
    "every payment is one income, or a person sees it": ("doubled", "lost", "wrong sum", "wrong order"),
    "no income without a payment": ("no such payment",),
    "what is not believed stays in sight": ("out of sight",),
    "an order starts when it is exactly paid, once": ("advanced", "not advanced", "moved on"),
    "nothing is stuck, every hold has a reason": ("stuck", "held without", "discarded without"),
    "ledger and desk agree": ("disagree",),
}
OTHERS = "nothing else is wrong"


def judge(stage: Stage) -> list[Row]:
    """All desks together."""
    book = Book.of(stage.ledger)
    wrong: list[str] = []
    proofs = []
    for desk, planfix in stage.desks.items():
        letters = [replace(sent.letter, order=_number(sent.letter.order)) for sent in stage.sent if sent.desk == desk]
        account = _as_read(planfix.world, stage.account(desk))
        visible = book.visible({sent.sha256: sent.letter.reference for sent in stage.sent})
        ours = replace(book, entries=[entry for entry in book.entries if entry.desk == desk])
        mode = stage.settings["desks"][desk]["mode"]
        if mode == "observe":
            visible |= {entry.transaction_id for entry in ours.entries}
        proof = prove(letters, account, visible, ours)
        wrong += [words for words in proof.violations if mode == "live" or not _is_meant(words)]
        proofs.append(proof)
    return list(_rows(wrong, proofs))


def _is_meant(words: str) -> bool:
    """What a desk that is not `live` leaves undone on purpose."""
    return words.startswith(("not advanced", "stuck"))


def _rows(wrong: Sequence[str], proofs: Sequence[Proof]) -> Iterator[Row]:
    def total(*names: str) -> int:
        return sum(getattr(proof, name) for proof in proofs for name in names)

    counts = (
        f"{total('payments')} payments, {total('held')} of them with a person",
        f"{total('incomes')} incomes",
        f"{total('refused')} letters that prove no payment",
        f"{total('released')} orders in production, {total('unreleased')} not",
        "the ledger at rest",
        f"{total('incomes')} incomes",
    )
    left = list(wrong)
    for (holds, beginnings), seen in zip(INVARIANTS.items(), counts, strict=True):
        found = [words for words in left if words.startswith(beginnings)]
        left = [words for words in left if words not in found]
        yield Row(holds=holds, seen=seen, wrong=found)
    if left:
        yield Row(holds=OTHERS, seen="", wrong=left)


def _as_read(world: World, account: Account) -> Account:
    """
    The account in the words of the proof and the ledger: statuses as the sample account calls them, and order numbers cleaned
    as every number that is read in a letter.
    """
    words = {world.statuses[sample.PRODUCTION].name: PRODUCTION, world.statuses[sample.AWAITING].name: AWAITING}
    orders = [
        replace(
            order,
            number=_number(order.number),
            status=words.get(order.status, order.status),
            history=tuple(words.get(status, status) for status in order.history),
            incomes=tuple(replace(row, order=_number(row.order)) for row in order.incomes),
        )
        for order in account.orders.values()
    ]
    return replace(
        account,
        orders={order.number: order for order in orders},
        incomes=[replace(row, order=_number(row.order)) for row in account.incomes],
        advances=[replace(advance, order=_number(advance.order)) for advance in account.advances],
        touched={_number(number) for number in account.touched},
    )


def _number(text: str) -> str:
    return clean_order(text) or text
