"""Dates: the stated grammar, zones and the nights on which the clock is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import FieldAmbiguous, FieldUnreadable, HeldError
from reconciler.extract.values.dates import Precision, is_clock, join, read_moment

KYIV = ZoneInfo("Europe/Kyiv")
GREENWICH = ZoneInfo("UTC")

READ = [
    ("21.11.2026 14:05:33", "2026-11-21T12:05:33"),
    ("21.11.2026, 14:05", "2026-11-21T12:05:00"),
    ("21.11.2026\u00a014:05", "2026-11-21T12:05:00"),
    ("2026-11-21 14:05:33", "2026-11-21T12:05:33"),
    ("2026-03-05 14:05:33", "2026-03-05T12:05:33"),
    ("2026-11-21T14:05:33+02:00", "2026-11-21T12:05:33"),
    ("2026-11-21T14:05:33.250Z", "2026-11-21T14:05:33"),
    ("21/11/2026 14:05", "2026-11-21T12:05:00"),
    ("21 листопада 2025 р. 14:05", "2025-11-21T12:05:00"),
    ("субота, 21 листопада 2026 року о 14:05", "2026-11-21T12:05:00"),
    ("3 марта 2026, 09:07", "2026-03-03T07:07:00"),
    ("21 ноября 2026 г., 14:05:33", "2026-11-21T12:05:33"),
    ("Nov 21, 2026 2:05 PM", "2026-11-21T12:05:00"),
    ("12 June 2026 at 12:30 AM", "2026-06-11T21:30:00"),
    ("21.11.2026 14:05 (EET)", "2026-11-21T12:05:00"),
    ("21.11.2026 14:05 GMT+2", "2026-11-21T12:05:00"),
    ("21.11.2026 14:05 UTC", "2026-11-21T14:05:00"),
    ("21.11.2026 14:05 за Києвом", "2026-11-21T12:05:00"),
    ("21.11.2026", "2026-11-20T22:00:00"),
]


@pytest.mark.parametrize(("text", "utc"), READ)
def test_reads(text: str, utc: str) -> None:
    """P19: every printed form has its one instant; without a zone it is the sender's."""
    assert read_moment(text, zone=KYIV).instant == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "учора о 14:05",
        "21.11.26 14:05",
        "30.02.2026 10:00",
        "29.02.2027 10:00",
        "21.13.2026 10:00",
        "21.11.2026 25:00",
        "21.11.2026 14:05 XYZ",
        "21.11.2026 14:05 15:06",
        "1250,50",
        "14:05",
        "32 листопада 2026 10:00",
        "21 foo 2026 10:00",
        "29.03.2026 03:30",
        "21.11.2026 або 22.11.2026",
        "x" * 10_000,
    ],
)
def test_the_rest_is_refused(text: str) -> None:
    """P19: no such day, no such time, a time the clock skipped: an error, never a near date."""
    with pytest.raises(FieldUnreadable):
        read_moment(text, zone=KYIV)


def test_order_of_day_and_month_is_never_assumed() -> None:
    """P19: 05/11 is ambiguous until the sender's order is known."""
    with pytest.raises(FieldAmbiguous):
        read_moment("05/11/2026 14:05", zone=KYIV)
    assert read_moment("05/11/2026 14:05", zone=KYIV, day_first=True).day.month == 11
    assert read_moment("05/11/2026 14:05", zone=KYIV, day_first=False).day.month == 5


def test_a_time_shown_twice_is_ambiguous_unless_its_zone_is_printed() -> None:
    """P19: 03:30 on the night the clock goes back is two instants; with its zone it is one."""
    with pytest.raises(FieldAmbiguous) as caught:
        read_moment("25.10.2026 03:30", zone=KYIV)
    assert caught.value.facts["values"] == ["2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"]
    assert read_moment("25.10.2026 03:30 EEST", zone=KYIV).instant.hour == 0


def test_late_evening_and_leap_day_keep_their_kyiv_date() -> None:
    """P19: 23:55 in Kyiv and 29 February stay on their day."""
    for text in ("21.11.2026 23:55", "29.02.2028 00:05", "2026-07-01 00:01"):
        moment = read_moment(text, zone=KYIV)
        assert moment.instant.astimezone(KYIV).date() == moment.day


def test_date_and_time_are_joined() -> None:
    """A date alone and a clock elsewhere make one moment, with the clock's own zone when it prints one."""
    day = read_moment("21.11.2026", zone=KYIV)
    assert day.precision is Precision.DAY
    assert is_clock("14:05")
    assert not is_clock("21.11.2026 14:05")
    assert join(day, "14:05:33").instant == datetime(2026, 11, 21, 12, 5, 33, tzinfo=UTC)
    assert join(day, "14:05 UTC").instant == datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
    with pytest.raises(FieldUnreadable):
        join(day, "вдень")


