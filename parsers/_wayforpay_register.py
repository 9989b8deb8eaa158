"""
WayForPay's register of a day → its movements.

Comes in: a message of the kind `register`. Goes out: a list of `Movement`s, to compare with the ledger; none of them is ever
posted. What public code tells of the file: a ZIP with a CSV, `;` between its columns, the request's time third, the sum fifth,
the API's word of status seventh; the other columns and all names are reconstructed, so columns are found by name where one is
known and by that place otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from reconciler.errors import Unreadable
from reconciler.extract.layout.labeltable import folded
from reconciler.extract.tabular import read_rows
from reconciler.extract.text import fold_label
from reconciler.extract.values.amounts import currency_of, read_amount
from reconciler.extract.values.dates import read_moment
from reconciler.model import Message

_READABLE = re.compile(r"\.(?:zip|csv)$", re.IGNORECASE)

# field → names of its column; place from 0 where public code tells it
COLUMNS: dict[str, tuple[str, ...]] = {
    "merchant": ("Магазин", "Мерчант", "Merchant", "merchantAccount"),
    "reference": (
        "Номер",
        "Номер платежу",
        "Номер замовлення WayForPay",
        "Референс",
        "Order reference",
        "orderReference",
    ),
    "at": ("Час запиту", "Дата", "Дата та час", "Час", "Date", "createdDate", "Request time"),
    "amount": ("Сума", "Сума платежу", "Сумма", "Amount"),
    "currency": ("Валюта", "Currency"),
    "status": ("Статус", "Status", "transactionStatus"),
}
PLACES = {"at": 2, "amount": 4, "status": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A row of a register: money that moved, or that did not, by its status. `amount` is above or below zero as printed."""

    at: datetime
    amount: Decimal
    status: str  # the API's word: "Approved", "Refunded" …
    currency: str | None = None
    reference: str | None = None
    merchant: str | None = None


def movements(message: Message, *, timezone: str = "Europe/Kyiv") -> list[Movement]:
    """
    Every row of every list that hangs on a register's letter.

    Raises: Unreadable, FieldUnreadable, FieldAmbiguous: a row that cannot be read holds the whole list.
    """
    files = [file for file in message.attachments if _READABLE.search(file.filename)]
    if not files:
        raise Unreadable("a register without a list that we can read")
    return [
        _movement(row, number, ZoneInfo(timezone))
        for file in files
        for number, row in enumerate(read_rows(file.payload), 2)
    ]


def _movement(row: Mapping[str, str], number: int, zone: ZoneInfo) -> Movement:
    names = list(row)
    cells = {field: _cell(row, names, field) for field in COLUMNS}
    for field in PLACES:
        if not cells[field]:
            raise Unreadable(f"row {number} of the register has no {field}", row=number, field=field)
    printed = cells["amount"]
    amount, currency = read_amount(printed, allow_minus=True)
    return Movement(
        at=read_moment(cells["at"], zone=zone, day_first=True, field="at").instant,
        amount=-amount if printed.lstrip().startswith(("-", "−", "–")) else amount,
        status=cells["status"],
        currency=currency or currency_of(cells["currency"]),
        reference=cells["reference"] or None,
        merchant=cells["merchant"] or None,
    )


def _cell(row: Mapping[str, str], names: Sequence[str], field: str) -> str:
    wanted = folded(COLUMNS[field])
    for name in names:
        if fold_label(name) in wanted:
            return row[name]
    place = PLACES.get(field)
    return row[names[place]] if place is not None and place < len(names) else ""
