"""A ledger of version 1, full and untidy, becomes one of today's: whole or not at all, counted, and with a way back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from reconciler.errors import (
    LedgerConflict,
    LedgerCorrupt,
    LedgerOutdated,
    LedgerUnavailable,
    OwnedElsewhere,
    ReconcilerError,
)
from reconciler.ledger import Ledger, migrations
from reconciler.ledger.migrations.changes import Change
from reconciler.model import State, StepState
from tests import ledger_v1
from tests.counter import Counter
from tests.ledger_child import child
from tests.ledgers import HandClock, record

NEWEST = migrations.REVISIONS[-1]
NO_UPDATE = {
    "sqlite": ["CREATE TRIGGER deaf BEFORE UPDATE ON mail BEGIN SELECT RAISE(IGNORE); END"],
    "postgresql": [
        "CREATE FUNCTION deaf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER deaf BEFORE UPDATE ON mail FOR EACH ROW EXECUTE FUNCTION deaf()",
    ],
}
"""A database in which no row of `mail` can be changed, and no statement says so."""


@pytest.fixture
def old_url(any_ledger_url: str) -> str:
    """The url of a ledger of version 1, once for each database."""
    ledger_v1.make(any_ledger_url)
    return any_ledger_url


def reopen(url: str, *, upgrade: bool = True) -> Ledger:
    return Ledger.open(url, create=False, clock=HandClock(), actor="tester", upgrade=upgrade)


def version_of(url: str) -> str:
    with ledger_v1.database(url) as engine, engine.connect() as connection:
        return str(connection.execute(text(f"SELECT version_num FROM {migrations.VERSION_TABLE}")).scalar_one())


def run(url: str, *statements: str) -> None:
    with ledger_v1.database(url) as engine, engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def without_history(content: Mapping[str, object]) -> Mapping[str, object]:
    return {table: rows for table, rows in content.items() if table != "event"}


def assert_untouched(url: str, before: object) -> None:
    """Still of version 1, to the last value and without a trace of the new tables."""
    assert version_of(url) == "0001"
    assert ledger_v1.content(url) == before
    with pytest.raises(Exception, match=r"parser_version|shape"):
        run(url, "SELECT parser_version FROM entry")
    with pytest.raises(Exception, match="shape"):
        run(url, "SELECT * FROM shape")


# ---------------------------------------------------------------- it becomes today's


def test_nothing_of_an_old_ledger_is_lost(old_url: str) -> None:
    """O07: held, waiting, unanswered, legacy and odd rows all stand as they stood, and are read and walked on."""
    before = ledger_v1.content(old_url)
    ledger = reopen(old_url)
    assert without_history(ledger_v1.content(old_url)) == without_history(before)
    assert ledger.integrity_check() == []
    with ledger.begin() as tx:
        entries = {entry.id: entry for entry in tx.entries()}
        assert len(entries) == 8
        assert {entry.parser_version for entry in entries.values()} == {"0"}
        assert entries[2].facts == ledger_v1.HUGE
        assert entries[7].amount.minor == 2**53
        assert {mail.id: mail.parser_version for mail in tx.mails()} == {
            1: "0", 2: None, 3: "0", 4: "0", 5: None, 6: "0", 7: None,
        }  # fmt: skip
        assert tx.adopt_sending("factory") == 1
        assert {step.state for step in tx.steps(entry_id=3)} == {StepState.UNKNOWN}
        tx.change(entries[3], State.HELD, reason=entries[3].reason, event="entry.held")
        record(tx, "WFP-new")
        assert tx.shapes() == []


def test_an_upgrade_says_what_it_did(old_url: str) -> None:
    """O08: every change tells how many rows it saw and changed, in the log and in the history, once."""
    with capture_logs() as logs:
        ledger = reopen(old_url)
        reopen(old_url)
    (told,) = [line for line in logs if line["event"] == "ledger.upgraded"]
    assert (told["before"], told["after"]) == ("0001", NEWEST)
    counts = {(change["what"].split()[0], change["seen"], change["changed"]) for change in told["changes"]}
    assert counts == {("entry.parser_version", 8, 8), ("mail", 4, 4)}
    with ledger.look() as tx:
        (event,) = [event for event in tx.history() if event.name == "ledger.upgraded"]
    assert event.facts == {"before": "0001", "after": NEWEST, "changes": list(told["changes"])}


def test_an_empty_ledger_is_upgraded_too(any_ledger_url: str) -> None:
    """O08: nothing to change is an error only where there is something."""
    with ledger_v1.database(any_ledger_url) as engine, engine.begin() as connection:
        migrations._upgrade(connection, to="0001")
    with capture_logs() as logs:
        reopen(any_ledger_url)
    assert [change["seen"] for line in logs for change in line["changes"]] == [0, 0]


def test_a_program_of_before_goes_on(old_url: str) -> None:
    """The new columns have a default: what an older program still writes is taken, and read as without a version."""
    ledger = reopen(old_url)
    with ledger_v1.database(old_url) as engine, engine.begin() as connection:
        ledger_v1.insert_entry(connection, 100, "recorded")
    with ledger.look() as tx:
        assert tx.entry(100).parser_version == "0"


# ---------------------------------------------------------------- or nothing is


def test_a_change_that_changes_nothing_is_no_success(old_url: str) -> None:
    """O08: rows that resist their change, silently, end the upgrade; all of it is taken back."""
    backend = "sqlite" if old_url.startswith("sqlite") else "postgresql"
    run(old_url, *NO_UPDATE[backend])
    before = ledger_v1.content(old_url)
    with pytest.raises(LedgerCorrupt, match="changed none of 4 rows") as refused:
        reopen(old_url)
    assert refused.value.facts["seen"] == 4
    assert_untouched(old_url, before)


def test_rows_against_a_new_rule_are_listed_before_anything_is_changed(old_url: str) -> None:
    """O07: two payments on one income row block the upgrade; both are named with what to do, and it goes on when mended."""
    run(old_url, "UPDATE entry SET income_id = '501' WHERE id IN (3, 8)")
    before = ledger_v1.content(old_url)
    with pytest.raises(LedgerConflict) as refused:
        reopen(old_url)
    assert refused.value.facts["conflicts"] == [[1, 3, 8]]
    assert "e1 and e3 and e8: desk factory, income_id 501" in str(refused.value)
    assert "Nothing was changed" in str(refused.value)
    assert "reconciler resolve ID --order N" in str(refused.value)
    assert_untouched(old_url, before)
    run(old_url, "UPDATE entry SET income_id = NULL WHERE id IN (3, 8)")
    with reopen(old_url).look() as tx:
        assert len(tx.entries()) == 8


def test_one_row_on_the_desk_pays_for_one_payment(old_url: str) -> None:
    """O07: from then on the database refuses it, whatever the code does."""
    ledger = reopen(old_url)
    with pytest.raises(Exception, match=r"uq_entry_desk_income_id|entry\.income_id"), ledger.begin() as tx:
        tx.change(tx.entry(3), State.POSTED, income_id="501", event="income.posted")
    with ledger.look() as tx:
        assert tx.entry(3).income_id is None


def test_a_program_killed_in_the_middle_leaves_the_old_ledger(old_url: str) -> None:
    """O08, R04: kill -9 after the last change and before the commit: nothing has happened, and the next start does it all."""
    before = ledger_v1.content(old_url)
    with child(old_url, "half-upgrade") as program:
        assert program.line() == "half upgraded"
        program.kill()
    assert_untouched(old_url, before)
    with capture_logs() as logs:
        reopen(old_url)
    assert [line["event"] for line in logs] == ["ledger.upgraded"]
    assert without_history(ledger_v1.content(old_url)) == without_history(before)


def test_programs_that_start_together_upgrade_once(old_url: str) -> None:
    """O08, R03: two programs of today start at once on the old ledger: both find it upgraded, one did it."""
    with ExitStack() as stack:
        children = [stack.enter_context(child(old_url, "open")) for _ in range(2)]
        assert [program.line() for program in children] == ["ready", "ready"]
        for program in children:
            program.go()
        assert [program.line() for program in children] == ["opened", "opened"]
    with reopen(old_url).look() as tx:
        assert [event.name for event in tx.history()].count("ledger.upgraded") == 1


def test_a_ledger_that_is_worked_on_is_not_upgraded_under_the_work(old_url: str) -> None:
    """R03: while a program that knows the old tables owns a desk, the upgrade waits and says for whom."""
    before = ledger_v1.content(old_url)
    with child(old_url, "own-old", "desk:factory") as older:
        assert older.line() == "owned"
        with pytest.raises(OwnedElsewhere, match=rf"version 0001 and pid {older.pid} on .* works on it") as refused:
            reopen(old_url)
        assert refused.value.facts["name"] == "ledger"
        assert_untouched(old_url, before)
        older.go()
        assert older.line() == "let go"
    reopen(old_url)
    assert version_of(old_url) == NEWEST


def test_who_only_looks_upgrades_nothing(old_url: str) -> None:
    """A command that promises to change nothing refuses an older ledger and says which start upgrades it."""
    before = ledger_v1.content(old_url)
    with pytest.raises(LedgerOutdated, match="version 0001") as refused:
        reopen(old_url, upgrade=False)
    assert refused.value.facts == {"version": "0001", "known": NEWEST}
    assert_untouched(old_url, before)


# ---------------------------------------------------------------- the way back


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A ledger of version 1 where the commands' settings look for it."""
    path = tmp_path / "reconciler.db"
    ledger_v1.make(f"sqlite:///{path}")
    path.chmod(0o600)
    return path


