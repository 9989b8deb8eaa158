"""What can go wrong with the keys that signatures are checked with."""

from __future__ import annotations

from reconciler.sandbox.lit import Lit
from reconciler.sandbox.resolver import Weather
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.switches.registry import since, switch


def _weather(stage: Stage, weather: Weather) -> Lit:
    def off() -> None:
        stage.dns.weather = Weather.FAIR

    stage.dns.weather = weather
    return Lit(off, since(lambda: len(stage.dns.asked)))


@switch("dns.dead")
def dead(stage: Stage) -> Lit:
    """No resolver answers; switched on before the start, as after a power cut."""
    return _weather(stage, Weather.SILENT)


@switch("dns.servfail")
def servfail(stage: Stage) -> Lit:
    """The resolver answers SERVFAIL."""
    return _weather(stage, Weather.SERVFAIL)


@switch("dns.no_key")
def no_key(stage: Stage) -> Lit:
    """The gateway's key is gone from DNS: NXDOMAIN."""
    before = dict(stage.dns.records)

    def off() -> None:
        stage.dns.records = before

    stage.dns.records = {}
    return Lit(off, since(lambda: len(stage.dns.asked)))
