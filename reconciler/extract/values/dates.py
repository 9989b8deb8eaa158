"""
Dates and times as mails print them → aware UTC instants.

Comes in: the value of a date label and the sender's zone. Goes out: a `Moment`, or an error that says why there is none.

The grammar, spaces being any Unicode space, between date and time a space, a comma, "T", "о", "в", "at" or nothing more:

    date = DD.MM.YYYY | YYYY-MM-DD | DD/MM/YYYY | DD-MM-YYYY | YYYY.MM.DD | YYYY/MM/DD
         | DD month YYYY ["р." | "року" | "г." | "года"] | month DD, YYYY      months in uk, ru, en; a weekday may precede
    time = HH:MM[:SS[.fraction]] ["AM" | "PM"]
    zone = "Z" | ±HH[:]MM | ("UTC" | "GMT")[±H[H][:MM]] | EET | EEST | MSK | "за Києвом", "Kyiv time" …

A zone that is printed counts; otherwise the sender's. A wall time that the clock skipped is unreadable, one that it showed
twice is ambiguous. With slashes or dashes and a day up to 12 the order of day and month must be known, or it is ambiguous.
A date alone is that day's 00:00; whether the time stands under another label is for `join` to say. Two-digit years and
words such as "вчора" are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import IntEnum
from zoneinfo import ZoneInfo

from reconciler.errors import FieldAmbiguous, FieldUnreadable
from reconciler.extract.text import DASHES, one_line, unmarked

# stems, longest first where one begins another; matched at the start of the word
_MONTHS = {
    "січ": 1, "янв": 1, "jan": 1, "лют": 2, "фев": 2, "feb": 2, "берез": 3, "бер": 3, "март": 3, "мар": 3, "mar": 3,
    "квіт": 4, "кві": 4, "апр": 4, "apr": 4, "трав": 5, "тра": 5, "мая": 5, "май": 5, "may": 5,
    "черв": 6, "чер": 6, "июн": 6, "jun": 6, "лип": 7, "июл": 7, "jul": 7, "серп": 8, "сер": 8, "авг": 8, "aug": 8,
    "верес": 9, "вер": 9, "сен": 9, "sep": 9, "жовт": 10, "жов": 10, "окт": 10, "oct": 10,
    "листоп": 11, "лис": 11, "ноя": 11, "nov": 11, "груд": 12, "гру": 12, "дек": 12, "dec": 12,
}  # fmt: skip

_KYIV_WORDS = re.compile(
    r"\(?(?:за київським часом|за києвом|по києву|по киеву|по киевскому времени|київський час|київ|киев|kyiv time|"
    r"kyiv|kiev time|kiev|europe/kyiv|europe/kiev|час київський)\)?"
)
_OFFSETS = {"eet": 2, "eest": 3, "msk": 3, "мск": 3, "utc": 0, "gmt": 0, "z": 0}

_WEEKDAYS = (
    "пн|вт|ср|чт|пт|сб|нд|вс|понеділок|вівторок|середа|четвер|п.ятниця|субота|неділя|"
    "понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|"
    "mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
)
_DATE = re.compile(
    rf"(?:(?:{_WEEKDAYS})\.?,? )?(?:"
    r"(?P<d1>\d{1,2})(?P<s1>[./-])(?P<m1>\d{1,2})(?P=s1)(?P<y1>\d{4})"
    r"|(?P<y2>\d{4})(?P<s2>[./-])(?P<m2>\d{1,2})(?P=s2)(?P<d2>\d{1,2})"
    r"|(?P<d3>\d{1,2})(?:st|nd|rd|th|-го|-е)? (?P<n3>[^\W\d]{3,12})\.?,? (?P<y3>\d{4})"
    r"|(?P<n4>[^\W\d]{3,12})\.? (?P<d4>\d{1,2})(?:st|nd|rd|th)?,? (?P<y4>\d{4})"
    r")(?: ?(?:року|рік|р\.?|года|год|г\.?)(?![^\W\d]))?"
)
_HALVES = re.compile(r"\d ?[ap]\.?m\b")  # who counts two halves of a day may write the month first
_TIME = re.compile(
    r"(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:[.,]\d{1,9})?)?(?: ?(?P<half>am|pm|a\.m\.|p\.m\.)(?!\w))?"
)
_JOINT = re.compile(r"(?:,? ?(?:о|об|в|у|at) |, ?| - | \| |t(?=\d)| )")
_ZONE = re.compile(
    r"\(?(?:(?P<word>eet|eest|msk|мск|z)|(?P<utc>utc|gmt)? ?(?P<sign>[+-])(?P<oh>\d{1,2})(?::?(?P<om>\d{2}))?|(?P<zero>utc|gmt))\)?"
)
_ORDERS = (  # the time first; with its units; as Java prints it; digits alone
    (re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?),? (\d{1,2}\.\d{1,2}\.\d{4})"), r"\2 \1"),
    (re.compile(r"(\d{1,2}\.\d{1,2}\.\d{4}),? (\d{1,2}) год\.? (\d{2}) хв\.?"), r"\1 \2:\3"),
    (re.compile(r"((?:[a-z]{3} )?[a-z]{3} \d{1,2}) (\d{2}:\d{2}:\d{2}) (eet|eest) (\d{4})"), r"\1, \4 \2 \3"),
    (re.compile(r"(20\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)"), r"\1-\2-\3 \4:\5:\6"),
)
_MARKS = str.maketrans(dict.fromkeys(DASHES, "-"))
_LONGEST = 100


class Precision(IntEnum):
    """How much of the time of day was printed."""

    DAY = 0
    MINUTE = 1
    SECOND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant in UTC, and how precisely it was told; `day` and `zone` are what was printed, for joining with a time."""

    instant: datetime
    precision: Precision
    day: date
    zone: tzinfo

    def agrees(self, other: Moment) -> bool:
        """The same moment as far as the less precise of the two was told."""
        if self.precision == other.precision:
            return self.instant == other.instant
        coarse, fine = sorted((self, other), key=lambda moment: moment.precision)
        if coarse.precision == Precision.DAY:
            return coarse.day == fine.day
        return fine.instant.replace(second=0, microsecond=0) == coarse.instant


