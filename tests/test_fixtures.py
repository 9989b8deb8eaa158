"""Every folder under `fixtures/` is a case; a new one needs no code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.casebook import EXPECTED, MAIL, NOBODY, as_list, check, misread_when_cut, trespass
from reconciler.discovery import find_parsers
from reconciler.errors import HeldError
from reconciler.message import decode
from reconciler.model import MONEY_BACK, Kind
from reconciler.reading import read
from reconciler.readout import parse_file

ROOT = Path(__file__).parent.parent / "fixtures"
ATTACKS = "_attacks"  # letters in the gateway's name: reading them is no question of who wrote them
CASES = sorted(path.parent for path in ROOT.glob(f"*/*/{MAIL}"))
PARSERS = find_parsers()


def name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_reads_as_expected(case: Path) -> None:
    """P01 P03 P04 P05 P06 P09 P11 P12: a saved mail prints exactly what its case says."""
    expected = as_list(json.loads((case / EXPECTED).read_text(encoding="utf-8")))
    assert parse_file((case / MAIL).read_bytes(), MAIL, PARSERS) == expected


@pytest.mark.parametrize("case", [case for case in CASES if case.parent.name != ATTACKS], ids=name)
def test_foreign_mail_is_declined_or_held(case: Path) -> None:
    """P10: every parser that is shown another sender's mail declines it, and made to read it never breaks."""
    raw = (case / MAIL).read_bytes()
    foreign = [parser for parser in PARSERS if case.parent.name != parser.NAME]
    assert foreign
    assert [wrong for parser in foreign if (wrong := trespass(parser, raw))] == []


@pytest.mark.parametrize("case", CASES, ids=name)
def test_truncated_mail_is_read_alike_or_held(case: Path) -> None:
    """P13: a payment's mail that is cut short never tells another sum than the whole one."""
    assert misread_when_cut((case / MAIL).read_bytes(), PARSERS) is None


def test_money_never_comes_out_of_nobodys_mail() -> None:
    """P10: nothing under `_nobody` gives a notice."""
    for case in (case for case in CASES if case.parent.name == NOBODY):
        with pytest.raises(HeldError):
            read(decode((case / MAIL).read_bytes()), PARSERS)


def test_only_payments_are_payments() -> None:
    """P11: declined, pending, refunded, voided, disputed, test and receipt cases are of their own kind."""
    kinds = {
        Kind(item["kind"])
        for case in CASES
        for item in as_list(json.loads((case / EXPECTED).read_text(encoding="utf-8")))
        if "kind" in item
    }
    assert kinds >= MONEY_BACK | {Kind.PAYMENT, Kind.DECLINED, Kind.PENDING, Kind.RECEIPT, Kind.REGISTER, Kind.TEST}


def test_the_book_is_complete() -> None:
    """Every case folder has both files, and `fixture check` finds nothing to say."""
    assert len(CASES) >= 80
    assert [result.diff for result in check(ROOT, PARSERS) if not result.ok] == []
