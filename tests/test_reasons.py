"""The help of each reason."""

from __future__ import annotations

import re

import pytest

from reconciler.model import MESSAGE_REASONS, Reason
from reconciler.reasons import HELP

VERBS = {"resolve", "explain", "show", "doctor", "fixture"}
SELF_HEALING = {Reason.DESK_UNREACHABLE, Reason.WITNESS_UNREACHABLE, Reason.QUOTA_SPENT, Reason.UNKNOWN_OUTCOME}


def test_every_reason_has_its_help() -> None:
    """No hold without a word on what happened and what to do."""
    assert set(HELP) == set(Reason)


@pytest.mark.parametrize("reason", list(Reason))
def test_help_is_one_line_with_a_command(reason: Reason) -> None:
    """One line each, ending as a sentence does, with a command to type that takes the id lists print."""
    text = HELP[reason]
    for line in (text.what, text.next_step):
        assert line.endswith(".")
        assert line == " ".join(line.split())
    commands = re.findall(r"`reconciler (\w+)([^`]*)`", text.next_step)
    assert commands
    assert {verb for verb, _ in commands} <= VERBS
    resolved = [rest for verb, rest in commands if verb == "resolve"]
    assert all(re.fullmatch(r" ID --(order N|trust|retry|discard WHY)", rest) for rest in resolved)
    assert resolved


@pytest.mark.parametrize("reason", sorted(SELF_HEALING))
def test_help_says_when_nothing_need_be_done(reason: Reason) -> None:
    """What is tried again by itself says so, so that nobody types an income beside it."""
    assert "by itself" in HELP[reason].what + HELP[reason].next_step


def test_help_offers_what_fits() -> None:
    """A letter is vouched for, an order number is given to a payment: never the other way round."""
    trusted = {reason for reason in Reason if "--trust" in HELP[reason].next_step}
    ordered = {reason for reason in Reason if "--order N" in HELP[reason].next_step}
    assert trusted == {Reason.UNTRUSTED}
    assert ordered
    assert not ordered & MESSAGE_REASONS
