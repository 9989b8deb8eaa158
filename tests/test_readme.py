"""What the README says to type or to write is true."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import cast

from reconciler.cli import COMMANDS
from reconciler.message import decode
from reconciler.model import Kind
from reconciler.ports import Parser
from reconciler.reading import read

README = (Path(__file__).parents[1] / "README.md").read_text()

LETTER = """From: Example Bank <info@examplebank.example>
To: pay@example.ua
Subject: Payment
Date: Fri, 21 Nov 2025 14:06:00 +0200
Content-Type: text/plain; charset=utf-8

Сума: 1 250,00 грн
Номер операції: EB-778812
Дата: 21.11.2025 14:05
Призначення: замовлення №12345
"""


def test_the_example_parser_reads_a_letter_as_it_stands() -> None:
    """The module under "Add a parser" is a whole parser."""
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code is not None
    module = types.ModuleType("examplebank")
    exec(code[1], module.__dict__)
    found = read(decode(LETTER.encode()), [cast(Parser, module)])
    notice = found.notices[0]
    assert (notice.kind, str(notice.amount), notice.order_number, notice.transaction_id) == (
        Kind.PAYMENT,
        "1250.00 UAH",
        "12345",
        "EB-778812",
    )


def test_every_command_is_in_the_readme_and_nothing_else() -> None:
    """The table of commands is the command line's own."""
    table = README.split("## Commands")[1].split("Exit codes")[0]
    told = set(
        re.findall(r"`([a-z]+)[ `]", "\n".join(line.split("|")[1] for line in table.splitlines() if line[:1] == "|"))
    )
    assert told - {"command"} == set(COMMANDS)
