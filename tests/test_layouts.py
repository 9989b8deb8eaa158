"""A changed template is told while it still reads, and beside the hold once it does not; letters here are reconstructed."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from reconciler import timeline
from reconciler.doctor.findings import Level
from reconciler.doctor.layouts import look_at_layouts
from reconciler.fingerprint import Outline
from reconciler.flow import layouts
from reconciler.ledger import Ledger
from reconciler.model import MailState, Message, OutcomeWord, Reason, Shape
from reconciler.sandbox import letters
from tests.rules.stage import LINES, Stage, signed_lines

Logs = Sequence[MutableMapping[str, Any]]


def letter(number: int, *more: str, without: str = "Телефон", to: str = "pay@example.ua") -> bytes:
    usual = [f"Номер платежу: WFP-{number}", "Номер замовлення: 12345", "Телефон: немає", "Платник: Іван", *LINES]
    return signed_lines(*(line for line in usual if not line.startswith(without)), *more, to=to)


def grown(folder: Path) -> Stage:
    """A ledger that has met its gateway's usual letters: with a phone, and without one."""
    stage = Stage.make(folder)
    for number in range(layouts.LEARNED_FROM):
        stage.take(letter(number, without="Телефон" if number % 2 else "nothing"))
    return stage


def shapes(ledger: Ledger) -> Sequence[Shape]:
    with ledger.look() as tx:
        return tx.shapes(parser="wayforpay")


def told(logs: Logs) -> list[Mapping[str, Any]]:
    return [line for line in logs if line["event"] == "layout.changed"]


def test_a_young_ledger_learns_quietly(tmp_path: Path) -> None:
    """The first letters of a parser are its usual variety: each shape is kept, and nothing is said."""
    with capture_logs() as logs:
        stage = grown(tmp_path)
        stage.take(letter(100, without="Платник"))
    assert [shape.times for shape in shapes(stage.ledger)] == [5, 5, 1]
    assert {shape.parser_version for shape in shapes(stage.ledger)} == {"1"}
    assert [line["labels_gone"] for line in told(logs)] == [["платник"]]  # the eleventh, which lacks what all ten had


def test_a_new_layout_that_still_reads_is_told_once(tmp_path: Path) -> None:
    """P07: a line that no letter had and one that all had is gone: a warning with both, once; the payments stand."""
    stage = grown(tmp_path)
    with capture_logs() as logs:
        for number in range(100, 103):
            (done,) = stage.take(letter(number, "Спосіб підтвердження: код", without="Платник"))
            assert done.key is not None
    (line,) = told(logs)
    assert (line["log_level"], line["parser"]) == ("warning", "wayforpay")
    assert (line["labels_gone"], line["labels_new"]) == (["платник"], ["спосіб підтвердження"])
    shape = next(shape for shape in shapes(stage.ledger) if shape.fingerprint not in _before(stage))
    assert (shape.times, shape.outline[layouts.DIFFERS]) == (
        3,
        {"labels_gone": ["платник"], "labels_new": ["спосіб підтвердження"]},
    )
    with stage.ledger.look() as tx:
        says = [timeline.sentence(event) for event in tx.history(mail_id=shape.first_mail_id)]
    assert (
        "its layout was new (labels gone: платник; labels new: спосіб підтвердження); it was read all the same" in says
    )


def _before(stage: Stage) -> set[str]:
    return {shape.fingerprint for shape in shapes(stage.ledger) if layouts.DIFFERS not in shape.outline}


def test_a_new_choice_of_usual_lines_is_no_news(tmp_path: Path) -> None:
    """A shape that is put together from known lines is learned without a word."""
    stage = Stage.make(tmp_path)
    for number in range(layouts.LEARNED_FROM):
        stage.take(letter(number, without=("Телефон", "Платник")[number % 2]))
    with capture_logs() as logs:
        stage.take(letter(100, without="nothing"))
    assert told(logs) == []
    assert [shape.times for shape in shapes(stage.ledger)] == [5, 5, 1]