def test_an_upgrade_leaves_a_copy_of_the_old_file(old_file: Path) -> None:
    """O08: beside the ledger stands what it was, whole and private; put back, the program of before goes on with it."""
    before = ledger_v1.content(f"sqlite:///{old_file}")
    reopen(f"sqlite:///{old_file}")
    copy = old_file.with_name("reconciler.db.version-0001")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert_untouched(f"sqlite:///{copy}", before)


def test_without_a_copy_there_is_no_upgrade(old_file: Path) -> None:
    """O08: where the copy cannot be written nothing is changed."""
    before = ledger_v1.content(f"sqlite:///{old_file}")
    old_file.with_name("reconciler.db.version-0001").mkdir()
    with pytest.raises(LedgerUnavailable, match="version-0001 cannot be written"):
        reopen(f"sqlite:///{old_file}")
    assert_untouched(f"sqlite:///{old_file}", before)
    assert not list(old_file.parent.glob(".*.part"))


def test_a_downgrade_is_refused(counter: Counter, old_file: Path) -> None:
    """O08: an older program on a newer ledger changes nothing, says what to do, and exits as for a ledger it cannot use."""
    reopen(f"sqlite:///{old_file}")
    run(f"sqlite:///{old_file}", f"UPDATE {migrations.VERSION_TABLE} SET version_num = '0999'")
    before = old_file.read_bytes()
    for command in (["ledger"], ["poll"], ["run"], ["show", "e1"]):
        done = counter.run(*command)
        assert done.exit_code == 70
        assert "version 0999, this program knows up to" in done.stderr
        assert "restore the copy made before the upgrade" in done.stderr
    assert old_file.read_bytes() == before


def test_the_commands_tell_a_ledger_that_cannot_be_upgraded(counter: Counter, old_file: Path) -> None:
    """O07: the conflicts are listed where the owner looks: on stderr, by the first command after the upgrade."""
    run(f"sqlite:///{old_file}", "UPDATE entry SET income_id = '502' WHERE id = 3")
    done = counter.run("ledger")
    assert done.exit_code == 70
    assert "e3 and e4: desk factory, income_id 502" in done.stderr


def test_doctor_upgrades_nothing(counter: Counter, old_file: Path) -> None:
    """The doctor changes nothing, and says that the next start will upgrade."""
    before = ledger_v1.content(f"sqlite:///{old_file}")
    done = counter.run("doctor")
    assert "the ledger is of version 0001" in done.stdout
    assert_untouched(f"sqlite:///{old_file}", before)


def test_a_change_is_told_with_its_numbers() -> None:
    """O08: what a migration reports is what it counted; none of some is an error before it can be reported."""
    with pytest.raises(ReconcilerError, match="none of 3 rows"):
        migrations.changes.tell("0009", "x", seen=3, changed=0)
    assert Change("0009", "x", 3, 3).changed == 3
