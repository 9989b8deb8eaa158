"""
One life of the daemon, and the blow that ends it.

Comes in: a stage whose daemon is not running, a blow. Goes out: the step that the ledger shows planned or being sent right
after the kill, or None: the blow never fell, or fell elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from reconciler.model import Step, StepKind, StepState
from reconciler.sandbox.host import Death, HostControl, HostFailed
from reconciler.sandbox.planfix.faults import Fault, matches
from reconciler.sandbox.record import COMMENT, CREATE, LOOK_FOR_INCOME, STATUS
from reconciler.sandbox.stage import HOST, Stage
from reconciler.sandbox.storm import plan
from reconciler.sandbox.storm.plan import Blow, Delay, Fate, Point

PATTERNS = {StepKind.INCOME: CREATE, StepKind.ADVANCE: STATUS, StepKind.COMMENT: COMMENT}
LIFE_SECONDS = 25.0
"""A blow that has not fallen by then meets nothing any more: every such step is done, or waits to be looked for."""
LOOK = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A kill that counts: the step in the air, as the ledger has it."""

    blow: Blow
    step: Step


def live(stage: Stage, blow: Blow, delays: Sequence[Delay], is_over: Callable[[], bool]) -> Struck | None:
    """
    Start the daemon, let the blow fall, look.

    is_over: nothing is left to strike at. Raises HostFailed when the daemon cannot be told, or ends by itself.
    """
    with stage.ledger.look() as tx:
        before = tx.newest_event()
    daemon = stage.start_daemon(HOST, ready=False)
    with ExitStack() as stack:
        stack.callback(stage.planfix.faults.clear)
        for delay in delays:
            stage.planfix.faults.add(Fault(on=PATTERNS[delay.kind], do="late", skip=delay.skip, seconds=delay.seconds))
        stack.callback(_arm(stage, blow))
        end = monotonic() + LIFE_SECONDS
        while daemon.code is None and monotonic() < end and not is_over():
            sleep(LOOK)
        # whatever it is in the middle of now counts all the same, if the ledger says so
        daemon.kill()
    if not daemon.was_killed:
        raise HostFailed(f"the daemon ended by itself with {daemon.code}: {daemon.last_words()}")
    step = in_the_air(stage, before)
    return None if step is None else Struck(blow=blow, step=step)


class Landing:
    """
    Listens at the account: what was created and not answered lands after the first look for it, right before the second.

    A look may be several pages; its first one tells that another look begins.
    """

    def __init__(self, stage: Stage) -> None:
        self._planfix = stage.planfix
        self._created: set[str] = set()
        self._looked_for: set[str] = set()

    def __call__(self, method: str, path: str, body: Mapping[str, Any], when: str) -> None:
        ids = set(plan.REFERENCE.findall(str(body)))
        if matches(CREATE, method, path):
            self._created |= ids
        elif matches(LOOK_FOR_INCOME, method, path) and when == "before" and not body.get("offset"):
            if ids & self._looked_for:
                self._planfix.land()
            self._looked_for |= ids & self._created


def _arm(stage: Stage, blow: Blow) -> Callable[[], None]:
    """Whoever kills is in his place; returns what calls him off."""
    daemon, pattern = stage.daemon, PATTERNS[blow.kind]
    match blow.point:
        case Point.UNDER_WAY | Point.CARRIED_OUT:
            if blow.fate is not Fate.AT_ONCE:
                doing = "late" if blow.fate is Fate.LATE else "drop"
                stage.planfix.faults.add(Fault(on=pattern, do=doing, skip=blow.skip, seconds=blow.seconds))
            when = "before" if blow.point is Point.UNDER_WAY else "after"
            return stage.record.strike(pattern, daemon.kill, when=when, skip=blow.skip)
        case Point.PLANNED:
            death = Death(at="step.planned", side="after", skip=blow.skip, kind=blow.kind)
        case Point.ABOUT_TO_SEND:
            death = Death(at="step.sending", side="before", skip=blow.skip, kind=blow.kind)
        case Point.SENDING:
            death = Death(at="step.sending", side="after", skip=blow.skip, kind=blow.kind)
        case Point.ANSWERED:
            death = Death(at="step.done", side="before", skip=blow.skip, kind=blow.kind)
    HostControl(daemon).die(death)
    return lambda: None


def in_the_air(stage: Stage, before: int) -> Step | None:
    """
    The step that this life (events after `before`) wrote of last, if it is planned or being sent.

    One thread works at a desk, so no other can be; comments that an earlier death left behind are not this life's.
    """
    with stage.ledger.look() as tx:
        told = [event for event in tx.happened_since(before) if event.name.startswith("step.")]
        if not told:
            return None
        slot = told[-1].facts["slot"]
        open_steps = tx.steps(states={StepState.PLANNED, StepState.SENDING})
    return next((step for step in open_steps if step.slot == slot), None)
