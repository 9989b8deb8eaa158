"""`python -m tests.attacks` writes fixtures/_attacks anew: a folder a case, and the table of what becomes of each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from reconciler.casebook import EXPECTED, MAIL, dump
from reconciler.discovery import find_parsers
from reconciler.readout import parse_file
from tests.attacks import ATTACKS, bytes_of
from tests.attacks.case import Attack

ROOT = Path(__file__).parents[2] / "fixtures" / "_attacks"
TABLE = ROOT / "attacks.toml"
HEAD = """\
# What becomes of each of these letters: `alone`, and under a signature of the gateway's domain that holds (`signed`).
# untrusted, held: a message for a person; foreign: left in the mailbox unread; posts: its payment is posted.
# Where a signature does not mend it, `why` says what else is wrong. Written by `python -m tests.attacks`.
"""


def main() -> None:
    shutil.rmtree(ROOT, ignore_errors=True)
    parsers = find_parsers()
    for attack in ATTACKS:
        folder = ROOT / attack.name
        folder.mkdir(parents=True)
        raw = bytes_of(attack)
        (folder / MAIL).write_bytes(raw)
        (folder / EXPECTED).write_text(dump(parse_file(raw, MAIL, parsers)), encoding="utf-8")
    TABLE.write_text(table(), encoding="utf-8")


def table() -> str:
    return HEAD + "".join(_row(attack) for attack in sorted(ATTACKS, key=lambda attack: attack.name))


def _row(attack: Attack) -> str:
    told = {"odd": attack.odd, "alone": attack.alone, "signed": attack.signed, "why": attack.why}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in told.items() if value]
    return f"\n[{attack.name}]\n" + "".join(lines)


if __name__ == "__main__":
    main()
