"""
Damaged and hostile letters, many more than the tests try: `python -m tests.fuzz [--examples N] [--seed S]`, or `make fuzz`.

The properties of the way from bytes to notices are run on the fixtures' letters, changed, and on random ones; what comes out is
pytest's word, with the smallest letter that breaks something, and the seed.
"""

from __future__ import annotations

import secrets
import sys

import click
import pytest

TESTS = (
    "tests/test_reading_fuzz.py",
    "tests/test_message_hostile.py",
    "tests/test_amounts.py",
    "tests/test_dates.py",
    "tests/test_labels.py",
    "tests/test_orders.py",
)


class Profile:
    """A plugin: pytest wants to be the first to import Hypothesis."""

    def __init__(self, examples: int) -> None:
        self._examples = examples

    def pytest_sessionstart(self) -> None:
        from hypothesis import HealthCheck, settings

        slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
        settings.register_profile("fuzz", max_examples=self._examples, deadline=None, suppress_health_check=slow)
        settings.load_profile("fuzz")


@click.command(help="Run the reader's properties on many more letters, texts and values.")
@click.option("--examples", default=5_000, show_default=True, help="Of each property.")
@click.option("--seed", type=int, default=None, help="Repeats a run; without it another one each time.")
def main(examples: int, seed: int | None) -> None:
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"{examples} examples of each property, seed {seed}")
    options = ["-n", "0", "-p", "no:randomly", "-o", "addopts=", "-o", "timeout=0", "-m", "hypothesis", "-v"]
    sys.exit(pytest.main([*options, f"--hypothesis-seed={seed}", *TESTS], plugins=[Profile(examples)]))


if __name__ == "__main__":
    main()
