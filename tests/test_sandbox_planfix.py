"""The sandbox Planfix behaves as the reference says, odd manners included; asked with plain requests, not through the desk."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from time import monotonic, sleep
from typing import Any

import pytest

from reconciler.http import Http, NoAnswer
from reconciler.sandbox.planfix import Fault, SandboxPlanfix
from tests.planfix import Rig

ROW = {"dataTag": {"id": 12}, "items": [{"customFieldData": [
    {"field": {"id": 501}, "value": 1000.5}, {"field": {"id": 502}, "value": {"date": "21-11-2025"}},
    {"field": {"id": 503}, "value": "WFP-1"},
]}]}  # fmt: skip


class Api:
    """Plain requests with the sandbox's token."""

    def __init__(self, planfix: SandboxPlanfix, http: Http) -> None:
        self._planfix = planfix
        self._http = http
        self.token = planfix.token

    def __call__(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, timeout: float = 5.0
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self._http.request(
            method, self._planfix.url.rstrip("/") + path, json=body, headers=headers, timeout=timeout
        )
        return answer.status, json.loads(answer.body) if answer.content_type == "application/json" else answer.body

    def tasks(self, *filters: Mapping[str, Any], fields: str = "id", **more: Any) -> list[Any]:
        status, answer = self("POST", "/task/list", {"fields": fields, "filters": list(filters), **more})
        assert status == 200, answer
        found: list[Any] = answer["tasks"]
        return found

    def values(self, task: str, fields: str = "301,302,303") -> dict[int, Any]:
        _, answer = self("GET", f"/task/{task}?fields={fields}")
        return {item["field"]["id"]: item["value"] for item in answer["task"]["customFieldData"]}


@pytest.fixture
def api(rig: Rig) -> Api:
    return Api(rig.planfix, rig.http)


def equal(kind: int, value: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "operator": "equal", "value": value, **more}


def test_fields_come_only_when_asked_for_by_id(rig: Rig, api: Api) -> None:
    """Without `fields` little more than the id; custom fields by numeric id only, and only those of the task's template."""
    order = rig.planfix.add_order(4711, "1250.50")
    assert api.tasks(equal(57, 4711)) == [{"id": 4711}]
    assert api.tasks(equal(57, 4711), fields="id,customFieldData,customFields") == [{"id": 4711}]
    row = api.tasks(equal(57, int(order.task)), fields="id,parent,template,status,processId,301,304")[0]
    assert (row["parent"], row["template"], row["processId"]) == ({"id": 4711}, {"id": 52}, 78)
    assert [(item["field"]["id"], item["value"], item["stringValue"]) for item in row["customFieldData"]] == [
        (301, 1250.5, "1\u00a0250,50")
    ]


def test_an_entry_moves_the_totals(rig: Rig, api: Api) -> None:
    """A new entry makes a comment, has a key, and Paid and Difference follow at once; deleting it takes it back."""
    order = rig.planfix.add_order(4711, "1250.50")
    status, answer = api("POST", f"/task/{order.task}/datatags/", ROW)
    assert (status, answer["keys"]) == (201, [155])
    assert answer["commentId"]
    assert api.values(order.task) == {301: 1250.5, 302: 1000.5, 303: 250}
    entry = rig.planfix.order(4711).incomes[0]
    assert (entry.amount, entry.date, entry.payment_id) == (Decimal("1000.50"), "2025-11-21", "WFP-1")
    assert api("DELETE", "/datatag/entry/155") == (200, b"")
    assert api.values(order.task)[303] == 1250.5
    assert api("GET", "/datatag/entry/155")[1]["code"] == 6000


def test_a_draft_is_not_computed_until_it_leaves_draft(rig: Rig, api: Api) -> None:
    """Totals of a Draft are absent, and appear when it leaves Draft."""
    order = rig.planfix.add_order(4711, draft=True)
    api("POST", f"/task/{order.task}/datatags/", ROW)
    assert set(api.values(order.task)) == {301}
    rig.planfix.set_draft(4711, False)
    assert api.values(order.task)[302] == 1000.5


def test_totals_are_doubles(rig: Rig, api: Api) -> None:
    """0.1 + 0.2 shows the noise of doubles."""
    order = rig.planfix.add_order(4711, "1", incomes=[("0.1", None), ("0.2", None)])
    assert api.values(order.task)[302] == 0.1 + 0.2 != 0.3


def test_a_stale_difference_lasts_as_many_reads_as_told(rig: Rig, api: Api) -> None:
    """Paid is new at once, Difference a few reads later."""
    order = rig.planfix.add_order(4711, "1000.50")
    rig.planfix.manners.stale_reads = 2
    api("POST", f"/task/{order.task}/datatags/", ROW)
    seen = [(values[302], values[303]) for values in (api.values(order.task) for _ in range(3))]
    assert seen == [(1000.5, 1000.5), (1000.5, 1000.5), (1000.5, 0)]


def test_entry_lists_filter_page_and_lag(rig: Rig, api: Api) -> None:
    """By payment id, by task, by day; a hundred rows a page at most; a new entry may be late."""
    order = rig.planfix.add_order(4711, incomes=[("1", f"P-{number}") for number in range(120)])
    rig.planfix.add_order(4712, incomes=[("1", "P-1")])

    def keys(**body: Any) -> list[Any]:
        _, answer = api("POST", "/datatag/12/entry/list", {"fields": "key,task", **body})
        return [row["key"] for row in answer["dataTagEntries"]]

    by_id = {"type": 3108, "operator": "equal", "field": 503}
    assert keys(filters=[{**by_id, "value": "P-1"}]) == [156, 275]
    assert keys(taskId=int(order.task), filters=[{**by_id, "value": "P-1"}]) == [156]
    assert len(keys(taskId=int(order.task), pageSize=500)) == 100
    assert len(keys(taskId=int(order.task), offset=100)) == 20
    day = {"dateType": "otherDate", "dateValue": "21-11-2026"}
    assert len(keys(filters=[{"type": 3101, "operator": "equal", "field": 502, "value": day}])) == 100
    rig.planfix.manners.short_pages = True
    assert len(keys()) == 99
    rig.planfix.manners.short_pages = False
    rig.planfix.manners.entry_lag = 1
    api("POST", f"/task/{order.task}/datatags/", ROW)
    late = {**by_id, "value": "WFP-1"}
    assert [keys(filters=[late]), keys(filters=[late])] == [[], [276]]


def test_task_filters(rig: Rig, api: Api) -> None:
    """By number, parent, subtree, template, status, text field and entry value; numbers are shared with templates and checklists."""
    order = rig.planfix.add_order("A-1")
    item = rig.planfix.add_task(parent=int(order.id), template=None, kind="Checkmark")
    api("POST", f"/task/{order.task}/datatags/", ROW)

    def ids(*filters: Mapping[str, Any]) -> set[str]:
        return {str(row["id"]) for row in api.tasks(*filters)}

    assert ids(equal(57, [int(order.id), 51])) == {order.id, "51"}
    assert ids(equal(73, int(order.id))) == {order.task, item}
    assert ids(equal(73, int(order.id)), equal(51, 52)) == {order.task}
    assert ids(equal(307, int(order.id))) == {order.id, order.task, item}
    assert ids(equal(10, 185)) == {order.id}
    assert ids(equal(101, "a-1", field=304)) == {order.id}
    assert ids({"type": 101, "operator": "have", "value": "-", "field": 304}) == {order.id}
    sub = {"dataTagId": 12, "filter": {"type": 3108, "field": 503}}
    assert ids(equal(93, "WFP-1", subfilter=sub)) == {order.task}
    assert ids(equal(8, "замовлення A")) == {order.id, order.task}  # "equal" on a name means "contains"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/task/999", None, 400, 1000),
        ("POST", "/task/999", {"status": {"id": 187}}, 404, 1000),
        ("POST", "/task/4711", {"status": {"id": 2000}}, 400, 41),
        ("POST", "/task/4711", {"stat": 1}, 400, 41),
        ("POST", "/task/999/datatags/", ROW, 400, 1000),
        ("POST", "/task/4711/datatags/", {"dataTag": {"id": 99}, "items": []}, 404, 6000),
        ("POST", "/task/list", {"filters": [{"type": 57, "operator": "equal"}]}, 400, 40),
        ("POST", "/task/list", {"filters": [{"type": 57, "operator": "eq", "value": 1}]}, 400, 41),
        ("POST", "/task/list", {"filters": [{"type": 93, "operator": "equal", "value": "x"}]}, 400, 40),
        ("POST", "/datatag/99/entry/list", {}, 404, 6000),
        ("GET", "/datatag/99", None, 404, 6000),
        ("DELETE", "/task/4711", None, 405, 405),
        ("GET", "/nowhere", None, 404, 0),
    ],
)
def test_refusals_carry_their_codes(
    rig: Rig, api: Api, method: str, path: str, body: Any, status: int, code: int
) -> None:
    """The documented status and code for each refusal, and nothing changes."""
    rig.planfix.add_order(4711)
    seen, answer = api(method, path, body)
    assert (seen, answer["result"], answer["code"]) == (status, "fail", code)
    assert rig.planfix.incomes == []


