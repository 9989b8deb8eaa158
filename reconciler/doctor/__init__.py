"""
`reconciler doctor`: looks at everything the service stands on, and says what to mend. Reads only.

    findings.py    what was looked at, what was found, what to do
    settings.py    the settings, and what this version does not do yet
    ledgers.py     the ledger: place, journal, soundness, age, owners
    mailboxes.py   each mailbox: the way in, what the server offers, whose mail lies there
    elsewhere.py   other folders of its account, where our mail may lie instead
    letters.py     the last mails of ours in it: who would vouch for them
    places.py      DNS and desks
    visit.py       all of it, in the order in which one would mend it
"""

from reconciler.doctor.findings import Finding, Level, exit_of
from reconciler.doctor.visit import visit

__all__ = ["Finding", "Level", "exit_of", "visit"]
