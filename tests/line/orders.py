"""What the desk and the ledger must agree on once an order is paid, however often somebody was killed on the way."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from reconciler.model import MailState, State, StepKind, StepState
from tests.line.line import Line

PRODUCTION = "У виробництві"


def assert_paid_once(line: Line, payments: Mapping[str, str], *, order: str = "12345") -> None:
    """Exactly one row for each payment (id → sum), exactly one advance, all settled, and the ledger knows the rows by their keys."""
    shown = line.planfix.order(order)
    rows = {row.payment_id: row for row in shown.incomes}
    assert sorted(row.payment_id or "" for row in shown.incomes) == sorted(payments)
    assert {reference: row.amount for reference, row in rows.items()} == {
        reference: Decimal(amount) for reference, amount in payments.items()
    }
    assert (shown.status, shown.difference) == (PRODUCTION, Decimal(0))
    assert shown.history == (PRODUCTION,), "the order was advanced more than once"
    with line.ledger() as ledger:
        assert ledger.integrity_check() == []
        with ledger.look() as tx:
            entries, steps, mails = tx.entries(), tx.steps(), [tx.mail(entry.mail_id) for entry in tx.entries()]
    assert {entry.transaction_id: entry.state for entry in entries} == dict.fromkeys(payments, State.SETTLED)
    assert [mail.state for mail in mails] == [MailState.READ] * len(payments)
    for entry in entries:
        row = rows[entry.transaction_id]
        assert (entry.income_id, entry.task, entry.advanced_by) == (row.key, row.task, "us")
    assert {step.state for step in steps} <= {StepState.DONE, StepState.DROPPED}, "a step was left open"
    done = [step.kind for step in steps if step.state is StepState.DONE]
    assert done.count(StepKind.ADVANCE) == 1
    assert done.count(StepKind.INCOME) <= len(payments)
