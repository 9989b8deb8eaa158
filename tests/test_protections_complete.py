"""Whatever could cost money has a protection that is known by its lines, so that its removal can be tried."""

from __future__ import annotations

import pytest

from tests.prove_modes import COUNTS, modes
from tests.prove_protections import protections


@pytest.mark.parametrize("letter", COUNTS)
def test_every_grave_failure_mode_has_its_protection(letter: str) -> None:
    """Every covered id of severity A is in a protection of tests/protections/."""
    protected = {name for protection in protections() for name in protection.ids}
    grave = [
        mode.id
        for mode in modes().values()
        if mode.id[0] == letter and mode.severity == "A" and mode.state == "covered"
    ]
    assert [name for name in grave if name not in protected] == []
