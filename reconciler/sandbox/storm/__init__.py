"""
The kill-storm: `make kill-storm`, or `python -m reconciler.sandbox.storm`.

A backlog of payments, and a daemon that is killed again and again with SIGKILL while a step is planned or being sent; some of its
creates and status changes land late, some never. At the end every payment must be exactly one income, every order right.

    plan.py      the backlog and the blows, pure from a seed
    strike.py    one life of the daemon and the blow that ends it
    play.py      the whole storm: backlog, lives, the last one in peace, the judgement
    tally.py     what was struck, and what the ledger says came of it
    screen.py    progress and tables
    __main__.py  the command
"""

from reconciler.sandbox.storm.play import Storm, StormFailed
from reconciler.sandbox.storm.tally import Result

__all__ = ["Result", "Storm", "StormFailed"]
