"""What can happen to the daemon's clock. Only a daemon that was started as `stage.HOST` has one of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.sandbox.lit import Lit
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.switches.registry import SwitchError, switch

LONGEST_YEAR = 366
NIGHTS = ("spring", "autumn")


def _moved(stage: Stage, ahead: timedelta) -> Lit:
    before = stage.machine.ahead
    stage.machine.set_clock(ahead)

    def off() -> None:
        stage.machine.move_clock(before)

    return Lit(off, lambda: 1)


@switch("clock.jump")
def jump(stage: Stage, seconds: float = 3600.0) -> Lit:
    """The clock jumps forward."""
    return _moved(stage, stage.machine.ahead + timedelta(seconds=seconds))


@switch("clock.back")
def back(stage: Stage, seconds: float = 3600.0) -> Lit:
    """The clock jumps back."""
    return _moved(stage, stage.machine.ahead - timedelta(seconds=seconds))


@switch("clock.dst")
def dst(stage: Stage, night: str = "autumn", zone: str = "Europe/Kyiv", before: float = 10.0) -> Lit:
    """The clock stands so many seconds before the next night in which summer time ends (autumn) or begins (spring)."""
    if night not in NIGHTS:
        raise SwitchError(f"clock.dst night is spring or autumn, not {night!r}")
    now = datetime.now(UTC)
    try:
        change = next_change(now, ZoneInfo(zone), begins=night == "spring")
    except (ZoneInfoNotFoundError, ValueError):
        raise SwitchError(f"there is no time zone {zone!r}") from None
    if change is None:
        raise SwitchError(f"{zone} has no summer time")
    return _moved(stage, change - timedelta(seconds=before) - now)


@switch("clock.suspended")
def suspended(stage: Stage, seconds: float = 3600.0) -> Lit:
    """The machine sleeps: the daemon stands still; switched off, it wakes so many seconds later."""
    daemon = stage.daemon
    daemon.suspend()

    def off() -> None:
        if daemon.code is None:
            daemon.resume()
        stage.machine.let_pass(timedelta(seconds=seconds))

    return Lit(off, lambda: 1)


def next_change(after: datetime, zone: ZoneInfo, *, begins: bool) -> datetime | None:
    """The next moment at which that zone's summer time begins or ends, to the minute; None: it has none within a year."""

    def summer(moment: datetime) -> bool:
        return bool(moment.astimezone(zone).dst())

    day = after.replace(minute=0, second=0, microsecond=0)
    for _ in range(LONGEST_YEAR):
        following = day + timedelta(days=1)
        if summer(day) is not begins and summer(following) is begins:
            return next(
                moment
                for moment in (day + timedelta(minutes=minute) for minute in range(24 * 60 + 1))
                if summer(moment) is begins
            )
        day = following
    return None
