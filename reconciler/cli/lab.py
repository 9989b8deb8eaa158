"""
`reconciler lab`: an outage rehearsed with the user's own settings, on servers of this machine only.
"""

from __future__ import annotations

import click

from reconciler.cli.errors import USAGE, say
from reconciler.cli.frame import Front, with_front


@click.command()
@click.argument("scenario", metavar="[SCENARIO]", required=False)
@click.option("--list", "listed", is_flag=True, help="The scenarios that come with it, and every switch.")
@click.option("--keyboard", is_flag=True, help="Go on by hand after the scenario; without a scenario it is always so.")
@click.option("--sample", is_flag=True, help="Use the sample settings, whatever settings there are.")
@click.option("--mode", type=click.Choice(["observe", "post", "live"]), help="Instead of each desk's own mode.")
@with_front
def lab(front: Front, scenario: str | None, listed: bool, keyboard: bool, sample: bool, mode: str | None) -> int:
    """Rehearse an outage with your own settings.

    Your settings file is read; mailbox, desk, DNS, secrets and ledger are replaced by the sandbox's, so nothing real is
    touched, and everything else stays yours: names on the desk, merchants, modes, waits. SCENARIO is a name or the path of a
    TOML file. At the end, also after Ctrl-C, everything heals and a verdict says whether anything was lost or doubled; exits 1
    when something was.

    \b
    Examples:
      reconciler lab --list
      reconciler lab planfix_down
      reconciler lab --keyboard
    """
    import sys

    from reconciler import log
    from reconciler.config import find_config
    from reconciler.errors import ConfigError
    from reconciler.sandbox.lab.letters import LabError
    from reconciler.sandbox.lab.play import rehearse
    from reconciler.sandbox.lab.scenario import ScenarioError, load
    from reconciler.sandbox.lab.tell import ForMachines, ForPeople

    if listed:
        return _list(front)
    log.set_up(level="ERROR")  # what happens is told on stdout; the daemon's own log lies beside its ledger
    teller = ForMachines(sys.stdout) if front.for_machines else ForPeople()
    try:
        chosen = None if scenario is None else load(scenario)
        try:
            settings = None if sample else find_config(front.config)
        except ConfigError:
            if front.config:
                raise
            settings = None
        return rehearse(settings, chosen, teller, keyboard=keyboard, mode=mode or "")
    except (ScenarioError, LabError) as exc:
        say(str(exc))
        return USAGE


def _list(front: Front) -> int:
    from reconciler.sandbox import switches
    from reconciler.sandbox.lab.scenario import shipped

    with front.printer("scenario", "title") as printer:
        for found in shipped():
            printer.row({"scenario": found.name, "title": found.title, "story": found.story})
    with front.printer("switch", "does", "parameters") as printer:
        for name, switch in switches.known().items():
            given = {item.name: item.default for item in switch.parameters.values()}
            told = " ".join(f"{key}={value}" for key, value in given.items())
            printer.row({"switch": name, "does": switch.help, "parameters": given if front.for_machines else told})
    return 0
