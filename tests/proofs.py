"""One payment, paid, posted and released as it should be, for tests to spoil."""

from __future__ import annotations

from decimal import Decimal

from reconciler.sandbox.planfix import IncomeView, OrderView
from reconciler.sandbox.proof import PRODUCTION, Advanced, Letter

PAID = Letter(reference="WFP-1", order="101", amount=Decimal("50.00"))
ROW = IncomeView(key="1", order="101", task="901", amount=Decimal("50.00"), date="2026-11-22", payment_id="WFP-1")
ORDER = OrderView(
    number="101",
    id="101",
    tasks=("901",),
    status=PRODUCTION,
    due=Decimal("50.00"),
    paid=Decimal("50.00"),
    difference=Decimal("0.00"),
    incomes=(ROW,),
    comments=(),
    history=(PRODUCTION,),
    deleted=False,
)
ADVANCED = Advanced(order="101", due=Decimal("50.00"), paid=Decimal("50.00"), at=1.0)
