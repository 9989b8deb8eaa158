"""Every switch does to a real client what its line of help says, counts what it did, and is over when it is off."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import dns.exception
import dns.resolver
import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from reconciler.http import Http, NoAnswer
from reconciler.sandbox import switches
from reconciler.sandbox.planfix.world import AWAITING
from reconciler.sandbox.stage import Stage
from reconciler.sandbox.switches import SwitchError

UNANSWERED = "no answer"
STATUS_ID = 187
NAME = "sandbox._domainkey.wayforpay.com.ua"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as found:
        found.planfix.add_order("10417", "50.00")
        yield found


# ---------------------------------------------------------------- names


def test_every_switch_has_a_line_of_help() -> None:
    """A room, a name, one sentence, and parameters that each have a default."""
    known = switches.known()
    assert len(known) > 50
    for name, switch in known.items():
        assert name.partition(".")[0] in {"imap", "planfix", "dns", "clock", "disk", "process"}
        assert switch.help.endswith((".", ").")), name
        assert switch.usage.startswith(name)
        assert all(type(item.default) is item.kind for item in switch.parameters.values()), name


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("planfix.timeout_afer", {}, "did you mean planfix.timeout_after?"),
        ("planfix.timeout_after", {"time": 3}, "did you mean times?"),
        ("planfix.timeout_after", {"times": "many"}, "times is a whole number, not 'many'"),
        ("planfix.timeout_after", {"times": True}, "times is a whole number, not True"),
        ("planfix.latency", {"seconds": ""}, "seconds is a number, not ''"),
        ("planfix.timeout_after", {"request": "creates"}, "there is no request 'creates'"),
        ("planfix.unreadable_after", {"answer": "poem"}, "html, truncated, text, empty"),
        ("planfix.lands_late", {"answer": "poem"}, "drop, timeout or a status"),
        ("planfix.scope_missing", {"scope": "all"}, "there is no scope 'all'"),
        ("planfix.field_renamed", {"field": "Колір"}, "there is no field 'Колір'"),
        ("planfix.order_edited", {"edit": "colour"}, "due, status, typed"),
        ("imap.drop", {"reset": "perhaps"}, "reset is yes or no, not 'perhaps'"),
        ("dns.dead", {"x": 1}, "there is no parameter 'x'; there are none"),
    ],
)
def test_a_switch_that_is_not_there_is_told(stage: Stage, name: str, given: Mapping[str, Any], words: str) -> None:
    """A wrong name, parameter or value says what there is instead, and switches nothing."""
    with pytest.raises(SwitchError) as told:
        switches.on(stage, name, **given)
    assert words in str(told.value)
    assert stage.lit == {}


def test_a_keyboard_gives_texts(stage: Stage) -> None:
    """Parameters may be texts, as they are typed."""
    switches.on(stage, "planfix.error_before", request="GET /ping", status="500", times="2")
    assert [ask(stage, "GET", "/ping") for _ in range(3)] == [500, 500, 200]


def test_what_is_on_goes_off(stage: Stage) -> None:
    """`off` ends one, `all_off` the rest; on again begins anew; off of what is not on is nothing."""
    switches.on(stage, "planfix.error_before", times=0)
    switches.on(stage, "planfix.token_revoked")
    assert set(stage.lit) == {"planfix.error_before", "planfix.token_revoked"}
    switches.on(stage, "planfix.error_before", status=500, times=0)
    switches.off(stage, "planfix.token_revoked")
    switches.off(stage, "planfix.token_revoked")
    assert ask(stage, "GET", "/ping") == 500
    switches.all_off(stage)
    assert (stage.lit, ask(stage, "GET", "/ping")) == ({}, 200)


# ---------------------------------------------------------------- planfix


def ask(stage: Stage, method: str, path: str, body: Any = None, timeout: float = 0.5) -> int | str:
    """The status of the answer, or that there was none."""
    return said(stage, method, path, body, timeout)[0]


def said(stage: Stage, method: str, path: str, body: Any = None, timeout: float = 5.0) -> tuple[int | str, Any]:
    with Http() as http:
        headers = {"Authorization": f"Bearer {stage.planfix.token}"}
        try:
            answer = http.request(
                method, stage.planfix.url.rstrip("/") + path, json=body, headers=headers, timeout=timeout
            )
        except NoAnswer:
            return UNANSWERED, None
    with suppress(ValueError):
        return answer.status, json.loads(answer.body)
    return answer.status, answer.body


def create(stage: Stage) -> int | str:
    row = {"dataTag": {"id": 12}, "items": [{"customFieldData": [{"field": {"id": 501}, "value": 50.0}]}]}
    return ask(stage, "POST", f"/task/{stage.planfix.order('10417').task}/datatags/", row)


def advance(stage: Stage) -> int | str:
    return ask(stage, "POST", "/task/10417", {"status": {"id": STATUS_ID}})


@pytest.mark.parametrize(
    ("name", "given", "answer", "rows"),
    [
        ("planfix.error_before", {"status": 500}, 500, 0),
        ("planfix.drop_before", {}, UNANSWERED, 0),
        ("planfix.timeout_before", {}, UNANSWERED, 0),
        ("planfix.error_after", {}, 502, 1),
        ("planfix.drop_after", {}, UNANSWERED, 1),
        ("planfix.cut_after", {}, UNANSWERED, 1),
        ("planfix.timeout_after", {}, UNANSWERED, 1),
        ("planfix.unreadable_after", {}, 200, 1),
        ("planfix.unreadable_after", {"answer": "truncated"}, 201, 1),
        ("planfix.fail", {}, 200, 0),
        ("planfix.html", {}, 200, 0),
        ("planfix.truncated", {}, 201, 0),
        ("planfix.queued_never", {"request": "create"}, 202, 0),
        ("planfix.nothing_stored", {}, 201, 0),
        ("planfix.limited", {}, 403, 0),
        ("planfix.too_many", {}, 429, 0),
        ("planfix.day_quota", {}, 403, 0),
        ("planfix.token_revoked", {}, 401, 0),
        ("planfix.scope_missing", {}, 405, 0),
    ],
)
def test_a_create_in_trouble(stage: Stage, name: str, given: Mapping[str, Any], answer: int | str, rows: int) -> None:
    """What is answered, whether the row is there all the same, that it was counted, and that the next one is well."""
    lit = switches.on(stage, name, **given)
    assert create(stage) == answer
    assert len(stage.planfix.incomes) == rows
    assert lit.struck() == 1
    switches.all_off(stage)
    assert create(stage) == 201
    assert len(stage.planfix.incomes) == rows + 1


@pytest.mark.parametrize(("given", "answer"), [({"seconds": 0.05}, UNANSWERED), ({"answer": "503"}, 503)])
def test_a_create_lands_late(stage: Stage, given: Mapping[str, Any], answer: int | str) -> None:
    """Not there when the client has its answer, or none; there a while later, once."""
    lit = switches.on(stage, "planfix.lands_late", **{"seconds": 0.2, **given})
    assert create(stage) == answer
    until(lambda: len(stage.planfix.incomes) == 1)
    assert lit.struck() == 1


def test_a_late_create_lands_when_it_is_switched_off(stage: Stage) -> None:
    """seconds=0 and requests=0: it waits for that; requests=1: a request goes by first."""
    switches.on(stage, "planfix.lands_late", seconds=0)
    assert create(stage) == UNANSWERED
    assert ask(stage, "GET", "/ping") == 200
    assert stage.planfix.incomes == []
    switches.all_off(stage)
    assert len(stage.planfix.incomes) == 1
    switches.on(stage, "planfix.lands_late", requests=1)
    create(stage)
    seen = []
    for _ in range(2):
        ask(stage, "GET", "/ping")
        seen.append(len(stage.planfix.incomes))
    assert seen == [1, 2]


def test_a_queued_status_comes_later(stage: Stage) -> None:
    """202, and the status is set behind a later request's back."""
    lit = switches.on(stage, "planfix.queued", after_requests=0)
    assert advance(stage) == 202
    assert stage.planfix.order("10417").history == ()
    ask(stage, "GET", "/ping")
    assert (stage.planfix.order("10417").history, lit.struck()) == (("У виробництві",), 1)


