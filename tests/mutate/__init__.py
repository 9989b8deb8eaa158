"""
Do the tests notice when the logic is wrong? `python -m tests.mutate`, or `make mutate`.

Comes in: the tree, and a seed. Goes out: how many of the sampled mutants the tests noticed, by room, and each that none did.

A mutant is one small change of one module: another comparison, operator, constant, condition, slice, default or return value, a
statement left out, a regular expression's method changed. Left alone are the strings of tables, patterns and texts for people,
types, and what logging says. A mutant is judged by the tests that run its line, the fastest first, until one fails: the fast
tests of the way from bytes to notices and of trust (`rooms.TESTS`), never a daemon, a server or a browser. A mutant that hangs,
dies or eats the memory is noticed too.

    rooms.py       what is mutated, and the tests by which it is judged
    sites.py       where in a module a change would be one of logic
    mutants.py     a module's source → its mutants
    equivalent.py  mutants that are known to change nothing
    session.py     the pytest session that judges them
    children.py    work in forked processes
    reach.py       which test runs which lines, recorded once for a tree
    swap.py        a mutant in the place of its module
    report.py      what people read
"""
