"""The stage: its settings lead to the sandbox alone, its daemon is a real one, its waits name what they waited for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.model import State
from reconciler.sandbox import letters
from reconciler.sandbox.proof import PRODUCTION, Letter, prove
from reconciler.sandbox.record import CREATE
from reconciler.sandbox.stage import Stage, StageFailed
from reconciler.sandbox.toml import dumps, merged

SETTINGS = Path(__file__).parents[1] / "systemd" / "reconciler.example.toml"
FAST = {"requests_per_second": 500.0, "burst": 500, "timeout_seconds": 1, "unknown_wait": "2s"}


# ---------------------------------------------------------------- settings

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    TEXTS,
    st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.sampled_from([UTC])),  # noqa: DTZ001 - the zone is given
)
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=3), lambda below: st.dictionaries(TEXTS, below, max_size=4), max_leaves=12
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_reads_the_same(tables: dict[str, Any]) -> None:
    """Settings that are written as TOML are read back equal, whatever their keys and texts hold."""
    assert tomllib.loads(dumps(tables)) == tables


def test_tables_within_lists_are_written() -> None:
    """A list may hold tables."""
    tables = {"a": [{"b": 1, "c d": ["x"]}, {}]}
    assert tomllib.loads(dumps(tables)) == tables


def test_changes_go_as_deep_as_they_are() -> None:
    """A change keeps its neighbours at every depth, and None takes a key away."""
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": None, "e": {"f": 4}}}) == {
        "a": {"c": 2, "e": {"f": 4}},
        "d": 3,
    }


def test_any_settings_lead_to_the_sandbox_alone(tmp_path: Path) -> None:
    """
    The example settings on a stage: every address, secret and the ledger are the sandbox's; what was chosen stays chosen.
    """
    theirs = tomllib.loads(SETTINGS.read_text("utf-8"))
    with Stage(tmp_path, settings=theirs) as stage:
        settings = load(stage.config, environ={})
        (box,), (desk,) = settings.mailboxes.values(), settings.desks.values()
        assert (box.host, box.port, box.security) == ("127.0.0.1", stage.imap.port, "plain")
        assert (box.authserv_id, box.since) == ("mx.example.ua", datetime(2026, 10, 31, 22, tzinfo=UTC))
        assert (desk.url, desk.token.reveal()) == (stage.planfix.url, stage.planfix.token)
        assert (desk.mode, desk.production_status) == ("observe", "У виробництві")
        assert settings.ledger.url == "sqlite:///reconciler.db"
        assert settings.base == tmp_path
        assert all("//127.0.0.1:" in str(gateway.api_url) for gateway in settings.gateways.values())
        written = stage.config.read_text("utf-8")
    assert "example.planfix.ua" not in written
    assert "imap.example.ua" not in written
    assert "credential" not in written


def test_changed_settings_stay_changed(tmp_path: Path) -> None:
    """`configure` changes single keys, for good."""
    with Stage(tmp_path) as stage:
        stage.configure(desk={"mode": "post"})
        stage.configure(mailbox={"poll_seconds": 7})
        settings = load(stage.config, environ={})
    assert (settings.desks["factory"].mode, settings.mailboxes["payments"].poll_seconds) == ("post", 7)


# ---------------------------------------------------------------- the daemon


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as found:
        found.configure(desk=FAST)
        yield found


def pay(stage: Stage, order: str, amount: str, reference: str = "WFP-STAGE-1") -> None:
    """One genuine letter."""
    raw = letters.notice(
        reference=reference, amount=amount, order=order, paid_at=datetime.now(UTC) - timedelta(seconds=3)
    )
    stage.deliver(Letter(reference=reference, order=order, amount=Decimal(amount)), letters.sign(raw))


def test_a_payment_on_the_stage(stage: Stage) -> None:
    """A letter goes in, the order moves, the ledger and the proof say so, and SIGTERM ends the daemon with 0."""
    stage.planfix.add_order("10417", "50.00")
    stage.start_daemon()
    pay(stage, "10417", "50.00")
    stage.wait_for("the order to move", lambda: stage.planfix.order("10417").status == PRODUCTION)
    stage.wait_for("the ledger to say so", lambda: stage.is_in("WFP-STAGE-1", State.SETTLED))
    assert [advance.paid for advance in stage.record.advances] == [Decimal("50.00")]
    assert stage.stop_daemon() == 0
    assert prove([sent.letter for sent in stage.sent], stage.account(), stage.held()).violations == ()


def test_a_daemon_killed_at_a_request_lives_again(stage: Stage) -> None:
    """SIGKILL in the moment of a request; the events of the second life are its own; one income (T03)."""
    stage.planfix.add_order("10417", "50.00")
    stage.start_daemon()
    stage.record.strike(CREATE, lambda: stage.daemon.kill())
    pay(stage, "10417", "50.00")
    stage.wait_for("its death", lambda: stage.daemon.was_killed, dead=True)
    second = stage.start_daemon()
    stage.wait_for("the order to move", lambda: stage.planfix.order("10417").status == PRODUCTION)
    assert len(second.events("service.ready")) == 1
    assert len(stage.planfix.incomes) == 1


def test_a_suspended_daemon_does_nothing_until_it_goes_on(stage: Stage) -> None:
    """SIGSTOP: nothing is asked; SIGCONT: the work is done."""
    stage.planfix.add_order("10417", "50.00")
    daemon = stage.start_daemon()
    daemon.suspend()
    stage.wait_for("it to stand still", lambda: _state(daemon.pid) == "T")
    pay(stage, "10417", "50.00")
    asked = stage.planfix.count()
    daemon.resume()
    stage.wait_for("the order to move", lambda: stage.planfix.order("10417").status == PRODUCTION)
    assert stage.planfix.count(CREATE) == 1
    assert asked < stage.planfix.count()


def test_a_wait_says_what_it_waited_for(stage: Stage) -> None:
    """In vain, or for a daemon that has ended: the words are in the error."""
    stage.start_daemon()
    stage.patience = 0.1
    with pytest.raises(StageFailed, match=r"waited 0.1 s in vain for rain"):
        stage.wait_for("rain", lambda: False)
    stage.daemon.kill()
    with pytest.raises(StageFailed, match=r"ended with exit code -9 while it was waited for rain"):
        stage.wait_for("rain", lambda: False)


def test_several_mailboxes_and_desks(tmp_path: Path) -> None:
    """Each mailbox has its own login and folder, each desk its own account; a letter's money lands where its shop says."""
    desk: Mapping[str, Any] = {"advance_from": ["Очікує оплати"], "mode": "live", **FAST}
    settings = {
        "mailboxes": {"first": {}, "second": {"folder": "Оплати"}},
        "merchants": {
            "shop": {"gateway": "wayforpay", "names": ["shop_example_ua", "shop.example.ua"], "desk": "east"},
            "decor": {"gateway": "wayforpay", "names": ["decor_example_com", "decor.example.com"], "desk": "west"},
        },
        "desks": {"east": desk, "west": desk},
    }
    with Stage(tmp_path, settings=settings) as stage:
        for planfix in stage.desks.values():
            planfix.add_order("10417", "50.00")
        stage.start_daemon()
        raw = letters.notice(
            reference="WFP-STAGE-2",
            amount="50.00",
            order="10417",
            shop="decor.example.com (decor_example_com)",
            paid_at=datetime.now(UTC) - timedelta(seconds=3),
        )
        letter = Letter(reference="WFP-STAGE-2", order="10417", amount=Decimal("50.00"))
        stage.deliver(letter, letters.sign(raw), mailbox="second", desk="west")
        stage.wait_for("the order to move", lambda: stage.desks["west"].order("10417").status == PRODUCTION)
        assert stage.desks["east"].order("10417").incomes == ()
        assert [advance.order for advance in stage.account("west").advances] == ["10417"]


def _state(pid: int) -> str:
    """A process's state as the kernel tells it: "T" is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
