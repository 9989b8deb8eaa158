"""Names of the settings become ids of the desk: exactly, remembered, and with every problem told at once."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.desks import Level
from reconciler.desks.planfix.formula import Sign, sign_of
from reconciler.desks.planfix.names import Names, Resolution, resolve
from reconciler.errors import DeskStopped, DeskUnreachable
from reconciler.sandbox.planfix import Fault
from reconciler.sandbox.planfix.world import FieldDef, ProcessDef, StatusDef
from tests.planfix import Rig


def names(rig: Rig, *, verify: bool = True, **changes: Any) -> Resolution:
    return resolve(rig.client(**changes), rig.configured(**changes), rig.memory, verify=verify)


def problems(rig: Rig, **changes: Any) -> list[str]:
    with pytest.raises(DeskStopped) as caught:
        names(rig, **changes)
    found = caught.value.facts["problems"]
    assert isinstance(found, list)
    return found


def test_the_sample_settings_fit_the_sandbox(rig: Rig) -> None:
    """Every name of the sample settings is found, with the right id."""
    found = names(rig).names
    assert found == Names(
        order_template=51,
        payment_template=52,
        order_field=None,
        order_field_type=None,
        due=301,
        paid=302,
        difference=303,
        sign=Sign.DUE_PAID,
        income=12,
        income_sum=501,
        income_date=502,
        income_payment_id=503,
        production=found.production,
        advance_from=found.advance_from,
        after_production=(),
    )
    assert (found.production.id, [status.id for status in found.advance_from]) == ("187", ["185"])


@pytest.mark.parametrize(
    ("setting", "asked", "expected"),
    [
        ("due", 301, 301),
        ("paid", "302", 302),
        ("due", " сума  до оплати ", 301),
        ("income", "доходи", 12),
        ("order_template", 51, 51),
        ("order_number", "Номер замовлення", 304),
    ],
)
def test_a_thing_is_named_by_id_or_name(rig: Rig, setting: str, asked: str | int, expected: int) -> None:
    """By id as number or text, by name with other case or spacing."""
    changes: dict[str, Any] = {setting: asked}
    field = "order_field" if setting == "order_number" else setting
    assert getattr(names(rig, verify=True, **changes).names, field) == expected


def test_every_problem_is_told_at_once(rig: Rig) -> None:
    """Each names its setting, its value and what is near: four wrong names give four lines. T15"""
    wrong = {
        "order_template": "Замовленя",
        "due": "Сума",
        "income_payment_id": "Дата",
        "production_status": "В виробництві",
        "difference_sign": "due-due",
    }
    told = problems(rig, **wrong)
    assert len(told) == 4  # statuses are not looked for while their template is unknown
    assert any("desks.factory.order_template: 'Замовленя'" in line and "'Замовлення' (51)" in line for line in told)
    assert any("income_payment_id" in line and "Date" in line and "Short text" in line for line in told)
    assert any("difference_sign" in line for line in told)
    assert any(
        "production_status" in line and "'У виробництві' (187)" in line
        for line in problems(rig, production_status="В виробництві")
    )


def test_an_ambiguous_name_lists_its_ids(rig: Rig) -> None:
    """Two fields of one name are never picked from, unless only one has a type that works."""
    rig.planfix.world.fields[399] = FieldDef(399, "Різниця", 2)
    assert names(rig).names.difference == 303
    rig.planfix.world.fields[398] = FieldDef(398, "Різниця", 1)
    rig.memory.kept.clear()
    assert any("303, 398" in line or "303, 399, 398" in line for line in problems(rig))


def test_a_payment_id_of_many_lines_is_refused(rig: Rig) -> None:
    """Only a Short text can be searched for, so nothing else may hold the payment id. T15"""
    rig.planfix.world.tags[12].fields[2].type = 2
    assert any("Multi-line text" in line and "Short text" in line for line in problems(rig))


def test_statuses_belong_to_the_orders_process(rig: Rig) -> None:
    """Of two statuses with one name the one in the orders' process is meant; one that is not in it is a problem."""
    rig.planfix.world.statuses[250] = StatusDef(250, "У виробництві")
    rig.planfix.world.processes[79] = ProcessDef(79, "Інше", [250])
    assert any("187, 250" in line for line in problems(rig))
    rig.planfix.add_order(4711)
    found = names(rig)
    assert (found.names.production.id, found.statuses_of) == ("187", "Замовлення")
    assert any("'Замовлення'" in line for line in problems(rig, after_production=["Завершена"]))


