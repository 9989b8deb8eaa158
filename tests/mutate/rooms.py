"""
What is mutated, and the tests by which it is judged. In: paths people name. Out: modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

ROOMS = ("reconciler/trust", "reconciler/reading.py", "reconciler/extract", "parsers")

TESTS = (
    "tests/test_amounts.py",
    "tests/test_asides.py",
    "tests/test_blocks.py",
    "tests/test_casebook.py",
    "tests/test_contradictions.py",
    "tests/test_corpus.py",
    "tests/test_css.py",
    "tests/test_dates.py",
    "tests/test_decide.py",
    "tests/test_drawing.py",
    "tests/test_fields.py",
    "tests/test_fingerprint.py",
    "tests/test_fixtures.py",
    "tests/test_gateway_corners.py",
    "tests/test_gateway_settings.py",
    "tests/test_gateways.py",
    "tests/test_generated_letters.py",
    "tests/test_kinds.py",
    "tests/test_labels.py",
    "tests/test_labeltable.py",
    "tests/test_layouts.py",
    "tests/test_letters.py",
    "tests/test_lines.py",
    "tests/test_manners.py",
    "tests/test_markup.py",
    "tests/test_message.py",
    "tests/test_message_hostile.py",
    "tests/test_notices.py",
    "tests/test_orders.py",
    "tests/test_page.py",
    "tests/test_plain_letters.py",
    "tests/test_profiles.py",
    "tests/test_proposal.py",
    "tests/test_reading.py",
    "tests/test_reading_cost.py",
    "tests/test_reasons.py",
    "tests/test_records.py",
    "tests/test_register.py",
    "tests/test_runs.py",
    "tests/test_seen.py",
    "tests/test_shapes.py",
    "tests/test_strange_labels.py",
    "tests/test_tables.py",
    "tests/test_text.py",
    "tests/test_trust.py",
    "tests/test_trust_arc.py",
    "tests/test_trust_corners.py",
    "tests/test_trust_reasons.py",
    "tests/test_trust_standards.py",
    "tests/test_unshown.py",
    "tests/test_wayforpay.py",
    "tests/rules/test_rule_2_forwarded.py",
    "tests/rules/test_rule_2_trust.py",
)
"""Fast, and about what is mutated. The others prove the same letters through daemons, desks and ledgers, far more slowly."""


def modules(root: Path, rooms: Iterable[str]) -> Sequence[str]:
    """Every module of these rooms, by its path from the root. Raises: FileNotFoundError."""
    found: set[str] = set()
    for room in rooms:
        path = root / room
        if not path.exists():
            raise FileNotFoundError(f"{room}: no such room")
        for file in [path] if path.is_file() else path.rglob("*.py"):
            found.add(file.relative_to(root).as_posix())
    return sorted(found)


def room_of(file: str, rooms: Iterable[str]) -> str:
    """The room a module is in; the longest name that fits."""
    return max((room for room in rooms if file == room or file.startswith(f"{room}/")), key=len)
