"""
What a reader of a mail sees, and what is there unseen.

Comes in: the declarations and attributes of an element. Goes out: whether it is drawn at all (`is_gone`), and the `Look` that
what is within takes over: text that is hidden, tiny, off the screen or of the colour of its ground is not seen.

A colour or a ground that cannot be told (an image, a gradient, a name nobody lists) hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Colour = tuple[float, float, float]

_NAMES: dict[str, Colour] = {
    "white": (255, 255, 255), "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240), "mintcream": (245, 255, 250), "azure": (240, 255, 255),
    "aliceblue": (240, 248, 255), "seashell": (255, 245, 238), "black": (0, 0, 0), "silver": (192, 192, 192),
    "gray": (128, 128, 128), "grey": (128, 128, 128), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "navy": (0, 0, 128), "yellow": (255, 255, 0), "orange": (255, 165, 0),
}  # fmt: skip
_LOWEST_CONTRAST = 1.2  # of luminances, as WCAG counts it; #eee on white is 1.16, the palest small print about 1.6
_FAINT = 0.1  # opacity
_TINY = 2.0  # pixels of a letter's height
_FAR = 400.0  # pixels away from where it belongs
_LENGTH = re.compile(r"(?<![\w.#])(-?\d*\.?\d+)(px|pt|em|rem|%|ex|vw|vh|cm|mm|in)?(?![\w.])")
_PIXELS = {
    "px": 1.0,
    "pt": 1.33,
    "em": 16.0,
    "rem": 16.0,
    "ex": 8.0,
    "vw": 10.0,
    "vh": 8.0,
    "cm": 38.0,
    "mm": 3.8,
    "in": 96.0,
}
_RELATIVE = frozenset({"em", "%", "ex"})
_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})(?![\w])")
_RGB = re.compile(r"rgba?\(\s*(\d+%?)[\s,]+(\d+%?)[\s,]+(\d+%?)(?:[\s,/]+(\d*\.?\d+%?))?\s*\)")
_SCALED_AWAY = re.compile(r"scale[xy]?\(\s*0*\.?0*\s*[,)]")
_PUSHING = ("left", "right", "top", "bottom", "margin-left", "margin-top", "margin", "text-indent")
_BOXING = ("height", "max-height", "width", "max-width")
_PLACING = frozenset({*_PUSHING, *_BOXING, "opacity", "transform", "clip", "clip-path"})
_CLEAR = frozenset({"transparent", "none", "inherit", "initial", "unset", ""})


@dataclass(frozen=True, slots=True)
class Look:
    """How text is drawn at a place: what an element within may set back (hidden, font, colours) and what it cannot (lost)."""

    hidden: bool = False
    font: float = 16.0  # pixels
    ink: Colour | None = (0, 0, 0)  # None: cannot be told
    ground: Colour | None = (255, 255, 255)
    clear: bool = False  # transparent ink
    lost: bool = False  # off the screen, clipped away, transparent as a whole
    pre: bool = False
    unseen: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "unseen", self._is_unseen())  # once, and not for each text in the element

    def _is_unseen(self) -> bool:
        return self.hidden or self.clear or self.lost or self.font < _TINY or self._is_camouflaged()

    def _is_camouflaged(self) -> bool:
        if self.ink is None or self.ground is None:
            return False
        light, dark = sorted((_luminance(self.ink), _luminance(self.ground)), reverse=True)
        return (light + 0.05) / (dark + 0.05) < _LOWEST_CONTRAST


def is_gone(name: str, attributes: Mapping[str, str], css: Mapping[str, str]) -> bool:
    """Is the element not drawn, with everything in it, whatever that says of itself?"""
    if "hidden" in attributes or attributes.get("aria-hidden", "").lower() == "true" or name == "input":
        return True
    return css.get("display") == "none" or css.get("mso-hide") == "all"


def look_within(look: Look, name: str, attributes: Mapping[str, str], css: Mapping[str, str]) -> Look:
    """How text within an element is drawn, when what is around it is drawn like `look`."""
    if not css and not attributes and name not in {"a", "pre"}:
        return look
    hidden = look.hidden
    if seen := css.get("visibility"):
        hidden = seen in {"hidden", "collapse"}
    pre = look.pre or name == "pre" or css.get("white-space") in {"pre", "pre-wrap", "break-spaces"}
    ink, clear = _ink(look, name, attributes, css)
    return replace(
        look,
        hidden=hidden,
        font=_font(look.font, css),
        ink=ink,
        clear=clear,
        ground=_ground(look.ground, attributes, css),
        lost=look.lost or _is_lost(css),
        pre=pre,
    )


def _font(around: float, css: Mapping[str, str]) -> float:
    size = _LENGTH.search((css.get("font-size") or css.get("font") or "")[:100])
    if size is None:
        return around
    number, unit = float(size[1]), size[2]
    if unit in _RELATIVE:
        return around * (number / 100 if unit == "%" else number / 2 if unit == "ex" else number)
    if unit is None and number:
        return around  # "font: 700 …" begins with a weight, and a size without a unit is none
    return number * _PIXELS[unit or "px"]


def _is_lost(css: Mapping[str, str]) -> bool:
    """Clear, pushed off the screen, or in a box that leaves no room for a letter."""
    if _PLACING.isdisjoint(css):
        return False
    opacity = _LENGTH.fullmatch(css.get("opacity", ""))
    if opacity and float(opacity[1]) / (100 if opacity[2] == "%" else 1) < _FAINT:
        return True
    away = [css[name] for name in _PUSHING if name in css]
    if any(length < -_FAR for value in away for length in _lengths(value)):
        return True
    transform = css.get("transform", "")
    if _SCALED_AWAY.search(transform) or any(abs(length) > _FAR for length in _lengths(transform)):
        return True
    clip = css.get("clip", "")
    if clip.startswith("rect") and all(abs(length) <= 1 for length in _lengths(clip)):
        return True
    if re.match(r"inset\(\s*(?:100|[5-9]\d)%|circle\(\s*0", css.get("clip-path", "")):
        return True
    return _has_no_room(css)


def _has_no_room(css: Mapping[str, str]) -> bool:
    boxes = {name: _lengths(css[name]) for name in _BOXING if name in css}
    least = 1.0 if "hidden" in css.get("overflow", "") or "clip" in css.get("overflow", "") else 0.0
    tight = [name for name, lengths in boxes.items() if lengths and lengths[0] <= least and "%" not in css[name]]
    return any(name in {"height", "max-height"} or least for name in tight)


def _lengths(value: str) -> list[float]:
    return [float(found[1]) * _PIXELS.get(found[2] or "px", 1.0) for found in _LENGTH.finditer(value[:100])]


def _ink(look: Look, name: str, attributes: Mapping[str, str], css: Mapping[str, str]) -> tuple[Colour | None, bool]:
    """The colour of the letters, and whether they have none at all."""
    attribute = {"font": "color", "body": "text"}.get(name, "")
    said = css.get("color") or attributes.get(attribute, "").lower()
    if not said and name == "a":
        return None, False  # drawn in a colour of the reader's program
    if not said or said in {"inherit", "unset", "currentcolor"}:
        return look.ink, look.clear
    colour, alpha = _colour(said)
    return colour, said == "transparent" or alpha < _FAINT


def _ground(around: Colour | None, attributes: Mapping[str, str], css: Mapping[str, str]) -> Colour | None:
    if (
        "background" in attributes
        or "url(" in css.get("background-image", "")
        or "gradient" in css.get("background-image", "")
    ):
        return None
    said = (css.get("background-color") or css.get("background") or attributes.get("bgcolor", "")).strip().lower()
    if said in _CLEAR:
        return around
    if "url(" in said or "gradient" in said:
        return None
    colour, alpha = _colour(said)
    if colour is None or alpha >= 1:
        return colour
    return around if alpha < _FAINT else None


def _colour(said: str) -> tuple[Colour | None, float]:
    """A colour and how opaque it is."""
    said = said.strip().lower()[:100]
    if found := _HEX.search(said):
        digits = found[1] if len(found[1]) > 4 else "".join(2 * digit for digit in found[1])
        parts = [int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)]
        return (parts[0], parts[1], parts[2]), parts[3] / 255 if len(parts) > 3 else 1.0
    if found := _RGB.search(said):
        colour = (_share(found[1], 255), _share(found[2], 255), _share(found[3], 255))
        return colour, _share(found[4], 1) if found[4] else 1.0
    return next((_NAMES[word] for word in said.split() if word in _NAMES), None), 1.0


def _share(text: str, whole: float) -> float:
    return min(float(text[:-1]) / 100 * whole if text.endswith("%") else float(text), whole)


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.03928 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
