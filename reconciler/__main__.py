"""The front door: `reconciler …` and `python -m reconciler …` are the same."""

from __future__ import annotations

from reconciler.cli import cli


def main() -> None:
    """Run the command line and leave with its exit code."""
    cli()


if __name__ == "__main__":
    main()