def test_a_status_cannot_be_before_and_after(rig: Rig) -> None:
    """advance_from may not hold the production status: the order would be advanced for ever."""
    assert any("advance_from" in line for line in problems(rig, advance_from=["У виробництві"]))
    assert any("advance_from" in line for line in problems(rig, advance_from=[]))


def test_names_are_remembered(rig: Rig) -> None:
    """The second start asks nothing; other settings, or another account, are looked up anew."""
    names(rig, verify=False)
    rig.planfix.forget_requests()
    assert names(rig, verify=False).from_memory
    assert rig.planfix.count() == 0
    assert not names(rig, verify=False, due=301).from_memory


def test_a_rename_does_not_stop_the_service_and_is_reported(rig: Rig) -> None:
    """A field and a status are renamed on the desk: their ids stay in use, and people are told the new names. T15"""
    before = names(rig).names
    rig.planfix.rename_field("Різниця", "Залишок")
    rig.planfix.rename_status("У виробництві", "В роботу")
    found = names(rig)
    assert (found.names.difference, found.names.production.id) == (before.difference, before.production.id)
    assert [remark for remark in found.remarks if "'Залишок'" in remark]
    assert [remark for remark in found.remarks if "'В роботу'" in remark]


def test_a_name_that_moved_to_another_field_is_not_followed(rig: Rig) -> None:
    """The old field was renamed and a new one took its name: money must not silently change fields. T15"""
    names(rig)
    rig.planfix.rename_field("Різниця", "Різниця (стара)")
    rig.planfix.world.fields[399] = FieldDef(399, "Різниця", 24)
    assert any("303" in line and "399" in line for line in problems(rig))


def test_a_field_that_was_removed_stops_the_desk(rig: Rig) -> None:
    """Gone is gone: nothing is posted on a guess. T15"""
    names(rig)
    rig.planfix.remove_field("Різниця")
    assert any("difference" in line for line in problems(rig))


def test_a_desk_that_no_longer_fits_posts_nothing_until_it_is_mended(rig: Rig) -> None:
    """The daily look finds a field gone: no verb works on remembered ids any more, also after a restart; mended, all do. T15"""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    assert desk.orders(["4711"])["4711"]
    gone = rig.planfix.world.fields.pop(303)
    for attempt in (lambda: desk.resolve(verify=True), lambda: desk.orders(["4711"]), rig.desk):
        with pytest.raises(DeskStopped, match="difference"):
            attempt()
    rig.planfix.world.fields[303] = gone
    assert desk.orders(["4711"])["4711"]
    rig.planfix.forget_requests()
    assert rig.desk().names == desk.names
    assert rig.planfix.count() == 0


def test_a_desk_that_shows_nothing_does_not_make_names_forgotten(rig: Rig) -> None:
    """A token without a scope, or a desk that is down, says nothing about the names: what was remembered stays. T15"""
    desk = rig.desk()
    known = desk.names
    rig.planfix.tokens[rig.planfix.token] = frozenset()
    with pytest.raises(DeskStopped):
        desk.resolve(verify=True)
    assert desk.names == known
    assert names(rig, verify=False).from_memory


def test_a_desk_that_is_down_does_not_stop_a_start(rig: Rig) -> None:
    """With names remembered a start needs no desk; without, it is tried again."""
    rig.planfix.faults.add(Fault(on="*", do="status:503", times=99))
    with pytest.raises(DeskUnreachable):
        names(rig)
    rig.planfix.faults.clear()
    known = names(rig).names
    rig.planfix.faults.add(Fault(on="*", do="status:503", times=99))
    found = names(rig)
    assert (found.names, found.from_memory) == (known, True)
    assert "not verified" in found.remarks[0]


def test_memory_of_another_shape_is_no_memory(rig: Rig) -> None:
    """What an older version remembered otherwise is looked up again, not trusted."""
    names(rig)
    rig.memory.kept["desk:factory:names"] = {**rig.memory.kept["desk:factory:names"], "names": {"due": 301}}
    assert not names(rig, verify=False).from_memory