def test_moments_agree_as_far_as_they_were_told() -> None:
    """Seconds that one part leaves out are no contradiction; another minute is."""
    fine, coarse, day = (read_moment(t, zone=KYIV) for t in ("21.11.2026 14:05:33", "21.11.2026 14:05", "21.11.2026"))
    assert fine.agrees(coarse)
    assert day.agrees(fine)
    assert not fine.agrees(read_moment("21.11.2026 14:06", zone=KYIV))


@given(
    st.integers(1_000_000_000, 4_000_000_000),
    st.sampled_from(["%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]),
)
def test_reads_back_what_it_prints(seconds: int, form: str) -> None:
    """P19: with its offset printed, any second is read back exactly."""
    instant = datetime.fromtimestamp(seconds, UTC)
    wall = instant + timedelta(hours=2)
    assert read_moment(f"{wall.strftime(form)}+02:00", zone=KYIV).instant == instant


@given(st.text(max_size=80))
def test_any_text_is_a_moment_or_held(text: str) -> None:
    """P15: no text breaks the reader."""
    try:
        assert read_moment(text, zone=KYIV).instant.tzinfo is UTC
    except HeldError:
        return


@pytest.mark.parametrize("before", ["до", "від", "по", "після", "until", "from"])
def test_only_a_weekday_may_precede_a_date(before: str) -> None:
    """P19: "valid until 21.11.2026" is not when it was paid."""
    with pytest.raises(FieldUnreadable):
        read_moment(f"{before} 21.11.2026 14:05", zone=ZoneInfo("Europe/Kyiv"))


def test_who_counts_halves_of_a_day_may_write_the_month_first() -> None:
    """P06: "04/03/2025 02:05 PM" is two days, whatever the sender's order; "25/03/2025 02:05 PM" is one."""
    with pytest.raises(FieldAmbiguous):
        read_moment("04/03/2025 02:05 PM", zone=KYIV, day_first=True)
    assert read_moment("25/03/2025 02:05 PM", zone=KYIV, day_first=True).day.month == 3
    assert read_moment("04/03/2025 14:05", zone=KYIV, day_first=True).day.month == 3


@pytest.mark.parametrize(
    ("words", "month"),
    [
        ("січня січ января янв january jan", 1),
        ("лютого лют февраля фев february feb", 2),
        ("березня бер марта мар march mar", 3),
        ("квітня кві апреля апр april apr", 4),
        ("травня тра мая may", 5),
        ("червня чер июня июн june jun", 6),
        ("липня лип июля июл july jul", 7),
        ("серпня сер августа авг august aug", 8),
        ("вересня вер сентября сен september sep", 9),
        ("жовтня жов октября окт october oct", 10),
        ("листопада лис ноября ноя november nov", 11),
        ("грудня гру декабря дек december dec", 12),
    ],
)
def test_every_month_has_its_names(words: str, month: int) -> None:
    """P19: three languages, in full and as mails shorten them."""
    for word in words.split():
        assert read_moment(f"21 {word} 2026 14:05", zone=KYIV).day.month == month, word


@pytest.mark.parametrize(
    ("printed", "hour"),
    [
        ("GMT+2", 12),
        ("+0200", 12),
        ("+02", 12),
        ("UTC+02:00", 12),
        ("(EEST)", 11),
        ("MSK", 11),
        ("мск", 11),
        ("GMT", 14),
        ("Z", 14),
        ("-0330", 17),
        ("-03:30", 17),
        ("−0330", 17),
        ("+14", 0),
        ("+13:45", 0),
        ("+05:59", 8),
        ("Kyiv time", 12),
        ("київ", 12),
        ("(за київським часом)", 12),
        ("+15", None),
        ("+02:60", None),
        ("-15:00", None),
        ("Kyiv or so", None),
        ("UTC+2 or so", None),
        ("EET EEST", None),
        ("PST", None),
    ],
)
def test_a_printed_zone_is_read_exactly_or_not_at_all(printed: str, hour: int | None) -> None:
    """P19: offsets west and east, with minutes and without, words for Kyiv, UTC and Moscow; nothing else is one."""
    text = f"21.11.2026 14:05 {printed}"
    if hour is None:
        with pytest.raises(FieldUnreadable):
            read_moment(text, zone=GREENWICH)
    else:
        assert read_moment(text, zone=GREENWICH).instant.hour == hour


@pytest.mark.parametrize(
    ("clock", "hour"),
    [
        ("1:05 AM", 1),
        ("12:05 AM", 0),
        ("12:05 PM", 12),
        ("1:05 p.m.", 13),
        ("11:05 pm", 23),
        ("0:05", 0),
        ("23:59", 23),
    ],
)
def test_half_days_have_twelve_hours(clock: str, hour: int) -> None:
    """P19: midnight is 12 AM and noon 12 PM."""
    assert read_moment(f"21.11.2026 {clock}", zone=GREENWICH).instant.hour == hour


@pytest.mark.parametrize("clock", ["0:05 AM", "13:05 PM", "24:00", "14:60", "14:05:60"])
def test_no_other_hours_are_read(clock: str) -> None:
    """P19: what no clock shows is refused."""
    with pytest.raises(FieldUnreadable):
        read_moment(f"21.11.2026 {clock}", zone=GREENWICH)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("21.11.2000", 2000),
        ("21.11.2199", 2199),
        ("21.11.1999", None),
        ("21.11.2200", None),
        ("01.01.1970", None),
        ("21.11.9999", None),
    ],
)
def test_only_years_of_this_business_are_years(text: str, year: int | None) -> None:
    """P19: 1970 and its like are no days on which somebody paid."""
    if year is None:
        with pytest.raises(FieldUnreadable):
            read_moment(text, zone=GREENWICH)
    else:
        assert read_moment(text, zone=GREENWICH).day.year == year


