"""What is asked again is answered from memory; a long text takes none."""

from __future__ import annotations

import pytest

from reconciler.extract.remembering import remembered


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