def test_answers_are_slow(stage: Stage) -> None:
    """A client that is not patient enough has no answer; a patient one has."""
    lit = switches.on(stage, "planfix.latency", seconds=0.3)
    assert ask(stage, "GET", "/ping", timeout=0.05) == UNANSWERED
    assert ask(stage, "GET", "/ping", timeout=20) == 200
    assert lit.struck() == 2
    switches.all_off(stage)
    assert stage.planfix.manners.latency == 0.0


def difference(stage: Stage) -> float:
    _, answer = said(stage, "GET", f"/task/{stage.planfix.order('10417').task}?fields=303")
    found: float = answer["task"]["customFieldData"][0]["value"]
    return found


def test_difference_is_stale(stage: Stage) -> None:
    """After an income so many reads still show the old one."""
    assert difference(stage) == 50.0
    lit = switches.on(stage, "planfix.stale_difference", reads=2)
    create(stage)
    assert [difference(stage) for _ in range(3)] == [50.0, 50.0, 0.0]
    assert lit.struck() == 1
    switches.all_off(stage)
    create(stage)
    assert difference(stage) == -50.0


def listed(stage: Stage, size: int = 100) -> int:
    _, answer = said(stage, "POST", "/datatag/12/entry/list", {"fields": "key", "pageSize": size})
    return len(answer["dataTagEntries"])


