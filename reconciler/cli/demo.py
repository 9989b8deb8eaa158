"""
`reconciler demo`: what the product does, seen in under two minutes, without settings, accounts or network.
"""

from __future__ import annotations

import click


@click.command()
@click.option("--fast", is_flag=True, help="The same story in some seconds, for machines and the impatient.")
def demo(fast: bool) -> int:
    """Watch the whole line at work on embedded servers.

    A mailbox, a Planfix account and the real daemon run on this machine only, through payments in full and in parts,
    repeats, forgeries, a broken line and a killed process. Ends with every order and with proof that nothing was lost
    or doubled; exits 1 when the proof fails.

    \b
    Example:
      reconciler demo --fast
    """
    from reconciler import log
    from reconciler.sandbox.demo.play import play

    log.set_up(level="WARNING")  # the story is told on stdout; the daemon's own log lies beside its ledger
    return play(fast=fast)
