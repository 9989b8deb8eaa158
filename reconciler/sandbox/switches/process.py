"""What can happen to the daemon itself. Who restarts it is the caller's business, as it is a service manager's."""

from __future__ import annotations

from reconciler.sandbox.host import Death
from reconciler.sandbox.lit import Lit
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.switches.planfix import pattern
from reconciler.sandbox.switches.registry import SwitchError, nothing, switch

SIDES = ("before", "after")


@switch("process.kill")
def kill(stage: Stage, at: str = "now", side: str = "before", skip: int = 0, kind: str = "") -> Lit:
    """SIGKILL: now, at a commit of the ledger (at=step.sending kind=income), or at a request (at=request:create)."""
    if side not in SIDES:
        raise SwitchError(f"process.kill side is before or after, not {side!r}")
    daemon = stage.daemon
    off = nothing
    if at == "now":
        daemon.kill()
    elif at.startswith("request:"):
        wanted = pattern(at.removeprefix("request:"))
        calls = [record.strike(wanted, daemon.kill, when=side, skip=skip) for record in stage.records.values()]

        def off() -> None:
            for call_off in calls:
                call_off()

    else:
        try:
            death = Death(at=at, side="before" if side == "before" else "after", skip=skip, kind=kind or None)
        except ValueError as exc:
            raise SwitchError(f"process.kill: {exc}") from exc
        stage.machine.die(death)

        def off() -> None:
            if stage.daemon is daemon and daemon.code is None:
                stage.machine.die(None)

    return Lit(off, lambda: int(daemon.was_killed))


@switch("process.term", once=True)
def term(stage: Stage) -> Lit:
    """SIGTERM: the daemon is told to stop."""
    stage.daemon.terminate()
    return Lit(nothing, lambda: 1)


@switch("process.stop")
def stop(stage: Stage) -> Lit:
    """SIGSTOP: the daemon stands still until this is switched off."""
    daemon = stage.daemon
    daemon.suspend()

    def off() -> None:
        if daemon.code is None:
            daemon.resume()

    return Lit(off, lambda: 1)
