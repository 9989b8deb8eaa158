"""
The ledger: every mail, payment, step and decision, in SQLite or PostgreSQL.

What comes in are mails and trusted notices; what goes out is what is known of each payment and what is due. Nothing
outside this package knows that SQLAlchemy is behind it. The rooms: `tables` and `columns` (what lies where), `values`
(rows to the house's values), `mails`, `entries`, `steps`, `mailboxes`, `desks`, `history` (the verbs), `tx` and `book`
(transactions), `engine` and `migrations` (opening), `ownership` (who may act), `throttle` and `upkeep`.
"""

from reconciler.ledger.book import Ledger
from reconciler.ledger.throttle import Bucket
from reconciler.ledger.tx import Tx
from reconciler.ledger.values import MailboxRow

__all__ = ["Bucket", "Ledger", "MailboxRow", "Tx"]