def test_lists_lag_and_come_short(stage: Stage) -> None:
    """A new row is not listed at once; a full page lacks a row; a list comes empty."""
    lag = switches.on(stage, "planfix.entry_lag", lists=1)
    create(stage)
    assert [listed(stage), listed(stage)] == [0, 1]
    switches.all_off(stage)
    create(stage)
    short = switches.on(stage, "planfix.short_pages")
    assert listed(stage, size=2) == 1
    switches.all_off(stage)
    assert listed(stage, size=2) == 2
    missing = switches.on(stage, "planfix.rows_missing")
    assert [listed(stage), listed(stage)] == [0, 2]
    assert [lag.struck(), short.struck() > 0, missing.struck()] == [1, True, 1]


def test_a_field_is_renamed(stage: Stage) -> None:
    """The name is another one, and the old one when it is over."""

    def names() -> set[str]:
        _, answer = said(stage, "GET", "/customfield/task?fields=names")
        return {item["name"] for item in answer["customfields"]}

    switches.on(stage, "planfix.field_renamed", field="Оплачено", to="Сплачено")
    assert "Сплачено" in names()
    switches.all_off(stage)
    assert "Сплачено" not in names()


@pytest.mark.parametrize("edit", ["due", "status", "typed"])
def test_somebody_edits_the_order_in_between(stage: Stage, edit: str) -> None:
    """In the moment a create arrives the order is changed by a person, once."""
    lit = switches.on(stage, "planfix.order_edited", edit=edit)
    before = stage.planfix.order("10417")
    assert create(stage) == create(stage) == 201
    now = stage.planfix.order("10417")
    changed = {
        "due": now.due != before.due,
        "status": now.status != before.status,
        "typed": {row.key for row in now.incomes} & stage.typed != set(),
    }
    assert [name for name, there in changed.items() if there] == [edit]
    assert stage.planfix.world.tasks[10417].history == []
    assert lit.struck() == 1
    switches.all_off(stage)
    assert stage.planfix.world.statuses[AWAITING].name == before.status


def test_a_fault_waits_and_ends(stage: Stage) -> None:
    """skip requests go by, times strike; a person's edit obeys the same."""
    switches.on(stage, "planfix.error_before", request="create", skip=1, times=2)
    edited = switches.on(stage, "planfix.order_edited", request="create", edit="due", skip=3, times=1)
    assert [create(stage) for _ in range(5)] == [201, 503, 503, 201, 201]
    assert edited.struck() == 1


# ---------------------------------------------------------------- dns


def looked_up(stage: Stage) -> str:
    resolver = dns.resolver.Resolver(configure=False)
    host, _, port = stage.dns.address.rpartition(":")
    resolver.nameservers, resolver.port, resolver.lifetime = [host], int(port), 0.3
    try:
        answer = resolver.resolve(NAME, "TXT")
    except dns.exception.DNSException as exc:
        return type(exc).__name__
    return "found" if answer.rrset else "empty"


@pytest.mark.parametrize(
    ("name", "seen"), [("dns.dead", "LifetimeTimeout"), ("dns.servfail", "NoNameservers"), ("dns.no_key", "NXDOMAIN")]
)
def test_a_resolver_in_trouble(stage: Stage, name: str, seen: str) -> None:
    """What a real resolver says meanwhile, and that the key is found before and after."""
    assert looked_up(stage) == "found"
    lit = switches.on(stage, name)
    assert looked_up(stage) == seen
    assert lit.struck() > 0
    switches.all_off(stage)
    assert looked_up(stage) == "found"


