"""A switch that is on: how to end the trouble, and how often it struck. What a stage keeps of it; the switches make it."""

from __future__ import annotations

from collections.abc import Callable


class Lit:
    """A switch that is on."""

    def __init__(self, off: Callable[[], None], struck: Callable[[], int]) -> None:
        """struck: asked for the last time when it is switched off."""
        self._off = off
        self._struck = struck
        self._in_all: int | None = None

    def off(self) -> None:
        """End the trouble; what has struck has struck. A second time is nothing."""
        if self._in_all is None:
            self._in_all = self._struck()
            self._off()

    def struck(self) -> int:
        """How often it did something to somebody."""
        return self._struck() if self._in_all is None else self._in_all
