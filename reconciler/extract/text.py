"""
Text as mails print it → text that can be compared.

Comes in: any decoded text. Goes out: the same text without invisible characters and with one kind of space
(`clean`), or a label's form for comparison (`fold_label`).
"""

from __future__ import annotations

import re
import unicodedata

from reconciler.extract.remembering import remembered

UNTOLD = "\ufffd"  # stands where text is drawn in another order than it is written, so that no grammar accepts it

_SPACES = "\t\u2800\u3164\u115f\u1160\uffa0"  # a tab, and letters that are drawn as blanks


def _table() -> dict[int, str | None]:
    """Format characters (soft hyphen, zero width, bidi marks, BOM) and controls vanish, but for one; every space is U+0020."""
    table: dict[int, str | None] = {}
    for code in (*range(0x10000), *range(0xE0000, 0xE0080)):
        category = unicodedata.category(chr(code))
        if category in {"Cf", "Cc"}:
            table[code] = None
        elif category == "Zs":
            table[code] = " "
    for code in (0x034F, *range(0xFE00, 0xFE10)):  # grapheme joiner, variation selectors
        table[code] = None
    table |= dict.fromkeys(map(ord, _SPACES), " ")
    table[0x202E] = UNTOLD  # right-to-left override: "54321" behind it is drawn as "12345"
    table |= dict.fromkeys(map(ord, "\n\x85\x0b\x0c\u2028\u2029"), "\n")
    return table


_CLEAN = _table()
_DRAWN_BLANK = re.compile("[" + "".join(chr(code) for code in _CLEAN if chr(code).isprintable() and code != 0x20) + "]")

# Cyrillic letters drawn like Latin ones, in lower case or (в, н, к, м, т) in upper case.
_CYRILLIC = "аеорсухіјѕвнкмтё"
_LATIN = "aeopcyxijsbhkmte"
_ALIKE = tuple(zip(_CYRILLIC, _LATIN, strict=True))

APOSTROPHES = "'’‘ʼ`´′＇"
DASHES = "-‐‑‒–—―−﹣－"
_MARKS = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(DASHES, "-"))
_SHORT = 200  # characters; a label is shorter, and what is longer is not worth remembering
_WORD = re.compile(r"\w+")
_ONLY_MARKS = re.compile(r"[\s:|—–-]*")
_AROUND = (("**", "**"), ("__", "__"), *zip("`*_\"'«“„‘[", "`*_\"'»”“’]", strict=True))
_BLANKS = re.compile(r"\s\s+|[^\S ]")  # all but single spaces, of which a text has many
_MARKED = re.compile("[" + re.escape("".join(map(chr, _MARKS))) + "]")


def clean(text: str) -> str:
    """Without invisible characters, every Unicode space as " ", every line end as a newline."""
    if text.replace("\n", "").isprintable() and _DRAWN_BLANK.search(text) is None:
        return text  # as most text is; a translation costs twenty times as much
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEAN)


def even(text: str) -> str:
    """Runs of blanks and line ends as one space."""
    return _BLANKS.sub(" ", text)


def flowing(text: str) -> str:
    """Cleaned, with runs of blanks and line ends as one space: as HTML is drawn."""
    flat = text.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    if not flat.isprintable() or _DRAWN_BLANK.search(flat):
        return even(clean(text))
    return even(flat) if "  " in flat else flat


def one_space(text: str) -> str:
    """Runs of blanks and line ends as one space, trimmed."""
    return " ".join(text.split())


def one_line(text: str) -> str:
    """Cleaned, with runs of blanks and line ends as one space, trimmed."""
    return one_space(clean(text))


def unmarked(text: str) -> str:
    """Without one pair of marks that stands around the whole of it, as programs and chats set a value off: "`x`", "**x**"."""
    bare = text.strip()
    for begin, end in _AROUND:
        if bare.startswith(begin) and bare.endswith(end):
            inner = bare[len(begin) : -len(end)]
            return inner.strip() if inner and begin not in inner and end not in inner else bare
    return bare


def only_marks(text: str) -> bool:
    """Nothing but separators."""
    return not text[:1].isalnum() and _ONLY_MARKS.fullmatch(text) is not None


@remembered(longest=_SHORT, most=4096)
def fold_label(text: str) -> str:
    """
    The form in which two labels are the same label: "Сума:", "СУМА" and "Cyмa" in mixed letters are one.

    Compared as a whole, never as a part: "Сума комісії" is not "Сума".
    """
    folded = _one_form(text)
    for cyrillic, latin in _ALIKE:
        folded = folded.replace(cyrillic, latin)
    return _without_edges(one_space(folded))


def _without_edges(text: str) -> str:
    """Without the colons, bullets, ticks and pictures around a label."""
    begin, end = 0, len(text)
    while begin < end and not (text[begin].isalnum() or text[begin] in "_#"):
        begin += 1
    while begin < end and not (text[end - 1].isalnum() or text[end - 1] in "_#)'"):
        end -= 1
    return text[begin:end]


@remembered(longest=_SHORT, most=8192)
def label_words(word: str) -> tuple[str, ...]:
    """The words that a label with this word in it has there, as it is compared; several where signs stand between them."""
    return tuple(_WORD.findall(fold_label(word)))


def fold_words(text: str) -> str:
    """Text for looking up words in: cleaned, NFKC, lower case, one space between words."""
    folded = _one_form(text)
    return folded if "  " not in folded and folded.isprintable() else even(folded)


def _one_form(text: str) -> str:
    written = one_line(text).replace("´", "'")  # NFKC would part it into a blank and an accent
    folded = unicodedata.normalize("NFKC", written).casefold()
    return folded.translate(_MARKS) if _MARKED.search(folded) else folded
