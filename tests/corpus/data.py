"""
The data file: `layouts.toml` comes in; its tables and the layouts go out.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("layouts.toml").read_text("utf-8"))
LANGUAGES = ("uk", "ru", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How pairs stand on a page; the keys are explained in the data file."""

    name: str
    open: str = ""
    close: str = ""
    row: str = ""
    per_line: int = 1
    line_open: str = ""
    line_close: str = ""
    across: bool = False
    label_cell: str = ""
    value_cell: str = ""
    hard: bool = False
    lines: bool = False
    plain: bool = False
    text: bool = False


LAYOUTS = tuple(Layout(**entry) for entry in DATA["layout"])
HTML = tuple(layout for layout in LAYOUTS if not layout.text)
TEXT = tuple(layout for layout in LAYOUTS if layout.text)


@dataclass(frozen=True, slots=True)
class Voice:
    """One letter's way of speaking: its language, and how often it says what anyone would say."""

    rng: Random
    language: str
    rare: float  # 0: common words alone; 1: rare ones alone

    def label(self, field: str) -> str:
        return self.pick(DATA["labels"][self.language][field])

    def word(self, kind: str, place: str) -> str:
        """place: "status" or "heads"."""
        return self.pick(DATA["words"][self.language][kind][place])

    def pick(self, choices: dict[str, list[str]]) -> str:
        return self.rng.choice(choices["rare" if self.rng.random() < self.rare else "common"])

    def of(self, *path: str) -> str:
        """One of a list in this letter's language: voice.of("page", "feet")."""
        found: Any = DATA
        for step in path:
            found = found[step]
        chosen = found[self.language]
        return str(self.rng.choice(chosen) if isinstance(chosen, list) else chosen)


def is_common(kind: str, language: str, place: str, word: str) -> bool:
    """Whether a word is one that tells the kind to anyone."""
    return word in DATA["words"][language][kind][place]["common"]
