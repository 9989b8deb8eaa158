"""
The style sheets and style attributes of a mail → the declarations that hold for an element.

Comes in: the text of `<style>` elements, and an element with those around it. Goes out: property → value, lower case. Only
properties that decide what a reader sees, and where, are kept. Rules of other media than a screen are left out; a selector
is matched by names, classes and ids of the element and of those around it, whatever stands between them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from reconciler.errors import Unreadable

PROPERTIES = frozenset(
    {"display", "visibility", "opacity", "overflow", "mso-hide", "clip", "clip-path", "transform", "position", "float"}
    | {"font-size", "font", "font-weight", "color", "background", "background-color", "background-image"}
    | {
        "height",
        "max-height",
        "width",
        "max-width",
        "left",
        "right",
        "top",
        "bottom",
        "margin",
        "margin-left",
        "margin-top",
    }
    | {"text-indent", "text-decoration", "text-decoration-line", "vertical-align", "unicode-bidi", "white-space"}
)
_MOST_WORK = (
    1_000_000  # elements that selectors are compared with, and declarations that fit; a notice needs a few thousand
)
_EVERY_SCREEN = re.compile(r"@media\s+(?:only\s+)?(?:screen|all)\s*")
_MOMENTARY = re.compile(r":(?:hover|active|focus|visited|link|before|after|target|checked)")
_PSEUDO = re.compile(r"::?[a-z-]+(?:\([^()]*\))?|\[[^\[\]]*\]")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_IMPORTANT = re.compile(r"!\s*important")
_COMPOUND = re.compile(r"(?P<name>\*|[a-z][a-z0-9]*)?(?P<marks>(?:[.#][\w-]+)*)")


@dataclass(frozen=True, slots=True)
class Element:
    """An element by what a selector asks of it, and the one around it."""

    name: str
    marks: frozenset[str]  # ".class" and "#id", lower case
    around: Element | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    compounds: tuple[tuple[str, frozenset[str]], ...]  # name ("" for any) and marks, the innermost last
    declared: tuple[tuple[str, str, bool], ...]  # property, value, important
    weight: tuple[int, int, int, int]  # ids, classes, names, and its place


class Styles:
    """All the rules of a mail's style sheets."""

    def __init__(self, sheets: Iterable[str]) -> None:
        self._by_key: dict[str, list[_Rule]] = {}
        self._work = 0
        order = itertools.count()
        for selector, body in (rule for sheet in sheets for rule in _blocks(_without_comments(sheet.lower()))):
            declared = tuple(_declarations(body))
            for single in selector.split(",") if declared else ():
                if rule := _rule(single, declared, next(order)):
                    name, marks = rule.compounds[-1]
                    self._by_key.setdefault(min(marks) if marks else name, []).append(rule)

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def of(self, element: Element, inline: str) -> dict[str, str]:
        """What holds for an element; `inline` is its style attribute. Raises Unreadable: more style than a notice has."""
        fitting = [
            rule
            for key in ("", element.name, *element.marks)
            for rule in self._by_key.get(key, ())
            if self._holds(rule, element)
        ]
        said = [declaration for rule in sorted(fitting, key=lambda rule: rule.weight) for declaration in rule.declared]
        said += _declarations(inline.lower())
        return {name: value for name, value, _ in sorted(said, key=itemgetter(2))}  # what is important last

    def _holds(self, rule: _Rule, element: Element) -> bool:
        *outer, last = rule.compounds
        self._count(1)
        if not _fits(last, element):
            return False
        around = element.around
        while outer and around is not None:
            self._count(1)
            if _fits(outer[-1], around):
                outer.pop()
            around = around.around
        if outer:
            return False
        self._count(len(rule.declared))
        return True

    def _count(self, work: int) -> None:
        """Every step counts: a letter of 30 000 characters can nest, repeat and declare its way to billions of them."""
        self._work += work
        if self._work > _MOST_WORK:
            raise Unreadable("more style than a notice has")


def _fits(compound: tuple[str, frozenset[str]], element: Element) -> bool:
    name, marks = compound
    return name in {"", element.name} and marks <= element.marks


def _without_comments(sheet: str) -> str:
    return _COMMENT.sub("", sheet).replace("<!--", " ").replace("-->", " ")


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and their declarations; what stands in a rule for other media is skipped."""
    at = 0
    while (begin := sheet.find("{", at)) >= 0:
        prelude = sheet[at:begin].rpartition(";")[2].strip("} \t\r\n")
        at = begin + 1
        if not prelude.startswith("@"):
            end = sheet.find("}", at)
            end = len(sheet) if end < 0 else end
            yield prelude, sheet[at:end]
            at = end + 1
        elif not _EVERY_SCREEN.fullmatch(prelude):
            at = _behind(sheet, at)


def _behind(sheet: str, at: int) -> int:
    """Behind the brace that closes the one before `at`."""
    depth = 1
    for brace in re.compile(r"[{}]").finditer(sheet, at):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(sheet)


def _declarations(body: str) -> Iterator[tuple[str, str, bool]]:
    for declaration in body.split(";"):
        name, _, value = declaration.partition(":")
        if (name := name.strip()) in PROPERTIES:
            bare = _IMPORTANT.sub("", value)
            yield name, bare.strip(), bare != value


def _rule(selector: str, declared: tuple[tuple[str, str, bool], ...], order: int) -> _Rule | None:
    """None: a selector that holds for a moment only, or is none."""
    if _MOMENTARY.search(selector):
        return None
    compounds: list[tuple[str, frozenset[str]]] = []
    for word in re.split(r"[\s>+~]+", _PSEUDO.sub("", selector).strip()):
        found = _COMPOUND.fullmatch(word)
        if found is None or not word:
            return None
        compounds.append(((found["name"] or "").strip("*"), frozenset(re.findall(r"[.#][\w-]+", found["marks"]))))
    marks = [mark for _, marks in compounds for mark in marks]
    ids = sum(mark.startswith("#") for mark in marks)
    weight = ids, len(marks) - ids, sum(name != "" for name, _ in compounds), order
    return _Rule(compounds=tuple(compounds), declared=declared, weight=weight)
