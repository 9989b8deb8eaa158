"""
The values that travel the line: mail → Message → Notice → Entry → Order and steps → Outcome.

All are frozen; fixed sets are enumerations. Times are aware UTC; amounts are `Money`; what a mail or a desk does not say
is None, never 0 or "". Each room of this package is one stop; everybody imports from here.
"""

from reconciler.model.desk import Advance, Income, NewIncome, Order, PaymentTask, Peek, Status, Totals
from reconciler.model.ledger import (
    UNVERSIONED,
    Entry,
    Event,
    Mail,
    NewEntry,
    Recorded,
    Shape,
    Step,
    StepKind,
    StepState,
)
from reconciler.model.mail import Address, Attachment, Check, MailRef, Message, TextPart, Verdict, Voucher
from reconciler.model.notice import Notice, Payer, Span
from reconciler.model.outcome import EXIT_CODES, Outcome, worst_exit
from reconciler.model.words import MESSAGE_REASONS, MONEY_BACK, Facts, Kind, MailState, OutcomeWord, Reason, State

__all__ = [
    "EXIT_CODES",
    "MESSAGE_REASONS",
    "MONEY_BACK",
    "UNVERSIONED",
    "Address",
    "Advance",
    "Attachment",
    "Check",
    "Entry",
    "Event",
    "Facts",
    "Income",
    "Kind",
    "Mail",
    "MailRef",
    "MailState",
    "Message",
    "NewEntry",
    "NewIncome",
    "Notice",
    "Order",
    "Outcome",
    "OutcomeWord",
    "Payer",
    "PaymentTask",
    "Peek",
    "Reason",
    "Recorded",
    "Shape",
    "Span",
    "State",
    "Status",
    "Step",
    "StepKind",
    "StepState",
    "TextPart",
    "Totals",
    "Verdict",
    "Voucher",
    "worst_exit",
]
