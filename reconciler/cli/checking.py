"""
`doctor`: what the service stands on, and what to mend.
"""

from __future__ import annotations

import click

from reconciler.cli.errors import say
from reconciler.cli.frame import Front, with_front
from reconciler.cli.outcomes import person
from reconciler.secret import redacted

COLUMNS = ("section", "level", "what", "next_step")


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Also print the settings as they took effect, without secrets.")
@with_front
def doctor(front: Front, verbose: bool) -> int:
    """Look at settings, ledger, mailboxes, DNS and desks, and say what to mend.

    Only reads, and does not disturb a service that runs. Exit code 0: nothing to mend; 1: a problem that waits for a person;
    75: something could not be reached.

    \b
    Examples:
      reconciler doctor
      reconciler --json doctor | jq 'select(.level == "problem")'
    """
    from reconciler.config import effective
    from reconciler.doctor import exit_of, visit

    settings = front.settings(quietly=True)
    findings = []
    if verbose and not front.for_machines:
        click.echo(effective(settings))
    with front.printer(*COLUMNS) as printer:
        if verbose and front.for_machines:
            printer.row({"section": "settings", "level": "ok", "what": effective(settings), "next_step": None})
        for finding in visit(settings, actor=person(), tell=say):
            findings.append(finding)
            next_step = finding.next_step or None
            printer.row(
                {
                    "section": finding.section,
                    "level": finding.level.value,
                    "what": redacted(finding.what),
                    "next_step": next_step,
                }
            )
    return exit_of(findings)
