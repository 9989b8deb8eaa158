"""Every odd answer on a read and on a write: a read says whether waiting helps, a write never calls unknown failed."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from reconciler.desks.planfix.client import Sent
from reconciler.errors import DeskRefused, DeskStopped, DeskUnreachable, QuotaSpent, ReconcilerError, UnknownOutcome
from reconciler.sandbox.planfix import Fault
from tests.planfix import Rig

STATUS = {"status": {"id": 187}}

ODD = [
    # what Planfix or something before it answers · a read raises · a write raises
    ("drop", DeskUnreachable, UnknownOutcome),
    ("cut", DeskUnreachable, UnknownOutcome),
    ("timeout", DeskUnreachable, UnknownOutcome),
    ("html", DeskUnreachable, UnknownOutcome),
    ("truncated", DeskUnreachable, UnknownOutcome),
    ("text", DeskUnreachable, UnknownOutcome),
    ("status:500", DeskUnreachable, UnknownOutcome),
    ("status:502", DeskUnreachable, UnknownOutcome),
    ("status:503", DeskUnreachable, UnknownOutcome),
    ("status:403", DeskStopped, UnknownOutcome),
    ("status:404", DeskUnreachable, UnknownOutcome),
    ("status:401", DeskStopped, DeskStopped),
    ("redirect:crm.example.ua", DeskStopped, UnknownOutcome),
    ("limited", QuotaSpent, QuotaSpent),
    ("429", QuotaSpent, QuotaSpent),
    ("fail:22", QuotaSpent, QuotaSpent),
    ("fail:22:500", QuotaSpent, QuotaSpent),
    ("fail:1:401", DeskStopped, DeskStopped),
    ("fail:2:401", DeskStopped, DeskStopped),
    ("fail:5:405", DeskStopped, DeskStopped),
    ("fail:5:403", DeskStopped, DeskStopped),
    ("fail:11", DeskStopped, DeskStopped),
    ("fail:20:403", DeskStopped, DeskStopped),
    ("fail:11:500", DeskStopped, UnknownOutcome),
    ("fail:1000:404", DeskRefused, DeskRefused),
    ("fail:1000:400", DeskRefused, DeskRefused),
    ("fail:6:400", DeskRefused, DeskRefused),
    ("fail:6001:200", DeskRefused, DeskRefused),
    ("fail:41:400", DeskRefused, DeskRefused),
    ("fail:1002:500", DeskUnreachable, UnknownOutcome),
    ("fail:0:400", DeskUnreachable, UnknownOutcome),
    ("fail:0:500", DeskUnreachable, UnknownOutcome),
    ("fail:1002:409", DeskRefused, UnknownOutcome),
]


@pytest.mark.parametrize(
    ("do", "error"), [pytest.param(do, on_read, id=do) for do, on_read, _ in [*ODD, ("empty", DeskUnreachable, None)]]
)
def test_an_odd_answer_to_a_read(rig: Rig, do: str, error: type[ReconcilerError]) -> None:
    """No odd answer counts as success, and each says whether waiting helps. T01 T02 T16"""
    rig.planfix.faults.add(Fault(on="GET /ping", do=do))
    with pytest.raises(error) as caught:
        rig.client(timeout_seconds=0.5).get("ping")
    assert type(caught.value) is error
    assert rig.planfix.token not in str(caught.value)


@pytest.mark.parametrize(("do", "error"), [pytest.param(do, on_write, id=do) for do, _, on_write in ODD])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_odd_answer_to_a_write(rig: Rig, do: str, error: type[ReconcilerError], when: str) -> None:
    """A write is refused only where that is proven; all else is unknown, whether it had its effect or not. T01 T04"""
    rig.planfix.add_order(4711)
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do=do, when=when))
    with pytest.raises(error) as caught:
        rig.client(timeout_seconds=0.5).send("task/4711", STATUS)
    assert type(caught.value) is error
    assert rig.planfix.count("POST /task/{id}") == 1


def test_a_write_that_never_left_is_not_unknown(rig: Rig) -> None:
    """No connection: provably nothing was written, so it may simply be tried again. T04"""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}/rest/"
    with pytest.raises(DeskUnreachable):
        rig.client(url=nobody).send("task/4711", STATUS)


@pytest.mark.parametrize(("do", "queued"), [("202", True), ("empty", False)])
def test_accepted_without_more(rig: Rig, do: str, queued: bool) -> None:
    """202 is queued; 200 with an empty body is how some updates say yes."""
    rig.planfix.add_order(4711)
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do=do, when="after"))
    assert rig.client().send("task/4711", STATUS).queued is queued


def test_an_unknown_token_stops_the_desk(rig: Rig) -> None:
    """A token that expires in mid-run stops the desk and writes nothing; the message says what to do, not the token. T02"""
    rig.planfix.add_order(4711)
    client = rig.client()
    client.get("ping")
    rig.planfix.tokens.clear()
    with pytest.raises(DeskStopped, match="API access"):
        client.send("task/4711", STATUS)
    assert rig.planfix.order(4711).history == ()
    rig.planfix.tokens[rig.planfix.token] = frozenset()
    rig.planfix.inactive_tokens.add(rig.planfix.token)
    with pytest.raises(DeskStopped, match="switched off"):
        client.get("ping")


def test_a_missing_scope_names_the_scopes(rig: Rig) -> None:
    """Reading works, writing is refused for its scope: the desk stops and says which scopes are needed. T16"""
    rig.planfix.add_order(4711)
    rig.planfix.tokens[rig.planfix.token] = frozenset({"task_readonly"})
    with pytest.raises(DeskStopped, match="task_update"):
        rig.client().send("task/4711", STATUS)


@pytest.mark.parametrize(("do", "seconds", "expected"), [("limited", 40.0, 40.0), ("429", 7.0, 7.0)])
def test_the_pause_that_is_told_is_kept(rig: Rig, do: str, seconds: float, expected: float) -> None:
    """timeToReset and Retry-After decide, and the throttle every process shares is told. T07 T08"""
    rig.planfix.faults.add(Fault(on="GET /ping", do=do, seconds=seconds))
    with pytest.raises(QuotaSpent) as caught:
        rig.client().get("ping")
    assert caught.value.retry_after == expected
    assert rig.throttle.penalties == [expected]


def test_the_pause_grows_when_none_is_told(rig: Rig) -> None:
    """2, 4, 8 … 300 seconds, and back to 2 after an answer. T07"""
    client = rig.client()
    rig.planfix.faults.add(Fault(on="GET /ping", do="limited", times=10))
    for _ in range(10):
        with pytest.raises(QuotaSpent):
            client.get("ping")
    assert rig.throttle.penalties == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    client.get("ping")
    rig.planfix.faults.add(Fault(on="GET /ping", do="limited"))
    with pytest.raises(QuotaSpent):
        client.get("ping")
    assert rig.throttle.penalties[-1] == 2


def test_a_spent_day_is_told_apart_by_its_length(rig: Rig) -> None:
    """The day's quota is used up: the refusal says until when, and the last answer said how much was left. T08"""
    client = rig.client()
    rig.planfix.manners.quota = 1
    rig.planfix.manners.quota_resets_in = 7200.0
    client.get("ping")
    assert client.remaining == 0
    with pytest.raises(QuotaSpent) as caught:
        client.get("ping")
    assert caught.value.retry_after == 7200.0


def test_every_request_takes_a_token(rig: Rig) -> None:
    """Reads and writes alike pass the one throttle. T07"""
    rig.planfix.add_order(4711)
    client = rig.client()
    client.get("ping")
    client.ask("task/list", {"fields": "id"})
    assert isinstance(client.send("task/4711", STATUS), Sent)
    assert rig.throttle.taken == rig.planfix.count() == 3


def test_a_redirect_names_the_host_to_configure(rig: Rig) -> None:
    """An account that moved to its own domain says so; the token is not sent there."""
    rig.planfix.faults.add(Fault(on="GET /ping", do="redirect:crm.example.ua"))
    with pytest.raises(DeskStopped, match=r"crm\.example\.ua"):
        rig.client().get("ping")


def test_nothing_shows_the_token(rig: Rig) -> None:
    """repr of the client and of the settings keep it to themselves."""
    assert rig.planfix.token not in f"{rig.client()!r} {rig.settings!r} {rig.http!r}"
