"""
The line itself: a shell around the pure core that holds no decision of its own.

    intake.py      a mail's bytes → message → trust → notices → entries in the ledger
    rules.py       what the settings say about reading
    walk.py        one entry → look → plan → apply step by step
    record.py      what a walk writes down, and in which order
    closing.py     where a walk ends
    janitor.py     steps that were sent and not answered: look before acting
    worker.py      everything due on one desk, one entry at a time
    decisions.py   what a person decides about an entry or a held message
    outcome.py     how it ended, as commands print it
"""