def test_tokens_and_scopes(rig: Rig, api: Api) -> None:
    """Unknown, inactive, and one scope for one right."""
    rig.planfix.tokens["reader"] = frozenset({"task_readonly"})
    rig.planfix.tokens["asleep"] = frozenset()
    rig.planfix.inactive_tokens.add("asleep")
    seen = []
    for token in ("nobody", "asleep", "reader"):
        api.token = token
        seen.append(
            [
                (status, answer.get("code"))
                for status, answer in (api("POST", "/task/list", {}), api("POST", "/task/52", {}))
            ]
        )
    assert seen == [[(401, 1)] * 2, [(401, 2)] * 2, [(200, None), (405, 5)]]


@pytest.mark.parametrize(("answer", "status", "code"), [("limited", 403, 22), ("429", 429, None)])
def test_a_burst_meets_the_limit(rig: Rig, api: Api, answer: str, status: int, code: int | None) -> None:
    """Beyond the burst every request is refused, in either manner."""
    rig.planfix.manners.per_second = 0.001
    rig.planfix.manners.burst = 3
    rig.planfix.manners.limit_answer = answer
    seen = [api("GET", "/ping") for _ in range(5)]
    assert [one for one, _ in seen] == [200, 200, 200, status, status]
    assert seen[4][1].get("code") == code


