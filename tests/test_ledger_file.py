"""The ledger's file under a program's feet: replaced, taken away, or reached by two names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from reconciler.errors import FatalError, LedgerReplaced, OwnedElsewhere
from reconciler.ledger import Ledger
from tests.ledgers import HandClock, record


def open_at(path: Path, *, create: bool = False) -> Ledger:
    return Ledger.open(f"sqlite:///{path}", create=create, clock=HandClock(), actor="tester")


@pytest.mark.parametrize("how", ["another in its place", "taken away", "moved away"])
def test_a_file_that_was_replaced_is_not_written_to(sqlite_ledger: Ledger, tmp_path: Path, how: str) -> None:
    """R10, D14: what a program would commit to a file that has no name any more is lost with it: it stops at once instead."""
    path = tmp_path / "ledger.db"
    with sqlite_ledger.begin() as tx:
        record(tx)
    sqlite_ledger.backup(tmp_path / "copy.db")
    if how == "another in its place":
        os.replace(tmp_path / "copy.db", path)
    elif how == "taken away":
        path.unlink()
    else:
        path.rename(tmp_path / "old.db")
    with pytest.raises(LedgerReplaced, match="start it again") as stopped, sqlite_ledger.begin():
        pytest.fail("it was written to")
    with pytest.raises(LedgerReplaced), sqlite_ledger.look():
        pytest.fail("it was read")
    assert isinstance(stopped.value, FatalError)
    assert path.exists() is (how == "another in its place"), "looking made a new file"


def test_a_program_started_anew_goes_on_with_the_copy(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    """R10: the next start works on the file that is there."""
    sqlite_ledger.backup(tmp_path / "copy.db")
    os.replace(tmp_path / "copy.db", tmp_path / "ledger.db")
    with open_at(tmp_path / "ledger.db").begin() as tx:
        assert record(tx).id == 1


def test_two_names_of_one_file_have_one_owner(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    """R03: a ledger reached through a link is owned where it really lies."""
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "ledger.db")
    other = open_at(link)
    with sqlite_ledger.exclusive("desk:factory"):
        with pytest.raises(OwnedElsewhere), other.exclusive("desk:factory"):
            pytest.fail("owned twice")
        assert other.holder("desk:factory") == sqlite_ledger.holder("desk:factory")
    with other.begin() as tx:
        record(tx)
    with sqlite_ledger.look() as tx:
        assert len(tx.entries()) == 1


def test_a_new_ledger_is_told(tmp_path: Path) -> None:
    """Whoever expected the old one learns from the log that this one is new; an existing one is opened without a word."""
    with capture_logs() as logs:
        open_at(tmp_path / "ledger.db", create=True)
        open_at(tmp_path / "ledger.db", create=True)
    assert logs == [{"event": "ledger.created", "log_level": "info", "ledger": str(tmp_path / "ledger.db")}]
