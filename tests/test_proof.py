"""The proof: what must never happen is caught from the account's own record."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from reconciler.sandbox.planfix import IncomeView, OrderView
from reconciler.sandbox.proof import PRODUCTION, Account, Advanced, Letter, Nature, Proof, prove
from tests.proofs import ADVANCED, ORDER, PAID, ROW


def account(order: OrderView = ORDER, *more: IncomeView, advances: tuple[Advanced, ...] = (ADVANCED,)) -> Account:
    """One order, its rows and how it was advanced."""
    return Account(orders={order.number: order}, incomes=(*order.incomes, *more), advances=advances)


def waiting(*rows: IncomeView) -> OrderView:
    return replace(ORDER, status="Очікує оплати", history=(), incomes=rows)


def violations(found: Account, *letters: Letter, held: tuple[str, ...] = ()) -> tuple[str, ...]:
    return prove(letters or (PAID,), found, held).violations


def test_a_paid_order_in_production_is_proof() -> None:
    """Letters told twice, one income, one advance: nothing to complain of, and the counts say so."""
    assert prove([PAID, PAID], account(), ()) == Proof(
        violations=(), letters=2, payments=1, incomes=1, held=0, refused=0, released=1, unreleased=0
    )


def test_a_doubled_income_is_caught() -> None:
    """Two rows of one payment are told, whichever order they stand on."""
    twice = replace(ROW, key="2")
    order = replace(ORDER, incomes=(ROW, twice))
    assert any(
        words.startswith("doubled: payment WFP-1 stands on Planfix 2 times") for words in violations(account(order))
    )


def test_a_lost_payment_is_caught() -> None:
    """A payment that is neither an income nor visibly held is lost."""
    assert violations(account(waiting(), advances=())) == ("lost: payment WFP-1 of 50.00 for order 101 is nowhere",)


def test_a_held_payment_is_not_lost() -> None:
    """What a person can see waiting is not lost."""
    found = prove([PAID], account(waiting(), advances=()), ["WFP-1"])
    assert (found.violations, found.held, found.incomes) == ((), 1, 0)


def test_an_income_without_a_notice_is_caught() -> None:
    """A row whose payment no letter told of is told, with its key and sum."""
    stranger = replace(ROW, key="7", payment_id="WFP-9", order="102")
    assert violations(account(ORDER, stranger)) == (
        "no such payment: income 7 of 50.00 on order 102: no letter told of it",
    )


def test_a_row_that_a_person_typed_is_not_ours() -> None:
    """Rows known to be typed by people need no letter."""
    typed = replace(ROW, key="7", payment_id=None, order="102")
    assert violations(replace(account(ORDER, typed), typed=["7"])) == ()


@pytest.mark.parametrize("nature", [Nature.DECLINED, Nature.FORGED, Nature.FOREIGN])
def test_an_income_of_a_letter_that_proves_nothing_is_caught(nature: Nature) -> None:
    """A declined, forged or foreign letter is no reason for an income, held or not."""
    found = violations(account(), replace(PAID, nature=nature), held=("WFP-1",))
    assert found == (f"no such payment: income 1 of 50.00 on order 101: its letter was {nature}",)


def test_a_forged_letter_out_of_sight_is_caught() -> None:
    """A letter that claims a payment and is not believed must stay where a person sees it; a declined one need not."""
    empty = account(waiting(), advances=())
    assert violations(empty, replace(PAID, nature=Nature.FORGED)) == (
        "out of sight: the forged letter about WFP-1 is held nowhere",
    )
    assert violations(empty, replace(PAID, nature=Nature.DECLINED)) == ()


def test_a_wrong_sum_and_a_wrong_order_are_caught() -> None:
    """An income is its payment's sum on its payment's order."""
    row = replace(ROW, amount=Decimal("49.00"), order="102")
    found = violations(account(waiting(), row, advances=()))
    assert [words.partition(":")[0] for words in found] == ["wrong sum", "wrong order"]


def test_an_order_advanced_too_early_is_caught() -> None:
    """Money that came after the advance does not excuse it."""
    early = replace(ADVANCED, paid=Decimal("20.00"))
    assert violations(account(advances=(early,))) == (
        "advanced too early: order 101 had 20.00 of 50.00 at that moment",
    )


def test_an_order_advanced_without_its_money_is_caught() -> None:
    """An order in production that is not exactly paid is told, too little or too much."""
    for due in ("60.00", "40.00"):
        order = replace(ORDER, due=Decimal(due))
        assert violations(account(order)) == (f"advanced, though not exactly paid: order 101 owes {due}, has 50.00",)


def test_an_order_not_advanced_is_caught() -> None:
    """An order that is exactly paid and still waits is told."""
    assert violations(account(waiting(ROW), advances=())) == ("not advanced, though exactly paid: order 101 has 50.00",)


def test_an_order_advanced_twice_is_caught() -> None:
    """One release is one status change."""
    order = replace(ORDER, history=(PRODUCTION, PRODUCTION))
    assert violations(account(order)) == ("advanced 2 times: order 101",)
