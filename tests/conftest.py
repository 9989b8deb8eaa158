"""Fixtures that several test modules share, by the module they live in."""

pytest_plugins = [
    "tests.ledgers",
    "tests.postgres",
    "tests.dovecot",
    "tests.planfix",
    "tests.counter",
]
