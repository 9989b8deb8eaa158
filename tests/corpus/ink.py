"""
Characters and markup that change nothing for the eye: a letter's noises come in; labels and values go out as they are sent.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.corpus.rows import Row

LOOKS_LATIN = str.maketrans("аеорсхіуАЕОРСХІМТКВН", "aeopcxiyAEOPCXIMTKBH")
LOOKS_CYRILLIC = str.maketrans("aeopcxiyAEOPCXIMTKBH", "аеорсхіуАЕОРСХІМТКВН")
NBSP, SHY, ZERO, JOIN, LRM = "\u00a0", "\u00ad", "\u200b", "\u2060", "\u200e"

SPACED = frozenset({"amount", "refund_amount", "fee", "credited", "date", "payer", "status"})
"""Fields whose spaces may be of any width; an id is left as it is."""

CASES: dict[str, Callable[[str], str]] = {"upper": str.upper, "lower": str.lower, "title": str.title}

NOISES: dict[str, int] = {
    "upper": 5,
    "lower": 5,
    "title": 4,
    "look-alikes": 8,
    "nbsp": 8,
    "soft hyphens": 6,
    "zero width": 6,
    "direction marks": 4,
    "entities": 7,
    "spans in numbers": 7,
    "breaks in ids": 5,
    "nested fonts": 6,
    "links": 6,
    "comments": 5,
    "source newlines": 6,
    "bullets": 5,
}
"""Noise → weight. Those of `MARKUP` exist in HTML alone."""
MARKUP = frozenset(
    {"entities", "spans in numbers", "breaks in ids", "nested fonts", "links", "comments", "source newlines"}
)


def draw_noises(rng: Random) -> frozenset[str]:
    count = rng.choices((0, 1, 2, 3), (35, 35, 20, 10))[0]
    return frozenset(rng.choices(list(NOISES), list(NOISES.values()), k=count))


@dataclass(slots=True, kw_only=True)
class Ink:
    """How one part of one letter writes."""

    rng: Random
    noises: frozenset[str]
    text: bool  # a text part: no markup
    plain: bool = False  # values must keep their width
    breaks: str = "<br>"  # what a line break inside a value becomes
    bullet: str = "• "
    used: set[str] = field(default_factory=set)

    def label(self, row: Row) -> str:
        text = row.label
        for name, change in CASES.items():
            if name in self.noises:
                text = self._use(name, change(text))
        if "look-alikes" in self.noises:
            table = LOOKS_LATIN if re.search("[а-яіїє]", text, re.IGNORECASE) else LOOKS_CYRILLIC
            text = self._use("look-alikes", "".join(c.translate(table) if self.rng.random() < 0.5 else c for c in text))
        if "nbsp" in self.noises:
            text = self._use("nbsp", text.replace(" ", NBSP))
        if "soft hyphens" in self.noises and len(text) > 6:
            text = self._use("soft hyphens", text[:4] + SHY + text[4:])
        if "bullets" in self.noises:
            text = self._use("bullets", self.bullet + text)
        return self._written(text)

    def value(self, row: Row) -> str:
        text, numeric = row.value, row.field in ("amount", "refund_amount")
        if "nbsp" in self.noises and row.field in SPACED:
            text = self._use("nbsp", text.replace(" ", NBSP))
        if "zero width" in self.noises and row.field in (*SPACED, "order"):
            place = self.rng.choice((0, len(text), text.find(NBSP) + 1 if numeric else 0))
            text = self._use("zero width", text[:place] + self.rng.choice((ZERO, JOIN)) + text[place:])
        if "direction marks" in self.noises and row.field in (*SPACED, "order", "reference"):
            text = self._use("direction marks", LRM + text + LRM)
        if self.text or self.plain:
            return self._written(text)
        return self._marked(row, text, numeric)

    def prose(self, text: str) -> str:
        """Head, sentences and feet."""
        return self._written(text)

    def remark(self) -> str:
        """What may stand between rows."""
        if "comments" in self.noises and not self.text and self.rng.random() < 0.3:
            return self._use(
                "comments", self.rng.choice(("<!-- Сума: 1,00 грн -->", "<!-- row -->", "<!--[if !mso]><!-->"))
            )
        return ""

    def _marked(self, row: Row, text: str, numeric: bool) -> str:
        if numeric and "spans in numbers" in self.noises and (cut := self._cut(text)):
            small = ' style="font-size:12px"' if text[cut] in ",." else ""
            return self._use(
                "spans in numbers",
                f"<span>{self._written(text[:cut])}</span><span{small}>{self._written(text[cut:])}</span>",
            )
        if row.field == "reference" and "breaks in ids" in self.noises:
            middle = len(text) // 2
            return self._use("breaks in ids", f"{self._written(text[:middle])}<wbr>{self._written(text[middle:])}")
        written = self.breaks.join(self._written(line) for line in text.split("\n"))
        if "links" in self.noises and row.field in ("email", "phone", "merchant", "reference", "order"):
            written = self._use("links", f'<a href="https://m.example.com/?q=1250">{written}</a>')
        if "nested fonts" in self.noises:
            written = self._use("nested fonts", f'<b><font color="#333"><span>{written}</span></font></b>')
        return written

    def _cut(self, text: str) -> int:
        """Where a sum is cut in two spans: before its decimal mark (what follows is set smaller) or inside its digits."""
        mark = re.search(r"[,.]\d\d(?!\d)", text)
        inside = re.search(r"\d(?=\d)", text)
        if mark and (inside is None or self.rng.random() < 0.5):
            return mark.start()
        return inside.end() if inside else 0

    def _written(self, text: str) -> str:
        if self.text:
            return text
        escaped = html.escape(text, quote=False)
        if "entities" in self.noises:
            form: Callable[[str], str] = (lambda c: f"&#{ord(c)};") if len(text) % 2 else (lambda c: f"&#x{ord(c):X};")
            coded = "".join(c if ord(c) < 128 else "&nbsp;" if c == NBSP else form(c) for c in escaped)
            return self._use("entities", coded)
        if "source newlines" in self.noises and not self.plain:
            return self._use("source newlines", escaped.replace(" ", "\n   "))
        return escaped

    def _use(self, noise: str, text: str) -> str:
        self.used.add(noise)
        return text