# ---------------------------------------------------------------- imap

MAIL = b"From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n"


@pytest.fixture
def mailbox(stage: Stage) -> Stage:
    """Two mails lie in the mailbox."""
    for _ in range(2):
        stage.imap.deliver(MAIL)
    return stage


@contextmanager
def client(stage: Stage, timeout: float = 5.0) -> Iterator[IMAPClient]:
    """Somebody else's client, logged in; its line is closed however it ends."""
    found = IMAPClient(stage.imap.host, stage.imap.port, ssl=False, timeout=timeout)
    try:
        found.login("payments", "sandbox")
        yield found
    finally:
        with suppress(OSError, IMAPClientError):
            found.shutdown()


def bodies(stage: Stage, timeout: float = 5.0) -> str:
    """One client's whole visit: how it ended."""
    try:
        with client(stage, timeout) as imap:
            imap.select_folder("INBOX")
            found = imap.fetch([1], ["BODY.PEEK[]"])
    except TimeoutError:
        return "timeout"
    except ConnectionResetError:
        return "reset"
    except ConnectionRefusedError:
        return "refused"
    except (IMAPClientError, OSError, ValueError) as exc:  # imaplib's own errors are IMAPClientErrors
        return f"{type(exc).__name__}: {exc}"
    return "well" if found[1][b"BODY[]"] == MAIL else "odd"


@pytest.mark.parametrize(
    ("name", "given", "seen"),
    [
        ("imap.eof", {"command": "LOGIN"}, "EOF"),
        ("imap.eof", {"command": "UID FETCH", "after": True}, "EOF"),
        ("imap.reset", {"command": "CONNECT"}, "reset"),
        ("imap.reset", {"command": "UID FETCH"}, "reset"),
        ("imap.cut_line", {}, "EOF"),
        ("imap.half_line", {}, "timeout"),
        ("imap.black_hole", {"times": 1}, "timeout"),
        ("imap.huge_literal", {}, "timeout"),
        ("imap.no", {}, "not now"),
        ("imap.bad", {}, "what?"),
        ("imap.bye", {"command": "SELECT"}, "going down"),
        ("imap.malformed", {}, "ProtocolError"),
        ("imap.malformed", {"instead": True}, "timeout"),
        ("imap.login_refused", {}, "wrong name or password"),
        ("imap.down", {}, "refused"),
    ],
)
def test_a_command_in_trouble(mailbox: Stage, name: str, given: Mapping[str, Any], seen: str) -> None:
    """What a real client makes of it, that it was counted, and that the next visit is well."""
    keeps = client(mailbox) if name == "imap.down" else nullcontext()
    with keeps:
        lit = switches.on(mailbox, name, **given)
        assert seen in bodies(mailbox, timeout=0.3)
    assert lit.struck() == 1
    switches.all_off(mailbox)
    assert bodies(mailbox) == "well"


def test_a_slow_line_is_slow_and_whole(mailbox: Stage) -> None:
    """An impatient client has nothing, a patient one everything."""
    lit = switches.on(mailbox, "imap.slow", seconds=0.002)
    assert bodies(mailbox, timeout=20) == "well"
    assert lit.struck() > 0
    switches.on(mailbox, "imap.slow", seconds=1)
    assert bodies(mailbox, timeout=0.1) == "timeout"


@pytest.mark.parametrize("reset", [False, True])
def test_open_lines_are_cut(mailbox: Stage, reset: bool) -> None:
    """A client that is logged in finds its line gone."""
    with client(mailbox) as imap:
        lit = switches.on(mailbox, "imap.drop", reset=reset)
        with pytest.raises((IMAPClientError, OSError)):
            imap.noop()
    assert lit.struck() == 1
    assert bodies(mailbox) == "well"


@pytest.mark.parametrize(
    ("name", "word"), [("imap.no_idle", b"IDLE"), ("imap.no_move", b"MOVE"), ("imap.no_uidplus", b"UIDPLUS")]
)
def test_a_capability_is_not_offered(mailbox: Stage, name: str, word: bytes) -> None:
    """It is not among the words, and is back when it is over; clients of before are sent away to learn it."""

    def offered() -> bool:
        with client(mailbox) as imap:
            return word in imap.capabilities()

    assert offered()
    lit = switches.on(mailbox, name)
    assert not offered()
    assert lit.struck() == 1
    switches.all_off(mailbox)
    assert offered()