def read_moment(text: str, *, zone: ZoneInfo, day_first: bool | None = None, field: str = "paid_at") -> Moment:
    """
    Read one date with its time.

    zone: the sender's, for values that print none.
    day_first: the sender's order in dates with slashes or dashes; None: not known.
    Raises: FieldAmbiguous: two days, or a wall time shown twice. FieldUnreadable: the rest.
    """
    value = _in_order(_normal(text))
    found = _DATE.match(value)
    if found is None:
        raise _unreadable(field, text)
    days = _days(found, None if _HALVES.search(value) else day_first)
    if not days:
        raise _unreadable(field, text)
    if len(days) > 1:
        raise FieldAmbiguous(f"{field}: {value!r} is two days", field=field, values=[day.isoformat() for day in days])
    rest = value[found.end() :]
    clock, precision = time(), Precision.DAY
    joint = _JOINT.match(rest)
    if joint and (timed := _TIME.match(rest, joint.end())):
        clock, precision = _clock(timed, field, text)
        rest = rest[timed.end() :]
    where = _zone(rest, zone)
    if where is None or (precision == Precision.DAY and rest.strip(" .,")):
        raise _unreadable(field, text)
    return Moment(instant=_instant(days[0], clock, where, field, text), precision=precision, day=days[0], zone=where)


