"""What is asked again is answered from memory; a long text takes none."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.discovery import find_parsers
from reconciler.extract.remembering import remembered
from reconciler.readout import parse_file
from reconciler.sandbox import letters
from tests.test_reading_cost import mail


@pytest.mark.parametrize(("length", "asked"), [(5, 1), (6, 2)])
def test_only_what_is_short_is_remembered(length: int, asked: int) -> None:
    """P14: a text of any length is answered; what is longer than was said is worked out each time."""
    seen: list[str] = []

    @remembered(longest=5, most=8)
    def shout(text: str) -> str:
        seen.append(text)
        return text.upper()

    assert [shout("я" * length), shout("я" * length)] == ["Я" * length] * 2
    assert len(seen) == asked


@pytest.mark.parametrize(("length", "asked"), [(5, 2), (6, 3)])
def test_another_table_is_another_question(length: int, asked: int) -> None:
    """What one sender's table says of a line, another's does not."""
    seen: list[str] = []

    @remembered(longest=5, most=8)
    def stands_in(text: str, table: frozenset[str]) -> bool:
        seen.append(text)
        return text in table

    line = "я" * length
    assert [stands_in(line, frozenset([line])), stands_in(line, frozenset()), stands_in(line, frozenset())] == [
        True,
        False,
        False,
    ]
    assert len(seen) == asked


def test_no_more_is_kept_than_was_said() -> None:
    """The oldest answer makes room."""
    seen: list[str] = []

    @remembered(longest=5, most=1)
    def told(text: str) -> int:
        """Its own words."""
        seen.append(text)
        return len(seen)

    assert [told("a"), told("a"), told("b"), told("a")] == [1, 1, 2, 3]
    assert (told.__name__, told.__doc__) == ("told", "Its own words.")


def test_a_flood_of_long_lines_leaves_nothing_behind() -> None:
    """P14: letters of lines longer than a notice's are read or refused, and no memory keeps their lines, labels or values."""
    parsers = find_parsers()

    def read(number: int) -> None:
        long = f"{number} {'плат ' * 350}"
        rows = "".join(f"<tr><td>{label}</td><td>{long}</td></tr>" for label in ("Статус", "Сума", "Магазин", long))
        for body in (f"<table>{rows}</table><p>{long}</p>", f"<p>{long * 60}</p>", f"<p style='x{long}'>{long}</p>"):
            assert "error" in parse_file(mail("html", body, subject=long), "notice.eml", parsers)[0]

    read(0)
    tracemalloc.start()
    try:
        for number in range(1, 21):
            read(number)
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 100_000  # of 15 MB


def test_letters_read_at_the_same_time_are_read_as_each_by_itself() -> None:
    """What readers share, several threads may ask at once: they switch within nearly every line here."""
    parsers = find_parsers()
    raws = [
        letters.notice(language=language, status=status)
        for language in ("uk", "ru", "en")
        for status in ("paid", "declined", "refund")
    ]
    alone = [parse_file(raw, "notice.eml", parsers) for raw in raws]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(max_workers=4) as pool:
            together = list(pool.map(lambda raw: parse_file(raw, "notice.eml", parsers), raws * 10))
    finally:
        sys.setswitchinterval(interval)
    assert together == alone * 10