@pytest.mark.parametrize("do", ["drop", "cut", "timeout"])
@pytest.mark.parametrize(("when", "rows"), [("before", 0), ("after", 1)])
def test_an_unanswered_create_did_or_did_not_happen(rig: Rig, api: Api, do: str, when: str, rows: int) -> None:
    """The line breaks before or after the effect, and the record shows a request without an answer where none was sent."""
    order = rig.planfix.add_order(4711)
    rig.planfix.faults.add(Fault(on="POST /task/{id}/datatags/", do=do, when=when))
    with pytest.raises(NoAnswer):
        api("POST", f"/task/{order.task}/datatags/", ROW, timeout=0.4)
    assert len(rig.planfix.incomes) == rows
    assert rig.planfix.requests[-1].status == (201 if do == "cut" else 0)


def test_a_fault_waits_its_turn_and_ends(rig: Rig, api: Api) -> None:
    """skip lets requests go by, times ends it; a queued status lands later or never."""
    rig.planfix.add_order(4711)
    rig.planfix.faults.add(Fault(on="GET /ping", do="status:503", skip=1, times=2))
    assert [api("GET", "/ping")[0] for _ in range(4)] == [200, 503, 503, 200]
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do="202"))
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do="202", after_requests=0))
    assert api("POST", "/task/4711", {"status": {"id": 188}})[0] == 202
    assert api("POST", "/task/4711", {"status": {"id": 187}})[0] == 202
    assert rig.planfix.order(4711).history == ()
    api("GET", "/ping")
    assert rig.planfix.order(4711).history == ("У виробництві",)
    with pytest.raises(ValueError, match="no fault"):
        Fault(on="*", do="explode")


CREATE = "POST /task/{id}/datatags/"


def test_a_late_create_lands_when_it_is_told_to(rig: Rig, api: Api) -> None:
    """The client has given up, a look finds nothing, and then the row is there, once."""
    order = rig.planfix.add_order(4711)
    rig.planfix.faults.add(Fault(on=CREATE, do="late"))
    with pytest.raises(NoAnswer):
        api("POST", f"/task/{order.task}/datatags/", ROW, timeout=0.2)
    assert (rig.planfix.in_flight, rig.planfix.incomes) == (1, [])
    rig.planfix.land()
    assert (rig.planfix.in_flight, len(rig.planfix.incomes)) == (0, 1)
    rig.planfix.land()
    assert len(rig.planfix.incomes) == 1


def test_a_late_change_lands_after_so_many_requests(rig: Rig, api: Api) -> None:
    """A status that was answered with 503 is set behind the back of the second request after it."""
    rig.planfix.add_order(4711)
    rig.planfix.faults.add(Fault(on="POST /task/{id}", do="late:503", after_requests=1))
    assert api("POST", "/task/4711", {"status": {"id": 187}})[0] == 503
    api("GET", "/ping")
    assert rig.planfix.order(4711).history == ()
    api("GET", "/ping")
    assert rig.planfix.order(4711).history == ("У виробництві",)


def test_a_late_change_lands_after_so_many_seconds(rig: Rig, api: Api) -> None:
    """By itself, without any request; the line was dropped."""
    order = rig.planfix.add_order(4711)
    rig.planfix.faults.add(Fault(on=CREATE, do="late:drop", seconds=0.05))
    with pytest.raises(NoAnswer):
        api("POST", f"/task/{order.task}/datatags/", ROW)
    end = monotonic() + 20
    while not rig.planfix.incomes:
        assert monotonic() < end
        sleep(0.01)
    assert rig.planfix.in_flight == 0


