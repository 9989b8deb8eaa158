"""
The soak: a real daemon, thousands of mails and hundreds of lost connections, and what it holds on to meanwhile.

    vitals.py    memory, threads and open files of a process; the limits within which they may grow
    waves.py     mails of every kind, in waves, with a lost connection after each
    __main__.py  `python -m reconciler.sandbox.soak`: the table
"""

from reconciler.sandbox.soak.vitals import Limits, Sample, look, verdict
from reconciler.sandbox.soak.waves import Soak, SoakFailed

__all__ = ["Limits", "Sample", "Soak", "SoakFailed", "look", "verdict"]
