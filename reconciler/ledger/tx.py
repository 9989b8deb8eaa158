"""
One ledger transaction: the rooms joined, so that whoever holds it can say every verb.
"""

from __future__ import annotations

from reconciler.ledger.accounts import Accounts
from reconciler.ledger.desks import Desks
from reconciler.ledger.entries import Entries
from reconciler.ledger.mailboxes import Mailboxes
from reconciler.ledger.mails import Mails
from reconciler.ledger.shapes import Shapes
from reconciler.ledger.steps import Steps
from reconciler.ledger.upkeep import Upkeep


class Tx(Mails, Entries, Steps, Mailboxes, Accounts, Desks, Shapes, Upkeep):
    """Satisfies `ports.LedgerTx`, and has the mailbox edge's verbs besides. Good until its `with` block ends."""
