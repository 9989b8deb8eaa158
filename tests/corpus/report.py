"""
Verdicts by stratum: judged letters come in; a table and the findings go out as text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.corpus.facts import Demand
from tests.corpus.judge import Verdict, Word

FLOOR = 0.97
"""The share of plain letters with known labels that must be read right."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A letter without its bytes."""

    seed: int
    index: int
    strata: dict[str, tuple[str, ...]]
    verdict: Verdict

    @property
    def counts(self) -> bool:
        """Whether the reader must read it: plain to a person, and every word is known."""
        return self.verdict.known and self.verdict.demand is Demand.READ


def rate(judged: Iterable[Judged]) -> float:
    """The share read right among those that count; 1 for none."""
    words = [each.verdict.word for each in judged if each.counts]
    return words.count(Word.RIGHT) / len(words) if words else 1.0


def wrong(judged: Iterable[Judged]) -> list[Judged]:
    return [each for each in judged if each.verdict.word is Word.WRONG]


def table(judged: Sequence[Judged]) -> str:
    """Every stratum: how many letters, how they were read, and the rate among those that count."""
    lines = [f"{'':<54}{'letters':>8}{'right':>8}{'partial':>8}{'held':>8}{'WRONG':>8}{'rate*':>9}"]
    for title, groups in _groups(judged):
        lines.append(title)
        lines += [_line(name, members) for name, members in sorted(groups.items())]
    lines.append(_line("all", judged, indent=0))
    counted = sum(each.counts for each in judged)
    lines.append(f"* read right among the {counted} plain letters whose needed labels are all known")
    return "\n".join(lines)


def _groups(judged: Sequence[Judged]) -> Iterator[tuple[str, dict[str, list[Judged]]]]:
    words: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        known = "all needed labels known" if each.verdict.known else "some needed labels unknown"
        words[f"{known}, {_DEMAND[each.verdict.demand]}"].append(each)
    yield "labels", words
    for stratum in judged[0].strata if judged else ():
        groups: dict[str, list[Judged]] = defaultdict(list)
        for each in judged:
            for name in each.strata[stratum]:
                groups[name].append(each)
        yield stratum, groups


_DEMAND = {Demand.READ: "plain", Demand.EITHER: "hard", Demand.HOLD: "nobody can be sure"}


def _line(name: str, members: Sequence[Judged], indent: int = 2) -> str:
    words = Counter(each.verdict.word for each in members)
    counted = any(each.counts for each in members)
    share = f"{rate(members):9.1%}" if counted else f"{'':>9}"
    cells = "".join(f"{words[word]:>8}" for word in (Word.RIGHT, Word.PARTIAL, Word.HELD, Word.WRONG))
    return f"{' ' * indent + name:<54}{len(members):>8}{cells}{share}"


def misses(judged: Iterable[Judged]) -> str:
    """What is wrong, and what was held or partial although it counts: by class, the commonest first."""
    classes: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        if each.verdict.word is Word.WRONG or (each.counts and each.verdict.word is not Word.RIGHT):
            classes[f"{each.verdict.word}: {_class(each.verdict.why)}"].append(each)
    lines = []
    for name, members in sorted(classes.items(), key=lambda item: (not item[0].startswith(Word.WRONG), -len(item[1]))):
        lines.append(f"{len(members)} × {name}")
        lines += [f"    {each.seed}:{each.index} {each.verdict.why}  [{_made(each)}]" for each in members[:SAMPLES]]
    return "\n".join(lines)


SAMPLES = 4
"""Letters printed for each class of misses."""


def _made(each: Judged) -> str:
    return ", ".join("+".join(names) for names in each.strata.values())


def _class(why: str) -> str:
    """The reason without what belongs to one letter."""
    why = re.sub(r"(?:values|notices|value|label|found)=(\[.*?\]|\S+)", "", why)
    return " ".join(re.sub(r"'.*?'|\[.*?\]|\d[\dT:+. -]*", "…", why).split())
