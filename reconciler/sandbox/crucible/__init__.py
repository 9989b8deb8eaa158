"""
The crucible: random payments under random faults, deaths and people against the real daemon; then everything heals, and what
must never happen is looked for in the sandbox's own record.

    plan.py      `plan(seed, n)`: payments, letters, people's acts and strikes, keyed to counted happenings; pure
    payments.py  what payments of one order are like: whole, in parts, too much, told twice, mistyped …
    strikes.py   every fault by its name: what it does at which request, letter or commit
    rest.py      has everything come to rest that can?
    hands.py     what people do, on the account and with the ledger
    play.py      a plan on a stage: deliver, strike, revive, heal, prove
    tell.py      progress and the tables at the end
    __main__.py  `python -m reconciler.sandbox.crucible --payments N --seed S`
"""
