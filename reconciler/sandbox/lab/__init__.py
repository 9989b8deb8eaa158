"""
`reconciler lab`: an outage rehearsed with somebody's own settings, on the sandbox's servers.

    scenario.py    a TOML file → what happens, in order, and what is expected
    account.py     settings → an account on the desk with the same names
    letters.py     settings → letters that these settings must believe, or must not
    rehearsal.py   stage, daemon, a service manager that restarts it; steps; healing; verdict
    keyboard.py    the same by hand
    tell.py        what is told meanwhile, to people or to machines
    verdict.py     the invariants as a table
    scenarios/     those that come with it
"""