def test_a_success_can_store_nothing(rig: Rig, api: Api) -> None:
    """A key is answered and no row is there; a field that is not the template's is answered and not stored."""
    order = rig.planfix.add_order(4711)
    rig.planfix.faults.add(Fault(on="POST /task/{id}/datatags/", do="nothing"))
    assert api("POST", f"/task/{order.task}/datatags/", ROW)[1]["keys"] == [155]
    assert rig.planfix.incomes == []
    assert api("POST", "/task/4711", {"customFieldData": [{"field": {"id": 301}, "value": 5}]})[0] == 200
    assert rig.planfix.order(4711).due == Decimal("1250.00")


def test_the_hook_sees_both_sides_of_an_effect(rig: Rig, api: Api) -> None:
    """Called before and after, with the request; it may change the account in between, as people do."""
    rig.planfix.add_order(4711)
    seen = []

    def hook(method: str, path: str, body: Mapping[str, Any], phase: str) -> None:
        seen.append((method, path, phase, rig.planfix.order(4711).status))
        if phase == "before":
            rig.planfix.set_due(4711, "1.00")

    rig.planfix.on_request = hook
    api("POST", "/task/4711", {"status": {"id": 187}})
    assert seen == [
        ("POST", "/task/4711", "before", "Очікує оплати"),
        ("POST", "/task/4711", "after", "У виробництві"),
    ]
    assert rig.planfix.order(4711).due == Decimal("1.00")


def test_discovery_lists(rig: Rig, api: Api) -> None:
    """Templates, fields with formula when asked for, tags, processes and their statuses."""
    assert [item["name"] for item in api("GET", "/task/templates?fields=id,name")[1]["templates"]] == [
        "Замовлення",
        "Оплата",
        "Доставка",
    ]
    fields = api("GET", "/customfield/task?fields=id,name,type,formula")[1]["customfields"]
    assert next(item["formula"] for item in fields if item["id"] == 303).startswith("{{Задача.&quot;")
    assert "formula" not in api("GET", "/customfield/task?fields=id,name")[1]["customfields"][2]
    assert api("GET", "/customfield/datatag/12")[1]["customfields"] == api("GET", "/datatag/12")[1]["dataTag"]["fields"]
    assert [item["id"] for item in api("GET", "/process/task")[1]["processes"]] == [77, 78]
    assert 187 in [item["id"] for item in api("GET", "/process/task/77/statuses")[1]["statuses"]]


def test_a_comment_and_an_entry_on_it(rig: Rig, api: Api) -> None:
    """An entry may hang on a comment made before; its answer then has no comment id."""
    order = rig.planfix.add_order(4711)
    status, answer = api("POST", f"/task/{order.task}/comments/", {"description": "a<br>b"})
    assert status == 201
    status, made = api("POST", f"/task/{order.task}/datatags/{answer['id']}", ROW)
    assert (status, "commentId" in made) == (201, False)
    assert api("GET", f"/datatag/entry/{made['keys'][0]}?fields=commentId")[1]["entry"]["commentId"] == answer["id"]


def test_a_broken_body_is_code_30(rig: Rig) -> None:
    """Not JSON: 400, code 30."""
    host, port = rig.planfix.url.removeprefix("http://").partition("/")[0].split(":")
    with socket.create_connection((host, int(port))) as line:
        head = f"POST /rest/task/list HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {rig.planfix.token}\r\nContent-Length: 1\r\n"
        line.sendall(head.encode() + b"Connection: close\r\n\r\n{")
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert b"400" in answer.split(b"\r\n")[0]
    assert b'"code": 30' in answer


def test_it_starts_alone() -> None:
    """`python -m reconciler.sandbox.planfix` prints address and token, serves, and ends on Ctrl-C."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "reconciler.sandbox.planfix", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split("'")[1]
        token = process.stdout.readline().split("'")[1]
        with Http() as http:
            assert http.request("GET", url + "ping", headers={"Authorization": f"Bearer {token}"}).status == 200
        process.send_signal(signal.SIGINT)
        assert "stopped" in process.stdout.read()
    assert process.returncode == 0


def test_a_short_pause_is_told_so_that_it_is_read_as_one(rig: Rig, api: Api) -> None:
    """T07: a pause of one second is told in milliseconds that no client takes for a quarter of an hour."""
    rig.planfix.faults.add(Fault("GET /ping", "limited", seconds=1))
    status, body = api("GET", "/ping")
    assert (status, body["code"]) == (403, 22)
    assert 1000 < body["timeToReset"] < 1100


def test_a_client_that_dies_while_it_asks_has_asked_nothing(
    rig: Rig, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """Half of a request is none, and no trouble of the server's."""
    port = int(rig.planfix.url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"POST /rest/task/list HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert api("GET", "/ping")[0] == 200
    assert [seen.path for seen in rig.planfix.requests] == ["/ping"]
    assert "Traceback" not in caplog.text
