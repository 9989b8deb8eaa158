"""What a hostile letter may cost: each is read or refused within bounded CPU time, measured where nothing else runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from reconciler.discovery import find_parsers
from reconciler.message import decode
from reconciler.readout import explain_file

MOST = 2  # CPU seconds a letter
MOST_MEMORY = 200_000_000  # bytes of the whole process, at its highest

READER = """
import resource, sys, time
from pathlib import Path
from reconciler.discovery import find_parsers
from reconciler.readout import parse_file

parsers = find_parsers()
for path in sorted(Path(sys.argv[1]).iterdir()):
    raw = path.read_bytes()
    begun = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(begun) + 8, resource.RLIM_INFINITY))
    print(path.name, flush=True)
    parse_file(raw, path.name, parsers)
    print(f"{time.process_time() - begun:.2f}", flush=True)
# of this program alone: ru_maxrss would count what its parent held when it was forked
(most,) = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
print(int(most) * 1024)
"""


def mail(kind: str, body: str, subject: str = "WayForPay") -> bytes:
    head = f"From: notify@wayforpay.com.ua\r\nSubject: {subject}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
    return (head + body).encode()


def table(**values: str) -> str:
    rows = {
        "Статус": "Успішно",
        "Сума": "1 250,00 грн",
        "Номер_платежу": "WFP-SOC-1-6ac4b29136b28",
        "Дата": "21.11.2026 14:05",
    }
    return "".join(f"<tr><td>{k.replace('_', ' ')}</td><td>{v}</td></tr>" for k, v in (rows | values).items())


HEADS = "<tr><th>Номер платежу</th><th>Сума</th><th>Дата</th><th>Статус</th></tr>"
NAMES = "<br>".join(",".join(f"я{n}" for n in range(at, at + 250)) for at in range(0, 16_000, 250))


def payment(number: int) -> str:
    cells = f"WFP-SOC-{number}-6ac4b29136b28", f"{number + 1},00 грн", "21.11.2026", "Успішно"
    return f"<tr><td>{'</td><td>'.join(cells)}</td></tr>"


LETTERS = {
    "card": mail("plain", f"Картка: 41{'*' * 60}!\nСтатус: Відхилено\n"),
    "long card": mail("plain", f"Картка: 41{'*- ' * 600}!\nСтатус: Відхилено\n"),
    "dashes": mail("html", f"<p>{'-' * 60_000}</p>"),
    "dashes in text": mail("plain", "-" * 60_000 + "x\n"),
    "many dashes": mail("plain", ("-" * 1_900 + "x\n") * 150),
    "slashes": mail("html", f"<table>{table(Магазин='a.' + '/' * 100_000 + 'x')}</table>"),
    "short slashes": mail("html", f"<table>{table(Магазин='a.' + '/' * 1_900 + 'x')}</table>"),
    "stems": mail("html", f"<p>x {'плат' * 50_000}</p>"),
    "stems with stops": mail("html", "<p>" + ("плат. отриман квитанці " * 80 + "<br>") * 150 + "</p>"),
    "stems in the subject": mail("plain", "x", subject="плат." * 1_700),
    "a word of status": mail("plain", "Статус: " + "отриман" * 20_000),
    "references": mail("plain", "Номер платежу: " + "a_WFPREG-" * 200_000 + " \n"),
    "typed references": mail("html", f"<table>{table(Номер_замовлення='a_WFPREG-' * 200)}</table>"),
    "italics": mail("html", "<i>" * 400_000),
    "fewer italics": mail("html", "<i>" * 19_000),
    "labels in divs": mail("html", "<div>Сума" * 300_000),
    "fewer labels in divs": mail("html", "<div>Сума" * 4_900),
    "spans": mail("html", "<span>Сума</span>" * 150_000),
    "fewer spans": mail("html", "<span>Сума</span>" * 9_900),
    "tables": mail("html", "<table><tr><td>Сума<td>x" * 100 + "<table><tr><td>Сума<td>1</table>" * 20_000),
    "tables in tables": mail("html", "<table><tr><td>" * 6_000),
    "lines": mail("plain", "Сума: 1\n" * 300_000),
    "fewer lines": mail("plain", "Сума: 1\n" * 4_900),
    "lone labels": mail("plain", "Сума\n" * 4_900),
    "values under a label": mail("plain", "Сума\n" + "x\n" * 4_900),
    "cells in a row": mail("html", f"<table><tr>{'<td>Сума</td>' * 4_900}</tr></table>"),
    "rows of labels": mail("html", f"<table>{'<tr><td>Сума</td><td>Дата</td></tr>' * 2_400}</table>"),
    "gaps": mail("plain", ("Сума   " * 250 + "\n") * 150),
    "blanks": mail("plain", "x" + " " * 299_000 + "x\n"),
    "entities": mail("html", "&nbsp;" * 49_000),
    "attributes": mail("html", "<p " + " ".join(f"a{n}=1" for n in range(30_000)) + ">x"),
    "style": mail("html", f"<p style='{'font-size:' * 29_000}'>x"),
    "rules of style": mail("html", f"<style>{'.x .y .x .z{opacity:1}' * 4_000}</style>" + "<i class='x y z'>" * 9_000),
    "comments in style": mail("html", f"<style>{'/*' * 140_000}</style>x"),
    "braces in style": mail("html", f"<style>{'@media print{' * 20_000}</style>x"),
    "nested classes": mail("html", "<style>.x .x .x .y{opacity:1}</style>" + "<div class=x>" * 4_000 + "<p class='x y'>" * 5_000),
    "five megabytes of nesting": mail("html", "<table><tr><td><div><p><b>Сума" * 120_000),
    "classes of what is far around": mail("html", f"<style>{'q i{color:red}' * 20}</style>" + "<i>" * 9_900),
    "declarations": mail(
        "html", f"<style>i{{{'color:red;' * 14_000}}}</style>" + "".join(f"<i id=a{n}>x</i>" for n in range(7_000))
    ),
    "payments one under another": mail("html", f"<table>{HEADS}{''.join(map(payment, range(1_200)))}</table>"),
    "names of a shop": mail("html", f"<table>{table(Магазин=NAMES)}</table>" + f"<p>{NAMES}</p>"),
    "a run of blocks": mail("html", "<div>Сума</div><div>3DS</div><div>x</div>" * 1_600),
    "bands": mail("html", f"<table>{('<tr>' + '<td>Сума</td><td>x</td>' * 20 + '</tr>') * 110}</table>"),
    "one line of pairs": mail("html", "<b>Сума:</b> 1 <i>x:</i> 2 " * 60),
    "five megabytes": mail("html", "x" * 4_900_000),
}  # fmt: skip


def test_a_letter_that_is_too_much_to_read_is_explained_all_the_same() -> None:
    """P14: `explain` tells why such a letter is held, and shows no pairs of it."""
    told = explain_file(LETTERS["lines"], "notice.eml", find_parsers())
    assert (told["pairs"], told["notices"][0]["error"]) == ([], "unreadable")


def cost_of_reading(letters: Mapping[str, bytes], folder: Path) -> tuple[dict[str, float], int]:
    """CPU seconds of each letter, and the most memory in bytes, of a limited process of its own that reads them."""
    for name, raw in letters.items():
        (folder / name).write_bytes(raw)
    done = subprocess.run([sys.executable, "-c", READER, str(folder)], capture_output=True, text=True, check=False)
    *lines, memory = done.stdout.split("\n")[:-1] or [""]
    assert done.returncode == 0, (memory, done.stderr[-2_000:])
    return dict(zip(lines[::2], map(float, lines[1::2]), strict=True)), int(memory)


def test_no_letter_costs_more_than_its_share(tmp_path: Path) -> None:
    """P14: patterns, nesting and sheer size: every letter up to 5 MB is read or refused within 2 s of CPU and 200 MB."""
    for raw in LETTERS.values():
        assert len(raw) <= 5_000_000
        assert decode(raw).sender is not None
    costs, memory = cost_of_reading(LETTERS, tmp_path)
    assert memory < MOST_MEMORY
    assert set(costs) == set(LETTERS)
    assert {name: cost for name, cost in costs.items() if cost > MOST} == {}