@pytest.mark.parametrize("key", ["dataTags", "dataTag"])
def test_data_tags_are_found_under_either_key(rig: Rig, key: str) -> None:
    """The two envelopes of the published description both work."""
    rig.planfix.manners.tag_list_key = key
    assert names(rig).names.income == 12


@pytest.mark.parametrize(
    ("formula", "sign"),
    [
        ('{{Задача.Сума до оплати}}-{{Задача."Оплачено"}}', Sign.DUE_PAID),
        ("{{Задача.&quot;Сума до оплати&quot;}} - {{Задача.&quot;Оплачено&quot;}}", Sign.DUE_PAID),
        ("{{Задача.&amp;quot;Сума до оплати&amp;quot;}}-{{Задача.Оплачено}}", Sign.DUE_PAID),
        ("({{Task.Оплачено}} − {{Task.Сума до оплати}})", Sign.PAID_DUE),
        ("{{Сума до оплати}}-{{оплачено}}", Sign.DUE_PAID),
        ("{{Задача.301}}-{{Задача.302}}", Sign.DUE_PAID),
        ("{{Задача.Сума до оплати}}+{{Задача.Оплачено}}", None),
        ("{{Задача.Сума до оплати}}-{{Задача.Оплачено}}-{{Задача.Знижка}}", None),
        ("{{Задача.Сума до оплати}}-{{Задача.Знижка}}", None),
        ("ABS({{Задача.Сума до оплати}}-{{Задача.Оплачено}})", None),
        ("", None),
    ],
)
def test_the_sign_comes_from_the_formula(formula: str, sign: Sign | None) -> None:
    """A plain subtraction of the two fields, either way round, in every spelling seen; anything else is not interpreted."""
    assert sign_of(formula, due=("Сума до оплати", "301"), paid=("Оплачено", "302")) is sign


def test_a_formula_that_says_nothing_asks_for_the_setting(rig: Rig) -> None:
    """The sign is never assumed."""
    rig.planfix.world.fields[303].formula = None
    assert any("difference_sign" in line and "due-paid" in line for line in problems(rig))
    assert names(rig, difference_sign="paid-due").names.sign is Sign.PAID_DUE


# ---------------------------------------------------------------- doctor


def test_doctor_finds_a_healthy_desk_healthy(rig: Rig) -> None:
    """Nothing but OK, each named thing with id and type, and not one request that writes."""
    rig.planfix.add_order(4711)
    findings = rig.desk().check()
    assert {finding.level for finding in findings} == {Level.OK}
    assert any("'Різниця' is 303, Calculated field" in finding.what for finding in findings)
    assert rig.planfix.count("POST /task/{id}") == rig.planfix.count("POST /task/{id}/datatags/") == 0


def test_doctor_says_what_to_mend(rig: Rig) -> None:
    """A wrong token, a removed field, a sign against the formula, a renamed field: each with a next step. T15"""
    rig.planfix.add_order(4711)
    desk = rig.desk()
    rig.planfix.rename_field("Оплачено", "Сплачено")
    warnings = [finding for finding in desk.check() if finding.level is Level.WARNING]
    assert ["Сплачено" in finding.what for finding in warnings] == [True]
    rig.planfix.rename_field("Сплачено", "Оплачено")
    errors = [finding for finding in rig.desk(difference_sign="paid-due").check() if finding.level is Level.ERROR]
    assert ["difference_sign" in finding.what for finding in errors] == [True]
    rig.planfix.remove_field("Оплачено")
    errors = [finding for finding in desk.check() if finding.level is Level.ERROR]
    assert ["desks.factory.paid" in finding.what for finding in errors] == [True]
    rig.planfix.tokens.clear()
    errors = [finding for finding in desk.check() if finding.level is Level.ERROR]
    assert ["token" in finding.what for finding in errors] == [True]
    assert all(finding.next_step for finding in errors)


def test_doctor_warns_of_unusual_types_and_an_unknown_process(rig: Rig) -> None:
    """Paid as a plain number works and may surprise; without any order the statuses' process cannot be told."""
    rig.planfix.world.fields[302].type = 1
    rig.planfix.manners.quota = 500
    told = [finding.what for finding in rig.desk().check() if finding.level is Level.WARNING]
    assert any("paid" in what and "Number" in what for what in told)
    assert any("process" in what for what in told)
    assert any("requests are left" in what for what in told)
