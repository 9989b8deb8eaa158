"""
What people read of a run. In: verdicts. Out: lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tests.mutate.rooms import room_of
from tests.mutate.session import Verdict

_SHOWN = 60
"""Characters on each side of a change."""


def rate(verdicts: Sequence[Verdict]) -> float:
    """The share that was noticed; of nothing, all."""
    return sum(bool(verdict.noticed) for verdict in verdicts) / len(verdicts) if verdicts else 1.0


def survivor(verdict: Verdict) -> str:
    """One line: where, before → after, and how many tests were asked."""
    mutant, how = verdict.mutant, f"judged by {verdict.tests}" if verdict.tests else "no test runs it"
    before, after = _close_to_the_change(mutant.before, mutant.after)
    return f"{mutant.file}:{mutant.line}  {before}  →  {after}   ({mutant.function or 'at import'}; {how})"


def _close_to_the_change(before: str, after: str) -> Iterator[str]:
    """Two texts without most of what they share at either end."""
    same = _shared(before, after)
    end = _shared(before[same:][::-1], after[same:][::-1])
    for text in (before, after):
        start, stop = max(0, same - _SHOWN), min(len(text), len(text) - end + _SHOWN)
        yield f"{'…' if start else ''}{text[start:stop]}{'…' if stop < len(text) else ''}"


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)


def summary(verdicts: Iterable[Verdict], rooms: Sequence[str]) -> Iterator[str]:
    """A line for each room and one for all."""
    by_room: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_room[room_of(verdict.mutant.file, rooms)].append(verdict)
    everything = [verdict for found in by_room.values() for verdict in found]
    for room, found in [*by_room.items(), ("all", everything)]:
        noticed = sum(bool(verdict.noticed) for verdict in found)
        yield f"{room:<24} {noticed:>5} of {len(found):>5}  {rate(found):6.1%}"