def join(day: Moment, clock_text: str, *, field: str = "paid_at") -> Moment:
    """A date printed alone and the time of day printed under a label of its own."""
    value = _normal(clock_text)
    found = _TIME.match(value)
    where = _zone(value[found.end() :], day.zone) if found else None
    if found is None or where is None:
        raise _unreadable(field, clock_text)
    clock, precision = _clock(found, field, clock_text)
    return Moment(
        instant=_instant(day.day, clock, where, field, clock_text), precision=precision, day=day.day, zone=where
    )


def is_clock(text: str) -> bool:
    """Is this value a time of day and nothing else?"""
    value = _normal(text)
    found = _TIME.match(value)
    return found is not None and _zone(value[found.end() :], UTC) is not None


def _normal(text: str) -> str:
    value = one_line(unmarked(text)).casefold().translate(_MARKS)
    return value if len(value) <= _LONGEST else ""


def _in_order(value: str) -> str:
    """A moment that is written in another order, as the grammar has it."""
    for pattern, ordered in _ORDERS:
        if found := pattern.fullmatch(value):
            return found.expand(ordered)
    return value


def _days(found: re.Match[str], day_first: bool | None) -> list[date]:
    """Every day the printed date can be; empty when there is no such day."""
    if found["y1"]:
        year, first, second = int(found["y1"]), int(found["d1"]), int(found["m1"])
        orders = [(first, second)] if found["s1"] == "." or day_first else [(first, second), (second, first)]
        if day_first is False and found["s1"] != ".":
            orders = [(second, first)]
    elif found["y2"]:
        year, orders = int(found["y2"]), [(int(found["d2"]), int(found["m2"]))]
    else:
        which = "3" if found["y3"] else "4"
        month = _month(found[f"n{which}"])
        year, orders = int(found[f"y{which}"]), [(int(found[f"d{which}"]), month)] if month else []
    days: list[date] = []
    for day, month in orders:
        try:
            candidate = date(year, month, day)
        except ValueError:
            continue
        if candidate not in days:
            days.append(candidate)
    return days if 2000 <= year <= 2199 else []


def _month(word: str) -> int | None:
    return next((month for stem, month in _MONTHS.items() if word.startswith(stem)), None)


def _clock(found: re.Match[str], field: str, text: str) -> tuple[time, Precision]:
    hour, minute, second = int(found["h"]), int(found["mi"]), int(found["s"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise _unreadable(field, text)
        hour = hour % 12 + (12 if found["half"].startswith("p") else 0)
    try:
        return time(hour, minute, second), Precision.SECOND if found["s"] else Precision.MINUTE
    except ValueError as exc:
        raise _unreadable(field, text) from exc


def _zone(rest: str, default: tzinfo) -> tzinfo | None:
    """The zone printed behind a time, the default when nothing is printed, None when it is something else."""
    rest = rest.strip(" .,")
    if not rest:
        return default
    if _KYIV_WORDS.fullmatch(rest):
        return ZoneInfo("Europe/Kyiv")
    found = _ZONE.fullmatch(rest)
    if found is None:
        return None
    if found["word"] or found["zero"]:
        return timezone(timedelta(hours=_OFFSETS[found["word"] or found["zero"]]))
    hours, minutes = int(found["oh"]), int(found["om"] or 0)
    if hours > 14 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if found["sign"] == "-" else offset)


def _instant(day: date, clock: time, zone: tzinfo, field: str, text: str) -> datetime:
    wall = datetime.combine(day, clock, tzinfo=zone)
    first, second = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if first == second:
        return first
    if first.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise FieldUnreadable(
            f"{field}: {one_line(text)!r} is a time the clock skipped", field=field, value=one_line(text)
        )
    raise FieldAmbiguous(
        f"{field}: {one_line(text)!r} is a time the clock showed twice",
        field=field,
        values=[first.isoformat(), second.isoformat()],
    )


def _unreadable(field: str, text: str) -> FieldUnreadable:
    value = one_line(text)[:_LONGEST]
    return FieldUnreadable(f"{field}: {value!r} is not a date and time", field=field, value=value)
