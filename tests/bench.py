"""
How fast letters are read: `make bench`, or `python -m tests.bench [--rounds N]`.

Ours is the whole `parse` path, from bytes to printed notices. Theirs is what no reader of HTML mail can do without: mail-parser
once over the letter and bs4 with lxml once over its HTML, with all of its text taken out and nothing understood. Both run in
this process by turns, so that whatever else the machine does slows both; a figure is the median of the rounds' CPU times.
No letter is read twice: each has its own id, sum, order, payer and small print. Then letters that were made to cost much, in a
process of their own. Ends with 1 when a figure is beyond its limit.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import statistics
import sys
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

import mailparser
from bs4 import BeautifulSoup
from rich.console import Console
from rich.table import Table

from reconciler.discovery import find_parsers
from reconciler.readout import parse_file
from reconciler.sandbox import letters
from tests.test_reading_cost import LETTERS, MOST, MOST_MEMORY, cost_of_reading

SIZES = {"2 kB": 2_000, "20 kB": 20_000, "200 kB": 200_000}
LEAST = 0.8
"""Our rate as a part of theirs."""
FIGURE_SECONDS = 0.1
"""A figure is taken over at least this much CPU time."""
SHOWN = 8
"""The dearest of the hostile letters."""
PARSERS = find_parsers()

_ROW = (
    '<tr><td style="padding:4px 8px;font-size:12px;color:#777777;border-bottom:1px solid #eeeeee" class="note">%s. '
    '<a href="https://wayforpay.com/help?topic=%d&amp;from=mail">%s</a></td></tr>\n'
)
_SMALL_PRINT = (
    "додаткова довідка кабінет налаштування сторінка розділ підтримка телефон відповіді запитання приклади новини порада "
    "команда сервіс мобільний застосунок зручний швидкий корисний матеріали блог вебінар партнери магазинів бізнесу разом "
    "завжди поруч щодня цілодобово знайдете детальніше читайте дивіться пишіть телефонуйте обирайте адреса пошта мережі"
)
_WORDS = _SMALL_PRINT.split()


def letter(size: int, number: int) -> bytes:
    """A genuine notice of about that many bytes; what it is filled up with is small print. Another number is another letter."""
    random = Random(number)
    notice = letters.notice(
        amount=f"{random.randint(1, 9_000)}.{random.randint(0, 99):02}",
        order=str(random.randint(1, 99_999)),
        reference=f"WFP-SOC-{random.randint(10**6, 10**7)}-{random.getrandbits(52):013x}",
        payer=_words(random, 2).title(),
    )
    mail = message_from_bytes(notice, policy=SMTP)
    html, rows = mail.get_content(), ""
    room = (size - len(mail.as_bytes())) * 0.73  # base64 and its line ends
    while room > len(rows.encode()) + 100:
        rows += _ROW % (_words(random, 7).capitalize(), random.getrandbits(30), _words(random, 3))
    mail.set_content(
        html.replace("</body>", f"<table>\n{rows}</table>\n</body>"), subtype="html", charset="utf-8", cte="base64"
    )
    return mail.as_bytes()


def _words(random: Random, count: int) -> str:
    return " ".join(random.choices(_WORDS, k=count))


def ours(raw: bytes) -> None:
    (notice,) = parse_file(raw, "letter.eml", PARSERS)
    if not (notice.get("transaction_id") or "").startswith("WFP-SOC-"):
        raise SystemExit(f"a letter of {len(raw)} bytes was not read: {notice}")


def theirs(raw: bytes) -> None:
    for html in mailparser.parse_from_bytes(raw).text_html:
        BeautifulSoup(html, "lxml").get_text(" ")


def seconds(read: Callable[[bytes], None], raws: Sequence[bytes]) -> float:
    """CPU seconds of one reading."""
    gc.collect()
    begun = process_time()
    for raw in raws:
        read(raw)
    return (process_time() - begun) / len(raws)


def ratio(size: int, rounds: int) -> tuple[float, float]:
    """CPU seconds of one reading by us and by them: medians over rounds of turns."""
    numbers = itertools.count()
    times = max(1, int(FIGURE_SECONDS / seconds(ours, [letter(size, next(numbers)) for _ in range(3)])))
    figures = []
    for _ in range(rounds):
        raws = [letter(size, next(numbers)) for _ in range(times)]
        figures.append((seconds(ours, raws), seconds(theirs, raws)))
    return statistics.median(mine for mine, _ in figures), statistics.median(other for _, other in figures)


def hostile() -> tuple[dict[str, float], int]:
    """CPU seconds of the letters of `tests.test_reading_cost`, and the memory of the process that read them, in bytes."""
    with TemporaryDirectory() as folder:
        return cost_of_reading(LETTERS, Path(folder))


def main(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").strip())
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args(arguments).rounds
    console, bad = Console(), 0
    table = Table("letter", "ours, ms", "theirs, ms", "ours a second", "our rate / theirs", f"at least {LEAST}")
    for name, size in SIZES.items():
        mine, other = ratio(size, rounds)
        passed = other / mine >= LEAST
        bad += not passed
        figures = f"{mine * 1000:.2f}", f"{other * 1000:.2f}", f"{1 / mine:.0f}", f"{other / mine:.2f}"
        table.add_row(name, *figures, "yes" if passed else "NO")
    console.print(table)
    costs, memory = hostile()
    table = Table("hostile letter", "CPU s", f"at most {MOST}")
    for name, cost in sorted(costs.items(), key=lambda item: -item[1])[:SHOWN]:
        table.add_row(name, f"{cost:.2f}", "yes" if cost <= MOST else "NO")
    console.print(table)
    console.print(
        f"{len(costs)} hostile letters; at most {memory / 1e6:.0f} MB of memory, {MOST_MEMORY / 1e6:.0f} are allowed"
    )
    bad += max(costs.values()) > MOST or memory >= MOST_MEMORY
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
