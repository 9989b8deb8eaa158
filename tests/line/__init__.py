"""
The line end to end: real processes, a real mailbox server, the sandbox's Planfix over HTTP, a DNS server on loopback.

    line.py      one line: the servers around it, its settings file, its ledger
    daemon.py    `reconciler run` as a process: started, listened to, signalled, killed
    payer.py     a lighter process on the same ledger, which can be told to die at its N-th commit
    orders.py    what the desk and the ledger must agree on, however often somebody was killed
"""