def idle(stage: Stage, deliver: bool) -> list[str]:
    """What an idling client is told within a moment, or how it is refused."""
    with client(stage) as imap:
        imap.select_folder("INBOX")
        try:
            imap.idle()
        except IMAPClientError as exc:
            return [str(exc)]
        if deliver:
            stage.imap.deliver(MAIL)
        told = imap.idle_check(timeout=0.3)
        if told:
            told += imap.idle_check(timeout=0.05)
        return [item[1].decode() for item in told]


def test_idle_in_trouble(mailbox: Stage) -> None:
    """Silent, told by EXISTS alone, or refused; and well again."""
    assert idle(mailbox, deliver=True) == ["EXISTS", "RECENT"]
    for name, seen in (("imap.idle_silent", []), ("imap.exists_only", ["EXISTS"])):
        lit = switches.on(mailbox, name)
        assert idle(mailbox, deliver=True) == seen
        assert lit.struck() == 1
        switches.off(mailbox, name)
    lit = switches.on(mailbox, "imap.idle_refused")
    assert "not now" in idle(mailbox, deliver=False)[0]
    assert lit.struck() == 1
    switches.all_off(mailbox)
    assert idle(mailbox, deliver=True) == ["EXISTS", "RECENT"]


def test_a_line_in_idle_falls_into_the_hole_too(mailbox: Stage) -> None:
    """A client that idles already hears of no new mail, and DONE is not answered."""
    with client(mailbox, timeout=0.3) as imap:
        imap.select_folder("INBOX")
        imap.idle()
        switches.on(mailbox, "imap.black_hole")
        mailbox.imap.deliver(MAIL)
        assert imap.idle_check(timeout=0.2) == []
        with pytest.raises(TimeoutError):
            imap.idle_done()
    switches.all_off(mailbox)
    assert idle(mailbox, deliver=True) == ["EXISTS", "RECENT"]


def test_uidvalidity_changes(mailbox: Stage) -> None:
    """Another one with the old numbers; another one with new numbers; none at all."""
    mailbox.imap.remove(1)

    def seen() -> tuple[int | None, list[int]]:
        with client(mailbox) as imap:
            told = imap.select_folder("INBOX")
            return told.get(b"UIDVALIDITY"), list(imap.search())

    first, uids = seen()
    assert first is not None
    assert uids == [2]
    assert switches.on(mailbox, "imap.uidvalidity_changed").struck() == 1
    assert seen() == (first + 1, [2])
    switches.on(mailbox, "imap.uids_reused")
    assert seen() == (first + 2, [1])
    assert mailbox.lit == {}
    lit = switches.on(mailbox, "imap.uidvalidity_untold")
    assert seen() == (None, [1])
    assert lit.struck() == 1
    switches.all_off(mailbox)
    assert seen() == (first + 2, [1])


def test_a_full_mailbox_refuses_what_needs_room(mailbox: Stage) -> None:
    """Flags and copies are refused with OVERQUOTA; reading goes on."""
    lit = switches.on(mailbox, "imap.over_quota")
    with client(mailbox) as imap:
        imap.select_folder("INBOX")
        with pytest.raises(IMAPClientError, match="OVERQUOTA"):
            imap.add_flags([1], [b"\\Flagged"])
    assert bodies(mailbox) == "well"
    assert lit.struck() == 1
    switches.all_off(mailbox)
    with client(mailbox) as imap:
        imap.select_folder("INBOX")
        assert b"\\Flagged" in imap.add_flags([1], [b"\\Flagged"])[1]


def test_a_token_runs_out_before_its_time(mailbox: Stage) -> None:
    """One login with a token is refused, the next one is let in."""
    lit = switches.on(mailbox, "imap.token_expired")
    seen = []
    for token in ("old", "new"):
        imap = IMAPClient(mailbox.imap.host, mailbox.imap.port, ssl=False, timeout=5.0)
        try:
            imap.oauth2_login("payments", token)
            seen.append("in")
        except IMAPClientError as exc:
            seen.append("not valid" if "not valid" in str(exc) else str(exc))
        finally:
            imap.shutdown()
    assert seen == ["not valid", "in"]
    assert lit.struck() == 1


def until(condition: Any) -> None:
    end = monotonic() + 20
    while not condition():
        assert monotonic() < end, "it does not come about"
        sleep(0.01)