@pytest.mark.parametrize("text", ["21.11.2026.", "21.11.2026,", "21 листопада 2026 р.", "21.11.2026 "])
def test_a_day_may_end_a_sentence(text: str) -> None:
    """A full stop or a comma behind a day is none of its business; the day is all that was told."""
    assert read_moment(text, zone=GREENWICH).precision is Precision.DAY


@pytest.mark.parametrize(
    "text",
    ["21.11.2026 14", "21.11.2026 або пізніше 14:05", "21.11.2026 / 14:05", "21.11.2026 14:05 або 15", "x" * 101],
)
def test_nothing_may_stand_between_or_behind(text: str) -> None:
    """P19: a value is a day and a time, or it is refused."""
    with pytest.raises(FieldUnreadable):
        read_moment(text, zone=GREENWICH)


def test_a_long_value_is_no_date() -> None:
    """A value of more than a hundred characters tells a story; the error shows its beginning."""
    padded = "21.11.2026 14:05" + "." * 84
    assert read_moment(padded, zone=GREENWICH).instant.hour == 14
    with pytest.raises(FieldUnreadable) as held:
        read_moment(f"{padded}.", zone=GREENWICH)
    assert held.value.facts["value"] == padded


def test_of_two_orders_only_days_that_exist_count() -> None:
    """P19: 21/11 is one day whichever number comes first, and so is 05/05."""
    assert read_moment("11/21/2026", zone=GREENWICH).day.day == 21
    assert read_moment("21/11/2026", zone=GREENWICH).day.day == 21
    assert read_moment("05/05/2026", zone=GREENWICH).day.month == 5
    assert read_moment("05.11.2026", zone=GREENWICH, day_first=False).day.month == 11
    for order in (True, False):
        with pytest.raises(FieldUnreadable):
            read_moment("11/21/2026" if order else "21/11/2026", zone=GREENWICH, day_first=order)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("21.11.2026 14:05", "21.11.2026 14:05", True),
        ("21.11.2026 14:05", "21.11.2026 14:06", False),
        ("21.11.2026 14:05:33", "21.11.2026 14:05:34", False),
        ("21.11.2026 14:05:33", "21.11.2026 14:05", True),
        ("21.11.2026 14:05:33", "21.11.2026 14:06", False),
        ("21.11.2026", "21.11.2026 23:59", True),
        ("21.11.2026", "22.11.2026 00:00", False),
        ("21.11.2026", "21.11.2026", True),
        ("21.11.2026", "22.11.2026", False),
    ],
)
def test_two_tellings_of_one_moment(one: str, other: str, agree: bool) -> None:
    """What one part of a letter leaves out is no contradiction; what it tells otherwise is, whichever comes first."""
    first, second = read_moment(one, zone=KYIV), read_moment(other, zone=KYIV)
    assert first.agrees(second) is agree
    assert second.agrees(first) is agree


@pytest.mark.parametrize("clock", ["вдень", "о 14:05", "14:05 або 15:05", "14:05 XYZ", "", "25:00"])
def test_a_clock_of_its_own_is_nothing_else(clock: str) -> None:
    """A time under a label of its own is read whole or refused."""
    day = read_moment("21.11.2026", zone=KYIV)
    with pytest.raises(FieldUnreadable):
        join(day, clock)
