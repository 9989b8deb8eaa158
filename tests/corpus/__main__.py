"""
`python -m tests.corpus --count 5000 --seed 1`: makes the letters, has them read, prints a table by stratum.

Exit 1 when a fact was read wrong, or too few of the plain letters with known labels were read right. `--show 17` prints that
letter, its truth and what was read; `--misses` lists what went wrong or was missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from reconciler.message import decode
from reconciler.readout import explain_file
from tests.corpus.judge import PARSERS, judge
from tests.corpus.maker import make
from tests.corpus.report import FLOOR, Judged, misses, rate, table, wrong


def judged(seed: int, index: int) -> Judged:
    letter = make(seed, index)
    return Judged(seed, index, letter.strata, judge(letter))


def show(seed: int, index: int) -> str:
    """A letter as a person sees it and as it was read."""
    letter = make(seed, index)
    truths = json.dumps([asdict(truth) for truth in letter.truths], ensure_ascii=False, default=_plain)
    found = explain_file(letter.raw, letter.name, PARSERS)
    told = {key: found[key] for key in ("subject", "pairs", "notices", "defects")}
    message = decode(letter.raw)
    return "\n".join(
        (
            letter.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n"),
            *(f"--- {part.path} {part.charset}\n{part.content}" for part in (*message.texts, *message.htmls)),
            f"strata  {letter.strata}",
            f"demand  {letter.demand}; needed {sorted(letter.needed)}; status {letter.status}, plain head: {letter.plain_head}",
            f"truth   {truths}",
            f"verdict {judge(letter)}",
            json.dumps(told, ensure_ascii=False, indent=1, default=_plain),
        )
    )


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def main(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m tests.corpus", description=(__doc__ or "").strip())
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, metavar="INDEX")
    options.add_argument("--misses", action="store_true")
    chosen = options.parse_args(arguments)
    if chosen.show is not None:
        print(show(chosen.seed, chosen.show))
        return 0
    verdicts = [judged(chosen.seed, index) for index in range(chosen.count)]
    print(table(verdicts))
    if chosen.misses:
        print("\n" + misses(verdicts))
    bad, share = wrong(verdicts), rate(verdicts)
    print(
        f"seed {chosen.seed}: {len(bad)} wrong, {share:.2%} of the plain letters with known labels right (at least {FLOOR:.0%})"
    )
    return 1 if bad or share < FLOOR else 0


if __name__ == "__main__":
    sys.exit(main())