def test_a_stranger_teaches_nothing(tmp_path: Path) -> None:
    """A letter nobody vouches for leaves no shape and raises no alarm."""
    stage = grown(tmp_path)
    with capture_logs() as logs:
        (done,) = stage.take(letters.notice(html=True, reference="WFP-100"))
    assert stage.mail(done).state is MailState.HELD
    assert (told(logs), len(shapes(stage.ledger))) == ([], 2)


def test_an_unreadable_letter_says_that_it_looks_new(tmp_path: Path) -> None:
    """P07: held, and beside why: what differs from all its sender's letters; one of a known shape does not say so."""
    stage = grown(tmp_path)
    (renamed,) = stage.take(letter(100, "Разом до списання: 1 250,00 грн", without="Сума"))
    mail = stage.mail(renamed)
    assert (mail.state, mail.facts["field"]) == (MailState.HELD, "amount")
    assert mail.facts["layout"]["labels_gone"] == ["сума"]
    assert mail.facts["layout"]["labels_new"] == ["разом до списання"]
    (usual,) = stage.take(letter(101, without="nothing"))
    assert usual.key is not None
    (odd,) = stage.take(signed_lines(*_odd_sum(), "Номер платежу: WFP-102", "Номер замовлення: 1", "Платник: Іван"))
    assert stage.mail(odd).state is MailState.HELD
    assert "layout" not in stage.mail(odd).facts
    assert len(shapes(stage.ledger)) == 2


def _odd_sum() -> list[str]:
    return [line if not line.startswith("Сума") else "Сума: багато" for line in LINES]


def test_nothing_is_said_of_a_letter_before_others_are_known(tmp_path: Path) -> None:
    """On a young ledger a held letter names no layout: there is nothing to compare it with."""
    stage = Stage.make(tmp_path)
    (done,) = stage.take(letter(1, without="Сума"))
    assert (stage.mail(done).state, "layout" in stage.mail(done).facts) == (MailState.HELD, False)


def test_letters_without_a_template_are_bounded(tmp_path: Path) -> None:
    """Where every letter looks otherwise, so many shapes are kept, no more, and nothing is told from then on."""
    stage = grown(tmp_path)
    with stage.ledger.begin() as tx:
        for number in range(layouts.MOST_SHAPES - 2):
            outline = {"labels": ["сума"], "skeleton": []}
            tx.shape_seen(parser="wayforpay", parser_version="1", fingerprint=str(number), outline=outline, mail_id=1)
    with capture_logs() as logs:
        (done,) = stage.take(letter(100, "Щось інше: так"))
    assert done.key is not None
    assert (told(logs), len(shapes(stage.ledger))) == ([], layouts.MOST_SHAPES)
    assert any("so many layouts" in finding.what for finding in look_at_layouts(stage.ledger))


def test_the_doctor_tells_of_a_changed_layout(tmp_path: Path) -> None:
    """`doctor` has a remark for each layout that changed of late, with the mail to look at; the usual ones are fine."""
    stage = grown(tmp_path)
    assert [finding.level for finding in look_at_layouts(stage.ledger)] == [Level.OK]
    stage.take(letter(100, "Спосіб підтвердження: код"))
    (usual, changed) = look_at_layouts(stage.ledger)
    assert usual.what == "11 letter(s) that wayforpay read came in 3 layout(s)"
    assert (changed.level, "labels new: спосіб підтвердження" in changed.what) == (Level.REMARK, True)
    assert "`reconciler show m11`" in changed.next_step
    stage.clock.pass_(days=31)
    assert [finding.level for finding in look_at_layouts(stage.ledger)] == [Level.OK]


def test_a_layout_that_cannot_be_told_leaves_the_letter_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D24: whatever breaks while it is said why a letter was not read holds that letter, and stops nothing."""
    stage = grown(tmp_path)

    def broken(message: Message) -> Outline:
        raise ZeroDivisionError

    monkeypatch.setattr(layouts, "outline_of", broken)
    (done,) = stage.take(signed_lines("Номер платежу: WFP-100", "Статус: Успішно"))
    assert (done.outcome, done.reason) == (OutcomeWord.HELD, Reason.PARSER_FAILED)
