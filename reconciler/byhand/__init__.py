"""
What a person has done from the command line, through the same line as the daemon.

    going.py       take entries as far as they go now: by ourselves, or through whoever owns their desk
    reading.py     saved mails through the whole line
    polling.py     one pass over all mailboxes and everything due
    deciding.py    a person's decisions, and what follows from them
    rehearsal.py   the same on a copy of the ledger, with a desk that is only read
"""
