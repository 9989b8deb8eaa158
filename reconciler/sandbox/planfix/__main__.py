"""`python -m reconciler.sandbox.planfix`: the account alone, with a few orders, until Ctrl-C."""

from __future__ import annotations

import click

from reconciler.sandbox.planfix.server import SandboxPlanfix

ORDERS = ((4711, "1250.00"), (4712, "500.00"), (4713, "99.90"))


@click.command()
@click.option("--port", default=8400, show_default=True, help="Port on loopback; 0 picks one.")
def main(port: int) -> None:
    """Serve a sandbox Planfix on loopback."""
    with SandboxPlanfix(port=port) as planfix:
        for number, due in ORDERS:
            planfix.add_order(number, due)
        click.echo(f"url = {planfix.url!r}\ntoken = {planfix.token!r}")
        click.echo("orders: " + ", ".join(f"{number} ({due})" for number, due in ORDERS))
        try:
            planfix.wait()
        except KeyboardInterrupt:
            click.echo("stopped")


if __name__ == "__main__":
    main()
